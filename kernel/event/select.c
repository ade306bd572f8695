/* SPDX-License-Identifier: MIT */
/*
 * poll(2) and select(2): poll every descriptor and, when none has events,
 * stand on all their wait queues at once. Both cost what is polled; programs
 * with many descriptors use epoll. Owns nothing beyond a call: the lists and
 * entries live on the caller's stack and, when there are many, in single pages
 * that the call frees. Between two pages other threads may run.
 *
 * No wake-up is lost: entries are queued by the first poll of each file, and
 * from then on a wake-up sets `triggered`, which is checked after the thread
 * was marked as sleeping. That holds for a wake-up between two pages, too.
 */
#include "kernel/event/select.h"

#include <errno.h>
#include <linux/poll.h>
#include <string.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/poll.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"

#define INLINE_ENTRIES 8

struct poll_entry {
	struct poll_wqueues *pwq;
	struct file *file; /* holds a reference: fd may be closed meanwhile */
	uint32_t key;
	struct wait_queue_entry wait;
};

struct poll_page {
	struct poll_page *next;
	unsigned int used;
	struct poll_entry entries[];
};

#define PAGE_ENTRIES \
	((PAGE_SIZE - sizeof(struct poll_page)) / sizeof(struct poll_entry))

/*
 * Not cleared as a whole, which would cost more than the call: poll_init()
 * fills all but the entries, each of which is filled when it is taken.
 */
struct poll_wqueues {
	struct poll_table pt;
	struct thread *thread;
	bool triggered;
	int error;
	unsigned int used; /* number of entries in use */
	struct poll_page *pages;
	struct poll_entry entries[INLINE_ENTRIES];
};

/* ---- Entries on wait queues ---------------------------------------------- */

static struct poll_entry *poll_entry_alloc(struct poll_wqueues *pwq)
{
	struct poll_page *page = pwq->pages;

	if (pwq->used < INLINE_ENTRIES)
		return &pwq->entries[pwq->used++];
	if (!page || page->used == PAGE_ENTRIES) {
		/* The first page is not limited to ring 3's memory. */
		page = kmalloc_flags(PAGE_SIZE, page ? ALLOC_USER : 0);
		if (!page) {
			pwq->error = -ENOMEM;
			return NULL;
		}
		page->used = 0;
		page->next = pwq->pages;
		pwq->pages = page;
	}
	return &page->entries[page->used++];
}

/* Ignores events that were not asked for. */
static int pollwake(struct wait_queue_entry *wait, uint32_t key)
{
	struct poll_entry *entry = container_of(wait, struct poll_entry, wait);
	struct wait_queue_entry sleeper = { 0 };

	if (key && !(key & entry->key))
		return 0;
	entry->pwq->triggered = true;
	sleeper.private = entry->pwq->thread;
	return default_wake_function(&sleeper, key);
}

/* The newest entry of the queue if it is this call's, else NULL. */
static struct poll_entry *latest_entry(const struct poll_wqueues *pwq,
				       const struct wait_queue_head *wq)
{
	struct wait_queue_entry *wait;
	struct poll_entry *entry;

	if (!waitqueue_active(wq))
		return NULL;
	wait = list_first_entry(&wq->head, struct wait_queue_entry, entry);
	entry = container_of(wait, struct poll_entry, wait);
	return wait->func == pollwake && entry->pwq == pwq ? entry : NULL;
}

/* A file that is polled many times in a row shares one entry. */
static void pollwait(struct file *file, struct wait_queue_head *wq,
		     struct poll_table *pt)
{
	struct poll_wqueues *pwq = container_of(pt, struct poll_wqueues, pt);
	struct poll_entry *entry = latest_entry(pwq, wq);

	if (entry && entry->file == file) {
		entry->key |= pt->key;
		return;
	}
	entry = poll_entry_alloc(pwq);
	if (!entry)
		return;
	entry->pwq = pwq;
	entry->file = get_file(file);
	entry->key = pt->key;
	entry->wait.func = pollwake;
	entry->wait.private = NULL;
	entry->wait.flags = 0;
	add_wait_queue(wq, &entry->wait);
}

static void poll_init(struct poll_wqueues *pwq, bool waits)
{
	pwq->pt.qproc = waits ? pollwait : NULL;
	pwq->thread = current;
	pwq->triggered = false;
	pwq->error = 0;
	pwq->used = 0;
	pwq->pages = NULL;
}

