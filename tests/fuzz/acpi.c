/* SPDX-License-Identifier: MIT */
/* fuzz: kernel/x86/acpi.c kernel/x86/aml.c kernel/x86/aml_resource.c */
/* fuzz: kernel/cmdline.c tests/fuzz/lib/aml.c */
/*
 * ACPI's tables and all that reads them at boot. An input fills eight places
 * of physical memory with tables, whose lengths and sums are right unless it
 * says otherwise. What a register holds is the input's, too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/lib/aml.h"
#include "kernel/base.h"
#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/x86/acpi.h"
#include "kernel/x86/firmware.h"

/* Ports are the input's: these stand for the CPU's instructions. */
#define KERNEL_X86_CPU_H
static struct {
	uint32_t irqs;
} cpu0;
static uint8_t inb(uint16_t port);
static uint16_t inw(uint16_t port);
static uint32_t inl(uint16_t port);

static void outb(uint16_t port, uint8_t value)
{
}

static void outw(uint16_t port, uint16_t value)
{
}

static void outl(uint16_t port, uint32_t value)
{
}

#include "drivers/acpi/acpi_ged.c"
#include "drivers/acpi/acpi_pm.c"
#include "drivers/virtio/virtio_mmio_slots.c"
#include "kernel/x86/fadt.c"

/* ---- Physical memory ----------------------------------------------------- */

#define SLOT_SIZE 0x10000
#define TABLE_MAX 3000
enum {
	RSDP = 1,
	ROOT,
	FADT,
	DSDT,
	MADT,
	SSDT,
	OTHER,
	SLOTS
};

static uint8_t memory[SLOTS][SLOT_SIZE];
static size_t used[SLOTS];

/* What the kernel sees, each in memory of exactly its length. */
#define VIEWS_MAX 512
static struct view {
	uint64_t phys;
	size_t len;
	void *copy;
} views[VIEWS_MAX];
static unsigned int nr_views;

static uint32_t registers; /* what is read of all of them */
static unsigned int nr_handlers;
static bool (*handlers[8])(void *arg);
static void *handler_args[8];

static void *view(uint64_t phys, const void *from, size_t len)
{
	for (unsigned int i = 0; i < nr_views; i++)
		if (views[i].phys == phys && views[i].len == len)
			return views[i].copy;
	if (nr_views == VIEWS_MAX)
		return NULL;
	views[nr_views] = (struct view){ phys, len, malloc(len) };
	memcpy(views[nr_views].copy, from, len);
	return views[nr_views++].copy;
}

const void *firmware_map(uint64_t phys, size_t len)
{
	uint64_t slot = phys / SLOT_SIZE, at = phys % SLOT_SIZE;

	if (!phys || !len || slot >= SLOTS || len > SLOT_SIZE - at)
		return NULL;
	return view(phys, memory[slot] + at, len);
}

const void *firmware_search(const char letters[4], bool (*valid)(const void *))
{
	const void *p = firmware_map(RSDP * SLOT_SIZE, 64);

	return !memcmp(p, letters, 4) && valid(p) ? p : NULL;
}

void *ioremap(uint64_t phys, size_t size)
{
	must(size && size <= 8, "acpi: a register's size");
	return phys < BIT(52) ?
		       view(phys | BIT(63), &registers, MIN(size, 4UL)) :
		       NULL;
}

static uint8_t inb(uint16_t port)
{
	return (uint8_t)registers;
}

static uint16_t inw(uint16_t port)
{
	return (uint16_t)registers;
}

static uint32_t inl(uint16_t port)
{
	return registers;
}

/* ---- The machine --------------------------------------------------------- */

void printk(enum log_level level, const char *fmt, ...)
{
}

void delay_ns(uint64_t ns)
{
}

struct irq_line irq_legacy_line(unsigned int irq)
{
	return (struct irq_line){ .gsi = irq };
}

int irq_request_line(uint32_t gsi, bool active_low, bool level,
		     const char *name, bool (*handler)(void *arg), void *arg)
{
	if (gsi > 200 || nr_handlers == ARRAY_SIZE(handlers))
		return -ENODEV;
	handlers[nr_handlers] = handler;
	handler_args[nr_handlers++] = arg;
	return 0;
}

/* ---- The tables ---------------------------------------------------------- */

static uint8_t sum(const uint8_t *p, size_t n)
{
	uint8_t s = 0;

	while (n--)
		s += *p++;
	return s;
}

static uint64_t take_phys(struct input *in)
{
	unsigned int n = take8(in);

	return n < 0xf0 ? (uint64_t)(n % SLOTS) * SLOT_SIZE :
			  (uint64_t)take32(in) << take_below(in, 33);
}

/* The input writes over some places of what is there. */
static void change(struct input *in, uint8_t *p, size_t len)
{
	for (unsigned int i = take_below(in, 8); i && len; i--) {
		size_t at = take16(in) % len, n = 1 + take_below(in, 8);

		take_bytes(in, p + at, MIN(n, len - at));
	}
}

static void finish(struct input *in, unsigned int slot, const char *signature,
		   size_t len)
{
	struct acpi_header *header = (struct acpi_header *)memory[slot];
	uint8_t shape = take8(in);

	memcpy(header->signature, signature, 4);
	header->length = (uint32_t)len;
	if (shape >= 0xf0)
		header->length += take_near(in);
	if (shape & 1)
		change(in, memory[slot], len);
	header->checksum -= sum(memory[slot], MIN(header->length, SLOT_SIZE));
	if (shape == 0xef)
		header->checksum++;
	used[slot] = MAX(len, sizeof(*header));
}

