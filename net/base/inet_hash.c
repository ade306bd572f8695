/* SPDX-License-Identifier: MIT */
/*
 * The keyed hash of a connection.
 */
#include "net/base/inet_hash.h"

#include "kernel/lib/siphash.h"
#include "kernel/random.h"

uint32_t inet_hash(uint32_t saddr, uint16_t sport, uint32_t daddr,
		   uint16_t dport)
{
	static struct siphash_key key;
	uint32_t words[3] = { saddr, daddr, (uint32_t)sport << 16 | dport };

	if (!key.k[0])
		random_bytes(&key, sizeof(key));
	return siphash(words, sizeof(words), &key);
}
