/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/packets.c tests/unit/bed/fuzz.c */
/* unit: @net */
/*
 * Random ARP, IPv4, ICMP, UDP and DHCP packets: right ones of which a few bytes
 * are spoiled, or the end is missing, in frames of exactly their length. The
 * machine asks for its address, and what the server says is random too.
 * The number of packets may be given as an argument.
 */
#include <stdlib.h>
#include <string.h>

#include "bed/fuzz.h"
#include "bed/packets.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/base/counters.h"
#include "net/socket/socket.h"

#define UDP_PORT 5000

static uint8_t noise[FRAME_MAX];
static uint8_t buf[65536];
static struct dhcp_question question;
static unsigned int asked;

static void random_bytes_to(uint8_t *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = rand();
}

static const char *random_address(void)
{
	static const char *const some[] = {
		BED_ADDR,	   BED_ADDR,	PEER_ADDR, "10.99.0.77",
		"10.99.255.255",   "224.0.0.1", "0.0.0.0", "127.0.0.1",
		"255.255.255.255", "192.0.2.1",
	};

	return some[below(ARRAY_SIZE(some))];
}

static uint16_t random_port(void)
{
	static const uint16_t ports[] = { UDP_PORT, UDP_PORT, 67, 68, 9, 0 };

	return ports[below(ARRAY_SIZE(ports))];
}

/* Known kinds and others; lengths that fit, or anything. */
static size_t random_dhcp_options(uint8_t *to, size_t room)
{
	static const uint8_t kinds[] = { 0,  1,	 3,  6,	 12, 15, 28,
					 42, 51, 52, 53, 54, 58, 59 };
	size_t n = 0;

	for (int i = below(12); i > 0 && n + 2 < room; i--) {
		size_t len = below(3) ? 4 * below(4) : below(256);

		to[n] = below(8) ? kinds[below(ARRAY_SIZE(kinds))] : rand();
		to[n + 1] = len;
		len = MIN(len, room - n - 2);
		random_bytes_to(to + n + 2, len);
		if (to[n] == 52)
			to[n + 2] = below(5); /* names hold options, too */
		n += 2 + len;
	}
	if (n < room && below(4))
		to[n++] = 255;
	return n;
}

static void random_dhcp(struct packet *p)
{
	static const uint8_t types[] = { 2, 2, 5, 5, 5, 6, 0, 255 };
	uint8_t options[500];
	size_t len = random_dhcp_options(options, sizeof(options));

	packet_dhcp(p, types[below(ARRAY_SIZE(types))], question.xid,
		    below(8) ? BED_ADDR : random_address(), options, len);
}

static void random_icmp(struct packet *p)
{
	static const uint8_t types[] = { 0, 3, 3, 3, 5, 8, 8, 11, 12, 13, 17 };
	struct packet quoted = { .len = 0 };

	packet_udp(&quoted, BED_ADDR, UDP_PORT, PEER_ADDR, 9, noise, below(20));
	packet_icmp(p, types[below(ARRAY_SIZE(types))], below(16), rand(),
		    quoted.data + PACKET_IP, below(quoted.len - PACKET_IP + 1));
}

/* Of any protocol, its header of any length, and often all that there is. */
static void random_ip(struct packet *p)
{
	static const uint8_t protocols[] = { 1, 2, 6, 17, 17, 200 };
	size_t words = below(3) ? 0 : below(11);
	size_t len = words * 4 + (below(2) ? below(9) : below(1000));

	packet_ip(p, random_address(), random_address(),
		  protocols[below(ARRAY_SIZE(protocols))], noise, len);
	p->data[PACKET_IP] = 0x45 + words;
	packet_ip_checksum(p);
}

static void random_packet(struct packet *p)
{
	size_t len = below(3) ? below(64) : below(1400);

	switch (below(6)) {
	case 0:
		packet_arp(p, 1 + below(2), random_address(), random_address());
		break;
	case 1:
		random_icmp(p);
		break;
	case 2:
		random_ip(p);
		break;
	case 3:
		random_dhcp(p);
		break;
	default:
		packet_udp(p, random_address(), random_port(), random_address(),
			   random_port(), noise, len);
	}
}

static void spoil(struct packet *p)
{
	for (int i = below(4); i > 0; i--)
		p->data[6 + below(MIN(p->len - 6, (size_t)60))] = rand();
	if (!below(4))
		p->len = 1 + below(p->len);
	if (p->len > PACKET_PAYLOAD && below(2))
		packet_ip_checksum(p);
}

/* What the machine says: questions to the server, and to its neighbours. */
static void listen_to_it(void)
{
	struct packet answer = { .len = 0 };
	const uint8_t *frame;
	size_t len;

	while ((frame = bed_sent(&len))) {
		if (frame[12] == 8 && frame[13] == 6 && frame[21] == 1) {
			packet_arp(&answer, 2, PEER_ADDR, BED_ADDR);
			bed_receive(answer.data, answer.len);
		} else if (dhcp_parse(&question, frame, len)) {
			asked++;
			random_dhcp(&answer);
			bed_receive(answer.data, answer.len);
		}
	}
	bed_run();
}

static void random_call(int fd)
{
	switch (below(4)) {
	case 0:
		sys_sendto_addr(fd, noise, below(1400), random_address(),
				random_port());
		break;
	case 1:
		while (sys_recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
		break;
	case 2:
		bed_sleep(below(20000) * NSEC_PER_MSEC);
		break;
	default:
		break;
	}
}

static void one_packet(int fd)
{
	struct packet p = { .len = 0 };

	random_packet(&p);
	if (below(4))
		spoil(&p);
	packet_receive(&p);
	listen_to_it();
	random_call(fd);
}

int main(int argc, char **argv)
{
	unsigned int n = argc > 1 ? strtoul(argv[1], NULL, 0) : 50000;
	size_t at_start;
	int fd;

	srand(tap_seed(1));
	random_bytes_to(noise, sizeof(noise));
	tap_deadline(argc > 1 ? 3600 : 300);
	bed_ip = "dhcp";
	bed_init();
	bed_sleep(400 * NSEC_PER_SEC);
	bed_forget_sent();
	at_start = bed_objects();
	fd = sys_socket_open(SOCK_DGRAM, true);
	sys_bind_to(fd, NULL, UDP_PORT);
	for (unsigned int i = 0; i < n; i++)
		one_packet(fd);
	ok(true, "%u packets came", n);
	ok(asked > 10, "the machine asked for an address %u times", asked);
	sys_close(fd);
	bed_sleep(400 * NSEC_PER_SEC);
	bed_forget_sent();
	is(bed_objects(), at_start, "every object is back");
	is(bed_rx_held, 0, "every receive buffer is back");
	return bed_done();
}
