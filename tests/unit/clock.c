/* SPDX-License-Identifier: MIT */
/* unit: kernel/task/calendar.c */
/*
 * The arithmetic of the clocks: counter values to nanoseconds, and the
 * registers of the PC's clock to seconds since 1970.
 */
#include "kernel/task/calendar.h"
#include "kernel/task/timescale.h"
#include "kernel/task/wallclock.h"
#include "lib/tap.h"

#define YEAR_NS (365ULL * 86400 * NSEC_PER_SEC)
#define GHZ 1000000000ULL

static struct timescale scale_of(uint64_t hz)
{
	struct timescale t = { 0 };

	timescale_set_hz(&t, 0, hz);
	return t;
}

static void test_rates(void)
{
	static const uint64_t rates[] = { 1000000, GHZ / 3, 2596153880,
					  5 * GHZ };

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		struct timescale t = scale_of(rates[i]);
		uint64_t ns = timescale_ns(&t, rates[i] * 1000);
		uint64_t years = timescale_ns(&t, rates[i] * 86400 * 365 * 100);

		ok(ns <= 1000 * NSEC_PER_SEC && ns > 1000 * NSEC_PER_SEC - 1000,
		   "1000 s at %llu Hz", (unsigned long long)rates[i]);
		ok(years <= 100 * YEAR_NS && years > 100 * YEAR_NS / 1000 * 999,
		   "100 years at %llu Hz do not overflow",
		   (unsigned long long)rates[i]);
	}
}

static void test_refine(void)
{
	struct timescale t = scale_of(2 * GHZ);
	uint64_t before = timescale_ns(&t, 10 * GHZ);

	timescale_set_hz(&t, 10 * GHZ, 2 * GHZ + 200000);
	is((long long)timescale_ns(&t, 10 * GHZ), (long long)before,
	   "a new rate does not make time jump");
	is((long long)timescale_ns(&t, 10 * GHZ - 5000), (long long)before,
	   "a counter that went back does not take time with it");
	ok(timescale_ns(&t, 12 * GHZ + 200000) - before - GHZ + 2 <= 4,
	   "and the new rate counts from there on");
	is((long long)timescale_count(&t, 0), 10 * (long long)GHZ,
	   "a time before the base is the base's");
}

/* A thread may sleep for 584 years; a deadline that wrapped would be now. */
static void test_far(void)
{
	struct timescale t = scale_of(3 * GHZ);

	timescale_set_hz(&t, 3600 * 3 * GHZ, 3 * GHZ);
	is(timescale_count(&t, UINT64_MAX) == UINT64_MAX, 1,
	   "a time beyond the counter's end is its end");
	is(timescale_count(&t, UINT64_MAX / 3 * 2) == UINT64_MAX, 1,
	   "each of them");
	ok(timescale_count(&t, 100 * YEAR_NS) < UINT64_MAX &&
		   timescale_count(&t, 100 * YEAR_NS) > 99 * YEAR_NS * 3,
	   "a century is before it");
}

static void test_inverse(void)
{
	struct timescale t = scale_of(2596153880);
	uint64_t worst = 0;

	for (uint64_t ns = 1; ns < 1000 * NSEC_PER_SEC; ns = ns * 3 + 1) {
		uint64_t back = timescale_ns(&t, timescale_count(&t, ns));
		uint64_t off = back > ns ? back - ns : ns - back;

		worst = MAX(worst, off * 1000000000 / (ns + 1000000000));
	}
	ok(worst <= 2, "to counts and back within 2 in 10^9 (%llu)",
	   (unsigned long long)worst);
}

static uint64_t unix_of(struct rtc_registers r)
{
	uint64_t seconds = 0;

	return rtc_to_unix(&r, &seconds) ? seconds : 0;
}

static void test_dates(void)
{
	/* second, minute, hour, day, month, year, century, status B */
	is(unix_of((struct rtc_registers){ 0x59, 0x59, 0x23, 0x31, 0x12, 0x99,
					   0x20, RTC_B_24H }),
	   4102444799, "2099-12-31 23:59:59 in BCD");
	is(unix_of((struct rtc_registers){ 0, 0, 0, 29, 2, 24, 20,
					   RTC_B_24H | RTC_B_BINARY }),
	   1709164800, "2024-02-29 in binary");
	is(unix_of((struct rtc_registers){ 0, 0, 0, 1, 3, 24, 20,
					   RTC_B_24H | RTC_B_BINARY }),
	   1709251200, "the day after");
	is(unix_of((struct rtc_registers){ 0, 0, 0x12, 0x01, 0x01, 0x00, 0x20,
					   0 }),
	   946684800, "12 am is midnight");
	is(unix_of((struct rtc_registers){ 0, 0, 0x92, 0x01, 0x01, 0x00, 0x20,
					   0 }),
	   946728000, "12 pm is noon");
	is(unix_of((struct rtc_registers){ 0, 0, 0x81, 0x01, 0x01, 0x00, 0x20,
					   0 }),
	   946731600, "1 pm is 13 h");
	is(unix_of((struct rtc_registers){ 0, 0, 0, 0x01, 0x01, 0x00, 0xff,
					   RTC_B_24H }),
	   946684800, "without a century it is this one");
}

static void test_bad_dates(void)
{
	struct rtc_registers all_ones = { 0xff, 0xff, 0xff, 0xff,
					  0xff, 0xff, 0xff, 0xff };
	struct rtc_registers zeros = { .status_b = RTC_B_24H };
	uint64_t seconds;

	ok(!rtc_to_unix(&all_ones, &seconds), "no clock is no date");
	ok(!rtc_to_unix(&zeros, &seconds), "a cleared clock is no date");
}

static void test_wallclock(void)
{
	is(wallclock_error(1000, 2000, 1000, 1001), 0, "within the second");
	is(wallclock_error(1000, 2000, 2000, 2001), 0, "at its end");
	is(wallclock_error(1000, 2000, 900, 1000), 0, "at its beginning");
	is(wallclock_error(1000, 2000, 890, 900), 100, "slow, by at least");
	is(wallclock_error(1000, 2000, 2100, 2110), -100, "fast");
	is(wallclock_error(1000, 2000, 0, 5000), 0,
	   "a reading that took long says nothing");
	is(wallclock_error(5000, 5000, 4990, 4995), 5, "an exact reading");
	is(wallclock_error(5000, 5000, 4990, 5005), 0, "as exact as it can be");
}

int main(void)
{
	test_rates();
	test_refine();
	test_far();
	test_inverse();
	test_dates();
	test_bad_dates();
	test_wallclock();
	return done_testing();
}
