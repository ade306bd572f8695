/* SPDX-License-Identifier: MIT */
/* unit: kernel/event/eventpoll.c kernel/event/eventpoll_ctl.c */
/* unit: kernel/event/eventpoll_path.c kernel/event/eventpoll_busy.c */
/* unit: kernel/fs/file.c kernel/fs/read_write.c kernel/task/wait.c */
/* unit: kernel/lib/rbtree.c kernel/lib/seq_buf.c */
/*
 * eventpoll: who sleeps, who is woken and how many of them; news in the
 * middle of a scan; sets that watch sets.
 */
#include "lib/fake_epoll.h"

#define NR 4
static struct probe p[NR];
static struct file *ep;

static void begin(void)
{
	for (int i = 0; i < NR; i++)
		probe_open(&p[i]);
	ep = eventpoll_create();
	nr_scheduled = 0;
}

static void end(const char *name)
{
	for (int i = 0; i < NR; i++)
		fput(p[i].file);
	fput(ep);
	ok(!live_objects && !nr_files() && !ep_watches,
	   "%s: everything is given back", name);
}

/* ---- Sleeping ------------------------------------------------------------ */

static void data_arrives(void)
{
	probe_arrive(&p[1]);
}

static void item_is_added(void)
{
	p[2].mask = EPOLLIN;
	add(ep, &p[2], 2, EPOLLIN);
}

static void edge_comes_and_goes(void)
{
	probe_arrive(&p[1]);
	p[1].mask = 0;
	meanwhile = data_arrives;
}

static void test_sleep(void)
{
	begin();
	add(ep, &p[1], 1, EPOLLIN);
	is(eventpoll_wait(ep, got, 8, 1000), 0, "wait: 0 when the time is up");
	is(nr_scheduled, 1, "wait: after one sleep");
	is(eventpoll_wait(ep, got, 8, 0), 0, "wait: timeout 0");
	is(nr_scheduled, 1, "wait: does not sleep");

	meanwhile = data_arrives;
	is(eventpoll_wait(ep, got, 8, UINT64_MAX), 1, "wait: woken by data");
	p[1].mask = 0;
	meanwhile = item_is_added;
	is(eventpoll_wait(ep, got, 8, UINT64_MAX), 1,
	   "wait: woken by an ADD of something ready");
	is(got[0].data, 2, "wait: which is reported");
	del(ep, &p[2], 2);

	meanwhile = edge_comes_and_goes;
	nr_scheduled = 0;
	is(eventpoll_wait(ep, got, 8, UINT64_MAX), 1,
	   "wait: an edge that is gone again lets it sleep on");
	is(nr_scheduled, 2, "wait: for a second time");
	p[1].mask = 0;
	wait_now(ep);

	has_signal = true;
	is(eventpoll_wait(ep, got, 8, UINT64_MAX), -EINTR, "wait: a signal");
	is(eventpoll_wait(ep, got, 8, 0), 0, "wait: but not with timeout 0");
	p[1].mask = EPOLLIN;
	data_arrives();
	is(eventpoll_wait(ep, got, 8, UINT64_MAX), 1,
	   "wait: events come before a signal");
	has_signal = false;
	ok(!waitqueue_active(&ep_of_file(ep)->wq), "wait: nobody left behind");
	end("wait");
}

/* ---- Several waiters ----------------------------------------------------- */

static int results[8];
static int waiters; /* that still have to go to sleep */
static void (*then)(void); /* runs when all sleep */
static bool at_once[8]; /* who was awake when that had run */

static void one_more_waits(void)
{
	int me = waiters;

	if (!waiters--) {
		then();
		for (int i = 1; i < 8; i++)
			at_once[i] = threads[i].state == THREAD_RUNNABLE;
		return;
	}
	self = &threads[me];
	meanwhile = one_more_waits;
	results[me] = eventpoll_wait(ep, got, 1, 1000);
}

