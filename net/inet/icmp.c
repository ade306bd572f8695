/* SPDX-License-Identifier: MIT */
/*
 * ICMP messages: received ones go to raw sockets, and are answered or reported
 * to the socket that sent the quoted packet. The rate of errors sent is
 * limited, for each destination and in total. Softirq and system calls.
 */
#include "net/inet/icmp.h"

#include <errno.h>

#include "lwip/inet_chksum.h"
#include "lwip/ip4.h"
#include "lwip/pbuf.h"

#include "kernel/base.h"
#include "kernel/task/clock.h"
#include "net/base/counters.h"
#include "net/inet/ip_output.h"
#include "net/inet/ip_pbuf.h"
#include "net/inet/protocol.h"
#include "net/link/link.h"
#include "net/socket/socket.h"

#define DEFAULT_TTL 64
#define TOS_CONTROL 0xc0 /* RFC 1812 4.3.2.5: internetwork control */
#define TOS_MASK 0x1e

_Static_assert(sizeof(struct icmp_header) == ICMP_HEADER_LEN, "RFC 792");

static struct icmp_listener *listeners __ro_after_init;

void icmp_listen(struct icmp_listener *listener)
{
	struct icmp_listener **l = &listeners;

	while (*l && *l != listener)
		l = &(*l)->next;
	*l = listener;
}

/* ---- Rate limits --------------------------------------------------------- */

#define GLOBAL_PER_SECOND 1000 /* net.ipv4.icmp_msgs_per_sec */
#define GLOBAL_BURST 50
#define DEST_BURST 6 /* and one a second: net.ipv4.icmp_ratelimit */
#define DEST_BUCKETS 64

/* A token bucket; credit is in nanoseconds. */
struct bucket {
	uint32_t daddr;
	uint64_t last;
	uint64_t credit;
};

static struct bucket all_messages;
static struct bucket destinations[DEST_BUCKETS];

static bool take_token(struct bucket *b, uint64_t cost, unsigned int burst)
{
	uint64_t now = ktime_get_ns();

	b->credit = MIN(b->credit + (now - b->last), cost * burst);
	b->last = now;
	if (b->credit < cost)
		return false;
	b->credit -= cost;
	return true;
}

/* The bucket of a destination; a new one replaces the least recently used. */
static struct bucket *bucket_of(uint32_t daddr)
{
	struct bucket *oldest = destinations;

	for (unsigned int i = 0; i < DEST_BUCKETS; i++) {
		struct bucket *b = &destinations[i];

		if (b->daddr == daddr)
			return b;
		if (b->last < oldest->last)
			oldest = b;
	}
	*oldest = (struct bucket){ .daddr = daddr,
				   .credit = NSEC_PER_SEC * DEST_BURST };
	return oldest;
}

/* A message refused for its destination takes no token from all_messages. */
static bool may_send(uint32_t daddr)
{
	return take_token(bucket_of(daddr), NSEC_PER_SEC, DEST_BURST) &&
	       take_token(&all_messages, NSEC_PER_SEC / GLOBAL_PER_SECOND,
			  GLOBAL_BURST);
}

/* ---- Sending ------------------------------------------------------------- */

int icmp_output(const struct ip_route *rt, const struct ip_out *out,
		struct pbuf *p)
{
	struct ip_info ip = { .saddr = out->saddr,
			      .daddr = out->daddr,
			      .ifindex = rt->ifindex,
			      .ttl = out->ttl,
			      .tos = out->tos,
			      .proto = IPPROTO_ICMP,
			      .group = rt->type != ROUTE_LOCAL };

	net_count(icmp_out_msgs);
	if (rt->ifindex != LINK_LO)
		return ip_output_packet(rt, out, p);
	p = ip_push_header(p, IP_HEADER_LEN);
	if (!p)
		return -ENOBUFS;
	ip_fill_header(out, p, out->id, out->df ? IP_DF : 0);
	icmp_rcv(p, &ip, IP_HEADER_LEN);
	return 0;
}

static void reply(const struct ip_info *ip, struct pbuf *p, uint8_t tos)
{
	const struct ip_out out = { .saddr = ip->daddr,
				    .daddr = ip->saddr,
				    .tos = tos,
				    .ttl = DEFAULT_TTL,
				    .proto = IPPROTO_ICMP };
	struct ip_route rt;

	if (ip_find_route(out.daddr, out.saddr, 0, false, &rt) ||
	    rt.type == ROUTE_BROADCAST)
		pbuf_free(p);
	else
		icmp_output(&rt, &out, p);
}

static bool is_icmp_error(uint8_t type)
{
	return type == ICMP_DEST_UNREACH || type == ICMP_SOURCE_QUENCH ||
	       type == ICMP_REDIRECT || type == ICMP_TIME_EXCEEDED ||
	       type == ICMP_PARAMETERPROB;
}