static void put_rsdp(struct input *in)
{
	uint8_t *p = memory[RSDP];
	uint32_t rsdt = (uint32_t)take_phys(in);
	uint64_t xsdt = take_phys(in);

	memcpy(p, "RSD PTR ", 8);
	p[15] = take_below(in, 4);
	memcpy(p + 16, &rsdt, sizeof(rsdt));
	memcpy(p + 24, &xsdt, sizeof(xsdt));
	p[8] -= sum(p, 20) + (take8(in) == 1);
	used[RSDP] = 64;
}

static void put_root(struct input *in)
{
	size_t size = take8(in) & 1 ? 4 : 8, len = sizeof(struct acpi_header);

	for (unsigned int i = take_below(in, 16); i; i--) {
		uint64_t phys = take_phys(in);

		memcpy(memory[ROOT] + len, &phys, size);
		len += size;
	}
	finish(in, ROOT, size == 4 ? "RSDT" : "XSDT", len);
}

static void put_fadt(struct input *in)
{
	static const size_t lengths[] = {
		sizeof(struct fadt), 116, 129, 244, 44, 36
	};
	struct fadt *fadt = (struct fadt *)memory[FADT];

	fadt->dsdt = DSDT * SLOT_SIZE;
	fadt->sci_line = 9;
	fadt->pm1a_event = 0x600;
	fadt->pm1a_control = 0x604;
	fadt->pm1_event_len = 4;
	fadt->pm1_control_len = 2;
	fadt->gpe0 = 0x620;
	fadt->gpe0_len = 16;
	if (take8(in) & 1) {
		fadt->smi_command = take16(in);
		fadt->acpi_enable = 2;
		fadt->flags = take32(in);
		fadt->reset.address = take16(in);
		fadt->reset.space = take_below(in, 3);
		fadt->x_dsdt = take_phys(in);
	}
	finish(in, FADT, "FACP", lengths[take_below(in, ARRAY_SIZE(lengths))]);
}

static void put_madt(struct input *in)
{
	static const uint8_t sizes[] = { 8, 12, 10, 8 };
	size_t len = sizeof(struct acpi_header) + 8;
	uint8_t *p;

	for (unsigned int i = take_below(in, 32); i; i--) {
		uint8_t type = take_below(in, ARRAY_SIZE(sizes));

		p = memory[MADT] + len;
		take_bytes(in, p + 2, sizes[type] - 2);
		p[0] = type;
		p[1] = take8(in) & 0xf ? sizes[type] : take8(in);
		len += sizes[type];
	}
	finish(in, MADT, "APIC", len);
}

static void put_code(struct input *in, unsigned int slot, const char *signature)
{
	size_t len = sizeof(struct acpi_header);
	size_t n = take16(in);
	struct input part = { in->p, MIN(in->left, n) };

	in->p += part.left;
	in->left -= part.left;
	len += take_terms(&part, memory[slot] + len, TABLE_MAX - len);
	finish(in, slot, signature, len);
}

/* ---- Those who read them ------------------------------------------------- */

static void pressed(void)
{
}

static void slot_found(const struct mmio_slot *slot)
{
	must(slot->base && slot->size >= 0x100 &&
		     slot->base + slot->size <= BIT(52),
	     "acpi: a place of a device");
}

static void look_at_lines(void)
{
	unsigned int nr = 0;
	uint32_t gsi_base;
	size_t pos = 0;
	uint64_t addr;
	bool low, level;

	while (acpi_next_ioapic(&pos, &addr, &gsi_base))
		must(++nr < TABLE_MAX, "acpi: IO-APICs end");
	for (unsigned int line = 0; line < 16; line++)
		(void)acpi_isa_gsi(line, &low, &level);
}

static void boot(struct input *in)
{
	struct aml object;

	acpi_init(take8(in) & 1 ? 0 : RSDP * SLOT_SIZE);
	look_at_lines();
	acpi_pm_init();
	(void)acpi_pm_button_start(pressed);
	(void)acpi_pm_event_start(take8(in), pressed);
	(void)acpi_ged_button_start(pressed);
	(void)acpi_ged_event_start(pressed);
	(void)acpi_find_name("VGIA", &object);
	virtio_mmio_for_each(slot_found);
	registers = take32(in);
	for (unsigned int i = 0; i < nr_handlers; i++)
		(void)handlers[i](handler_args[i]);
	acpi_pm_power_off();
	acpi_pm_reset();
}

/* Nothing of an input is left to the next: no table, no place of one. */
static void forget(void)
{
	memset(memory[RSDP], 0, 64);
	memcpy(memory[RSDP], "RSD PTR ", 8);
	memory[RSDP][8] -= sum(memory[RSDP], 20);
	while (nr_views)
		free(views[--nr_views].copy);
	acpi_init(RSDP * SLOT_SIZE); /* it names no root table */
	while (nr_views)
		free(views[--nr_views].copy);
	for (unsigned int i = 0; i < SLOTS; i++)
		memset(memory[i], 0, used[i]);
	memset(&pm, 0, sizeof(pm));
	memset(&ged, 0, sizeof(ged));
	nr_seen = 0;
	nr_handlers = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	registers = take32(&in);
	put_rsdp(&in);
	put_root(&in);
	put_fadt(&in);
	put_madt(&in);
	put_code(&in, DSDT, "DSDT");
	put_code(&in, SSDT, "SSDT");
	put_code(&in, OTHER, take8(&in) & 1 ? "SSDT" : "WHAT");
	boot(&in);
	forget();
	return 0;
}
