/* SPDX-License-Identifier: MIT */
/* The pattern in free memory. Any context. */
#include "kernel/mm/poison.h"

#include <string.h>

#include "kernel/base.h"

#define PATTERN 0xf5

bool poison_is_on __ro_after_init;

void poison_fill(void *at, size_t size)
{
	memset(at, PATTERN, size);
}

bool poison_is_whole(const void *at, size_t size)
{
	const uint8_t *byte = at;

	while (size--)
		if (*byte++ != PATTERN)
			return false;
	return true;
}
