/* SPDX-License-Identifier: MIT */
/*
 * The areas of an address space: a tree by address, how areas are split,
 * joined, mapped, unmapped and protected. Owns struct vma.
 *
 * Invariants (mm_check()):
 *  1. areas are page aligned, not empty, below USER_MAX, sorted and do not
 *     overlap;
 *  2. nr_vmas and reserved count them;
 *  3. every page table entry in use lies in an area and is what pte_make()
 *     says for the area's protection; resident counts them.
 */
#include "kernel/mm/vma.h"

#include <errno.h>

#include <linux/mman.h>

#include "kernel/mm/page.h"
#include "kernel/mm/pte_range.h"
#include "kernel/mm/slab.h"
#include "kernel/task/thread.h"

/* Areas walked before other threads may run. */
#define GAPS_AT_ONCE 1024

static struct kmem_cache *vma_cache __ro_after_init;

int vma_init(void)
{
	if (vma_cache)
		return 0;
	vma_cache = kmem_cache_create("vma", sizeof(struct vma), 0);
	if (!vma_cache)
		return -ENOMEM;
	kmem_cache_set_flags(vma_cache, ALLOC_USER);
	return 0;
}

struct vma *vma_alloc(void)
{
	return kmem_cache_zalloc(vma_cache);
}

void vma_free(struct vma *vma)
{
	kmem_cache_free(vma_cache, vma);
}

struct vma *vma_next(const struct vma *vma)
{
	struct rb_node *node = rb_next(&vma->node);

	return node ? rb_entry(node, struct vma, node) : NULL;
}

struct vma *vma_prev(const struct vma *vma)
{
	struct rb_node *node = rb_prev(&vma->node);

	return node ? rb_entry(node, struct vma, node) : NULL;
}

struct vma *find_vma(struct mm *mm, uintptr_t addr)
{
	struct rb_node *node = mm->vmas.node;
	struct vma *vma, *found = NULL;

	while (node) {
		vma = rb_entry(node, struct vma, node);
		if (vma->end <= addr) {
			node = node->right;
			continue;
		}
		found = vma;
		if (vma->start <= addr)
			break;
		node = node->left;
	}
	return found;
}

void vma_resize(struct mm *mm, struct vma *vma, uintptr_t start, uintptr_t end)
{
	mm->reserved += (end - start) - (vma->end - vma->start);
	if (vma->data)
		vma->offset += start - vma->start;
	vma->start = start;
	vma->end = end;
}

void vma_insert(struct mm *mm, struct vma *vma)
{
	struct rb_node **link = &mm->vmas.node;
	struct rb_node *parent = NULL;

	while (*link) {
		parent = *link;
		if (vma->start < rb_entry(parent, struct vma, node)->start)
			link = &parent->left;
		else
			link = &parent->right;
	}
	rb_link_node(&vma->node, parent, link);
	rb_insert_color(&vma->node, &mm->vmas);
	mm->nr_vmas++;
	mm->reserved += vma->end - vma->start;
}

void vma_remove(struct mm *mm, struct vma *vma)
{
	rb_erase(&vma->node, &mm->vmas);
	mm->nr_vmas--;
	mm->reserved -= vma->end - vma->start;
	vma_free(vma);
}

static bool can_merge(const struct vma *low, const struct vma *high)
{
	if (low->end != high->start || low->prot != high->prot ||
	    low->flags != high->flags || low->flags & VMA_MOVING ||
	    low->name != high->name || low->data != high->data)
		return false;
	return !low->data ||
	       (low->data_len == high->data_len &&
		low->offset + (low->end - low->start) == high->offset);
}

void vma_merge(struct mm *mm, struct vma *vma)
{
	struct vma *prev = vma_prev(vma);
	struct vma *next = vma_next(vma);
	uintptr_t end;

	if (prev && can_merge(prev, vma)) {
		end = vma->end;
		vma_remove(mm, vma);
		vma_resize(mm, prev, prev->start, end);
		vma = prev;
	}
	if (next && can_merge(vma, next)) {
		end = next->end;
		vma_remove(mm, next);
		vma_resize(mm, vma, vma->start, end);
	}
}

