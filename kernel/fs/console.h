/* SPDX-License-Identifier: MIT */
/*
 * /dev/console, the application's stdin, stdout and stderr: bytes out to the
 * serial line as they are, bytes in through a small ring. Not a terminal to
 * the application (TCGETS is ENOTTY), so that output is what was written.
 */
#ifndef KERNEL_FS_CONSOLE_H
#define KERNEL_FS_CONSOLE_H

#include <stddef.h>

struct file;

/* Input from the line; any context. Bytes that do not fit are counted. */
void console_receive(const char *text, size_t len);
/* A break on the line sends the application SIGTERM. Any context. */
void console_break(void);
size_t console_dropped(void); /* bytes of input, since boot */
/* A new description of the console, O_RDWR; NULL: no memory. */
struct file *console_open(void);

#endif
