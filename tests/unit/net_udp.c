/* SPDX-License-Identifier: MIT */
/* unit: @net tests/unit/bed/packets.c */
/*
 * Sockets of datagrams on the bed: what they do with the wire, and everything
 * once with each allocation in turn failing: an error comes out or nothing is
 * noticed, and nothing leaks.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/eventpoll.h>
#include <stdlib.h>
#include <string.h>

#include "bed/net.h"
#include "bed/packets.h"
#include "kernel/base.h"
#include "kernel/check.h"
#include "lib/tap.h"
#include "net/base/counters.h"
#include "net/socket/socket.h"
#include "net/socket/sockopt.h"

#define LOCAL "127.0.0.1"
#define IP 0
#define ICMP 1
#define UDP 17
#define RECVERR 11
#define ADD_MEMBERSHIP 35
#define CORK 1

static uint8_t data[70000];
static uint8_t buf[70000];
static size_t at_start;

static void forget(void)
{
	bed_sleep(1500 * NSEC_PER_SEC);
	bed_forget_sent();
}

static void know_the_peer(void)
{
	static struct packet p;

	packet_arp(&p, 1, PEER_ADDR, BED_ADDR);
	packet_receive(&p);
	bed_forget_sent();
}

/* What is on its way out is charged; the device's ring does not move. */
static void test_back_pressure(void)
{
	int fd = sys_socket_open(SOCK_DGRAM, true), n = 0;
	uint32_t out = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;

	know_the_peer();
	bed_tx_stuck = true;
	while (sys_sendto_addr(fd, data, 1000, PEER_ADDR, 9) == 1000)
		n++;
	is(sys_sendto_addr(fd, data, 1000, PEER_ADDR, 9), -EAGAIN,
	   "SO_SNDBUF: full after %d", n);
	is(n, 93, "SO_SNDBUF: as many as on Linux");
	is(sys_poll_mask(fd) & out, 0, "SO_SNDBUF: not writable");
	is(check_all(), 0, "SO_SNDBUF: all invariants hold");
	is(sys_sendto_addr(fd, data, 1000, LOCAL, 9), 1000,
	   "SO_SNDBUF: to ourselves there is always room");
	sys_watch(fd);
	sys_edges(fd, NULL);
	bed_tx_stuck = false;
	bed_sleep(NSEC_PER_SEC);
	ok(sys_edges(fd, NULL) > 0, "SO_SNDBUF: room is an edge");
	is(sys_poll_mask(fd) & out, out, "SO_SNDBUF: writable");
	bed_tx_stuck = true;
	sys_sendto_addr(fd, data, 1000, PEER_ADDR, 9);
	sys_close(fd);
	bed_tx_stuck = false;
	forget();
	is(bed_objects(), at_start, "SO_SNDBUF: what left after close is back");
}

static void test_icmp_errors(void)
{
	int fd = sys_socket_open(SOCK_DGRAM, true);
	static struct packet p;
	const uint8_t *f;
	uint8_t sent[28];
	size_t len;

	know_the_peer();
	sys_connect_to(fd, PEER_ADDR, 9);
	sys_send(fd, data, 100, 0);
	bed_run();
	f = bed_sent(&len);
	if (f && len == 142)
		memcpy(sent, f + 14, sizeof(sent));
	else
		bail_out("no datagram was sent");
	packet_icmp(&p, 3, 1, 0, sent, sizeof(sent));
	packet_receive(&p);
	is(sys_recv(fd, buf, 1, 0), -EAGAIN, "ICMP: host unreachable may pass");
	packet_icmp(&p, 3, 3, 0, sent, sizeof(sent));
	packet_receive(&p);
	is(sys_recv(fd, buf, 1, 0), -ECONNREFUSED, "ICMP: port unreachable");
	packet_icmp(&p, 3, 3, 0, sent, 27);
	packet_receive(&p);
	is(sys_recv(fd, buf, 1, 0), -EAGAIN, "ICMP: too short a quote");
	sent[20] ^= 1;
	packet_icmp(&p, 3, 3, 0, sent, sizeof(sent));
	packet_receive(&p);
	is(sys_recv(fd, buf, 1, 0), -EAGAIN,
	   "ICMP: of a port that is not ours");
	sent[20] ^= 1;
	sys_set(fd, IP, RECVERR, 1);
	packet_icmp(&p, 3, 1, 0, sent, sizeof(sent));
	packet_receive(&p);
	is(sys_recv(fd, buf, 1, 0), -EHOSTUNREACH, "ICMP: IP_RECVERR tells");
	sys_close(fd);
	forget();
	is(bed_objects(), at_start, "ICMP: every object is back");
}

