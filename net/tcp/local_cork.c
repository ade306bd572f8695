/* SPDX-License-Identifier: MIT */
/*
 * TCP_CORK and MSG_MORE between two sockets of this machine: held-back data is
 * in the sender's own queue until the sender completes it, a full segment is
 * there, or 200 ms have passed: tcp(7).
 *
 * Thread context and the timer softirq.
 */
#include "net/tcp/local_cork.h"

#include "kernel/mm/slab.h"
#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "net/tcp/local.h"
#include "net/tcp/local_send.h"
#include "net/tcp/tcp.h"

#define CORK_NS (200 * NSEC_PER_MSEC)

struct tcp_cork {
	struct rxqueue queue;
	struct timer timer;
	struct tcp_sock *tp;
};

static void time_is_up(struct timer *timer)
{
	(void)tcp_local_uncork(container_of(timer, struct tcp_cork, timer)->tp);
}

struct rxqueue *tcp_local_cork(struct tcp_sock *tp)
{
	struct tcp_cork *cork = tp->held_back;

	if (cork)
		return &cork->queue;
	cork = kzalloc(sizeof(*cork));
	if (!cork)
		return NULL;
	cork->tp = tp;
	timer_setup(&cork->timer, time_is_up);
	timer_start(&cork->timer, ktime_get_ns() + CORK_NS);
	tp->held_back = cork;
	return &cork->queue;
}

size_t tcp_local_corked(const struct tcp_sock *tp)
{
	return tp->held_back ? tp->held_back->queue.len : 0;
}

bool tcp_local_uncork(struct tcp_sock *tp)
{
	struct tcp_cork *cork = tp->held_back;
	bool empty = !tcp_local_corked(tp);

	if (!empty && tcp_local_refused(tp)) {
		tcp_local_drop_cork(tp);
		tcp_local_answer_reset(tp);
		return false;
	}
	if (!empty)
		rxqueue_splice(&tp->peer->sk_receive_queue, &cork->queue);
	tcp_local_drop_cork(tp);
	if (!empty)
		tcp_local_arrived(tp->peer);
	return true;
}

void tcp_local_drop_cork(struct tcp_sock *tp)
{
	struct tcp_cork *cork = tp->held_back;

	if (!cork)
		return;
	tp->held_back = NULL;
	timer_cancel(&cork->timer);
	rxqueue_purge(&cork->queue);
	kfree(cork);
}
