/* SPDX-License-Identifier: MIT */
/*
 * lib/tap.h under libFuzzer: what holds is not worth a line, what does not ends
 * the program, and libFuzzer writes down the input.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"

/* What was freed waits in the cache's reach: an input frees less than that. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=8";
}

static void say(const char *word, const char *fmt, va_list args)
{
	fprintf(stderr, "%s", word);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
}

static void judge(bool cond, const char *fmt, va_list args)
{
	if (cond)
		return;
	say("not ok - ", fmt, args);
	abort();
}

bool ok(bool cond, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	judge(cond, name, args);
	va_end(args);
	return cond;
}

bool is(long long got, long long want, const char *name, ...)
{
	va_list args;

	if (got != want)
		fprintf(stderr, "got %lld, want %lld\n", got, want);
	va_start(args, name);
	judge(got == want, name, args);
	va_end(args);
	return true;
}

bool is_str(const char *got, const char *want, const char *name, ...)
{
	bool same = got && want ? !strcmp(got, want) : got == want;
	va_list args;

	if (!same)
		fprintf(stderr, "got \"%s\", want \"%s\"\n",
			got ? got : "(null)", want ? want : "(null)");
	va_start(args, name);
	judge(same, name, args);
	va_end(args);
	return true;
}

bool is_mem(const void *got, const void *want, size_t len, const char *name,
	    ...)
{
	va_list args;

	va_start(args, name);
	judge(!memcmp(got, want, len), name, args);
	va_end(args);
	return true;
}

void diag(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("# ", fmt, args);
	va_end(args);
}

void bail_out(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say("Bail out! ", fmt, args);
	va_end(args);
	abort();
}

void must_hold(const char *broken)
{
	if (broken)
		bail_out("%s", broken);
}

int done_testing(void)
{
	return 0;
}
