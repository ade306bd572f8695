/* SPDX-License-Identifier: MIT */
/*
 * virtio-net (virtio 1.2 5.1): the device's life. It is brought up at boot,
 * started by the stack, polled from the net softirq, checked by a slow timer,
 * and reset when it misbehaves.
 *
 * A lie (see virtqueue.h) is noted where it is found, and the next poll resets
 * the device: frames being sent are completed, the ring's receive buffers go
 * back to the cache, those that the stack holds stay valid. Resets take only a
 * small share of the time, so that a hostile device costs the machine little
 * more than its network; they go on for ever, so that a repaired device works
 * again within a second.
 */
#include "drivers/virtio/virtio_net.h"

#include <errno.h>
#include <string.h>

#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "kernel/task/softirq.h"

/* Ring entries; a small machine needs its memory for other things. */
#define RING_MAX 256
#define RING_MAX_SMALL 128
#define SMALL_MACHINE (32 * MiB)

#define MTU_DEFAULT ETH_DATA_LEN

/* Periods: of the check, of its second look, of polling without interrupts. */
#define LOOK_NS (100 * NSEC_PER_MSEC)
#define LOOK_AGAIN_NS NSEC_PER_MSEC
#define LOOK_POLLED_NS NSEC_PER_MSEC

/*
 * The pause after a reset is RESET_SHARE times as long as the reset took, within
 * these bounds; after a failed reset it is the longest.
 */
#define RESET_SHARE 15
#define RESET_PAUSE_MIN (10 * NSEC_PER_MSEC)
#define RESET_PAUSE_MAX (500 * NSEC_PER_MSEC)

/* Resets in a row that are logged; after a minute without one, so many again. */
#define RESETS_TOLD 10
#define RESET_FORGOTTEN_NS (60 * NSEC_PER_SEC)

/* The features that this driver uses. Offloads would be added here. */
#define FEATURES (BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS))

/* The next poll resets the device; count is for the reason. */
static void break_device(struct virtio_net *vn, struct virtqueue *vq,
			 uint64_t *count)
{
	if (vn->needs_reset)
		return;
	vn->needs_reset = true;
	++*count;
	if (ktime_get_ns() > vn->next_reset + RESET_FORGOTTEN_NS) {
		vn->resets = 0;
		vn->vdev->quiet = false;
	}
	if (!vn->vdev->quiet)
		pr_warn("%s: device broken: %s", vq->name, vq->lie);
	raise_softirq(SOFTIRQ_NET);
}

void virtio_net_lied(struct virtio_net *vn, struct virtqueue *vq)
{
	break_device(vn, vq,
		     vq == vn->rx ? &vn->dev.stats.rx_bad_used :
				    &vn->dev.stats.tx_bad_used);
}

void virtio_net_ring(struct virtio_net *vn, struct virtqueue *vq)
{
	if (!vq->num_added)
		return;
	vn->watch[vq->index].silent = !virtqueue_kick(vq);
	if (!vn->watch[vq->index].silent)
		vn->dev.stats.kicks++;
}

/* ---- Configuration ------------------------------------------------------- */

static void read_link(struct virtio_net *vn)
{
	uint16_t status = VIRTIO_NET_S_LINK_UP;
	bool up;

	if (virtio_has_feature(vn->vdev, VIRTIO_NET_F_STATUS))
		virtio_read_config(vn->vdev,
				   offsetof(struct virtio_net_config, status),
				   &status, sizeof(status));
	up = status & VIRTIO_NET_S_LINK_UP;
	if (up == vn->dev.link_up)
		return;
	vn->dev.link_up = up;
	if (!vn->running)
		return;
	pr_debug("%s: link %s", vn->dev.name, up ? "up" : "down");
	if (vn->dev.link_changed)
		vn->dev.link_changed(&vn->dev);
}

static void read_device_mac(struct virtio_device *vdev, uint8_t *mac)
{
	virtio_read_config(vdev, offsetof(struct virtio_net_config, mac), mac,
			   ETH_ALEN);
}