/* n threads wait, the highest number first, then news() comes. */
static void let_wait(int n, void (*news)(void))
{
	waiters = n;
	then = news;
	memset(results, 0, sizeof(results));
	for (int i = 0; i < 8; i++)
		threads[i].state = THREAD_SLEEPING;
	one_more_waits();
	self = &threads[0];
	threads[0].state = THREAD_RUNNABLE;
}

static int nr_at_once(void)
{
	int n = 0;

	for (int i = 1; i < 8; i++)
		n += at_once[i];
	return n;
}

static void two_arrive(void)
{
	probe_arrive(&p[1]);
	probe_arrive(&p[2]);
}

static void arrives_twice(void)
{
	probe_arrive(&p[1]);
	probe_arrive(&p[1]);
}

static void test_waiters(void)
{
	begin();
	add(ep, &p[1], 1, EPOLLIN | EPOLLET);
	add(ep, &p[2], 2, EPOLLIN | EPOLLET);

	let_wait(3, data_arrives);
	is(nr_at_once(), 1, "waiters: one event wakes one of three");
	ok(at_once[1], "waiters: the one that came last");
	ok(results[1] == 1 && !results[2] && !results[3],
	   "waiters: ET: it alone has the event");

	let_wait(3, two_arrive);
	ok(at_once[1] && at_once[2] && !at_once[3],
	   "waiters: two events wake two");
	let_wait(3, arrives_twice);
	is(nr_at_once(), 2, "waiters: so does news of a queued item");

	mod(ep, &p[1], 1, EPOLLIN);
	p[1].mask = 0;
	wait_now(ep);
	let_wait(2, data_arrives);
	is(nr_at_once(), 1, "waiters: LT: one is woken");
	ok(results[1] == 1 && results[2] == 1,
	   "waiters: LT: who wakes the next while it holds");
	end("waiters");
}

static struct file *others[2];

static void add_exclusive(struct file *set)
{
	ctl(set, EPOLL_CTL_ADD, p[1].file, 1, EPOLLIN | EPOLLEXCLUSIVE, 1);
}

static void nobody(void)
{
}

/* Two sets of one waiter each on one file: thread 1 on ep, thread 2 on o. */
static bool is_woken[3];

static void news_for_two(void)
{
	probe_arrive(&p[1]);
	for (int i = 1; i <= 2; i++)
		is_woken[i] = threads[i].state == THREAD_RUNNABLE;
}

static void second_waits(void)
{
	self = &threads[2];
	meanwhile = news_for_two;
	eventpoll_wait(others[0], got, 1, 1000);
}

static int woken_of_two(void)
{
	self = &threads[1];
	meanwhile = second_waits;
	eventpoll_wait(ep, got, 1, 1000);
	self = &threads[0];
	p[1].mask = 0;
	return is_woken[1] + is_woken[2];
}

static void test_exclusive(void)
{
	begin();
	others[0] = eventpoll_create();
	add(ep, &p[1], 1, EPOLLIN);
	ctl(others[0], EPOLL_CTL_ADD, p[1].file, 1, EPOLLIN, 1);
	is(woken_of_two(), 2, "EXCLUSIVE: without it both sets wake");
	del(ep, &p[1], 1);
	ctl(others[0], EPOLL_CTL_DEL, p[1].file, 1, 0, 0);
	add_exclusive(ep);
	add_exclusive(others[0]);
	is(woken_of_two(), 1, "EXCLUSIVE: with it one does");
	ok(is_woken[1], "EXCLUSIVE: the one that was added first");

	self = &threads[2];
	wait_now(ep);
	wait_now(others[0]);
	let_wait(0, nobody);
	self = &threads[2];
	is_woken[2] = false;
	meanwhile = news_for_two;
	eventpoll_wait(others[0], got, 1, 1000);
	ok(is_woken[2], "EXCLUSIVE: a set without a waiter does not count");
	self = &threads[0];
	fput(others[0]);
	end("EXCLUSIVE");
}

/* ---- News during a scan -------------------------------------------------- */

