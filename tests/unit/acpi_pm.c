/* SPDX-License-Identifier: MIT */
/* unit: drivers/acpi/acpi_pm.c kernel/x86/fadt.c kernel/x86/aml.c */
/*
 * What is read out of a FADT and a DSDT, and what is then written where. The
 * registers of these machines are memory, which the test owns.
 */
#include "drivers/acpi/acpi_pm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/x86/fadt.h"
#include "kernel/x86/irq.h"
#include "lib/tap.h"

#define REGISTERS 0x1000 /* the physical address of registers[] */
#define PM1A_EVENT 0x00
#define PM1B_EVENT 0x10
#define PM1A_CONTROL 0x20
#define PM1B_CONTROL 0x30
#define GPE0 0x40
#define SLEEP_CONTROL 0x50
#define RESET 0x60

#define PWRBTN 0x100
#define SLP_EN 0x2000

static _Alignas(16) uint8_t registers[256];
static struct fadt fadt;
static size_t fadt_len;
static uint8_t *dsdt; /* of exactly its length */
static size_t dsdt_len;
static uint32_t sci_line, sci_gsi;
static bool (*sci_handler)(void *arg);
static unsigned int presses;

void printk(enum log_level level, const char *fmt, ...)
{
}

void delay_ns(uint64_t ns)
{
}

const void *acpi_find(const char sig[4], size_t *len)
{
	*len = fadt_len;
	return fadt_len ? &fadt : NULL;
}

bool acpi_dsdt(struct aml *terms)
{
	terms->start = dsdt;
	terms->end = dsdt + dsdt_len;
	return dsdt;
}

uint32_t acpi_sci_gsi(unsigned int line, bool *active_low, bool *level)
{
	sci_line = line;
	*active_low = false;
	*level = true;
	return 9;
}

int irq_request_line(uint32_t gsi, bool active_low, bool level,
		     const char *name, bool (*handler)(void *arg), void *arg)
{
	sci_gsi = gsi;
	sci_handler = handler;
	return !active_low && level ? 0 : -EINVAL;
}

void *ioremap(uint64_t phys, size_t size)
{
	if (phys < REGISTERS || phys - REGISTERS > sizeof(registers) - size)
		return NULL;
	return registers + (phys - REGISTERS);
}

static uint16_t reg16(unsigned int at)
{
	uint16_t value;

	memcpy(&value, registers + at, 2);
	return value;
}

static void set_reg16(unsigned int at, uint16_t value)
{
	memcpy(registers + at, &value, 2);
}

static struct acpi_gas gas(unsigned int at)
{
	return (struct acpi_gas){ .space = ACPI_SPACE_MEMORY,
				  .address = REGISTERS + at };
}

static void set_dsdt(const void *aml, size_t len)
{
	free(dsdt);
	dsdt_len = len;
	dsdt = malloc(len);
	if (dsdt)
		memcpy(dsdt, aml, len);
}

#define SET_DSDT(aml) set_dsdt(aml, sizeof(aml) - 1)

/* A machine with fixed hardware, b blocks too, whose S5 is 5 and 3. */
static void fixed_machine(void)
{
	memset(&fadt, 0, sizeof(fadt));
	memset(registers, 0, sizeof(registers));
	fadt_len = sizeof(fadt);
	fadt.sci_line = 11;
	fadt.pm1_event_len = 4;
	fadt.gpe0_len = 4;
	fadt.x_pm1a_event = gas(PM1A_EVENT);
	fadt.x_pm1b_event = gas(PM1B_EVENT);
	fadt.x_pm1a_control = gas(PM1A_CONTROL);
	fadt.x_pm1b_control = gas(PM1B_CONTROL);
	fadt.x_gpe0 = gas(GPE0);
	fadt.reset = gas(RESET);
	fadt.reset_value = 0x42;
	fadt.flags = BIT(FADT_F_RESET_REG_SUP);
	SET_DSDT("\x08_S5_\x12\x08\x04\x0a\x05\x0a\x03\x00\x00");
}

