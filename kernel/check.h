/* SPDX-License-Identifier: MIT */
/*
 * Checks of invariants. A file that lists invariants has a function that
 * looks whether they hold:
 *
 *	const char *foo_check(const struct foo *foo);
 *
 * NULL: they do; else a constant text that begins with the name and the number
 * of the first that does not. A check changes nothing, takes no memory, does
 * not sleep and does not ASSERT. It ends on damaged structures, too: a list is
 * looked at with list_is_intact() before it is walked, a tree with
 * rb_check(), and other walks are counted.
 *
 * What can be checked without arguments is registered here, so that panic()
 * and the unit tests look at everything.
 */
#ifndef KERNEL_CHECK_H
#define KERNEL_CHECK_H

#include "kernel/base.h"

/* From now on, for good: when what it looks at is set up. The name is kept. */
void check_register(const char *name, const char *(*check)(void));

/*
 * Runs all, in the order of registration; logs what does not hold and returns
 * for how many of them that is so. A thread, or panic() in any context: there
 * something may be in the middle of a change.
 */
unsigned int check_all(void);

/* The name of the check that runs, NULL: none. */
const char *check_running(void);

#endif
