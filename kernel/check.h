/* SPDX-License-Identifier: MIT */
/*
 * Checks of invariants. A file that lists invariants has a function that
 * tests them:
 *
 *	const char *foo_check(const struct foo *foo);
 *
 * NULL: all hold; else a constant text that begins with the name and number of
 * the first broken one. A check changes nothing, takes no memory, does not
 * sleep and does not ASSERT. It ends on damaged structures, too: a list is
 * tested with list_is_intact() before it is walked, a tree with rb_check(),
 * and other walks are counted.
 *
 * Checks without arguments are registered here, for panic() and the unit
 * tests.
 */
#ifndef KERNEL_CHECK_H
#define KERNEL_CHECK_H

#include "kernel/base.h"

/* For good; its structures must be set up. Keeps the pointer to the name. */
void check_register(const char *name, const char *(*check)(void));

/*
 * Runs all checks in the order of registration, logs the broken invariants and
 * returns the number of checks that failed. In a thread; or in panic(), in any
 * context, where a structure may be in the middle of a change.
 */
unsigned int check_all(void);

/* The name of the check in progress, or NULL. */
const char *check_running(void);

#endif
