/* SPDX-License-Identifier: MIT */
/*
 * A network device for a QEMU machine (-netdev vhost-user) that serves, and lies
 * when it is told to. Frames go to and come from lib/wire.py.
 *
 *	liar VHOST WIRE MAC SEED FEATURES
 *
 * VHOST and WIRE are the sockets to connect to, FEATURES the virtio features to
 * offer. Commands come on stdin, a line each; an answer ends with a line ".".
 *
 *	lie N EVERY	N lies, one of EVERY fatal (0: none); the answer comes after
 *			the last and its reset, and tells the time since it
 *	keep GPA LEN	memory that is never posted and never changes
 *	find		finds the application's canaries: how many pages
 *	verify		looks at all memory that is kept: how many pages changed
 *	stats		all counts
 *	spoil		what the guest sends next is left to QEMU, and makes no sense:
 *			when the link goes down, the device needs a reset; how many
 *			frames are left so
 *	reconnect MS	is gone for so long
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "frames.h"
#include "guard.h"
#include "lies.h"
#include "memory.h"
#include "wire.h"

static struct liar liar;
static struct wire wire;
static const char *vhost_path;
static bool busy; /* an answer is owed when all lies are told */
static unsigned long echoes, wrong_echoes, sent, received;

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* ---- Frames of the guest ------------------------------------------------- */

static size_t gather(const struct chain *chain, uint8_t *to, size_t room)
{
	size_t len = 0;

	for (unsigned int i = 0; i < chain->count; i++) {
		const struct vring_desc *desc = &chain->desc[i];
		const void *at = memory_at(desc->addr, desc->len);

		if (!at || len + desc->len > room)
			return 0;
		memcpy(to + len, at, desc->len);
		len += desc->len;
	}
	return len;
}

static void frame_sent(const struct chain *chain)
{
	unsigned int header = liar.vhost.header;
	uint8_t data[WIRE_FRAME_MAX + 16], *frame = data + header;
	size_t len = gather(chain, data, sizeof(data));
	int echo;

	if (len <= header)
		return;
	len -= header;
	sent++;
	for (unsigned int i = 0; i < header; i++)
		if (data[i])
			guard_complain("byte %u of a header is %u", i, data[i]);
	guard_sent(frame, len);
	echo = frame_is_echo(frame, len);
	echoes += echo > 0;
	wrong_echoes += echo < 0;
	if (!frame_is_ours(frame, len))
		wire_send(&wire, frame, len);
}

/* Takes what the guest sends. Without lies it gets all of it back at once. */
static void serve_tx(void)
{
	struct ring *tx = &liar.vhost.ring[TX];
	unsigned int n = ring_take(tx), i;
	struct chain *chain;

	for (i = tx->nr_held - n; i < tx->nr_held; i++)
		frame_sent(ring_nth(tx, i));
	if (liar.wanted && tx->nr_held < tx->num / 2)
		return;
	while ((chain = ring_nth(tx, 0)))
		ring_push(tx, chain, 0);
	ring_publish(tx);
	lies_signal(&liar, tx);
}

static void serve_rx(void)
{
	static const uint8_t header[16] = { [10] = 1 }; /* num_buffers */
	struct ring *rx = &liar.vhost.ring[RX];
	const uint8_t *frame;
	size_t len;

	ring_take(rx);
	while (rx->nr_held && (frame = wire_next(&wire, &len)))
		received += lies_receive(&liar, frame, len, header);
	ring_publish(rx);
	lies_signal(&liar, rx);
}

/* ---- Commands ------------------------------------------------------------ */

static void print_stats(void)
{
	printf("told %lu\nfatal %lu\nresets %lu\nstops %lu\n", liar.told,
	       liar.fatal, liar.resets, liar.vhost.stops);
	printf("datagrams %u\nechoes %lu\nwrong_echoes %lu\n", liar.datagrams,
	       echoes, wrong_echoes);
	printf("sent %lu\nreceived %lu\ncomplaints %lu\nslowest_reset_us %lu\n",
	       sent, received, guard_complaints(), liar.slowest_reset / 1000);
	lies_print();
}

