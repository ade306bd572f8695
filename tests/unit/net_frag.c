/* SPDX-License-Identifier: MIT */
/* unit: @net tests/unit/bed/packets.c */
/*
 * Datagrams in fragments, in both directions: in any order, twice, cut at odd
 * places; those that overlap, lie about their length, never end or come in
 * masses; and random ones. What is whole arrives as it was, the rest is
 * counted, and in the end every object is back.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bed/net.h"
#include "bed/packets.h"
#include "kernel/base.h"
#include "kernel/check.h"
#include "lib/tap.h"
#include "net/base/counters.h"
#include "net/inet/ip_reass.h"
#include "net/socket/socket.h"

#define PORT 5000
#define UDP 17
#define MF 0x2000
#define WHOLE_MAX 65515 /* an IP payload */

static uint8_t whole[WHOLE_MAX]; /* a UDP header and its data */
static uint8_t buf[70000];
static size_t at_start;
static uint16_t next_id;
static int receiver;

static void fill(size_t len)
{
	for (size_t i = 0; i < len; i++)
		whole[8 + i] = rand();
	len += 8;
	whole[0] = 4000 >> 8;
	whole[1] = 4000 & 0xff;
	whole[2] = PORT >> 8;
	whole[3] = PORT & 0xff;
	whole[4] = len >> 8;
	whole[5] = len;
	whole[6] = whole[7] = 0;
}

/* A fragment with whatever offset, in bytes, and bits it shall have. */
static void fragment_raw(uint16_t id, uint16_t field, const void *data,
			 size_t len)
{
	static struct packet p;

	packet_ip(&p, PEER_ADDR, BED_ADDR, UDP, data, len);
	p.data[PACKET_IP + 4] = id >> 8;
	p.data[PACKET_IP + 5] = id;
	p.data[PACKET_IP + 6] = field >> 8;
	p.data[PACKET_IP + 7] = field;
	packet_ip_checksum(&p);
	packet_receive(&p);
}

static void fragment(size_t start, size_t end, size_t total)
{
	fragment_raw(next_id, start / 8 | (end < total ? MF : 0), whole + start,
		     end - start);
}

static bool arrived(size_t len)
{
	ssize_t got = sys_recv(receiver, buf, sizeof(buf), 0);

	return got == (ssize_t)len && !memcmp(buf, whole + 8, len);
}

static bool nothing_came(void)
{
	return sys_recv(receiver, buf, sizeof(buf), 0) == -EAGAIN;
}

static void forget(void)
{
	bed_sleep(1500 * NSEC_PER_SEC);
	bed_forget_sent();
}

static void test_orders(void)
{
	size_t len = 4000, total = len + 8;

	fill(len);
	next_id++;
	fragment(0, 1480, total);
	fragment(1480, 2960, total);
	ok(nothing_came(), "nothing arrives before the last");
	fragment(2960, total, total);
	ok(arrived(len), "in order");
	next_id++;
	fragment(2960, total, total);
	fragment(1480, 2960, total);
	fragment(0, 1480, total);
	ok(arrived(len), "backwards");
	next_id++;
	fragment(1480, 2960, total);
	fragment(1480, 2960, total);
	fragment(2960, total, total);
	fragment(2960, total, total);
	fragment(0, 1480, total);
	ok(arrived(len), "twice each");
	fragment(0, 1480, total);
	ok(nothing_came(), "and a late one");
	next_id++;
	fragment(0, 1480, total);
	next_id++;
	fragment(0, 1480, total);
	fragment(1480, 2960, total);
	fragment(2960, total, total);
	ok(arrived(len), "among others'");
	fill(65507);
	next_id++;
	for (size_t at = 0; at < WHOLE_MAX; at += 1480)
		fragment(at, MIN(at + 1480, (size_t)WHOLE_MAX), WHOLE_MAX);
	ok(arrived(65507), "the longest that there is");
	forget(); /* so that each is the only one */
	fill(2000);
	for (int i = 0; i < 100; i++) {
		next_id++;
		fragment(0, 1480, 2008);
		fragment(1480, 2008, 2008);
		if (!arrived(2000))
			break;
	}
	ok(nothing_came(), "a hundred within a moment take one timer");
	forget();
	is(ip_reass_memory(), 0, "orders: nothing is kept");
}

static uint64_t *const drops[] = {
	&net_counters.ip_reass_drop_overlap,
	&net_counters.ip_reass_drop_length,
};

