/* SPDX-License-Identifier: MIT */
/*
 * ACPI's power management registers, which the FADT names. Owns their
 * mappings and the sleep type of S5, which the AML has. Set up at boot; the
 * SCI is the interrupt of the button and of one general purpose event, and its
 * other sources stay off.
 */
#include "drivers/acpi/acpi_pm.h"

#include <errno.h>
#include <string.h>

#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/fadt.h"
#include "kernel/x86/irq.h"

/* 4.8.3.1: the event block is a status and an enable register of this size. */
#define PM1_EVENT_SIZE 2
#define PM1_PWRBTN BIT(8) /* in both */
/* All status bits that are not reserved; writing ones clears them. */
#define PM1_STATUS_ALL 0x8731

/* 4.8.3.2.1: PM1 control. */
#define PM1_SCI_EN BIT(0)
#define PM1_SLP_TYP_SHIFT 10
#define SLP_TYP_MAX 7
#define PM1_SLP_TYP_MASK ((uint32_t)SLP_TYP_MAX << PM1_SLP_TYP_SHIFT)
#define PM1_SLP_EN BIT(13)

/* 4.8.3.7: the sleep control register of reduced hardware. */
#define SLEEP_TYPE_SHIFT 2
#define SLEEP_EN BIT(5)

/*
 * How long an effect may take: after a request to power off a hypervisor runs
 * the CPU for some more time.
 */
#define OFF_NS (3 * NSEC_PER_SEC)
#define RESET_NS (100 * NSEC_PER_MSEC)
#define ENABLE_NS (100 * NSEC_PER_MSEC)
#define ENABLE_STEP_NS (10 * NSEC_PER_USEC)

static struct {
	struct acpi_reg status[2], enable[2], control[2]; /* PM1 a and b */
	struct acpi_reg sleep_control;
	struct acpi_reg reset;
	uint8_t reset_value;
	bool has_types;
	uint8_t type[2]; /* SLP_TYP of S5, for a and b */
	bool sci_on;
	void (*pressed)(void); /* NULL: no button */
	struct acpi_reg gpe_status, gpe_enable;
	uint8_t gpe_bit;
	void (*event)(void);
} pm;

/* ---- The sleep type ------------------------------------------------------ */

/* 7.4.2: the first two elements of \_S5 are for the registers a and b. */
static bool read_type(struct aml package, unsigned int i)
{
	struct aml element;
	uint64_t value;

	if (!aml_element(package, i, &element) ||
	    !aml_integer(element, &value) || value > SLP_TYP_MAX)
		return false;
	pm.type[i] = (uint8_t)value;
	return true;
}

static void types_init(void)
{
	struct aml terms, package;

	if (!acpi_dsdt(&terms) || !aml_find_name(terms, "_S5_", &package))
		return;
	pm.has_types = read_type(package, 0);
	(void)read_type(package, 1);
}

/* ---- Registers ----------------------------------------------------------- */

/* 5.2.9: the extended field is used if it is not 0. */
static struct acpi_gas choose(const struct acpi_gas *extended, uint32_t port)
{
	struct acpi_gas gas = { .space = ACPI_SPACE_IO, .address = port };

	return extended->address ? *extended : gas;
}

/* a: 0 or 1, for the blocks a and b. */
static void map_pm1(unsigned int a, const struct acpi_gas *event,
		    unsigned int event_len, const struct acpi_gas *control)
{
	if (event_len >= 2 * PM1_EVENT_SIZE) {
		acpi_reg_map(&pm.status[a], event, 0, PM1_EVENT_SIZE);
		acpi_reg_map(&pm.enable[a], event, event_len / 2,
			     PM1_EVENT_SIZE);
	}
	acpi_reg_map(&pm.control[a], control, 0, 2);
}

static void registers_init(const struct fadt *fadt)
{
	struct acpi_gas event, control;

	if (fadt->flags & BIT(FADT_F_RESET_REG_SUP)) {
		acpi_reg_map(&pm.reset, &fadt->reset, 0, 1);
		pm.reset_value = fadt->reset_value;
	}
	if (fadt->flags & BIT(FADT_F_HW_REDUCED)) {
		acpi_reg_map(&pm.sleep_control, &fadt->sleep_control, 0, 1);
		return;
	}
	event = choose(&fadt->x_pm1a_event, fadt->pm1a_event);
	control = choose(&fadt->x_pm1a_control, fadt->pm1a_control);
	map_pm1(0, &event, fadt->pm1_event_len, &control);
	event = choose(&fadt->x_pm1b_event, fadt->pm1b_event);
	control = choose(&fadt->x_pm1b_control, fadt->pm1b_control);
	map_pm1(1, &event, fadt->pm1_event_len, &control);
}

void acpi_pm_init(void)
{
	struct fadt fadt;

	memset(&pm, 0, sizeof(pm));
	if (!fadt_read(&fadt))
		return;
	registers_init(&fadt);
	types_init();
}

/* ---- The end ------------------------------------------------------------- */

bool acpi_pm_can_power_off(void)
{
	return pm.has_types && (pm.control[0].size || pm.sleep_control.size);
}

static void enter_s5(unsigned int a)
{
	uint32_t value = acpi_reg_read(&pm.control[a]) & ~PM1_SLP_TYP_MASK;

	acpi_reg_write(&pm.control[a],
		       value | (uint32_t)pm.type[a] << PM1_SLP_TYP_SHIFT |
			       PM1_SLP_EN);
}

