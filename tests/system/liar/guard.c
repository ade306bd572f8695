/* SPDX-License-Identifier: MIT */
/* Buffers, pages that are kept, and poison. */
#define _GNU_SOURCE /* memmem() */
#include "guard.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define COMPLAINTS_SHOWN 20
#define SLOT 2048UL /* one page has at most so many buffers */
#define CANARY "pollux: canary " /* 16 bytes with its zero */

static const char poison[8] = "\xdePoison\xad";

static struct ring *rings;
static unsigned int *header_len;
static unsigned long complaints;

/* By guest physical address: what the device has, what it must not have. */
static uint8_t *receives; /* a slot: receive buffers in it */
static bool *is_kept; /* a page */
static uint64_t end; /* of the memory that these cover */

static struct kept {
	uint64_t gpa, sum;
	bool told;
} * kept;
static unsigned long nr_kept;

void guard_complain(const char *fmt, ...)
{
	va_list args;

	if (complaints++ >= COMPLAINTS_SHOWN)
		return;
	printf("complaint ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

unsigned long guard_complaints(void)
{
	return complaints;
}

void guard_init(struct ring *the_rings, unsigned int *header)
{
	rings = the_rings;
	header_len = header;
}

static void *grow(void *old, uint64_t was, uint64_t now, size_t each)
{
	char *new = realloc(old, now * each);

	if (!new)
		err(1, "the guard's tables");
	memset(new + was *each, 0, (now - was) * each);
	return new;
}

/* Memory that the tables do not cover yet. */
static void cover(void)
{
	uint64_t gpa, size, last = end;

	for (unsigned int n = 0; memory_nth(n, &gpa, &size); n++)
		if (gpa + size > last)
			last = gpa + size;
	receives = grow(receives, end / SLOT, last / SLOT, sizeof(*receives));
	is_kept = grow(is_kept, end / PAGE, last / PAGE, sizeof(*is_kept));
	end = last;
}

void guard_rings(void)
{
	cover();
}

static bool overlaps(uint64_t gpa, uint64_t len, const void *at, uint64_t size)
{
	uint64_t start = memory_gpa(at);

	return start && gpa < start + size && start < gpa + len;
}

static bool in_rings(uint64_t gpa, uint64_t len)
{
	for (int i = 0; i < RINGS; i++) {
		const struct ring *r = &rings[i];

		if (!r->live)
			continue;
		if (overlaps(gpa, len, r->desc, r->num * sizeof(*r->desc)) ||
		    overlaps(gpa, len, r->avail, 6 + 2 * r->num) ||
		    overlaps(gpa, len, r->used, 6 + 8 * r->num))
			return true;
	}
	return false;
}

/* What is wrong with one piece of memory, NULL if nothing. */
static const char *piece_wrong(const struct ring *ring,
			       const struct vring_desc *desc)
{
	uint64_t slot, page;

	if (!desc->len || !memory_at(desc->addr, desc->len))
		return "is not in memory";
	if (desc->flags & VRING_DESC_F_INDIRECT)
		return "is indirect, which was not agreed on";
	if (!(desc->flags & VRING_DESC_F_WRITE) != (ring->index == TX))
		return "is for the wrong direction";
	if (in_rings(desc->addr, desc->len))
		return "is in a ring";
	for (page = desc->addr / PAGE;
	     page <= (desc->addr + desc->len - 1) / PAGE; page++)
		if (is_kept[page])
			return "is a page that is never lent";
	for (slot = desc->addr / SLOT;
	     slot <= (desc->addr + desc->len - 1) / SLOT; slot++)
		if (receives[slot])
			return "is in a receive buffer that the device has";
	return NULL;
}

static const char *chain_wrong(const struct ring *ring,
			       const struct chain *chain)
{
	unsigned int header = *header_len;

	if (ring->index == TX)
		return chain->len <= header || chain->len > header + FRAME_MAX ?
			       "is no frame" :
			       NULL;
	if (chain->count != 1 || chain->len < header + FRAME_BUFFER)
		return "is too short for a frame";
	if (chain->desc[0].addr % PAGE + chain->len > PAGE)
		return "is of two pages";
	return NULL;
}

static void mark(const struct ring *ring, const struct chain *chain, bool has)
{
	uint64_t first = chain->desc[0].addr, slot;

	if (ring->index != RX || !memory_at(first, chain->len))
		return;
	for (slot = first / SLOT; slot <= (first + chain->len - 1) / SLOT;
	     slot++)
		receives[slot] = has;
}

void guard_posted(const struct ring *ring, const struct chain *chain)
{
	const char *wrong = chain_wrong(ring, chain);

	for (unsigned int i = 0; i < chain->count && !wrong; i++)
		wrong = piece_wrong(ring, &chain->desc[i]);
	if (wrong)
		guard_complain("ring %d: head %u at %#llx, %u bytes: %s",
			       ring->index, chain->id,
			       (unsigned long long)chain->desc[0].addr,
			       chain->len, wrong);
	mark(ring, chain, true);
}

void guard_given_back(const struct ring *ring, const struct chain *chain)
{
	mark(ring, chain, false);
}

/* ---- Pages that are kept ------------------------------------------------- */

static uint64_t sum_of(uint64_t gpa)
{
	const uint64_t *word = memory_at(gpa, PAGE);
	uint64_t sum = 0;

	for (unsigned int i = 0; word && i < PAGE / sizeof(*word); i++)
		sum = (sum ^ word[i]) * 0x9e3779b97f4a7c15 + (sum >> 32);
	return sum;
}

void guard_keep(uint64_t gpa, uint64_t len)
{
	uint64_t at;

	for (at = gpa & -PAGE; at < gpa + len && at < end; at += PAGE) {
		if (is_kept[at / PAGE])
			continue;
		kept = realloc(kept, (nr_kept + 1) * sizeof(*kept));
		if (!kept)
			err(1, "the guard's pages");
		kept[nr_kept++] = (struct kept){ at, sum_of(at), false };
		is_kept[at / PAGE] = true;
	}
}

unsigned long guard_find_canaries(void)
{
	unsigned long found = 0;
	uint64_t gpa, size, at;

	for (unsigned int n = 0; memory_nth(n, &gpa, &size); n++) {
		for (at = gpa; at < gpa + size; at += PAGE) {
			const void *page = memory_at(at, PAGE);

			if (!page || memcmp(page, CANARY, sizeof(CANARY)))
				continue;
			guard_keep(at, PAGE);
			found++;
		}
	}
	return found;
}

static bool changed(struct kept *k)
{
	if (sum_of(k->gpa) == k->sum)
		return false;
	if (!k->told)
		guard_complain("the page at %#llx has changed",
			       (unsigned long long)k->gpa);
	k->told = true;
	return true;
}

unsigned long guard_verify(void)
{
	unsigned long found = 0, n;

	for (n = 0; n < nr_kept; n++)
		found += changed(&kept[n]);
	return found;
}

void guard_verify_one(unsigned long random)
{
	if (nr_kept)
		changed(&kept[random % nr_kept]);
}

/* ---- Poison -------------------------------------------------------------- */

void guard_poison(void *at, size_t len)
{
	char *to = at;

	for (; len >= sizeof(poison); len -= sizeof(poison)) {
		memcpy(to, poison, sizeof(poison));
		to += sizeof(poison);
	}
	memcpy(to, poison, len);
}

void guard_sent(const uint8_t *frame, size_t len)
{
	if (memmem(frame, len, poison, sizeof(poison)))
		guard_complain("a frame of %zu bytes has what was never "
			       "received",
			       len);
}
