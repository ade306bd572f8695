/* SPDX-License-Identifier: MIT */
/*
 * The queue of errors of a socket with IP_RECVERR: ip(7).
 */
#ifndef NET_DGRAM_IP_ERROR_H
#define NET_DGRAM_IP_ERROR_H

#include "net/dgram/dgram.h"

struct msg;

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
