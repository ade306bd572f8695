/* SPDX-License-Identifier: MIT */
/*
 * Streams of AF_INET: socket states above TCP, in the order of checks that
 * Linux's inet_stream_connect(), inet_listen() and the others make. Thread
 * context.
 */
#include "net/tcp/inet_stream.h"

#include <errno.h>
#include <linux/fcntl.h>

#include "kernel/fs/file.h"
#include "kernel/fs/poll.h"
#include "net/inet/af_inet.h"
#include "net/inet/inet_sock.h"
#include "net/inet/ip_route.h"
#include "net/socket/sock.h"
#include "net/softirq.h"
#include "net/tcp/sosplice.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_listen.h"
#include "net/tcp/tcp_poll.h"
#include "net/tcp/tcp_splice.h"

static int stream_release(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (sk) {
		sosplice_release(sk);
		sk->sk_prot->close(sk);
	}
	return 0;
}

static bool connecting(const struct sock *sk)
{
	return sk->sk_state == TCP_SYN_SENT || sk->sk_state == TCP_SYN_RECV;
}

static int start_connect(struct socket *sock, const struct sockaddr_any *addr,
			 int len)
{
	struct sock *sk = sock->sk;
	uint32_t dest = addr->in.addr ? addr->in.addr : ADDR_LOOPBACK;
	int err = inet_check_address(addr, len);

	if (err)
		return err;
	if (sk->sk_state != TCP_CLOSE)
		return -EISCONN;
	err = sk->sk_prot->connect(sk, dest, swap16(addr->in.port));
	if (err)
		return err;
	sock->state = SS_CONNECTING;
	net_flush();
	return 0;
}

/* The handshake has succeeded or failed. */
static int finish_connect(struct socket *sock)
{
	struct sock *sk = sock->sk;
	int err;

	if (sk->sk_state != TCP_CLOSE) {
		sock->state = SS_CONNECTED;
		return 0;
	}
	err = sock_error(sk);
	sock->state = SS_UNCONNECTED;
	sk->sk_prot->disconnect(sk);
	return err ? err : -ECONNABORTED;
}

static int wait_connect(struct socket *sock, bool nonblock, int busy)
{
	struct sock *sk = sock->sk;
	uint64_t deadline = sock_snd_deadline(sk, nonblock);
	ssize_t err;

	if (connecting(sk)) {
		if (sk->sk_prot->handshake)
			sk->sk_prot->handshake(sk);
		if (!deadline)
			return busy;
		err = sock_attempt(sk, connecting(sk) ? -EAGAIN : 0, deadline);
		if (err)
			return err == -EAGAIN ? busy : err;
	}
	return finish_connect(sock);
}

static int stream_connect(struct socket *sock, const struct sockaddr_any *addr,
			  int len, bool nonblock)
{
	int busy = -EALREADY;
	int err;

	if (len < (int)sizeof(addr->family))
		return -EINVAL;
	if (addr->family == AF_UNSPEC) {
		sock->state = SS_UNCONNECTED;
		sosplice_release(sock->sk);
		return sock->sk->sk_prot->disconnect(sock->sk);
	}
	if (sock->state == SS_CONNECTED)
		return -EISCONN;
	if (sock->state == SS_DISCONNECTING)
		return -EINVAL;
	if (sock->state == SS_UNCONNECTED) {
		err = start_connect(sock, addr, len);
		if (err)
			return err;
		busy = -EINPROGRESS;
	}
	return wait_connect(sock, nonblock, busy);
}

static int inet_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	struct inet_sock *inet = inet_sk(sk);
	struct inet_ports *ports = sk->sk_prot->ports;
	int err = 0;

	if (sock->state != SS_UNCONNECTED)
		return -EINVAL;
	if (sk->sk_state == TCP_LISTEN)
		return tcp_listen_start(sk, backlog);
	if (sk->sk_state != TCP_CLOSE)
		return -EINVAL;
	if (!inet->binding.port)
		err = inet_bind_port(ports, &inet->binding, 0);
	if (!err)
		err = inet_listen_port(&inet->binding);
	if (!err)
		err = tcp_listen_start(sk, backlog);
	if (err) {
		inet->binding.listening = false;
		return err;
	}
	inet->saddr = inet->binding.addr;
	inet->sport = inet->binding.port;
	return 0;
}

static int stream_accept(struct socket *sock, struct socket *newsock,
			 bool nonblock)
{
	struct sock *sk = sock->sk;
	struct sock *child = tcp_accept_sock(sk,
					     sock_rcv_deadline(sk, nonblock));

	if (IS_ERR(child))
		return PTR_ERR(child);
	sock_graft(child, newsock);
	newsock->state = SS_CONNECTED;
	return 0;
}

/* shutdown(2): how is 0, 1, 2; plus one it is the mask. */
static int stream_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;
	int err = 0;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	how++;
	if (sock->state == SS_CONNECTING)
		sock->state = connecting(sk) || sk->sk_state == TCP_CLOSE ?
				      SS_DISCONNECTING :
				      SS_CONNECTED;
	if (sk->sk_state == TCP_SYN_SENT ||
	    (sk->sk_state == TCP_LISTEN && (how & RCV_SHUTDOWN))) {
		/* Before disconnect(), in which others may run and connect. */
		sock->state = SS_UNCONNECTED;
		sk->sk_prot->disconnect(sk);
	} else if (sk->sk_state != TCP_LISTEN) {
		if (sk->sk_state == TCP_CLOSE)
			err = -ENOTCONN;
		sk->sk_shutdown |= how;
		sk->sk_prot->shutdown(sk, how);
	}
	sk->sk_state_change(sk);
	return err;
}

static uint32_t stream_poll(struct file *file, struct socket *sock,
			    struct poll_table *pt)
{
	uint32_t mask;

	poll_wait(file, &sock->wq, pt);
	mask = tcp_poll_mask(sock->sk);
	/* Received data and the end of the stream belong to the splice. */
	if (sosplice_is_source(sock->sk))
		mask &= EPOLL_OUT_SET | EPOLLERR;
	return mask;
}

static ssize_t stream_sendmsg(struct socket *sock, struct msg *msg)
{
	return sock->sk->sk_prot->sendmsg(sock->sk, msg);
}

/* While a splice takes what arrives, a reader waits for its end. */
static ssize_t stream_recvmsg(struct socket *sock, struct msg *msg)
{
	struct sock *sk = sock->sk;
	bool nonblock = msg->flags & MSG_DONTWAIT;
	int err = sosplice_wait(sk, sock_rcv_deadline(sk, nonblock));

	return err ? err : sk->sk_prot->recvmsg(sk, msg);
}

static ssize_t stream_splice_read(struct socket *sock, struct pipe *pipe,
				  size_t len, unsigned int flags)
{
	struct sock *sk = sock->sk;
	bool nonblock = sock->file->f_flags & O_NONBLOCK;
	int err = sosplice_wait(sk, sock_rcv_deadline(sk, nonblock));

	return err ? err : tcp_splice_read(sock, pipe, len, flags);
}

const struct proto_ops inet_stream_ops = {
	.release = stream_release,
	.bind = inet_bind,
	.connect = stream_connect,
	.accept = stream_accept,
	.getname = inet_getname,
	.poll = stream_poll,
	.ioctl = tcp_ioctl,
	.listen = inet_listen,
	.shutdown = stream_shutdown,
	.sendmsg = stream_sendmsg,
	.recvmsg = stream_recvmsg,
	.splice_read = stream_splice_read,
	.splice_take = tcp_splice_take,
	.splice_eof = tcp_splice_eof,
};
