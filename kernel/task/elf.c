/* SPDX-License-Identifier: MIT */
/*
 * The ELF loader: checks an executable that lies in memory and maps its
 * segments, ET_EXEC at its own addresses and ET_DYN (static-pie) at a base of
 * ours. Nothing is copied: pages are mapped from the file on first touch. The
 * file is not trusted; every number is checked before it is used. Thread
 * context; owns nothing. Source: System V gABI chapters 4 and 5.
 */
#include "kernel/task/elf.h"

#include <errno.h>
#include <linux/elf.h>
#include <linux/mman.h>
#include <string.h>

#include "kernel/mm/mm.h"
#include "kernel/mm/vma.h"
#include "kernel/printk.h"

#define PIE_BASE 0x555555554000UL /* two thirds of user memory, as Linux */
#define PHDRS_MAX (64 * KiB) /* bytes, Linux's limit */

struct loader {
	struct mm *mm;
	const uint8_t *file;
	size_t len;
	const char *name;
	Elf64_Ehdr ehdr;
	uintptr_t bias;
	uintptr_t mapped; /* end of the segments so far, whole pages */
	struct elf_image *image;
};

#define refuse(l, fmt, ...)                                   \
	({                                                    \
		pr_err("%s: " fmt, (l)->name, ##__VA_ARGS__); \
		-ENOEXEC;                                     \
	})

/* The file may lie at any address, so headers are copied out. */
static void phdr_read(const struct loader *l, unsigned int i, Elf64_Phdr *phdr)
{
	memcpy(phdr, l->file + l->ehdr.e_phoff + i * sizeof(*phdr),
	       sizeof(*phdr));
}

static int check_ident(const struct loader *l)
{
	const unsigned char *id = l->ehdr.e_ident;

	if (memcmp(id, ELFMAG, SELFMAG))
		return refuse(l, "not an ELF file");
	if (id[EI_CLASS] != ELFCLASS64 || id[EI_DATA] != ELFDATA2LSB ||
	    l->ehdr.e_machine != EM_X86_64)
		return refuse(l, "not for x86-64 (machine %u)",
			      l->ehdr.e_machine);
	if (id[EI_VERSION] != EV_CURRENT)
		return refuse(l, "unknown ELF version %u", id[EI_VERSION]);
	if (l->ehdr.e_type != ET_EXEC && l->ehdr.e_type != ET_DYN)
		return refuse(l, "not an executable (ELF type %u)",
			      l->ehdr.e_type);
	return 0;
}

static int check_header(struct loader *l)
{
	size_t size;
	int err;

	if (l->len < sizeof(l->ehdr))
		return refuse(l, "too short for an ELF file");
	memcpy(&l->ehdr, l->file, sizeof(l->ehdr));
	err = check_ident(l);
	if (err)
		return err;
	size = l->ehdr.e_phnum * sizeof(Elf64_Phdr);
	if (l->ehdr.e_phentsize != sizeof(Elf64_Phdr) || !size ||
	    size > PHDRS_MAX)
		return refuse(l, "no usable program headers");
	if (l->ehdr.e_phoff > l->len || size > l->len - l->ehdr.e_phoff)
		return refuse(l, "truncated: program headers beyond the end");
	return 0;
}

/* One PT_LOAD by itself. Addresses are without the bias. */
static int check_load(const struct loader *l, unsigned int i,
		      const Elf64_Phdr *p)
{
	if (p->p_filesz > p->p_memsz)
		return refuse(
			l, "segment %u: larger in the file than in memory", i);
	if (p->p_offset > l->len || p->p_filesz > l->len - p->p_offset)
		return refuse(l, "truncated: segment %u ends beyond the file",
			      i);
	if (p->p_align & (p->p_align - 1))
		return refuse(l, "segment %u: alignment 0x%llx", i,
			      (unsigned long long)p->p_align);
	if ((p->p_vaddr ^ p->p_offset) & (PAGE_SIZE - 1))
		return refuse(l, "segment %u: offset and address disagree", i);
	if (p->p_vaddr >= USER_MAX || p->p_memsz > USER_MAX - p->p_vaddr)
		return refuse(l, "segment %u: outside user memory (0x%llx)", i,
			      (unsigned long long)p->p_vaddr);
	return 0;
}

struct extent {
	uint64_t start; /* lowest address, rounded down to a page */
	uint64_t end; /* after the highest byte */
	uint64_t align; /* largest p_align */
	unsigned int loads;
};

static int check_segment(const struct loader *l, unsigned int i,
			 const Elf64_Phdr *p, struct extent *e)
{
	int err;

	if (p->p_type == PT_INTERP)
		return refuse(l, "dynamically linked; link it with -static");
	if (p->p_type != PT_LOAD || !p->p_memsz)
		return 0;
	err = check_load(l, i, p);
	if (err)
		return err;
	if (e->loads && p->p_vaddr < e->end)
		return refuse(l, "segment %u: overlaps or precedes another", i);
	if (!e->loads)
		e->start = ALIGN_DOWN(p->p_vaddr, PAGE_SIZE);
	e->end = p->p_vaddr + p->p_memsz;
	e->align = MAX(e->align, p->p_align);
	e->loads++;
	return 0;
}

static int check_segments(const struct loader *l, struct extent *e)
{
	Elf64_Phdr phdr;
	int err;

	for (unsigned int i = 0; i < l->ehdr.e_phnum; i++) {
		phdr_read(l, i, &phdr);
		err = check_segment(l, i, &phdr, e);
		if (err)
			return err;
	}
	if (!e->loads)
		return refuse(l, "nothing to load: no PT_LOAD segment");
	return 0;
}

static int choose_bias(struct loader *l, const struct extent *e,
		       uintptr_t shift)
{
	uint64_t align = MAX(e->align, PAGE_SIZE);

	if (l->ehdr.e_type == ET_DYN) {
		if (align > PIE_BASE)
			return refuse(l, "alignment 0x%llx is too large",
				      (unsigned long long)align);
		l->bias = ALIGN_DOWN(PIE_BASE + shift, align) -
			  ALIGN_DOWN(e->start, align);
	}
	if (e->start + l->bias < USER_MIN ||
	    e->end + l->bias > USER_MAX - PAGE_SIZE ||
	    e->end + l->bias < e->start + l->bias)
		return refuse(l, "outside user memory (0x%llx to 0x%llx)",
			      (unsigned long long)e->start,
			      (unsigned long long)e->end);
	return 0;
}

static uint32_t prot_of(const Elf64_Phdr *p)
{
	return (p->p_flags & PF_R ? PROT_READ : 0) |
	       (p->p_flags & PF_W ? PROT_WRITE : 0) |
	       (p->p_flags & PF_X ? PROT_EXEC : 0);
}

/*
 * Maps whole pages. As on Linux the first page also shows the file's bytes
 * before the segment, so two segments can share a page of the file and of
 * memory: the later mapping shows the same bytes. Bytes after p_filesz, the
 * start of .bss, read as zero. A segment with .bss only has no bytes of the
 * file and does not map the page that it shares.
 */
static int map_load(struct loader *l, const Elf64_Phdr *p)
{
	uintptr_t addr = l->bias + p->p_vaddr;
	uintptr_t start = ALIGN_DOWN(addr, PAGE_SIZE);
	uintptr_t end = ALIGN_UP(addr + p->p_memsz, PAGE_SIZE);
	struct vma_backing backing = {
		.data = l->file,
		.offset = p->p_offset - (addr - start),
		.len = p->p_offset + p->p_filesz,
		.name = l->name,
	};
	int err;

	if (!p->p_filesz)
		start = MAX(start, l->mapped);
	if (start >= end)
		return 0;
	l->mapped = end;
	err = mm_map_fixed(l->mm, start, end - start, prot_of(p), 0,
			   p->p_filesz ? &backing : NULL, true);
	if (err)
		pr_err("%s: cannot map 0x%lx to 0x%lx: error %d", l->name,
		       start, end, -err);
	return err;
}

static bool contains(const Elf64_Phdr *p, uint64_t vaddr)
{
	return vaddr >= p->p_vaddr && vaddr - p->p_vaddr < p->p_memsz;
}

/* The headers are user memory if a segment's file part covers them. */
static bool holds_phdrs(const struct loader *l, const Elf64_Phdr *p)
{
	size_t size = l->ehdr.e_phnum * sizeof(*p);

	return l->ehdr.e_phoff >= p->p_offset && p->p_filesz >= size &&
	       l->ehdr.e_phoff - p->p_offset <= p->p_filesz - size;
}

static int map_segments(struct loader *l)
{
	struct elf_image *image = l->image;
	bool has_entry = false;
	Elf64_Phdr p;
	int err;

	for (unsigned int i = 0; i < l->ehdr.e_phnum; i++) {
		phdr_read(l, i, &p);
		if (p.p_type == PT_GNU_STACK)
			image->exec_stack = p.p_flags & PF_X;
		if (p.p_type != PT_LOAD || !p.p_memsz)
			continue;
		err = map_load(l, &p);
		if (err)
			return err;
		if ((p.p_flags & PF_X) && contains(&p, l->ehdr.e_entry))
			has_entry = true;
		if (!image->phdr && holds_phdrs(l, &p))
			image->phdr = l->bias + p.p_vaddr + l->ehdr.e_phoff -
				      p.p_offset;
	}
	if (!has_entry)
		return refuse(l, "entry point 0x%llx is in no code segment",
			      (unsigned long long)l->ehdr.e_entry);
	return 0;
}

int elf_load(struct mm *mm, const uint8_t *file, size_t len, const char *name,
	     uintptr_t shift, struct elf_image *image)
{
	struct loader l = {
		.mm = mm, .file = file, .len = len, .name = name, .image = image
	};
	struct extent extent = { 0 };
	int err;

	memset(image, 0, sizeof(*image));
	err = check_header(&l);
	if (!err)
		err = check_segments(&l, &extent);
	if (!err)
		err = choose_bias(&l, &extent, shift);
	if (!err)
		err = map_segments(&l);
	if (err)
		return err;
	image->entry = l.bias + l.ehdr.e_entry;
	image->phnum = l.ehdr.e_phnum;
	image->phent = l.ehdr.e_phentsize;
	image->load_bias = l.bias;
	image->brk = ALIGN_UP(l.bias + extent.end, PAGE_SIZE);
	return 0;
}
