/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c tests/unit/bed/packets.c */
/* unit: @net */
/*
 * The rules that keep lwIP's defects away without a change of lwIP: what the
 * hooks, the frame check and the socket layer do not let happen. Each test
 * fails without the rule that its comment names.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/eventpoll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bed/net_tcp.h"
#include "bed/packets.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/base/counters.h"
#include "net/link/eth.h"
#include "net/link/link.h"
#include "net/socket/socket.h"

#include "lwip/etharp.h"
#include "lwip/netif.h"

#define PROTO_UDP 17
#define UDP_PORT 5000

static void end(int lfd, int fd, struct peer *p)
{
	bed_forget_sent();
	peer_send(p, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
}

/* tcp_check: a segment out of the window says nothing about ours. */
static void test_blind_window(void)
{
	static const struct {
		uint32_t seq, ack;
	} guesses[] = { { 1 << 20, 0 },	  { 1 << 30, 0 }, { 0, 1 << 20 },
			{ 0, 1 << 30 },	  { -70000, 0 },  { 70000, 1 },
			{ 1 << 20, 100 }, { -1, 1 << 30 } };
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	for (size_t i = 0; i < ARRAY_SIZE(guesses); i++)
		peer_raw(&p, p.seq + guesses[i].seq, p.ack + guesses[i].ack,
			 ACK, 0, NULL, 0, "x", 1);
	bed_run();
	bed_forget_sent();
	sys_send(fd, data, 1000, 0);
	is(peer_drain(&p, buf, sizeof(buf)), 1000,
	   "blind segments with window 0: data goes out at once");
	peer_send(&p, ACK, NULL, 0);
	sys_send(fd, data, 1000, 0);
	is(peer_drain(&p, buf, sizeof(buf)), 1000,
	   "and the peer's window still counts");
	is(sys_recv(fd, buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN,
	   "none of their data is delivered");
	end(lfd, fd, &p);
	no_leaks("blind window");
}

/* tcp_check: RFC 9293 3.10.7.4, the ACK comes before the data. */
static void test_unacceptable_ack(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	peer_raw(&p, p.seq, p.ack + 1, ACK, 1000, NULL, 0, "x", 1);
	peer_raw(&p, p.seq, p.ack + 0x7fffffff, ACK, 1000, NULL, 0, "x", 1);
	peer_raw(&p, p.seq, p.ack - 0x7fffffff, ACK, 1000, NULL, 0, "x", 1);
	peer_raw(&p, p.seq, p.ack, 0, 1000, NULL, 0, "x", 1);
	peer_raw(&p, p.seq, p.ack, PSH, 1000, NULL, 0, "x", 1);
	peer_raw(&p, p.seq, 0, FIN, 1000, NULL, 0, "x", 1);
	bed_run();
	is(sys_recv(fd, buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN,
	   "no data with an ACK of what was not sent, or without ACK");
	peer_send(&p, ACK, "y", 1);
	is(sys_recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 1, "the true byte");
	is(buf[0], 'y', "is the stream's first");
	end(lfd, fd, &p);
	no_leaks("unacceptable ACK");
}

/* net/link/eth.c: what cannot be sent is dropped, which lwIP need not know. */
static void test_output_says_ok(void)
{
	struct netif *netif = netif_default;
	struct pbuf *p = pbuf_alloc(PBUF_IP, 100, PBUF_RAM);
	ip4_addr_t near, nowhere;

	memset(p->payload, 0, 100);
	IP4_ADDR(&near, 10, 99, 7, 7);
	IP4_ADDR(&nowhere, 192, 0, 2, 1);
	is(netif->output(netif, p, &near), ERR_OK, "output: a new neighbour");
	for (unsigned int n = 1; n < 6; n++) {
		bed_fail(n);
		is(netif->output(netif, p, &near), ERR_OK,
		   "output without memory is ERR_OK (%u)", n);
	}
	bed_fail(0);
	netif_set_gw(netif, IP4_ADDR_ANY4);
	is(netif->output(netif, p, &nowhere), ERR_OK,
	   "output without a gateway is ERR_OK");
	ip4addr_aton(PEER_ADDR, &near);
	netif_set_gw(netif, &near);
	bed_tx_stuck = true;
	for (int i = 0; i < 2000; i++) {
		if (netif->linkoutput(netif, p) != ERR_OK)
			break;
		if (i == 1999)
			ok(true, "linkoutput to a full ring is ERR_OK");
	}
	bed_tx_stuck = false;
	pbuf_free(p);
	bed_run();
	no_leaks("output");
}

/* Reads a little every twenty seconds, for ten minutes. */
static size_t read_slowly(struct peer *p, uint8_t *to, size_t size)
{
	size_t done = 0;

	for (int i = 0; i < 1000 && done < size; i++) {
		done += peer_drain(p, to + done, size - done);
		p->window = i % 10 ? 0 : 2000;
		peer_send(p, ACK, NULL, 0);
		bed_sleep(2 * NSEC_PER_SEC);
	}
	return done;
}

/* net/tcp/tcp_close.c: lwIP is never told that nothing will be read. */
static void test_slow_reader_after_close(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	is(sys_send(fd, data, 50000, 0), 50000, "50,000 bytes are queued");
	p.window = 2000;
	peer_send(&p, ACK | FIN, NULL, 0);
	sys_close(fd);
	is(read_slowly(&p, buf, 50000), 50000,
	   "LAST-ACK lasts as long as the reader takes");
	is_mem(buf, data, 50000, "all of it");
	peer_send(&p, RST, NULL, 0);
	sys_close(lfd);
	no_leaks("slow reader");
}

#define IDLE_MAX 4096

/* Connections, until no more are made; the last peers get no answer. */
static int fill_pcbs(int lfd, int *fds, struct peer *peers)
{
	int n = 0;

	while (n < IDLE_MAX && peer_connect(&peers[n], next_port++, PORT)) {
		fds[n] = sys_accept_from(lfd, true);
		if (fds[n] < 0)
			break;
		n++;
	}
	return n;
}

/*
 * net/tcp/tcp_input.c and patch 0023: a SYN is no reason to take a pcb from whom
 * lwIP was told to close, whatever is still queued there.
 */
static void test_no_pcb(void)
{
	static int idle[IDLE_MAX];
	static struct peer peers[IDLE_MAX];
	uint64_t dropped = net_counters.tcp_drop_share;
	int lfd = listener(4096), n;
	struct peer p;
	int fd = accepted(lfd, &p);
	size_t got = 0;

	sys_send(fd, data, 5000, 0);
	peer_send(&p, ACK | FIN, NULL, 0);
	sys_close(fd);
	bed_forget_sent(); /* the data is lost */
	n = fill_pcbs(lfd, idle, peers);
	ok(net_counters.tcp_drop_share > dropped,
	   "an address has had its share after %d: that is counted", n);
	for (int i = 0; i < 100 && !(p.got_flags & FIN); i++) {
		got += peer_drain(&p, buf + got, sizeof(buf) - got);
		peer_send(&p, ACK, NULL, 0);
		bed_sleep(NSEC_PER_SEC / 2);
	}
	is(got, 5000, "a closing connection loses nothing by that");
	is_mem(buf, data, 5000, "not a byte");
	for (int i = 0; i < n; i++) {
		peer_send(&peers[i], RST, NULL, 0);
		sys_close(idle[i]);
	}
	bed_forget_sent();
	sys_close(lfd);
	no_leaks("no pcb");
}

/* frame_check: no header is read that is not there. */
static void test_short_arp(void)
{
	struct packet p = { .len = 0 };
	uint64_t runts = net_counters.drop_runt;
	const uint8_t *frame;
	size_t len;

	forget();
	packet_arp(&p, 1, "10.99.0.77", BED_ADDR);
	for (size_t n = 15; n < 42; n++)
		bed_receive(p.data, n);
	bed_run();
	frame = bed_sent(&len);
	ok(!frame, "an ARP request that is cut short is not answered");
	is(net_counters.drop_runt - runts, 42 - 15, "it is counted");
	packet_receive(&p);
	frame = bed_sent(&len);
	ok(frame && frame[21] == 2, "a whole one is");
	no_leaks("short ARP");
}

/* Patch 0026: whoever asks for us cannot take the peer's entry away. */
static void test_arp_flood(void)
{
	struct packet p = { .len = 0 };
	char sender[24];
	int lfd = listener(5), answered = 0;
	uint8_t mac[6];
	struct peer q;
	size_t len;
	int fd;

	forget();
	fd = accepted(lfd, &q);
	for (int i = 0; i < 2000; i++) {
		snprintf(sender, sizeof(sender), "10.99.%d.%d", 10 + i / 200,
			 1 + i % 200);
		p.len = 0;
		packet_arp(&p, 1, sender, BED_ADDR);
		packet_receive(&p);
		while (bed_sent(&len))
			answered++;
	}
	is(answered, 2000, "2000 ARP requests are answered");
	ok(eth_neighbour(inet_addr(PEER_ADDR), mac), "the peer is still known");
	sys_send(fd, data, 100, 0);
	bed_run();
	ok(peer_take(&q), "and is sent to at once");
	peer_send(&q, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks("ARP flood");
}

static void neighbour(char name[24], unsigned int n)
{
	snprintf(name, 24, "10.99.%u.%u", 10 + n / 200, 1 + n % 200);
}

static void ping_from(unsigned int n)
{
	struct packet p = { .len = 0 };
	uint32_t addr;
	char name[24];

	neighbour(name, n);
	packet_icmp(&p, 8, 0, 0, "ping", 4);
	addr = inet_addr(name);
	memcpy(p.data + 26, &addr, 4);
	packet_ip_checksum(&p);
	packet_receive(&p);
}

/* Its ARP request, or its answer to ours. */
static void arp_from(unsigned int op, unsigned int n)
{
	struct packet p = { .len = 0 };
	char name[24];

	neighbour(name, n);
	packet_arp(&p, op, name, BED_ADDR);
	packet_receive(&p);
}

/* How many IP packets were sent. */
static int pongs(void)
{
	const uint8_t *frame;
	int n = 0;
	size_t len;

	while ((frame = bed_sent(&len)))
		n += frame[12] == 8 && frame[13] == 0;
	return n;
}

/*
 * Patch 0026: when all entries are in use, one of those whose answer is awaited
 * does not push out the other.
 */
static void test_arp_full(void)
{
	enum {
		FIRST = 300,
		MANY = 100
	};

	forget();
	for (unsigned int n = 0; n < FIRST; n++) {
		ping_from(n);
		arp_from(2, n);
	}
	is(pongs(), FIRST, "more neighbours than entries are sent to");
	for (unsigned int n = FIRST; n < FIRST + MANY; n++)
		ping_from(n);
	is(pongs(), 0, "the next ones are asked for their address");
	for (unsigned int n = FIRST; n < FIRST + MANY; n++)
		arp_from(2, n);
	is(pongs(), MANY, "and all that answer are sent to");
	for (unsigned int n = 1000; n < 2000; n++)
		ping_from(n);
	ping_from(2000);
	for (unsigned int n = 2001; n < 2100; n++)
		ping_from(n);
	(void)pongs();
	arp_from(2, 2000);
	is(pongs(), 1, "a thousand that are not there cost nobody the time");
	no_leaks("ARP table full");
}

/* net/inet/ip_input.c: a UDP header that is not there; the frame ends before it. */
static void test_udp_without_header(void)
{
	struct packet p = { .len = 0 };
	uint8_t options[40] = { 0 };
	uint64_t dropped = net_counters.drop_udp_length;

	packet_ip(&p, PEER_ADDR, "10.99.0.200", PROTO_UDP, options,
		  sizeof(options));
	p.data[PACKET_IP] = 0x4f; /* the header is all there is */
	packet_ip_checksum(&p);
	packet_receive(&p);
	is(net_counters.drop_udp_length - dropped, 1,
	   "UDP without a header: nothing is read behind the packet");
	p.data[PACKET_IP + 6] = 0x20; /* more fragments */
	packet_ip_checksum(&p);
	packet_receive(&p);
	is(net_counters.drop_udp_length - dropped, 2, "a fragment: the same");
	no_leaks("no UDP header");
}

/* net/dgram/udp_input.c: the datagram ends where its length says. */
static void test_udp_length(void)
{
	int fd = sys_socket_open(SOCK_DGRAM, true);
	struct packet p = { .len = 0 };
	uint8_t *udp = p.data + PACKET_PAYLOAD;

	sys_bind_to(fd, NULL, UDP_PORT);
	packet_udp(&p, PEER_ADDR, 4000, BED_ADDR, UDP_PORT, "abcdefgh", 8);
	udp[5] = 8 + 3;
	udp[6] = udp[7] = 0; /* no checksum */
	packet_receive(&p);
	is(sys_recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 3,
	   "UDP: what follows the datagram is not delivered");
	udp[5] = 8 + 9;
	packet_receive(&p);
	udp[5] = 7;
	packet_receive(&p);
	is(sys_recv(fd, buf, sizeof(buf), MSG_DONTWAIT), -EAGAIN,
	   "UDP: a length that does not fit is no datagram");
	sys_close(fd);
	no_leaks("UDP length");
}

/* net/tcp/tcp_upcall.c: a FIN is taken even when there is no memory at all. */
static void test_fin_without_memory(void)
{
	int lfd = listener(5);

	for (unsigned int n = 1; n < 5; n++) {
		struct peer p;
		int fd = accepted(lfd, &p);

		bed_fail(n);
		peer_send(&p, ACK | FIN, NULL, 0);
		bed_fail(0);
		is(sys_recv(fd, buf, 10, MSG_DONTWAIT), 0,
		   "a FIN without memory is the end of the stream (%u)", n);
		bed_forget_sent();
		peer_send(&p, RST, NULL, 0);
		sys_close(fd);
	}
	sys_close(lfd);
	no_leaks("FIN without memory");
}

/* net/tcp/tcp_input.c: RFC 6528. */
static void test_first_numbers(void)
{
	uint32_t numbers[8];
	int lfd = listener(100), equal = 0;

	for (int i = 0; i < 8; i++) {
		struct peer p = { .port = next_port++, .dport = PORT };

		peer_raw(&p, 1, 0, SYN, 1000, NULL, 0, NULL, 0);
		peer_take(&p);
		numbers[i] = p.got_seq;
	}
	for (int i = 2; i < 8; i++)
		equal += numbers[i] - numbers[i - 1] == numbers[1] - numbers[0];
	is(equal, 0, "first numbers of one moment tell nothing of each other");
	bed_forget_sent();
	sys_close(lfd);
	no_leaks("first numbers");
}

/* net/tcp/tcp_input.c: as Linux's tcp_v4_send_reset(). */
static void test_reset_of_signed(void)
{
	static const uint8_t md5[20] = { 19, 18 }, wrong[20] = { 19, 4 };
	static const uint8_t beyond[20] = { 254, 40 }, mss[4] = { 2, 4, 5 };
	struct peer p = { .port = 999, .dport = 9 };
	uint64_t had = net_counters.tcp_drop_options;

	peer_raw(&p, 1, 1, SYN, 0, md5, sizeof(md5), NULL, 0);
	peer_raw(&p, 1, 1, ACK, 0, md5, sizeof(md5), NULL, 0);
	ok(!peer_take(&p), "a signed stray: no reset");
	peer_raw(&p, 1, 1, ACK, 0, wrong, sizeof(wrong), NULL, 0);
	peer_raw(&p, 1, 1, ACK, 0, beyond, sizeof(beyond), NULL, 0);
	ok(!peer_take(&p), "nor when its options do not end");
	is(net_counters.tcp_drop_options - had, 4, "they are counted");
	peer_raw(&p, 1, 1, ACK, 0, mss, sizeof(mss), NULL, 0);
	ok(peer_take(&p) && p.got_flags == RST, "another option: a reset");
	no_leaks("resets of signed segments");
}

/* net/tcp/tcp_input.c: a flood of segments for nobody. */
static void test_reset_limit(void)
{
	struct peer p = { .port = 999, .dport = 9 };
	int answers = 0;

	bed_sleep(2 * NSEC_PER_SEC);
	for (int i = 0; i < 20000; i++) {
		peer_raw(&p, i, i, ACK, 0, NULL, 0, NULL, 0);
		answers += peer_take(&p);
	}
	is(answers, 10000, "20,000 strays at once: 10,000 resets");
	is(net_counters.tcp_reset_throttled, 10000, "the others are counted");
	bed_sleep(2 * NSEC_PER_SEC);
	peer_raw(&p, 1, 1, ACK, 0, NULL, 0, NULL, 0);
	ok(peer_take(&p) && p.got_flags == RST, "later they come again");
	no_leaks("resets");
}

int main(void)
{
	begin();
	test_blind_window();
	test_unacceptable_ack();
	test_output_says_ok();
	test_slow_reader_after_close();
	test_no_pcb();
	test_short_arp();
	test_arp_flood();
	test_arp_full();
	test_udp_without_header();
	test_udp_length();
	test_fin_without_memory();
	test_first_numbers();
	test_reset_of_signed();
	test_reset_limit();
	return done_testing();
}
