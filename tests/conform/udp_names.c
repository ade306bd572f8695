/* SPDX-License-Identifier: MIT */
/*
 * Names of UDP sockets: bind(2), connect(2) and what they change; who gets a
 * datagram when several could.
 */
#define _GNU_SOURCE
#include "udp.h"

#define LOCAL_PORT_RANGE 51 /* <linux/in.h> */

static char buf[256];

static void test_bind(void)
{
	struct sockaddr_in a = at("127.0.0.1", 0);
	int fd = udp(), other = udp(), port;

	is_str(name_of(fd), "0.0.0.0:0", "bind: no name before");
	is(result(bind(fd, (struct sockaddr *)&a, 15)), -EINVAL, "bind: short");
	a.sin_family = AF_INET6;
	is(result(bind(fd, SA(a))), -EAFNOSUPPORT, "bind: another family");
	a.sin_family = AF_UNSPEC;
	is(result(bind(fd, SA(a))), -EAFNOSUPPORT, "bind: AF_UNSPEC, address");
	a = at("8.8.8.8", 0);
	is(result(bind(fd, SA(a))), -EADDRNOTAVAIL, "bind: not ours");
	a = at("127.0.0.1", 0);
	is(result(bind(fd, SA(a))), 0, "bind: a port of the system's");
	is_str(name_of(fd), "127.0.0.1:*", "bind: the name");
	is(result(bind(fd, SA(a))), -EINVAL, "bind: twice");
	port = port_of(fd);
	a = at("127.0.0.1", port);
	is(result(bind(other, SA(a))), -EADDRINUSE, "bind: in use");
	a = at("0.0.0.0", port);
	is(result(bind(other, SA(a))), -EADDRINUSE, "bind: any overlaps");
	a = at("127.0.0.2", port);
	is(result(bind(other, SA(a))), 0, "bind: another address of ours");
	close(other);
	other = udp();
	a = at("127.0.0.1", 0);
	a.sin_family = AF_UNSPEC;
	a.sin_addr.s_addr = 0;
	is(result(bind(other, SA(a))), 0, "bind: AF_UNSPEC, no address");
	is_str(name_of(other), "0.0.0.0:*", "bind: is any");
	close(other);
	other = udp();
	is(set_option(other, IPPROTO_IP, IP_FREEBIND, 1), 0, "bind: freebind");
	a = at("8.8.8.8", 0);
	is(result(bind(other, SA(a))), 0, "bind: not ours, with it");
	is_str(name_of(other), "8.8.8.8:*", "bind: its name");
	close(other);
	other = udp();
	a = at("239.1.2.3", 0);
	is(result(bind(other, SA(a))), 0, "bind: a group");
	is_str(name_of(other), "239.1.2.3:*", "bind: the group's name");
	close(other);
	other = udp();
	a = at("255.255.255.255", 0);
	is(result(bind(other, SA(a))), 0, "bind: the broadcast address");
	close(other);
	close(fd);
}

static void test_connect(void)
{
	int peer = udp_at("127.0.0.1"), fd = udp(), port = port_of(peer);
	struct sockaddr_in a = at("127.0.0.1", port), name;
	socklen_t len = sizeof(name);

	is(result(getpeername(fd, (struct sockaddr *)&name, &len)), -ENOTCONN,
	   "connect: no peer before");
	is(result(connect(fd, (struct sockaddr *)&a, 1)), -EINVAL,
	   "connect: no family");
	is(result(connect(fd, (struct sockaddr *)&a, 8)), -EINVAL,
	   "connect: short");
	is_str(name_of(fd), "0.0.0.0:*", "connect: one that fails binds");
	a.sin_family = AF_INET6;
	is(result(connect(fd, SA(a))), -EAFNOSUPPORT, "connect: family");
	a.sin_family = AF_INET;
	is(result(connect(fd, SA(a))), 0, "connect");
	is_str(name_of(fd), "127.0.0.1:*", "connect: has an address");
	is(result(getpeername(fd, (struct sockaddr *)&name, &len)), 0,
	   "connect: has a peer");
	is(ntohs(name.sin_port), port, "connect: its port");
	ok(port_of(fd) != port, "connect: not the peer's");
	is(result(connect(fd, SA(a))), 0, "connect: again");
	a = at("127.0.0.3", 9);
	is(result(connect(fd, SA(a))), 0, "connect: to another");
	is_str(name_of(fd), "127.0.0.1:*", "connect: the address stays");
	a.sin_family = AF_UNSPEC;
	is(result(connect(fd, SA(a))), 0, "connect: AF_UNSPEC");
	is_str(name_of(fd), "0.0.0.0:0", "connect: no name left");
	is(result(getpeername(fd, (struct sockaddr *)&name, &len)), -ENOTCONN,
	   "connect: no peer left");
	is(result(send(fd, "x", 1, 0)), -EDESTADDRREQ, "connect: nor a way");
	a = at("127.0.0.1", 0);
	is(result(connect(fd, SA(a))), 0, "connect: to port 0");
	is(result(getpeername(fd, (struct sockaddr *)&name, &len)), -ENOTCONN,
	   "connect: which is no peer");
	close(fd);

	fd = udp_at("127.0.0.1");
	a = at("127.0.0.1", port);
	connect(fd, SA(a));
	a.sin_family = AF_UNSPEC;
	connect(fd, SA(a));
	is_str(name_of(fd), "127.0.0.1:0", "connect: a bound address stays");
	close(fd);
	fd = udp();
	a = at("0.0.0.0", port);
	is(result(connect(fd, SA(a))), 0, "connect: to any");
	len = sizeof(name);
	getpeername(fd, (struct sockaddr *)&name, &len);
	is_str(inet_ntoa(name.sin_addr), "127.0.0.1", "connect: is loopback");
	a = at("127.255.255.255", 9);
	is(result(connect(fd, SA(a))), -EACCES, "connect: a broadcast");
	set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
	is(result(connect(fd, SA(a))), 0, "connect: with SO_BROADCAST");
	close(fd);
	close(peer);
}

