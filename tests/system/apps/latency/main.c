/* SPDX-License-Identifier: MIT */
/* The watchers, and what is measured: see latency.h. */
#include "latency.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <x86intrin.h>

static volatile unsigned int phase; /* odd: a call is being measured */
static volatile uint64_t longest;

static void note(unsigned int begun, uint64_t gap)
{
	if (begun == phase && begun % 2 && gap > longest)
		longest = gap;
}

static void *watch_yielding(void *arg)
{
	for (;;) {
		unsigned int begun = phase;
		uint64_t start = __rdtsc();

		sched_yield();
		note(begun, __rdtsc() - start);
	}
	return arg;
}

#define NAP_NS 100000

static void *watch_sleeping(void *arg)
{
	const struct timespec nap = { 0, NAP_NS };

	for (;;) {
		unsigned int begun = phase;
		uint64_t start = __rdtsc();

		nanosleep(&nap, NULL);
		note(begun, __rdtsc() - start - NAP_NS);
	}
	return arg;
}

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

void need(int good, const char *what)
{
	if (!good)
		die(what);
}

void begin(void)
{
	longest = 0;
	phase++;
	sched_yield();
}

void end(const char *name, long result)
{
	int error = errno;

	sched_yield();
	phase++;
	printf("%s %llu", name, (unsigned long long)longest);
	if (result < 0)
		printf(" (%s)", strerror(error));
	printf("\n");
	fflush(stdout);
}

char *map(size_t len, int flags)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1,
		       0);

	need(p != MAP_FAILED, "mmap");
	return p;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {
		{ "dense", dense_memory }, { "sparse", sparse_memory },
		{ "areas", many_areas },   { "devices", devices },
		{ "files", files },	   { "descriptors", descriptors },
		{ "epolls", epolls },	   { "unix", unix_sockets },
		{ "flight", in_flight },   { "connections", connections },
		{ "ports", ports },	   { "waiters", waiters },
		{ "timers", timers },	   { "signals", signals },
		{ "peers", peers },	   { "members", members },
		{ "pingers", pingers },	   { "nested", nested },
	};
	const struct rlimit all = { 1 << 20, 1 << 20 };
	pthread_t watcher;
	sigset_t signals_of_all;

	sigfillset(&signals_of_all);
	sigprocmask(SIG_BLOCK, &signals_of_all, NULL);
	need(!setrlimit(RLIMIT_NOFILE, &all), "setrlimit");
	if (pthread_create(&watcher, NULL, watch_yielding, NULL) ||
	    pthread_create(&watcher, NULL, watch_sleeping, NULL))
		die("pthread_create");
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (argc < 2 || strstr(argv[1], parts[i].name))
			parts[i].run();
	printf("done\n");
	return 0;
}
