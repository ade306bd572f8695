/* SPDX-License-Identifier: MIT */
/*
 * ACPI's power management: the soft off state, the reset register and the
 * power button, in fixed hardware (ACPI 6.5, 4.8.3) or reduced hardware (4.1).
 * All is looked up at boot, so that a panic allocates and maps nothing.
 */
#ifndef DRIVERS_ACPI_ACPI_PM_H
#define DRIVERS_ACPI_ACPI_PM_H

#include <stdbool.h>

/* Reads the tables. After acpi_init(); without ACPI nothing below works. */
void acpi_pm_init(void);

/* Whether there is a way into S5, the soft off state. */
bool acpi_pm_can_power_off(void);

/* Each returns if it had no effect. Any context. */
void acpi_pm_power_off(void);
void acpi_pm_reset(void);

/*
 * Calls pressed in interrupt context whenever the fixed power button is
 * pressed from now on. 0, -ENODEV when the machine has none, or what
 * irq_request_line() says. After irq_init().
 */
int acpi_pm_button_start(void (*pressed)(void));

/*
 * Calls event in interrupt context whenever this general purpose event of
 * block 0 happens from now on. One event, once; errors as above.
 */
int acpi_pm_event_start(unsigned int gpe, void (*event)(void));

#endif
