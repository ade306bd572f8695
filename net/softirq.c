/* SPDX-License-Identifier: MIT */
/*
 * A run of the net softirq calls the stages, which only queue frames; at the
 * end one kick hands all of them to the device. A run that leaves work undone
 * raises the softirq again.
 */
#include "net/softirq.h"

#include "kernel/base.h"
#include "kernel/task/softirq.h"
#include "kernel/x86/irq.h"

/* How many frames may wait for a kick while a thread goes on sending. */
#define KICK_BATCH 16

static struct net_poller *pollers[NR_NET_STAGES] __ro_after_init;
static struct net_flusher *flushers __ro_after_init;

void net_poller_register(struct net_poller *poller)
{
	struct net_poller **p = &pollers[poller->stage];

	while (*p && *p != poller)
		p = &(*p)->next;
	*p = poller;
}

void net_flusher_register(struct net_flusher *flusher)
{
	struct net_flusher **p = &flushers;

	while (*p && *p != flusher)
		p = &(*p)->next;
	*p = flusher;
}

void net_assert_context(void)
{
	ASSERT(!in_irq());
}

void net_flush(void)
{
	for (const struct net_flusher *f = flushers; f; f = f->next)
		f->flush();
}

static unsigned int frames_waiting(void)
{
	unsigned int n = 0;

	for (const struct net_flusher *f = flushers; f; f = f->next)
		n += f->waiting ? f->waiting() : 0;
	return n;
}

void net_flush_soon(void)
{
	if (frames_waiting() >= KICK_BATCH)
		net_flush();
	else
		raise_softirq_lazily(SOFTIRQ_NET);
}

static bool run_stage(enum net_stage stage)
{
	bool more = false;

	for (const struct net_poller *p = pollers[stage]; p; p = p->next)
		more |= p->poll();
	return more;
}

bool net_rx_is_long(void)
{
	const struct net_poller *p = pollers[NET_STAGE_UNFINISHED];

	for (; p; p = p->next) {
		if (*p->packet)
			return true;
	}
	return softirq_is_long();
}

/* Keeps the order of packets: unfinished ones first. */
static bool take_packets(void)
{
	bool more;

	if (run_stage(NET_STAGE_UNFINISHED))
		return true;
	more = run_stage(NET_STAGE_LOOPBACK);
	return net_rx_is_long() || run_stage(NET_STAGE_DEVICE) || more;
}

static void net_rx_action(void)
{
	bool more;

	(void)run_stage(NET_STAGE_RECLAIM);
	more = take_packets();
	for (unsigned int i = NET_STAGE_SPLICE; i < NR_NET_STAGES; i++)
		more |= run_stage(i);
	net_flush();
	if (more)
		raise_softirq(SOFTIRQ_NET);
}

void net_softirq_init(void)
{
	softirq_set(SOFTIRQ_NET, net_rx_action);
}
