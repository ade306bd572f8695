/* SPDX-License-Identifier: MIT */
/*
 * adjtimex(2) and clock_adjtime(2). The kernel keeps the time of day itself
 * (kernel/task/wallclock.c), and the application has no CAP_SYS_TIME: changes
 * are refused, in Linux's order of checks, and a query is answered as by a
 * Linux whose clock is not disciplined.
 */
#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/time.h>
#include <linux/timex.h>

#include "kernel/mm/uaccess.h"
#include "kernel/sys/syscall.h"
#include "kernel/task/clock.h"

/* Bits of modes for which the man page has only combined names. */
#define ADJ_SINGLESHOT 0x0001
#define ADJ_READ_ONLY 0x2000
#define ADJ_ADJTIME 0x8000

/* Microseconds of a tick, and the largest change: a tenth. */
#define TICK_US 10000
#define TICK_OFF_MAX (TICK_US / 10)
/* 500 ppm; microseconds; the initial time constant. */
#define TOLERANCE (500L << 16)
#define ERROR_MAX_US 16000000
#define TIME_CONSTANT 2
/* The largest frequency shift that fits when scaled to nanoseconds. */
#define FREQUENCY_MAX (INT64_MAX / 65536)

#define CLOCK_UNUSED 10
#define CLOCK_OF_FILE 3 /* the low three bits of a negative id */

/* The only mode allowed is reading the remaining adjustment. */
static int check_modes(const struct __kernel_timex *tx)
{
	unsigned int modes = tx->modes;

	if (modes & ADJ_ADJTIME) {
		if (!(modes & ADJ_SINGLESHOT))
			return -EINVAL;
		if (!(modes & ADJ_READ_ONLY) || (modes & ADJ_SETOFFSET))
			return -EPERM;
		if ((modes & ADJ_FREQUENCY) &&
		    (tx->freq > FREQUENCY_MAX || tx->freq < -FREQUENCY_MAX))
			return -EINVAL;
		return 0;
	}
	return modes ? -EPERM : 0;
}

/* The state of the clock, or -errno. */
static int adjust(struct __kernel_timex *tx)
{
	uint64_t now = ktime_get_real_ns();
	struct __kernel_timex answer = {
		.modes = tx->modes,
		.maxerror = ERROR_MAX_US,
		.esterror = ERROR_MAX_US,
		.status = STA_UNSYNC,
		.constant = TIME_CONSTANT,
		.precision = 1,
		.tolerance = TOLERANCE,
		.tick = TICK_US,
		.time.tv_sec = now / NSEC_PER_SEC,
		.time.tv_usec = now % NSEC_PER_SEC / NSEC_PER_USEC,
	};
	int err = check_modes(tx);

	if (err)
		return err;
	*tx = answer;
	return TIME_ERROR;
}

static long sys_adjtimex(struct __kernel_timex *utx)
{
	struct __kernel_timex tx;
	int ret;

	if (get_user(tx, utx))
		return -EFAULT;
	ret = adjust(&tx);
	return put_user(tx, utx) ? -EFAULT : ret;
}

static int check_clock(int id)
{
	if (id < 0)
		return (id & 7) == CLOCK_OF_FILE ? -EINVAL : -EOPNOTSUPP;
	if (id > CLOCK_TAI || id == CLOCK_UNUSED)
		return -EINVAL;
	return id == CLOCK_REALTIME ? 0 : -EOPNOTSUPP;
}

static long sys_clock_adjtime(int id, struct __kernel_timex *utx)
{
	struct __kernel_timex tx;
	int ret;

	if (get_user(tx, utx))
		return -EFAULT;
	ret = check_clock(id);
	if (!ret)
		ret = adjust(&tx);
	if (ret >= 0 && put_user(tx, utx))
		return -EFAULT;
	return ret;
}

const struct syscall_entry syscalls_timex[] = {
	SYSCALL(adjtimex),
	SYSCALL(clock_adjtime),
	{ 0, NULL },
};