static void reduced_machine(void)
{
	memset(&fadt, 0, sizeof(fadt));
	memset(registers, 0, sizeof(registers));
	fadt_len = sizeof(fadt);
	fadt.flags = BIT(FADT_F_HW_REDUCED);
	fadt.sleep_control = gas(SLEEP_CONTROL);
	SET_DSDT("\x08_S5_\x12\x07\x04\x0a\x05\x00\x00\x00");
}

static void on_press(void)
{
	presses++;
}

static void test_off(void)
{
	fixed_machine();
	set_reg16(PM1A_CONTROL, 0x1c01);
	acpi_pm_init();
	ok(acpi_pm_can_power_off(), "acpi: fixed hardware powers off");
	acpi_pm_power_off();
	ok(reg16(PM1A_CONTROL) == (SLP_EN | 5 << 10 | 1),
	   "acpi: with the type of the first register");
	ok(reg16(PM1B_CONTROL) == (SLP_EN | 3 << 10),
	   "acpi: and that of the second");
	ok(!registers[SLEEP_CONTROL], "acpi: nothing else is written");
	acpi_pm_reset();
	ok(registers[RESET] == 0x42,
	   "acpi: the reset register takes its value");

	reduced_machine();
	fadt.x_pm1a_control = gas(PM1A_CONTROL);
	acpi_pm_init();
	acpi_pm_power_off();
	ok(registers[SLEEP_CONTROL] == (0x20 | 5 << 2),
	   "acpi: reduced hardware sleeps by its own register");
	ok(!reg16(PM1A_CONTROL), "acpi: and has no fixed registers");
	fadt.reset = gas(RESET);
	fadt.reset_value = 1;
	acpi_pm_init();
	acpi_pm_reset();
	ok(!registers[RESET],
	   "acpi: a reset register counts if the flag says so");
}

static bool button_works(void)
{
	sci_handler = NULL;
	presses = 0;
	acpi_pm_init();
	return !acpi_pm_button_start(on_press) && sci_handler;
}

static void test_button(void)
{
	fixed_machine();
	registers[GPE0 + 2] = registers[GPE0 + 3] = 0xff;
	ok(button_works(), "acpi: fixed hardware has a power button");
	ok(sci_line == 11 && sci_gsi == 9, "acpi: its interrupt is the SCI");
	ok(reg16(PM1A_EVENT + 2) == PWRBTN && reg16(PM1B_EVENT + 2) == PWRBTN,
	   "acpi: the button is the one event that is on");
	ok(!registers[GPE0 + 2] && !registers[GPE0 + 3],
	   "acpi: general purpose events are off");
	ok(reg16(PM1A_EVENT) & PWRBTN,
	   "acpi: a press from before is cleared, by writing a one");
	set_reg16(PM1A_EVENT, 0);
	set_reg16(PM1B_EVENT, 0);
	ok(!sci_handler(NULL) && !presses,
	   "acpi: an interrupt of somebody else's is not claimed");
	set_reg16(PM1B_EVENT, 0x8000 | PWRBTN);
	ok(sci_handler(NULL) && presses == 1, "acpi: a press is one call");
	ok(reg16(PM1B_EVENT) == PWRBTN, "acpi: and its bit alone is cleared");

	fadt.flags |= BIT(FADT_F_PWR_BUTTON);
	ok(!button_works(), "acpi: a button that AML serves is left alone");
	reduced_machine();
	ok(!button_works(), "acpi: reduced hardware has no fixed button");
	fixed_machine();
	fadt.pm1_event_len = 2;
	ok(!button_works(), "acpi: nor has an event block that is too short");
}

static unsigned int events;

static void on_event(void)
{
	events++;
}

