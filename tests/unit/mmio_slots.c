/* SPDX-License-Identifier: MIT */
/* unit: drivers/virtio/virtio_mmio_slots.c kernel/cmdline.c */
/* unit: kernel/x86/aml.c kernel/x86/aml_resource.c */
/*
 * Places of virtio devices as ACPI and the command line give them.
 */
#include <stdio.h>
#include <string.h>

#include "drivers/virtio/virtio_mmio.h"
#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "kernel/x86/acpi.h"
#include "kernel/x86/ioapic.h"
#include "lib/tap.h"

static char said[256];
static unsigned int warnings;
static struct mmio_slot got[128];
static unsigned int nr_got;

void printk(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > LOG_WARN)
		return;
	warnings++;
	va_start(ap, fmt);
	vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

/* A machine on which interrupt 5 comes in elsewhere. */
struct irq_line irq_legacy_line(unsigned int irq)
{
	return (struct irq_line){ .gsi = irq == 5 ? 21 : irq,
				  .level = irq == 5 };
}

/* ACPI's devices, each the terms of one. */
static const uint8_t whole[] = "\x08_CRS\x11\x19\x0a\x16"
			       "\x86\x09\0\1\0\x50\0\0\0\2\0\0"
			       "\x89\x06\0\1\1\x1e\0\0\0\x79";
static const uint8_t no_irq[] = "\x08_CRS\x11\x0f\x0a\x0c"
				"\x86\x09\0\1\0\x60\0\0\0\2\0\0";
static const uint8_t too_small[] = "\x08_CRS\x11\x18\x0a\x15"
				   "\x86\x09\0\1\0\x70\0\0\x10\0\0\0"
				   "\x89\x06\0\1\1\x1e\0\0\0";

void acpi_for_each_device(const char *hid,
			  void (*fn)(struct aml device, void *ctx), void *ctx)
{
	is_str(hid, "LNRO0005", "ACPI is asked for virtio over MMIO");
	fn((struct aml){ whole, whole + sizeof(whole) - 1 }, ctx);
	fn((struct aml){ no_irq, no_irq + sizeof(no_irq) - 1 }, ctx);
	fn((struct aml){ too_small, too_small + sizeof(too_small) - 1 }, ctx);
}

static void good(const char *text, uint64_t base, uint64_t size, uint32_t irq)
{
	struct mmio_slot slot;
	uint32_t number;

	ok(virtio_mmio_parse(text, &slot, &number), "%s", text);
	is(slot.base, base, "%s: the base", text);
	is(slot.size, size, "%s: the size", text);
	is(number, irq, "%s: the interrupt", text);
}

static void bad(const char *text)
{
	struct mmio_slot slot;
	uint32_t number;

	ok(!virtio_mmio_parse(text, &slot, &number), "not \"%s\"", text);
}

static void test_parse(void)
{
	good("512@0xfeb00e00:12", 0xfeb00e00, 512, 12);
	good("4K@0xd0000000:5", 0xd0000000, 4096, 5);
	good("0x200@4276092928:5:3", 0xfee00000, 512, 5);
	good("1k@0x1000:0", 0x1000, 1024, 0);
	good("1M@0x800000000:200", 0x800000000, 1 << 20, 200);
	good("1g@0xfffffc0000000:7", 0xfffffc0000000, 1 << 30, 7);
	bad("");
	bad("512");
	bad("512@");
	bad("512@0xfeb00e00");
	bad("512@0xfeb00e00:");
	bad("512@0xfeb00e00:five");
	bad("512@0xfeb00e00:5x");
	bad("512@0xfeb00e00:5:");
	bad("512@0xfeb00e00:5:1:2");
	bad("512@0xfeb00e00:0x5");
	bad("512@0xfeb00e00:4294967296");
	bad("-512@0xfeb00e00:5");
	bad("512@-1:5");
	bad("512 @0xfeb00e00:5");
	bad("@0xfeb00e00:5");
	bad("255@0xfeb00e00:5");
	bad("512@0:5");
	bad("512@0xfeb00e01:5");
	bad("512@0xfffffffffff00:5");
	bad("512@0x10000000000000:5");
	bad("18014398509481984K@0xfeb00e00:5");
	bad("99999999999999999999@0xfeb00e00:5");
}

static void take(const struct mmio_slot *slot)
{
	got[nr_got++] = *slot;
}

static void test_for_each(void)
{
	static char line[] = "virtio_mmio.device=512@0x1000:4 quiet "
			     "virtio_mmio.device=banana "
			     "virtio-mmio.device=4K@0x3000:5 "
			     "virtio_mmio.device=512@0x1000:6 "
			     "virtio_mmio.device=512@0x5000:6 -- "
			     "virtio_mmio.device=512@0x2000:7";

	cmdline_init(line);
	virtio_mmio_for_each(take);
	is(nr_got, 4, "each place once");
	ok(got[0].base == 0x5000 && got[0].size == 512, "ACPI's first");
	ok(got[0].line.gsi == 30 && got[0].line.level, "and its line");
	is(got[1].base, 0x1000, "the first of the command line");
	is(got[1].line.gsi, 4, "and its line");
	is(got[2].base, 0x3000, "the second");
	ok(got[2].line.gsi == 21 && got[2].line.level,
	   "whose line is where the firmware says");
	is(got[3].base, 0x2000, "and one that stands at the end");
	is(warnings, 3, "what is no device has one line in the log");
	is_str(said, "virtio_mmio.device=banana: not SIZE@BASE:IRQ[:ID]",
	       "which says what was wrong");
}

int main(void)
{
	test_parse();
	test_for_each();
	return done_testing();
}
