/* SPDX-License-Identifier: MIT */
/*
 * Reads ACPI machine language (ACPI 6.5 chapter 20) without executing any:
 * the devices, and what they declare by Name and OperationRegion. Objects that
 * methods would make are not seen. Damaged code is read as far as it makes
 * sense, and never beyond its end. No state; any context.
 */
#ifndef KERNEL_X86_AML_H
#define KERNEL_X86_AML_H

#include "kernel/base.h"

/*
 * Bytes of a table: a list of terms (what a table or a device declares), or
 * one object (what follows the name in a Name).
 */
struct aml {
	const uint8_t *start, *end;
};

struct aml_region {
	uint8_t space; /* AML_SPACE_*, others as in ACPI 6.5 5.5.2.4 */
	uint64_t offset, length;
};

#define AML_SPACE_MEMORY 0
#define AML_SPACE_IO 1

enum aml_resource_type {
	AML_RESOURCE_MEMORY, /* base, length */
	AML_RESOURCE_IO, /* base, length */
	AML_RESOURCE_IRQ, /* base: the interrupt, active_low, level */
};

struct aml_resource {
	enum aml_resource_type type;
	uint64_t base, length;
	bool active_low, level;
};

/* A walk over a resource template; made by aml_resources(). */
struct aml_resources {
	struct aml rest;
	unsigned int taken; /* interrupts of the descriptor at rest.start */
};

/*
 * Calls fn with the terms of each device in terms, nested ones included, whose
 * _HID or one of whose _CID is id: "ACPI0013", or "PNP0501", which the table may
 * have as a number. Devices that a constant _STA declares absent are skipped.
 */
void aml_for_each_device(struct aml terms, const char *id,
			 void (*fn)(struct aml device, void *ctx), void *ctx);

/*
 * The object of Name (name, object) among the terms themselves, not inside a
 * device; in a table's terms, those of its root. Names have four letters,
 * padded with '_': "_S5_". False: there is none.
 */
bool aml_find_name(struct aml terms, const char name[4], struct aml *object);
/* The same for OperationRegion, if its place is a constant. */
bool aml_find_region(struct aml terms, const char name[4],
		     struct aml_region *region);

/* The object as an integer; false: it is something else. */
bool aml_integer(struct aml object, uint64_t *value);
/* An element of a package, from 0 on. False: no package, or a shorter one. */
bool aml_element(struct aml object, unsigned int i, struct aml *element);

/* The bytes of a buffer. */
bool aml_buffer(struct aml object, struct aml *bytes);

/* The resources of a device's _CRS; none if that is a method or damaged. */
struct aml_resources aml_resources(struct aml device);
/* The next one of a known kind; others are skipped. False: the end. */
bool aml_next_resource(struct aml_resources *it, struct aml_resource *resource);

#endif
