/* SPDX-License-Identifier: MIT */
/*
 * The rates of the time stamp counter and the APIC timer. Hypervisors and newer
 * CPUs report them; otherwise both are measured against the ACPI power
 * management timer or, without one, channel 2 of the 8254. Owns the start of
 * that measurement, so that it can be continued later over a longer window.
 * An APIC timer of known rate is the reference at first, and the only one if
 * both others are missing; later it is needed for other things.
 *
 * A virtual CPU can be stopped by its host between any two instructions. Each
 * reading of the reference is therefore bracketed by two readings of the TSC,
 * and of several tries the one with the tightest bracket is used: an
 * interruption makes its bracket wide.
 */
#include "kernel/x86/tsc.h"

#include <string.h>

#include "kernel/printk.h"
#include "kernel/x86/acpi.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/hypervisor.h"

#define WINDOW_US 1000
#define SHORT_WINDOW_US 200
#define TRIES 8
#define MAX_READS 10000 /* of a reference that does not move */
#define REFINE_MAX_PPM 2000 /* beyond it something else is wrong */

#define LEAF_TSC 0x15 /* CPUID: SDM vol 2 */

/* ACPI 6.4 4.8.3.3 and table 5.9. */
#define PM_TIMER_HZ 3579545
#define PM_TIMER_MASK 0xffffff
#define FADT_PM_TIMER_PORT 76
#define FADT_PM_TIMER_LEN 91

/* 8254 channel 2, gated by port 0x61. */
#define PIT_HZ 1193182
#define PIT_MASK 0xffff
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CH2_MODE0 0xb0
#define PIT_CH2_LATCH 0x80
#define PIT_CH2_STATUS 0xe8 /* read back: the channel's status alone, ... */
#define PIT_CH2_PROGRAM 0x30 /* ... whose low bits are the last command's */
#define PIT_PROGRAM_MASK 0x3f
#define PIT_GATE_PORT 0x61
#define PIT_GATE_ON 0x01
#define PIT_SPEAKER 0x02

/* A counter's value, the TSC when it was read, and the bracket's width. */
struct reading {
	uint64_t tsc;
	uint64_t width;
	uint32_t value;
};

struct reference {
	const char *name;
	uint32_t hz;
	uint32_t mask; /* it counts up, modulo this plus one */
	bool (*start)(void); /* false: not there */
	void (*read)(struct reading *r);
};

static uint16_t pm_port;

static const struct reference *reference;
static struct reading ref_start;
/* The APIC timer's rate, or 0: then measured as its ticks per TSC ticks. */
static uint32_t apic_hz_told;
static uint64_t ratio_apic, ratio_tsc;

static void bracket(struct reading *r, uint64_t before, uint64_t after)
{
	r->width = after - before;
	r->tsc = before + r->width / 2;
}

static bool pm_timer_start(void)
{
	size_t len;
	const uint8_t *fadt = acpi_find("FACP", &len);
	uint32_t port;

	if (!fadt || len <= FADT_PM_TIMER_LEN || fadt[FADT_PM_TIMER_LEN] != 4)
		return false;
	memcpy(&port, fadt + FADT_PM_TIMER_PORT, sizeof(port));
	pm_port = (uint16_t)port;
	return port && port <= UINT16_MAX;
}

static void pm_timer_read(struct reading *r)
{
	uint64_t before = rdtsc();

	r->value = inl(pm_port) & PM_TIMER_MASK;
	bracket(r, before, rdtsc());
}

/*
 * Mode 0 with the largest count continues past its end. The status shows
 * whether there is an 8254 at the port.
 */
static bool pit_start(void)
{
	uint8_t gate = inb(PIT_GATE_PORT);

	outb(PIT_GATE_PORT, (gate & ~PIT_SPEAKER) | PIT_GATE_ON);
	outb(PIT_COMMAND, PIT_CH2_MODE0);
	outb(PIT_CHANNEL2, 0);
	outb(PIT_CHANNEL2, 0);
	outb(PIT_COMMAND, PIT_CH2_STATUS);
	return (inb(PIT_CHANNEL2) & PIT_PROGRAM_MASK) == PIT_CH2_PROGRAM;
}

/* The latch command freezes the value; reading it takes two more steps. */
static void pit_read(struct reading *r)
{
	uint64_t before = rdtsc(), after;
	uint32_t value;

	outb(PIT_COMMAND, PIT_CH2_LATCH);
	after = rdtsc();
	value = inb(PIT_CHANNEL2);
	value |= (uint32_t)inb(PIT_CHANNEL2) << 8;
	r->value = -value & PIT_MASK;
	bracket(r, before, after);
}

static const struct reference references[] = {
	{ "the ACPI timer", PM_TIMER_HZ, PM_TIMER_MASK, pm_timer_start,
	  pm_timer_read },
	{ "the 8254", PIT_HZ, PIT_MASK, pit_start, pit_read },
};

static void apic_timer_read(struct reading *r)
{
	uint64_t before = rdtsc();

	r->value = apic_timer_count();
	bracket(r, before, rdtsc());
}

static struct reading read_best(void (*read)(struct reading *r))
{
	struct reading best, r;

	read(&best);
	for (int i = 1; i < TRIES; i++) {
		read(&r);
		if (r.width < best.width)
			best = r;
	}
	return best;
}

/* Waits for the end of the window. False: the counter stands still. */
static bool wait_window(const struct reference *ref, uint32_t start,
			uint64_t us)
{
	uint32_t ticks = (uint32_t)(ref->hz * us / 1000000);
	uint32_t last = start;
	struct reading r;

	for (int unmoved = 0; unmoved < MAX_READS; unmoved++) {
		ref->read(&r);
		if (((r.value - start) & ref->mask) >= ticks)
			return true;
		if (r.value != last)
			unmoved = 0;
		last = r.value;
	}
	return false;
}