static void poll_entry_free(struct poll_entry *entry)
{
	list_del(&entry->wait.entry);
	fput(entry->file);
}

static void poll_free(struct poll_wqueues *pwq)
{
	struct poll_page *page;

	for (unsigned int i = 0; i < pwq->used; i++)
		poll_entry_free(&pwq->entries[i]);
	while ((page = pwq->pages)) {
		for (unsigned int i = 0; i < page->used; i++)
			poll_entry_free(&page->entries[i]);
		pwq->pages = page->next;
		kfree(page);
		cond_resched();
	}
}

/* True when the deadline has passed. */
static bool poll_sleep(struct poll_wqueues *pwq, uint64_t deadline)
{
	bool timed_out = false;

	set_current_state(THREAD_SLEEPING);
	if (!pwq->triggered)
		timed_out = schedule_until(deadline);
	set_current_state(THREAD_RUNNABLE);
	pwq->triggered = false;
	return timed_out;
}

/*
 * An event, an error, a signal or the deadline ends the wait. A scan that was
 * cut short by the end of the process counts as a signal.
 */
static bool is_over(struct poll_wqueues *pwq, int *count, bool timed_out)
{
	if (!*count)
		*count = pwq->error;
	if (!*count && signal_pending())
		*count = -ERESTARTNOHAND;
	return *count || timed_out;
}

/* After the first scan, or the first event: no more entries are needed. */
static void stop_queueing(struct poll_wqueues *pwq)
{
	pwq->pt.qproc = NULL;
}

/* ---- poll ---------------------------------------------------------------- */

/* A part of the list: the first is on the stack, each other one a page. */
struct poll_part {
	struct poll_part *next;
	unsigned int nfds;
	struct pollfd fds[];
};

#define PART_FDS \
	((PAGE_SIZE - sizeof(struct poll_part)) / sizeof(struct pollfd))

static uint32_t poll_one(struct fdtable *fdt, struct pollfd *p,
			 struct poll_table *pt)
{
	uint32_t filter = (uint16_t)p->events | EPOLLERR | EPOLLHUP;
	struct file *file;

	if (p->fd < 0)
		return 0;
	file = fd_lookup(fdt, p->fd);
	if (!file)
		return POLLNVAL;
	pt->key = filter;
	return vfs_poll(file, pt) & filter;
}

static int poll_scan(struct fdtable *fdt, struct poll_part *part,
		     struct poll_wqueues *pwq)
{
	int count = 0;

	for (; part && !fatal_signal_pending(); part = part->next) {
		for (unsigned int i = 0; i < part->nfds; i++) {
			struct pollfd *p = &part->fds[i];

			p->revents = poll_one(fdt, p, &pwq->pt);
			if (!p->revents)
				continue;
			count++;
			stop_queueing(pwq);
		}
		if (part->next)
			cond_resched();
	}
	stop_queueing(pwq);
	return count;
}

static int do_poll(struct fdtable *fdt, struct poll_part *parts,
		   uint64_t deadline)
{
	struct poll_wqueues pwq UNINITIALIZED;
	bool timed_out = !deadline;
	int count;

	poll_init(&pwq, deadline);
	for (;;) {
		count = poll_scan(fdt, parts, &pwq);
		if (is_over(&pwq, &count, timed_out))
			break;
		timed_out = poll_sleep(&pwq, deadline);
	}
	poll_free(&pwq);
	return count;
}

/* Copies ring 3's list: `room` fit into the first part. -ENOMEM, -EFAULT. */
static int parts_get(struct poll_part *part, unsigned int room,
		     const struct pollfd *ufds, unsigned int nfds)
{
	for (;;) {
		part->nfds = MIN(nfds, room);
		part->next = NULL;
		if (copy_from_user(part->fds, ufds, part->nfds * sizeof(*ufds)))
			return -EFAULT;
		ufds += part->nfds;
		nfds -= part->nfds;
		if (!nfds)
			return 0;
		part->next = kmalloc_flags(PAGE_SIZE,
					   room == PART_FDS ? ALLOC_USER : 0);
		room = PART_FDS;
		if (!part->next)
			return -ENOMEM;
		part = part->next;
		cond_resched();
	}
}

