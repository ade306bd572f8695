/* SPDX-License-Identifier: MIT */
/*
 * The check of a received frame. lwIP would read an ARP or IPv4 header beyond
 * the end of a runt, so runts are dropped here.
 */
#include "net/link/frame.h"

#include <stdbool.h>
#include <string.h>

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP 0x0806
#define IPV4_HEADER_LEN 20
#define ARP_PACKET_LEN 28 /* RFC 826 with Ethernet and IPv4 addresses */

static bool for_us(const uint8_t *dest, const uint8_t mac[6])
{
	bool group = dest[0] & 1; /* IEEE 802.3 3.2.3: broadcast too */

	return group || !memcmp(dest, mac, 6);
}

enum frame_verdict frame_check(const uint8_t *data, uint32_t len,
			       const uint8_t mac[6], uint16_t mtu)
{
	uint16_t type;
	uint32_t least;

	if (len < ETH_HEADER_LEN)
		return FRAME_RUNT;
	if (!for_us(data, mac))
		return FRAME_FOREIGN;
	type = data[12] << 8 | data[13];
	if (type == ETHERTYPE_IPV4)
		least = ETH_HEADER_LEN + IPV4_HEADER_LEN;
	else if (type == ETHERTYPE_ARP)
		least = ETH_HEADER_LEN + ARP_PACKET_LEN;
	else
		return FRAME_UNKNOWN;
	if (len < least)
		return FRAME_RUNT;
	if (len > (uint32_t)mtu + ETH_HEADER_LEN)
		return FRAME_OVERSIZE;
	return FRAME_OK;
}