static uint64_t rate_between(const struct reference *ref,
			     const struct reading *from,
			     const struct reading *to)
{
	uint32_t ticks = (to->value - from->value) & ref->mask;

	return mul_div(to->tsc - from->tsc, ref->hz, MAX(ticks, 1U));
}

static bool measure(const struct reference *ref, struct tsc_rate *rate)
{
	struct reading end, apic_start, apic_end;

	if (!ref->start())
		return false;
	apic_timer_count_start();
	ref_start = read_best(ref->read);
	apic_start = read_best(apic_timer_read);
	if (!wait_window(ref, ref_start.value, WINDOW_US))
		return false;
	end = read_best(ref->read);
	apic_end = read_best(apic_timer_read);

	reference = ref;
	ratio_apic = apic_end.value - apic_start.value;
	ratio_tsc = apic_end.tsc - apic_start.tsc;
	rate->tsc_hz = rate_between(ref, &ref_start, &end);
	rate->apic_hz = mul_div(rate->tsc_hz, ratio_apic, ratio_tsc);
	rate->source = rate->reference = ref->name;
	return rate->tsc_hz != 0;
}

/* SDM vol 2 CPUID 0x15: crystal rate times ebx / eax. */
static bool told_by_cpu(struct tsc_rate *rate)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	if (r[0] < LEAF_TSC)
		return false;
	cpuid(LEAF_TSC, 0, r);
	if (!r[0] || !r[1] || !r[2])
		return false;
	rate->tsc_hz = mul_div(r[2], r[1], r[0]);
	rate->source = "the CPU";
	return true;
}

static bool told_by_hypervisor(struct tsc_rate *rate)
{
	rate->apic_hz = hypervisor_apic_hz() / APIC_TIMER_DIVISOR;
	rate->tsc_hz = hypervisor_tsc_hz();
	rate->source = "the hypervisor";
	return rate->tsc_hz;
}

/* The APIC timer's rate from the TSC's, which is known. */
static void measure_apic(struct tsc_rate *rate)
{
	struct reading start, end;

	apic_timer_count_start();
	start = read_best(apic_timer_read);
	while (rdtsc() - start.tsc < rate->tsc_hz * WINDOW_US / 1000000)
		cpu_relax();
	end = read_best(apic_timer_read);
	rate->apic_hz = mul_div(rate->tsc_hz, end.value - start.value,
				end.tsc - start.tsc);
}

/* The TSC's rate from the APIC timer's, which is known. */
static bool measure_by_apic(struct tsc_rate *rate, uint64_t window_us)
{
	const struct reference apic = { .hz = apic_hz_told,
					.mask = UINT32_MAX,
					.read = apic_timer_read };
	struct reading start, end;

	apic_timer_count_start();
	start = read_best(apic_timer_read);
	if (!wait_window(&apic, start.value, window_us))
		return false;
	end = read_best(apic_timer_read);
	rate->tsc_hz = rate_between(&apic, &start, &end);
	rate->source = "the APIC timer";
	return rate->tsc_hz;
}

/*
 * An APIC timer of known rate has the finest ticks: a short window is enough.
 * A reference clock, if there is one, corrects the rate later.
 */
static bool measure_shortly(struct tsc_rate *rate)
{
	for (size_t i = 0; i < ARRAY_SIZE(references); i++) {
		if (!references[i].start())
			continue;
		reference = &references[i];
		rate->reference = reference->name;
		ref_start = read_best(reference->read);
		return measure_by_apic(rate, SHORT_WINDOW_US);
	}
	return measure_by_apic(rate, WINDOW_US);
}

static bool measure_any(struct tsc_rate *rate)
{
	if (apic_hz_told && measure_shortly(rate))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(references); i++)
		if (measure(&references[i], rate))
			return true;
	return false;
}

void tsc_calibrate(struct tsc_rate *rate)
{
	*rate = (struct tsc_rate){ 0 };
	if (!told_by_hypervisor(rate) && !told_by_cpu(rate)) {
		apic_hz_told = rate->apic_hz;
		if (!measure_any(rate))
			panic("no working clock to measure the time stamp "
			      "counter with");
		if (apic_hz_told)
			rate->apic_hz = apic_hz_told;
	} else if (!rate->apic_hz && !cpu_features.tsc_deadline) {
		measure_apic(rate);
	}
}

/*
 * The reference has wrapped an unknown number of times since the start, which
 * is computed from the rate known so far.
 */
static uint64_t reference_ticks(const struct reading *end, uint64_t tsc_hz)
{
	uint64_t turn = (uint64_t)reference->mask + 1;
	uint64_t about = mul_div(end->tsc - ref_start.tsc, reference->hz,
				 tsc_hz);
	uint64_t part = (end->value - ref_start.value) & reference->mask;

	if (about < part)
		return part;
	return part + (about - part + turn / 2) / turn * turn;
}

bool tsc_refine(struct tsc_rate *rate)
{
	struct reading end = read_best(reference->read);
	uint64_t ticks = reference_ticks(&end, rate->tsc_hz);
	uint64_t hz = mul_div(end.tsc - ref_start.tsc, reference->hz,
			      MAX(ticks, 1ULL));
	uint64_t off = hz > rate->tsc_hz ? hz - rate->tsc_hz :
					   rate->tsc_hz - hz;

	if (off > rate->tsc_hz / 1000000 * REFINE_MAX_PPM)
		return false;
	rate->tsc_hz = hz;
	if (!apic_hz_told)
		rate->apic_hz = mul_div(hz, ratio_apic, ratio_tsc);
	return true;
}
