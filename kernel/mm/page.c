/* SPDX-License-Identifier: MIT */
/*
 * Buddy allocator of physical pages. Owns all RAM that the boot left over,
 * and the page structs that describe it.
 *
 * RAM lies in zones: stretches with no large hole inside, one on most
 * machines, a second above 4 GiB on big ones. Each zone has one array of page
 * structs (1 % of its RAM, taken from its own top), and is cut into blocks of
 * 2^MAX_ORDER pages. Blocks below zone->next are set up: their page structs
 * are valid and their free pages are on the free lists. Blocks from there on
 * were never touched, neither their pages nor their page structs. An
 * allocation tries the lists first, then sets up the lowest untouched block.
 *
 * Invariants (page_alloc_check()), within set up blocks:
 *  1. a head (FREE, USED, SLAB) of order n lies at a multiple of 2^n pages,
 *     and the 2^n - 1 pages after it are TAIL;
 *  2. every other page is RESERVED;
 *  3. the free list of order n holds exactly the FREE heads of order n;
 *  4. no two FREE buddies of equal order below MAX_ORDER: they were merged;
 *  5. nr_free = pages on the lists + RAM pages in untouched blocks.
 */
#include "kernel/mm/page.h"

#include <errno.h>
#include <string.h>

#include "kernel/boot_info.h"
#include "kernel/check.h"
#include "kernel/mm/poison.h"
#include "kernel/printk.h"

#define BLOCK_PAGES ((size_t)1 << MAX_ORDER)
#define BLOCK_SIZE (BLOCK_PAGES << PAGE_SHIFT)
/* Page structs for a smaller hole cost less than a second zone would. */
#define ZONE_HOLE (64 * MiB)
#define MAX_ZONES 8
/* With less the kernel could not even start its own threads. */
#define MIN_PAGES (MiB / PAGE_SIZE)

/*
 * The reserve, which ring 3 does not get: a share of RAM; on a small machine
 * enough to refill a receive ring and answer, on a large one no more than is
 * needed.
 */
#define RESERVE_SHARE 64
#define RESERVE_LEAST (768 * KiB / PAGE_SIZE)
#define RESERVE_LEAST_SHARE 16 /* RESERVE_LEAST is at most RAM / 16 */
#define RESERVE_MOST (16 * MiB / PAGE_SIZE)

_Static_assert(sizeof(struct page) <= 48, "1.2 % of RAM at most");

struct range {
	uint64_t start;
	uint64_t end;
};

struct zone {
	uint64_t start; /* physical, both multiples of BLOCK_SIZE */
	uint64_t end;
	uint64_t next; /* first block not set up */
	struct page *map; /* one struct per page, from start */
};

uintptr_t direct_map_base __ro_after_init_data = DIRECT_MAP_START;
uintptr_t kernel_image_offset __ro_after_init;

static struct zone zones[MAX_ZONES];
static unsigned int nr_zones __ro_after_init;
/* What the allocator owns, page aligned, sorted. */
static struct range ram[BOOT_MEM_MAX] __ro_after_init;
static unsigned int nr_ram __ro_after_init;

static struct free_area {
	struct list_head list;
	size_t blocks;
} free_areas[MAX_ORDER + 1];

static size_t nr_free;
static size_t nr_total __ro_after_init;
static size_t reserve __ro_after_init; /* of nr_total */

static struct zone *zone_of(const struct page *page)
{
	struct zone *zone;

	for (zone = zones; zone < zones + nr_zones; zone++)
		if (page >= zone->map &&
		    page < zone->map +
				    ((zone->end - zone->start) >> PAGE_SHIFT))
			return zone;
	panic("%p is no page struct", (const void *)page);
}

struct page *phys_to_page(uint64_t phys)
{
	struct zone *zone;

	for (zone = zones; zone < zones + nr_zones; zone++)
		if (phys >= zone->start && phys < zone->next)
			return zone->map + ((phys - zone->start) >> PAGE_SHIFT);
	return NULL;
}

uint64_t page_to_phys(const struct page *page)
{
	const struct zone *zone = zone_of(page);

	return zone->start + ((uint64_t)(page - zone->map) << PAGE_SHIFT);
}

