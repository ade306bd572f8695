/* SPDX-License-Identifier: MIT */
/*
 * A compact table of connections in TIME-WAIT, and in FIN-WAIT-2 without a
 * socket: they need neither a pcb nor a sock. For connections over the wire and
 * local ones.
 *
 * An entry lives 60 s (Linux's TCP_TIMEWAIT_LEN) after the last segment, and
 * holds its port. When the table is full, a new entry replaces the one that
 * expires first.
 */
#ifndef NET_TCP_TCP_TIMEWAIT_H
#define NET_TCP_TCP_TIMEWAIT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/lib/list.h"
#include "net/tcp/tcp_check.h"

#define TCP_TIMEWAIT_MS 60000

/* Addresses in network, ports in host order; l: ours. */
struct tcp_tuple {
	uint32_t laddr;
	uint32_t raddr;
	uint16_t lport;
	uint16_t rport;
};

/* Bits of tcp_time_wait.flags. */
#define TCP_TW_F_LOCAL 0 /* both ends are on this machine */
#define TCP_TW_F_REUSE 1 /* SO_REUSEADDR */
#define TCP_TW_F_HELD 2 /* holds its port: set by the table */
#define TCP_TW_F_ANSWERED 3 /* answered is a time: set by the table */
#define TCP_TW_F_REUSEPORT 4 /* SO_REUSEPORT */

struct tcp_time_wait {
	struct tcp_time_wait *next; /* of the same chain */
	struct list_head node; /* of the same second of expiry */
	struct tcp_tuple id;
	uint32_t snd_nxt; /* our FIN included */
	uint32_t rcv_nxt;
	uint32_t expires; /* milliseconds of ktime_get_ns() */
	uint16_t answered; /* 16 ms units, when ANSWERED */
	uint16_t window; /* the header field of an ACK */
	uint8_t scale; /* of that window */
	uint8_t state; /* TCP_TIME_WAIT or TCP_FIN_WAIT2 */
	uint8_t tos;
	uint8_t flags; /* BIT(TCP_TW_F_...) */
};

static_assert(sizeof(struct tcp_time_wait) < 64, "compact, as its name says");

/* Allocates the table, sized by the machine's memory; false: no memory. */
bool tcp_time_wait_setup(void);

/*
 * Adds an entry for ms milliseconds, a copy of from except for the fields next,
 * node, expires and answered. Its port must be in use, and there must be no
 * entry of the same tuple. NULL: no memory; the connection is then forgotten at
 * once, which RFC 9293 allows.
 */
struct tcp_time_wait *tcp_time_wait_add(const struct tcp_time_wait *from,
					uint32_t ms);
struct tcp_time_wait *tcp_time_wait_find(const struct tcp_tuple *id);
void tcp_time_wait_kill(struct tcp_time_wait *tw);
/* Lets it live for the full time from now. */
void tcp_time_wait_restart(struct tcp_time_wait *tw);
/* Milliseconds until it expires. */
uint32_t tcp_time_wait_left(const struct tcp_time_wait *tw);
/*
 * Whether connect(2) may take over the tuple (it kills the entry then), as
 * Linux's tcp_twsk_unique() for net.ipv4.tcp_tw_reuse = 2. Local connections
 * only: at once if the socket has the port already, after a second if
 * connect(2) chooses it.
 */
bool tcp_time_wait_reusable(const struct tcp_time_wait *tw, bool has_port);
/* The number of entries, and its limit. */
size_t tcp_time_wait_count(void);
size_t tcp_time_wait_max(void);
/* The first of chain n of the table, or NULL; false: there are less chains. */
bool tcp_time_wait_chain(size_t n, struct tcp_time_wait **first);
/* All of them: NULL gives the first, the last gives NULL. */
struct tcp_time_wait *tcp_time_wait_next(const struct tcp_time_wait *tw);

enum tcp_tw_verdict {
	TCP_TW_SUCCESS, /* no answer */
	TCP_TW_ACK, /* answer with an ACK */
	TCP_TW_RST, /* data after the end: send a reset, kill the entry */
	TCP_TW_GONE, /* it was reset: kill the entry */
	TCP_TW_SYN, /* a new connection may begin: kill the entry */
};

/*
 * Handles a segment of the connection by RFC 9293 3.10.7.4 and RFC 6191 2, as
 * Linux's tcp_timewait_state_process(); TIME-WAIT ignores resets (RFC 1337).
 */
enum tcp_tw_verdict tcp_time_wait_segment(struct tcp_time_wait *tw,
					  const struct tcp_check_seg *seg);

/* The ISN of a connection that succeeds tw, by Linux's rule. */
static inline uint32_t tcp_time_wait_isn(const struct tcp_time_wait *tw)
{
	return tw->snd_nxt + 65535 + 2;
}

#endif
