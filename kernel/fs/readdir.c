/* SPDX-License-Identifier: MIT */
/*
 * Directories as files: getdents64(2). Owns nothing. Thread context.
 *
 * Positions: 0 is ".", 1 is "..", n + 2 the n-th entry. They shift when a
 * socket's node is added to or removed from the directory.
 */
#include "kernel/fs/readdir.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <string.h>

#include "kernel/fs/file.h"
#include "kernel/fs/inode.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/thread.h"

/* An entry in the format of getdents64(2); the name and a NUL follow. */
struct dirent64_head {
	uint64_t ino;
	int64_t off; /* position of the next entry */
	uint16_t reclen;
	uint8_t type;
} __attribute__((packed));

_Static_assert(sizeof(struct dirent64_head) == 19, "getdents64(2)");

#define FIRST_CHILD 2

struct dir_entry {
	char name[NAME_MAX + 1];
	uint64_t ino;
	uint32_t mode;
	int64_t pos; /* its own */
};

/* The entry at or after pos; false at the end. */
static bool dir_entry_at(struct inode *dir, int64_t pos, struct dir_entry *e)
{
	uint64_t n;

	e->pos = pos;
	if (pos < FIRST_CHILD) {
		strcpy(e->name, pos ? ".." : ".");
		e->ino = pos ? dir->parent->i_ino : dir->i_ino;
		e->mode = S_IFDIR;
		return true;
	}
	n = pos - FIRST_CHILD;
	if (!inode_next(dir, &n, e->name, &e->ino, &e->mode))
		return false;
	e->pos = n + FIRST_CHILD;
	return true;
}

/* The number of bytes written, 0 if it does not fit, -EFAULT. */
static int put_entry(char *to, size_t room, const struct dir_entry *e)
{
	size_t name = strlen(e->name) + 1;
	struct dirent64_head head = {
		.ino = e->ino,
		.off = e->pos + 1,
		.reclen = ALIGN_UP(sizeof(head) + name, sizeof(uint64_t)),
		.type = (e->mode & S_IFMT) >> 12, /* DT_* */
	};

	if (head.reclen > room)
		return 0;
	if (copy_to_user(to, &head, sizeof(head)) ||
	    copy_to_user(to + sizeof(head), e->name, name))
		return -EFAULT;
	return head.reclen;
}

static int dir_getdents(struct file *file, void *buf, size_t len)
{
	struct dir_entry e;
	size_t done = 0;
	int n;

	while (dir_entry_at(file->f_inode, file->f_pos, &e)) {
		n = put_entry((char *)buf + done, len - done, &e);
		if (n <= 0) {
			if (done)
				break;
			return n ? n : -EINVAL;
		}
		done += n;
		file->f_pos = e.pos + 1;
		cond_resched();
	}
	return done;
}

static ssize_t dir_read(struct file *file, struct iov_iter *to, int64_t *pos)
{
	return -EISDIR;
}

/* Any position that getdents64(2) gave is valid. */
static int64_t dir_llseek(struct file *file, int64_t offset, int whence)
{
	if (whence > SEEK_CUR)
		return -EINVAL;
	return fixed_size_llseek(file, offset, whence, 0);
}

const struct file_operations dir_fops = {
	.read_iter = dir_read,
	.llseek = dir_llseek,
	.getdents = dir_getdents,
};
