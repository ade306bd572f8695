/* SPDX-License-Identifier: MIT */
/*
 * The receive queue of UDP sockets: how much fits, what is dropped and how
 * that is told; looking without taking; datagrams in pieces and in bundles;
 * the edges that an epoll sees.
 */
#define _GNU_SOURCE
#include "events.h"
#include "udp.h"

#define UDP_CORK_OPTION 1
#define UDP_SEGMENT_OPTION 103
#define PEEK_OFF_OPTION 42
#define RXQ_OVFL_OPTION 40

static char buf[70000];

static int drained(int fd)
{
	int n = 0;

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		n++;
	return n;
}

static int fit(int fd, int from, size_t size)
{
	for (int i = 0; i < 2000; i++)
		send(from, buf, size, 0);
	return drained(fd);
}

static void test_room(void)
{
	static const struct {
		int rcvbuf, size, fit;
	} cases[] = {
		{ 0, 1, 2 },	      { 0, 1000, 1 },	   { 0, 60000, 1 },
		{ 5000, 1, 12 },      { 5000, 400, 7 },	   { 20000, 197, 48 },
		{ 20000, 198, 31 },   { 20000, 646, 17 },  { 20000, 1700, 9 },
		{ 20000, 5000, 4 },   { 50000, 16004, 6 }, { 50000, 16005, 5 },
		{ 100000, 65507, 3 },
	};
	int fd = udp_at("127.0.0.1"), from = udp();
	char name[64];

	connect_to(from, port_of(fd));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_option(fd, SOL_SOCKET, SO_RCVBUF, cases[i].rcvbuf);
		snprintf(name, sizeof(name), "room: %d bytes in SO_RCVBUF %d",
			 cases[i].size, cases[i].rcvbuf);
		is(fit(fd, from, cases[i].size), cases[i].fit, name);
	}
	close(fd);
	close(from);
}

/* What was read makes room only when it was much, or all. */
static void test_reading_makes_room(void)
{
	int fd = udp_at("127.0.0.1"), from = udp();

	connect_to(from, port_of(fd));
	set_option(fd, SOL_SOCKET, SO_RCVBUF, 5000);
	for (int i = 0; i < 20; i++)
		send(from, "x", 1, 0);
	is(recv(fd, buf, 1, MSG_DONTWAIT), 1, "full: one is read");
	send(from, "y", 1, 0);
	is(recv(fd, buf, 1, MSG_DONTWAIT), 1, "full: another");
	send(from, "y", 1, 0);
	is(recv(fd, buf, 1, MSG_DONTWAIT), 1, "full: a third");
	send(from, "y", 1, 0);
	is(drained(fd), 9 + 0, "full: no room was made for new ones");
	send(from, "y", 1, 0);
	is(drained(fd), 1, "full: empty, there is room");
	close(fd);
	close(from);
}

static void test_drops(void)
{
	int fd = udp_at("127.0.0.1"), from = udp();
	const uint32_t *dropped;
	struct received r;
	size_t len;

	connect_to(from, port_of(fd));
	set_option(fd, SOL_SOCKET, SO_RCVBUF, 0);
	is(set_option(fd, SOL_SOCKET, RXQ_OVFL_OPTION, 1), 0, "drops: counted");
	for (int i = 0; i < 10; i++)
		send(from, "x", 1, 0);
	is(recv_msg(fd, &r, 0), 1, "drops: the first");
	is(controls(&r), 0, "drops: nothing was dropped before it");
	drained(fd);
	send(from, "x", 1, 0);
	is(recv_msg(fd, &r, 0), 1, "drops: one that came after");
	dropped = control(&r, SOL_SOCKET, RXQ_OVFL_OPTION, &len);
	is(len, 4, "drops: tells");
	is(dropped ? *dropped : 0, 8, "drops: how many");
	close(fd);
	close(from);
}

