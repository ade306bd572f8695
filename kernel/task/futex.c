/* SPDX-License-Identifier: MIT */
/*
 * futex(2). Owns a hash of waiters, keyed by address space and address; the
 * waiters live on their threads' kernel stacks. Thread context.
 *
 * Test and sleep are one step: nothing can run between reading the word and
 * adding the waiter to the hash, because the kernel is not preempted and a
 * page fault of the copy does not sleep. From there on wait.c's argument
 * holds: a thread that changes the word and calls futex_wake() finds the
 * waiter, and schedule() checks the state that the wake-up left.
 */
#include "kernel/task/futex.h"

#include <errno.h>
#include <linux/futex.h>

#include "kernel/lib/list.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"
#include "kernel/task/wait.h"

#define HASH_BITS 6

struct futex_key {
	const struct mm *mm;
	uintptr_t addr;
	bool shared;
};

struct waiter {
	struct list_head node; /* in a bucket; empty: woken */
	struct futex_key key;
	uint32_t bitset;
	struct thread *thread;
};

static struct list_head buckets[1 << HASH_BITS]; /* zero: never used */

static struct list_head *bucket_of(const struct futex_key *key)
{
	/* Fibonacci hashing: the golden ratio spreads nearby words. */
	uint64_t h = (key->addr >> 2) * 0x9e3779b97f4a7c15ULL;
	struct list_head *bucket = &buckets[h >> (64 - HASH_BITS)];

	if (!bucket->next)
		INIT_LIST_HEAD(bucket);
	return bucket;
}

/* A shared futex is found by its page, so there must be one. */
static int key_init(struct futex_key *key, uintptr_t uaddr, bool shared)
{
	uint32_t word;

	if (!IS_ALIGNED(uaddr, sizeof(uint32_t)))
		return -EINVAL;
	if (!access_ok((void *)uaddr, sizeof(uint32_t)))
		return -EFAULT;
	if (shared && get_user(word, (uint32_t *)uaddr))
		return -EFAULT;
	key->mm = current->process->mm;
	key->addr = uaddr;
	key->shared = shared;
	return 0;
}

static bool key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->addr == b->addr && a->mm == b->mm && a->shared == b->shared;
}

static int wait_woken(const struct waiter *w, uint64_t deadline)
{
	for (;;) {
		set_current_state(THREAD_SLEEPING);
		if (list_empty(&w->node))
			return 0;
		if (signal_pending())
			return -ERESTARTSYS;
		if (schedule_until(deadline) && !list_empty(&w->node))
			return -ETIMEDOUT;
	}
}

/* restart_syscall(2) of a wait with a deadline, which stays the same. */
static long restart_wait(const struct restart_block *block)
{
	return futex_wait(block->futex.uaddr, block->futex.shared,
			  block->futex.val, block->futex.bitset,
			  block->deadline);
}

int futex_wait(uintptr_t uaddr, bool shared, uint32_t val, uint32_t bitset,
	       uint64_t deadline)
{
	struct waiter w = { .bitset = bitset, .thread = current };
	uint32_t now;
	int err;

	if (!bitset)
		return -EINVAL;
	err = key_init(&w.key, uaddr, shared);
	if (err)
		return err;
	if (get_user(now, (uint32_t *)uaddr))
		return -EFAULT;
	if (now != val)
		return -EAGAIN;
	list_add_tail(&w.node, bucket_of(&w.key));
	err = wait_woken(&w, deadline);
	set_current_state(THREAD_RUNNABLE);
	if (!list_empty(&w.node))
		list_del(&w.node);
	if (err != -ERESTARTSYS || deadline == UINT64_MAX)
		return err;
	current->restart = (struct restart_block){
		.fn = restart_wait,
		.deadline = deadline,
		.futex = { uaddr, val, bitset, shared },
	};
	return -ERESTART_RESTARTBLOCK;
}

static void wake_waiter(struct waiter *w)
{
	list_del_init(&w->node);
	wake_up_thread(w->thread);
}

static int wake_key(const struct futex_key *key, int nr, uint32_t bitset)
{
	struct list_head *bucket = bucket_of(key);
	struct waiter *w, *next;
	int woken = 0;

	list_for_each_entry_safe(w, next, bucket, node) {
		if (!key_equal(&w->key, key) || !(w->bitset & bitset))
			continue;
		wake_waiter(w);
		if (++woken >= nr)
			break;
	}
	return woken;
}

int futex_wake(uintptr_t uaddr, bool shared, int nr, uint32_t bitset)
{
	struct futex_key key;
	int ret;

	if (!bitset)
		return -EINVAL;
	ret = key_init(&key, uaddr, shared);
	return ret ? ret : wake_key(&key, nr, bitset);
}

static int move_waiters(const struct futex_key *from,
			const struct futex_key *to, int nr)
{
	struct list_head *target = bucket_of(to);
	struct waiter *w, *next;
	int moved = 0;

	/* In one bucket a moved waiter comes again at its end, as `to`. */
	list_for_each_entry_safe(w, next, bucket_of(from), node) {
		if (moved >= nr)
			break;
		if (!key_equal(&w->key, from))
			continue;
		w->key = *to;
		list_move_tail(&w->node, target);
		moved++;
	}
	return moved;
}

