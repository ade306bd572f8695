/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX connections: listening, connecting, accepting (seqpackets, too), and
 * the stream of bytes. A stream is a queue of messages all the same: a write
 * is cut where Linux cuts it; a read continues over messages up to one with
 * descriptors or, when credentials are asked for, one of another sender.
 * Thread context.
 */
#include <errno.h>
#include <linux/fcntl.h>
#include <string.h>

#include "kernel/fs/file.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/poll.h"
#include "kernel/pipe/pipe_impl.h"
#include "kernel/pipe/splice.h"
#include "net/socket/sock_signal.h"
#include "net/unix/unix.h"

/* One message of a stream: the head's block, and 32 KiB in pages. */
#define CHUNK_PAGES 32768
#define CHUNK_MAX (SOCKBUF_HEAD_MAX + CHUNK_PAGES)
/* One message from a pipe: 16 pages. */
#define SPLICED_MAX (16 * PAGE_SIZE)

/* ---- Connections --------------------------------------------------------- */

int unix_listen(struct socket *sock, int backlog)
{
	struct unix_sock *u = unix_sk(sock->sk);
	struct sock *sk = &u->sk;
	uint32_t n = MIN((uint32_t)backlog, (uint32_t)SOMAXCONN_LIMIT);

	if (!u->addr)
		return -EINVAL;
	if (sk->sk_state != TCP_CLOSE && sk->sk_state != TCP_LISTEN)
		return -EINVAL;
	if (n > sk->sk_max_ack_backlog)
		wake_up_all(&u->peer_wait);
	sk->sk_max_ack_backlog = n;
	sk->sk_state = TCP_LISTEN;
	u->peer_cred = scm_own_cred();
	return 0;
}

/* Whether `to` accepts a connection now: 0, -EAGAIN, -errno. */
static int try_connect(const struct unix_sock *to)
{
	if (to->sk.sk_state != TCP_LISTEN ||
	    (to->sk.sk_shutdown & RCV_SHUTDOWN))
		return -ECONNREFUSED;
	return unix_queue_full(to) ? -EAGAIN : 0;
}

/* -ESTALE: the listener died during the wait. */
static int try_again(const struct unix_sock *to)
{
	return to->is_dead ? -ESTALE : try_connect(to);
}

/*
 * The listener at the address, with a reference and room for one connection.
 * Looked up again after a sleep: the name may have another owner by then.
 */
static struct unix_sock *find_listener(const struct unix_sock *u,
				       const struct sockaddr_any *addr, int len,
				       uint64_t deadline)
{
	struct unix_sock *to;
	ssize_t err;

	for (;;) {
		to = unix_find(addr, len, u->sk.sk_type);
		if (IS_ERR(to))
			return to;
		err = try_connect(to);
		if (!err)
			return to;
		if (err == -EAGAIN)
			err = sock_waited(wait_attempt(&to->peer_wait,
						       try_again(to), deadline),
					  deadline);
		unix_put(to);
		if (err && err != -ESTALE)
			return ERR_PTR(err);
	}
}

/* Puts the far end of the new connection into the listener's queue. */
static void enqueue_child(struct unix_sock *to, struct unix_sock *child,
			  struct unix_sock *u)
{
	child->sk.sk_state = TCP_ESTABLISHED;
	child->sk.sk_flags = to->sk.sk_flags & BIT(SOCK_F_PASSCRED);
	child->peer = unix_get(u);
	child->peer_cred = scm_own_cred();
	child->addr = to->addr;
	child->addr->refs++;
	u->peer = unix_get(child);
	u->peer_cred = to->peer_cred;
	u->sk.sk_state = TCP_ESTABLISHED;
	u->sk.sk_socket->state = SS_CONNECTED;
	list_add_tail(&child->accept_node, &to->accept_queue);
	to->sk.sk_ack_backlog++;
	to->sk.sk_data_ready(&to->sk);
}

