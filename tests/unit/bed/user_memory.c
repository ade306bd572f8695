/* SPDX-License-Identifier: MIT */
/*
 * Ring 3's memory where it is the program's own: nothing there faults.
 */
#include <string.h>

#include "kernel/mm/uaccess.h"

size_t copy_from_user(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return 0;
}

size_t copy_to_user(void *to, const void *from, size_t n)
{
	memcpy(to, from, n);
	return 0;
}

size_t clear_user(void *to, size_t n)
{
	memset(to, 0, n);
	return 0;
}

bool access_ok(const void *addr, size_t len)
{
	return true;
}
