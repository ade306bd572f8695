/* SPDX-License-Identifier: MIT */
/*
 * setitimer(2) and alarm(2): one timer for the one process, which sends it
 * SIGALRM. Set by threads; fires in the timer softirq.
 */
#include "kernel/task/itimer.h"

#include <errno.h>
#include <linux/signal.h>
#include <linux/time.h>

#include "kernel/base.h"
#include "kernel/task/clock.h"
#include "kernel/task/process.h"
#include "kernel/task/signal.h"
#include "kernel/task/timer.h"

#define FURTHEST (UINT64_MAX / 4) /* a century; sums do not overflow */

static uint64_t interval;

static void itimer_fire(struct timer *timer)
{
	struct signal_info info = { .sig = SIGALRM, .code = SI_KERNEL };

	send_process_signal(the_process(), &info);
	if (interval)
		timer_start(timer,
			    MAX(timer->expires + interval, ktime_get_ns()));
}

static struct timer itimer = {
	.node = { .parent = &itimer.node },
	.func = itimer_fire,
};

int itimer_set(int which, const struct itimer_setting *new,
	       struct itimer_setting *old)
{
	uint64_t now = ktime_get_ns();

	if (which != ITIMER_REAL)
		return -EINVAL;
	*old = (struct itimer_setting){ .interval = interval };
	if (timer_pending(&itimer))
		old->value = itimer.expires > now ? itimer.expires - now : 1;
	if (!new)
		return 0;
	timer_cancel(&itimer);
	interval = MIN(new->interval, FURTHEST);
	if (new->value)
		timer_start(&itimer, now + MIN(new->value, FURTHEST));
	return 0;
}

void itimer_stop(void)
{
	timer_cancel(&itimer);
	interval = 0;
}
