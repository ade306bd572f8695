/* SPDX-License-Identifier: MIT */
/*
 * Where kernel code under test logs, and where it ends when an ASSERT fails;
 * no time that passes, and nobody else to run. Weak: a test that looks at the
 * log or expects a panic brings its own.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/base.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/softirq.h"
#include "kernel/task/thread.h"
#include "kernel/task/wait.h"

__attribute__((weak)) _Noreturn void panic(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! panic: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	abort();
}

__attribute__((weak)) void printk(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	printf("# log %d: ", level);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

__attribute__((weak)) void backtrace_dump(uintptr_t rip, uintptr_t rbp)
{
}

__attribute__((weak)) uint64_t ktime_get_ns(void)
{
	return 0;
}

__attribute__((weak)) bool in_softirq(void)
{
	return false;
}

__attribute__((weak)) bool softirq_is_long(void)
{
	return false;
}

__attribute__((weak)) void cond_resched(void)
{
}

__attribute__((weak)) bool schedule_until(uint64_t deadline)
{
	return true;
}
