/* SPDX-License-Identifier: MIT */
/* Payloads in pieces of less than a page, for when memory is fragmented. */
#include "net/inet/ip_pbuf.h"

#include "lwip/pbuf.h"

#include "kernel/base.h"

/* The longest payload in one piece: an Ethernet frame's. */
#define WIRE_MAX 1500
/* A page less lwIP's header and the packet's. */
#define PIECE_MAX 4000

struct pbuf *ip_payload_alloc(size_t len)
{
	struct pbuf *first = NULL;

	if (len <= WIRE_MAX)
		return pbuf_alloc(PBUF_TRANSPORT, len, PBUF_RAM);
	while (len) {
		size_t n = MIN(len, (size_t)PIECE_MAX);
		struct pbuf *p = pbuf_alloc(first ? PBUF_RAW : PBUF_TRANSPORT,
					    n, PBUF_RAM);

		if (!p) {
			if (first)
				pbuf_free(first);
			return NULL;
		}
		if (first)
			pbuf_cat(first, p);
		else
			first = p;
		len -= n;
	}
	return first;
}

struct pbuf *ip_payload_clone(const struct pbuf *p)
{
	struct pbuf *copy = ip_payload_alloc(p->tot_len);

	if (copy)
		pbuf_copy(copy, p);
	return copy;
}
