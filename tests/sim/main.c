/* SPDX-License-Identifier: MIT */
/*
 * Seeds, a process for each, until enough is simulated; TAP.
 *
 *	sim --first=N --hours=N		seeds from N on, until so much is simulated
 *	sim --first=N --seconds=N	... for so long
 *	sim --seed=N [--keep=f1,p2]	one, or a part of what it stands for
 *	    --verbose			... with all that happens
 *	    --jobs=N			processes at a time
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "history.h"
#include "runs.h"
#include "shrink.h"
#include "world.h"

#define JOBS_MAX 64
#define FAILURES_MAX 3

static struct options {
	uint64_t first, hours, seconds;
	bool single;
	const char *keep;
	unsigned int jobs;
} options = { .first = 1, .jobs = 2 };

static struct job {
	struct run run;
	bool is_busy;
} jobs[JOBS_MAX];

static struct figures total;
static unsigned int nr_runs, nr_failed;

/* ---- What all runs add up to --------------------------------------------- */

static void add(const struct figures *f)
{
	uint64_t *sum = (uint64_t *)&total;

	for (size_t i = 0; i < sizeof(*f) / sizeof(*sum); i++)
		sum[i] += ((const uint64_t *)f)[i];
}

static double hours(uint64_t ns)
{
	return ns / (double)HOUR;
}

static void print_figures(void)
{
	const struct figures *f = &total;

	printf("# %u runs, %.1f hours by the clock, %.1f of hosts\n", nr_runs,
	       hours(f->simulated_ns), hours(f->host_ns));
	printf("# %llu connections (%llu ends excused), %llu bytes, %llu frames\n",
	       (unsigned long long)f->connections,
	       (unsigned long long)f->excused, (unsigned long long)f->bytes,
	       (unsigned long long)f->frames);
	printf("# frames: %llu lost, %llu doubled or made, %llu corrupted, "
	       "%llu late, %llu cut off, %llu too long, %llu without a "
	       "buffer\n",
	       (unsigned long long)f->lost, (unsigned long long)f->made,
	       (unsigned long long)f->corrupted,
	       (unsigned long long)f->reordered, (unsigned long long)f->cut_off,
	       (unsigned long long)f->too_long,
	       (unsigned long long)f->no_buffer);
	printf("# %llu allocations refused, %llu resets of devices, %llu looks "
	       "at threads asleep\n",
	       (unsigned long long)f->refused, (unsigned long long)f->resets,
	       (unsigned long long)f->wakes);
	for (unsigned int i = 0; i < NR_FAULTS; i++)
		printf("# fault: %s: %llu\n", fault_names[i],
		       (unsigned long long)f->faults[i]);
}

/* ---- Runs ---------------------------------------------------------------- */

static void report(struct run *run)
{
	char keep[SHRINK_MAX] = "";

	shrink(run, keep);
	run_print(run);
	printf("# SEED=%llu\n", (unsigned long long)run->seed);
	printf("# Repeat it: %s --seed=%llu%s%s\n", run_program(),
	       (unsigned long long)run->seed, keep[0] ? " --keep=" : "", keep);
	printf("not ok %u - seed %llu\n", ++nr_failed,
	       (unsigned long long)run->seed);
	fflush(stdout);
}

static bool is_enough(uint64_t begun)
{
	if (nr_failed >= FAILURES_MAX)
		return true;
	if (options.hours && total.simulated_ns >= options.hours * HOUR)
		return true;
	return options.seconds && time(NULL) - begun >= options.seconds;
}

static struct job *idle_job(void)
{
	for (unsigned int i = 0; i < options.jobs; i++) {
		if (!jobs[i].is_busy)
			return &jobs[i];
	}
	return NULL;
}

static void wait_for_one(void)
{
	int status;
	pid_t pid = wait(&status);

	for (unsigned int i = 0; i < options.jobs; i++) {
		struct job *job = &jobs[i];

		if (!job->is_busy || job->run.pid != pid)
			continue;
		job->is_busy = false;
		run_ended(&job->run, status);
		nr_runs++;
		if (job->run.failed)
			report(&job->run);
		else
			add(job->run.figures);
		run_free(&job->run);
	}
}

static void run_many(void)
{
	uint64_t begun = time(NULL), seed = options.first;
	unsigned int nr_busy = 0;
	struct job *job;

	printf("# SEED=%llu\n", (unsigned long long)seed);
	for (;;) {
		bool enough = is_enough(begun);

		if (enough && !nr_busy)
			break;
		job = enough ? NULL : idle_job();
		if (!job) {
			wait_for_one();
			nr_busy--;
			continue;
		}
		job->is_busy = true;
		nr_busy++;
		run_start(&job->run, seed++, NULL);
	}
	print_figures();
	printf("%sok %u - every other seed keeps the rules\n1..%u\n",
	       nr_runs > nr_failed ? "" : "not ", nr_failed + 1, nr_failed + 1);
}

static void run_one(void)
{
	struct run run;
	int status;

	run_start(&run, options.first, options.keep);
	waitpid(run.pid, &status, 0);
	run_ended(&run, status);
	nr_runs = 1;
	nr_failed = run.failed;
	if (!run.failed) {
		add(run.figures);
		print_figures();
		printf("# hash %016llx\n",
		       (unsigned long long)run.figures->hash);
	}
	run_print(&run);
	printf("%sok 1 - seed %llu\n1..1\n", run.failed ? "not " : "",
	       (unsigned long long)run.seed);
}

/* ---- Start --------------------------------------------------------------- */

static void parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "first", required_argument, NULL, 'f' },
		{ "hours", required_argument, NULL, 'h' },
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'S' },
		{ "keep", required_argument, NULL, 'k' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		uint64_t n = optarg ? strtoull(optarg, NULL, 0) : 0;

		switch (c) {
		case 'S':
			options.single = true;
			options.first = n;
			break;
		case 'f':
			options.first = n;
			break;
		case 'h':
			options.hours = n;
			break;
		case 's':
			options.seconds = n;
			break;
		case 'k':
			options.keep = optarg;
			break;
		case 'j':
			options.jobs = MIN(MAX(n, 1UL), (uint64_t)JOBS_MAX);
			break;
		case 'v':
			history_verbose = true;
			break;
		default:
			exit(2);
		}
	}
	if (optind < argc ||
	    (!options.single && !options.hours && !options.seconds)) {
		fprintf(stderr, "see tests/sim/main.c\n");
		exit(2);
	}
}

/* Addresses are the same each time: what they decide is, too. */
static void fix_addresses(char **argv)
{
	int now_is = personality(0xffffffff);

	if (now_is & ADDR_NO_RANDOMIZE)
		return;
	if (personality(now_is | ADDR_NO_RANDOMIZE) < 0)
		return; /* only the hash may differ */
	execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	fix_addresses(argv);
	parse(argc, argv);
	runs_init(argv[0]);
	if (options.single)
		run_one();
	else
		run_many();
	return nr_failed != 0;
}
