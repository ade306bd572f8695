/* SPDX-License-Identifier: MIT */
/* fuzz: tests/fuzz/lib/stack.c tests/unit/bed/packets.c @net */
/*
 * Two TCPs that are real, over a wire that is not: it loses, repeats, spoils,
 * holds back and changes the order of segments as the input says, while both
 * applications send, read, wait, close their windows and change their options.
 *
 * Both are this machine. What leaves it for PEER_ADDR comes back from there, the
 * addresses changed over, which leaves all sums right:
 *
 *	connects: BED_ADDR:p -> PEER_ADDR:q    comes as    PEER_ADDR:p -> BED_ADDR:q
 *
 * At the end the wire is whole, and both read: every byte has to arrive, in
 * order, and the end of both streams, however long it was bad before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bed/packets.h"
#include "fuzz/lib/stack.h"
#include "kernel/base.h"
#include "kernel/check.h"
#include "lib/tap.h"
#include "net/socket/socket.h"

#define PORT 5000
#define OPERATIONS 150
#define PAIRS 2
#define WIRE_MAX 256
#define HEAL_SECONDS 1200 /* the longest pause of a retransmission is 120 */
#define PATTERN 251

/* ---- The wire ------------------------------------------------------------ */

static struct packet wire[WIRE_MAX];
static unsigned int nr_wire;
static bool is_cut;

static void swap(uint8_t *a, uint8_t *b, size_t n)
{
	uint8_t keep[8];

	memcpy(keep, a, n);
	memcpy(a, b, n);
	memcpy(b, keep, n);
}

/* What left the machine; what is too much is lost. */
static void collect(void)
{
	const uint8_t *frame;
	size_t len;

	bed_run();
	while ((frame = bed_sent(&len))) {
		stack_answer_arp(frame, len);
		bed_run();
		if (frame[12] != 8 || frame[13] != 0 || frame[23] != 6 ||
		    is_cut || nr_wire == WIRE_MAX)
			continue;
		memcpy(wire[nr_wire].data, frame, len);
		wire[nr_wire].len = len;
		swap(wire[nr_wire].data, wire[nr_wire].data + 6, 6);
		swap(wire[nr_wire].data + 26, wire[nr_wire].data + 30, 4);
		nr_wire++;
	}
}

static void take_off(unsigned int i)
{
	nr_wire--;
	memmove(&wire[i], &wire[i + 1], (nr_wire - i) * sizeof(wire[0]));
}

static void deliver(unsigned int i)
{
	struct packet p = wire[i];

	take_off(i);
	packet_receive(&p);
}

/* All that is on the wire, and what comes of it. */
static void settle(void)
{
	collect();
	for (unsigned int n = 0; nr_wire; n++) {
		must(n < 100000, "pair: segments without an end");
		deliver(0);
		collect();
	}
}

static void disturb_wire(struct input *in)
{
	uint8_t what = take8(in);
	unsigned int i;

	collect();
	if (!nr_wire)
		return;
	i = what / 8 % nr_wire;
	switch (what % 8) {
	case 0 ... 1:
		take_off(i);
		break;
	case 2: /* twice */
		if (nr_wire < WIRE_MAX)
			wire[nr_wire++] = wire[i];
		deliver(i);
		break;
	case 3: /* spoiled: its sum says so */
		wire[i].data[34 + take8(in) % (wire[i].len - 34)] ^=
			1 + take8(in) % 255;
		deliver(i);
		break;
	case 4:
		is_cut = !is_cut;
		nr_wire = 0;
		break;
	default:
		deliver(i);
	}
}

/* ---- The applications ---------------------------------------------------- */

struct end {
	int fd; /* -1: none */
	uint64_t sent, received;
	bool shut, finished, failed;
	struct end *other;
};

static struct end ends[2 * PAIRS];
static int listener;
static uint8_t buf[70000];

static void fill(const struct end *e, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = (e->sent + i) % PATTERN;
}

static void note(struct end *e, ssize_t err)
{
	if (err < 0 && err != -EAGAIN && err != -ENOBUFS)
		e->failed = true;
}

