/* SPDX-License-Identifier: MIT */
/*
 * Looks up interfaces and reports their changes to listeners. Owns lo's
 * statistics.
 */
#include "net/link/link.h"

#include <string.h>

#include "kernel/base.h"
#include "net/link/eth.h"

#define LO_MTU 65536 /* as on Linux; only shown */
#define LO_TXQLEN 1000
#define LO_ADDR __builtin_bswap32(0x7f000001)
#define LO_NETMASK __builtin_bswap32(0xff000000)

struct net_lo_stats net_lo_stats;

static struct net_link_listener *listeners __ro_after_init;

static void lo_link(struct net_link *link)
{
	link->name = "lo";
	link->type = ARPHRD_LOOPBACK;
	link->flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP;
	link->mtu = LO_MTU;
	link->txqlen = LO_TXQLEN;
	link->addr = LO_ADDR;
	link->netmask = LO_NETMASK;
	link->stats.rx_packets = net_lo_stats.packets;
	link->stats.tx_packets = net_lo_stats.packets;
	link->stats.rx_bytes = net_lo_stats.bytes;
	link->stats.tx_bytes = net_lo_stats.bytes;
}

bool net_link_get(unsigned int index, struct net_link *link)
{
	memset(link, 0, sizeof(*link));
	link->index = index;
	if (index == LINK_LO) {
		lo_link(link);
		return true;
	}
	return index == LINK_ETH && eth_link(link);
}

unsigned int net_link_index(const char *name)
{
	struct net_link link;

	for (unsigned int i = LINK_LO; net_link_get(i, &link); i++) {
		if (!strcmp(link.name, name))
			return i;
	}
	return 0;
}

bool inet_addr_is_local(uint32_t addr)
{
	if ((addr & LO_NETMASK) == (LO_ADDR & LO_NETMASK))
		return true;
	return addr && eth_address() == addr;
}

void net_link_listen(struct net_link_listener *listener)
{
	struct net_link_listener **p = &listeners;

	while (*p && *p != listener)
		p = &(*p)->next;
	*p = listener;
}

void net_link_tell_carrier(const struct net_link *link, bool up)
{
	for (struct net_link_listener *l = listeners; l; l = l->next)
		if (l->carrier)
			l->carrier(link, up);
}

void net_link_tell_address(const struct net_link *was,
			   const struct net_link *is)
{
	for (struct net_link_listener *l = listeners; l; l = l->next)
		if (l->address)
			l->address(was, is);
}
