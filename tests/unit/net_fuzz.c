/* SPDX-License-Identifier: MIT */
/* unit: @net */
/*
 * Random segments against one connection after the other: lwIP's assertions,
 * the sanitizers and the count of objects say whether anything gives way. The
 * peer knows the true numbers and stays near them, so that most segments get
 * far. Seed and number of connections may be given as arguments.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bed/net.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/counters.h"
#include "net/socket.h"

#define PORT 7
#define SEGMENTS 60

static uint8_t data[4096];
static uint8_t buf[1 << 18];

static unsigned int below(unsigned int n)
{
	return rand() % n;
}

/* Mostly small, sometimes at one of the edges that matter. */
static int32_t near(void)
{
	static const int32_t edges[] = { -65536,  -1461,   -1460,    -1,
					 0,	  0,	   0,	     0,
					 1,	  2,	   1459,     1460,
					 1461,	  65534,   65535,    65536,
					 1 << 18, 1 << 30, INT32_MIN };

	if (below(3))
		return edges[below(ARRAY_SIZE(edges))];
	return (int)below(5000) - 1500;
}

static size_t random_options(uint8_t *opt)
{
	static const char *const pieces[] = {
		"\1",	   "\1\1\1\0", "\2\4\0\1",	"\2\4\5\264",
		"\3\3\16", "\4\2",     "\5\12abcdefgh", "\10\12abcdefgh",
		"\2\0",	   "\376\50",  "\5\2"
	};
	static const uint8_t lengths[] = { 1, 4, 4, 4, 3, 2, 10, 10, 2, 2, 2 };
	size_t len = 0;

	if (below(4))
		return 0;
	memset(opt, below(2) ? 1 : 0, 40);
	for (int i = below(4); i > 0; i--) {
		unsigned int n = below(ARRAY_SIZE(pieces));

		if (len + lengths[n] > 40)
			break;
		memcpy(opt + len, pieces[n], lengths[n]);
		len += lengths[n];
	}
	return ALIGN_UP(len, (size_t)4);
}

static uint8_t random_flags(void)
{
	static const uint8_t likely_ones[] = { ACK,	  ACK,	     ACK,
					       ACK | PSH, ACK | FIN, ACK | FIN,
					       SYN,	  RST,	     RST | ACK,
					       SYN | ACK, FIN,	     0 };

	if (below(20))
		return likely_ones[below(ARRAY_SIZE(likely_ones))];
	return below(256);
}

static uint16_t random_window(void)
{
	static const uint16_t windows[] = { 0, 0, 1, 2, 100, 1460, 65535 };

	return windows[below(ARRAY_SIZE(windows))];
}

/* Most of the window is used up, so that its end is near. */
static void fill_window(struct peer *p)
{
	size_t left = 65535 - below(4000);

	while (left) {
		size_t len = left < 1460 ? left : 1460;

		peer_raw(p, p->seq, p->ack, ACK, 65535, NULL, 0, data, len);
		p->seq += len;
		left -= len;
	}
	bed_run();
	bed_forget_sent();
}

static void random_segment(struct peer *p)
{
	uint8_t flags = random_flags();
	uint8_t opt[40];
	size_t optlen = random_options(opt);
	size_t len = below(2) ? below(1400) : below(3);
	uint32_t seq = p->seq + near();
	uint32_t ack = p->ack + near();

	/* An exact reset ends the fun: not too often. */
	if ((flags & RST) && below(50))
		seq++;
	peer_raw(p, seq, ack, flags, random_window(), opt, optlen, data, len);
}

/* The peer follows what our side says, as a real one would. */
static void follow(struct peer *p)
{
	while (peer_take(p)) {
		if (p->got_flags & RST)
			continue;
		if (below(3)) {
			p->ack = p->got_seq + p->got_len +
				 !!(p->got_flags & FIN);
			p->seq = p->got_ack;
		}
	}
}

static void random_call(int fd)
{
	switch (below(12)) {
	case 0:
	case 1:
	case 2:
		sys_send(fd, buf, below(3) ? below(3000) : below(100000),
			 MSG_NOSIGNAL);
		break;
	case 3:
		sys_recv(fd, buf, 1 + below(5000), 0);
		break;
	case 4:
		if (!below(5))
			sys_recv(fd, buf, sizeof(buf), 0);
		break;
	case 6:
		sys_set(fd, 6, 1, below(2)); /* TCP_NODELAY */
		break;
	case 7:
		if (!below(10))
			sys_shutdown_how(fd, below(3));
		break;
	case 8:
		sys_poll_mask(fd);
		break;
	default:
		break;
	}
}

static int open_connection(int lfd, struct peer *p, unsigned int n)
{
	memset(p, 0, sizeof(*p));
	if (below(10)) {
		if (!peer_connect(p, 20000 + n % 20000, PORT))
			return -EAGAIN;
		if (!below(4))
			peer_raw(p, p->seq, p->ack, ACK, 0, NULL, 0, NULL, 0);
	} else { /* a handshake that is never completed properly */
		p->port = 20000 + n % 20000;
		p->dport = PORT;
		p->seq = rand();
		peer_raw(p, p->seq++, 0, SYN, random_window(), NULL, 0, NULL,
			 0);
		if (peer_take(p))
			p->ack = p->got_seq + 1;
	}
	return sys_accept_from(lfd, true);
}

static void one_connection(int lfd, unsigned int n)
{
	struct peer p;
	int fd = open_connection(lfd, &p, n);

	if (fd >= 0 && below(2))
		fill_window(&p);
	for (int i = 0; i < SEGMENTS; i++) {
		for (unsigned int burst = 1 + below(4); burst; burst--)
			random_segment(&p);
		follow(&p);
		if (fd < 0)
			fd = sys_accept_from(lfd, true);
		else
			random_call(fd);
		if (!below(4))
			bed_sleep(below(2000) * NSEC_PER_MSEC);
		if (!below(40))
			bed_tx_stuck = !bed_tx_stuck;
	}
	bed_tx_stuck = false;
	bed_run();
	if (fd >= 0)
		sys_close(fd);
	bed_forget_sent();
}

int main(int argc, char **argv)
{
	unsigned int seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	unsigned int n = argc > 2 ? strtoul(argv[2], NULL, 0) : 3000;
	size_t at_start;
	int lfd;

	diag("seed %u, %u connections", seed, n);
	srand(seed);
	tap_deadline(argc > 2 ? 3600 : 300);
	bed_init();
	bed_sleep(400 * NSEC_PER_SEC);
	bed_forget_sent();
	at_start = bed_objects();
	lfd = sys_socket_open(SOCK_STREAM, true);
	sys_bind_to(lfd, NULL, PORT);
	sys_listen_on(lfd, 100);
	for (unsigned int i = 0; i < n; i++)
		one_connection(lfd, i);
	ok(true, "%u connections took random segments", n);
	ok(net_counters.tcp_accepted > n / 2, "most of them came about");
	sys_close(lfd);
	for (int i = 0; i < 1000 && bed_cache_objects("tcp_pcb"); i++) {
		bed_sleep(2 * NSEC_PER_SEC);
		bed_forget_sent();
	}
	bed_sleep(400 * NSEC_PER_SEC);
	is(bed_objects(), at_start, "every object is back");
	is(bed_rx_held, 0, "every receive buffer is back");
	return done_testing();
}
