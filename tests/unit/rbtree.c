/* SPDX-License-Identifier: MIT */
/* unit: kernel/lib/rbtree.c */
/* The red-black tree: its invariants after each of many random changes. */
#include "kernel/lib/rbtree.h"

#include "lib/check.h"
#include "lib/tap.h"

#define NR_NODES 300
#define STEPS 30000

struct item {
	struct rb_node node;
	int key;
	bool in;
};

static struct item items[NR_NODES];

static struct item *item_of(const struct rb_node *node)
{
	return rb_entry(node, struct item, node);
}

static void insert(struct rb_root *root, struct item *item)
{
	struct rb_node **link = &root->node;
	struct rb_node *parent = NULL;

	while (*link) {
		parent = *link;
		link = item->key < item_of(parent)->key ? &parent->left :
							  &parent->right;
	}
	rb_link_node(&item->node, parent, link);
	rb_insert_color(&item->node, root);
	item->in = true;
}

static void erase(struct rb_root *root, struct item *item)
{
	rb_erase(&item->node, root);
	item->in = false;
}

static bool less(const struct rb_node *a, const struct rb_node *b)
{
	return item_of(a)->key < item_of(b)->key;
}

static bool is_sound(const struct rb_root *root, int count)
{
	const struct rb_node *node, *prev = NULL;
	int n = 0;

	if (rb_check(root, less))
		return false;
	for (node = rb_first(root); node; prev = node, node = rb_next(node)) {
		if (rb_prev(node) != prev || !item_of(node)->in)
			return false;
		n++;
	}
	return n == count && prev == rb_last(root);
}

static void test_small(void)
{
	struct rb_root root = RB_ROOT;
	struct item *item = &items[0];

	ok(!rb_first(&root) && !rb_last(&root), "rbtree: an empty one has no "
						"first and no last");
	insert(&root, item);
	ok(rb_first(&root) == &item->node && rb_last(&root) == &item->node &&
		   !rb_next(&item->node) && !rb_prev(&item->node),
	   "rbtree: a single node is first and last");
	erase(&root, item);
	ok(!root.node, "rbtree: erasing the last node empties it");
	RB_CLEAR_NODE(&item->node);
	ok(RB_EMPTY_NODE(&item->node), "rbtree: a cleared node is in no tree");
}

/* Every order of inserting n keys, then every node erased from each. */
static void test_permutations(void)
{
	enum {
		N = 6,
		PERMUTATIONS = 720
	};
	struct rb_root root;
	int p, i, victim, rest;
	int order[N], left[N];
	bool good = true;

	for (p = 0; p < PERMUTATIONS * N && good; p++) {
		root = RB_ROOT;
		victim = p % N;
		for (i = 0; i < N; i++)
			left[i] = i;
		for (rest = p / N, i = 0; i < N; i++) {
			order[i] = left[rest % (N - i)];
			left[rest % (N - i)] = left[N - i - 1];
			rest /= N - i;
		}
		for (i = 0; i < N; i++) {
			items[i].key = order[i];
			insert(&root, &items[i]);
			good &= is_sound(&root, i + 1);
		}
		erase(&root, &items[victim]);
		good &= is_sound(&root, N - 1);
	}
	ok(good, "rbtree: all orders of %d keys, each node erased", N);
}

static void test_random(int keys, const char *what)
{
	struct rb_root root = RB_ROOT;
	bool good = true;
	int i, n = 0, count = 0;
	struct item *item;

	for (i = 0; i < NR_NODES; i++) {
		items[i].key = random_below(keys);
		items[i].in = false;
	}
	for (i = 0; i < STEPS && good; i++) {
		item = &items[random_below(NR_NODES)];
		if (item->in) {
			erase(&root, item);
			count--;
			item->key = random_below(keys);
		} else {
			insert(&root, item);
			count++;
		}
		if (i % 8 == 0)
			good = is_sound(&root, count);
	}
	for (i = 0; i < NR_NODES; i++, n += !good) {
		if (!items[i].in)
			continue;
		erase(&root, &items[i]);
		good = good && is_sound(&root, --count);
	}
	ok(good && !root.node, "rbtree: %d random changes, %s", STEPS, what);
}

static void test_height(void)
{
	struct rb_root root = RB_ROOT;
	struct rb_node *node;
	int i, depth, deepest = 0;

	for (i = 0; i < NR_NODES; i++) {
		items[i].key = i;
		insert(&root, &items[i]);
	}
	for (i = 0; i < NR_NODES; i++) {
		depth = 0;
		for (node = &items[i].node; node; node = node->parent)
			depth++;
		deepest = depth > deepest ? depth : deepest;
	}
	/* 2 log2(n + 1) */
	ok(deepest <= 16, "rbtree: %d ascending keys lie at most %d deep",
	   NR_NODES, deepest);
}

static void red_root(struct rb_root *root)
{
	root->node->red = true;
}

static void red_child(struct rb_root *root)
{
	struct rb_node *leaf = rb_last(root);

	leaf->red = true;
	leaf->parent->red = true;
}

static void black_leaf(struct rb_root *root)
{
	rb_last(root)->red = false;
}

static void wrong_order(struct rb_root *root)
{
	item_of(rb_first(root))->key = NR_NODES;
}

static void circle(struct rb_root *root)
{
	rb_last(root)->right = root->node;
}

static void test_damage(void)
{
	static const struct {
		void (*make)(struct rb_root *root);
		const char *found;
	} damages[] = {
		{ red_root, "rbtree 1: the root is red or has a parent" },
		{ red_child, "rbtree 2: a red node has a red child" },
		{ black_leaf, "rbtree 3: paths of unequal black nodes" },
		{ wrong_order, "rbtree 4: not sorted" },
		{ circle, "rbtree: a node is not the parent of its child" },
	};
	struct rb_root root;
	size_t i;
	int key;

	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		root = RB_ROOT;
		for (key = 0; key < 10; key++) {
			items[key].key = key;
			insert(&root, &items[key]);
		}
		damages[i].make(&root);
		is_str(rb_check(&root, less), damages[i].found,
		       "rbtree: the check finds damage %zu", i);
	}
}

int main(void)
{
	random_seed();
	test_small();
	test_permutations();
	test_random(1 << 20, "distinct keys");
	test_random(8, "many equal keys");
	test_height();
	test_damage();
	return done_testing();
}
