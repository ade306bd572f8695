/* SPDX-License-Identifier: MIT */
/* unit: */
/* kernel/check.c: what is registered is looked at, what is broken is said. */
#include "kernel/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "kernel/printk.h"
#include "lib/check.h"
#include "lib/tap.h"

static const char *broken; /* what the check of the bricks finds */
static const char *seen; /* check_running(), within it */
static unsigned int runs;
static char logged[256];

void printk(enum log_level level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(logged, sizeof(logged), fmt, args);
	va_end(args);
}

static const char *brick_check(void)
{
	runs++;
	seen = check_running();
	return broken;
}

static const char *mortar_check(void)
{
	return NULL;
}

int main(void)
{
	is(check_all(), 0, "check: with nothing registered nothing is broken");
	check_register("bricks", brick_check);
	check_register("bricks", brick_check);
	check_register("mortar", mortar_check);
	is(check_all(), 0, "check: everything holds");
	is(runs, 1, "check: registered twice, it runs once");
	is_str(seen, "bricks", "check: the one that runs has a name");
	is_str(check_running(), NULL, "check: afterwards none runs");
	is_str(logged, "", "check: what holds is not logged");
	broken = "brick 2: it floats";
	is(check_all(), 1, "check: one is broken");
	is_str(logged, "does not hold: brick 2: it floats",
	       "check: the log says which");
	return done_testing();
}
