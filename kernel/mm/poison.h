/* SPDX-License-Identifier: MIT */
/*
 * Free memory that is filled with a pattern, so that a write to it is seen when
 * it is handed out next. Off unless the command line says slub_debug: it costs
 * a pass over all that is freed and another over all that is handed out.
 */
#ifndef KERNEL_MM_POISON_H
#define KERNEL_MM_POISON_H

#include <stdbool.h>
#include <stddef.h>

/* Set before the first allocation, or never. */
extern bool poison_is_on;

void poison_fill(void *at, size_t size);
/* Whether nobody wrote there. */
bool poison_is_whole(const void *at, size_t size);

#endif
