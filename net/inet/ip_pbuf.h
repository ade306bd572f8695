/* SPDX-License-Identifier: MIT */
/*
 * Memory for the payloads of packets.
 */
#ifndef NET_INET_IP_PBUF_H
#define NET_INET_IP_PBUF_H

#include <stddef.h>

struct pbuf; /* lwIP's */

/*
 * A payload of len bytes in pieces of at most a page, with room for headers in
 * front; in one piece if it fits in an Ethernet frame. NULL: no memory.
 */
struct pbuf *ip_payload_alloc(size_t len);
/* A copy of p in such memory. */
struct pbuf *ip_payload_clone(const struct pbuf *p);

#endif
