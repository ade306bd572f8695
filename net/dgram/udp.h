/* SPDX-License-Identifier: MIT */
/*
 * UDP (RFC 768): what the files net/dgram/udp*.c share, and what IP tells them.
 *
 * lwIP has no part in it: its DHCP client keeps the one pcb there is. What
 * comes from the wire is looked up here, and what goes to this machine itself
 * is put on the receiver's queue without ever being a packet.
 */
#ifndef NET_DGRAM_UDP_H
#define NET_DGRAM_UDP_H

#include "net/dgram/dgram.h"
#include "net/inet/inet_ports.h"

struct icmp_error;
struct ip_out;
struct ip_route;
struct ip_send;
struct msg;
struct pbuf;
struct seq_buf;

#define UDP_HEADER_LEN 8
#define UDP_PAYLOAD_MAX (65535 - 20 - UDP_HEADER_LEN)

extern const struct proto udp_prot;
extern struct inet_ports udp_ports;

void udp_init_sockets(void);

/* ---- net/dgram/udp_lookup.c ---------------------------------------------- */

/* Who a datagram goes between; ports in host order. */
struct udp_tuple {
	uint32_t saddr;
	uint32_t daddr;
	uint16_t sport;
	uint16_t dport;
	int ifindex;
};

/* The one socket for a datagram to a single host, or NULL. */
struct dgram_sock *udp_lookup(const struct udp_tuple *t);
/*
 * Calls fn for each socket that a datagram to a group is for, some in each
 * call; true: there may be more. The walk was begun on udp_ports and t->dport.
 */
bool udp_next_members(struct inet_walk *walk, const struct udp_tuple *t,
		      void (*fn)(struct dgram_sock *ds, void *arg), void *arg);

/* ---- net/dgram/udp_input.c ----------------------------------------------- */

/* UDP's handlers: what comes from the wire, and ICMP's errors. */
void udp_rcv_init(void);
/*
 * A payload from a socket of this machine; keeps no reference to p. False:
 * nobody has the port. Others may run between many receivers.
 */
bool udp_rcv_local(struct pbuf *p, const struct udp_tuple *t,
		   const struct ip_info *ip);

/* ---- net/dgram/udp_send.c, net/dgram/udp_recv.c -------------------------- */

ssize_t udp_sendmsg(struct sock *sk, struct msg *msg);
ssize_t udp_recvmsg(struct sock *sk, struct msg *msg);
/* UDP_CORK was taken away: what is pending is sent. */
int udp_uncork(struct dgram_sock *ds);
void udp_drop_cork(struct dgram_sock *ds);

#endif
