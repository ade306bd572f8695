/* SPDX-License-Identifier: MIT */
/*
 * Address, route and header of a datagram to send.
 */
#ifndef NET_DGRAM_IP_DATAGRAM_H
#define NET_DGRAM_IP_DATAGRAM_H

#include "net/dgram/ip_cmsg.h"
#include "net/inet/inet_sock.h"
#include "net/inet/ip_output.h"

struct ip_dest {
	struct ip_route rt;
	struct ip_send send;
	uint16_t port;
};

/*
 * msg's address, else the connected peer's: -EINVAL, -EAFNOSUPPORT,
 * -EDESTADDRREQ.
 */
int ip_dest_address(struct dgram_sock *ds, const struct msg *msg,
		    uint32_t *daddr, uint16_t *port);
/*
 * The route to daddr by the socket's options for unicast, multicast and
 * broadcast; saddr and oif may be 0. 0 or -errno; -EACCES: a broadcast without
 * SO_BROADCAST.
 */
int ip_sock_route(const struct inet_sock *inet, uint32_t daddr, uint32_t saddr,
		  int oif, struct ip_route *rt);
/* ip_sock_route() for to->send, which the caller has filled in. */
int ip_dest_route(struct dgram_sock *ds, uint32_t daddr, struct ip_dest *to);
/* For raw and ping: parses address and control messages, finds the route. */
int ip_dest_find(struct dgram_sock *ds, const struct msg *msg,
		 struct ip_dest *to);
/* The header of a packet with len bytes behind it. */
struct ip_out ip_dest_packet(struct dgram_sock *ds, const struct ip_dest *to,
			     size_t len);
/* 0, or -EMSGSIZE, which is also queued with IP_RECVERR. len as above. */
int ip_dest_check_length(struct dgram_sock *ds, const struct ip_dest *to,
			 size_t len);

/*
 * Whether this machine receives the packet (local address, broadcast, or a
 * multicast group joined here), and whether it goes to the link. Both may be.
 */
bool ip_dest_comes_back(const struct dgram_sock *ds, const struct ip_dest *to);
bool ip_dest_leaves(const struct dgram_sock *ds, const struct ip_dest *to);

/*
 * A payload of len bytes from the application, with room for headers; waits
 * for room in SO_SNDBUF. ERR_PTR.
 */
struct pbuf *ip_dest_payload(struct dgram_sock *ds, const struct ip_dest *to,
			     struct msg *msg, size_t len);

#endif