static void read_mac(struct virtio_net *vn)
{
	uint8_t *mac = vn->dev.mac;
	static const uint8_t none[ETH_ALEN];

	if (virtio_has_feature(vn->vdev, VIRTIO_NET_F_MAC))
		read_device_mac(vn->vdev, mac);
	if (!(mac[0] & 1) && memcmp(mac, none, ETH_ALEN))
		return;
	/* 5.1.5: a random one, locally administered and unicast. */
	random_bytes(mac, ETH_ALEN);
	mac[0] = (mac[0] & ~1) | 2;
}

/*
 * The MTU that the device offers; 0: none, or one out of range: 5.1.4.1 has 68
 * as the least, and a receive buffer must hold a frame (5.1.4.2).
 */
static uint16_t offered_mtu(struct virtio_net *vn)
{
	uint16_t mtu;

	if (!virtio_offers(vn->vdev, VIRTIO_NET_F_MTU))
		return 0;
	virtio_read_config(vn->vdev, offsetof(struct virtio_net_config, mtu),
			   &mtu, sizeof(mtu));
	return mtu >= ETH_MIN_MTU && mtu <= MTU_DEFAULT ? mtu : 0;
}

static void config_changed(struct virtio_device *vdev)
{
	struct virtio_net *vn = vdev->priv;

	vn->dev.stats.interrupts++;
	vn->config_changed = true;
	raise_softirq(SOFTIRQ_NET);
}

/* ---- Bringing up, taking down -------------------------------------------- */

static int setup_queues(struct virtio_net *vn)
{
	struct virtio_device *vdev = vn->vdev;
	int err;

	err = virtio_setup_queue(vdev, VIRTIO_NET_RX, vn->ring_max,
				 "virtio0-rx", virtio_net_rx_irq, vn);
	if (err)
		return err;
	err = virtio_setup_queue(vdev, VIRTIO_NET_TX, vn->ring_max,
				 "virtio0-tx", NULL, vn);
	if (err)
		return err;
	vn->rx = vdev->queues[VIRTIO_NET_RX];
	vn->tx = vdev->queues[VIRTIO_NET_TX];
	virtqueue_disable_cb(vn->rx);
	virtqueue_disable_cb(vn->tx);
	vn->rx_cb_on = false;
	memset(vn->watch, 0, sizeof(vn->watch));
	return 0;
}

/* From any state to DRIVER_OK, with empty rings (3.1.1, 5.1.5). */
static int bring_up(struct virtio_net *vn)
{
	uint64_t wanted = FEATURES;
	uint16_t mtu;
	int err;

	err = virtio_begin(vn->vdev);
	if (err)
		return err;
	mtu = offered_mtu(vn);
	if (mtu)
		wanted |= BIT(VIRTIO_NET_F_MTU);
	vn->dev.mtu = mtu ? mtu : MTU_DEFAULT;
	err = virtio_negotiate(vn->vdev, wanted);
	if (err)
		return err;
	/* 5.1.6.1: num_buffers came with virtio 1.0. */
	vn->hdr_len = vn->vdev->legacy ? sizeof(struct virtio_net_hdr) :
					 sizeof(struct virtio_net_hdr_v1);
	err = setup_queues(vn);
	if (err)
		return err;
	return virtio_ready(vn->vdev);
}

/* Buffers first, then the interrupt, so that none is missed. */
static void open_rings(struct virtio_net *vn)
{
	virtio_net_rx_fill(vn);
	vn->rx_cb_on = virtqueue_enable_cb(vn->rx);
	if (!vn->rx_cb_on)
		raise_softirq(SOFTIRQ_NET);
}

/* The device is broken until a reset succeeds. */
static void out_of_order(struct virtio_net *vn)
{
	virtio_fail(vn->vdev);
	virtio_net_tx_drain(vn);
	virtio_net_rx_drain(vn);
	if (vn->dev.broken)
		return;
	vn->dev.broken = true;
	vn->dev.link_up = false;
	if (vn->dev.link_changed)
		vn->dev.link_changed(&vn->dev);
}

