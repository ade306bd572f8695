/* SPDX-License-Identifier: MIT */
/*
 * Multicasts over lo: joining and leaving groups, who hears them, sources.
 */
#define _GNU_SOURCE
#include "udp.h"

#define GROUP "239.1.2.3"

static char buf[128];

static long membership(int fd, int option, const char *group, const char *addr)
{
	struct ip_mreq m;

	m.imr_multiaddr.s_addr = inet_addr(group);
	m.imr_interface.s_addr = inet_addr(addr);
	return result(setsockopt(fd, IPPROTO_IP, option, &m, sizeof(m)));
}

static long source(int fd, int option, const char *from)
{
	struct ip_mreq_source m;

	m.imr_multiaddr.s_addr = inet_addr(GROUP);
	m.imr_interface.s_addr = inet_addr("127.0.0.1");
	m.imr_sourceaddr.s_addr = inet_addr(from);
	return result(setsockopt(fd, IPPROTO_IP, option, &m, sizeof(m)));
}

static long send_over_lo(int fd)
{
	struct in_addr lo = { htonl(INADDR_LOOPBACK) };

	return result(
		setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo)));
}

static int sender(void)
{
	int fd = udp();

	if (send_over_lo(fd))
		exit(9);
	return fd;
}

static void test_joining(void)
{
	struct ip_mreqn n = { .imr_ifindex = 1 };
	char mreq[7] = { 0 };
	int fd = udp(), stream = socket(AF_INET, SOCK_STREAM, 0);

	is(membership(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1"), 0, "join");
	is(membership(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1"), -EADDRINUSE,
	   "join: twice");
	is(membership(fd, IP_DROP_MEMBERSHIP, GROUP, "127.0.0.1"), 0, "leave");
	is(membership(fd, IP_DROP_MEMBERSHIP, GROUP, "127.0.0.1"),
	   -EADDRNOTAVAIL, "leave: twice");
	is(membership(fd, IP_ADD_MEMBERSHIP, "10.0.0.1", "127.0.0.1"), -EINVAL,
	   "join: no group");
	is(membership(fd, IP_ADD_MEMBERSHIP, GROUP, "9.9.9.9"), -ENODEV,
	   "join: on no interface");
	is(membership(fd, IP_DROP_MEMBERSHIP, GROUP, "9.9.9.9"), -EADDRNOTAVAIL,
	   "leave: no interface");
	is(result(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, mreq, 7)),
	   -EINVAL, "join: short");
	n.imr_multiaddr.s_addr = inet_addr(GROUP);
	is(result(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &n, sizeof(n))),
	   0, "join: by the interface's number");
	is(membership(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1"), -EADDRINUSE,
	   "join: is the same");
	n.imr_ifindex = 12345;
	is(result(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &n, sizeof(n))),
	   -ENODEV, "join: a number of none");
	is(get_option(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP), -ENOPROTOOPT,
	   "join: cannot be read");
	is(membership(stream, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1"), -EPROTO,
	   "join: not TCP");
	for (int i = 0; i < 25; i++) {
		char group[32];

		snprintf(group, sizeof(group), "239.1.3.%d", i);
		if (membership(fd, IP_ADD_MEMBERSHIP, group, "127.0.0.1")) {
			is(-errno, -ENOBUFS, "join: too many");
			is(i, 19, "join: twenty are enough");
			break;
		}
	}
	close(fd);
	close(stream);
}

static void test_interface(void)
{
	struct ip_mreqn n = { .imr_ifindex = 1 };
	struct in_addr a;
	socklen_t len = sizeof(a);
	int fd = udp();

	a.s_addr = inet_addr("9.9.9.9");
	is(result(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, 4)),
	   -EADDRNOTAVAIL, "interface: of nobody");
	is(result(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, 3)), -EINVAL,
	   "interface: short");
	is(send_over_lo(fd), 0, "interface: lo");
	is(result(getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, &len)), 0,
	   "interface: read");
	is_str(inet_ntoa(a), "127.0.0.1", "interface: is lo");
	a.s_addr = 0;
	is(result(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, 4)), 0,
	   "interface: none");
	is(result(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &n, sizeof(n))),
	   0, "interface: by number");
	getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, &len);
	is_str(inet_ntoa(a), "0.0.0.0", "interface: has no address then");
	close(fd);
}

static int member(int port)
{
	struct sockaddr_in a = at("0.0.0.0", port);
	int fd = udp();

	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (bind(fd, SA(a)))
		exit(9);
	return fd;
}

