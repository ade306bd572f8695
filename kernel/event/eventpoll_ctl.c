/* SPDX-License-Identifier: MIT */
/*
 * eventpoll: membership. Items are added, changed and removed here, by
 * epoll_ctl(2) and at the last close of a file. Owns the two slab caches of
 * items and the count of watches. Thread context, no sleep; eventpoll.c says
 * why no lock is needed.
 */
#include <errno.h>

#include "kernel/event/eventpoll_impl.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/task/thread.h"

static struct kmem_cache *epi_cache __ro_after_init;
static struct kmem_cache *pwq_cache __ro_after_init;

size_t ep_watches;
size_t ep_max_user_watches __ro_after_init;

/* RAM / EP_RAM_SHARE is the most that all watches may take: epoll(7). */
#define EP_RAM_SHARE 25
#define EP_ITEM_COST (sizeof(struct epitem) + sizeof(struct eppoll_entry))

void ep_ctl_init(void)
{
	ep_max_user_watches = nr_total_pages() / EP_RAM_SHARE * PAGE_SIZE /
			      EP_ITEM_COST;
	epi_cache = kmem_cache_create("eventpoll_epi", sizeof(struct epitem),
				      0);
	pwq_cache = kmem_cache_create("eventpoll_pwq",
				      sizeof(struct eppoll_entry), 0);
	if (!epi_cache || !pwq_cache)
		panic("no memory for eventpoll");
}

/* ---- The tree of items --------------------------------------------------- */

static int ep_cmp_ffd(const struct epoll_filefd *a,
		      const struct epoll_filefd *b)
{
	if (a->file != b->file)
		return (uintptr_t)a->file < (uintptr_t)b->file ? -1 : 1;
	return a->fd < b->fd ? -1 : a->fd > b->fd;
}

/* Where in the tree an item is, or would be. */
struct ep_place {
	struct rb_node *parent;
	struct rb_node **link;
};

/* The item; or NULL, and in *place where to link it. */
static struct epitem *ep_find(struct eventpoll *ep, struct file *file, int fd,
			      struct ep_place *place)
{
	struct epoll_filefd ffd = { file, fd };

	place->parent = NULL;
	place->link = &ep->rbr.node;
	while (*place->link) {
		struct epitem *epi = rb_entry(*place->link, struct epitem, rbn);
		int cmp = ep_cmp_ffd(&ffd, &epi->ffd);

		if (!cmp)
			return epi;
		place->parent = &epi->rbn;
		place->link = cmp < 0 ? &epi->rbn.left : &epi->rbn.right;
	}
	return NULL;
}

struct epitem *ep_find_after(struct eventpoll *ep,
			     const struct epoll_filefd *ffd)
{
	struct rb_node *node = ep->rbr.node;
	struct epitem *found = NULL;

	while (node) {
		struct epitem *epi = rb_entry(node, struct epitem, rbn);
		bool is_behind = ep_cmp_ffd(ffd, &epi->ffd) < 0;

		if (is_behind)
			found = epi;
		node = is_behind ? node->left : node->right;
	}
	return found;
}

static void ep_rbtree_insert(struct eventpoll *ep, struct epitem *epi,
			     const struct ep_place *place)
{
	rb_link_node(&epi->rbn, place->parent, place->link);
	rb_insert_color(&epi->rbn, &ep->rbr);
}

/* ---- The file's wait queues ---------------------------------------------- */

/* The poll table for adding an item. */
struct ep_pqueue {
	struct poll_table pt;
	struct epitem *epi; /* NULL: memory was short */
};

/* The newest entry is woken first, except among exclusive ones. */
static void ep_ptable_queue_proc(struct file *file, struct wait_queue_head *wq,
				 struct poll_table *pt)
{
	struct ep_pqueue *epq = container_of(pt, struct ep_pqueue, pt);
	struct epitem *epi = epq->epi;
	struct eppoll_entry *pwq;

	if (!epi)
		return;
	pwq = kmem_cache_alloc(pwq_cache);
	if (!pwq) {
		epq->epi = NULL;
		return;
	}
	pwq->base = epi;
	pwq->wait.func = ep_poll_callback;
	pwq->wait.private = NULL;
	pwq->wait.flags = 0;
	if (epi->event.events & EPOLLEXCLUSIVE)
		add_wait_queue_exclusive(wq, &pwq->wait);
	else
		add_wait_queue(wq, &pwq->wait);
	pwq->next = epi->pwqlist;
	epi->pwqlist = pwq;
}

static void ep_unregister_pollwait(struct epitem *epi)
{
	struct eppoll_entry *pwq;

	while ((pwq = epi->pwqlist)) {
		epi->pwqlist = pwq->next;
		list_del(&pwq->wait.entry);
		kmem_cache_free(pwq_cache, pwq);
	}
}

/* ---- The three operations ------------------------------------------------ */

/* Never runs during a scan of the set, so the item is not on ovflist. */
void ep_remove(struct eventpoll *ep, struct epitem *epi)
{
	ASSERT(epi->next == EP_UNACTIVE_PTR);
	ep_unregister_pollwait(epi);
	list_del(&epi->fllink);
	rb_erase(&epi->rbn, &ep->rbr);
	if (ep_is_linked(epi))
		list_del(&epi->rdllink);
	ep->nr_nested -= is_file_epoll(epi->ffd.file);
	ep->nr_shared -= epi->is_shared;
	kmem_cache_free(epi_cache, epi);
	ep_watches--;
}

