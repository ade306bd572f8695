/* SPDX-License-Identifier: MIT */
/*
 * The kernel log: `[    0.001234] text`. Each line is made on the stack and
 * written in one piece. What comes before there is a console waits in a
 * buffer; when that is full, the newest is lost.
 */
#include "kernel/printk.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kernel/base.h"
#include "kernel/task/clock.h"

#define LINE_MAX 512
#define EARLY_MAX 2048

static console_write_fn console;
static int log_level = LOG_NOTICE;

static char early[EARLY_MAX];
static size_t early_len;

void console_register(console_write_fn write)
{
	console = write;
	write(early, early_len);
	early_len = 0;
}

void console_write(const char *text, size_t len)
{
	if (console) {
		console(text, len);
		return;
	}
	len = MIN(len, EARLY_MAX - early_len);
	memcpy(early + early_len, text, len);
	early_len += len;
}

void log_set_level(int level)
{
	log_level = level;
}

/* Seconds and microseconds since boot; zero before the clock runs. */
static size_t put_time(char *line, size_t size)
{
	uint64_t us = ktime_get_ns() / NSEC_PER_USEC;

	return snprintf(line, size, "[%5lu.%06lu] ", us / 1000000,
			us % 1000000);
}

void vprintk(enum log_level level, const char *fmt, va_list ap)
{
	char line[LINE_MAX];
	size_t len;
	int n;

	if ((int)level > log_level)
		return;
	len = put_time(line, sizeof(line));
	n = vsnprintf(line + len, sizeof(line) - len, fmt, ap);
	if (n > 0)
		len = MIN(len + n, sizeof(line) - 1);
	line[len++] = '\n';
	console_write(line, len);
}

void printk(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(level, fmt, ap);
	va_end(ap);
}
