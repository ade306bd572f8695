/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX datagrams and sequenced packets: each message is read by one read,
 * whole or cut. No message is lost: a full queue makes the sender wait. Thread
 * context.
 *
 * Two bounds: what a sender has under way (SO_SNDBUF), and the number of
 * messages in the queue of a receiver that is not connected back to the
 * sender. A sender that polls and meets the second puts peer_wake on the
 * receiver's peer_wait, which wakes its own pollers when there is room.
 */
#include <errno.h>

#include "kernel/fs/iov_iter.h"
#include "kernel/fs/poll.h"
#include "kernel/task/clock.h"
#include "net/socket/sock_stamp.h"
#include "net/unix/unix.h"

/* Linux's largest block and most pages of one message. */
#define BLOCK_MAX 16064
#define PAGES_MAX (17 * PAGE_SIZE)

/* ---- Waiting for the peer's queue ---------------------------------------- */

/* Fires once; the next poll adds the entry again. */
static int relay_wakeup(struct wait_queue_entry *e, uint32_t key)
{
	struct unix_sock *u = container_of(e, struct unix_sock, peer_wake);

	list_del_init(&e->entry);
	if (u->sk.sk_wq)
		wake_up_poll(u->sk.sk_wq, key);
	return 0;
}

void unix_dgram_forget(struct unix_sock *u)
{
	list_del_init(&u->peer_wake.entry);
}

/* The new peer's queue may have room: wakes all pollers. */
static void forget_and_wake(struct unix_sock *u)
{
	unix_dgram_forget(u);
	if (u->sk.sk_wq)
		wake_up_poll(u->sk.sk_wq, EPOLL_OUT_SET | EPOLLWRBAND);
}

/* Whether the peer's queue is full; then u is woken when it has room. */
static bool peer_is_full(struct unix_sock *u)
{
	struct unix_sock *peer = u->peer;

	if (!peer || peer->peer == u || !unix_queue_full(peer) || peer->is_dead)
		return false;
	if (list_empty(&u->peer_wake.entry)) {
		u->peer_wake.func = relay_wakeup;
		add_wait_queue(&peer->peer_wait, &u->peer_wake);
	}
	return true;
}

/* ---- Connecting ---------------------------------------------------------- */

/* A connected receiver accepts messages from its peer only. */
static bool may_send(const struct unix_sock *u, const struct unix_sock *to)
{
	return !to->peer || to->peer == u;
}

/*
 * u is no longer connected to old: u's queue is dropped, and old, if it is
 * connected to u, gets ECONNRESET for the lost messages.
 */
static void disconnected(struct unix_sock *u, struct unix_sock *old)
{
	if (!u->sk_receive_queue.count)
		return;
	sockbuf_purge(&u->sk_receive_queue);
	wake_up_all(&u->peer_wait);
	if (!old->is_dead && old->peer == u) {
		old->sk.sk_err = ECONNRESET;
		old->sk.sk_error_report(&old->sk);
	}
}

/* Consumes the reference to `to`, which may be NULL. */
static void set_peer(struct unix_sock *u, struct unix_sock *to)
{
	struct unix_sock *old = u->peer;

	u->peer = to;
	if (!to)
		u->sk.sk_state = TCP_CLOSE;
	if (!old)
		return;
	forget_and_wake(u);
	if (to != old) {
		disconnected(u, old);
		if (!old->peer)
			old->sk.sk_state = TCP_CLOSE;
	}
	unix_put(old);
}

static int dgram_connect(struct socket *sock, const struct sockaddr_any *addr,
			 int len, bool nonblock)
{
	struct unix_sock *u = unix_sk(sock->sk);
	struct unix_sock *to;
	int err;

	if (len < (int)sizeof(addr->family))
		return -EINVAL;
	if (addr->family == AF_UNSPEC) {
		set_peer(u, NULL);
		return 0;
	}
	err = unix_check_address(addr, len);
	if (!err)
		err = unix_autobind_for_cred(u);
	if (err)
		return err;
	to = unix_find(addr, len, u->sk.sk_type);
	if (IS_ERR(to))
		return PTR_ERR(to);
	if (!may_send(u, to)) {
		unix_put(to);
		return -EPERM;
	}
	u->sk.sk_state = TCP_ESTABLISHED;
	to->sk.sk_state = TCP_ESTABLISHED;
	set_peer(u, to);
	return 0;
}

/* ---- Sending ------------------------------------------------------------- */

