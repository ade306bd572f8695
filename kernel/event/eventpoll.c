/* SPDX-License-Identifier: MIT */
/*
 * eventpoll: the ready list, threads that wait for it, and how events are
 * handed out.
 *
 * A set (struct eventpoll) keeps its items (struct epitem) in a tree, and each
 * item stands on the wait queues of the file it watches. A file whose state
 * changes wakes its queue; ep_poll_callback() then links the item at the end
 * of the ready list and wakes one thread in epoll_wait(2). The callback
 * neither polls nor copies: the woken thread takes the ready list, polls each
 * file on it and copies out the events that still hold. So epoll_ctl(2) costs
 * the depth of the tree, and epoll_wait(2) costs what is ready, never what is
 * watched.
 *
 * LOCKING
 *
 * There is none, because of what can run when. One CPU; the kernel is not
 * preempted; an interrupt that lands in the kernel only records work; and a
 * softirq, in which the network wakes queues, runs only where a thread calls
 * schedule() or returns to ring 3. So code between two such points is atomic
 * against every other thread and against every wake-up from outside:
 *
 *  - epoll_ctl(2) runs as a whole, as if under a mutex of the set and one of
 *    nested sets;
 *  - a scan of the ready list runs as a whole: f_op->poll does not sleep, and
 *    a page fault of the copy to ring 3 is served without a switch (all
 *    memory an application has is RAM or the image, never a disk);
 *  - the only places to sleep are ep_wait() and, when very much is ready,
 *    cond_resched(), both between scans. Items that the call has reported
 *    before such a pause stay on its own list until it returns: they count as
 *    linked, so wake-ups do not move them, and removing one unlinks it.
 *
 * What is left is re-entry in one thread. During a scan the items are on a
 * private list, and a file's poll operation may itself wake the same set, for
 * example by letting a protocol make progress first. Such a wake-up must
 * neither change the list that is walked nor be lost. Hence ovflist: while it
 * is not EP_UNACTIVE_PTR a scan is under way, and ep_poll_callback() chains
 * items there; ep_done_scan() moves them to the ready list.
 *
 * WHY NO EVENT IS LOST
 *
 *	epoll_wait(2)				the file's change
 *	-------------				-----------------
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
 * Nothing can run between the first check and the entry in the queue, so an
 * event is either seen by the check or finds the entry. And an item is polled
 * only after it was taken off the list: a change that comes after the poll
 * queues the item anew.
 *
 * ORDER
 *
 * The list is served from the front. A level-triggered item that was reported
 * goes to the end, so that with a small maxevents every item has a turn; items
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

/* Items that one scan polls before other threads may run. */
#define EP_SCAN_MAX 1024

static struct kmem_cache *ep_cache __ro_after_init;
static LIST_HEAD(all_eventpolls);

/*
 * Wakes those who poll the epoll itself, with EPOLLIN, the only event it has.
 * Outer sets may be on this queue and wake theirs in turn; ep_loop_check()
 * bounds the depth.
 */
static void ep_poll_safewake(struct eventpoll *ep)
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

/* ---- Wake-ups ------------------------------------------------------------ */

/*
 * Whether an EPOLLEXCLUSIVE item counts as a woken waiter, which ends the walk
 * of the file's queue: only if a thread waits for the set and the events are
 * those that the item is for.
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
 * of the events (0: any). An item whose ONESHOT is spent has only private bits
 * left and ignores it.
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

/* Moves the ready list to txlist; from here on wake-ups use ovflist. */
static void ep_start_scan(struct eventpoll *ep, struct list_head *txlist)
{
	ASSERT(ep->ovflist == EP_UNACTIVE_PTR);
	INIT_LIST_HEAD(txlist);
	list_splice_init(&ep->rdllist, txlist);
	ep->ovflist = NULL;
}

/*
 * The order of the new ready list: items that the scan did not reach, items
 * that became ready meanwhile (ovflist is newest first; adding each at the
 * head reverses it), items that the scan put back.
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
 * An epoll is readable when one of its items is ready. An item that turns out
 * not to be is taken off the list, so that it is not polled again; a ready one
 * stays, with its edge or one shot not consumed.
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

/* One shot, edge or level: whether a reported item stays ready. */
static void ep_item_sent(struct epitem *epi, struct list_head *sent)
{
	if (epi->event.events & EPOLLONESHOT)
		epi->event.events &= EP_PRIVATE_BITS;
	else if (!(epi->event.events & EPOLLET))
		list_add_tail(&epi->rdllink, sent);
}

/*
 * One scan: the number of events stored, or -EFAULT if the first could not be.
 * An event that could not be stored is not reported: its item is put back in
 * front. *more: the scan ended at EP_SCAN_MAX.
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

/* Other threads run, and may take the items that this call has not reached. */
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
 * Leaves the queue in any case: a thread that is runnable already must not
 * take the next wake-up as well.
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
 * Nobody is on the queues: a poller holds a reference or has left before.
 * Other threads may run between two items, and close a file, which removes its
 * own items.
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

/* proc(5), /proc/pid/fdinfo: one line for each item. */
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
	/* During a scan some items are on the scan's list. */
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
