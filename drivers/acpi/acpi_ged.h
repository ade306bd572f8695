/* SPDX-License-Identifier: MIT */
/*
 * The power button of a machine whose ACPI hardware is reduced, and other
 * events: those of the generic event device (ACPI 6.5, 5.6.9).
 */
#ifndef DRIVERS_ACPI_ACPI_GED_H
#define DRIVERS_ACPI_ACPI_GED_H

/*
 * Calls pressed in interrupt context whenever the button is pressed from now
 * on. 0, -ENODEV when there is no such device, or what irq_request_line()
 * says. After irq_init().
 */
int acpi_ged_button_start(void (*pressed)(void));

/*
 * The same for a machine whose event devices have one event each: every
 * interrupt of one calls event.
 */
int acpi_ged_event_start(void (*event)(void));

#endif
