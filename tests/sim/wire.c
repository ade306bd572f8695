/* SPDX-License-Identifier: MIT */
/*
 * The wire. Without a fault what one host sends another arrives in order.
 */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "history.h"

#define MILLION 1000000
#define ETH_HEADER 14
#define REORDER_NS (200 * MSEC)
#define QUEUE_NS (200 * MSEC) /* that a line's queue takes */
#define BURST_NS (300 * MSEC)

struct wire wire;
struct wire_counts wire_counts;

struct flight {
	struct host *to;
	size_t len;
	uint8_t frame[];
};

/* Of the hosts' own, and that for all. */
static bool strikes(unsigned int common, unsigned int own)
{
	unsigned int p = common + own;

	return p && rng_below(&wire.rng, MILLION) < p;
}

static void arrive(void *arg)
{
	struct flight *f = arg;
	struct host *to = f->to;
	uint64_t before = to->received;

	wire_counts.in_flight--;
	history_frame(to->nr, "gets", f->frame, f->len);
	host_receive(to, f->frame, f->len);
	if (to->received == before)
		wire_counts.no_buffer++;
	else
		wire_counts.delivered++;
	free(f);
}

static void fly(struct host *to, const uint8_t *frame, size_t len,
		uint64_t time, bool corrupt)
{
	struct flight *f = malloc(sizeof(*f) + len);
	size_t bit;

	f->to = to;
	f->len = len;
	memcpy(f->frame, frame, len);
	/*
	 * Bits are only set: a sum of ones' complement can't be the same then,
	 * not even where two fragments of a datagram are hit.
	 */
	if (corrupt && len > 2 * ETH_HEADER) {
		bit = rng_below(&wire.rng, (len - ETH_HEADER) * 8);
		f->frame[ETH_HEADER + bit / 8] |= 1 << bit % 8;
		wire_counts.corrupted++;
	}
	wire_counts.in_flight++;
	at(time, arrive, f);
}

void wire_make(struct host *to, const uint8_t *frame, size_t len)
{
	wire_counts.made++;
	fly(to, frame, len, now + wire.latency, false);
}

/* ARP has no checksum of its own; Ethernet's would have caught it. */
static bool has_checksum(const uint8_t *frame)
{
	return frame[12] == 8 && frame[13] == 0;
}

static uint64_t arrival(struct host *from, struct host *to, uint64_t leaves,
			bool late)
{
	uint64_t *last = &wire.arrives[from->nr][to->nr];
	uint64_t time = leaves + wire.latency + wire.extra;

	if (wire.jitter)
		time += rng_below(&wire.rng, wire.jitter);
	if (late)
		return time + rng_below(&wire.rng, REORDER_NS);
	return *last = MAX(time, *last);
}

/* One copy on its way to one host. */
static void carry(struct host *from, struct host *to, const uint8_t *frame,
		  size_t len, uint64_t leaves)
{
	const struct wire_faults *own = &wire.of[from->nr], *all = &wire.common;
	bool late = strikes(all->reorder, own->reorder);
	bool bad = strikes(all->corrupt, own->corrupt);

	if (wire.cut[from->nr] >> to->nr & 1) {
		wire_counts.cut_off++;
		return;
	}
	if (strikes(all->burst, own->burst))
		wire.burst_until[from->nr] = leaves + BURST_NS;
	if (leaves < wire.burst_until[from->nr] ||
	    strikes(all->loss, own->loss)) {
		wire_counts.lost++;
		history_frame(from->nr, "lost", frame, len);
		return;
	}
	if (bad && !has_checksum(frame)) {
		wire_counts.lost++;
		return;
	}
	wire_counts.reordered += late;
	fly(to, frame, len, arrival(from, to, leaves, late), bad);
	if (strikes(all->dup, own->dup)) {
		wire_counts.made++;
		fly(to, frame, len, arrival(from, to, leaves, true), false);
	}
}

static struct host *owner(const uint8_t *mac)
{
	for (unsigned int i = 0; i < nr_hosts; i++) {
		if (!memcmp(hosts[i].config.mac, mac, 6))
			return &hosts[i];
	}
	return NULL;
}

static void forward(struct host *from, const uint8_t *frame, size_t len)
{
	uint64_t *free_at = &wire.free_at[from->nr];
	struct host *to = owner(frame);

	if (*free_at > now + QUEUE_NS) {
		wire_counts.queue_full++;
		return;
	}
	*free_at = MAX(*free_at, now) + len * wire.byte_ns;
	if (to) {
		carry(from, to, frame, len, *free_at);
		return;
	}
	/* A broadcast is a copy for each; the frame itself has no end. */
	wire_counts.nobody++;
	if (!(frame[0] & 1))
		return;
	for (unsigned int i = 0; i < nr_hosts; i++) {
		if (&hosts[i] == from)
			continue;
		wire_counts.made++;
		carry(from, &hosts[i], frame, len, *free_at);
	}
}

void wire_send(struct host *from, const uint8_t *frame, size_t len)
{
	wire_counts.sent++;
	history_frame(from->nr, "sends", frame, len);
	if (len < ETH_HEADER || len > (size_t)from->config.mtu + ETH_HEADER)
		fail("host %u sends a frame of %zu bytes", from->nr, len);
	if (len <= wire.mtu + ETH_HEADER || !has_checksum(frame)) {
		forward(from, frame, len);
		return;
	}
	wire_counts.too_long++;
	router_take(from, frame, len, wire.mtu, forward);
}

const char *wire_check(void)
{
	const struct wire_counts *c = &wire_counts;
	uint64_t in = c->sent + c->made;
	uint64_t out = c->delivered + c->no_buffer + c->lost + c->cut_off +
		       c->too_long + c->queue_full + c->nobody;

	return in == out + c->in_flight ? NULL : "frames came out of nothing";
}
