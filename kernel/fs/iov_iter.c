/* SPDX-License-Identifier: MIT */
/*
 * Moves bytes between a flat buffer and a list of segments. No state of its
 * own; entered by file operations in the caller's thread.
 */
#include "kernel/fs/iov_iter.h"

#include <errno.h>
#include <string.h>

#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/uaccess.h"

/* Handles one piece; returns the bytes that it could not move. */
typedef size_t (*step_fn)(void *piece, void *flat, size_t n, bool user);

static size_t step_to(void *piece, void *flat, size_t n, bool user)
{
	if (user)
		return copy_to_user(piece, flat, n);
	memcpy(piece, flat, n);
	return 0;
}

static size_t step_from(void *piece, void *flat, size_t n, bool user)
{
	if (user)
		return copy_from_user(flat, piece, n);
	memcpy(flat, piece, n);
	return 0;
}

static size_t step_zero(void *piece, void *flat, size_t n, bool user)
{
	if (user)
		return clear_user(piece, n);
	memset(piece, 0, n);
	return 0;
}

void iov_iter_next_segment(struct iov_iter *i)
{
	while (i->nr_segs && i->iov_offset >= i->iov->iov_len) {
		i->iov++;
		i->nr_segs--;
		i->iov_offset = 0;
	}
}

static size_t iterate(struct iov_iter *i, void *flat, size_t n, step_fn step)
{
	size_t done = 0;

	n = MIN(n, i->count);
	while (done < n) {
		size_t piece, left;

		iov_iter_next_segment(i);
		if (!i->nr_segs)
			break;
		piece = MIN(n - done, i->iov->iov_len - i->iov_offset);
		left = step((char *)i->iov->iov_base + i->iov_offset,
			    (char *)flat + done, piece, i->user);
		done += piece - left;
		i->iov_offset += piece - left;
		i->count -= piece - left;
		if (unlikely(left))
			break;
	}
	return done;
}

/* The common case: all n bytes are in one segment of ring 3. */
static bool is_one_piece(const struct iov_iter *i, size_t n)
{
	return likely(i->user && i->nr_segs && n <= i->count &&
		      i->iov_offset + n <= i->iov->iov_len);
}

static void *piece_start(const struct iov_iter *i)
{
	return (char *)i->iov->iov_base + i->iov_offset;
}

static size_t piece_done(struct iov_iter *i, size_t n)
{
	i->iov_offset += n;
	i->count -= n;
	return n;
}

size_t copy_to_iter(const void *from, size_t n, struct iov_iter *i)
{
	if (is_one_piece(i, n))
		return piece_done(i, n - copy_to_user(piece_start(i), from, n));
	return iterate(i, (void *)(uintptr_t)from, n, step_to);
}

size_t copy_from_iter(void *to, size_t n, struct iov_iter *i)
{
	if (is_one_piece(i, n))
		return piece_done(i, n - copy_from_user(to, piece_start(i), n));
	return iterate(i, to, n, step_from);
}

size_t iov_iter_zero(size_t n, struct iov_iter *i)
{
	return iterate(i, NULL, n, step_zero);
}

void iov_iter_advance(struct iov_iter *i, size_t n)
{
	n = MIN(n, i->count);
	i->count -= n;
	while (n) {
		size_t piece;

		iov_iter_next_segment(i);
		if (!i->nr_segs)
			return;
		piece = MIN(n, i->iov->iov_len - i->iov_offset);
		i->iov_offset += piece;
		n -= piece;
	}
}

/* Every length first, then every address, as readv(2) reports them. */
static ssize_t check_segments(struct iovec *iov, unsigned long nr_segs)
{
	size_t total = 0;

	for (unsigned long s = 0; s < nr_segs; s++) {
		if ((ssize_t)iov[s].iov_len < 0)
			return -EINVAL;
	}
	for (unsigned long s = 0; s < nr_segs; s++) {
		if (!access_ok(iov[s].iov_base, iov[s].iov_len))
			return -EFAULT;
		iov[s].iov_len = MIN(iov[s].iov_len, MAX_RW_COUNT - total);
		total += iov[s].iov_len;
	}
	return (ssize_t)total;
}

ssize_t import_iovec(const struct iovec *uvec, unsigned long nr_segs,
		     struct iovec *fast, struct iovec **to_free,
		     struct iov_iter *i)
{
	struct iovec *iov = fast;
	ssize_t total;

	*to_free = NULL;
	if (nr_segs > UIO_MAXIOV)
		return -EINVAL;
	if (nr_segs > UIO_FASTIOV) {
		iov = kvmalloc(nr_segs * sizeof(*iov));
		if (!iov)
			return -ENOMEM;
	}
	if (copy_from_user(iov, uvec, nr_segs * sizeof(*iov)))
		total = -EFAULT;
	else
		total = check_segments(iov, nr_segs);
	if (total < 0) {
		kvfree(iov == fast ? NULL : iov);
		return total;
	}
	*to_free = iov == fast ? NULL : iov;
	iov_iter_init(i, iov, nr_segs, (size_t)total, true);
	return total;
}
