/* SPDX-License-Identifier: MIT */
/* fuzz: kernel/x86/aml.c kernel/x86/aml_resource.c tests/fuzz/lib/aml.c */
/*
 * The reader of AML: the input is an assembler's program, or the code itself.
 */
#include "kernel/x86/aml.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz/lib/aml.h"
#include "kernel/base.h"

#define CODE_MAX 4096

static const char *const names[] = { "_S5_", "_HID", "_CID", "_CRS",
				     "ADDR", "VGIA", "_STA", "DEV0" };
static struct aml whole;

static void inside(struct aml part, const char *what)
{
	must(part.start >= whole.start && part.start <= part.end &&
		     part.end <= whole.end,
	     what);
}

static void look_at_object(struct aml object)
{
	struct aml part;
	uint64_t value;

	inside(object, "aml: an object of the table");
	(void)aml_integer(object, &value);
	if (aml_buffer(object, &part))
		inside(part, "aml: a buffer of the table");
	for (unsigned int i = 0; aml_element(object, i, &part); i++) {
		inside(part, "aml: an element of the table");
		must(i < 256, "aml: no more elements than a byte counts");
	}
}

static void look_at_terms(struct aml terms)
{
	struct aml_region region;
	struct aml object;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (aml_find_name(terms, names[i], &object))
			look_at_object(object);
	(void)aml_find_region(terms, "EREG", &region);
}

static void look_at_device(struct aml device, void *ctx)
{
	struct aml_resources it = aml_resources(device);
	struct aml_resource resource;
	unsigned int nr = 0;

	inside(device, "aml: a device of the table");
	look_at_terms(device);
	while (aml_next_resource(&it, &resource))
		must(++nr <= CODE_MAX, "aml: resources end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const ids[] = { "ACPI0013", "LNRO0005", "PNP0501",
					   "VM_Gen_Counter" };
	struct input in = { data, size };
	uint8_t code[CODE_MAX], *table;
	size_t len;

	if (take8(&in) & 1)
		len = take_bytes(&in, code, sizeof(code));
	else
		len = take_terms(&in, code, sizeof(code));
	table = malloc(MAX(len, (size_t)1));
	memcpy(table, code, len);
	whole = (struct aml){ table, table + len };
	look_at_terms(whole);
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		aml_for_each_device(whole, ids[i], look_at_device, NULL);
	free(table);
	return 0;
}