int unix_stream_connect(struct socket *sock, const struct sockaddr_any *addr,
			int len, bool nonblock)
{
	struct unix_sock *u = unix_sk(sock->sk);
	struct unix_sock *child, *to;
	int err = unix_check_address(addr, len);

	if (!err)
		err = unix_autobind_for_cred(u);
	if (err)
		return err;
	child = unix_alloc(u->sk.sk_type);
	if (!child)
		return -ENOMEM;
	to = find_listener(u, addr, len, sock_snd_deadline(&u->sk, nonblock));
	if (IS_ERR(to)) {
		err = PTR_ERR(to);
	} else {
		if (u->sk.sk_state != TCP_CLOSE)
			err = u->sk.sk_state == TCP_ESTABLISHED ? -EISCONN :
								  -EINVAL;
		else
			enqueue_child(to, child, u);
		unix_put(to);
	}
	if (err)
		unix_die(child, false);
	return err;
}

/* A shutdown for reading ends a wait; without a wait it is not checked. */
static int try_accept(struct unix_sock *u, bool waits, struct unix_sock **child)
{
	struct sock *sk = &u->sk;

	if (sk->sk_err)
		return sock_error(sk);
	if (list_empty(&u->accept_queue))
		return waits && (sk->sk_shutdown & RCV_SHUTDOWN) ? -EINVAL :
								   -EAGAIN;
	*child = list_first_entry(&u->accept_queue, struct unix_sock,
				  accept_node);
	list_del_init(&(*child)->accept_node);
	unix_gc_accepted(u, *child);
	sk->sk_ack_backlog--;
	return 0;
}

int unix_accept(struct socket *sock, struct socket *newsock, bool nonblock)
{
	struct unix_sock *u = unix_sk(sock->sk);
	uint64_t deadline = sock_rcv_deadline(&u->sk, nonblock);
	struct unix_sock *child = NULL;
	int err;

	if (u->sk.sk_state != TCP_LISTEN)
		return -EINVAL;
	err = sock_attempt(&u->sk, try_accept(u, deadline, &child), deadline);
	if (err)
		return err;
	wake_up(&u->peer_wait);
	newsock->state = SS_CONNECTED;
	sock_graft(&child->sk, newsock);
	return 0;
}

/* ---- Sending ------------------------------------------------------------- */

/* How much of the next message Linux keeps in pages. */
static size_t paged_part(size_t len)
{
	if (len <= SOCKBUF_HEAD_MAX)
		return 0;
	return MIN(len, ALIGN_UP(len - SOCKBUF_HEAD_MAX, PAGE_SIZE));
}

/*
 * Bounds *len, the bytes of the next message, and returns its charge. From a
 * pipe Linux makes one message of all slots, charged with the bytes in them.
 */
static uint32_t next_chunk(const struct unix_sock *u, const struct msg *msg,
			   size_t *len)
{
	size_t paged;

	if (msg->is_spliced) {
		*len = MIN(*len, (size_t)SPLICED_MAX);
		return sockbuf_truesize(0, 0) + *len;
	}
	*len = MIN(*len, (size_t)u->sk.sk_sndbuf / 2 - 64);
	*len = MIN(*len, (size_t)CHUNK_MAX);
	paged = paged_part(*len);
	return sockbuf_truesize(*len - paged, paged);
}

/* Sends one message of up to len bytes: how many, or -errno. */
static ssize_t send_chunk(struct unix_sock *u, struct msg *msg, struct scm *scm,
			  size_t len)
{
	struct unix_sock *to = u->peer;
	struct sockbuf *buf;
	uint32_t truesize;
	int err = unix_wait_wmem(u, msg->flags & MSG_DONTWAIT);

	if (err)
		return err;
	truesize = next_chunk(u, msg, &len);
	buf = unix_message(u, msg->iter, len, truesize, scm);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	if (to->is_dead || (to->sk.sk_shutdown & RCV_SHUTDOWN)) {
		sockbuf_free(buf);
		return -EPIPE;
	}
	unix_add_cred(u, to, buf);
	sockbuf_deliver(&to->sk, &to->sk_receive_queue, buf);
	return len;
}

