/* SPDX-License-Identifier: MIT */
/*
 * The options of ip(7) and udp(7): lengths, ranges, what they read as; and the
 * control messages that they ask for.
 */
#define _GNU_SOURCE
#include "udp.h"

#define UDP_SEGMENT_OPTION 103
#define UDP_CORK_OPTION 1

/* SO_TIMESTAMPING in both layouts, and SOF_TIMESTAMPING_... */
#define STAMPING_OLD 37
#define STAMPING_NEW 65
#define RX_SOFTWARE 8
#define SOFTWARE 16

static char text[128];

static const char *named(const char *option, const char *what)
{
	snprintf(text, sizeof(text), "%s: %s", option, what);
	return text;
}

static long set_len(int fd, int name, int value, int len)
{
	return result(setsockopt(fd, IPPROTO_IP, name, &value, len));
}

/* As bytes: what is not written stays 0xee. */
static long get_len(int fd, int name, int len, int *value, int *stored)
{
	socklen_t n = len;
	long r;

	memset(value, 0xee, sizeof(*value));
	r = result(getsockopt(fd, IPPROTO_IP, name, value, &n));
	*stored = n;
	return r;
}

static void test_flags(void)
{
	static const struct {
		const char *name;
		int option, initial, without_value;
	} flags[] = {
		{ "IP_PKTINFO", IP_PKTINFO, 0, 0 },
		{ "IP_RECVTTL", IP_RECVTTL, 0, 0 },
		{ "IP_RECVTOS", IP_RECVTOS, 0, 0 },
		{ "IP_RECVERR", IP_RECVERR, 0, 0 },
		{ "IP_RECVORIGDSTADDR", IP_ORIGDSTADDR, 0, 0 },
		{ "IP_FREEBIND", IP_FREEBIND, 0, -EINVAL },
		{ "IP_BIND_ADDRESS_NO_PORT", 24, 0, 0 },
		{ "IP_RECVFRAGSIZE", 25, 0, 0 },
		{ "IP_MULTICAST_LOOP", IP_MULTICAST_LOOP, 1, -EINVAL },
		{ "IP_MULTICAST_ALL", 49, 1, -EINVAL },
	};
	int fd = udp(), value, n;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		const char *name = flags[i].name;
		int option = flags[i].option;

		is(get_option(fd, IPPROTO_IP, option), flags[i].initial,
		   named(name, "at first"));
		is(set_len(fd, option, 1, 4), 0, named(name, "on"));
		is(get_option(fd, IPPROTO_IP, option), 1, named(name, "is on"));
		is(set_len(fd, option, 0, 1), 0, named(name, "off by a byte"));
		is(get_len(fd, option, 1, &value, &n), 0,
		   named(name, "read as a byte"));
		ok(n == 1 && (value & 0xff) == 0, named(name, "is off"));
		is(set_len(fd, option, 1, 0), flags[i].without_value,
		   named(name, "without a value"));
		is(set_option(fd, IPPROTO_IP, option, flags[i].initial), 0,
		   named(name, "as before"));
	}
	close(fd);
}

