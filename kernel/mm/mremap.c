/* SPDX-License-Identifier: MIT */
/*
 * mremap(2): areas shrink, grow in place, or move. Moving takes the page table
 * entries along; no byte is copied.
 */

#include "kernel/mm/mremap.h"

#include <errno.h>

#include <linux/mman.h>

#include "kernel/mm/mmap.h"
#include "kernel/mm/pte_range.h"
#include "kernel/mm/vma.h"
#include "kernel/task/thread.h"

/* Makes the tables for the pages that will move to new: 0 or -ENOMEM. */
static int make_tables(struct mm *mm, uintptr_t old, uintptr_t new, size_t len)
{
	size_t at, stop;
	int err = 0;

	for (at = 0; at < len && !err; at = stop) {
		cond_resched();
		stop = pte_window(mm->pgd, old + at, old + len) - old;
		err = pte_range_make_tables(mm, old + at, new + at, stop - at);
	}
	return err;
}

/*
 * Moves the pages, a part at a time. If another thread has unmapped the
 * target meanwhile, they are freed.
 */
static void move_pages(struct mm *mm, uintptr_t old, uintptr_t new, size_t len)
{
	const struct vma *to;
	size_t at, stop;

	for (at = 0; at < len; at = stop) {
		cond_resched();
		to = find_vma(mm, new + at);
		stop = pte_window(mm->pgd, old + at, old + len) - old;
		if (!to || to->start > new + at) {
			pte_range_zap(mm, old + at, old + stop);
			continue;
		}
		stop = MIN(stop, to->end - new);
		pte_range_move(mm, old + at, new + at, stop - at, to->prot);
	}
}

/* The move is given up: the areas of [start, end) stay. */
static void stop_moving(struct mm *mm, uintptr_t start, uintptr_t end)
{
	struct vma *vma = find_vma(mm, start);

	for (; vma && vma->start < end; vma = find_vma(mm, start)) {
		start = vma->end;
		vma->flags &= ~VMA_MOVING;
		vma_merge(mm, vma);
		cond_resched();
	}
}

/*
 * Moves the pages of [old, old+old_len), inside one area, to new. Everything
 * that can fail comes before the first page moves. The old part is kept apart
 * from its neighbours until it is unmapped, which then needs no memory.
 */
static long move_area(struct mm *mm, uintptr_t old, size_t old_len,
		      uintptr_t new, size_t new_len, bool keep_old)
{
	size_t moved = MIN(old_len, new_len);
	struct vma area, *from;
	int err;

	if (mm->nr_vmas + 3 > MAX_MAP_COUNT)
		return -ENOMEM;
	err = vma_isolate(mm, old, old + old_len);
	if (err)
		return err;
	from = find_vma(mm, old);
	if (!from || from->start != old || from->end != old + old_len)
		return -EFAULT; /* unmapped while a place was looked for */
	area = *from;
	area.start = new;
	area.end = new + new_len;
	area.flags &= VMA_NOWRITE | VMA_FILE | VMA_KERNEL | VMA_SHARED;
	if (!area.data)
		area.name = NULL;
	from->flags |= VMA_MOVING;
	err = vma_replace(mm, &area);
	if (!err) {
		err = make_tables(mm, old, new, moved);
		if (err)
			mm_unmap(mm, new, new_len);
	}
	if (!err)
		move_pages(mm, old, new, moved);
	if (err || keep_old)
		stop_moving(mm, old, old + old_len);
	else
		mm_unmap(mm, old, old_len);
	return err ? err : (long)new;
}

/* Whether [old, old+old_len) can be moved or grown: it is in one area. */
static int check_source(struct mm *mm, uintptr_t old, size_t old_len)
{
	const struct vma *vma = find_vma(mm, old);

	if (!vma || vma->start > old)
		return -EFAULT;
	/* A second mapping of the same pages would need shared memory. */
	if (!old_len)
		return -EINVAL;
	return old_len > vma->end - old ? -EFAULT : 0;
}

static long remap_to(struct mm *mm, uintptr_t old, size_t old_len,
		     uintptr_t new, size_t new_len, uint32_t flags)
{
	int err = check_source(mm, old, MIN(old_len, new_len));

	if (err)
		return err;
	if (new_len > old_len && !vma_may_grow(mm, new_len - old_len))
		return -ENOMEM;
	if (!(flags & MREMAP_FIXED)) {
		if (!new || !vma_is_free(mm, new, new + new_len))
			new = vma_find_gap(mm, new_len, USER_MAX);
		if (!new)
			return -ENOMEM;
		/* Unlike mmap(2)'s hint, it is not rounded up to USER_MIN. */
		if (new < USER_MIN)
			return -EPERM;
	} else if (old_len > new_len) {
		err = mm_unmap(mm, old + new_len, old_len - new_len);
		if (err)
			return err;
	}
	return move_area(mm, old, MIN(old_len, new_len), new, new_len,
			 flags & MREMAP_DONTUNMAP);
}

static long remap_grow(struct mm *mm, uintptr_t old, size_t old_len,
		       size_t new_len, uint32_t flags)
{
	int err = check_source(mm, old, old_len);
	struct vma *vma = find_vma(mm, old);
	uintptr_t new;

	if (err)
		return err;
	if (vma_is_too_much(new_len - old_len, vma->prot) ||
	    !vma_may_grow(mm, new_len - old_len))
		return -ENOMEM;
	if (vma->end == old + old_len &&
	    vma_is_free(mm, vma->end, old + new_len)) {
		vma_resize(mm, vma, vma->start, old + new_len);
		vma_merge(mm, vma);
		return old;
	}
	if (!(flags & MREMAP_MAYMOVE))
		return -ENOMEM;
	new = vma_find_gap(mm, new_len, USER_MAX);
	if (!new)
		return -ENOMEM;
	return move_area(mm, old, old_len, new, new_len, false);
}

/* Checks the target: fixed with MREMAP_FIXED, else a hint. */
static int check_target(uintptr_t old, size_t old_len, uintptr_t new,
			size_t new_len)
{
	if (!IS_ALIGNED(new, PAGE_SIZE) || new > USER_MAX - new_len)
		return -EINVAL;
	if (old + old_len > new &&new + new_len > old)
		return -EINVAL;
	return 0;
}

long mm_mremap(struct mm *mm, uintptr_t old, size_t old_len, size_t new_len,
	       uint32_t flags, uintptr_t new_addr)
{
	const struct vma *vma;
	int err = 0;

	if (flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) &&
	    !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	old_len = ALIGN_UP(old_len, PAGE_SIZE);
	new_len = ALIGN_UP(new_len, PAGE_SIZE);
	if (flags & MREMAP_DONTUNMAP && old_len != new_len)
		return -EINVAL;
	if (!IS_ALIGNED(old, PAGE_SIZE) || !new_len || new_len > USER_MAX)
		return -EINVAL;
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		err = check_target(old, old_len, new_addr, new_len);
	if (err)
		return err;
	if (new_addr < USER_MIN && flags & MREMAP_FIXED)
		return -EPERM;
	vma = find_vma(mm, old);
	if (!vma || vma->start > old)
		return -EFAULT;
	if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return remap_to(mm, old, old_len, new_addr, new_len, flags);
	if (new_len > old_len)
		return remap_grow(mm, old, old_len, new_len, flags);
	if (new_len < old_len) {
		err = mm_unmap(mm, old + new_len, old_len - new_len);
		if (err)
			return err;
	}
	return old;
}
