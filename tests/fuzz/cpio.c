/* SPDX-License-Identifier: MIT */
/* fuzz: kernel/fs/initramfs.c kernel/fs/inode.c kernel/fs/namei.c */
/* fuzz: kernel/fs/modify.c kernel/fs/open.c kernel/fs/stat.c */
/* fuzz: kernel/fs/readdir.c kernel/fs/file.c kernel/fs/read_write.c */
/* fuzz: kernel/fs/iov_iter.c kernel/lib/rbtree.c */
/*
 * The root file system: an archive of entries with few names and any numbers,
 * and what an application then does with the tree.
 */
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "fuzz/lib/fuzz.h"
#include "kernel/event/eventpoll.h"
#include "kernel/fs/file.h"
#include "kernel/fs/initramfs.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/namei.h"
#include "kernel/fs/open.h"
#include "kernel/fs/stat.h"
#include "kernel/printk.h"
#include "lib/fake_kernel.h"

#define ARCHIVE_MAX 8192
#define ENTRY_MAX 700

void printk(enum log_level level, const char *fmt, ...)
{
}

void eventpoll_release(struct file *file)
{
}

long strncpy_from_user(char *to, const char *from, long n)
{
	return -EFAULT;
}

/* ---- The archive --------------------------------------------------------- */

static char archive[ARCHIVE_MAX];
static size_t archive_len;

static void take_path(struct input *in, char *path, size_t max)
{
	static const char *const parts[] = { "a",  "b",	   "dir", "..",
					     ".",  "a/b",  "/",	  "./",
					     "b/", "loop", "",	  "dir/a" };
	size_t len = 0, n;

	for (unsigned int i = 1 + take_below(in, 4); i; i--) {
		unsigned int which = take8(in);
		const char *part = parts[which % ARRAY_SIZE(parts)];

		n = which == 0xff ? take8(in) * 2 : strlen(part);
		if (len + n + 1 >= max)
			break;
		if (which == 0xff)
			memset(path + len, 'x', n);
		else
			memcpy(path + len, part, n);
		len += n;
		if (i > 1 && which & 0x80)
			path[len++] = '/';
	}
	path[len] = '\0';
}

static void pad4(void)
{
	while (archive_len % 4)
		archive[archive_len++] = '\0';
}

/* A field that is right, or near it, or not even a number. */
static void put_field(struct input *in, uint32_t value, unsigned int change)
{
	if (change & 1)
		value += take_near(in);
	sprintf(archive + archive_len, "%08X", value);
	if (change & 2)
		archive[archive_len + take_below(in, 8)] = take8(in);
	archive_len += 8;
}

static void put_entry(struct input *in, const char *name, uint32_t mode,
		      const char *content, size_t len)
{
	uint32_t fields[13] = { take_below(in, 4), mode, 0,  0,
				take_below(in, 3), 1,	 len };
	unsigned int changed = take8(in);

	fields[11] = strlen(name) + 1;
	memcpy(archive + archive_len, take8(in) & 1 ? "070702" : "070701", 6);
	archive_len += 6;
	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
		put_field(in, fields[i], changed >> 4 == i ? changed & 3 : 0);
	strcpy(archive + archive_len, name);
	archive_len += strlen(name) + 1;
	pad4();
	memcpy(archive + archive_len, content, len);
	archive_len += len;
	pad4();
}

static void take_entry(struct input *in)
{
	static const uint32_t modes[] = { S_IFREG | 0644, S_IFREG | 0755,
					  S_IFDIR | 0755, S_IFLNK | 0777,
					  S_IFCHR | 0666, 0 };
	uint32_t mode = modes[take_below(in, ARRAY_SIZE(modes))];
	char name[512], content[128] = "";
	size_t len;

	take_path(in, name, sizeof(name));
	if (S_ISLNK(mode)) {
		take_path(in, content, sizeof(content));
		len = strlen(content);
	} else {
		len = take_below(in, 64);
		take_bytes(in, content, len);
	}
	put_entry(in, name, mode, content, len);
}

/* ---- The application ----------------------------------------------------- */

static void read_file(struct file *file, size_t n)
{
	char buf[256];
	struct iovec iov = { buf, n };
	struct iov_iter i;

	iov_iter_init(&i, &iov, 1, n, true);
	(void)file_read_iter(file, &i, &file->f_pos);
}

static void list_dir(struct file *dir, size_t room)
{
	uint64_t buf[64];
	int n;

	if (!dir->f_op || !dir->f_op->getdents)
		return;
	for (unsigned int i = 0; i < 500; i++) {
		n = dir->f_op->getdents(dir, buf, MIN(room, sizeof(buf)));
		if (n <= 0)
			return;
	}
	must(false, "cpio: a directory ends");
}

static void use(struct input *in)
{
	static const uint32_t flags[] = { O_RDONLY,   O_PATH, O_DIRECTORY,
					  O_NOFOLLOW, O_RDWR, O_CREAT | O_EXCL };
	const uint8_t *data;
	const char *resolved;
	struct file *file;
	struct stat stat;
	char path[512];
	size_t len;

	take_path(in, path, sizeof(path));
	if (!initramfs_lookup(path, &data, &len, &resolved))
		must(resolved[0] == '/', "cpio: where the path leads");
	file = vfs_open(vfs_root(), path,
			flags[take_below(in, ARRAY_SIZE(flags))]);
	if (IS_ERR(file))
		return;
	(void)file_getattr(file, &stat);
	(void)vfs_llseek(file, take_near(in), take_below(in, 4));
	read_file(file, take8(in));
	list_dir(file, 24 + 8 * take_below(in, 60));
	fput(file);
}

/* ---- Between two inputs -------------------------------------------------- */

static void remove_below(struct inode *dir)
{
	struct rb_node *node;

	while ((node = rb_first(&dir->children))) {
		struct inode *child = rb_entry(node, struct inode, node);

		remove_below(child);
		inode_remove(child);
		child->i_count = 1; /* the last */
		iput(child);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	file_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input in = { bytes, size };
	unsigned int n = 1 + take_below(&in, 10);
	long before = live_objects;
	size_t cut;
	char *copy;

	archive_len = 0;
	while (n-- && archive_len + ENTRY_MAX < ARCHIVE_MAX)
		take_entry(&in);
	if (archive_len + ENTRY_MAX < ARCHIVE_MAX)
		put_entry(&in, "TRAILER!!!", 0, "", 0);
	cut = take8(&in) / 4;
	archive_len -= MIN(archive_len, cut);
	copy = malloc(MAX(archive_len, (size_t)1));
	memcpy(copy, archive, archive_len);
	(void)initramfs_init(copy, archive_len);
	for (n = 0; n < 20 && in.left; n++)
		use(&in);
	remove_below(vfs_root());
	must_equal(live_objects, before, "cpio: objects at the end");
	free(copy);
	return 0;
}
