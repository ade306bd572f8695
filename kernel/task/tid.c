/* SPDX-License-Identifier: MIT */
/*
 * Numbers of threads. Owns the tree of threads by number, and the number at
 * which the next search starts. A search walks the numbers in use from there,
 * at most one step per thread, and needs no memory.
 */
#include "kernel/task/tid.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel/cmdline.h"
#include "kernel/lib/rbtree.h"
#include "kernel/printk.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"

#define PID_MAX_LEAST (RESERVED_PIDS + 1)

static struct rb_root tids = RB_ROOT;
static int limit __ro_after_init_data = PID_MAX_LIMIT;
static int last = APP_PID - 1;

int pid_max(void)
{
	return limit;
}

void tid_init(void)
{
	const char *word = cmdline_get("sysctl.kernel.pid_max");
	char *end;
	long n;

	if (!word)
		return;
	n = strtol(word, &end, 10);
	if (end == word || *end || n < PID_MAX_LEAST || n > PID_MAX_LIMIT)
		pr_warn("sysctl.kernel.pid_max=%s: not a number from %d to %d",
			word, PID_MAX_LEAST, PID_MAX_LIMIT);
	else
		limit = (int)n;
}

static struct thread *thread_of(struct rb_node *node)
{
	return rb_entry(node, struct thread, tid_node);
}

/* The thread with the lowest number from tid on. */
static struct rb_node *first_from(int tid)
{
	struct rb_node *node = tids.node, *found = NULL;

	while (node) {
		if (thread_of(node)->tid < tid) {
			node = node->right;
		} else {
			found = node;
			node = node->left;
		}
	}
	return found;
}

/* The lowest free number from tid on; the limit when there is none. */
static int free_from(int tid)
{
	struct rb_node *node = first_from(tid);

	while (tid < limit && node && thread_of(node)->tid == tid) {
		tid++;
		node = rb_next(node);
	}
	return tid;
}

static void link_thread(struct thread *thread)
{
	struct rb_node **link = &tids.node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = thread->tid < thread_of(parent)->tid ? &parent->left :
							      &parent->right;
	}
	rb_link_node(&thread->tid_node, parent, link);
	rb_insert_color(&thread->tid_node, &tids);
}

int tid_attach(struct thread *thread)
{
	int tid = free_from(last + 1);

	if (tid >= limit)
		tid = free_from(RESERVED_PIDS);
	if (tid >= limit)
		return -EAGAIN;
	last = tid;
	thread->tid = tid;
	link_thread(thread);
	return 0;
}

void tid_detach(struct thread *thread)
{
	if (RB_EMPTY_NODE(&thread->tid_node))
		return;
	rb_erase(&thread->tid_node, &tids);
	RB_CLEAR_NODE(&thread->tid_node);
}

struct thread *thread_find(int tid)
{
	struct rb_node *node = first_from(tid);

	return node && thread_of(node)->tid == tid ? thread_of(node) : NULL;
}
