/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * A flood of SYNs: what is kept of them is bounded, and who is really there
 * gets a connection all the while.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/eventpoll.h>

#include "bed/net_tcp.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/base/counters.h"
#include "net/socket/socket.h"
#include "net/tcp/tcp_cookie.h"
#include "net/tcp/tcp_timewait.h"

#define BACKLOG 8

/* ---- The numbers --------------------------------------------------------- */

static const struct tcp_tuple tuple = { 0x0200630a, 0x0100630a, 7, 4000 };

static uint16_t cookie_after(uint64_t ns, uint16_t mss)
{
	uint64_t t = bed_now();

	return tcp_cookie_check(&tuple, 99, tcp_cookie_make(&tuple, 99, mss, t),
				t + ns);
}

static void test_numbers(void)
{
	struct tcp_tuple other = tuple;
	uint64_t now = bed_now();
	uint32_t cookie = tcp_cookie_make(&tuple, 99, 1460, now);
	unsigned int hits = 0;

	is(cookie_after(0, 1460), 1460, "a cookie knows the segment size");
	is(cookie_after(0, 9000), 1460, "the largest");
	is(cookie_after(0, 1459), 1440, "or the next smaller one");
	is(cookie_after(0, 1380), 1300, "and the next");
	is(cookie_after(0, 0), 536, "the default when none was asked for");
	is(cookie_after(60 * NSEC_PER_SEC, 1460), 1460, "good for a minute");
	is(cookie_after(129 * NSEC_PER_SEC, 1460), 0, "not for three");
	is(cookie_after(2048 * NSEC_PER_SEC, 1460), 0,
	   "nor when its bits of the counter come again");
	is(tcp_cookie_check(&tuple, 98, cookie, now), 0, "another SYN's");
	other.rport++;
	is(tcp_cookie_check(&other, 99, cookie, now), 0, "another port's");
	other = tuple;
	other.raddr++;
	is(tcp_cookie_check(&other, 99, cookie, now), 0, "another host's");
	for (unsigned int bit = 0; bit < 32; bit++)
		hits += tcp_cookie_check(&tuple, 99, cookie ^ 1U << bit, now) !=
			0;
	is(hits, 0, "each of its bits counts");
	for (unsigned int i = 0; i < 1000000; i++)
		hits += tcp_cookie_check(&tuple, 99,
					 (uint32_t)rand() << 16 ^ rand(),
					 now) != 0;
	ok(hits < 5, "a million guesses hit %u times", hits);
	bed_epoch++;
	is(tcp_cookie_check(&tuple, 99, cookie, now), 0, "another machine's");
	ok((tcp_cookie_make(&tuple, 99, 1460, now) ^ cookie) & 0x1ffffff,
	   "a copy of the machine makes others");
}

static void test_option(void)
{
	is(tcp_cookie_mss_option((uint8_t *)"\2\4\5\xb4", 4), 1460, "MSS");
	is(tcp_cookie_mss_option((uint8_t *)"\1\3\3\7\2\4\5\0", 8), 1280,
	   "behind others");
	is(tcp_cookie_mss_option((uint8_t *)"\1\1\0\0", 4), 0, "none");
	is(tcp_cookie_mss_option((uint8_t *)"\0\2\4\5", 4), 0,
	   "what follows the end is none");
}

/* ---- The flood ----------------------------------------------------------- */

static void syn_from(uint16_t port)
{
	struct peer p = { .port = port, .dport = PORT };

	peer_raw(&p, rand(), 0, SYN, 65535, "\2\4\5\xb4", 4, NULL, 0);
	bed_run();
}

static void flood(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		syn_from(1024 + i % 10000);
		if (i % 1000 == 0)
			bed_forget_sent();
	}
	bed_forget_sent();
}

/* A listener whose half-open connections are all taken; it knows the peer. */
static int flooded(void)
{
	int lfd = listener(BACKLOG);
	struct peer p;
	int fd = accepted(lfd, &p);

	peer_send(&p, RST, NULL, 0);
	sys_close(fd);
	for (int i = 0; i <= BACKLOG; i++)
		syn_from(60000 + i);
	bed_forget_sent();
	return lfd;
}

