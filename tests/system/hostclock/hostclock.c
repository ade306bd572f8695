/* SPDX-License-Identifier: MIT */
/*
 * Loaded into a QEMU by LD_PRELOAD: another time of day for this process alone,
 * as if somebody had set the host's clock. The file HOST_CLOCK holds how many
 * seconds it is ahead, as a 64-bit number that may change at any time.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static const volatile int64_t *ahead;
static int (*real_gettime)(clockid_t id, struct timespec *t);

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("HOST_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		err(1, "HOST_CLOCK");
	ahead = map;
	real_gettime = (__typeof__(real_gettime))dlsym(RTLD_NEXT,
						       "clock_gettime");
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int error;

	if (!ahead)
		start(); /* another constructor was first */
	error = real_gettime(id, t);
	if (!error && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		t->tv_sec += *ahead;
	return error;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec t;
	int error = clock_gettime(CLOCK_REALTIME, &t);

	(void)zone;
	tv->tv_sec = t.tv_sec;
	tv->tv_usec = t.tv_nsec / 1000;
	return error;
}

time_t time(time_t *to)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (to)
		*to = t.tv_sec;
	return t.tv_sec;
}
