/* SPDX-License-Identifier: MIT */
/*
 * The root file system: a cpio archive in the "newc" format, as the Linux
 * kernel's Documentation/driver-api/early-userspace/buffer-format.rst has it.
 *
 *	archive := entry* entry named "TRAILER!!!"
 *	entry   := header (110 characters: magic, 13 numbers of 8 hex digits)
 *	           name, NUL, padding to 4; contents, padding to 4
 *
 * Each entry becomes an inode that points at its contents in the archive;
 * nothing is copied. Owns the operations of regular files. initramfs_init()
 * runs once at start; it does not trust the archive, although that is part of
 * the image.
 */
#include "kernel/fs/initramfs.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>

#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/namei.h"
#include "kernel/mm/mm.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/printk.h"
#include "kernel/task/thread.h"

#define CPIO_HEADER 110
#define CPIO_MAGIC "070701"
#define CPIO_MAGIC_CRC "070702"
#define CPIO_TRAILER "TRAILER!!!"

/* The numbers of a header, in order. */
enum cpio_field {
	CPIO_INO,
	CPIO_MODE,
	CPIO_UID,
	CPIO_GID,
	CPIO_NLINK,
	CPIO_MTIME,
	CPIO_FILESIZE,
	CPIO_DEVMAJOR,
	CPIO_DEVMINOR,
	CPIO_RDEVMAJOR,
	CPIO_RDEVMINOR,
	CPIO_NAMESIZE,
	CPIO_CHECK,
	CPIO_FIELDS,
};

_Static_assert(CPIO_HEADER == 6 + 8 * CPIO_FIELDS, "newc header");

#define READ_AT_ONCE (64 * KiB) /* bytes before other threads may run */

struct cpio {
	const uint8_t *base;
	size_t size;
	size_t at; /* of the next entry */
};

struct cpio_entry {
	uint32_t field[CPIO_FIELDS];
	const char *name; /* NUL-terminated, in the archive */
	const uint8_t *data;
};

/* ---- Regular files ------------------------------------------------------- */

static ssize_t ramfs_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	const struct inode *inode = file->f_inode;
	uint64_t at = *pos;
	size_t left, n, copied, done = 0;

	if (at >= inode->i_size)
		return 0;
	for (left = MIN(to->count, inode->i_size - at); left; left -= n) {
		n = MIN(left, READ_AT_ONCE);
		copied = copy_to_iter(inode->i_data + at + done, n, to);
		done += copied;
		if (copied < n && !done)
			return -EFAULT;
		if (copied < n || fatal_signal_pending())
			break;
		cond_resched();
	}
	*pos = at + done;
	return done;
}

/* Contents are never freed: a pipe's references need no count. */
static bool ramfs_buf_get(struct pipe_buffer *buf)
{
	return true;
}

static void ramfs_buf_release(struct pipe_buffer *buf)
{
}

static const struct pipe_buf_ops ramfs_buf_ops = {
	.get = ramfs_buf_get,
	.release = ramfs_buf_release,
};

/* One slot for each page of the file, as on Linux. */
static ssize_t ramfs_splice_read(struct file *file, int64_t *pos,
				 struct pipe *pipe, size_t len,
				 unsigned int flags)
{
	const struct inode *inode = file->f_inode;
	size_t done = 0;

	while (done < len && !pipe_is_full(pipe) &&
	       (uint64_t)*pos < inode->i_size) {
		size_t n = MIN(len - done, PAGE_SIZE - *pos % PAGE_SIZE);

		n = MIN(n, inode->i_size - *pos);
		pipe_add(pipe, &(struct pipe_buffer){
				       .ops = &ramfs_buf_ops,
				       .data = (char *)inode->i_data + *pos,
				       .len = n,
			       });
		*pos += n;
		done += n;
	}
	return done;
}

static int64_t ramfs_llseek(struct file *file, int64_t offset, int whence)
{
	return fixed_size_llseek(file, offset, whence, file->f_inode->i_size);
}

