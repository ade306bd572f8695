/* SPDX-License-Identifier: MIT */
/*
 * AF_INET: creates sockets and binds them, with the checks in the order of
 * Linux's inet_bind(). Thread context.
 */
#include "net/inet/af_inet.h"

#include <errno.h>
#include <string.h>

#include "net/inet/inet_sock.h"
#include "net/inet/ip_route.h"
#include "net/inet/sockopt_ip.h"
#include "net/socket/sock.h"

/* The kinds of sockets, in the order of their registration. */
static struct inet_protosw *inetsw __ro_after_init;

void inet_register_protosw(struct inet_protosw *p)
{
	struct inet_protosw **at = &inetsw;

	while (*at && *at != p)
		at = &(*at)->next;
	*at = p;
}

/* Protocol 0 is not allowed for raw sockets. */
static const struct inet_protosw *find_protocol(int type, int protocol)
{
	int err = -ESOCKTNOSUPPORT;

	for (const struct inet_protosw *p = inetsw; p; p = p->next) {
		if (p->type != type)
			continue;
		if (p->protocol == protocol || (!protocol && type != SOCK_RAW))
			return p;
		err = -EPROTONOSUPPORT;
	}
	return ERR_PTR(err);
}

/* -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -ENOBUFS. */
static int inet_create(struct socket *sock, int protocol)
{
	const struct inet_protosw *p = find_protocol(sock->type, protocol);
	struct sock *sk;

	if (IS_ERR(p))
		return PTR_ERR(p);
	sk = p->prot->alloc();
	if (!sk)
		return -ENOBUFS;
	sock->ops = p->ops;
	sock_graft(sk, sock);
	return 0;
}

int inet_check_address(const struct sockaddr_any *addr, int len)
{
	if (len < (int)sizeof(addr->in))
		return -EINVAL;
	if (addr->family != AF_INET)
		return -EAFNOSUPPORT;
	return 0;
}

void inet_fill_address(struct sockaddr_any *addr, uint32_t ip, uint16_t port)
{
	memset(&addr->in, 0, sizeof(addr->in));
	addr->in.family = AF_INET;
	addr->in.port = swap16(port);
	addr->in.addr = ip;
}

/* Linux allows broadcast and multicast addresses even for streams. */
static bool can_bind(const struct inet_sock *inet, uint32_t addr)
{
	return ip_addr_type(addr) != ROUTE_UNICAST ||
	       ip_flag(inet, IP_F_FREEBIND) || ip_flag(inet, IP_F_TRANSPARENT);
}

int inet_check_bind(const struct sock *sk, const struct sockaddr_any *addr,
		    int len)
{
	const struct inet_sock *inet = container_of(sk, struct inet_sock, sk);
	int err = inet_check_address(addr, len);

	/* Linux accepts AF_UNSPEC with the wildcard address. */
	if (err == -EAFNOSUPPORT && addr->family == AF_UNSPEC && !addr->in.addr)
		err = 0;
	if (err)
		return err;
	if (!can_bind(inet, addr->in.addr))
		return -EADDRNOTAVAIL;
	return sk->sk_state != TCP_CLOSE || inet->binding.port ? -EINVAL : 0;
}

int inet_bind(struct socket *sock, const struct sockaddr_any *addr, int len)
{
	struct sock *sk = sock->sk;
	struct inet_sock *inet = inet_sk(sk);
	int err = inet_check_bind(sk, addr, len);

	if (err)
		return err;
	inet->binding.addr = addr->in.addr;
	if (addr->in.port || !ip_flag(inet, IP_F_BIND_ADDRESS_NO_PORT))
		err = inet_bind_port(sk->sk_prot->ports, &inet->binding,
				     swap16(addr->in.port));
	if (err) {
		inet->binding.addr = 0;
		inet->saddr = 0;
		return err;
	}
	if (addr->in.addr)
		inet->binding.addr_locked = true;
	inet->saddr = inet->binding.addr;
	inet->sport = inet->binding.port;
	return 0;
}

int inet_getname(struct socket *sock, struct sockaddr_any *addr,
		 enum sock_name which)
{
	struct inet_sock *inet = inet_sk(sock->sk);
	uint8_t state = sock->sk->sk_state;

	if (which == NAME_LOCAL) {
		inet_fill_address(addr, inet->saddr, inet->sport);
		return sizeof(addr->in);
	}
	if (!inet->dport || (which == NAME_PEER &&
			     (state == TCP_CLOSE || state == TCP_SYN_SENT)))
		return -ENOTCONN;
	inet_fill_address(addr, inet->daddr, inet->dport);
	return sizeof(addr->in);
}

void inet_init(void)
{
	static struct net_proto_family inet __ro_after_init_data = {
		.family = AF_INET,
		.nr_protocols = IPPROTO_MAX,
		.create = inet_create,
	};

	sock_register(&inet);
	sockopt_ip_init();
}
