/* SPDX-License-Identifier: MIT */
/* fuzz: tests/fuzz/lib/stack.c tests/unit/bed/packets.c */
/* fuzz: tests/fuzz/lib/frames.c tests/fuzz/lib/arguments.c @net */
/*
 * The calls of an application on sockets of AF_INET and AF_NETLINK: options,
 * control messages, ioctls, requests, splices, waits. Peers on the wire and
 * connections of the machine with itself are there to be called about.
 */
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>

#include "bed/packets.h"
#include "fuzz/lib/arguments.h"
#include "fuzz/lib/frames.h"
#include "fuzz/lib/stack.h"
#include "kernel/base.h"
#include "kernel/fs/file.h"
#include "kernel/pipe/pipe.h"
#include "kernel/pipe/splice.h"
#include "lib/tap.h"
#include "net/socket/sock.h"
#include "net/socket/sock_ioctl.h"
#include "net/socket/sockopt.h"
#include "net/tcp/sosplice.h"

#define PORT SERVICE_PORTS
#define OPERATIONS 120
#define MAX_PEERS 4
#define NONBLOCK 04000 /* O_NONBLOCK */
#define SO_RCVTIMEO_OLD 20
#define SO_SNDTIMEO_OLD 21

static struct peer peers[MAX_PEERS];
static unsigned int nr_peers;
static int listener;
static struct file *ends[2]; /* of a pipe, or NULL */
static uint8_t data[65536];

static struct socket *pick(struct input *in)
{
	int fd = stack_pick(in);

	return fd < 0 ? fd_socket(listener) : fd_socket(fd);
}

/* ---- Opening ------------------------------------------------------------- */

static void open_socket(struct input *in)
{
	static const struct {
		int family, type, protocol;
	} kinds[] = {
		{ AF_INET, SOCK_STREAM, 0 },   { AF_INET, SOCK_DGRAM, 0 },
		{ AF_INET, SOCK_RAW, 1 },      { AF_INET, SOCK_RAW, 255 },
		{ AF_INET, SOCK_DGRAM, 1 },    { AF_NETLINK, SOCK_RAW, 0 },
		{ AF_NETLINK, SOCK_DGRAM, 0 }, { AF_INET, SOCK_DGRAM, 0 },
	};
	unsigned int i = take8(in);

	if (i >= 0xf0)
		stack_fd(sys_socket_in(take_below(in, 20), take_below(in, 8),
				       take8(in), true));
	else
		stack_fd(sys_socket_in(kinds[i % ARRAY_SIZE(kinds)].family,
				       kinds[i % ARRAY_SIZE(kinds)].type,
				       kinds[i % ARRAY_SIZE(kinds)].protocol,
				       true));
}

static void name_socket(struct input *in)
{
	struct socket *sock = pick(in);
	struct sockaddr_any addr;
	uint8_t what = take8(in);
	int len = take_sockaddr(in, &addr);

	switch (what % 4) {
	case 0:
		(void)sock->ops->bind(sock, &addr, len);
		break;
	case 1:
		(void)sock->ops->connect(sock, &addr, len, true);
		break;
	case 2:
		len = sock->ops->getname(sock, &addr, what / 4 % 2);
		must(len <= (int)sizeof(addr), "calls: a name's length");
		break;
	default:
		(void)sock->ops->listen(sock, take_near(in));
	}
}

/* The machine with itself. */
static void connect_local(struct input *in)
{
	int fd = stack_fd(sys_socket_open(SOCK_STREAM, true));

	if (fd < 0)
		return;
	(void)sys_connect_to(fd, "127.0.0.1", PORT + (take8(in) == 1));
	bed_run();
	stack_fd(sys_accept_from(listener, true));
}

/* ---- Messages ------------------------------------------------------------ */