static void test_lies(void)
{
	size_t total = 4008;
	uint64_t overlaps = *drops[0], lengths = *drops[1];

	fill(4000);
	next_id++;
	fragment(0, 1480, total);
	fragment(1472, 2952, total);
	fragment(2960, total, total);
	fragment(1480, 2960, total);
	ok(nothing_came(), "an overlap of eight bytes: all is dropped");
	next_id++;
	fragment(0, 1480, total);
	fragment(800, 2280, total);
	fragment_raw(next_id, 2280 / 8, whole + 2280, 1400);
	ok(nothing_came(), "a teardrop");
	ok(*drops[0] >= overlaps + 2, "overlaps are counted");

	next_id++;
	fragment_raw(next_id, 8184 | MF, whole, 1480);
	ok(nothing_came(), "beyond 65,535 bytes (ping of death)");
	next_id++;
	fragment_raw(next_id, MF, whole, 0);
	fragment_raw(next_id, MF, whole, 7);
	ok(nothing_came(), "of no eight bytes");
	next_id++;
	fragment(0, 1480, 1480 + 1);
	fragment_raw(next_id, 100, whole, 100);
	ok(nothing_came(), "a last one that ends inside of the others");
	next_id++;
	fragment_raw(next_id, 100, whole, 100);
	fragment_raw(next_id, 200, whole, 100);
	ok(nothing_came(), "two last ones");
	next_id++;
	fragment_raw(next_id, 100, whole, 100);
	fragment_raw(next_id, 200 | MF, whole, 800);
	ok(nothing_came(), "one behind the last");
	ok(*drops[1] >= lengths + 5, "lengths are counted");
	forget();
	is(ip_reass_memory(), 0, "lies: nothing is kept");
}

static bool is_time_exceeded(const uint8_t *f)
{
	return f[23] == 1 && f[34] == 11 && f[35] == 1;
}

/* The sender hears of it when the first fragment was there. */
static unsigned int timeouts_told(void)
{
	const uint8_t *f;
	unsigned int n = 0;
	size_t len;

	while ((f = bed_sent(&len)))
		n += is_time_exceeded(f);
	return n;
}

/* So that answers need no question. */
static void know_the_peer(void)
{
	static struct packet p;

	packet_arp(&p, 1, PEER_ADDR, BED_ADDR);
	packet_receive(&p);
	bed_forget_sent();
}

static void test_timeout(void)
{
	uint64_t timeouts = net_counters.ip_reass_timeouts;

	fill(4000);
	know_the_peer();
	next_id++;
	fragment(0, 1480, 4008);
	next_id++;
	fragment(1480, 2960, 4008);
	bed_sleep(29 * NSEC_PER_SEC);
	ok(ip_reass_memory() > 0, "29 s: still waiting");
	is_str(ip_reass_check(), NULL, "29 s: invariants hold");
	is(ip_reass_packets(), 2, "both of them");
	bed_sleep(3 * NSEC_PER_SEC);
	is(ip_reass_memory(), 0, "32 s: given up");
	is(ip_reass_packets(), 0, "both of them");
	is(net_counters.ip_reass_timeouts - timeouts, 2, "and counted");
	is(timeouts_told(), 1, "told for the one that had a beginning");
	forget();
}

static void test_flood(void)
{
	uint64_t evicted = net_counters.ip_reass_evicted;

	fill(4000);
	for (int i = 0; i < 3000; i++) {
		next_id++;
		fragment(0, 1480, 4008);
	}
	ok(ip_reass_memory() <= ip_reass_memory_max(), "a flood has a bound");
	is_str(ip_reass_check(), NULL, "flood: invariants hold");
	ok(net_counters.ip_reass_evicted > evicted, "the oldest give way");
	next_id++;
	fragment(0, 1480, 4008);
	fragment(1480, 2960, 4008);
	fragment(2960, 4008, 4008);
	ok(arrived(4000), "and a whole one still comes through");
	next_id++;
	for (size_t at = 16; at < 60000; at += 16)
		fragment_raw(next_id, at / 8 | MF, whole + at, 8);
	ok(net_counters.ip_reass_drop_number > 0,
	   "thousands for one packet have a bound");
	forget();
	is(ip_reass_memory(), 0, "flood: nothing is kept");
	is(bed_objects(), at_start, "flood: every object is back");
}

static void shuffle(unsigned int *order, unsigned int n)
{
	for (unsigned int i = n; i > 1; i--) {
		unsigned int j = rand() % i, t = order[i - 1];

		order[i - 1] = order[j];
		order[j] = t;
	}
}

/* Cut anywhere, in any order, some twice: it arrives. */
static bool random_whole(void)
{
	static size_t starts[9000];
	static unsigned int order[9000];
	size_t len = rand() % 20000, total = len + 8, at = 0;
	unsigned int n = 0;

	fill(len);
	next_id++;
	while (at < total) {
		order[n] = n;
		starts[n++] = at;
		at += 8 * (1 + rand() % 180);
	}
	starts[n] = total;
	shuffle(order, n);
	for (unsigned int i = 0; i < n; i++) {
		unsigned int k = order[i];

		if (n > 1 && rand() % 8 == 0)
			fragment(starts[k], starts[k + 1], total);
		fragment(starts[k], starts[k + 1], total);
	}
	return arrived(len);
}