static void test_peek(void)
{
	int fd = udp_at("127.0.0.1"), from = udp(), n;

	connect_to(from, port_of(fd));
	send(from, "abcdef", 6, 0);
	send(from, "ghi", 3, 0);
	is(recv(fd, buf, 3, MSG_PEEK), 3, "peek: a part");
	is(recv(fd, buf, 3, MSG_PEEK | MSG_TRUNC), 6, "peek: its length");
	is(ioctl(fd, FIONREAD, &n), 0, "peek: FIONREAD");
	is(n, 6, "peek: of the first only");
	is(recv(fd, buf, 10, 0), 6, "peek: it is still there");
	ok(!memcmp(buf, "abcdef", 6), "peek: whole");
	is(recv(fd, buf, 2, 0), 2, "peek: cut");
	is(result(recv(fd, buf, 10, MSG_DONTWAIT)), -EAGAIN, "peek: is gone");
	is(ioctl(fd, FIONREAD, &n), 0, "peek: FIONREAD of nothing");
	is(n, 0, "peek: 0");

	is(get_option(fd, SOL_SOCKET, PEEK_OFF_OPTION), -1, "offset: off");
	is(set_option(fd, SOL_SOCKET, PEEK_OFF_OPTION, 0), 0, "offset: on");
	send(from, "abcdef", 6, 0);
	send(from, "ghi", 3, 0);
	is(recv(fd, buf, 2, MSG_PEEK), 2, "offset: two");
	ok(!memcmp(buf, "ab", 2), "offset: the first two");
	is(recv(fd, buf, 2, MSG_PEEK), 2, "offset: two more");
	ok(!memcmp(buf, "cd", 2), "offset: the next");
	is(get_option(fd, SOL_SOCKET, PEEK_OFF_OPTION), 4, "offset: 4");
	is(recv(fd, buf, 10, MSG_PEEK), 2, "offset: the rest of it");
	is(recv(fd, buf, 10, MSG_PEEK), 3, "offset: the second");
	ok(!memcmp(buf, "ghi", 3), "offset: from its start");
	is(result(recv(fd, buf, 10, MSG_PEEK | MSG_DONTWAIT)), -EAGAIN,
	   "offset: the end");
	is(recv(fd, buf, 10, 0), 6, "offset: a read takes the first");
	is(get_option(fd, SOL_SOCKET, PEEK_OFF_OPTION), 3,
	   "offset: moves back");
	close(fd);
	close(from);
}

static void test_cork(void)
{
	int fd = udp_at("127.0.0.1"), from = udp();
	struct sockaddr_in to = at("127.0.0.1", port_of(fd));

	connect_to(from, port_of(fd));
	is(send(from, "ab", 2, MSG_MORE), 2, "more: a piece");
	is(mask(fd), POLLOUT, "more: nothing came");
	is(send(from, "cd", 2, 0), 2, "more: the last");
	is(recv(fd, buf, 10, MSG_DONTWAIT), 4, "more: one datagram");
	ok(!memcmp(buf, "abcd", 4), "more: in order");
	is(set_option(from, IPPROTO_UDP, UDP_CORK_OPTION, 1), 0, "cork: on");
	is(get_option(from, IPPROTO_UDP, UDP_CORK_OPTION), 1, "cork: is on");
	send(from, "12", 2, 0);
	is(result(sendto(from, "34", 2, 0, SA(to))), 2, "cork: with a name");
	is(mask(fd), POLLOUT, "cork: nothing came");
	is(set_option(from, IPPROTO_UDP, UDP_CORK_OPTION, 0), 0, "cork: off");
	is(recv(fd, buf, 10, MSG_DONTWAIT), 4, "cork: one datagram");
	is(set_option(from, IPPROTO_UDP, UDP_CORK_OPTION, 1), 0, "cork: empty");
	is(set_option(from, IPPROTO_UDP, UDP_CORK_OPTION, 0), 0, "cork: off");
	is(result(recv(fd, buf, 10, MSG_DONTWAIT)), -EAGAIN, "cork: nothing");
	is(send(from, buf, 40000, MSG_MORE), 40000, "more: much");
	is(result(send(from, buf, 40000, 0)), -EMSGSIZE, "more: too much");
	is(result(recv(fd, buf, 10, MSG_DONTWAIT)), -EAGAIN,
	   "more: all of it is lost");
	is(send(from, "z", 1, 0), 1, "more: the next is itself");
	is(recv(fd, buf, 10, MSG_DONTWAIT), 1, "more: and arrives");
	close(fd);
	close(from);
}

