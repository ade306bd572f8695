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

/* A device of the machine, as Linux spells it; may come many times. */
#define CMDLINE_DEVICE "virtio_mmio.device"

/*
 * Splits text in place. Words may be quoted with '"' as on Linux, and in keys
 * '-' and '_' are the same.
 */
void cmdline_init(char *text);

/* Value of the last `key=value`, "" for a bare `key`, NULL if absent. */
const char *cmdline_get(const char *key);

/* Whether that is value. */
bool cmdline_is(const char *key, const char *value);

/*
 * The values of a key that may come several times, from the first word on:
 * *pos is 0 before the first call. NULL at the end.
 */
const char *cmdline_next(const char *key, unsigned int *pos);

/*
 * Adds to an environment of nr strings, in a list with room for max, what
 * looks like NAME=VALUE before `--` and what nobody has asked for until now, as
 * Linux does for init; a name that is there already gets the new value.
 * Returns how many there are then.
 */
unsigned int cmdline_environment(char **list, unsigned int nr,
				 unsigned int max);

/* Application arguments after `--`, NULL-terminated; their number in *argc. */
char **cmdline_app_args(int *argc);

#endif
