/* SPDX-License-Identifier: MIT */
/* unit: kernel/task/tid.c kernel/lib/rbtree.c kernel/cmdline.c */
/*
 * Numbers of threads: what happens when they have all been given, and that no
 * two threads ever have the same.
 */
#include "kernel/task/tid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/cmdline.h"
#include "kernel/task/thread.h"
#include "lib/tap.h"

#define THREADS 600
#define STEPS 200000

static struct thread memory[THREADS], *threads[THREADS];
static unsigned int nr_threads;

/* The command line is read once in a machine's life, and here every time. */
static void set_max(const char *word)
{
	static char lines[8][64];
	static unsigned int nr;
	char *line = lines[nr++];

	strcpy(line, "sysctl.kernel.pid_max=");
	strcat(line, word);
	cmdline_init(line);
	tid_init();
}

static int start(void)
{
	struct thread *thread = threads[nr_threads];
	int err;

	RB_CLEAR_NODE(&thread->tid_node);
	err = tid_attach(thread);
	if (err)
		return err;
	nr_threads++;
	return thread->tid;
}

/* The last one goes where the ended one was. */
static void end(unsigned int i)
{
	struct thread *last = threads[--nr_threads], *ended = threads[i];

	tid_detach(ended);
	tid_detach(ended);
	threads[i] = last;
	threads[nr_threads] = ended;
}

static void end_all(void)
{
	while (nr_threads)
		end(nr_threads - 1);
}

/* As many threads as it takes, one after the other. */
static int run_to(int tid)
{
	int got;

	do {
		got = start();
		end(nr_threads - 1);
	} while (got > 0 && got != tid);
	return got;
}

static void test_turn(void)
{
	is(pid_max(), 4194304, "the default is Linux's largest");
	is(start(), 1, "the first thread is the application");
	is(start(), 2, "then comes the next");
	is(start(), 3, "and the next");
	end(2);
	is(start(), 4, "the number of a thread that ended is not given again");
	end_all();
	is(run_to(4194303), 4194303, "until the last one");
	is(start(), 300, "then it is, from 300 on");
	is(start(), 301, "and so on");
	is(run_to(4194303), 4194303, "the next turn");
	is(start(), 302, "leaves out those that are in use");
	ok(thread_find(301) == threads[1] && !thread_find(303) &&
		   !thread_find(-1) && !thread_find(4194303),
	   "who is there is found by number");
	end_all();
	ok(!thread_find(300), "and nobody else");
}

static void test_setting(void)
{
	set_max("300");
	is(pid_max(), 4194304, "300 is too small");
	set_max("4194305");
	is(pid_max(), 4194304, "4194305 too large");
	set_max("1000x");
	is(pid_max(), 4194304, "1000x no number");
	set_max("800");
	is(pid_max(), 800, "800 is taken");
}

static void test_full(void)
{
	int tid, last = 0;

	while ((tid = start()) > 0)
		last = tid;
	is(tid, -EAGAIN, "without a free number: EAGAIN");
	is(nr_threads, 500, "all from 300 to 799 are in use");
	ok(last >= 300 && last < 800, "none of them beyond");
	end(123);
	ok(start() > 0, "one that ends makes room for one");
	is(start(), -EAGAIN, "and for no more");
	end_all();
}

static void test_random(unsigned int seed)
{
	bool used[800] = { false };
	unsigned int wrong = 0, turns = 0;
	int tid, last = 0;

	srand(seed);
	for (int i = 0; i < STEPS; i++) {
		unsigned int victim = nr_threads ? rand() % nr_threads : 0;

		if (nr_threads && (rand() % 100 < (i / 1000 % 2 ? 40 : 60))) {
			used[threads[victim]->tid] = false;
			end(victim);
			continue;
		}
		tid = start();
		if (tid < 0) {
			wrong += nr_threads != 500;
			continue;
		}
		wrong += used[tid] || tid < 300 || tid >= 800;
		turns += tid < last;
		last = tid;
		used[tid] = true;
	}
	is(wrong, 0, "random: no number twice, none out of its range");
	ok(turns > 100, "random: %u turns", turns);
	wrong = 0;
	for (tid = 0; tid < 800; tid++)
		wrong += used[tid] != !!thread_find(tid);
	is(wrong, 0, "random: who is there is found");
}

int main(void)
{
	unsigned int seed = tap_seed(time(NULL));

	for (unsigned int i = 0; i < THREADS; i++)
		threads[i] = &memory[i];
	test_turn();
	test_setting();
	test_full();
	test_random(seed);
	return done_testing();
}
