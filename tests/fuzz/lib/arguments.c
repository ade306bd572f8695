/* SPDX-License-Identifier: MIT */
/*
 * Arguments of socket calls.
 */
#include "fuzz/lib/arguments.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/lib/frames.h"
#include "kernel/base.h"
#include "net/link/ipconfig.h"
#include "net/socket/cmsg.h"
#include "net/socket/sockopt.h"
#include "net/tcp/sosplice.h"

static uint32_t take_inet(struct input *in)
{
	uint32_t addr = 0;

	(void)parse_ipv4(take_address(in), &addr);
	return addr;
}

static uint16_t take_port(struct input *in)
{
	uint8_t n = take8(in);
	uint16_t port = n < 0xe0 ? SERVICE_PORTS + n % 8 : take16(in);

	return __builtin_bswap16(n == 0xdf ? 0 : port);
}

int take_sockaddr(struct input *in, struct sockaddr_any *addr)
{
	uint8_t shape = take8(in);

	memset(addr, 0, sizeof(*addr));
	if (shape & 1) {
		addr->nl.family = AF_NETLINK;
		addr->nl.portid = take8(in) & 1 ? take8(in) : 0;
		addr->nl.groups = take8(in) & 1 ? take32(in) : 0;
	} else {
		addr->in.family = AF_INET;
		addr->in.port = take_port(in);
		addr->in.addr = take_inet(in);
	}
	if (shape >= 0xf0) {
		addr->family = take8(in) % 20;
		take_bytes(in, addr->bytes + 2, take_below(in, 120));
	}
	if (shape >= 0xe0)
		return take8(in) % (sizeof(*addr) + 1);
	return shape & 1 ? sizeof(addr->nl) : sizeof(addr->in);
}

uint32_t take_flags(struct input *in)
{
	static const uint32_t flags[] = { MSG_PEEK,	MSG_OOB,  MSG_TRUNC,
					  MSG_ERRQUEUE, MSG_MORE, MSG_WAITALL };
	uint8_t n = take8(in);
	uint32_t taken = MSG_DONTWAIT | MSG_NOSIGNAL;

	if (n < 0x80)
		return taken;
	if (n >= 0xf0)
		return taken | take32(in);
	taken |= flags[n % ARRAY_SIZE(flags)];
	return n & 0x40 ? taken | flags[take_below(in, ARRAY_SIZE(flags))] :
			  taken;
}

/* ---- Options ------------------------------------------------------------- */

static void put32(struct option *o, unsigned int at, uint32_t value)
{
	memcpy(o->value + at, &value, sizeof(value));
}

/* Two addresses and an interface; or groups with their families. */
static void take_membership(struct input *in, struct option *o)
{
	uint8_t shape = take8(in);

	if (shape & 1) {
		put32(o, 0, take_inet(in));
		put32(o, 4, take_inet(in));
		put32(o, 8, shape & 2 ? take_below(in, 4) : take_inet(in));
		o->len = 12;
		return;
	}
	put32(o, 0, take_below(in, 4));
	put32(o, 8, AF_INET);
	put32(o, 12, take_inet(in));
	put32(o, 136, AF_INET);
	put32(o, 140, take_inet(in));
	o->len = shape & 2 ? 136 : 256;
}

/* struct linger, struct timeval, and what SO_SPLICE takes. */
static void take_struct(struct input *in, struct option *o)
{
	switch (take_below(in, 3)) {
	case 0:
		o->len = 8;
		put32(o, 0, take_below(in, 2));
		put32(o, 4, take8(in));
		break;
	case 1:
		o->len = 16;
		put32(o, 0, take_below(in, 4));
		put32(o, 8, take16(in));
		break;
	default:
		o->len = sizeof(struct sosplice_request);
		put32(o, 0, 3 + take_below(in, 20));
		put32(o, 8, take8(in) & 1 ? take16(in) : 0);
		put32(o, 16, take_below(in, 3));
	}
}

void take_option(struct input *in, struct option *o)
{
	static const int levels[] = { 1, 0, 6, 17, SOL_RAW, SOL_NETLINK };
	uint8_t shape = take8(in);

	memset(o, 0, sizeof(*o));
	o->level = levels[take_below(in, ARRAY_SIZE(levels))];
	o->name = take8(in) % 110;
	if (shape >= 0xf8)
		o->name = SO_SPLICE;
	o->len = sizeof(int);
	switch (shape % 8) {
	case 0 ... 2:
		put32(o, 0, take_below(in, 4));
		break;
	case 3:
		put32(o, 0, (uint32_t)take_near(in));
		break;
	case 4:
		take_struct(in, o);
		break;
	case 5 ... 6:
		take_membership(in, o);
		break;
	default:
		o->len = take8(in);
		take_bytes(in, o->value, MIN((size_t)o->len, (size_t)32));
	}
	if ((shape & 0xf8) == 0x70)
		o->len = take_near(in);
}

/* ---- Control messages ---------------------------------------------------- */

