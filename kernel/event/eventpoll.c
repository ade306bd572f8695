/* SPDX-License-Identifier: MIT */
/*
 * eventpoll: what is ready, who waits for it, and how it is handed out.
 *
 * A set (struct eventpoll) knows its items (struct epitem) by a tree, and
 * each item stands on the wait queues of the file it watches. When the file
 * has news it wakes its queue; ep_poll_callback() then links the item at the
 * end of the ready list and wakes one thread in epoll_wait(2). Nothing is
 * asked and nothing is copied there: that is left to the woken thread, which
 * takes the ready list, asks each file on it for its present mask and copies
 * out what still holds. So epoll_ctl(2) costs the depth of the tree, and
 * epoll_wait(2) costs what is ready, never what is watched.
 *
 * LOCKING
 *
 * There is none, because of who may run when. One CPU; the kernel is not
 * preempted; an interrupt that lands in the kernel only records work; and a
 * softirq, where the network wakes from, runs only where a thread calls
 * schedule() or returns to ring 3. So code between two such points is atomic
 * against every other thread and against every wake-up from outside:
 *
 *  - epoll_ctl(2) runs as a whole, as if under a mutex of the set and the one
 *    of nested sets;
 *  - a scan of the ready list runs as a whole: f_op->poll does not sleep, and
 *    a page fault of the copy to ring 3 is served without a switch (all
 *    memory an application has is RAM or the image, never a disk);
 *  - the only places to sleep are ep_wait() and, when very much is ready,
 *    cond_resched(), both between scans. What a call that goes on after that
 *    has reported already is on a list of its own until it returns: linked,
 *    so that news does not touch it, and away when its item is removed.
 *
 * What is left is re-entry in one thread. During a scan the items being
 * looked at are on a private list, and the code that is called from it, a
 * file's poll operation, may itself cause a wake-up of the same set, from
 * inside: a poll that first lets a protocol make progress does. Such a
 * wake-up must neither touch the list that is walked nor be lost. That is
 * what ovflist is for: while it is not EP_UNACTIVE_PTR a scan is under way,
 * and ep_poll_callback() chains items there; ep_done_scan() brings them over.
 *
 * WHY NO EVENT IS LOST
 *
 *	epoll_wait(2)				the file's news
 *	-------------				---------------
 *	ep_events_available()? no
 *	entry on ep->wq
 *	state = SLEEPING
 *	schedule_until():
 *	    do_softirq()  <- may run ->		the file's state changes
 *						ep_poll_callback():
 *						    item on rdllist
 *						    wake_up(&ep->wq):
 *						    state = RUNNABLE,
 *						    entry off the queue
 *	    state still SLEEPING?
 *	        another thread runs
 *	loop: ep_events_available()? yes
 *
 * Nothing can run between the first question and the entry in the queue, so
 * an event is either seen by the question or finds the entry. And an event
 * that is taken off the list is asked for after that: news that comes later
 * than the question queues the item anew.
 *
 * ORDER
 *
 * The list is served from the front. A level-triggered item that was reported
 * goes to the end, so that with a small maxevents everybody has a turn; items
 * that did not fit stay in front. Waiters are served last come, first served,
 * one for each wake-up: the one that slept last has the warmest cache.
 */
#include "kernel/event/eventpoll.h"

#include <errno.h>
#include <linux/fcntl.h>
#include <stdio.h>

#include "kernel/check.h"
#include "kernel/event/eventpoll_impl.h"
#include "kernel/fs/stat.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"

/* Items that one scan asks before others may run. */
#define EP_SCAN_MAX 1024

static struct kmem_cache *ep_cache __ro_after_init;
static LIST_HEAD(all_eventpolls);

/*
 * Those who poll an epoll are told EPOLLIN, the only thing it ever shows.
 * Outer sets may hang on this queue and wake theirs in turn: how deep that
 * goes is bounded by ep_loop_check().
 */
void ep_poll_safewake(struct eventpoll *ep)
{
	if (waitqueue_active(&ep->poll_wait))
		wake_up_poll(&ep->poll_wait, EPOLLIN);
}

void ep_make_ready(struct eventpoll *ep, struct epitem *epi)
{
	if (ep_is_linked(epi))
		return;
	list_add_tail(&epi->rdllink, &ep->rdllist);
	wake_up(&ep->wq);
	ep_poll_safewake(ep);
}

/* ---- News ---------------------------------------------------------------- */

