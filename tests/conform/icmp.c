/* SPDX-License-Identifier: MIT */
/*
 * Raw and ping sockets of ICMP over 127.0.0.1. Raw sockets want root. On Linux
 * it all happens in a network namespace of its own, where ping sockets can be
 * allowed; where there are no namespaces the calls for it fail, and that is
 * all right.
 */
#define _GNU_SOURCE
#include <net/if.h>
#include <sched.h>

#include "udp.h"

#define ICMP_FILTER_OPTION 1
#define RAW_LEVEL 255

struct icmp {
	uint8_t type, code;
	uint16_t checksum, id, sequence;
	char data[56];
};

struct packet {
	uint8_t ip[20];
	struct icmp icmp;
	char more[2000];
};

static struct packet packet;

static void prepare(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWNET))
		return;
	fd = udp();
	ioctl(fd, SIOCGIFFLAGS, &lo);
	lo.ifr_flags |= IFF_UP;
	ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
	fd = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY);
	write(fd, "0 2147483647", 12);
	close(fd);
}

static uint16_t sum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t s = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		s += p[i] << 8 | p[i + 1];
	if (len & 1)
		s += p[len - 1] << 8;
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return ~s;
}

static struct icmp echo(int sequence)
{
	struct icmp e = { .type = 8, .id = htons(0x1234) };

	e.sequence = htons(sequence);
	memset(e.data, 'p', sizeof(e.data));
	e.checksum = htons(sum(&e, sizeof(e)));
	return e;
}

static long ping(int fd, int sequence)
{
	struct sockaddr_in to = at("127.0.0.1", 0);
	struct icmp e = echo(sequence);

	return result(sendto(fd, &e, sizeof(e), 0, SA(to)));
}

static long next(int fd)
{
	memset(&packet, 0, sizeof(packet));
	return result(recv(fd, &packet, sizeof(packet), MSG_DONTWAIT));
}

static int raw(void)
{
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

	if (fd < 0) {
		printf("Bail out! raw sockets want root\n");
		exit(9);
	}
	return fd;
}

static void test_raw(void)
{
	int fd = raw(), len = sizeof(struct icmp);
	struct sockaddr_in from;
	socklen_t n = sizeof(from);

	is(get_option(fd, SOL_SOCKET, SO_TYPE), SOCK_RAW, "raw: SO_TYPE");
	is(get_option(fd, SOL_SOCKET, SO_PROTOCOL), 1, "raw: SO_PROTOCOL");
	getsockname(fd, (struct sockaddr *)&from, &n);
	is(ntohs(from.sin_port), 1, "raw: the protocol is the port");
	is(result(send(fd, "x", 1, 0)), -EDESTADDRREQ, "raw: no destination");
	is(ping(fd, 1), len, "raw: an echo request");
	is(next(fd), len + 20, "raw: is seen, with its IP header");
	is(packet.ip[0], 0x45, "raw: version and length");
	is(packet.ip[2] << 8 | packet.ip[3], len + 20, "raw: total length");
	is(packet.ip[8], 64, "raw: TTL");
	is(packet.ip[9], 1, "raw: protocol");
	is(sum(packet.ip, 20), 0, "raw: the header's checksum");
	is(packet.icmp.type, 8, "raw: it is the request");
	n = sizeof(from);
	is(result(recvfrom(fd, &packet, sizeof(packet), MSG_DONTWAIT,
			   (struct sockaddr *)&from, &n)),
	   len + 20, "raw: and the reply");
	is(packet.icmp.type, 0, "raw: it is");
	is(packet.icmp.id, htons(0x1234), "raw: its id");
	is(sum(&packet.icmp, len), 0, "raw: its checksum");
	is_str(inet_ntoa(from.sin_addr), "127.0.0.1", "raw: from");
	is(from.sin_port, 0, "raw: no port");
	is(next(fd), -EAGAIN, "raw: no more");
	ping(fd, 2);
	is(result(recv(fd, &packet, 10, MSG_TRUNC)), len + 20,
	   "raw: MSG_TRUNC");
	is(result(recv(fd, &packet, 10, 0)), 10, "raw: cut");
	is(result(recv(fd, &packet, 10, MSG_OOB)), -EOPNOTSUPP, "raw: MSG_OOB");
	is(mask(fd), POLLOUT, "raw: poll");
	close(fd);
}