/* A connected socket hears its peer only. */
static void test_filter(void)
{
	int fd = udp_at("127.0.0.1"), friend = udp_at("127.0.0.1");
	int stranger = udp_at("127.0.0.1"), port = port_of(fd);

	send_to(stranger, "127.0.0.1", port, "before");
	connect_to(fd, port_of(friend));
	is(send_to(stranger, "127.0.0.1", port, "x"), 1, "filter: a stranger");
	is(send_to(friend, "127.0.0.1", port, "friend"), 6, "filter: a friend");
	is(take(fd, buf, sizeof(buf)), 6, "filter: what came before stays");
	is_str(buf, "before", "filter: it is that");
	is(take(fd, buf, sizeof(buf)), 6, "filter: and the friend's");
	is_str(buf, "friend", "filter: it is that");
	is(take(fd, buf, sizeof(buf)), -EAGAIN, "filter: no stranger's");
	is(result(send(fd, "y", 1, 0)), 1, "filter: send");
	is(take(friend, buf, sizeof(buf)), 1, "filter: to the friend");
	is(send_to(fd, "127.0.0.1", port_of(stranger), "z"), 1,
	   "filter: sendto still goes anywhere");
	is(take(stranger, buf, sizeof(buf)), 1, "filter: and arrives");
	close(fd);
	close(friend);
	close(stranger);
}

static int shared(int option, const char *addr, int port)
{
	struct sockaddr_in a = at(addr, port);
	int fd = udp();

	set_option(fd, SOL_SOCKET, option, 1);
	return bind(fd, SA(a)) ? -errno : fd;
}

/* The one that is tied closest; among equals the last. */
static void test_choice(void)
{
	int first = shared(SO_REUSEADDR, "0.0.0.0", 0), port = port_of(first);
	int second = shared(SO_REUSEADDR, "0.0.0.0", port);
	int from = udp(), exact, third;

	ok(second >= 0, "choice: SO_REUSEADDR on both");
	send_to(from, "127.0.0.1", port, "a");
	is(take(first, buf, sizeof(buf)), -EAGAIN, "choice: not the first");
	is(take(second, buf, sizeof(buf)), 1, "choice: the last");
	exact = shared(SO_REUSEADDR, "127.0.0.1", port);
	third = shared(SO_REUSEADDR, "0.0.0.0", port);
	send_to(from, "127.0.0.1", port, "b");
	is(take(third, buf, sizeof(buf)), -EAGAIN, "choice: not any");
	is(take(exact, buf, sizeof(buf)), 1, "choice: the address");
	send_to(from, "127.0.0.2", port, "c");
	is(take(third, buf, sizeof(buf)), 1, "choice: another is for any");
	connect_to(first, port_of(from));
	send_to(from, "127.0.0.1", port, "d");
	is(take(first, buf, sizeof(buf)), 1, "choice: the connected one");
	is(take(exact, buf, sizeof(buf)), -EAGAIN, "choice: and no other");
	is(shared(SO_REUSEPORT, "127.0.0.1", port), -EADDRINUSE,
	   "choice: SO_REUSEPORT does not go with SO_REUSEADDR");
	close(first);
	close(second);
	close(third);
	close(exact);
	close(from);
}

