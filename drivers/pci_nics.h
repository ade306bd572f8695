/* SPDX-License-Identifier: MIT */
/*
 * Names of network devices that have no driver here.
 */
#ifndef DRIVERS_PCI_NICS_H
#define DRIVERS_PCI_NICS_H

#include <stdint.h>

/* Linux's name for the driver of this device; NULL: not known. */
const char *pci_nic_name(uint16_t vendor, uint16_t device);

#endif
