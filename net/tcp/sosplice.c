/* SPDX-License-Identifier: MIT */
/*
 * Splices from one connection to another. Owns struct sosplice, which a source
 * keeps until it is closed, for the count.
 *
 * The callbacks of both socks are replaced. They run deep inside lwIP, or in
 * the middle of another socket's send, so they only put the splice on a list;
 * the softirq moves the data, a little of each splice in each turn. So there is
 * no recursion, and a circle of splices, in which data may run for ever, cannot
 * take all the time.
 *
 * Nothing is buffered here. What the drain cannot take stays in the source's
 * queue, whose window closes. Between two sockets of this machine buffers
 * change queues without a copy.
 *
 * Invariants, checked for panic():
 *  1. An active splice is its source's sk_splice and its drain's
 *     sk_splice_from; both have the callbacks of this file.
 *  2. Only active splices are on the list, and only their timers run.
 */
#include "net/tcp/sosplice.h"

#include <asm/socket.h>
#include <errno.h>
#include <string.h>

#include "lwip/pbuf.h"

#include "kernel/check.h"
#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/mm/slab.h"
#include "kernel/task/clock.h"
#include "kernel/task/process.h"
#include "kernel/task/softirq.h"
#include "kernel/task/thread.h"
#include "kernel/task/timer.h"
#include "net/socket/socket.h"
#include "net/socket/sockopt.h"
#include "net/softirq.h"
#include "net/tcp/local.h"
#include "net/tcp/local_send.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_urg.h"

/* Bytes in one turn. */
#define TURN 65536
/* Pieces of one send to the wire. */
#define RUNS 16

struct sosplice {
	struct list_head node; /* on the list of those to run */
	struct sock *source;
	struct sock *drain; /* NULL: the splice has ended */
	uint64_t moved;
	uint64_t max; /* UINT64_MAX: no limit */
	uint64_t idle_ns; /* 0: for ever */
	struct timer idle;
};

static LIST_HEAD(busy);

static void queue_splice(struct sosplice *sp)
{
	if (!sp || !sp->drain || !list_empty(&sp->node))
		return;
	list_add_tail(&sp->node, &busy);
	raise_softirq(SOFTIRQ_NET);
}

bool sosplice_is_source(const struct sock *sk)
{
	return tcp_sk(sk)->sk_splice && tcp_sk(sk)->sk_splice->drain;
}

/* ---- Callbacks ----------------------------------------------------------- */

/* The application is not woken for bytes that belong to a splice. */
static void data_ready(struct sock *sk)
{
	if (sosplice_is_source(sk))
		queue_splice(tcp_sk(sk)->sk_splice);
	else
		sock_def_readable(sk);
}

static void write_space(struct sock *sk)
{
	queue_splice(tcp_sk(sk)->sk_splice_from);
	sock_def_write_space(sk);
}

static void state_change(struct sock *sk)
{
	queue_splice(tcp_sk(sk)->sk_splice);
	queue_splice(tcp_sk(sk)->sk_splice_from);
	sock_def_wakeup(sk);
}

static void error_report(struct sock *sk)
{
	queue_splice(tcp_sk(sk)->sk_splice);
	queue_splice(tcp_sk(sk)->sk_splice_from);
	sock_def_error_report(sk);
}

static void hook(struct sock *sk)
{
	sk->sk_data_ready = data_ready;
	sk->sk_write_space = write_space;
	sk->sk_state_change = state_change;
	sk->sk_error_report = error_report;
}

static void unhook(struct sock *sk)
{
	if (sosplice_is_source(sk) || tcp_sk(sk)->sk_splice_from)
		return;
	sk->sk_data_ready = sock_def_readable;
	sk->sk_write_space = sock_def_write_space;
	sk->sk_state_change = sock_def_wakeup;
	sk->sk_error_report = sock_def_error_report;
}

/* ---- The end of a splice ------------------------------------------------- */

/* err: positive errno for the source; 0: keeps the source's own. */
static void dissolve(struct sosplice *sp, int err)
{
	struct sock *source = sp->source, *drain = sp->drain;

	if (!drain)
		return;
	timer_cancel(&sp->idle);
	list_del_init(&sp->node);
	sp->drain = NULL;
	tcp_sk(drain)->sk_splice_from = NULL;
	unhook(drain);
	unhook(source);
	if (err)
		source->sk_err = err;
	sock_def_wakeup(source);
	if (source->sk_err)
		sock_def_error_report(source);
}

static void idle_fired(struct timer *timer)
{
	dissolve(container_of(timer, struct sosplice, idle), ETIMEDOUT);
}

static void restart_idle(struct sosplice *sp)
{
	if (sp->idle_ns)
		timer_start(&sp->idle, ktime_get_ns() + sp->idle_ns);
}

