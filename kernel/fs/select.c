/* SPDX-License-Identifier: MIT */
/*
 * poll(2) and select(2): ask every descriptor, and when none has news stand
 * on all their wait queues at once. Both cost what is asked about; who has
 * many descriptors uses epoll. Owns nothing beyond a call: entries live on
 * the caller's stack and, when there are many, in pages that the call frees.
 *
 * No wake-up is lost: entries are queued while the files are asked for the
 * first time, and a wake-up, whenever it comes from then on, sets triggered,
 * which is looked at after the thread was marked as sleeping.
 */
#include "kernel/fs/select.h"

#include <errno.h>
#include <linux/poll.h>
#include <string.h>

#include "kernel/fs/fdtable.h"
#include "kernel/fs/file.h"
#include "kernel/fs/poll.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/mm/vmap.h"
#include "kernel/task/thread.h"

#define INLINE_ENTRIES 8

struct poll_entry {
	struct poll_wqueues *pwq;
	struct file *file; /* with a reference: it may be closed meanwhile */
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
 * Never cleared as a whole, which would cost more than the call: poll_init()
 * fills all but the entries, and each of these is filled when it is taken.
 */
struct poll_wqueues {
	struct poll_table pt;
	struct thread *thread;
	bool triggered;
	int error;
	unsigned int used; /* of entries */
	struct poll_page *pages;
	struct poll_entry entries[INLINE_ENTRIES];
};

/* ---- Standing on many queues -------------------------------------------- */

static struct poll_entry *poll_entry_alloc(struct poll_wqueues *pwq)
{
	struct poll_page *page = pwq->pages;