void acpi_pm_power_off(void)
{
	if (!acpi_pm_can_power_off())
		return;
	acpi_reg_write(&pm.sleep_control,
		       (uint32_t)pm.type[0] << SLEEP_TYPE_SHIFT | SLEEP_EN);
	enter_s5(0);
	enter_s5(1);
	delay_ns(OFF_NS);
}

void acpi_pm_reset(void)
{
	if (!pm.reset.size)
		return;
	acpi_reg_write(&pm.reset, pm.reset_value);
	delay_ns(RESET_NS);
}

/* ---- The SCI ------------------------------------------------------------- */

/* 4.8.3.1.1: a write of one clears the bit, and the SCI with it. */
static bool take_press(void)
{
	bool pressed = false;

	for (unsigned int a = 0; a < 2; a++) {
		if (!(acpi_reg_read(&pm.status[a]) & PM1_PWRBTN))
			continue;
		acpi_reg_write(&pm.status[a], PM1_PWRBTN);
		pressed = true;
	}
	if (pressed && pm.pressed)
		pm.pressed();
	return pressed;
}

/* 4.8.4.1.1: the same for the general purpose event. */
static bool take_event(void)
{
	if (!(acpi_reg_read(&pm.gpe_status) & pm.gpe_bit))
		return false;
	acpi_reg_write(&pm.gpe_status, pm.gpe_bit);
	pm.event();
	return true;
}

static bool sci_interrupt(void *arg)
{
	bool pressed = take_press();

	return take_event() || pressed;
}

static bool in_acpi_mode(void)
{
	return acpi_reg_read(&pm.control[0]) & PM1_SCI_EN;
}

/* 4.8.2.5: leaves legacy mode, if there is one, through the firmware. */
static bool enable_acpi(const struct fadt *fadt)
{
	if (!fadt->smi_command || in_acpi_mode())
		return true;
	if (fadt->smi_command > UINT16_MAX || !fadt->acpi_enable)
		return false;
	outb((uint16_t)fadt->smi_command, fadt->acpi_enable);
	for (uint64_t ns = 0; ns < ENABLE_NS && !in_acpi_mode();
	     ns += ENABLE_STEP_NS)
		delay_ns(ENABLE_STEP_NS);
	return in_acpi_mode();
}

/* General purpose events are handled by AML: all are disabled. */
static void disable_gpes(const struct acpi_gas *block, unsigned int len)
{
	struct acpi_reg enable;

	for (unsigned int i = len / 2; i < len; i++) {
		acpi_reg_map(&enable, block, i, 1);
		acpi_reg_write(&enable, 0);
	}
}

static void quieten(const struct fadt *fadt)
{
	struct acpi_gas gpe0 = choose(&fadt->x_gpe0, fadt->gpe0);
	struct acpi_gas gpe1 = choose(&fadt->x_gpe1, fadt->gpe1);

	for (unsigned int a = 0; a < 2; a++) {
		acpi_reg_write(&pm.enable[a], 0);
		acpi_reg_write(&pm.status[a], PM1_STATUS_ALL);
	}
	disable_gpes(&gpe0, fadt->gpe0_len);
	disable_gpes(&gpe1, fadt->gpe1_len);
}

static int sci_start(const struct fadt *fadt)
{
	bool active_low, level;
	uint32_t gsi;
	int err;

	if (pm.sci_on)
		return 0;
	if (!enable_acpi(fadt))
		return -EIO;
	quieten(fadt);
	gsi = acpi_sci_gsi(fadt->sci_line, &active_low, &level);
	err = irq_request_line(gsi, active_low, level, "acpi", sci_interrupt,
			       NULL);
	pm.sci_on = !err;
	return err;
}

int acpi_pm_button_start(void (*pressed)(void))
{
	struct fadt fadt;
	int err;

	if (!fadt_read(&fadt) || !pm.enable[0].size ||
	    fadt.flags & BIT(FADT_F_PWR_BUTTON))
		return -ENODEV;
	err = sci_start(&fadt);
	if (err)
		return err;
	pm.pressed = pressed;
	/* Both exist where the register is split in two (4.8.3.1). */
	acpi_reg_write(&pm.enable[0], PM1_PWRBTN);
	acpi_reg_write(&pm.enable[1], PM1_PWRBTN);
	return 0;
}

int acpi_pm_event_start(unsigned int gpe, void (*event)(void))
{
	struct acpi_gas block;
	struct fadt fadt;
	unsigned int half;
	int err;

	if (!fadt_read(&fadt) || !pm.enable[0].size)
		return -ENODEV;
	half = fadt.gpe0_len / 2;
	block = choose(&fadt.x_gpe0, fadt.gpe0);
	acpi_reg_map(&pm.gpe_enable, &block, half + gpe / 8, 1);
	if (gpe / 8 >= half || !pm.gpe_enable.size)
		return -ENODEV;
	err = sci_start(&fadt);
	if (err)
		return err;
	pm.event = event;
	pm.gpe_bit = BIT(gpe % 8);
	acpi_reg_map(&pm.gpe_status, &block, gpe / 8, 1);
	acpi_reg_write(&pm.gpe_status, pm.gpe_bit);
	acpi_reg_write(&pm.gpe_enable, pm.gpe_bit);
	return 0;
}
