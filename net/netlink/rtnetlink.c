/* SPDX-License-Identifier: MIT */
/*
 * NETLINK_ROUTE: rtnetlink(7). Queries of links, addresses, routes, neighbours
 * and rules are answered from the present state of the interfaces; a change
 * needs a capability that the application does not have. Changes of state are
 * sent to the groups. Owns nothing.
 */
#include "net/netlink/rtnetlink.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "net/inet/route.h"
#include "net/link/eth.h"
#include "net/link/link.h"
#include "net/netlink/af_netlink.h"
#include "net/socket/socket.h"

/* What a message type does: its two lowest bits. */
enum rtnetlink_kind {
	KIND_NEW,
	KIND_DEL,
	KIND_GET,
	KIND_SET
};

static size_t payload_len(const struct nlmsghdr *h)
{
	return h->nlmsg_len - NLMSG_HDRLEN;
}

/* The attribute of this type, of at least min bytes, after len header bytes. */
static const void *find_attribute(const struct nlmsghdr *h, size_t len,
				  uint16_t type, size_t min, size_t *size)
{
	const char *at = (const char *)NLMSG_DATA(h) + NLMSG_ALIGN(len);
	const char *end = (const char *)h + h->nlmsg_len;
	const struct rtattr *a;

	while (at + sizeof(*a) <= end) {
		a = (const struct rtattr *)at;
		if (a->rta_len < sizeof(*a) || a->rta_len > end - at)
			return NULL;
		if ((a->rta_type & NLA_TYPE_MASK) == type &&
		    a->rta_len - sizeof(*a) >= min) {
			*size = a->rta_len - sizeof(*a);
			return RTA_DATA(a);
		}
		at += RTA_ALIGN(a->rta_len);
	}
	return NULL;
}

static uint32_t get_u32(const struct nlmsghdr *h, size_t len, uint16_t type)
{
	size_t size;
	const void *data = find_attribute(h, len, type, sizeof(uint32_t),
					  &size);
	uint32_t value = 0;

	if (data)
		memcpy(&value, data, sizeof(value));
	return value;
}

/* ---- Links --------------------------------------------------------------- */

static int dump_links(struct netlink_reply *reply, const struct nlmsghdr *h,
		      bool strict)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	struct net_link link;

	if (strict && payload_len(h) < sizeof(*info))
		return -EINVAL;
	if (strict && (info->ifi_type || info->ifi_index || info->ifi_flags ||
		       info->ifi_change))
		return -EINVAL;
	for (unsigned int i = LINK_LO; net_link_get(i, &link); i++)
		rtnetlink_fill_link(reply, &link, RTM_NEWLINK);
	return 0;
}

static unsigned int link_by_name(const struct nlmsghdr *h)
{
	const size_t len = sizeof(struct ifinfomsg);
	char name[IFNAMSIZ] = "";
	size_t size;
	const void *data = find_attribute(h, len, IFLA_IFNAME, 1, &size);

	if (!data)
		data = find_attribute(h, len, IFLA_ALT_IFNAME, 1, &size);
	if (data)
		memcpy(name, data, MIN(size, (size_t)IFNAMSIZ - 1));
	return data ? net_link_index(name) : UINT32_MAX;
}

static int get_link(struct netlink_reply *reply, const struct nlmsghdr *h)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	struct net_link link;
	unsigned int index;

	if (payload_len(h) < sizeof(*info))
		return -EINVAL;
	index = info->ifi_index > 0 ? (unsigned int)info->ifi_index :
				      link_by_name(h);
	if (index == UINT32_MAX)
		return -EINVAL;
	if (!net_link_get(index, &link))
		return -ENODEV;
	rtnetlink_fill_link(reply, &link, RTM_NEWLINK);
	return 0;
}

/* ---- Addresses ----------------------------------------------------------- */

static bool has_ipv4(const struct nlmsghdr *h)
{
	uint8_t family = *(const uint8_t *)NLMSG_DATA(h);

	return family == AF_INET || family == AF_UNSPEC;
}

