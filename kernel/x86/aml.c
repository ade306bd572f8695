/* SPDX-License-Identifier: MIT */
/*
 * ACPI machine language, its structure only. A list is read term by term. A
 * term with a length (20.2.4) is entered or skipped by it; the few kinds
 * without one are known. An expression that is not a constant cannot be
 * skipped: the terms after it in the same list are not seen.
 */
#include "kernel/x86/aml.h"

#include <string.h>

#define DEPTH_MAX 16 /* devices inside of scopes inside of ... */

/* 20.2.5, 20.2.3: opcodes, the two-byte ones with their prefix. */
#define EXT 0x5b00
enum {
	AML_ZERO = 0x00,
	AML_ONE = 0x01,
	AML_ALIAS = 0x06,
	AML_NAME = 0x08,
	AML_BYTE = 0x0a,
	AML_WORD = 0x0b,
	AML_DWORD = 0x0c,
	AML_STRING = 0x0d,
	AML_QWORD = 0x0e,
	AML_SCOPE = 0x10,
	AML_BUFFER = 0x11,
	AML_PACKAGE = 0x12,
	AML_VAR_PACKAGE = 0x13,
	AML_METHOD = 0x14,
	AML_EXTERNAL = 0x15,
	AML_CREATE_DWORD_FIELD = 0x8a,
	AML_CREATE_WORD_FIELD = 0x8b,
	AML_CREATE_BYTE_FIELD = 0x8c,
	AML_CREATE_BIT_FIELD = 0x8d,
	AML_CREATE_QWORD_FIELD = 0x8f,
	AML_IF = 0xa0,
	AML_ELSE = 0xa1,
	AML_WHILE = 0xa2,
	AML_NOOP = 0xa3,
	AML_ONES = 0xff,
	AML_MUTEX = EXT | 0x01,
	AML_EVENT = EXT | 0x02,
	AML_CREATE_FIELD = EXT | 0x13,
	AML_REVISION = EXT | 0x30,
	AML_REGION = EXT | 0x80,
	AML_FIELD = EXT | 0x81,
	AML_DEVICE = EXT | 0x82,
	AML_PROCESSOR = EXT | 0x83,
	AML_POWER_RESOURCE = EXT | 0x84,
	AML_THERMAL_ZONE = EXT | 0x85,
	AML_INDEX_FIELD = EXT | 0x86,
	AML_BANK_FIELD = EXT | 0x87,
	AML_DATA_REGION = EXT | 0x88,
};
#define EXT_PREFIX 0x5b

/* 20.2.2 */
#define NAME_NULL 0x00
#define NAME_DUAL '.'
#define NAME_MULTI '/'
#define NAME_ROOT '\\'
#define NAME_PARENT '^'
#define SEGMENT 4

/*
 * The parts of each kind of term: n name, o object, b byte; p: a length that
 * covers the rest of the term, the parts after it included.
 */
static const struct kind {
	uint16_t op;
	const char *parts;
} kinds[] = {
	{ AML_ALIAS, "nn" },
	{ AML_NAME, "no" },
	{ AML_SCOPE, "pn" },
	{ AML_METHOD, "pn" },
	{ AML_EXTERNAL, "nbb" },
	{ AML_CREATE_DWORD_FIELD, "oon" },
	{ AML_CREATE_WORD_FIELD, "oon" },
	{ AML_CREATE_BYTE_FIELD, "oon" },
	{ AML_CREATE_BIT_FIELD, "oon" },
	{ AML_CREATE_QWORD_FIELD, "oon" },
	{ AML_IF, "p" },
	{ AML_ELSE, "p" },
	{ AML_WHILE, "p" },
	{ AML_NOOP, "" },
	{ AML_MUTEX, "nb" },
	{ AML_EVENT, "n" },
	{ AML_CREATE_FIELD, "ooon" },
	{ AML_REGION, "nboo" },
	{ AML_FIELD, "p" },
	{ AML_DEVICE, "pn" },
	{ AML_PROCESSOR, "pnbbbbbb" },
	{ AML_POWER_RESOURCE, "pnbbb" },
	{ AML_THERMAL_ZONE, "pn" },
	{ AML_INDEX_FIELD, "p" },
	{ AML_BANK_FIELD, "p" },
	{ AML_DATA_REGION, "nooo" },
};

/* A term of a list. body: from the end of its parts to its own end. */
struct term {
	uint16_t op;
	const uint8_t *name; /* of four letters; NULL: no name, or a path */
	bool is_root; /* the name is the root's */
	const uint8_t *parts[2]; /* the first bytes of its objects and bytes */
	struct aml body;
};

static size_t left(const struct aml *at)
{
	return at->end - at->start;
}

/* Advances by n bytes; false and not moved when there are fewer. */
static bool skip(struct aml *at, size_t n)
{
	if (left(at) < n)
		return false;
	at->start += n;
	return true;
}

static uint64_t read_le(const uint8_t *p, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, p, size);
	return value;
}

