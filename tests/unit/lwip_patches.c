/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/packets.c */
/* unit: @lwip */
/*
 * The patches 0001, 0009 to 0019, 0024, 0041 and 0042 of net/lwip/patches, on
 * lwIP alone: the checks that the kernel makes before lwIP sees a packet would
 * hide most of them. Each test here fails without the patch that its comment
 * names.
 */
#include <stdlib.h>
#include <string.h>

#include "bed/lwip.h"
#include "bed/packets.h"
#include "lib/tap.h"

#include "lwip/dhcp.h"
#include "lwip/priv/tcp_priv.h"

#include "kernel/base.h"

#define WINDOW 65535 /* of a connection without window scale */

static uint8_t data[WINDOW + 4096];

/* A connection whose SYN has no options; nothing is sent yet. */
static void plain_accept(struct peer *p, uint16_t window)
{
	static uint16_t port = 30000;

	memset(p, 0, sizeof(*p));
	p->port = port++;
	p->dport = LWIP_PORT;
	p->seq = 1000;
	p->window = window;
	peer_raw(p, p->seq++, 0, SYN, window, NULL, 0, NULL, 0);
	if (!peer_take(p) || p->got_flags != (SYN | ACK))
		bail_out("no SYN|ACK");
	p->ack = p->got_seq + 1;
	peer_send(p, ACK, NULL, 0);
	if (!bed_app.pcb)
		bail_out("no connection");
}

/* A segment at an offset from the next number in order. */
static void segment(struct peer *p, uint32_t offset, uint8_t flags, size_t len)
{
	peer_raw(p, p->seq + offset, p->ack, flags, p->window, NULL, 0,
		 data + bed_app.got + offset, len);
	bed_run();
}

/* The window is filled, unread, until left bytes of it are free. */
static void fill_window(struct peer *p, size_t left)
{
	bed_app.reads = false;
	while (bed_app.got < WINDOW - left) {
		size_t len = MIN(WINDOW - left - bed_app.got, (size_t)1460);

		segment(p, 0, ACK, len);
		p->seq += len;
		bed_forget_sent();
	}
}

static void end(void)
{
	bed_app_drop();
	bed_app.reads = true;
}

static void is_whole_window(const char *what)
{
	is(bed_app.got, WINDOW, "%s: the window's bytes, not one more", what);
	is_mem(bed_app.data, data, WINDOW, "%s: in order", what);
	is(bed_app.pcb->rcv_wnd, 0, "%s: and the window is closed", what);
}

/* 0001: more handshakes at a time than 8 bits can count. */
static void test_half_open(void)
{
	struct peer p = { .dport = LWIP_PORT, .window = 1000 };
	int answers = 0;

	for (int i = 0; i < 400; i++) {
		p.port = 10000 + i;
		peer_raw(&p, 1, 0, SYN, 1000, NULL, 0, NULL, 0);
		answers += peer_take(&p) && p.got_flags == (SYN | ACK);
	}
	is(answers, 400, "400 handshakes at a time");
	bed_sleep(60 * NSEC_PER_SEC); /* they are given up */
	bed_forget_sent();
}

/* 0009 */
static void test_options(void)
{
	static const char *const lasts[] = { "\1\1\1\2", "\1\1\1\3", "\1\1\1\4",
					     "\1\1\1\xfe", "\1\1\2\4" };
	struct peer p;

	plain_accept(&p, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(lasts); i++) {
		peer_raw(&p, p.seq, p.ack, ACK, 1000, lasts[i], 4, NULL, 0);
		bed_run();
		bed_first_piece = PACKET_PAYLOAD + 20 + (i & 1) * 2;
		peer_raw(&p, p.seq, p.ack, ACK, 1000, lasts[i], 4, NULL, 0);
		bed_run();
		bed_first_piece = 0;
	}
	ok(bed_app.pcb, "options that end in a kind: nothing behind is read");
	end();
}

