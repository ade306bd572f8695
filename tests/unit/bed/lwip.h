/* SPDX-License-Identifier: MIT */
/*
 * lwIP on the bed with nothing of net/ around it: no check of frames, no
 * check of segments, no rule. What a patch of lwIP itself cures is shown
 * here. The wire and its peer are those of bed/net.h, and frames reach lwIP in
 * memory of exactly their length, in one piece or in two.
 *
 * On top is one application of lwIP's raw API that listens on a port and has
 * one connection at a time.
 */
#ifndef TESTS_UNIT_BED_LWIP_H
#define TESTS_UNIT_BED_LWIP_H

#include "lwip/err.h"
#include "lwip/netif.h"
#include "lwip/tcp.h"

#include "bed/net.h"

#define LWIP_PORT 7

/* The interface, with BED_ADDR. */
extern struct netif bed_netif;
/* Bytes of the next frames that lie in their first piece; 0: all. */
extern size_t bed_first_piece;
/* What the interface says to a packet that is to be sent; ERR_OK: sent. */
extern err_t bed_output_error;

/* The application. */
struct bed_app {
	struct tcp_pcb *pcb; /* NULL: no connection, or it ended */
	uint8_t *data; /* what was received, from malloc() */
	size_t got;
	bool eof;
	bool reads; /* the window opens again for what is received */
};
extern struct bed_app bed_app;

/* Listens on LWIP_PORT; once a program. */
struct tcp_pcb *bed_app_listen(void);
/* A connection from p; its application starts with nothing received. */
void bed_app_accept(struct peer *p);
/* Ends the connection from our side, without a word to the peer. */
void bed_app_drop(void);

#endif
