/* SPDX-License-Identifier: MIT */
/*
 * The net softirq: the order in which the parts of the network run, and when
 * their frames are sent. Each part registers its pollers and flushers.
 */
#ifndef NET_SOFTIRQ_H
#define NET_SOFTIRQ_H

#include <stdbool.h>

struct pbuf; /* lwIP's */

/* The stages of a run, in order. */
enum net_stage {
	/*
	 * Frees frames that the device has sent, so that TCP's timers see no
	 * segment as busy.
	 */
	NET_STAGE_RECLAIM,
	/* Packets for many sockets that have not reached all of them yet. */
	NET_STAGE_UNFINISHED,
	/* Packets to this machine, then received frames, up to a budget. */
	NET_STAGE_LOOPBACK,
	NET_STAGE_DEVICE,
	/* Data of spliced sockets. */
	NET_STAGE_SPLICE,
	/* lwIP's timers; freeing of memory; timers of connections. */
	NET_STAGE_TIMERS,
	NET_STAGE_MEMORY,
	NET_STAGE_CONNECTIONS,
	NR_NET_STAGES,
};

struct net_poller {
	enum net_stage stage;
	/* True: there is more to do. */
	bool (*poll)(void);
	/* NET_STAGE_UNFINISHED only: the unfinished packet, NULL: none. */
	struct pbuf *const *packet;
	struct net_poller *next; /* of the same stage */
};

/* Runs after everything that may have sent. */
struct net_flusher {
	void (*flush)(void);
	/* How many frames wait for a kick. May be NULL. */
	unsigned int (*waiting)(void);
	struct net_flusher *next;
};

void net_softirq_init(void);
/* At the start; those of a stage run in the order of registration. Kept. */
void net_poller_register(struct net_poller *poller);
void net_flusher_register(struct net_flusher *flusher);

/* Asserts that lwIP may be entered: not in an interrupt handler. */
void net_assert_context(void);

/*
 * At the end of a system call or timer that may have sent: kicks the device
 * and re-arms lwIP's timer. Cheap when nothing was sent.
 */
void net_flush(void);
/*
 * The same for a thread that is likely to send more before it waits, such as
 * a server that got many events at once: each kick exits to the hypervisor.
 * The frames leave when the thread blocks, with the next interrupt, when there
 * are KICK_BATCH of them, or half a millisecond later.
 */
void net_flush_soon(void);

/* Whether this run must not take more packets from a queue or a device. */
bool net_rx_is_long(void);

#endif