static int parts_put(const struct poll_part *part, struct pollfd *ufds)
{
	for (; part; part = part->next) {
		for (unsigned int i = 0; i < part->nfds; i++, ufds++)
			if (put_user(part->fds[i].revents, &ufds->revents))
				return -EFAULT;
		if (part->next)
			cond_resched();
	}
	return 0;
}

int do_sys_poll(struct fdtable *fdt, struct pollfd *ufds, unsigned int nfds,
		uint64_t limit, uint64_t deadline)
{
	struct {
		struct poll_part part;
		struct pollfd fds[INLINE_ENTRIES];
	} first;
	struct poll_part *part, *next;
	int count;

	if (nfds > limit)
		return -EINVAL;
	count = parts_get(&first.part, INLINE_ENTRIES, ufds, nfds);
	if (!count)
		count = do_poll(fdt, &first.part, deadline);
	if (count >= 0 && parts_put(&first.part, ufds))
		count = -EFAULT;
	for (part = first.part.next; part; part = next) {
		next = part->next;
		kfree(part);
		cond_resched();
	}
	return count;
}

/* ---- select -------------------------------------------------------------- */

/* The events of each of the three sets: select(2). */
#define SELECT_IN_SET \
	(EPOLLRDNORM | EPOLLRDBAND | EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLNVAL)
#define SELECT_OUT_SET \
	(EPOLLWRBAND | EPOLLWRNORM | EPOLLOUT | EPOLLERR | EPOLLNVAL)
#define SELECT_EX_SET (EPOLLPRI | EPOLLNVAL)

#define NR_SETS 3
#define WORD_BITS 64

static const uint32_t select_sets[NR_SETS] = { SELECT_IN_SET, SELECT_OUT_SET,
					       SELECT_EX_SET };

/*
 * A part of the sets, at most a page, with the bits asked for and found.
 * Number n is bit n % PART_BITS of part n / PART_BITS.
 */
struct select_part {
	struct select_part *next;
	unsigned int first; /* the number of the first bit */
	unsigned int words; /* of each set */
	uint64_t bits[]; /* asked for, one set after the other; then found */
};

#define PART_WORDS                                  \
	((PAGE_SIZE - sizeof(struct select_part)) / \
	 (2 * NR_SETS * sizeof(uint64_t)))
#define PART_BITS (PART_WORDS * WORD_BITS)

static uint64_t *set_asked(const struct select_part *s, int set)
{
	return (uint64_t *)s->bits + set * s->words;
}

static uint64_t *set_found(const struct select_part *s, int set)
{
	return set_asked(s, NR_SETS + set);
}

/* The events asked for of a bit's descriptor; 0: none. */
static uint32_t select_asked(const struct select_part *s, unsigned int bit)
{
	uint32_t mask = 0;

	for (int i = 0; i < NR_SETS; i++)
		if (set_asked(s, i)[bit / WORD_BITS] & BIT(bit % WORD_BITS))
			mask |= select_sets[i];
	return mask;
}

static int select_one(struct fdtable *fdt, struct select_part *s,
		      unsigned int bit, struct poll_table *pt)
{
	uint32_t asked = select_asked(s, bit);
	struct file *file = fd_lookup(fdt, s->first + bit);
	uint32_t mask = EPOLLNVAL;
	int count = 0;

	if (file) {
		pt->key = asked | SELECT_EX_SET;
		mask = vfs_poll(file, pt);
	}
	for (int i = 0; i < NR_SETS; i++) {
		if ((mask & select_sets[i]) &&
		    (set_asked(s, i)[bit / WORD_BITS] & BIT(bit % WORD_BITS))) {
			set_found(s,
				  i)[bit / WORD_BITS] |= BIT(bit % WORD_BITS);
			count++;
		}
	}
	return count;
}

static uint64_t select_word(const struct select_part *s, unsigned int word)
{
	return set_asked(s, 0)[word] | set_asked(s, 1)[word] |
	       set_asked(s, 2)[word];
}

static int select_scan_word(struct fdtable *fdt, struct select_part *s,
			    unsigned int word, struct poll_wqueues *pwq)
{
	uint64_t bits = select_word(s, word);
	int count = 0;

	for (; bits; bits &= bits - 1) {
		count += select_one(fdt, s,
				    word * WORD_BITS + __builtin_ctzll(bits),
				    &pwq->pt);
		if (count)
			stop_queueing(pwq);
	}
	return count;
}

