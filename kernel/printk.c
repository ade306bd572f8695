/* SPDX-License-Identifier: MIT */
/*
 * The kernel log: `[    0.001234] text`. Each line is made on the stack and
 * written in one piece. Text before there is a console waits in a buffer; when
 * that is full, the newest text is lost.
 *
 * A serial line that nobody reads costs text, not time: a writer that has
 * waited in vain marks it stuck, and after that nobody waits. Each later text
 * checks once whether the line is ready again.
 */
#include "kernel/printk.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kernel/base.h"
#include "kernel/task/clock.h"

#define LINE_MAX 512
#define EARLY_MAX 2048

/* How long the kernel waits for the line: about a tenth of a second. */
#define PATIENCE_NS (NSEC_PER_SEC / 10)
#define PATIENCE_LOOKS 100000 /* polls, while the clock does not run */

static const struct console *console __ro_after_init;
static bool stuck; /* the line takes nothing: nobody waits for it */
static size_t lost; /* bytes while stuck */
static int log_level = LOG_NOTICE;

static char early[EARLY_MAX];
static size_t early_len;

bool console_ready(void)
{
	return !console || stuck || console->ready();
}

void console_give_up(void)
{
	stuck = true;
}

/* Reports the lost bytes before the next text. */
static void come_back(void)
{
	size_t n = lost;

	stuck = false;
	lost = 0;
	pr_warn("console: was stuck, %zu bytes lost", n);
}

static size_t keep_early(const char *text, size_t len)
{
	size_t n = MIN(len, EARLY_MAX - early_len);

	memcpy(early + early_len, text, n);
	early_len += n;
	return len;
}

size_t console_try_write(const char *text, size_t len)
{
	if (!console)
		return keep_early(text, len);
	if (stuck) {
		if (!console->ready()) {
			lost += len;
			return len;
		}
		come_back();
	}
	return console->write(text, len);
}

static bool is_over(uint64_t start, unsigned int looks)
{
	uint64_t now = ktime_get_ns();

	return now ? now - start > PATIENCE_NS : looks > PATIENCE_LOOKS;
}

void console_write(const char *text, size_t len)
{
	uint64_t start = ktime_get_ns();
	unsigned int looks = 0;

	while (len) {
		size_t n = console_try_write(text, len);

		text += n;
		len -= n;
		if (len && is_over(start, ++looks))
			console_give_up();
	}
}

void console_register(const struct console *line)
{
	size_t len = early_len;

	console = line;
	early_len = 0;
	console_write(early, len);
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
