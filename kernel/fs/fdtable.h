/* SPDX-License-Identifier: MIT */
/*
 * Descriptor numbers: files in chunks, a bitmap of used numbers and one
 * of close-on-exec. One table; threads share it.
 */
#ifndef KERNEL_FS_FDTABLE_H
#define KERNEL_FS_FDTABLE_H

#include "kernel/base.h"

struct file;

#define FD_LIMIT_MAX 1048576

#define FD_CHUNK 64

struct fdtable {
	struct file ***chunks; /* of FD_CHUNK files each, or NULL */
	uint64_t *used; /* bitmap */
	uint64_t *cloexec; /* bitmap */
	unsigned int size; /* numbers with room, a multiple of FD_CHUNK */
	unsigned int next; /* no free number below this one */
};

struct fdtable *fdtable_create(void);
void fdtable_destroy(struct fdtable *fdt); /* closes everything */

/*
 * Lowest free number >= from and < limit (RLIMIT_NOFILE), reserved but with
 * no file yet: -EMFILE, -ENOMEM, and -EINVAL when from > 0 and >= limit.
 */
int get_unused_fd(struct fdtable *fdt, unsigned int from, unsigned int limit,
		  bool cloexec);
void put_unused_fd(struct fdtable *fdt, int fd);
/* Consumes the caller's reference. */
void fd_install(struct fdtable *fdt, int fd, struct file *file);
/* A borrowed pointer, valid until the caller sleeps; NULL if not open. */
struct file *fd_lookup(struct fdtable *fdt, int fd);
/* With a reference: pair with fput(). */
struct file *fget(struct fdtable *fdt, int fd);
int fd_close(struct fdtable *fdt, int fd); /* -EBADF */
/*
 * close_range(2). As on Linux the files are released after all numbers are
 * free, the last one first: a watched reader is told of its writer's end even
 * if both are closed. Other threads may run.
 */
void fd_close_range(struct fdtable *fdt, unsigned int first, unsigned int last);
bool fd_get_cloexec(struct fdtable *fdt, int fd);
void fd_set_cloexec(struct fdtable *fdt, int fd, bool on);
/*
 * Puts file at exactly fd, closing what was there: dup2(2). Consumes the
 * reference in any case. fd, -EBUSY (reserved by a call in progress),
 * -ENOMEM, -EMFILE.
 */
int fd_replace(struct fdtable *fdt, int fd, struct file *file, bool cloexec);
/* Lowest open number >= from, or -1. */
int fd_next_open(struct fdtable *fdt, unsigned int from);

/* kernel/check.h. Slow. */
const char *fdtable_check(const struct fdtable *fdt);

#endif
