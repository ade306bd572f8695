/* SPDX-License-Identifier: MIT */
/* fuzz: tests/fuzz/lib/stack.c tests/unit/bed/packets.c */
/* fuzz: tests/fuzz/lib/frames.c @net */
/*
 * Frames into the whole stack, which has a listener, connections, and sockets
 * for datagrams. An input is a program: who connects, which segment comes with
 * numbers how far from the true ones, what else comes, what the application
 * calls, and how much time passes. Checksums are right unless it says that
 * they are not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bed/packets.h"
#include "fuzz/lib/frames.h"
#include "fuzz/lib/stack.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/socket/socket.h"

#define PORT 7
#define UDP_PORT 5000
#define MAX_PEERS 6
#define OPERATIONS 120

static struct peer peers[MAX_PEERS];
static unsigned int nr_peers;
static int listener;
static uint8_t data[65536];

/* ---- Connections --------------------------------------------------------- */

static struct peer *pick_peer(struct input *in)
{
	return &peers[take_below(in, MAX(nr_peers, 1U))];
}

static struct peer *new_peer(void)
{
	struct peer *p = &peers[nr_peers % MAX_PEERS];

	memset(p, 0, sizeof(*p));
	p->port = 20000 + nr_peers;
	p->dport = PORT;
	p->seq = 0x12345678;
	nr_peers = MIN(nr_peers + 1, (unsigned int)MAX_PEERS);
	return p;
}

/* They come to the listener: a handshake as usual, or one with any options. */
static void connect_to_us(struct input *in)
{
	struct peer *p = new_peer();
	uint8_t options[40];
	size_t len;

	if (take8(in) & 1) {
		peer_connect(p, p->port, PORT);
	} else {
		len = take_tcp_options(in, options);
		p->window = take16(in);
		peer_raw(p, p->seq++, 0, SYN, p->window, options, len, NULL, 0);
		if (peer_take(p))
			p->ack = p->got_seq + 1;
		if (take8(in) & 3)
			peer_send(p, ACK, NULL, 0);
	}
	stack_fd(sys_accept_from(listener, true));
}

/* We go to them: they answer, or do not. */
static void connect_to_them(struct input *in)
{
	int fd = stack_fd(sys_socket_open(SOCK_STREAM, true));
	struct peer *p = new_peer();
	const uint8_t *frame;
	size_t len;

	if (fd < 0 || sys_connect_to(fd, PEER_ADDR, p->port) != -EINPROGRESS)
		return;
	bed_run();
	while ((frame = bed_sent(&len))) {
		stack_answer_arp(frame, len);
		bed_run();
		if (frame[12] == 8 && frame[13] == 0 && frame[23] == 6 &&
		    frame[47] == SYN) {
			p->dport = frame[34] << 8 | frame[35];
			memcpy(&p->ack, frame + 38, 4);
			p->ack = __builtin_bswap32(p->ack) + 1;
		}
	}
	if (take8(in) & 3)
		peer_send(p, SYN | ACK, NULL, 0);
}

static void send_segment(struct input *in)
{
	static const uint8_t kinds[] = { ACK,	    ACK | PSH, ACK,
					 ACK | FIN, SYN,       RST,
					 RST | ACK, SYN | ACK, ACK | URG };
	struct peer *p = pick_peer(in);
	uint8_t shape = take8(in), flags = take8(in), options[40];
	size_t optlen = shape & 1 ? take_tcp_options(in, options) : 0;
	uint32_t seq = p->seq + (shape & 2 ? take_near(in) : 0);
	uint32_t ack = p->ack + (shape & 4 ? take_near(in) : 0);
	uint16_t window = shape & 8 ? take16(in) : 65535;
	size_t len = shape & 16 ? take16(in) % 1400 : 0;

	if (flags < 0xc0)
		flags = kinds[flags % ARRAY_SIZE(kinds)];
	p->urgp = shape & 32 ? take16(in) : 0;
	peer_raw(p, seq, ack, flags, window, options, optlen, data,
		 MIN(len, 1440 - optlen));
	if (!(shape & 2))
		p->seq += len + !!(flags & FIN);
	if (shape & 64)
		bed_run();
}

static void follow(struct input *in)
{
	struct peer *p = pick_peer(in);

	while (peer_take(p)) {
		p->ack = p->got_seq + p->got_len + !!(p->got_flags & FIN);
		p->seq = p->got_ack;
	}
}