static size_t paged_part(size_t len)
{
	if (len <= BLOCK_MAX)
		return 0;
	return ALIGN_UP(MIN(len - BLOCK_MAX, PAGES_MAX), PAGE_SIZE);
}

static struct sockbuf *make_message(struct unix_sock *u, struct msg *msg,
				    struct scm *scm)
{
	size_t len = msg->iter->count, paged;
	int err;

	if (len > (size_t)u->sk.sk_sndbuf - 32)
		return ERR_PTR(-EMSGSIZE);
	err = unix_wait_wmem(u, msg->flags & MSG_DONTWAIT);
	if (err)
		return ERR_PTR(err);
	paged = MIN(len, paged_part(len));
	return unix_message(u, msg->iter, len,
			    sockbuf_truesize(len - paged, paged), scm);
}

static struct unix_sock *find_receiver(struct unix_sock *u,
				       const struct msg *msg)
{
	if (msg->namelen)
		return unix_find(msg->name, msg->namelen, u->sk.sk_type);
	return u->peer ? unix_get(u->peer) : ERR_PTR(-ENOTCONN);
}

/* The receiver is gone: ends u's connection to it. */
static int receiver_is_dead(struct unix_sock *u, struct unix_sock *to)
{
	if (u->sk.sk_type == SOCK_SEQPACKET)
		return -EPIPE;
	if (u->peer == to)
		set_peer(u, NULL);
	return -ECONNREFUSED;
}

/* 0: the message may be queued at `to`; else -EAGAIN or another error. */
static int try_receiver(struct unix_sock *u, struct unix_sock *to)
{
	if (!may_send(u, to))
		return -EPERM;
	if (to->is_dead)
		return receiver_is_dead(u, to);
	if (to->sk.sk_shutdown & RCV_SHUTDOWN)
		return -EPIPE;
	if (to == u || to->peer == u || !unix_queue_full(to))
		return 0;
	return -EAGAIN;
}

/* A non-blocking sender will poll: it is woken for its peer's room only. */
static int check_receiver(struct unix_sock *u, struct unix_sock *to,
			  uint64_t deadline)
{
	ssize_t err = wait_attempt(&to->peer_wait, try_receiver(u, to),
				   deadline);

	if (err == -EAGAIN && !deadline && u->peer == to)
		peer_is_full(u);
	return sock_waited(err, deadline);
}

static int transmit(struct unix_sock *u, struct msg *msg, struct scm *scm)
{
	struct sockbuf *buf = make_message(u, msg, scm);
	struct unix_sock *to;
	uint64_t deadline;
	int err;

	if (IS_ERR(buf))
		return PTR_ERR(buf);
	deadline = sock_snd_deadline(&u->sk, msg->flags & MSG_DONTWAIT);
	to = find_receiver(u, msg);
	if (IS_ERR(to)) {
		sockbuf_free(buf);
		return PTR_ERR(to);
	}
	err = check_receiver(u, to, deadline);
	if (err) {
		sockbuf_free(buf);
	} else {
		unix_add_cred(u, to, buf);
		sockbuf_deliver(&to->sk, &to->sk_receive_queue, buf);
	}
	unix_put(to);
	return err;
}

static ssize_t dgram_sendmsg(struct socket *sock, struct msg *msg)
{
	struct unix_sock *u = unix_sk(sock->sk);
	ssize_t len = msg->iter->count;
	struct scm scm;
	int err = scm_send(msg, &scm);

	if (err)
		return err;
	if (msg->flags & MSG_OOB)
		err = -EOPNOTSUPP;
	if (!err && msg->namelen)
		err = unix_check_address(msg->name, msg->namelen);
	if (!err)
		err = unix_autobind_for_cred(u);
	if (!err)
		err = transmit(u, msg, &scm);
	scm_files_put(scm.files);
	return err ? err : len;
}

static ssize_t seqpacket_sendmsg(struct socket *sock, struct msg *msg)
{
	struct sock *sk = sock->sk;
	int err = sock_error(sk);

	if (err)
		return err;
	if (sk->sk_state != TCP_ESTABLISHED)
		return -ENOTCONN;
	msg->namelen = 0;
	return dgram_sendmsg(sock, msg);
}

/* ---- Receiving ----------------------------------------------------------- */

/*
 * 0 with the first message in *buf, 0 with NULL at the end, or -errno. A
 * shutdown for reading ends a wait; without a wait only seqpackets see it.
 */