/*
 * Whether an EPOLLEXCLUSIVE item counts as "somebody was woken", which ends
 * the walk of the file's queue: only if a waiter is there to take it and the
 * news is of a kind that the item is for.
 */
static bool is_exclusive_wake(const struct epitem *epi, uint32_t key)
{
	switch (key & (EPOLLIN | EPOLLOUT)) {
	case EPOLLIN:
		return epi->event.events & EPOLLIN;
	case EPOLLOUT:
		return epi->event.events & EPOLLOUT;
	case 0:
		return true;
	default:
		return false;
	}
}

/*
 * Called by the wake-up of a file's wait queue, in any context, with the mask
 * of the news (0: anything). An item whose ONESHOT is spent has only private
 * bits left and hears nothing.
 */
int ep_poll_callback(struct wait_queue_entry *wait, uint32_t key)
{
	struct epitem *epi = container_of(wait, struct eppoll_entry, wait)->base;
	struct eventpoll *ep = epi->ep;
	bool exclusive = epi->event.events & EPOLLEXCLUSIVE;
	bool ewake = false;

	if (!(epi->event.events & ~EP_PRIVATE_BITS))
		return !exclusive;
	if (key && !(key & epi->event.events))
		return !exclusive;

	if (ep->ovflist != EP_UNACTIVE_PTR) {
		if (epi->next == EP_UNACTIVE_PTR) {
			epi->next = ep->ovflist;
			ep->ovflist = epi;
		}
	} else if (!ep_is_linked(epi)) {
		list_add_tail(&epi->rdllink, &ep->rdllist);
	}
	if (waitqueue_active(&ep->wq)) {
		ewake = exclusive && is_exclusive_wake(epi, key);
		wake_up(&ep->wq);
	}
	ep_poll_safewake(ep);
	return !exclusive || ewake;
}

/* ---- Scans of the ready list --------------------------------------------- */

/* Moves the ready list to txlist; news goes to ovflist from here on. */
static void ep_start_scan(struct eventpoll *ep, struct list_head *txlist)
{
	ASSERT(ep->ovflist == EP_UNACTIVE_PTR);
	INIT_LIST_HEAD(txlist);
	list_splice_init(&ep->rdllist, txlist);
	ep->ovflist = NULL;
}

/*
 * The order of the new ready list: what the scan did not come to, what became
 * ready meanwhile (ovflist has it newest first, and adding each at the head
 * turns that round), what the scan put back.
 */
static void ep_done_scan(struct eventpoll *ep, struct list_head *txlist)
{
	struct epitem *epi = ep->ovflist;
	struct epitem *next;

	for (; epi; epi = next) {
		next = epi->next;
		epi->next = EP_UNACTIVE_PTR;
		if (!ep_is_linked(epi))
			list_add(&epi->rdllink, &ep->rdllist);
	}
	ep->ovflist = EP_UNACTIVE_PTR;
	list_splice(txlist, &ep->rdllist);
	if (!list_empty(&ep->rdllist))
		wake_up(&ep->wq);
}

/*
 * An epoll is readable when one of its items is ready. Items that turn out
 * not to be are taken off the list, so that they are not asked again; one
 * that is ready stays as it is, its edge or its one shot not consumed.
 */
static uint32_t ep_eventpoll_poll(struct file *file, struct poll_table *pt)
{
	struct eventpoll *ep = ep_of_file(file);
	struct poll_table mask_only = { 0 };
	struct epitem *epi, *tmp;
	struct list_head txlist;
	uint32_t res = 0;

	poll_wait(file, &ep->poll_wait, pt);
	ep_start_scan(ep, &txlist);
	list_for_each_entry_safe(epi, tmp, &txlist, rdllink) {
		if (ep_item_poll(epi, &mask_only)) {
			res = EPOLL_IN_SET;
			break;
		}
		list_del_init(&epi->rdllink);
	}
	ep_done_scan(ep, &txlist);
	return res;
}

uint32_t ep_item_poll(const struct epitem *epi, struct poll_table *pt)
{
	pt->key = epi->event.events;
	return vfs_poll(epi->ffd.file, pt) & epi->event.events;
}

/* What becomes of an item that was just reported. */
static void ep_item_sent(struct epitem *epi, struct list_head *sent)
{
	if (epi->event.events & EPOLLONESHOT)
		epi->event.events &= EP_PRIVATE_BITS;
	else if (!(epi->event.events & EPOLLET))
		list_add_tail(&epi->rdllink, sent);
}