	if (pwq->used < INLINE_ENTRIES)
		return &pwq->entries[pwq->used++];
	if (!page || page->used == PAGE_ENTRIES) {
		page = kmalloc(PAGE_SIZE);
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

/* News of a kind that was not asked for wakes nobody. */
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

static void pollwait(struct file *file, struct wait_queue_head *wq,
		     struct poll_table *pt)
{
	struct poll_wqueues *pwq = container_of(pt, struct poll_wqueues, pt);
	struct poll_entry *entry = poll_entry_alloc(pwq);

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

/* ---- poll ---------------------------------------------------------------- */

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

static int poll_scan(struct fdtable *fdt, struct pollfd *fds, unsigned int nfds,
		     struct poll_wqueues *pwq)
{
	int count = 0;

	for (unsigned int i = 0; i < nfds; i++) {
		fds[i].revents = poll_one(fdt, &fds[i], &pwq->pt);
		if (fds[i].revents) {
			count++;
			pwq->pt.qproc = NULL; /* there will be no sleep */
		}
	}
	pwq->pt.qproc = NULL; /* once is enough */
	return count;
}

static int do_poll(struct fdtable *fdt, struct pollfd *fds, unsigned int nfds,
		   uint64_t deadline)
{
	struct poll_wqueues pwq UNINITIALIZED;
	bool timed_out = !deadline;
	int count;

	poll_init(&pwq, deadline);
	for (;;) {
		count = poll_scan(fdt, fds, nfds, &pwq);
		if (!count)
			count = pwq.error;
		if (!count && signal_pending())
			count = -EINTR;
		if (count || timed_out)
			break;
		timed_out = poll_sleep(&pwq, deadline);
	}
	poll_free(&pwq);
	return count;
}

int do_sys_poll(struct fdtable *fdt, struct pollfd *ufds, unsigned int nfds,
		uint64_t limit, uint64_t deadline)
{
	struct pollfd few[INLINE_ENTRIES];
	struct pollfd *fds = few;
	int count;

	if (nfds > limit)
		return -EINVAL;
	if (nfds > ARRAY_SIZE(few)) {
		fds = kvmalloc(nfds * sizeof(*fds));
		if (!fds)
			return -ENOMEM;
	}
	if (copy_from_user(fds, ufds, nfds * sizeof(*fds))) {
		count = -EFAULT;
		goto out_free;
	}
	count = do_poll(fdt, fds, nfds, deadline);
	for (unsigned int i = 0; i < nfds && count >= 0; i++)
		if (put_user(fds[i].revents, &ufds[i].revents))
			count = -EFAULT;
out_free:
	if (fds != few)
		kvfree(fds);
	return count;
}

/* ---- select -------------------------------------------------------------- */

/* What each of the three sets is about: select(2). */
#define SELECT_IN_SET \
	(EPOLLRDNORM | EPOLLRDBAND | EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLNVAL)
#define SELECT_OUT_SET \
	(EPOLLWRBAND | EPOLLWRNORM | EPOLLOUT | EPOLLERR | EPOLLNVAL)
#define SELECT_EX_SET (EPOLLPRI | EPOLLNVAL)

#define NR_SETS 3
#define WORD_BITS 64

static const uint32_t select_sets[NR_SETS] = { SELECT_IN_SET, SELECT_OUT_SET,
					       SELECT_EX_SET };

/* Asked for and found, each set of `words` words, in one allocation. */
struct select_bits {
	unsigned int words;
	uint64_t *asked[NR_SETS];
	uint64_t *found[NR_SETS];
};

/* The mask of what is asked of descriptor fd, 0: nothing. */
static uint32_t select_asked(const struct select_bits *s, unsigned int fd)
{
	uint32_t mask = 0;

	for (int i = 0; i < NR_SETS; i++)
		if (s->asked[i][fd / WORD_BITS] & BIT(fd % WORD_BITS))
			mask |= select_sets[i];
	return mask;
}

static int select_one(struct fdtable *fdt, struct select_bits *s,
		      unsigned int fd, struct poll_table *pt)
{
	uint32_t asked = select_asked(s, fd);
	struct file *file = fd_lookup(fdt, fd);
	uint32_t mask = EPOLLNVAL;
	int count = 0;

	if (file) {
		pt->key = asked | SELECT_EX_SET;
		mask = vfs_poll(file, pt);
	}
	for (int i = 0; i < NR_SETS; i++) {
		if ((mask & select_sets[i]) &&
		    (s->asked[i][fd / WORD_BITS] & BIT(fd % WORD_BITS))) {
			s->found[i][fd / WORD_BITS] |= BIT(fd % WORD_BITS);
			count++;
		}
	}
	return count;
}

static uint64_t select_word(const struct select_bits *s, unsigned int word)
{
	return s->asked[0][word] | s->asked[1][word] | s->asked[2][word];
}

static int select_scan(struct fdtable *fdt, struct select_bits *s,
		       struct poll_wqueues *pwq)
{
	int count = 0;

	for (unsigned int word = 0; word < s->words; word++) {
		uint64_t bits = select_word(s, word);

		for (; bits; bits &= bits - 1) {
			unsigned int fd = word * WORD_BITS +
					  __builtin_ctzll(bits);

			count += select_one(fdt, s, fd, &pwq->pt);
			if (count)
				pwq->pt.qproc = NULL;
		}
	}
	pwq->pt.qproc = NULL;
	return count;
}

static bool are_all_open(struct fdtable *fdt, const struct select_bits *s)
{
	for (unsigned int word = 0; word < s->words; word++) {
		uint64_t bits = select_word(s, word);

		for (; bits; bits &= bits - 1)
			if (!fd_lookup(fdt, word * WORD_BITS +
						    __builtin_ctzll(bits)))
				return false;
	}
	return true;
}

static int do_select(struct fdtable *fdt, struct select_bits *s,
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
		if (!count)
			count = pwq.error;
		if (!count && signal_pending())
			count = -EINTR;
		if (count || timed_out)
			break;
		timed_out = poll_sleep(&pwq, deadline);
	}
	poll_free(&pwq);
	return count;
}

/* The bytes of n bits, in whole longs as Linux copies them. */
static size_t set_bytes(unsigned int n)
{
	return ALIGN_UP(n, WORD_BITS) / 8;
}

/* Bits from n on were copied along but were not asked for. */
static void select_cut(struct select_bits *s, unsigned int n)
{
	if (n % WORD_BITS)
		for (int i = 0; i < NR_SETS; i++)
			s->asked[i][n / WORD_BITS] &= BIT(n % WORD_BITS) - 1;
}

int do_sys_select(struct fdtable *fdt, int n, void *in, void *out, void *ex,
		  uint64_t deadline)
{
	void *user[NR_SETS] = { in, out, ex };
	struct select_bits s;
	uint64_t *bits;
	size_t bytes;
	int i, count;

	if (n < 0)
		return -EINVAL;
	n = MIN((unsigned int)n, fdt->size); /* nothing is open beyond */
	bytes = set_bytes(n);
	bits = kvcalloc(2 * NR_SETS * bytes + 1, 1);
	if (!bits)
		return -ENOMEM;
	s.words = bytes / sizeof(uint64_t);
	for (i = 0; i < NR_SETS; i++) {
		s.asked[i] = bits + i * s.words;
		s.found[i] = bits + (NR_SETS + i) * s.words;
		count = -EFAULT;
		if (user[i] && copy_from_user(s.asked[i], user[i], bytes))
			goto out_free;
	}
	select_cut(&s, n);
	count = do_select(fdt, &s, deadline);
	for (i = 0; i < NR_SETS && count >= 0; i++)
		if (user[i] && copy_to_user(user[i], s.found[i], bytes))
			count = -EFAULT;
out_free:
	kvfree(bits);
	return count;
}
