/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/virtio_net.c drivers/virtio/virtio_net.c */
/* unit: drivers/virtio/virtio_net_rx.c drivers/virtio/virtio_net_tx.c */
/* unit: drivers/virtio/virtio.c drivers/virtio/virtqueue.c */
/*
 * The virtio-net driver with a device that loses interrupts, changes its
 * mind, or lies.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bed/virtio_net.h"
#include "lib/tap.h"

#define STEPS 30000

/* ---- What gets lost ------------------------------------------------------ */

static void test_lost_interrupt(void)
{
	bed_new(OFFERED);
	device_receive("x", 1);
	sleep_ms(99);
	is(nr_rx, 0, "an interrupt was lost");
	sleep_ms(10);
	is(nr_rx, 1, "the periodic look finds the frame");
	is(dev->stats.rx_rescued, 1, "and counts it");
	sleep_ms(1000);
	is(dev->stats.rx_rescued, 1, "an idle ring needs no rescue");
	device_receive("x", 1);
	armed->func(armed); /* the look is just before the interrupt */
	fake_virtio_interrupt(&fv, RX);
	run_softirq();
	sleep_ms(1000);
	is(nr_rx, 2, "an interrupt that was late brings its frame");
	is(dev->stats.rx_rescued, 1, "and is not taken for lost");
	bed_free("lost interrupt");
}

static void test_lost_doorbell(void)
{
	unsigned int notified;

	bed_new(OFFERED);
	device_send();
	fake_ring_want_kick(&fv.ring[TX], false);
	notified = fv.notified;
	send_frame(1);
	dev->ops->kick(dev);
	is(fv.notified, notified, "a doorbell that was not wanted, it seemed");
	sleep_ms(250);
	ok(fv.notified > notified, "is rung by the periodic look");
	notified = fv.notified;
	sleep_ms(1000);
	is(fv.notified, notified, "once");
	device_send();
	sleep_ms(100);
	bed_free("lost doorbell");
}

static void test_link(void)
{
	struct virtio_net_config *config = (void *)fv.config;

	bed_new(OFFERED);
	config->status = 0;
	fv.vdev.config_changed(&fv.vdev);
	ok(dev->link_up, "link: the handler changes nothing");
	run_softirq();
	ok(!dev->link_up && nr_link == 1, "link: down");
	fv.vdev.config_changed(&fv.vdev);
	run_softirq();
	is(nr_link, 1, "link: told once");
	config->status = VIRTIO_NET_S_LINK_UP;
	fv.vdev.config_changed(&fv.vdev);
	run_softirq();
	ok(dev->link_up && nr_link == 2, "link: up again");
	bed_free("link");
}

/* ---- A device that lies -------------------------------------------------- */

/* Of each reason one counter, and no other, says so. */
static void counted(uint64_t rx, uint64_t tx, uint64_t needs_reset,
		    const char *name)
{
	ok(dev->stats.rx_bad_used == rx && dev->stats.tx_bad_used == tx &&
		   dev->stats.needs_reset == needs_reset,
	   "%s: counted for what it is", name);
}

static void test_reset(void)
{
	struct fake_chain chain;

	bed_new(OFFERED);
	hold = true;
	device_receive("kept", 4);
	fake_virtio_interrupt(&fv, RX);
	run_softirq();
	send_frame(3);
	send_frame(3);
	fake_ring_pop(&fv.ring[RX], &chain);
	fake_ring_push(&fv.ring[RX], chain.id, 100000);
	fake_virtio_interrupt(&fv, RX);
	is(run_softirq(), 0, "a lie delivers nothing");
	counted(1, 0, 0, "a lie");
	is(dev->stats.resets, 1, "the device is reset");
	is(nr_done, 2, "what was being sent is completed");
	is_mem(held[0]->data, "kept", 4, "the stack's buffers are untouched");
	is(vn->rx->lent, 128, "the ring is full again");
	device_receive("new", 3);
	fake_virtio_interrupt(&fv, RX);
	is(run_softirq(), 1, "and the device works again");
	is(send_frame(1), 0, "both ways");
	is(device_send(), 1, "as the device sees");
	dev->ops->reclaim(dev);
	bed_free("reset");
}

