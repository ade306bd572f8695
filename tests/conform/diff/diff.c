/* SPDX-License-Identifier: MIT */
/*
 * The differential tester: random operations on pipes, socket pairs, eventfds,
 * timerfds, epolls (also in each other) and duplicates, printed as a trace: one
 * hash for each seed, or one line for each operation of a seed; the same seeds
 * give the same text on Linux and on Pollux.
 *
 * usage: diff FIRST COUNT STEPS KINDS    a line a seed: its number and a hash
 *        diff SEED v STEPS KINDS         the trace of one seed
 * KINDS are letters, diff.h has them.
 *
 * Nothing in a trace may depend on time: a timer either expired long ago or
 * will not for an hour, and no wait blocks.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>

#include "diff.h"

static uint64_t state, hash;
static bool verbose;

/* xorshift64*: Marsaglia 2003, Vigna 2016. */
unsigned int pick(unsigned int n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (unsigned int)((state * 0x2545f4914f6cdd1dull) >> 33) % n;
}

/* Into the hash (FNV-1a), and to stdout when asked for. */
void say(const char *format, ...)
{
	char line[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	for (const char *at = line; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 0x100000001b3ull;
	if (verbose)
		fputs(line, stdout);
}

static void run(uint64_t seed, int steps, const char *kinds)
{
	state = (seed + 1) * 0x9e3779b97f4a7c15ull;
	hash = 0xcbf29ce484222325ull;
	begin(kinds);
	for (int i = 0; i < steps; i++) {
		say("%d ", i);
		step();
	}
	finish();
	if (!verbose)
		printf("seed %llu %016llx\n", (unsigned long long)seed,
		       (unsigned long long)hash);
}

int main(int argc, char **argv)
{
	int first, count;

	if (argc != 5 || !*argv[4]) {
		fputs("usage: diff FIRST COUNT|v STEPS KINDS\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	verbose = !strcmp(argv[2], "v");
	first = atoi(argv[1]);
	count = verbose ? 1 : atoi(argv[2]);
	for (int i = 0; i < count; i++)
		run((uint64_t)(first + i), atoi(argv[3]), argv[4]);
	return 0;
}