/* Splits the area that `at` lies inside of, if there is one. */
static int split_at(struct mm *mm, uintptr_t at)
{
	struct vma *vma = find_vma(mm, at);
	struct vma *low;

	if (!vma || vma->start >= at)
		return 0;
	low = vma_alloc();
	if (!low)
		return -ENOMEM;
	*low = *vma;
	low->end = at;
	vma_resize(mm, vma, at, vma->end);
	vma_insert(mm, low);
	return 0;
}

int vma_isolate(struct mm *mm, uintptr_t start, uintptr_t end)
{
	struct vma *vma;
	int err = split_at(mm, start);

	if (err)
		return err;
	err = split_at(mm, end);
	if (err) {
		vma = find_vma(mm, start);
		if (vma && vma->start == start)
			vma_merge(mm, vma);
	}
	return err;
}

bool mm_is_mapped(struct mm *mm, uintptr_t addr, size_t len)
{
	uintptr_t end = addr + len;
	const struct vma *vma;

	for (; addr < end; addr = vma->end) {
		cond_resched();
		vma = find_vma(mm, addr);
		if (!vma || vma->start > addr)
			return false;
	}
	return true;
}

uintptr_t vma_guard_start(const struct mm *mm, const struct vma *vma)
{
	uintptr_t start = vma->start;

	if (!(vma->flags & VMA_STACK))
		return start;
	if (mm->stack_limit)
		start = MIN(start, mm->stack_limit);
	return start - MIN(start, STACK_GUARD_GAP);
}

bool vma_is_free(struct mm *mm, uintptr_t start, uintptr_t end)
{
	const struct vma *vma = find_vma(mm, start);

	return end > start && end <= USER_MAX &&
	       (!vma || end <= vma_guard_start(mm, vma));
}

/* The highest area that begins below an address. */
static struct vma *vma_below(struct mm *mm, uintptr_t addr)
{
	struct vma *vma = find_vma(mm, addr);
	struct rb_node *last;

	if (vma)
		return vma->start < addr ? vma : vma_prev(vma);
	last = rb_last(&mm->vmas);
	return last ? rb_entry(last, struct vma, node) : NULL;
}

static uintptr_t highest_gap(struct mm *mm, size_t len, uintptr_t top)
{
	struct vma *vma = vma_below(mm, USER_MAX);
	unsigned int seen = 0;

	while (vma) {
		uintptr_t start = vma->start;

		if (vma->end < top && top - vma->end >= len)
			return top - len;
		top = MIN(top, vma_guard_start(mm, vma));
		if (++seen % GAPS_AT_ONCE) {
			vma = vma_prev(vma);
			continue;
		}
		cond_resched();
		vma = vma_below(mm, start);
	}
	return top >= USER_MIN + len ? top - len : 0;
}

uintptr_t vma_find_gap(struct mm *mm, size_t len, uintptr_t top)
{
	uintptr_t gap;

	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len || len > USER_MAX)
		return 0;
	gap = highest_gap(mm, len, MIN(top, mm->mmap_base));
	return gap ? gap : highest_gap(mm, len, top);
}

uintptr_t mm_find_gap(struct mm *mm, size_t len)
{
	return vma_find_gap(mm, len, USER_MAX);
}

/* Rounds len up and checks the range: 0, or -EINVAL as in munmap(2). */
static int check_range(uintptr_t addr, size_t *len)
{
	if (!IS_ALIGNED(addr, PAGE_SIZE) || addr > USER_MAX ||
	    *len > USER_MAX - addr)
		return -EINVAL;
	*len = ALIGN_UP(*len, PAGE_SIZE);
	return *len ? 0 : -EINVAL;
}

/* Frees the tables of [start, end), which has no area, but not neighbours'. */
static void free_tables_between(struct mm *mm, uintptr_t start, uintptr_t end)
{
	struct vma *next = find_vma(mm, end);
	struct rb_node *last = next ? rb_prev(&next->node) : rb_last(&mm->vmas);
	uintptr_t floor = last ? rb_entry(last, struct vma, node)->end : 0;

	pte_range_free_tables(mm, start, end, floor,
			      next ? next->start : USER_MAX);
}