/* 0010 */
static void test_syn_ack_in_syn_received(void)
{
	struct peer p = {
		.port = 2000, .dport = LWIP_PORT, .seq = 77, .window = 1000
	};

	peer_raw(&p, p.seq++, 0, SYN, 1000, NULL, 0, NULL, 0);
	peer_take(&p);
	p.ack = p.got_seq + 1;
	peer_raw(&p, p.seq - 1, p.ack, SYN | ACK, 1000, NULL, 0, NULL, 0);
	bed_run();
	ok(!bed_app.pcb, "SYN-RECEIVED: SYN|ACK makes no connection");
	ok(peer_take(&p) && p.got_flags == ACK, "it is answered with an ACK");
	peer_send(&p, ACK, "abc", 3);
	ok(bed_app.pcb, "the ACK makes it");
	is(bed_app.got, 3, "and its data");
	is_mem(bed_app.data, "abc", 3, "is the stream's beginning");
	end();
}

/* 0011: the first of the queue. */
static void test_beyond_window(void)
{
	struct peer p;

	plain_accept(&p, 1000);
	fill_window(&p, 1000);
	segment(&p, 500, ACK, 1400);
	segment(&p, 0, ACK, 500);
	is_whole_window("beyond a gap and the window");
	end();

	plain_accept(&p, 1000);
	fill_window(&p, 1000);
	segment(&p, 700, ACK, 100);
	segment(&p, 500, ACK, 1400);
	segment(&p, 0, ACK, 500);
	is_whole_window("the same, in front of another segment");
	end();

	plain_accept(&p, 1000);
	fill_window(&p, 1000);
	segment(&p, 500, ACK, 100);
	segment(&p, 500, ACK, 1400);
	segment(&p, 0, ACK, 500);
	is_whole_window("the same, in another segment's place");
	end();

	plain_accept(&p, 1000);
	fill_window(&p, 1000);
	segment(&p, 500, ACK, 100);
	segment(&p, 600, ACK | FIN, 400);
	segment(&p, 0, ACK, 500);
	is_whole_window("a FIN right behind the window");
	ok(!bed_app.eof, "a FIN right behind the window is not taken");
	end();
}

/* 0012 */
static void test_fin_covered(void)
{
	struct peer p;

	plain_accept(&p, 1000);
	segment(&p, 500, ACK | FIN, 0);
	segment(&p, 0, ACK, 1000);
	is(bed_app.got, 500, "data over a FIN ends at the FIN");
	ok(bed_app.eof, "and the FIN is taken");
	end();

	plain_accept(&p, 1000);
	segment(&p, 500, ACK | FIN, 0);
	segment(&p, 100, ACK, 900);
	segment(&p, 0, ACK, 100);
	is(bed_app.got, 500, "beyond a gap too");
	ok(bed_app.eof, "and the FIN is taken");
	end();

	plain_accept(&p, 1000);
	fill_window(&p, 1000);
	segment(&p, 500, ACK | FIN, 0);
	segment(&p, 0, ACK, 1000);
	is(bed_app.got, WINDOW - 500, "also where the window is full");
	ok(bed_app.eof, "and the FIN is taken");
	end();
}

/* 0013 */
static void test_comparison(void)
{
	static const uint32_t distances[] = { 0,	  1,
					      0x7fffffff, 0x80000000,
					      0x80000001, 0xffffffff };
	bool mirrored = true, complete = true, both = false;
	struct peer p;

	for (size_t i = 0; i < ARRAY_SIZE(distances); i++) {
		uint32_t a = 0xfffffff0, b = a + distances[i];

		mirrored &= TCP_SEQ_LT(a, b) == TCP_SEQ_GT(b, a) &&
			    TCP_SEQ_LEQ(a, b) == TCP_SEQ_GEQ(b, a);
		complete &= TCP_SEQ_LT(a, b) != TCP_SEQ_GEQ(a, b) &&
			    TCP_SEQ_GT(a, b) != TCP_SEQ_LEQ(a, b);
		both |= TCP_SEQ_LEQ(a, b) && TCP_SEQ_LEQ(b, a) && a != b;
	}
	ok(mirrored, "a before b means b after a, at every distance");
	ok(complete, "before and not before never hold together");
	ok(!both, "different numbers are not equal");

	plain_accept(&p, 1000);
	bed_forget_sent();
	peer_raw(&p, p.seq, p.ack + 0x80000000, ACK, 1000, NULL, 0, NULL, 0);
	ok(peer_take(&p), "an ACK at a distance of 2^31 is no old one");
	end();
}

