/* SPDX-License-Identifier: MIT */
/*
 * The table of the checks. It is filled while the machine starts.
 */
#include "kernel/check.h"

#include "kernel/printk.h"

#define CHECKS_MAX 48

static struct check {
	const char *name;
	const char *(*run)(void);
} checks[CHECKS_MAX];

static unsigned int nr_checks;
static const char *running;

void check_register(const char *name, const char *(*check)(void))
{
	unsigned int i;

	for (i = 0; i < nr_checks; i++)
		if (checks[i].run == check)
			return;
	ASSERT(nr_checks < CHECKS_MAX);
	checks[nr_checks++] = (struct check){ name, check };
}

unsigned int check_all(void)
{
	unsigned int i, broken = 0;
	const char *text;

	for (i = 0; i < nr_checks; i++) {
		running = checks[i].name;
		text = checks[i].run();
		if (text) {
			pr_err("does not hold: %s", text);
			broken++;
		}
	}
	running = NULL;
	return broken;
}

const char *check_running(void)
{
	return running;
}
