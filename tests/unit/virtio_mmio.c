/* SPDX-License-Identifier: MIT */
/* unit: drivers/virtio/virtio_mmio.c drivers/virtio/virtio.c */
/* unit: drivers/virtio/virtqueue.c */
/*
 * virtio over MMIO with a device whose registers are here: one that keeps to
 * the specification, of both versions, and ones that do not.
 */
#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_ring.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/mmio.h"
#include "drivers/virtio/virtio.h"
#include "drivers/virtio/virtio_mmio.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "lib/tap.h"

#define BASE 0xfeb00000
#define SIZE 512
#define CONFIG_LEN 20

#define MODERN (BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_EVENT_IDX))
#define LEGACY (BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VIRTIO_RING_F_EVENT_IDX))

/* ---- The device ---------------------------------------------------------- */

static struct {
	uint32_t magic, version, id;
	uint64_t offered, accepted;
	uint32_t offered_sel, accepted_sel;
	uint32_t status, reasons;
	bool stuck_reasons, stuck_queue, stuck_status;
	unsigned int acks, page_size, align;
	uint32_t queue, num_max, num, pfn, ready, notified;
	uint32_t address[12]; /* from VIRTIO_MMIO_QUEUE_DESC_LOW on */
	const char *complaint;
} fd;

static uint8_t regs[SIZE];
static uint64_t mapped;

static void complain(const char *what)
{
	if (!fd.complaint)
		fd.complaint = what;
}

static unsigned int offset_of(const volatile void *reg, unsigned int width)
{
	size_t offset = (const volatile uint8_t *)reg - regs;

	if (offset >= SIZE || offset % width)
		bail_out("an access at %zu", offset);
	if (offset < VIRTIO_MMIO_CONFIG && width != 4)
		complain("a register is not read whole (4.2.2.2)");
	return offset;
}

uint8_t mmio_read8(const volatile void *reg)
{
	return regs[offset_of(reg, 1)];
}

uint16_t mmio_read16(const volatile void *reg)
{
	uint16_t value;

	memcpy(&value, regs + offset_of(reg, 2), sizeof(value));
	return value;
}

static void modern_only(void)
{
	if (fd.version == 1)
		complain("a register that a legacy device does not have");
}

static void legacy_only(void)
{
	if (fd.version != 1)
		complain("a register of legacy devices");
}

uint32_t mmio_read32(const volatile void *reg)
{
	unsigned int offset = offset_of(reg, 4);
	uint32_t value;

	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		return fd.magic;
	case VIRTIO_MMIO_VERSION:
		return fd.version;
	case VIRTIO_MMIO_DEVICE_ID:
		return fd.id;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		return fd.offered >> 32 * fd.offered_sel;
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		return fd.queue ? 0 : fd.num_max;
	case VIRTIO_MMIO_QUEUE_PFN:
		legacy_only();
		return fd.pfn;
	case VIRTIO_MMIO_QUEUE_READY:
		modern_only();
		return fd.ready;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		return fd.reasons;
	case VIRTIO_MMIO_STATUS:
		return fd.status;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		modern_only();
		return 7;
	}
	if (offset < VIRTIO_MMIO_CONFIG)
		complain("a register that nobody reads");
	memcpy(&value, regs + offset, sizeof(value));
	return value;
}

static void write_queue(unsigned int offset, uint32_t value)
{
	switch (offset) {
	case VIRTIO_MMIO_GUEST_PAGE_SIZE:
		legacy_only();
		fd.page_size = value;
		break;
	case VIRTIO_MMIO_QUEUE_NUM:
		fd.num = value;
		break;
	case VIRTIO_MMIO_QUEUE_ALIGN:
		legacy_only();
		fd.align = value;
		break;
	case VIRTIO_MMIO_QUEUE_PFN:
		legacy_only();
		fd.pfn = value;
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		modern_only();
		fd.ready = fd.stuck_queue ? 0 : value;
		break;
	default:
		modern_only();
		if (offset < VIRTIO_MMIO_QUEUE_DESC_LOW ||
		    offset > VIRTIO_MMIO_QUEUE_USED_HIGH)
			complain("a register that nobody writes");
		else
			fd.address[(offset - VIRTIO_MMIO_QUEUE_DESC_LOW) / 4] =
				value;
	}
}

static void set_status(uint32_t value)
{
	if (value || !fd.stuck_status)
		fd.status = value;
	if (!value)
		fd.ready = fd.pfn = 0;
}

void mmio_write32(volatile void *reg, uint32_t value)
{
	unsigned int offset = offset_of(reg, 4);

	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		fd.offered_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		fd.accepted_sel = value;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		fd.accepted |= (uint64_t)value << 32 * fd.accepted_sel;
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		fd.queue = value;
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		fd.notified++;
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		fd.acks++;
		if (!fd.stuck_reasons)
			fd.reasons &= ~value;
		break;
	case VIRTIO_MMIO_STATUS:
		set_status(value);
		break;
	default:
		write_queue(offset, value);
	}
}

