/* SPDX-License-Identifier: MIT */
/*
 * One kernel timer, armed for the first of lwIP's timers.
 */
#ifndef NET_LWIP_TIMERS_H
#define NET_LWIP_TIMERS_H

/* After lwip_init(): registers them with the net softirq. */
void net_lwip_timers_init(void);

#endif