static int select_scan(struct fdtable *fdt, struct select_part *s,
		       struct poll_wqueues *pwq)
{
	int count = 0;

	for (; s && !fatal_signal_pending(); s = s->next) {
		for (unsigned int word = 0; word < s->words; word++) {
			if (word)
				cond_resched();
			count += select_scan_word(fdt, s, word, pwq);
		}
	}
	stop_queueing(pwq);
	return count;
}

static bool are_all_open(struct fdtable *fdt, const struct select_part *s)
{
	for (; s; s = s->next) {
		for (unsigned int word = 0; word < s->words; word++) {
			uint64_t bits = select_word(s, word);

			for (; bits; bits &= bits - 1)
				if (!fd_lookup(fdt,
					       s->first + word * WORD_BITS +
						       __builtin_ctzll(bits)))
					return false;
		}
		cond_resched();
	}
	return true;
}

static int do_select(struct fdtable *fdt, struct select_part *s,
		     uint64_t deadline)
{
	struct poll_wqueues pwq UNINITIALIZED;
	bool timed_out = !deadline;
	int count;

	if (!are_all_open(fdt, s))
		return -EBADF;
	poll_init(&pwq, deadline);
	for (;;) {
		count = select_scan(fdt, s, &pwq);
		if (is_over(&pwq, &count, timed_out))
			break;
		timed_out = poll_sleep(&pwq, deadline);
	}
	poll_free(&pwq);
	return count;
}

/* Clears the bits from n on, which were copied with the last word. */
static void select_cut(struct select_part *s, unsigned int n)
{
	n -= s->first;
	if (n < s->words * WORD_BITS)
		for (int i = 0; i < NR_SETS; i++)
			set_asked(s, i)[n / WORD_BITS] &= BIT(n % WORD_BITS) -
							  1;
}

/* The place of a part's words in a set of ring 3. */
static char *select_user(char *set, const struct select_part *s)
{
	return set + s->first / 8;
}

static void select_free(struct select_part *s)
{
	struct select_part *next;

	for (; s; s = next) {
		next = s->next;
		kfree(s);
		cond_resched();
	}
}

/* Copies the sets up to bit n, in whole longs as Linux does. */
static int select_get(struct select_part **list, char *const user[NR_SETS],
		      unsigned int n)
{
	struct select_part *s;

	*list = NULL;
	for (unsigned int first = 0; first < n; first += PART_BITS) {
		unsigned int bits = MIN(n - first, (unsigned int)PART_BITS);
		unsigned int words = ALIGN_UP(bits, WORD_BITS) / WORD_BITS;
		size_t bytes = words * sizeof(uint64_t);

		s = kzalloc(sizeof(*s) + 2 * NR_SETS * bytes);
		*list = s;
		if (!s)
			return -ENOMEM;
		list = &s->next;
		s->first = first;
		s->words = words;
		for (int i = 0; i < NR_SETS; i++)
			if (user[i] &&
			    copy_from_user(set_asked(s, i),
					   select_user(user[i], s), bytes))
				return -EFAULT;
		select_cut(s, n);
		cond_resched();
	}
	return 0;
}

static int select_put(const struct select_part *s, char *const user[NR_SETS])
{
	for (; s; s = s->next) {
		for (int i = 0; i < NR_SETS; i++)
			if (user[i] &&
			    copy_to_user(select_user(user[i], s),
					 set_found(s, i),
					 s->words * sizeof(uint64_t)))
				return -EFAULT;
		cond_resched();
	}
	return 0;
}

int do_sys_select(struct fdtable *fdt, int n, void *in, void *out, void *ex,
		  uint64_t deadline)
{
	char *const user[NR_SETS] = { in, out, ex };
	struct select_part *parts;
	int count;

	if (n < 0)
		return -EINVAL;
	n = MIN((unsigned int)n, fdt->size); /* no descriptor above is open */
	count = select_get(&parts, user, n);
	if (!count)
		count = do_select(fdt, parts, deadline);
	if (count >= 0 && select_put(parts, user))
		count = -EFAULT;
	select_free(parts);
	return count;
}