static void test_hearing(void)
{
	int fd = member(0), port = port_of(fd), other = member(port);
	int from = sender();
	const struct pktinfo *info;
	struct received r;
	size_t len;

	is(send_to(from, GROUP, port, "x"), 1, "hear: nobody is a member");
	is(take(fd, buf, sizeof(buf)), -EAGAIN, "hear: nothing");
	is(get_option(from, SOL_SOCKET, SO_ERROR), 0, "hear: no error");
	membership(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1");
	set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
	set_option(fd, IPPROTO_IP, IP_RECVTTL, 1);
	send_to(from, GROUP, port, "hello");
	is(recv_msg(fd, &r, 0), 5, "hear: a member");
	is_str(inet_ntoa(r.from.sin_addr), "127.0.0.1", "hear: from lo");
	info = control(&r, IPPROTO_IP, IP_PKTINFO, &len);
	if (info) {
		is_str(inet_ntoa(info->addr), GROUP, "hear: to the group");
		is_str(inet_ntoa(info->spec_dst), "127.0.0.1",
		       "hear: answer from");
	}
	is(*(int *)control(&r, IPPROTO_IP, IP_TTL, &len), 1, "hear: TTL 1");
	is(take(other, buf, sizeof(buf)), 5, "hear: others on the port too");
	set_option(other, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	send_to(from, GROUP, port, "2");
	is(take(fd, buf, sizeof(buf)), 1, "hear: the member");
	is(take(other, buf, sizeof(buf)), -EAGAIN,
	   "hear: not without IP_MULTICAST_ALL");
	send_to(from, "239.1.2.4", port, "3");
	is(take(fd, buf, sizeof(buf)), -EAGAIN, "hear: not another group");
	set_option(from, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
	send_to(from, GROUP, port, "4");
	is(take(fd, buf, sizeof(buf)), 1, "hear: lo always loops");
	set_option(from, IPPROTO_IP, IP_MULTICAST_TTL, 0);
	send_to(from, GROUP, port, "5");
	is(take(fd, buf, sizeof(buf)), 1, "hear: and asks no TTL");
	membership(fd, IP_DROP_MEMBERSHIP, GROUP, "127.0.0.1");
	send_to(from, GROUP, port, "6");
	is(take(fd, buf, sizeof(buf)), -EAGAIN, "hear: nothing after leaving");
	close(fd);
	close(other);
	close(from);
}

static void test_connected(void)
{
	int fd = member(0), port = port_of(fd), from = sender(), group = udp();
	struct sockaddr_in a = at(GROUP, port);

	membership(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1");
	is(result(connect(from, SA(a))), 0, "connect: to a group");
	is_str(name_of(from), "127.0.0.1:*", "connect: from lo");
	is(result(send(from, "x", 1, 0)), 1, "connect: send");
	is(take(fd, buf, sizeof(buf)), 1, "connect: arrives");
	close(fd);

	a = at(GROUP, 0);
	is(result(bind(group, SA(a))), 0, "bind: to a group");
	membership(group, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1");
	membership(group, IP_ADD_MEMBERSHIP, "239.1.2.4", "127.0.0.1");
	close(from);
	from = sender();
	port = port_of(group);
	send_to(from, GROUP, port, "1");
	is(take(group, buf, sizeof(buf)), 1, "bind: hears the group");
	send_to(from, "239.1.2.4", port, "1");
	is(take(group, buf, sizeof(buf)), -EAGAIN, "bind: and no other");
	send_to(from, "127.0.0.1", port, "1");
	is(take(group, buf, sizeof(buf)), -EAGAIN, "bind: nor us alone");
	close(group);
	close(from);
}

static void test_sources(void)
{
	int fd = member(0), port = port_of(fd), from = sender();

	is(source(fd, IP_BLOCK_SOURCE, "127.0.0.1"), -EINVAL,
	   "source: not a member");
	membership(fd, IP_ADD_MEMBERSHIP, GROUP, "127.0.0.1");
	is(source(fd, IP_UNBLOCK_SOURCE, "127.0.0.1"), -EADDRNOTAVAIL,
	   "source: not blocked");
	is(source(fd, IP_BLOCK_SOURCE, "127.0.0.1"), 0, "source: block");
	is(source(fd, IP_BLOCK_SOURCE, "127.0.0.1"), -EADDRNOTAVAIL,
	   "source: block twice");
	send_to(from, GROUP, port, "1");
	is(take(fd, buf, sizeof(buf)), -EAGAIN, "source: is not heard");
	is(source(fd, IP_ADD_SOURCE_MEMBERSHIP, "127.0.0.1"), -EINVAL,
	   "source: the other mode");
	is(source(fd, IP_UNBLOCK_SOURCE, "127.0.0.1"), 0, "source: unblock");
	send_to(from, GROUP, port, "2");
	is(take(fd, buf, sizeof(buf)), 1, "source: is heard again");
	is(source(fd, IP_DROP_SOURCE_MEMBERSHIP, "127.0.0.1"), -EINVAL,
	   "source: the other mode's leave");
	close(fd);

	fd = member(port);
	is(source(fd, IP_ADD_SOURCE_MEMBERSHIP, "127.0.0.7"), 0,
	   "source: only one");
	send_to(from, GROUP, port, "3");
	is(take(fd, buf, sizeof(buf)), -EAGAIN, "source: not another");
	is(source(fd, IP_ADD_SOURCE_MEMBERSHIP, "127.0.0.1"), 0,
	   "source: a second");
	send_to(from, GROUP, port, "4");
	is(take(fd, buf, sizeof(buf)), 1, "source: is heard");
	is(source(fd, IP_DROP_SOURCE_MEMBERSHIP, "127.0.0.9"), -EADDRNOTAVAIL,
	   "source: drop a stranger");
	is(source(fd, IP_DROP_SOURCE_MEMBERSHIP, "127.0.0.1"), 0,
	   "source: drop");
	is(source(fd, IP_DROP_SOURCE_MEMBERSHIP, "127.0.0.7"), 0,
	   "source: drop the last");
	is(membership(fd, IP_DROP_MEMBERSHIP, GROUP, "127.0.0.1"),
	   -EADDRNOTAVAIL, "source: that was leaving");
	close(fd);
	close(from);
}

int main(void)
{
	deadline(30);
	test_joining();
	test_interface();
	test_hearing();
	test_connected();
	test_sources();
	return done_testing();
}