static void answer(void)
{
	printf(".\n");
	fflush(stdout);
}

static void reconnect(unsigned long ms)
{
	vhost_disconnect(&liar.vhost);
	usleep(ms * 1000);
	vhost_connect(&liar.vhost, vhost_path);
}

static unsigned int spoil(struct ring *tx)
{
	tx->spoilt = true;
	return ring_pending(tx);
}

static void command(const char *line)
{
	unsigned long long a = 0, b = 0;
	char word[16] = "";

	sscanf(line, "%15s %llu %llu", word, &a, &b);
	if (!strcmp(word, "lie")) {
		liar.wanted = a;
		liar.fatal_every = b;
		busy = true;
		return;
	}
	if (!strcmp(word, "keep"))
		guard_keep(a, b);
	else if (!strcmp(word, "find"))
		printf("pages %lu\n", guard_find_canaries());
	else if (!strcmp(word, "verify"))
		printf("changed %lu\n", guard_verify());
	else if (!strcmp(word, "stats"))
		print_stats();
	else if (!strcmp(word, "spoil"))
		printf("frames %u\n", spoil(&liar.vhost.ring[TX]));
	else if (!strcmp(word, "reconnect"))
		reconnect(a);
	else
		errx(1, "what is %s", line);
	answer();
}

/* Ends the program at the end of the input. */
static void read_commands(void)
{
	static char text[4096];
	static size_t have;
	ssize_t n = read(0, text + have, sizeof(text) - 1 - have);
	char *end;

	if (n <= 0)
		exit(0);
	have += n;
	text[have] = 0;
	while ((end = strchr(text, '\n'))) {
		*end = 0;
		command(text);
		have -= end + 1 - text;
		memmove(text, end + 1, have + 1);
	}
}

/* ---- The loop ------------------------------------------------------------ */

static void doorbell(struct ring *ring)
{
	uint64_t n;

	if (!ring->spoilt && read(ring->kick, &n, sizeof(n)) == sizeof(n))
		ring->deaf = false;
}

static void wait_for_news(void)
{
	struct pollfd p[] = {
		{ liar.vhost.fd, POLLIN, 0 },
		{ 0, POLLIN, 0 },
		{ wire.fd, POLLIN | (wire.waiting ? POLLOUT : 0), 0 },
		{ liar.vhost.ring[RX].kick, POLLIN, 0 },
		{ liar.vhost.ring[TX].kick, POLLIN, 0 },
	};

	poll(p, 5, busy ? 1 : 1000);
	if (p[0].revents && !vhost_message(&liar.vhost)) {
		vhost_disconnect(&liar.vhost);
		exit(0);
	}
	if (p[1].revents)
		read_commands();
	if (p[2].revents)
		wire_read(&wire);
	for (int i = 0; i < RINGS; i++)
		if (p[3 + i].revents & POLLIN && liar.vhost.ring[i].kick >= 0)
			doorbell(&liar.vhost.ring[i]);
}

static void serve(void)
{
	liar.now = clock_ns();
	if (!liar.awaiting && vhost_live(&liar.vhost)) {
		serve_tx();
		serve_rx();
	}
	if (busy)
		lies_step(&liar);
	wire_flush(&wire);
	if (busy && !liar.wanted && !liar.awaiting) {
		busy = false;
		lies_end(&liar);
		printf("since_us %lu\n", (clock_ns() - liar.last) / 1000);
		answer();
	}
}

int main(int argc, char **argv)
{
	if (argc != 6)
		errx(1, "usage: liar VHOST WIRE MAC SEED FEATURES");
	vhost_path = argv[1];
	liar.random = strtoull(argv[4], NULL, 0) | 1;
	guard_init(liar.vhost.ring, &liar.vhost.header);
	frames_init(argv[3]);
	vhost_init(&liar.vhost, strtoull(argv[5], NULL, 0));
	wire_connect(&wire, argv[2]);
	vhost_connect(&liar.vhost, vhost_path);
	for (;;) {
		wait_for_news();
		serve();
	}
}
