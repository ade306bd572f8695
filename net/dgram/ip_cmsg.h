/* SPDX-License-Identifier: MIT */
/*
 * Control messages of IPv4 datagrams, sent and received: ip(7).
 */
#ifndef NET_DGRAM_IP_CMSG_H
#define NET_DGRAM_IP_CMSG_H

#include "net/dgram/dgram.h"
#include "net/inet/inet_sock.h"
#include "net/socket/socket.h"

/* How to send one datagram: the socket's options and its control messages. */
struct ip_send {
	uint32_t saddr; /* 0: the route's */
	int oif;
	int ttl; /* -1: not given */
	int tos;
	uint16_t gso_size;
	bool has_cmsg;
};

/*
 * Fills in all of send: 0, -EINVAL. udp: SOL_UDP's control messages are
 * parsed, not skipped.
 */
int ip_cmsg_send(struct inet_sock *inet, const struct msg *msg, bool udp,
		 struct ip_send *send);
/* Writes SOL_SOCKET's control messages: time stamp and drop counter. */
void sock_recv_cmsgs(struct sock *sk, struct msg *msg, const struct dgram *d);
/* Writes IPPROTO_IP's control messages that ip_flags ask for. */
void ip_cmsg_recv(struct inet_sock *inet, struct msg *msg,
		  const struct dgram *d);

#endif