static void test_event(void)
{
	fixed_machine();
	ok(button_works(), "acpi: a button");
	is(acpi_pm_event_start(5, on_event), 0, "acpi: and an event beside it");
	ok(registers[GPE0] == 0x20 && registers[GPE0 + 2] == 0x20 &&
		   !registers[GPE0 + 3],
	   "acpi: its bit alone is on, what was pending is cleared");
	set_reg16(PM1A_EVENT, 0);
	set_reg16(PM1B_EVENT, 0);
	registers[GPE0] = 0x02;
	ok(!sci_handler(NULL) && !events, "acpi: another event is not claimed");
	registers[GPE0] = 0x22;
	ok(sci_handler(NULL) && events == 1 && !presses,
	   "acpi: the event is one call, and no press");
	ok(registers[GPE0] == 0x20, "acpi: and its bit alone is cleared");
	set_reg16(PM1A_EVENT, PWRBTN);
	ok(sci_handler(NULL) && events == 2 && presses == 1,
	   "acpi: both at once are both");
	is(acpi_pm_event_start(16, on_event), -ENODEV,
	   "acpi: there is none beyond the block");

	fixed_machine();
	fadt.flags |= BIT(FADT_F_PWR_BUTTON);
	ok(!button_works(), "acpi: no button");
	is(acpi_pm_event_start(13, on_event), 0, "acpi: but an event");
	ok(sci_handler && registers[GPE0 + 3] == 0x20,
	   "acpi: in the second register");
	set_reg16(PM1A_EVENT, PWRBTN);
	registers[GPE0 + 1] = 0;
	ok(sci_handler(NULL) && !presses, "acpi: a press is nobody's");
	reduced_machine();
	acpi_pm_init();
	is(acpi_pm_event_start(5, on_event), -ENODEV,
	   "acpi: reduced hardware has no events");
}

static bool powers_off(void)
{
	acpi_pm_init();
	return acpi_pm_can_power_off();
}

static void test_tables(void)
{
	fixed_machine();
	fadt_len = 0;
	ok(!powers_off() && !button_works(),
	   "acpi: without tables there is nothing");
	fixed_machine();
	fadt_len = 116; /* ACPI 1.0 knows ports only */
	ok(!powers_off(), "acpi: fields beyond the table's length are none");
	fadt.pm1a_control = 0x604;
	ok(powers_off(), "acpi: the first version's fields are used");
	fadt.pm1a_control = 0x10604;
	ok(!powers_off(), "acpi: a port beyond 64 KiB is none");
	fixed_machine();
	SET_DSDT("\x08_S4_\x12\x08\x04\x0a\x05\x0a\x03\x00\x00");
	ok(!powers_off(), "acpi: without \\_S5 there is no way off");
	fixed_machine();
	fadt.x_pm1a_control.address++;
	ok(!powers_off(), "acpi: a register out of line is none");
	fixed_machine();
	fadt.x_pm1a_control.space = 4;
	ok(!powers_off(), "acpi: nor is one on another bus");
	fixed_machine();
	fadt.x_pm1a_control.address = UINT64_MAX & ~1ULL;
	ok(!powers_off(), "acpi: nor one where no memory can be");
}

static void test_aml(void)
{
	static const char full[] = "\x08\\_S5_\x12\x07\x04\x0a\x07\x01\x00\x00";
	unsigned int accepted = 0;
	size_t nr;

	fixed_machine();
	set_dsdt(full, sizeof(full) - 1);
	ok(powers_off(), "acpi: the name may start at the root");
	SET_DSDT("\x10\x11\\\x00\x08_S5_\x12\x08\x04\x0b\x05\x00\x00\x00\x00");
	ok(powers_off(), "acpi: or lie in a scope, and the type be a word");
	SET_DSDT("\x08_S5_\x12\x07\x04\x0a\x08\x00\x00\x00");
	ok(!powers_off(), "acpi: a sleep type has three bits");
	SET_DSDT("\x14\x0f_S5_\x00\xa4\x12\x07\x04\x0a\x05\x00\x00\x00");
	ok(!powers_off(), "acpi: a method of that name is not run");
	for (nr = 1; nr < sizeof(full) - 1; nr++) {
		set_dsdt(full, nr);
		accepted += powers_off();
	}
	is(accepted, 0, "acpi: a table that ends early has no S5");
}

int main(void)
{
	test_off();
	test_button();
	test_event();
	test_tables();
	test_aml();
	free(dsdt);
	return done_testing();
}
