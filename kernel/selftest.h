/* SPDX-License-Identifier: MIT */
/*
 * What the word `selftest` on the command line runs instead of the
 * application: proofs that the machine protects itself, as TAP on the console.
 */
#ifndef KERNEL_SELFTEST_H
#define KERNEL_SELFTEST_H

/*
 * The exit status: 0 when all held, 1 else. which: the word's value; with
 * "overrun" a function first writes beyond a buffer on its stack, which is a
 * panic. A kernel thread, when everything is up and paging_seal() was called.
 */
int selftest(const char *which);

#endif
