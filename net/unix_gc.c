/* SPDX-License-Identifier: MIT */
/*
 * Sockets in flight. A message can hold a descriptor of the very socket in
 * whose queue it lies, or of one whose queue holds the other: nobody can ever
 * read such a message, and no reference count sees it. When sockets end while
 * others are in flight, and when the bound on files in flight is met, those are
 * looked for and their messages freed. Owns the list of the sockets in flight.
 * Thread context; may sleep.
 *
 * A socket is a candidate when messages hold every reference to its file. A
 * candidate is alive if one of those messages lies with a socket that is no
 * candidate, or with a candidate that is alive; the rest is garbage. The
 * number of files in flight is bounded as on Linux, by RLIMIT_NOFILE.
 */
#include <asm/resource.h>
#include <errno.h>

#include "kernel/fs/file.h"
#include "kernel/task/exec.h"
#include "kernel/task/thread.h"
#include "net/unix.h"

/* Sockets in flight that one which ends pays for. */
#define LOOKED_AT_EACH 256

enum gc_state {
	GC_NONE, /* somebody has it open */
	GC_CANDIDATE,
	GC_ALIVE,
};

static LIST_HEAD(inflight_list);
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

void unix_landed(const struct scm_files *files)
{
	nr_inflight -= files->count;
	for (unsigned int i = 0; i < files->count; i++) {
		struct unix_sock *u = unix_of(files->file[i]);

		if (u && !--u->inflight) {
			list_del_init(&u->inflight_node);
			nr_listed--;
		}
	}
}

/* ---- Looking for garbage ------------------------------------------------- */

typedef void (*visit_fn)(struct unix_sock *u, struct list_head *alive);

static void visit_queue(const struct unix_sock *u, visit_fn visit,
			struct list_head *alive)
{
	const struct sockbuf *buf;

	list_for_each_entry(buf, &u->queue.list, node) {
		const struct scm_files *files = buf->scm.files;

		for (unsigned int i = 0; files && i < files->count; i++) {
			struct unix_sock *child = unix_of(files->file[i]);

			if (child && child->gc_state == GC_CANDIDATE)
				visit(child, alive);
		}
	}
}

/* Candidates in messages that only u can give out. */
static void visit_children(const struct unix_sock *u, visit_fn visit,
			   struct list_head *alive)
{
	const struct unix_sock *child;

	visit_queue(u, visit, alive);
	list_for_each_entry(child, &u->accept_queue, accept_node)
		visit_queue(child, visit, alive);
}

static void explain_one(struct unix_sock *u, struct list_head *alive)
{
	u->gc_refs--;
}

static void mark_alive(struct unix_sock *u, struct list_head *alive)
{
	u->gc_state = GC_ALIVE;
	list_del(&u->inflight_node);
	list_add_tail(&u->inflight_node, alive);
}

static void find_candidates(struct list_head *candidates)
{
	struct unix_sock *u, *next;

	list_for_each_entry_safe(u, next, &inflight_list, inflight_node) {
		u->gc_state = GC_NONE;
		u->gc_refs = u->inflight;
		if (u->sk.sk_socket->file->f_count != u->inflight)
			continue;
		u->gc_state = GC_CANDIDATE;
		list_del(&u->inflight_node);
		list_add_tail(&u->inflight_node, candidates);
	}
}

/* Leaves the garbage among the candidates, and the others in alive. */
static void sort_out(struct list_head *candidates, struct list_head *alive)
{
	struct unix_sock *u, *next;

	list_for_each_entry(u, candidates, inflight_node)
		visit_children(u, explain_one, alive);
	list_for_each_entry_safe(u, next, candidates, inflight_node) {
		if (u->gc_refs)
			mark_alive(u, alive);
	}
	list_for_each_entry(u, alive, inflight_node)
		visit_children(u, mark_alive, alive);
}

static void take_queue(struct unix_sock *u, struct sockbuf_queue *doomed)
{
	struct sockbuf *buf;

	while ((buf = sockbuf_first(&u->queue))) {
		sockbuf_unlink(&u->queue, buf);
		list_add_tail(&buf->node, &doomed->list);
		doomed->count++;
	}
}

static void take_garbage(struct list_head *from, struct sockbuf_queue *doomed)
{
	struct unix_sock *u, *child;

	list_for_each_entry(u, from, inflight_node) {
		take_queue(u, doomed);
		list_for_each_entry(child, &u->accept_queue, accept_node)
			take_queue(child, doomed);
	}
}

static void move_back(struct list_head *from)
{
	struct unix_sock *u, *next;

	list_for_each_entry_safe(u, next, from, inflight_node) {
		list_del(&u->inflight_node);
		list_add_tail(&u->inflight_node, &inflight_list);
	}
}

static void collect(void)
{
	struct sockbuf_queue doomed;
	LIST_HEAD(candidates);
	LIST_HEAD(alive);

	sockbuf_queue_init(&doomed);
	find_candidates(&candidates);
	sort_out(&candidates, &alive);
	take_garbage(&candidates, &doomed);
	move_back(&candidates);
	move_back(&alive);
	sockbuf_purge(&doomed);
}

/*
 * Freeing messages ends sockets, each of which asks for this again, and so may
 * whoever runs meanwhile: once more for all of them, when all are freed.
 */
static void collect_all(void)
{
	static bool is_wanted, is_running;

	is_wanted = true;
	if (is_running)
		return;
	is_running = true;
	while (is_wanted && !list_empty(&inflight_list)) {
		is_wanted = false;
		collect();
	}
	is_running = false;
}

/*
 * A look costs what is in flight. It is paid for by the sockets that end, so
 * that thousands in flight do not make each of their ends as long as all.
 */
void unix_gc(void)
{
	static size_t paid;

	paid += LOOKED_AT_EACH;
	if (paid < nr_listed)
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

		if (u && !u->inflight++) {
			list_add_tail(&u->inflight_node, &inflight_list);
			nr_listed++;
		}
	}
	return 0;
}