void sosplice_release(struct sock *sk)
{
	struct sosplice *sp = tcp_sk(sk)->sk_splice;

	if (tcp_sk(sk)->sk_splice_from)
		dissolve(tcp_sk(sk)->sk_splice_from, 0);
	if (!sp)
		return;
	dissolve(sp, 0);
	tcp_sk(sk)->sk_splice = NULL;
	kfree(sp);
}

/* ---- Moving -------------------------------------------------------------- */

/* To the wire: lwIP copies. Bytes, 0: no room, -errno. */
static ssize_t send_copy(struct sock *drain, const struct rxqueue *q, size_t n)
{
	struct iovec iov[RUNS];
	struct iov_iter from;
	struct msg msg = {
		.iter = &from,
		.flags = MSG_DONTWAIT | MSG_NOSIGNAL,
	};
	unsigned int nr = 0;
	size_t sum = 0;
	ssize_t sent;

	for (const struct pbuf *p = q->head; p && sum < n && nr < RUNS;
	     p = p->next) {
		iov[nr].iov_base = p->payload;
		iov[nr].iov_len = MIN((size_t)p->len, n - sum);
		sum += iov[nr++].iov_len;
	}
	iov_iter_init(&from, iov, nr, sum, false);
	sent = drain->sk_prot->sendmsg(drain, &msg);
	return sent == -EAGAIN ? 0 : sent;
}

/* Moves up to n bytes of the source's queue: how many, 0: no room, -errno. */
static ssize_t move_some(struct sosplice *sp, size_t n)
{
	struct rxqueue *q = &tcp_sk(sp->source)->sk_receive_queue;
	ssize_t sent = tcp_local_send_queue(tcp_sk(sp->drain), q, n);

	if (sent != -EOPNOTSUPP)
		return sent;
	sent = send_copy(sp->drain, q, n);
	if (sent > 0)
		rxqueue_read(q, NULL, sent, false);
	return sent;
}

/* The error that ends the splice because of its drain: positive errno, or 0. */
static int drain_error(const struct sock *drain)
{
	if (drain->sk_err)
		return drain->sk_err;
	if ((drain->sk_shutdown & SEND_SHUTDOWN) ||
	    drain->sk_state == TCP_CLOSE)
		return EPIPE;
	return 0;
}

static bool has_ended(const struct sock *source)
{
	return source->sk_err || source->sk_state == TCP_CLOSE ||
	       (source->sk_shutdown & RCV_SHUTDOWN);
}

/* How many bytes this turn may move. Skips urgent data. */
static size_t available(struct sosplice *sp)
{
	struct tcp_sock *tp = tcp_sk(sp->source);

	tcp_urg_skip(tp);
	return MIN(MIN(tcp_urg_limit(tp), (size_t)TURN), sp->max - sp->moved);
}

/* One turn. May end the splice, or put it on the list again. */
static void take_turn(struct sosplice *sp)
{
	struct sock *source = sp->source;
	uint32_t start = tcp_sk(source)->sk_receive_queue.read;
	int err = drain_error(sp->drain);
	ssize_t n = 0;

	if (err) {
		dissolve(sp, err);
		return;
	}
	if (sp->drain->sk_state == TCP_SYN_SENT)
		return;
	if (available(sp))
		n = move_some(sp, available(sp));
	tcp_urg_passed(tcp_sk(source));
	if (n > 0) {
		sp->moved += n;
		restart_idle(sp);
	}
	/* No application callback has run: the splice is still active. */
	if (tcp_sk(source)->sk_receive_queue.read != start)
		source->sk_prot->data_taken(
			source, tcp_sk(source)->sk_receive_queue.read - start);
	if (n < 0)
		dissolve(sp, -n);
	else if (sp->moved == sp->max)
		dissolve(sp, EFBIG);
	else if (rxqueue_empty(&tcp_sk(source)->sk_receive_queue) &&
		 has_ended(source))
		dissolve(sp, 0);
	else if (n > 0)
		queue_splice(sp);
}

static bool take_turns(void)
{
	struct list_head turn;

	INIT_LIST_HEAD(&turn);
	list_splice_init(&busy, &turn);
	while (!list_empty(&turn)) {
		struct sosplice *sp = list_first_entry(&turn, struct sosplice,
						       node);

		list_del_init(&sp->node);
		take_turn(sp);
	}
	return !list_empty(&busy);
}

/* ---- The option ---------------------------------------------------------- */

static bool is_tcp(const struct sock *sk)
{
	return sk->sk_family == AF_INET && sk->sk_type == SOCK_STREAM;
}

static int may_splice(const struct sock *source, const struct sock *drain)
{
	if (!is_tcp(drain))
		return -EPROTONOSUPPORT;
	if (source->sk_state == TCP_LISTEN || drain->sk_state == TCP_LISTEN)
		return -EOPNOTSUPP;
	if (sosplice_is_source(source) || tcp_sk(drain)->sk_splice_from)
		return -EBUSY;
	if (source->sk_state == TCP_CLOSE || drain->sk_state == TCP_CLOSE)
		return -ENOTCONN;
	return 0;
}

