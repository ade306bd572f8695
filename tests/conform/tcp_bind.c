/* SPDX-License-Identifier: MIT */
/*
 * bind(2) of TCP sockets: which may share a port, by SO_REUSEADDR,
 * SO_REUSEPORT, their addresses, and whether one listens, is connected or in
 * TIME_WAIT.
 */
#define _GNU_SOURCE
#include <signal.h>

#include "tcp.h"

static const uint32_t addresses[] = { ANYWHERE, HERE, THERE };
static const char *const address_names[] = { "0.0.0.0", "127.0.0.1",
					     "127.0.0.2" };

#define ADDR 1 /* SO_REUSEADDR */
#define PORT 2 /* SO_REUSEPORT */

static int new_reusing(int reuse)
{
	int fd = new_tcp();

	if (reuse & ADDR)
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (reuse & PORT)
		set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return fd;
}

static const char *reuse_name(int reuse)
{
	static const char *const names[] = { "none", "addr", "port", "both" };

	return names[reuse];
}

/* One more socket at the port: "0" or why not. */
static char try_bind(uint32_t ip, int port, int reuse, bool then_listen)
{
	int fd = new_reusing(reuse), err = bind_at(fd, ip, port);

	if (!err && then_listen)
		err = result(listen(fd, 1));
	close(fd);
	return !err ? 'y' : err == -EADDRINUSE ? 'n' : '?';
}

/*
 * A row for the socket that is there first: for each way in which a second
 * one comes (no reuse, address, port, both) whether it can bind to 0.0.0.0,
 * 127.0.0.1 and 127.0.0.2, and whether it can listen there.
 */
static void row(int first, const char *want, const char *what, int at,
		int reuse)
{
	char got[32], *p = got, name[128];
	int port = port_of(first);

	for (int second = 0; second < 4; second++) {
		for (int i = 0; i < 3; i++)
			*p++ = try_bind(addresses[i], port, second, false);
		*p++ = second < 3 ? ' ' : '\0';
	}
	snprintf(name, sizeof(name), "%s at %s, reuse %s: who may bind", what,
		 address_names[at], reuse_name(reuse));
	is_str(got, want, name);
}

static void test_bound(void)
{
	static const char *const want[3][4] = {
		{ "nnn nnn nnn nnn", "nnn yyy nnn yyy", "nnn nnn yyy yyy",
		  "nnn yyy yyy yyy" },
		{ "nny nny nny nny", "nny yyy nny yyy", "nny nny yyy yyy",
		  "nny yyy yyy yyy" },
		{ "nyn nyn nyn nyn", "nyn yyy nyn yyy", "nyn nyn yyy yyy",
		  "nyn yyy yyy yyy" },
	};

	for (int at = 0; at < 3; at++) {
		for (int reuse = 0; reuse < 4; reuse++) {
			int fd = new_reusing(reuse);

			MUST(bind_at(fd, addresses[at], free_port()));
			row(fd, want[at][reuse], "bound", at, reuse);
			close(fd);
		}
	}
}

static void test_listening(void)
{
	static const char *const want[3][4] = {
		{ "nnn nnn nnn nnn", "nnn nnn nnn nnn", "nnn nnn yyy yyy",
		  "nnn nnn yyy yyy" },
		{ "nny nny nny nny", "nny nny nny nny", "nny nny yyy yyy",
		  "nny nny yyy yyy" },
		{ "nyn nyn nyn nyn", "nyn nyn nyn nyn", "nyn nyn yyy yyy",
		  "nyn nyn yyy yyy" },
	};

	for (int at = 0; at < 3; at++) {
		for (int reuse = 0; reuse < 4; reuse++) {
			int fd = new_reusing(reuse);

			MUST(bind_at(fd, addresses[at], free_port()));
			MUST(listen(fd, 5));
			row(fd, want[at][reuse], "listening", at, reuse);
			close(fd);
		}
	}
}

/* Two that share a port by SO_REUSEADDR or SO_REUSEPORT: who may listen. */
static void test_two_listen(void)
{
	for (int reuse = 1; reuse < 4; reuse++) {
		int a = new_reusing(reuse), b = new_reusing(reuse), port;
		char name[64];

		MUST(bind_at(a, HERE, free_port()));
		port = port_of(a);
		MUST(bind_at(b, HERE, port));
		MUST(listen(a, 5));
		snprintf(name, sizeof(name), "two of reuse %s: both listen",
			 reuse_name(reuse));
		is(result(listen(b, 5)), reuse & PORT ? 0 : -EADDRINUSE, name);
		close(a);
		is(result(listen(b, 5)), 0, "two: when the other is gone");
		close(b);
	}
}

