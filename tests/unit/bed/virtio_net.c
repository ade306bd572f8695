/* SPDX-License-Identifier: MIT */
/*
 * The test bed for the virtio-net driver. One device at a time.
 */
#include "bed/virtio_net.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/mm/page.h"
#include "kernel/printk.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "kernel/task/softirq.h"
#include "lib/tap.h"

/* ---- The kernel that the driver stands on -------------------------------- */

uintptr_t direct_map_base = DIRECT_MAP_START;
uintptr_t kernel_image_offset;

uint64_t now = 1;
uint64_t look_takes;
struct timer *armed;
bool pending;
struct kmem_cache cache;
struct netdev *registered;

uint64_t ktime_get_ns(void)
{
	return now += look_takes;
}

void timer_setup(struct timer *timer, void (*func)(struct timer *timer))
{
	timer->func = func;
}

void timer_start(struct timer *timer, uint64_t expires)
{
	timer->expires = expires;
	armed = timer;
}

void raise_softirq(enum softirq nr)
{
	pending |= nr == SOFTIRQ_NET;
}

size_t nr_total_pages(void)
{
	return 16 * MiB / PAGE_SIZE;
}

void random_bytes(void *out, size_t len)
{
	memset(out, 0xff, len);
}

void printk(enum log_level level, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (getenv("VERBOSE"))
		diag("<%d> %s", level, line);
}

/* More than a page begins one, as in the kernel. */
void *kzalloc(size_t size)
{
	void *memory = NULL;

	if (size <= PAGE_SIZE)
		return calloc(1, size);
	return posix_memalign(&memory, PAGE_SIZE, size) ?
		       NULL :
		       memset(memory, 0, size);
}

void *kcalloc(size_t n, size_t size)
{
	return calloc(n, size);
}

void kfree(const void *ptr)
{
	free((void *)ptr);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align)
{
	memset(&cache, 0, sizeof(cache));
	cache.name = name;
	cache.size = size;
	cache.stride = align;
	return &cache;
}

void kmem_cache_set_flags(struct kmem_cache *c, unsigned int flags)
{
}

void kmem_cache_set_limit(struct kmem_cache *c, size_t n)
{
	c->limit = n;
}

void *kmem_cache_alloc(struct kmem_cache *c)
{
	void *object;

	if (c->active >= c->limit)
		return NULL;
	c->active++;
	object = aligned_alloc(c->stride, c->size);
	memset(object, 0xa5, c->size);
	return object;
}

void kmem_cache_free(struct kmem_cache *c, void *object)
{
	c->active--;
	free(object);
}

int netdev_register(struct netdev *d)
{
	registered = d;
	return 0;
}

struct netdev *netdev_first(void)
{
	return registered;
}

/* ---- The stack above ----------------------------------------------------- */

struct fake_virtio fv;
struct netdev *dev;
struct virtio_net *vn;
bool hold;
struct rx_buf *held[HELD_MAX];
unsigned int nr_held, nr_rx, nr_done, nr_link;
uint8_t last_frame[2048];
uint32_t last_len;

static void stack_rx(struct netdev *d, struct rx_buf *buf)
{
	nr_rx++;
	last_len = buf->len;
	memcpy(last_frame, buf->data, buf->len);
	memset(buf->priv, 0x11, sizeof(buf->priv));
	memset(buf->data + buf->len, 0, 60); /* the promised room */
	if (hold)
		held[nr_held++] = buf;
	else
		netdev_rx_free(buf);
}

void stack_free_held(void)
{
	while (nr_held)
		netdev_rx_free(held[--nr_held]);
}

static void stack_tx_done(struct netdev *d, void *cookie)
{
	nr_done++;
	if (cookie != &nr_done)
		bail_out("tx_done with a foreign cookie");
}

static void stack_link_changed(struct netdev *d)
{
	nr_link++;
}

