/* SPDX-License-Identifier: MIT */
/* unit: kernel/task/elf.c kernel/task/ustack.c */
/*
 * The ELF loader against good, damaged and hostile files, and the layout of
 * the first stack. mm_map_fixed() only notes what was asked for.
 */
#include <errno.h>
#include <linux/auxvec.h>
#include <linux/elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/mm/mm.h"
#include "kernel/mm/vma.h"
#include "kernel/printk.h"
#include "kernel/task/elf.h"
#include "kernel/task/ustack.h"
#include "lib/tap.h"

#define FILE_SIZE 0x3000

struct mapping {
	uintptr_t addr;
	size_t len;
	uint32_t prot;
	bool backed;
	struct vma_backing backing;
};

static struct mapping maps[16];
static int nr_maps, map_result;
static char last_line[256];
static int nr_lines;

void printk(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last_line, sizeof(last_line), fmt, ap);
	va_end(ap);
	nr_lines++;
}

int mm_map_fixed(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot,
		 uint32_t flags, const struct vma_backing *backing,
		 bool replace)
{
	struct mapping *m = &maps[nr_maps++];

	m->addr = addr;
	m->len = len;
	m->prot = prot;
	m->backed = backing;
	if (backing)
		m->backing = *backing;
	return map_result;
}

/* A file on the heap, exactly as long as the loader is told. */
struct image {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[8];
	size_t len;
};

/* What ld makes of a small static program: headers and code, then data. */
static void good_image(struct image *im)
{
	memset(im, 0, sizeof(*im));
	memcpy(im->ehdr.e_ident, ELFMAG, SELFMAG);
	im->ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	im->ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	im->ehdr.e_ident[EI_VERSION] = EV_CURRENT;
	im->ehdr.e_type = ET_EXEC;
	im->ehdr.e_machine = EM_X86_64;
	im->ehdr.e_version = EV_CURRENT;
	im->ehdr.e_entry = 0x401080;
	im->ehdr.e_phoff = sizeof(Elf64_Ehdr);
	im->ehdr.e_phentsize = sizeof(Elf64_Phdr);
	im->ehdr.e_phnum = 4;
	im->phdr[0] = (Elf64_Phdr){ .p_type = PT_LOAD,
				    .p_flags = PF_R,
				    .p_vaddr = 0x400000,
				    .p_filesz = 0x300,
				    .p_memsz = 0x300,
				    .p_align = 0x1000 };
	im->phdr[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
				    .p_flags = PF_R | PF_X,
				    .p_offset = 0x1000,
				    .p_vaddr = 0x401000,
				    .p_filesz = 0x800,
				    .p_memsz = 0x800,
				    .p_align = 0x1000 };
	im->phdr[2] = (Elf64_Phdr){ .p_type = PT_LOAD,
				    .p_flags = PF_R | PF_W,
				    .p_offset = 0x1f40,
				    .p_vaddr = 0x403f40,
				    .p_filesz = 0x200,
				    .p_memsz = 0x2200,
				    .p_align = 0x1000 };
	im->phdr[3] = (Elf64_Phdr){ .p_type = PT_GNU_STACK,
				    .p_flags = PF_R | PF_W,
				    .p_align = 16 };
	im->len = FILE_SIZE;
}

static uintptr_t shift; /* how far up a position independent one goes */

static int load(const struct image *im, struct elf_image *out)
{
	uint8_t whole[FILE_SIZE] = { 0 }, *file;
	int ret;

	memcpy(whole, &im->ehdr, sizeof(im->ehdr));
	memcpy(whole + sizeof(im->ehdr), im->phdr, sizeof(im->phdr));
	file = malloc(im->len);
	memcpy(file, whole, im->len);
	nr_maps = 0;
	nr_lines = 0;
	last_line[0] = '\0';
	ret = elf_load(NULL, file, im->len, "/bin/app", shift, out);
	free(file);
	return ret;
}

