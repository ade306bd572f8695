/* SPDX-License-Identifier: MIT */
/*
 * System calls on datagram sockets, with the checks in the order of Linux's
 * inet_bind() and ip4_datagram_connect(). Thread context.
 */
#include "net/dgram/inet_dgram.h"

#include <asm/socket.h>
#include <errno.h>

#include "kernel/fs/poll.h"
#include "net/dgram/dgram.h"
#include "net/dgram/ip_datagram.h"
#include "net/inet/af_inet.h"
#include "net/inet/inet_sock.h"
#include "net/inet/ip_route.h"
#include "net/inet/route.h"
#include "net/socket/sockopt.h"

static int dgram_release(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (sk)
		sk->sk_prot->close(sk);
	return 0;
}

/* ---- Names --------------------------------------------------------------- */

/* Raw sockets have no ports, but show their protocol in place of one. */
static bool has_ports(const struct sock *sk)
{
	return sk->sk_prot->ports;
}

static int claim_port(struct sock *sk, uint16_t port)
{
	struct inet_sock *inet = inet_sk(sk);
	int err = inet_bind_port(sk->sk_prot->ports, &inet->binding, port);

	if (!err)
		inet->sport = inet->binding.port;
	return err;
}

int inet_dgram_autobind(struct sock *sk)
{
	if (!has_ports(sk) || inet_sk(sk)->binding.port)
		return 0;
	return claim_port(sk, 0) ? -EAGAIN : 0;
}

static int bind_address(struct dgram_sock *ds, uint32_t addr, uint16_t port)
{
	struct inet_sock *inet = &ds->inet;
	enum ip_route_type type = ip_addr_type(addr);
	bool group = type == ROUTE_MULTICAST || type == ROUTE_BROADCAST;
	int err;

	inet->binding.addr = addr;
	inet->saddr = group ? 0 : addr;
	if (has_ports(&inet->sk) &&
	    (port || !ip_flag(inet, IP_F_BIND_ADDRESS_NO_PORT))) {
		err = claim_port(&inet->sk, port);
		if (err) {
			inet->binding.addr = 0;
			inet->saddr = 0;
			return err;
		}
	}
	ds->addr_bound = addr;
	ds->port_bound = port;
	inet->daddr = 0;
	inet->dport = 0;
	return 0;
}

static int dgram_bind(struct socket *sock, const struct sockaddr_any *addr,
		      int len)
{
	struct sock *sk = sock->sk;
	int err = inet_check_bind(sk, addr, len);

	if (err)
		return err;
	return bind_address(dgram_sk(sk), addr->in.addr, swap16(addr->in.port));
}

static int dgram_getname(struct socket *sock, struct sockaddr_any *addr,
			 enum sock_name which)
{
	const struct inet_sock *inet = inet_sk(sock->sk);

	if (which == NAME_LOCAL) {
		inet_fill_address(addr,
				  inet->binding.addr ? inet->binding.addr :
						       inet->saddr,
				  inet->sport);
		return sizeof(addr->in);
	}
	if (!inet->dport || sock->sk->sk_state == TCP_CLOSE)
		return -ENOTCONN;
	inet_fill_address(addr, inet->daddr, inet->dport);
	return sizeof(addr->in);
}

/* ---- Connecting ---------------------------------------------------------- */

int inet_dgram_connect_sock(struct sock *sk, uint32_t daddr, uint16_t dport)
{
	struct inet_sock *inet = inet_sk(sk);
	struct ip_route rt;
	int err = ip_sock_route(inet, daddr, inet->saddr, sk->sk_bound_dev_if,
				&rt);

	if (err)
		return err;
	if (!inet->saddr)
		inet->saddr = rt.saddr;
	if (!inet->binding.addr)
		inet->binding.addr = rt.saddr;
	inet->daddr = rt.daddr;
	inet->dport = dport;
	sk->sk_state = TCP_ESTABLISHED;
	return 0;
}

/* Undoes all but bind(2)'s address and port, as Linux's __udp_disconnect(). */
int inet_dgram_disconnect(struct sock *sk)
{
	struct dgram_sock *ds = dgram_sk(sk);
	struct inet_sock *inet = &ds->inet;

	sk->sk_state = TCP_CLOSE;
	inet->daddr = 0;
	inet->dport = 0;
	if (!ds->addr_bound) {
		inet->binding.addr = 0;
		inet->saddr = 0;
	}
	if (has_ports(sk) && !ds->port_bound) {
		inet_release_port(&inet->binding);
		inet->sport = 0;
	}
	return 0;
}

static int dgram_connect(struct socket *sock, const struct sockaddr_any *addr,
			 int len, bool nonblock)
{
	struct sock *sk = sock->sk;
	int err;

	if (len < (int)sizeof(addr->family))
		return -EINVAL;
	if (addr->family == AF_UNSPEC)
		return sk->sk_prot->disconnect(sk);
	err = inet_dgram_autobind(sk);
	if (!err)
		err = inet_check_address(addr, len);
	if (err)
		return err;
	return sk->sk_prot->connect(sk, addr->in.addr, swap16(addr->in.port));
}

/* Takes effect even if the socket is not connected. */
static int dgram_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	sk->sk_shutdown |= how + 1;
	sk->sk_state_change(sk);
	return sk->sk_state == TCP_ESTABLISHED ? 0 : -ENOTCONN;
}

/* ---- The rest ------------------------------------------------------------ */

static ssize_t dgram_sendmsg(struct socket *sock, struct msg *msg)
{
	int err = inet_dgram_autobind(sock->sk);

	return err ? err : sock->sk->sk_prot->sendmsg(sock->sk, msg);
}

static ssize_t dgram_recvmsg(struct socket *sock, struct msg *msg)
{
	return sock->sk->sk_prot->recvmsg(sock->sk, msg);
}

static uint32_t dgram_poll(struct file *file, struct socket *sock,
			   struct poll_table *pt)
{
	poll_wait(file, &sock->wq, pt);
	return dgram_poll_mask(sock->sk);
}

/* SO_PEEK_OFF: streams and raw sockets have none. */
static bool has_peek_off(const struct sock *sk)
{
	return sk->sk_family == AF_INET && sk->sk_type == SOCK_DGRAM;
}

static int set_peek_off(struct sock *sk, int value)
{
	if (!has_peek_off(sk))
		return -EOPNOTSUPP;
	dgram_sk(sk)->peek_off = value;
	return 0;
}

static int get_peek_off(struct sock *sk, struct sockopt_value *out)
{
	if (!has_peek_off(sk))
		return -EOPNOTSUPP;
	return sockopt_give_int(out, dgram_sk(sk)->peek_off);
}

const struct proto_ops inet_dgram_ops = {
	.release = dgram_release,
	.bind = dgram_bind,
	.connect = dgram_connect,
	.accept = sock_no_accept,
	.getname = dgram_getname,
	.poll = dgram_poll,
	.ioctl = dgram_ioctl,
	.listen = sock_no_listen,
	.shutdown = dgram_shutdown,
	.sendmsg = dgram_sendmsg,
	.recvmsg = dgram_recvmsg,
};

void inet_dgram_init(void)
{
	static const struct sockopt options[] = {
		MIX_OPTION(SO_PEEK_OFF, set_peek_off, get_peek_off),
	};
	static struct sockopt_level level __ro_after_init_data = {
		.level = SOL_SOCKET,
		.first = SOCKOPT_INT,
		.options = options,
		.nr = ARRAY_SIZE(options),
	};

	sockopt_register(&level);
}