static void test_numbers(void)
{
	int fd = udp(), value, n;

	is(get_option(fd, IPPROTO_IP, IP_TTL), 64, "IP_TTL: 64");
	is(set_len(fd, IP_TTL, 0, 4), -EINVAL, "IP_TTL: not 0");
	is(set_len(fd, IP_TTL, 256, 4), -EINVAL, "IP_TTL: not 256");
	is(set_len(fd, IP_TTL, 255, 4), 0, "IP_TTL: 255");
	is(get_len(fd, IP_TTL, 2, &value, &n), 0, "IP_TTL: in two bytes");
	is(n, 1, "IP_TTL: one is enough");
	is(value & 0xffff, 0xeeff, "IP_TTL: the other stays");
	is(get_len(fd, IP_TTL, 0, &value, &n), 0, "IP_TTL: in none");
	is(n, 0, "IP_TTL: nothing");
	is(get_len(fd, IP_TTL, -1, &value, &n), -EINVAL, "IP_TTL: in -1");
	is(set_len(fd, IP_TTL, -1, 4), 0, "IP_TTL: -1");
	is(get_option(fd, IPPROTO_IP, IP_TTL), 64, "IP_TTL: is the default");
	is(set_len(fd, IP_TOS, 0x1ff, 4), 0, "IP_TOS: more than a byte");
	is(get_option(fd, IPPROTO_IP, IP_TOS), 0xff, "IP_TOS: is cut");
	is(set_len(fd, IP_MTU_DISCOVER, 6, 4), -EINVAL, "IP_MTU_DISCOVER: 6");
	is(set_len(fd, IP_MTU_DISCOVER, -1, 4), -EINVAL, "IP_MTU_DISCOVER: -1");
	is(get_option(fd, IPPROTO_IP, IP_MTU_DISCOVER), 1,
	   "IP_MTU_DISCOVER: wants");
	for (int i = 0; i < 6; i++)
		is(set_len(fd, IP_MTU_DISCOVER, i, 4), 0, "IP_MTU_DISCOVER");
	is(get_option(fd, IPPROTO_IP, IP_MTU), -ENOTCONN, "IP_MTU: no peer");
	connect_to(fd, 9);
	is(get_option(fd, IPPROTO_IP, IP_MTU), 65535, "IP_MTU: of lo");
	is(set_len(fd, IP_MTU, 1500, 4), -ENOPROTOOPT, "IP_MTU: read only");
	is(set_len(fd, 21, 256, 4), -EINVAL, "IP_MINTTL: 256");
	is(set_len(fd, 21, 255, 4), 0, "IP_MINTTL");
	is(set_len(fd, IP_MULTICAST_TTL, 256, 4), -EINVAL,
	   "IP_MULTICAST_TTL: 256");
	is(set_len(fd, IP_MULTICAST_TTL, -1, 4), 0, "IP_MULTICAST_TTL: -1");
	is(get_option(fd, IPPROTO_IP, IP_MULTICAST_TTL), 1,
	   "IP_MULTICAST_TTL: is 1");
	is(set_len(fd, 49, 2, 4), -EINVAL, "IP_MULTICAST_ALL: 2");
	is(get_option(fd, IPPROTO_IP, 52), port_of(fd), "IP_PROTOCOL: a port");
	is(set_len(fd, 52, 17, 4), -ENOPROTOOPT, "IP_PROTOCOL: read only");
	is(set_len(fd, IP_HDRINCL, 1, 4), -ENOPROTOOPT, "IP_HDRINCL: not here");
	is(set_len(fd, 27, 1, 4), -ENOPROTOOPT, "27: unknown");
	is(get_option(fd, IPPROTO_IP, 27), -ENOPROTOOPT, "27: unknown");
	is(set_len(fd, 999, 1, 4), -ENOPROTOOPT, "999: unknown");
	is(get_option(fd, IPPROTO_UDP, UDP_CORK_OPTION), 0, "UDP_CORK: off");
	is(set_option(fd, IPPROTO_UDP, UDP_SEGMENT_OPTION, 70000), -EINVAL,
	   "UDP_SEGMENT: 70000");
	is(set_option(fd, IPPROTO_UDP, UDP_SEGMENT_OPTION, -1), -EINVAL,
	   "UDP_SEGMENT: -1");
	is(set_option(fd, IPPROTO_UDP, 77, 1), -ENOPROTOOPT, "UDP 77");
	is(result(setsockopt(fd, IPPROTO_UDP, UDP_CORK_OPTION, &value, 1)),
	   -EINVAL, "UDP_CORK: short");
	is(set_option(fd, IPPROTO_TCP, 1, 1), -ENOPROTOOPT, "TCP's level");
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	is(set_len(fd, IP_MULTICAST_TTL, 1, 4), -EINVAL,
	   "TCP: IP_MULTICAST_TTL");
	is(set_len(fd, IP_PKTINFO, 1, 4), 0, "TCP: IP_PKTINFO");
	is(set_len(fd, IP_TOS, 0xff, 4), 0, "TCP: IP_TOS");
	is(get_option(fd, IPPROTO_IP, IP_TOS), 0xfc, "TCP: without ECN's bits");
	is(get_option(fd, IPPROTO_IP, IP_MTU), -ENOTCONN, "TCP: IP_MTU");
	close(fd);
}