/* The option counts as it is when somebody else comes. */
static void test_option_later(void)
{
	int a = new_reusing(0), b = new_reusing(ADDR), port;

	MUST(bind_at(a, HERE, free_port()));
	port = port_of(a);
	is(bind_at(b, HERE, port), -EADDRINUSE, "later: not yet");
	set_option(a, SOL_SOCKET, SO_REUSEADDR, 1);
	is(bind_at(b, HERE, port), 0, "later: SO_REUSEADDR set after bind");
	set_option(a, SOL_SOCKET, SO_REUSEADDR, 0);
	is(try_bind(HERE, port, ADDR, false), 'n', "later: taken back");
	is(result(listen(b, 1)), -EADDRINUSE, "later: and cannot listen");
	set_option(a, SOL_SOCKET, SO_REUSEADDR, 1);
	is(result(listen(b, 1)), 0, "later: given again");
	is(result(listen(a, 1)), -EADDRINUSE, "later: not both");
	close(a);
	close(b);

	a = new_tcp();
	MUST(bind_at(a, HERE, free_port()));
	port = port_of(a);
	is(set_option(a, SOL_SOCKET, SO_REUSEPORT, 1), 0,
	   "later: SO_REUSEPORT after bind");
	is(try_bind(HERE, port, PORT, true), 'y', "later: counts too");
	close(a);
}

static int listen_on(int port, int reuse)
{
	int l = new_reusing(reuse);

	MUST(bind_at(l, HERE, port));
	MUST(listen(l, 5));
	return l;
}

/* Accepted and connecting sockets hold their port too. */
static void test_connected(void)
{
	int port = free_port(), l = listen_on(port, 0), c = new_tcp(), a;

	MUST(connect_at(c, HERE, port));
	a = accept(l, NULL, NULL);
	close(l);
	is(try_bind(HERE, port, 0, false), 'n', "accepted: holds the port");
	is(try_bind(HERE, port, ADDR, false), 'n',
	   "accepted: its own reuse is off");
	is(try_bind(THERE, port, 0, true), 'y', "accepted: not elsewhere");
	set_option(a, SOL_SOCKET, SO_REUSEADDR, 1);
	is(try_bind(HERE, port, ADDR, true), 'y', "accepted: with both");
	is(try_bind(HERE, port, 0, false), 'n', "accepted: not with one");
	close(a);
	close(c);

	port = free_port();
	l = listen_on(port, ADDR);
	c = new_tcp();
	MUST(connect_at(c, HERE, port));
	a = accept(l, NULL, NULL);
	close(l);
	is(try_bind(HERE, port, ADDR, true), 'y',
	   "accepted: a server starts again");
	is(try_bind(HERE, port, 0, true), 'n', "accepted: but not without");
	close(c);
	close(a);

	port = free_port();
	l = listen_on(port, 0);
	c = new_tcp();
	MUST(connect_at(c, HERE, port));
	is(try_bind(HERE, port_of(c), 0, false), 'n', "client: its port");
	is(try_bind(ANYWHERE, port_of(c), 0, false), 'n', "client: everywhere");
	close(c);
	close(l);
}

/* Who closes first is in TIME_WAIT. */
static int in_time_wait(int reuse)
{
	int port = free_port(), l = listen_on(port, reuse), c = new_tcp(), a;

	MUST(connect_at(c, HERE, port));
	a = accept(l, NULL, NULL);
	close(a);
	shows(c, "IN|OUT|RDHUP", "time-wait: closed");
	close(c);
	close(l);
	usleep(20000);
	return port;
}

static void test_time_wait(void)
{
	int port = in_time_wait(0);

	is(try_bind(HERE, port, 0, false), 'n', "time-wait: no bind");
	is(try_bind(HERE, port, ADDR, false), 'n', "time-wait: both must");
	port = in_time_wait(ADDR);
	is(try_bind(HERE, port, 0, false), 'n', "time-wait, addr: not without");
	is(try_bind(HERE, port, ADDR, true), 'y', "time-wait, addr: listens");
	is(try_bind(ANYWHERE, port, ADDR, true), 'y', "time-wait: everywhere");
	is(try_bind(HERE, port, PORT, false), 'n', "time-wait, addr: not port");
	port = in_time_wait(PORT);
	is(try_bind(HERE, port, ADDR, false), 'n', "time-wait, port: not addr");
}