static void send_message(struct input *in)
{
	struct socket *sock = pick(in);
	struct sockaddr_any addr;
	struct msg msg = { .flags = take_flags(in) };
	struct pieces pieces;
	uint8_t shape = take8(in);
	size_t len;
	void *bytes;

	if (shape & 1) {
		msg.namelen = take_sockaddr(in, &addr);
		msg.name = msg.namelen ? &addr : NULL;
	}
	if (shape & 2)
		msg.control = take_control(in, &msg.controllen);
	if (!msg.controllen) {
		free(msg.control);
		msg.control = NULL;
	}
	bytes = msg.control;
	if (sock->ops && shape & 4 && sock->type != SOCK_STREAM) {
		void *requests = take_netlink(in, &len);

		pieces_of(&pieces, requests, len);
	} else {
		take_pieces(in, &pieces);
	}
	msg.iter = &pieces.iter;
	(void)sock_sendmsg(sock, &msg);
	free_pieces(&pieces);
	free(bytes);
}

static void receive_message(struct input *in)
{
	struct socket *sock = pick(in);
	struct sockaddr_any addr;
	struct msg msg = { .flags = take_flags(in) };
	struct pieces pieces;
	uint8_t shape = take8(in);
	uint8_t *control = NULL;
	ssize_t got;
	size_t room;

	msg.name = shape & 1 ? memset(&addr, 0, sizeof(addr)) : NULL;
	if (shape & 2) {
		room = take8(in);
		control = malloc(MAX(room, (size_t)1));
		msg.control = control;
		msg.controllen = room;
	}
	take_pieces(in, &pieces);
	msg.iter = &pieces.iter;
	room = pieces.iter.count;
	got = sock_recvmsg(sock, &msg);
	must(got <= (ssize_t)room || msg.flags & MSG_TRUNC,
	     "calls: received no more than there is room");
	must(msg.namelen <= (int)sizeof(addr), "calls: a sender's length");
	free_pieces(&pieces);
	free(control);
}

/* One that sleeps, for at most a second. */
static void wait_for(struct input *in)
{
	static const int64_t second[] = { 1, 0 };
	struct socket *sock = pick(in);
	uint8_t what = take8(in);
	struct msg msg = { .flags = MSG_NOSIGNAL };
	struct pieces pieces;
	int err;

	err = sock_setsockopt(sock, 1,
			      what & 1 ? SO_SNDTIMEO_OLD : SO_RCVTIMEO_OLD,
			      second, sizeof(second), sizeof(second));
	if (err)
		return;
	sock->file->f_flags &= ~NONBLOCK;
	take_pieces(in, &pieces);
	msg.iter = &pieces.iter;
	if (what & 1) {
		(void)sock_sendmsg(sock, &msg);
	} else {
		msg.flags |= what & 2 ? MSG_WAITALL : 0;
		(void)sock_recvmsg(sock, &msg);
	}
	sock->file->f_flags |= NONBLOCK;
	free_pieces(&pieces);
}

/* ---- Options, ioctls ----------------------------------------------------- */

/*
 * Two splices of one connection with itself have data go round for ever, as
 * they were told: a source is one that hears the wire.
 */
static bool may_be_source(struct socket *sock)
{
	struct sockaddr_any addr;

	return sock->type == SOCK_STREAM && sock->sk->sk_family == AF_INET &&
	       sock->ops->getname(sock, &addr, NAME_PEER) > 0 &&
	       (addr.in.addr & 0xff) != 127;
}

static void set_option(struct input *in)
{
	struct socket *sock = pick(in);
	struct option o;
	void *value;

	take_option(in, &o);
	if (o.name == SO_SPLICE && !may_be_source(sock))
		return;
	value = malloc(SOCKOPT_MAX);
	memcpy(value, o.value, SOCKOPT_MAX);
	(void)sock_setsockopt(sock, o.level, o.name, value, o.len,
			      MIN(MAX(o.len, 0), SOCKOPT_MAX));
	free(value);
}

static void set_int(struct socket *sock, int level, int name, int value)
{
	(void)sock_setsockopt(sock, level, name, &value, sizeof(value),
			      sizeof(value));
}

