/* SPDX-License-Identifier: MIT */
/*
 * Address spaces as a whole, and the page fault: pages are made when they are
 * first touched, filled with zeros or from their area's file.
 */
#include "kernel/mm/mm.h"

#include <errno.h>
#include <string.h>

#include <linux/mman.h>

#include "kernel/mm/page.h"
#include "kernel/mm/pte_range.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vma.h"
#include "kernel/task/thread.h"
#include "kernel/task/wait.h"

static struct mm *active_mm; /* NULL: the kernel's own tables */

struct mm *mm_create(void)
{
	struct mm *mm;

	if (vma_init())
		return NULL;
	mm = kzalloc(sizeof(*mm));
	if (!mm)
		return NULL;
	mm->vmas = RB_ROOT;
	mm->mmap_base = USER_MAX;
	mm->limit = UINT64_MAX;
	mm->stack_max = UINT64_MAX;
	mm->pgd = pgd_alloc();
	if (!mm->pgd) {
		kfree(mm);
		return NULL;
	}
	return mm;
}

void mm_destroy(struct mm *mm)
{
	struct rb_node *node;

	if (mm == active_mm)
		mm_activate(NULL);
	pte_range_zap(mm, 0, USER_MAX);
	while ((node = rb_first(&mm->vmas)))
		vma_remove(mm, rb_entry(node, struct vma, node));
	pgd_free(mm->pgd);
	kfree(mm);
}

void mm_activate(struct mm *mm)
{
	active_mm = mm;
	load_cr3(mm ? mm->pgd : kernel_pgd);
}

bool mm_is_active(const struct mm *mm)
{
	return mm == active_mm;
}

/*
 * Lets a stack grow down to addr. As on Linux, only a mapping without any
 * access may lie within the guard gap below.
 */
static int expand_stack(struct mm *mm, struct vma *vma, uintptr_t addr)
{
	const struct vma *prev = vma_prev(vma);

	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	if (!(vma->flags & VMA_STACK) || vma->end - addr > mm->stack_max ||
	    addr < USER_MIN || !vma_may_grow(mm, vma->start - addr))
		return -EFAULT;
	if (prev && prev->prot && addr - prev->end < STACK_GUARD_GAP)
		return -EFAULT;
	vma_resize(mm, vma, addr, vma->end);
	return 0;
}

/* x86 cannot forbid reading where writing or executing is allowed. */
static bool access_allowed(const struct vma *vma, unsigned int access)
{
	if (access & FAULT_WRITE)
		return vma->prot & PROT_WRITE;
	if (access & FAULT_EXEC)
		return vma->prot & PROT_EXEC;
	return vma->prot & PROT_MASK;
}

static uint64_t file_offset(const struct vma *vma, uintptr_t va)
{
	return vma->offset + (va - vma->start);
}

/* Beyond the end of its file a mapping has no pages: SIGBUS, as on Linux. */
static bool is_behind_file(const struct vma *vma, uintptr_t va)
{
	return vma->flags & VMA_FILE &&
	       ALIGN_DOWN(file_offset(vma, va), PAGE_SIZE) >= vma->data_len;
}

/* Fills the page at va from the file, and with zeros after its end. */
static void fill_page(void *page, const struct vma *vma, uintptr_t va)
{
	uint64_t offset = file_offset(vma, va);
	size_t n = 0;

	if (vma->data && offset < vma->data_len)
		n = MIN(vma->data_len - offset, (uint64_t)PAGE_SIZE);
	if (n)
		memcpy(page, vma->data + offset, n);
	memset((uint8_t *)page + n, 0, PAGE_SIZE - n);
}

static struct page *new_page(const struct vma *vma, uintptr_t va)
{
	struct page *page = user_page_alloc(0);

	if (page)
		fill_page(page_address(page), vma, va);
	return page;
}

/* The kernel's own page, not a copy, with a reference. */
static struct page *kernel_page(const struct vma *vma, uintptr_t va)
{
	struct page *page = virt_to_page(vma->data + file_offset(vma, va));

	get_page(page);
	return page;
}

int mm_fault(struct mm *mm, uintptr_t addr, unsigned int access)
{
	struct vma *vma = find_vma(mm, addr);
	struct page *page;
	uint64_t *pte;

	if (!vma || addr >= USER_MAX || !access_allowed(vma, access))
		return -EFAULT;
	if (addr < vma->start && expand_stack(mm, vma, addr))
		return -EFAULT;
	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	if (is_behind_file(vma, addr))
		return -ENXIO;
	pte = pte_lookup(mm->pgd, addr, true);
	if (!pte)
		return -ENOMEM;
	if (*pte) {
		/* The area allows more than the entry or the TLB does. */
		*pte = pte_make(*pte & PTE_ADDR, vma->prot);
		flush_tlb_page(addr);
		return 0;
	}
	page = vma->flags & VMA_KERNEL ? kernel_page(vma, addr) :
					 new_page(vma, addr);
	if (!page)
		return -ENOMEM;
	*pte = pte_make(page_to_phys(page), vma->prot);
	mm->resident++;
	return 0;
}

int mm_get_page(struct mm *mm, uintptr_t addr, struct page **page)
{
	uint64_t *pte = pte_lookup(mm->pgd, addr, false);
	int err = 0;

	if (!pte || !(*pte & PTE_P))
		err = mm_fault(mm, addr, 0);
	if (err)
		return err == -ENOMEM ? err : -EFAULT;
	pte = pte_lookup(mm->pgd, addr, false);
	*page = phys_to_page(*pte & PTE_ADDR);
	get_page(*page);
	return 0;
}

int mm_populate(struct mm *mm, uintptr_t addr, size_t len)
{
	uintptr_t end = ALIGN_UP(addr + len, PAGE_SIZE);
	int err, first = 0;

	for (addr = ALIGN_DOWN(addr, PAGE_SIZE); addr < end; cond_resched()) {
		const struct vma *vma = find_vma(mm, addr);

		if (fatal_signal_pending())
			return -EINTR;
		if (!vma || vma->start > addr)
			return -ENOMEM;
		err = mm_fault(mm, addr,
			       vma->prot & PROT_WRITE ? FAULT_WRITE : 0);
		if (err == -ENOMEM)
			return err;
		if (err && !first)
			first = -EFAULT;
		addr = err ? vma->end : addr + PAGE_SIZE;
	}
	return first;
}

size_t mm_presence(struct mm *mm, uintptr_t addr, size_t n, bool *present)
{
	const struct vma *vma = find_vma(mm, addr);
	uintptr_t va = addr, run, end;

	if (!vma || vma->start > addr)
		return 0;
	end = MIN(vma->end, addr + (n << PAGE_SHIFT));
	*present = vma->data || (pte_next(mm->pgd, &va, end) && va == addr);
	if (vma->data)
		return (end - addr) >> PAGE_SHIFT;
	for (run = MIN(va, end); *present && run < end; run = va) {
		va = run + PAGE_SIZE;
		if (!pte_next(mm->pgd, &va, end) || va > run + PAGE_SIZE) {
			run += PAGE_SIZE;
			break;
		}
	}
	return (run - addr) >> PAGE_SHIFT;
}
