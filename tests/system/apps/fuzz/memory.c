/* SPDX-License-Identifier: MIT */
/*
 * Calls that have much to do: long lengths over devices that never end, long
 * vectors, ranges of memory in many pieces and in very large ones.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "fuzz.h"

#define MIB (1UL << 20)
#define GIB (1UL << 30)
#define NR_IOV 1024
#define READ_MOST (4 * MIB)

/* Memory that all map, unmap and move at once; only the kernel touches it. */
#define CONTESTED 0x30000000L
#define CONTESTED_PAGES 2048UL

static long map(unsigned long size, int flags)
{
	return sys(SYS_mmap, 0, size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* READ_MOST bytes in all, in up to NR_IOV pieces, some empty. */
static long long_vector(long *count)
{
	struct iovec *iov = (struct iovec *)(shared + SHARED_SIZE / 2);
	unsigned long most = READ_MOST / NR_IOV;

	*count = NR_IOV / 2 + (long)below(NR_IOV / 2);
	for (long i = 0; i < *count; i++)
		iov[i] = (struct iovec){ shared, below(most) };
	return (long)iov;
}

static void read_device(void)
{
	static const char *const paths[] = { "/dev/urandom", "/dev/zero",
					     "/dev/random" };
	long count, iov;
	long fd = sys(SYS_open, (long)paths[below(3)], O_RDONLY);

	switch (below(4)) {
	case 0:
		sys(SYS_getrandom, (long)shared, SHARED_SIZE / 2, below(4));
		break;
	case 1:
		iov = long_vector(&count);
		sys(below(2) ? SYS_readv : SYS_preadv, fd, iov, count, 0, 0);
		break;
	default:
		sys(SYS_read, fd, (long)shared, below(SHARED_SIZE / 2));
	}
	sys(SYS_close, fd);
}

static void write_device(void)
{
	long count, iov = long_vector(&count);
	long fd = sys(SYS_open,
		      below(2) ? (long)"/dev/null" : (long)"/dev/zero",
		      O_WRONLY);

	sys(below(2) ? SYS_writev : SYS_pwritev, fd, iov, count, 0, 0);
	sys(SYS_close, fd);
}

static void read_files(void)
{
	static const char *const paths[] = {
		"/proc/self/maps",  "/proc/slabinfo",	"/proc/net/tcp",
		"/proc/net/unix",   "/proc/net/pollux", "/proc/self/fd",
		"/proc/self/smaps", "/proc/net/udp",	"/proc/self/status",
		"/proc/interrupts",
	};
	long fd = sys(SYS_open,
		      (long)paths[below(sizeof(paths) / sizeof(*paths))],
		      O_RDONLY);

	for (int i = 0; i < 50; i++)
		if (sys(SYS_read, fd, (long)me->words, 1 + below(4096)) <= 0)
			break;
	sys(SYS_getdents64, fd, (long)me->words, sizeof(me->words));
	sys(SYS_close, fd);
}

/* Pages that are there, in as many areas as there are pages. */
static void split(void)
{
	unsigned long size = (1 + below(128)) * 4096;
	long at = map(size, below(2) ? MAP_POPULATE : 0);

	if (at < 0)
		return;
	for (unsigned long i = 0; i < size; i += 8192)
		sys(SYS_mprotect, at + i, 4096, below(4));
	sys(SYS_mincore, at, size, (long)me->words);
	sys(SYS_mprotect, at, size, PROT_READ | PROT_WRITE);
	sys(SYS_munmap, at, size);
}

static void move(long at, unsigned long size, unsigned long other)
{
	long to = sys(SYS_mremap, at, size, other, MREMAP_MAYMOVE);

	if (to > 0)
		sys(SYS_munmap, to, other);
	else
		sys(SYS_munmap, at, size);
}

static void populate(void)
{
	unsigned long size = (2 + below(512)) * 4096;
	long at = map(size, MAP_POPULATE);

	if (at < 0)
		return;
	if (below(2))
		sys(SYS_madvise, at, size, below(26));
	move(at, size, below(2) ? 2 * size : 4096);
}

/* An area of which next to nothing is there. */
static void vast(void)
{
	unsigned long size = GIB << below(9);
	long at = map(size, MAP_NORESERVE);

	if (at < 0)
		return;
	for (int i = 0; i < 4; i++)
		sys(SYS_getrandom, at + below(size - 16), 16, 0);
	switch (below(5)) {
	case 0:
		sys(SYS_mincore, at, size, (long)shared);
		break;
	case 1:
		sys(SYS_mprotect, at, size, PROT_NONE);
		break;
	case 2:
		sys(SYS_madvise, at, size, MADV_DONTNEED);
		break;
	case 3:
		sys(SYS_msync, at, size, 4);
		break;
	default:
		move(at, size, 2 * size);
		return;
	}
	sys(SYS_munmap, at, size);
}

static void touch(long at, unsigned long size)
{
	int ends[2] = { -1, -1 };

	sys(SYS_getrandom, at, size, 0);
	sys(SYS_pipe2, (long)ends, 04000);
	sys(SYS_write, ends[1], at, size);
	sys(SYS_read, ends[0], at, size);
	sys(SYS_close, ends[0]);
	sys(SYS_close, ends[1]);
}

static void contest(void)
{
	unsigned long first = below(CONTESTED_PAGES);
	unsigned long n = 1 + below(CONTESTED_PAGES - first);
	long at = CONTESTED + (long)first * 4096;
	unsigned long size = (below(2) ? n : 1 + n % 16) * 4096;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	switch (below(8)) {
	case 0:
	case 1:
		sys(SYS_mmap, at, size, below(8),
		    flags | (below(4) ? 0 : MAP_POPULATE), -1, 0);
		break;
	case 2:
		sys(SYS_munmap, at, size);
		break;
	case 3:
		sys(SYS_mprotect, at, size, below(8));
		break;
	case 4:
		sys(SYS_mremap, at, size, (1 + below(n)) * 4096,
		    MREMAP_MAYMOVE | MREMAP_FIXED | (below(3) ? 0 : 4),
		    CONTESTED + (long)below(CONTESTED_PAGES - n) * 4096);
		break;
	case 5:
		sys(SYS_madvise, at, size, below(26));
		break;
	case 6:
		sys(SYS_mincore, at, size, (long)me->words);
		break;
	default:
		touch(at, size);
	}
}

void forget_contested(void)
{
	munmap((void *)CONTESTED, CONTESTED_PAGES * 4096);
}

void long_deed(void)
{
	static void (*const deeds[])(
		void) = { read_device, write_device, read_files, split,
			  populate,    vast,	     contest,	 contest };

	deeds[below(sizeof(deeds) / sizeof(*deeds))]();
}
