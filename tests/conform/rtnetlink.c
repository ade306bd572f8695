/* SPDX-License-Identifier: MIT */
/*
 * What NETLINK_ROUTE says of links, addresses and routes, and what
 * getifaddrs() and if_nameindex() make of it. Of the interfaces only lo is the
 * same on every machine.
 */
#define _GNU_SOURCE
#include <ifaddrs.h>
#include <net/if.h>

#include "netlink.h"

/* Of a dump: the messages, and what is wrong with them. */
struct dump {
	int messages, done, bad;
	char found[512]; /* the message about lo */
};

static void read_dump(int fd, int type, int (*is_lo)(const struct header *),
		      struct dump *d)
{
	memset(d, 0, sizeof(*d));
	while (!d->done) {
		int n = next_answer(fd);
		struct header *h = (struct header *)answer;

		if (n < 0)
			break;
		for (; n >= 16 && h->len >= 16 && (int)h->len <= n;
		     n -= (h->len + 3) & ~3,
		     h = (void *)((char *)h + ((h->len + 3) & ~3))) {
			if (h->seq != 4711 || !(h->flags & MULTI) ||
			    h->portid != own(fd).portid)
				d->bad++;
			if (h->type == NL_DONE) {
				d->done++;
				continue;
			}
			d->messages++;
			if (h->type != type)
				d->bad++;
			else if (is_lo(h))
				memcpy(d->found, h,
				       h->len < 512 ? h->len : 512);
		}
	}
}

static int link_is_lo(const struct header *h)
{
	return ((int *)(h + 1))[1] == 1;
}

static void test_links(int fd)
{
	struct header *h;
	struct dump d;
	const void *data;
	int len = 0;

	prepare(GETLINK, REQUEST | DUMP, 16, 0);
	is(send_request(fd), 32, "links: asked");
	is(mask(fd), POLLIN | POLLOUT, "links: there is an answer");
	read_dump(fd, NEWLINK, link_is_lo, &d);
	ok(d.messages >= 1 && d.done == 1 && !d.bad, "links: all and an end");
	h = (struct header *)d.found;
	is(((uint16_t *)(h + 1))[1], 772, "lo: its kind");
	is(((unsigned int *)(h + 1))[2], 0x10049, "lo: its flags");
	data = attribute(h, 16, 3, &len);
	ok(data && len == 3 && !strcmp(data, "lo"), "lo: its name");
	data = attribute(h, 16, 4, &len);
	ok(data && len == 4 && *(int *)data == 65536, "lo: its MTU");
	data = attribute(h, 16, 13, &len);
	ok(data && len == 4 && *(int *)data == 1000, "lo: its queue");
	data = attribute(h, 16, 1, &len);
	ok(data && len == 6 && !memcmp(data, "\0\0\0\0\0\0", 6),
	   "lo: its address");
	data = attribute(h, 16, 2, &len);
	ok(data && len == 6, "lo: a broadcast address");
	data = attribute(h, 16, 16, &len);
	ok(data && len == 1 && *(char *)data == 0, "lo: operstate unknown");
	data = attribute(h, 16, 33, &len);
	ok(data && len == 1 && *(char *)data == 1, "lo: carrier");
}

static void test_one_link(int fd)
{
	struct header *h;

	prepare(GETLINK, REQUEST, 16, 0);
	((int *)ask.payload)[1] = 1;
	send_request(fd);
	h = first_answer(fd);
	ok(h->type == NEWLINK && !(h->flags & MULTI) && link_is_lo(h),
	   "one link, by number");
	is(next_answer(fd), -EAGAIN, "one link: no end follows");
	((int *)ask.payload)[1] = 999999;
	send_request(fd);
	is(error_of(first_answer(fd)), -ENODEV, "one link: no such number");
	prepare(GETLINK, REQUEST, 24, 0);
	memcpy(ask.payload + 16, "\7\0\3\0lo\0", 8);
	send_request(fd);
	h = first_answer(fd);
	ok(h->type == NEWLINK && link_is_lo(h), "one link, by name");
	memcpy(ask.payload + 16, "\7\0\3\0no\0", 8);
	send_request(fd);
	is(error_of(first_answer(fd)), -ENODEV, "one link: no such name");
}