/* Each of the group gets some, and a sender always the same. */
static void test_group(void)
{
	int fd[4], got[4] = { 0 }, port, steady = 1;

	fd[0] = shared(SO_REUSEPORT, "127.0.0.1", 0);
	port = port_of(fd[0]);
	for (int i = 1; i < 4; i++)
		fd[i] = shared(SO_REUSEPORT, "127.0.0.1", port);
	ok(fd[3] >= 0, "group: four on one port");
	for (int i = 0; i < 200; i++) {
		int from = udp(), first = -1;

		for (int k = 0; k < 2; k++) {
			send_to(from, "127.0.0.1", port, "x");
			for (int j = 0; j < 4; j++) {
				if (take(fd[j], buf, sizeof(buf)) != 1)
					continue;
				got[j]++;
				if (k && j != first)
					steady = 0;
				first = j;
			}
		}
		close(from);
	}
	is(got[0] + got[1] + got[2] + got[3], 400, "group: all arrive");
	ok(got[0] && got[1] && got[2] && got[3], "group: each gets some");
	ok(steady, "group: a sender's go to the same");
	for (int i = 0; i < 4; i++)
		close(fd[i]);
}

static void test_broadcast(void)
{
	int a = shared(SO_REUSEADDR, "0.0.0.0", 0), port = port_of(a);
	int b = shared(SO_REUSEADDR, "0.0.0.0", port);
	int exact = shared(SO_REUSEADDR, "127.0.0.1", port), from = udp();

	is(send_to(from, "127.255.255.255", port, "x"), -EACCES,
	   "broadcast: not without leave");
	set_option(from, SOL_SOCKET, SO_BROADCAST, 1);
	is(send_to(from, "127.255.255.255", port, "all"), 3, "broadcast");
	is(take(a, buf, sizeof(buf)), 3, "broadcast: one");
	is(take(b, buf, sizeof(buf)), 3, "broadcast: and the other");
	is_str(buf, "all", "broadcast: the same");
	is(take(exact, buf, sizeof(buf)), -EAGAIN,
	   "broadcast: not who has an address");
	is(send_to(from, "127.255.255.255", 9, "x"), 1, "broadcast: to nobody");
	is(get_option(from, SOL_SOCKET, SO_ERROR), 0, "broadcast: no error");
	close(a);
	close(b);
	close(exact);
	close(from);
}

static void test_shutdown(void)
{
	int fd = udp_at("127.0.0.1");

	is(result(shutdown(fd, 3)), -EINVAL, "shutdown: how");
	is(result(shutdown(fd, SHUT_RDWR)), -ENOTCONN, "shutdown: no peer");
	is(mask(fd), POLLIN | POLLOUT | POLLHUP | POLLRDHUP,
	   "shutdown: is noted all the same");
	close(fd);
	fd = udp_at("127.0.0.1");
	connect_to(fd, port_of(fd));
	is(result(shutdown(fd, SHUT_WR)), 0, "shutdown: writing");
	is(mask(fd), POLLOUT, "shutdown: no sign of it");
	is(result(send(fd, "x", 1, 0)), -EPIPE, "shutdown: EPIPE, no signal");
	is(result(shutdown(fd, SHUT_RD)), 0, "shutdown: reading");
	is(take(fd, buf, sizeof(buf)), -EAGAIN, "shutdown: who would not wait");
	is(result(recv(fd, buf, 1, 0)), 0, "shutdown: who would");
	close(fd);
}

/* IP_LOCAL_PORT_RANGE */
static void test_range(void)
{
	struct sockaddr_in a = at("127.0.0.1", 0);
	int holder = udp(), fd = udp(), other = udp(), range, port;

	bind(holder, SA(a));
	port = port_of(holder);
	range = port << 16 | port;
	is(set_option(fd, IPPROTO_IP, LOCAL_PORT_RANGE, range), 0, "range");
	is(result(bind(fd, SA(a))), -EADDRINUSE, "range: its port is in use");
	a.sin_port = htons(port);
	is(result(sendto(fd, "x", 1, 0, SA(a))), -EAGAIN, "range: no port");
	close(holder);
	is(result(sendto(fd, "x", 1, 0, SA(a))), 1, "range: then it is free");
	is(port_of(fd), port, "range: the only port in it");
	set_option(other, IPPROTO_IP, LOCAL_PORT_RANGE, 200 << 16 | 100);
	a.sin_port = 0;
	is(result(bind(other, SA(a))), 0, "range: beyond the system's");
	ok(port_of(other) > 200, "range: does not count");
	close(fd);
	close(other);
}

int main(void)
{
	deadline(30);
	test_bind();
	test_connect();
	test_filter();
	test_choice();
	test_group();
	test_broadcast();
	test_shutdown();
	test_range();
	return done_testing();
}
