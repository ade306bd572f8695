/* SPDX-License-Identifier: MIT */
/*
 * How full lwIP's pools are: asked before new work is let in, so that the
 * rest of a pool stays for the work that is already there.
 */
#ifndef NET_LWIP_MEMP_H
#define NET_LWIP_MEMP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * No pcb for a new connection without taking one away from another, or no
 * memory for it beside so many that the application has not accepted yet.
 */
bool net_tcp_pcbs_short(size_t unseen);
/* Few are left: some shall be given back. */
bool net_tcp_pcbs_scarce(void);
/* Pcbs that are free, and that there is memory for. */
size_t net_tcp_pcbs_left(void);
/* How many pcbs one listener may have for handshakes in progress. */
size_t net_tcp_half_open_max(void);

/* lwIP has started a timer since this was last cleared. */
extern bool net_timeouts_changed;

#endif
