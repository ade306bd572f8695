/* SPDX-License-Identifier: MIT */
/*
 * The net softirq: the order in which the rooms of the network get their turn,
 * and when what they want to send leaves. It knows none of them: each
 * registers what it has to do.
 */
#ifndef NET_SOFTIRQ_H
#define NET_SOFTIRQ_H

#include <stdbool.h>

struct pbuf; /* lwIP's */

/* One run, first to last. */
enum net_stage {
	/*
	 * What the device has sent is given back, so that no segment looks
	 * busy to TCP's timers.
	 */
	NET_STAGE_RECLAIM,
	/* Packets that many sockets hear of, and not all have heard of yet. */
	NET_STAGE_UNFINISHED,
	/* Packets to ourselves, then received frames, up to a budget. */
	NET_STAGE_LOOPBACK,
	NET_STAGE_DEVICE,
	/* What spliced sockets got. */
	NET_STAGE_SPLICE,
	/* lwIP's timers; who has to go when memory is out; its connections'. */
	NET_STAGE_TIMERS,
	NET_STAGE_MEMORY,
	NET_STAGE_CONNECTIONS,
	NR_NET_STAGES,
};

struct net_poller {
	enum net_stage stage;
	/* True: there is more to do. */
	bool (*poll)(void);
	/* NET_STAGE_UNFINISHED: the packet, while there is one. */
	struct pbuf *const *packet;
	struct net_poller *next; /* of the same stage */
};

/* What is to be done at the end of whatever may have sent. */
struct net_flusher {
	void (*flush)(void);
	/* Frames that wait for it: a doorbell is due. May be NULL. */
	unsigned int (*waiting)(void);
	struct net_flusher *next;
};

void net_softirq_init(void);
/* At the start, in the order of their turns. They live for ever. */
void net_poller_register(struct net_poller *poller);
void net_flusher_register(struct net_flusher *flusher);

/* lwIP may be entered: softirq or system call, no interrupt handler. */
void net_assert_context(void);

/*
 * The end of a system call or timer that may have sent: tells the device, and
 * arms lwIP's timer anew. Cheap when there was nothing.
 */
void net_flush(void);
/*
 * The same for a system call of a thread that is likely to send more before
 * it waits, as a server that got many events at once: a doorbell is a trip
 * to the hypervisor. What was sent leaves when the thread blocks, with the
 * next interrupt, when it has become much, or half a millisecond later.
 */
void net_flush_soon(void);

/* Whoever takes packets from a queue or a device takes no more in this run. */
bool net_rx_is_long(void);

#endif
