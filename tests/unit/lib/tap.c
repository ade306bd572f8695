/* SPDX-License-Identifier: MIT */
/*
 * TAP version 12 on stdout (testanything.org), diagnostics as comments in the
 * same stream so that they stay beside the line they explain.
 */
#include "lib/tap.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static unsigned int planned;
static unsigned int done;
static unsigned int failed;

/* Only what signal-safety(7) allows: write and _exit. */
static void on_deadline(int sig)
{
	static const char line[] = "\nBail out! deadline passed\n";
	ssize_t unused;

	(void)sig;
	unused = write(STDOUT_FILENO, line, sizeof(line) - 1);
	(void)unused;
	_exit(124);
}

/* Of CPU time, which does not pass faster on a busy machine. */
void tap_deadline(unsigned int seconds)
{
	struct itimerval it = { .it_value.tv_sec = seconds };

	setitimer(ITIMER_PROF, &it, NULL);
}

/* Line buffered also into a pipe: what was printed survives an abort(). */
__attribute__((constructor)) static void tap_init(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPROF, on_deadline);
	tap_deadline(TAP_DEADLINE);
}

void plan(unsigned int count)
{
	planned = count;
	printf("1..%u\n", count);
}

static bool result(bool cond, const char *fmt, va_list args)
{
	done++;
	if (!cond)
		failed++;
	printf("%s %u - ", cond ? "ok" : "not ok", done);
	vprintf(fmt, args);
	printf("\n");
	return cond;
}

bool ok(bool cond, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	result(cond, name, args);
	va_end(args);
	return cond;
}

bool is(long long got, long long want, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	result(got == want, name, args);
	va_end(args);
	if (got != want)
		diag("got %lld (%#llx), want %lld (%#llx)", got, got, want,
		     want);
	return got == want;
}

bool is_ptr(const void *got, const void *want, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	result(got == want, name, args);
	va_end(args);
	if (got != want)
		diag("got %p, want %p", got, want);
	return got == want;
}

bool is_str(const char *got, const char *want, const char *name, ...)
{
	bool same = got && want ? !strcmp(got, want) : got == want;
	va_list args;

	va_start(args, name);
	result(same, name, args);
	va_end(args);
	if (!same)
		diag("got \"%s\", want \"%s\"", got ? got : "(null)",
		     want ? want : "(null)");
	return same;
}

bool is_mem(const void *got, const void *want, size_t len, const char *name,
	    ...)
{
	const unsigned char *a = got;
	const unsigned char *b = want;
	size_t at = 0;
	va_list args;

	while (at < len && a[at] == b[at])
		at++;
	va_start(args, name);
	result(at == len, name, args);
	va_end(args);
	if (at < len)
		diag("byte %zu of %zu: got %#x, want %#x", at, len, a[at],
		     b[at]);
	return at == len;
}

void skip(const char *reason, ...)
{
	va_list args;

	done++;
	printf("ok %u # SKIP ", done);
	va_start(args, reason);
	vprintf(reason, args);
	va_end(args);
	printf("\n");
}

void diag(const char *fmt, ...)
{
	va_list args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

void bail_out(const char *fmt, ...)
{
	va_list args;

	printf("Bail out! ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	exit(EXIT_FAILURE);
}

unsigned int tap_seed(unsigned int usual)
{
	const char *text = getenv("SEED");
	unsigned int seed = text ? strtoul(text, NULL, 0) : usual;

	diag("SEED=%u", seed);
	return seed;
}

void must_hold(const char *broken)
{
	if (broken)
		bail_out("does not hold: %s", broken);
}

int done_testing(void)
{
	if (!planned)
		printf("1..%u\n", done);
	else if (planned != done)
		diag("planned %u assertions, made %u", planned, done);
	if (failed)
		diag("%u of %u assertions failed", failed, done);
	return failed || !done || (planned && planned != done);
}
