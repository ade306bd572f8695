/* SPDX-License-Identifier: MIT */
/*
 * Registers of a virtio device over MMIO and PCI that say what they should,
 * unless an input has them lie. What the device is like is in struct fake_virtio,
 * whatever the transport.
 */
#ifndef TESTS_FUZZ_LIB_VIRTIO_REGS_H
#define TESTS_FUZZ_LIB_VIRTIO_REGS_H

#include "fuzz/lib/fuzz.h"
#include "lib/fake_virtio.h"

/* All the registers are as new; fv is the device behind them. */
void regs_reset(struct fake_virtio *fv);
/* A device that the driver finds, or NULL. */
struct virtio_device *regs_find_mmio(struct input *in);
struct virtio_device *regs_find_pci(struct input *in);
/* Some register says something else from now on, or once. */
void regs_lie(struct input *in);
/* What the driver asked for as its interrupt; false: nothing. */
bool regs_interrupt(uint32_t reasons);
/* The memory that the driver mapped. */
void regs_free(void);

#endif