static void test_wire(void)
{
	int fd = sys_socket_open(SOCK_DGRAM, true);
	uint64_t sums = net_counters.udp_drop_checksum;
	static struct packet p;

	sys_bind_to(fd, NULL, 5000);
	packet_udp(&p, PEER_ADDR, 9, BED_ADDR, 5000, "hello", 5);
	packet_receive(&p);
	is(sys_recv(fd, buf, 10, 0), 5, "wire: a datagram");
	p.data[p.len - 1] ^= 1;
	packet_receive(&p);
	is(sys_recv(fd, buf, 10, 0), -EAGAIN, "wire: one with a wrong sum");
	is(net_counters.udp_drop_checksum - sums, 1, "wire: is counted");
	packet_udp(&p, PEER_ADDR, 9, "239.1.2.3", 5000, "hello", 5);
	packet_receive(&p);
	is(sys_recv(fd, buf, 10, 0), -EAGAIN, "wire: of a group not joined");
	packet_udp(&p, PEER_ADDR, 9, "10.99.255.255", 5000, "hello", 5);
	packet_receive(&p);
	is(sys_recv(fd, buf, 10, 0), 5, "wire: a broadcast");
	sys_close(fd);
	forget();
	is(bed_objects(), at_start, "wire: every object is back");
}

/* Everything once, whatever fails. */
static void scenario(void)
{
	struct {
		uint32_t group, addr;
	} mreq = { inet_addr("239.1.2.3"), inet_addr(BED_ADDR) };
	int a = sys_socket_open(SOCK_DGRAM, true);
	int b = sys_socket_open(SOCK_DGRAM, true);
	int raw = sys_socket_of(SOCK_RAW, ICMP, true);
	int ping = sys_socket_of(SOCK_DGRAM, ICMP, true);
	static const uint8_t request[3000] = { 8 };
	static struct packet p;

	if (a >= 0) {
		sys_bind_to(a, NULL, 5000);
		sock_setsockopt(fd_socket(a), IP, ADD_MEMBERSHIP, &mreq,
				sizeof(mreq), sizeof(mreq));
	}
	packet_udp(&p, PEER_ADDR, 9, BED_ADDR, 5000, data, 1000);
	packet_receive(&p);
	packet_icmp(&p, 8, 0, 0, data, 100);
	packet_receive(&p);
	if (b >= 0) {
		sys_set(b, IP, RECVERR, 1);
		sys_sendto_addr(b, data, 10, LOCAL, 5000);
		sys_sendto_addr(b, data, 60000, BED_ADDR, 5000);
		sys_sendto_addr(b, data, 10, LOCAL, 5001);
		sys_sendto_addr(b, data, 1000, PEER_ADDR, 9);
		sys_sendto_addr(b, data, 5000, PEER_ADDR, 9);
		sys_connect_to(b, LOCAL, 5000);
		sys_send(b, data, 5000, MSG_MORE);
		sys_send(b, data, 5000, 0);
		sys_set(b, UDP, CORK, 1);
		sys_send(b, data, 100, 0);
	}
	if (raw >= 0) {
		sys_sendto_addr(raw, data, 5000, LOCAL, 0);
		sys_sendto_addr(raw, request, 100, PEER_ADDR, 0);
	}
	if (ping >= 0) {
		sys_sendto_addr(ping, request, 100, LOCAL, 0);
		sys_sendto_addr(ping, request, 3000, PEER_ADDR, 0);
		sys_recv(ping, buf, sizeof(buf), 0);
	}
	bed_run();
	for (int i = 0; a >= 0 && i < 5; i++)
		sys_recv(a, buf, sizeof(buf), 0);
	if (ping >= 0)
		sys_close(ping);
	if (raw >= 0)
		sys_close(raw);
	if (b >= 0)
		sys_close(b);
	if (a >= 0)
		sys_close(a);
	forget();
}

