/* SPDX-License-Identifier: MIT */
/*
 * A test bed for the virtio-net driver: a fake device below, a fake stack
 * above, and a kernel whose clock, timer and softirq stand still until told
 * to run.
 */
#ifndef TESTS_UNIT_BED_VIRTIO_NET_H
#define TESTS_UNIT_BED_VIRTIO_NET_H

#include "drivers/virtio/virtio_net.h"
#include "kernel/mm/slab.h"
#include "lib/fake_virtio.h"

#define RX VIRTIO_NET_RX
#define TX VIRTIO_NET_TX
#define HDR sizeof(struct virtio_net_hdr_v1)
#define HDR_LEGACY 10 /* 5.1.6.1: without num_buffers */
#define BUDGET 64
#define HELD_MAX 2048

/* What the device offers: more than the driver takes. */
#define OFFERED                                                   \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_EVENT_IDX) | \
	 BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_STATUS) |       \
	 BIT(VIRTIO_NET_F_MTU) | BIT(VIRTIO_NET_F_CSUM) |         \
	 BIT(VIRTIO_NET_F_MRG_RXBUF) | BIT(VIRTIO_RING_F_INDIRECT_DESC))

/* The kernel. */
extern uint64_t now;
extern uint64_t look_takes; /* what each look at the clock takes */
extern struct timer *armed;
extern bool pending; /* the net softirq */
extern struct kmem_cache cache; /* of receive buffers */
extern struct netdev *registered;

/* The device and the driver. */
extern struct fake_virtio fv;
extern struct netdev *dev;
extern struct virtio_net *vn;

/* The stack. */
extern bool hold; /* frames are kept instead of freed */
extern struct rx_buf *held[HELD_MAX];
extern unsigned int nr_held, nr_rx, nr_done, nr_link;
extern uint8_t last_frame[2048]; /* received by the stack, or sent */
extern uint32_t last_len;

void stack_free_held(void);
void stack_start(void);

/* The net softirq; returns how many frames came. */
unsigned int run_softirq(void);
/* Time passes; the timer fires, and its softirq runs. */
void sleep_ms(unsigned int ms);

void device_new(uint64_t offered);
/* A device, its driver and the stack, all running. */
void bed_new(uint64_t offered);
/* Checks that nothing is left; frees what the driver allocated. */
void bed_free(const char *name);

/* What stands before each frame. */
size_t device_hdr(void);
/* The device receives a frame; false without a buffer. */
bool device_receive(const void *frame, uint32_t len);
/* The device sends what is in its ring; how many frames. */
unsigned int device_send(void);
int send_frame(unsigned int pieces);

#endif