static void test_flood(void)
{
	int lfd = flooded(), served = 0;
	uint64_t sent = net_counters.tcp_syncookies_sent;
	uint64_t got = net_counters.tcp_syncookies_recv;
	size_t before, n;

	before = bed_objects();
	is(bed_cache_objects("tcp_pcb"), BACKLOG + 1, "a backlog of SYNs");
	for (int i = 0; i < 50; i++) {
		struct peer p;
		int fd;

		flood(1000);
		if (!peer_connect(&p, 20000 + i, PORT))
			continue;
		fd = sys_accept_from(lfd, true);
		peer_send(&p, ACK, "hello", 5);
		n = sys_recv(fd, buf, 10, 0);
		served += n == 5 && sys_send(fd, buf, n, 0) == 5 &&
			  peer_drain(&p, buf, 10) == 5;
		peer_send(&p, RST, NULL, 0);
		sys_close(fd);
	}
	is(served, 50, "50,000 SYNs, and every real client is served");
	is(bed_objects(), before, "what they cost does not grow");
	is(net_counters.tcp_syncookies_sent - sent, 50050, "cookies sent");
	is(net_counters.tcp_syncookies_recv - got, 50,
	   "cookies that came back");
	sys_close(lfd);
	no_leaks("flood");
}

static void test_connection(void)
{
	static const uint8_t mss1300[] = { 2, 4, 1300 >> 8, 1300 & 0xff };
	struct peer p = { .port = next_port++, .dport = PORT, .seq = 1000 };
	int lfd = flooded(), fd;
	size_t longest = 0, got = 0;

	peer_raw(&p, p.seq++, 0, SYN, 65535, mss1300, 4, NULL, 0);
	ok(peer_take(&p) && p.got_flags == (SYN | ACK), "SYN|ACK");
	is(p.got_ack, p.seq, "for the SYN");
	p.ack = p.got_seq + 1;
	p.window = 30000;
	peer_send(&p, ACK | PSH, "with data", 9);
	fd = sys_accept_from(lfd, true);
	ok(fd >= 0, "the ACK makes the connection");
	is(sys_recv(fd, buf, 100, 0), 9, "with its data");
	is(sys_poll_mask(fd), OUT, "writable");
	is(sys_send(fd, data, 20000, 0), 20000, "it sends");
	for (int i = 0; i < 100 && got < 20000; i++) {
		while (peer_take(&p)) {
			if (p.got_seq != p.ack)
				continue;
			memcpy(buf + got, p.got_data, p.got_len);
			got += p.got_len;
			p.ack += p.got_len;
			longest = MAX(longest, p.got_len);
		}
		peer_send(&p, ACK, NULL, 0);
		bed_sleep(100 * NSEC_PER_MSEC);
	}
	is(got, 20000, "all arrives");
	is_mem(buf, data, 20000, "in order");
	is(longest, 1300, "in segments of the size that the SYN asked for");
	peer_send(&p, ACK | FIN, NULL, 0);
	is(sys_recv(fd, buf, 10, 0), 0, "it ends");
	sys_close(fd);
	ok(peer_take(&p), "both ways");
	peer_send(&p, RST, NULL, 0);
	sys_close(lfd);
	no_leaks("connection");
}

