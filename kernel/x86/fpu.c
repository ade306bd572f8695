/* SPDX-License-Identifier: MIT */
/*
 * The application's FPU, SSE, AVX and AVX-512 registers. The kernel is
 * compiled without them, so they stay in the CPU across system calls and
 * interrupts and move only when another thread of ring 3 gets the CPU, and
 * into signal frames. Entered by thread switches and signals.
 */
#include "kernel/x86/fpu.h"

#include <string.h>

#include "kernel/x86/cpu.h"
#include "kernel/x86/extable.h"

/* State components: SDM vol 1 13.1. */
#define XSTATE_X87 BIT(0)
#define XSTATE_SSE BIT(1)
#define XSTATE_AVX BIT(2)
#define XSTATE_AVX512 (BIT(5) | BIT(6) | BIT(7))

#define FXSAVE_SIZE 512
#define XSAVE_HEADER_SIZE 64
/* SDM vol 1 table 10-2 and 8.1.5, 10.2.3: values after FNINIT and reset. */
#define FXSAVE_FCW 0
#define FXSAVE_MXCSR 24
#define FCW_DEFAULT 0x37f
#define MXCSR_DEFAULT 0x1f80

static void xsetbv(uint32_t index, uint64_t value)
{
	__asm__ volatile("xsetbv"
			 :
			 : "c"(index), "a"((uint32_t)value),
			   "d"((uint32_t)(value >> 32)));
}

void fpu_init(void)
{
	struct cpu_features *f = &cpu_features;
	uint64_t can;
	uint32_t r[4];

	f->xsave_size = FXSAVE_SIZE;
	f->xcr0 = XSTATE_X87 | XSTATE_SSE;
	if (!f->xsave)
		return;
	cpuid(0xd, 0, r);
	can = r[0] | (uint64_t)r[3] << 32;
	if (can & XSTATE_AVX)
		f->xcr0 |= XSTATE_AVX;
	if ((can & XSTATE_AVX) && (can & XSTATE_AVX512) == XSTATE_AVX512)
		f->xcr0 |= XSTATE_AVX512;
	xsetbv(0, f->xcr0);
	cpuid(0xd, 0, r); /* ebx: size of what XCR0 enables now */
	f->xsave_size = r[1];
}

void fpu_save(void *area)
{
	if (cpu_features.xsave)
		__asm__ volatile("xsave64 (%0)"
				 :
				 : "r"(area), "a"(-1), "d"(-1)
				 : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

/*
 * False: the CPU refused the area (SDM vol 2 XRSTOR: reserved bits of MXCSR
 * or of the header), and the registers are as they were.
 */
static bool load(const void *area)
{
	if (cpu_features.xsave)
		__asm__ goto("1: xrstor64 (%0)\n" EX_TABLE_C("1b",
							     "%l[refused]")
			     :
			     : "r"(area), "a"(-1), "d"(-1)
			     : "memory"
			     : refused);
	else
		__asm__ goto(
			"1: fxrstor64 (%0)\n" EX_TABLE_C("1b", "%l[refused]")
			:
			: "r"(area)
			: "memory"
			: refused);
	return true;
refused:
	return false;
}

static void set_defaults(void *area)
{
	uint16_t fcw = FCW_DEFAULT;
	uint32_t mxcsr = MXCSR_DEFAULT;

	memcpy((char *)area + FXSAVE_FCW, &fcw, sizeof(fcw));
	memcpy((char *)area + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
}

/* An area may come from a signal frame, so a bad one must do no harm. */
void fpu_restore(const void *area)
{
	static _Alignas(64) uint8_t initial[FXSAVE_SIZE + XSAVE_HEADER_SIZE];

	if (likely(load(area)))
		return;
	set_defaults(initial);
	if (!load(initial))
		panic("the FPU refuses its initial state");
}

/* With XSTATE_BV zero XRSTOR gives every component its initial state. */
void fpu_init_area(void *area)
{
	memset(area, 0, cpu_features.xsave_size);
	set_defaults(area);
}