static int try_message(struct unix_sock *u, bool waits, struct sockbuf **buf)
{
	struct sock *sk = &u->sk;

	*buf = NULL;
	if (sk->sk_err)
		return sock_error(sk);
	*buf = sockbuf_first(&u->sk_receive_queue);
	if (*buf)
		return 0;
	if ((sk->sk_shutdown & RCV_SHUTDOWN) &&
	    (waits || sk->sk_type == SOCK_SEQPACKET))
		return 0;
	return -EAGAIN;
}

static ssize_t read_message(struct unix_sock *u, struct msg *msg,
			    struct sockbuf *buf, uint32_t flags)
{
	size_t n = MIN((size_t)buf->len, msg->iter->count);
	struct scm scm = { .cred = buf->scm.cred,
			   .has_cred = buf->scm.has_cred };
	int err;

	if (n < buf->len)
		msg->flags |= MSG_TRUNC;
	unix_copy_name(unix_sk(buf->owner), msg);
	err = sockbuf_copy(buf, n, msg->iter);
	if (err)
		return err;
	if (sock_flag(&u->sk, SOCK_F_RCVTSTAMP))
		sock_put_stamps(&u->sk, msg, ktime_get_real_ns());
	unix_take_scm(buf, &scm, flags & MSG_PEEK);
	scm_recv(&u->sk, msg, &scm, flags);
	return flags & MSG_TRUNC ? buf->len : n;
}

/* A message that cannot be copied is lost, as on Linux. */
static ssize_t dgram_recvmsg(struct socket *sock, struct msg *msg)
{
	struct unix_sock *u = unix_sk(sock->sk);
	uint32_t flags = msg->flags;
	struct sockbuf *buf = NULL;
	uint64_t deadline;
	ssize_t ret;

	msg->namelen = 0;
	msg->flags = 0;
	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	deadline = sock_rcv_deadline(&u->sk, flags & MSG_DONTWAIT);
	ret = sock_attempt(&u->sk, try_message(u, deadline, &buf), deadline);
	if (!buf)
		return ret;
	if (!(flags & MSG_PEEK))
		sockbuf_unlink(&u->sk_receive_queue, buf);
	wake_up_poll(&u->peer_wait, EPOLL_OUT_SET | EPOLLWRBAND);
	ret = read_message(u, msg, buf, flags);
	if (!(flags & MSG_PEEK))
		sockbuf_free(buf);
	return ret;
}

static ssize_t seqpacket_recvmsg(struct socket *sock, struct msg *msg)
{
	if (sock->sk->sk_state == TCP_ESTABLISHED)
		return dgram_recvmsg(sock, msg);
	msg->namelen = 0;
	return -ENOTCONN;
}

/* ---- The rest ------------------------------------------------------------ */

static uint32_t dgram_poll(struct file *file, struct socket *sock,
			   struct poll_table *pt)
{
	struct unix_sock *u = unix_sk(sock->sk);
	struct sock *sk = &u->sk;
	uint32_t mask = 0;

	poll_wait(file, &sock->wq, pt);
	if (sk->sk_err)
		mask |= EPOLLERR;
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLL_IN_SET;
	if (sk->sk_shutdown == SHUTDOWN_MASK)
		mask |= EPOLLHUP;
	if (u->sk_receive_queue.count || !list_empty(&u->accept_queue))
		mask |= EPOLL_IN_SET;
	if (sk->sk_type == SOCK_SEQPACKET && sk->sk_state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (unix_writable(u) && !peer_is_full(u))
		mask |= EPOLL_OUT_SET | EPOLLWRBAND;
	return mask;
}

const struct proto_ops unix_dgram_ops = {
	.release = unix_release,
	.bind = unix_bind,
	.connect = dgram_connect,
	.pair = unix_join,
	.accept = sock_no_accept,
	.getname = unix_getname,
	.poll = dgram_poll,
	.ioctl = unix_ioctl,
	.listen = sock_no_listen,
	.shutdown = unix_shutdown,
	.sendmsg = dgram_sendmsg,
	.recvmsg = dgram_recvmsg,
};

const struct proto_ops unix_seqpacket_ops = {
	.release = unix_release,
	.bind = unix_bind,
	.connect = unix_stream_connect,
	.pair = unix_join,
	.accept = unix_accept,
	.getname = unix_getname,
	.poll = dgram_poll,
	.ioctl = unix_ioctl,
	.listen = unix_listen,
	.shutdown = unix_shutdown,
	.sendmsg = seqpacket_sendmsg,
	.recvmsg = seqpacket_recvmsg,
};