static int ramfs_mmap(struct file *file, struct vma_backing *backing)
{
	backing->data = file->f_inode->i_data;
	backing->len = file->f_inode->i_size;
	backing->name = inode_path(file->f_inode);
	return 0;
}

static const struct file_operations ramfs_fops = {
	.read_iter = ramfs_read,
	.splice_read = ramfs_splice_read,
	.llseek = ramfs_llseek,
	.mmap = ramfs_mmap,
};

/* ---- Reading the archive ------------------------------------------------- */

static bool parse_hex8(const uint8_t *text, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < 8; i++) {
		uint8_t c = text[i];
		uint8_t lower = c | 0x20;

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (c - '0');
		else if (lower >= 'a' && lower <= 'f')
			*value = *value << 4 | (lower - 'a' + 10);
		else
			return false;
	}
	return true;
}

static bool parse_header(const uint8_t *header, struct cpio_entry *e)
{
	if (memcmp(header, CPIO_MAGIC, 6) && memcmp(header, CPIO_MAGIC_CRC, 6))
		return false;
	for (int i = 0; i < CPIO_FIELDS; i++)
		if (!parse_hex8(header + 6 + 8 * i, &e->field[i]))
			return false;
	return true;
}

/*
 * Parses the next entry: NULL, or what is wrong with it. Sizes are 32 bits and
 * offsets 64, so no sum below can wrap.
 */
static const char *cpio_next(struct cpio *c, struct cpio_entry *e)
{
	uint64_t name, data, end;

	if (c->at + CPIO_HEADER > c->size)
		return "ends without a trailer";
	if (!parse_header(c->base + c->at, e))
		return "bad header";
	name = c->at + CPIO_HEADER;
	data = ALIGN_UP(name + e->field[CPIO_NAMESIZE], 4);
	end = data + e->field[CPIO_FILESIZE];
	if (!e->field[CPIO_NAMESIZE] || e->field[CPIO_NAMESIZE] > PATH_MAX ||
	    data > c->size)
		return "bad name";
	if (end > c->size)
		return "contents cut off";
	e->name = (const char *)c->base + name;
	if (e->name[e->field[CPIO_NAMESIZE] - 1])
		return "bad name";
	e->data = c->base + data;
	c->at = ALIGN_UP(end, 4);
	return NULL;
}

static bool is_trailer(const struct cpio_entry *e)
{
	return !strcmp(e->name, CPIO_TRAILER);
}

/* Archives say "./bin/x", "/bin/x" or "bin/x"; "" is the root itself. */
static const char *entry_path(const struct cpio_entry *e)
{
	const char *path = e->name;

	while (*path == '/' || (path[0] == '.' && (path[1] == '/' || !path[1])))
		path++;
	return path;
}

/* Names that the tree can hold: not empty, "." or "..", not too long. */
static bool is_path_ok(const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if (!len || len > NAME_MAX)
			return false;
		if (path[0] == '.' &&
		    (len == 1 || (len == 2 && path[1] == '.')))
			return false;
		path += len;
		if (*path == '/' && !*++path)
			return false;
	}
	return true;
}

/* Targets are text: a look-up puts them before what is left of its path. */
static bool is_target_ok(const struct cpio_entry *e)
{
	size_t len = e->field[CPIO_FILESIZE];

	return len && len < PATH_MAX && !memchr(e->data, '\0', len);
}

/* ---- From entries to inodes ---------------------------------------------- */

static const char *add_dir(const char *path, const struct cpio_entry *e)
{
	struct inode *dir = vfs_root();

	while (*path) {
		size_t len = strcspn(path, "/");

		dir = inode_make_dir(dir, path, len);
		if (IS_ERR(dir))
			return PTR_ERR(dir) == -ENOMEM ? "no memory" :
							 "file as directory";
		path += len + (path[len] == '/');
	}
	dir->i_mode = S_IFDIR | (e->field[CPIO_MODE] & 07777);
	dir->i_mtime = e->field[CPIO_MTIME];
	return NULL;
}