static void test_pktinfo(void)
{
	int fd = udp_at("0.0.0.0"), from = udp_at("127.0.0.1");
	int port = port_of(fd);
	const struct pktinfo *info;
	struct received r;
	size_t len;

	send_to(from, "127.0.0.5", port, "early");
	set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
	send_to(from, "127.0.0.5", port, "late");
	is(recv_msg(fd, &r, 0), 5, "pktinfo: came before it was asked for");
	info = control(&r, IPPROTO_IP, IP_PKTINFO, &len);
	is(len, 12, "pktinfo: is told");
	if (info) {
		is(info->ifindex, 0, "pktinfo: without the interface");
		is_str(inet_ntoa(info->addr), "127.0.0.5", "pktinfo: address");
	}
	is(recv_msg(fd, &r, 0), 4, "pktinfo: came after");
	info = control(&r, IPPROTO_IP, IP_PKTINFO, &len);
	if (info) {
		is(info->ifindex, 1, "pktinfo: lo");
		is_str(inet_ntoa(info->spec_dst), "127.0.0.5",
		       "pktinfo: to answer from");
	}
	is_str(inet_ntoa(r.from.sin_addr), "127.0.0.1", "pktinfo: sender");
	is(r.hdr.msg_flags, 0, "pktinfo: flags");
	is(controls(&r), 1, "pktinfo: alone");

	set_option(from, SOL_SOCKET, SO_BROADCAST, 1);
	send_to(from, "127.255.255.255", port, "all");
	recv_msg(fd, &r, 0);
	info = control(&r, IPPROTO_IP, IP_PKTINFO, &len);
	if (info) {
		is_str(inet_ntoa(info->addr), "127.255.255.255",
		       "pktinfo: broadcast");
		is_str(inet_ntoa(info->spec_dst), "127.0.0.1",
		       "pktinfo: to answer from");
	}
	close(fd);
	close(from);
}

static void test_send_pktinfo(void)
{
	int fd = udp_at("127.0.0.1"), from = udp();
	struct sockaddr_in to = at("127.0.0.1", port_of(fd));
	struct pktinfo info = { 0 };
	struct received r;
	int ttl = 7, tos = 0x10, bad = 0;
	unsigned char byte = 0x20;

	info.spec_dst.s_addr = inet_addr("127.0.0.9");
	is(send_cmsg(from, &to, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info)), 1,
	   "send: from an address of ours");
	recv_msg(fd, &r, 0);
	is_str(inet_ntoa(r.from.sin_addr), "127.0.0.9", "send: it is");
	info.spec_dst.s_addr = inet_addr("8.8.8.8");
	is(send_cmsg(from, &to, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info)),
	   -ENETUNREACH, "send: from somebody else's");
	info.spec_dst.s_addr = 0;
	info.ifindex = 12345;
	is(send_cmsg(from, &to, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info)),
	   -ENODEV, "send: over nothing");
	info.ifindex = 1;
	is(send_cmsg(from, &to, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info)), 1,
	   "send: over lo");
	recv_msg(fd, &r, 0);
	is(send_cmsg(from, &to, IPPROTO_IP, IP_PKTINFO, &info, 8), -EINVAL,
	   "send: short");
	set_option(fd, IPPROTO_IP, IP_RECVTTL, 1);
	set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
	is(send_cmsg(from, &to, IPPROTO_IP, IP_TTL, &ttl, 4), 1,
	   "send: IP_TTL");
	recv_msg(fd, &r, 0);
	is(send_cmsg(from, &to, IPPROTO_IP, IP_TTL, &bad, 4), -EINVAL,
	   "send: IP_TTL 0");
	is(send_cmsg(from, &to, IPPROTO_IP, IP_TTL, &ttl, 1), -EINVAL,
	   "send: IP_TTL in a byte");
	is(send_cmsg(from, &to, IPPROTO_IP, IP_TOS, &tos, 4), 1,
	   "send: IP_TOS");
	recv_msg(fd, &r, 0);
	is(send_cmsg(from, &to, IPPROTO_IP, IP_TOS, &byte, 1), 1,
	   "send: IP_TOS in a byte");
	recv_msg(fd, &r, 0);
	is(send_cmsg(from, &to, IPPROTO_IP, 77, &tos, 4), -EINVAL,
	   "send: unknown");
	is(send_cmsg(from, &to, IPPROTO_TCP, 77, &tos, 4), 1,
	   "send: another level is passed over");
	is(send_cmsg(from, &to, SOL_SOCKET, 99, &tos, 4), -EINVAL,
	   "send: SOL_SOCKET's are not");
	is(send_cmsg(from, &to, IPPROTO_UDP, 77, &tos, 4), -EINVAL,
	   "send: nor UDP's");
	close(fd);
	close(from);
}

