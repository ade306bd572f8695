/* SPDX-License-Identifier: MIT */
/*
 * The watchdog of Intel's 6300ESB, QEMU's -device i6300esb. It resets the
 * machine (or does what -action watchdog= says) when the kernel's timers have
 * not run for twice the lockup detector's timeout.
 */
#ifndef DRIVERS_I6300ESB_H
#define DRIVERS_I6300ESB_H

#include "drivers/pci.h"

bool i6300esb_is(const struct pci_dev *pdev);
/* Arms it, unless lockup=0. Thread context at boot; one for each machine. */
void i6300esb_start(const struct pci_dev *pdev);

#endif
