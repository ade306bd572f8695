/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/virtio_net.c drivers/virtio/virtio_net.c */
/* unit: drivers/virtio/virtio_net_rx.c drivers/virtio/virtio_net_tx.c */
/* unit: drivers/virtio/virtio.c drivers/virtio/virtqueue.c */
/*
 * The virtio-net driver with a device that keeps to the specification.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bed/virtio_net.h"
#include "lib/tap.h"

/* ---- Bringing up --------------------------------------------------------- */

static void test_probe(void)
{
	bed_new(OFFERED);
	is(fv.accepted,
	   BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_EVENT_IDX) |
		   BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) |
		   BIT(VIRTIO_NET_F_MTU),
	   "only what it can use is accepted");
	is_mem(dev->mac, "\x52\x54\0\1\2\3", 6, "the device's MAC");
	is(dev->mtu, 1400, "the device's MTU");
	ok(dev->link_up, "the link is up");
	is(vn->rx->num, 128, "a small machine has small rings");
	is(cache.active, 128, "the receive ring is filled");
	bed_free("probe");
}

static void test_probe_plain(void)
{
	device_new(BIT(VIRTIO_F_VERSION_1));
	fv.queue_max = 64;
	fv.vdev.has_irq = false;
	is(virtio_net_probe(&fv.vdev), 0, "a device without features");
	stack_start();
	is(dev->mtu, 1500, "MTU 1500 unless told otherwise");
	ok(dev->link_up, "a link that nobody reports is up");
	ok((dev->mac[0] & 3) == 2, "a MAC of our own, local and unicast");
	is(vn->rx->num, 64, "no more entries than the device has");
	device_receive("polled", 6);
	sleep_ms(2);
	is(nr_rx, 1, "without interrupts frames are found by the timer");
	bed_free("plain");
}

/* A device with an interrupt line, which it shares with others. */
static void line_new(void)
{
	device_new(OFFERED);
	fv.vdev.has_irq = false;
	fv.vdev.shared_line = true;
	virtio_net_probe(&fv.vdev);
	stack_start();
	nr_rx = 0;
}

static void test_line(void)
{
	line_new();
	ok(!virtio_line_interrupt(&fv.vdev, 0) && !fv.vdev.has_irq,
	   "line: what another device pulled is not claimed");
	device_receive("polled", 6);
	sleep_ms(2);
	is(nr_rx, 1, "line: until it has brought an interrupt it is polled");
	device_receive("frame", 5);
	ok(virtio_line_interrupt(&fv.vdev, VIRTIO_ISR_QUEUE) && fv.vdev.has_irq,
	   "line: the first interrupt is trusted");
	run_softirq();
	is(nr_rx, 2, "line: and its frame delivered");
	nr_link = 0;
	((struct virtio_net_config *)fv.config)->status = 0;
	virtio_line_interrupt(&fv.vdev, VIRTIO_ISR_CONFIG);
	run_softirq();
	is(nr_link, 1, "line: a change of configuration is looked at");
	device_receive("lost", 4);
	sleep_ms(100);
	sleep_ms(1);
	ok(nr_rx == 3 && !fv.vdev.has_irq,
	   "line: one interrupt lost, and it is polled again");
	device_receive("back", 4);
	ok(virtio_line_interrupt(&fv.vdev, VIRTIO_ISR_QUEUE) && fv.vdev.has_irq,
	   "line: until the next one comes");
	run_softirq();
	bed_free("line");
}

static void test_line_storm(void)
{
	unsigned int claimed = 0, i;

	line_new();
	for (i = 0; i < 10000; i++)
		claimed += virtio_line_interrupt(&fv.vdev, VIRTIO_ISR_QUEUE);
	ok(claimed && claimed < 1000 && !fv.vdev.has_irq,
	   "line: interrupts for nothing are not claimed for ever");
	device_receive("polled", 6);
	sleep_ms(2);
	is(nr_rx, 1, "line: and the device is polled");
	sleep_ms(60000);
	device_receive("good", 4);
	ok(virtio_line_interrupt(&fv.vdev, VIRTIO_ISR_QUEUE) && fv.vdev.has_irq,
	   "line: a minute later one for something is trusted again");
	run_softirq();
	is(nr_rx, 2, "line: and its frame delivered");
	bed_free("line storm");
}

