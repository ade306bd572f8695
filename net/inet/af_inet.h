/* SPDX-License-Identifier: MIT */
/*
 * Sockets of AF_INET: what TCP and UDP have in common.
 */
#ifndef NET_INET_AF_INET_H
#define NET_INET_AF_INET_H

#include "net/socket/socket.h"

struct proto;

/* A kind of socket, which its protocol registers at the start. */
struct inet_protosw {
	int type;
	int protocol;
	const struct proto *prot;
	const struct proto_ops *ops;
	struct inet_protosw *next;
};
/* The first registered of a type is the one for protocol 0. */
void inet_register_protosw(struct inet_protosw *p);

/* At the start: the family, and its options. */
void inet_init(void);

/* A port between network and host byte order. */
static inline uint16_t swap16(uint16_t port)
{
	return __builtin_bswap16(port);
}

/* 0, -EINVAL (too short), -EAFNOSUPPORT. */
int inet_check_address(const struct sockaddr_any *addr, int len);
/* What bind(2) checks before it looks for conflicts: 0 or -errno. */
int inet_check_bind(const struct sock *sk, const struct sockaddr_any *addr,
		    int len);
/* bind(2) and the names of a stream: struct proto_ops. */
int inet_bind(struct socket *sock, const struct sockaddr_any *addr, int len);
int inet_getname(struct socket *sock, struct sockaddr_any *addr,
		 enum sock_name which);
void inet_fill_address(struct sockaddr_any *addr, uint32_t ip, uint16_t port);

#endif