static ssize_t send_all(struct unix_sock *u, struct msg *msg, struct scm *scm)
{
	size_t len = msg->iter->count, sent = 0;
	ssize_t n = 0;

	if (u->sk.sk_shutdown & SEND_SHUTDOWN)
		n = -EPIPE;
	while (n >= 0 && sent < len) {
		n = send_chunk(u, msg, scm, len - sent);
		if (n > 0)
			sent += n;
	}
	if (sent)
		return sent;
	if (n == -EPIPE && !(msg->flags & MSG_NOSIGNAL))
		sock_send_sigpipe();
	return n;
}

static ssize_t stream_sendmsg(struct socket *sock, struct msg *msg)
{
	struct unix_sock *u = unix_sk(sock->sk);
	struct scm scm;
	ssize_t ret = scm_send(msg, &scm);

	if (ret)
		return ret;
	if (msg->flags & MSG_OOB)
		ret = -EOPNOTSUPP;
	else if (msg->namelen)
		ret = u->sk.sk_state == TCP_ESTABLISHED ? -EISCONN :
							  -EOPNOTSUPP;
	else if (!u->peer)
		ret = -ENOTCONN;
	else
		ret = send_all(u, msg, &scm);
	scm_files_put(scm.files);
	return ret;
}

/* ---- Receiving ----------------------------------------------------------- */

struct stream_read {
	struct msg *msg;
	struct pipe *pipe; /* where the bytes go instead of the message */
	struct scm scm;
	size_t size; /* bytes wanted */
	size_t copied;
	size_t target; /* bytes worth waiting for */
	uint64_t deadline;
	bool peek;
	bool has_sender; /* scm.cred is that of the messages read so far */
};

/* 0: data is queued, 1: the read may end without more, -EAGAIN, -errno. */
static int try_data(struct unix_sock *u, const struct stream_read *r)
{
	struct sock *sk = &u->sk;

	if (u->sk_receive_queue.count)
		return 0;
	if (r->copied >= r->target)
		return 1;
	if (sk->sk_err)
		return sock_error(sk);
	return sk->sk_shutdown & RCV_SHUTDOWN ? 1 : -EAGAIN;
}

static int wait_data(struct unix_sock *u, const struct stream_read *r)
{
	return sock_attempt(&u->sk, try_data(u, r), r->deadline);
}

/* With SO_PASSCRED, a read does not join messages of different senders. */
static bool same_sender(const struct unix_sock *u, struct stream_read *r,
			const struct sockbuf *buf)
{
	if (!r->has_sender) {
		if (sock_flag(&u->sk, SOCK_F_PASSCRED)) {
			r->scm.cred = buf->scm.cred;
			r->scm.has_cred = buf->scm.has_cred;
			r->has_sender = true;
		}
		return true;
	}
	return r->scm.has_cred == buf->scm.has_cred &&
	       !memcmp(&r->scm.cred, &buf->scm.cred, sizeof(r->scm.cred));
}

/* Reads from one message: 0 to go on, 1 when the read ends here, -errno. */
static int read_one(struct unix_sock *u, struct stream_read *r,
		    struct sockbuf *buf)
{
	size_t n = MIN(sockbuf_left(buf), r->size - r->copied);
	int err;

	if (!same_sender(u, r, buf))
		return 1;
	if (!r->msg->namelen)
		unix_copy_name(unix_sk(buf->owner), r->msg);
	if (r->pipe) {
		if (pipe_is_full(r->pipe))
			return -ENOSPC;
		n = sockbuf_splice(buf, n, r->pipe);
	} else {
		err = sockbuf_copy(buf, n, r->msg->iter);
		if (err)
			return err;
	}
	r->copied += n;
	unix_take_scm(buf, &r->scm, r->peek);
	if (r->peek)
		return r->scm.files ? 1 : 0;
	buf->taken += n;
	if (sockbuf_left(buf))
		return 1;
	sockbuf_unlink(&u->sk_receive_queue, buf);
	sockbuf_free(buf);
	return r->scm.files ? 1 : 0;
}

static int read_messages(struct unix_sock *u, struct stream_read *r)
{
	struct sockbuf *buf;
	int ret;

	do {
		buf = sockbuf_first(&u->sk_receive_queue);
		ret = buf ? read_one(u, r, buf) : wait_data(u, r);
	} while (!ret && r->copied < r->size);
	return ret;
}