static int int_in(struct received *r, int type)
{
	size_t len;
	const int *value = control(r, IPPROTO_IP, type, &len);

	return len == 4 ? *value : -1;
}

static void test_ttl_and_tos(void)
{
	int fd = udp_at("127.0.0.1"), from = udp(), port = port_of(fd);
	struct sockaddr_in to = at("127.0.0.1", port);
	const struct sockaddr_in *orig;
	const unsigned char *tos;
	struct received r;
	int ttl = 9;
	size_t len;

	set_option(fd, IPPROTO_IP, IP_RECVTTL, 1);
	set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
	set_option(fd, IPPROTO_IP, IP_ORIGDSTADDR, 1);
	set_option(from, IPPROTO_IP, IP_TOS, 0x48);
	send_to(from, "127.0.0.1", port, "x");
	recv_msg(fd, &r, 0);
	is(controls(&r), 3, "cmsg: three");
	is(int_in(&r, IP_TTL), 64, "cmsg: IP_TTL");
	tos = control(&r, IPPROTO_IP, IP_TOS, &len);
	ok(len == 1 && *tos == 0x48, "cmsg: IP_TOS is a byte");
	orig = control(&r, IPPROTO_IP, IP_ORIGDSTADDR, &len);
	is(len, sizeof(*orig), "cmsg: IP_ORIGDSTADDR");
	ok(orig && ntohs(orig->sin_port) == port, "cmsg: its port");
	send_cmsg(from, &to, IPPROTO_IP, IP_TTL, &ttl, 4);
	recv_msg(fd, &r, 0);
	is(int_in(&r, IP_TTL), 9, "cmsg: the TTL that was asked for");
	set_option(from, IPPROTO_IP, IP_TTL, 33);
	send_to(from, "127.0.0.1", port, "x");
	recv_msg(fd, &r, 0);
	is(int_in(&r, IP_TTL), 33, "cmsg: or set");

	send_to(from, "127.0.0.1", port, "x");
	memset(&r, 0, sizeof(r));
	r.iov = (struct iovec){ r.data, 10 };
	r.hdr = (struct msghdr){ .msg_iov = &r.iov,
				 .msg_iovlen = 1,
				 .msg_control = r.control,
				 .msg_controllen = 30 };
	is(result(recvmsg(fd, &r.hdr, 0)), 1, "cmsg: room for one and a half");
	is(r.hdr.msg_flags, MSG_CTRUNC, "cmsg: MSG_CTRUNC");
	close(fd);
	close(from);
}