/* It shares a page with the frame, so no IOMMU would keep the device from it. */
static void test_front(void)
{
	bed_new(OFFERED);
	for (unsigned int id = 0; id < vn->rx->num; id++)
		if (vn->rx->state[id].count)
			memset(vn->rx->state[id].cookie, 0xee,
			       sizeof(struct rx_buf));
	hold = true;
	device_receive("frame", 5);
	fake_virtio_interrupt(&fv, RX);
	is(run_softirq(), 1, "front: what the device wrote there is not read");
	ok(held[0]->dev == dev && held[0]->len == 5,
	   "front: the driver's own is");
	is_mem(held[0]->data, "frame", 5, "front: and leads to the frame");
	bed_free("front");
}

static void test_short_length(void)
{
	struct fake_chain chain;

	bed_new(OFFERED);
	fake_ring_pop(&fv.ring[RX], &chain);
	fake_ring_push(&fv.ring[RX], chain.id, HDR - 1);
	fake_virtio_interrupt(&fv, RX);
	is(run_softirq(), 0, "no room for a header: a lie");
	is(dev->stats.resets, 1, "reset");
	counted(1, 0, 0, "no room for a header");
	bed_free("short");
}

static void test_tx_lie(void)
{
	bed_new(OFFERED);
	send_frame(1);
	fake_ring_push(&fv.ring[TX], 77, 0);
	dev->ops->reclaim(dev);
	is(send_frame(1), -EIO, "tx lie: nothing is sent until the reset");
	ok(pending, "tx lie: which is due at once");
	run_softirq();
	is(nr_done, 1, "tx lie: completed once");
	is(send_frame(1), 0, "tx lie: works again");
	counted(0, 1, 0, "tx lie");
	device_send();
	dev->ops->reclaim(dev);
	bed_free("tx lie");
}

static void test_needs_reset(void)
{
	bed_new(OFFERED);
	fv.status |= 0x40;
	fv.vdev.config_changed(&fv.vdev);
	run_softirq();
	is(dev->stats.resets, 1, "DEVICE_NEEDS_RESET is answered");
	is(fv.status, 0xf, "and the device is live again");
	counted(0, 0, 1, "DEVICE_NEEDS_RESET");
	bed_free("needs reset");
}

static void device_lies(void)
{
	fake_ring_push(&fv.ring[RX], 0xbad, 0);
	pending = true;
	run_softirq();
}

/* Lies whenever it is asked, for so long; how often it was reset. */
static unsigned int lie_for(unsigned int seconds)
{
	unsigned int before = dev->stats.resets;
	uint64_t end = now + seconds * NSEC_PER_SEC;

	while (now < end) {
		device_lies();
		sleep_ms(10);
	}
	return dev->stats.resets - before;
}

static void test_incorrigible(void)
{
	unsigned int resets;

	bed_new(OFFERED);
	send_frame(1);
	look_takes = NSEC_PER_MSEC; /* and so does a reset, or a little more */
	resets = lie_for(120);
	ok(resets > 1000 && resets < 120000 / 16,
	   "a device that always lies: %u resets, a share of the time", resets);
	is(nr_done, 1, "what was being sent is completed");
	ok(vn->vdev->quiet, "the log does not hear of all of them");
	resets = lie_for(600);
	ok(resets > 5000 && resets < 600000 / 16,
	   "ten minutes later it has had %u more", resets);
	look_takes = 0;
	sleep_ms(1000);
	ok(!vn->needs_reset && dev->link_up,
	   "once it keeps to the rules it is used again within a second");
	device_receive("back", 4);
	fake_virtio_interrupt(&fv, RX);
	is(run_softirq(), 1, "it receives");
	is(send_frame(1), 0, "it sends");
	device_send();
	dev->ops->reclaim(dev);
	sleep_ms(120000);
	is(lie_for(1), 100, "resets that take no time are some time apart");
	ok(vn->vdev->quiet, "the log has heard enough");
	sleep_ms(120000);
	device_lies();
	ok(!vn->vdev->quiet, "after two good minutes a lie is news again");
	sleep_ms(1000);
	bed_free("incorrigible");
}

