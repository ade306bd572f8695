/* SPDX-License-Identifier: MIT */
/*
 * Hosts: the shared object is copied for each, since what is loaded twice
 * from one file is loaded once.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history.h"
#include "host.h"
#include "judge.h"
#include "watch.h"
#include "wire.h"

struct host hosts[HOSTS_MAX];
unsigned int nr_hosts;

/* How long a device takes to notice its doorbell. */
#define SERVE_NS (5 * USEC)

/* ---- Loading ------------------------------------------------------------- */

static void copy_file(const char *from, const char *to)
{
	char buf[1 << 16], part[PATH_MAX + 32];
	FILE *in = fopen(from, "rb"), *out;
	size_t n;

	snprintf(part, sizeof(part), "%s.%d", to, (int)getpid());
	out = fopen(part, "wb");
	if (!in || !out) {
		perror(part);
		exit(2);
	}
	while ((n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, out);
	fclose(in);
	if (fclose(out) || rename(part, to)) {
		perror(to);
		exit(2);
	}
}

static bool is_newer(const char *a, const char *b)
{
	struct stat of_a, of_b;

	if (stat(a, &of_a) || stat(b, &of_b))
		return false;
	return of_a.st_mtim.tv_sec > of_b.st_mtim.tv_sec ||
	       (of_a.st_mtim.tv_sec == of_b.st_mtim.tv_sec &&
		of_a.st_mtim.tv_nsec >= of_b.st_mtim.tv_nsec);
}

void hosts_load(const char *object, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		char copy[PATH_MAX];
		void *so;

		snprintf(copy, sizeof(copy), "%s.%u", object, i);
		if (!is_newer(copy, object))
			copy_file(object, copy);
		so = dlopen(copy, RTLD_NOW | RTLD_LOCAL);
		hosts[i].ops = so ? dlsym(so, MACHINE_OPS) : NULL;
		if (!hosts[i].ops) {
			fprintf(stderr, "%s\n", dlerror());
			exit(2);
		}
		hosts[i].nr = i;
	}
}

/* ---- What a machine asks of the simulator -------------------------------- */

static bool refuse(void *host, size_t size)
{
	struct host *h = host;

	if (now >= h->refuse_until || rng_below(&h->rng, h->refuse_one_of) != 0)
		return false;
	h->refused++;
	return true;
}

static void transmit(void *host, const void *frame, size_t len)
{
	wire_send(host, frame, len);
}

static void machine_log(void *host, const char *text)
{
	const struct host *h = host;

	history_log(h->nr, text);
}

static void machine_panic(void *host, const char *text)
{
	const struct host *h = host;

	fail("host %u: panic: %s", h->nr, text);
}

static void thread_ended(void *host, void *arg)
{
	struct host *h = host;
	struct task **link = &h->tasks, *t = arg;

	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	free(t);
}

void host_boot(struct host *h)
{
	struct machine_env env = {
		.host = h,
		.refuse = refuse,
		.transmit = transmit,
		.log = machine_log,
		.panic = machine_panic,
		.thread_ended = thread_ended,
	};

	h->run_at = 0;
	h->ops->boot(&h->config, &env);
}

bool host_had_trouble(struct host *h)
{
	struct machine_state s;

	h->ops->state(&s);
	return s.refused || h->had_lies;
}

/* ---- Running ------------------------------------------------------------- */

static void serve(void *arg)
{
	struct host *h = arg;

	h->serve_planned = false;
	if (now < h->device_stopped_until) {
		h->serve_planned = true;
		at(h->device_stopped_until, serve, h);
		return;
	}
	h->ops->serve();
	if (h->ops->wants_to_run())
		h->run_at = MIN(h->run_at, now);
}

void host_run(struct host *h)
{
	h->run_at = NEVER;
	h->ops->run(now);
	if (h->ops->doorbell() && !h->serve_planned) {
		h->serve_planned = true;
		at(now + SERVE_NS, serve, h);
	}
	watch_host(h);
}

uint64_t host_due(const struct host *h)
{
	uint64_t due = h->ops->next();

	due = MIN(due, h->run_at);
	return due == NEVER ? NEVER : MAX(due, h->frozen_until);
}

void host_receive(struct host *h, const void *frame, size_t len)
{
	bool irq = now >= h->irq_lost_until || rng_chance(&h->rng, 1, 2);
	uint64_t run_at;

	if (now < h->device_stopped_until ||
	    !h->ops->receive(frame, len, irq)) {
		h->no_buffer++;
		return;
	}
	h->received++;
	if (!h->ops->wants_to_run())
		return;
	run_at = now + (h->latency ? rng_below(&h->rng, h->latency) : 0);
	h->run_at = MIN(h->run_at, run_at);
}

/* ---- Tasks --------------------------------------------------------------- */

static void task_main(void *arg)
{
	struct task *t = arg;

	t->fn(t, t->arg);
}

struct task *task_start(struct host *h, const char *name,
			void (*fn)(struct task *task, void *arg), void *arg)
{
	struct task *t = calloc(1, sizeof(*t));

	t->host = h;
	t->fn = fn;
	t->arg = arg;
	t->name = name;
	t->rng.state = rng_u64(&h->rng);
	t->next = h->tasks;
	h->tasks = t;
	h->ops->thread_start(task_main, t);
	h->run_at = MIN(h->run_at, now);
	return t;
}

void task_sleep(struct task *t, uint64_t ns)
{
	t->host->ops->sleep(ns);
}

/* ---- System calls -------------------------------------------------------- */

long sys(struct task *t, long nr, uint64_t a, uint64_t b, uint64_t c,
	 uint64_t d, uint64_t e, uint64_t f)
{
	uint64_t args[6] = { a, b, c, d, e, f };
	long ret;

	t->nr = nr;
	memcpy(t->args, args, sizeof(args));
	t->ready_since = 0;
	t->in_call = true;
	ret = t->host->ops->syscall(nr, args);
	t->in_call = false;
	history_call(t->host->nr, nr, args, ret);
	return ret;
}
