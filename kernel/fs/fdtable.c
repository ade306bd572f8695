/* SPDX-License-Identifier: MIT */
/*
 * Descriptor numbers. A table owns one reference to each of its files, and its
 * arrays: the bitmaps and the array of chunks grow by doubling, so that opening
 * n files copies O(n) entries in all; a chunk of pointers is made when the
 * first of its numbers is used, and never moves. So a million descriptors need
 * no large piece of memory, and number 1,000,000 alone only little. System
 * calls enter it; closing the last descriptor of a file runs the file's
 * release.
 *
 * Invariants (fdtable_check()):
 *  1. the number of each file has its bit of used set; a bit without a file is
 *     a number that a call in progress has reserved;
 *  2. every bit below next is set;
 *  3. size is 0 or a multiple of FD_CHUNK; a number whose bit is set has a
 *     chunk.
 */
#include "kernel/fs/fdtable.h"

#include <errno.h>
#include <string.h>

#include "kernel/fs/file.h"
#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/slab.h"
#include "kernel/task/thread.h"

#define WORD_BITS FD_CHUNK /* one word of a bitmap for each chunk */

static bool bit_test(const uint64_t *map, unsigned int n)
{
	return map[n / WORD_BITS] & BIT(n % WORD_BITS);
}

static void bit_set(uint64_t *map, unsigned int n, bool on)
{
	if (on)
		map[n / WORD_BITS] |= BIT(n % WORD_BITS);
	else
		map[n / WORD_BITS] &= ~BIT(n % WORD_BITS);
}

/* NULL: the chunk was never needed. */
static struct file **slot(const struct fdtable *fdt, unsigned int n)
{
	struct file **chunk = fdt->chunks[n / FD_CHUNK];

	return chunk ? &chunk[n % FD_CHUNK] : NULL;
}

static void free_arrays(const struct fdtable *fdt)
{
	kvfree(fdt->chunks);
	kvfree(fdt->used);
	kvfree(fdt->cloexec);
}

/* Moves to larger arrays, with room for number want: 0 or -ENOMEM. */
static int fdtable_grow(struct fdtable *fdt, unsigned int want)
{
	unsigned int size = MAX(fdt->size, (unsigned int)FD_CHUNK);
	struct fdtable new = { .next = fdt->next };
	size_t words = fdt->size / WORD_BITS;

	while (size <= want)
		size *= 2;
	new.size = size;
	new.chunks = kvcalloc(size / FD_CHUNK, sizeof(new.chunks[0]));
	new.used = kvcalloc(size / WORD_BITS, sizeof(new.used[0]));
	new.cloexec = kvcalloc(size / WORD_BITS, sizeof(new.cloexec[0]));
	if (!new.chunks || !new.used || !new.cloexec) {
		free_arrays(&new);
		return -ENOMEM;
	}
	if (words) {
		memcpy(new.chunks, fdt->chunks, words * sizeof(new.chunks[0]));
		memcpy(new.used, fdt->used, words * sizeof(new.used[0]));
		memcpy(new.cloexec, fdt->cloexec,
		       words * sizeof(new.cloexec[0]));
	}
	free_arrays(fdt);
	*fdt = new;
	return 0;
}

/* Makes room for a file at number n: 0, -EMFILE, -ENOMEM. */
static int fdtable_reach(struct fdtable *fdt, unsigned int n)
{
	struct file ***chunk;
	int err;

	if (n >= FD_LIMIT_MAX)
		return -EMFILE;
	err = n < fdt->size ? 0 : fdtable_grow(fdt, n);
	if (err)
		return err;
	chunk = &fdt->chunks[n / FD_CHUNK];
	if (!*chunk)
		*chunk = kcalloc(FD_CHUNK, sizeof(**chunk));
	return *chunk ? 0 : -ENOMEM;
}

static void fdtable_free(struct fdtable *fdt)
{
	for (unsigned int i = 0; i < fdt->size / FD_CHUNK; i++) {
		kfree(fdt->chunks[i]);
		cond_resched();
	}
	free_arrays(fdt);
	kfree(fdt);
}

struct fdtable *fdtable_create(void)
{
	struct fdtable *fdt = kzalloc(sizeof(*fdt));

	if (fdt && fdtable_reach(fdt, 0)) {
		fdtable_free(fdt);
		return NULL;
	}
	return fdt;
}

void fdtable_destroy(struct fdtable *fdt)
{
	int fd = -1;

	while ((fd = fd_next_open(fdt, fd + 1)) >= 0) {
		fd_close(fdt, fd);
		cond_resched();
	}
	fdtable_free(fdt);
}

/* Lowest clear bit >= from; it may be past the end of the table. */
static unsigned int find_free(const struct fdtable *fdt, unsigned int from)
{
	unsigned int word = from / WORD_BITS;
	uint64_t below = BIT(from % WORD_BITS) - 1;
	uint64_t free;

	for (; word < fdt->size / WORD_BITS; word++, below = 0) {
		free = ~(fdt->used[word] | below);
		if (free)
			return word * WORD_BITS + __builtin_ctzll(free);
	}
	return MAX(from, fdt->size);
}