/*
 * One scan: events stored, or -EFAULT when the first could not be. The event
 * that met a bad address was not reported, so its item is in front again.
 * *more: the scan ended for its length.
 */
static int ep_send_scan(struct eventpoll *ep, struct epoll_event *events,
			int maxevents, struct list_head *txlist,
			struct list_head *sent, bool *more)
{
	struct poll_table mask_only = { 0 };
	struct epoll_event ev;
	struct epitem *epi, *tmp;
	int res = 0, looked = 0;

	*more = false;
	list_for_each_entry_safe(epi, tmp, txlist, rdllink) {
		*more = looked++ == EP_SCAN_MAX;
		if (res >= maxevents || *more)
			break;
		list_del_init(&epi->rdllink);
		ev.events = ep_item_poll(epi, &mask_only);
		ev.data = epi->event.data;
		if (!ev.events)
			continue;
		if (copy_to_user(&events[res], &ev, sizeof(ev))) {
			list_add(&epi->rdllink, txlist);
			return res ? res : -EFAULT;
		}
		res++;
		ep_item_sent(epi, sent);
	}
	return res;
}

/* Others run, and may want what this call is not done with. */
static void ep_pause(struct eventpoll *ep, struct list_head *txlist)
{
	ep_done_scan(ep, txlist);
	cond_resched();
	ep_start_scan(ep, txlist);
}

static int ep_send_events(struct eventpoll *ep, struct epoll_event *events,
			  int maxevents)
{
	struct list_head txlist;
	LIST_HEAD(sent);
	int n, res = 0;
	bool paused = false, more;

	ep_start_scan(ep, &txlist);
	for (;;) {
		n = ep_send_scan(ep, events + res, maxevents - res, &txlist,
				 &sent, &more);
		res += n < 0 && res ? 0 : n;
		if (n < 0 || res >= maxevents || !more ||
		    fatal_signal_pending())
			break;
		ep_pause(ep, &txlist);
		paused = true;
	}
	list_splice(&sent, ep->rdllist.prev); /* at the end */
	ep_done_scan(ep, &txlist);
	if (unlikely(paused) && !list_empty(&ep->rdllist))
		ep_poll_safewake(ep);
	return res;
}

/* ---- Waiting ------------------------------------------------------------- */

/*
 * Off the queue in any case: a thread that has been marked runnable already
 * shall not get the next wake-up as well.
 */
static int ep_autoremove_wake_function(struct wait_queue_entry *wait,
				       uint32_t key)
{
	int woken = default_wake_function(wait, key);

	list_del_init(&wait->entry);
	return woken;
}

/* Sleeps until woken; true when the deadline has passed. */
static noinline bool ep_wait(struct eventpoll *ep, uint64_t deadline)
{
	struct wait_queue_entry wait;
	bool timed_out;

	init_wait(&wait);
	wait.func = ep_autoremove_wake_function;
	wait.flags |= WQ_FLAG_EXCLUSIVE;
	list_add(&wait.entry, &ep->wq.head);
	set_current_state(THREAD_SLEEPING);
	/* An item that became ready in the last scan has woken nobody. */
	timed_out = !ep_events_available(ep) && schedule_until(deadline);
	set_current_state(THREAD_RUNNABLE);
	list_del_init(&wait.entry);
	return timed_out;
}

int eventpoll_wait(struct file *epfile, struct epoll_event *events,
		   int maxevents, uint64_t deadline)
{
	struct eventpoll *ep = ep_of_file(epfile);
	bool timed_out = !deadline;
	int res;

	for (;;) {
		if (ep_events_available(ep)) {
			res = ep_send_events(ep, events, maxevents);
			if (res)
				return res;
		}
		if (timed_out)
			return 0;
		if (ep_busy_loop(ep, deadline))
			continue;
		if (signal_pending())
			return -EINTR;
		timed_out = ep_wait(ep, deadline);
	}
}

/* ---- The file ------------------------------------------------------------ */

/*
 * Whoever polled the epoll holds a reference or has been released before. As
 * items go, others may run: a file that is closed meanwhile takes its own away.
 */
