/* SPDX-License-Identifier: MIT */
/* unit: drivers/virtio/virtqueue.c */
/*
 * The split virtqueue against a fake device: one that keeps to the
 * specification, and one that lies.
 */
#include "drivers/virtio/virtqueue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/fake_ring.h"
#include "lib/tap.h"

#define NUM 16
#define STEPS 100000

/*
 * The driver's side, the device's side, and the memory between. Each part
 * is one malloc(), so that the sanitizer sees every step beyond it.
 */
struct bench {
	struct virtqueue vq;
	struct fake_ring ring;
	void *memory;
	void *state;
	unsigned int num;
};

static void bench_reset(struct bench *b, bool event_idx)
{
	virtqueue_init(&b->vq, b->num, event_idx, b->memory, b->state);
	fake_ring_init(&b->ring, b->num, event_idx, b->vq.desc, b->vq.avail,
		       b->vq.used);
}

static struct bench *bench_new(unsigned int num, bool event_idx)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->num = num;
	b->memory = malloc(virtqueue_ring_size(num));
	b->state = malloc(virtqueue_state_size(num));
	bench_reset(b, event_idx);
	return b;
}

static void bench_free(struct bench *b)
{
	must_hold(virtqueue_check(&b->vq));
	is_str(b->ring.complaint, NULL, "the device had no complaint");
	free(b->memory);
	free(b->state);
	free(b);
}

/* Lends one buffer of out readable and in writable pieces. */
static int lend(struct bench *b, unsigned int out, unsigned int in,
		void *buffer, uint32_t len, void *cookie)
{
	struct virtq_sg sg[FAKE_CHAIN_MAX];
	unsigned int i;

	for (i = 0; i < out + in; i++) {
		sg[i].addr = (uintptr_t)buffer;
		sg[i].len = len;
	}
	return virtqueue_add(&b->vq, sg, out, in, cookie);
}

static void test_chain(void)
{
	struct bench *b = bench_new(NUM, false);
	uint8_t head[4] = "abc", body[6] = "defgh", answer[8];
	struct virtq_sg sg[] = {
		{ (uintptr_t)head, sizeof(head) },
		{ (uintptr_t)body, sizeof(body) },
		{ (uintptr_t)answer, sizeof(answer) },
	};
	struct fake_chain chain;
	uint8_t copy[16];
	uint32_t len;

	is(virtqueue_add(&b->vq, sg, 2, 1, answer), 0, "a chain is lent");
	is(b->vq.num_free, NUM - 3, "it takes a descriptor a piece");
	ok(fake_ring_pop(&b->ring, &chain), "the device finds it");
	is(chain.nr_out, 2, "two pieces to read");
	is(chain.nr_in, 1, "one to write");
	is(fake_chain_read(&chain, copy, sizeof(copy)), 10, "their length");
	is_mem(copy, "abc\0defgh", 10, "their content, in order");
	fake_chain_write(&chain, "result!", 8);
	is_ptr(virtqueue_get_buf(&b->vq, &len), NULL, "not used yet");
	fake_ring_push(&b->ring, chain.id, 8);
	is_ptr(virtqueue_get_buf(&b->vq, &len), answer, "the cookie is back");
	is(len, 8, "with the length written");
	is_mem(answer, "result!", 8, "and the data");
	is(b->vq.num_free, NUM, "all descriptors are free again");
	bench_free(b);
}

static void test_any_order(void)
{
	struct bench *b = bench_new(NUM, true);
	struct fake_chain chain[4];
	char cookie[4];
	uint32_t len;
	int i;

	for (i = 0; i < 4; i++)
		lend(b, 0, 1 + i, cookie, 1, &cookie[i]);
	for (i = 0; i < 4; i++)
		fake_ring_pop(&b->ring, &chain[i]);
	for (i = 3; i >= 0; i--)
		fake_ring_push(&b->ring, chain[i].id, i);
	for (i = 3; i >= 0; i--) {
		is_ptr(virtqueue_get_buf(&b->vq, &len), &cookie[i],
		       "buffers return in the device's order");
		is(len, i, "each with its length");
		must_hold(virtqueue_check(&b->vq));
	}
	bench_free(b);
}

static void test_full(void)
{
	struct bench *b = bench_new(NUM, true);
	struct fake_chain chain;
	char byte;
	uint32_t len;
	int i;

	is(lend(b, 0, 0, &byte, 1, b), -EINVAL, "no pieces: EINVAL");
	is(lend(b, NUM, 1, &byte, 1, b), -EINVAL, "too many: EINVAL");
	for (i = 0; i < NUM / 4; i++)
		is(lend(b, 4, 0, &byte, 1, b), 0, "room for 4 more");
	is(lend(b, 1, 0, &byte, 1, b), -ENOSPC, "a full ring: ENOSPC");
	fake_ring_pop(&b->ring, &chain);
	fake_ring_push(&b->ring, chain.id, 0);
	virtqueue_get_buf(&b->vq, &len);
	is(lend(b, 5, 0, &byte, 1, b), -ENOSPC, "not all or nothing");
	is(lend(b, 4, 0, &byte, 1, b), 0, "what came back can be lent again");
	bench_free(b);
}