void *take_control(struct input *in, size_t *len)
{
	static const struct {
		int level, type;
		uint8_t len;
	} known[] = {
		{ 0, 8, 12 }, { 0, 2, 4 },  { 0, 1, 4 },  { 0, 1, 1 },
		{ 1, 1, 4 },  { 1, 2, 12 }, { 1, 36, 4 }, { 17, 103, 2 },
		{ 1, 37, 4 }, { 0, 7, 8 },
	};
	uint8_t bytes[256] = { 0 }, *copy;
	size_t at = 0;

	for (unsigned int n = take_below(in, 4); n && at + 48 < sizeof(bytes);
	     n--) {
		unsigned int i = take8(in);
		struct cmsg cmsg = {
			sizeof(cmsg) + known[i % ARRAY_SIZE(known)].len,
			known[i % ARRAY_SIZE(known)].level,
			known[i % ARRAY_SIZE(known)].type,
		};
		size_t room = CMSG_ROOM(cmsg.len - sizeof(cmsg));

		if (i >= 0xe0)
			cmsg.len += (size_t)take_near(in);
		if (i >= 0xf0)
			cmsg.type = take8(in);
		memcpy(bytes + at, &cmsg, sizeof(cmsg));
		take_bytes(in, bytes + at + sizeof(cmsg), room - sizeof(cmsg));
		at += room;
	}
	*len = at > 8 ? at - take_below(in, 8) : at;
	copy = malloc(MAX(*len, (size_t)1));
	memcpy(copy, bytes, *len);
	return copy;
}

/* ---- netlink ------------------------------------------------------------- */

static size_t put_attributes(struct input *in, uint8_t *to, size_t room)
{
	static const char *const names[] = { "lo", "eth0", "eth1", "" };
	size_t at = 0;

	for (unsigned int n = take_below(in, 4); n && at + 40 < room; n--) {
		struct rtattr a = { RTA_LENGTH(4), take_below(in, 64) };
		uint8_t how = take8(in);
		uint32_t value = how & 1 ? take_inet(in) : take_below(in, 4);
		const char *name = names[take_below(in, ARRAY_SIZE(names))];

		size_t space;

		memcpy(to + at + sizeof(a), &value, sizeof(value));
		if (how & 2) {
			a.rta_len = RTA_LENGTH(strlen(name) + 1);
			strcpy((char *)to + at + sizeof(a), name);
		}
		space = RTA_ALIGN(a.rta_len);
		if (how >= 0xf0)
			a.rta_len = take16(in);
		memcpy(to + at, &a, sizeof(a));
		at += space;
	}
	return at;
}

static size_t put_request(struct input *in, uint8_t *to, size_t room)
{
	static const uint16_t types[] = { RTM_GETLINK,	RTM_GETADDR,
					  RTM_GETROUTE, RTM_GETNEIGH,
					  RTM_GETRULE,	RTM_NEWADDR,
					  RTM_DELROUTE, NLMSG_NOOP };
	static const uint16_t flags[] = { NLM_F_REQUEST,
					  NLM_F_REQUEST | NLM_F_DUMP,
					  NLM_F_REQUEST | NLM_F_ACK, 0 };
	static const uint8_t headers[] = { 16, 8, 12, 12, 12, 1, 0, 16 };
	unsigned int kind = take8(in);
	size_t len = headers[take_below(in, ARRAY_SIZE(headers))];
	struct nlmsghdr h = {
		.nlmsg_type = types[kind % ARRAY_SIZE(types)],
		.nlmsg_flags = flags[take_below(in, ARRAY_SIZE(flags))],
		.nlmsg_seq = take8(in),
	};

	if (kind >= 0xe0)
		h.nlmsg_type = take8(in);
	to[NLMSG_HDRLEN] = take8(in) & 3 ? AF_INET : take8(in);
	if (take8(in) & 1)
		take_bytes(in, to + NLMSG_HDRLEN + 1, MAX(len, 1UL) - 1);
	len = NLMSG_ALIGN(len);
	len += put_attributes(in, to + NLMSG_HDRLEN + len,
			      room - NLMSG_HDRLEN - len);
	h.nlmsg_len = NLMSG_LENGTH(len);
	if (kind == 0xdf)
		h.nlmsg_len = (uint32_t)take_near(in);
	memcpy(to, &h, sizeof(h));
	return NLMSG_SPACE(len);
}

void *take_netlink(struct input *in, size_t *len)
{
	uint8_t bytes[1024] = { 0 }, *copy;
	unsigned int cut;

	*len = 0;
	for (unsigned int n = 1 + take_below(in, 3); n && *len < 700; n--)
		*len += put_request(in, bytes + *len, sizeof(bytes) - *len);
	cut = take8(in);
	if (cut >= 0xe0)
		*len -= MIN((size_t)cut - 0xe0, *len);
	copy = malloc(MAX(*len, (size_t)1));
	memcpy(copy, bytes, *len);
	return copy;
}

/* ---- Memory -------------------------------------------------------------- */

void take_pieces(struct input *in, struct pieces *p)
{
	unsigned int nr = take_below(in, ARRAY_SIZE(p->iov) + 1);
	size_t count = 0, len;

	memset(p, 0, sizeof(*p));
	for (unsigned int i = 0; i < nr; i++) {
		len = take8(in);
		if (len >= 0xc0)
			len = take16(in) % 20000;
		p->iov[i].iov_base = calloc(1, MAX(len, (size_t)1));
		p->iov[i].iov_len = len;
		count += len;
	}
	iov_iter_init(&p->iter, p->iov, nr, count, true);
}

void pieces_of(struct pieces *p, void *bytes, size_t len)
{
	memset(p, 0, sizeof(*p));
	p->iov[0].iov_base = bytes;
	p->iov[0].iov_len = len;
	iov_iter_init(&p->iter, p->iov, 1, len, true);
}

void free_pieces(struct pieces *p)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(p->iov); i++)
		free(p->iov[i].iov_base);
}