static int address_is_lo(const struct header *h)
{
	return ((int *)(h + 1))[1] == 1;
}

static void test_addresses(int fd)
{
	struct header *h;
	struct dump d;
	const void *data;
	int len = 0;

	prepare(GETADDR, REQUEST | DUMP, 8, AF_INET);
	send_request(fd);
	read_dump(fd, NEWADDR, address_is_lo, &d);
	ok(d.messages >= 1 && d.done == 1 && !d.bad,
	   "addresses: all and an end");
	h = (struct header *)d.found;
	ok(!memcmp(h + 1, "\2\10\200\376\1\0\0\0", 8),
	   "lo: IPv4, of 8 bits, permanent, of the host");
	data = attribute(h, 8, 1, &len);
	ok(data && len == 4 && !memcmp(data, "\177\0\0\1", 4),
	   "lo: its address");
	data = attribute(h, 8, 2, &len);
	ok(data && len == 4 && !memcmp(data, "\177\0\0\1", 4),
	   "lo: its own address");
	data = attribute(h, 8, 3, &len);
	ok(data && len == 3 && !strcmp(data, "lo"), "lo: its label");
	data = attribute(h, 8, 6, &len);
	ok(data && len == 16 && !memcmp(data, "\377\377\377\377", 4),
	   "lo: for ever");
	ok(!attribute(h, 8, 4, &len), "lo: no broadcast address");
}

static int route_is_lo(const struct header *h)
{
	int len;
	const void *dest = attribute(h, 12, 1, &len);

	return dest && !memcmp(dest, "\177\0\0\1", 4);
}

static void test_routes(int fd)
{
	struct header *h;
	struct dump d;
	const void *data;
	int len = 0;

	prepare(GETROUTE, REQUEST | DUMP, 12, AF_INET);
	send_request(fd);
	read_dump(fd, NEWROUTE, route_is_lo, &d);
	ok(d.messages >= 3 && d.done == 1 && !d.bad, "routes: all and an end");
	h = (struct header *)d.found;
	ok(!memcmp(h + 1, "\2\40\0\0\377\2\376\2\0\0\0\0", 12),
	   "to lo: a local route of the kernel");
	data = attribute(h, 12, 15, &len);
	ok(data && len == 4 && *(int *)data == 255, "to lo: table local");
	data = attribute(h, 12, 4, &len);
	ok(data && len == 4 && *(int *)data == 1, "to lo: over lo");
	data = attribute(h, 12, 7, &len);
	ok(data && len == 4 && !memcmp(data, "\177\0\0\1", 4),
	   "to lo: from lo");
	prepare(GETROUTE, REQUEST, 20, AF_INET);
	ask.payload[1] = 32;
	memcpy(ask.payload + 12, "\10\0\1\0\177\1\2\3", 8);
	send_request(fd);
	h = first_answer(fd);
	is(h->type, NEWROUTE, "the way to 127.1.2.3");
	ok(!memcmp(h + 1, "\2\40\0\0\376", 5), "of one address");
	ok(((unsigned int *)(h + 1))[2] == 0x80000200, "cloned, local");
	is(((unsigned char *)(h + 1))[7], 2, "of type local");
	data = attribute(h, 12, 1, &len);
	ok(data && !memcmp(data, "\177\1\2\3", 4), "goes there");
	data = attribute(h, 12, 4, &len);
	ok(data && *(int *)data == 1, "over lo");
	prepare(GETROUTE, REQUEST, 20, AF_INET);
	ask.payload[1] = 32;
	memcpy(ask.payload + 12, "\10\0\4\0\377\377\0\0", 8);
	send_request(fd);
	h = first_answer(fd);
	ok(error_of(h) < 0, "no way over no link");
}