static void test_filter(void)
{
	int fd = raw(), other = raw();
	struct sockaddr_in a = at("127.0.0.1", 0);
	uint32_t filter = ~1u, read = 0;
	socklen_t len = sizeof(read);

	is(result(getsockopt(fd, RAW_LEVEL, ICMP_FILTER_OPTION, &read, &len)),
	   0, "filter: read");
	is(read, 0, "filter: none");
	is(result(setsockopt(fd, RAW_LEVEL, ICMP_FILTER_OPTION, &filter, 4)), 0,
	   "filter: all but replies");
	is(set_option(fd, RAW_LEVEL, 77, 1), -ENOPROTOOPT, "filter: unknown");
	ping(fd, 3);
	is(next(fd) > 0 ? packet.icmp.type : -1, 0, "filter: the reply only");
	is(next(fd), -EAGAIN, "filter: no more");
	is(next(other), 84, "filter: another socket sees the request");
	is(next(other), 84, "filter: and the reply");
	close(other);

	other = raw();
	a.sin_addr.s_addr = inet_addr("127.0.0.9");
	is(result(bind(fd, SA(a))), 0, "bind: an address");
	is(result(bind(fd, SA(a))), 0, "bind: again");
	a.sin_addr.s_addr = inet_addr("8.8.8.8");
	is(result(bind(fd, SA(a))), -EADDRNOTAVAIL, "bind: not ours");
	ping(other, 4);
	is(next(fd), -EAGAIN, "bind: what goes to another is not seen");
	a.sin_addr.s_addr = inet_addr("127.0.0.1");
	is(result(connect(other, SA(a))), 0, "connect");
	while (next(other) >= 0)
		;
	is(result(send(other, &packet, 0, 0)), -EFAULT, "connect: no type");
	close(fd);
	close(other);
}

/* An error that the kernel itself sends is seen too. */
static void test_unreachable(void)
{
	int fd = raw(), u = udp_at("127.0.0.1"), port = port_of(u);
	uint8_t *quoted = (uint8_t *)packet.icmp.data;

	close(u);
	u = udp();
	send_to(u, "127.0.0.1", port, "hello");
	is(next(fd), 20 + 8 + 20 + 8 + 5, "unreachable: quotes all of it");
	is(packet.icmp.type, 3, "unreachable: type");
	is(packet.icmp.code, 3, "unreachable: code");
	is(packet.ip[1], 0xc0, "unreachable: TOS");
	is(quoted[9], 17, "unreachable: what UDP sent");
	is(quoted[22] << 8 | quoted[23], port, "unreachable: to the port");
	ok(!memcmp(quoted + 28, "hello", 5), "unreachable: with its data");
	close(fd);
	close(u);
}

static int ping_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
}