int futex_requeue(uintptr_t uaddr, bool shared, int nr_wake, int nr_move,
		  uintptr_t uaddr2, const uint32_t *cmp)
{
	struct futex_key from, to;
	uint32_t now;
	int ret;

	if (nr_wake < 0 || nr_move < 0)
		return -EINVAL;
	ret = key_init(&from, uaddr, shared);
	if (!ret)
		ret = key_init(&to, uaddr2, shared);
	if (ret)
		return ret;
	if (cmp) {
		if (get_user(now, (uint32_t *)uaddr))
			return -EFAULT;
		if (now != *cmp)
			return -EAGAIN;
	}
	ret = nr_wake ? wake_key(&from, nr_wake, FUTEX_ANY) : 0;
	if (!key_equal(&from, &to))
		ret += move_waiters(&from, &to, nr_move);
	return ret;
}

/* 12-bit signed fields: FUTEX_OP() in <linux/futex.h>. */
static int32_t op_field(uint32_t op, unsigned int shift)
{
	return (int32_t)(op << (20 - shift)) >> 20;
}

static int op_apply(uint32_t op, uint32_t old, uint32_t *new)
{
	uint32_t arg = op_field(op, 12);

	if (op >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = 1U << (arg & 31);
	switch (op >> 28 & 7) {
	case FUTEX_OP_SET:
		*new = arg;
		return 0;
	case FUTEX_OP_ADD:
		*new = old + arg;
		return 0;
	case FUTEX_OP_OR:
		*new = old | arg;
		return 0;
	case FUTEX_OP_ANDN:
		*new = old & ~arg;
		return 0;
	case FUTEX_OP_XOR:
		*new = old ^ arg;
		return 0;
	}
	return -ENOSYS;
}

static int op_compare(uint32_t op, uint32_t old)
{
	int32_t value = (int32_t)old, arg = op_field(op, 0);

	switch (op >> 24 & 15) {
	case FUTEX_OP_CMP_EQ:
		return value == arg;
	case FUTEX_OP_CMP_NE:
		return value != arg;
	case FUTEX_OP_CMP_LT:
		return value < arg;
	case FUTEX_OP_CMP_LE:
		return value <= arg;
	case FUTEX_OP_CMP_GT:
		return value > arg;
	case FUTEX_OP_CMP_GE:
		return value >= arg;
	}
	return -ENOSYS;
}

int futex_wake_op(uintptr_t uaddr, bool shared, int nr_wake, int nr_wake2,
		  uintptr_t uaddr2, uint32_t op)
{
	struct futex_key key, key2;
	uint32_t old, new;
	int ret, matches;

	ret = key_init(&key, uaddr, shared);
	if (!ret)
		ret = key_init(&key2, uaddr2, shared);
	if (ret)
		return ret;
	if (get_user(old, (uint32_t *)uaddr2))
		return -EFAULT;
	matches = op_compare(op, old);
	if (matches < 0 || op_apply(op, old, &new))
		return -ENOSYS;
	if (put_user(new, (uint32_t *)uaddr2))
		return -EFAULT;
	ret = wake_key(&key, nr_wake, FUTEX_ANY);
	if (matches)
		ret += wake_key(&key2, nr_wake2, FUTEX_ANY);
	return ret;
}

/* Marks a robust futex of a thread that ends, for its next owner. */
static void owner_died(uintptr_t uaddr, uint32_t tid)
{
	struct futex_key key;
	uint32_t word;

	if (key_init(&key, uaddr, true) || get_user(word, (uint32_t *)uaddr))
		return;
	if ((word & FUTEX_TID_MASK) != tid)
		return;
	if (put_user((word & FUTEX_WAITERS) | FUTEX_OWNER_DIED,
		     (uint32_t *)uaddr))
		return;
	if (word & FUTEX_WAITERS)
		wake_key(&key, 1, FUTEX_ANY);
}

/*
 * The list is user memory and may be anything: a bad pointer ends the walk,
 * a circle is cut at ROBUST_LIST_LIMIT. Bit 0 of a link marks a
 * priority-inheriting futex, which is not supported.
 */
void futex_exit_robust(struct thread *thread)
{
	const struct robust_list_head *uhead = (void *)thread->robust_list;
	struct robust_list_head head;
	uintptr_t entry, next, pending;

	if (!uhead || get_user(head, uhead))
		return;
	pending = (uintptr_t)head.list_op_pending & ~1UL;
	entry = (uintptr_t)head.list.next & ~1UL;
	for (int n = 0; n < ROBUST_LIST_LIMIT; n++) {
		if (entry == (uintptr_t)uhead)
			break;
		if (get_user(next, (uintptr_t *)entry))
			break;
		if (entry != pending)
			owner_died(entry + head.futex_offset, thread->tid);
		entry = next & ~1UL;
	}
	if (pending)
		owner_died(pending + head.futex_offset, thread->tid);
}
