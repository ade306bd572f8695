/* SPDX-License-Identifier: MIT */
/*
 * Reads the kernel's ELF file (System V gABI chapters 4 and 5). It came from
 * the same file as this code, but a disk or a copy can have damaged it, so every
 * number is checked before it is used. No state, no firmware: compiles on the
 * host for the unit tests.
 */
#include "boot/efi/kernel_elf.h"

#include <linux/elf.h>
#include <stdbool.h>
#include <string.h>

#include "kernel/base.h"

/* The file may lie at any address, so headers are copied out. */
static void phdr_read(const void *file, const Elf64_Ehdr *ehdr, unsigned int i,
		      Elf64_Phdr *phdr)
{
	memcpy(phdr,
	       (const char *)file + ehdr->e_phoff + i * sizeof(Elf64_Phdr),
	       sizeof(*phdr));
}

static const char *check_header(const Elf64_Ehdr *ehdr, size_t size)
{
	if (memcmp(ehdr->e_ident, ELFMAG, SELFMAG))
		return "it is not an ELF file";
	if (ehdr->e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr->e_ident[EI_DATA] != ELFDATA2LSB ||
	    ehdr->e_machine != EM_X86_64)
		return "it is not for x86-64";
	if (ehdr->e_type != ET_EXEC && ehdr->e_type != ET_DYN)
		return "it is not an executable";
	if (ehdr->e_phentsize != sizeof(Elf64_Phdr) || !ehdr->e_phnum ||
	    ehdr->e_phoff > size ||
	    size - ehdr->e_phoff < ehdr->e_phnum * sizeof(Elf64_Phdr))
		return "its program headers are damaged";
	return NULL;
}

static const char *check_segment(const Elf64_Phdr *phdr, size_t size)
{
	if (phdr->p_offset > size || phdr->p_filesz > size - phdr->p_offset)
		return "it is cut short";
	if (phdr->p_filesz > phdr->p_memsz || phdr->p_paddr > KERNEL_LIMIT ||
	    phdr->p_memsz > KERNEL_LIMIT - phdr->p_paddr)
		return "a segment's size or address is damaged";
	return NULL;
}

/* An empty segment is ignored, whatever its other fields are. */
static bool is_loaded(const Elf64_Phdr *phdr)
{
	return phdr->p_type == PT_LOAD && phdr->p_memsz;
}

static bool holds_entry(const Elf64_Phdr *phdr, uint64_t entry)
{
	return phdr->p_flags & PF_X && entry >= phdr->p_paddr &&
	       entry - phdr->p_paddr < phdr->p_filesz;
}

const char *kernel_elf_check(const void *file, size_t size,
			     struct kernel_elf *elf)
{
	bool entered = false;
	const char *problem;
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr;

	if (size < sizeof(ehdr))
		return "it is cut short";
	memcpy(&ehdr, file, sizeof(ehdr));
	problem = check_header(&ehdr, size);
	if (problem)
		return problem;
	*elf = (struct kernel_elf){ UINT64_MAX, 0, ehdr.e_entry };
	for (unsigned int i = 0; i < ehdr.e_phnum; i++) {
		phdr_read(file, &ehdr, i, &phdr);
		if (!is_loaded(&phdr))
			continue;
		problem = check_segment(&phdr, size);
		if (problem)
			return problem;
		elf->start = MIN(elf->start, phdr.p_paddr);
		elf->end = MAX(elf->end, phdr.p_paddr + phdr.p_memsz);
		entered |= holds_entry(&phdr, ehdr.e_entry);
	}
	if (!entered)
		return "its entry point is in no segment";
	elf->start = ALIGN_DOWN(elf->start, PAGE_SIZE);
	elf->end = ALIGN_UP(elf->end, PAGE_SIZE);
	return NULL;
}

void kernel_elf_load(const void *file, const struct kernel_elf *elf, void *to)
{
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr;

	memset(to, 0, elf->end - elf->start);
	memcpy(&ehdr, file, sizeof(ehdr));
	for (unsigned int i = 0; i < ehdr.e_phnum; i++) {
		phdr_read(file, &ehdr, i, &phdr);
		if (is_loaded(&phdr))
			memcpy((char *)to + (phdr.p_paddr - elf->start),
			       (const char *)file + phdr.p_offset,
			       phdr.p_filesz);
	}
}