static void ep_eventpoll_release(struct file *file)
{
	struct eventpoll *ep = ep_of_file(file);
	struct rb_node *node;

	ASSERT(!waitqueue_active(&ep->wq));
	ASSERT(!waitqueue_active(&ep->poll_wait));
	while ((node = ep->rbr.node)) {
		ep_remove(ep, rb_entry(node, struct epitem, rbn));
		cond_resched();
	}
	list_del(&ep->all);
	kmem_cache_free(ep_cache, ep);
}

/* proc(5), /proc/pid/fdinfo: one line for each watched number. */
static void ep_show_fdinfo(struct seq_buf *m, struct file *file)
{
	struct eventpoll *ep = ep_of_file(file);
	struct epoll_filefd ffd = { NULL, 0 };
	struct epitem *epi;
	struct file_id id;

	while (!m->overflow && (epi = ep_find_after(ep, &ffd))) {
		ffd = epi->ffd;
		file_identify(ffd.file, &id);
		seq_printf(m,
			   "tfd: %8d events: %8x data: %16llx "
			   " pos:%lld ino:%llx sdev:%x\n",
			   ffd.fd, epi->event.events,
			   (unsigned long long)epi->event.data,
			   (long long)ffd.file->f_pos,
			   (unsigned long long)id.ino, id.dev);
		cond_resched();
	}
}

static const struct file_operations eventpoll_fops = {
	.poll = ep_eventpoll_poll,
	.ioctl = ep_eventpoll_ioctl,
	.llseek = noop_llseek,
	.release = ep_eventpoll_release,
	.show_fdinfo = ep_show_fdinfo,
};

bool is_file_epoll(const struct file *file)
{
	return file->f_op == &eventpoll_fops;
}

struct file *eventpoll_create(void)
{
	struct eventpoll *ep = kmem_cache_zalloc(ep_cache);

	if (!ep)
		return NULL;
	ep->file = file_alloc(&eventpoll_fops, ep, O_RDWR);
	if (!ep->file) {
		kmem_cache_free(ep_cache, ep);
		return NULL;
	}
	ep->file->f_name = "anon_inode:[eventpoll]";
	init_waitqueue_head(&ep->wq);
	init_waitqueue_head(&ep->poll_wait);
	INIT_LIST_HEAD(&ep->rdllist);
	ep->rbr = RB_ROOT;
	ep->ovflist = EP_UNACTIVE_PTR;
	list_add(&ep->all, &all_eventpolls);
	return ep->file;
}

/* Counts the items that are ready, and those on ovflist. */
static const char *item_check(const struct eventpoll *ep,
			      const struct epitem *epi, size_t *linked,
			      size_t *overflown)
{
	if (epi->ep != ep || list_empty(&epi->fllink) ||
	    !list_is_intact(&epi->fllink))
		return "epoll 1: an item is not on its file's list";
	*linked += ep_is_linked(epi);
	*overflown += epi->next != EP_UNACTIVE_PTR;
	return NULL;
}

const char *ep_check(const struct eventpoll *ep)
{
	size_t linked = 0, overflown = 0, ready = 0;
	const char *broken = rb_check(&ep->rbr, NULL);
	const struct list_head *link;
	struct rb_node *node;

	if (broken)
		return broken;
	for (node = rb_first(&ep->rbr); node; node = rb_next(node)) {
		broken = item_check(ep, rb_entry(node, struct epitem, rbn),
				    &linked, &overflown);
		if (broken)
			return broken;
	}
	if (ep->ovflist == EP_UNACTIVE_PTR && overflown)
		return "epoll 3: an item is on ovflist and no scan runs";
	if (!list_is_intact(&ep->rdllist))
		return "epoll 2: the ready list's links disagree";
	for (link = ep->rdllist.next; link != &ep->rdllist; link = link->next)
		ready++;
	/* During a scan some are on the list of that. */
	if (ep->ovflist == EP_UNACTIVE_PTR && linked != ready)
		return "epoll 2: the ready list lacks an item";
	return NULL;
}

static const char *eventpolls_check(void)
{
	const struct eventpoll *ep;
	const char *broken;

	if (!list_is_intact(&all_eventpolls))
		return "epoll: the links of the list of sets disagree";
	list_for_each_entry(ep, &all_eventpolls, all) {
		broken = ep_check(ep);
		if (broken)
			return broken;
	}
	return NULL;
}

void eventpoll_init(void)
{
	ep_cache = kmem_cache_create("eventpoll", sizeof(struct eventpoll), 0);
	if (!ep_cache)
		panic("no memory for eventpoll");
	ep_ctl_init();
	check_register("epoll", eventpolls_check);
}
