/* SPDX-License-Identifier: MIT */
/*
 * The check of a received Ethernet frame before lwIP gets it: long enough for
 * the headers of its type, and addressed to us. A pure function, tested on the
 * host.
 */
#ifndef NET_LINK_FRAME_H
#define NET_LINK_FRAME_H

#include <stdint.h>

#define ETH_HEADER_LEN 14
#define ETH_MIN_LEN 60 /* IEEE 802.3 3.2.7, without the check sequence */

enum frame_verdict {
	FRAME_OK,
	FRAME_RUNT, /* shorter than its headers */
	FRAME_OVERSIZE, /* more than the device's MTU allows */
	FRAME_FOREIGN, /* unicast, to somebody else */
	FRAME_UNKNOWN, /* neither IPv4 nor ARP */
	NR_FRAME_VERDICTS,
};

enum frame_verdict frame_check(const uint8_t *data, uint32_t len,
			       const uint8_t mac[6], uint16_t mtu);

#endif
