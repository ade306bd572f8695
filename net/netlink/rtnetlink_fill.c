/* SPDX-License-Identifier: MIT */
/*
 * The messages of rtnetlink(7) for a link, an address, a route and a
 * neighbour. Owns nothing.
 */
#include "net/netlink/rtnetlink.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/in_route.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "net/inet/route.h"
#include "net/link/ipconfig.h"
#include "net/link/link.h"
#include "net/socket/socket.h"

#define IP_MIN_MTU 68 /* RFC 791 */
#define HWADDR_LEN 6

static bool is_lo(const struct net_link *link)
{
	return link->index == LINK_LO;
}

static void put_text(struct netlink_reply *reply, uint16_t type,
		     const char *text)
{
	netlink_put(reply, type, text, strlen(text) + 1);
}

/* RFC 2863, 3.1.14: whether packets can pass. */
static uint8_t operstate(const struct net_link *link)
{
	enum {
		UNKNOWN = 0,
		DOWN = 2,
		UP = 6
	};

	if (is_lo(link))
		return UNKNOWN;
	return link->flags & IFF_LOWER_UP ? UP : DOWN;
}

/* With 64 bits each, and with 32 for old programs. */
static void put_stats(struct netlink_reply *reply,
		      const struct net_link_stats *s)
{
	struct rtnl_link_stats64 wide = {
		.rx_packets = s->rx_packets,
		.tx_packets = s->tx_packets,
		.rx_bytes = s->rx_bytes,
		.tx_bytes = s->tx_bytes,
		.rx_errors = s->rx_errors + s->rx_frame,
		.tx_errors = s->tx_errors,
		.rx_dropped = s->rx_dropped,
		.tx_dropped = s->tx_dropped,
		.rx_frame_errors = s->rx_frame,
		.multicast = s->rx_multicast,
	};
	struct rtnl_link_stats narrow;
	const uint64_t *from = (const uint64_t *)&wide;
	uint32_t *to = (uint32_t *)&narrow;

	for (size_t i = 0; i < sizeof(narrow) / sizeof(*to); i++)
		to[i] = from[i];
	netlink_put(reply, IFLA_STATS64, &wide, sizeof(wide));
	netlink_put(reply, IFLA_STATS, &narrow, sizeof(narrow));
}

void rtnetlink_fill_link(struct netlink_reply *reply,
			 const struct net_link *link, uint16_t type)
{
	struct ifinfomsg *info = netlink_begin(reply, type, sizeof(*info));
	struct rtnl_link_ifmap map = { 0 };

	if (!info)
		return;
	info->ifi_type = link->type;
	info->ifi_index = link->index;
	info->ifi_flags = link->flags;
	put_text(reply, IFLA_IFNAME, link->name);
	netlink_put_u32(reply, IFLA_TXQLEN, link->txqlen);
	netlink_put_u8(reply, IFLA_OPERSTATE, operstate(link));
	netlink_put_u8(reply, IFLA_LINKMODE, 0);
	netlink_put_u32(reply, IFLA_MTU, link->mtu);
	netlink_put_u32(reply, IFLA_MIN_MTU, is_lo(link) ? 0 : IP_MIN_MTU);
	netlink_put_u32(reply, IFLA_MAX_MTU, is_lo(link) ? 0 : link->mtu);
	netlink_put_u32(reply, IFLA_GROUP, 0);
	netlink_put_u32(reply, IFLA_PROMISCUITY, 0);
	netlink_put_u32(reply, IFLA_NUM_TX_QUEUES, 1);
	netlink_put_u32(reply, IFLA_NUM_RX_QUEUES, 1);
	netlink_put_u8(reply, IFLA_CARRIER, !!(link->flags & IFF_LOWER_UP));
	put_text(reply, IFLA_QDISC, is_lo(link) ? "noqueue" : "pfifo_fast");
	netlink_put_u8(reply, IFLA_PROTO_DOWN, 0);
	netlink_put(reply, IFLA_MAP, &map, sizeof(map));
	netlink_put(reply, IFLA_ADDRESS, link->hwaddr, HWADDR_LEN);
	netlink_put(reply, IFLA_BROADCAST, link->hwbroadcast, HWADDR_LEN);
	put_stats(reply, &link->stats);
	netlink_end(reply);
}

