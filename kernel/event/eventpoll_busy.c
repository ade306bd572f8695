/* SPDX-License-Identifier: MIT */
/*
 * eventpoll: busy polling, ioctl_eventpoll(2). A thread that is about to sleep
 * in epoll_wait(2) first polls the network device for a while; this saves the
 * interrupt and the exit from HLT when a packet comes soon. Owns nothing.
 * Thread context, no sleep.
 */
#include <errno.h>

#include "kernel/event/eventpoll_impl.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/clock.h"
#include "kernel/task/signal.h"
#include "kernel/task/softirq.h"
#include "kernel/task/thread.h"

/* The longest that a sleep is put off, and so the delay of a time slice. */
#define BUSY_POLL_MAX_USECS 1000U

/* Any budget is allowed: the application may administer its network. */
static int ep_set_params(struct eventpoll *ep,
			 const struct epoll_params *uparams)
{
	struct epoll_params params;

	if (copy_from_user(&params, uparams, sizeof(params)))
		return -EFAULT;
	if (params.__pad || params.busy_poll_usecs > INT32_MAX ||
	    params.prefer_busy_poll > 1)
		return -EINVAL;
	ep->params = params;
	return 0;
}

/* As on Linux, other requests are EINVAL, not ENOTTY. */
long ep_eventpoll_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct eventpoll *ep = ep_of_file(file);

	switch (cmd) {
	case EPIOCSPARAMS:
		return ep_set_params(ep, (const struct epoll_params *)arg);
	case EPIOCGPARAMS:
		if (copy_to_user((void *)arg, &ep->params, sizeof(ep->params)))
			return -EFAULT;
		return 0;
	default:
		return -EINVAL;
	}
}

bool ep_busy_loop(const struct eventpoll *ep, uint64_t deadline)
{
	uint64_t usecs = MIN(ep->params.busy_poll_usecs, BUSY_POLL_MAX_USECS);
	uint64_t end;

	if (likely(!usecs))
		return false;
	end = MIN(deadline, ktime_get_ns() + usecs * NSEC_PER_USEC);
	do {
		raise_softirq(SOFTIRQ_NET);
		do_softirq();
		if (ep_events_available(ep))
			return true;
	} while (!signal_pending() && ktime_get_ns() < end);
	return false;
}
