/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c tests/unit/bed/packets.c */
/* unit: @net */
/*
 * ICMP errors about TCP segments: which are believed, and what they change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/eventpoll.h>

#include "bed/net_tcp.h"
#include "bed/packets.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "lib/wire_bytes.h"
#include "net/base/counters.h"
#include "net/socket/socket.h"

#define UNREACHABLE 3
#define HOST 1
#define PORT_CODE 3
#define FRAG_NEEDED 4

/* About the segment of ours to p that starts at seq. */
static void icmp_about(const struct peer *p, uint32_t seq, uint8_t code,
		       uint16_t mtu)
{
	struct packet inner = { 0 }, outer = { 0 };
	uint8_t tcp[8];

	put16(tcp, p->dport);
	put16(tcp + 2, p->port);
	put32(tcp + 4, seq);
	packet_ip(&inner, BED_ADDR, PEER_ADDR, 6, tcp, sizeof(tcp));
	packet_icmp(&outer, UNREACHABLE, code, __builtin_bswap32((uint32_t)mtu),
		    inner.data + PACKET_IP, 28);
	packet_receive(&outer);
}

static size_t longest(struct peer *p, size_t *got)
{
	size_t max = 0;

	while (peer_take(p)) {
		max = MAX(max, p->got_len);
		if (p->got_seq != p->ack)
			continue;
		memcpy(buf + *got, p->got_data, p->got_len);
		*got += p->got_len;
		p->ack += p->got_len;
	}
	return max;
}

static void test_path_mtu(void)
{
	int lfd = listener(5), fd;
	uint64_t ignored = net_counters.tcp_icmp_out_of_window;
	size_t got = 0, max = 0;
	struct peer p;

	fd = accepted(lfd, &p);
	sys_send(fd, data, 20000, 0);
	bed_forget_sent(); /* too long for the path: lost */
	icmp_about(&p, p.ack - 1, FRAG_NEEDED, 1000);
	icmp_about(&p, p.ack + 1000000, FRAG_NEEDED, 1000);
	is(net_counters.tcp_icmp_out_of_window - ignored, 2,
	   "numbers that are not on their way are not believed");
	ok(!peer_take(&p), "and change nothing");
	icmp_about(&p, p.ack, FRAG_NEEDED, 1000);
	for (int i = 0; i < 200 && got < 20000; i++) {
		size_t n = longest(&p, &got);

		max = MAX(max, n);
		peer_send(&p, ACK, NULL, 0);
		bed_sleep(50 * NSEC_PER_MSEC);
	}
	is(max, 960, "an MTU of 1000: segments of 960");
	is(got, 20000, "all is sent again, in smaller ones");
	is_mem(buf, data, 20000, "nothing is lost");
	sys_send(fd, data, 5000, 0);
	max = longest(&p, &got);
	is(max, 960, "what follows is no longer");
	icmp_about(&p, p.ack - 100, FRAG_NEEDED, 1400);
	icmp_about(&p, p.ack - 100, FRAG_NEEDED, 68);
	sys_send(fd, data, 5000, 0);
	peer_send(&p, ACK, NULL, 0);
	bed_forget_sent();
	bed_sleep(NSEC_PER_SEC);
	got = 0;
	is(longest(&p, &got), 512, "a tiny MTU is no smaller than 552");
	peer_send(&p, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks("path MTU");
}

static struct peer connecting(int fd)
{
	struct peer p = { .port = 80 };
	struct sockaddr_any a;

	sys_connect_to(fd, PEER_ADDR, 80);
	fd_socket(fd)->ops->getname(fd_socket(fd), &a, NAME_LOCAL);
	p.dport = __builtin_bswap16(a.in.port);
	peer_take(&p);
	return p;
}

static void test_connect(void)
{
	static const struct {
		uint8_t code;
		int err;
	} rows[] = { { HOST, EHOSTUNREACH }, { PORT_CODE, ECONNREFUSED } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int fd = sys_socket_open(SOCK_STREAM, true);
		struct peer p = connecting(fd);

		icmp_about(&p, p.got_seq + 1, rows[i].code, 0);
		is(sys_poll_mask(fd), 0, "connecting: a wrong number");
		icmp_about(&p, p.got_seq, rows[i].code, 0);
		ok(sys_poll_mask(fd) & EPOLLERR, "connecting: unreachable");
		is(sys_get(fd, 1, 4), rows[i].err, "code %d: its errno",
		   rows[i].code);
		sys_close(fd);
		is(bed_cache_objects("tcp_pcb"), 0, "no pcb is left");
	}
	no_leaks("connect");
}

static void test_established(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	sys_set(fd, 6, 18, 3000); /* TCP_USER_TIMEOUT */
	sys_send(fd, data, 100, 0);
	icmp_about(&p, p.ack, PORT_CODE, 0);
	is(sys_poll_mask(fd), OUT, "established: no end");
	peer_drain(&p, buf, 1000);
	peer_send(&p, ACK, NULL, 0);
	sys_send(fd, data, 100, 0);
	icmp_about(&p, p.ack, HOST, 0);
	bed_sleep(10 * NSEC_PER_SEC);
	is(sys_recv(fd, buf, 1, 0), -EHOSTUNREACH,
	   "but why nobody answers, when nobody does");
	sys_close(fd);
	sys_close(lfd);
	no_leaks("established");
}

int main(void)
{
	begin();
	test_path_mtu();
	test_connect();
	test_established();
	return bed_done();
}