static void count_reset(struct virtio_net *vn)
{
	vn->resets++;
	vn->vdev->quiet = vn->resets > RESETS_TOLD;
	if (vn->resets == RESETS_TOLD + 1)
		pr_err("%s: device is reset again and again, no more is told "
		       "of it",
		       vn->dev.name);
}

static int reset_device(struct virtio_net *vn)
{
	int err = virtio_reset(vn->vdev);

	vn->dev.stats.resets++;
	if (err)
		return err;
	virtio_net_tx_drain(vn);
	virtio_net_rx_drain(vn);
	err = bring_up(vn);
	if (err)
		return err;
	vn->needs_reset = false;
	vn->dev.broken = false;
	open_rings(vn);
	read_link(vn);
	return 0;
}

static void recover(struct virtio_net *vn)
{
	uint64_t start = ktime_get_ns(), pause = RESET_PAUSE_MAX;

	if (start < vn->next_reset) {
		timer_start(&vn->look, vn->next_reset);
		return;
	}
	count_reset(vn);
	if (reset_device(vn)) {
		out_of_order(vn);
	} else {
		pause = (ktime_get_ns() - start) * RESET_SHARE;
		pause = MIN(MAX(pause, RESET_PAUSE_MIN), RESET_PAUSE_MAX);
		if (!vn->vdev->quiet)
			pr_notice("%s: device reset, working again",
				  vn->dev.name);
	}
	vn->next_reset = ktime_get_ns() + pause;
}

/* ---- Running ------------------------------------------------------------- */

/* Handles the events that interrupt handlers and upcalls noted. */
static void take_events(struct virtio_net *vn)
{
	if (vn->config_changed) {
		vn->config_changed = false;
		if (virtio_needs_reset(vn->vdev)) {
			virtqueue_set_broken(vn->rx, "device needs reset");
			break_device(vn, vn->rx, &vn->dev.stats.needs_reset);
		} else {
			read_link(vn);
		}
	}
	if (vn->needs_reset)
		recover(vn);
}

static unsigned int virtio_net_poll(struct netdev *dev, unsigned int budget)
{
	struct virtio_net *vn = to_virtio_net(dev);

	if (unlikely(!vn->running))
		return 0;
	if (unlikely(vn->config_changed || vn->needs_reset)) {
		take_events(vn);
		if (vn->needs_reset)
			return 0;
	}
	return virtio_net_rx_poll(vn, budget);
}

/*
 * A used entry waits although its interrupt is on. The interrupt may still be
 * on its way, so it counts as lost only if a second look finds the same. True
 * when that look is due.
 */
static bool look_rx(struct virtio_net *vn)
{
	struct virtqueue *rx = vn->rx;
	bool again = vn->rx_suspect && vn->rx_suspect_at == rx->last_used;

	vn->rx_suspect = false;
	if (!virtqueue_has_used(rx))
		return false;
	if (!vn->vdev->has_irq || !vn->rx_cb_on) {
		raise_softirq(SOFTIRQ_NET);
		return false;
	}
	if (again) {
		vn->dev.stats.rx_rescued++;
		/* Another device may have caused the line's switching off. */
		if (vn->vdev->shared_line)
			vn->vdev->has_irq = false;
		raise_softirq(SOFTIRQ_NET);
		return false;
	}
	vn->rx_suspect = true;
	vn->rx_suspect_at = rx->last_used;
	return true;
}

/*
 * The same loss in the other direction: buffers were added, the device seemed
 * not to need the doorbell, and nothing has come back since the last check.
 */
static void look_doorbell(struct virtio_net *vn, struct virtqueue *vq)
{
	struct ring_watch *watch = &vn->watch[vq->index];
	bool still = watch->last_used == vq->last_used;

	watch->last_used = vq->last_used;
	if (!still || !watch->silent || virtqueue_has_used(vq))
		return;
	watch->silent = false;
	vn->dev.stats.kicks++;
	vq->notify(vq);
}

