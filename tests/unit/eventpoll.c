/* SPDX-License-Identifier: MIT */
/* unit: kernel/event/eventpoll.c kernel/event/eventpoll_ctl.c */
/* unit: kernel/event/eventpoll_path.c kernel/event/eventpoll_busy.c */
/* unit: kernel/fs/file.c kernel/fs/read_write.c kernel/task/wait.c */
/* unit: kernel/lib/rbtree.c kernel/lib/seq_buf.c */
/*
 * eventpoll: what is reported, how often and in which order; epoll(7) and
 * epoll_ctl(2), in the details as Linux does it.
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
}

static void end(const char *name)
{
	for (int i = 0; i < NR; i++)
		if (p[i].file)
			fput(p[i].file);
	fput(ep);
	ok(!live_objects && !nr_files() && !ep_watches,
	   "%s: everything is given back", name);
}

static void test_level(void)
{
	begin();
	is(add(ep, &p[1], 1, EPOLLIN), 0, "LT: ADD");
	is(wait_now(ep), 0, "LT: nothing is ready");
	probe_arrive(&p[1]);
	is(wait_now(ep), 1, "LT: ready");
	is(got[0].events, EPOLLIN, "LT: only what was asked for");
	is(wait_now(ep), 1, "LT: reported as long as it holds");
	p[1].mask = 0;
	is(wait_now(ep), 0, "LT: not when drained");
	p[1].mask = EPOLLHUP | EPOLLERR | EPOLLRDHUP;
	wake_up_poll(&p[1].wq, EPOLLHUP);
	is(wait_now(ep), 1, "LT: HUP and ERR need not be asked for");
	is(got[0].events, EPOLLHUP | EPOLLERR, "LT: RDHUP does");
	p[2].mask = EPOLLIN | EPOLLOUT;
	is(add(ep, &p[2], 2, EPOLLOUT), 0, "LT: ADD of what is ready");
	is(wait_now(ep), 2, "LT: is reported at once");
	is_str(got_order(2), "12", "LT: in the order of becoming ready");
	end("LT");
}

static void test_edge(void)
{
	begin();
	p[1].mask = EPOLLOUT;
	add(ep, &p[1], 1, EPOLLIN | EPOLLOUT | EPOLLET);
	is(wait_now(ep), 1, "ET: the state at ADD is the first edge");
	is(wait_now(ep), 0, "ET: and only once");
	probe_arrive(&p[1]);
	is(wait_now(ep), 1, "ET: data arrived");
	is(got[0].events, EPOLLIN | EPOLLOUT,
	   "ET: an IN edge reports OUT along while writable");
	probe_arrive(&p[1]);
	is(wait_now(ep), 1, "ET: more data is one more edge, read or not");
	probe_arrive(&p[1]);
	probe_arrive(&p[1]);
	is(wait_now(ep), 1, "ET: edges between two waits are one event");
	is(wait_now(ep), 0, "ET: then none");
	probe_arrive(&p[1]);
	p[1].mask = 0;
	is(wait_now(ep), 0, "ET: an edge whose condition is gone is dropped");
	p[1].mask = EPOLLIN;
	is(wait_now(ep), 0, "ET: and not kept for later");

	mod(ep, &p[1], 1, EPOLLOUT | EPOLLET);
	p[1].mask = EPOLLIN | EPOLLOUT;
	wake_up_poll(&p[1].wq, EPOLL_IN_SET);
	is(wait_now(ep), 0, "ET: data is no edge for who asks for OUT only");
	wake_up(&p[1].wq);
	is(wait_now(ep), 1, "ET: news without a mask is an edge for all");
	mod(ep, &p[1], 1, EPOLLOUT | EPOLLET);
	is(wait_now(ep), 1, "ET: MOD of what is ready is an edge");
	end("ET");
}

static void test_oneshot(void)
{
	begin();
	add(ep, &p[1], 1, EPOLLIN | EPOLLONESHOT);
	probe_arrive(&p[1]);
	is(wait_now(ep), 1, "ONESHOT: one event");
	probe_arrive(&p[1]);
	is(wait_now(ep), 0, "ONESHOT: then nothing");
	probe_news(&p[1], EPOLLERR | EPOLLHUP, EPOLLERR | EPOLLHUP);
	is(wait_now(ep), 0, "ONESHOT: not even ERR and HUP");
	mod(ep, &p[1], 1, 0);
	is(wait_now(ep), 1, "ONESHOT: MOD to an empty mask shows those");
	is(got[0].events, EPOLLERR | EPOLLHUP, "ONESHOT: and only those");
	mod(ep, &p[1], 1, EPOLLIN | EPOLLONESHOT);
	p[1].mask = EPOLLIN;
	is(wait_now(ep), 1, "ONESHOT: MOD arms it again");
	is(wait_now(ep), 0, "ONESHOT: for one event");
	end("ONESHOT");
}

static void test_order(void)
{
	begin();
	for (int i = 1; i < NR; i++) {
		add(ep, &p[i], i, EPOLLIN);
		probe_arrive(&p[i]);
	}
	wait_max(ep, 1);
	is_str(got_order(1), "1", "order: first come, first served");
	wait_max(ep, 1);
	is_str(got_order(1), "2", "order: a delivered item goes to the tail");
	wait_max(ep, 2);
	is_str(got_order(2), "31", "order: what did not fit is in front");
	wait_now(ep);
	is_str(got_order(3), "231", "order: everybody has a turn");

	mod(ep, &p[3], 3, EPOLLIN);
	wait_now(ep);
	is_str(got_order(3), "231", "order: MOD of a queued item keeps it");
	del(ep, &p[2], 2);
	add(ep, &p[2], 2, EPOLLIN);
	wait_now(ep);
	is_str(got_order(3), "312", "order: DEL and ADD put it at the end");

	p[3].mask = 0;
	p[3].mask = EPOLLIN;
	wait_now(ep);
	is_str(got_order(3), "312",
	       "order: drained and ready again before a look keeps the place");
	end("order");
}

static void test_several_items(void)
{
	begin();
	add(ep, &p[1], 1, EPOLLIN);
	add(ep, &p[1], 2, EPOLLIN);
	is(add(ep, &p[1], 1, EPOLLIN), -EEXIST, "items: the same twice");
	probe_arrive(&p[1]);
	is(wait_now(ep), 2, "items: one file under two numbers is two items");
	is_str(got_order(2), "21", "items: the latest is queued first");
	is(del(ep, &p[1], 3), -ENOENT, "items: no such number");
	is(del(ep, &p[1], 1), 0, "items: DEL");
	is(del(ep, &p[1], 1), -ENOENT, "items: not twice");
	wait_now(ep);
	is_str(got_order(1), "2", "items: the other one stays");
	end("items");
}

static void test_fault(void)
{
	begin();
	for (int i = 1; i < NR; i++) {
		add(ep, &p[i], i, EPOLLIN | (i == 2 ? EPOLLET : EPOLLONESHOT));
		probe_arrive(&p[i]);
	}
	bad_from = (char *)got;
	is(wait_now(ep), -EFAULT, "fault: a bad buffer is EFAULT");
	bad_from = (char *)&got[1] + 5;
	is(wait_now(ep), 1, "fault: what was stored before it counts");
	is_str(got_order(1), "1", "fault: that is the first");
	bad_from = NULL;
	is(wait_now(ep), 2, "fault: the rest was not consumed");
	is_str(got_order(2), "23", "fault: and kept its order");
	is(wait_now(ep), 0, "fault: ET and ONESHOT are spent now");
	bad_from = (char *)got;
	is(wait_now(ep), 0, "fault: no event, no fault");
	bad_from = NULL;
	end("fault");
}

static void test_ctl_errors(void)
{
	struct file *plain = file_alloc(&no_poll_fops, NULL, O_RDWR);
	struct epoll_event ev = { .events = EPOLLIN };

	begin();
	is(eventpoll_ctl(plain, EPOLL_CTL_ADD, plain, 0, &ev), -EPERM,
	   "ctl: EPERM of the target comes first");
	is(eventpoll_ctl(p[1].file, EPOLL_CTL_ADD, p[2].file, 0, &ev), -EINVAL,
	   "ctl: not an epoll");
	is(eventpoll_ctl(ep, EPOLL_CTL_ADD, ep, 0, &ev), -EINVAL,
	   "ctl: not itself");
	is(eventpoll_ctl(ep, 99, p[1].file, 0, &ev), -EINVAL,
	   "ctl: no such operation");
	is(mod(ep, &p[1], 1, EPOLLIN), -ENOENT, "ctl: MOD of what is not in");
	is(add(ep, &p[1], 1, EPOLLIN | 1 << 20), 0,
	   "ctl: unknown bits are accepted");
	fput(plain);
	end("ctl");
}

static void test_exclusive_rules(void)
{
	struct file *inner;

	begin();
	inner = eventpoll_create();
	is(add(ep, &p[1], 1, EPOLLEXCLUSIVE | EPOLLIN | EPOLLRDHUP), -EINVAL,
	   "EXCLUSIVE: not with RDHUP");
	is(add(ep, &p[1], 1, EPOLLEXCLUSIVE | EPOLLIN | EPOLLONESHOT), -EINVAL,
	   "EXCLUSIVE: not with ONESHOT");
	is(ctl(ep, EPOLL_CTL_ADD, inner, 9, EPOLLEXCLUSIVE | EPOLLIN, 9),
	   -EINVAL, "EXCLUSIVE: not on an epoll");
	is(add(ep, &p[1], 1,
	       EPOLLEXCLUSIVE | EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP |
		       EPOLLWAKEUP | EPOLLET),
	   0, "EXCLUSIVE: with IN, OUT, ERR, HUP, WAKEUP and ET");
	is(mod(ep, &p[1], 1, EPOLLIN), -EINVAL, "EXCLUSIVE: cannot be MODed");
	is(mod(ep, &p[2], 2, EPOLLIN | EPOLLEXCLUSIVE), -EINVAL,
	   "EXCLUSIVE: nor come by MOD, which is told before ENOENT");
	is(del(ep, &p[1], 1), 0, "EXCLUSIVE: but DELed");
	fput(inner);
	end("EXCLUSIVE");
}

static void test_close(void)
{
	begin();
	add(ep, &p[1], 1, EPOLLIN);
	add(ep, &p[2], 1, EPOLLIN);
	probe_arrive(&p[1]);
	fput(p[1].file);
	p[1].file = NULL;
	is(wait_now(ep), 0, "close: the last close takes the item away");
	ok(!waitqueue_active(&p[1].wq), "close: and off the file's queue");
	probe_arrive(&p[2]);
	is(wait_now(ep), 1, "close: another file of that number is its own");
	get_file(p[2].file);
	fput(p[2].file);
	is(wait_now(ep), 1, "close: a file that lives on through a dup stays");
	end("close");
}

static void test_limit(void)
{
	size_t max = ep_max_user_watches;

	begin();
	ep_max_user_watches = 2;
	add(ep, &p[1], 1, EPOLLIN);
	add(ep, &p[2], 2, EPOLLIN);
	is(add(ep, &p[3], 3, EPOLLIN), -ENOSPC, "limit: max_user_watches");
	is(add(ep, &p[2], 2, EPOLLIN), -EEXIST, "limit: EEXIST comes first");
	del(ep, &p[1], 1);
	is(add(ep, &p[3], 3, EPOLLIN), 0, "limit: room again after DEL");
	ep_max_user_watches = max;
	end("limit");
}

/* Each allocation in turn fails: create, then ADD of a file of two queues. */
static void test_no_memory(void)
{
	struct file *file;
	long live;
	int n, r;

	for (n = 0;; n++) {
		fail_at = n;
		file = eventpoll_create();
		if (file)
			break;
		is(live_objects, 0, "memory: create fails without a trace");
	}
	fail_at = -1;
	is(n, 2, "memory: create allocates twice");
	fput(file);

	begin();
	p[1].queues = 2;
	p[1].mask = EPOLLIN;
	live = live_objects;
	for (n = 0;; n++) {
		fail_at = n;
		r = add(ep, &p[1], 1, EPOLLIN);
		if (!r)
			break;
		is(r, -ENOMEM, "memory: ADD fails with ENOMEM");
		ok(live_objects == live && !ep_watches &&
			   !waitqueue_active(&p[1].wq) &&
			   !waitqueue_active(&p[1].wq2),
		   "memory: and without a trace");
	}
	fail_at = -1;
	is(n, 3, "memory: an item and an entry for each queue");
	is(wait_now(ep), 1, "memory: afterwards it works");
	end("memory");
}

