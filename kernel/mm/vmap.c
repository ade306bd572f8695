/* SPDX-License-Identifier: MIT */
/*
 * Kernel virtual memory in two halves. The lower one: device registers, which
 * are never unmapped, and at its end the tables of kvmalloc.c. The upper one:
 * kernel stacks, in slots of equal size. The lowest page of a slot is never
 * mapped: a stack that overflows faults.
 *
 * A few freed stacks stay mapped for the next threads. Of the others only the
 * slot is kept: a free slot's first page table entry, which is not present,
 * holds the number of the next free one (SDM vol 3 4.5: software may use all
 * other bits then). Thread context.
 */
#include "kernel/mm/vmap.h"

#include <errno.h>

#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/x86/gdt.h"
#include "kernel/x86/paging.h"

#define GUARD_SIZE PAGE_SIZE
#define SLOT_SIZE (GUARD_SIZE + KSTACK_SIZE)
#define DEVICES_SIZE VMAP_TABLES
#define SLOTS_BASE (vmap_base + VMAP_STACKS)
#define NR_SLOTS ((VMAP_SIZE - VMAP_STACKS) / SLOT_SIZE)

#define STACK_PROT (PTE_W | PTE_G | PTE_NX)
#define DEVICE_PROT (PTE_W | PTE_G | PTE_NX | PTE_PCD | PTE_PWT)

/* The highest physical address that a page table entry can hold. */
#define PHYS_MAX (PTE_ADDR | (PAGE_SIZE - 1))

/* Stacks that stay mapped; linked through their lowest word. */
#define CACHED_MAX 8

extern const char boot_guard[], boot_guard_above[];

uintptr_t vmap_base __ro_after_init_data = VMAP_START;

static size_t device_used; /* bytes from vmap_base on */

static size_t slots_used; /* ever; the slots above are new */
static size_t free_slot; /* first free slot + 1, 0: none */
static void **cached;
static unsigned int nr_cached;

void *ioremap(uint64_t phys, size_t size)
{
	size_t offset = phys & (PAGE_SIZE - 1);
	size_t len = ALIGN_UP(offset + size, PAGE_SIZE);
	uintptr_t va = vmap_base + device_used;

	if (!size || len < size || len > DEVICES_SIZE - device_used ||
	    phys > PHYS_MAX || size - 1 > PHYS_MAX - phys)
		return NULL;
	for (size_t done = 0; done < len; done += PAGE_SIZE) {
		if (map_kernel_page(va + done, phys - offset + done,
				    DEVICE_PROT)) {
			while (done) {
				done -= PAGE_SIZE;
				unmap_kernel_page(va + done);
			}
			return NULL;
		}
	}
	device_used += len;
	return (void *)(va + offset);
}

static uintptr_t slot_guard(size_t slot)
{
	return SLOTS_BASE + slot * SLOT_SIZE;
}

/* The entry of a slot's guard page, for the free list; NULL: no memory. */
static uint64_t *slot_link(size_t slot)
{
	return pte_lookup(kernel_pgd, slot_guard(slot), true);
}

static void slot_put(size_t slot)
{
	uint64_t *link = slot_link(slot);

	ASSERT(link);
	*link = (uint64_t)free_slot << PAGE_SHIFT;
	free_slot = slot + 1;
}

static bool slot_get(size_t *slot)
{
	uint64_t *link;

	if (free_slot) {
		*slot = free_slot - 1;
		link = slot_link(*slot);
		free_slot = *link >> PAGE_SHIFT;
		*link = 0;
		return true;
	}
	if (slots_used == NR_SLOTS || !slot_link(slots_used))
		return false;
	*slot = slots_used++;
	return true;
}

/* Unmaps and frees len bytes from the bottom of a stack. */
static void stack_unmap(uintptr_t stack, size_t len)
{
	while (len) {
		uint64_t *pte;
		uint64_t phys;

		len -= PAGE_SIZE;
		pte = pte_lookup(kernel_pgd, stack + len, false);
		ASSERT(pte);
		phys = *pte & PTE_ADDR;
		unmap_kernel_page(stack + len);
		free_pages(phys_to_page(phys), 0);
	}
}

static int stack_map(uintptr_t stack)
{
	for (size_t done = 0; done < KSTACK_SIZE; done += PAGE_SIZE) {
		struct page *page = user_page_alloc(ALLOC_ZERO);

		if (page && !map_kernel_page(stack + done, page_to_phys(page),
					     STACK_PROT))
			continue;
		if (page)
			free_pages(page, 0);
		stack_unmap(stack, done);
		return -ENOMEM;
	}
	return 0;
}

void *kstack_alloc(void)
{
	uintptr_t stack;
	size_t slot;

	if (cached) {
		void *top = cached;

		cached = *cached;
		nr_cached--;
		return top;
	}
	if (!slot_get(&slot))
		return NULL;
	stack = slot_guard(slot) + GUARD_SIZE;
	if (stack_map(stack)) {
		slot_put(slot);
		return NULL;
	}
	return (void *)stack;
}

void kstack_free(void *stack)
{
	uintptr_t va = (uintptr_t)stack;

	ASSERT(va >= SLOTS_BASE && va < slot_guard(slots_used) &&
	       (va - SLOTS_BASE) % SLOT_SIZE == GUARD_SIZE);
	if (nr_cached < CACHED_MAX) {
		*(void **)stack = cached;
		cached = stack;
		nr_cached++;
		return;
	}
	stack_unmap(va, KSTACK_SIZE);
	slot_put((va - SLOTS_BASE) / SLOT_SIZE);
}

bool is_kstack_guard(uintptr_t addr)
{
	if (addr - (uintptr_t)boot_guard < GUARD_SIZE ||
	    addr - (uintptr_t)boot_guard_above < GUARD_SIZE)
		return true;
	for (unsigned int i = 0; i <= NR_IST; i++)
		if (addr - (uintptr_t)ist_guard(i) < GUARD_SIZE)
			return true;
	return addr >= SLOTS_BASE && addr < slot_guard(slots_used) &&
	       (addr - SLOTS_BASE) % SLOT_SIZE < GUARD_SIZE;
}