static uint64_t look_interval(const struct virtio_net *vn)
{
	if (vn->needs_reset)
		return LOOK_NS;
	return vn->vdev->has_irq ? LOOK_NS : LOOK_POLLED_NS;
}

/*
 * QEMU before 8.1 drops the guest's barriers when it emulates a machine of
 * one CPU; then interrupts and doorbells get lost once in a long while.
 */
static void periodic_look(struct timer *timer)
{
	struct virtio_net *vn = container_of(timer, struct virtio_net, look);
	uint64_t next = look_interval(vn);

	if (vn->needs_reset || vn->config_changed || vn->rx_starved) {
		raise_softirq(SOFTIRQ_NET);
	} else if (look_rx(vn)) {
		next = LOOK_AGAIN_NS;
	} else {
		look_doorbell(vn, vn->rx);
		look_doorbell(vn, vn->tx);
	}
	/* Completes sent frames, which hold memory of the stack. */
	if (virtqueue_has_used(vn->tx))
		raise_softirq(SOFTIRQ_NET);
	timer_start(&vn->look, ktime_get_ns() + next);
}

static int virtio_net_start(struct netdev *dev)
{
	struct virtio_net *vn = to_virtio_net(dev);

	vn->running = true;
	open_rings(vn);
	timer_start(&vn->look, ktime_get_ns() + look_interval(vn));
	return 0;
}

static const struct netdev_ops virtio_net_ops = {
	.start = virtio_net_start,
	.xmit = virtio_net_xmit,
	.kick = virtio_net_kick,
	.reclaim = virtio_net_reclaim,
	.poll = virtio_net_poll,
	.rx_free = virtio_net_rx_free,
};

/* ---- Probe --------------------------------------------------------------- */

static int virtio_net_init(struct virtio_net *vn)
{
	int err = bring_up(vn);

	if (!err)
		err = virtio_net_rx_init(vn);
	if (!err)
		err = virtio_net_tx_init(vn);
	if (err)
		return err;
	read_mac(vn);
	read_link(vn);
	return netdev_register(&vn->dev);
}

static void log_device(const struct virtio_net *vn)
{
	const uint8_t *mac = vn->dev.mac;

	pr_info("%s: %s, %02x:%02x:%02x:%02x:%02x:%02x, rings %u/%u, "
		"mtu %u, link %s",
		vn->dev.name, vn->vdev->where, mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5], vn->rx->num, vn->tx->num, vn->dev.mtu,
		vn->dev.link_up ? "up" : "down");
}

/* Only one device is used; the others are logged. */
static int refuse(struct virtio_device *vdev)
{
	uint8_t mac[ETH_ALEN] = { 0 };

	if (virtio_offers(vdev, VIRTIO_NET_F_MAC))
		read_device_mac(vdev, mac);
	pr_notice("%s: another virtio-net, %02x:%02x:%02x:%02x:%02x:%02x, "
		  "not used",
		  vdev->where, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	vdev->ops->cut_off(vdev);
	return -EBUSY;
}

int virtio_net_probe(struct virtio_device *vdev)
{
	struct virtio_net *vn;
	bool small = nr_total_pages() * PAGE_SIZE < SMALL_MACHINE;
	int err;

	if (netdev_first())
		return refuse(vdev);
	vn = kzalloc(sizeof(*vn));
	if (!vn)
		return -ENOMEM;
	vn->vdev = vdev;
	vn->dev.name = "virtio0";
	vn->dev.ops = &virtio_net_ops;
	vn->ring_max = small ? RING_MAX_SMALL : RING_MAX;
	vdev->priv = vn;
	vdev->config_changed = config_changed;
	timer_setup(&vn->look, periodic_look);
	err = virtio_net_init(vn);
	if (err) {
		virtio_fail(vdev);
		pr_err("%s: virtio-net cannot be used (%d)", vdev->where, err);
		return err;
	}
	log_device(vn);
	return 0;
}
