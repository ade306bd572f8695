/* SPDX-License-Identifier: MIT */
/* fuzz: tests/fuzz/lib/stack.c tests/unit/bed/packets.c */
/* fuzz: tests/fuzz/lib/frames.c @net */
/*
 * A machine that asks for its address, and what a server says, or whoever
 * speaks for one: any options in any order, cut and overlong, right and wrong
 * transactions, conflicts, long silences. The link goes down and comes back
 * with each input, so that the client begins anew.
 */
#include <stdlib.h>
#include <string.h>

#include "bed/packets.h"
#include "fuzz/lib/frames.h"
#include "fuzz/lib/stack.h"
#include "kernel/base.h"

#define OPERATIONS 60
#define OPTIONS_MAX 480
#define DHCP_AT 42 /* of the message in a frame */
#define DHCP_FIXED 240
#define PORT 5000

static struct dhcp_question question;
static unsigned int asked;
static int client;

/* ---- What a server says -------------------------------------------------- */

static size_t put_names(struct input *in, uint8_t *to, size_t room)
{
	static const char *const labels[] = { "\7example", "\3com", "\1a",
					      "\0",	   "\xc0",  "\x3f" };
	size_t len = 0, n;

	for (unsigned int i = take_below(in, 8); i && len + 16 < room; i--) {
		const char *label = labels[take_below(in, ARRAY_SIZE(labels))];

		n = MAX(strlen(label), (size_t)1);
		memcpy(to + len, label, n);
		len += n;
		if (label[0] == '\xc0')
			to[len++] = take8(in);
	}
	return len;
}

/* One option: its length fits its kind, or is the input's. */
static size_t put_option(struct input *in, uint8_t *to, size_t room)
{
	static const uint8_t kinds[] = { 0,  1,	 3,  6,	 12, 15, 26,  28,  42,
					 51, 52, 53, 54, 58, 59, 119, 121, 255 };
	uint8_t how = take8(in), kind = kinds[how % ARRAY_SIZE(kinds)];
	size_t len = 4;

	to[0] = how >= 0xf0 ? take8(in) : kind;
	if (how == 0xef)
		return 1;
	switch (kind) {
	case 15:
	case 119:
		len = put_names(in, to + 2, room - 2);
		break;
	case 52:
	case 53:
		len = 1;
		to[2] = take_below(in, 9);
		break;
	case 3:
	case 6:
	case 121:
		len = 4 * take_below(in, 6);
		take_bytes(in, to + 2, MIN(len, room - 2));
		break;
	default:
		take_bytes(in, to + 2, 4);
	}
	if (how & 0x80 && take8(in) & 1)
		len = take8(in);
	to[1] = (uint8_t)len;
	return 2 + len;
}

static size_t put_options(struct input *in, uint8_t *to, size_t room)
{
	size_t len = 0;

	memset(to, 0, room);
	for (unsigned int i = take_below(in, 12); i && len + 260 < room; i--)
		len += put_option(in, to + len, room - len);
	if (len < room && take8(in) & 3)
		to[len++] = 255;
	return len;
}

static void answer(struct input *in)
{
	static const uint8_t types[] = { 2, 5, 2, 5, 6, 1, 3, 0 };
	uint8_t options[OPTIONS_MAX], shape = take8(in);
	uint8_t type = types[shape % ARRAY_SIZE(types)];
	struct packet p = { .len = 0 };
	size_t len, at;

	if (shape < 0x80) /* what an honest one would say next */
		type = question.type == 1 ? 2 : 5;
	len = put_options(in, options, sizeof(options));
	packet_dhcp(&p, type, question.xid ^ (shape == 0xff),
		    shape & 8 ? take_address(in) : BED_ADDR, options, len);
	for (unsigned int i = shape & 16 ? take_below(in, 6) : 0; i; i--) {
		at = DHCP_AT + take8(in);
		p.data[MIN(at, p.len - 1)] = take8(in);
	}
	if (shape & 32) {
		at = take16(in);
		p.len = MIN(p.len, at + 1);
	}
	if (!(shape & 64)) { /* without a sum, so that changes get far */
		p.data[40] = p.data[41] = 0;
	}
	packet_receive(&p);
}

/* Questions to servers, and to neighbours whether an address is taken. */
static void hear(struct input *in)
{
	bool taken = take8(in) == 1;
	struct packet arp = { .len = 0 };
	const uint8_t *frame;
	size_t len;

	bed_run();
	while ((frame = bed_sent(&len))) {
		if (dhcp_parse(&question, frame, len)) {
			asked++;
		} else if (taken && frame[12] == 8 && frame[13] == 6) {
			packet_arp(&arp, 2, take_address(in), BED_ADDR);
			bed_receive(arp.data, arp.len);
		} else {
			stack_answer_arp(frame, len);
		}
	}
	bed_run();
}

static void lease(struct input *in)
{
	for (unsigned int i = 0; i < 3; i++) {
		hear(in);
		answer(in);
	}
}

/* ---- The program --------------------------------------------------------- */

static void other_packet(struct input *in)
{
	static const struct peer nobody;
	struct packet p = { .len = 0 };

	take_packet(in, &p, &nobody);
	if (p.len)
		packet_receive(&p);
}

static void use(struct input *in)
{
	static uint8_t data[1500];

	if (take8(in) & 1)
		(void)sys_sendto_addr(client, data, take8(in), take_address(in),
				      PORT);
	else
		(void)sys_recv(client, data, sizeof(data), 0x40);
}

static void operation(struct input *in)
{
	switch (take_below(in, 16)) {
	case 0 ... 3:
		answer(in);
		break;
	case 4 ... 5:
		hear(in);
		break;
	case 6 ... 7:
		lease(in);
		break;
	case 8:
		bed_sleep(take8(in) * NSEC_PER_SEC);
		break;
	case 9:
		bed_sleep(take8(in) * 100 * NSEC_PER_MSEC);
		break;
	case 10:
		other_packet(in);
		break;
	case 11:
		stack_disturb(in);
		break;
	case 12:
		stack_read_proc(in);
		break;
	default:
		use(in);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	bed_ip = "dhcp";
	stack_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct input in = { bytes, size };

	stack_begin();
	memset(&question, 0, sizeof(question));
	client = sys_socket_open(2, true);
	sys_bind_to(client, NULL, PORT);
	bed_link(true);
	bed_run();
	for (int i = 0; i < OPERATIONS && in.left; i++)
		operation(&in);
	bed_fail(0);
	bed_no_memory(false);
	sys_close(client);
	bed_link(false);
	bed_run();
	stack_end();
	bed_link(false);
	bed_run();
	bed_forget_sent();
	return 0;
}
