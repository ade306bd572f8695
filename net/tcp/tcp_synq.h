/* SPDX-License-Identifier: MIT */
/*
 * SYNs beyond a listener's backlog, answered with cookies.
 */
#ifndef NET_TCP_TCP_SYNQ_H
#define NET_TCP_TCP_SYNQ_H

#include <stdbool.h>
#include <stdint.h>

struct pbuf; /* lwIP's */
struct tcp_hdr;
struct tcp_pcb_listen;

/* Whether the listener has as many half-open connections as it may. */
bool tcp_cookies_needed(const struct tcp_pcb_listen *listening);
/* Answers a SYN with a cookie. Softirq; the header in host byte order. */
void tcp_cookie_answer(const struct tcp_pcb_listen *listening,
		       const struct tcp_hdr *hdr, uint16_t optlen);
/*
 * An ACK for a listener; true: it had a valid cookie and has been handled: a
 * pcb in SYN-RECEIVED was created, and the segment has passed tcp_input()
 * again, which completes the handshake.
 */
bool tcp_cookie_ack(struct tcp_pcb_listen *listening, struct tcp_hdr *hdr,
		    struct pbuf *p);

#endif
