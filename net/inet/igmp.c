/* SPDX-License-Identifier: MIT */
/*
 * Reports of memberships. A change is reported twice within a second, because a
 * packet can be lost; a query is answered after a random part of the time
 * that it allows. Reports wait in a small table; when it is full they are sent
 * at once. Softirq and system calls.
 */
#include "net/inet/igmp.h"

#include <string.h>

#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/timeouts.h"

#include "kernel/base.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "net/base/counters.h"
#include "net/inet/ip_mcast.h"
#include "net/inet/ip_route.h"
#include "net/inet/protocol.h"
#include "net/link/link.h"
#include "net/socket/socket.h"
#include "net/softirq.h"

#define IGMP_QUERY 0x11
#define IGMP_V2_REPORT 0x16
#define IGMP_V2_LEAVE 0x17
#define IGMP_V3_REPORT 0x22

#define ALL_ROUTERS __builtin_bswap32(0xe0000002)
#define ALL_V3_ROUTERS __builtin_bswap32(0xe0000016)

/* RFC 3376 4.2.12: types of a group's record. */
#define MODE_IS_EXCLUDE 2
#define CHANGE_TO_INCLUDE 3
#define CHANGE_TO_EXCLUDE 4

#define ROBUSTNESS 2 /* RFC 3376 8.1 */
#define UNSOLICITED_MS 1000 /* RFC 3376 8.11 */
#define OLD_ROUTER_NS (400 * NSEC_PER_SEC) /* RFC 3376 8.12 */

#define IPPROTO_IGMP 2
#define TTL 1
#define TOS 0xc0
#define ROUTER_ALERT 0x94040000 /* RFC 2113 */

#define PENDING_MAX 32

struct igmp_header {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint32_t group; /* of a v3 report: reserved, number of records */
};

struct igmp_record {
	uint8_t type;
	uint8_t aux_len;
	uint16_t nr_sources;
	uint32_t group;
};

/* A report to send. left 0: the entry is free. */
struct pending {
	uint64_t due;
	uint32_t group;
	uint8_t record; /* type of a v3 record, also for version 2 */
	uint8_t left; /* how many times */
};

static struct pending pendings[PENDING_MAX];
static uint64_t old_router_until; /* until then, send version 2 */

/* ---- Sending ------------------------------------------------------------- */

/* Every message has the Router Alert option. */
static void send_packet(uint32_t daddr, struct pbuf *p)
{
	struct netif *netif = ip_netif(LINK_ETH);
	ip4_addr_t dest = { daddr };
	struct ip_hdr *ip;
	uint32_t option = lwip_htonl(ROUTER_ALERT);

	if (!netif || !ip_ifaddr(LINK_ETH) ||
	    pbuf_add_header(p, IP_HLEN + sizeof(option))) {
		pbuf_free(p);
		return;
	}
	ip = p->payload;
	memset(ip, 0, IP_HLEN);
	IPH_VHL_SET(ip, 4, (IP_HLEN + sizeof(option)) / 4);
	IPH_TOS_SET(ip, TOS);
	IPH_LEN_SET(ip, lwip_htons(p->tot_len));
	IPH_OFFSET_SET(ip, PP_HTONS(IP_DF));
	IPH_TTL_SET(ip, TTL);
	IPH_PROTO_SET(ip, IPPROTO_IGMP);
	ip->src.addr = ip_ifaddr(LINK_ETH);
	ip->dest.addr = dest.addr;
	memcpy(ip + 1, &option, sizeof(option));
	IPH_CHKSUM_SET(ip, inet_chksum(ip, IP_HLEN + sizeof(option)));
	ip4_output_if(p, NULL, LWIP_IP_HDRINCL, 0, 0, 0, netif);
	pbuf_free(p);
	net_count(igmp_out_reports);
}

static void send_v2(uint32_t group, uint8_t record)
{
	bool leaves = record == CHANGE_TO_INCLUDE;
	struct igmp_header *igmp;
	struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, sizeof(*igmp), PBUF_RAM);

	if (!p)
		return;
	igmp = p->payload;
	*igmp = (struct igmp_header){ .type = leaves ? IGMP_V2_LEAVE :
						       IGMP_V2_REPORT,
				      .group = group };
	igmp->checksum = inet_chksum_pbuf(p);
	send_packet(leaves ? ALL_ROUTERS : group, p);
}

static void send_v3(uint32_t group, uint8_t record)
{
	struct {
		struct igmp_header igmp;
		struct igmp_record record;
	} * report;
	struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, sizeof(*report), PBUF_RAM);

	if (!p)
		return;
	report = p->payload;
	memset(report, 0, sizeof(*report));
	report->igmp.type = IGMP_V3_REPORT;
	report->igmp.group = lwip_htonl(1); /* one record */
	report->record.type = record;
	report->record.group = group;
	report->igmp.checksum = inet_chksum_pbuf(p);
	send_packet(ALL_V3_ROUTERS, p);
}

