/* SPDX-License-Identifier: MIT */
/*
 * Open file descriptions. A struct file is reference-counted: descriptors,
 * and calls in progress, hold references; the last fput() runs
 * eventpoll_release() and then f_op->release.
 */
#ifndef KERNEL_FS_FILE_H
#define KERNEL_FS_FILE_H

#include <sys/types.h>

#include "kernel/base.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/lib/list.h"

struct file;
struct inode;
struct pipe;
struct poll_table;
struct seq_buf;
struct stat;
struct vma_backing;

/*
 * Operations. Any may be NULL: read_iter/write_iter -EINVAL, ioctl -ENOTTY,
 * llseek -ESPIPE; a file without poll cannot be put in an epoll set (EPERM)
 * and is always ready for poll(2).
 *
 * read_iter, write_iter: bytes moved or -errno; may block unless O_NONBLOCK.
 * *pos is the offset to use and update (NULL for files without one). The
 * iterator may be empty, which each file handles itself (0 for a stream,
 * EINVAL for an eventfd, a datagram of no bytes).
 *
 * splice_read, splice_write: up to len bytes into a pipe that has room, or
 * from one that may be empty: bytes moved or -errno; flags SPLICE_F_*. NULL:
 * -EINVAL. splice_eof: nothing follows a splice_write with SPLICE_F_MORE.
 *
 * getdents fills a buffer of ring 3 as getdents64(2) does, from f_pos on.
 */
struct file_operations {
	ssize_t (*read_iter)(struct file *file, struct iov_iter *to,
			     int64_t *pos);
	ssize_t (*write_iter)(struct file *file, struct iov_iter *from,
			      int64_t *pos);
	ssize_t (*splice_read)(struct file *file, int64_t *pos,
			       struct pipe *pipe, size_t len,
			       unsigned int flags);
	ssize_t (*splice_write)(struct pipe *pipe, struct file *file,
				int64_t *pos, size_t len, unsigned int flags);
	void (*splice_eof)(struct file *file);
	uint32_t (*poll)(struct file *file, struct poll_table *pt);
	long (*ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int64_t (*llseek)(struct file *file, int64_t offset, int whence);
	int (*mmap)(struct file *file, struct vma_backing *backing);
	int (*getattr)(struct file *file, struct stat *st);
	int (*getdents)(struct file *file, void *buf, size_t len);
	void (*release)(struct file *file);
	void (*show_fdinfo)(struct seq_buf *m, struct file *file);
};

#define FMODE_READ BIT(0)
#define FMODE_WRITE BIT(1)
#define FMODE_LSEEK BIT(2)
#define FMODE_PREAD BIT(3) /* pread(2), pwrite(2) are allowed */

struct file {
	uint32_t f_count; /* references */
	uint32_t f_flags; /* O_* without O_CLOEXEC, as F_GETFL shows */
	uint32_t f_mode; /* FMODE_* */
	int32_t f_owner; /* receiver of signals: fcntl(2), F_SETOWN */
	const struct file_operations *f_op;
	void *private_data;
	union {
		int64_t f_pos;
		struct file *f_next; /* no references left: to be released */
	};
	struct list_head f_ep; /* epitems that watch this file */
	struct inode *f_inode; /* of a file with a path; holds a reference */
	const char *f_name; /* for /proc/self/fd; static or owned by private */
};

void file_init(void); /* the slab cache */

/*
 * A new description with one reference, flags O_*. NULL: file_alloc_error()
 * is -ENOMEM, or -ENFILE when there are file-max already.
 */
struct file *file_alloc(const struct file_operations *fop, void *private_data,
			uint32_t flags);
/* For a connection that a peer has opened: succeeds with less free memory. */
struct file *file_alloc_accepted(const struct file_operations *fop,
				 void *private_data, uint32_t flags);
static inline struct file *get_file(struct file *file)
{
	file->f_count++;
	return file;
}
int file_alloc_error(void);
void __fput(struct file *file); /* the last reference is gone */
static inline void fput(struct file *file)
{
	ASSERT(file->f_count);
	if (!--file->f_count)
		__fput(file);
}
/*
 * fput(), but a file without references is not released: it is put in front of
 * *dead, and the caller calls __fput() for each of the list later.
 */
static inline void fput_later(struct file *file, struct file **dead)
{
	ASSERT(file->f_count);
	if (--file->f_count)
		return;
	file->f_next = *dead;
	*dead = file;
}
size_t nr_files(void);
size_t file_max(void);

/* llseek of files without a position: stays where it is. */
int64_t noop_llseek(struct file *file, int64_t offset, int whence);
/* llseek of a file whose size is known and does not change. */
int64_t fixed_size_llseek(struct file *file, int64_t offset, int whence,
			  int64_t size);
/* lseek(2): -ESPIPE, -EINVAL. */
int64_t vfs_llseek(struct file *file, int64_t offset, int whence);

/* read(2) and write(2) families, with Linux's checks of mode and limits. */
ssize_t file_read_iter(struct file *file, struct iov_iter *to, int64_t *pos);
ssize_t file_write_iter(struct file *file, struct iov_iter *from, int64_t *pos);
/* f_op->poll, or EPOLLIN|EPOLLOUT|RDNORM|WRNORM where there is none. */
uint32_t vfs_poll(struct file *file, struct poll_table *pt);

#endif
