/* SPDX-License-Identifier: MIT */
/*
 * Kernel log: levels, a timestamp in seconds since boot, one line a call.
 * Goes to the console that console_register() named; lines before that are
 * kept in a small buffer and printed then. The command line's loglevel=N
 * (0-7, as Linux counts) hides what is less urgent than N; default 5.
 */
#ifndef KERNEL_PRINTK_H
#define KERNEL_PRINTK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum log_level {
	LOG_EMERG = 0,
	LOG_ERR = 3,
	LOG_WARN = 4,
	LOG_NOTICE = 5,
	LOG_INFO = 6,
	LOG_DEBUG = 7,
};

/* The output line. Neither function waits; any context. */
struct console {
	bool (*ready)(void); /* can take at least one byte */
	/* Returns how many bytes the line has taken: 0 when it is not ready. */
	size_t (*write)(const char *text, size_t len);
};

void console_register(const struct console *console);
bool console_ready(void);
/*
 * For the kernel's own text: writes all of it, or what the line takes within a
 * tenth of a second. Any context.
 */
void console_write(const char *text, size_t len);
/*
 * Returns how many bytes were written, or lost because the line is stuck. 0:
 * the line is not ready, the caller waits and tries again. Any context.
 */
size_t console_try_write(const char *text, size_t len);
/* Marks the line as stuck: until it is ready again, all text is lost. */
void console_give_up(void);
void log_set_level(int level);

/* The newline is added. Any context. Lines longer than 512 bytes are cut. */
void printk(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void vprintk(enum log_level level, const char *fmt, va_list ap);

#define pr_err(...) printk(LOG_ERR, __VA_ARGS__)
#define pr_warn(...) printk(LOG_WARN, __VA_ARGS__)
#define pr_notice(...) printk(LOG_NOTICE, __VA_ARGS__)
#define pr_info(...) printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...) printk(LOG_DEBUG, __VA_ARGS__)

#endif
