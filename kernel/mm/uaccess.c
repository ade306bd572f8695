/* SPDX-License-Identifier: MIT */
/*
 * Copies between the kernel and ring 3: the checks. The instructions that
 * touch user memory are in kernel/x86/usercopy.S. Entered by system calls, in
 * the context of the thread whose memory is accessed.
 */
#include "kernel/mm/uaccess.h"

#include <errno.h>

#include "kernel/mm/mm.h"
#include "kernel/x86/extable.h"
#include "kernel/x86/usercopy.h"

bool access_ok(const void *addr, size_t len)
{
	return len <= USER_MAX && (uintptr_t)addr <= USER_MAX - len;
}

size_t copy_from_user(void *to, const void *from, size_t n)
{
	if (unlikely(!access_ok(from, n)))
		return n;
	return __copy_user(to, from, n);
}

size_t copy_to_user(void *to, const void *from, size_t n)
{
	if (unlikely(!access_ok(to, n)))
		return n;
	return __copy_user(to, from, n);
}

size_t clear_user(void *to, size_t n)
{
	if (unlikely(!access_ok(to, n)))
		return n;
	return __clear_user(to, n);
}

/* A string that reaches the end of user memory is -EFAULT. */
long strncpy_from_user(char *to, const char *from, long n)
{
	uintptr_t start = (uintptr_t)from;
	long room, len;

	if (n <= 0)
		return 0;
	if (start >= USER_MAX)
		return -EFAULT;
	room = MIN((uintptr_t)n, USER_MAX - start);
	len = __strncpy_user(to, from, room);
	if (len < 0 || (len == room && room < n))
		return -EFAULT;
	return len;
}

uintptr_t ex_table_find(uintptr_t rip)
{
	const struct ex_entry *e;

	for (e = __ex_table_start; e < __ex_table_end; e++) {
		if ((uintptr_t)&e->insn + (intptr_t)e->insn == rip)
			return (uintptr_t)&e->target + (intptr_t)e->target;
	}
	return 0;
}