int get_unused_fd(struct fdtable *fdt, unsigned int from, unsigned int limit,
		  bool cloexec)
{
	unsigned int fd;
	int err;

	limit = MIN(limit, FD_LIMIT_MAX);
	if (from && from >= limit)
		return -EINVAL;
	fd = find_free(fdt, MAX(from, fdt->next));
	if (fd >= limit)
		return -EMFILE;
	err = fdtable_reach(fdt, fd);
	if (err)
		return err;
	bit_set(fdt->used, fd, true);
	bit_set(fdt->cloexec, fd, cloexec);
	if (from <= fdt->next)
		fdt->next = fd + 1;
	return fd;
}

void put_unused_fd(struct fdtable *fdt, int fd)
{
	unsigned int n = fd;

	ASSERT(n < fdt->size && bit_test(fdt->used, n) && !*slot(fdt, n));
	bit_set(fdt->used, n, false);
	fdt->next = MIN(fdt->next, n);
}

void fd_install(struct fdtable *fdt, int fd, struct file *file)
{
	unsigned int n = fd;

	ASSERT(n < fdt->size && bit_test(fdt->used, n) && !*slot(fdt, n));
	*slot(fdt, n) = file;
}

struct file *fd_lookup(struct fdtable *fdt, int fd)
{
	struct file **at;

	if ((unsigned int)fd >= fdt->size)
		return NULL;
	at = slot(fdt, fd);
	return at ? *at : NULL;
}

struct file *fget(struct fdtable *fdt, int fd)
{
	struct file *file = fd_lookup(fdt, fd);

	return file ? get_file(file) : NULL;
}

/*
 * Frees the number before the file is released: a file that is opened during
 * release() may get the same number.
 */
static struct file *take_file(struct fdtable *fdt, int fd)
{
	struct file *file = fd_lookup(fdt, fd);

	if (file) {
		*slot(fdt, fd) = NULL;
		put_unused_fd(fdt, fd);
	}
	return file;
}

int fd_close(struct fdtable *fdt, int fd)
{
	struct file *file = take_file(fdt, fd);

	if (!file)
		return -EBADF;
	fput(file);
	return 0;
}

void fd_close_range(struct fdtable *fdt, unsigned int first, unsigned int last)
{
	struct file *dead = NULL, *file;
	int fd;

	while (first < fdt->size && (fd = fd_next_open(fdt, first)) >= 0 &&
	       (unsigned int)fd <= last) {
		file = take_file(fdt, fd);
		if (file)
			fput_later(file, &dead);
		first = fd + 1;
		cond_resched();
	}
	while (dead) {
		file = dead;
		dead = file->f_next;
		__fput(file);
		cond_resched();
	}
}

bool fd_get_cloexec(struct fdtable *fdt, int fd)
{
	return fd_lookup(fdt, fd) && bit_test(fdt->cloexec, fd);
}

void fd_set_cloexec(struct fdtable *fdt, int fd, bool on)
{
	if (fd_lookup(fdt, fd))
		bit_set(fdt->cloexec, fd, on);
}

int fd_replace(struct fdtable *fdt, int fd, struct file *file, bool cloexec)
{
	unsigned int n = fd;
	struct file *old = fd_lookup(fdt, fd);
	int err = fdtable_reach(fdt, n);

	if (!err && !old && bit_test(fdt->used, n))
		err = -EBUSY;
	if (err) {
		fput(file);
		return err;
	}
	*slot(fdt, n) = file;
	bit_set(fdt->used, n, true);
	bit_set(fdt->cloexec, n, cloexec);
	if (old)
		fput(old);
	return fd;
}

int fd_next_open(struct fdtable *fdt, unsigned int from)
{
	unsigned int word = from / WORD_BITS;
	uint64_t skip = BIT(from % WORD_BITS) - 1;

	for (; word < fdt->size / WORD_BITS; word++, skip = 0) {
		uint64_t used = fdt->used[word] & ~skip;

		for (; used; used &= used - 1) {
			unsigned int n = word * WORD_BITS +
					 __builtin_ctzll(used);

			if (*slot(fdt, n))
				return n;
		}
	}
	return -1;
}

static const char *chunk_check(const struct fdtable *fdt, unsigned int n)
{
	struct file **chunk = fdt->chunks[n];
	uint64_t used = fdt->used[n];
	unsigned int i;

	if (used && !chunk)
		return "fdtable 3: a number without a chunk";
	for (i = 0; chunk && i < FD_CHUNK; i++)
		if (chunk[i] && !(used & BIT(i)))
			return "fdtable 1: a file at a number that is free";
	return NULL;
}

const char *fdtable_check(const struct fdtable *fdt)
{
	const char *broken = NULL;
	unsigned int n;

	if (!IS_ALIGNED(fdt->size, FD_CHUNK) || fdt->next > fdt->size)
		return "fdtable 3: an odd size";
	for (n = 0; n < fdt->size / FD_CHUNK && !broken; n++)
		broken = chunk_check(fdt, n);
	for (n = 0; n < fdt->next && !broken; n++)
		if (!bit_test(fdt->used, n))
			broken = "fdtable 2: a free number below next";
	return broken;
}