unsigned int run_softirq(void)
{
	unsigned int before = nr_rx, n;

	while (pending) {
		pending = false;
		do {
			n = dev->ops->poll(dev, BUDGET);
		} while (n == BUDGET);
		dev->ops->reclaim(dev);
	}
	return nr_rx - before;
}

void sleep_ms(unsigned int ms)
{
	struct timer *timer;
	uint64_t end = now + ms * NSEC_PER_MSEC;

	while (armed && armed->expires <= end) {
		timer = armed;
		armed = NULL;
		now = MAX(now, timer->expires);
		timer->func(timer);
		run_softirq();
	}
	now = end;
}

/* ---- The test bed -------------------------------------------------------- */

void device_new(uint64_t offered)
{
	static const uint8_t mac[] = { 0x52, 0x54, 0, 1, 2, 3 };
	struct virtio_net_config *config = (void *)fv.config;

	fake_virtio_init(&fv, offered, direct_map_base);
	memcpy(config->mac, mac, sizeof(mac));
	config->status = VIRTIO_NET_S_LINK_UP;
	config->mtu = 1400;
	nr_rx = nr_done = nr_link = nr_held = 0;
	hold = false;
	pending = false;
	armed = NULL;
	registered = NULL;
}

void stack_start(void)
{
	dev = registered;
	vn = to_virtio_net(dev);
	dev->rx = stack_rx;
	dev->tx_done = stack_tx_done;
	dev->link_changed = stack_link_changed;
	is(dev->ops->start(dev), 0, "the device starts");
}

void bed_new(uint64_t offered)
{
	device_new(offered);
	is(virtio_net_probe(&fv.vdev), 0, "the driver takes the device");
	stack_start();
	run_softirq();
}

void bed_free(const char *name)
{
	unsigned int i;

	stack_free_held();
	must_hold(virtqueue_check(vn->rx));
	must_hold(virtqueue_check(vn->tx));
	is_str(fake_virtio_complaint(&fv), NULL, "%s: no complaint", name);
	virtio_net_rx_drain(vn);
	is(cache.active, 0, "%s: all receive buffers are back", name);
	for (i = 0; i < 2; i++) {
		free(fv.vdev.queues[i]->desc);
		free(fv.vdev.queues[i]->state);
		free(fv.vdev.queues[i]);
	}
	free(vn->tx_slots);
	free(vn);
}

size_t device_hdr(void)
{
	return fv.vdev.legacy ? HDR_LEGACY : HDR;
}

bool device_receive(const void *frame, uint32_t len)
{
	struct virtio_net_hdr_v1 hdr = { .num_buffers = 1 };
	uint8_t data[2048];
	struct fake_chain chain;

	if (!fake_ring_pop(&fv.ring[RX], &chain))
		return false;
	/* Said to be used before it was: not the device's any more. */
	if (!vn->rx->state[chain.id].count)
		return true;
	memcpy(data, &hdr, device_hdr());
	memcpy(data + device_hdr(), frame, len);
	len = fake_chain_write(&chain, data, device_hdr() + len);
	fake_ring_push(&fv.ring[RX], chain.id, len);
	return true;
}

unsigned int device_send(void)
{
	struct fake_chain chain;
	unsigned int n = 0;

	for (; fake_ring_pop(&fv.ring[TX], &chain); n++) {
		last_len = fake_chain_read(&chain, last_frame,
					   sizeof(last_frame));
		fake_ring_push(&fv.ring[TX], chain.id, 0);
	}
	fake_ring_want_kick(&fv.ring[TX], true);
	return n;
}

int send_frame(unsigned int pieces)
{
	static const char text[] = "0123456789abcdef";
	struct netdev_sg sg[NETDEV_SG_MAX];
	unsigned int i;

	for (i = 0; i < pieces; i++)
		sg[i] = (struct netdev_sg){ &text[i], 1 };
	return dev->ops->xmit(dev, sg, pieces, &nr_done);
}
