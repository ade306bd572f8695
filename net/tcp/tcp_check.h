/* SPDX-License-Identifier: MIT */
/*
 * Whether a TCP segment may reach lwIP's state machine. lwIP's own checks pass
 * segments with which a peer, or an attacker who guesses ports, can break a
 * connection; these are the checks of RFC 9293 section 3.10.7.4 and RFC 5961,
 * made before lwIP gets the segment. Pure functions, tested on the host.
 */
#ifndef NET_TCP_TCP_CHECK_H
#define NET_TCP_TCP_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "net/socket/tcp_states.h"

enum tcp_verdict {
	TCP_PASS, /* cut to keep bytes, without FIN if strip_fin */
	TCP_DROP,
	TCP_DROP_ACK, /* and answer with an ACK: RFC 9293 */
	TCP_DROP_CHALLENGE, /* the same, limited in rate: RFC 5961 */
};

/* The reason of a drop; each has a counter: net/base/counters.h. */
enum tcp_drop_reason {
	TCP_DROP_NONE,
	TCP_DROP_OPTIONS, /* a signature, or what may hide one */
	TCP_DROP_FLAGS, /* an invalid combination */
	TCP_DROP_OLD, /* all of it was received before */
	TCP_DROP_WINDOW, /* all of it lies beyond the window */
	TCP_DROP_NO_ACK, /* data or FIN without ACK */
	TCP_DROP_BAD_ACK, /* of what was never sent, or long ago */
	TCP_DROP_SYN, /* on a connection that is open */
	TCP_DROP_RST, /* not exactly at RCV.NXT */
	TCP_DROP_BACKLOG, /* the accept queue is full */
	TCP_DROP_MEMORY, /* no memory for payload */
	NR_TCP_DROP_REASONS,
};

struct tcp_check_conn {
	enum tcp_sk_state state;
	uint32_t rcv_nxt;
	uint32_t rcv_wnd; /* what we would accept, announced or not */
	uint32_t snd_una;
	uint32_t snd_nxt;
	uint32_t max_window; /* largest the peer ever offered */
	bool out_of_order; /* segments wait beyond a gap */
	bool accept_queue_full; /* of the listener */
	bool memory_short; /* no payload can be kept */
};

struct tcp_check_seg {
	uint32_t seq;
	uint32_t ack;
	uint32_t len; /* payload */
	uint8_t flags; /* TCPHDR_* */
};

struct tcp_check_result {
	enum tcp_verdict verdict;
	enum tcp_drop_reason reason;
	uint32_t keep; /* payload bytes that may stay */
	bool strip_fin;
};

struct tcp_check_result tcp_check_segment(const struct tcp_check_conn *conn,
					  const struct tcp_check_seg *seg);

/* The smallest segment size that a peer may ask for: tcp_min_snd_mss. */
#define TCP_MIN_SND_MSS 48

/*
 * Changes the options, in the packet's memory, so that lwIP reads from them
 * what Linux would. They end at an invalid length (below 2, or past the end).
 * NOPs replace an option whose length is wrong for its kind, a SYN's option in
 * another segment, and an MSS of 0; a smaller MSS is raised to TCP_MIN_SND_MSS.
 *
 * Returns false for a segment to be dropped, as Linux does it with
 * CONFIG_TCP_MD5SIG: one with a signature (RFC 2385), for which no socket has a
 * key, or with an invalid length where a signature would still have room.
 */
bool tcp_check_options(uint8_t *opt, unsigned int len, bool syn);

#endif
