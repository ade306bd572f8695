/* SPDX-License-Identifier: MIT */
/*
 * Red-black tree: rebalancing and in-order steps. A leaf is a NULL pointer
 * and counts as black. The cases are those of Cormen, Leiserson, Rivest,
 * Stein: "Introduction to Algorithms", chapter 13, each with its mirror
 * image. Any context; no allocation.
 */
#include "kernel/lib/rbtree.h"

/* Of a tree of 2^32 nodes: 2 log2(n + 1), Cormen and others, lemma 13.1. */
#define DEPTH_MAX 64

static bool is_red(const struct rb_node *node)
{
	return node && node->red;
}

/* Makes node's parent (or the root) point to by, which may be NULL. */
static void replace_child(struct rb_root *root, struct rb_node *node,
			  struct rb_node *by)
{
	struct rb_node *parent = node->parent;

	if (!parent)
		root->node = by;
	else if (parent->left == node)
		parent->left = by;
	else
		parent->right = by;
	if (by)
		by->parent = parent;
}

/* The right child takes node's place; node becomes its left child. */
static void rotate_left(struct rb_root *root, struct rb_node *node)
{
	struct rb_node *up = node->right;

	node->right = up->left;
	if (up->left)
		up->left->parent = node;
	replace_child(root, node, up);
	up->left = node;
	node->parent = up;
}

static void rotate_right(struct rb_root *root, struct rb_node *node)
{
	struct rb_node *up = node->left;

	node->left = up->right;
	if (up->right)
		up->right->parent = node;
	replace_child(root, node, up);
	up->right = node;
	node->parent = up;
}

/*
 * node is red and its uncle is black: one or two rotations end the repair.
 */
static void insert_rotate(struct rb_root *root, struct rb_node *node)
{
	struct rb_node *parent = node->parent;
	struct rb_node *grand = parent->parent;

	if (parent == grand->left) {
		if (node == parent->right) {
			rotate_left(root, parent);
			parent = node;
		}
		rotate_right(root, grand);
	} else {
		if (node == parent->left) {
			rotate_right(root, parent);
			parent = node;
		}
		rotate_left(root, grand);
	}
	parent->red = false;
	grand->red = true;
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *grand;
	struct rb_node *uncle;

	while (is_red(node->parent)) {
		/* A red node has a parent: the root is black. */
		grand = node->parent->parent;
		uncle = node->parent == grand->left ? grand->right :
						      grand->left;
		if (!is_red(uncle)) {
			insert_rotate(root, node);
			break;
		}
		node->parent->red = false;
		uncle->red = false;
		grand->red = true;
		node = grand;
	}
	root->node->red = false;
}

/*
 * One step of the repair on the left side: the paths through parent->left
 * lack one black node. Returns the node whose paths lack it now, or NULL when
 * the tree is balanced.
 */
static struct rb_node *erase_step_left(struct rb_root *root,
				       struct rb_node *parent)
{
	struct rb_node *sibling = parent->right;

	if (sibling->red) {
		sibling->red = false;
		parent->red = true;
		rotate_left(root, parent);
		sibling = parent->right;
	}
	if (!is_red(sibling->left) && !is_red(sibling->right)) {
		sibling->red = true;
		return parent;
	}
	if (!is_red(sibling->right)) {
		sibling->left->red = false;
		sibling->red = true;
		rotate_right(root, sibling);
		sibling = parent->right;
	}
	sibling->red = parent->red;
	parent->red = false;
	sibling->right->red = false;
	rotate_left(root, parent);
	return NULL;
}

static struct rb_node *erase_step_right(struct rb_root *root,
					struct rb_node *parent)
{
	struct rb_node *sibling = parent->left;

	if (sibling->red) {
		sibling->red = false;
		parent->red = true;
		rotate_right(root, parent);
		sibling = parent->left;
	}
	if (!is_red(sibling->left) && !is_red(sibling->right)) {
		sibling->red = true;
		return parent;
	}
	if (!is_red(sibling->left)) {
		sibling->right->red = false;
		sibling->red = true;
		rotate_left(root, sibling);
		sibling = parent->left;
	}
	sibling->red = parent->red;
	parent->red = false;
	sibling->left->red = false;
	rotate_right(root, parent);
	return NULL;
}

/* The paths through node, a child of parent (maybe NULL), lack one black. */
static void erase_repair(struct rb_root *root, struct rb_node *node,
			 struct rb_node *parent)
{
	while (parent && !is_red(node)) {
		node = node == parent->left ? erase_step_left(root, parent) :
					      erase_step_right(root, parent);
		if (!node)
			return;
		parent = node->parent;
	}
	if (node)
		node->red = false;
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *child;
	struct rb_node *parent;
	struct rb_node *next;
	bool red;

	if (!node->left || !node->right) {
		child = node->left ? node->left : node->right;
		parent = node->parent;
		red = node->red;
		replace_child(root, node, child);
	} else {
		/* The successor leaves its place and takes node's. */
		next = rb_next(node);
		child = next->right;
		parent = next->parent == node ? next : next->parent;
		red = next->red;
		replace_child(root, next, child);
		replace_child(root, node, next);
		next->red = node->red;
		next->left = node->left;
		next->left->parent = next;
		next->right = node->right;
		if (next->right)
			next->right->parent = next;
	}
	if (!red)
		erase_repair(root, child, parent);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *node = root->node;

	while (node && node->left)
		node = node->left;
	return node;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *node = root->node;

	while (node && node->right)
		node = node->right;
	return node;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *up;

	if (node->right) {
		up = node->right;
		while (up->left)
			up = up->left;
		return up;
	}
	for (up = node->parent; up && node == up->right; up = up->parent)
		node = up;
	return up;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *up;

	if (node->left) {
		up = node->left;
		while (up->right)
			up = up->right;
		return up;
	}
	for (up = node->parent; up && node == up->left; up = up->parent)
		node = up;
	return up;
}

static bool has_links(const struct rb_node *node)
{
	const struct rb_node *left = node->left, *right = node->right;

	return (!left || left->parent == node) &&
	       (!right || right->parent == node) && (!left || left != right);
}

/* *height: black nodes on each path down from node. */
static const char *subtree_check(const struct rb_node *node, unsigned int depth,
				 unsigned int *height)
{
	unsigned int left = 0, right = 0;
	const char *broken;

	*height = 0;
	if (!node)
		return NULL;
	if (depth == DEPTH_MAX)
		return "rbtree: deeper than memory allows";
	if (!has_links(node))
		return "rbtree: a node is not the parent of its child";
	if (is_red(node) && (is_red(node->left) || is_red(node->right)))
		return "rbtree 2: a red node has a red child";
	broken = subtree_check(node->left, depth + 1, &left);
	if (!broken)
		broken = subtree_check(node->right, depth + 1, &right);
	if (!broken && left != right)
		return "rbtree 3: paths of unequal black nodes";
	*height = left + !is_red(node);
	return broken;
}

const char *rb_check(const struct rb_root *root,
		     bool (*less)(const struct rb_node *a,
				  const struct rb_node *b))
{
	const struct rb_node *node, *next;
	const char *broken;
	unsigned int height;

	if (root->node && (is_red(root->node) || root->node->parent))
		return "rbtree 1: the root is red or has a parent";
	broken = subtree_check(root->node, 0, &height);
	if (broken || !less)
		return broken;
	for (node = rb_first(root); node; node = next) {
		next = rb_next(node);
		if (next && less(next, node))
			return "rbtree 4: not sorted";
	}
	return NULL;
}
