/* SPDX-License-Identifier: MIT */
/*
 * IGMP, the host's part (RFC 3376, and RFC 2236 where an older router asks):
 * tells the link which groups this machine listens to.
 */
#ifndef NET_INET_IGMP_H
#define NET_INET_IGMP_H

#include <stdint.h>

#define IGMP_ALL_HOSTS __builtin_bswap32(0xe0000001)

/* At the start: a link that comes up is told everything again. */
void igmp_init(void);
/* The first socket listens to group on the interface; the last one no more. */
void igmp_joined(int ifindex, uint32_t group);
void igmp_left(int ifindex, uint32_t group);

#endif