static void test_refused(void)
{
	struct peer p = { .port = next_port++, .dport = PORT, .seq = 1000 };
	uint64_t failed = net_counters.tcp_syncookies_failed;
	int lfd = listener(BACKLOG), fd;
	struct peer first;

	fd = accepted(lfd, &first);
	peer_send(&first, RST, NULL, 0);
	sys_close(fd);
	p.ack = 12345;
	peer_send(&p, ACK, NULL, 0);
	ok(got_rst(&p), "an ACK for nothing: RST");
	is(net_counters.tcp_syncookies_failed, failed,
	   "no cookie was sent, so none is looked for");
	flood(BACKLOG + 2);
	peer_send(&p, ACK, NULL, 0);
	ok(got_rst(&p), "a wrong cookie: RST");
	is(net_counters.tcp_syncookies_failed, failed + 1, "counted");
	is(sys_accept_from(lfd, true), -EAGAIN, "no connection");

	peer_raw(&p, 1000, 0, SYN, 65535, NULL, 0, NULL, 0);
	peer_take(&p);
	p.seq = 1001;
	p.ack = p.got_seq + 1;
	bed_sleep(10 * NSEC_PER_SEC);
	bed_forget_sent();
	peer_send(&p, RST, NULL, 0);
	ok(!peer_take(&p), "a reset for a cookie: silence");
	flood(BACKLOG + 2);
	bed_sleep(125 * NSEC_PER_SEC);
	flood(BACKLOG + 2);
	peer_send(&p, ACK, NULL, 0);
	ok(got_rst(&p), "an old cookie: RST");
	is(sys_accept_from(lfd, true), -EAGAIN, "and no connection");
	sys_close(lfd);
	no_leaks("refused");
}

/* The accept queue is another bound: cookies do not get round it. */
static void test_accept_queue(void)
{
	int lfd = flooded(), fd;
	uint64_t overflows = net_counters.tcp_listen_overflows;
	struct peer p[4];

	sys_listen_on(lfd, 1);
	for (int i = 0; i < 3; i++) {
		p[i] = (struct peer){ .port = next_port++, .dport = PORT };
		p[i].window = 65535;
		peer_raw(&p[i], p[i].seq++, 0, SYN, 65535, NULL, 0, NULL, 0);
		peer_take(&p[i]);
		p[i].ack = p[i].got_seq + 1;
	}
	for (int i = 0; i < 3; i++)
		peer_send(&p[i], ACK, NULL, 0);
	is(net_counters.tcp_listen_overflows - overflows, 1,
	   "a full accept queue: the ACK is dropped");
	fd = sys_accept_from(lfd, true);
	ok(fd >= 0, "there is room again");
	peer_send(&p[2], ACK, "x", 1);
	sys_close(fd);
	fd = sys_accept_from(lfd, true);
	sys_close(fd);
	fd = sys_accept_from(lfd, true);
	is(sys_recv(fd, buf, 10, 0), 1, "the cookie is still good");
	sys_close(fd);
	for (int i = 0; i < 3; i++)
		peer_send(&p[i], RST, NULL, 0);
	sys_close(lfd);
	no_leaks("accept queue");
}

/* One handshake while the n-th allocation fails; true: it came about. */
static bool handshake(int lfd, unsigned int n, bool *failed)
{
	struct peer p = { .port = next_port++, .dport = PORT };
	bool accepted = false;
	int fd;

	p.window = 65535;
	bed_fail(n);
	peer_raw(&p, p.seq++, 0, SYN, 65535, NULL, 0, NULL, 0);
	if (peer_take(&p)) {
		p.ack = p.got_seq + 1;
		peer_send(&p, ACK, "data", 4);
	}
	*failed = bed_failed();
	bed_fail(0);
	while ((fd = sys_accept_from(lfd, true)) >= 0) {
		sys_close(fd);
		accepted = true;
	}
	peer_send(&p, RST, NULL, 0);
	return accepted;
}

static void test_no_memory(void)
{
	int lfd = flooded();
	unsigned int n = 1;
	bool failed = true, made = false;

	for (; failed && n < 100; n++)
		made = handshake(lfd, n, &failed);
	ok(made && !failed, "%u allocations fail in turn, then it works",
	   n - 2);
	sys_close(lfd);
	no_leaks("no memory");
}

int main(void)
{
	begin();
	test_numbers();
	test_option();
	test_flood();
	test_connection();
	test_refused();
	test_accept_queue();
	test_no_memory();
	return bed_done();
}
