/* SPDX-License-Identifier: MIT */
/*
 * For the programs about splice(2) and its relatives.
 */
#ifndef TESTS_CONFORM_SPLICE_H
#define TESTS_CONFORM_SPLICE_H

#include <sys/ioctl.h>

#include "settle.h"

#define PAGE 4096
#define CAPACITY 65536

static char bytes[4 * CAPACITY] __attribute__((aligned(PAGE)));

static inline int queued(int fd)
{
	int n = -1;

	ioctl(fd, FIONREAD, &n);
	return n;
}

static inline void fill(int fd)
{
	while (write(fd, bytes, PAGE) > 0)
		;
}

/* What can be read, as text. */
static inline const char *text(int fd)
{
	static char got[256];
	ssize_t n = read(fd, got, sizeof(got) - 1);

	if (n < 0)
		return strerror(errno);
	got[n] = '\0';
	return got;
}

/*
 * The program's own file, which is there on both systems; it shall fill a
 * pipe.
 */
static const volatile char ballast[3 * CAPACITY] = { 1 };

static inline int open_self(void)
{
	(void)ballast[1];
	return MUST(open("/proc/self/exe", O_RDONLY));
}

static inline void set_flags(int fd, int flags)
{
	MUST(fcntl(fd, F_SETFL, flags));
}

#endif
