/* SPDX-License-Identifier: MIT */
/*
 * The self test of the running kernel: what must fault is tried and has to
 * fault. Leaves nothing changed.
 */
#include "kernel/selftest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/check.h"
#include "kernel/lib/siphash.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/stack_guard.h"
#include "kernel/task/thread.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/gdt.h"
#include "kernel/x86/paging.h"
#include "kernel/x86/probe.h"

#define LINE_MAX 128
#define RET 0xc3

#define USER_PROBE 0x400000 /* any address of ring 3's half */

extern const char _text[], _rodata[], boot_guard[], boot_guard_above[];
extern char _sealed[];

static unsigned int nr_tests, nr_failed;

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void say(const char *fmt, ...)
{
	char line[LINE_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	console_write(line, MIN((size_t)n, sizeof(line) - 1));
}

static void ok(bool holds, const char *name)
{
	nr_failed += !holds;
	say("%sok %u - selftest: %s\n", holds ? "" : "not ", ++nr_tests, name);
}

static void skip(const char *name, const char *why)
{
	say("ok %u - selftest: %s # SKIP %s\n", ++nr_tests, name, why);
}

static void *alias_of(const void *addr)
{
	return phys_to_virt(virt_to_phys(addr));
}

static void test_invariants(void)
{
	const char *wrong = paging_check();

	ok(!wrong, "page tables: nothing writable is executable, nothing of "
		   "the kernel is ring 3's");
	ok(!check_all(), "all invariants hold");
}

/* A page's entry that is wrong is found: what the walk at the start looks for. */
static void test_walk(void)
{
	uint64_t *pte = pte_lookup(kernel_pgd, (uintptr_t)current->kstack,
				   false);
	uint64_t right = *pte;
	bool executable, user;

	*pte = right & ~(uint64_t)PTE_NX;
	executable = paging_check();
	*pte = right | PTE_U;
	user = paging_check();
	*pte = right;
	flush_tlb_page((uintptr_t)current->kstack);
	ok(executable && user && !paging_check(),
	   "page tables: one that is not so is found");
}

static void test_probes(void)
{
	uint8_t *page = kmalloc(PAGE_SIZE);

	if (!page) {
		ok(false, "memory for the probes");
		return;
	}
	page[0] = RET;
	ok(probe_read(page) && probe_write(page), "a heap page can be used");
	ok(!probe_call(page), "but not executed");
	kfree(page);
	ok(!probe_read(NULL) && !probe_write(NULL) && !probe_call(NULL),
	   "page zero is not there");
	ok(probe_read(_text) && !probe_write((void *)_text),
	   "text is read-only");
	ok(!probe_write(alias_of(_text)) && !probe_call(alias_of(_text)),
	   "and its alias in the direct map cannot be executed either");
	ok(probe_read(_rodata) && !probe_write((void *)_rodata) &&
		   !probe_write(alias_of(_rodata)),
	   "constants are read-only by both names");
	ok(!probe_call(_rodata), "and not executable");
	ok(probe_read(_sealed) && !probe_write(_sealed) &&
		   !probe_write(alias_of(_sealed)),
	   "what does not change after the start is read-only by both names");
}

static void test_stacks(void)
{
	const uint8_t *stack = current->kstack;
	uint8_t code[1] = { RET };
	bool guarded = !probe_read(boot_guard) && !probe_read(boot_guard_above);

	ok(probe_read(stack) && !probe_read(stack - 1) &&
		   !probe_read(stack + KSTACK_SIZE),
	   "a thread's stack has a guard page at both ends");
	for (unsigned int i = 0; i <= NR_IST; i++)
		guarded &= !probe_read(ist_guard(i));
	ok(guarded, "so have those of the boot and of exceptions");
	ok(probe_read(code) && !probe_call(code), "stacks are not executable");
	ok(__stack_chk_guard && !(__stack_chk_guard & 0xff) &&
		   __stack_chk_guard == current->stack_guard,
	   "frames are guarded by the thread's own value, its first byte 0");
}

/* A page as ring 3 has it, in tables of its own. */
static void test_user_page(void)
{
	uint64_t *pgd = pgd_alloc();
	uint64_t *pte = pgd ? pte_lookup(pgd, USER_PROBE, true) : NULL;
	struct page *page = pte ? alloc_page(ALLOC_ZERO) : NULL;
	bool read, called;

	if (!page) {
		ok(false, "memory for a page of ring 3");
		return;
	}
	*(uint8_t *)page_address(page) = RET;
	*pte = page_to_phys(page) | PTE_P | PTE_U;
	load_cr3(pgd);
	read = probe_read((void *)USER_PROBE);
	called = probe_call((void *)USER_PROBE);
	load_cr3(kernel_pgd);
	put_page(page);
	pgd_free(pgd);
	if (cpu_features.smap)
		ok(!read, "ring 0 reads no memory of ring 3 by itself: SMAP");
	else
		skip("SMAP", "this CPU has none");
	if (cpu_features.smep)
		ok(!called, "and executes none: SMEP");
	else
		skip("SMEP", "this CPU has none");
}

/* An overflow or late write into a free object is detected. */
static void test_slab(void)
{
	struct kmem_cache *cache = kmem_cache_create("selftest", 64, 0);
	void **object = cache ? kmem_cache_alloc(cache) : NULL;
	void *word;

	if (!object) {
		ok(false, "memory for a slab cache");
		return;
	}
	kmem_cache_free(cache, object);
	word = object[0];
	ok(!word || !virt_to_page(word), "a free object shows no address");
	object[0] = object;
	ok(slab_check(), "a write to a free object's list is seen");
	object[0] = word;
	word = object[1];
	object[1] = NULL;
	ok(slab_check(), "and one to its mark");
	object[1] = word;
	ok(!slab_check(), "as before, it is whole");
	kmem_cache_destroy(cache);
}

/* Who has a key in registers leaves nothing there. */
static void test_registers(void)
{
	struct siphash_key key;
	uint8_t bytes[64];

	random_bytes(&key, sizeof(key));
	ok(!probe_leftovers(siphash, bytes, sizeof(bytes), &key) &&
		   !probe_leftovers(random_bytes, bytes, sizeof(bytes), NULL),
	   "a keyed hash and the generator leave nothing in registers");
}

static noinline void fill(volatile char *to, size_t n)
{
	while (n--)
		*to++ = 'A';
}

static noinline void leave_bytes(void)
{
	char buffer[256];

	fill(buffer, sizeof(buffer));
}

static noinline bool finds_bytes(void)
{
	char buffer[256];

	__asm__ volatile("" : : "r"(buffer) : "memory");
	for (size_t i = 0; i < sizeof(buffer); i++)
		if (buffer[i])
			return true;
	return false;
}

static void test_variables(void)
{
	leave_bytes();
	ok(!finds_bytes(), "a variable holds nothing of who had its place");
}

int selftest(const char *which)
{
	if (*which)
		selftest_bug(which);
	test_invariants();
	test_walk();
	test_probes();
	test_stacks();
	test_user_page();
	test_slab();
	test_registers();
	test_variables();
	say("1..%u\n", nr_tests);
	return nr_failed != 0;
}