#define LAPS 5

/* Keeps the ring at different fillings over several laps of the index. */
static bool laps(unsigned int num)
{
	struct bench *b = bench_new(num, true);
	struct fake_chain chain;
	uintptr_t next = 1, expect = 1;
	bool good = true;
	uint32_t len;
	char byte;
	unsigned int i;

	for (i = 0; next < LAPS * 65536; i++) {
		while (b->vq.num_free > i % num)
			lend(b, 1, 0, &byte, 1, (void *)next++);
		while (fake_ring_pop(&b->ring, &chain))
			fake_ring_push(&b->ring, chain.id, 0);
		while (b->vq.lent)
			good &= virtqueue_get_buf(&b->vq, &len) ==
				(void *)expect++;
	}
	bench_free(b);
	return good;
}

static void test_laps(void)
{
	unsigned int num;

	for (num = 1; num <= VIRTQUEUE_MAX; num *= 4)
		ok(laps(num), "%u entries: order holds over many laps", num);
}

static void test_kick_flags(void)
{
	struct bench *b = bench_new(NUM, false);
	char byte;

	ok(!virtqueue_kick_prepare(&b->vq), "nothing added: no doorbell");
	lend(b, 1, 0, &byte, 1, b);
	ok(virtqueue_kick_prepare(&b->vq), "flags: the device wants to know");
	ok(!virtqueue_kick_prepare(&b->vq), "once is enough");
	fake_ring_want_kick(&b->ring, false);
	lend(b, 1, 0, &byte, 1, b);
	ok(!virtqueue_kick_prepare(&b->vq), "flags: it does not");
	bench_free(b);
}

static void test_kick_event(void)
{
	struct bench *b = bench_new(NUM, true);
	struct fake_chain chain;
	char byte;

	fake_ring_want_kick(&b->ring, true);
	lend(b, 1, 0, &byte, 1, b);
	lend(b, 1, 0, &byte, 1, b);
	ok(virtqueue_kick_prepare(&b->vq), "event index inside the batch");
	lend(b, 1, 0, &byte, 1, b);
	ok(!virtqueue_kick_prepare(&b->vq), "event index before the batch");
	while (fake_ring_pop(&b->ring, &chain))
		fake_ring_push(&b->ring, chain.id, 0);
	fake_ring_want_kick(&b->ring, true);
	ok(!virtqueue_kick_prepare(&b->vq), "an empty batch");
	lend(b, 1, 0, &byte, 1, b);
	ok(virtqueue_kick_prepare(&b->vq), "the device emptied the ring");
	bench_free(b);
}

static void use_one(struct bench *b)
{
	struct fake_chain chain;
	char byte = 0;

	lend(b, 1, 0, &byte, 1, b);
	fake_ring_pop(&b->ring, &chain);
	fake_ring_push(&b->ring, chain.id, 0);
}

static void test_interrupts(bool event_idx)
{
	const char *way = event_idx ? "event index" : "flags";
	struct bench *b = bench_new(NUM, event_idx);
	unsigned int i, count = 0;
	uint32_t len;

	ok(virtqueue_enable_cb(&b->vq), "%s: on, ring empty", way);
	use_one(b);
	ok(fake_ring_should_interrupt(&b->ring), "%s: one comes", way);
	virtqueue_disable_cb(&b->vq);
	for (i = 0; i < 1000; i++) {
		use_one(b);
		count += fake_ring_should_interrupt(&b->ring);
		while (virtqueue_get_buf(&b->vq, &len))
			continue;
	}
	is(count, 0, "%s: off, none comes", way);
	use_one(b);
	ok(!virtqueue_enable_cb(&b->vq), "%s: on too late is told", way);
	ok(virtqueue_has_used(&b->vq), "%s: there it is", way);
	while (virtqueue_get_buf(&b->vq, &len))
		continue;
	ok(!virtqueue_has_used(&b->vq), "%s: now it is empty", way);
	bench_free(b);
}

/* ---- Lies ---------------------------------------------------------------- */