/* ---- The kernel ---------------------------------------------------------- */

uintptr_t direct_map_base;
uintptr_t kernel_image_offset;

static bool (*handler)(void *arg);
static void *handler_arg;
static int line_error;
static unsigned int warnings;
static uint64_t now;

void *ioremap(uint64_t phys, size_t size)
{
	mapped = phys;
	return size <= SIZE ? regs : NULL;
}

int irq_request_line(uint32_t gsi, bool active_low, bool level,
		     const char *name, bool (*fn)(void *arg), void *arg)
{
	handler = fn;
	handler_arg = arg;
	return line_error;
}

void printk(enum log_level level, const char *fmt, ...)
{
	warnings += level <= LOG_WARN;
}

uint64_t ktime_get_ns(void)
{
	return now += NSEC_PER_MSEC;
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

void kfree(const void *ptr)
{
	free((void *)ptr);
}

/* ---- The tests ----------------------------------------------------------- */

static unsigned int nr_called, nr_config;

static void called(struct virtqueue *vq)
{
	nr_called++;
}

static void config_changed(struct virtio_device *vdev)
{
	nr_config++;
}

static struct virtio_device *find(uint32_t version, uint64_t offered,
				  bool level)
{
	struct mmio_slot slot = { .base = BASE,
				  .size = VIRTIO_MMIO_CONFIG + CONFIG_LEN,
				  .line = { .gsi = 5, .level = level } };

	memset(&fd, 0, sizeof(fd));
	fd.magic = 0x74726976;
	fd.version = version;
	fd.id = 1;
	fd.offered = offered;
	fd.num_max = 1024;
	warnings = nr_called = nr_config = 0;
	return virtio_mmio_create(&slot);
}

static int bring_up(struct virtio_device *vdev)
{
	int err = virtio_begin(vdev);

	vdev->config_changed = config_changed;
	if (!err)
		err = virtio_negotiate(vdev, BIT(5));
	if (!err)
		err = virtio_setup_queue(vdev, 0, 128, "queue", called, NULL);
	if (!err)
		err = virtio_ready(vdev);
	return err;
}

static void drop(struct virtio_device *vdev)
{
	struct virtqueue *vq = vdev->queues[0];

	is_str(fd.complaint, NULL, "no complaint");
	if (vq) {
		free(vq->desc);
		free(vq->state);
		free(vq);
	}
	free(vdev);
}

static uint64_t address(unsigned int low)
{
	unsigned int i = (low - VIRTIO_MMIO_QUEUE_DESC_LOW) / 4;

	return fd.address[i] | (uint64_t)fd.address[i + 1] << 32;
}

static void test_modern(void)
{
	struct virtio_device *vdev = find(2, MODERN | BIT(5) | BIT(6), true);
	struct virtqueue *vq;

	is(bring_up(vdev), 0, "version 2 comes up");
	vq = vdev->queues[0];
	is(mapped, BASE, "at its place");
	is_str(vdev->where, "mmio@feb00000", "which is its name");
	ok(vdev->has_irq, "with an interrupt");
	is(fd.accepted, MODERN | BIT(5), "features in both halves");
	is(fd.status, 0xf, "and the driver runs");
	is(fd.num, 128, "a queue of this size");
	is(address(VIRTIO_MMIO_QUEUE_DESC_LOW), virt_to_phys(vq->desc),
	   "its descriptors");
	is(address(VIRTIO_MMIO_QUEUE_AVAIL_LOW), virt_to_phys(vq->avail),
	   "its available ring");
	is(address(VIRTIO_MMIO_QUEUE_USED_LOW), virt_to_phys(vq->used),
	   "its used ring");
	vq->notify(vq);
	is(fd.notified, 1, "its doorbell");
	is(bring_up(vdev), 0, "it comes up again after a reset");
	virtio_fail(vdev);
	is(fd.status, 0, "given up it is reset, so that it is no danger");
	drop(vdev);
}

static void test_legacy(void)
{
	struct virtio_device *vdev = find(1, LEGACY | BIT(5) | BIT(6), false);
	struct virtqueue *vq;

	is(bring_up(vdev), 0, "version 1 comes up");
	vq = vdev->queues[0];
	is(fd.accepted, LEGACY | BIT(5), "features");
	is(fd.status, 7, "without FEATURES_OK");
	is(fd.page_size, PAGE_SIZE, "the page size");
	is((uint64_t)fd.pfn << 12, virt_to_phys(vq->desc), "the ring's page");
	is((uintptr_t)vq->used % fd.align, 0, "the used ring is aligned");
	ok((uint8_t *)vq->used - (uint8_t *)&vq->avail->ring[129] <
		   (long)fd.align,
	   "and follows at the next such place");
	drop(vdev);
	vdev = find(1, BIT(VIRTIO_RING_F_EVENT_IDX), false);
	is(bring_up(vdev), -ENODEV, "version 1 without ANY_LAYOUT is refused");
	drop(vdev);
}

static void test_none(void)
{
	struct mmio_slot slot = { .base = BASE, .size = SIZE };

	memset(&fd, 0, sizeof(fd));
	fd.magic = 0x74726976;
	fd.version = 2;
	warnings = 0;
	is_ptr(virtio_mmio_create(&slot), NULL, "a place without a device");
	is(warnings, 0, "is passed over quietly");
	fd.id = 1;
	fd.version = 3;
	is_ptr(virtio_mmio_create(&slot), NULL, "a version to come");
	is(warnings, 1, "has a line in the log");
	fd.version = 2;
	fd.magic = 0xffffffff;
	is_ptr(virtio_mmio_create(&slot), NULL, "no registers at all");
	is(warnings, 2, "have one, too");
	slot.size = 8 * SIZE;
	is_ptr(virtio_mmio_create(&slot), NULL, "no memory to map them");
}

static void test_config(void)
{
	struct virtio_device *vdev = find(2, MODERN, true);
	uint8_t bytes[6];
	uint32_t word;
	uint16_t half;

	for (unsigned int i = 0; i < CONFIG_LEN; i++)
		regs[VIRTIO_MMIO_CONFIG + i] = i + 1;
	virtio_read_config(vdev, 0, bytes, sizeof(bytes));
	is_mem(bytes, "\1\2\3\4\5\6", 6, "a field of bytes");
	virtio_read_config(vdev, 6, &half, sizeof(half));
	is(half, 0x0807, "a field of two");
	virtio_read_config(vdev, 8, &word, sizeof(word));
	is(word, 0x0c0b0a09, "a field of four");
	virtio_read_config(vdev, CONFIG_LEN - 2, &word, sizeof(word));
	is(word, 0, "beyond the end of its registers there is nothing");
	virtio_read_config(vdev, UINT32_MAX, &word, sizeof(word));
	is(word, 0, "nor far beyond");
	drop(vdev);
}

static void test_stuck(void)
{
	struct virtio_device *vdev = find(2, MODERN, true);

	fd.stuck_queue = true;
	is(bring_up(vdev), -EIO, "a queue that does not get ready");
	drop(vdev);
	vdev = find(2, MODERN, true);
	fd.ready = 1;
	fd.stuck_status = true;
	fd.status = 1;
	is(bring_up(vdev), -EIO, "a device that does not reset");
	drop(vdev);
	vdev = find(2, MODERN, true);
	fd.num_max = 0;
	is(bring_up(vdev), -ENODEV, "a device without a queue");
	drop(vdev);
	line_error = -ENODEV;
	vdev = find(2, MODERN, true);
	ok(!vdev->has_irq, "without its line it is polled");
	is(warnings, 1, "and the log tells");
	line_error = 0;
	drop(vdev);
}

static void use_one(struct virtqueue *vq)
{
	vq->used->idx++;
}

static void test_interrupts(bool level)
{
	struct virtio_device *vdev = find(2, MODERN, level);
	const char *by = level ? "level" : "edge";

	bring_up(vdev);
	ok(!handler(handler_arg), "%s: it was another device of the line", by);
	is(fd.acks, 0, "%s: nothing to acknowledge", by);
	fd.reasons = VIRTIO_MMIO_INT_VRING | VIRTIO_MMIO_INT_CONFIG;
	use_one(vdev->queues[0]);
	ok(handler(handler_arg), "%s: it was this one", by);
	is(fd.reasons, 0, "%s: acknowledged", by);
	ok(nr_called == 1 && nr_config == 1, "%s: both are told", by);
	fd.reasons = VIRTIO_MMIO_INT_CONFIG;
	handler(handler_arg);
	ok(nr_called == 1 && nr_config == 2, "%s: the configuration alone", by);

	fd.reasons = VIRTIO_MMIO_INT_VRING;
	fd.stuck_reasons = true;
	for (unsigned int i = 0; i < 600; i++)
		handler(handler_arg);
	ok(fd.acks <= 600 * 16 + 2, "%s: not asked for ever", by);
	vdev->queues[0]->last_used = vdev->queues[0]->used->idx;
	for (unsigned int i = 0; i < 600; i++)
		handler(handler_arg);
	ok(!vdev->has_irq, "%s: a reason that never ends is not believed", by);
	ok(!handler(handler_arg), "%s: nor does it keep the line", by);
	drop(vdev);
}

/* So that a ring's page has a number of 32 bits. */
static void place_direct_map(void)
{
	void *somewhere = malloc(1);

	direct_map_base = (uintptr_t)somewhere & ~(BIT(40) - 1);
	free(somewhere);
}

int main(void)
{
	place_direct_map();
	test_none();
	test_modern();
	test_legacy();
	test_config();
	test_stuck();
	test_interrupts(true);
	test_interrupts(false);
	return done_testing();
}
