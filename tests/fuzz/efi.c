/* SPDX-License-Identifier: MIT */
/* fuzz: boot/efi/options.c boot/efi/device_path.c boot/efi/memory_map.c */
/* fuzz: boot/efi/kernel_elf.c boot/memmap.c */
/*
 * What UEFI's firmware says to the loader: load options, device paths, the
 * memory map; and the kernel's file inside the loader. The first byte is which.
 */
#include <linux/elf.h>
#include <stdlib.h>
#include <string.h>

#include "boot/efi/device_path.h"
#include "boot/efi/kernel_elf.h"
#include "boot/efi/memory_map.h"
#include "boot/efi/options.h"
#include "boot/memmap.h"
#include "fuzz/lib/fuzz.h"
#include "kernel/base.h"

#define KERNEL_FILE 0x2400
#define LOADED_MAX (64 * KiB)

static struct boot_info bi;

/* ---- Text ---------------------------------------------------------------- */

/* UCS-2 of a few characters that matter, or bytes; at an odd address. */
static size_t take_text(struct input *in, uint8_t *to, size_t max)
{
	static const char letters[] = "ab .\\/\"-=EFI\t\r\n";
	size_t len = 0;
	uint8_t how = take8(in), c;

	while (in->left && len + 2 < max) {
		c = take8(in);
		if (how & 1 && c < 0xc0) {
			to[len++] = letters[c % (sizeof(letters) - 1)];
			if (how & 2)
				to[len++] = 0;
		} else {
			to[len++] = c;
		}
	}
	return len;
}

static void options(struct input *in)
{
	static const uint16_t paths[][24] = {
		{ 0 }, u"\\EFI\\BOOT\\BOOTX64.EFI", u"a\\b.EFI", u"\\"
	};
	const uint16_t *file = paths[take_below(in, ARRAY_SIZE(paths))];
	enum options_name name = take_below(in, 2);
	bool is_file = take8(in) & 1, has_mark = take8(in) & 1;
	uint8_t text[4000], *block;
	size_t mark = has_mark ? take_below(in, 4) : 0, len;

	memcpy(text, "\xff\xfe\xef\xbb\xbf" + (mark == 3 ? 2 : 0), mark);
	len = mark + take_text(in, text + mark, sizeof(text) - mark);
	if (take8(in) & 1) /* as long as options can be */
		while (2 * len <= sizeof(text) && len) {
			memcpy(text + len, text, len);
			len *= 2;
		}
	block = malloc(len + 1);
	memcpy(block + 1, text, len);
	memset(bi.cmdline, 'x', sizeof(bi.cmdline));
	if (!(is_file ? options_take_file(&bi, block + 1, len) :
			options_take(&bi, block + 1, len, file, name)))
		must(!bi.cmdline[0], "efi: what is no text is empty");
	must(memchr(bi.cmdline, 0, sizeof(bi.cmdline)), "efi: the line ends");
	free(block);
}

/* ---- Device paths -------------------------------------------------------- */

/* A path that ends, as nobody says how long it is. */
static size_t take_path(struct input *in, uint8_t *to, size_t max)
{
	size_t len = 0, n;

	while (in->left && len + 80 < max) {
		uint8_t *node = to + len;

		n = 4 + take_below(in, 64);
		memset(node, 0, n);
		node[0] = take8(in) & 1 ? 4 : take_below(in, 5);
		node[1] = take8(in) & 1 ? 4 : take_below(in, 5);
		node[2] = n;
		take_bytes(in, node + 4, n - 4);
		len += n;
	}
	memcpy(to + len, "\x7f\xff\4", 4);
	return len + 4;
}

static void file_of_path(struct input *in)
{
	size_t max = 1 + take_below(in, 64), len;
	uint16_t *file = malloc(2 * max);
	uint8_t room[2048], *path;
	bool ends = false;

	len = take_path(in, room, sizeof(room));
	path = malloc(len + 1);
	memcpy(path + 1, room, len);
	device_path_file(path + 1, file, max);
	for (size_t i = 0; i < max; i++)
		ends |= !file[i];
	must(ends, "efi: the file's name ends");
	(void)device_path_has_com1(path + 1, len);
	free(path);
	free(file);
}

static void console(struct input *in)
{
	size_t len = in->left;
	uint8_t *paths = take_copy(in, len);

	(void)device_path_has_com1(paths, len);
	free(paths);
}

/* ---- The memory map ------------------------------------------------------ */

static uint64_t take_address(struct input *in)
{
	uint8_t n = take8(in);

	if (n & 0x80)
		return (uint64_t)take16(in) << PAGE_SHIFT;
	return n & 0x40 ? UINT64_MAX << (n & 0x3f) :
			  (uint64_t)take32(in) << (n & 0x1f);
}

