/* SPDX-License-Identifier: MIT */
/*
 * Counts the device's receive buffers that the stack holds. A queue that keeps
 * a buffer takes it from the receive ring, however few bytes are in it; so
 * beyond a limit received data are copied.
 */
#ifndef NET_BASE_RX_BUFFERS_H
#define NET_BASE_RX_BUFFERS_H

#include <stdbool.h>

/* The interface: once at the start; for each buffer received and freed. */
void rx_buffers_init(void);
void rx_buffer_hold(void);
void rx_buffer_put(void);
unsigned int rx_buffers_held(void);

/* Over half the limit, or pages are low: nothing more keeps a buffer. */
bool rx_buffers_short(void);
/* Over a quarter of the limit: data in order are copied. */
bool rx_buffers_scarce(void);

#endif
