/* SPDX-License-Identifier: MIT */
/*
 * Sending over the wire: the transport tcp_wire.
 */
#ifndef NET_TCP_WIRE_SEND_H
#define NET_TCP_WIRE_SEND_H

#include <stddef.h>

struct tcp_pcb; /* lwIP's */

/* The payload of a full segment, as lwIP's tcp_write() makes them. */
size_t tcp_segment_size(const struct tcp_pcb *pcb);

#endif
