/* SPDX-License-Identifier: MIT */
/*
 * What lwIP asks of its platform: the time, the log, the checksum, and the
 * proof that nobody enters it from an interrupt handler.
 */
#include <stdarg.h>
#include <string.h>

#include "lwip/sys.h"

#include "kernel/base.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"

/*
 * lwIP compares its 32 bits of milliseconds by their difference: what is more
 * than half of them ago looks like something to come, and its timers would
 * wait for weeks. It is asked every second, so only a machine that stood still
 * comes near; for lwIP that time has not passed.
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

/* Adds with the carry brought round: one's complement arithmetic. */
static uint64_t add_carry(uint64_t a, uint64_t b)
{
	uint64_t sum = a + b;

	return sum + (sum < a);
}

/*
 * RFC 1071 2(C): a sum of 64-bit words, carries brought round, folds to the
 * same 16 bits as the sum of 16-bit words. In host order, as lwIP wants it.
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
