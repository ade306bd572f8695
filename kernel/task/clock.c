/* SPDX-License-Identifier: MIT */
/*
 * The clocks. Owns the scale that turns the time stamp counter into
 * nanoseconds, and the distance from monotonic to real time. Read from any
 * context; set at boot and by the timer that refines the rate.
 *
 * A window of one millisecond gives the TSC's rate to a few hundred parts in a
 * million. Later a timer measures again over longer windows and changes the
 * scale's rate from that moment on, so that time neither jumps nor goes back.
 * Corrections of the time of day are wallclock.c's.
 */
#include "kernel/task/clock.h"

#include "kernel/printk.h"
#include "kernel/task/timer.h"
#include "kernel/task/timescale.h"
#include "kernel/vdso/data.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/cpu.h"
#include "kernel/task/wallclock.h"
#include "kernel/x86/tsc.h"

/* Times since boot at which the rate is measured again. */
static const uint64_t refine_at[] = {
	100 * NSEC_PER_MSEC,
	1 * NSEC_PER_SEC,
	10 * NSEC_PER_SEC,
};

static struct timescale scale;
static struct tsc_rate rate;
static uint64_t real_offset; /* real time minus monotonic time */
static struct timer refine_timer;
static unsigned int refined;
static int slew_ppm;
static void (*on_set)(void);
static struct vdso_data *shared; /* NULL: not yet */

uint64_t ktime_get_ns(void)
{
	if (unlikely(!scale.ns_per_count))
		return 0;
	return timescale_ns(&scale, rdtsc());
}

uint64_t ktime_get_real_ns(void)
{
	return ktime_get_ns() + real_offset;
}

uint64_t ktime_of(uint64_t moment)
{
	if (!(moment & REAL_TIME) || moment == UINT64_MAX)
		return moment;
	moment &= ~REAL_TIME;
	return moment > real_offset ? moment - real_offset : 0;
}

uint64_t real_of(uint64_t ns)
{
	return (ns + real_offset) | REAL_TIME;
}

void delay_ns(uint64_t ns)
{
	uint64_t (*now)(void) = scale.ns_per_count ? ktime_get_ns : rdtsc;
	uint64_t start = now();

	while (now() - start < ns)
		cpu_relax();
}

uint64_t tsc_hz(void)
{
	return rate.tsc_hz;
}

uint64_t tsc_at(uint64_t ns)
{
	return MAX(timescale_count(&scale, ns), 1ULL);
}

/* Ring 3 does not run meanwhile: it reads all old or all new values. */
static void share(void)
{
	if (!shared)
		return;
	shared->scale = scale;
	shared->real_offset = real_offset;
	shared->seq++;
}

void clock_share(struct vdso_data *data)
{
	shared = data;
	share();
}

static void set_scale(void)
{
	int64_t more = (int64_t)(rate.tsc_hz / 1000000) * slew_ppm;

	timescale_set_hz(&scale, rdtsc(), rate.tsc_hz - more);
	share();
}

static void set_rate(void)
{
	set_scale();
	if (rate.apic_hz)
		apic_timer_set_rate(rate.apic_hz);
}

static void refine_next(void)
{
	if (refined < ARRAY_SIZE(refine_at))
		timer_start(&refine_timer, refine_at[refined++]);
}

static void refine(struct timer *timer)
{
	uint64_t before = rate.tsc_hz;

	if (tsc_refine(&rate)) {
		set_rate();
		pr_debug("clock: TSC %llu Hz, was %llu",
			 (unsigned long long)rate.tsc_hz,
			 (unsigned long long)before);
	}
	refine_next();
}

void clock_timers_start(void)
{
	wallclock_start();
	if (!rate.reference)
		return;
	timer_setup(&refine_timer, refine);
	refine_next();
}

void clock_slew(int ppm)
{
	if (ppm == slew_ppm)
		return;
	slew_ppm = ppm;
	set_scale();
}

void clock_on_set(void (*fn)(void))
{
	on_set = fn;
}

void clock_step(int64_t ns)
{
	real_offset += ns;
	share();
	timers_clock_was_set();
	if (on_set)
		on_set();
}

void clock_init(void)
{
	tsc_calibrate(&rate);
	/* Time 0 is when the kernel got the CPU. */
	scale.base_count = cpu_boot_tsc;
	timescale_set_hz(&scale, cpu_boot_tsc, rate.tsc_hz);
	set_rate();
	real_offset = wallclock_read_first() - ktime_get_ns();
	pr_debug("clock: TSC %llu Hz by %s%s%s",
		 (unsigned long long)rate.tsc_hz, rate.source,
		 rate.reference ? ", refined by " : "",
		 rate.reference ? rate.reference : "");
}
