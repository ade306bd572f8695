/* SPDX-License-Identifier: MIT */
/*
 * From the image's physical address to the kernel's virtual one. The kernel is
 * linked as a position independent executable at KERNEL_LINK_BASE and starts
 * here at its physical address. This file chooses its address space at random
 * (nokaslr: as linked), relocates the kernel, maps it and enters start() there.
 *
 * Until boot_jump() no address that the linker stored in memory may be used:
 * such a pointer is right only at the kernel's own addresses.
 */
#include "boot/enter.h"

#include <ctype.h>
#include <string.h>

#include "boot/handover.h"
#include "kernel/base.h"
#include "kernel/lib/chacha.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmap.h"
#include "kernel/stack_guard.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/paging.h"

/* CPUID: SDM vol 2. */
#define CPUID_1_ECX_RDRAND BIT(30)

/*
 * Granules and extents of the places. The kernel lies in the top level's last
 * slot, except its last GiB, within one aligned GiB: one page directory.
 */
#define TEXT_ALIGN (2 * MiB)
#define TEXT_GIBS 511
#define DIRECT_GIBS 32768 /* as much again is left for RAM */
#define VMAP_PAGES BIT(32)

#define ENTRIES 512
#define SLOT(va, level) ((va) >> (PAGE_SHIFT + 9 * (level)) & (ENTRIES - 1))

extern const char _text[], _image_end[];
extern const uint64_t __relr_start[], __relr_end[];
extern uint64_t boot_pml4[ENTRIES], boot_pdpt[ENTRIES], boot_pd[ENTRIES];

static struct boot_info boot_info;
static _Alignas(PAGE_SIZE) uint64_t direct_pdpt[ENTRIES];
static _Alignas(PAGE_SIZE) uint64_t kernel_pdpt[ENTRIES];
static _Alignas(PAGE_SIZE) uint64_t kernel_pd[ENTRIES];

/* Whether the kernel's part of the command line has this word. */
static bool has_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	for (;;) {
		size_t n = 0;

		while (isspace((unsigned char)*line))
			line++;
		while (line[n] && !isspace((unsigned char)line[n]))
			n++;
		if (!n || (n == 2 && !strncmp(line, "--", 2)))
			return false;
		if (n == len && !strncmp(line, word, n))
			return true;
		line += n;
	}
}

/* A word of the CPU's generator, 0 without one. */
static uint64_t hardware_word(void)
{
	uint32_t r[4];
	uint64_t v = 0;

	cpuid(1, 0, r);
	if (r[2] & CPUID_1_ECX_RDRAND)
		rdrand(&v);
	return v;
}

/*
 * The firmware's seed, the CPU's generator, and the time. With the time alone,
 * an attacker who knows it to a few microseconds can try all places.
 */
static void random_words(const struct boot_info *bi, uint64_t words[8])
{
	static const uint32_t nonce[3];
	uint64_t key[4];

	for (unsigned int i = 0; i < ARRAY_SIZE(key); i++)
		key[i] = bi->seed[i] ^ hardware_word() ^ rdtsc();
	chacha20_block((uint32_t *)key, 0, nonce, (uint8_t *)words);
}

/* The address of _text. Its offset in a 2 MiB page is that of its memory. */
static uintptr_t choose_text(uint64_t gib, uint64_t granule)
{
	uintptr_t phys = (uintptr_t)_text % TEXT_ALIGN;
	size_t room = GiB - ALIGN_UP(phys + (_image_end - _text), TEXT_ALIGN);

	return KERNEL_MAP_START + gib % TEXT_GIBS * GiB +
	       granule % (room / TEXT_ALIGN + 1) * TEXT_ALIGN + phys;
}

/* Chooses the address space, the boot stack's guard and the slabs' secret. */
static void choose_places(const struct boot_info *bi)
{
	uintptr_t text = KERNEL_LINK_BASE - LOAD_ADDRESS % TEXT_ALIGN +
			 (uintptr_t)_text % TEXT_ALIGN;
	uint64_t random[8];

	random_words(bi, random);
	__stack_chk_guard = stack_guard_of(random[4]);
	slab_secret = random[5];
	if (!has_word(bi->cmdline, "nokaslr")) {
		text = choose_text(random[0], random[1]);
		direct_map_base += random[2] % DIRECT_GIBS * GiB;
		vmap_base += random[3] % VMAP_PAGES * PAGE_SIZE;
	}
	kernel_image_offset = text - (uintptr_t)_text;
}

/*
 * The relocations are in RELR's form (gABI, "Relative Relocation Table"): an
 * even word is the address of a pointer, an odd one a bitmap: which of the next
 * 63 words are pointers, too.
 */
static void relocate(uintptr_t shift)
{
	uintptr_t here = (uintptr_t)_text - KERNEL_LINK_BASE;
	uintptr_t *next = NULL;

	for (const uint64_t *r = __relr_start; r < __relr_end; r++) {
		if (!(*r & 1)) {
			next = (uintptr_t *)(*r + here);
			*next++ += shift;
			continue;
		}
		for (unsigned int i = 0; i < 63; i++)
			if (*r >> (i + 1) & 1)
				next[i] += shift;
		next += 63;
	}
}

/* The image's pages in the kernel's GiB; the direct map's first GiB. */
static void map(uintptr_t text)
{
	uint64_t phys = ALIGN_DOWN((uintptr_t)_text, TEXT_ALIGN);

	for (uintptr_t va = ALIGN_DOWN(text, TEXT_ALIGN);
	     phys < (uintptr_t)_image_end; va += TEXT_ALIGN) {
		kernel_pd[SLOT(va, 1)] = phys | PTE_PS | PTE_W | PTE_P;
		phys += TEXT_ALIGN;
	}
	kernel_pdpt[SLOT(text, 2)] = (uintptr_t)kernel_pd | PTE_W | PTE_P;
	boot_pml4[SLOT(text, 3)] = (uintptr_t)kernel_pdpt | PTE_W | PTE_P;
	direct_pdpt[SLOT(direct_map_base, 2)] = (uintptr_t)boot_pd | PTE_W |
						PTE_P;
	boot_pml4[SLOT(direct_map_base, 3)] = (uintptr_t)direct_pdpt | PTE_W |
					      PTE_P;
}

void boot_enter(uint32_t first, uint32_t second, uint32_t how)
{
	struct boot_info *bi = &boot_info;

	if (how == BOOT_BY_PVH)
		pvh_read(bi, first);
	else if (!linux_read(bi, second))
		*bi = *(const struct boot_info *)(uintptr_t)first;
	choose_places(bi);
	relocate((uintptr_t)_text + kernel_image_offset - KERNEL_LINK_BASE);
	map((uintptr_t)_text + kernel_image_offset);
	boot_jump((uintptr_t)boot_pml4, kernel_image_offset, bi);
}
