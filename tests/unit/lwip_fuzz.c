/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/fuzz.c */
/* unit: @lwip */
/*
 * Random segments against lwIP alone, its assertions on: no check of ours is
 * in front of it, and its output fails now and then. What the patches of
 * net/lwip/patches cure stays cured. The number of connections may be
 * given as an argument.
 */
#include <stdlib.h>

#include "bed/fuzz.h"
#include "bed/lwip.h"
#include "kernel/base.h"
#include "lib/tap.h"

#include "lwip/priv/tcp_priv.h"

#define SEGMENTS 60

static uint8_t data[1 << 16];

static void random_write(struct tcp_pcb *pcb)
{
	size_t room = MIN(tcp_sndbuf(pcb), (uint32_t)UINT16_MAX);

	if (room && tcp_write(pcb, data, 1 + below(room),
			      TCP_WRITE_FLAG_COPY) == ERR_OK)
		tcp_output(pcb);
}

static void random_call(void)
{
	struct tcp_pcb *pcb = bed_app.pcb;

	if (!pcb)
		return;
	switch (below(16)) {
	case 0:
	case 1:
	case 2:
		random_write(pcb);
		break;
	case 3:
		bed_app.reads = !bed_app.reads;
		break;
	case 4:
		tcp_recved(pcb, MIN(TCP_WND_MAX(pcb) - pcb->rcv_wnd,
				    1 + below(5000)));
		break;
	case 5:
		pcb->flags ^= TF_NODELAY;
		break;
	case 6:
		if (!below(10))
			tcp_shutdown(pcb, 0, 1);
		break;
	case 7:
		bed_output_error = below(4) ? ERR_OK : ERR_MEM;
		break;
	default:
		break;
	}
}

/*
 * A handshake; one in ten is never completed properly. Half of them have no
 * options: then a window is what 16 bits can say, and soon full.
 */
static void open_connection(struct peer *p, unsigned int n)
{
	uint16_t port = 20000 + n % 20000;

	*p = (struct peer){ 0 };
	if (below(2) && peer_connect(p, port, LWIP_PORT))
		return;
	p->port = port;
	p->dport = LWIP_PORT;
	p->seq = rand();
	peer_raw(p, p->seq++, 0, SYN, random_window(), NULL, 0, NULL, 0);
	if (!peer_take(p))
		return;
	p->ack = p->got_seq + 1;
	if (below(10))
		peer_send(p, ACK, NULL, 0);
}

static void one_connection(unsigned int n)
{
	struct peer p;

	open_connection(&p, n);
	bed_app.reads = below(2);
	if (bed_app.pcb && below(2))
		fill_window(&p);
	for (int i = 0; i < SEGMENTS; i++) {
		for (unsigned int burst = 1 + below(4); burst; burst--) {
			bed_first_piece = below(4) ? 0 : 34 + below(100);
			random_segment(&p);
			bed_run();
		}
		bed_first_piece = 0;
		follow(&p);
		random_call();
		if (!below(4))
			bed_sleep(below(2000) * NSEC_PER_MSEC);
	}
	bed_output_error = ERR_OK;
	bed_app_drop();
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 1 ? strtoul(argv[1], NULL, 0) : 3000;
	size_t at_start;

	srand(tap_seed(1));
	tap_deadline(argc > 1 ? 3600 : 300);
	bed_init();
	bed_app_listen();
	bed_sleep(400 * NSEC_PER_SEC);
	bed_forget_sent();
	at_start = bed_objects();
	for (unsigned int i = 0; i < n; i++)
		one_connection(i);
	ok(true, "%u connections of lwIP alone took random segments", n);
	for (int i = 0; i < 1000 && tcp_active_pcbs; i++) {
		bed_sleep(2 * NSEC_PER_SEC);
		bed_forget_sent();
	}
	bed_sleep(400 * NSEC_PER_SEC);
	is(bed_objects(), at_start, "every object is back");
	return done_testing();
}