/* What raw and ping sockets drop is not UDP's, and each has its own count. */
static void test_counted_drops(void)
{
	struct net_counters at = net_counters;
	int raw = sys_socket_of(SOCK_RAW, ICMP, true);
	int ping = sys_socket_of(SOCK_DGRAM, ICMP, true);
	static uint8_t request[1000] = { 8, 0 };

	for (int i = 0; i < 400; i++)
		sys_sendto_addr(ping, request, sizeof(request), LOCAL, 0);
	is(net_counters.udp_drop_rcvbuf - at.udp_drop_rcvbuf, 0,
	   "drops: an echo reply without room is not UDP's");
	ok(net_counters.ping_drop_rcvbuf > at.ping_drop_rcvbuf,
	   "drops: a ping socket's are counted as such");
	ok(net_counters.raw_drop_rcvbuf > at.raw_drop_rcvbuf,
	   "drops: a raw socket's are counted as such");
	sys_close(ping);
	sys_close(raw);
	forget();
	is(bed_objects(), at_start, "drops: nothing is left");
}

static void test_failures(void)
{
	unsigned int n, leaks = 0;

	for (n = 1;; n++) {
		bed_fail(n);
		scenario();
		if (!bed_failed())
			break;
		bed_fail(0);
		forget();
		if (bed_objects() != at_start && !leaks++)
			diag("allocation %u: %zu objects", n, bed_objects());
	}
	bed_fail(0);
	is(leaks, 0, "each of %u allocations failed once: no leak", n - 1);
}

/* The length of the next datagram on the wire, 0: there is none. */
static size_t next_datagram(void)
{
	const uint8_t *frame;
	size_t len;

	bed_run();
	while ((frame = bed_sent(&len)))
		if (frame[23] == UDP && frame[12] == 8 && frame[13] == 0)
			return len - PACKET_PAYLOAD - 8;
	return 0;
}

/* The neighbour is not known yet: lwIP looks through the packet's chain. */
static void test_empty_piece(void)
{
	int fd = sys_socket_open(SOCK_DGRAM, true);
	struct packet p = { .len = 0 };

	forget();
	is(sys_connect_to(fd, PEER_ADDR, 9), 0, "empty piece: connected");
	is(sys_send(fd, data, 10, MSG_MORE), 10, "empty piece: something");
	is(sys_send(fd, data, 0, MSG_MORE), 0, "empty piece: then nothing");
	is(sys_send(fd, data, 0, 0), 0, "empty piece: nothing is the end");
	is(next_datagram(), 0, "empty piece: the neighbour is asked for");
	packet_arp(&p, 2, PEER_ADDR, BED_ADDR);
	packet_receive(&p);
	is(next_datagram(), 10, "empty piece: then it goes");
	is(sys_send(fd, data, 0, MSG_MORE), 0, "empty piece: at first");
	is(sys_send(fd, data, 10, 0), 10, "empty piece: then something");
	is(next_datagram(), 10, "empty piece: is one datagram");
	sys_close(fd);
	forget();
	is(bed_objects(), at_start, "empty piece: everything is back");
}

int main(void)
{
	srand(1);
	tap_deadline(300);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 11 + (i >> 8);
	bed_init();
	forget();
	at_start = bed_objects();
	test_back_pressure();
	test_icmp_errors();
	test_wire();
	test_counted_drops();
	test_empty_piece();
	test_failures();
	return bed_done();
}