/*
 * Unmaps a first part of [addr, end) that is little work: its end, or -ENOMEM.
 * Areas are split at the two ends only, before the first part; later parts
 * split only areas that another thread has joined meanwhile.
 */
static intptr_t unmap_part(struct mm *mm, uintptr_t addr, uintptr_t end)
{
	int err = vma_isolate(mm, addr, end);
	struct vma *vma = find_vma(mm, addr);
	uintptr_t stop;

	if (err)
		return err;
	if (!vma || vma->start >= end)
		return end;
	addr = vma->start;
	stop = pte_window(mm->pgd, addr, vma->end);
	pte_range_zap(mm, addr, stop);
	if (stop == vma->end)
		vma_remove(mm, vma);
	else
		vma_resize(mm, vma, stop, vma->end);
	free_tables_between(mm, addr, stop);
	return stop;
}

int mm_unmap(struct mm *mm, uintptr_t addr, size_t len)
{
	const struct vma *vma;
	intptr_t stop = addr;
	int err = check_range(addr, &len);

	if (err)
		return err;
	vma = find_vma(mm, addr);
	if (vma && vma->start < addr && vma->end > addr + len &&
	    mm->nr_vmas >= MAX_MAP_COUNT)
		return -ENOMEM;
	while (stop >= 0 && (uintptr_t)stop < addr + len) {
		stop = unmap_part(mm, stop, addr + len);
		cond_resched();
	}
	return stop < 0 ? (int)stop : 0;
}

bool vma_may_grow(const struct mm *mm, size_t more)
{
	return more <= mm->limit && mm->reserved <= mm->limit - more;
}

/* Whether RLIMIT_AS allows [start, end), which replaces what is mapped. */
static bool may_map(struct mm *mm, uintptr_t start, uintptr_t end)
{
	size_t more = end - start;
	const struct vma *vma;

	if (vma_may_grow(mm, more))
		return true;
	while ((vma = find_vma(mm, start)) && vma->start < end) {
		more -= MIN(vma->end, end) - MAX(vma->start, start);
		start = vma->end;
		cond_resched(); /* for each area; a gap takes no time */
	}
	return vma_may_grow(mm, more);
}

static void vma_set_backing(struct vma *vma, const struct vma_backing *backing)
{
	if (!backing)
		return;
	vma->data = backing->data;
	vma->offset = backing->offset;
	vma->data_len = backing->len;
	vma->name = backing->name;
}

/* Puts the part [start, end) of an area where nothing is mapped. */
static int put_part(struct mm *mm, const struct vma *area, uintptr_t start,
		    uintptr_t end, struct vma **spare)
{
	struct vma *low = vma_below(mm, start);
	struct vma part = *area;

	part.start = start;
	part.end = end;
	if (area->data)
		part.offset += start - area->start;
	if (low && can_merge(low, &part)) {
		vma_resize(mm, low, low->start, end);
	} else {
		low = *spare ? *spare : vma_alloc();
		*spare = NULL;
		if (!low)
			return -ENOMEM;
		*low = part;
		vma_insert(mm, low);
	}
	vma_merge(mm, low);
	return 0;
}

int vma_replace(struct mm *mm, const struct vma *area)
{
	struct vma *spare = vma_alloc();
	intptr_t stop, at = area->start;
	int err = spare ? 0 : -ENOMEM;

	while (!err && at < (intptr_t)area->end) {
		stop = unmap_part(mm, at, area->end);
		err = stop < 0 ? stop : put_part(mm, area, at, stop, &spare);
		at = stop;
		cond_resched();
	}
	if (spare)
		vma_free(spare);
	return err;
}

int mm_map_fixed(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot,
		 uint32_t flags, const struct vma_backing *backing,
		 bool replace)
{
	struct vma area = { .start = addr, .flags = flags };
	const struct vma *old;
	int err = check_range(addr, &len);

	if (err || addr < USER_MIN)
		return -EINVAL;
	old = find_vma(mm, addr);
	if (!replace && old && old->start < addr + len)
		return -EEXIST;
	if (mm->nr_vmas >= MAX_MAP_COUNT || !may_map(mm, addr, addr + len))
		return -ENOMEM;
	area.end = addr + len;
	area.prot = prot & PROT_MASK;
	vma_set_backing(&area, backing);
	return vma_replace(mm, &area);
}

