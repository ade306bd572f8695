/* SPDX-License-Identifier: MIT */
/*
 * Text that grows up to a fixed size, for /proc files and dumps.
 */
#ifndef KERNEL_SEQ_BUF_H
#define KERNEL_SEQ_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct seq_buf {
	char *buf;
	size_t size;
	size_t len;
	bool overflow; /* something was cut */
};

void seq_init(struct seq_buf *m, char *buf, size_t size);
void seq_printf(struct seq_buf *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void seq_putc(struct seq_buf *m, char c);

#endif
