/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/fuzz.c */
/* unit: @net */
/*
 * Random segments against one connection after the other: lwIP's assertions,
 * the sanitizers and the count of objects say whether anything gives way.
 * The number of connections may be given as an argument.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bed/fuzz.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/base/counters.h"
#include "net/socket/socket.h"

#define PORT 7
#define SEGMENTS 60

static uint8_t buf[1 << 18];

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
	unsigned int n = argc > 1 ? strtoul(argv[1], NULL, 0) : 3000;
	size_t at_start;
	int lfd;

	srand(tap_seed(1));
	tap_deadline(argc > 1 ? 3600 : 300);
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
	return bed_done();
}