static void news_of_2_and_3(struct probe *probe)
{
	probe_arrive(&p[2]);
	probe_arrive(&p[3]);
	probe_arrive(&p[2]);
}

static void news_of_itself(struct probe *probe)
{
	probe_arrive(probe);
}

static void test_ovflist(void)
{
	begin();
	for (int i = 1; i < NR; i++)
		add(ep, &p[i], i, EPOLLIN | (i == 1 ? 0 : EPOLLET));
	probe_arrive(&p[1]);
	p[1].on_poll = news_of_2_and_3;
	is(wait_now(ep), 1, "scan: news during a scan is not walked into");
	is(wait_now(ep), 3, "scan: nor lost");
	is_str(got_order(3), "231",
	       "scan: oldest first, before what went back");

	p[1].mask = 0;
	wait_now(ep);
	probe_arrive(&p[2]);
	p[2].on_poll = news_of_itself;
	is(wait_now(ep), 1, "scan: an item that has news while it is asked");
	is(wait_now(ep), 1, "scan: is queued again, though ET");
	is(wait_now(ep), 0, "scan: once");
	end("scan");
}

/* ---- Sets that watch sets ------------------------------------------------ */

static int nest(struct file *outer, struct file *inner, uint32_t events)
{
	return ctl(outer, EPOLL_CTL_ADD, inner, 9, events, 9);
}

static void test_nested(void)
{
	struct file *outer = eventpoll_create();

	begin();
	add(ep, &p[1], 1, EPOLLIN | EPOLLET);
	nest(outer, ep, EPOLLIN | EPOLLOUT);
	is(wait_now(outer), 0, "nested: nothing is ready");
	probe_arrive(&p[1]);
	is(wait_now(outer), 1, "nested: what is ready inside shows outside");
	is(got[0].events, EPOLLIN, "nested: as IN and nothing else");
	is(wait_now(outer), 1, "nested: looking consumes no edge");
	is(wait_now(ep), 1, "nested: which is there for the inner wait");
	is(wait_now(outer), 0, "nested: then both are empty");

	ctl(outer, EPOLL_CTL_MOD, ep, 9, EPOLLIN | EPOLLET, 9);
	probe_arrive(&p[1]);
	is(wait_now(outer), 1, "nested: ET outside");
	is(wait_now(outer), 0, "nested: one event an edge");
	probe_arrive(&p[1]);
	is(wait_now(outer), 1, "nested: every wake-up inside is an edge");
	wait_now(ep);
	p[2].mask = EPOLLIN;
	add(ep, &p[2], 2, EPOLLIN);
	is(wait_now(outer), 1, "nested: so is an ADD of something ready");
	is(wait_now(outer), 0, "nested: once");
	mod(ep, &p[2], 2, EPOLLIN | EPOLLET);
	is(wait_now(outer), 0, "nested: a MOD of what is queued is none");
	wait_now(ep);
	mod(ep, &p[2], 2, EPOLLIN | EPOLLET);
	is(wait_now(outer), 1, "nested: a MOD that queues is");

	fput(outer);
	end("nested");
}

static void test_depth(void)
{
	struct file *chain[7];

	begin();
	for (int i = 0; i < 7; i++)
		chain[i] = eventpoll_create();
	for (int i = 0; i < 4; i++)
		is(nest(chain[i], chain[i + 1], EPOLLIN), 0,
		   "depth: %d in a row", i + 2);
	is(nest(chain[4], chain[5], EPOLLIN), -ELOOP,
	   "depth: six in a row are ELOOP, at the bottom");
	is(nest(chain[5], chain[0], EPOLLIN), -ELOOP, "depth: and at the top");
	is(nest(chain[5], chain[1], EPOLLIN), 0,
	   "depth: a side branch is fine");
	is(nest(chain[6], chain[5], EPOLLIN), -ELOOP, "depth: until too long");
	is(nest(chain[4], chain[0], EPOLLIN), -ELOOP, "depth: circles never");
	is(nest(chain[1], chain[0], EPOLLIN), -ELOOP, "depth: not of two");
	is(nest(chain[0], chain[1], EPOLLIN), -EEXIST, "depth: EEXIST after");

	ctl(chain[4], EPOLL_CTL_ADD, p[1].file, 1, EPOLLIN, 1);
	probe_arrive(&p[1]);
	is(wait_now(chain[0]), 1, "depth: news climbs through all five");
	is(wait_now(chain[5]), 1, "depth: and up the side branch");
	for (int i = 0; i < 7; i++)
		fput(chain[i]);
	end("depth");
}

