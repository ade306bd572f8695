/* SPDX-License-Identifier: MIT */
/* unit: drivers/acpi/vmgenid.c kernel/x86/aml.c */
/*
 * Where the generation id is found, in tables as QEMU and Firecracker make
 * them, and in damaged ones.
 */
#include "drivers/acpi/vmgenid.h"

#include <errno.h>
#include <string.h>

#include "drivers/acpi/acpi_ged.h"
#include "drivers/acpi/acpi_pm.h"
#include "kernel/mm/vmap.h"
#include "kernel/random.h"
#include "kernel/x86/acpi.h"
#include "lib/tap.h"

static struct aml terms;
static uint64_t mapped, id[2];
static const volatile uint64_t *watched;
static unsigned int looks;
static int pm_error, ged_error;
static void (*notify)(void);

void acpi_for_each_device(const char *name,
			  void (*fn)(struct aml device, void *ctx), void *ctx)
{
	aml_for_each_device(terms, name, fn, ctx);
}

bool acpi_find_name(const char name[4], struct aml *object)
{
	return aml_find_name(terms, name, object);
}

void *ioremap(uint64_t phys, size_t size)
{
	mapped = phys;
	return id;
}

void random_watch_generation(const volatile uint64_t where[2])
{
	watched = where;
}

uint32_t random_epoch(void)
{
	looks++;
	return 1;
}

int acpi_pm_event_start(unsigned int gpe, void (*event)(void))
{
	notify = gpe == 5 ? event : NULL;
	return pm_error;
}

int acpi_ged_event_start(void (*event)(void))
{
	notify = event;
	return ged_error;
}

static bool finds(const char *aml, size_t len)
{
	terms = (struct aml){ (const uint8_t *)aml,
			      (const uint8_t *)aml + len };
	mapped = 0;
	watched = NULL;
	notify = NULL;
	vmgenid_init();
	return watched == id;
}

#define FINDS(aml) finds(aml, sizeof(aml) - 1)

/* Device (VGEN) with its ids, and n bytes behind them. */
#define VGEN(length, more)                                                 \
	"\x5b\x82" length "VGEN\x08_HID\x0dQEMUVGID\0\x08_CID\x0dVM_Gen_C" \
	"ounter\0" more

/* Method (ADDR) { Return (Zero) }; Name (ADDR, Package () {...}) */
#define METHOD     \
	"\x14\x08" \
	"ADDR\0\xa4\0"
#define PACKAGE \
	"\x08"  \
	"ADDR\x12\x0c\2\x0e\x08\x10\0\0\1\0\0\0\0"
#define HALVES \
	"\x08" \
	"ADDR\x12\x0c\2\x0c\x08\x10\0\0\x0c\2\0\0\0"

int main(void)
{
	ok(FINDS("\x08VGIA\x0c\0\xf0\xff\3" VGEN("\x32", METHOD)),
	   "QEMU: what its linker wrote");
	is(mapped, 0x3fff028, "QEMU: and the offset");
	ok(notify, "QEMU: it has an event");
	if (notify)
		notify();
	is(looks, 1, "QEMU: which is a look at the id");
	ok(!FINDS("\x08VGIA\x0c\0\0\0\0" VGEN("\x32", METHOD)) && !mapped,
	   "QEMU: nothing was written");
	ok(!FINDS(VGEN("\x32", METHOD)), "a method alone says nothing");

	ok(FINDS(VGEN("\x3b", PACKAGE)), "Firecracker: a package");
	is(mapped, 0x100001008, "Firecracker: whose first half has it all");
	ok(FINDS(VGEN("\x3b", HALVES)), "two halves");
	is(mapped, 0x200001008, "are one address");
	ok(!FINDS(VGEN("\x3b", "\x08"
			       "ADDR\x12\x0c\2\x0e\x09\x10\0\0\1\0\0\0"
			       "\0")),
	   "an address out of line is none");
	ok(!FINDS("\x08VGIA\x0c\0\xf0\xff\3"), "no device, no id");
	pm_error = -ENODEV;
	ok(FINDS("\x08VGIA\x0c\0\xf0\xff\3" VGEN("\x32", METHOD)) && notify,
	   "without such events an event device is asked");
	ged_error = -ENODEV;
	ok(FINDS("\x08VGIA\x0c\0\xf0\xff\3" VGEN("\x32", METHOD)),
	   "without any the id is looked at all the same");
	return done_testing();
}
