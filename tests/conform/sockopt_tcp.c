/* SPDX-License-Identifier: MIT */
/*
 * The options of level TCP: which values they take in which state, what they
 * give back, and lengths.
 */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <stdio.h>

#include "sockets.h"

/* Numbers that a C library may not know. */
#define CC_INFO 26
#define ULP 31

struct row {
	const char *name;
	int option;
	int value;
	int set; /* what setsockopt() gives */
	int get; /* the value afterwards */
};

#define BIG 0x7fffffff

/* On a fresh socket, one after the other. */
static const struct row rows[] = {
	{ "TCP_NODELAY 1", TCP_NODELAY, 1, 0, 1 },
	{ "TCP_NODELAY -1", TCP_NODELAY, -1, 0, 1 },
	{ "TCP_NODELAY 0", TCP_NODELAY, 0, 0, 0 },
	{ "TCP_MAXSEG 0", TCP_MAXSEG, 0, 0, 536 },
	{ "TCP_MAXSEG 87", TCP_MAXSEG, 87, -EINVAL, 536 },
	{ "TCP_MAXSEG 88", TCP_MAXSEG, 88, 0, 88 },
	{ "TCP_MAXSEG 32767", TCP_MAXSEG, 32767, 0, 32767 },
	{ "TCP_MAXSEG 32768", TCP_MAXSEG, 32768, -EINVAL, 32767 },
	{ "TCP_MAXSEG -1", TCP_MAXSEG, -1, -EINVAL, 32767 },
	{ "TCP_CORK 7", TCP_CORK, 7, 0, 1 },
	{ "TCP_CORK 0", TCP_CORK, 0, 0, 0 },
	{ "TCP_KEEPIDLE 0", TCP_KEEPIDLE, 0, -EINVAL, 7200 },
	{ "TCP_KEEPIDLE 32767", TCP_KEEPIDLE, 32767, 0, 32767 },
	{ "TCP_KEEPIDLE 32768", TCP_KEEPIDLE, 32768, -EINVAL, 32767 },
	{ "TCP_KEEPINTVL -1", TCP_KEEPINTVL, -1, -EINVAL, 75 },
	{ "TCP_KEEPINTVL 1", TCP_KEEPINTVL, 1, 0, 1 },
	{ "TCP_KEEPCNT 128", TCP_KEEPCNT, 128, -EINVAL, 9 },
	{ "TCP_KEEPCNT 127", TCP_KEEPCNT, 127, 0, 127 },
	{ "TCP_SYNCNT 0", TCP_SYNCNT, 0, -EINVAL, 6 },
	{ "TCP_SYNCNT 1", TCP_SYNCNT, 1, 0, 1 },
	{ "TCP_SYNCNT 128", TCP_SYNCNT, 128, -EINVAL, 1 },
	{ "TCP_LINGER2 0", TCP_LINGER2, 0, 0, 60 },
	{ "TCP_LINGER2 5", TCP_LINGER2, 5, 0, 5 },
	{ "TCP_LINGER2 -7", TCP_LINGER2, -7, 0, -1 },
	{ "TCP_LINGER2 1000", TCP_LINGER2, 1000, 0, 120 },
	{ "TCP_DEFER_ACCEPT 1", TCP_DEFER_ACCEPT, 1, 0, 1 },
	{ "TCP_DEFER_ACCEPT 2", TCP_DEFER_ACCEPT, 2, 0, 3 },
	{ "TCP_DEFER_ACCEPT 10", TCP_DEFER_ACCEPT, 10, 0, 15 },
	{ "TCP_DEFER_ACCEPT 100", TCP_DEFER_ACCEPT, 100, 0, 127 },
	{ "TCP_DEFER_ACCEPT 1000", TCP_DEFER_ACCEPT, 1000, 0, 1087 },
	{ "TCP_DEFER_ACCEPT much", TCP_DEFER_ACCEPT, BIG, 0, 29887 },
	{ "TCP_DEFER_ACCEPT -1", TCP_DEFER_ACCEPT, -1, 0, 0 },
	{ "TCP_WINDOW_CLAMP 1", TCP_WINDOW_CLAMP, 1, 0, 1152 },
	{ "TCP_WINDOW_CLAMP 40000", TCP_WINDOW_CLAMP, 40000, 0, 40000 },
	{ "TCP_WINDOW_CLAMP 0", TCP_WINDOW_CLAMP, 0, 0, 0 },
	{ "TCP_QUICKACK 0", TCP_QUICKACK, 0, 0, 0 },
	{ "TCP_QUICKACK 2", TCP_QUICKACK, 2, 0, 1 },
	{ "TCP_THIN_DUPACK 1", TCP_THIN_DUPACK, 1, 0, 0 },
	{ "TCP_THIN_DUPACK 2", TCP_THIN_DUPACK, 2, -EINVAL, 0 },
	{ "TCP_USER_TIMEOUT -1", TCP_USER_TIMEOUT, -1, -EINVAL, 0 },
	{ "TCP_USER_TIMEOUT much", TCP_USER_TIMEOUT, BIG, 0, BIG },
	{ "TCP_NOTSENT_LOWAT -1", 25, -1, 0, -1 },
	{ "TCP_NOTSENT_LOWAT 9", 25, 9, 0, 9 },
	{ "TCP_INFO", TCP_INFO, 1, -ENOPROTOOPT, TCP_CLOSE },
	{ "no option 0", 0, 1, -ENOPROTOOPT, -ENOPROTOOPT },
	{ "no option 15", 15, 1, -ENOPROTOOPT, -ENOPROTOOPT },
	{ "no option 999", 999, 1, -ENOPROTOOPT, -ENOPROTOOPT },
};

