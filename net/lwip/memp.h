/* SPDX-License-Identifier: MIT */
/*
 * How full lwIP's pools are: checked before new connections are accepted, so
 * that existing ones find room.
 */
#ifndef NET_LWIP_MEMP_H
#define NET_LWIP_MEMP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * No pcb for a new connection without taking one from another, or too little
 * memory for it besides `unseen` connections that the application has not
 * accepted yet.
 */
bool net_tcp_pcbs_short(size_t unseen);
/* Few are left: connections are dropped to free some. */
bool net_tcp_pcbs_scarce(void);
/* How many more pcbs the pool's limit and memory allow. */
size_t net_tcp_pcbs_left(void);
/* How many pcbs a listener may have for handshakes in progress. */
size_t net_tcp_half_open_max(void);

/* Set when lwIP starts a timer. */
extern bool net_timeouts_changed;

#endif
