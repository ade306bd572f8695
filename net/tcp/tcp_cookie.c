/* SPDX-License-Identifier: MIT */
/*
 * Encodes and checks SYN cookies. Pure functions except for the key.
 */
#include "net/tcp/tcp_cookie.h"

#include "kernel/base.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "net/tcp/tcp_timewait.h"

#define COUNTER_NS (64 * NSEC_PER_SEC)
#define COUNTER_MASK 31
#define COUNTER_SHIFT 27
#define MSS_SHIFT 25
#define HASH_MASK ((1U << MSS_SHIFT) - 1)

/* Common ones: RFC 9293's default, tunnels, PPPoE, Ethernet. */
static const uint16_t sizes[] = { 536, 1300, 1440, 1460 };

/* Hashes the whole counter, so that an old cookie never becomes valid again. */
static uint32_t hash(const struct tcp_tuple *id, uint32_t peer_isn,
		     uint32_t head, uint32_t counter)
{
	static struct random_key key;
	uint32_t words[6] = {
		id->laddr, id->raddr, (uint32_t)id->lport << 16 | id->rport,
		peer_isn,  head,      counter,
	};

	return siphash(words, sizeof(words), random_key(&key)) & HASH_MASK;
}

uint32_t tcp_cookie_make(const struct tcp_tuple *id, uint32_t peer_isn,
			 uint16_t mss, uint64_t now)
{
	uint32_t counter = now / COUNTER_NS;
	uint32_t i = ARRAY_SIZE(sizes) - 1;
	uint32_t head;

	while (i && sizes[i] > mss)
		i--;
	head = counter << COUNTER_SHIFT | i << MSS_SHIFT;
	return head | hash(id, peer_isn, head, counter);
}

uint16_t tcp_cookie_check(const struct tcp_tuple *id, uint32_t peer_isn,
			  uint32_t cookie, uint64_t now)
{
	uint32_t counter = now / COUNTER_NS;
	uint32_t age = (counter - (cookie >> COUNTER_SHIFT)) & COUNTER_MASK;

	if (age > 1 || hash(id, peer_isn, cookie & ~HASH_MASK, counter - age) !=
			       (cookie & HASH_MASK))
		return 0;
	return sizes[cookie >> MSS_SHIFT & 3];
}

uint16_t tcp_cookie_mss_option(const uint8_t *opt, unsigned int len)
{
	enum {
		EOL,
		NOP,
		MSS
	};

	for (unsigned int i = 0; i < len && opt[i] != EOL;) {
		if (opt[i] == MSS)
			return opt[i + 2] << 8 | opt[i + 3];
		i += opt[i] == NOP ? 1 : opt[i + 1];
	}
	return 0;
}
