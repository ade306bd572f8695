/* SPDX-License-Identifier: MIT */
/* Counts held receive buffers. Softirq, and any context that frees a pbuf. */
#include "net/base/rx_buffers.h"

#include "kernel/base.h"
#include "kernel/mm/page.h"

/* Received frames may hold one 16th of RAM inside the stack. */
#define HELD_SHARE 16
#define BUFFER_SIZE 2048
#define HELD_MIN 256

static unsigned int held; /* between the device's upcall and pbuf_free() */
static unsigned int held_max;

void rx_buffers_init(void)
{
	size_t share = nr_total_pages() * PAGE_SIZE / HELD_SHARE;

	held_max = MAX(share / BUFFER_SIZE, (size_t)HELD_MIN);
}

void rx_buffer_hold(void)
{
	held++;
}

void rx_buffer_put(void)
{
	held--;
}

unsigned int rx_buffers_held(void)
{
	return held;
}

bool rx_buffers_short(void)
{
	return held > held_max / 2 || pages_are_low(0);
}

bool rx_buffers_scarce(void)
{
	return held > held_max / 4;
}
