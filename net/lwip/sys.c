/* SPDX-License-Identifier: MIT */
/*
 * What lwIP needs from its platform: the time, the log and the checksum.
 */
#include <stdarg.h>
#include <string.h>

#include "lwip/sys.h"

#include "kernel/base.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"

/*
 * lwIP compares 32-bit milliseconds by their difference: a time more than 2^31
 * ms ago looks like the future, and its timers would wait for weeks. It calls
 * sys_now() every second, so a longer gap means that the machine was stopped;
 * the part of a gap beyond LONGEST_MS is hidden from lwIP.
 */
#define LONGEST_MS (60 * 60 * 1000ULL)

u32_t sys_now(void)
{
	static uint64_t last, left_out;
	uint64_t now = ktime_get_ns() / NSEC_PER_MSEC;

	if (unlikely(now - last > LONGEST_MS))
		left_out += now - last - LONGEST_MS;
	last = now;
	return (u32_t)(now - left_out);
}

void net_lwip_diag(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(LOG_DEBUG, fmt, ap);
	va_end(ap);
}

static uint64_t load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

/* Adds with end-around carry: one's complement arithmetic. */
static uint64_t add_carry(uint64_t a, uint64_t b)
{
	uint64_t sum = a + b;

	return sum + (sum < a);
}

/*
 * RFC 1071 2(C): a one's complement sum of 64-bit words folds to the same 16
 * bits as the sum of 16-bit words. In host order, as lwIP expects it.
 */
uint16_t net_checksum(const void *data, int len)
{
	const uint8_t *p = data;
	uint64_t sum = 0;

	for (; len >= 32; len -= 32, p += 32) {
		sum = add_carry(sum, load(p, 8));
		sum = add_carry(sum, load(p + 8, 8));
		sum = add_carry(sum, load(p + 16, 8));
		sum = add_carry(sum, load(p + 24, 8));
	}
	for (; len >= 8; len -= 8, p += 8)
		sum = add_carry(sum, load(p, 8));
	if (len > 0)
		sum = add_carry(sum, load(p, len));

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}