/* 0014: the first piece is the header alone. */
static void test_quote(void)
{
	const uint8_t *frame;
	struct packet p = { .len = 0 };
	size_t len;

	packet_ip(&p, PEER_ADDR, BED_ADDR, 200, "01234567", 8);
	bed_forget_sent();
	bed_first_piece = PACKET_PAYLOAD;
	packet_receive(&p);
	bed_first_piece = 0;
	frame = bed_sent(&len);
	ok(frame && frame[PACKET_PAYLOAD] == 3, "protocol unreachable");
	is_mem(frame + PACKET_PAYLOAD + 8 + 20, "01234567", 8,
	       "quotes a packet in pieces");
}

/* 0015 */
static void test_segment_size(void)
{
	static const uint8_t mss[] = { 2, 4, 0, 1 };
	static const uint8_t scale[] = { 3, 3, 7, 1 };
	struct peer p;

	bed_app_accept(&p);
	peer_raw(&p, p.seq, p.ack, ACK, 1000, mss, sizeof(mss), NULL, 0);
	bed_run();
	is(bed_app.pcb->mss, 1460, "MSS without SYN changes nothing");
	end();

	memset(&p, 0, sizeof(p));
	p.port = 2001;
	p.dport = LWIP_PORT;
	p.seq = 77;
	peer_raw(&p, p.seq, 0, SYN, 1000, NULL, 0, NULL, 0);
	peer_raw(&p, p.seq++, 0, SYN, 1000, scale, sizeof(scale), NULL, 0);
	peer_take(&p);
	p.ack = p.got_seq + 1;
	peer_send(&p, ACK, NULL, 0);
	ok(!(bed_app.pcb->flags & TF_WND_SCALE),
	   "a SYN that comes again agrees on nothing new");
	end();
}

/* 0016 */
static void test_first_small_window(void)
{
	uint8_t *got = malloc(4096);
	size_t n = 0;
	struct peer p;

	plain_accept(&p, 0);
	tcp_write(bed_app.pcb, data, 1000, TCP_WRITE_FLAG_COPY);
	tcp_output(bed_app.pcb);
	p.window = 100;
	peer_send(&p, ACK, NULL, 0);
	is(tcp_write(bed_app.pcb, data + 1000, 1000, TCP_WRITE_FLAG_COPY),
	   ERR_OK, "more data after the first, small, window");
	p.window = 4096;
	for (int i = 0; i < 20 && n < 2000; i++) {
		n += peer_drain(&p, got + n, 4096 - n);
		peer_send(&p, ACK, NULL, 0);
		bed_sleep(NSEC_PER_SEC);
	}
	is(n, 2000, "all of it arrives");
	is_mem(got, data, 2000, "in order");
	free(got);
	end();
}

/* 0017 */
static void test_resets(void)
{
	struct peer p = { .port = 2002, .dport = 9 };

	peer_raw(&p, 500, 0x1234, ACK, 1000, NULL, 0, "abc", 3);
	ok(peer_take(&p) && p.got_flags == RST, "an ACK: a reset without ACK");
	is(p.got_seq, 0x1234, "at its number");
	is(p.got_window, 0, "and a closed window");
	peer_raw(&p, 500, 0x1234, SYN, 1000, NULL, 0, NULL, 0);
	ok(peer_take(&p) && p.got_flags == (RST | ACK), "a SYN: RST|ACK");
	is(p.got_seq, 0, "at 0, whatever the field says");
	is(p.got_ack, 501, "it acknowledges the SYN");
	peer_raw(&p, 500, 0x1234, SYN | FIN, 1000, NULL, 0, "abc", 3);
	ok(peer_take(&p) && p.got_ack == 505, "a SYN|FIN: both, and the data");
	p.dport = LWIP_PORT;
	peer_raw(&p, 500, 0x1234, ACK, 1000, NULL, 0, NULL, 0);
	ok(peer_take(&p) && p.got_flags == RST, "a listener: the same");
}

