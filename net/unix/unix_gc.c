/* SPDX-License-Identifier: MIT */
/*
 * Sockets in flight. A message can hold a descriptor of the very socket in
 * whose queue it lies, or the queues of two sockets each other's descriptors:
 * nobody can read such a message, and the reference counts never fall to 0.
 * unix_gc() looks for such sockets and frees their messages, when sockets are
 * closed while others are in flight and when too many files are. Owns the list
 * of the sockets in flight. Thread context; may sleep.
 *
 * A socket is a candidate when messages hold every reference to its file. A
 * candidate is alive if one of those messages is in the queue of a socket that
 * is no candidate, or of a candidate that is alive; the others are garbage.
 * The number of files in flight is bounded as on Linux, by RLIMIT_NOFILE.
 *
 * A search is as long as the application makes it, so other threads run after
 * each socket, and may change what was seen. Garbage stays garbage: nobody can
 * reach it. Any other candidate must be found alive, whatever they do.
 *  - A candidate becomes reachable only by being received or peeked at, and its
 *    count of messages grows only by being sent again: each of these makes it
 *    alive at once (touch()), and later all that is in its queue by then. What
 *    was received from its queue before was touched itself.
 *  - What comes with an accepted connection is not touched one by one: see
 *    unix_gc_accepted().
 *  - A message that was sent after its candidate was counted has touched it,
 *    too, so no reference is subtracted that was not counted.
 */
#include <asm/resource.h>
#include <errno.h>

#include "kernel/fs/file.h"
#include "kernel/task/process.h"
#include "kernel/task/thread.h"
#include "net/unix/unix.h"

/* Each closed socket pays for the search of so many sockets in flight. */
#define LOOKED_AT_EACH 256
/* Searches by one caller while others ask for more. */
#define LOOKS_OF_ONE 4

enum gc_state {
	GC_NONE, /* open somewhere, or was during this search */
	GC_CANDIDATE,
	GC_ALIVE, /* the candidates in its queue become alive, too */
};

static LIST_HEAD(inflight_list);
static LIST_HEAD(alive_list); /* GC_ALIVE */
static size_t nr_inflight; /* files of all kinds */
static size_t nr_listed; /* sockets, each once */

/* The socket of an AF_UNIX file, or NULL. */
static struct unix_sock *unix_of(struct file *file)
{
	struct socket *sock = sock_from_file(file);

	if (!sock || !sock->sk || sock->sk->sk_family != AF_UNIX)
		return NULL;
	return unix_sk(sock->sk);
}

static void mark_alive(struct unix_sock *u)
{
	u->gc_state = GC_ALIVE;
	list_move_tail(&u->inflight_node, &alive_list);
}

static void touch(struct unix_sock *u)
{
	if (u->gc_state == GC_CANDIDATE)
		mark_alive(u);
}

typedef void (*visit_fn)(struct unix_sock *u);

static void visit_queue(const struct unix_sock *u, visit_fn visit)
{
	const struct sockbuf *buf;

	list_for_each_entry(buf, &u->sk_receive_queue.list, node) {
		const struct scm_files *files = buf->scm.files;

		for (unsigned int i = 0; files && i < files->count; i++) {
			struct unix_sock *child = unix_of(files->file[i]);

			if (child && child->gc_state == GC_CANDIDATE)
				visit(child);
		}
	}
}

/* Visits the candidates in messages that only u can hand out. */
static void visit_children(const struct unix_sock *u, visit_fn visit)
{
	const struct unix_sock *child;

	visit_queue(u, visit);
	list_for_each_entry(child, &u->accept_queue, accept_node)
		visit_queue(child, visit);
}

/* u leaves the lists, so what its queue keeps alive is marked now. */
static void land(struct unix_sock *u)
{
	if (u->gc_state != GC_NONE)
		visit_children(u, mark_alive);
	u->gc_state = GC_NONE;
	list_del_init(&u->inflight_node);
	nr_listed--;
}

void unix_landed(const struct scm_files *files)
{
	nr_inflight -= files->count;
	for (unsigned int i = 0; i < files->count; i++) {
		struct unix_sock *u = unix_of(files->file[i]);

		if (!u)
			continue;
		touch(u);
		if (!--u->inflight)
			land(u);
	}
}

void unix_looked_at(const struct scm_files *files)
{
	for (unsigned int i = 0; i < files->count; i++) {
		struct unix_sock *u = unix_of(files->file[i]);

		if (u)
			touch(u);
	}
}

/* ---- Looking for garbage ------------------------------------------------- */

