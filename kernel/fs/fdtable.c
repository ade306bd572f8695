/* SPDX-License-Identifier: MIT */
/*
 * Descriptor numbers. A table owns one reference to each of its files and its
 * three arrays; they grow by doubling, so that opening n files copies O(n)
 * entries in all. System calls enter it; closing the last descriptor of a
 * file runs that file's release.
 *
 * Invariants:
 *  1. fd[n] != NULL implies that bit n of used is set; a bit without a file is
 *     a number that a call in progress has reserved;
 *  2. every bit below next is set;
 *  3. size is 0 or a multiple of 64.
 */
#include "kernel/fs/fdtable.h"

#include <errno.h>
#include <string.h>

#include "kernel/fs/file.h"
#include "kernel/mm/slab.h"

#define WORD_BITS 64
#define FIRST_SIZE WORD_BITS

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

/* Moves to arrays that have room for number want: -EMFILE, -ENOMEM. */
static int fdtable_grow(struct fdtable *fdt, unsigned int want)
{
	unsigned int size = MAX(fdt->size, FIRST_SIZE);
	struct fdtable new = { .next = fdt->next };
	size_t bytes = fdt->size / WORD_BITS * sizeof(uint64_t);

	if (want >= FD_LIMIT_MAX)
		return -EMFILE;
	while (size <= want)
		size *= 2;
	new.size = size;
	new.fd = kcalloc(size, sizeof(new.fd[0]));
	new.used = kcalloc(size / WORD_BITS, sizeof(new.used[0]));
	new.cloexec = kcalloc(size / WORD_BITS, sizeof(new.cloexec[0]));
	if (!new.fd || !new.used || !new.cloexec) {
		kfree(new.fd);
		kfree(new.used);
		kfree(new.cloexec);
		return -ENOMEM;
	}
	if (fdt->size) {
		memcpy(new.fd, fdt->fd, fdt->size * sizeof(new.fd[0]));
		memcpy(new.used, fdt->used, bytes);
		memcpy(new.cloexec, fdt->cloexec, bytes);
	}
	kfree(fdt->fd);
	kfree(fdt->used);
	kfree(fdt->cloexec);
	*fdt = new;
	return 0;
}

struct fdtable *fdtable_create(void)
{
	struct fdtable *fdt = kzalloc(sizeof(*fdt));

	if (fdt && fdtable_grow(fdt, 0)) {
		kfree(fdt);
		return NULL;
	}
	return fdt;
}

void fdtable_destroy(struct fdtable *fdt)
{
	int fd = -1;

	while ((fd = fd_next_open(fdt, fd + 1)) >= 0)
		fd_close(fdt, fd);
	kfree(fdt->fd);
	kfree(fdt->used);
	kfree(fdt->cloexec);
	kfree(fdt);
}

/* Lowest clear bit >= from; it may lie behind the end of the table. */
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
	int error;

	limit = MIN(limit, FD_LIMIT_MAX);
	if (from && from >= limit)
		return -EINVAL;
	fd = find_free(fdt, MAX(from, fdt->next));
	if (fd >= limit)
		return -EMFILE;
	if (fd >= fdt->size) {
		error = fdtable_grow(fdt, fd);
		if (error)
			return error;
	}
	bit_set(fdt->used, fd, true);
	bit_set(fdt->cloexec, fd, cloexec);
	if (from <= fdt->next)
		fdt->next = fd + 1;
	return fd;
}

void put_unused_fd(struct fdtable *fdt, int fd)
{
	unsigned int n = fd;

	ASSERT(n < fdt->size && bit_test(fdt->used, n) && !fdt->fd[n]);
	bit_set(fdt->used, n, false);
	fdt->next = MIN(fdt->next, n);
}

void fd_install(struct fdtable *fdt, int fd, struct file *file)
{
	unsigned int n = fd;

	ASSERT(n < fdt->size && bit_test(fdt->used, n) && !fdt->fd[n]);
	fdt->fd[n] = file;
}

struct file *fd_lookup(struct fdtable *fdt, int fd)
{
	if ((unsigned int)fd >= fdt->size)
		return NULL;
	return fdt->fd[fd];
}

struct file *fget(struct fdtable *fdt, int fd)
{
	struct file *file = fd_lookup(fdt, fd);

	return file ? get_file(file) : NULL;
}

/*
 * The number is free before the file is released: whoever opens a file from
 * a wake-up that release() causes may get the same number.
 */
int fd_close(struct fdtable *fdt, int fd)
{
	struct file *file = fd_lookup(fdt, fd);

	if (!file)
		return -EBADF;
	fdt->fd[fd] = NULL;
	put_unused_fd(fdt, fd);
	fput(file);
	return 0;
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
	struct file *old;
	int error = n < fdt->size ? 0 : fdtable_grow(fdt, n);

	if (!error && !fdt->fd[n] && bit_test(fdt->used, n))
		error = -EBUSY;
	if (error) {
		fput(file);
		return error;
	}
	old = fdt->fd[n];
	fdt->fd[n] = file;
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

			if (fdt->fd[n])
				return n;
		}
	}
	return -1;
}
