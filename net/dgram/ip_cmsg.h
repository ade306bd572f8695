/* SPDX-License-Identifier: MIT */
/*
 * What travels beside a datagram of IPv4, ip(7): control messages of both
 * directions.
 */
#ifndef NET_DGRAM_IP_CMSG_H
#define NET_DGRAM_IP_CMSG_H

#include "net/dgram/dgram.h"
#include "net/inet/inet_sock.h"
#include "net/socket/socket.h"

/* How one datagram shall be sent: the socket's options, and its cmsgs. */
struct ip_send {
	uint32_t saddr; /* 0: as bound, or as the route says */
	int oif;
	int ttl; /* -1: not given */
	int tos;
	uint16_t gso_size;
	bool has_cmsg;
};

/*
 * Fills in all of send. udp: SOL_UDP's control messages are understood.
 * -EINVAL.
 */
int ip_cmsg_send(struct inet_sock *inet, const struct msg *msg, bool udp,
		 struct ip_send *send);
/* Time stamp and drop counter of SOL_SOCKET, then what ip_flags ask for. */
void sock_recv_cmsgs(struct sock *sk, struct msg *msg, const struct dgram *d);
void ip_cmsg_recv(struct inet_sock *inet, struct msg *msg,
		  const struct dgram *d);

#endif