/* A length (20.2.4): *package gets the bytes it covers, at moves past them. */
static bool take_package(struct aml *at, struct aml *package)
{
	unsigned int more;
	size_t len;

	if (!left(at))
		return false;
	more = *at->start >> 6;
	if (left(at) < 1 + more)
		return false;
	len = *at->start & (more ? 0x0f : 0x3f);
	for (unsigned int i = 0; i < more; i++)
		len |= (size_t)at->start[1 + i] << (4 + 8 * i);
	if (len < 1 + more || len > left(at))
		return false;
	package->start = at->start + 1 + more;
	package->end = at->start + len;
	at->start += len;
	return true;
}

static bool is_lead(uint8_t c)
{
	return c == '_' || (c >= 'A' && c <= 'Z');
}

static bool is_segment(const uint8_t *p)
{
	for (unsigned int i = 0; i < SEGMENT; i++)
		if (!is_lead(p[i]) && !(i && p[i] >= '0' && p[i] <= '9'))
			return false;
	return true;
}

/* Skips the segment count of a name and returns it; -1: no name. */
static int segment_count(struct aml *at)
{
	uint8_t lead;

	if (!left(at))
		return -1;
	lead = *at->start;
	if (is_lead(lead))
		return 1;
	at->start++;
	if (lead == NAME_NULL)
		return 0;
	if (lead == NAME_DUAL)
		return 2;
	return lead == NAME_MULTI && left(at) ? *at->start++ : -1;
}

/* A name (20.2.2), which the term gets if it is of one segment. */
static bool take_name(struct aml *at, struct term *term)
{
	const uint8_t *start = at->start;
	int count;

	if (left(at) && *at->start == NAME_ROOT)
		at->start++;
	else
		while (left(at) && *at->start == NAME_PARENT)
			at->start++;
	term->is_root = at->start > start && *start == NAME_ROOT;
	count = segment_count(at);
	term->is_root &= !count;
	term->name = count == 1 && *start != NAME_PARENT ? at->start : NULL;
	for (; count > 0; count--, at->start += SEGMENT)
		if (left(at) < SEGMENT || !is_segment(at->start))
			return false;
	return !count;
}

static bool take_string(struct aml *at)
{
	const uint8_t *zero = memchr(at->start, 0, left(at));

	if (!zero)
		return false;
	at->start = zero + 1;
	return true;
}

/* Bytes of a constant after its opcode; -1: not a constant. */
static int constant_size(uint8_t op)
{
	switch (op) {
	case AML_ZERO:
	case AML_ONE:
	case AML_ONES:
		return 0;
	case AML_BYTE:
		return 1;
	case AML_WORD:
		return 2;
	case AML_DWORD:
		return 4;
	case AML_QWORD:
		return 8;
	}
	return -1;
}

/* An object that needs no execution (20.2.3), or a reference to one. */
static bool take_object(struct aml *at)
{
	struct term ignored;
	struct aml package;
	int size;

	if (!left(at))
		return false;
	size = constant_size(*at->start);
	if (size >= 0)
		return skip(at, 1 + size);
	switch (*at->start) {
	case AML_STRING:
		return skip(at, 1) && take_string(at);
	case AML_BUFFER:
	case AML_PACKAGE:
	case AML_VAR_PACKAGE:
		return skip(at, 1) && take_package(at, &package);
	case EXT_PREFIX:
		return left(at) >= 2 && at->start[1] == (AML_REVISION & 0xff) &&
		       skip(at, 2);
	}
	return take_name(at, &ignored);
}

static const struct kind *find_kind(uint16_t op)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].op == op)
			return &kinds[i];
	return NULL;
}

static bool take_op(struct aml *at, uint16_t *op)
{
	if (!left(at))
		return false;
	*op = *at->start++;
	if (*op != EXT_PREFIX)
		return true;
	if (!left(at))
		return false;
	*op = EXT | *at->start++;
	return true;
}

/* One part of a term that lies in at. */
static bool take_part(struct aml *at, char part, struct term *term,
		      unsigned int *nr)
{
	if (part == 'n')
		return take_name(at, term);
	if (*nr < ARRAY_SIZE(term->parts))
		term->parts[(*nr)++] = at->start;
	return part == 'b' ? skip(at, 1) : take_object(at);
}

/* The next term of a list. False: the end, or something unknown. */
static bool next_term(struct aml *list, struct term *term)
{
	const struct kind *kind;
	const char *part;
	struct aml *at = list;
	unsigned int nr = 0;

	memset(term, 0, sizeof(*term));
	if (!take_op(list, &term->op))
		return false;
	kind = find_kind(term->op);
	if (!kind)
		return false;
	part = kind->parts;
	if (*part == 'p') {
		if (!take_package(list, &term->body))
			return false;
		at = &term->body;
		part++;
	}
	for (; *part; part++)
		if (!take_part(at, *part, term, &nr))
			return false;
	return true;
}

static bool has_terms(uint16_t op)
{
	return op == AML_SCOPE || op == AML_DEVICE || op == AML_PROCESSOR ||
	       op == AML_POWER_RESOURCE || op == AML_THERMAL_ZONE;
}

/*
 * The first term of this kind and name among terms. The contents of a Scope of
 * the root count as the root's.
 */