/*
 * Brings the entries of [start, end) in line with their areas' present
 * protection. A fault that comes before does so for its page.
 */
static void protect_pages(struct mm *mm, uintptr_t start, uintptr_t end)
{
	const struct vma *vma;
	uintptr_t stop;

	for (; start < end; start = stop) {
		cond_resched();
		vma = find_vma(mm, start);
		if (!vma || vma->start >= end)
			break;
		start = MAX(start, vma->start);
		stop = pte_window(mm->pgd, start, MIN(end, vma->end));
		pte_range_protect(mm, start, stop, vma->prot);
	}
}

/* Protects the part of an area that lies in [start, end). */
static int protect_part(struct mm *mm, struct vma *vma, uintptr_t start,
			uintptr_t end, uint32_t prot)
{
	size_t splits = (vma->start < start) + (vma->end > end);
	int err;

	if (prot & PROT_WRITE && vma->flags & VMA_NOWRITE)
		return -EACCES;
	if (vma->prot == prot)
		return 0;
	if (splits && mm->nr_vmas + splits > MAX_MAP_COUNT)
		return -ENOMEM;
	err = vma_isolate(mm, start, end);
	if (err)
		return err;
	vma = find_vma(mm, start);
	vma->prot = prot;
	vma_merge(mm, vma);
	protect_pages(mm, start, end);
	return 0;
}

/* As in mprotect(2), everything below the first hole or error is changed. */
int mm_protect(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot)
{
	uintptr_t end = addr + ALIGN_UP(len, PAGE_SIZE);
	struct vma *vma;
	uintptr_t stop;
	int err;

	if (!IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (!len)
		return 0;
	if (end <= addr)
		return -ENOMEM;
	if (prot & ~(PROT_MASK | PROT_SEM))
		return -EINVAL;
	prot &= PROT_MASK;
	while (addr < end) {
		vma = find_vma(mm, addr);
		if (!vma || vma->start > addr)
			return -ENOMEM;
		stop = MIN(vma->end, end);
		err = protect_part(mm, vma, addr, stop, prot);
		if (err)
			return err;
		addr = stop;
	}
	return 0;
}

/* Invariant 3 for one area; counts its pages. */
static const char *entries_check(const struct mm *mm, const struct vma *vma,
				 size_t *pages)
{
	uintptr_t va = vma->start;
	const uint64_t *pte;

	for (; (pte = pte_next(mm->pgd, &va, vma->end)); va += PAGE_SIZE) {
		if ((*pte | PTE_A | PTE_D) !=
		    (pte_make(*pte & PTE_ADDR, vma->prot) | PTE_A | PTE_D))
			return "mm 3: an entry is not as its area says";
		++*pages;
	}
	return NULL;
}

static const char *areas_check(const struct mm *mm, size_t *pages)
{
	struct rb_node *node = rb_first(&mm->vmas);
	uintptr_t end = USER_MIN;
	size_t areas = 0, bytes = 0;
	const char *broken;
	const struct vma *vma;

	for (; node; node = rb_next(node)) {
		vma = rb_entry(node, struct vma, node);
		if (!IS_ALIGNED(vma->start | vma->end, PAGE_SIZE) ||
		    vma->start < end || vma->start >= vma->end ||
		    vma->end > USER_MAX)
			return "mm 1: an area is empty, overlaps or sticks out";
		broken = entries_check(mm, vma, pages);
		if (broken)
			return broken;
		bytes += vma->end - vma->start;
		areas++;
		end = vma->end;
	}
	if (areas != mm->nr_vmas || bytes != mm->reserved)
		return "mm 2: the counts of areas are wrong";
	return NULL;
}

const char *mm_check(const struct mm *mm)
{
	const char *broken = rb_check(&mm->vmas, NULL);
	size_t pages = 0, all = 0;
	uintptr_t va = 0;

	if (!broken)
		broken = areas_check(mm, &pages);
	if (broken)
		return broken;
	for (; pte_next(mm->pgd, &va, USER_MAX); va += PAGE_SIZE)
		all++;
	if (pages != all || all != mm->resident)
		return "mm 3: a page outside of areas, or not counted";
	return NULL;
}