static err_t long_address(struct netif *netif)
{
	netif->hwaddr_len = NETIF_MAX_HWADDR_LEN + 1;
	return ERR_OK;
}

/* 0018 */
static void test_hardware_address(void)
{
	static struct netif netif;

	is_ptr(netif_add(&netif, NULL, NULL, NULL, NULL, long_address,
			 netif_input),
	       NULL, "an address longer than its field: no interface");
}

static void dhcp_answer(uint8_t type, uint32_t xid, const char *address)
{
	struct packet p = { .len = 0 };

	packet_dhcp(&p, type, xid, address, "\xff", 1);
	packet_receive(&p);
}

/* 0019; the lease is 100 s, so that it is renewed after 50. */
static void test_renewal(void)
{
	struct peer arp = { .port = 1 }; /* answers ARP */
	struct dhcp_question first, again;
	ip4_addr_t before;

	netif_set_addr(&bed_netif, IP4_ADDR_ANY4, IP4_ADDR_ANY4, IP4_ADDR_ANY4);
	bed_forget_sent();
	dhcp_start(&bed_netif);
	ok(dhcp_take(&first) && first.type == 1, "DHCP: DISCOVER");
	dhcp_answer(2, first.xid, "10.99.0.9");
	ok(dhcp_take(&again) && again.type == 3, "REQUEST");
	is(again.xid, first.xid, "in the same exchange");
	dhcp_answer(5, first.xid, "10.99.0.9");
	ok(dhcp_supplied_address(&bed_netif), "an address");
	before = *netif_ip4_addr(&bed_netif);
	bed_forget_sent();
	for (int i = 0; i < 58; i++) {
		bed_sleep(NSEC_PER_SEC);
		if (i < 40)
			peer_take(&arp);
	}
	dhcp_answer(5, first.xid, "10.99.0.66");
	is(netif_ip4_addr(&bed_netif)->addr, before.addr,
	   "a renewal is no part of the first exchange");
}

/*
 * 0041: what the machine asks for in so many days of a lease; the server says
 * nothing any more. A minute has one tick of lwIP's coarse timer.
 */
static const char *lease(const void *options, size_t len, unsigned int days)
{
	static char asked[64];
	struct packet p = { .len = 0 };
	struct dhcp_question q;
	size_t n = 0;

	dhcp_release_and_stop(&bed_netif);
	bed_forget_sent();
	dhcp_start(&bed_netif);
	if (!dhcp_take(&q) || q.type != 1)
		bail_out("no DISCOVER but %d", q.type);
	dhcp_answer(2, q.xid, "10.99.0.9");
	if (!dhcp_take(&q) || q.type != 3)
		bail_out("no REQUEST");
	packet_dhcp(&p, 5, q.xid, "10.99.0.9", options, len);
	packet_receive(&p);
	for (unsigned int i = 0; i < days && n < sizeof(asked) - 1; i++) {
		bed_forget_sent();
		for (unsigned int minute = 0; minute < 24 * 60; minute++)
			dhcp_coarse_tmr();
		bed_run();
		asked[n++] = !dhcp_supplied_address(&bed_netif) ? 'x' :
			     dhcp_take(&q)			? 'r' :
								  '.';
	}
	asked[n] = '\0';
	return asked;
}

#define LEASE(a, b, c, d) "\x33\4" a b c d "\xff"
#define LEASE_T1_T2 \
	"\x33\4\0\x6\x97\x80\x3a\4\xff\xff\xff\xff\x3b\4\xff\xff\xff\xff\xff"

