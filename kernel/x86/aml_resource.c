/* SPDX-License-Identifier: MIT */
/*
 * Resource templates (ACPI 6.5 6.4): one descriptor for each resource of a
 * device. Portable, no state.
 */
#include <string.h>

#include "kernel/x86/aml.h"

/* Tags of small descriptors without their length, and of large ones. */
enum {
	SMALL_IRQ = 0x20,
	SMALL_IO = 0x40,
	SMALL_FIXED_IO = 0x48,
	SMALL_END = 0x78,
	LARGE_MEMORY24 = 0x81,
	LARGE_MEMORY32 = 0x85,
	LARGE_MEMORY32_FIXED = 0x86,
	LARGE_DWORD = 0x87,
	LARGE_WORD = 0x88,
	LARGE_IRQ = 0x89,
	LARGE_QWORD = 0x8a,
	LARGE_EXTENDED = 0x8b,
};
#define LARGE 0x80
#define SMALL_LENGTH 0x07

/* 6.4.2.1, 6.4.3.6: an edge or a level, and at which. */
#define SMALL_IRQ_EDGE BIT(0)
#define SMALL_IRQ_LOW BIT(3)
#define LARGE_IRQ_EDGE BIT(1)
#define LARGE_IRQ_LOW BIT(2)

/* 6.4.3.5: address spaces' types. */
#define SPACE_MEMORY 0
#define SPACE_IO 1

struct descriptor {
	uint8_t tag;
	const uint8_t *data;
	size_t len;
};

static uint64_t field(const struct descriptor *d, size_t at, size_t size)
{
	uint64_t value = 0;

	if (at + size <= d->len)
		memcpy(&value, d->data + at, size);
	return value;
}

/* The descriptor at rest; rest moves past it. False: the end. */
static bool take_descriptor(struct aml *rest, struct descriptor *d)
{
	size_t room = rest->end - rest->start, head;

	if (!room)
		return false;
	d->tag = *rest->start;
	if (d->tag & LARGE) {
		if (room < 3)
			return false;
		head = 3;
		d->len = rest->start[1] | rest->start[2] << 8;
	} else {
		head = 1;
		d->len = d->tag & SMALL_LENGTH;
		d->tag &= ~SMALL_LENGTH;
	}
	if (d->tag == SMALL_END || d->len > room - head)
		return false;
	d->data = rest->start + head;
	rest->start += head + d->len;
	return true;
}

static bool range(struct aml_resource *r, enum aml_resource_type type,
		  uint64_t base, uint64_t length)
{
	*r = (struct aml_resource){ .type = type,
				    .base = base,
				    .length = length };
	return true;
}

/* 6.4.3.5: granularity, least, most, translation, length, of equal width. */
static bool address_space(const struct descriptor *d, size_t at, size_t width,
			  struct aml_resource *r)
{
	uint64_t base = field(d, at + width, width) +
			field(d, at + 3 * width, width);
	uint64_t length = field(d, at + 4 * width, width);

	if (d->len < at + 5 * width || d->data[0] > SPACE_IO)
		return false;
	return range(r,
		     d->data[0] == SPACE_IO ? AML_RESOURCE_IO :
					      AML_RESOURCE_MEMORY,
		     base, length);
}

/* The nth interrupt of the descriptor; false: it has no more. */
static bool interrupt(const struct descriptor *d, unsigned int nth,
		      struct aml_resource *r)
{
	uint64_t flags = field(d, 0, 1);

	if (d->len < 2 || nth >= d->data[1] ||
	    d->len < 2 + 4 * ((size_t)nth + 1))
		return false;
	*r = (struct aml_resource){
		.type = AML_RESOURCE_IRQ,
		.base = field(d, 2 + 4 * nth, 4),
		.active_low = flags & LARGE_IRQ_LOW,
		.level = !(flags & LARGE_IRQ_EDGE),
	};
	return true;
}

/* The nth of an ISA line's mask. Without flags: an edge, active high. */
static bool isa_interrupt(const struct descriptor *d, unsigned int nth,
			  struct aml_resource *r)
{
	uint64_t mask = field(d, 0, 2);
	uint64_t flags = d->len > 2 ? field(d, 2, 1) : SMALL_IRQ_EDGE;

	while (mask && nth--)
		mask &= mask - 1;
	if (!mask)
		return false;
	*r = (struct aml_resource){
		.type = AML_RESOURCE_IRQ,
		.base = __builtin_ctzll(mask),
		.active_low = flags & SMALL_IRQ_LOW,
		.level = !(flags & SMALL_IRQ_EDGE),
	};
	return true;
}

/* Decodes a descriptor of one range. False: of another kind. */
static bool decode(const struct descriptor *d, struct aml_resource *r)
{
	switch (d->tag) {
	case SMALL_IO:
		return range(r, AML_RESOURCE_IO, field(d, 1, 2),
			     field(d, 6, 1));
	case SMALL_FIXED_IO:
		return range(r, AML_RESOURCE_IO, field(d, 0, 2) & 0x3ff,
			     field(d, 2, 1));
	case LARGE_MEMORY24:
		return range(r, AML_RESOURCE_MEMORY, field(d, 1, 2) << 8,
			     field(d, 7, 2) << 8);
	case LARGE_MEMORY32:
		return range(r, AML_RESOURCE_MEMORY, field(d, 1, 4),
			     field(d, 13, 4));
	case LARGE_MEMORY32_FIXED:
		return range(r, AML_RESOURCE_MEMORY, field(d, 1, 4),
			     field(d, 5, 4));
	case LARGE_WORD:
		return address_space(d, 3, 2, r);
	case LARGE_DWORD:
		return address_space(d, 3, 4, r);
	case LARGE_QWORD:
		return address_space(d, 3, 8, r);
	case LARGE_EXTENDED:
		return address_space(d, 5, 8, r);
	}
	return false;
}

/* The nth interrupt that a descriptor lists; false: no more, or no list. */
static bool nth_interrupt(const struct descriptor *d, unsigned int nth,
			  struct aml_resource *r)
{
	if (d->tag == SMALL_IRQ)
		return isa_interrupt(d, nth, r);
	return d->tag == LARGE_IRQ && interrupt(d, nth, r);
}

bool aml_next_resource(struct aml_resources *it, struct aml_resource *resource)
{
	struct descriptor d;
	struct aml next = it->rest;

	while (take_descriptor(&next, &d)) {
		if (nth_interrupt(&d, it->taken, resource)) {
			it->taken++;
			return true;
		}
		it->taken = 0;
		it->rest = next;
		if (decode(&d, resource))
			return true;
	}
	return false;
}

struct aml_resources aml_resources(struct aml device)
{
	struct aml_resources it = { { NULL, NULL }, 0 };
	struct aml object;

	if (aml_find_name(device, "_CRS", &object))
		aml_buffer(object, &it.rest);
	return it;
}
