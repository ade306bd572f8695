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

/* A device without PCI, as on Linux; may come many times. */
#define CMDLINE_DEVICE "virtio_mmio.device"

/*
 * Splits text in place. Words may be quoted with '"' as on Linux, and in keys
 * '-' and '_' are the same.
 */
void cmdline_init(char *text);

/* Value of the last `key=value`, "" for a bare `key`, NULL if absent. */
const char *cmdline_get(const char *key);

/* Whether cmdline_get(key) is value. */
bool cmdline_is(const char *key, const char *value);

/*
 * The values of a key that may come several times, from the first word on:
 * *pos is 0 before the first call. NULL at the end.
 */
const char *cmdline_next(const char *key, unsigned int *pos);

/*
 * As Linux does for init: adds to the environment `list`, which has nr strings
 * and room for max, every NAME=VALUE before `--` that no part of the kernel
 * has asked for so far. A name that is there already gets the new value.
 * Returns the new number of strings.
 */
unsigned int cmdline_environment(char **list, unsigned int nr,
				 unsigned int max);

/* Application arguments after `--`, NULL-terminated; their number in *argc. */
char **cmdline_app_args(int *argc);

#endif
