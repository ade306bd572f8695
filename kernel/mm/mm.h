/* SPDX-License-Identifier: MIT */
/*
 * An application's address space: a tree of areas (vmas), pages that appear
 * when they are first touched, and the system calls that change them.
 */
#ifndef KERNEL_MM_MM_H
#define KERNEL_MM_MM_H

#include "kernel/base.h"
#include "kernel/lib/rbtree.h"

struct page;

#define USER_MIN 0x10000UL /* page zero and its neighbours stay unmapped */
#define USER_MAX 0x00007ffffffff000UL /* end of user addresses, exclusive */

/* Protection is PROT_* of <linux/mman.h>. */

/*
 * One area [start, end), page aligned. Areas do not overlap.
 *
 * data: what its pages are filled from when they first appear (a file of the
 * initramfs, which lies in memory and never changes), or NULL for zeros.
 * Address start corresponds to data[offset]; beyond data_len bytes: zeros,
 * but with VMA_FILE only in the file's last page, as mmap(2) has it.
 */
struct vma {
	struct rb_node node;
	uintptr_t start;
	uintptr_t end;
	uint32_t prot;
	uint32_t flags; /* VMA_* */
	const uint8_t *data;
	uint64_t offset;
	uint64_t data_len; /* length of the whole file */
	const char *name; /* for /proc/self/maps, or NULL */
};

#define VMA_STACK BIT(0) /* grows down on a fault just below it */
#define VMA_HEAP BIT(1) /* the brk area */
#define VMA_NOWRITE BIT(2) /* never writable: shared, from a read-only file */
#define VMA_FILE BIT(3) /* pages wholly behind the file's end do not exist */
#define VMA_SHARED BIT(5) /* MAP_SHARED: for /proc/self/maps */
#define VMA_MOVING BIT(6) /* on its way to another address: joins no other */
#define VMA_KERNEL BIT(4) /* data's own pages are mapped, not copies */

struct mm {
	uint64_t *pgd; /* top level page table, its upper half the kernel's */
	struct rb_root vmas;
	size_t nr_vmas;
	uintptr_t brk_start;
	uintptr_t brk;
	uintptr_t arg_start, arg_end; /* argv's strings, one after the other */
	uintptr_t env_start, env_end; /* envp's behind them */
	uintptr_t mmap_base; /* areas are put below it while there is room */
	uintptr_t stack_limit; /* kept free for the stack down to here */
	uint64_t stack_max; /* RLIMIT_STACK: its size */
	size_t resident; /* pages present */
	size_t reserved; /* bytes in vmas */
	uint64_t limit; /* RLIMIT_AS: what reserved may grow to */
};

struct mm *mm_create(void); /* NULL when memory is short */
void mm_destroy(struct mm *mm);
void mm_activate(struct mm *mm); /* loads CR3; NULL: the kernel's own tables */
bool mm_is_active(const struct mm *mm);
/* What the ELF loader and mmap() build on; -ENOMEM, -EINVAL, -EEXIST. */
struct vma_backing {
	const uint8_t *data;
	uint64_t offset; /* may be any byte offset for the ELF loader */
	uint64_t len;
	const char *name;
};

/*
 * What follows works on ranges that ring 3 chooses: thread context, other
 * threads run meanwhile.
 *
 * Makes the pages of a range present as far as their protection and the
 * memory allow; writable ones for writing. 0, -ENOMEM when something is not
 * mapped or memory is short, -EFAULT when something may not be read.
 */
int mm_populate(struct mm *mm, uintptr_t addr, size_t len);
/*
 * How many of the n pages from addr on are alike: whether they need not be made
 * before they are read (mincore). 0: the first is not mapped.
 */
size_t mm_presence(struct mm *mm, uintptr_t addr, size_t n, bool *present);

/*
 * Makes the page at addr present for an access of this kind. 0, -EFAULT (no
 * area, or its protection forbids it: SIGSEGV), -ENXIO (behind the end of the
 * file: SIGBUS), -ENOMEM. Called by the page fault handler for faults of ring 3
 * and of user copies.
 */
#define FAULT_WRITE BIT(0)
#define FAULT_EXEC BIT(1)
int mm_fault(struct mm *mm, uintptr_t addr, unsigned int access);
/*
 * The page at addr, made present for reading, with a reference of the
 * caller's: it stays when the application unmaps it. 0, -EFAULT, -ENOMEM.
 */
int mm_get_page(struct mm *mm, uintptr_t addr, struct page **page);

#endif
