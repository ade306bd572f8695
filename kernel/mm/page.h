/* SPDX-License-Identifier: MIT */
/*
 * Physical pages: one struct page each, handed out by a buddy allocator.
 *
 * Page structs are set up lazily, a block of 2^MAX_ORDER pages at a time, so
 * that boot costs the same with 16 MiB as with 8 GiB: RAM that was never asked
 * for counts as free but was never touched.
 */
#ifndef KERNEL_MM_PAGE_H
#define KERNEL_MM_PAGE_H

#include "kernel/base.h"
#include "kernel/lib/list.h"

struct boot_info;
struct kmem_cache;

#define MAX_ORDER 10 /* largest block: 2^10 pages, 4 MiB */

/*
 * The lowest addresses of the map of all RAM, read-write and never executable,
 * and of the image: boot/enter.c chooses both at or above these.
 */
#define DIRECT_MAP_START 0xffff888000000000UL
#define KERNEL_MAP_START 0xffffff8000000000UL
extern uintptr_t direct_map_base;
extern uintptr_t kernel_image_offset;
/* The address that the image is linked for. */
#define KERNEL_LINK_BASE 0xffffffff80100000UL

enum page_state {
	PAGE_RESERVED = 0, /* not RAM, or taken before the allocator */
	PAGE_FREE, /* head of a free block of 2^order */
	PAGE_TAIL, /* inside a free block or a multi-page allocation */
	PAGE_USED, /* head of an allocation of 2^order */
	PAGE_SLAB, /* head of a slab */
};

struct page {
	union {
		struct list_head lru; /* FREE: free list; SLAB: slab list */
	};
	union {
		void *freelist; /* SLAB: first free object */
		size_t size; /* USED by kmalloc(): bytes asked for */
	};
	union {
		struct kmem_cache *cache; /* SLAB, and its tail pages */
		uint64_t owner; /* USED: for the owner's use */
	};
	union {
		uint32_t refs; /* USED: get_page()/put_page() */
		uint32_t objects; /* SLAB: objects that fit */
	};
	uint16_t inuse; /* SLAB: objects handed out */
	uint8_t state; /* enum page_state */
	uint8_t order;
};

#define ALLOC_ZERO BIT(0) /* filled with zeros */
/*
 * How many pages an allocation must leave free. ALLOC_USER: the whole reserve,
 * for what ring 3 fills and keeps (its pages and their tables, stacks, bytes
 * in pipes and queues). ALLOC_FILE: a quarter less, for a file that ring 3
 * opens. No flag: half of it, for the kernel's objects, new connections among
 * them. ALLOC_PACKET: a quarter, for a packet's bytes. ALLOC_ATOMIC: none, for
 * what TCP cannot do without: headers and receive buffers. So an application
 * that has taken all memory and all sockets it can get still accepts
 * connections and answers.
 */
#define ALLOC_USER BIT(1)
#define ALLOC_FILE BIT(2)
#define ALLOC_PACKET BIT(3)
#define ALLOC_ATOMIC BIT(4)

/*
 * Takes over the RAM ranges of bi. -ENOMEM, with one line in the log, when
 * there is too little to run. Needs the direct map.
 */
int page_alloc_init(const struct boot_info *bi);

/*
 * 2^order pages, physically contiguous, aligned to their size, refs = 1, or
 * NULL. Thread or softirq, never sleeps. Only single pages are reliable: once
 * memory is fragmented there are no larger blocks.
 */
struct page *alloc_pages(unsigned int order, unsigned int flags);
void free_pages(struct page *page, unsigned int order);

static inline struct page *alloc_page(unsigned int flags)
{
	return alloc_pages(0, flags);
}

void get_page(struct page *page);
/* Frees the block when the last reference goes. */
void put_page(struct page *page);

size_t nr_free_pages(void);
size_t nr_total_pages(void);
/* How many pages an allocation with these flags leaves free. */
size_t page_mark(unsigned int flags);
/* Whether an allocation with these flags would fail. */
bool pages_are_low(unsigned int flags);
/* For /proc/buddyinfo: free blocks of one order on the lists. */
size_t nr_free_blocks(unsigned int order);
/* kernel/check.h. Slow. */
const char *page_alloc_check(void);

/*
 * The only arithmetic between pages and addresses. The two that look up a page
 * return NULL for an address outside the zones' set up blocks.
 */
struct page *phys_to_page(uint64_t phys);
uint64_t page_to_phys(const struct page *page);
void *page_address(const struct page *page);
struct page *virt_to_page(const void *addr); /* direct map only */

static inline void *phys_to_virt(uint64_t phys)
{
	return (void *)(direct_map_base + phys);
}

/* Direct map or kernel image. */
static inline uint64_t virt_to_phys(const void *addr)
{
	uintptr_t va = (uintptr_t)addr;

	return va >= KERNEL_MAP_START ? va - kernel_image_offset :
					va - direct_map_base;
}

#endif
