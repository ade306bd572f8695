/* SPDX-License-Identifier: MIT */
/*
 * The freestanding <stdlib.h>: numbers from text (C11 7.22.1). Out of range
 * gives the limit of the type; there is no errno variable.
 */
#ifndef LIBC_STDLIB_H
#define LIBC_STDLIB_H

#include <stddef.h>

int atoi(const char *s);
long strtol(const char *restrict s, char **restrict end, int base);
unsigned long strtoul(const char *restrict s, char **restrict end, int base);
unsigned long long strtoull(const char *restrict s, char **restrict end,
			    int base);

#endif
