/* SPDX-License-Identifier: MIT */
/* fuzz: tests/unit/bed/virtio_net.c tests/unit/lib/fake_virtio.c */
/* fuzz: tests/unit/lib/fake_ring.c tests/fuzz/lib/virtio_regs.c */
/* fuzz: drivers/virtio/virtio.c drivers/virtio/virtqueue.c drivers/pci.c */
/* fuzz: drivers/virtio/virtio_net.c drivers/virtio/virtio_net_rx.c */
/* fuzz: drivers/virtio/virtio_net_tx.c drivers/virtio/virtio_mmio.c */
/* fuzz: drivers/virtio/virtio_pci.c drivers/virtio/virtio_pci_modern.c */
/* fuzz: drivers/virtio/virtio_pci_legacy.c kernel/x86/aml.c */
/*
 * A hostile network device. It keeps to the rules as far as the input does not
 * say otherwise: it writes anything anywhere in the rings, in its configuration
 * and its registers, at any time, and its interrupts mean nothing. The stack
 * above sends and receives meanwhile.
 */
#include <linux/virtio_config.h>
#include <stdlib.h>
#include <string.h>

#include "bed/virtio_net.h"
#include "fuzz/lib/fuzz.h"
#include "fuzz/lib/virtio_regs.h"
#include "lib/tap.h"

#define OPERATIONS 150
#define RING 16 /* small, so that laps are short */

static struct virtio_device *vdev;
static unsigned int nr_queued;
/* The driver's part of a ring is not what it wrote, until the next reset. */
static bool scribbled;
static uint64_t scribbled_before, seen_resets; /* counts of resets */

/* ---- The device ---------------------------------------------------------- */

static struct virtqueue *pick_queue(struct input *in)
{
	return vdev->queues[take_below(in, 2)];
}

/* Any byte of a ring; the driver's own part as well. */
static void scribble(struct input *in)
{
	struct virtqueue *vq = pick_queue(in);
	uint8_t *ring = (uint8_t *)vq->desc;
	size_t size = virtqueue_ring_size(vq->num), at, n;
	size_t used = (size_t)((uint8_t *)vq->used - ring);

	if (take8(in) & 1) {
		at = used + take16(in) % (size - used);
	} else {
		at = take16(in) % size;
		scribbled = true;
		scribbled_before = dev->stats.resets;
	}
	n = 1 + take_below(in, 8);
	take_bytes(in, ring + at, MIN(n, size - at));
}

static void push(struct input *in)
{
	struct virtqueue *vq = pick_queue(in);
	uint32_t id = take8(in) & 1 ? take8(in) : (uint32_t)take_near(in);
	uint32_t len = take8(in) & 1 ? take16(in) : (uint32_t)take_near(in);
	uint16_t next = vq->used->idx;

	vq->used->ring[next % vq->num].id = id;
	vq->used->ring[next % vq->num].len = len;
	vq->used->idx = take_below(in, 16) ? next + 1 : take16(in);
}

/* It begins anew when the driver has made the rings anew. */
static void look_at_rings(void)
{
	bool anew = seen_resets != dev->stats.resets;

	seen_resets = dev->stats.resets;
	for (unsigned int i = 0; i < 2; i++) {
		struct virtqueue *vq = vdev->queues[i];

		if (anew)
			fake_ring_init(&fv.ring[i], vq->num, vq->event_idx,
				       vq->desc, vq->avail, vq->used);
		fv.ring[i].used_idx = vq->used->idx;
	}
	if (anew && scribbled_before != seen_resets)
		scribbled = false;
}

/* As it should. */
static void behave(struct input *in)
{
	uint8_t frame[1514] = { 0 };
	size_t len = take16(in) % sizeof(frame);

	look_at_rings();
	if (scribbled || vdev->queues[RX]->broken || vdev->queues[TX]->broken)
		return;
	if (take8(in) & 1) {
		take_bytes(in, frame, 16);
		(void)device_receive(frame, (uint32_t)len);
	} else {
		(void)device_send();
	}
}

static void configure(struct input *in)
{
	fv.config[take8(in) % sizeof(fv.config)] = take8(in);
	if (take8(in) & 1 && vdev->config_changed)
		vdev->config_changed(vdev);
}

static void interrupt(struct input *in)
{
	struct virtqueue *rx = vdev->queues[RX];
	uint32_t reasons = take8(in);
	unsigned int n = take_below(in, 4) ? 1 : 4 * take8(in);

	while (n--)
		if (!regs_interrupt(reasons) && rx->callback)
			rx->callback(rx);
}

