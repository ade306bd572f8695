/* SPDX-License-Identifier: MIT */
/* unit: kernel/mm/page.c kernel/mm/poison.c */
/* The page allocator over host memory. */
#include <errno.h>

#include "kernel/mm/poison.h"
#include "lib/ram.h"

#include "lib/check.h"
#include "lib/tap.h"

#define BLOCK (PAGE_SIZE << MAX_ORDER)
#define MAX_HELD 400
#define STEPS 20000

struct held {
	struct page *page;
	unsigned int order;
	uint8_t mark;
};

static struct held held[MAX_HELD];

static void test_boot(void)
{
	struct ram ram = ram_create(16 * MiB);
	struct boot_info bi = { .nr_mem = 0 };
	size_t bytes = 16 * MiB / PAGE_SIZE * sizeof(struct page);
	size_t map = ALIGN_UP(bytes, PAGE_SIZE) / PAGE_SIZE;
	uint64_t touched = 0, i;

	ram_add(&bi, &ram, 0, 16 * MiB);
	page_alloc_init(&bi);
	is(nr_total_pages(), 16 * MiB / PAGE_SIZE - map,
	   "buddy: 16 MiB give all but %zu pages of page structs", map);
	is(nr_free_pages(), nr_total_pages(), "buddy: all of it is free");
	for (i = 0; i < ram.size; i++)
		touched += ram.host[i] != RAM_JUNK;
	is(touched, 0, "buddy: setting up writes nothing to RAM");
	must_hold(page_alloc_check());
	is_ptr(phys_to_page(ram.phys), NULL, "buddy: no page was set up");
	is_ptr(page_address(alloc_page(0)), ram.host,
	       "buddy: the first page is the lowest");
	for (touched = 0, i = 4 * MiB; i < 12 * MiB; i++)
		touched += ram.host[i] != RAM_JUNK;
	is(touched, 0, "buddy: blocks not asked for stay untouched");
	must_hold(page_alloc_check());
	ram_destroy(&ram);
}

/*
 * 640 KiB, a hole, unaligned ends, a range below a page, a reserved one, and
 * RAM far above that gets its own zone.
 *
 *	0   640K  1M          9M+100      16M          400M      408M
 *	|#####|....|#############|..r..#...|............|##########|
 */
static void test_layout(void)
{
	struct ram low = ram_create(408 * MiB);
	struct boot_info bi = { .nr_mem = 0 };
	size_t n = 0, pages, in_zones;
	struct page *page;
	uint64_t at;
	bool good = true;

	ram_add(&bi, &low, 0, 640 * KiB);
	ram_add(&bi, &low, MiB, 9 * MiB + 100);
	ram_add(&bi, &low, 10 * MiB, 11 * MiB);
	bi.mem[bi.nr_mem - 1].type = BOOT_MEM_RESERVED;
	ram_add(&bi, &low, 11 * MiB + 1, 11 * MiB + 4096);
	ram_add(&bi, &low, 400 * MiB, 408 * MiB);
	page_alloc_init(&bi);
	must_hold(page_alloc_check());
	pages = (640 * KiB + 8 * MiB + 8 * MiB) / PAGE_SIZE;
	in_zones = (12 * MiB + 8 * MiB) / PAGE_SIZE;
	is(nr_total_pages(), pages - in_zones * sizeof(struct page) / PAGE_SIZE,
	   "buddy: page structs are paid for zones, not for the holes");
	while ((page = alloc_page(ALLOC_ATOMIC))) {
		at = page_to_phys(page) - low.phys;
		good &= at < 640 * KiB || (at >= MiB && at < 9 * MiB) ||
			(at >= 400 * MiB && at < 408 * MiB);
		good &= phys_to_page(page_to_phys(page)) == page;
		good &= virt_to_page(page_address(page)) == page;
		memset(page_address(page), 0, PAGE_SIZE);
		n++;
	}
	ok(good, "buddy: every page lies in RAM and finds its struct");
	is(n, nr_total_pages(), "buddy: every page can be had");
	is(nr_free_pages(), 0, "buddy: then none is free");
	must_hold(page_alloc_check());
	is_ptr(phys_to_page(low.phys + 200 * MiB), NULL,
	       "buddy: an address between zones has no page");
	ram_destroy(&low);
}

