/* SPDX-License-Identifier: MIT */
/* unit: kernel/lib/seq_buf.c */
/*
 * A text of records in buffers of any size: every record whole, once, in
 * order.
 */
#include <string.h>

#include "kernel/lib/seq_buf.h"
#include "lib/tap.h"

#define RECORDS 100

/* Record i is i % 13 letters and a line's end. */
static unsigned int looked_at;

static void walk(struct seq_buf *m, struct seq_pos *pos)
{
	struct seq_walk w;

	seq_walk_begin(&w, m, pos);
	for (int i = pos->key; i < RECORDS && seq_walk_wants(&w); i++) {
		looked_at++;
		for (int k = 0; k < i % 13; k++)
			seq_putc(m, 'a' + i % 26);
		seq_printf(m, "\n");
		seq_walk_done(&w, i + 1);
	}
	seq_walk_end(&w);
}

static char whole[8192];
static char pieces[8192];

/* All buffers in a row, or NULL when a record does not fit into one. */
static const char *read_all(size_t size)
{
	char buf[4096];
	struct seq_buf m;
	struct seq_pos pos = { 0 };
	size_t len = 0;

	while (pos.key != SEQ_WALK_END) {
		seq_init(&m, buf, size);
		walk(&m, &pos);
		if (m.overflow)
			return NULL;
		memcpy(pieces + len, buf, m.len);
		len += m.len;
	}
	pieces[len] = '\0';
	return pieces;
}

static void test_sizes(void)
{
	struct seq_buf m;
	struct seq_pos pos = { 0 };
	int wrong = 0;

	seq_init(&m, whole, sizeof(whole));
	walk(&m, &pos);
	ok(pos.key == SEQ_WALK_END && !m.overflow, "a large buffer takes all");
	is(pos.number, RECORDS, "and counts them");
	whole[m.len] = '\0';
	is(strcspn(whole, "b"), 1, "in order");
	/* The longest record has 13 bytes; vsnprintf() wants one more. */
	for (size_t size = 14; size < 2000; size++) {
		const char *text = read_all(size);

		wrong += !text || strcmp(text, whole) != 0;
	}
	is(wrong, 0, "small buffers in a row are the same text");
	looked_at = 0;
	read_all(100);
	ok(looked_at < 2 * RECORDS, "each buffer goes on where one ended");
	ok(!read_all(10), "a buffer too small for a record says so");
}

static void test_too_small(void)
{
	char buf[4];
	struct seq_buf m;
	struct seq_pos pos = { 12, 12 }; /* a record of 12 letters */

	seq_init(&m, buf, sizeof(buf));
	walk(&m, &pos);
	ok(m.overflow, "a record that does not fit is not lost silently");
	is(pos.key, 12, "and is tried again");
}

static void test_pad(void)
{
	char buf[32] = "";
	struct seq_buf m;

	seq_init(&m, buf, sizeof(buf));
	seq_printf(&m, "ab");
	seq_pad(&m, 0, 5, '\n');
	is_str(buf, "ab   \n", "seq_pad: up to the width");
	seq_init(&m, buf, sizeof(buf));
	seq_printf(&m, "abcdefg");
	seq_pad(&m, 0, 5, '\n');
	is(m.len, 8, "seq_pad: what is wider stays");
	seq_init(&m, buf, 4);
	seq_pad(&m, 0, 100, '\n');
	ok(m.overflow && m.len == 4, "seq_pad: no more than there is room");
}

int main(void)
{
	test_sizes();
	test_too_small();
	test_pad();
	return done_testing();
}
