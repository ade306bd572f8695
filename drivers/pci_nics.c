/* SPDX-License-Identifier: MIT */
/*
 * The network devices of hypervisors and clouds besides virtio-net, so that the
 * log can name an unsupported one.
 */
#include "drivers/pci_nics.h"

#include <stddef.h>

#include "kernel/base.h"

static const struct nic {
	uint16_t vendor, device;
	const char *name;
} nics[] = {
	{ 0x1011, 0x0019, "tulip" },   { 0x1022, 0x2000, "pcnet32" },
	{ 0x108e, 0x1001, "sunhme" },  { 0x10ec, 0x8029, "ne2k-pci" },
	{ 0x10ec, 0x8139, "rtl8139" }, { 0x10ec, 0x8168, "r8169" },
	{ 0x15ad, 0x07b0, "vmxnet3" }, { 0x15b3, 0x1018, "mlx5" },
	{ 0x1ae0, 0x0042, "gve" },     { 0x1b36, 0x0006, "rocker" },
	{ 0x1d0f, 0xec20, "ena" },     { 0x8086, 0x1004, "e1000" },
	{ 0x8086, 0x1008, "e1000" },   { 0x8086, 0x100e, "e1000" },
	{ 0x8086, 0x100f, "e1000" },   { 0x8086, 0x10c9, "igb" },
	{ 0x8086, 0x10ca, "igbvf" },   { 0x8086, 0x10d3, "e1000e" },
	{ 0x8086, 0x10ed, "ixgbevf" }, { 0x8086, 0x1209, "e100" },
	{ 0x8086, 0x1229, "e100" },    { 0x8086, 0x2449, "e100" },
	{ 0x8086, 0x154c, "iavf" },    { 0x8086, 0x1889, "iavf" },
};

const char *pci_nic_name(uint16_t vendor, uint16_t device)
{
	for (size_t i = 0; i < ARRAY_SIZE(nics); i++)
		if (nics[i].vendor == vendor && nics[i].device == device)
			return nics[i].name;
	return NULL;
}