/* What is asked is what is ready, not what is watched. */
static void test_cost(void)
{
	static struct probe many[5000];
	int polled = 0;

	begin();
	for (int i = 0; i < 5000; i++) {
		probe_open(&many[i]);
		add(ep, &many[i], i, EPOLLIN);
		many[i].polled = 0;
	}
	probe_arrive(&many[1234]);
	is(wait_now(ep), 1, "cost: one of 5,000 is ready");
	is(got[0].data, 1234, "cost: that one");
	for (int i = 0; i < 5000; i++)
		polled += many[i].polled;
	is(polled, 1, "cost: no other is asked");
	for (int i = 0; i < 5000; i++)
		fput(many[i].file);
	end("cost");
}

static void test_fdinfo(void)
{
	char text[256];
	struct seq_buf m;

	begin();
	add(ep, &p[1], 5, EPOLLIN);
	seq_init(&m, text, sizeof(text));
	ep->f_op->show_fdinfo(&m, ep);
	is_str(text,
	       "tfd:        5 events:       19 data:                5 "
	       " pos:0 ino:7 sdev:3\n",
	       "fdinfo: one line an item, as Linux prints it");
	end("fdinfo");
}

/* Random operations against a model of level-triggered and edge items. */
static void test_random(void)
{
	struct {
		bool in, edge, ready;
	} model[NR] = { 0 };
	int step, want = 0, n = 0;

	begin();
	for (step = 0; step < 50000 && n == want; step++) {
		int i = random_below(NR);

		switch (random_below(5)) {
		case 0:
			model[i].edge = random_below(2);
			if (!add(ep, &p[i], i,
				 EPOLLIN | (model[i].edge ? EPOLLET : 0)) &&
			    !model[i].in) {
				model[i].in = true;
				model[i].ready = p[i].mask & EPOLLIN;
			} else {
				model[i].edge = !model[i].edge;
				mod(ep, &p[i], i,
				    EPOLLIN | (model[i].edge ? EPOLLET : 0));
				model[i].ready |= !!(p[i].mask & EPOLLIN);
			}
			break;
		case 1:
			if (del(ep, &p[i], i) != (model[i].in ? 0 : -ENOENT))
				want = -1;
			model[i].in = false;
			break;
		case 2:
			probe_arrive(&p[i]);
			model[i].ready = true;
			break;
		case 3:
			p[i].mask = 0;
			break;
		default:
			want = 0;
			for (int k = 0; k < NR; k++) {
				want += model[k].in && model[k].ready &&
					(p[k].mask & EPOLLIN);
				if (model[k].edge || !(p[k].mask & EPOLLIN))
					model[k].ready = false;
			}
			n = wait_now(ep);
		}
	}
	is(step, 50000, "random: 50,000 operations as the model says");
	end("random");
}

int main(void)
{
	random_seed();
	file_init();
	eventpoll_init();
	test_level();
	test_edge();
	test_oneshot();
	test_order();
	test_several_items();
	test_fault();
	test_ctl_errors();
	test_exclusive_rules();
	test_close();
	test_limit();
	test_no_memory();
	test_cost();
	test_fdinfo();
	test_random();
	return done_testing();
}
