/* SPDX-License-Identifier: MIT */
/*
 * A loader for tests of boot_entry (boot/entry.S): takes the kernel's ELF from
 * the module that QEMU's -initrd gives, puts it at the physical address that
 * the command line starts with, fills a struct boot_info, or with "linux:"
 * before the address Linux's boot_params, and goes there.
 */
#include <asm/bootparam.h>
#include <linux/elf.h>
#include <stdbool.h>

#include "boot/pvh.h"
#include "kernel/boot_info.h"

#define LOADER_START 0x2000000
#define LOADER_END 0x2100000
#define LINKED_FOR 0x100000

static struct boot_info bi;
static struct boot_params params;

static void copy(void *to, const void *from, uint64_t n)
{
	__asm__ volatile("rep movsb"
			 : "+D"(to), "+S"(from), "+c"(n)
			 :
			 : "memory");
}

static void clear(void *to, uint64_t n)
{
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(0) : "memory");
}

static void say(const char *s)
{
	for (; *s; s++)
		__asm__ volatile("outb %0, %w1" : : "a"(*s), "Nd"(0x3f8));
}

static bool take_word(const char **line, const char *word)
{
	const char *s = *line;

	while (*word)
		if (*s++ != *word++)
			return false;
	*line = s;
	return true;
}

/* The first word of the command line, hexadecimal; the rest is the kernel's. */
static uint64_t take_address(const char **line)
{
	uint64_t address = 0;

	for (; **line && **line != ' '; (*line)++)
		address = address * 16 +
			  (**line <= '9' ? **line - '0' : **line - 'a' + 10);
	return address;
}

static void give(uint64_t start, uint64_t end, enum boot_mem_type type)
{
	bi.mem[bi.nr_mem++] = (struct boot_mem){ start, end, type };
}

/* The RAM from 1 MiB on, but for this program and where the kernel lies. */
static void give_memory(const struct pvh_start_info *info, uint64_t image,
			uint64_t image_end)
{
	const struct pvh_mem *map = (const void *)info->memmap_paddr;

	for (uint32_t i = 0; i < info->memmap_entries; i++) {
		if (map[i].type != PVH_MEM_RAM || map[i].addr != LINKED_FOR)
			continue;
		give(LINKED_FOR, LOADER_START, BOOT_MEM_RAM);
		give(LOADER_START, LOADER_END, BOOT_MEM_RESERVED);
		give(LOADER_END, image, BOOT_MEM_RAM);
		give(image, image_end, BOOT_MEM_RESERVED);
		give(image_end, map[i].addr + map[i].size, BOOT_MEM_RAM);
	}
}

/* The same as PVH's, which has E820's form but for the size of an entry. */
static void give_params(const struct pvh_start_info *info, const char *line)
{
	const struct pvh_mem *map = (const void *)info->memmap_paddr;

	params.hdr.boot_flag = 0xaa55;
	params.hdr.header = 0x53726448;
	params.hdr.cmd_line_ptr = (uint64_t)line;
	params.acpi_rsdp_addr = info->rsdp_paddr;
	params.e820_entries = info->memmap_entries;
	for (uint32_t i = 0; i < info->memmap_entries; i++)
		copy(&params.e820_table[i], &map[i],
		     sizeof(params.e820_table[i]));
}

void loader(const struct pvh_start_info *info, uint64_t cr4)
{
	const uint64_t *module = (const void *)info->modlist_paddr;
	const char *elf = (const void *)*module;
	const char *line = (const void *)info->cmdline_paddr;
	const Elf64_Ehdr *ehdr = (const void *)elf;
	const Elf64_Phdr *phdr = (const void *)(elf + ehdr->e_phoff);
	bool as_linux = take_word(&line, "linux:");
	uint64_t image = take_address(&line);
	uint64_t end = image;

	say(cr4 >> 12 & 1 ? "five levels\n" : "four levels\n");
	for (int i = 0; i < ehdr->e_phnum; i++, phdr++) {
		char *to = (char *)phdr->p_paddr - LINKED_FOR + image;

		if (phdr->p_type != PT_LOAD)
			continue;
		copy(to, elf + phdr->p_offset, phdr->p_filesz);
		clear(to + phdr->p_filesz, phdr->p_memsz - phdr->p_filesz);
		end = (uint64_t)to + phdr->p_memsz;
	}
	copy(bi.protocol, "test", 5);
	bi.rsdp = info->rsdp_paddr;
	give_memory(info, image, (end + 0xfff) & ~0xfffUL);
	for (int i = 0; line[i]; i++)
		bi.cmdline[i] = line[i];
	give_params(info, line);
	__asm__ volatile("jmp *%0"
			 :
			 : "r"(ehdr->e_entry - LINKED_FOR + image),
			   "D"(as_linux ? ~0UL : (uint64_t)&bi),
			   "S"(as_linux ? (uint64_t)&params : ~0UL));
	__builtin_unreachable();
}