static void test_segments(void)
{
	int fd = udp_at("127.0.0.1"), from = udp();
	struct sockaddr_in to = at("127.0.0.1", port_of(fd));
	uint16_t size = 1;

	is(set_option(from, IPPROTO_UDP, UDP_SEGMENT_OPTION, 1000), 0,
	   "segments: of 1000");
	is(get_option(from, IPPROTO_UDP, UDP_SEGMENT_OPTION), 1000,
	   "segments: it is");
	is(result(sendto(from, buf, 2500, 0, SA(to))), 2500, "segments: 2500");
	is(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 1000, "segments: 1000");
	is(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 1000, "segments: 1000");
	is(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 500, "segments: the rest");
	is(result(sendto(from, buf, 1000, 0, SA(to))), 1000, "segments: one");
	is(drained(fd), 1, "segments: is one");
	set_option(from, IPPROTO_UDP, UDP_SEGMENT_OPTION, 0);
	connect_to(from, port_of(fd));
	is(send_cmsg(from, NULL, IPPROTO_UDP, UDP_SEGMENT_OPTION, &size, 2), 1,
	   "segments: by a control message");
	is(drained(fd), 1, "segments: one");
	close(fd);
	close(from);
}

static void test_edges(void)
{
	int fd = udp_at("127.0.0.1"), from = udp(), ep = new_epoll();
	const uint32_t et = EPOLLIN | EPOLLOUT | EPOLLET;

	connect_to(from, port_of(fd));
	add(ep, fd, et, 'f');
	add(ep, from, et, 's');
	sees(ep, "f:OUT s:OUT", "edges: writable");
	sees(ep, "", "edges: once");
	send(from, "x", 1, 0);
	sees(ep, "s:OUT f:IN|OUT", "edges: one's own send is one");
	send(from, "x", 1, 0);
	sees(ep, "s:OUT f:IN|OUT", "edges: each is");
	recv(fd, buf, 1, 0);
	sees(ep, "", "edges: reading is none");
	recv(fd, buf, 1, 0);
	sees(ep, "", "edges: nor is the last");
	send(from, "", 0, 0);
	sees(ep, "s:OUT f:IN|OUT", "edges: of no bytes");
	close(fd);
	sees(ep, "", "edges: the receiver goes");
	send(from, "x", 1, 0);
	sees(ep, "s:OUT|ERR", "edges: refused");
	close(from);
	close(ep);
}

static void test_many(void)
{
	int fd = udp_at("127.0.0.1"), from = udp();
	struct sockaddr_in to[4];
	struct iovec out[4], in[6];
	struct mmsghdr mm[6];
	char room[6][8] = { { 0 } };

	memset(mm, 0, sizeof(mm));
	for (int i = 0; i < 4; i++) {
		to[i] = at("127.0.0.1", port_of(fd));
		out[i] = (struct iovec){ "abcdef", i + 1 };
		mm[i].msg_hdr = (struct msghdr){ &to[i], sizeof(to[i]), &out[i],
						 1 };
	}
	to[2].sin_port = 0;
	is(result(sendmmsg(from, mm, 4, 0)), 2, "many: up to the bad one");
	is(mm[1].msg_len, 2, "many: lengths");
	to[2].sin_port = to[0].sin_port;
	is(result(sendmmsg(from, mm + 2, 2, 0)), 2, "many: the others");
	memset(mm, 0, sizeof(mm));
	for (int i = 0; i < 6; i++) {
		in[i] = (struct iovec){ room[i], 3 };
		mm[i].msg_hdr.msg_iov = &in[i];
		mm[i].msg_hdr.msg_iovlen = 1;
	}
	is(result(recvmmsg(fd, mm, 6, MSG_DONTWAIT, NULL)), 4,
	   "many: received");
	is(mm[2].msg_len, 3, "many: a whole one");
	is(mm[2].msg_hdr.msg_flags, 0, "many: its flags");
	is(mm[3].msg_len, 3, "many: a cut one");
	is(mm[3].msg_hdr.msg_flags, MSG_TRUNC, "many: its flags");
	is(result(recvmmsg(fd, mm, 6, MSG_DONTWAIT, NULL)), -EAGAIN,
	   "many: no more");
	send_to(from, "127.0.0.1", port_of(fd), "x");
	is(result(recvmmsg(fd, mm, 6, MSG_WAITFORONE, NULL)), 1,
	   "many: MSG_WAITFORONE");
	close(fd);
	close(from);
}

int main(void)
{
	deadline(30);
	test_room();
	test_reading_makes_room();
	test_drops();
	test_peek();
	test_cork();
	test_segments();
	test_edges();
	test_many();
	return done_testing();
}
