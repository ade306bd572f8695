/* SPDX-License-Identifier: MIT */
/*
 * Puts the vDSO into an address space. Owns the page that the clock shares
 * with it; it is mapped itself, not a copy of it, and lives as long as the
 * machine. Entered once, when the application is made.
 */
#include "kernel/vdso/vdso.h"

#include <errno.h>
#include <linux/mman.h>

#include "kernel/mm/vma.h"
#include "kernel/mm/page.h"
#include "kernel/task/clock.h"

extern const uint8_t vdso_image_start[], vdso_image_end[];

static struct page *data_page;

static int data_make(void)
{
	if (data_page)
		return 0;
	data_page = alloc_page(ALLOC_ZERO);
	if (!data_page)
		return -ENOMEM;
	clock_share(page_address(data_page));
	return 0;
}

static int map_data(struct mm *mm, uintptr_t addr)
{
	struct vma_backing backing = {
		.data = page_address(data_page),
		.len = PAGE_SIZE,
		.name = "[vvar]",
	};

	return mm_map_fixed(mm, addr, PAGE_SIZE, PROT_READ,
			    VMA_KERNEL | VMA_FILE | VMA_NOWRITE, &backing,
			    false);
}

/* Code is copied page by page as any file's: a debugger may write to it. */
static int map_code(struct mm *mm, uintptr_t addr, size_t size)
{
	struct vma_backing backing = {
		.data = vdso_image_start,
		.len = size,
		.name = "[vdso]",
	};

	return mm_map_fixed(mm, addr, size, PROT_READ | PROT_EXEC, VMA_FILE,
			    &backing, false);
}

int vdso_map(struct mm *mm, uintptr_t *base)
{
	size_t size = vdso_image_end - vdso_image_start;
	uintptr_t addr = mm_find_gap(mm, PAGE_SIZE + size);
	int err = addr ? data_make() : -ENOMEM;

	if (!err)
		err = map_data(mm, addr);
	if (!err)
		err = map_code(mm, addr + PAGE_SIZE, size);
	*base = addr + PAGE_SIZE;
	return err;
}
