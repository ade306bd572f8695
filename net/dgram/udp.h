/* SPDX-License-Identifier: MIT */
/*
 * UDP (RFC 768): what the files net/dgram/udp*.c share.
 *
 * lwIP's UDP serves its DHCP client only, which has the only UDP pcb. Datagrams
 * to this machine itself go to the receiver's queue without becoming a packet.
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

/* Addresses and ports of a datagram; ports in host order. */
struct udp_tuple {
	uint32_t saddr;
	uint32_t daddr;
	uint16_t sport;
	uint16_t dport;
	int ifindex;
};

/* The socket for a unicast datagram, or NULL. */
struct dgram_sock *udp_lookup(const struct udp_tuple *t);
/*
 * Calls fn for the sockets that receive a broadcast or multicast, a batch in
 * each call; true: there may be more. walk: begun on udp_ports and t->dport.
 */
bool udp_next_members(struct inet_walk *walk, const struct udp_tuple *t,
		      void (*fn)(struct dgram_sock *ds, void *arg), void *arg);

/* ---- net/dgram/udp_input.c ----------------------------------------------- */

/* Registers UDP's handlers of received packets and ICMP errors. */
void udp_rcv_init(void);
/*
 * Delivers a payload from a socket of this machine; p stays the caller's.
 * False: no receiver. Others may run between batches of receivers.
 */
bool udp_rcv_local(struct pbuf *p, const struct udp_tuple *t,
		   const struct ip_info *ip);

/* ---- net/dgram/udp_send.c, net/dgram/udp_recv.c -------------------------- */

ssize_t udp_sendmsg(struct sock *sk, struct msg *msg);
ssize_t udp_recvmsg(struct sock *sk, struct msg *msg);
/* Sends the pending datagram, if there is one: 0 or -errno. */
int udp_uncork(struct dgram_sock *ds);
/* Discards it. */
void udp_drop_cork(struct dgram_sock *ds);

#endif
