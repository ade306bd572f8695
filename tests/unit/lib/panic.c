/* SPDX-License-Identifier: MIT */
/*
 * Where kernel code under test ends when an ASSERT fails. Weak: a test that
 * expects a panic brings its own.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/base.h"

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
