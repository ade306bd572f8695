/* SPDX-License-Identifier: MIT */
/*
 * Text that grows up to a fixed size, for /proc files and dumps.
 */
#ifndef KERNEL_SEQ_BUF_H
#define KERNEL_SEQ_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
/* Spaces up to width columns behind from, and c. */
void seq_pad(struct seq_buf *m, size_t from, size_t width, char c);

/*
 * A text of many records that is printed a buffer at a time. Records are
 * numbered in the order in which they are found; those before `from` were in
 * an earlier buffer, and one that no longer fits waits for the next:
 *
 *	seq_walk_begin(&w, m, pos);
 *	for (each record)
 *		if (seq_walk_wants(&w)) {
 *			seq_printf(m, ...);
 *			seq_walk_done(&w);
 *		}
 *	seq_walk_end(&w);
 */
struct seq_walk {
	struct seq_buf *m;
	uint64_t *pos;
	uint64_t number; /* of the record that is next */
	size_t whole; /* bytes of whole records */
	bool full;
};

#define SEQ_WALK_END UINT64_MAX

void seq_walk_begin(struct seq_walk *w, struct seq_buf *m, uint64_t *pos);
bool seq_walk_wants(struct seq_walk *w);
void seq_walk_done(struct seq_walk *w);
/* *pos is where the next buffer begins, SEQ_WALK_END when this was all. */
void seq_walk_end(struct seq_walk *w);

#endif