/* Refused, with one line that holds the word. */
static void refused(const struct image *im, const char *word, const char *what)
{
	struct elf_image out;
	int ret = load(im, &out);

	ok(ret == -ENOEXEC && nr_lines == 1 && strstr(last_line, word),
	   "elf: refuses %s", what);
	if (ret != -ENOEXEC || nr_lines != 1 || !strstr(last_line, word))
		diag("ret %d, %d lines, '%s'", ret, nr_lines, last_line);
}

static void test_static(void)
{
	struct elf_image out;
	struct image im;

	good_image(&im);
	is(load(&im, &out), 0, "elf: loads a static executable");
	is(nr_maps, 3, "elf: one mapping for each PT_LOAD");
	ok(maps[0].addr == 0x400000 && maps[0].len == 0x1000 &&
		   maps[0].prot == 1,
	   "elf: headers read-only");
	ok(maps[1].addr == 0x401000 && maps[1].prot == 5, "elf: code r-x");
	ok(maps[2].addr == 0x403000 && maps[2].len == 0x4000 &&
		   maps[2].prot == 3,
	   "elf: data rw-, whole pages with .bss");
	ok(maps[2].backing.offset == 0x1000 &&
		   maps[2].backing.len == 0x1f40 + 0x200,
	   "elf: .bss starts where the file part ends");
	is(out.entry, 0x401080, "elf: entry");
	is(out.phdr, 0x400040, "elf: program headers found in memory");
	is(out.brk, 0x407000, "elf: brk behind the last segment");
	ok(!out.exec_stack, "elf: stack not executable");
	im.phdr[3].p_flags |= PF_X;
	load(&im, &out);
	ok(out.exec_stack, "elf: stack executable when PT_GNU_STACK says so");
	map_result = -ENOMEM;
	is(load(&im, &out), -ENOMEM, "elf: -ENOMEM passes through");
	map_result = 0;
}

static void test_pie(void)
{
	struct elf_image out;
	struct image im;

	good_image(&im);
	im.ehdr.e_type = ET_DYN;
	im.ehdr.e_entry -= 0x400000;
	for (int i = 0; i < 3; i++)
		im.phdr[i].p_vaddr -= 0x400000;
	is(load(&im, &out), 0, "elf: loads a static-pie executable");
	is(out.load_bias, 0x555555554000, "elf: ... at its base");
	is(maps[1].addr, 0x555555555000, "elf: ... all segments moved alike");
	is(out.entry, 0x555555555080, "elf: ... and the entry");
	is(out.phdr, 0x555555554040, "elf: ... and the headers");
	shift = 0x123000;
	load(&im, &out);
	is(out.load_bias, 0x555555554000 + 0x123000, "elf: ... or shifted");
	is(maps[1].addr, 0x555555555000 + 0x123000, "elf: ... as a whole");
	im.phdr[1].p_align = 0x200000;
	load(&im, &out);
	is(out.load_bias % 0x200000, 0, "elf: ... respecting p_align");
	good_image(&im);
	load(&im, &out);
	is(out.load_bias, 0, "elf: but not when it says where it lies");
	shift = 0;
}

static void test_shared_page(void)
{
	struct elf_image out;
	struct image im;

	good_image(&im);
	im.phdr[2].p_offset = 0x1800;
	im.phdr[2].p_vaddr = 0x401800;
	is(load(&im, &out), 0, "elf: two segments may share a page");
	ok(maps[2].addr == 0x401000 && maps[2].backing.offset == 0x1000,
	   "elf: ... and the second shows the first one's bytes too");
}

static void test_bss_segment(void)
{
	struct elf_image out;
	struct image im;

	good_image(&im);
	im.phdr[3] = (Elf64_Phdr){ .p_type = PT_LOAD,
				   .p_flags = PF_R | PF_W,
				   .p_offset = 0x2140,
				   .p_vaddr = 0x406140,
				   .p_memsz = 0x2000,
				   .p_align = 0x1000 };
	is(load(&im, &out), 0, "elf: a segment of .bss alone");
	ok(nr_maps == 4 && maps[3].addr == 0x407000 && !maps[3].backed &&
		   maps[3].len == 0x2000,
	   "elf: ... leaves the page that it shares with the data before it");
	im.phdr[3].p_memsz = 0x100;
	is(load(&im, &out), 0, "elf: ... and may lie in that page altogether");
	is(nr_maps, 3, "elf: ... with nothing of its own to map");
	is(out.brk, 0x407000, "elf: ... brk behind it");
}

