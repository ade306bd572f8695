/* SPDX-License-Identifier: MIT */
/* fuzz: kernel/task/elf.c */
/*
 * The ELF loader. The file's headers are a program's of musl-gcc -static, over
 * which the input writes: each change is a place and what stands there; the
 * rest of an input that begins with zero is the file itself.
 */
#include "kernel/task/elf.h"

#include <linux/elf.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/lib/fuzz.h"
#include "kernel/base.h"
#include "kernel/mm/mm.h"
#include "kernel/mm/vma.h"
#include "kernel/printk.h"

#define FILE_MAX 0x4000
#define NR_PHDRS 4
#define HEADERS (sizeof(Elf64_Ehdr) + NR_PHDRS * sizeof(Elf64_Phdr))

static size_t file_len;
static uintptr_t mapped_end;

void printk(enum log_level level, const char *fmt, ...)
{
}

int mm_map_fixed(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot,
		 uint32_t flags, const struct vma_backing *backing,
		 bool replace)
{
	must(IS_ALIGNED(addr | len, PAGE_SIZE) && len, "elf: whole pages");
	must(addr >= USER_MIN && addr < USER_MAX && len <= USER_MAX - addr,
	     "elf: mapped in user memory");
	must(!backing || backing->len <= file_len, "elf: bytes of the file");
	must(!backing || IS_ALIGNED(backing->offset, PAGE_SIZE),
	     "elf: from the beginning of a page");
	mapped_end = MAX(mapped_end, addr + len);
	return len >> 40 ? -1 : 0;
}

static void good_headers(uint8_t *file)
{
	Elf64_Ehdr ehdr = { .e_ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 },
			    .e_type = ET_EXEC,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_entry = 0x401080,
			    .e_phoff = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = NR_PHDRS };
	static const Elf64_Phdr phdrs[NR_PHDRS] = {
		{ PT_LOAD, PF_R, 0, 0x400000, 0, 0x300, 0x300, 0x1000 },
		{ PT_LOAD, PF_R | PF_X, 0x1000, 0x401000, 0, 0x800, 0x800,
		  0x1000 },
		{ PT_LOAD, PF_R | PF_W, 0x1f40, 0x403f40, 0, 0x200, 0x2200,
		  0x1000 },
		{ PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16 },
	};

	memcpy(file, &ehdr, sizeof(ehdr));
	memcpy(file + sizeof(ehdr), phdrs, sizeof(phdrs));
}

static size_t changed_file(struct input *in, uint8_t *file)
{
	size_t len = take8(in) & 1 ? take16(in) % FILE_MAX : 0x3000;

	memset(file, 0, FILE_MAX);
	good_headers(file);
	while (in->left) {
		size_t at = take16(in) % HEADERS, n = 1 + take_below(in, 8);

		take_bytes(in, file + at, MIN(n, HEADERS - at));
	}
	return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t whole[FILE_MAX] = { 0 }, *file;
	uintptr_t shift = (uintptr_t)take8(&in) << 30;
	struct elf_image image;

	file_len = shift ? changed_file(&in, whole) :
			   take_bytes(&in, whole, sizeof(whole));
	file = malloc(MAX(file_len, (size_t)1));
	memcpy(file, whole, file_len);
	mapped_end = 0;
	if (!elf_load(NULL, file, file_len, "/bin/app", shift, &image)) {
		must(image.brk <= USER_MAX && image.brk >= USER_MIN,
		     "elf: brk in user memory");
		must(image.entry < mapped_end, "elf: the entry is mapped");
	}
	free(file);
	return 0;
}
