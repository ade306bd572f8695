/* SPDX-License-Identifier: MIT */
/*
 * A position in a list of buffers, ring 3's or the kernel's: what the read and
 * write operations of files move data through.
 */
#ifndef KERNEL_FS_IOV_ITER_H
#define KERNEL_FS_IOV_ITER_H

#include <linux/uio.h>
#include <sys/types.h>

#include "kernel/base.h"

#define MAX_RW_COUNT ((size_t)0x7ffff000) /* Linux's limit of one call */

struct iov_iter {
	const struct iovec *iov; /* current segment */
	unsigned long nr_segs;
	size_t iov_offset; /* in the current segment */
	size_t count; /* bytes left */
	bool user; /* addresses are ring 3's */
};

static inline void iov_iter_init(struct iov_iter *i, const struct iovec *iov,
				 unsigned long nr_segs, size_t count, bool user)
{
	i->iov = iov;
	i->nr_segs = nr_segs;
	i->iov_offset = 0;
	i->count = count;
	i->user = user;
}

/*
 * Move up to n bytes and advance; return the number moved: less than n when
 * the iterator ends or a user address is bad.
 */
size_t copy_to_iter(const void *from, size_t n, struct iov_iter *i);
size_t copy_from_iter(void *to, size_t n, struct iov_iter *i);
size_t iov_iter_zero(size_t n, struct iov_iter *i);
void iov_iter_advance(struct iov_iter *i, size_t n);
/* Advances to the next segment that has bytes left. */
void iov_iter_next_segment(struct iov_iter *i);

/*
 * Copies a user's iovec array: *iov is fast (of UIO_FASTIOV entries) or
 * kvmalloc'ed memory, to be freed with kvfree(*to_free). Returns the total
 * length, cut to MAX_RW_COUNT, or -EINVAL, -EFAULT, -ENOMEM in Linux's order.
 */
#define UIO_FASTIOV 8
ssize_t import_iovec(const struct iovec *uvec, unsigned long nr_segs,
		     struct iovec *fast, struct iovec **to_free,
		     struct iov_iter *i);

#endif
