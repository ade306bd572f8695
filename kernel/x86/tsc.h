/* SPDX-License-Identifier: MIT */
/*
 * The rates of the time stamp counter and of the local APIC's timer. The
 * clocks built on them are in kernel/task/clock.h.
 */
#ifndef KERNEL_X86_TSC_H
#define KERNEL_X86_TSC_H

#include <stdbool.h>
#include <stdint.h>

struct tsc_rate {
	uint64_t tsc_hz;
	uint64_t apic_hz; /* 0: not measured, not needed */
	const char *source; /* for the log */
	const char *reference; /* what tsc_refine() will use; NULL: nothing */
};

/*
 * From CPUID, or measured against a clock of known rate in a few milliseconds.
 * Needs irq_init() and acpi_init(). Panics without any clock.
 */
void tsc_calibrate(struct tsc_rate *rate);
/*
 * Measures again, from the calibration's start to now: the longer the window
 * the better. False when the result makes no sense; rate stays then.
 */
bool tsc_refine(struct tsc_rate *rate);

/* In kernel/task/clock.c: what the TSC reads at this monotonic time; > 0. */
uint64_t tsc_at(uint64_t ns);

/* a * b / c; the quotient must fit. */
static inline uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t quotient, high;

	__asm__("mulq %3" : "=a"(quotient), "=d"(high) : "a"(a), "r"(b));
	__asm__("divq %4"
		: "=a"(quotient), "=d"(high)
		: "a"(quotient), "d"(high), "r"(c));
	return quotient;
}

#endif
