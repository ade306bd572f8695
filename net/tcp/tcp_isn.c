/* SPDX-License-Identifier: MIT */
/*
 * Initial sequence numbers, a hook of lwIP. Softirq and connect(2).
 */
#include "lwip/ip_addr.h"

#include "kernel/base.h"
#include "kernel/lib/siphash.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "net/lwip/hooks.h"
#include "net/tcp/tcp_input.h"

/*
 * RFC 6528: a clock of 4 microseconds a tick, plus a keyed hash of addresses
 * and ports, so that a connection's numbers cannot be predicted from another's.
 */
u32_t net_hook_tcp_isn(const ip_addr_t *local_ip, u16_t local_port,
		       const ip_addr_t *remote_ip, u16_t remote_port)
{
	static struct random_key key;
	uint32_t words[3] = {
		ip_addr_get_ip4_u32(local_ip),
		ip_addr_get_ip4_u32(remote_ip),
		(uint32_t)local_port << 16 | remote_port,
	};
	struct tcp_tuple id = { words[0], words[1], local_port, remote_port };
	uint32_t isn;

	if (tcp_rx_successor_isn(&id, &isn))
		return isn;
	return siphash(words, sizeof(words), random_key(&key)) +
	       ktime_get_ns() / 4096;
}
