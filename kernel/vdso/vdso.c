/* SPDX-License-Identifier: MIT */
/*
 * The vDSO's code: runs in ring 3, in the application's threads, and calls the
 * kernel only for clocks that are not made of the time stamp counter. Owns
 * nothing; reads the data page below it. vdso(7) names the functions.
 *
 * The arithmetic is the kernel's own (timescale.h), so both tell the same
 * time. What the kernel says after a call here, or here after the kernel, is
 * later: LFENCE before RDTSC lets it wait for all that came before, LFENCE
 * behind lets all that follows wait for it (SDM vol 2, RDTSC).
 */
#include <asm/unistd_64.h>
#include <linux/time.h>

#include "kernel/vdso/data.h"

/* Placed by vdso.lds. Not const: it changes while it is read. */
extern struct vdso_data vdso_data __attribute__((visibility("hidden")));

struct getcpu_cache;

int __vdso_clock_gettime(int id, struct timespec *ts);
int __vdso_clock_getres(int id, struct timespec *ts);
int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz);
long __vdso_time(long *t);
long __vdso_getcpu(unsigned int *cpu, unsigned int *node,
		   struct getcpu_cache *unused);

static long system_call(long number, long a, void *b)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b)
			 : "rcx", "r11", "memory");
	return ret;
}

static uint64_t read_counter(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence"
			 : "=a"(lo), "=d"(hi)
			 :
			 : "memory");
	return lo | (uint64_t)hi << 32;
}

/* Again when the kernel changed the scale between two of the reads. */
static uint64_t read_clock(bool real)
{
	const struct vdso_data *data = &vdso_data;
	uint32_t seq;
	uint64_t ns;

	do {
		seq = READ_ONCE(data->seq);
		barrier();
		ns = timescale_ns(&data->scale, read_counter());
		if (real)
			ns += data->real_offset;
		barrier();
	} while (unlikely(seq != READ_ONCE(data->seq)));
	return ns;
}

#define REAL_CLOCKS \
	(BIT(CLOCK_REALTIME) | BIT(CLOCK_REALTIME_COARSE) | BIT(CLOCK_TAI))
#define MONOTONIC_CLOCKS                                   \
	(BIT(CLOCK_MONOTONIC) | BIT(CLOCK_MONOTONIC_RAW) | \
	 BIT(CLOCK_MONOTONIC_COARSE) | BIT(CLOCK_BOOTTIME))

/* A number outside 0 to 31 is in no set. */
static bool is_one_of(uint32_t set, int id)
{
	return (unsigned int)id < 32 && set >> id & 1;
}

int __vdso_clock_gettime(int id, struct timespec *ts)
{
	uint64_t ns;

	if (!is_one_of(REAL_CLOCKS | MONOTONIC_CLOCKS, id))
		return system_call(__NR_clock_gettime, id, ts);
	ns = read_clock(is_one_of(REAL_CLOCKS, id));
	ts->tv_sec = ns / NSEC_PER_SEC;
	ts->tv_nsec = ns % NSEC_PER_SEC;
	return 0;
}

int __vdso_clock_getres(int id, struct timespec *ts)
{
	if (!is_one_of(REAL_CLOCKS | MONOTONIC_CLOCKS, id))
		return system_call(__NR_clock_getres, id, ts);
	if (ts)
		*ts = (struct timespec){ .tv_nsec = 1 };
	return 0;
}

int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz)
{
	uint64_t now = read_clock(true);

	if (tv) {
		tv->tv_sec = now / NSEC_PER_SEC;
		tv->tv_usec = now % NSEC_PER_SEC / NSEC_PER_USEC;
	}
	if (tz)
		*tz = (struct timezone){ 0 };
	return 0;
}

long __vdso_time(long *t)
{
	long now = read_clock(true) / NSEC_PER_SEC;

	if (t)
		*t = now;
	return now;
}

long __vdso_getcpu(unsigned int *cpu, unsigned int *node,
		   struct getcpu_cache *unused)
{
	if (cpu)
		*cpu = 0;
	if (node)
		*node = 0;
	return 0;
}
