/* SPDX-License-Identifier: MIT */
/*
 * ACPI's static tables (ACPI 6.5, chapter 5.2), each mapped when it is first
 * read. All reads are checked against the mapping's bounds. Entered by boot
 * code in one thread.
 */
#include "kernel/x86/acpi.h"

#include <string.h>

#include "kernel/printk.h"
#include "kernel/x86/firmware.h"

/* No table is larger; a larger length is damage. */
#define TABLE_MAX (4 * MiB)

/* 5.2.9: offsets in the FADT. */
#define FADT_DSDT 40
#define FADT_X_DSDT 140

#define RSDP_V1_SIZE 20 /* what the first checksum covers */

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision; /* 2 and above have an XSDT */
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));

/* 5.2.12: the MADT's head, and the two kinds of entry that matter here. */
struct madt {
	struct acpi_header header;
	uint32_t local_apic;
	uint32_t flags;
} __attribute__((packed));

struct madt_entry {
	uint8_t type;
	uint8_t length;
} __attribute__((packed));

#define MADT_IO_APIC 1
#define MADT_OVERRIDE 2

struct madt_io_apic {
	struct madt_entry entry;
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t gsi_base;
} __attribute__((packed));

struct madt_override {
	struct madt_entry entry;
	uint8_t bus; /* 0: ISA */
	uint8_t source;
	uint32_t gsi;
	uint16_t flags;
} __attribute__((packed));

/* 5.2.12.5: polarity and trigger mode; 0 is what the bus does. */
#define OVERRIDE_POLARITY 0x3
#define OVERRIDE_ACTIVE_LOW 0x3
#define OVERRIDE_TRIGGER 0xc
#define OVERRIDE_LEVEL 0xc

static const struct acpi_header *root; /* XSDT or RSDT, NULL: none */
static size_t root_entry_size; /* 8 in an XSDT, 4 in an RSDT */

static bool sum_is_zero(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint8_t sum = 0;

	while (len--)
		sum += *p++;
	return !sum;
}

/* A valid table at a physical address (the DSDT has no entry), or NULL. */
static const void *acpi_table_at(uint64_t phys, size_t *len)
{
	const struct acpi_header *header = firmware_map(phys, sizeof(*header));

	if (!header || header->length < sizeof(*header) ||
	    header->length > TABLE_MAX)
		return NULL;
	*len = header->length;
	header = firmware_map(phys, *len);
	if (!header || !sum_is_zero(header, *len))
		return NULL;
	return header;
}

static bool rsdp_valid(const void *p)
{
	return !memcmp(p, "RSD PTR ", 8) && sum_is_zero(p, RSDP_V1_SIZE);
}

static const struct rsdp *rsdp_find(uint64_t given)
{
	const struct rsdp *rsdp;

	if (!given)
		return firmware_search("RSD ", rsdp_valid);
	rsdp = firmware_map(given, sizeof(*rsdp));
	return rsdp && rsdp_valid(rsdp) ? rsdp : NULL;
}

static bool use_root(uint64_t phys, const char signature[4], size_t entry_size)
{
	size_t len;

	root = phys ? acpi_table_at(phys, &len) : NULL;
	if (root && memcmp(root->signature, signature, 4))
		root = NULL;
	root_entry_size = entry_size;
	return root;
}

void acpi_init(uint64_t given)
{
	const struct rsdp *rsdp = rsdp_find(given);

	if (!rsdp) {
		pr_info("ACPI: none");
		return;
	}
	if (rsdp->revision >= 2 && use_root(rsdp->xsdt, "XSDT", 8))
		return;
	if (!use_root(rsdp->rsdt, "RSDT", 4))
		pr_warn("ACPI: the root table is damaged");
}

/* The first valid table from entry *i of the root on; *i moves past it. */
static const void *find_from(size_t *i, const char sig[4], size_t *len)
{
	const struct acpi_header *header;
	const uint8_t *entries;
	uint64_t phys = 0;
	size_t nr;

	if (!root)
		return NULL;
	entries = (const uint8_t *)(root + 1);
	nr = (root->length - sizeof(*root)) / root_entry_size;
	while (*i < nr) {
		memcpy(&phys, entries + (*i)++ * root_entry_size,
		       root_entry_size);
		header = firmware_map(phys, sizeof(*header));
		if (!header || memcmp(header->signature, sig, 4))
			continue;
		header = acpi_table_at(phys, len);
		if (header)
			return header;
		pr_warn("ACPI: table %.4s is damaged", sig);
	}
	return NULL;
}

