/* SPDX-License-Identifier: MIT */
/*
 * What travels beside a datagram of IPv4, ip(7): control messages of both
 * directions, and the queue of errors (IP_RECVERR).
 */
#ifndef NET_DGRAM_IP_CMSG_H
#define NET_DGRAM_IP_CMSG_H

#include "net/dgram/dgram.h"
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

/* What a message of ICMP means to the sender of what it quotes. */
struct icmp_error {
	uint8_t type;
	uint8_t code;
	uint32_t info; /* the next hop's MTU, or where the header is bad */
	uint32_t offender; /* who sent the message */
	/* The packet that is quoted: its addresses, and all behind its header. */
	uint32_t saddr;
	uint32_t daddr;
	struct pbuf *quoted;
	struct ip_info ip; /* of the message itself */
};

/* RFC 792: the errno, and whether it is the end for a connected socket. */
int icmp_errno(const struct icmp_error *e, bool *fatal);

/*
 * Queues the error, with what was quoted from skip bytes on; the destination
 * had that port. Nothing without IP_RECVERR.
 */
void ip_icmp_error(struct dgram_sock *ds, const struct icmp_error *e, int err,
		   uint16_t port, uint16_t skip);
/* An error of our own, of which only the socket's owner learns. */
void ip_local_error(struct dgram_sock *ds, int err, uint32_t daddr,
		    uint16_t port, uint32_t info);
/* recvmsg(2) with MSG_ERRQUEUE: bytes, or -EAGAIN. */
ssize_t ip_recv_error(struct dgram_sock *ds, struct msg *msg);

#endif
