/* SPDX-License-Identifier: MIT */
/*
 * What mremap(2) does: areas shrink, grow where they are, or move. Moving
 * takes the page table entries along; no byte is copied.
 */
#include <errno.h>

#include <linux/mman.h>

#include "kernel/mm/vma.h"

/*
 * Moves the pages of [old, old+old_len), inside one area, to new, which is
 * free. Everything that can fail comes before the first change.
 */
static long move_area(struct mm *mm, uintptr_t old, size_t old_len,
		      uintptr_t new, size_t new_len, bool keep_old)
{
	size_t moved = MIN(old_len, new_len);
	struct vma *vma = vma_alloc();
	const struct vma *from;
	int err = -ENOMEM;

	if (!vma)
		return -ENOMEM;
	if (mm->nr_vmas + 3 > MAX_MAP_COUNT)
		goto out_free;
	err = vma_isolate(mm, old, old + old_len);
	if (err)
		goto out_free;
	from = find_vma(mm, old);
	err = pte_range_move(mm, old, new, moved);
	if (err)
		goto out_merge;
	*vma = *from;
	vma->start = new;
	vma->end = new + new_len;
	vma->flags &= VMA_NOWRITE | VMA_FILE | VMA_KERNEL | VMA_SHARED;
	if (!vma->data)
		vma->name = NULL;
	/*
	 * The old part goes while it is apart: once joined, unmapping it would
	 * need memory. The new one is there by then, or its page tables would
	 * be taken for unused.
	 */
	if (keep_old)
		vma_merge(mm, find_vma(mm, old));
	vma_insert(mm, vma);
	if (!keep_old)
		mm_unmap(mm, old, old_len);
	vma_merge(mm, vma);
	return new;

out_merge:
	vma_merge(mm, find_vma(mm, old));
out_free:
	vma_free(vma);
	return err;
}

/* Whether [old, old+old_len) can be moved or grown: one area holds it. */
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
		/* Unlike mmap(2)'s, this hint is not moved up. */
		if (new < USER_MIN)
			return -EPERM;
	} else {
		err = mm_unmap(mm, new, new_len);
		if (!err && old_len > new_len)
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

/* The place that is named: a must with MREMAP_FIXED, else a hint. */
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
