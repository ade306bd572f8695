/* SPDX-License-Identifier: MIT */
/*
 * Segments without a pcb: answers for connections that are over, or do not
 * exist yet.
 */
#ifndef NET_TCP_TCP_REPLY_H
#define NET_TCP_TCP_REPLY_H

#include <stddef.h>
#include <stdint.h>

struct tcp_tuple;

struct tcp_reply {
	uint32_t seq;
	uint32_t ack;
	uint16_t window; /* the header's field, not scaled */
	uint8_t flags; /* TCPHDR_* */
	uint8_t tos;
	const void *options; /* a multiple of four bytes */
	size_t optlen;
};

/* Sends r from id's local to its remote end; drops it if memory is short. */
void tcp_send_reply(const struct tcp_tuple *id, const struct tcp_reply *r);

#endif