/* A socket of datagrams as a program has it that wants to hear everything. */
static void open_listening(struct input *in)
{
	static const uint8_t wanted[] = { 6, 7, 8, 11, 12, 13, 20, 25 };
	static const uint8_t stamps[] = { 29, 35, 37, 40 };
	unsigned int kind = take_below(in, 8), groups = take8(in);
	int fd = stack_fd(sys_socket_of(kind == 7 ? SOCK_RAW : SOCK_DGRAM,
					kind == 6 || kind == 7, true));

	if (fd < 0)
		return;
	set_int(fd_socket(fd), 1, 2, 1); /* SO_REUSEADDR */
	(void)sys_bind_to(fd, kind == 5 ? BED_ADDR : NULL, PORT + kind % 4);
	for (size_t i = 0; groups & 1 && i < sizeof(wanted); i++)
		set_int(fd_socket(fd), 0, wanted[i], 1);
	if (groups & 2)
		set_int(fd_socket(fd), 1, stamps[groups / 64], 1);
	if (groups & 4)
		(void)sys_connect_to(fd, PEER_ADDR, PORT);
}

/* Groups by addresses and by interface; sources to hear, or not to. */
static void join_group(struct input *in)
{
	static const uint8_t names[] = { 35, 36, 42, 45, 39, 40, 38, 37,
					 46, 47, 43, 44, 32, 48, 41 };
	uint8_t value[SOCKOPT_MAX] = { 0 }, shape = take8(in);
	uint8_t name = names[take_below(in, ARRAY_SIZE(names))];
	/* 239.1.2.3, 239.1.2.4; 10.99.0.1 is the source */
	uint8_t group[] = { 239, 1, 2, 3 + (shape & 1) };
	static const uint8_t source[] = { 10, 99, 0, 1 };
	struct socket *sock = pick(in);

	if (name < 42) {
		memcpy(value, group, 4);
		if (name > 36) /* group, interface, source */
			memcpy(value + 8, source, 4);
	} else {
		value[0] = shape & 2 ? 2 : 0;
		value[8] = AF_INET;
		memcpy(value + 12, group, 4);
		value[136] = AF_INET;
		memcpy(value + 140, source, 4);
	}
	(void)sock_setsockopt(sock, 0, name, value,
			      name < 42 ? 12 : (shape & 4 ? 136 : 264),
			      SOCKOPT_MAX);
}

static void splice_sockets(struct input *in)
{
	struct sosplice_request request = { .sp_fd = stack_pick(in) };
	struct socket *source = pick(in);
	uint8_t shape = take8(in);

	if (shape & 1)
		request.sp_max = 1 + take16(in);
	if (shape & 2)
		request.sp_idle.tv_sec = 1 + take_below(in, 4);
	if (shape >= 0xf0)
		request.sp_fd = -1;
	if (may_be_source(source))
		(void)sock_setsockopt(source, 1, SO_SPLICE, &request,
				      sizeof(request), sizeof(request));
}

static void get_option(struct input *in)
{
	struct socket *sock = pick(in);
	struct sockopt_value out = { 0 };
	struct option o;
	int len;

	take_option(in, &o);
	len = take8(in) & 1 ? o.len : take_near(in);
	if (sock_getsockopt(sock, o.level, o.name, len, &out))
		return;
	must(out.stored >= 0 && out.stored <= SOCKOPT_MAX &&
		     out.stored <= MAX(len, 0),
	     "calls: an option's length");
}

static void control_socket(struct input *in)
{
	static const char *const names[] = { "lo", "eth0", "eth0:1", "eth1" };
	struct socket *sock = pick(in);
	unsigned int cmd = take8(in) & 1 ? 0x8900U + take8(in) :
					   SIOCGIFNAME + take_below(in, 0x60);
	struct {
		char name[16];
		union {
			struct inet_address address;
			void *pointer;
			uint8_t bytes[120];
		};
	} request = { .name = "" }, *exact;
	void *inside;

	if (take8(in) == 1)
		cmd = take32(in);
	strcpy(request.name, names[take_below(in, ARRAY_SIZE(names))]);
	take_bytes(in, request.bytes, take_below(in, 32));
	inside = calloc(1, 4096);
	take_bytes(in, inside, take_below(in, 64));
	if (cmd == SIOCETHTOOL)
		request.pointer = inside;
	if (cmd == SIOCGIFCONF) { /* its length, and where it goes */
		memset(&request, 0, sizeof(request));
		request.name[0] = (char)take8(in);
		memcpy(request.name + 8,
		       take8(in) & 1 ? &inside : &request.pointer,
		       sizeof(void *));
	}
	exact = malloc(sizeof(request));
	memcpy(exact, &request, sizeof(request));
	(void)sock_ioctl(sock, cmd, (unsigned long)exact);
	free(exact);
	free(inside);
}

