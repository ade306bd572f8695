/* SPDX-License-Identifier: MIT */
/* unit: */
/* kernel/lib/list.h against an array that holds the same order. */
#include "kernel/lib/list.h"

#include <string.h>

#include "lib/check.h"
#include "lib/tap.h"

#define NR_ITEMS 12
#define STEPS 20000

struct item {
	int id;
	struct list_head link;
};

static struct item items[NR_ITEMS];

/* What a list should hold, in order. */
struct model {
	int id[NR_ITEMS];
	int n;
};

static void model_insert(struct model *m, int at, int id)
{
	memmove(m->id + at + 1, m->id + at, (m->n - at) * sizeof(int));
	m->id[at] = id;
	m->n++;
}

static bool model_remove(struct model *m, int id)
{
	int i;

	for (i = 0; i < m->n; i++) {
		if (m->id[i] != id)
			continue;
		m->n--;
		memmove(m->id + i, m->id + i + 1, (m->n - i) * sizeof(int));
		return true;
	}
	return false;
}

/* Both directions, and what is at the ends. */
static bool list_is(struct list_head *head, const struct model *m)
{
	struct item *item;
	struct list_head *pos;
	int i = 0;

	if (list_empty(head) != (m->n == 0))
		return false;
	list_for_each_entry(item, head, link)
		if (i == m->n || item->id != m->id[i++])
			return false;
	if (i != m->n)
		return false;
	for (pos = head->prev; pos != head; pos = pos->prev)
		if (list_entry(pos, struct item, link)->id != m->id[--i])
			return false;
	return !m->n ||
	       (list_first_entry(head, struct item, link)->id == m->id[0] &&
		list_last_entry(head, struct item, link)->id ==
			m->id[m->n - 1]);
}

static void test_ends(void)
{
	struct model want = { { 2, 0, 1 }, 3 };
	LIST_HEAD(head);
	int i;

	for (i = 0; i < NR_ITEMS; i++)
		items[i].id = i;
	ok(list_empty(&head), "list: a new head is empty");
	list_add(&items[0].link, &head);
	list_add_tail(&items[1].link, &head);
	list_add(&items[2].link, &head);
	ok(list_is(&head, &want), "list: add goes to the front, add_tail last");
	list_del(&items[0].link);
	ok(!items[0].link.next && !items[0].link.prev,
	   "list: del leaves no pointer into the list");
	list_del_init(&items[1].link);
	ok(list_empty(&items[1].link), "list: del_init leaves an empty head");
}

static void test_safe_walk(void)
{
	struct item *item, *n;
	LIST_HEAD(head);
	int i, sum = 0;

	for (i = 0; i < NR_ITEMS; i++)
		list_add_tail(&items[i].link, &head);
	list_for_each_entry_safe(item, n, &head, link) {
		list_del(&item->link);
		sum += item->id;
	}
	ok(list_empty(&head) && sum == NR_ITEMS * (NR_ITEMS - 1) / 2,
	   "list: the safe walk visits all while each removes itself");
}

static void test_splice(void)
{
	struct model want = { { 2, 3, 0, 1 }, 4 };
	struct model none = { .n = 0 };
	LIST_HEAD(a);
	LIST_HEAD(b);
	int i;

	for (i = 0; i < 4; i++)
		list_add_tail(&items[i].link, i < 2 ? &a : &b);
	list_splice_init(&b, &a);
	ok(list_is(&a, &want), "list: splice puts the items in front");
	ok(list_is(&b, &none), "list: splice_init leaves its source empty");
	list_splice_init(&b, &a);
	ok(list_is(&a, &want), "list: splicing an empty list changes nothing");
}

/* One random operation on item id, which is on list which[id], or none (2). */
static void step(struct list_head *heads, struct model *models, int *which)
{
	int id = random_below(NR_ITEMS);
	int to = random_below(3);
	bool tail = random_below(2);
	struct list_head *link = &items[id].link;

	if (which[id] == 2 && to == 2)
		return;
	if (which[id] < 2)
		model_remove(&models[which[id]], id);
	if (to == 2)
		list_del(link);
	else if (which[id] == 2 && tail)
		list_add_tail(link, &heads[to]);
	else if (which[id] == 2)
		list_add(link, &heads[to]);
	else if (tail)
		list_move_tail(link, &heads[to]);
	else
		list_move(link, &heads[to]);
	if (to < 2)
		model_insert(&models[to], tail ? models[to].n : 0, id);
	which[id] = to;
}

static void test_random(void)
{
	struct list_head heads[2];
	struct model models[2] = { 0 };
	int which[NR_ITEMS];
	bool good = true;
	int i;

	INIT_LIST_HEAD(&heads[0]);
	INIT_LIST_HEAD(&heads[1]);
	for (i = 0; i < NR_ITEMS; i++)
		which[i] = 2;
	for (i = 0; i < STEPS && good; i++) {
		step(heads, models, which);
		good = list_is(&heads[0], &models[0]) &&
		       list_is(&heads[1], &models[1]);
	}
	ok(good, "list: %d random moves keep both lists in order", STEPS);
}

static void test_intact(void)
{
	LIST_HEAD(list);
	int i;

	ok(list_is_intact(&list), "list: an empty one is intact");
	for (i = 0; i < 4; i++)
		list_add_tail(&items[i].link, &list);
	ok(list_is_intact(&list), "list: one of four is intact");
	items[2].link.next = &items[1].link;
	ok(!list_is_intact(&list), "list: one that runs in a circle is not");
	items[2].link.next = NULL;
	ok(!list_is_intact(&list), "list: one that ends is not");
	items[2].link.next = &list;
	ok(!list_is_intact(&list), "list: one that leaves an item out is not");
}

int main(void)
{
	random_seed();
	test_ends();
	test_safe_walk();
	test_splice();
	test_random();
	test_intact();
	return done_testing();
}
