/* SPDX-License-Identifier: MIT */
/*
 * An application's address space: a tree of areas (vmas), whose pages are made
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
 * data: the contents of new pages (a file of the initramfs, which lies in
 * memory and never changes), or NULL for zeros. Address start corresponds to
 * data[offset]. Beyond data_len: zeros, but with VMA_FILE only in the file's
 * last page, as in mmap(2).
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
#define VMA_FILE BIT(3) /* no pages wholly beyond the file's end */
#define VMA_SHARED BIT(5) /* MAP_SHARED: for /proc/self/maps */
#define VMA_MOVING BIT(6) /* being moved: not merged with others */
#define VMA_KERNEL BIT(4) /* data's own pages are mapped, not copies */

struct mm {
	uint64_t *pgd; /* top level page table; upper half: the kernel's */
	struct rb_root vmas;
	size_t nr_vmas;
	uintptr_t brk_start;
	uintptr_t brk;
	uintptr_t arg_start, arg_end; /* argv's strings, one after the other */
	uintptr_t env_start, env_end; /* envp's, after them */
	uintptr_t mmap_base; /* areas go below it while there is room */
	uintptr_t stack_limit; /* lowest address kept free for the stack */
	uint64_t stack_max; /* RLIMIT_STACK: its size */
	size_t resident; /* pages present */
	size_t reserved; /* bytes in vmas */
	uint64_t limit; /* RLIMIT_AS: bound of reserved */
};

struct mm *mm_create(void); /* NULL when memory is short */
void mm_destroy(struct mm *mm);
void mm_activate(struct mm *mm); /* loads CR3; NULL: the kernel's own tables */
bool mm_is_active(const struct mm *mm);
/* The file that an area is mapped from. */
struct vma_backing {
	const uint8_t *data;
	uint64_t offset; /* may be any byte offset for the ELF loader */
	uint64_t len;
	const char *name;
};

/*
 * The functions below work on ranges that ring 3 chooses: thread context,
 * other threads run meanwhile.
 *
 * Makes the pages of a range present as far as their protection and memory
 * allow; those that are writable for writing. 0; -ENOMEM: an address is not
 * mapped, or no memory; -EFAULT: an area may not be read; -EINTR.
 */
int mm_populate(struct mm *mm, uintptr_t addr, size_t len);
/*
 * mincore(2): how many of the n pages from addr on are alike in whether they
 * are present (a read need not make them). 0: addr is not mapped.
 */
size_t mm_presence(struct mm *mm, uintptr_t addr, size_t n, bool *present);

/*
 * Makes the page at addr present for an access of this kind. 0, -EFAULT (no
 * area, or its protection forbids it: SIGSEGV), -ENXIO (beyond the end of the
 * file: SIGBUS), -ENOMEM. Called by the page fault handler, for faults of ring
 * 3 and of user copies.
 */
#define FAULT_WRITE BIT(0)
#define FAULT_EXEC BIT(1)
int mm_fault(struct mm *mm, uintptr_t addr, unsigned int access);
/*
 * The page at addr, made present for reading, with a reference for the caller:
 * it outlives the mapping. 0, -EFAULT, -ENOMEM.
 */
int mm_get_page(struct mm *mm, uintptr_t addr, struct page **page);

#endif