/* ---- Pipes --------------------------------------------------------------- */

static void close_pipe(void)
{
	if (!ends[0])
		return;
	fput(ends[0]);
	fput(ends[1]);
	ends[0] = NULL;
}

static void splice(struct input *in)
{
	struct file *file = pick(in)->file;
	uint8_t what = take8(in);
	size_t len = 1 + take16(in);

	if (!ends[0] && pipe_create(O_NONBLOCK, ends)) {
		ends[0] = NULL;
		return;
	}
	if (what & 1)
		(void)do_splice(file, NULL, ends[1], NULL, len,
				what / 2 % 16 | SPLICE_F_NONBLOCK);
	else
		(void)do_splice(ends[0], NULL, file, NULL, len,
				what / 2 % 16 | SPLICE_F_NONBLOCK);
	if (what == 0xff)
		close_pipe();
}

/* ---- The wire ------------------------------------------------------------ */

static void connect_peer(void)
{
	struct peer *p = &peers[nr_peers % MAX_PEERS];

	memset(p, 0, sizeof(*p));
	p->seq = 1000;
	if (peer_connect(p, 30000 + nr_peers, PORT))
		stack_fd(sys_accept_from(listener, true));
	nr_peers++;
}

static void hear_peer(struct input *in)
{
	static const uint8_t flags[] = { ACK,	    ACK | PSH, ACK | URG,
					 ACK | FIN, RST,       RST | ACK };
	struct peer *p = &peers[take_below(in, MAX_PEERS)];
	uint8_t flag = flags[take_below(in, ARRAY_SIZE(flags))];
	size_t len = take8(in) & 1 ? take16(in) % 1400 : take8(in);

	while (peer_take(p)) {
		p->ack = p->got_seq + p->got_len + !!(p->got_flags & FIN);
		p->seq = p->got_ack;
	}
	p->urgp = len;
	peer_send(p, flag, data, len);
}

static void packet(struct input *in)
{
	struct packet frame = { .len = 0 };

	take_packet(in, &frame, &peers[take_below(in, MAX_PEERS)]);
	if (frame.len)
		packet_receive(&frame);
}

static void wire(struct input *in)
{
	const uint8_t *frame;
	size_t len;

	switch (take_below(in, 6)) {
	case 0:
		connect_peer();
		break;
	case 1 ... 2:
		hear_peer(in);
		break;
	case 3:
		packet(in);
		break;
	case 4:
		bed_run();
		while ((frame = bed_sent(&len)))
			stack_answer_arp(frame, len);
		break;
	default:
		bed_sleep(take8(in) * 20 * NSEC_PER_MSEC);
	}
}

/* ---- The program --------------------------------------------------------- */

static void others(struct input *in)
{
	int fd = stack_pick(in);

	switch (take_below(in, 6)) {
	case 0:
		stack_close(in);
		break;
	case 1:
		if (fd >= 0)
			(void)sys_shutdown_how(fd, take_below(in, 4));
		break;
	case 2:
		stack_fd(sys_accept_from(fd < 0 ? listener : fd, true));
		break;
	case 3:
		stack_read_proc(in);
		break;
	case 4:
		stack_disturb(in);
		break;
	default:
		(void)sys_poll_mask(fd < 0 ? listener : fd);
	}
}

static void operation(struct input *in)
{
	static void (*const operations[])(struct input *
					  in) = { open_socket,
						  name_socket,
						  connect_local,
						  send_message,
						  receive_message,
						  set_option,
						  get_option,
						  control_socket,
						  splice,
						  wire,
						  others,
						  send_message,
						  receive_message,
						  set_option,
						  wait_for,
						  wire,
						  wire,
						  open_listening,
						  join_group,
						  splice_sockets,
						  open_listening };

	operations[take_below(in, ARRAY_SIZE(operations))](in);
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
	bed_fail(0);
	close_pipe();
	sys_close(listener);
	stack_end();
	return 0;
}
