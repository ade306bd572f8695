/* SPDX-License-Identifier: MIT */
/*
 * Text of a bounded size. No NUL is promised: m->len says how much there is.
 */
#include "kernel/seq_buf.h"

#include <stdarg.h>
#include <stdio.h>

void seq_init(struct seq_buf *m, char *buf, size_t size)
{
	*m = (struct seq_buf){ .buf = buf, .size = size };
}

void seq_printf(struct seq_buf *m, const char *fmt, ...)
{
	size_t left = m->size - m->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(m->buf + m->len, left, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n < left) {
		m->len += n;
		return;
	}
	/* vsnprintf used the last byte for its NUL. */
	m->overflow = true;
	if (left)
		m->len = m->size - 1;
}

void seq_putc(struct seq_buf *m, char c)
{
	if (m->len < m->size)
		m->buf[m->len++] = c;
	else
		m->overflow = true;
}
