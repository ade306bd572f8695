/* SPDX-License-Identifier: MIT */
/*
 * Where kernel code under test logs, and where it ends when an ASSERT fails.
 * Weak: a test that looks at the log or expects a panic brings its own.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/base.h"
#include "kernel/printk.h"

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