/* RFC 1122 3.2.2: false for packets that no ICMP error may answer. */
static bool deserves_answer(const struct pbuf *packet, const struct ip_info *ip)
{
	const struct ip_hdr *hdr = packet->payload;
	uint16_t hlen = IPH_HL_BYTES(hdr);

	if (ip->group || ip_addr_type(ip->saddr) == ROUTE_BROADCAST ||
	    ip_is_multicast(ip->saddr))
		return false;
	if (IPH_OFFSET(hdr) & PP_HTONS(IP_OFFMASK))
		return false;
	return IPH_PROTO(hdr) != IPPROTO_ICMP ||
	       (packet->tot_len > hlen &&
		!is_icmp_error(pbuf_get_at(packet, hlen)));
}

void icmp_send(const struct pbuf *packet, const struct ip_info *ip,
	       uint8_t type, uint8_t code, uint32_t rest)
{
	uint16_t n = MIN(packet->tot_len, ICMP_QUOTE_MAX);
	struct icmp_header *icmp;
	struct pbuf *p;

	if (!deserves_answer(packet, ip))
		return;
	if (ip->ifindex != LINK_LO && !may_send(ip->saddr)) {
		net_count(icmp_out_limited);
		return;
	}
	p = pbuf_alloc(PBUF_IP, ICMP_HEADER_LEN + n, PBUF_RAM);
	if (!p) {
		net_count(icmp_drop_no_memory);
		return;
	}
	icmp = p->payload;
	*icmp = (struct icmp_header){ .type = type, .code = code };
	icmp->rest = rest;
	pbuf_copy_partial(packet, icmp + 1, n, 0);
	icmp->checksum = inet_chksum_pbuf(p);
	reply(ip, p, (ip->tos & TOS_MASK) | TOS_CONTROL);
}

/* ---- Requests ------------------------------------------------------------ */

static void answer_echo(struct pbuf *p, const struct ip_info *ip)
{
	struct pbuf *copy = ip_payload_clone(p);
	struct icmp_header *icmp;

	if (!copy) {
		net_count(icmp_drop_no_memory);
		return;
	}
	icmp = copy->payload;
	icmp->type = ICMP_ECHOREPLY;
	icmp->checksum = 0;
	icmp->checksum = inet_chksum_pbuf(copy);
	reply(ip, copy, ip->tos);
}

/* RFC 792, page 16: milliseconds since midnight UT. */
static void answer_timestamp(struct pbuf *p, const struct ip_info *ip)
{
	uint32_t ms = ktime_get_real_ns() / NSEC_PER_MSEC % 86400000;
	struct {
		struct icmp_header icmp;
		uint32_t originate, receive, transmit;
	} * msg;
	struct pbuf *copy;

	if (p->tot_len < sizeof(*msg))
		return;
	copy = pbuf_alloc(PBUF_IP, sizeof(*msg), PBUF_RAM);
	if (!copy) {
		net_count(icmp_drop_no_memory);
		return;
	}
	msg = copy->payload;
	pbuf_copy_partial(p, msg, sizeof(*msg), 0);
	msg->icmp.type = ICMP_TIMESTAMPREPLY;
	msg->icmp.checksum = 0;
	msg->receive = lwip_htonl(ms);
	msg->transmit = msg->receive;
	msg->icmp.checksum = inet_chksum_pbuf(copy);
	reply(ip, copy, ip->tos);
}

/* ---- Errors -------------------------------------------------------------- */

/* RFC 792 and RFC 1122 3.2.2.1, as Linux's icmp_err_convert[]. */
static const struct {
	uint8_t err;
	bool fatal;
} unreachable[] = {
	[ICMP_NET_UNREACH] = { ENETUNREACH, false },
	[ICMP_HOST_UNREACH] = { EHOSTUNREACH, false },
	[ICMP_PROT_UNREACH] = { ENOPROTOOPT, true },
	[ICMP_PORT_UNREACH] = { ECONNREFUSED, true },
	[ICMP_FRAG_NEEDED] = { EMSGSIZE, true },
	[ICMP_SR_FAILED] = { EOPNOTSUPP, false },
	[ICMP_NET_UNKNOWN] = { ENETUNREACH, true },
	[ICMP_HOST_UNKNOWN] = { EHOSTDOWN, true },
	[ICMP_HOST_ISOLATED] = { ENONET, true },
	[ICMP_NET_ANO] = { ENETUNREACH, true },
	[ICMP_HOST_ANO] = { EHOSTUNREACH, true },
	[ICMP_NET_UNR_TOS] = { ENETUNREACH, false },
	[ICMP_HOST_UNR_TOS] = { EHOSTUNREACH, false },
	[ICMP_PKT_FILTERED] = { EHOSTUNREACH, true },
	[ICMP_PREC_VIOLATION] = { EHOSTUNREACH, true },
	[ICMP_PREC_CUTOFF] = { EHOSTUNREACH, true },
};

