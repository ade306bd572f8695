/* SPDX-License-Identifier: MIT */
/*
 * The network's bed between two inputs.
 */
#include "fuzz/lib/stack.h"

#include <stdio.h>
#include <stdlib.h>

#include "bed/packets.h"
#include "kernel/base.h"
#include "kernel/check.h"
#include "kernel/task/softirq.h"
#include "lib/tap.h"

/* Caches of addresses, TIME-WAITs, fragments and idle pcbs need that long. */
#define REST_NS (400 * NSEC_PER_SEC)
#define DRAIN_STEPS 2000

static int fds[STACK_FDS];
static unsigned int nr_fds;
static size_t at_start;

void stack_init(void)
{
	srand(1);
	bed_init();
	bed_sleep(REST_NS);
	bed_forget_sent();
	at_start = bed_objects();
}

void stack_begin(void)
{
	srand(1);
	nr_fds = 0;
}

int stack_fd(int fd)
{
	if (fd < 0)
		return fd;
	if (nr_fds == STACK_FDS) {
		sys_close(fd);
		return -1;
	}
	fds[nr_fds++] = fd;
	return fd;
}

int stack_pick(struct input *in)
{
	return nr_fds ? fds[take_below(in, nr_fds)] : -1;
}

void stack_close(struct input *in)
{
	unsigned int i;

	if (!nr_fds)
		return;
	i = take_below(in, nr_fds);
	sys_close(fds[i]);
	fds[i] = fds[--nr_fds];
}

static void drain(void)
{
	for (int i = 0; i < DRAIN_STEPS && bed_cache_objects("tcp_pcb"); i++) {
		bed_sleep(2 * NSEC_PER_SEC);
		bed_forget_sent();
	}
	bed_sleep(REST_NS);
	bed_forget_sent();
	/* What a timer sent in the last moment: the device is done with it. */
	raise_softirq(SOFTIRQ_NET);
	bed_run();
}

void stack_end(void)
{
	bed_fail(0);
	bed_no_memory(false);
	bed_pages_low = bed_pages_few = false;
	bed_tx_stuck = false;
	bed_link(true);
	bed_run();
	must_equal(check_all(), 0, "invariants that do not hold");
	while (nr_fds)
		sys_close(fds[--nr_fds]);
	drain();
	must_equal(check_all(), 0, "invariants that do not hold at the end");
	must_equal(bed_objects(), at_start, "objects at the end");
	must_equal(bed_rx_held, 0, "receive buffers at the end");
}

void stack_disturb(struct input *in)
{
	switch (take_below(in, 8)) {
	case 0:
		bed_fail(take8(in));
		break;
	case 1:
		bed_no_memory(take8(in) & 1);
		break;
	case 2:
		bed_pages_low = take8(in) & 1;
		break;
	case 3:
		bed_pages_few = take8(in) & 1;
		break;
	case 4:
		bed_tx_stuck = take8(in) & 1;
		bed_run();
		break;
	case 5:
		bed_link(take8(in) & 1);
		break;
	case 6:
		bed_stop(take16(in) * NSEC_PER_MSEC);
		bed_run();
		break;
	default:
		bed_epoch += take8(in) & 1;
	}
}

void stack_answer_arp(const uint8_t *frame, size_t len)
{
	struct packet answer = { .len = 0 };
	char target[16];

	if (len < 42 || frame[12] != 8 || frame[13] != 6 || frame[21] != 1)
		return;
	snprintf(target, sizeof(target), "%u.%u.%u.%u", frame[38], frame[39],
		 frame[40], frame[41]);
	packet_arp(&answer, 2, target, BED_ADDR);
	bed_receive(answer.data, answer.len);
}

void stack_read_proc(struct input *in)
{
	static const size_t sizes[] = { 4096, 16384, 700, 150 };
	size_t size = sizes[take_below(in, ARRAY_SIZE(sizes))];
	char *buf = malloc(size);

	bed_proc_read(take_below(in, bed_proc_files()), buf, size);
	free(buf);
}