enum lie {
	LIE_INDEX_ONE_AHEAD,
	LIE_INDEX_FAR_AHEAD,
	LIE_INDEX_BACK,
	LIE_ID_END,
	LIE_ID_HUGE,
	LIE_ID_FREE,
	LIE_ID_MIDDLE,
	LIE_ID_TWICE,
	LIE_LEN_ONE_MORE,
	LIE_LEN_HUGE,
	LIE_LEN_READ_ONLY_PART,
	NR_LIES,
};

static const char *const lie_names[NR_LIES] = {
	"index one ahead",
	"index far ahead",
	"index back",
	"id = num",
	"id huge",
	"id never lent",
	"id inside a chain",
	"id twice",
	"length + 1",
	"length huge",
	"length counts what was only readable",
};

static void tell(struct bench *b, const struct fake_chain *c, enum lie lie)
{
	static const uint32_t ids[] = { [LIE_ID_END] = NUM,
					[LIE_ID_HUGE] = 0xffffffff,
					[LIE_ID_FREE] = NUM - 1 };

	switch (lie) {
	case LIE_INDEX_ONE_AHEAD:
		b->ring.used->idx = 3;
		break;
	case LIE_INDEX_FAR_AHEAD:
		b->ring.used->idx = 0x8000;
		break;
	case LIE_INDEX_BACK:
		b->ring.used->idx = 0xffff;
		break;
	case LIE_ID_END:
	case LIE_ID_HUGE:
	case LIE_ID_FREE:
		fake_ring_push(&b->ring, ids[lie], 1);
		break;
	case LIE_ID_MIDDLE:
		fake_ring_push(&b->ring, b->ring.desc[c->id].next, 1);
		break;
	case LIE_ID_TWICE:
		fake_ring_push(&b->ring, c->id, 1);
		fake_ring_push(&b->ring, c->id, 1);
		break;
	case LIE_LEN_ONE_MORE:
		fake_ring_push(&b->ring, c->id, 9);
		break;
	case LIE_LEN_HUGE:
		fake_ring_push(&b->ring, c->id, 0xffffffff);
		break;
	default:
		fake_ring_push(&b->ring, c->id, 16);
	}
}

static void test_lie(enum lie lie)
{
	struct bench *b = bench_new(NUM, true);
	unsigned int returned = 0, detached = 0;
	const char *name = lie_names[lie];
	struct fake_chain chain;
	char cookies[2];
	uint8_t buffer[8];
	uint32_t len;

	lend(b, 1, 1, buffer, 8, &cookies[0]);
	lend(b, 1, 1, buffer, 8, &cookies[1]);
	fake_ring_pop(&b->ring, &chain);
	tell(b, &chain, lie);
	while (virtqueue_get_buf(&b->vq, &len))
		returned++;
	is(returned, lie == LIE_ID_TWICE, "%s: only truth is returned", name);
	ok(b->vq.broken && b->vq.lie, "%s: broken (%s)", name, b->vq.lie);
	is(lend(b, 0, 1, buffer, 8, b), -EIO, "%s: nothing is lent", name);
	ok(!virtqueue_has_used(&b->vq), "%s: nothing to be had", name);
	while (virtqueue_detach(&b->vq))
		detached++;
	is(returned + detached, 2, "%s: every cookie once", name);
	must_hold(virtqueue_check(&b->vq));
	is(b->vq.num_free, NUM, "%s: all descriptors are back", name);

	bench_reset(b, true);
	use_one(b);
	is_ptr(virtqueue_get_buf(&b->vq, &len), b, "%s: made new, works", name);
	bench_free(b);
}

static void test_harmless_length(void)
{
	struct bench *b = bench_new(NUM, true);
	struct fake_chain chain;
	uint32_t len = 1;
	char byte = 0;

	lend(b, 2, 0, &byte, 1, b);
	fake_ring_pop(&b->ring, &chain);
	fake_ring_push(&b->ring, chain.id, 1514);
	is_ptr(virtqueue_get_buf(&b->vq, &len), b,
	       "a length where nothing is writable is no reason to break");
	is(len, 0, "and is not passed on");
	bench_free(b);
}

static void test_scribbled_descriptors(void)
{
	struct bench *b = bench_new(NUM, true);
	struct fake_chain chain;
	uint32_t len;
	char byte;
	int i;

	for (i = 0; i < 3; i++)
		lend(b, 2, 2, &byte, 1, b);
	fake_ring_pop(&b->ring, &chain);
	memset(b->vq.desc, 0xff, NUM * sizeof(struct vring_desc));
	memset(b->vq.avail, 0xee, 4 + NUM * 2);
	fake_ring_push(&b->ring, chain.id, 2);
	is_ptr(virtqueue_get_buf(&b->vq, &len), b,
	       "descriptors overwritten: the driver has its own record");
	must_hold(virtqueue_check(&b->vq));
	is(b->vq.num_free, NUM - 8, "and frees the right chain");
	while (virtqueue_detach(&b->vq))
		continue;
	bench_free(b);
}

