/* SPDX-License-Identifier: MIT */
/*
 * Random system calls. With one thread they are calls with random arguments,
 * ended by a timer's signal where they wait; with more, half of them are made
 * to wait or to be long, and a watch ends them. After each round a connection
 * has to work; after the first and the last the machine's own account is shown.
 *
 * usage: fuzz SEED CALLS [THREADS [SECONDS]]
 *
 * SECONDS: rounds of CALLS calls until so much time is over. The last line
 * begins with "fuzz: ".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define ROUND 4000 /* calls between two looks at the machine */
#define TICK_US 4000
#define FIRST_ARENA ((uint8_t *)0x20000000UL)

__thread struct worker *me;
struct tally tallies[NR_CALLS];
uint8_t *shared;
bool threaded;

static struct worker alone = { .arena = FIRST_ARENA };

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000UL + ts.tv_nsec;
}

/* xorshift64* */
uint64_t rnd(void)
{
	me->state ^= me->state >> 12;
	me->state ^= me->state << 25;
	me->state ^= me->state >> 27;
	return me->state * 0x2545f4914f6cdd1d;
}

uint64_t below(uint64_t n)
{
	return (rnd() >> 16) % n;
}

static struct tally *tally_of(long nr)
{
	return &tallies[nr >= 0 && nr < NR_CALLS ? nr : NR_CALLS - 1];
}

long call(const long *a)
{
	struct record *r = &me->ring[me->nr++ % RING];
	struct tally *t = tally_of(a[0]);
	long ret;

	memcpy(r->a, a, sizeof(r->a));
	r->ret = 0;
	atomic_store(&me->kicked, false);
	atomic_store(&me->since, threaded ? now_ns() : 0);
	ret = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
	atomic_store(&me->since, 0);
	r->ret = ret < 0 ? -errno : ret;
	atomic_fetch_add(&t->calls, 1);
	if (ret < 0)
		atomic_fetch_add(&t->errors, 1);
	if (ret < 0 && errno == EINTR)
		atomic_fetch_add(&t->interrupted, 1);
	return ret;
}

static void on_signal(int sig)
{
}

/* What a server needs works: an event, through epoll, over a connection. */
static void sane(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 0x1234 };
	socklen_t len = sizeof(sin);
	int ep = epoll_create1(0), l = socket(AF_INET, SOCK_STREAM, 0);
	int c = socket(AF_INET, SOCK_STREAM, 0), s;
	char text[8] = "";

	bind(l, (void *)&sin, sizeof(sin));
	listen(l, 4);
	getsockname(l, (void *)&sin, &len);
	if (connect(c, (void *)&sin, len))
		goto bad;
	s = accept(l, NULL, NULL);
	if (s < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, s, &ev) ||
	    write(c, "echo", 4) != 4)
		goto bad;
	memset(&ev, 0, sizeof(ev));
	if (epoll_wait(ep, &ev, 1, 10000) != 1 || ev.events != EPOLLIN ||
	    ev.data.u64 != 0x1234)
		goto bad;
	if (read(s, text, sizeof(text)) != 4 || memcmp(text, "echo", 5))
		goto bad;
	close_all();
	return;
bad:
	printf("\nnot sane: %s\n", strerror(errno));
	exit(1);
}

static void tick(long us)
{
	struct itimerval t = { { 0, us }, { 0, us } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static void one_round(unsigned int calls)
{
	tick(TICK_US);
	while (calls--) {
		if (me->torn || !below(64))
			renew_arena();
		if (!below(32))
			open_some();
		if (!below(400))
			close_all();
		random_call();
	}
	tick(0);
	renew_arena();
}

/* The machine's own account, for the one who compares. */
static void show(const char *path)
{
	char text[512];
	ssize_t n;
	int fd = open(path, O_RDONLY);

	while ((n = read(fd, text, sizeof(text))) > 0)
		fwrite(text, 1, n, stdout);
	close(fd);
}

static void account(const char *when)
{
	printf("\naccount %s\n", when);
	fflush(stdout);
	show("/proc/meminfo");
	show("/proc/slabinfo");
	printf("end of account\n");
	fflush(stdout);
}

static long tcp_pcbs(void)
{
	static char text[8192];
	int fd = open("/proc/slabinfo", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	const char *line;

	close(fd);
	text[n > 0 ? n : 0] = 0;
	line = strstr(text, "\ntcp_pcb ");
	return line ? strtol(line + 9, NULL, 10) : 0;
}

/* A peer that is another machine, or lwIP itself, has its own time. */
static void settle(void)
{
	for (int i = 0; i < 200 && tcp_pcbs() > 0; i++)
		sleep(1);
}

static void look(bool warm)
{
	close_all();
	unix_forget();
	forget_contested();
	sane();
	if (!warm)
		account("early");
}

/* The table of descriptors is as large as it gets, once for all. */
static void grow_table(int end)
{
	for (int fd = FIRST_FD; fd < end; fd += 32)
		close(dup2(1, fd));
	close(dup2(1, end - 1));
}

static void setup(uint64_t seed)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct rlimit files = { END_FD, END_FD };

	if (threaded) /* an array of poll() may be longer than what is open */
		files = (struct rlimit){ 8192, 8192 };
	me = &alone;
	me->state = seed * 2 + 1;
	for (int i = 0; i < 16; i++)
		rnd();
	sigaction(SIGALRM, &act, NULL);
	sigaction(SIGUSR1, &act, NULL);
	sigaction(SIGUSR2, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	grow_table((int)files.rlim_cur);
	/* With a page behind that stops what is longer. */
	shared = mmap(NULL, SHARED_SIZE + 4096, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(shared + SHARED_SIZE, 4096, PROT_NONE);
	memset(shared, 0, SHARED_SIZE);
	find_own_address();
}

static unsigned long argument(int argc, char **argv, int i, unsigned long other)
{
	return argc > i ? strtoul(argv[i], NULL, 0) : other;
}

static void alone_rounds(unsigned long left)
{
	renew_arena();
	for (bool warm = false; left; warm = true) {
		unsigned int n = left < ROUND ? left : ROUND;

		one_round(n);
		left -= n;
		look(warm);
	}
}

static void storm_rounds(unsigned int threads, unsigned long calls,
			 unsigned long seconds)
{
	uint64_t end = now_ns() + seconds * 1000000000;

	watch_start();
	for (bool warm = false;; warm = true) {
		if (!storm(threads, calls, seconds))
			exit(1);
		look(warm);
		if (warm && now_ns() >= end)
			return;
	}
}

int main(int argc, char **argv)
{
	unsigned long calls = argument(argc, argv, 2, ROUND);
	unsigned int threads = argument(argc, argv, 3, 1);

	threaded = threads > 1;
	setup(argument(argc, argv, 1, 1));
	if (threaded)
		storm_rounds(threads, calls, argument(argc, argv, 4, 0));
	else
		alone_rounds(calls);
	settle();
	account("late");
	watch_report();
	fflush(stdout);
	if (threaded)
		leave_sleepers(threads);
	return 0;
}
