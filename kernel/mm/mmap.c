/* SPDX-License-Identifier: MIT */
/*
 * What mmap(2), brk(2), madvise(2), mlock(2) and msync(2) do, with the checks
 * in the order in which Linux makes them.
 *
 * There is one process and no writable file, so MAP_SHARED and MAP_PRIVATE
 * differ only in what may become writable.
 */

#include "kernel/mm/mmap.h"

#include <errno.h>

#include <linux/mman.h>

#include "kernel/mm/page.h"
#include "kernel/mm/pte_range.h"
#include "kernel/mm/vma.h"
#include "kernel/task/thread.h"

/* MAP_32BIT: below 2 GiB, where sign-extended addresses reach. */
#define TOP_32BIT 0x80000000UL
/* On any machine: language run-times map their arenas whole and writable. */
#define OVERCOMMIT_MIN GiB

/* Checks the address of MAP_FIXED and MAP_FIXED_NOREPLACE: 0 or -errno. */
static int check_fixed(struct mm *mm, uintptr_t addr, size_t len,
		       uint32_t flags)
{
	const struct vma *vma;

	if (addr > USER_MAX - len)
		return -ENOMEM;
	if (!IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (addr < USER_MIN)
		return -EPERM;
	vma = find_vma(mm, addr);
	if (flags & MAP_FIXED_NOREPLACE && vma && vma->start < addr + len)
		return -EEXIST;
	return 0;
}

/*
 * A free place, at the hint if possible; 0: none. A hint in the first page is
 * no hint.
 */
static uintptr_t choose_address(struct mm *mm, uintptr_t hint, size_t len,
				uint32_t flags)
{
	uintptr_t top = flags & MAP_32BIT ? TOP_32BIT : USER_MAX;

	hint = ALIGN_DOWN(hint, PAGE_SIZE);
	if (hint) {
		hint = MAX(hint, USER_MIN);
		if (hint < top && len <= top - hint &&
		    vma_is_free(mm, hint, hint + len))
			return hint;
	}
	return vma_find_gap(mm, len, top);
}

bool vma_is_too_much(size_t len, uint32_t prot)
{
	size_t ram = nr_total_pages() << PAGE_SHIFT;

	return prot & PROT_WRITE && len > MAX(ram, OVERCOMMIT_MIN);
}

static int check_type(uint32_t flags, const struct vma_backing *backing)
{
	switch (flags & MAP_TYPE) {
	case MAP_PRIVATE:
	case MAP_SHARED:
		return 0;
	case MAP_SHARED_VALIDATE:
		if (!backing)
			return -EINVAL;
		return flags & MAP_SYNC ? -EOPNOTSUPP : 0;
	default:
		return -EINVAL;
	}
}

/* MAP_SHARED and MAP_SHARED_VALIDATE both have this bit. */
static bool is_shared(uint32_t flags)
{
	return flags & MAP_SHARED;
}

long mm_mmap(struct mm *mm, uintptr_t addr, size_t len, uint32_t prot,
	     uint32_t flags, const struct vma_backing *backing)
{
	uint32_t vma_flags = 0;
	int err;

	if (!len)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len || len > USER_MAX || mm->nr_vmas >= MAX_MAP_COUNT)
		return -ENOMEM;
	if (backing && backing->offset + len < len)
		return -EOVERFLOW;
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		err = check_fixed(mm, addr, len, flags);
		if (err)
			return err;
	} else {
		addr = choose_address(mm, addr, len, flags);
		if (!addr)
			return -ENOMEM;
	}
	err = check_type(flags, backing);
	if (err)
		return err;
	if (flags & MAP_HUGETLB)
		return -ENOMEM; /* there are no huge pages */
	if (!(flags & MAP_NORESERVE) && vma_is_too_much(len, prot))
		return -ENOMEM;
	if (backing && backing->data) {
		if (is_shared(flags) && prot & PROT_WRITE)
			return -EACCES;
		vma_flags = is_shared(flags) ? VMA_FILE | VMA_NOWRITE :
					       VMA_FILE;
	}
	if (is_shared(flags))
		vma_flags |= VMA_SHARED;
	err = mm_map_fixed(mm, addr, len, prot, vma_flags, backing, true);
	if (err)
		return err;
	/* Pages that cannot be made now are made, or fail, when touched. */
	if (flags & (MAP_POPULATE | MAP_LOCKED))
		mm_populate(mm, addr, len);
	return addr;
}

