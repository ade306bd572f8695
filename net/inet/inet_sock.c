/* SPDX-License-Identifier: MIT */
/* The defaults of a new AF_INET socket: ip(7). */
#include <linux/in.h>

#include "net/inet/inet_sock.h"

#define DEFAULT_TTL 64

void inet_sock_init(struct inet_sock *inet)
{
	inet->ttl = DEFAULT_TTL;
	inet->mc_ttl = 1;
	inet->pmtudisc = IP_PMTUDISC_WANT;
	inet->ip_flags = BIT(IP_F_MULTICAST_LOOP) | BIT(IP_F_MULTICAST_ALL);
}
