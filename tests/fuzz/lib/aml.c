/* SPDX-License-Identifier: MIT */
/*
 * An assembler of AML: an operation of the input is a term, or the end of the
 * one that is open.
 */
#include "fuzz/lib/aml.h"

#include <string.h>

#include "kernel/base.h"

#define DEPTH 24
#define LARGEST 80 /* bytes of an operation */

struct code {
	uint8_t *to;
	size_t len, max;
	size_t open_at[DEPTH]; /* where the open packages' lengths belong */
	unsigned int nr_open;
};

static void put(struct code *c, const void *bytes, size_t n)
{
	memcpy(c->to + c->len, bytes, n);
	c->len += n;
}

static void put8(struct code *c, uint8_t byte)
{
	put(c, &byte, 1);
}

static void put_taken(struct code *c, struct input *in, size_t n)
{
	memset(c->to + c->len, 0, n);
	take_bytes(in, c->to + c->len, n);
	c->len += n;
}

static void put_name(struct code *c, struct input *in)
{
	static const char *const names[] = { "_HID", "_CID", "_CRS", "_STA",
					     "_S5_", "ADDR", "VGIA", "EREG",
					     "DEV0", "\\",   "^DEV", "_SB_" };
	unsigned int n = take8(in);

	if (n == 0xff)
		put(c, ".DEV0DEV1", 9);
	else if (n == 0xfe)
		put(c, "/\3DEV0DEV1DEV2", 14);
	else if (n == 0xfd)
		put8(c, 0);
	else
		put(c, names[n % ARRAY_SIZE(names)],
		    strlen(names[n % ARRAY_SIZE(names)]));
	if (n % ARRAY_SIZE(names) == 9 && n < 0xfd)
		put8(c, 0);
}

/* A length of two bytes, filled in when the package is closed. */
static void open_package(struct code *c)
{
	if (c->nr_open == DEPTH)
		c->nr_open--;
	c->open_at[c->nr_open++] = c->len;
	put(c, "\x40", 2);
}

static void close_package(struct code *c, int error)
{
	size_t at, n;

	if (!c->nr_open)
		return;
	at = c->open_at[--c->nr_open];
	n = c->len - at + error;
	c->to[at] = 0x40 | (n & 0x0f);
	c->to[at + 1] = n >> 4;
}

static void put_integer(struct code *c, struct input *in)
{
	switch (take_below(in, 6)) {
	case 0:
		put8(c, 0x0a);
		put_taken(c, in, 1);
		break;
	case 1:
		put8(c, 0x0b);
		put_taken(c, in, 2);
		break;
	case 2:
		put8(c, 0x0c);
		put_taken(c, in, 4);
		break;
	case 3:
		put8(c, 0x0e);
		put_taken(c, in, 8);
		break;
	case 4:
		put8(c, 1);
		break;
	default:
		put8(c, take8(in) & 1 ? 0xff : 0);
	}
}

static void put_string(struct code *c, struct input *in)
{
	static const char *const ids[] = { "ACPI0013", "LNRO0005",
					   "VM_Gen_Counter", "QEMUVGID",
					   "PNP0501" };
	const char *id = ids[take_below(in, ARRAY_SIZE(ids))];

	put8(c, 0x0d);
	put(c, id, strlen(id) + 1);
}

/* A resource template's descriptor (ACPI 6.5, 6.4). */
static void put_resource(struct code *c, struct input *in)
{
	static const uint8_t heads[][4] = {
		{ 0x86, 9, 0, 12 },  { 0x89, 6, 0, 9 },	  { 0x89, 10, 0, 13 },
		{ 0x47, 1, 0, 8 },   { 0x4b, 0, 0, 4 },	  { 0x22, 0, 0, 3 },
		{ 0x23, 0, 0, 4 },   { 0x87, 23, 0, 26 }, { 0x8a, 43, 0, 46 },
		{ 0x88, 13, 0, 16 }, { 0x85, 17, 0, 20 }, { 0x79, 0, 0, 2 },
		{ 0x8b, 53, 0, 56 },
	};
	const uint8_t *head = heads[take_below(in, ARRAY_SIZE(heads))];
	unsigned int n = head[0] & 0x80 ? 3 : 1;

	put(c, head, n);
	put_taken(c, in, head[3] - n);
}

static void put_object(struct code *c, struct input *in)
{
	switch (take_below(in, 6)) {
	case 0:
		put_string(c, in);
		break;
	case 1:
		put8(c, 0x11); /* Buffer */
		open_package(c);
		put_integer(c, in);
		break;
	case 2:
		put8(c, 0x12); /* Package */
		open_package(c);
		put_taken(c, in, 1);
		break;
	case 3:
		put_name(c, in);
		break;
	default:
		put_integer(c, in);
	}
}

/* What has a length, and a name. */
static void put_scope(struct code *c, struct input *in)
{
	static const char *const ops[] = { "\x5b\x82", "\x10",	   "\x5b\x83",
					   "\x5b\x84", "\x5b\x85", "\x14",
					   "\xa0",     "\x5b\x81" };
	const char *op = ops[take_below(in, ARRAY_SIZE(ops))];

	put(c, op, strlen(op));
	open_package(c);
	put_name(c, in);
}

static void put_region(struct code *c, struct input *in)
{
	put(c, "\x5b\x80", 2);
	put_name(c, in);
	put8(c, take_below(in, 3));
	put_integer(c, in);
	put_integer(c, in);
}

static void operation(struct code *c, struct input *in)
{
	switch (take_below(in, 12)) {
	case 0 ... 1:
		put_scope(c, in);
		break;
	case 2 ... 4:
		put8(c, 0x08); /* Name */
		put_name(c, in);
		put_object(c, in);
		break;
	case 5:
		put_object(c, in);
		break;
	case 6 ... 7:
		put_resource(c, in);
		break;
	case 8:
		put_region(c, in);
		break;
	case 9:
		put_taken(c, in, take_below(in, 16));
		break;
	default:
		close_package(c, take_below(in, 16) ? 0 : take_near(in));
	}
}

size_t take_terms(struct input *in, uint8_t *code, size_t max)
{
	struct code c = { .to = code, .max = max };

	while (in->left && c.len + LARGEST <= max)
		operation(&c, in);
	while (c.nr_open)
		close_package(&c, 0);
	return c.len;
}