/* The new break, or the old one when it cannot be moved. */
long mm_brk(struct mm *mm, uintptr_t brk)
{
	static const struct vma_backing heap = { .name = "[heap]" };
	uintptr_t old = mm->brk;
	uintptr_t old_end = ALIGN_UP(old, PAGE_SIZE);
	uintptr_t new_end = ALIGN_UP(brk, PAGE_SIZE);
	int err = 0;

	if (!mm->brk_start || brk < mm->brk_start || brk > USER_MAX)
		return old;
	/* One page stays free between the heap and the next area. */
	if (new_end > old_end &&
	    (!vma_is_free(mm, old_end, new_end + PAGE_SIZE) ||
	     vma_is_too_much(new_end - old_end, PROT_WRITE)))
		return old;
	mm->brk = brk;
	if (new_end < old_end)
		err = mm_unmap(mm, new_end, old_end - new_end);
	else if (new_end > old_end)
		err = mm_map_fixed(mm, old_end, new_end - old_end,
				   PROT_READ | PROT_WRITE, VMA_HEAP, &heap,
				   false);
	if (err)
		mm->brk = old;
	return err ? old : brk;
}

static bool is_advice(int advice)
{
	switch (advice) {
	case MADV_NORMAL ... MADV_DONTNEED:
	case MADV_FREE ... MADV_POPULATE_WRITE:
	case MADV_DONTNEED_LOCKED:
	case MADV_COLLAPSE:
		return true;
	default:
		return false;
	}
}

/* Frees the pages of a first part; returns its end. */
static uintptr_t zap_part(struct mm *mm, uintptr_t start, uintptr_t end)
{
	uintptr_t stop = pte_window(mm->pgd, start, end);

	pte_range_zap(mm, start, stop);
	return stop;
}

/*
 * Applies the advice to [start, *end) of an area, or to a first part, with its
 * end in *end. Most advice is about costs that do not exist here.
 */
static int advise_area(struct mm *mm, const struct vma *vma, uintptr_t start,
		       uintptr_t *end, int advice)
{
	switch (advice) {
	case MADV_FREE:
		if (vma->data)
			return -EINVAL;
		*end = zap_part(mm, start, *end);
		return 0;
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		*end = zap_part(mm, start, *end);
		return 0;
	case MADV_POPULATE_WRITE:
		if (!(vma->prot & PROT_WRITE))
			return -EINVAL;
		return mm_populate(mm, start, *end - start);
	case MADV_POPULATE_READ:
		if (!(vma->prot & PROT_READ))
			return -EINVAL;
		return mm_populate(mm, start, *end - start);
	case MADV_REMOVE:
		/* On Linux it punches holes into shared files. */
		return vma->data ? -EACCES : -EINVAL;
	case MADV_COLLAPSE:
		return -EINVAL;
	case MADV_WIPEONFORK:
		return vma->data ? -EINVAL : 0;
	default:
		return 0;
	}
}

static bool is_populate(int advice)
{
	return advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
}

/* As in madvise(2), holes are skipped, and reported at the end. */
long mm_madvise(struct mm *mm, uintptr_t addr, size_t len, int advice)
{
	uintptr_t stop, end = addr + ALIGN_UP(len, PAGE_SIZE);
	const struct vma *vma;
	long err, unmapped = 0;

	if (!is_advice(advice) || !IS_ALIGNED(addr, PAGE_SIZE) || end < addr ||
	    (len && end == addr))
		return -EINVAL;
	for (; addr < end; addr = stop) {
		vma = find_vma(mm, addr);
		if (!vma || (is_populate(advice) && vma->start > addr))
			return -ENOMEM;
		if (vma->start > addr) {
			unmapped = -ENOMEM;
			addr = vma->start;
			if (addr >= end)
				break;
		}
		stop = MIN(vma->end, end);
		err = advise_area(mm, vma, addr, &stop, advice);
		if (err)
			return err;
		cond_resched();
	}
	return unmapped;
}

/* Pages are never swapped out, so locking only makes them present. */
int mm_lock(struct mm *mm, uintptr_t addr, size_t len, bool now)
{
	int err;

	len = ALIGN_UP(len + addr % PAGE_SIZE, PAGE_SIZE);
	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	if (addr + len < addr)
		return -EINVAL;
	if (!mm_is_mapped(mm, addr, len))
		return -ENOMEM;
	if (!now)
		return 0;
	err = mm_populate(mm, addr, len);
	/* mlock(2): EAGAIN when short of memory, ENOMEM for PROT_NONE. */
	if (err == -ENOMEM)
		return -EAGAIN;
	return err ? -ENOMEM : 0;
}

/* As on Linux, pages that cannot be made present stay absent. */
void mm_lock_all(struct mm *mm)
{
	const struct vma *vma;
	uintptr_t addr = 0;

	while ((vma = find_vma(mm, addr))) {
		addr = vma->end;
		mm_populate(mm, vma->start, vma->end - vma->start);
	}
}

/* No file can be written, so there is nothing to sync. */
int mm_sync(struct mm *mm, uintptr_t addr, size_t len, uint32_t flags)
{
	uintptr_t end = addr + ALIGN_UP(len, PAGE_SIZE);

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
	    !IS_ALIGNED(addr, PAGE_SIZE) ||
	    (flags & MS_ASYNC && flags & MS_SYNC))
		return -EINVAL;
	if (end < addr)
		return -ENOMEM;
	return mm_is_mapped(mm, addr, end - addr) ? 0 : -ENOMEM;
}