/* A regular file or a link; of a name that comes twice the last one counts. */
static const char *add_leaf(const char *path, const struct cpio_entry *e)
{
	struct inode *inode = inode_add_path(vfs_root(), path,
					     e->field[CPIO_MODE]);

	if (PTR_ERR(inode) == -EEXIST &&
	    path_lookup(vfs_root(), path, 0, &inode))
		return "bad name";
	if (PTR_ERR(inode) == -ENOMEM)
		return "no memory";
	if (IS_ERR(inode) || S_ISDIR(inode->i_mode))
		return "file as directory";
	inode->i_mode = e->field[CPIO_MODE];
	inode->i_mtime = e->field[CPIO_MTIME];
	inode->i_size = e->field[CPIO_FILESIZE];
	inode->i_data = e->data;
	inode->i_fop = S_ISREG(inode->i_mode) ? &ramfs_fops : NULL;
	return NULL;
}

/* Skips devices, which dev.c makes, and the archive's pipes and sockets. */
static const char *add_entry(const struct cpio_entry *e)
{
	const char *path = entry_path(e);
	uint32_t mode = e->field[CPIO_MODE];

	if (S_ISDIR(mode))
		return is_path_ok(path) ? add_dir(path, e) : "bad name";
	if (!S_ISREG(mode) && !S_ISLNK(mode))
		return NULL;
	if (!*path || !is_path_ok(path))
		return "bad name";
	if (S_ISLNK(mode) && !is_target_ok(e))
		return "bad link";
	return add_leaf(path, e);
}

static bool is_same_file(const struct cpio_entry *a, const struct cpio_entry *b)
{
	return a->field[CPIO_INO] == b->field[CPIO_INO] &&
	       a->field[CPIO_DEVMAJOR] == b->field[CPIO_DEVMAJOR] &&
	       a->field[CPIO_DEVMINOR] == b->field[CPIO_DEVMINOR];
}

/*
 * In the archive only the last name of a hard-linked file has the contents:
 * gives them to the others. The archive was checked before.
 */
static void join_hard_links(struct cpio c, const struct cpio_entry *last)
{
	struct cpio_entry e;
	struct inode *inode;

	c.at = 0;
	while (!cpio_next(&c, &e) && !is_trailer(&e)) {
		if (!S_ISREG(e.field[CPIO_MODE]) || e.field[CPIO_FILESIZE] ||
		    e.field[CPIO_NLINK] < 2 || !is_same_file(&e, last))
			continue;
		if (path_lookup(vfs_root(), entry_path(&e), 0, &inode))
			continue;
		inode->i_size = last->field[CPIO_FILESIZE];
		inode->i_data = last->data;
	}
}

static void add_hard_links(struct cpio c)
{
	struct cpio_entry e;

	c.at = 0;
	while (!cpio_next(&c, &e) && !is_trailer(&e))
		if (S_ISREG(e.field[CPIO_MODE]) && e.field[CPIO_NLINK] > 1 &&
		    e.field[CPIO_FILESIZE])
			join_hard_links(c, &e);
}

int initramfs_init(const void *archive, size_t size)
{
	struct cpio c = { .base = archive, .size = size };
	struct cpio_entry e;
	const char *wrong;
	size_t at, n = 0;

	for (;; n++) {
		at = c.at;
		wrong = cpio_next(&c, &e);
		if (!wrong && is_trailer(&e))
			break;
		if (!wrong)
			wrong = add_entry(&e);
		if (wrong) {
			pr_err("initramfs: damaged at byte %zu of %zu: %s", at,
			       size, wrong);
			return -EINVAL;
		}
	}
	add_hard_links(c);
	pr_debug("initramfs: %zu names in %zu bytes", n, size);
	return 0;
}

int initramfs_lookup(const char *path, const uint8_t **data, size_t *len,
		     const char **resolved)
{
	struct inode *inode;
	int err = path_lookup(vfs_root(), path, LOOKUP_FOLLOW, &inode);

	if (err)
		return err;
	if (S_ISDIR(inode->i_mode))
		return -EISDIR;
	if (!S_ISREG(inode->i_mode))
		return -EACCES;
	*data = inode->i_data;
	*len = inode->i_size;
	if (resolved)
		*resolved = inode_path(inode);
	return 0;
}