static bool is_free(const struct memory_map *map, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < map->size / map->stride; i++) {
		const EFI_MEMORY_DESCRIPTOR *d = (void *)((char *)map->data +
							  i * map->stride);
		uint64_t pages = MIN(d->NumberOfPages,
				     (UINT64_MAX - d->PhysicalStart) >>
					     PAGE_SHIFT);

		if (d->Type == EfiConventionalMemory &&
		    d->PhysicalStart <= start &&
		    (pages != d->NumberOfPages ||
		     end <= d->PhysicalStart + pages * PAGE_SIZE))
			return true;
	}
	return false;
}

static void check_reduced(uint64_t start, uint64_t end)
{
	must(bi.nr_mem <= BOOT_MEM_MAX, "efi: ranges");
	for (unsigned int i = 0; i < bi.nr_mem; i++) {
		const struct boot_mem *m = &bi.mem[i];

		must(m->start < m->end && m->type == BOOT_MEM_RAM,
		     "efi: a range of RAM");
		must(!i || m[-1].end <= m->start, "efi: in order");
		must(m->end <= start || m->start >= end,
		     "efi: the kernel is not free");
	}
}

static void memory(struct input *in)
{
	UINTN stride = 8 * take_below(in, 12), version = take_below(in, 3);
	struct memory_map map = { .stride = stride };
	uint64_t size = (uint64_t)(1 + take16(in)) << PAGE_SHIFT;
	uint64_t offset = (uint64_t)take_below(in, 64) << PAGE_SHIFT;
	uint64_t place, start;

	map.size = take_below(in, 200) * MAX(stride, 1UL) + !take8(in);
	map.data = calloc(1, MAX(map.size, 1UL));
	for (size_t at = 0;
	     in->left && stride >= sizeof(EFI_MEMORY_DESCRIPTOR) &&
	     at + stride <= map.size;
	     at += stride) {
		EFI_MEMORY_DESCRIPTOR d = { .Type = take_below(in, 16),
					    .PhysicalStart = take_address(in),
					    .NumberOfPages = take16(in),
					    .Attribute = EFI_MEMORY_WB };

		if (take8(in) & 1)
			d.NumberOfPages = take_address(in);
		memcpy((char *)map.data + at, &d, sizeof(d));
	}
	if (stride && memory_map_valid(&map, version)) {
		place = memory_map_place(&map, size, offset, KERNEL_STEP,
					 KERNEL_LIMIT);
		must(!place || is_free(&map, place, place + size),
		     "efi: a place that is free");
		must(!place || (place >= MiB && place + size <= KERNEL_LIMIT),
		     "efi: a place that the kernel can map");
		start = place ? place : take_address(in);
		memset(&bi, 0, sizeof(bi));
		(void)memory_map_reduce(&map, start, start + size, &bi);
		if (start + size > start)
			check_reduced(start, start + size);
	}
	free(map.data);
}

/* ---- The kernel's file --------------------------------------------------- */

static void good_file(uint8_t *file)
{
	Elf64_Ehdr ehdr = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64,
					 ELFDATA2LSB },
			    .e_type = ET_DYN,
			    .e_machine = EM_X86_64,
			    .e_phoff = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 2,
			    .e_entry = 0x100010 };
	Elf64_Phdr phdrs[2] = {
		{ PT_LOAD, PF_R | PF_X, 0x1000, 0, 0x100000, 0x800, 0x800,
		  0x1000 },
		{ PT_LOAD, PF_R | PF_W, 0x2000, 0, 0x102000, 0x400, 0x4321,
		  0x1000 },
	};

	memcpy(file, &ehdr, sizeof(ehdr));
	memcpy(file + sizeof(ehdr), phdrs, sizeof(phdrs));
}

static void kernel(struct input *in)
{
	size_t size = take8(in) & 1 ? take16(in) % KERNEL_FILE : KERNEL_FILE;
	uint8_t whole[KERNEL_FILE] = { 0 }, *file, *to;
	struct kernel_elf elf;

	good_file(whole);
	while (in->left) {
		size_t at = take8(in), n = 1 + take_below(in, 8);

		take_bytes(in, whole + at, n);
	}
	file = malloc(MAX(size, (size_t)1));
	memcpy(file, whole, size);
	if (!kernel_elf_check(file, size, &elf)) {
		must(elf.start < elf.end && elf.end <= KERNEL_LIMIT,
		     "efi: where the kernel lies");
		must(elf.entry >= elf.start && elf.entry < elf.end,
		     "efi: where it begins");
		if (elf.end - elf.start <= LOADED_MAX) {
			to = malloc(elf.end - elf.start);
			kernel_elf_load(file, &elf, to);
			free(to);
		}
	}
	free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parts[])(struct input * in) = {
		options, file_of_path, console, memory, kernel
	};
	struct input in = { data, size };

	parts[take_below(&in, ARRAY_SIZE(parts))](&in);
	return 0;
}