/* An unlimited lifetime even if leased, as on Linux for ip=dhcp. */
void rtnetlink_fill_address(struct netlink_reply *reply,
			    const struct net_link *link, uint16_t type)
{
	struct ifaddrmsg *a = netlink_begin(reply, type, sizeof(*a));
	struct ifa_cacheinfo info = { .ifa_prefered = UINT32_MAX,
				      .ifa_valid = UINT32_MAX };

	if (!a)
		return;
	a->ifa_family = AF_INET;
	a->ifa_prefixlen = prefix_length(link->netmask);
	a->ifa_flags = IFA_F_PERMANENT;
	a->ifa_scope = is_lo(link) ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	a->ifa_index = link->index;
	netlink_put_u32(reply, IFA_ADDRESS, link->addr);
	netlink_put_u32(reply, IFA_LOCAL, link->addr);
	if (link->broadcast)
		netlink_put_u32(reply, IFA_BROADCAST, link->broadcast);
	put_text(reply, IFA_LABEL, link->name);
	netlink_put_u32(reply, IFA_FLAGS, IFA_F_PERMANENT);
	netlink_put(reply, IFA_CACHEINFO, &info, sizeof(info));
	netlink_end(reply);
}

static uint32_t cloned_flags(const struct net_route *route)
{
	uint32_t flags = RTM_F_CLONED;

	if (route->type == RTN_LOCAL)
		flags |= RTCF_LOCAL;
	if (route->type == RTN_BROADCAST)
		flags |= RTCF_BROADCAST;
	return flags;
}

void rtnetlink_fill_route(struct netlink_reply *reply,
			  const struct net_route *route)
{
	struct rtmsg *rtm = netlink_begin(reply, RTM_NEWROUTE, sizeof(*rtm));
	struct rta_cacheinfo info = { 0 };

	if (!rtm)
		return;
	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = route->prefix;
	rtm->rtm_table = route->table;
	rtm->rtm_protocol = route->cloned ? RTPROT_UNSPEC : route->protocol;
	rtm->rtm_scope = route->cloned ? RT_SCOPE_UNIVERSE : route->scope;
	rtm->rtm_type = route->type;
	rtm->rtm_flags = route->cloned ? cloned_flags(route) : 0;
	netlink_put_u32(reply, RTA_TABLE, route->table);
	if (route->prefix)
		netlink_put_u32(reply, RTA_DST, route->dest);
	netlink_put_u32(reply, RTA_OIF, route->oif);
	if (route->source)
		netlink_put_u32(reply, RTA_PREFSRC, route->source);
	if (route->gateway)
		netlink_put_u32(reply, RTA_GATEWAY, route->gateway);
	if (route->cloned)
		netlink_put(reply, RTA_CACHEINFO, &info, sizeof(info));
	netlink_end(reply);
}

void rtnetlink_fill_neighbour(struct netlink_reply *reply, uint32_t addr,
			      const uint8_t *hwaddr)
{
	struct ndmsg *nd = netlink_begin(reply, RTM_NEWNEIGH, sizeof(*nd));

	if (!nd)
		return;
	nd->ndm_family = AF_INET;
	nd->ndm_ifindex = LINK_ETH;
	nd->ndm_state = NUD_REACHABLE;
	nd->ndm_type = RTN_UNICAST;
	netlink_put_u32(reply, NDA_DST, addr);
	netlink_put(reply, NDA_LLADDR, hwaddr, HWADDR_LEN);
	netlink_end(reply);
}
