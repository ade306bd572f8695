/* SPDX-License-Identifier: MIT */
/*
 * Text that grows up to a fixed size, for /proc files and dumps.
 */
#ifndef KERNEL_LIB_SEQ_BUF_H
#define KERNEL_LIB_SEQ_BUF_H

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
/* Pads with spaces to width columns after `from`, then adds c. */
void seq_pad(struct seq_buf *m, size_t from, size_t width, char c);

/*
 * A text of many records that is printed a buffer at a time. Each record has a
 * key, by which the next call finds the record to go on with, even if records
 * came or went in between. A record that does not fit waits for the next
 * buffer.
 *
 *	seq_walk_begin(&w, m, pos);
 *	for (r = first record with a key >= pos->key; r; r = next(r)) {
 *		if (!seq_walk_wants(&w))
 *			break;
 *		seq_printf(m, ...);
 *		seq_walk_done(&w, key of r + 1);
 *	}
 *	seq_walk_end(&w);
 */
struct seq_pos {
	uint64_t key; /* 0: the beginning */
	uint64_t number; /* the record's place in the output */
};

struct seq_walk {
	struct seq_buf *m;
	struct seq_pos *pos; /* after the last whole record */
	size_t whole; /* bytes of whole records */
	bool full;
};

#define SEQ_WALK_END UINT64_MAX

void seq_walk_begin(struct seq_walk *w, struct seq_buf *m, struct seq_pos *pos);
bool seq_walk_wants(const struct seq_walk *w);
void seq_walk_done(struct seq_walk *w, uint64_t next_key);
/* Ends the buffer, maybe an empty one: a long search found no record. */
void seq_walk_pause(struct seq_walk *w, uint64_t key);
/* pos is where the next buffer begins; key SEQ_WALK_END: all is printed. */
void seq_walk_end(struct seq_walk *w);

#endif
