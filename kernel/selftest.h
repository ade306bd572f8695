/* SPDX-License-Identifier: MIT */
/*
 * The word `selftest` on the command line runs this instead of the
 * application: it proves that the kernel protects itself, as TAP on the
 * console.
 */
#ifndef KERNEL_SELFTEST_H
#define KERNEL_SELFTEST_H

/*
 * The exit status: 0 when all tests pass, else 1. which: the word's value; the
 * name of a bug of selftest_bugs.c makes that first. In a kernel thread, after
 * everything has started and after paging_seal().
 */
int selftest(const char *which);

/* Makes a bug that ends the machine, unless there is none of this name. */
void selftest_bug(const char *name);

#endif
