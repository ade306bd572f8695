/* SPDX-License-Identifier: MIT */
/*
 * The network device: the other side of the real driver's rings.
 */
#include <linux/virtio_config.h>
#include <string.h>

#include "drivers/virtio/virtio_net.h"
#include "kernel/mm/page.h"
#include "kernel/task/softirq.h"
#include "lib/fake_virtio.h"
#include "machine/parts.h"

#define RX VIRTIO_NET_RX
#define TX VIRTIO_NET_TX
#define FEATURES                                            \
	(BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) | \
	 BIT(VIRTIO_NET_F_MTU) | BIT(VIRTIO_NET_F_CSUM) |   \
	 BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_RING_F_INDIRECT_DESC))
#define HDR_LEGACY 10 /* 5.1.6.1: without num_buffers */
#define STATUS_NEEDS_RESET 0x40

static struct fake_virtio fv;
static struct netdev *netdev;
static unsigned int notified; /* doorbells that were heard */
static uint32_t last[2]; /* what was used last, of each queue */

int netdev_register(struct netdev *dev)
{
	netdev = dev;
	return 0;
}

struct netdev *netdev_first(void)
{
	return netdev;
}

int netdev_start(struct netdev *dev)
{
	return dev->ops->start(dev);
}

void nic_up(void)
{
	struct virtio_net_config *device = (void *)fv.config;
	uint64_t offered = FEATURES;

	if (!config.legacy)
		offered |= BIT(VIRTIO_F_VERSION_1);
	else
		offered |= BIT(VIRTIO_F_ANY_LAYOUT);
	if (config.event_idx)
		offered |= BIT(VIRTIO_RING_F_EVENT_IDX);
	fake_virtio_init(&fv, offered, DIRECT_MAP_START);
	fv.vdev.legacy = config.legacy;
	memcpy(device->mac, config.mac, sizeof(device->mac));
	device->status = VIRTIO_NET_S_LINK_UP;
	device->mtu = config.mtu;
	if (virtio_net_probe(&fv.vdev))
		panic("the driver refuses the device");
}

static size_t hdr_len(void)
{
	return config.legacy ? HDR_LEGACY : sizeof(struct virtio_net_hdr_v1);
}

static bool is_live(unsigned int queue)
{
	return (fv.status & VIRTIO_CONFIG_S_DRIVER_OK) && fv.vq[queue];
}

bool nic_receive(const void *frame, size_t len, bool interrupt)
{
	struct virtio_net_hdr_v1 hdr = { .num_buffers = 1 };
	uint8_t data[FRAME_MAX + sizeof(hdr)];
	struct fake_chain chain;

	if (!is_live(RX) || !fake_ring_pop(&fv.ring[RX], &chain))
		return false;
	memcpy(data, &hdr, hdr_len());
	memcpy(data + hdr_len(), frame, len);
	len = fake_chain_write(&chain, data, hdr_len() + len);
	fake_ring_push(&fv.ring[RX], chain.id, len);
	if (interrupt)
		fake_virtio_interrupt(&fv, RX);
	return true;
}

void nic_serve(void)
{
	uint8_t data[FRAME_MAX + sizeof(struct virtio_net_hdr_v1)];
	struct fake_chain chain;
	uint32_t len;

	if (!is_live(TX))
		return;
	while (fake_ring_pop(&fv.ring[TX], &chain)) {
		len = fake_chain_read(&chain, data, sizeof(data));
		if (len < hdr_len())
			panic("a frame without a header");
		env.transmit(env.host, data + hdr_len(), len - hdr_len());
		fake_ring_push(&fv.ring[TX], chain.id, 0);
	}
	fake_ring_want_kick(&fv.ring[TX], true);
	fake_virtio_interrupt(&fv, TX);
}

bool nic_doorbell(void)
{
	bool rung = notified != fv.notified;

	notified = fv.notified;
	return rung;
}

void nic_link(bool up)
{
	struct virtio_net_config *device = (void *)fv.config;

	device->status = up ? VIRTIO_NET_S_LINK_UP : 0;
	fv.vdev.config_changed(&fv.vdev);
}

static void push(unsigned int queue, uint32_t id, uint32_t len)
{
	if (!is_live(queue))
		return;
	fake_ring_push(&fv.ring[queue], id, len);
	fake_virtio_interrupt(&fv, queue);
	raise_softirq(SOFTIRQ_NET);
}

/* Of what was taken from the ring nothing is the device's any more. */
static bool push_taken(unsigned int queue, uint32_t len)
{
	struct fake_chain chain;

	if (!is_live(queue) || !fake_ring_pop(&fv.ring[queue], &chain))
		return false;
	push(queue, chain.id, len);
	last[queue] = chain.id;
	return true;
}

/*
 * A second time only what the driver cannot have given again yet: of a buffer
 * that the device still has, no driver can tell that it is a lie.
 */
static void push_twice(unsigned int queue, uint32_t len)
{
	if (push_taken(queue, len))
		push(queue, last[queue], len);
}

void nic_lie(enum device_lie lie)
{
	switch (lie) {
	case LIE_RX_ID:
		push(RX, 0xbad, 100);
		break;
	case LIE_RX_LENGTH:
		push_taken(RX, 100000);
		break;
	case LIE_RX_SHORT:
		push_taken(RX, hdr_len() - 1);
		break;
	case LIE_RX_TWICE:
		push_twice(RX, hdr_len() + 60);
		break;
	case LIE_TX_ID:
		push(TX, 0xbad, 0);
		break;
	case LIE_TX_TWICE:
		push_twice(TX, 0);
		break;
	default:
		fv.status |= STATUS_NEEDS_RESET;
		fv.vdev.config_changed(&fv.vdev);
		break;
	}
}

void nic_state(struct machine_state *state)
{
	state->resets = netdev->stats.resets;
	state->rx_packets = netdev->stats.rx_packets;
	state->tx_packets = netdev->stats.tx_packets;
	state->rx_rescued = netdev->stats.rx_rescued;
}

const char *nic_complaint(void)
{
	return fake_virtio_complaint(&fv);
}