static void change(struct input *in)
{
	switch (take_below(in, 6)) {
	case 0:
		fv.status |= VIRTIO_CONFIG_S_NEEDS_RESET;
		break;
	case 1:
		fv.stubborn = take8(in) & 1;
		break;
	case 2:
		fv.refuses = take8(in) & 1;
		break;
	case 3:
		fv.queue_max = take16(in);
		break;
	case 4:
		fv.offered ^= BIT(take_below(in, 64));
		break;
	default:
		vdev->has_irq = take8(in) & 1;
	}
}

/* ---- The stack ----------------------------------------------------------- */

static void transmit(struct input *in)
{
	static const char bytes[2048];
	struct netdev_sg sg[NETDEV_SG_MAX];
	unsigned int nr = take_below(in, NETDEV_SG_MAX + 1);

	for (unsigned int i = 0; i < nr; i++) {
		sg[i].addr = bytes;
		sg[i].len = take8(in) & 1 ? 1 + take8(in) : take16(in) % 1600;
	}
	nr_queued += !dev->ops->xmit(dev, sg, nr, &nr_done);
	if (take8(in) & 1)
		dev->ops->kick(dev);
}

static void work(struct input *in)
{
	uint8_t what = take8(in);

	hold = what & 1 && nr_held < HELD_MAX - 2 * BUDGET;
	if (what & 2)
		stack_free_held();
	if (what & 4)
		dev->ops->reclaim(dev);
	dev->pause = (what & 0x38) == 0x38;
	(void)dev->ops->poll(dev, BUDGET);
	dev->pause = false;
	hold = false;
	if (what & 0x80)
		run_softirq();
}

static void operation(struct input *in)
{
	switch (take_below(in, 16)) {
	case 0:
		scribble(in);
		break;
	case 1 ... 2:
		push(in);
		break;
	case 3 ... 5:
		behave(in);
		break;
	case 6:
		configure(in);
		break;
	case 7:
		regs_lie(in);
		break;
	case 8 ... 9:
		interrupt(in);
		break;
	case 10:
		change(in);
		break;
	case 11 ... 12:
		transmit(in);
		break;
	case 13:
		sleep_ms(take8(in) & 1 ? take8(in) : 64 * take8(in));
		break;
	default:
		work(in);
	}
	must_hold(virtqueue_check(vn->rx));
	must_hold(virtqueue_check(vn->tx));
	must(nr_done <= nr_queued, "virtio: no frame is sent twice");
}

/* ---- From one device to the next ----------------------------------------- */

static void make_device(struct input *in)
{
	uint8_t kind = take8(in);

	device_new(kind & 1 ? OFFERED : OFFERED ^ take32(in));
	fv.vdev.legacy = kind & 2;
	if (fv.vdev.legacy)
		fv.offered |= BIT(VIRTIO_F_ANY_LAYOUT);
	fv.vdev.fixed_rings = kind & 4;
	fv.queue_max = kind & 8 ? take16(in) : RING;
	take_bytes(in, fv.config, kind & 16 ? 12 : 0);
	regs_reset(&fv);
	if (kind & 32)
		regs_lie(in);
	if (!(kind & 0x40))
		vdev = &fv.vdev;
	else
		vdev = kind & 0x80 ? regs_find_pci(in) : regs_find_mmio(in);
}

static void check_end(void)
{
	stack_free_held();
	virtio_net_tx_drain(vn);
	virtio_net_rx_drain(vn);
	must_equal(nr_done, nr_queued, "virtio: frames sent");
	must_equal(cache.active, 0, "virtio: receive buffers left");
	must_hold(virtqueue_check(vn->rx));
	must_hold(virtqueue_check(vn->tx));
}

static void remove_device(void)
{
	struct virtio_net *net = vdev->priv;

	for (unsigned int i = 0; i < VIRTIO_QUEUES_MAX; i++) {
		struct virtqueue *vq = vdev->queues[i];

		if (!vq)
			continue;
		free(vq->desc);
		free(vq->state);
		free(vq);
	}
	if (net)
		free(net->tx_slots);
	free(net);
	if (vdev != &fv.vdev)
		free(vdev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	look_takes = 100 * NSEC_PER_USEC; /* patience comes to an end */
	nr_queued = 0;
	scribbled = false;
	seen_resets = UINT64_MAX;
	make_device(&in);
	if (vdev && !virtio_net_probe(vdev)) {
		stack_start();
		for (int i = 0; i < OPERATIONS && in.left; i++)
			operation(&in);
		check_end();
	}
	if (vdev)
		remove_device();
	regs_free();
	return 0;
}