static void refused(const char *name)
{
	ok(virtio_net_probe(&fv.vdev) < 0, "%s: not used", name);
	is_ptr(registered, NULL, "%s: not registered", name);
	ok(fv.cut_off, "%s: cut off from memory", name);
	free(fv.vdev.priv);
}

/* Legacy PCI has no register for the size of a ring. */
static void test_fixed_rings(void)
{
	static const uint32_t bad[] = { 96, 2048, 65535 };
	unsigned int i;

	device_new(OFFERED);
	fv.vdev.fixed_rings = true;
	fv.queue_max = 1024;
	is(virtio_net_probe(&fv.vdev), 0, "a ring whose size is fixed");
	stack_start();
	is(vn->rx->num, 1024, "has the device's size, however large");
	bed_free("fixed rings");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		device_new(OFFERED);
		fv.vdev.fixed_rings = true;
		fv.queue_max = bad[i];
		refused("a fixed ring that is too large or no power of two");
	}
}

static void test_probe_insane_mtu(void)
{
	static const uint16_t mtus[] = { 0, 67, 1501, 9000, 65535 };
	struct virtio_net_config *config = (void *)fv.config;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mtus); i++) {
		device_new(OFFERED);
		config->mtu = mtus[i];
		virtio_net_probe(&fv.vdev);
		stack_start();
		is(dev->mtu, 1500, "MTU %u is not taken", mtus[i]);
		ok(!(fv.accepted & BIT(VIRTIO_NET_F_MTU)), "nor the feature");
		bed_free("mtu");
	}
}

/* Probe fails: nothing registered, the device cut off. */
static void test_probe_fails(void)
{
	device_new(OFFERED & ~BIT(VIRTIO_F_VERSION_1));
	refused("not virtio 1.x");
	device_new(OFFERED);
	fv.refuses = true;
	refused("refuses the features");
	device_new(OFFERED);
	fv.status = 0xf;
	fv.stubborn = true;
	look_takes = NSEC_PER_MSEC;
	refused("does not reset");
	look_takes = 0;
	device_new(OFFERED);
	fv.queue_max = 0;
	refused("without queues");
	bed_new(OFFERED);
	is(virtio_net_probe(&fv.vdev), -EBUSY, "a second device is not used");
	ok(fv.cut_off, "nor can it reach memory");
	bed_free("second");
}

/* ---- Receiving ----------------------------------------------------------- */

static void test_receive(void)
{
	uint8_t frame[1514];

	memset(frame, 0x5a, sizeof(frame));
	bed_new(OFFERED);
	ok(device_receive(frame, 1514), "the device has a buffer");
	ok(fake_virtio_interrupt(&fv, RX), "an interrupt is wanted");
	is(nr_rx, 0, "the handler delivers nothing");
	is(run_softirq(), 1, "the softirq does");
	is(last_len, 1514, "with its length");
	is_mem(last_frame, frame, 1514, "and content");
	is(vn->rx->lent, 128, "the ring is full again");
	device_receive(frame, 0);
	ok(fake_virtio_interrupt(&fv, RX), "the next interrupt is wanted");
	run_softirq();
	is(last_len, 0, "an empty frame is the stack's business");
	is(dev->stats.rx_packets, 2, "packets counted");
	is(dev->stats.rx_bytes, 1514, "bytes counted");
	bed_free("receive");
}

static void test_budget(void)
{
	unsigned int i;

	bed_new(OFFERED);
	for (i = 0; i < 100; i++)
		device_receive("x", 1);
	fake_virtio_interrupt(&fv, RX);
	is(dev->ops->poll(dev, 30), 30, "no more than the budget");
	device_receive("x", 1);
	ok(!fake_virtio_interrupt(&fv, RX), "and no interrupt meanwhile");
	is(dev->ops->poll(dev, 1000), 71, "the rest");
	device_receive("x", 1);
	ok(fake_virtio_interrupt(&fv, RX), "then interrupts again");
	bed_free("budget");
}

