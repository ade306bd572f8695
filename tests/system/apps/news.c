/* SPDX-License-Identifier: MIT */
/*
 * Listens to netlink's news of addresses and routes, rtnetlink(7), and prints
 * them, until an address has come. Before, it prints what is there already.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define NEWADDR 20
#define DELADDR 21
#define NEWROUTE 24
#define GROUP_IFADDR 0x10 /* RTMGRP_IPV4_IFADDR */
#define GROUP_ROUTE 0x40 /* RTMGRP_IPV4_ROUTE */

struct name {
	uint16_t family, zero;
	uint32_t portid, groups;
};

struct header {
	uint32_t len;
	uint16_t type, flags;
	uint32_t seq, portid;
};

static void print_addresses(void)
{
	struct ifaddrs *all, *i;
	char text[INET_ADDRSTRLEN];

	if (getifaddrs(&all))
		return;
	for (i = all; i; i = i->ifa_next) {
		struct sockaddr_in *a = (struct sockaddr_in *)i->ifa_addr;

		if (a && a->sin_family == AF_INET)
			printf("there: %s %s\n", i->ifa_name,
			       inet_ntop(AF_INET, &a->sin_addr, text,
					 sizeof(text)));
	}
	freeifaddrs(all);
}

/* The address in the first attribute of its kind behind skip bytes. */
static const char *address_in(const char *at, const char *end, int kind)
{
	static char text[INET_ADDRSTRLEN];

	while (at + 8 <= end) {
		uint16_t a[2];

		memcpy(a, at, sizeof(a));
		if (a[0] < 4)
			break;
		if (a[1] == kind)
			return inet_ntop(AF_INET, at + 4, text, sizeof(text));
		at += (a[0] + 3) & ~3;
	}
	return "none";
}

/* True for the address that was waited for. */
static int print_news(const struct header *h, const struct name *from)
{
	const char *body = (const char *)(h + 1);
	const char *end = (const char *)h + h->len;

	if (h->type == NEWADDR || h->type == DELADDR)
		printf("news of %x: %s %s/%d\n", from->groups,
		       h->type == NEWADDR ? "address" : "no more",
		       address_in(body + 8, end, 2), body[1]);
	else if (h->type == NEWROUTE)
		printf("news of %x: route to %s/%d by %s\n", from->groups,
		       address_in(body + 12, end, 1), body[1],
		       address_in(body + 12, end, 5));
	return h->type == NEWADDR;
}

int main(void)
{
	struct name own = { .family = AF_NETLINK,
			    .groups = GROUP_IFADDR | GROUP_ROUTE };
	struct pollfd p = { .events = POLLIN };
	struct name from;
	socklen_t len;
	char buf[8192];
	int done = 0;

	p.fd = socket(AF_NETLINK, SOCK_RAW, 0);
	if (bind(p.fd, (struct sockaddr *)&own, sizeof(own)))
		return 1;
	print_addresses();
	printf("listening\n");
	fflush(stdout);
	/* What else belongs to the address follows at once. */
	while (poll(&p, 1, done ? 1000 : -1) > 0) {
		len = sizeof(from);
		if (recvfrom(p.fd, buf, sizeof(buf), 0,
			     (struct sockaddr *)&from, &len) < 16)
			return 2;
		done |= print_news((struct header *)buf, &from);
	}
	print_addresses();
	return 0;
}