void *page_address(const struct page *page)
{
	return phys_to_virt(page_to_phys(page));
}

struct page *virt_to_page(const void *addr)
{
	return phys_to_page((uintptr_t)addr - direct_map_base);
}

static _Noreturn noinline void corrupted(const struct page *page,
					 const char *how)
{
	panic("page %#llx: %s", (unsigned long long)page_to_phys(page), how);
}

static void free_area_add(struct page *page, unsigned int order)
{
	page->state = PAGE_FREE;
	page->order = order;
	list_add(&page->lru, &free_areas[order].list);
	free_areas[order].blocks++;
}

/* Who wrote to a page struct does not choose where the links are written. */
static void free_area_del(struct page *page)
{
	if (unlikely(page->lru.next->prev != &page->lru ||
		     page->lru.prev->next != &page->lru))
		corrupted(page, "a free list's links disagree");
	list_del(&page->lru);
	free_areas[page->order].blocks--;
	page->state = PAGE_TAIL;
}

/* Puts n pages from index on the lists, in the largest aligned blocks. */
static void zone_add_free(struct zone *zone, size_t index, size_t n)
{
	unsigned int order;
	struct page *page;

	while (n) {
		order = MAX_ORDER;
		while ((index & ((1UL << order) - 1)) || n >> order == 0)
			order--;
		for (page = zone->map + index;
		     page < zone->map + index + (1UL << order); page++)
			page->state = PAGE_TAIL;
		if (unlikely(poison_is_on))
			poison_fill(page_address(zone->map + index),
				    PAGE_SIZE << order);
		free_area_add(zone->map + index, order);
		index += 1UL << order;
		n -= 1UL << order;
	}
}

/* Sets up the lowest untouched block: false when there is none left. */
static bool open_block(void)
{
	struct zone *zone = zones;
	struct range *r;
	uint64_t start, end, base;

	while (zone < zones + nr_zones && zone->next == zone->end)
		zone++;
	if (zone == zones + nr_zones)
		return false;
	base = zone->next;
	zone->next += BLOCK_SIZE;
	memset(zone->map + ((base - zone->start) >> PAGE_SHIFT), PAGE_RESERVED,
	       BLOCK_PAGES * sizeof(struct page));
	for (r = ram; r < ram + nr_ram; r++) {
		start = MAX(r->start, base);
		end = MIN(r->end, base + BLOCK_SIZE);
		if (start < end)
			zone_add_free(zone, (start - zone->start) >> PAGE_SHIFT,
				      (end - start) >> PAGE_SHIFT);
	}
	return true;
}

/* Splits the smallest block on the lists that is large enough. */
static struct page *take_block(unsigned int order)
{
	struct page *page;
	unsigned int o = order;

	while (o <= MAX_ORDER && list_empty(&free_areas[o].list))
		o++;
	if (o > MAX_ORDER)
		return NULL;
	page = list_first_entry(&free_areas[o].list, struct page, lru);
	if (unlikely(page->state != PAGE_FREE || page->order != o))
		corrupted(page, "a free list has what is not free");
	free_area_del(page);
	while (o > order) {
		o--;
		free_area_add(page + (1UL << o), o);
	}
	return page;
}

size_t page_mark(unsigned int flags)
{
	if (flags & ALLOC_ATOMIC)
		return 0;
	if (flags & ALLOC_PACKET)
		return reserve / 4;
	if (flags & ALLOC_USER)
		return reserve;
	return flags & ALLOC_FILE ? reserve - reserve / 4 : reserve / 2;
}

bool pages_are_low(unsigned int flags)
{
	return nr_free <= reserve && nr_free <= page_mark(flags);
}

static bool may_take(size_t n, unsigned int flags)
{
	return likely(nr_free >= reserve + n) ||
	       nr_free >= page_mark(flags) + n;
}

struct page *alloc_pages(unsigned int order, unsigned int flags)
{
	struct page *page = NULL;