/* A reset, of who closed or by its peer, leaves no TIME_WAIT. */
static void test_reset(void)
{
	for (int answered = 0; answered < 2; answered++) {
		int port = free_port(), l = listen_on(port, 0);
		int c = new_tcp(), a;

		MUST(connect_at(c, HERE, port));
		a = accept(l, NULL, NULL);
		close(l);
		close(a);
		shows(c, "IN|OUT|RDHUP", "reset: closed");
		is(try_bind(HERE, port, 0, false), 'n', "reset: not yet");
		if (answered) {
			put(c, "to nobody");
			shows(c, "IN|OUT|ERR|HUP|RDHUP",
			      "reset: by who closed");
			close(c);
		} else {
			reset(c);
		}
		ok(COMES_TRUE(try_bind(HERE, port, 0, false) == 'y'),
		   "reset: the port is free");
	}
}

static void test_arguments(void)
{
	struct sockaddr_in a = address(HERE, 0);
	int fd = new_tcp();

	is(result(bind(-1, (struct sockaddr *)&a, 16)), -EBADF, "bind: -1");
	is(result(bind(0, (struct sockaddr *)&a, 16)), -ENOTSOCK, "bind: 0");
	is(result(bind(fd, BAD_POINTER, 16)), -EFAULT, "bind: bad pointer");
	is(result(bind(fd, (struct sockaddr *)&a, -1)), -EINVAL, "bind: -1");
	is(result(bind(fd, (struct sockaddr *)&a, 0)), -EINVAL, "bind: 0");
	is(result(bind(fd, (struct sockaddr *)&a, 15)), -EINVAL, "bind: 15");
	is(result(bind(fd, (struct sockaddr *)&a, 129)), -EINVAL, "bind: 129");
	is(bind_at(fd, 0x01020304, 0), -EADDRNOTAVAIL, "bind: not ours");
	is(bind_at(fd, 0xe0000001, 0), 0, "bind: a group, even a stream");
	is(ip_of(fd), 0xe0000001, "bind: as asked");
	close(fd);
	fd = new_tcp();
	is(bind_at(fd, 0xffffffff, 0), 0, "bind: everybody");
	close(fd);
	fd = new_tcp();
	a = address(HERE, 0);
	a.sin_family = AF_UNSPEC;
	is(result(bind(fd, (struct sockaddr *)&a, 16)), -EAFNOSUPPORT,
	   "bind: no family");
	a = address(ANYWHERE, 0);
	a.sin_family = AF_UNSPEC;
	is(result(bind(fd, (struct sockaddr *)&a, 16)), 0,
	   "bind: no family, the wildcard");
	ok(port_of(fd) >= 1024, "bind: port 0 is any");
	is(bind_at(fd, HERE, port_of(fd)), -EINVAL, "bind: twice");
	close(fd);
	fd = new_tcp();
	is(bind_at(fd, 0x7f123456, 0), 0, "bind: anything of 127.0.0.0/8");
	is(ip_of(fd), 0x7f123456, "bind: as asked");
	close(fd);
}

static void test_no_port(void)
{
	int port, l = listen_at(HERE, 5, &port), fd = new_tcp();

	is(get_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT), 0,
	   "IP_BIND_ADDRESS_NO_PORT: off");
	is(set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1), 0,
	   "IP_BIND_ADDRESS_NO_PORT");
	is(get_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT), 1,
	   "IP_BIND_ADDRESS_NO_PORT: on");
	is(bind_at(fd, THERE, 0), 0, "no port: bind");
	is(port_of(fd), 0, "no port: none");
	is(ip_of(fd), THERE, "no port: an address");
	is(connect_at(fd, HERE, port), 0, "no port: connect");
	ok(port_of(fd) > 0, "no port: now there is one");
	is(ip_of(fd), THERE, "no port: the same address");
	close(fd);
	fd = new_tcp();
	set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	bind_at(fd, THERE, 0);
	is(bind_at(fd, HERE, 0), 0, "no port: bind once more");
	is(result(listen(fd, 1)), 0, "no port: listen");
	ok(port_of(fd) > 0 && ip_of(fd) == HERE, "no port: listen chose one");
	close(fd);
	close(l);
}

/* Ports that the kernel chooses: all different. */
static void test_chosen(void)
{
	int fds[200], n = sizeof(fds) / sizeof(fds[0]), differ = 0;

	for (int i = 0; i < n; i++) {
		fds[i] = new_tcp();
		MUST(bind_at(fds[i], HERE, 0));
	}
	for (int i = 0; i < n; i++) {
		for (int j = 0; j < i; j++)
			differ += port_of(fds[i]) != port_of(fds[j]);
	}
	is(differ, n * (n - 1) / 2, "200 ports chosen: all different");
	for (int i = 0; i < n; i++)
		close(fds[i]);
}

int main(void)
{
	deadline(50);
	test_arguments();
	test_bound();
	test_listening();
	test_two_listen();
	test_option_later();
	test_connected();
	test_time_wait();
	test_reset();
	test_no_port();
	test_chosen();
	return done_testing();
}
