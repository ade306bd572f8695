/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine, by whatever it has: QEMU's exit device, ACPI's soft
 * off state, a reset. After a panic the command line's panic= decides.
 */
#include "drivers/power.h"

#include <errno.h>
#include <limits.h>
#include <linux/signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "drivers/acpi/acpi_ged.h"
#include "drivers/acpi/acpi_pm.h"
#include "drivers/reset.h"
#include "drivers/serial.h"
#include "kernel/base.h"
#include "kernel/cmdline.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/process.h"
#include "kernel/x86/cpu.h"

#define DEBUG_CONSOLE 0xe9 /* reads as its own number where it exists */
#define DEBUG_EXIT 0xf4 /* isa-debug-exit: QEMU ends with 2 * value + 1 */
#define PANIC_STATUS 0x7f

/* The status if the button came before the application, as by the signal. */
#define STATUS_SIGTERM (128 + SIGTERM)

/*
 * panic=N, as on Linux. 0: the machine ends (Linux would hang); positive: it is
 * reset N seconds later; negative: at once.
 */
static int panic_timeout __ro_after_init;

/* Tells the host, and ends QEMU if it has the device for that. */
static void tell_host(const char *report, uint32_t status)
{
	serial_drain();
	if (inb(DEBUG_CONSOLE) == DEBUG_CONSOLE)
		while (*report)
			outb(DEBUG_CONSOLE, *report++);
	outl(DEBUG_EXIT, status);
}

static void panic_exit(void)
{
	if (panic_timeout > 0) {
		pr_err("Rebooting in %d seconds..", panic_timeout);
		delay_ns(panic_timeout * NSEC_PER_SEC);
	}
	tell_host("panic\n", PANIC_STATUS);
	if (!panic_timeout)
		acpi_pm_power_off();
	reset_machine();
}

void power_early_init(void)
{
	panic_set_exit(panic_exit);
}

static void read_panic_timeout(void)
{
	const char *word = cmdline_get("panic");
	char *end;
	long seconds;

	if (!word)
		return;
	seconds = strtol(word, &end, 10);
	if (!*word || *end || seconds < INT_MIN || seconds > INT_MAX)
		pr_warn("panic=%s: is no number of seconds", word);
	else
		panic_timeout = (int)seconds;
}

void power_init(void)
{
	read_panic_timeout();
	reset_init();
	acpi_pm_init();
	if (!acpi_pm_can_power_off())
		pr_info("power: no ACPI off state, the end will be a reset");
}

void power_off(int status)
{
	char report[16];

	snprintf(report, sizeof(report), "exit %d\n", status & 0xff);
	tell_host(report, status & 0xff);
	acpi_pm_power_off();
	reset_machine();
}

/* Before the application runs, and when it is ending, the machine ends. */
static void button_pressed(void)
{
	pr_notice("power button: SIGTERM to the application");
	if (!process_terminate())
		power_off(process_status(STATUS_SIGTERM));
}

void power_button_init(void)
{
	int err = acpi_pm_button_start(button_pressed);

	if (err == -ENODEV)
		err = acpi_ged_button_start(button_pressed);
	if (err == -ENODEV)
		pr_info("power: no power button");
	else if (err)
		pr_warn("power: the power button does not work (%d)", err);
}