	if (order > MAX_ORDER || !may_take(1UL << order, flags))
		return NULL;
	do {
		page = take_block(order);
	} while (!page && open_block());
	if (!page)
		return NULL;
	if (unlikely(poison_is_on) &&
	    !poison_is_whole(page_address(page), PAGE_SIZE << order))
		corrupted(page, "written to after its free");
	nr_free -= 1UL << order;
	page->state = PAGE_USED;
	page->order = order;
	page->refs = 1;
	page->size = 0;
	page->owner = 0;
	if (flags & ALLOC_ZERO)
		memset(page_address(page), 0, PAGE_SIZE << order);
	return page;
}

void free_pages(struct page *page, unsigned int order)
{
	struct zone *zone = zone_of(page);
	size_t index = page - zone->map;
	struct page *buddy;

	if (unlikely(page->state != PAGE_USED || page->order != order))
		corrupted(page,
			  page->state == PAGE_FREE || page->state == PAGE_TAIL ?
				  "double free" :
				  "free of what is no such block");
	if (unlikely(poison_is_on))
		poison_fill(page_address(page), PAGE_SIZE << order);
	nr_free += 1UL << order;
	page->refs = 0;
	page->state = PAGE_TAIL;
	for (; order < MAX_ORDER; order++) {
		buddy = zone->map + (index ^ (1UL << order));
		if (buddy->state != PAGE_FREE || buddy->order != order)
			break;
		free_area_del(buddy);
		index &= ~(1UL << order);
	}
	free_area_add(zone->map + index, order);
}

void get_page(struct page *page)
{
	ASSERT(page->state == PAGE_USED && page->refs);
	page->refs++;
}

void put_page(struct page *page)
{
	ASSERT(page->state == PAGE_USED && page->refs);
	if (--page->refs == 0)
		free_pages(page, page->order);
}

size_t nr_free_pages(void)
{
	return nr_free;
}

size_t nr_total_pages(void)
{
	return nr_total;
}

size_t nr_free_blocks(unsigned int order)
{
	return order <= MAX_ORDER ? free_areas[order].blocks : 0;
}

/* Whole pages of the RAM ranges, without page 0: address 0 means none. */
static void copy_ram(const struct boot_info *bi)
{
	const struct boot_mem *mem;
	uint64_t start, end;

	nr_ram = 0;
	for (mem = bi->mem; mem < bi->mem + bi->nr_mem; mem++) {
		if (mem->type != BOOT_MEM_RAM)
			continue;
		start = MAX(ALIGN_UP(mem->start, PAGE_SIZE), PAGE_SIZE);
		end = ALIGN_DOWN(mem->end, PAGE_SIZE);
		if (start < end)
			ram[nr_ram++] = (struct range){ start, end };
	}
}

/*
 * Takes the zone's page structs from the top of its highest range with enough
 * room, so that low pages are used first. A zone without such a range is not
 * used.
 */
static bool zone_place_map(struct zone *zone, struct range *first,
			   struct range *end)
{
	size_t pages = (zone->end - zone->start) >> PAGE_SHIFT;
	size_t bytes = ALIGN_UP(pages * sizeof(struct page), PAGE_SIZE);
	struct range *r;

	for (r = end - 1; r >= first; r--) {
		if (r->end - r->start < bytes)
			continue;
		r->end -= bytes;
		zone->map = phys_to_virt(r->end);
		return true;
	}
	for (r = first; r < end; r++)
		r->end = r->start;
	return false;
}

static void make_zones(void)
{
	struct range *end = ram + nr_ram;
	struct range *first, *next;
	struct zone *zone;

	nr_zones = 0;
	for (first = ram; first < end; first = next) {
		next = first + 1;
		while (next < end && (nr_zones == MAX_ZONES - 1 ||
				      next->start - next[-1].end < ZONE_HOLE))
			next++;
		zone = &zones[nr_zones];
		zone->start = ALIGN_DOWN(first->start, BLOCK_SIZE);
		zone->end = ALIGN_UP(next[-1].end, BLOCK_SIZE);
		zone->next = zone->start;
		if (zone_place_map(zone, first, next))
			nr_zones++;
	}
}