/* The source's struct, perhaps of an earlier splice; NULL: no memory. */
static struct sosplice *sosplice_of(struct sock *sk)
{
	struct sosplice *sp = tcp_sk(sk)->sk_splice;

	if (sp)
		return sp;
	sp = kzalloc(sizeof(*sp));
	if (!sp)
		return NULL;
	sp->source = sk;
	INIT_LIST_HEAD(&sp->node);
	timer_setup(&sp->idle, idle_fired);
	tcp_sk(sk)->sk_splice = sp;
	return sp;
}

static int start(struct sock *source, struct sock *drain,
		 const struct sosplice_request *request)
{
	int err = may_splice(source, drain);
	struct sosplice *sp;

	if (err)
		return err;
	sp = sosplice_of(source);
	if (!sp)
		return -ENOMEM;
	sp->moved = 0;
	sp->max = request->sp_max ? (uint64_t)request->sp_max : UINT64_MAX;
	sp->idle_ns = request->sp_idle.tv_sec * NSEC_PER_SEC +
		      request->sp_idle.tv_usec * NSEC_PER_USEC;
	sp->drain = drain;
	tcp_sk(drain)->sk_splice_from = sp;
	hook(source);
	hook(drain);
	restart_idle(sp);
	queue_splice(sp);
	return 0;
}

static int parse(const void *val, int len, struct sosplice_request *request)
{
	memset(request, 0, sizeof(*request));
	if (len == (int)sizeof(request->sp_fd))
		memcpy(&request->sp_fd, val, sizeof(request->sp_fd));
	else if (len == (int)sizeof(*request))
		memcpy(request, val, sizeof(*request));
	else
		return -EINVAL;
	if (request->sp_max < 0 || request->sp_idle.tv_sec < 0 ||
	    request->sp_idle.tv_sec > INT32_MAX ||
	    request->sp_idle.tv_usec < 0 || request->sp_idle.tv_usec >= 1000000)
		return -EINVAL;
	return 0;
}

static int sosplice_set(struct sock *sk, const void *val, int len)
{
	struct sosplice_request request;
	struct socket *drain;
	struct file *file;
	int err;

	if (!is_tcp(sk))
		return -EPROTONOSUPPORT;
	err = parse(val, len, &request);
	if (err)
		return err;
	if (request.sp_fd < 0) {
		if (tcp_sk(sk)->sk_splice)
			dissolve(tcp_sk(sk)->sk_splice, 0);
		return 0;
	}
	file = fget(the_process()->files, request.sp_fd);
	if (!file)
		return -EBADF;
	drain = sock_from_file(file);
	err = drain ? start(sk, drain->sk, &request) : -ENOTSOCK;
	fput(file);
	return err;
}

static int sosplice_get(struct sock *sk, struct sockopt_value *out)
{
	const struct sosplice *sp;
	int64_t moved;

	if (!is_tcp(sk))
		return -EPROTONOSUPPORT;
	if (out->room < (int)sizeof(moved))
		return -EINVAL;
	sp = tcp_sk(sk)->sk_splice;
	moved = sp ? sp->moved : 0;
	return sockopt_give(out, &moved, sizeof(moved));
}

int sosplice_wait(struct sock *sk, uint64_t deadline)
{
	return sock_attempt(sk, sosplice_is_source(sk) ? -EAGAIN : 0, deadline);
}

/* Checks the splices on the list. */
static const char *check_busy(void)
{
	const struct sosplice *sp;

	if (!list_is_intact(&busy))
		return "sosplice: the list is broken";
	list_for_each_entry(sp, &busy, node) {
		if (!sp->drain)
			return "sosplice 2: one that has ended is on the list";
		if (tcp_sk(sp->source)->sk_splice != sp ||
		    tcp_sk(sp->drain)->sk_splice_from != sp ||
		    sp->source->sk_data_ready != data_ready ||
		    sp->drain->sk_data_ready != data_ready)
			return "sosplice 1: a sock does not know its splice";
	}
	return NULL;
}

void sosplice_init(void)
{
	static const struct sockopt options[] = {
		RAW_OPTION_OF(SO_SPLICE, sizeof(int),
			      sizeof(struct sosplice_request), sosplice_set,
			      sosplice_get),
	};
	static struct sockopt_level level __ro_after_init_data = {
		.level = SOL_SOCKET,
		.first = SOCKOPT_INT,
		.options = options,
		.nr = ARRAY_SIZE(options),
	};
	static struct net_poller turns __ro_after_init_data = {
		.stage = NET_STAGE_SPLICE,
		.poll = take_turns,
	};

	net_poller_register(&turns);
	sockopt_register(&level);
	check_register("sosplice", check_busy);
}
