/* SPDX-License-Identifier: MIT */
/*
 * Between the eventpoll files: the structures and the few functions that
 * eventpoll.c (ready lists, waiting), eventpoll_ctl.c (membership),
 * eventpoll_path.c (checks of nested sets) and eventpoll_busy.c (busy polling)
 * share. Others use eventpoll.h.
 */
#ifndef KERNEL_EVENT_EVENTPOLL_IMPL_H
#define KERNEL_EVENT_EVENTPOLL_IMPL_H

#include <linux/ioctl.h>

#include "kernel/base.h"
#include "kernel/event/eventpoll.h"
#include "kernel/fs/file.h"
#include "kernel/fs/poll.h"
#include "kernel/lib/list.h"
#include "kernel/lib/rbtree.h"
#include "kernel/task/wait.h"

/* The most links in a chain of epolls; one more is ELOOP. */
#define EP_MAX_NESTS 4

/* Bits of an item's events that say how to report, not which events. */
#define EP_PRIVATE_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
/* All that may come with EPOLLEXCLUSIVE: epoll_ctl(2). */
#define EPOLLEXCLUSIVE_OK_BITS                                              \
	(EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | \
	 EPOLLEXCLUSIVE)

/* ioctl_eventpoll(2); the headers of Linux before 6.9 lack it. */
#ifndef EPIOCSPARAMS
struct epoll_params {
	uint32_t busy_poll_usecs;
	uint16_t busy_poll_budget;
	uint8_t prefer_busy_poll;
	uint8_t __pad;
};
#define EPIOCSPARAMS _IOW(0x8A, 0x01, struct epoll_params)
#define EPIOCGPARAMS _IOR(0x8A, 0x02, struct epoll_params)
#endif

/* The key of an item: the open file and the number it was added with. */
struct epoll_filefd {
	struct file *file; /* no reference: eventpoll_release() */
	int fd;
};

/* An item's entry on one wait queue of its file. */
struct eppoll_entry {
	struct eppoll_entry *next; /* of the same item */
	struct epitem *base;
	struct wait_queue_entry wait; /* func: ep_poll_callback() */
};

struct epitem {
	struct rb_node rbn; /* in ep->rbr */
	struct list_head rdllink; /* on ep->rdllist; empty: not ready */
	struct epitem *next; /* on ep->ovflist, or EP_UNACTIVE_PTR */
	struct epoll_filefd ffd;
	uint64_t path_gen; /* eventpoll_path.c: last walk that checked it */
	struct eppoll_entry *pwqlist;
	struct eventpoll *ep;
	struct list_head fllink; /* on ffd.file->f_ep */
	struct epoll_event event;
	bool is_shared; /* the file has, or had, several items */
};

/*
 * Invariants (ep_check()):
 *  1. each item is in rbr once and on its file's f_ep once;
 *  2. an item is on rdllist at most once, and while no scan runs everything
 *     that may be ready is there;
 *  3. ovflist is EP_UNACTIVE_PTR unless a scan runs; an item's next is
 *     EP_UNACTIVE_PTR unless it is on ovflist.
 */
struct eventpoll {
	struct wait_queue_head wq; /* threads in epoll_wait(2) */
	struct wait_queue_head poll_wait; /* pollers of the epoll itself */
	struct list_head rdllist; /* ready items, oldest first */
	struct rb_root rbr; /* all items by file and number */
	struct epitem *ovflist; /* became ready during a scan, newest first */
	struct file *file; /* its own, no reference */
	struct list_head all; /* on the list of all sets */
	struct epoll_params params; /* eventpoll_busy.c */
	uint64_t gen; /* eventpoll_path.c: the last walk that came by */
	uint8_t loop_check_depth; /* ... and its result */
	unsigned int nr_nested; /* items that watch sets */
	unsigned int nr_shared; /* items with is_shared */
};

/* "On no list"; NULL ends ovflist. */
#define EP_UNACTIVE_PTR ((struct epitem *)-1L)

static inline bool ep_is_linked(const struct epitem *epi)
{
	return !list_empty(&epi->rdllink);
}

static inline bool ep_events_available(const struct eventpoll *ep)
{
	return !list_empty(&ep->rdllist) || ep->ovflist != EP_UNACTIVE_PTR;
}

static inline struct eventpoll *ep_of_file(const struct file *file)
{
	return file->private_data;
}

/* The wait-queue function of every item. */
int ep_poll_callback(struct wait_queue_entry *wait, uint32_t key);
/* The item's events that hold now; pt: as for f_op->poll. */
uint32_t ep_item_poll(const struct epitem *epi, struct poll_table *pt);
/* Puts a ready item at the end of the list and wakes a waiter. */
void ep_make_ready(struct eventpoll *ep, struct epitem *epi);

void ep_ctl_init(void);
/* The first item after ffd in the tree's order; ffd's file may be gone. */
struct epitem *ep_find_after(struct eventpoll *ep,
			     const struct epoll_filefd *ffd);
void ep_remove(struct eventpoll *ep, struct epitem *epi);
/* Watches of all sets together, and their limit. */
extern size_t ep_watches;
extern size_t ep_max_user_watches;

/* -ELOOP if a link from ep to `to` would close a circle or nest too deep. */
int ep_loop_check(struct eventpoll *ep, struct eventpoll *to);
/*
 * -EINVAL if a new item, which is linked already, makes too many wake-up paths
 * from one file.
 */
int ep_reverse_path_check(struct epitem *epi);

/* EPIOCSPARAMS, EPIOCGPARAMS: -EFAULT, -EINVAL. */
long ep_eventpoll_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
/*
 * Polls the network for as long as the set's parameters and the deadline
 * allow; true as soon as something may be ready.
 */
bool ep_busy_loop(const struct eventpoll *ep, uint64_t deadline);

/* kernel/check.h; slow. */
const char *ep_check(const struct eventpoll *ep);

#endif