static int dump_addresses(struct netlink_reply *reply, const struct nlmsghdr *h,
			  bool strict)
{
	const struct ifaddrmsg *a = NLMSG_DATA(h);
	unsigned int only = 0;
	struct net_link link;

	if (strict) {
		if (payload_len(h) < sizeof(*a) || a->ifa_prefixlen ||
		    a->ifa_flags || a->ifa_scope)
			return -EINVAL;
		only = a->ifa_index;
		if (only && !net_link_get(only, &link))
			return -ENODEV;
	}
	for (unsigned int i = LINK_LO; net_link_get(i, &link); i++) {
		if (link.addr && has_ipv4(h) && (!only || only == i))
			rtnetlink_fill_address(reply, &link, RTM_NEWADDR);
	}
	return 0;
}

/* ---- Routes -------------------------------------------------------------- */

static int dump_routes(struct netlink_reply *reply, const struct nlmsghdr *h,
		       bool strict)
{
	const struct rtmsg *rtm = NLMSG_DATA(h);
	uint32_t table = 0, oif = 0;
	struct net_route route;

	if (strict) {
		if (payload_len(h) < sizeof(*rtm))
			return -EINVAL;
		if (rtm->rtm_flags & RTM_F_CLONED)
			return 0; /* the route cache, which is empty */
		table = get_u32(h, sizeof(*rtm), RTA_TABLE);
		oif = get_u32(h, sizeof(*rtm), RTA_OIF);
		table = table ? table : rtm->rtm_table;
	}
	for (unsigned int n = 0; net_route_at(n, &route); n++) {
		if (has_ipv4(h) && (!table || table == route.table) &&
		    (!oif || oif == route.oif))
			rtnetlink_fill_route(reply, &route);
	}
	return 0;
}

/* ip-route(8), "get": the route of a packet. */
static int get_route(struct netlink_reply *reply, const struct nlmsghdr *h)
{
	const struct rtmsg *rtm = NLMSG_DATA(h);
	struct net_route route;
	uint32_t dest;
	int err;

	if (payload_len(h) < sizeof(*rtm))
		return -EINVAL;
	if (rtm->rtm_family != AF_INET)
		return -EOPNOTSUPP;
	dest = get_u32(h, sizeof(*rtm), RTA_DST);
	err = net_route_lookup(dest, get_u32(h, sizeof(*rtm), RTA_OIF), false,
			       &route);
	if (err)
		return err;
	route.table = RT_TABLE_MAIN; /* Linux looks both tables up as one */
	rtnetlink_fill_route(reply, &route);
	return 0;
}

/* ---- Neighbours and rules ------------------------------------------------ */

static int dump_neighbours(struct netlink_reply *reply,
			   const struct nlmsghdr *h, bool strict)
{
	const struct ndmsg *nd = NLMSG_DATA(h);
	uint8_t hwaddr[6];
	uint32_t addr;

	if (payload_len(h) >= sizeof(*nd) && (nd->ndm_flags & NTF_PROXY))
		return 0;
	for (unsigned int n = 0; has_ipv4(h) && n < ETH_NEIGHBOURS; n++) {
		if (eth_neighbour_at(n, &addr, hwaddr))
			rtnetlink_fill_neighbour(reply, addr, hwaddr);
	}
	return 0;
}

static int get_neighbour(struct netlink_reply *reply, const struct nlmsghdr *h)
{
	const struct ndmsg *nd = NLMSG_DATA(h);
	uint8_t hwaddr[6];
	uint32_t addr;

	if (payload_len(h) < sizeof(*nd) || nd->ndm_family != AF_INET)
		return -EINVAL;
	addr = get_u32(h, sizeof(*nd), NDA_DST);
	if (!addr)
		return -EINVAL;
	if (nd->ndm_ifindex != LINK_ETH || !eth_neighbour(addr, hwaddr))
		return -ENOENT;
	rtnetlink_fill_neighbour(reply, addr, hwaddr);
	return 0;
}

static void fill_rule(struct netlink_reply *reply, uint32_t priority,
		      uint8_t table)
{
	struct fib_rule_hdr *rule = netlink_begin(reply, RTM_NEWRULE,
						  sizeof(*rule));

	if (!rule)
		return;
	rule->family = AF_INET;
	rule->table = table;
	rule->action = FR_ACT_TO_TBL;
	netlink_put_u32(reply, FRA_TABLE, table);
	netlink_put_u32(reply, FRA_SUPPRESS_PREFIXLEN, UINT32_MAX);
	netlink_put_u8(reply, FRA_PROTOCOL, RTPROT_KERNEL);
	if (priority)
		netlink_put_u32(reply, FRA_PRIORITY, priority);
	netlink_end(reply);
}