/*
 * Waits for the first message only. As on Linux, continues after all bytes
 * were copied up to the first message with descriptors, and returns those.
 */
static int peek_messages(struct unix_sock *u, struct stream_read *r)
{
	struct sockbuf *buf;
	int ret = 0;

	while (!u->sk_receive_queue.count) {
		ret = wait_data(u, r);
		if (ret)
			return ret;
	}
	list_for_each_entry(buf, &u->sk_receive_queue.list, node) {
		ret = read_one(u, r, buf);
		if (ret)
			break;
	}
	return ret;
}

static ssize_t stream_recvmsg(struct socket *sock, struct msg *msg)
{
	struct unix_sock *u = unix_sk(sock->sk);
	uint32_t flags = msg->flags;
	size_t size = msg->iter->count;
	struct stream_read r = {
		.msg = msg,
		.size = size,
		.target = sock_rcvlowat(&u->sk, flags & MSG_WAITALL, size),
		.deadline = sock_rcv_deadline(&u->sk, flags & MSG_DONTWAIT),
		.peek = flags & MSG_PEEK,
	};
	int err;

	msg->namelen = 0;
	msg->flags = 0;
	if (u->sk.sk_state != TCP_ESTABLISHED || (flags & MSG_OOB))
		return -EINVAL;
	err = r.peek ? peek_messages(u, &r) : read_messages(u, &r);
	scm_recv(&u->sk, msg, &r.scm, flags);
	return r.copied ? (ssize_t)r.copied : MIN(err, 0);
}

/*
 * Descriptors of spliced messages are lost, as on Linux. When another call
 * fills the pipe during the wait, waits for room in it once more.
 */
static ssize_t stream_splice_read(struct socket *sock, struct pipe *pipe,
				  size_t len, unsigned int flags)
{
	struct unix_sock *u = unix_sk(sock->sk);
	bool nonblock = (sock->file->f_flags & O_NONBLOCK) ||
			(flags & SPLICE_F_NONBLOCK);
	struct msg msg = { .namelen = 0 };
	struct stream_read r = {
		.msg = &msg,
		.pipe = pipe,
		.size = len,
		.target = sock_rcvlowat(&u->sk, false, len),
		.deadline = sock_rcv_deadline(&u->sk, nonblock),
	};
	int err;

	if (u->sk.sk_state != TCP_ESTABLISHED)
		return -EINVAL;
	do
		err = read_messages(u, &r);
	while (err == -ENOSPC && !r.copied &&
	       !(err = splice_wait_space(pipe, flags)));
	scm_files_put(r.scm.files);
	return r.copied ? (ssize_t)r.copied : MIN(err, 0);
}

/* ---- The rest ------------------------------------------------------------ */

static uint32_t stream_poll(struct file *file, struct socket *sock,
			    struct poll_table *pt)
{
	struct unix_sock *u = unix_sk(sock->sk);
	struct sock *sk = &u->sk;
	uint32_t mask = 0;

	poll_wait(file, &sock->wq, pt);
	if (sk->sk_err)
		mask |= EPOLLERR;
	if (sk->sk_shutdown == SHUTDOWN_MASK || sk->sk_state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLL_IN_SET;
	if (u->sk_receive_queue.count || !list_empty(&u->accept_queue))
		mask |= EPOLL_IN_SET;
	if (unix_writable(u))
		mask |= EPOLL_OUT_SET | EPOLLWRBAND;
	return mask;
}

const struct proto_ops unix_stream_ops = {
	.release = unix_release,
	.bind = unix_bind,
	.connect = unix_stream_connect,
	.pair = unix_join,
	.accept = unix_accept,
	.getname = unix_getname,
	.poll = stream_poll,
	.ioctl = unix_ioctl,
	.listen = unix_listen,
	.shutdown = unix_shutdown,
	.sendmsg = stream_sendmsg,
	.recvmsg = stream_recvmsg,
	.splice_read = stream_splice_read,
};
