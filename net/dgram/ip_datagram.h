/* SPDX-License-Identifier: MIT */
/*
 * What the senders of datagrams have in common: where one goes, and how.
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
 * The address that msg names, or the peer: -EINVAL, -EAFNOSUPPORT,
 * -EDESTADDRREQ.
 */
int ip_dest_address(struct dgram_sock *ds, const struct msg *msg,
		    uint32_t *daddr, uint16_t *port);
/*
 * The route from saddr and oif, which may be 0, to daddr, as the socket's
 * options for unicast, multicast and broadcast have it: 0 or -errno, -EACCES
 * for a broadcast that SO_BROADCAST does not allow.
 */
int ip_sock_route(const struct inet_sock *inet, uint32_t daddr, uint32_t saddr,
		  int oif, struct ip_route *rt);
/* The route to daddr by the socket's options; to->send is filled in. -EACCES:
 * a broadcast without leave.
 */
int ip_dest_route(struct dgram_sock *ds, uint32_t daddr, struct ip_dest *to);
/* What a send without ports begins with: address, control messages, route. */
int ip_dest_find(struct dgram_sock *ds, const struct msg *msg,
		 struct ip_dest *to);
/* The header of a packet with len bytes behind it. */
struct ip_out ip_dest_packet(struct dgram_sock *ds, const struct ip_dest *to,
			     size_t len);
/* Whether it may be that long: -EMSGSIZE, which IP_RECVERR explains. */
int ip_dest_check_length(struct dgram_sock *ds, const struct ip_dest *to,
			 size_t len);

/*
 * Who on this machine gets it: lo has no link beyond; what goes to a group on
 * a link comes back, a multicast only if somebody here listens.
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
