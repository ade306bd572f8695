/* SPDX-License-Identifier: MIT */
/*
 * Hypervisors. The frequency leaf is VMware's; KVM has it, too, when it is sure
 * of the rate. KVM's clock (Linux's Documentation/virt/kvm/x86/msr.rst) shows
 * the rate by the factors that convert the TSC into nanoseconds. It is turned
 * on for one reading, then off again: after that the TSC is enough.
 */
#include "kernel/x86/hypervisor.h"

#include <string.h>

#include "kernel/mm/page.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/tsc.h"

/* CPUID leaf 1 ECX; leaves of hypervisors, each at a multiple of 0x100. */
#define FEATURE_HYPERVISOR BIT(31)
#define LEAF_FIRST 0x40000000
#define LEAF_END 0x40010000
#define LEAF_STEP 0x100
#define LEAF_FEATURES 1 /* KVM's, from its first leaf */
#define LEAF_FREQUENCIES 0x40000010

#define SIGNATURE_KVM "KVMKVMKVM\0\0"
#define SIGNATURE_TCG "TCGTCGTCGTCG"
#define SIGNATURE_LEN 12

#define APIC_HZ 1000000000ULL

#define KVM_CLOCKSOURCE BIT(0) /* the MSRs' old numbers, ... */
#define KVM_CLOCKSOURCE2 BIT(3) /* ... and the new ones */
#define MSR_WALL_CLOCK_OLD 0x11
#define MSR_SYSTEM_TIME_OLD 0x12
#define MSR_WALL_CLOCK 0x4b564d00
#define MSR_SYSTEM_TIME 0x4b564d01
#define SYSTEM_TIME_ENABLE 1

/* Tries to read a record that the host is changing. */
#define TRIES 1000

/* ns = system_time + ((tsc - tsc_timestamp) << tsc_shift) * mul >> 32 */
struct kvm_system_time {
	uint32_t version; /* odd: it is being changed */
	uint32_t pad;
	uint64_t tsc_timestamp;
	uint64_t system_time;
	uint32_t mul;
	int8_t shift;
	uint8_t flags;
	uint8_t reserved[2];
};
_Static_assert(sizeof(struct kvm_system_time) == 32, "msr.rst");

/* The time of day when system_time was 0. */
struct kvm_wall_clock {
	uint32_t version;
	uint32_t sec;
	uint32_t nsec;
};
_Static_assert(sizeof(struct kvm_wall_clock) == 12, "msr.rst");

/* The host writes these two; neither may cross a page. */
static struct kvm_system_time system_time __attribute__((aligned(32)));
static struct kvm_wall_clock wall_clock __attribute__((aligned(16)));

/*
 * First leaf of the hypervisor with this signature, 0: none. A hypervisor that
 * emulates another has its own leaves after that one's. The search ends where
 * EAX is not the last leaf of its block (older KVMs have 0 there).
 */
static uint32_t find_leaves(const char *signature)
{
	uint32_t leaf, r[4];

	cpuid(1, 0, r);
	if (!(r[2] & FEATURE_HYPERVISOR))
		return 0;
	for (leaf = LEAF_FIRST; leaf < LEAF_END; leaf += LEAF_STEP) {
		cpuid(leaf, 0, r);
		if (!memcmp(&r[1], signature, SIGNATURE_LEN))
			return leaf;
		if (r[0] < leaf || r[0] >= leaf + LEAF_STEP)
			break;
	}
	return 0;
}

/* EAX and EBX of the frequency leaf in Hz, 0 where there is none. */
static void frequencies(uint64_t *tsc_hz, uint64_t *apic_hz)
{
	uint32_t r[4];

	*tsc_hz = *apic_hz = 0;
	cpuid(1, 0, r);
	if (!(r[2] & FEATURE_HYPERVISOR))
		return;
	cpuid(LEAF_FIRST, 0, r);
	if (r[0] < LEAF_FREQUENCIES || r[0] > LEAF_FIRST + 0xff)
		return;
	cpuid(LEAF_FREQUENCIES, 0, r);
	*tsc_hz = r[0] * 1000ULL;
	*apic_hz = r[1] * 1000ULL;
}

uint64_t hypervisor_apic_hz(void)
{
	uint64_t tsc_hz, apic_hz;

	frequencies(&tsc_hz, &apic_hz);
	if (apic_hz)
		return apic_hz;
	if (find_leaves(SIGNATURE_KVM) || find_leaves(SIGNATURE_TCG))
		return APIC_HZ;
	return 0;
}

/* Which MSRs KVM's clock has; false: it has none. */
static bool kvm_clock_msrs(uint32_t *system, uint32_t *wall)
{
	uint32_t leaf = find_leaves(SIGNATURE_KVM), r[4];

	if (!leaf)
		return false;
	cpuid(leaf + LEAF_FEATURES, 0, r);
	if (!(r[0] & (KVM_CLOCKSOURCE | KVM_CLOCKSOURCE2)))
		return false;
	*system = r[0] & KVM_CLOCKSOURCE2 ? MSR_SYSTEM_TIME :
					    MSR_SYSTEM_TIME_OLD;
	*wall = r[0] & KVM_CLOCKSOURCE2 ? MSR_WALL_CLOCK : MSR_WALL_CLOCK_OLD;
	return true;
}

/* Copies a record that begins with a version; false: it keeps changing. */
static bool read_record(void *copy, const void *record, size_t len)
{
	const uint32_t *version = record;

	for (int i = 0; i < TRIES; i++) {
		uint32_t before = READ_ONCE(*version);

		barrier();
		memcpy(copy, record, len);
		barrier();
		if (before && !(before & 1) && READ_ONCE(*version) == before)
			return true;
		cpu_relax();
	}
	return false;
}

static bool read_system_time(struct kvm_system_time *time, uint32_t msr)
{
	bool valid;

	wrmsr(msr, virt_to_phys(&system_time) | SYSTEM_TIME_ENABLE);
	valid = read_record(time, &system_time, sizeof(*time));
	wrmsr(msr, 0);
	return valid && time->mul && time->shift > -32 && time->shift < 32;
}

uint64_t hypervisor_tsc_hz(void)
{
	struct kvm_system_time time;
	uint32_t system, wall;
	uint64_t hz, apic_hz;

	frequencies(&hz, &apic_hz);
	if (hz)
		return hz;
	if (!kvm_clock_msrs(&system, &wall) || !read_system_time(&time, system))
		return 0;
	hz = (NSEC_PER_SEC << 32) / time.mul;
	return time.shift < 0 ? hz << -time.shift : hz >> time.shift;
}

/* KVM's nanoseconds at this reading of the TSC. */
static uint64_t system_ns(const struct kvm_system_time *time, uint64_t tsc)
{
	uint64_t delta = tsc - time->tsc_timestamp;

	delta = time->shift < 0 ? delta >> -time->shift : delta << time->shift;
	return time->system_time + mul_div(delta, time->mul, BIT(32));
}

bool hypervisor_wall_clock(uint64_t *ns)
{
	struct kvm_system_time time;
	struct kvm_wall_clock start;
	uint32_t system, wall;

	if (!kvm_clock_msrs(&system, &wall) || !read_system_time(&time, system))
		return false;
	wrmsr(wall, virt_to_phys(&wall_clock));
	if (!read_record(&start, &wall_clock, sizeof(start)))
		return false;
	*ns = start.sec * NSEC_PER_SEC + start.nsec + system_ns(&time, rdtsc());
	return true;
}
