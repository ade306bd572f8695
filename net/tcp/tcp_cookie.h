/* SPDX-License-Identifier: MIT */
/*
 * SYN cookies: when a listener has as many half-open connections as it may, no
 * state is kept for the next ones: the sequence number of the SYN|ACK encodes
 * it. The ACK that completes the handshake brings it back, and only then a
 * connection is created. A cookie is
 *
 *	bits 31-27  a counter that steps every 64 s
 *	     26-25  an index of the segment sizes that a peer can get
 *	     24-0   SipHash, under a key drawn at the first cookie (and anew when
 *	            the machine may be a copy), of the tuple, the peer's first
 *	            number, the rest of the cookie and the whole counter
 *
 * so it is valid for 64 to 128 s, and 2^25 guesses find one. As on Linux for
 * peers without timestamps, such a connection has neither window scaling nor
 * SACK: there are no bits for them.
 */
#ifndef NET_TCP_TCP_COOKIE_H
#define NET_TCP_TCP_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_tuple;

/* mss: the peer's MSS option, 0: none. now: nanoseconds. */
uint32_t tcp_cookie_make(const struct tcp_tuple *id, uint32_t peer_isn,
			 uint16_t mss, uint64_t now);
/* The encoded segment size; 0: not a valid cookie, or too old. */
uint16_t tcp_cookie_check(const struct tcp_tuple *id, uint32_t peer_isn,
			  uint32_t cookie, uint64_t now);
/* The MSS in the options of a SYN, 0: none. They must be well-formed. */
uint16_t tcp_cookie_mss_option(const uint8_t *opt, unsigned int len);

#endif
