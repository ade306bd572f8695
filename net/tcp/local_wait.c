/* SPDX-License-Identifier: MIT */
/*
 * Local connections that a listener cannot take yet: connectors that found
 * its accept queue full, and connections whose listener wants data first
 * (TCP_DEFER_ACCEPT). All are on one list, oldest first, linked by "accept"
 * with "listener" set. Once a second, while there are any, each connector
 * sends its SYN again or times out.
 *
 * Thread context and the timer softirq.
 */
#include "net/tcp/local_wait.h"

#include <errno.h>

#include "kernel/task/clock.h"
#include "kernel/task/thread.h"
#include "kernel/task/timer.h"
#include "net/tcp/local.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_listen.h"

#define PERIOD_NS NSEC_PER_SEC
#define AT_ONCE 64 /* connections per call of the timer */
#define RTO_MAX 120 /* seconds: TCP_RTO_MAX */

static LIST_HEAD(waiting);
static size_t nr_waiting;
static size_t due; /* not yet visited in this period: the head of the list */
static struct timer timer;

static bool is_connector(const struct tcp_sock *tp)
{
	return tp->inet.sk.sk_state == TCP_SYN_SENT;
}

/* tcp(7), TCP_SYNCNT: the timeouts double from 1 s on. */
static uint64_t syn_patience_ns(const struct tcp_sock *tp)
{
	uint64_t seconds = 0;

	if (tp->user_timeout)
		return tp->user_timeout * NSEC_PER_MSEC;
	for (int i = 0; i <= tp->syncnt; i++)
		seconds += i < 7 ? 1 << i : RTO_MAX;
	return seconds * NSEC_PER_SEC;
}

void tcp_local_wait_no_more(struct tcp_sock *tp)
{
	if (!tp->listener)
		return;
	nr_waiting--;
	list_del_init(&tp->accept);
	tp->listener = NULL;
	tp->deferred = false;
}

void tcp_local_accept_deferred(struct tcp_sock *tp)
{
	struct tcp_sock *listener = tp->listener;

	if (listener->inet.sk.sk_state != TCP_LISTEN ||
	    tcp_accept_queue_full(listener))
		return;
	nr_waiting--;
	list_del_init(&tp->accept);
	tp->deferred = false;
	tcp_enqueue_child(listener, tp);
}

static void try_again(struct tcp_sock *tp, uint64_t now)
{
	bool over = now >= tp->last_progress_ns;

	if (tp->deferred) {
		if (over || tp->sk_receive_queue.len || tp->inet.sk.sk_shutdown)
			tcp_local_accept_deferred(tp);
		return;
	}
	tcp_local_wait_no_more(tp);
	if (over)
		tcp_local_kill(tp, ETIMEDOUT);
	else
		tcp_local_send_syn(tp);
}

/*
 * A connection that goes on waiting is moved to the end. If some come or go
 * between two parts of a period, one may be visited twice, or not at all.
 */
static void look_at_some(struct timer *t)
{
	uint64_t now = ktime_get_ns();

	if (!due)
		due = nr_waiting;
	for (unsigned int n = 0; n < AT_ONCE && due; n++) {
		struct tcp_sock *tp;

		/* tcp_local_listener_gone() may hold some on its own list. */
		due = list_empty(&waiting) ? 0 : MIN(due, nr_waiting);
		if (!due)
			break;
		due--;
		tp = list_first_entry(&waiting, struct tcp_sock, accept);
		list_move_tail(&tp->accept, &waiting);
		try_again(tp, now);
	}
	if (nr_waiting)
		timer_start(&timer, due ? now : now + PERIOD_NS);
}

void tcp_local_wait(struct tcp_sock *tp, struct tcp_sock *listener,
		    uint32_t seconds)
{
	uint64_t now = ktime_get_ns();

	if (!timer.func)
		timer_setup(&timer, look_at_some);
	if (list_empty(&waiting))
		timer_start(&timer, now + PERIOD_NS);
	tp->listener = listener;
	list_add_tail(&tp->accept, &waiting);
	nr_waiting++;
	if (!is_connector(tp)) {
		tp->deferred = true;
		tp->last_progress_ns = now + seconds * NSEC_PER_SEC;
	} else if (!tp->last_progress_ns) { /* this is the first SYN */
		tp->last_progress_ns = now + syn_patience_ns(tp);
	}
}

static struct tcp_sock *first_connector(const struct tcp_sock *listener)
{
	struct tcp_sock *tp;

	list_for_each_entry(tp, &waiting, accept) {
		if (tp->listener == listener && is_connector(tp))
			return tp;
	}
	return NULL;
}

void tcp_local_room(struct tcp_sock *listener)
{
	struct tcp_sock *tp = first_connector(listener);

	if (!tp)
		return;
	tcp_local_wait_no_more(tp);
	tcp_local_send_syn(tp);
}

/* A deferred connection is reset, like those in the accept queue. */
static void turn_away(struct tcp_sock *tp)
{
	bool connector = is_connector(tp);

	tcp_local_wait_no_more(tp);
	if (connector) {
		tcp_local_kill(tp, ECONNREFUSED);
		return;
	}
	tcp_local_abort(tp);
	tcp_sock_free(tp);
}

/* One walk collects all: the list may have many of other listeners. */
void tcp_local_listener_gone(struct tcp_sock *listener)
{
	struct tcp_sock *tp, *next;
	LIST_HEAD(own);

	list_for_each_entry_safe(tp, next, &waiting, accept) {
		if (tp->listener == listener)
			list_move_tail(&tp->accept, &own);
	}
	while (!list_empty(&own)) {
		turn_away(list_first_entry(&own, struct tcp_sock, accept));
		cond_resched();
	}
}
