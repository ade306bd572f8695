/* SPDX-License-Identifier: MIT */
/*
 * How the machine ends. With QEMU's debug console (port 0xe9) and its
 * isa-debug-exit (0xf4) the status reaches the host: the line "exit N" or
 * "panic" on the first, N on the second. Otherwise ACPI's S5, then reset.
 * The power button asks the application to end.
 */
#ifndef DRIVERS_POWER_H
#define DRIVERS_POWER_H

#include <stdint.h>

/* From here on a panic ends the machine, without ACPI. */
void power_early_init(void);
void power_init(void); /* after acpi_init() and cmdline_init() */
/* From here on the button works. After irq_init(). */
void power_button_init(void);
/* status: 0-255, the application's. */
_Noreturn void power_off(int status);

#endif
