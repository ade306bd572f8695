/* SPDX-License-Identifier: MIT */
/*
 * lwIP's timers hang on one kernel timer, armed for the first of them.
 */
#ifndef NET_LWIP_TIMERS_H
#define NET_LWIP_TIMERS_H

/* After lwip_init(): their turns in the net softirq. */
void net_lwip_timers_init(void);

#endif