/* It does not even reset: for an hour, then it does. */
static void test_stuck(void)
{
	struct fake_chain chain;
	unsigned int resets;
	uint64_t before;

	bed_new(OFFERED);
	fake_ring_pop(&fv.ring[RX], &chain);
	fake_ring_push(&fv.ring[RX], chain.id, 100000);
	fv.stubborn = true;
	look_takes = NSEC_PER_MSEC / 10;
	before = now;
	fake_virtio_interrupt(&fv, RX);
	run_softirq();
	ok(now - before < 10 * NSEC_PER_MSEC, "stuck: nobody waits for it");
	ok(dev->broken && fv.cut_off && !dev->link_up, "stuck: it is off");
	for (unsigned int i = 0; i < 36000; i++)
		sleep_ms(100);
	resets = dev->stats.resets;
	ok(resets > 5000 && resets < 7300, "stuck: %u resets in an hour",
	   resets);
	ok(dev->broken && fv.cut_off && nr_link == 1, "stuck: still off");
	look_takes = 0;
	fv.stubborn = false;
	sleep_ms(1000);
	ok(!dev->broken && dev->link_up,
	   "stuck: when one helps, within a second");
	device_receive("back", 4);
	fake_virtio_interrupt(&fv, RX);
	is(run_softirq(), 1, "stuck: it receives");
	bed_free("stuck");
}

/* In all its life it may break as often as it likes. */
static void test_often(void)
{
	struct fake_chain chain;
	unsigned int i, quick = 0;

	bed_new(OFFERED);
	for (i = 0; i < 1000; i++) {
		sleep_ms(120000);
		fake_ring_pop(&fv.ring[RX], &chain);
		fake_ring_push(&fv.ring[RX], chain.id, 100000);
		fake_virtio_interrupt(&fv, RX);
		run_softirq();
		quick += dev->stats.resets == i + 1;
	}
	is(quick, 1000, "often: 1000 resets, each at once");
	ok(!dev->broken && dev->link_up && !nr_link, "often: it works");
	bed_free("often");
}

static void hostile_step(void)
{
	uint8_t *memory[] = { (void *)fv.ring[RX].used,
			      (void *)fv.ring[TX].used };
	struct fake_ring *ring = &fv.ring[rand() % 2];

	switch (rand() % 40) {
	case 0:
		fake_ring_push(ring, rand() % 130, rand() % 3000);
		break;
	case 1:
		memory[rand() % 2][rand() % 1000] = rand();
		break;
	case 2:
		ring->used->idx = rand();
		break;
	case 3:
		fv.config[rand() % 12] = rand();
		fv.vdev.config_changed(&fv.vdev);
		break;
	default:
		device_receive(last_frame, rand() % 1514);
		fake_virtio_interrupt(&fv, RX);
		if (rand() % 2)
			device_send();
	}
}

static void test_hostile(unsigned int seed)
{
	unsigned int queued = 0, i;

	srand(seed);
	bed_new(OFFERED);
	for (i = 0; i < STEPS; i++) {
		hostile_step();
		queued += !send_frame(1 + rand() % 16);
		hold = nr_held < HELD_MAX && rand() % 2;
		if (!(rand() % 50))
			stack_free_held();
		dev->ops->kick(dev);
		run_softirq();
		sleep_ms(rand() % 1000);
		vn->next_reset = 0; /* it shall not wait */
	}
	ok(!dev->broken && nr_rx > STEPS / 100, "hostile: %u frames came",
	   nr_rx);
	ok(dev->stats.rx_bad_used + dev->stats.tx_bad_used > 100,
	   "hostile: %u lies found",
	   (unsigned int)(dev->stats.rx_bad_used + dev->stats.tx_bad_used));
	virtio_net_tx_drain(vn);
	is(nr_done, queued, "hostile: each frame was completed once");
	fv.ring[RX].complaint = fv.ring[TX].complaint = NULL;
	bed_free("hostile");
}

int main(void)
{
	unsigned int seed = tap_seed(time(NULL));

	test_lost_interrupt();
	test_lost_doorbell();
	test_link();
	test_reset();
	test_front();
	test_short_length();
	test_tx_lie();
	test_needs_reset();
	test_incorrigible();
	test_stuck();
	test_often();
	test_hostile(seed);
	return done_testing();
}