static void say(uint32_t group, uint8_t record)
{
	if (ktime_get_ns() < old_router_until)
		send_v2(group, record);
	else
		send_v3(group, record);
}

/* ---- Delayed reports ----------------------------------------------------- */

static uint64_t random_delay(uint32_t max_ms)
{
	return (uint64_t)(random_u32() % (max_ms + 1)) * NSEC_PER_MSEC;
}

static void run_pending(void *arg);

static void arm(void)
{
	uint64_t now = ktime_get_ns();
	uint64_t first = UINT64_MAX;

	sys_untimeout(run_pending, NULL);
	for (unsigned int i = 0; i < PENDING_MAX; i++) {
		if (pendings[i].left)
			first = MIN(first, pendings[i].due);
	}
	if (first == UINT64_MAX)
		return;
	first = first > now ? first - now : 0;
	sys_timeout(first / NSEC_PER_MSEC + 1, run_pending, NULL);
}

static void run_pending(void *arg)
{
	uint64_t now = ktime_get_ns();

	for (unsigned int i = 0; i < PENDING_MAX; i++) {
		struct pending *e = &pendings[i];

		if (!e->left || e->due > now)
			continue;
		e->left--;
		e->due = now + random_delay(UNSOLICITED_MS);
		say(e->group, e->record);
	}
	arm();
}

/* The entry to use: the group's, to be replaced, else a free one; or NULL. */
static struct pending *place_for(uint32_t group)
{
	struct pending *free = NULL;

	for (unsigned int i = 0; i < PENDING_MAX; i++) {
		if (pendings[i].left && pendings[i].group == group)
			return &pendings[i];
		if (!pendings[i].left)
			free = &pendings[i];
	}
	return free;
}

static void say_later(uint32_t group, uint8_t record, uint8_t times,
		      uint32_t within_ms)
{
	struct pending *e = place_for(group);

	if (!e) {
		say(group, record);
		return;
	}
	/* An answer to a query does not replace a report of a change. */
	if (e->left && record == MODE_IS_EXCLUDE && e->record != record)
		return;
	*e = (struct pending){ ktime_get_ns() + random_delay(within_ms), group,
			       record, times };
	arm();
}

static void change(int ifindex, uint32_t group, uint8_t record)
{
	if (ifindex != LINK_ETH || group == IGMP_ALL_HOSTS)
		return;
	say(group, record);
	say_later(group, record, ROBUSTNESS - 1, UNSOLICITED_MS);
	net_flush_soon();
}

void igmp_joined(int ifindex, uint32_t group)
{
	change(ifindex, group, CHANGE_TO_EXCLUDE);
}

void igmp_left(int ifindex, uint32_t group)
{
	change(ifindex, group, CHANGE_TO_INCLUDE);
}

static void say_joined(uint32_t group, void *arg)
{
	say_later(group, CHANGE_TO_EXCLUDE, ROBUSTNESS, UNSOLICITED_MS);
}

static void carrier_changed(const struct net_link *link, bool up)
{
	if (up)
		ip_mcast_for_each(link->index, say_joined, NULL);
}

/* ---- Queries ------------------------------------------------------------- */

struct query {
	uint32_t group; /* 0: all */
	uint32_t within_ms;
};

/* RFC 3376 4.1.1: from 128 on a mantissa and an exponent; tenths of seconds. */
static uint32_t max_response_ms(uint8_t code)
{
	if (code >= 128)
		return 100 * (((code & 15) | 16) << ((code >> 4 & 7) + 3));
	return code * 100;
}

static void answer(uint32_t group, void *arg)
{
	const struct query *q = arg;

	if (!q->group || q->group == group)
		say_later(group, MODE_IS_EXCLUDE, 1, q->within_ms);
}

static void igmp_rcv(struct pbuf *p, const struct ip_info *ip, uint16_t hlen)
{
	struct igmp_header igmp;
	struct query q;

	pbuf_remove_header(p, hlen);
	if (pbuf_copy_partial(p, &igmp, sizeof(igmp), 0) != sizeof(igmp) ||
	    inet_chksum_pbuf(p) || ip->ttl != TTL) {
		net_count(igmp_in_errors);
		goto out;
	}
	if (igmp.type != IGMP_QUERY || !ip->group)
		goto out;
	net_count(igmp_in_queries);
	if (p->tot_len == sizeof(igmp))
		old_router_until = ktime_get_ns() + OLD_ROUTER_NS;
	q.group = igmp.group;
	q.within_ms = igmp.code ? max_response_ms(igmp.code) : 10000;
	ip_mcast_for_each(ip->ifindex, answer, &q);
out:
	pbuf_free(p);
}

void igmp_init(void)
{
	static struct net_link_listener listener __ro_after_init_data = {
		.carrier = carrier_changed,
	};
	static const struct net_protocol igmp = { .handler = igmp_rcv };

	net_link_listen(&listener);
	inet_add_protocol(&igmp, IPPROTO_IGMP);
}
