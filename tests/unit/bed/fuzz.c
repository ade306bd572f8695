/* SPDX-License-Identifier: MIT */
/*
 * Random segments, for the tests of TCP over the wire.
 */
#include "bed/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base.h"

static const uint8_t data[4096];

unsigned int below(unsigned int n)
{
	return rand() % n;
}

/* Mostly small, sometimes at one of the edges that matter. */
static int32_t near(void)
{
	static const int32_t edges[] = { -65536,  -1461,   -1460,    -1,
					 0,	  0,	   0,	     0,
					 1,	  2,	   1459,     1460,
					 1461,	  65534,   65535,    65536,
					 1 << 18, 1 << 30, INT32_MIN };

	if (below(3))
		return edges[below(ARRAY_SIZE(edges))];
	return (int)below(5000) - 1500;
}

static size_t random_options(uint8_t *opt)
{
	static const char *const pieces[] = {
		"\1",	    "\1\1\1\0", "\2\4\0\1",	 "\2\4\5\264",
		"\3\3\16",  "\4\2",	"\5\12abcdefgh", "\10\12abcdefgh",
		"\2\0",	    "\376\50",	"\5\2",		 "\2",
		"\1\1\1\3", "\376"
	};
	static const uint8_t lengths[] = { 1,  4, 4, 4, 3, 2, 10,
					   10, 2, 2, 2, 1, 4, 1 };
	size_t len = 0;

	if (below(4))
		return 0;
	memset(opt, below(2) ? 1 : 0, 40);
	for (int i = below(4); i > 0; i--) {
		unsigned int n = below(ARRAY_SIZE(pieces));

		if (len + lengths[n] > 40)
			break;
		memcpy(opt + len, pieces[n], lengths[n]);
		len += lengths[n];
	}
	return ALIGN_UP(len, (size_t)4);
}

static uint8_t random_flags(void)
{
	static const uint8_t likely_ones[] = { ACK,	  ACK,	     ACK,
					       ACK | PSH, ACK | FIN, ACK | FIN,
					       SYN,	  RST,	     RST | ACK,
					       SYN | ACK, FIN,	     0 };

	if (below(20))
		return likely_ones[below(ARRAY_SIZE(likely_ones))];
	return below(256);
}

uint16_t random_window(void)
{
	static const uint16_t windows[] = { 0, 0, 1, 2, 100, 1460, 65535 };

	return windows[below(ARRAY_SIZE(windows))];
}

void random_segment(struct peer *p)
{
	uint8_t flags = random_flags();
	uint8_t opt[40];
	size_t optlen = random_options(opt);
	size_t len = below(2) ? below(1400) : below(3);
	uint32_t seq = p->seq + near();
	uint32_t ack = p->ack + near();

	/* An exact reset ends the fun: not too often. */
	if ((flags & RST) && below(50))
		seq++;
	peer_raw(p, seq, ack, flags, random_window(), opt, optlen, data, len);
}

void follow(struct peer *p)
{
	while (peer_take(p)) {
		if (p->got_flags & RST)
			continue;
		if (below(3)) {
			p->ack = p->got_seq + p->got_len +
				 !!(p->got_flags & FIN);
			p->seq = p->got_ack;
		}
	}
}

void fill_window(struct peer *p)
{
	size_t left = 65535 - below(4000);

	while (left) {
		size_t len = left < 1460 ? left : 1460;

		peer_raw(p, p->seq, p->ack, ACK, 65535, NULL, 0, data, len);
		p->seq += len;
		left -= len;
	}
	bed_run();
	bed_forget_sent();
}