int icmp_errno(const struct icmp_error *e, bool *fatal)
{
	*fatal = false;
	switch (e->type) {
	case ICMP_PARAMETERPROB:
		*fatal = true;
		return EPROTO;
	case ICMP_DEST_UNREACH:
		if (e->code >= ARRAY_SIZE(unreachable))
			return EHOSTUNREACH;
		*fatal = unreachable[e->code].fatal;
		return unreachable[e->code].err;
	default:
		return EHOSTUNREACH;
	}
}

static uint32_t info_of(const struct icmp_header *icmp)
{
	if (icmp->type == ICMP_DEST_UNREACH && icmp->code == ICMP_FRAG_NEEDED)
		return lwip_ntohs(icmp->frag.mtu);
	if (icmp->type == ICMP_PARAMETERPROB)
		return lwip_ntohl(icmp->rest) >> 24;
	return 0;
}

/* p: the message. It must quote the whole IP header and eight bytes more. */
static void take_error(struct pbuf *p, const struct ip_info *ip,
		       const struct icmp_header *icmp)
{
	struct icmp_error e = { .type = icmp->type,
				.code = icmp->code,
				.info = info_of(icmp),
				.offender = ip->saddr,
				.ip = *ip };
	const struct net_protocol *prot;
	struct ip_hdr quoted;
	uint16_t hlen;

	if (pbuf_copy_partial(p, &quoted, IP_HEADER_LEN, ICMP_HEADER_LEN) !=
	    IP_HEADER_LEN)
		goto bad;
	hlen = IPH_HL_BYTES(&quoted);
	if (hlen < IP_HEADER_LEN ||
	    p->tot_len < ICMP_HEADER_LEN + hlen + ICMP_HEADER_LEN)
		goto bad;
	if (ip_addr_type(quoted.dest.addr) == ROUTE_BROADCAST ||
	    (IPH_OFFSET(&quoted) & PP_HTONS(IP_OFFMASK)))
		return;
	e.saddr = quoted.src.addr;
	e.daddr = quoted.dest.addr;
	e.quoted = p;
	for (const struct icmp_listener *l = listeners; l; l = l->next)
		if (l->error)
			l->error(&e, IPH_PROTO(&quoted), ICMP_HEADER_LEN);
	pbuf_remove_header(p, ICMP_HEADER_LEN + hlen);
	prot = inet_protocol(IPH_PROTO(&quoted));
	if (prot && prot->err_handler)
		prot->err_handler(&e);
	return;

bad:
	net_count(icmp_in_errors);
}

/* An error about an ICMP message that this machine sent. */
static void own_error(const struct icmp_error *e)
{
	for (const struct icmp_listener *l = listeners; l; l = l->next)
		if (l->own_error)
			l->own_error(e);
}

/* ---- Received messages --------------------------------------------------- */

static void tell_reply(struct pbuf *p, const struct ip_info *ip,
		       const struct icmp_header *icmp)
{
	for (const struct icmp_listener *l = listeners; l; l = l->next)
		if (l->reply)
			l->reply(p, ip, icmp);
}

void icmp_rcv(struct pbuf *p, const struct ip_info *ip, uint16_t hlen)
{
	struct icmp_header icmp;

	net_count(icmp_in_msgs);
	for (const struct icmp_listener *l = listeners; l; l = l->next)
		if (l->message)
			l->message(p, ip, hlen);
	pbuf_remove_header(p, hlen);
	if (pbuf_copy_partial(p, &icmp, sizeof(icmp), 0) != sizeof(icmp)) {
		net_count(icmp_in_errors);
		goto out;
	}
	if (inet_chksum_pbuf(p)) {
		net_count(icmp_in_csum_errors);
		goto out;
	}
	if (icmp.type == ICMP_ECHO && !ip->group)
		answer_echo(p, ip);
	else if (icmp.type == ICMP_TIMESTAMP && !ip->group)
		answer_timestamp(p, ip);
	else if (icmp.type == ICMP_ECHOREPLY)
		tell_reply(p, ip, &icmp);
	else if (is_icmp_error(icmp.type))
		take_error(p, ip, &icmp);
out:
	pbuf_free(p);
}

void icmp_init(void)
{
	static const struct net_protocol icmp = {
		.handler = icmp_rcv,
		.err_handler = own_error,
	};

	inet_add_protocol(&icmp, IPPROTO_ICMP);
}
