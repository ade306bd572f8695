/* SPDX-License-Identifier: MIT */
/*
 * Setting the time, which an ordinary user may not: what is refused, why, and
 * in which order that is found out; and what may be asked all the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"

#define BAD ((void *)8)
#define ADJTIMEX 1000 /* no clock: the call without one */

static long adjust(int id, struct timex *tx)
{
	return id == ADJTIMEX ? syscall(SYS_adjtimex, tx) :
				syscall(SYS_clock_adjtime, id, tx);
}

static long with_modes(int id, unsigned int modes)
{
	struct timex tx;

	memset(&tx, 0, sizeof(tx));
	tx.modes = modes;
	return adjust(id, &tx);
}

static void test_settime(void)
{
	struct timespec ts = { 1000000000, 0 };
	static const int none[] = {
		CLOCK_MONOTONIC, CLOCK_BOOTTIME, 2, 3, 4, 5, 10, 11, 99
	};
	int refused = 0;

	fails(syscall(SYS_clock_settime, CLOCK_REALTIME, &ts), EPERM,
	      "clock_settime: a user: EPERM");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		refused += syscall(SYS_clock_settime, none[i], BAD) == -1 &&
			   errno == EINVAL;
	is(refused, sizeof(none) / sizeof(none[0]),
	   "clock_settime: other clocks: EINVAL, wherever the time is");
	fails(syscall(SYS_clock_settime, CLOCK_REALTIME, BAD), EFAULT,
	      "clock_settime: EFAULT before EPERM");
	ts.tv_nsec = 1000000000;
	fails(syscall(SYS_clock_settime, CLOCK_REALTIME, &ts), EINVAL,
	      "clock_settime: EINVAL before EPERM");
	ts = (struct timespec){ -1, 0 };
	fails(syscall(SYS_clock_settime, CLOCK_REALTIME, &ts), EINVAL,
	      "clock_settime: before 1970: EINVAL");
	ts = (struct timespec){ 8277292036, 0 };
	fails(syscall(SYS_clock_settime, CLOCK_REALTIME, &ts), EINVAL,
	      "clock_settime: beyond 2232: EINVAL");
	ts.tv_sec--;
	fails(syscall(SYS_clock_settime, CLOCK_REALTIME, &ts), EPERM,
	      "clock_settime: in 2232: EPERM");
	fails(syscall(SYS_clock_settime, ~0 << 3 | 2, &ts), EPERM,
	      "clock_settime: the process's CPU time: EPERM");
	fails(syscall(SYS_clock_settime, ~0 << 3 | 2, BAD), EFAULT,
	      "clock_settime: or EFAULT");
}

static void test_settimeofday(void)
{
	struct timeval tv = { 1000000000, 0 };

	fails(syscall(SYS_settimeofday, &tv, NULL), EPERM,
	      "settimeofday: a user: EPERM");
	fails(syscall(SYS_settimeofday, NULL, NULL), EPERM,
	      "settimeofday: even to nothing");
	fails(syscall(SYS_settimeofday, BAD, NULL), EFAULT,
	      "settimeofday: EFAULT before EPERM");
	fails(syscall(SYS_settimeofday, NULL, BAD), EFAULT,
	      "settimeofday: for the zone, too");
	tv.tv_usec = 1000001;
	fails(syscall(SYS_settimeofday, &tv, BAD), EINVAL,
	      "settimeofday: EINVAL before the zone's EFAULT");
	tv.tv_usec = 1000000;
	fails(syscall(SYS_settimeofday, &tv, NULL), EINVAL,
	      "settimeofday: a million microseconds: EINVAL");
	tv.tv_usec = -1;
	fails(syscall(SYS_settimeofday, &tv, NULL), EINVAL,
	      "settimeofday: less than none: EINVAL");
}

static void test_ask(int id)
{
	struct timespec before, after;
	struct timex tx;
	long state;

	memset(&tx, 0xff, sizeof(tx));
	tx.modes = 0;
	clock_gettime(CLOCK_REALTIME, &before);
	state = adjust(id, &tx);
	clock_gettime(CLOCK_REALTIME, &after);
	ok(state >= TIME_OK && state <= TIME_ERROR,
	   "adjust: asking gets a state");
	ok(tx.precision == 1 && tx.tolerance == 32768000,
	   "adjust: precision and tolerance");
	ok(tx.tick >= 9000 && tx.tick <= 11000, "adjust: the tick");
	ok(!tx.jitter && !tx.shift && !tx.stabil && !tx.calcnt,
	   "adjust: no pulse of a second");
	ok(tx.time.tv_sec >= before.tv_sec && tx.time.tv_sec <= after.tv_sec,
	   "adjust: the time");
}

static void test_adjust(int id)
{
	static const unsigned int modes[] = {
		ADJ_OFFSET, ADJ_FREQUENCY, ADJ_MAXERROR, ADJ_ESTERROR,
		ADJ_STATUS, ADJ_TIMECONST, ADJ_TAI,	 ADJ_SETOFFSET,
		ADJ_MICRO,  ADJ_NANO,	   ADJ_TICK,	 ADJ_OFFSET_SINGLESHOT,
		0x2000,	    0xa101,	   0x4000,
	};
	struct timex tx;
	int refused = 0;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		refused += with_modes(id, modes[i]) == -1 && errno == EPERM;
	is(refused, sizeof(modes) / sizeof(modes[0]),
	   "adjust: each change: EPERM");
	fails(with_modes(id, 0x8000), EINVAL, "adjust: half a mode: EINVAL");
	ok(with_modes(id, ADJ_OFFSET_SS_READ) >= 0,
	   "adjust: reading what is left to adjust");
	memset(&tx, 0, sizeof(tx));
	tx.modes = ADJ_OFFSET_SS_READ | ADJ_FREQUENCY;
	tx.freq = LONG_MAX;
	fails(adjust(id, &tx), EINVAL,
	      "adjust: a frequency out of range: EINVAL");
	fails(adjust(id, BAD), EFAULT, "adjust: EFAULT");
}

static void test_clocks(void)
{
	is(with_modes(CLOCK_MONOTONIC, 0) == -1 ? errno : 0, EOPNOTSUPP,
	   "clock_adjtime: no other clock: EOPNOTSUPP");
	fails(with_modes(CLOCK_TAI, ADJ_OFFSET), EOPNOTSUPP,
	      "clock_adjtime: that first");
	fails(with_modes(99, 0), EINVAL, "clock_adjtime: an unknown one");
	fails(with_modes(10, 0), EINVAL, "clock_adjtime: one that is gone");
	fails(with_modes(~0 << 3 | 2, 0), EOPNOTSUPP,
	      "clock_adjtime: a CPU's time");
	fails(with_modes(~0 << 3 | 3, 0), EINVAL,
	      "clock_adjtime: a file that is no clock");
	fails(adjust(99, BAD), EFAULT, "clock_adjtime: EFAULT before EINVAL");
}

int main(void)
{
	ok(!setuid(1000), "an ordinary user");
	test_settime();
	test_settimeofday();
	test_ask(ADJTIMEX);
	test_ask(CLOCK_REALTIME);
	test_adjust(ADJTIMEX);
	test_adjust(CLOCK_REALTIME);
	test_clocks();
	return done_testing();
}
