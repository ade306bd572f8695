/* SPDX-License-Identifier: MIT */
/*
 * The keyed hash of a connection's addresses and ports.
 */
#ifndef NET_BASE_INET_HASH_H
#define NET_BASE_INET_HASH_H

#include <stdint.h>

/*
 * SipHash of the four under a random key: a peer cannot construct collisions.
 * Addresses in network, ports in host order.
 */
uint32_t inet_hash(uint32_t saddr, uint16_t sport, uint32_t daddr,
		   uint16_t dport);

#endif
