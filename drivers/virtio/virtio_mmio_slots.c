/* SPDX-License-Identifier: MIT */
/*
 * The places of virtio devices on a machine without PCI, from ACPI and, in
 * Linux's words, from the command line. A place named twice counts once.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/virtio/virtio_mmio.h"
#include "kernel/base.h"
#include "kernel/cmdline.h"
#include "kernel/printk.h"
#include "kernel/x86/acpi.h"
#include "kernel/x86/ioapic.h"

/* The id of virtio over MMIO, defined by QEMU. */
#define ACPI_HID "LNRO0005"

/* The registers up to the configuration, and the end of what can be mapped. */
#define SIZE_MIN 0x100
#define PHYS_MAX BIT(52)

#define SLOTS_MAX 64

static uint64_t seen[SLOTS_MAX]; /* bases passed to fn */
static unsigned int nr_seen;

/* Whether size and address are possible. */
static bool is_place(const struct mmio_slot *slot)
{
	return slot->size >= SIZE_MIN && slot->base && slot->base < PHYS_MAX &&
	       slot->size <= PHYS_MAX - slot->base &&
	       IS_ALIGNED(slot->base, sizeof(uint32_t));
}

/* Digits at *text, which moves past them; base as for strtoull(). */
static bool parse_number(const char **text, int base, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*value = strtoull(*text, &end, base);
	*text = end;
	return *value != UINT64_MAX;
}

/* A number that K, M or G may follow, as in Linux's memparse(). */
static bool parse_size(const char **text, uint64_t *size)
{
	unsigned int shift = 0;

	if (!parse_number(text, 0, size))
		return false;
	switch (**text | 0x20) {
	case 'g':
		shift += 10; /* fallthrough */
	case 'm':
		shift += 10; /* fallthrough */
	case 'k':
		shift += 10;
		++*text;
	}
	if (*size > UINT64_MAX >> shift)
		return false;
	*size <<= shift;
	return true;
}

bool virtio_mmio_parse(const char *text, struct mmio_slot *slot, uint32_t *irq)
{
	uint64_t number, id;

	if (!parse_size(&text, &slot->size) || *text++ != '@' ||
	    !parse_number(&text, 0, &slot->base) || *text++ != ':' ||
	    !parse_number(&text, 10, &number))
		return false;
	if (*text == ':' && (text++, !parse_number(&text, 10, &id)))
		return false;
	*irq = (uint32_t)number;
	return !*text && number <= UINT32_MAX && is_place(slot);
}

static bool is_new(uint64_t base)
{
	for (unsigned int i = 0; i < nr_seen; i++)
		if (seen[i] == base)
			return false;
	if (nr_seen == SLOTS_MAX)
		return false;
	seen[nr_seen++] = base;
	return true;
}

typedef void (*slot_fn)(const struct mmio_slot *slot);

static void take_slot(const struct mmio_slot *slot, slot_fn fn)
{
	if (is_new(slot->base))
		fn(slot);
}

/* ctx: the slot_fn. */
static void take_acpi_device(struct aml device, void *ctx)
{
	struct aml_resources it = aml_resources(device);
	struct aml_resource r;
	struct mmio_slot slot = { .size = 0 };
	slot_fn *fn = ctx;
	bool has_line = false;

	while (aml_next_resource(&it, &r)) {
		if (r.type == AML_RESOURCE_MEMORY && !slot.size) {
			slot.base = r.base;
			slot.size = r.length;
		} else if (r.type == AML_RESOURCE_IRQ && !has_line) {
			slot.line = (struct irq_line){ (uint32_t)r.base,
						       r.active_low, r.level };
			has_line = true;
		}
	}
	if (has_line && is_place(&slot))
		take_slot(&slot, *fn);
	else
		pr_warn("ACPI: a virtio device without registers or interrupt");
}

static void for_each_word(slot_fn fn)
{
	unsigned int pos = 0;
	const char *text;

	while ((text = cmdline_next(CMDLINE_DEVICE, &pos))) {
		struct mmio_slot slot;
		uint32_t irq;

		if (!virtio_mmio_parse(text, &slot, &irq)) {
			pr_warn(CMDLINE_DEVICE "=%s: not SIZE@BASE:IRQ[:ID]",
				text);
			continue;
		}
		slot.line = irq_legacy_line(irq);
		take_slot(&slot, fn);
	}
}

void virtio_mmio_for_each(slot_fn fn)
{
	acpi_for_each_device(ACPI_HID, take_acpi_device, &fn);
	for_each_word(fn);
}
