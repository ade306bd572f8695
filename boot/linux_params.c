/* SPDX-License-Identifier: MIT */
/*
 * From Linux's boot_params (the zero page) to struct boot_info: the 64-bit boot
 * protocol of Linux's Documentation/arch/x86/boot.rst, which hypervisors use
 * for an ELF kernel that they do not start by its PVH note (Firecracker before
 * 1.12). Entered at the ELF header's entry with RSI = the zero page.
 */
#include <asm/bootparam.h>
#include <string.h>

#include "boot/handover.h"
#include "kernel/base.h"

#define BOOT_FLAG 0xaa55
#define HEADER_MAGIC 0x53726448 /* "HdrS" */

bool linux_read(struct boot_info *bi, uint32_t params_paddr)
{
	const struct boot_params *params;

	params = early_map(params_paddr, sizeof(*params));
	if (!params || params->hdr.boot_flag != BOOT_FLAG ||
	    params->hdr.header != HEADER_MAGIC)
		return false;
	strcpy(bi->protocol, "linux");
	bi->rsdp = params->acpi_rsdp_addr;
	handover_memmap(bi, params->e820_table,
			MIN((uint32_t)params->e820_entries,
			    (uint32_t)E820_MAX_ENTRIES_ZEROPAGE),
			sizeof(params->e820_table[0]));
	handover_cmdline(bi, (uint64_t)params->ext_cmd_line_ptr << 32 |
				     params->hdr.cmd_line_ptr);
	return true;
}