static void put(struct end *e, size_t len, int flags)
{
	ssize_t n;

	if (e->shut || e->failed)
		return;
	fill(e, len);
	n = sys_send(e->fd, buf, len, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
	note(e, n);
	if (n > 0)
		e->sent += n;
}

/* Whether something came. */
static bool get(struct end *e, size_t len)
{
	ssize_t n = sys_recv(e->fd, buf, len, MSG_DONTWAIT);

	note(e, n);
	for (ssize_t i = 0; i < n; i++)
		must(buf[i] == (e->received + i) % PATTERN,
		     "pair: each byte in its order");
	if (n > 0)
		e->received += n;
	if (!n)
		e->finished = true;
	must(e->received <= e->other->sent, "pair: no more than was sent");
	must(!e->finished || e->failed || e->other->failed ||
		     e->received == e->other->sent,
	     "pair: no end before the last byte");
	return n > 0;
}

static void shut(struct end *e)
{
	if (!e->failed && !e->shut)
		note(e, sys_shutdown_how(e->fd, 1));
	e->shut = true;
}

/* Neither flag nor number that ends a connection by itself. */
static void set_option(struct input *in, struct end *e)
{
	static const struct {
		uint8_t level, name;
	} options[] = {
		{ 1, 7 }, { 1, 8 },  { 6, 1 },	{ 6, 3 },  { 1, 18 },
		{ 6, 2 }, { 6, 10 }, { 6, 25 }, { 6, 12 }, { 1, 9 },
	};
	unsigned int i = take_below(in, ARRAY_SIZE(options));
	int value = take8(in) & 1 ? take_below(in, 2) : take16(in);

	(void)sys_set(e->fd, options[i].level, options[i].name, value);
}

static struct end *pick(struct input *in)
{
	struct end *e = &ends[take_below(in, 2 * PAIRS)];

	return e->fd < 0 ? &ends[0] : e;
}

static void use(struct input *in)
{
	struct end *e = pick(in);

	switch (take_below(in, 8)) {
	case 0:
		put(e, take16(in), 0);
		break;
	case 1:
		put(e, 1 + take8(in), 0);
		break;
	case 2:
		put(e, 1 + take16(in) % 5000, MSG_MORE);
		break;
	case 3:
		(void)get(e, 1 + take16(in));
		break;
	case 4:
		(void)get(e, 1 + take8(in));
		break;
	case 5:
		set_option(in, e);
		break;
	case 6:
		if (take8(in) == 1)
			shut(e);
		break;
	default:
		(void)sys_poll_mask(e->fd);
	}
}

static void operation(struct input *in)
{
	switch (take_below(in, 8)) {
	case 0 ... 2:
		use(in);
		break;
	case 3 ... 4:
		disturb_wire(in);
		break;
	case 5:
		bed_sleep(take8(in) * 10 * NSEC_PER_MSEC);
		break;
	case 6:
		bed_sleep(take_below(in, 32) * NSEC_PER_SEC);
		break;
	default:
		for (unsigned int n = take_below(in, 16); n; n--) {
			collect();
			if (nr_wire)
				deliver(0);
		}
	}
}

/* ---- From the first segment to the last ---------------------------------- */

static void open_pair(unsigned int i)
{
	struct end *client = &ends[2 * i], *server = &ends[2 * i + 1];

	client->other = server;
	server->other = client;
	client->fd = sys_socket_open(SOCK_STREAM, true);
	must(sys_connect_to(client->fd, PEER_ADDR, PORT) == -EINPROGRESS,
	     "pair: connects");
	settle();
	server->fd = sys_accept_from(listener, true);
	must(server->fd >= 0, "pair: accepted");
}

static bool is_over(const struct end *e)
{
	return e->failed || e->finished;
}

/* Both read all there is, and neither sends any more. */
static void heal(struct end *e)
{
	is_cut = false;
	for (unsigned int s = 0; s < HEAL_SECONDS; s++) {
		for (unsigned int i = 0; i < 2; i++) {
			while (!is_over(&e[i]) && get(&e[i], sizeof(buf)))
				;
			shut(&e[i]);
		}
		if ((is_over(&e[0]) && is_over(&e[1])) || e[0].failed ||
		    e[1].failed)
			return;
		settle();
		bed_sleep(NSEC_PER_SEC);
		settle();
	}
	must(false, "pair: what was sent arrives");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	stack_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input in = { bytes, size };
	unsigned int pairs = 1 + take_below(&in, PAIRS);

	stack_begin();
	memset(ends, 0, sizeof(ends));
	nr_wire = 0;
	is_cut = false;
	listener = sys_socket_open(SOCK_STREAM, true);
	sys_set(listener, 1, 2, 1); /* SO_REUSEADDR */
	sys_bind_to(listener, NULL, PORT);
	sys_listen_on(listener, 4);
	for (unsigned int i = 0; i < 2 * PAIRS; i++)
		ends[i].fd = -1;
	for (unsigned int i = 0; i < pairs; i++)
		open_pair(i);
	for (int i = 0; i < OPERATIONS && in.left; i++)
		operation(&in);
	must_equal(check_all(), 0, "pair: invariants that do not hold");
	for (unsigned int i = 0; i < pairs; i++)
		heal(&ends[2 * i]);
	for (unsigned int i = 0; i < 2 * pairs; i++)
		sys_close(ends[i].fd);
	sys_close(listener);
	settle();
	stack_end();
	return 0;
}
