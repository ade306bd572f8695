/* SPDX-License-Identifier: MIT */
/*
 * Receive buffers of the device that the stack holds: a queue that keeps one
 * takes it from the ring, whatever is in it. So beyond some they are copied.
 */
#ifndef NET_BASE_RX_BUFFERS_H
#define NET_BASE_RX_BUFFERS_H

#include <stdbool.h>

/* By the interface: once, and for each buffer that comes up or goes back. */
void rx_buffers_init(void);
void rx_buffer_hold(void);
void rx_buffer_put(void);
unsigned int rx_buffers_held(void);

/* More than is good. */
bool rx_buffers_short(void);
/* Half as many: what is in order is copied, what is not still kept. */
bool rx_buffers_scarce(void);

#endif