static void test_refused(void)
{
	struct image im;

	good_image(&im);
	im.len = 20;
	refused(&im, "short", "a file shorter than a header");
	im.len = 0;
	refused(&im, "short", "an empty file");
	good_image(&im);
	im.ehdr.e_ident[0] = '#';
	refused(&im, "not an ELF", "a script");
	good_image(&im);
	im.ehdr.e_machine = EM_AARCH64;
	refused(&im, "x86-64", "another machine's");
	good_image(&im);
	im.ehdr.e_ident[EI_CLASS] = ELFCLASS32;
	refused(&im, "x86-64", "a 32-bit one");
	good_image(&im);
	im.ehdr.e_type = ET_REL;
	refused(&im, "not an executable", "an object file");
	good_image(&im);
	im.ehdr.e_phentsize = 32;
	refused(&im, "program headers", "odd program headers");
	good_image(&im);
	im.ehdr.e_phnum = 0;
	refused(&im, "program headers", "no program headers");
	good_image(&im);
	im.ehdr.e_phoff = ~0ULL - 8;
	refused(&im, "truncated", "headers at the end of 64 bits");
	good_image(&im);
	im.len = 0x100;
	refused(&im, "truncated", "a file cut in its headers");
	good_image(&im);
	im.len = 0x1400;
	refused(&im, "truncated", "a file cut in a segment");
	good_image(&im);
	im.phdr[0].p_type = im.phdr[1].p_type = im.phdr[2].p_type = PT_NULL;
	refused(&im, "no PT_LOAD", "a file without PT_LOAD");
	good_image(&im);
	im.phdr[3].p_type = PT_INTERP;
	refused(&im, "-static", "a dynamically linked one");
}

static void test_bad_segments(void)
{
	struct image im;

	good_image(&im);
	im.phdr[1].p_filesz = 0x900;
	refused(&im, "larger", "p_filesz > p_memsz");
	good_image(&im);
	im.phdr[1].p_offset = ~0ULL & ~0xfffULL;
	refused(&im, "truncated", "p_offset + p_filesz that wraps");
	good_image(&im);
	im.phdr[1].p_offset += 8;
	refused(&im, "disagree", "offset and address of different pages");
	good_image(&im);
	im.phdr[1].p_align = 0x1001;
	refused(&im, "alignment", "an alignment that is no power of two");
	good_image(&im);
	im.phdr[2].p_vaddr = 0x401f40 - 0x1000;
	refused(&im, "overlaps", "overlapping segments");
	good_image(&im);
	im.phdr[2].p_vaddr = 0xffffffff80000f40;
	refused(&im, "outside", "a segment in the kernel");
	good_image(&im);
	im.phdr[2].p_memsz = 0x00007fffffbff000;
	refused(&im, "outside", "a segment that reaches out of user memory");
	good_image(&im);
	im.phdr[2].p_memsz = ~0ULL - 0x1000;
	refused(&im, "outside", "a segment that wraps");
	good_image(&im);
	im.phdr[0].p_vaddr = 0;
	refused(&im, "outside", "a segment at address zero");
	good_image(&im);
	im.ehdr.e_type = ET_DYN;
	im.phdr[2].p_align = 1ULL << 63;
	refused(&im, "alignment", "an alignment beyond memory");
	good_image(&im);
	im.ehdr.e_entry = 0x403f50;
	refused(&im, "entry", "an entry point in data");
}