const void *acpi_find(const char sig[4], size_t *len)
{
	size_t i = 0;

	return find_from(&i, sig, len);
}

static struct aml terms_of(const struct acpi_header *table, size_t len)
{
	const uint8_t *start = (const uint8_t *)(table + 1);

	return (struct aml){ start, (const uint8_t *)table + len };
}

/* 5.2.9: the 64-bit field is used if it exists and is not 0. */
bool acpi_dsdt(struct aml *terms)
{
	size_t len;
	const uint8_t *fadt = acpi_find("FACP", &len);
	const struct acpi_header *dsdt;
	uint64_t phys = 0;

	if (!fadt)
		return false;
	if (len >= FADT_X_DSDT + sizeof(uint64_t))
		memcpy(&phys, fadt + FADT_X_DSDT, sizeof(uint64_t));
	if (!phys && len >= FADT_DSDT + sizeof(uint32_t))
		memcpy(&phys, fadt + FADT_DSDT, sizeof(uint32_t));
	dsdt = phys ? acpi_table_at(phys, &len) : NULL;
	if (!dsdt || memcmp(dsdt->signature, "DSDT", 4))
		return false;
	*terms = terms_of(dsdt, len);
	return true;
}

bool acpi_find_name(const char name[4], struct aml *object)
{
	const struct acpi_header *ssdt;
	struct aml terms;
	size_t i = 0, len;

	if (acpi_dsdt(&terms) && aml_find_name(terms, name, object))
		return true;
	while ((ssdt = find_from(&i, "SSDT", &len)))
		if (aml_find_name(terms_of(ssdt, len), name, object))
			return true;
	return false;
}

void acpi_for_each_device(const char *id,
			  void (*fn)(struct aml device, void *ctx), void *ctx)
{
	const struct acpi_header *ssdt;
	struct aml terms;
	size_t i = 0, len;

	if (acpi_dsdt(&terms))
		aml_for_each_device(terms, id, fn, ctx);
	while ((ssdt = find_from(&i, "SSDT", &len)))
		aml_for_each_device(terms_of(ssdt, len), id, fn, ctx);
}

/*
 * The next entry of this type after *pos (0: from the start) that has at least
 * size bytes; NULL at the end.
 */
static const void *madt_next(size_t *pos, uint8_t type, size_t size)
{
	size_t len;
	const uint8_t *madt = acpi_find("APIC", &len);
	size_t at = *pos ? *pos : sizeof(struct madt);

	while (madt && at + sizeof(struct madt_entry) <= len) {
		const struct madt_entry *entry;

		entry = (const struct madt_entry *)(madt + at);
		if (entry->length < sizeof(*entry) || entry->length > len - at)
			return NULL;
		at += entry->length;
		if (entry->type == type && entry->length >= size) {
			*pos = at;
			return entry;
		}
	}
	return NULL;
}

bool acpi_next_ioapic(size_t *pos, uint64_t *addr, uint32_t *gsi_base)
{
	const struct madt_io_apic *io_apic;

	io_apic = madt_next(pos, MADT_IO_APIC, sizeof(*io_apic));
	if (!io_apic)
		return false;
	*addr = io_apic->address;
	*gsi_base = io_apic->gsi_base;
	return true;
}

static const struct madt_override *find_override(unsigned int line)
{
	const struct madt_override *o;
	size_t pos = 0;

	while ((o = madt_next(&pos, MADT_OVERRIDE, sizeof(*o))))
		if (!o->bus && o->source == line)
			return o;
	return NULL;
}

/* active_low and level: the bus's defaults, which an override may change. */
static uint32_t line_gsi(unsigned int line, bool *active_low, bool *level)
{
	const struct madt_override *o = find_override(line);

	if (!o)
		return line;
	if (o->flags & OVERRIDE_POLARITY)
		*active_low = (o->flags & OVERRIDE_POLARITY) ==
			      OVERRIDE_ACTIVE_LOW;
	if (o->flags & OVERRIDE_TRIGGER)
		*level = (o->flags & OVERRIDE_TRIGGER) == OVERRIDE_LEVEL;
	return o->gsi;
}

uint32_t acpi_isa_gsi(unsigned int line, bool *active_low, bool *level)
{
	*active_low = false;
	*level = false;
	return line_gsi(line, active_low, level);
}

uint32_t acpi_sci_gsi(unsigned int line, bool *active_low, bool *level)
{
	*active_low = true;
	*level = true;
	return line_gsi(line, active_low, level);
}