static struct epitem *epitem_alloc(struct eventpoll *ep, struct file *file,
				   int fd, const struct epoll_event *event)
{
	struct epitem *epi = kmem_cache_zalloc(epi_cache);

	if (!epi)
		return NULL;
	ep_watches++;
	ep->nr_nested += is_file_epoll(file);
	INIT_LIST_HEAD(&epi->rdllink);
	epi->next = EP_UNACTIVE_PTR;
	epi->ffd = (struct epoll_filefd){ file, fd };
	epi->ep = ep;
	epi->event = *event;
	return epi;
}

static void mark_shared(struct epitem *epi)
{
	epi->ep->nr_shared += !epi->is_shared;
	epi->is_shared = true;
}

/* Of the present items only the first can be unmarked: it was alone. */
static void ep_link_to_file(struct epitem *epi, struct file *file)
{
	if (!list_empty(&file->f_ep)) {
		mark_shared(epi);
		mark_shared(
			list_first_entry(&file->f_ep, struct epitem, fllink));
	}
	list_add(&epi->fllink, &file->f_ep);
}

/* full_check: the set or the target takes part in nesting. */
static int ep_insert(struct eventpoll *ep, const struct epoll_event *event,
		     struct file *tfile, int fd, const struct ep_place *place,
		     bool full_check)
{
	struct ep_pqueue epq = { .pt.qproc = ep_ptable_queue_proc };
	struct epitem *epi;
	uint32_t revents;

	if (ep_watches >= ep_max_user_watches)
		return -ENOSPC;
	epi = epitem_alloc(ep, tfile, fd, event);
	if (!epi)
		return -ENOMEM;
	ep_link_to_file(epi, tfile);
	ep_rbtree_insert(ep, epi, place);
	if (full_check && ep_reverse_path_check(epi)) {
		ep_remove(ep, epi);
		return -EINVAL;
	}
	epq.epi = epi;
	revents = ep_item_poll(epi, &epq.pt);
	if (!epq.epi) {
		ep_remove(ep, epi);
		return -ENOMEM;
	}
	if (revents)
		ep_make_ready(ep, epi);
	return 0;
}

/* An item that is no longer ready stays on the list until the next scan. */
static void ep_modify(struct eventpoll *ep, struct epitem *epi,
		      const struct epoll_event *event)
{
	struct poll_table mask_only = { 0 };

	epi->event = *event;
	if (ep_item_poll(epi, &mask_only))
		ep_make_ready(ep, epi);
}

/* The restrictions of EPOLLEXCLUSIVE: epoll_ctl(2). */
static bool is_exclusive_ok(int op, const struct file *tfile, uint32_t events)
{
	if (!(events & EPOLLEXCLUSIVE))
		return true;
	if (op == EPOLL_CTL_MOD)
		return false;
	if (op != EPOLL_CTL_ADD)
		return true;
	return !is_file_epoll(tfile) && !(events & ~EPOLLEXCLUSIVE_OK_BITS);
}

static int ep_ctl_add(struct file *epfile, struct file *tfile, int fd,
		      const struct epoll_event *event)
{
	struct eventpoll *ep = ep_of_file(epfile);
	bool nested = is_file_epoll(tfile);
	bool full_check = nested || !list_empty(&epfile->f_ep);
	struct ep_place place;

	if (nested && ep_loop_check(ep, ep_of_file(tfile)))
		return -ELOOP;
	if (ep_find(ep, tfile, fd, &place))
		return -EEXIST;
	return ep_insert(ep, event, tfile, fd, &place, full_check);
}

static int ep_ctl_mod(struct eventpoll *ep, struct epitem *epi,
		      const struct epoll_event *event)
{
	if (!epi)
		return -ENOENT;
	if (epi->event.events & EPOLLEXCLUSIVE)
		return -EINVAL;
	ep_modify(ep, epi, event);
	return 0;
}

int eventpoll_ctl(struct file *epfile, int op, struct file *tfile, int fd,
		  const struct epoll_event *event)
{
	struct epoll_event ev = { 0 };
	struct ep_place place;
	struct epitem *epi;

	if (!tfile->f_op->poll)
		return -EPERM;
	if (epfile == tfile || !is_file_epoll(epfile))
		return -EINVAL;
	if (event) {
		if (!is_exclusive_ok(op, tfile, event->events))
			return -EINVAL;
		ev = *event;
		/* The system never suspends, so EPOLLWAKEUP has no effect. */
		ev.events &= ~EPOLLWAKEUP;
		ev.events |= EPOLLERR | EPOLLHUP;
	}
	if (op == EPOLL_CTL_ADD)
		return ep_ctl_add(epfile, tfile, fd, &ev);
	epi = ep_find(ep_of_file(epfile), tfile, fd, &place);
	if (op == EPOLL_CTL_MOD)
		return ep_ctl_mod(ep_of_file(epfile), epi, &ev);
	if (op != EPOLL_CTL_DEL)
		return -EINVAL;
	if (!epi)
		return -ENOENT;
	ep_remove(ep_of_file(epfile), epi);
	return 0;
}

void eventpoll_release(struct file *file)
{
	while (!list_empty(&file->f_ep)) {
		struct epitem *epi = list_first_entry(&file->f_ep,
						      struct epitem, fllink);

		ep_remove(epi->ep, epi);
		cond_resched();
	}
}