static size_t reserve_of(size_t total)
{
	size_t least = MIN(total / RESERVE_LEAST_SHARE, RESERVE_LEAST);

	return MIN(MAX(total / RESERVE_SHARE, least), RESERVE_MOST);
}

int page_alloc_init(const struct boot_info *bi)
{
	unsigned int i;

	for (i = 0; i <= MAX_ORDER; i++) {
		INIT_LIST_HEAD(&free_areas[i].list);
		free_areas[i].blocks = 0;
	}
	copy_ram(bi);
	make_zones();
	nr_total = 0;
	for (i = 0; i < nr_ram; i++)
		nr_total += (ram[i].end - ram[i].start) >> PAGE_SHIFT;
	nr_free = nr_total;
	reserve = reserve_of(nr_total);
	check_register("pages", page_alloc_check);
	if (nr_total < MIN_PAGES) {
		pr_err("too little memory: %zu KiB of RAM are free",
		       nr_total * (PAGE_SIZE / KiB));
		return -ENOMEM;
	}
	return 0;
}

/* RAM pages in untouched blocks. */
static size_t untouched_pages(void)
{
	const struct zone *zone;
	const struct range *r;
	uint64_t start, end;
	size_t n = 0;

	for (zone = zones; zone < zones + nr_zones; zone++) {
		for (r = ram; r < ram + nr_ram; r++) {
			start = MAX(r->start, zone->next);
			end = MIN(r->end, zone->end);
			if (start < end)
				n += (end - start) >> PAGE_SHIFT;
		}
	}
	return n;
}

static const char *head_check(const struct zone *zone, size_t i)
{
	const struct page *page = zone->map + i;
	const struct page *buddy = zone->map + (i ^ (1UL << page->order));
	size_t tail;

	if (page->state > PAGE_SLAB || page->state == PAGE_TAIL ||
	    page->order > MAX_ORDER || !IS_ALIGNED(i, 1UL << page->order))
		return "page 1: a head that is none";
	for (tail = 1; tail < 1UL << page->order; tail++)
		if (page[tail].state != PAGE_TAIL)
			return "page 1: no tail behind a head";
	if (page->state == PAGE_RESERVED && page->order)
		return "page 2: a reserved page of an order";
	if (page->state == PAGE_FREE && page->order < MAX_ORDER &&
	    buddy->state == PAGE_FREE && buddy->order == page->order)
		return "page 4: two free buddies";
	return NULL;
}

/* Counts the free heads of each order. */
static const char *zone_check(const struct zone *zone, size_t *heads)
{
	size_t n = (zone->next - zone->start) >> PAGE_SHIFT;
	const struct page *page;
	const char *broken;
	size_t i;

	for (i = 0; i < n; i += 1UL << page->order) {
		page = zone->map + i;
		broken = head_check(zone, i);
		if (broken)
			return broken;
		heads[page->order] += page->state == PAGE_FREE;
	}
	return NULL;
}

/* Invariant 3, for one order. */
static const char *free_area_check(unsigned int order, size_t heads)
{
	const struct page *page;
	size_t listed = 0;

	if (!list_is_intact(&free_areas[order].list))
		return "page 3: a free list's links disagree";
	list_for_each_entry(page, &free_areas[order].list, lru) {
		if (page->state != PAGE_FREE || page->order != order)
			return "page 3: a free list has another page";
		listed++;
	}
	if (listed != heads || listed != free_areas[order].blocks)
		return "page 3: a free list lacks a head";
	return NULL;
}

const char *page_alloc_check(void)
{
	size_t heads[MAX_ORDER + 1] = { 0 };
	size_t free = untouched_pages();
	const char *broken = NULL;
	unsigned int i;

	for (i = 0; i < nr_zones && !broken; i++)
		broken = zone_check(&zones[i], heads);
	for (i = 0; i <= MAX_ORDER && !broken; i++) {
		broken = free_area_check(i, heads[i]);
		free += heads[i] << i;
	}
	if (!broken && (free != nr_free || nr_free > nr_total))
		return "page 5: the count of free pages is wrong";
	return broken;
}
