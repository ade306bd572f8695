/* SPDX-License-Identifier: MIT */
/*
 * Urgent data, by the rules of Linux's tcp_check_urg(), tcp_urg(),
 * tcp_recv_urg() and tcp_recvmsg(). lwIP ignores the urgent pointer:
 * net/tcp/tcp_input.c reads it from received segments, and
 * net/tcp/tcp_output.c sets it in those to send.
 */
#include "net/tcp/tcp_urg.h"

#include <errno.h>
#include <string.h>

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/fs/iov_iter.h"
#include "net/base/seq.h"
#include "net/socket/sock_signal.h"
#include "net/socket/socket.h"
#include "net/tcp/tcp.h"

static const struct rxqueue *queue_of(const struct tcp_sock *tp)
{
	return &tp->sk_receive_queue;
}

static bool is_inline(const struct tcp_sock *tp)
{
	return sock_flag(&tp->inet.sk, SOCK_F_URGINLINE);
}

/* Bytes from the next one to read up to the mark. */
static uint32_t distance(const struct tcp_sock *tp)
{
	return tp->urg.mark - queue_of(tp)->read;
}

bool tcp_urg_at_mark(const struct tcp_sock *tp)
{
	return tp->urg.data && !distance(tp);
}

bool tcp_urg_hole(const struct tcp_sock *tp)
{
	return tcp_urg_at_mark(tp) && !is_inline(tp);
}

size_t tcp_urg_readable(const struct tcp_sock *tp)
{
	size_t len = queue_of(tp)->len;

	return len && tcp_urg_hole(tp) ? len - 1 : len;
}

size_t tcp_urg_limit(const struct tcp_sock *tp)
{
	size_t len = queue_of(tp)->len;

	if (!tp->urg.data)
		return len;
	if (tcp_urg_at_mark(tp))
		return tcp_urg_readable(tp);
	return MIN((size_t)distance(tp), len);
}

bool tcp_urg_stops(const struct tcp_sock *tp, bool got_some)
{
	return tp->urg.data && distance(tp) <= queue_of(tp)->len &&
	       (got_some || distance(tp));
}

void tcp_urg_passed(struct tcp_sock *tp)
{
	if (tp->urg.data && before(tp->urg.mark, queue_of(tp)->read))
		tp->urg.data = 0;
}

bool tcp_urg_skip(struct tcp_sock *tp)
{
	struct rxqueue *q = &tp->sk_receive_queue;
	bool skip = !rxqueue_empty(q) && tcp_urg_hole(tp);

	if (skip)
		rxqueue_read(q, NULL, 1, false);
	tcp_urg_passed(tp);
	return skip;
}

size_t tcp_urg_inq(const struct tcp_sock *tp)
{
	size_t len = queue_of(tp)->len;

	if (is_inline(tp) || !tp->urg.data)
		return len;
	return MIN((size_t)distance(tp), len);
}

/*
 * If the reader is at the first mark when a second one comes, the first urgent
 * byte is removed: it must not appear in the stream.
 */
void tcp_urg_announce(struct tcp_sock *tp, uint32_t at)
{
	const struct rxqueue *q = queue_of(tp);

	if (before(at, rxqueue_end(q)) ||
	    (tp->urg.data && !before(tp->urg.mark, at)))
		return;
	if (tcp_urg_skip(tp) && tp->pcb)
		tp->withheld++; /* opens the window with the next read */
	tp->urg.mark = at;
	tp->urg.data = TCP_URG_NOTYET;
	sock_send_sigurg(tcp_to_sk(tp));
}

bool tcp_urg_wants(const struct tcp_sock *tp, uint32_t start, size_t len)
{
	return tp->urg.data == TCP_URG_NOTYET && tp->urg.mark - start < len;
}

void tcp_urg_byte(struct tcp_sock *tp, uint8_t byte)
{
	struct sock *sk = tcp_to_sk(tp);

	tp->urg.data = TCP_URG_VALID | byte;
	sk->sk_data_ready(sk);
}

ssize_t tcp_urg_recv(struct sock *sk, struct msg *msg)
{
	struct tcp_sock *tp = tcp_sk(sk);
	uint32_t flags = msg->flags;
	uint8_t byte = tp->urg.data;

	msg->flags = 0;
	if (is_inline(tp) || !tp->urg.data || tp->urg.data == TCP_URG_READ)
		return -EINVAL;
	if (sk->sk_state == TCP_CLOSE && !sock_flag(sk, SOCK_F_DONE))
		return -ENOTCONN;
	if (!(tp->urg.data & TCP_URG_VALID))
		return sk->sk_shutdown & RCV_SHUTDOWN ? 0 : -EAGAIN;
	if (!(flags & MSG_PEEK))
		tp->urg.data = TCP_URG_READ;
	msg->flags = MSG_OOB;
	if (!msg->iter->count) {
		msg->flags |= MSG_TRUNC;
		return 0;
	}
	if (!(flags & MSG_TRUNC) && copy_to_iter(&byte, 1, msg->iter) != 1)
		return -EFAULT;
	return 1;
}

/* Also turns Nagle's algorithm off for urgent data, as on Linux. */
void tcp_urg_send(struct tcp_sock *tp)
{
	if (!tp->pcb || tp->inet.sk.sk_state == TCP_LISTEN)
		return;
	tp->urg.snd_up = tp->pcb->snd_lbb;
	tp->urg.sending = true;
	tcp_options_to_pcb(tcp_to_sk(tp));
}

void tcp_urg_acked(struct tcp_sock *tp)
{
	if (!tp->urg.sending || before(tp->pcb->lastack, tp->urg.snd_up))
		return;
	tp->urg.sending = false;
	tcp_options_to_pcb(tcp_to_sk(tp));
}