static void test_too_little(void)
{
	struct ram ram = ram_create(4 * MiB);
	struct boot_info bi = { .nr_mem = 0 };

	ram_add(&bi, &ram, 0, 512 * KiB);
	ok(page_alloc_init(&bi) == -ENOMEM,
	   "buddy: 512 KiB of RAM are refused");
	bi.nr_mem = 0;
	ok(page_alloc_init(&bi) == -ENOMEM, "buddy: so is no RAM at all");
	ram_destroy(&ram);
}

static void test_orders(void)
{
	struct ram ram = ram_boot(16 * MiB);
	size_t free = nr_free_pages();
	struct page *page;
	unsigned int order;
	bool good = true;
	size_t i;

	for (order = 0; order <= MAX_ORDER; order++) {
		page = alloc_pages(order, ALLOC_ZERO);
		good &= page && page->refs == 1 && page->order == order;
		good &= IS_ALIGNED(page_to_phys(page), PAGE_SIZE << order);
		for (i = 0; i < PAGE_SIZE << order; i++)
			good &= ((uint8_t *)page_address(page))[i] == 0;
		memset(page_address(page), RAM_JUNK, PAGE_SIZE << order);
		good &= nr_free_pages() == free - (1UL << order);
		must_hold(page_alloc_check());
		free_pages(page, order);
		must_hold(page_alloc_check());
	}
	ok(good, "buddy: each order is aligned, zeroed on demand, counted");
	is(nr_free_pages(), free, "buddy: all pages are back");
	is_ptr(alloc_pages(MAX_ORDER + 1, 0), NULL,
	       "buddy: larger than the largest order is refused");
	ram_destroy(&ram);
}

static void test_split_and_merge(void)
{
	struct ram ram = ram_boot(16 * MiB);
	struct page *page[4];
	int i;

	for (i = 0; i < 4; i++)
		page[i] = alloc_page(0);
	ok(page[1] == page[0] + 1 && page[2] == page[0] + 2,
	   "buddy: single pages come from one block, in order");
	is(nr_free_blocks(MAX_ORDER), 0, "buddy: the block was split");
	is(nr_free_blocks(2), 1, "buddy: its halves are on the lists");
	free_pages(page[1], 0);
	free_pages(page[2], 0);
	is(nr_free_blocks(0), 2, "buddy: neighbours that are no buddies stay");
	free_pages(page[0], 0);
	free_pages(page[3], 0);
	is(nr_free_blocks(MAX_ORDER), 1, "buddy: buddies merge to the whole");
	must_hold(page_alloc_check());
	ram_destroy(&ram);
}

static void test_references(void)
{
	struct ram ram = ram_boot(8 * MiB);
	size_t free = nr_free_pages();
	struct page *page = alloc_pages(3, 0);

	get_page(page);
	put_page(page);
	is(nr_free_pages(), free - 8, "buddy: a referenced block stays");
	put_page(page);
	is(nr_free_pages(), free, "buddy: the last reference frees it");
	ok(PANICS(put_page(page)), "buddy: one put too many is a bug");
	ok(PANICS(free_pages(page, 3)), "buddy: freeing twice is a bug");
	page = alloc_pages(1, 0);
	ok(PANICS(free_pages(page, 0)), "buddy: so is the wrong order");
	ok(PANICS(free_pages(page + 1, 0)), "buddy: so is a tail page");
	ok(PANICS(free_pages((struct page *)&ram, 0)),
	   "buddy: so is what is no page struct");
	ram_destroy(&ram);
}