static void test_stamps(void)
{
	int fd = udp_at("127.0.0.1"), from = udp();
	struct received r;
	size_t len;

	set_option(fd, SOL_SOCKET, SO_TIMESTAMP, 1);
	send_to(from, "127.0.0.1", port_of(fd), "x");
	recv_msg(fd, &r, 0);
	is(controls(&r), 1, "stamp: one");
	control(&r, SOL_SOCKET, SO_TIMESTAMP, &len);
	is(len, 16, "stamp: a timeval");
	set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	send_to(from, "127.0.0.1", port_of(fd), "x");
	recv_msg(fd, &r, 0);
	control(&r, SOL_SOCKET, SO_TIMESTAMPNS, &len);
	is(len, 16, "stamp: a timespec");
	is(controls(&r), 1, "stamp: instead");
	close(fd);
	close(from);
}

/* One datagram's SO_TIMESTAMPING; which of the three stamps are there. */
static const char *stamps(int fd, int from, int type)
{
	struct received r;
	struct timespec t[3];
	const void *data;
	size_t len = 0;

	send_to(from, "127.0.0.1", port_of(fd), "x");
	recv_msg(fd, &r, 0);
	data = control(&r, SOL_SOCKET, type, &len);
	if (!data || len != sizeof(t))
		return data ? "of another length" : "not there";
	memcpy(t, data, sizeof(t));
	snprintf(text, sizeof(text), "%d of %d: %d %d %d", 1, controls(&r),
		 !!t[0].tv_sec, !!t[1].tv_sec, !!t[2].tv_sec);
	return text;
}

/* Linux begins to make stamps some time after a socket has asked for them. */
static const char *stamps_come(int fd, int from, int type)
{
	const char *got = stamps(fd, from, type);

	for (int i = 0; i < 1000 && !strcmp(got, "not there"); i++) {
		usleep(10000);
		got = stamps(fd, from, type);
	}
	return got;
}

static void set_stamping(int fd, int option, int flags)
{
	int value[2] = { flags, 0 };

	setsockopt(fd, SOL_SOCKET, option, value, sizeof(value));
}

static int stamping(int fd, int option)
{
	int value[2] = { -1, -1 };
	socklen_t len = sizeof(value);

	getsockopt(fd, SOL_SOCKET, option, value, &len);
	return value[0];
}

static void test_stamping(void)
{
	int fd = udp_at("127.0.0.1"), from = udp();

	set_stamping(fd, STAMPING_OLD, RX_SOFTWARE);
	is_str(stamps(fd, from, STAMPING_OLD), "not there",
	       "stamping: made, but not told");
	set_stamping(fd, STAMPING_OLD, RX_SOFTWARE | SOFTWARE);
	is_str(stamps_come(fd, from, STAMPING_OLD), "1 of 1: 1 0 0",
	       "stamping: by software");
	is(stamping(fd, STAMPING_NEW), 0, "stamping: not the new layout");
	set_option(fd, SOL_SOCKET, SO_TIMESTAMP, 1);
	is_str(stamps_come(fd, from, STAMPING_OLD), "1 of 2: 1 0 0",
	       "stamping: beside SO_TIMESTAMP");
	set_option(fd, SOL_SOCKET, SO_TIMESTAMP, 0);
	set_stamping(fd, STAMPING_NEW, RX_SOFTWARE | SOFTWARE);
	is_str(stamps_come(fd, from, STAMPING_NEW), "1 of 1: 1 0 0",
	       "stamping: the new layout");
	is(stamping(fd, STAMPING_OLD), RX_SOFTWARE | SOFTWARE,
	   "stamping: read by the old name");
	is(stamping(fd, STAMPING_NEW), RX_SOFTWARE | SOFTWARE,
	   "stamping: and by the new one");
	set_stamping(fd, STAMPING_OLD, 0);
	is_str(stamps(fd, from, STAMPING_OLD), "not there", "stamping: over");
	close(fd);
	close(from);
}

int main(void)
{
	deadline(30);
	test_flags();
	test_numbers();
	test_pktinfo();
	test_send_pktinfo();
	test_ttl_and_tos();
	test_stamps();
	test_stamping();
	return done_testing();
}
