/* SPDX-License-Identifier: MIT */
/*
 * The net softirq: who runs lwIP, and when what it wants to send leaves.
 */
#ifndef NET_CORE_H
#define NET_CORE_H

#include <stdbool.h>
#include <stddef.h>

/* lwIP may be entered: softirq or system call, no interrupt handler. */
void net_assert_context(void);

/*
 * The end of a system call or timer that may have sent: tells the device, and
 * arms lwIP's timer anew. Cheap when there was nothing.
 */
void net_flush(void);
/*
 * The same for a system call of a thread that is likely to send more before
 * it waits, as a server that got many events at once: a doorbell is a trip
 * to the hypervisor. What was sent leaves when the thread blocks, with the
 * next interrupt, when it has become much, or half a millisecond later.
 */
void net_flush_soon(void);

#endif
