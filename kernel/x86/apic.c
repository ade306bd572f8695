/* SPDX-License-Identifier: MIT */
/*
 * The local APIC (SDM vol 3 chapter 11): registers as memory or, in x2APIC
 * mode, as MSRs; end of interrupt; the timer. Owns the timer's armed
 * time. Entered at boot, by the timer code in any context, and by its own
 * interrupt.
 */
#include "kernel/x86/apic.h"

#include "kernel/mm/vmap.h"
#include "kernel/printk.h"
#include "kernel/task/clock.h"
#include "kernel/task/softirq.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/irq.h"
#include "kernel/x86/tsc.h"

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_X2APIC BIT(10)
#define APIC_BASE_ENABLE BIT(11)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ULL
#define MSR_X2APIC 0x800
#define MSR_TSC_DEADLINE 0x6e0

/* Register offsets: SDM vol 3 table 11-1. */
enum {
	APIC_ID = 0x20,
	APIC_VERSION = 0x30,
	APIC_TPR = 0x80,
	APIC_EOI = 0xb0,
	APIC_SVR = 0xf0,
	APIC_ESR = 0x280,
	APIC_LVT_CMCI = 0x2f0,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_THERMAL = 0x330,
	APIC_LVT_PERF = 0x340,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_LVT_ERROR = 0x370,
	APIC_TIMER_INITIAL = 0x380,
	APIC_TIMER_CURRENT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0,
};

#define SVR_ENABLE BIT(8)
#define LVT_MASKED BIT(16)
#define LVT_NMI (4 << 8)
#define LVT_TIMER_DEADLINE (2 << 17)
#define DIVIDE_BY_4 1 /* SDM vol 3 figure 11-10 */
_Static_assert(APIC_TIMER_DIVISOR == 4, "DIVIDE_BY_4");

/* Not armed; and the longest that a 32-bit count is trusted with. */
#define NEVER UINT64_MAX
#define MAX_TICKS UINT32_MAX

static volatile uint32_t *apic_mmio __ro_after_init; /* NULL in x2APIC mode */

/*
 * wanted: the last argument of apic_timer_set(). armed: when the hardware
 * will fire, never later than wanted. Moving the timer later costs no register
 * write: the early interrupt arms it again.
 */
static uint64_t wanted = NEVER;
static uint64_t armed = NEVER;
static uint64_t ticks_per_ns; /* fixed point, 32 bits of fraction */

static uint32_t apic_read(unsigned int reg)
{
	if (!apic_mmio)
		return (uint32_t)rdmsr(MSR_X2APIC + reg / 16);
	return apic_mmio[reg / sizeof(uint32_t)];
}

static void apic_write(unsigned int reg, uint32_t value)
{
	if (apic_mmio)
		apic_mmio[reg / sizeof(uint32_t)] = value;
	else
		wrmsr(MSR_X2APIC + reg / 16, value);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

uint32_t apic_id(void)
{
	uint32_t id = apic_read(APIC_ID);

	return apic_mmio ? id >> 24 : id;
}

static void find_registers(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (cpu_features.x2apic) {
		/* Through xAPIC: SDM vol 3 11.12.5 has no other way. */
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
		wrmsr(MSR_APIC_BASE,
		      base | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
		return;
	}
	wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	apic_mmio = ioremap(base & APIC_BASE_ADDRESS, PAGE_SIZE);
	if (!apic_mmio)
		panic("no memory to map the local APIC");
}

/* The local vector table by its length: SDM vol 3 11.5.1. */
static void mask_lvt(void)
{
	unsigned int max = apic_read(APIC_VERSION) >> 16 & 0xff;

	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, LVT_MASKED | VECTOR_SPURIOUS);
	if (max >= 4)
		apic_write(APIC_LVT_PERF, LVT_MASKED);
	if (max >= 5)
		apic_write(APIC_LVT_THERMAL, LVT_MASKED);
	if (max >= 6)
		apic_write(APIC_LVT_CMCI, LVT_MASKED);
}

void apic_init(void)
{
	find_registers();
	apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	mask_lvt();
	apic_write(APIC_TPR, 0);
	apic_write(APIC_ESR, 0);
	apic_write(APIC_TIMER_DIVIDE, DIVIDE_BY_4);
}

void apic_timer_count_start(void)
{
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
}

uint32_t apic_timer_count(void)
{
	return UINT32_MAX - apic_read(APIC_TIMER_CURRENT);
}

void apic_timer_set_rate(uint64_t apic_hz)
{
	ticks_per_ns = mul_div(apic_hz, BIT(32), NSEC_PER_SEC);
}

static uint32_t count_for(uint64_t delta_ns)
{
	unsigned __int128 ticks = (unsigned __int128)delta_ns * ticks_per_ns;

	ticks = (ticks >> 32) + 1; /* rounded up: not early */
	return ticks < MAX_TICKS ? (uint32_t)ticks : MAX_TICKS;
}

static void timer_program(uint64_t expires)
{
	uint64_t now = ktime_get_ns();

	armed = expires;
	if (cpu_features.tsc_deadline)
		wrmsr(MSR_TSC_DEADLINE, tsc_at(expires));
	else
		apic_write(APIC_TIMER_INITIAL,
			   count_for(expires > now ? expires - now : 0));
}

void apic_timer_set(uint64_t expires_ns)
{
	wanted = expires_ns;
	if (expires_ns < armed)
		timer_program(expires_ns);
}

/*
 * `wanted` and `armed` stay: the wanted time has come, or the interrupted code
 * is about to program it. If this interrupt comes early, it arms the timer
 * again.
 */
void apic_timer_again(uint64_t delta_ns)
{
	if (cpu_features.tsc_deadline)
		wrmsr(MSR_TSC_DEADLINE, tsc_at(ktime_get_ns() + delta_ns));
	else
		apic_write(APIC_TIMER_INITIAL, count_for(delta_ns));
}

/* Comes early if the timer was moved later or exceeds the counter's range. */
static void timer_interrupt(void *arg)
{
	uint64_t expires = wanted;

	armed = NEVER;
	if (expires == NEVER)
		return;
	if (ktime_get_ns() < expires) {
		timer_program(expires);
		return;
	}
	wanted = NEVER;
	raise_softirq(SOFTIRQ_TIMER);
}

void apic_timer_init(void)
{
	uint32_t mode = cpu_features.tsc_deadline ? LVT_TIMER_DEADLINE : 0;

	irq_set_handler(VECTOR_TIMER, "timer", timer_interrupt, NULL);
	apic_write(APIC_TIMER_INITIAL, 0);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER | mode);
	/* The mode must be set before the first deadline: SDM 11.5.4.1. */
	if (cpu_features.tsc_deadline)
		__asm__ volatile("mfence" ::: "memory");
	clock_timers_start();
	pr_debug("apic: id %u, %s, timer %s", apic_id(),
		 apic_mmio ? "xapic" : "x2apic",
		 cpu_features.tsc_deadline ? "by TSC deadline" : "one-shot");
}
