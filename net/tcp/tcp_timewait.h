/* SPDX-License-Identifier: MIT */
/*
 * TIME-WAIT, and FIN-WAIT-2 of a connection that nobody holds any more, in a
 * compact table: neither a pcb nor a sock is needed to remember a connection
 * that is over. Connections over the wire and local ones end here.
 *
 * An entry lives 60 s (TCP_TIMEWAIT_LEN, Linux's) after what was last heard.
 * It holds its port. When the table is full the one that has the shortest
 * time to live is given up for a new one.
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
	uint16_t window; /* as the header of an ACK says it */
	uint8_t scale; /* of that window */
	uint8_t state; /* TCP_TIME_WAIT or TCP_FIN_WAIT2 */
	uint8_t tos;
	uint8_t flags; /* BIT(TCP_TW_F_...) */
};

static_assert(sizeof(struct tcp_time_wait) < 64, "compact, as its name says");

/* The table, its size from the machine's memory; false: no memory. */
bool tcp_time_wait_setup(void);

/*
 * Remembers a connection for ms milliseconds; from is copied, except for what
 * is the table's: next, node, expires, answered. Its port must be in use, and
 * there must be no entry of the same tuple. NULL without memory: then the
 * connection is forgotten at once, which RFC 9293 lets an implementation do.
 */
struct tcp_time_wait *tcp_time_wait_add(const struct tcp_time_wait *from,
					uint32_t ms);
struct tcp_time_wait *tcp_time_wait_find(const struct tcp_tuple *id);
void tcp_time_wait_kill(struct tcp_time_wait *tw);
/* Its time begins anew. */
void tcp_time_wait_restart(struct tcp_time_wait *tw);
/* Milliseconds until it expires. */
uint32_t tcp_time_wait_left(const struct tcp_time_wait *tw);
/*
 * connect(2) may take over the tuple, and kills the entry then: Linux's
 * tcp_twsk_unique() for net.ipv4.tcp_tw_reuse = 2. Local connections only:
 * at once from a port that the socket has, after a second if connect(2) is
 * still looking for one.
 */
bool tcp_time_wait_reusable(const struct tcp_time_wait *tw, bool has_port);
/* How many there are, and how many there may be. */
size_t tcp_time_wait_count(void);
size_t tcp_time_wait_max(void);
/* The first of chain n of the table, or NULL; false: there are less chains. */
bool tcp_time_wait_chain(size_t n, struct tcp_time_wait **first);
/* All of them: NULL gives the first, the last gives NULL. */
struct tcp_time_wait *tcp_time_wait_next(const struct tcp_time_wait *tw);

enum tcp_tw_verdict {
	TCP_TW_SUCCESS, /* nothing has to be said */
	TCP_TW_ACK, /* the peer is told where we are */
	TCP_TW_RST, /* data after the end: reset, the entry has to be killed */
	TCP_TW_GONE, /* it was reset: the entry has to be killed */
	TCP_TW_SYN, /* a next connection may begin, the entry be killed */
};

/*
 * A segment of the connection has come. By RFC 9293 3.10.7.4 and RFC 6191
 * 2, as Linux's tcp_timewait_state_process(); resets are ignored (RFC 1337).
 */
enum tcp_tw_verdict tcp_time_wait_segment(struct tcp_time_wait *tw,
					  const struct tcp_check_seg *seg);

/* The number that the connection after tw starts with: Linux's rule. */
static inline uint32_t tcp_time_wait_isn(const struct tcp_time_wait *tw)
{
	return tw->snd_nxt + 65535 + 2;
}

#endif
