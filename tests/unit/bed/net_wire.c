/* SPDX-License-Identifier: MIT */
/*
 * The network device without a wire, and a TCP peer at the other end of it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bed/net.h"
#include "drivers/netdev.h"
#include "kernel/task/softirq.h"
#include "lib/tap.h"
#include "lib/wire_bytes.h"
#include "net/link/frame.h"

#define OUR_MAC "\2\0\0\0\0\2"
#define PEER_MAC "\2\0\0\0\0\1"

#define RX_MAX 4096
#define TX_RING 128
#define SENT_MAX 8192

struct frame {
	size_t len;
	uint8_t data[1600];
};

/* ---- The device ---------------------------------------------------------- */

bool bed_tx_stuck;
unsigned int bed_rx_held;

static struct frame *to_receive[RX_MAX];
static unsigned int rx_head, rx_count;
static struct frame *sent[SENT_MAX];
static unsigned int sent_head, sent_count;
static void *cookies[TX_RING];
static unsigned int nr_cookies;
static struct frame current_frame;

static void reclaim(struct netdev *dev)
{
	if (bed_tx_stuck)
		return;
	for (unsigned int i = 0; i < nr_cookies; i++)
		dev->tx_done(dev, cookies[i]);
	nr_cookies = 0;
}

/* What memory held before it was allocated leaves the machine with nothing. */
static void check_stale(const struct frame *f)
{
	unsigned int run = 0;

	for (size_t i = 0; i < f->len && run < 4; i++)
		run = f->data[i] == BED_STALE ? run + 1 : 0;
	if (run == 4)
		bail_out("stale bytes in a frame of %zu", f->len);
}

static int xmit(struct netdev *dev, const struct netdev_sg *sg, unsigned int nr,
		void *cookie)
{
	struct frame *f;

	if (nr > NETDEV_SG_MAX)
		bail_out("xmit: %u pieces", nr);
	if (nr_cookies == TX_RING)
		reclaim(dev);
	if (bed_tx_stuck || nr_cookies == TX_RING)
		return -ENOSPC;
	f = calloc(1, sizeof(*f));
	for (unsigned int i = 0; i < nr; i++) {
		memcpy(f->data + f->len, sg[i].addr, sg[i].len);
		f->len += sg[i].len;
	}
	check_stale(f);
	cookies[nr_cookies++] = cookie;
	if (sent_count == SENT_MAX)
		bail_out("nobody looks at what is sent");
	sent[(sent_head + sent_count++) % SENT_MAX] = f;
	return 0;
}

static void kick(struct netdev *dev)
{
}

static void rx_free(struct netdev *dev, struct rx_buf *buf)
{
	bed_rx_held--;
	free(buf->data);
	free(buf);
}

/* As long as the frame, or a short one filled up: what reads beyond is caught. */
static void deliver(struct netdev *dev, struct frame *f)
{
	struct rx_buf *buf = calloc(1, sizeof(*buf));

	buf->dev = dev;
	buf->size = MAX(f->len, (size_t)ETH_MIN_LEN);
	buf->len = f->len;
	buf->data = malloc(buf->size);
	memset(buf->data, 0xa5, buf->size);
	memcpy(buf->data, f->data, f->len);
	free(f);
	bed_rx_held++;
	dev->rx(dev, buf);
}

static unsigned int poll_frames(struct netdev *dev, unsigned int budget)
{
	unsigned int n = 0;

	while (n < budget && rx_count) {
		struct frame *f = to_receive[rx_head];

		rx_head = (rx_head + 1) % RX_MAX;
		rx_count--;
		n++;
		deliver(dev, f);
	}
	return n;
}

static const struct netdev_ops ops = {
	.xmit = xmit,
	.kick = kick,
	.reclaim = reclaim,
	.poll = poll_frames,
	.rx_free = rx_free,
};

static struct netdev device = {
	.name = "bed0",
	.mac = OUR_MAC,
	.mtu = 1500,
	.link_up = true,
	.ops = &ops,
};

struct netdev *netdev_first(void)
{
	return &device;
}

int netdev_start(struct netdev *dev)
{
	return 0;
}

void bed_link(bool up)
{
	device.link_up = up;
	device.link_changed(&device);
}

void bed_receive(const void *frame, size_t len)
{
	struct frame *f = calloc(1, sizeof(*f));

	if (rx_count == RX_MAX)
		bail_out("too many frames at a time");
	memcpy(f->data, frame, len);
	f->len = len;
	to_receive[(rx_head + rx_count++) % RX_MAX] = f;
	raise_softirq(SOFTIRQ_NET);
}

const uint8_t *bed_sent(size_t *len)
{
	struct frame *f;

	if (!sent_count)
		return NULL;
	f = sent[sent_head];
	sent_head = (sent_head + 1) % SENT_MAX;
	sent_count--;
	current_frame = *f;
	free(f);
	*len = current_frame.len;
	return current_frame.data;
}

void bed_forget_sent(void)
{
	size_t len;

	while (bed_sent(&len))
		;
}

/* ---- The peer ------------------------------------------------------------ */

