/* SPDX-License-Identifier: MIT */
/* unit: drivers/virtio/virtio_rng.c drivers/virtio/virtio.c */
/* unit: drivers/virtio/virtqueue.c */
/* unit: kernel/task/wait.c */
/*
 * The virtio-rng driver with a device that answers, answers in crumbs, says
 * nothing, or lies.
 */
#include <errno.h>
#include <linux/virtio_config.h>

#include "kernel/base.h"
#include "kernel/random.h"
#include "kernel/task/clock.h"
#include "lib/fake_kernel.h"
#include "lib/fake_virtio.h"

uintptr_t direct_map_base = DIRECT_MAP_START;
uintptr_t kernel_image_offset;

static struct fake_virtio fv;
static struct random_source *source;
static uint64_t time_ns;
static size_t answered, answers;
static uint8_t first_byte;

uint64_t ktime_get_ns(void)
{
	return time_ns += NSEC_PER_MSEC / 10;
}

void random_add_source(struct random_source *s)
{
	source = s;
	s->request(s);
}

void random_answer(const struct random_source *s, const void *data, size_t len)
{
	answered += len;
	answers++;
	if (len)
		first_byte = *(const uint8_t *)data;
}

/* As much of the next request as it holds; says it were `said`. */
static bool device_answers(uint32_t len, uint32_t said)
{
	static uint8_t bytes[256];
	struct fake_chain chain;

	if (!fake_ring_pop(&fv.ring[0], &chain))
		return false;
	memset(bytes, 0x5a, sizeof(bytes));
	fake_chain_write(&chain, bytes, len);
	fake_ring_push(&fv.ring[0], chain.id, said);
	return true;
}

static void device_new(void)
{
	fake_virtio_init(&fv, BIT(VIRTIO_F_VERSION_1), direct_map_base);
	answered = answers = 0;
	is(virtio_rng_probe(&fv.vdev), 0, "the driver takes the device");
}

static void device_gone(const char *name)
{
	is_str(fake_virtio_complaint(&fv), NULL, "%s: no complaint", name);
	free(fv.vq[0]->desc);
	free(fv.vq[0]->state);
	free(fv.vq[0]);
}

static void later_answer(void)
{
	device_answers(64, 64);
	fake_virtio_interrupt(&fv, 0);
}

static void later_answer_silently(void)
{
	device_answers(64, 64);
}

static void test_first(void)
{
	uint64_t start;

	device_new();
	meanwhile = later_answer;
	start = time_ns;
	virtio_rng_wait();
	ok(answered == 64 && first_byte == 0x5a && time_ns - start < 2000000,
	   "first: boot waits for the answer, and no longer");
	virtio_rng_wait();
	ok(!device_answers(64, 64), "first: nothing is asked for then");
	device_gone("first");

	device_new();
	meanwhile = later_answer_silently;
	virtio_rng_wait();
	is(answered, 64, "first: it is seen though no interrupt comes");
	source->request(source);
	device_answers(64, 64);
	source->request(source);
	ok(answered == 128 && device_answers(64, 64),
	   "first: at the latest when the next is asked for");
	device_gone("no interrupt");
}

static void test_silent(void)
{
	uint64_t start;

	device_new();
	start = time_ns;
	virtio_rng_wait();
	ok(time_ns - start >= 100 * NSEC_PER_MSEC &&
		   time_ns - start < 110 * NSEC_PER_MSEC,
	   "silent: boot waits a tenth of a second");
	for (int i = 0; i < 100; i++)
		source->request(source);
	ok(device_answers(64, 64) && !device_answers(64, 64),
	   "silent: one request is out, however often it is wanted");
	fake_virtio_interrupt(&fv, 0);
	is(answered, 64, "silent: a late answer is as good");
	device_gone("silent");
}

static void test_crumbs(void)
{
	unsigned int n;

	device_new();
	for (n = 0; device_answers(3, 3); n++)
		fake_virtio_interrupt(&fv, 0);
	ok(n == 11 && answered == 33, "crumbs: asked again until it is enough");
	source->request(source);
	for (n = 0; device_answers(0, 0); n++)
		fake_virtio_interrupt(&fv, 0);
	is(n, 16, "crumbs: not for ever");
	source->request(source);
	ok(device_answers(64, 64), "crumbs: until the next time");
	fake_virtio_interrupt(&fv, 0);
	device_gone("crumbs");
}

static void test_lies(void)
{
	device_new();
	device_answers(64, 65);
	fake_virtio_interrupt(&fv, 0);
	ok(fv.vq[0]->broken && !answers, "lies: more than was lent");
	source->request(source);
	virtio_rng_wait();
	ok(!answers && !device_answers(64, 64),
	   "lies: it is asked no more, nor waited for");
	time_ns += 60 * NSEC_PER_SEC;
	fv.stubborn = true;
	source->request(source);
	ok(fv.vq[0]->broken, "lies: a reset that does nothing helps nothing");
	fv.stubborn = false;
	time_ns += 60 * NSEC_PER_SEC;
	source->request(source);
	ok(!fv.vq[0]->broken && device_answers(64, 64),
	   "lies: one that does is a new beginning");
	fake_virtio_interrupt(&fv, 0);
	is(answered, 64, "lies: with an answer");
	device_answers(64, 65);
	device_gone("lies");

	device_new();
	fake_ring_push(&fv.ring[0], 99, 64);
	fake_virtio_interrupt(&fv, 0);
	ok(fv.vq[0]->broken && !answers, "lies: a buffer that it never had");
	device_gone("lies");
}

int main(void)
{
	test_first();
	test_silent();
	test_crumbs();
	test_lies();
	return done_testing();
}