static void test_poll_unasked(void)
{
	bed_new(OFFERED & ~BIT(VIRTIO_RING_F_EVENT_IDX));
	device_receive("x", 1);
	fv.ring[RX].signalled = fv.ring[RX].used_idx; /* not yet */
	is(dev->ops->poll(dev, 1), 1, "a poll need not wait for interrupts");
	device_receive("x", 1);
	ok(!fake_virtio_interrupt(&fv, RX), "and turns them off");
	is(dev->ops->poll(dev, 2), 1, "until the ring is empty");
	is(dev->ops->poll(dev, 2), 0, "as it is");
	device_receive("x", 1);
	ok(fake_virtio_interrupt(&fv, RX), "then they are on");
	bed_free("unasked");
}

static void test_starved(void)
{
	unsigned int notified, i;

	bed_new(OFFERED);
	hold = true;
	while (device_receive("x", 1)) {
		fake_virtio_interrupt(&fv, RX);
		pending = true;
		run_softirq();
	}
	is(nr_held, cache.limit, "the stack holds every buffer");
	ok(dev->stats.rx_no_buffer > 0, "that is counted");
	fake_ring_want_kick(&fv.ring[RX], true);
	notified = fv.notified;
	netdev_rx_free(held[--nr_held]);
	is(vn->rx->lent, 1, "a buffer that comes back goes into the ring");
	is(fv.notified, notified + 1, "and the device is told");
	ok(device_receive("y", 1), "so that it receives again");
	hold = false;
	for (i = 0; i < 3; i++)
		sleep_ms(100);
	is(last_frame[0], 'y', "the frame arrives");
	stack_free_held();
	is(vn->rx->lent, 128, "later the ring is full");
	bed_free("starved");
}

/* ---- Sending ------------------------------------------------------------- */

static void test_send(void)
{
	static const uint8_t zeros[HDR];
	unsigned int notified;

	bed_new(OFFERED);
	notified = fv.notified;
	is(send_frame(16), 0, "a frame in 16 pieces");
	is(send_frame(1), 0, "and one in one");
	is(fv.notified, notified, "xmit only queues");
	dev->ops->kick(dev);
	is(fv.notified, notified + 1, "kick: one doorbell for both");
	dev->ops->kick(dev);
	is(fv.notified, notified + 1, "nothing new, no doorbell");
	is(device_send(), 2, "the device finds two");
	is(last_len, HDR + 1, "header and frame");
	is_mem(last_frame, zeros, HDR, "the header asks for nothing");
	is(last_frame[HDR], '0', "the frame's byte");
	ok(!fake_virtio_interrupt(&fv, TX), "sent frames interrupt nobody");
	is(nr_done, 0, "they are collected lazily");
	dev->ops->reclaim(dev);
	is(nr_done, 2, "reclaim collects them");
	is(send_frame(0), -EMSGSIZE, "an empty frame is refused");
	is(dev->stats.tx_packets, 2, "packets counted");
	is(dev->stats.tx_bytes, 17, "bytes counted");
	bed_free("send");
}

static void test_send_long(void)
{
	static uint8_t frame[1600];
	struct netdev_sg sg[2] = { { frame, 1418 }, { frame, 0 } };

	bed_new(OFFERED);
	is(dev->ops->xmit(dev, sg, 2, &nr_done), 0, "MTU, header, VLAN tag");
	sg[1].len = 1;
	is(dev->ops->xmit(dev, sg, 2, &nr_done), -EMSGSIZE, "a byte more");
	sg[0].len = 0xffffffff;
	is(dev->ops->xmit(dev, sg, 2, &nr_done), -EMSGSIZE,
	   "lengths that add up to nothing");
	is(device_send(), 1, "an empty piece makes no descriptor");
	dev->ops->reclaim(dev);
	is(nr_done, 1, "only what was queued is completed");
	bed_free("long");
}

static void test_send_full(void)
{
	unsigned int sent = 0, notified;

	bed_new(OFFERED);
	fake_ring_want_kick(&fv.ring[TX], true);
	notified = fv.notified;
	while (send_frame(1) == 0)
		sent++;
	is(sent, 128, "128 entries hold 128 short frames");
	is(dev->stats.tx_ring_full, 1, "the ring is full: counted");
	is(fv.notified, notified + 1, "and the device hurried up");
	device_send();
	is(send_frame(1), 0, "a full ring is reclaimed by the next xmit");
	is(nr_done, 128, "all at once");
	device_send();
	sleep_ms(200);
	is(nr_done, 129, "an idle machine keeps no sent frame for long");
	bed_free("full");
}

