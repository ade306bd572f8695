/* SPDX-License-Identifier: MIT */
/*
 * Runs lwIP's timers: a kernel timer raises the net softirq, and is re-armed
 * after anything that may have started one of lwIP's timers.
 */
#include "net/lwip/timers.h"

#include "lwip/timeouts.h"

#include "kernel/base.h"
#include "kernel/task/clock.h"
#include "kernel/task/softirq.h"
#include "kernel/task/timer.h"
#include "net/lwip/memp.h"
#include "net/lwip/pcb_table.h"
#include "net/softirq.h"

static struct timer lwip_timer;

static void lwip_timer_fired(struct timer *timer)
{
	raise_softirq(SOFTIRQ_NET);
}

/* Nothing to do unless the timer has fired or lwIP has started one since. */
static void arm_timer(void)
{
	uint32_t ms;

	if (timer_pending(&lwip_timer) && !net_timeouts_changed)
		return;
	net_timeouts_changed = false;
	ms = sys_timeouts_sleeptime();
	if (ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE)
		timer_start(&lwip_timer, ktime_get_ns() + ms * NSEC_PER_MSEC);
}

static bool check_timeouts(void)
{
	sys_check_timeouts();
	return false;
}

static bool run_pcb_timers(void)
{
	return net_pcb_run_timers();
}

void net_lwip_timers_init(void)
{
	static struct net_poller timers __ro_after_init_data = {
		.stage = NET_STAGE_TIMERS,
		.poll = check_timeouts,
	};
	static struct net_poller connections __ro_after_init_data = {
		.stage = NET_STAGE_CONNECTIONS,
		.poll = run_pcb_timers,
	};
	static struct net_flusher flusher __ro_after_init_data = {
		.flush = arm_timer
	};

	timer_setup(&lwip_timer, lwip_timer_fired);
	net_poller_register(&timers);
	net_poller_register(&connections);
	net_flusher_register(&flusher);
}
