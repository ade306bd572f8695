/* SPDX-License-Identifier: MIT */
/*
 * The segment that lwIP is processing, from passing the checks to the end of
 * tcp_input(). lwIP's hooks do not pass it, so it is kept here; Pollux's own
 * functions get it as an argument.
 */
#ifndef NET_TCP_TCP_INPUT_H
#define NET_TCP_TCP_INPUT_H

#include "net/tcp/tcp.h"
#include "net/tcp/tcp_timewait.h"

struct pbuf; /* lwIP's */
struct tcp_hdr;

struct tcp_rx {
	/* Set when the segment has passed the checks; else NULL. */
	const struct tcp_pcb *pcb;
	const struct tcp_hdr *hdr; /* in host order */
	const struct pbuf *p; /* its payload */
	/* A SYN that opens a connection in TIME-WAIT anew: its tuple and ISN. */
	bool follows;
	struct tcp_tuple id;
	uint32_t isn;
};

/* The tuple of lwIP's current segment; hdr is in host order. */
struct tcp_tuple tcp_tuple_of_segment(const struct tcp_hdr *hdr);

/* The segment opens id anew: our initial sequence number has to be isn. */
void tcp_rx_follows(const struct tcp_tuple *id, uint32_t isn);
/* Returns that number once, if it was set for id. */
bool tcp_rx_successor_isn(const struct tcp_tuple *id, uint32_t *isn);
/* The segment has created the sock child: handles its urgent pointer for it. */
void tcp_rx_child(struct tcp_sock *child);

#endif
