/* SPDX-License-Identifier: MIT */
/*
 * The segment that lwIP works on, from the moment that it has passed the checks
 * to the end of tcp_input(). lwIP's hooks have no argument for it, so it is
 * kept here; functions of ours get it as an argument.
 */
#ifndef NET_TCP_TCP_INPUT_H
#define NET_TCP_TCP_INPUT_H

#include "net/tcp/tcp.h"
#include "net/tcp/tcp_timewait.h"

struct pbuf; /* lwIP's */
struct tcp_hdr;

struct tcp_rx {
	/* When it has passed the checks: of the connection, else NULL. */
	const struct tcp_pcb *pcb;
	const struct tcp_hdr *hdr; /* in host order */
	const struct pbuf *p; /* its payload */
	/* A SYN that follows on a connection in TIME-WAIT. */
	bool follows;
	struct tcp_tuple id;
	uint32_t isn;
};

/* Between whom the segment is that lwIP has; its header in host order. */
struct tcp_tuple tcp_tuple_of_segment(const struct tcp_hdr *hdr);

/* It opens the connection id anew, which has to start with this number. */
void tcp_rx_follows(const struct tcp_tuple *id, uint32_t isn);
/* The number, once, if that is so for id. */
bool tcp_rx_successor_isn(const struct tcp_tuple *id, uint32_t *isn);
/* A sock that has come into being with it: what it says is for it. */
void tcp_rx_child(struct tcp_sock *child);

#endif
