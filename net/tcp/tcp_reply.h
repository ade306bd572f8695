/* SPDX-License-Identifier: MIT */
/*
 * Segments that belong to no pcb: answers for connections that are over, or
 * are not there yet.
 */
#ifndef NET_TCP_TCP_REPLY_H
#define NET_TCP_TCP_REPLY_H

#include <stddef.h>
#include <stdint.h>

struct tcp_tuple;

struct tcp_reply {
	uint32_t seq;
	uint32_t ack;
	uint16_t window; /* as the header says it */
	uint8_t flags; /* TCPHDR_* */
	uint8_t tos;
	const void *options; /* a multiple of four bytes */
	size_t optlen;
};

/* Sends it from id's local to its remote end; drops it without memory. */
void tcp_send_reply(const struct tcp_tuple *id, const struct tcp_reply *r);

#endif