static void fill(struct input *in)
{
	struct peer *p = pick_peer(in);

	for (unsigned int n = take_below(in, 48); n; n--) {
		peer_raw(p, p->seq, p->ack, ACK, 65535, NULL, 0, data, 1460);
		p->seq += 1460;
	}
	bed_run();
}

/* ---- What the application does ------------------------------------------- */

static void call(struct input *in)
{
	int fd = stack_pick(in);
	uint8_t what = take8(in), name;
	uint16_t len;

	if (fd < 0)
		return;
	switch (what % 8) {
	case 0:
		sys_send(fd, data, take16(in), MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	case 1:
		sys_recv(fd, data, 1 + take16(in),
			 MSG_DONTWAIT | (what & 0x10 ? MSG_PEEK : 0) |
				 (what & 0x20 ? MSG_OOB : 0));
		break;
	case 2:
		sys_shutdown_how(fd, take_below(in, 3));
		break;
	case 3:
		name = take_below(in, 64);
		sys_set(fd, what & 0x10 ? 6 : 1, name, take_near(in));
		break;
	case 4:
		sys_poll_mask(fd);
		break;
	case 5:
		stack_close(in);
		break;
	case 6:
		sys_send(fd, data, 1 + take_below(in, 32),
			 MSG_NOSIGNAL | MSG_DONTWAIT | MSG_OOB);
		break;
	default:
		len = take16(in) % 9000;
		if (fd_socket(fd)->type == SOCK_DGRAM)
			sys_sendto_addr(fd, data, len, take_address(in),
					UDP_PORT);
		else
			sys_get(fd, what & 0x10 ? 6 : 1, take_below(in, 64));
	}
}

static void open_socket(struct input *in)
{
	unsigned int kind = take_below(in, 6);
	int fd;

	if (kind < 2)
		fd = sys_socket_of(SOCK_DGRAM, 0, true);
	else if (kind < 4)
		fd = sys_socket_of(SOCK_RAW, kind == 2 ? 1 : take8(in), true);
	else
		fd = sys_socket_of(SOCK_DGRAM, 1, true); /* ping */
	fd = stack_fd(fd);
	if (fd < 0)
		return;
	sys_bind_to(fd, kind ? NULL : take_address(in), UDP_PORT + kind);
	if (take8(in) & 1)
		sys_connect_to(fd, PEER_ADDR, UDP_PORT);
}

/* ---- The program --------------------------------------------------------- */

static void packet(struct input *in)
{
	const struct peer *p = pick_peer(in);
	struct packet frame = { .len = 0 };

	take_packet(in, &frame, p);
	if (frame.len)
		bed_receive(frame.data, frame.len);
	if (take8(in) & 1)
		bed_run();
}

static void neighbours(void)
{
	const uint8_t *frame;
	size_t len;

	bed_run();
	while ((frame = bed_sent(&len)))
		stack_answer_arp(frame, len);
	bed_run();
}

static void operation(struct input *in)
{
	switch (take_below(in, 24)) {
	case 0:
		connect_to_us(in);
		break;
	case 1:
		connect_to_them(in);
		break;
	case 2:
		follow(in);
		break;
	case 3:
		fill(in);
		break;
	case 4:
		bed_sleep(take8(in) * 10 * NSEC_PER_MSEC);
		break;
	case 5:
		bed_sleep(take8(in) * NSEC_PER_SEC);
		break;
	case 6:
		stack_disturb(in);
		break;
	case 7:
		stack_read_proc(in);
		break;
	case 8:
		open_socket(in);
		break;
	case 9:
		neighbours();
		break;
	case 10 ... 13:
		call(in);
		break;
	case 14 ... 17:
		packet(in);
		break;
	default:
		send_segment(in);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	stack_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input in = { bytes, size };

	stack_begin();
	nr_peers = 0;
	memset(peers, 0, sizeof(peers));
	listener = sys_socket_open(SOCK_STREAM, true);
	sys_set(listener, 1, 2, 1); /* SO_REUSEADDR */
	sys_bind_to(listener, NULL, PORT);
	sys_listen_on(listener, 4);
	for (int i = 0; i < OPERATIONS && in.left; i++)
		operation(&in);
	bed_run();
	bed_forget_sent();
	sys_close(listener);
	stack_end();
	return 0;
}