static void test_values(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[80];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];

		is(set_option(fd, IPPROTO_TCP, r->option, r->value), r->set,
		   r->name);
		snprintf(text, sizeof(text), "%s: what it is then", r->name);
		if (r->option == TCP_INFO)
			is(get_option(fd, IPPROTO_TCP, r->option) & 0xff,
			   r->get, text);
		else
			is(get_option(fd, IPPROTO_TCP, r->option), r->get,
			   text);
	}
	close(fd);
}

static long get_length(int fd, int option, int room)
{
	char buf[400];
	socklen_t len = room;

	if (getsockopt(fd, IPPROTO_TCP, option, buf, &len))
		return -errno;
	return len;
}

static void test_lengths(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	is(result(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, "\1\0", 2)), -EINVAL,
	   "set: two bytes");
	is(result(setsockopt(fd, IPPROTO_TCP, 999, "\1\0", 2)), -EINVAL,
	   "set: two bytes of no option");
	is(result(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, "\1\0\0\0\7", 8)), 0,
	   "set: eight bytes");
	is(result(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "", 0)), -EINVAL,
	   "TCP_CONGESTION: no name");
	is(result(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nosuch", 6)),
	   -ENOENT, "TCP_CONGESTION: no such");
	is(result(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "renoX", 4)), 0,
	   "TCP_CONGESTION: reno");
	is(result(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "ren", 3)),
	   -ENOENT, "TCP_CONGESTION: a part of a name");
	is(result(setsockopt(fd, IPPROTO_TCP, ULP, "nosuch", 6)), -ENOENT,
	   "TCP_ULP: no such");
	is(get_length(fd, TCP_NODELAY, 4), 4, "get: four bytes");
	is(get_length(fd, TCP_NODELAY, 100), 4, "get: of a hundred");
	is(get_length(fd, TCP_NODELAY, 2), 2, "get: two");
	is(get_length(fd, TCP_NODELAY, 0), 0, "get: none");
	is(get_length(fd, TCP_NODELAY, -1), -EINVAL, "get: less than none");
	is(get_length(fd, TCP_CONGESTION, 3), 3, "TCP_CONGESTION: three");
	is(get_length(fd, TCP_CONGESTION, 100), 16, "TCP_CONGESTION: sixteen");
	is(get_length(fd, TCP_INFO, 8), 8, "TCP_INFO: eight");
	is(get_length(fd, TCP_INFO, 100), 100, "TCP_INFO: a hundred");
	is(get_length(fd, ULP, 100), 0, "TCP_ULP: none is there");
	is(get_length(fd, CC_INFO, 100), 0, "TCP_CC_INFO: none");
	close(fd);
}

static void test_states(void)
{
	int port, l = listener(5, &port), c, a;

	is(set_option(l, IPPROTO_TCP, TCP_WINDOW_CLAMP, 0), -EINVAL,
	   "listening: TCP_WINDOW_CLAMP 0");
	set_option(l, IPPROTO_TCP, TCP_WINDOW_CLAMP, 30000);
	set_option(l, IPPROTO_TCP, TCP_USER_TIMEOUT, 1234);
	set_option(l, IPPROTO_TCP, TCP_KEEPCNT, 3);
	set_option(l, IPPROTO_TCP, TCP_LINGER2, 7);
	set_option(l, IPPROTO_TCP, TCP_SYNCNT, 4);
	c = socket(AF_INET, SOCK_STREAM, 0);
	connect_to(c, port);
	a = accept(l, NULL, NULL);
	is(get_option(a, IPPROTO_TCP, TCP_USER_TIMEOUT), 1234,
	   "inherits TCP_USER_TIMEOUT");
	is(get_option(a, IPPROTO_TCP, TCP_KEEPCNT), 3, "inherits TCP_KEEPCNT");
	is(get_option(a, IPPROTO_TCP, TCP_LINGER2), 7, "inherits TCP_LINGER2");
	is(get_option(a, IPPROTO_TCP, TCP_SYNCNT), 4, "inherits TCP_SYNCNT");
	is(set_option(c, IPPROTO_TCP, TCP_WINDOW_CLAMP, 0), -EINVAL,
	   "connected: TCP_WINDOW_CLAMP 0");
	is(set_option(c, IPPROTO_TCP, TCP_MAXSEG, 500), 0,
	   "connected: TCP_MAXSEG");
	ok(get_option(c, IPPROTO_TCP, TCP_MAXSEG) > 1000,
	   "connected: changes nothing");
	is(get_option(c, IPPROTO_TCP, TCP_INFO) & 0xff, TCP_ESTABLISHED,
	   "TCP_INFO: ESTABLISHED");
	is(get_option(l, IPPROTO_TCP, TCP_INFO) & 0xff, TCP_LISTEN,
	   "TCP_INFO: LISTEN");
	close(a);
	close(c);
	close(l);
}

int main(void)
{
	test_values();
	test_lengths();
	test_states();
	return done_testing();
}
