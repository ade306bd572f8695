/* SPDX-License-Identifier: MIT */
/*
 * Red-black tree, intrusive. The caller searches and links, the tree keeps
 * itself balanced: rb_link_node() then rb_insert_color(), as on Linux.
 *
 * Invariants (rb_check()):
 *  1. the root is black;
 *  2. a red node has no red child;
 *  3. every path from a node to a leaf passes the same number of black nodes;
 *  4. an in-order walk is sorted by the caller's key.
 */
#ifndef KERNEL_LIB_RBTREE_H
#define KERNEL_LIB_RBTREE_H

#include "kernel/base.h"

struct rb_node {
	struct rb_node *parent;
	struct rb_node *left;
	struct rb_node *right;
	bool red;
};

struct rb_root {
	struct rb_node *node;
};

#define RB_ROOT ((struct rb_root){ NULL })
#define rb_entry(ptr, type, member) container_of(ptr, type, member)

/* Hangs node under parent at *link (as the search found it), coloured red. */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **link)
{
	node->parent = parent;
	node->left = NULL;
	node->right = NULL;
	node->red = true;
	*link = node;
}

/* Marks a node as in no tree; tests for the mark. */
static inline void RB_CLEAR_NODE(struct rb_node *node)
{
	node->parent = node;
}

static inline bool RB_EMPTY_NODE(const struct rb_node *node)
{
	return node->parent == node;
}

void rb_insert_color(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

/*
 * kernel/check.h. less: whether a must be before b; NULL: the caller checks
 * the order itself. A tree that passes can be walked.
 */
const char *rb_check(const struct rb_root *root,
		     bool (*less)(const struct rb_node *a,
				  const struct rb_node *b));

#endif