/* Any bytes at all: the loader may refuse or map, never read outside. */
static void test_fuzz(void)
{
	struct elf_image out;
	struct image im;
	int loaded = 0;

	srand(tap_seed(424242));
	for (int i = 0; i < 20000; i++) {
		good_image(&im);
		for (int n = rand() % 4 + 1; n; n--) {
			size_t at = rand() %
				    (sizeof(im.ehdr) + 4 * sizeof(im.phdr[0]));

			((uint8_t *)&im)[at] = rand();
		}
		im.len = rand() % 4 ? FILE_SIZE : rand() % FILE_SIZE + 1;
		if (!load(&im, &out)) {
			loaded++;
			for (int m = 0; m < nr_maps; m++) {
				if (maps[m].addr < USER_MIN ||
				    maps[m].addr + maps[m].len > USER_MAX ||
				    maps[m].backing.len > im.len)
					bail_out("mapped outside");
			}
		}
	}
	ok(loaded > 100, "elf: 20,000 damaged files, %d loaded inside bounds",
	   loaded);
}

#define TOP 0x7ffffffff000ULL

static uint64_t word(const struct user_stack *s, uint64_t addr)
{
	uint64_t w;

	memcpy(&w, s->buf + s->size - (TOP - addr), sizeof(w));
	return w;
}

static const char *text(const struct user_stack *s, uint64_t addr)
{
	return s->buf + s->size - (TOP - addr);
}

static void test_stack(void)
{
	char *argv[] = { (char *)"/bin/app", (char *)"a b", (char *)"" };
	char *envp[] = { (char *)"HOME=/" };
	uint64_t auxv[2][2] = { { AT_PAGESZ, 4096 }, { AT_RANDOM, 0 } };
	struct user_vectors v = { .argv = argv,
				  .argc = 3,
				  .envp = envp,
				  .envc = 1,
				  .auxv = auxv,
				  .nr_auxv = 2 };
	bool aligned = true;

	for (int len = 0; len < 40; len++) {
		struct user_stack s = { .buf = calloc(1, 2048),
					.size = 2048,
					.top = TOP };
		uintptr_t sp, mark;

		mark = user_stack_push(&s,
				       "0123456789012345678901234567890123"
				       "456789",
				       len);
		auxv[1][1] = mark;
		sp = user_stack_finish(&s, &v);
		aligned &= sp && sp % 16 == 0 && s.used == TOP - sp;
		if (len == 16) {
			is(word(&s, sp), 3, "stack: argc at the pointer");
			is_str(text(&s, word(&s, sp + 16)), "a b",
			       "stack: argv[1]");
			is_str(text(&s, word(&s, sp + 24)), "",
			       "stack: an empty argument");
			is(word(&s, sp + 32), 0, "stack: argv ends with NULL");
			is_str(text(&s, word(&s, sp + 40)), "HOME=/",
			       "stack: envp[0]");
			is(word(&s, sp + 48), 0, "stack: envp ends with NULL");
			is(word(&s, sp + 56), AT_PAGESZ, "stack: auxv type");
			is(word(&s, sp + 64), 4096, "stack: auxv value");
			is(word(&s, sp + 80), mark, "stack: pushed bytes");
			is(word(&s, sp + 88), AT_NULL, "stack: AT_NULL");
			is(word(&s, sp + 8), v.arg_start,
			   "stack: argv[0] is the first string");
			is(v.env_start - v.arg_start, 9 + 4 + 1,
			   "stack: the arguments follow one another");
			is(word(&s, sp + 40), v.env_start,
			   "stack: the environment follows them");
			is(v.env_end - v.env_start, 7, "stack: to its end");
		}
		free(s.buf);
	}
	ok(aligned, "stack: the pointer is 16-byte aligned whatever is pushed");
}

static void test_stack_full(void)
{
	char *argv[] = { (char *)"0123456789" };
	struct user_vectors v = { .argv = argv, .argc = 1 };
	bool seen_fit = false, ordered = true;

	for (size_t size = 0; size < 200; size++) {
		struct user_stack s = { .buf = malloc(size),
					.size = size,
					.top = TOP };
		bool fits = user_stack_finish(&s, &v);

		if (seen_fit && !fits)
			ordered = false;
		seen_fit |= fits;
		free(s.buf);
	}
	ok(seen_fit && ordered, "stack: too small a buffer is refused");
}

int main(void)
{
	test_static();
	test_pie();
	test_shared_page();
	test_bss_segment();
	test_refused();
	test_bad_segments();
	test_fuzz();
	test_stack();
	test_stack_full();
	return done_testing();
}