static int anything(const struct header *h)
{
	return 0;
}

static void test_rules(int fd)
{
	struct dump d;

	prepare(GETRULE, REQUEST | DUMP, 12, AF_INET);
	send_request(fd);
	read_dump(fd, 32, anything, &d);
	ok(d.messages == 3 && d.done == 1 && !d.bad, "rules: three");
	prepare(GETNEIGH, REQUEST | DUMP, 12, AF_INET);
	send_request(fd);
	read_dump(fd, 28, anything, &d);
	ok(d.done == 1 && !d.bad, "neighbours: an end");
}

static void test_strict(void)
{
	int fd = open_netlink();
	struct dump d;

	is(set_option(fd, NETLINK_LEVEL, STRICT_CHK, 1), 0, "strict");
	is(get_option(fd, NETLINK_LEVEL, STRICT_CHK), 1, "strict it is");
	is(try(fd, GETLINK, REQUEST | DUMP, 1, 0), -EINVAL,
	   "strict: a short header");
	prepare(GETADDR, REQUEST | DUMP, 8, AF_INET);
	((int *)ask.payload)[1] = 1;
	send_request(fd);
	read_dump(fd, NEWADDR, address_is_lo, &d);
	ok(d.messages == 1 && d.done == 1 && d.found[0],
	   "strict: the addresses of lo");
	ask.payload[1] = 8;
	send_request(fd);
	is(error_of(first_answer(fd)), -EINVAL, "strict: no other filter");
	prepare(GETROUTE, REQUEST | DUMP, 12, AF_INET);
	ask.payload[4] = 255;
	send_request(fd);
	read_dump(fd, NEWROUTE, route_is_lo, &d);
	ok(d.messages >= 3 && d.found[0], "strict: table local");
	ask.payload[4] = 254;
	send_request(fd);
	read_dump(fd, NEWROUTE, route_is_lo, &d);
	ok(!d.found[0] && d.done == 1, "strict: lo is not in table main");
	ask.payload[4] = 0;
	ask.payload[9] = 2; /* RTM_F_CLONED */
	send_request(fd);
	read_dump(fd, NEWROUTE, route_is_lo, &d);
	ok(!d.found[0] && d.done == 1, "strict: lo is not in the cache");
	close(fd);
}

static void test_ifaddrs(void)
{
	struct ifaddrs *all, *i;
	struct if_nameindex *list = if_nameindex();
	int found = 0, links = 0;

	is(getifaddrs(&all), 0, "getifaddrs");
	for (i = all; i; i = i->ifa_next) {
		struct sockaddr_in *a = (struct sockaddr_in *)i->ifa_addr;
		struct sockaddr_in *m = (struct sockaddr_in *)i->ifa_netmask;

		if (strcmp(i->ifa_name, "lo") || !a)
			continue;
		if (a->sin_family == 17) /* AF_PACKET */
			links++;
		if (a->sin_family == AF_INET &&
		    a->sin_addr.s_addr == htonl(0x7f000001) &&
		    m->sin_addr.s_addr == htonl(0xff000000) &&
		    (i->ifa_flags & IFF_LOOPBACK))
			found++;
	}
	is(found, 1, "getifaddrs: 127.0.0.1/8 on lo, once");
	is(links, 1, "getifaddrs: lo itself, once");
	freeifaddrs(all);
	ok(list != NULL, "if_nameindex");
	ok(list && list[0].if_index == 1 && !strcmp(list[0].if_name, "lo"),
	   "if_nameindex: begins with lo");
	if_freenameindex(list);
}

int main(void)
{
	int fd;

	deadline(30);
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 9;
	fd = open_netlink();
	test_links(fd);
	test_one_link(fd);
	test_addresses(fd);
	test_routes(fd);
	test_rules(fd);
	close(fd);
	test_strict();
	test_ifaddrs();
	return done_testing();
}
