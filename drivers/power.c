/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine, by whatever it has: QEMU's exit device, ACPI's soft
 * off state S5, a reset. What S5 needs is looked up at boot, so that a panic
 * allocates and maps nothing.
 */
#include "drivers/power.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "drivers/serial.h"
#include "kernel/base.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/x86/acpi.h"
#include "kernel/x86/cpu.h"

#define DEBUG_CONSOLE 0xe9 /* reads as its own number where it exists */
#define DEBUG_EXIT 0xf4 /* isa-debug-exit: QEMU ends with 2 * value + 1 */
#define PANIC_STATUS 0x7f

/* ACPI 6.5 4.8.3.2.1, PM1 control: sleep type and the bit that does it. */
#define PM1_SLP_TYP_SHIFT 10
#define PM1_SLP_TYP_MASK (7U << PM1_SLP_TYP_SHIFT)
#define PM1_SLP_EN BIT(13)

/* 5.2.9: offsets in the FADT. */
#define FADT_DSDT 40
#define FADT_PM1A_CONTROL 64
#define FADT_PM1B_CONTROL 68
#define FADT_X_DSDT 140

/* AML (20.2): what `Name (_S5, Package () { a, b, ... })` is encoded with. */
#define AML_ZERO 0x00
#define AML_ONE 0x01
#define AML_NAME 0x08
#define AML_BYTE 0x0a
#define AML_PACKAGE 0x12
#define AML_ROOT '\\'

#define RESET_CONTROL 0xcf9 /* of the PIIX and ICH chip sets */
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET 0xfe

/* Looks at a port for an effect that never takes long: some ms. */
#define SETTLE_LOOKS 10000

static struct {
	bool known;
	uint16_t port_a, port_b; /* PM1 control; b may be 0 */
	uint8_t type_a, type_b;
} s5;

/* A byte constant at *p; moves *p behind it. -1: something else. */
static int aml_byte(const uint8_t **p, const uint8_t *end)
{
	if (*p >= end)
		return -1;
	if (**p == AML_ZERO || **p == AML_ONE)
		return *(*p)++;
	if (**p != AML_BYTE || end - *p < 2)
		return -1;
	*p += 2;
	return (*p)[-1];
}

/* p: behind the four letters of the name. */
static bool parse_s5(const uint8_t *p, const uint8_t *end)
{
	int a, b;

	if (end - p < 3 || *p++ != AML_PACKAGE)
		return false;
	/* PkgLength's two top bits tell how many bytes follow it (20.2.4). */
	if (end - p < 2 + (*p >> 6))
		return false;
	p += 1 + (*p >> 6);
	if (*p++ < 2) /* elements */
		return false;
	a = aml_byte(&p, end);
	b = aml_byte(&p, end);
	if (a < 0 || b < 0 || a > 7 || b > 7)
		return false;
	s5.type_a = a;
	s5.type_b = b;
	return true;
}

/* Searches the DSDT's bytes for the name: AML is not executed here. */
static bool find_s5(const uint8_t *dsdt, size_t len)
{
	for (size_t i = sizeof(struct acpi_header) + 2; i + 4 < len; i++) {
		const uint8_t *name = dsdt + i;

		if (memcmp(name, "_S5_", 4))
			continue;
		if (name[-1] != AML_NAME &&
		    !(name[-1] == AML_ROOT && name[-2] == AML_NAME))
			continue;
		if (parse_s5(name + 4, dsdt + len))
			return true;
	}
	return false;
}

static uint64_t fadt_read(const uint8_t *fadt, size_t len, size_t offset,
			  size_t size)
{
	uint64_t value = 0;

	if (offset + size <= len)
		memcpy(&value, fadt + offset, size);
	return value;
}

static void s5_init(void)
{
	const uint8_t *dsdt = NULL;
	const uint8_t *fadt;
	size_t len, dsdt_len = 0;
	uint64_t phys;

	fadt = acpi_find("FACP", &len);
	if (!fadt)
		return;
	s5.port_a = fadt_read(fadt, len, FADT_PM1A_CONTROL, 4);
	s5.port_b = fadt_read(fadt, len, FADT_PM1B_CONTROL, 4);
	phys = fadt_read(fadt, len, FADT_X_DSDT, 8);
	if (!phys)
		phys = fadt_read(fadt, len, FADT_DSDT, 4);
	if (phys)
		dsdt = acpi_table_at(phys, &dsdt_len);
	s5.known = dsdt && s5.port_a && find_s5(dsdt, dsdt_len);
	if (!s5.known)
		pr_notice("ACPI: no way to power off");
}

static void enter_s5(uint16_t port, uint8_t type)
{
	uint16_t value = inw(port) & ~PM1_SLP_TYP_MASK;

	outw(port, value | type << PM1_SLP_TYP_SHIFT | PM1_SLP_EN);
}

static void reset(void)
{
	/* Bit 1: a hard reset; bit 2 going to one triggers it. */
	outb(RESET_CONTROL, 0x02);
	outb(RESET_CONTROL, 0x06);
	for (int i = 0; i < SETTLE_LOOKS; i++)
		if (!(inb(KEYBOARD_COMMAND) & 0x02)) /* takes a command */
			break;
	outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
}

/* Tells the host, then takes one exit after the other. */
static _Noreturn void end_machine(const char *report, uint32_t status)
{
	serial_drain();
	if (inb(DEBUG_CONSOLE) == DEBUG_CONSOLE)
		while (*report)
			outb(DEBUG_CONSOLE, *report++);
	outl(DEBUG_EXIT, status);
	if (s5.known) {
		enter_s5(s5.port_a, s5.type_a);
		if (s5.port_b)
			enter_s5(s5.port_b, s5.type_b);
		for (int i = 0; i < SETTLE_LOOKS; i++)
			cpu_relax();
	}
	reset();
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void panic_exit(void)
{
	end_machine("panic\n", PANIC_STATUS);
}

void power_early_init(void)
{
	panic_set_exit(panic_exit);
}

void power_init(void)
{
	power_early_init();
	s5_init();
}

void power_off(int status)
{
	char report[16];

	snprintf(report, sizeof(report), "exit %d\n", status & 0xff);
	end_machine(report, status & 0xff);
}
