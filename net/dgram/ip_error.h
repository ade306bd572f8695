/* SPDX-License-Identifier: MIT */
/*
 * The error queue of a socket with IP_RECVERR: ip(7).
 */
#ifndef NET_DGRAM_IP_ERROR_H
#define NET_DGRAM_IP_ERROR_H

#include "net/dgram/dgram.h"

struct msg;

/*
 * Queues the error with the quoted bytes from skip on; port: the quoted
 * packet's destination port. Does nothing without IP_RECVERR.
 */
void ip_icmp_error(struct dgram_sock *ds, const struct icmp_error *e, int err,
		   uint16_t port, uint16_t skip);
/* The same for an error that this machine detected. */
void ip_local_error(struct dgram_sock *ds, int err, uint32_t daddr,
		    uint16_t port, uint32_t info);
/* recvmsg(2) with MSG_ERRQUEUE: bytes, or -EAGAIN. */
ssize_t ip_recv_error(struct dgram_sock *ds, struct msg *msg);

#endif