static void test_written_free(void)
{
	struct ram ram = ram_boot(8 * MiB);
	struct page *page = alloc_page(0);

	alloc_page(0);
	free_pages(page, 0);
	page->lru.next = page->lru.prev;
	page->lru.prev = &page->lru;
	ok(PANICS(alloc_page(0)), "buddy: a free page's links are looked at");
	ram_destroy(&ram);

	ram = ram_boot(8 * MiB);
	page = alloc_page(0);
	alloc_page(0);
	free_pages(page, 0);
	page->state = PAGE_USED;
	ok(PANICS(alloc_page(0)), "buddy: so is whether it is free");
	ram_destroy(&ram);

	poison_is_on = true;
	ram = ram_boot(8 * MiB);
	page = alloc_pages(3, 0);
	memset(page_address(page), RAM_JUNK, PAGE_SIZE << 3);
	free_pages(page, 3);
	is_ptr(alloc_pages(3, ALLOC_ZERO), page, "buddy: filled when free");
	free_pages(page, 3);
	*((char *)page_address(page) + 3 * PAGE_SIZE + 77) = 0;
	ok(PANICS(alloc_pages(3, 0)), "buddy: and a write there is seen");
	poison_is_on = false;
	ram_destroy(&ram);
}

/* Takes all single pages that these flags give: how many are left. */
static size_t take_all(unsigned int flags)
{
	while (alloc_page(flags))
		continue;
	return nr_free_pages();
}

static void test_marks(void)
{
	static const size_t sizes[] = { 4 * MiB, 16 * MiB, 64 * MiB };
	size_t left[3];

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct ram ram = ram_boot(sizes[i]);
		size_t all = nr_total_pages();

		left[0] = take_all(ALLOC_USER);
		ok(left[0] == page_mark(ALLOC_USER) && left[0] <= all / 16 &&
			   left[0] >= all / 64,
		   "buddy: of %zu MiB ring 3 leaves 1/16 to 1/64",
		   sizes[i] / MiB);
		ok(!pages_are_low(0) &&
			   !alloc_pages(4, ALLOC_USER | ALLOC_ZERO),
		   "buddy: and gets no block of many pages either");
		left[1] = take_all(ALLOC_FILE);
		ok(left[1] < left[0] && pages_are_low(ALLOC_FILE),
		   "buddy: files find pages behind that");
		left[1] = take_all(0);
		ok(pages_are_low(0), "buddy: memory is low without objects");
		left[2] = take_all(ALLOC_PACKET);
		ok(left[0] > left[1] && left[1] > left[2] && left[2],
		   "buddy: so do objects, then packets");
		is(take_all(ALLOC_ATOMIC), 0,
		   "buddy: what TCP needs gets the last one");
		must_hold(page_alloc_check());
		ram_destroy(&ram);
	}
}

static void hold(struct held *h)
{
	h->order = random_below(8) ? random_below(4) :
				     random_below(MAX_ORDER + 1);
	h->page = alloc_pages(h->order, ALLOC_ATOMIC);
	h->mark = random_below(256);
	if (h->page)
		memset(page_address(h->page), h->mark, PAGE_SIZE << h->order);
}

/* The block's first and last byte are still its owner's. */
static bool release(struct held *h)
{
	const uint8_t *at = page_address(h->page);
	bool good = at[0] == h->mark &&
		    at[(PAGE_SIZE << h->order) - 1] == h->mark;

	free_pages(h->page, h->order);
	h->page = NULL;
	return good;
}

static void test_random(void)
{
	struct ram ram = ram_boot(24 * MiB);
	size_t free = nr_free_pages();
	bool good = true;
	struct held *h;
	int i;

	for (i = 0; i < STEPS && good; i++) {
		h = &held[random_below(MAX_HELD)];
		if (h->page)
			good = release(h);
		else
			hold(h);
		if (i % 128 == 0)
			must_hold(page_alloc_check());
	}
	for (h = held; h < held + MAX_HELD; h++)
		if (h->page)
			good &= release(h);
	must_hold(page_alloc_check());
	ok(good, "buddy: %d random steps: no block is handed out twice", STEPS);
	is(nr_free_pages(), free, "buddy: nothing is lost");
	ram_destroy(&ram);
}

int main(void)
{
	random_seed();
	test_boot();
	test_layout();
	test_too_little();
	test_orders();
	test_split_and_merge();
	test_references();
	test_written_free();
	test_marks();
	test_random();
	return done_testing();
}