static void random_hostile(void)
{
	fragment_raw(rand() % 8, rand(), whole + rand() % 1000,
		     rand() % 200 ? rand() % 1481 : 0);
}

static void test_random(void)
{
	unsigned int good = 0;

	for (int i = 0; i < 300; i++) {
		/* What is left of the last must not be met again. */
		good += random_whole();
		bed_sleep(35 * NSEC_PER_SEC);
	}
	is(good, 300, "random: 300 packets cut anywhere arrive");
	for (int i = 0; i < 20000; i++)
		random_hostile();
	while (!nothing_came())
		;
	ok(ip_reass_memory() <= ip_reass_memory_max(),
	   "random: 20,000 hostile ones are survived");
	forget();
	is(ip_reass_memory(), 0, "random: nothing is kept");
	is(bed_objects(), at_start, "random: every object is back");
}

static void test_failures(void)
{
	unsigned int n, leaks = 0, wrong = 0;

	for (n = 1;; n++) {
		ssize_t got;

		fill(4000);
		next_id++;
		bed_fail(n);
		fragment(0, 1480, 4008);
		fragment(1480, 2960, 4008);
		fragment(2960, 4008, 4008);
		got = sys_recv(receiver, buf, sizeof(buf), 0);
		if (!bed_failed())
			break;
		bed_fail(0);
		wrong += got != 4000 && got != -EAGAIN;
		forget();
		leaks += bed_objects() != at_start;
	}
	bed_fail(0);
	is(wrong, 0, "each of %u allocations failed: whole or nothing", n - 1);
	is(leaks, 0, "and no leak");
}

/* ---- The other way ------------------------------------------------------- */

/* Puts what was sent together: its length, or 0. */
static size_t collect(uint8_t *to, unsigned int *fragments)
{
	const uint8_t *f;
	size_t len, sum = 0, total = 0;

	*fragments = 0;
	while ((f = bed_sent(&len))) {
		size_t n = (f[16] << 8 | f[17]) - 20;
		size_t at = ((f[20] & 0x1f) << 8 | f[21]) * 8;

		if (f[12] != 8 || f[13] || f[23] != UDP)
			continue;
		if (n + 20 > 1500 || packet_checksum(f + 14, 20, 0))
			return 0;
		memcpy(to + at, f + 34, n);
		sum += n;
		if (!(f[20] & 0x20))
			total = at + n;
		++*fragments;
	}
	return sum == total ? total : 0;
}

static void test_sending(void)
{
	static uint8_t sent[70000];
	static struct packet reply;
	int fd = sys_socket_open(SOCK_DGRAM, true);
	unsigned int n;

	know_the_peer();
	fill(60000);
	is(sys_sendto_addr(fd, whole + 8, 1472, PEER_ADDR, 9), 1472, "1472");
	bed_run();
	is(collect(sent, &n), 1480, "fits");
	is(n, 1, "in one packet");
	is(sys_sendto_addr(fd, whole + 8, 1473, PEER_ADDR, 9), 1473, "1473");
	bed_run();
	is(collect(sent, &n), 1481, "does not");
	is(n, 2, "two fragments");
	is(sys_sendto_addr(fd, whole + 8, 60000, PEER_ADDR, 9), 60000, "60000");
	bed_run();
	is(collect(sent, &n), 60008, "all of it was sent");
	is(n, 41, "in 41 fragments");
	is_mem(sent + 8, whole + 8, 60000, "as it was");
	forget();
	is(sys_sendto_addr(fd, whole + 8, 60000, PEER_ADDR, 9), 60000,
	   "60000 to whom we do not know yet");
	packet_arp(&reply, 2, PEER_ADDR, BED_ADDR);
	packet_receive(&reply);
	is(collect(sent, &n), 60008, "wait for the address, all of them");
	sys_set(fd, 0, 10, 2); /* IP_MTU_DISCOVER: IP_PMTUDISC_DO */
	is(sys_sendto_addr(fd, whole + 8, 1473, PEER_ADDR, 9), -EMSGSIZE,
	   "IP_PMTUDISC_DO: no fragments");
	sys_close(fd);
	forget();
	is(bed_objects(), at_start, "sending: every object is back");
}

int main(void)
{
	srand(tap_seed(time(NULL)));
	tap_deadline(300);
	bed_init();
	receiver = sys_socket_open(SOCK_DGRAM, true);
	sys_bind_to(receiver, NULL, PORT);
	sys_set(receiver, 1, 8, 200000); /* SO_RCVBUF */
	next_id = 1000;
	forget();
	at_start = bed_objects();
	test_orders();
	test_lies();
	test_timeout();
	test_flood();
	test_random();
	test_failures();
	test_sending();
	return bed_done();
}