/* The search does not reach child's messages through listener any more. */
void unix_gc_accepted(const struct unix_sock *listener,
		      const struct unix_sock *child)
{
	if (listener->gc_state != GC_NONE)
		visit_queue(child, mark_alive);
}

static void explain_one(struct unix_sock *u)
{
	u->gc_refs--;
}

/* The first of a list, or NULL. Lets other threads run before. */
static struct unix_sock *next_of(struct list_head *list)
{
	cond_resched();
	if (list_empty(list))
		return NULL;
	return list_first_entry(list, struct unix_sock, inflight_node);
}

static void find_candidates(struct list_head *candidates)
{
	struct unix_sock *u;
	LIST_HEAD(unseen);

	list_splice_init(&inflight_list, &unseen);
	while ((u = next_of(&unseen))) {
		if (u->sk.sk_socket->file->f_count != u->inflight) {
			list_move_tail(&u->inflight_node, &inflight_list);
			continue;
		}
		u->gc_state = GC_CANDIDATE;
		u->gc_refs = u->inflight;
		list_move_tail(&u->inflight_node, candidates);
	}
}

static void explain(struct list_head *candidates, struct list_head *explained)
{
	struct unix_sock *u;

	while ((u = next_of(candidates))) {
		list_move_tail(&u->inflight_node, explained);
		visit_children(u, explain_one);
	}
}

/* When the alive list is empty, what is left in garbage is garbage. */
static void sort_out(struct list_head *explained, struct list_head *garbage)
{
	struct unix_sock *u;

	while ((u = next_of(explained))) {
		if (u->gc_refs)
			mark_alive(u);
		else
			list_move_tail(&u->inflight_node, garbage);
	}
	while ((u = next_of(&alive_list))) {
		u->gc_state = GC_NONE;
		list_move_tail(&u->inflight_node, &inflight_list);
		visit_children(u, mark_alive);
	}
}

static void take_queue(struct unix_sock *u, struct sockbuf_queue *doomed)
{
	struct sockbuf *buf;

	while ((buf = sockbuf_first(&u->sk_receive_queue))) {
		sockbuf_unlink(&u->sk_receive_queue, buf);
		list_add_tail(&buf->node, &doomed->list);
		doomed->count++;
	}
}

static void take_garbage(struct list_head *garbage,
			 struct sockbuf_queue *doomed)
{
	struct unix_sock *u, *child;

	while ((u = next_of(garbage))) {
		u->gc_state = GC_NONE;
		list_move_tail(&u->inflight_node, &inflight_list);
		take_queue(u, doomed);
		list_for_each_entry(child, &u->accept_queue, accept_node)
			take_queue(child, doomed);
	}
}

static void collect(void)
{
	struct sockbuf_queue doomed;
	LIST_HEAD(candidates);
	LIST_HEAD(explained);
	LIST_HEAD(garbage);

	sockbuf_queue_init(&doomed);
	find_candidates(&candidates);
	explain(&candidates, &explained);
	sort_out(&explained, &garbage);
	take_garbage(&garbage, &doomed);
	sockbuf_purge(&doomed);
}

/*
 * Freeing messages closes sockets, each of which calls unix_gc() again, and
 * other threads may, too: one more search serves all of these calls. A caller
 * repeats it LOOKS_OF_ONE times at most and leaves the rest to the next.
 */
static bool is_wanted;

static void collect_all(void)
{
	static bool is_running;
	unsigned int left = LOOKS_OF_ONE;

	is_wanted = true;
	if (is_running)
		return;
	is_running = true;
	while (is_wanted && !list_empty(&inflight_list) && left--) {
		is_wanted = false;
		collect();
	}
	is_running = false;
}

/*
 * A search costs time in proportion to the sockets in flight. It runs only
 * after enough sockets were closed, so that the cost of each close is bounded.
 */
void unix_gc(void)
{
	static size_t paid;

	paid += LOOKED_AT_EACH;
	if (paid < nr_listed && !is_wanted)
		return;
	paid = 0;
	collect_all();
}

static bool too_many(void)
{
	return nr_inflight > the_process()->rlimit[RLIMIT_NOFILE].cur;
}

int unix_inflight(const struct scm_files *files)
{
	if (too_many())
		collect_all();
	if (too_many())
		return -ETOOMANYREFS;
	nr_inflight += files->count;
	for (unsigned int i = 0; i < files->count; i++) {
		struct unix_sock *u = unix_of(files->file[i]);

		if (!u)
			continue;
		touch(u);
		if (!u->inflight++) {
			list_add_tail(&u->inflight_node, &inflight_list);
			nr_listed++;
		}
	}
	return 0;
}