static void test_leases(void)
{
	is_str(lease(LEASE("\0", "\2", "\xa3", "\0"), 7, 3), "rxx",
	       "a lease of two days: renewed, and at its end given back");
	is_str(lease(LEASE("\1", "\x6d", "\xa0", "\x80"), 7, 60),
	       "............................................................",
	       "one of 277 days: kept, and not renewed before half of it");
	is_str(lease(LEASE("\xff", "\xff", "\xff", "\xfe"), 7, 60),
	       "............................................................",
	       "one that is as long as can be");
	is_str(lease(LEASE("\x24", "\x92", "\x49", "\x25"), 7, 60),
	       "............................................................",
	       "one of which seven eighths leave 32 bits");
	is_str(lease(LEASE("\xff", "\xff", "\xff", "\xff"), 7, 60),
	       "............................................................",
	       "one without an end, after one that had");
	is_str(lease(LEASE_T1_T2, sizeof(LEASE_T1_T2) - 1, 6), "..rrxx",
	       "five days, to be renewed never: renewed after a half");
}

/* 0042: a peer that acknowledges each byte just before it is sent again. */
static void test_timeout_bound(void)
{
	int least = INT16_MAX, most = 0;
	struct peer p;

	plain_accept(&p, 4000);
	for (int i = 0; i < 30; i++) {
		int ticks = bed_app.pcb->rto - 2;

		tcp_write(bed_app.pcb, "x", 1, TCP_WRITE_FLAG_COPY);
		tcp_output(bed_app.pcb);
		bed_sleep(MAX(ticks, 0) * TCP_SLOW_INTERVAL * NSEC_PER_MSEC);
		peer_drain(&p, data, sizeof(data));
		peer_send(&p, ACK, NULL, 0);
		least = MIN(least, bed_app.pcb->rto);
		most = MAX(most, bed_app.pcb->rto);
	}
	is(most, 120 * 1000 / TCP_SLOW_INTERVAL,
	   "the peer cannot make the timeout longer than two minutes");
	ok(least > 0, "nor shorter than nothing");
	bed_app_drop();
}

/* A segment without data; what the peer's window is then. */
static uint32_t window_after(struct peer *p, uint32_t offset, uint32_t ack,
			     uint16_t window)
{
	peer_raw(p, p->seq + offset, ack, ACK, window, NULL, 0, NULL, 0);
	bed_run();
	return bed_app.pcb->snd_wnd;
}

/* 0024 */
static void test_window_updates(void)
{
	struct peer p;

	plain_accept(&p, 4000);
	is(window_after(&p, 0, p.ack, 3000), 4000,
	   "a smaller window with nothing new is not believed");
	is(window_after(&p, 0, p.ack, 0), 0, "one of 0 is");
	tcp_write(bed_app.pcb, data, 500, TCP_WRITE_FLAG_COPY);
	tcp_output(bed_app.pcb);
	is(peer_drain(&p, data + WINDOW, 1000), 0, "nothing is sent into it");
	bed_sleep(2 * NSEC_PER_SEC);
	ok(peer_take(&p) && p.got_len == 1, "and it is probed");
	is(window_after(&p, 0, p.ack, 5000), 5000, "a larger one is believed");
	is(peer_drain(&p, data + WINDOW, 1000), 500, "and used");
	is(window_after(&p, 10, p.ack, 4000), 4000,
	   "also a smaller one at a later number");
	is(window_after(&p, 20, p.ack - 1, 0), 4000,
	   "but not with an old acknowledgement");
	is(window_after(&p, 20, p.ack + 1, 0), 4000,
	   "nor with one of what was not sent");
	tcp_write(bed_app.pcb, data, 500, TCP_WRITE_FLAG_COPY);
	tcp_output(bed_app.pcb);
	p.ack += 500;
	is(window_after(&p, 0, p.ack, 0), 0,
	   "what acknowledges something new is believed at any number");
	end();
}

int main(void)
{
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = i * 7 + (i >> 8);
	srand(1);
	bed_init();
	bed_app_listen();
	test_half_open();
	test_options();
	test_syn_ack_in_syn_received();
	test_beyond_window();
	test_fin_covered();
	test_comparison();
	test_quote();
	test_segment_size();
	test_first_small_window();
	test_resets();
	test_hardware_address();
	test_window_updates();
	test_timeout_bound();
	test_renewal();
	test_leases();
	return done_testing();
}