/* The frame that the device saw is the pieces in a row, however many. */
static void test_send_pieces(void)
{
	static uint8_t frame[1500];
	static const unsigned int cuts[][3] = {
		{ 1, 1, 1 },	 { 54, 1000, 364 }, { 244, 1, 0 },
		{ 245, 1, 9 },	 { 0, 54, 32 },	    { 100, 144, 1100 },
		{ 14, 0, 1400 },
	};
	unsigned int i, len;

	for (i = 0; i < sizeof(frame); i++)
		frame[i] = i * 7 >> 3;
	bed_new(OFFERED);
	for (i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		const unsigned int *n = cuts[i];
		struct netdev_sg sg[3] = { { frame, n[0] },
					   { frame + n[0], n[1] },
					   { frame + n[0] + n[1], n[2] } };

		len = n[0] + n[1] + n[2];
		dev->ops->xmit(dev, sg, 3, &nr_done);
		device_send();
		is(last_len, HDR + len, "%u+%u+%u bytes arrive", n[0], n[1],
		   n[2]);
		is_mem(last_frame + HDR, frame, len, "unchanged");
	}
	bed_free("pieces");
}

/* ---- Legacy -------------------------------------------------------------- */

#define OFFERED_LEGACY                                             \
	(BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VIRTIO_RING_F_EVENT_IDX) | \
	 BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) |        \
	 BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_NET_F_MRG_RXBUF))

static void test_legacy(void)
{
	static const uint8_t zeros[HDR_LEGACY];

	device_new(OFFERED_LEGACY);
	fv.vdev.legacy = true;
	is(virtio_net_probe(&fv.vdev), 0, "legacy: the driver takes it");
	stack_start();
	run_softirq();
	is(fv.accepted,
	   BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VIRTIO_RING_F_EVENT_IDX) |
		   BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS),
	   "legacy: only what it can use is accepted");
	device_receive("legacy frame", 12);
	ok(fake_virtio_interrupt(&fv, RX), "legacy: an interrupt is wanted");
	run_softirq();
	is(last_len, 12, "legacy: a frame comes with its length");
	is_mem(last_frame, "legacy frame", 12, "legacy: and content");
	is(send_frame(16), 0, "legacy: a frame to send");
	dev->ops->kick(dev);
	is(device_send(), 1, "legacy: the device finds it");
	is(last_len, HDR_LEGACY + 16, "legacy: with the short header");
	is_mem(last_frame, zeros, HDR_LEGACY, "legacy: which is empty");
	is_mem(last_frame + HDR_LEGACY, "0123456789abcdef", 16,
	       "legacy: and the frame behind it");
	bed_free("legacy");
}

static void test_legacy_refused(void)
{
	device_new(OFFERED_LEGACY & ~BIT(VIRTIO_F_ANY_LAYOUT));
	fv.vdev.legacy = true;
	refused("legacy without ANY_LAYOUT");
}

static void test_legacy_short(void)
{
	struct fake_chain chain;

	device_new(OFFERED_LEGACY);
	fv.vdev.legacy = true;
	virtio_net_probe(&fv.vdev);
	stack_start();
	fake_ring_pop(&fv.ring[RX], &chain);
	fake_ring_push(&fv.ring[RX], chain.id, HDR_LEGACY - 1);
	fake_virtio_interrupt(&fv, RX);
	run_softirq();
	is(dev->stats.resets, 1, "legacy: half a header resets the device");
	is(nr_rx, 0, "legacy: and is no frame");
	device_receive("again", 5);
	fake_virtio_interrupt(&fv, RX);
	run_softirq();
	is(last_len, 5, "legacy: which works again");
	bed_free("legacy short");
}

int main(void)
{
	test_probe();
	test_probe_plain();
	test_line();
	test_line_storm();
	test_fixed_rings();
	test_probe_insane_mtu();
	test_probe_fails();
	test_receive();
	test_budget();
	test_poll_unasked();
	test_starved();
	test_send();
	test_send_pieces();
	test_send_long();
	test_send_full();
	test_legacy();
	test_legacy_refused();
	test_legacy_short();
	return done_testing();
}