static uint32_t sum16(const uint8_t *p, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += p[i] << 8 | p[i + 1];
	if (len & 1)
		sum += p[len - 1] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void fill_ip(uint8_t *ip, uint8_t proto, size_t payload)
{
	uint32_t src = inet_addr(PEER_ADDR), dst = inet_addr(BED_ADDR);

	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, 20 + payload);
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, &src, 4);
	memcpy(ip + 16, &dst, 4);
	put16(ip + 10, fold(sum16(ip, 20, 0)));
}

static void fill_eth(uint8_t *eth)
{
	memcpy(eth, OUR_MAC, 6);
	memcpy(eth + 6, PEER_MAC, 6);
	put16(eth + 12, 0x0800);
}

void peer_raw(struct peer *p, uint32_t seq, uint32_t ack, uint8_t flags,
	      uint16_t window, const void *options, size_t optlen,
	      const void *data, size_t len)
{
	uint8_t frame[1600] = { 0 };
	uint8_t *ip = frame + 14, *tcp = ip + 20;
	size_t total = 20 + optlen + len;

	fill_eth(frame);
	fill_ip(ip, 6, total);
	put16(tcp, p->port);
	put16(tcp + 2, p->dport);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack);
	tcp[12] = (5 + optlen / 4) << 4;
	tcp[13] = flags;
	put16(tcp + 14, window);
	if (flags & URG)
		put16(tcp + 18, p->urgp);
	if (optlen)
		memcpy(tcp + 20, options, optlen);
	if (len)
		memcpy(tcp + 20 + optlen, data, len);
	put16(tcp + 16, fold(sum16(tcp, total, sum16(ip + 12, 8, 6 + total))));
	bed_receive(frame, 34 + total);
}

void peer_send(struct peer *p, uint8_t flags, const void *data, size_t len)
{
	peer_raw(p, p->seq, p->ack, flags, p->window, NULL, 0, data, len);
	p->seq += len + !!(flags & SYN) + !!(flags & FIN);
	bed_run();
}

/* Our side asks who has the peer's address. */
static void answer_arp(const uint8_t *request)
{
	uint8_t reply[60] = { 0 };

	memcpy(reply, OUR_MAC, 6);
	memcpy(reply + 6, PEER_MAC, 6);
	memcpy(reply + 12, request + 12, 10);
	put16(reply + 20, 2);
	memcpy(reply + 22, PEER_MAC, 6);
	memcpy(reply + 28, request + 38, 4);
	memcpy(reply + 32, request + 22, 10);
	bed_receive(reply, sizeof(reply));
	bed_run();
}

static bool parse(struct peer *p, const uint8_t *frame, size_t len)
{
	const uint8_t *tcp = frame + 34;
	size_t header, total;

	if (get16(frame + 12) == 0x0806) {
		if (get16(frame + 20) == 1)
			answer_arp(frame);
		return false;
	}
	if (frame[23] != 6 || get16(tcp + 2) != p->port)
		return false;
	total = get16(frame + 16) - 20;
	if (fold(sum16(tcp, total, sum16(frame + 26, 8, 6 + total))))
		bail_out("a wrong TCP checksum was sent");
	header = (tcp[12] >> 4) * 4;
	p->got = true;
	p->got_seq = get32(tcp + 4);
	p->got_ack = get32(tcp + 8);
	p->got_flags = tcp[13];
	p->got_window = get16(tcp + 14);
	p->got_urgp = get16(tcp + 18);
	p->got_len = total - header;
	memcpy(p->got_data, tcp + header, p->got_len);
	return true;
}

bool peer_take(struct peer *p)
{
	const uint8_t *frame;
	size_t len;

	p->got = false;
	bed_run();
	while ((frame = bed_sent(&len))) {
		if (parse(p, frame, len))
			return true;
	}
	return false;
}

size_t peer_drain(struct peer *p, void *buf, size_t size)
{
	size_t done = 0;

	while (peer_take(p)) {
		uint32_t old = p->ack - p->got_seq;
		size_t len = p->got_len;

		if (old > len)
			continue; /* a gap, or all of it is old */
		len -= old;
		if (done + len > size)
			bail_out("too much was sent");
		memcpy((uint8_t *)buf + done, p->got_data + old, len);
		done += len;
		p->ack += len + !!(p->got_flags & (SYN | FIN));
	}
	return done;
}

bool peer_connect(struct peer *p, uint16_t port, uint16_t dport)
{
	static const uint8_t options[] = {
		2, 4, 5, 0xb4, 1, 3, 3, 0, 4, 2, 1, 1
	};

	memset(p, 0, sizeof(*p));
	p->port = port;
	p->dport = dport;
	p->seq = rand();
	p->window = 65535;
	p->scale = 3;
	peer_raw(p, p->seq++, 0, SYN, p->window, options, sizeof(options), NULL,
		 0);
	bed_run();
	if (!peer_take(p) || p->got_flags != (SYN | ACK))
		return false;
	p->ack = p->got_seq + 1;
	peer_send(p, ACK, NULL, 0);
	return true;
}
