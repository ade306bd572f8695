/* SPDX-License-Identifier: MIT */
/* unit: boot/efi/kernel_elf.c */
/* The kernel's file inside the loader: good, damaged, cut. */
#include "boot/efi/kernel_elf.h"

#include <linux/elf.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base.h"
#include "lib/check.h"

#define FILE_SIZE 0x3000
#define START 0x100000UL

static struct {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdrs[3];
	uint8_t rest[FILE_SIZE - sizeof(Elf64_Ehdr) - 3 * sizeof(Elf64_Phdr)];
} file, good;

static struct kernel_elf elf;

static void make(void)
{
	memset(&good, 0, sizeof(good));
	good.ehdr = (Elf64_Ehdr){
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB },
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
		.e_entry = START + 0x10,
	};
	good.phdrs[0] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0x1000, 0,
				      START,   0x800,	    0x800,  0x1000 };
	good.phdrs[1] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_W,    0x2000,
				      0,       START + 0x2000, 0x400,
				      0x4321,  0x1000 };
	good.phdrs[2] = (Elf64_Phdr){ PT_NOTE, PF_R,  FILE_SIZE + 1, 0,
				      5,       0x800, 0x800,	     4 };
	for (size_t i = 0x1000; i < FILE_SIZE; i++)
		((uint8_t *)&good)[i] = (uint8_t)(i * 7 + 1);
}

/* Each from a good file, on the heap and exactly as long as is said. */
static const char *check(size_t size)
{
	void *copy = malloc(size);
	const char *problem;

	memcpy(copy, &file, size);
	problem = kernel_elf_check(copy, size, &elf);
	free(copy);
	return problem;
}

static void test_good(void)
{
	uint8_t *memory, *want;
	size_t size;

	file = good;
	is_ptr(check(FILE_SIZE), NULL, "kernel: a good file");
	ok(elf.start == START && elf.end == START + 0x7000 &&
		   elf.entry == START + 0x10,
	   "kernel: where it lies, in whole pages");
	size = elf.end - elf.start;
	memory = malloc(size);
	want = calloc(1, size);
	memset(memory, 0xee, size);
	memcpy(want, (uint8_t *)&file + 0x1000, 0x800);
	memcpy(want + 0x2000, (uint8_t *)&file + 0x2000, 0x400);
	kernel_elf_load(&file, &elf, memory);
	is_mem(memory, want, size,
	       "kernel: segments are copied, all else is 0");
	free(memory);
	free(want);
	file.ehdr.e_type = ET_EXEC;
	is_ptr(check(FILE_SIZE), NULL, "kernel: linked at a fixed address");
}

/* It has no memory: what it has in the file goes nowhere. */
static void test_empty(void)
{
	uint8_t *memory;

	file = good;
	file.phdrs[2] = (Elf64_Phdr){ PT_LOAD,	      PF_R,  0x1000, 0,
				      START + 0x6f00, 0x800, 0,	     4 };
	is_ptr(check(FILE_SIZE), NULL, "kernel: a segment without memory");
	is(elf.end, START + 0x7000, "kernel: it adds nothing to the range");
	memory = malloc(elf.end - elf.start);
	kernel_elf_load(&file, &elf, memory);
	is(memory[0x6f00], 0, "kernel: and nothing of it is copied");
	free(memory);
}

#define refused(change, what)                                \
	do {                                                 \
		file = good;                                 \
		change;                                      \
		ok(check(FILE_SIZE), "kernel: no %s", what); \
	} while (0)

static void test_damaged(void)
{
	refused(file.ehdr.e_ident[0] = 0, "other format");
	refused(file.ehdr.e_ident[EI_CLASS] = ELFCLASS32, "32-bit file");
	refused(file.ehdr.e_machine = EM_386, "other machine");
	refused(file.ehdr.e_type = ET_REL, "object file");
	refused(file.ehdr.e_phnum = 0, "file without segments");
	refused(file.ehdr.e_phnum = 0xffff, "headers beyond the end");
	refused(file.ehdr.e_phoff = UINT64_MAX - 8, "headers that wrap");
	refused(file.ehdr.e_phentsize = 32, "headers of another size");
	refused(file.ehdr.e_entry = START - 1, "entry before the image");
	refused(file.ehdr.e_entry = START + 0x800, "entry behind the code");
	refused(file.ehdr.e_entry = START + 0x2000, "entry in data");
	refused(file.phdrs[0].p_offset = FILE_SIZE - 1, "segment cut short");
	refused(file.phdrs[0].p_offset = UINT64_MAX, "offset that wraps");
	refused(file.phdrs[1].p_filesz = 0x5000, "segment without room");
	refused(file.phdrs[1].p_memsz = UINT64_MAX, "size that wraps");
	refused(file.phdrs[1].p_paddr = UINT64_MAX, "address that wraps");
	refused(file.phdrs[1].p_paddr = KERNEL_LIMIT, "memory beyond 1 GiB");
	refused(file.phdrs[0].p_type = file.phdrs[1].p_type = PT_NULL,
		"file with nothing to load");
}

static void test_cut(void)
{
	bool all = true;

	file = good;
	for (size_t size = 1; size < 0x2400; size += 13)
		all &= check(size) != NULL;
	ok(all, "kernel: no file that is cut anywhere");
}

/* What passes can be loaded: the sanitizers watch. */
static void test_random(void)
{
	static uint8_t memory[1 << 20];
	unsigned int passed = 0;

	for (int round = 0; round < 20000; round++) {
		file = good;
		for (int i = 0; i < 3; i++)
			((uint8_t *)&file)[random_below(232)] = (uint8_t)
				random_below(256);
		if (check(FILE_SIZE) || elf.end - elf.start > sizeof(memory))
			continue;
		kernel_elf_load(&file, &elf, memory);
		passed++;
	}
	ok(passed > 100, "kernel: damaged files are refused or load (%u do)",
	   passed);
}

int main(void)
{
	random_seed();
	make();
	test_good();
	test_empty();
	test_damaged();
	test_cut();
	test_random();
	return done_testing();
}