static int dump_rules(struct netlink_reply *reply, const struct nlmsghdr *h,
		      bool strict)
{
	if (!has_ipv4(h))
		return 0;
	fill_rule(reply, 0, RT_TABLE_LOCAL);
	fill_rule(reply, 32766, RT_TABLE_MAIN);
	fill_rule(reply, 32767, RT_TABLE_DEFAULT);
	return 0;
}

/* ---- Requests ------------------------------------------------------------ */

static const struct {
	uint16_t type;
	int (*dump)(struct netlink_reply *reply, const struct nlmsghdr *h,
		    bool strict);
	int (*get)(struct netlink_reply *reply, const struct nlmsghdr *h);
} questions[] = {
	{ RTM_GETLINK, dump_links, get_link },
	{ RTM_GETADDR, dump_addresses, NULL },
	{ RTM_GETROUTE, dump_routes, get_route },
	{ RTM_GETNEIGH, dump_neighbours, get_neighbour },
	{ RTM_GETRULE, dump_rules, NULL },
};

/* All messages, then NLMSG_DONE, which carries the error. */
static int answer_dump(struct netlink_reply *reply, const struct nlmsghdr *h,
		       bool strict, unsigned int i)
{
	int *status, err;

	reply->flags = NLM_F_MULTI;
	err = questions[i].dump(reply, h, strict);
	status = netlink_begin(reply, NLMSG_DONE, sizeof(*status));
	if (status)
		*status = err ? err : reply->err;
	netlink_end(reply);
	return 0;
}

int rtnetlink_request(struct netlink_reply *reply, const struct nlmsghdr *h,
		      bool strict)
{
	if (h->nlmsg_type > RTM_MAX)
		return -EOPNOTSUPP;
	if (payload_len(h) < sizeof(struct rtgenmsg))
		return 0;
	if (((h->nlmsg_type - RTM_BASE) & 3) != KIND_GET)
		return -EPERM;
	for (unsigned int i = 0; i < ARRAY_SIZE(questions); i++) {
		if (questions[i].type != h->nlmsg_type)
			continue;
		if (h->nlmsg_flags & NLM_F_DUMP)
			return answer_dump(reply, h, strict, i);
		if (questions[i].get)
			return questions[i].get(reply, h);
		break;
	}
	return -EOPNOTSUPP;
}

/* ---- Notifications ------------------------------------------------------- */

static void carrier_changed(const struct net_link *link, bool up)
{
	struct netlink_reply news = { .group = RTNLGRP_LINK };

	if (!netlink_has_listeners(news.group))
		return;
	rtnetlink_fill_link(&news, link, RTM_NEWLINK);
	netlink_send(&news);
}

static void tell_routes(unsigned int index)
{
	struct netlink_reply news = { .group = RTNLGRP_IPV4_ROUTE };
	struct net_route route;

	if (!netlink_has_listeners(news.group))
		return;
	for (unsigned int n = 0; net_route_at(n, &route); n++) {
		if (route.oif != index)
			continue;
		rtnetlink_fill_route(&news, &route);
		netlink_send(&news);
	}
}

static void tell_address(const struct net_link *link, uint16_t type)
{
	struct netlink_reply news = { .group = RTNLGRP_IPV4_IFADDR };

	if (!link->addr || !netlink_has_listeners(news.group))
		return;
	rtnetlink_fill_address(&news, link, type);
	netlink_send(&news);
}

static void address_changed(const struct net_link *was,
			    const struct net_link *link)
{
	tell_address(was, RTM_DELADDR);
	tell_address(link, RTM_NEWADDR);
	if (link->addr)
		tell_routes(link->index);
}

void rtnetlink_init(void)
{
	static struct net_link_listener listener __ro_after_init_data = {
		.carrier = carrier_changed,
		.address = address_changed,
	};

	net_link_listen(&listener);
}