static void test_ping(void)
{
	struct sockaddr_in a = at("127.0.0.1", 0), name;
	int fd = ping_socket(), other = ping_socket();
	struct icmp e = echo(7), got;
	socklen_t len = sizeof(name);
	struct received r;

	ok(fd >= 0, "ping: a socket for everybody");
	is(get_option(fd, SOL_SOCKET, SO_TYPE), SOCK_DGRAM, "ping: SO_TYPE");
	is(result(sendto(fd, &e, 7, 0, SA(a))), -EINVAL, "ping: short");
	e.type = 13;
	is(result(sendto(fd, &e, sizeof(e), 0, SA(a))), -EINVAL,
	   "ping: another type");
	e.type = 0;
	is(result(sendto(fd, &e, sizeof(e), 0, SA(a))), -EINVAL,
	   "ping: a reply");
	e.type = 8;
	is(result(send(fd, &e, sizeof(e), 0)), -EDESTADDRREQ, "ping: where to");
	e.checksum = 0;
	is(result(sendto(fd, &e, sizeof(e), 0, SA(a))), sizeof(e), "ping");
	getsockname(fd, (struct sockaddr *)&name, &len);
	ok(name.sin_port != 0, "ping: has an id now");
	len = sizeof(a);
	is(result(recvfrom(fd, &got, sizeof(got), MSG_DONTWAIT,
			   (struct sockaddr *)&a, &len)),
	   sizeof(got), "ping: the reply, without an IP header");
	is(got.type, 0, "ping: type");
	is(got.id, name.sin_port, "ping: the socket's id");
	is(got.sequence, htons(7), "ping: our sequence number");
	ok(!memcmp(got.data, e.data, sizeof(e.data)), "ping: our data");
	is(a.sin_port, 0, "ping: no port");
	is(result(recv(fd, &got, sizeof(got), MSG_DONTWAIT)), -EAGAIN,
	   "ping: the request is not seen");
	is(result(recv(other, &got, sizeof(got), MSG_DONTWAIT)), -EAGAIN,
	   "ping: nor the reply by others");
	set_option(fd, IPPROTO_IP, IP_RECVTTL, 1);
	is(result(connect(fd, SA(a))), 0, "ping: connect");
	is(result(send(fd, &e, sizeof(e), 0)), sizeof(e), "ping: send");
	is(recv_msg(fd, &r, 0), sizeof(e), "ping: recvmsg");
	is(controls(&r), 1, "ping: IP_RECVTTL");
	a.sin_port = name.sin_port;
	is(get_option(other, SOL_SOCKET, SO_REUSEADDR), 1, "ping: shares ids");
	is(result(bind(other, SA(a))), 0, "ping: an id in use");
	close(other);
	other = ping_socket();
	a.sin_port = htons(0x4321);
	is(result(bind(other, SA(a))), 0, "ping: bind to an id");
	is(port_of(other), 0x4321, "ping: is the name");
	is(result(sendto(other, &e, sizeof(e), 0, SA(a))), sizeof(e),
	   "ping: with a port in the address");
	is(result(recv(other, &got, sizeof(got), MSG_DONTWAIT)), sizeof(got),
	   "ping: which does not matter");
	is(got.id, htons(0x4321), "ping: the id that was asked for");
	close(fd);
	close(other);
}

static void test_types(void)
{
	is(result(socket(AF_INET, SOCK_RAW, 0)), -EPROTONOSUPPORT,
	   "socket: raw, of nothing");
	is(result(socket(AF_INET, SOCK_STREAM, IPPROTO_ICMP)), -EPROTONOSUPPORT,
	   "socket: a stream of ICMP");
	is(result(socket(AF_INET, SOCK_SEQPACKET, 0)), -ESOCKTNOSUPPORT,
	   "socket: SOCK_SEQPACKET");
}

/* The whole header is ours, but for length and checksum. */
static void test_header(void)
{
	struct sockaddr_in to = at("127.0.0.1", 0);
	int fd = raw();
	struct {
		uint8_t ip[20];
		struct icmp icmp;
	} out = { { 0x45, 0, 0,	  0, 0x12, 0x34, 0,   0, 17, 1,
		    0,	  0, 127, 0, 0,	   5,	 127, 0, 0,  1 },
		  echo(9) };

	is(get_option(fd, IPPROTO_IP, IP_HDRINCL), 0, "header: not ours");
	is(set_option(fd, IPPROTO_IP, IP_HDRINCL, 1), 0, "header: ours");
	is(result(sendto(fd, &out, 19, 0, SA(to))), -EINVAL, "header: short");
	is(result(sendto(fd, &out, sizeof(out), 0, SA(to))), sizeof(out),
	   "header: send");
	is(next(fd), sizeof(out), "header: is seen");
	is(packet.ip[4] << 8 | packet.ip[5], 0x1234, "header: its id");
	is(packet.ip[8], 17, "header: its TTL");
	is(packet.ip[15], 5, "header: its source");
	is(packet.ip[3], sizeof(out), "header: the length was filled in");
	is(sum(packet.ip, 20), 0, "header: and the checksum");
	is(next(fd), sizeof(out), "header: the answer");
	is(packet.ip[19], 5, "header: goes where it came from");
	close(fd);
}

int main(void)
{
	deadline(30);
	prepare();
	test_types();
	test_raw();
	test_filter();
	test_unreachable();
	test_ping();
	test_header();
	return done_testing();
}