static void test_paths(void)
{
	static struct file *sets[501];
	int n;

	begin();
	add(ep, &p[1], 1, EPOLLIN);
	for (n = 0; n < 501; n++)
		sets[n] = eventpoll_create();
	for (n = 0; n < 501; n++)
		if (nest(sets[n], ep, EPOLLIN))
			break;
	is(n, 500, "paths: 500 sets may watch one that watches a file");
	is(nest(sets[500], ep, EPOLLIN), -EINVAL, "paths: the 501st is EINVAL");
	is(add(ep, &p[2], 2, EPOLLIN), 0, "paths: another file is a new count");
	nest(sets[500], sets[0], EPOLLIN);
	for (n = 0; n < 501; n++)
		fput(sets[n]);

	for (n = 0; n < 501; n++)
		sets[n] = eventpoll_create();
	for (n = 0; n < 501; n++)
		ctl(sets[n], EPOLL_CTL_ADD, p[3].file, 1, EPOLLIN, 1);
	probe_arrive(&p[3]);
	is(wait_now(sets[500]), 1, "paths: any number of sets watch a file");
	for (n = 0; n < 501; n++)
		fput(sets[n]);
	end("paths");
}

/* ---- Busy polling -------------------------------------------------------- */

static void packet_arrives(void)
{
	if (nr_net_polls == 7)
		probe_arrive(&p[1]);
}

static void set_busy_poll(uint32_t usecs)
{
	struct epoll_params params = { .busy_poll_usecs = usecs };

	is(ep->f_op->ioctl(ep, EPIOCSPARAMS, (unsigned long)&params), 0,
	   "busy: %u microseconds are set", usecs);
	nr_net_polls = 0;
	nr_scheduled = 0;
}

static void test_busy_poll(void)
{
	begin();
	add(ep, &p[1], 1, EPOLLIN);
	set_busy_poll(20);
	is(eventpoll_wait(ep, got, 8, 0), 0, "busy: timeout 0");
	is(nr_net_polls, 0, "busy: asks nobody");
	on_net_poll = packet_arrives;
	is(eventpoll_wait(ep, got, 8, UINT64_MAX), 1, "busy: a packet comes");
	is(nr_net_polls, 7, "busy: when it was asked for");
	is(nr_scheduled, 0, "busy: no sleep");
	on_net_poll = NULL;
	p[1].mask = 0;
	nr_net_polls = 0;
	is(eventpoll_wait(ep, got, 8, now_ns + NSEC_PER_SEC), 0,
	   "busy: none comes");
	ok(nr_net_polls >= 20 && nr_net_polls <= 42,
	   "busy: it gives up, before and after the sleep");
	is(nr_scheduled, 1, "busy: and sleeps");
	set_busy_poll(INT32_MAX);
	has_signal = true;
	is(eventpoll_wait(ep, got, 8, UINT64_MAX), -EINTR, "busy: a signal");
	is(nr_net_polls, 1, "busy: ends it");
	has_signal = false;
	nr_net_polls = 0;
	is(eventpoll_wait(ep, got, 8, now_ns + NSEC_PER_SEC), 0,
	   "busy: the largest time");
	ok(nr_net_polls < 2100, "busy: is bounded");
	end("busy");
}

int main(void)
{
	file_init();
	eventpoll_init();
	test_sleep();
	test_waiters();
	test_exclusive();
	test_ovflist();
	test_nested();
	test_depth();
	test_paths();
	test_busy_poll();
	return done_testing();
}
