/* SPDX-License-Identifier: MIT */
/*
 * Text of a bounded size. It need not end with NUL: m->len is its length.
 */
#include "kernel/lib/seq_buf.h"

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

void seq_pad(struct seq_buf *m, size_t from, size_t width, char c)
{
	while (m->len < from + width && !m->overflow)
		seq_putc(m, ' ');
	seq_putc(m, c);
}

void seq_walk_begin(struct seq_walk *w, struct seq_buf *m, struct seq_pos *pos)
{
	*w = (struct seq_walk){ .m = m, .pos = pos, .whole = m->len };
}

bool seq_walk_wants(const struct seq_walk *w)
{
	return !w->full;
}

void seq_walk_done(struct seq_walk *w, uint64_t next_key)
{
	if (w->m->overflow) {
		w->full = true;
		return;
	}
	w->whole = w->m->len;
	w->pos->key = next_key;
	w->pos->number++;
}

void seq_walk_pause(struct seq_walk *w, uint64_t key)
{
	w->full = true;
	w->pos->key = key;
}

/* A first record that does not fit keeps overflow: the buffer has to grow. */
void seq_walk_end(struct seq_walk *w)
{
	if (!w->full) {
		w->pos->key = SEQ_WALK_END;
	} else if (w->whole) {
		w->m->len = w->whole;
		w->m->overflow = false;
	}
}
