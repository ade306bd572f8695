/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line: `key=value key ... -- application arguments`.
 * Parsed in place once; the strings live as long as the machine.
 */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

#include <stdbool.h>
#include <stdint.h>

#define CMDLINE_ARGS_MAX 64

/* Splits text in place. Words may be quoted with '"' as on Linux. */
void cmdline_init(char *text);

/* Value of the last `key=value`, "" for a bare `key`, NULL if absent. */
const char *cmdline_get(const char *key);

/* Application arguments after `--`, NULL-terminated; their number in *argc. */
char **cmdline_app_args(int *argc);

#endif
