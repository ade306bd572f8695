/* SPDX-License-Identifier: MIT */
/*
 * IGMP for hosts (RFC 3376, and RFC 2236 while an older router queries):
 * reports to the link which groups this machine listens to.
 */
#ifndef NET_INET_IGMP_H
#define NET_INET_IGMP_H

#include <stdint.h>

#define IGMP_ALL_HOSTS __builtin_bswap32(0xe0000001)

/* At the start. All groups are reported again when the link comes up. */
void igmp_init(void);
/* The first socket has joined group on the interface; the last has left it. */
void igmp_joined(int ifindex, uint32_t group);
void igmp_left(int ifindex, uint32_t group);

#endif