/* ---- At random ----------------------------------------------------------- */

/* A buffer of the model: what the driver may expect of it. */
struct buffer {
	bool lent;
	uint32_t writable;
	uint8_t data[32];
};

struct model {
	struct bench *b;
	struct buffer buffers[NUM];
	struct fake_chain held[NUM]; /* by the device */
	unsigned int nr_held;
	unsigned int returned, broken;
	const char *wrong;
};

static void model_lend(struct model *m)
{
	struct buffer *buffer = &m->buffers[rand() % NUM];
	unsigned int out = rand() % 3, in = rand() % 3;

	if (buffer->lent)
		return;
	if (lend(m->b, out, in, buffer->data, 8, buffer))
		return;
	buffer->lent = true;
	buffer->writable = in * 8;
}

static void model_get(struct model *m)
{
	struct buffer *buffer;
	uint32_t len = 0;

	buffer = virtqueue_get_buf(&m->b->vq, &len);
	if (!buffer)
		return;
	if (!buffer->lent)
		m->wrong = "a buffer came back that was not lent";
	if (len > buffer->writable)
		m->wrong = "a length beyond the buffer came back";
	buffer->lent = false;
	m->returned++;
}

/* What the owner does with a broken queue. */
static void model_reset(struct model *m)
{
	struct buffer *buffer;
	unsigned int i;

	m->broken++;
	while ((buffer = virtqueue_detach(&m->b->vq))) {
		if (!buffer->lent)
			m->wrong = "a buffer detached that was not lent";
		buffer->lent = false;
	}
	for (i = 0; i < NUM; i++)
		if (m->buffers[i].lent)
			m->wrong = "a buffer got lost";
	bench_reset(m->b, rand() % 2);
	m->nr_held = 0;
}

static void model_device(struct model *m)
{
	struct fake_ring *ring = &m->b->ring;
	uint32_t len;

	if (m->nr_held < NUM && fake_ring_pop(ring, &m->held[m->nr_held]))
		m->nr_held++;
	if (!m->nr_held || rand() % 2)
		return;
	m->nr_held--;
	len = 8 * m->held[m->nr_held].nr_in;
	fake_ring_push(ring, m->held[m->nr_held].id, len ? rand() % len : 0);
}

/* One lie of any kind, anywhere in the shared memory. */
static void model_lie(struct model *m)
{
	size_t size = virtqueue_ring_size(NUM);
	uint8_t *memory = m->b->memory;

	switch (rand() % 5) {
	case 0:
		memory[(unsigned int)rand() % size] = rand();
		break;
	case 1:
		m->b->ring.used->idx += rand() % 4;
		break;
	case 2:
		m->b->ring.used->idx = rand();
		break;
	case 3:
		fake_ring_push(&m->b->ring, rand() % (NUM + 2), rand() % 40);
		break;
	default:
		m->b->ring.used->ring[rand() % NUM].id = rand() % (2 * NUM);
	}
}

static void test_random(unsigned int seed, unsigned int honesty)
{
	struct model m = { .b = bench_new(NUM, true) };
	unsigned int i;

	srand(seed);
	for (i = 0; i < STEPS && !m.wrong; i++) {
		model_lend(&m);
		model_device(&m);
		if (honesty && !(rand() % honesty))
			model_lie(&m);
		model_get(&m);
		if (!(rand() % 8))
			virtqueue_enable_cb(&m.b->vq);
		virtqueue_kick_prepare(&m.b->vq);
		must_hold(virtqueue_check(&m.b->vq));
		if (m.b->vq.broken)
			model_reset(&m);
	}
	is_str(m.wrong, NULL,
	       "random, a lie in %u steps: %u buffers, "
	       "broken %u times",
	       honesty, m.returned, m.broken);
	if (!honesty)
		is(m.broken, 0, "an honest device never breaks the queue");
	else
		ok(m.broken > 0, "lies are found");
	m.b->ring.complaint = NULL; /* it scribbled over our half as well */
	bench_free(m.b);
}

int main(void)
{
	unsigned int seed = tap_seed(time(NULL));
	enum lie lie;

	test_chain();
	test_any_order();
	test_full();
	test_laps();
	test_kick_flags();
	test_kick_event();
	test_interrupts(false);
	test_interrupts(true);
	for (lie = 0; lie < NR_LIES; lie++)
		test_lie(lie);
	test_harmless_length();
	test_scribbled_descriptors();
	test_random(seed, 0);
	test_random(seed + 1, 1000);
	test_random(seed + 2, 20);
	test_random(seed + 3, 1);
	return done_testing();
}
