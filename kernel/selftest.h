/* SPDX-License-Identifier: MIT */
/*
 * What the word `selftest` on the command line runs instead of the
 * application: proofs that the machine protects itself, as TAP on the console.
 */
#ifndef KERNEL_SELFTEST_H
#define KERNEL_SELFTEST_H

/*
 * The exit status: 0 when all held, 1 else. which: the word's value; the name of
 * a bug of selftest_bugs.c makes that first. A kernel thread, when everything is
 * up and paging_seal() was called.
 */
int selftest(const char *which);

/* Makes a bug that ends the machine, unless there is none of this name. */
void selftest_bug(const char *name);

#endif