static bool find_term(struct aml terms, uint16_t op, const char name[4],
		      struct term *term, unsigned int depth)
{
	while (next_term(&terms, term)) {
		if (term->op == op && term->name &&
		    !memcmp(term->name, name, SEGMENT))
			return true;
		if (term->op == AML_SCOPE && term->is_root && depth &&
		    find_term(term->body, op, name, term, depth - 1))
			return true;
	}
	return false;
}

bool aml_find_name(struct aml terms, const char name[4], struct aml *object)
{
	struct term term;

	if (!find_term(terms, AML_NAME, name, &term, DEPTH_MAX))
		return false;
	object->start = term.parts[0];
	object->end = terms.end;
	return true;
}

bool aml_find_region(struct aml terms, const char name[4],
		     struct aml_region *region)
{
	struct term term;
	struct aml object = { .end = terms.end };

	if (!find_term(terms, AML_REGION, name, &term, DEPTH_MAX))
		return false;
	region->space = *term.parts[0];
	object.start = term.parts[1];
	if (!aml_integer(object, &region->offset) || !take_object(&object))
		return false;
	return aml_integer(object, &region->length);
}

bool aml_integer(struct aml object, uint64_t *value)
{
	int size;

	if (!left(&object))
		return false;
	size = constant_size(*object.start);
	if (size < 0 || left(&object) < 1 + (size_t)size)
		return false;
	if (size)
		*value = read_le(object.start + 1, size);
	else if (*object.start == AML_ONES)
		*value = UINT64_MAX;
	else
		*value = *object.start;
	return true;
}

bool aml_element(struct aml object, unsigned int i, struct aml *element)
{
	struct aml list;

	/* A VarPackage's count is an object, a Package's a byte. */
	if (!left(&object) || *object.start++ != AML_PACKAGE ||
	    !take_package(&object, &list) || !left(&list) || *list.start++ <= i)
		return false;
	while (i--)
		if (!take_object(&list))
			return false;
	*element = list;
	return left(&list) && take_object(&list);
}

bool aml_buffer(struct aml object, struct aml *bytes)
{
	uint64_t size;
	struct aml content;

	if (!left(&object) || *object.start++ != AML_BUFFER ||
	    !take_package(&object, &content) || !aml_integer(content, &size))
		return false;
	take_object(&content);
	if (size < left(&content))
		content.end = content.start + size;
	*bytes = content;
	return true;
}

/* ---- Devices ------------------------------------------------------------- */

/* "PNP0501" as the number of EISAID() (19.6.36); 0: not of that form. */
static uint32_t eisa_id(const char *hid)
{
	uint8_t id[4] = { 0 };

	if (strlen(hid) != 7)
		return 0;
	id[0] = (hid[0] & 0x1f) << 2 | (hid[1] & 0x1f) >> 3;
	id[1] = (hid[1] & 0x1f) << 5 | (hid[2] & 0x1f);
	for (unsigned int i = 0; i < 4; i++) {
		uint8_t c = hid[3 + i];
		uint8_t digit = c <= '9' ? c - '0' : (c & 0x0f) + 9;

		id[2 + i / 2] |= i % 2 ? digit : digit << 4;
	}
	return (uint32_t)read_le(id, sizeof(id));
}

static bool is_id(struct aml object, const char *id)
{
	struct aml end = object;
	uint64_t number;
	size_t len = strlen(id) + 1;

	if (aml_integer(object, &number))
		return number && number == eisa_id(id);
	return *object.start == AML_STRING && take_object(&end) &&
	       (size_t)(end.start - object.start) == 1 + len &&
	       !memcmp(object.start + 1, id, len);
}

/* 6.1.2, 6.1.5: its own id, or a compatible one. */
static bool has_id(struct aml device, const char *id)
{
	struct aml object, element;

	if (aml_find_name(device, "_HID", &object) && is_id(object, id))
		return true;
	if (!aml_find_name(device, "_CID", &object))
		return false;
	for (unsigned int i = 0; aml_element(object, i, &element); i++)
		if (is_id(element, id))
			return true;
	return is_id(object, id);
}

/* 6.3.7: neither present nor working; a method is not evaluated. */
static bool is_absent(struct aml device)
{
	struct aml object;
	uint64_t status;

	return aml_find_name(device, "_STA", &object) &&
	       aml_integer(object, &status) && !(status & (BIT(0) | BIT(3)));
}

struct walk {
	const char *id;
	void (*fn)(struct aml device, void *ctx);
	void *ctx;
};

static void walk_devices(struct aml terms, const struct walk *walk,
			 unsigned int depth)
{
	struct term term;

	while (next_term(&terms, &term)) {
		if (!has_terms(term.op))
			continue;
		if (term.op == AML_DEVICE && has_id(term.body, walk->id) &&
		    !is_absent(term.body))
			walk->fn(term.body, walk->ctx);
		if (depth)
			walk_devices(term.body, walk, depth - 1);
	}
}

void aml_for_each_device(struct aml terms, const char *id,
			 void (*fn)(struct aml device, void *ctx), void *ctx)
{
	struct walk walk = { id, fn, ctx };

	walk_devices(terms, &walk, DEPTH_MAX);
}
