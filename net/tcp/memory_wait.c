/* SPDX-License-Identifier: MIT */
/*
 * Senders for which there was no memory. A sock that could queue nothing though
 * its buffer has room is put on a list and is not writeable until its turn: a
 * timer goes through the list, the longest waiter first, as Linux tries again
 * after a few milliseconds (sk_stream_wait_memory()). So all waiters find freed
 * memory, and those that get none do not try more often.
 *
 * Thread context and the timer softirq.
 */
#include "net/tcp/memory_wait.h"

#include "kernel/task/clock.h"
#include "kernel/task/timer.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_upcall.h"

#define RETRY_NS (20 * NSEC_PER_MSEC)
#define TURN_MAX 64 /* socks that one turn of the timer wakes */

static LIST_HEAD(waiting);
static struct timer timer;

/* A sock that still gets no memory is put at the end again. */
static void retry(struct timer *t)
{
	struct list_head turn;

	INIT_LIST_HEAD(&turn);
	for (unsigned int n = 0; n < TURN_MAX && !list_empty(&waiting); n++)
		list_move_tail(waiting.next, &turn);
	while (!list_empty(&turn)) {
		struct tcp_sock *tp = list_first_entry(&turn, struct tcp_sock,
						       memory_wait);

		list_del_init(&tp->memory_wait);
		tcp_write_space(tp);
	}
	if (!list_empty(&waiting))
		timer_start(&timer, ktime_get_ns() + RETRY_NS);
}

void tcp_wait_for_memory(struct tcp_sock *tp)
{
	if (tcp_waits_for_memory(tp))
		return;
	if (!timer.func)
		timer_setup(&timer, retry);
	if (!timer_pending(&timer))
		timer_start(&timer, ktime_get_ns() + RETRY_NS);
	list_add_tail(&tp->memory_wait, &waiting);
}

void tcp_has_memory(struct tcp_sock *tp)
{
	list_del_init(&tp->memory_wait);
}
