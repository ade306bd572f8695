/* SPDX-License-Identifier: MIT */
/*
 * The virtual machine generation id: 16 bytes that the hypervisor changes when
 * the machine continues as a copy.
 */
#ifndef DRIVERS_ACPI_VMGENID_H
#define DRIVERS_ACPI_VMGENID_H

/*
 * Finds the id by ACPI and gives it to the random generator; a machine without
 * is no error. After the interrupts and acpi_pm_init(). Thread context, once.
 */
void vmgenid_init(void);

#endif
