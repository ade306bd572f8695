/* SPDX-License-Identifier: MIT */
/*
 * What hypervisors say of time. The instructions that ask them are the test's:
 * its CPUID leaves, and KVM's clock behind its MSRs.
 */
#define KERNEL_X86_CPU_H

#include <string.h>

#include "kernel/base.h"
#include "kernel/mm/page.h"
#include "lib/tap.h"

#define MAX_LEAVES 8

uintptr_t direct_map_base;
uintptr_t kernel_image_offset;

static struct {
	bool present; /* leaf 1's bit */
	struct {
		uint32_t leaf, r[4];
	} leaves[MAX_LEAVES];
	unsigned int nr_leaves;

	uint64_t tsc;
	uint32_t mul;
	int8_t shift;
	uint32_t version; /* of both records */
	uint64_t enabled; /* what was written to the time's MSR last */
	uint32_t time_msr, wall_msr; /* which were written */
} fake;

/* Beyond the last leaf there is rubbish, as on Intel's CPUs. */
static void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	memset(out, 0x11, 4 * sizeof(*out));
	if (leaf == 1)
		out[2] = fake.present ? 1U << 31 : 0;
	for (unsigned int i = 0; i < fake.nr_leaves; i++)
		if (fake.leaves[i].leaf == leaf)
			memcpy(out, fake.leaves[i].r, 4 * sizeof(*out));
}

static uint64_t rdtsc(void)
{
	return fake.tsc;
}

static void cpu_relax(void)
{
}

static void host_writes(uint32_t msr, uint64_t value);

static void wrmsr(uint32_t msr, uint64_t value)
{
	host_writes(msr, value);
}

#include "kernel/x86/hypervisor.c"

static void host_writes(uint32_t msr, uint64_t value)
{
	struct kvm_system_time *time = phys_to_virt(value & ~1ULL);
	struct kvm_wall_clock *wall = phys_to_virt(value);

	if (msr == MSR_WALL_CLOCK || msr == MSR_WALL_CLOCK_OLD) {
		fake.wall_msr = msr;
		*wall = (struct kvm_wall_clock){ fake.version, 1700000000,
						 500000000 };
		return;
	}
	fake.time_msr = msr;
	fake.enabled = value;
	if (!(value & SYSTEM_TIME_ENABLE))
		return;
	*time = (struct kvm_system_time){ .version = fake.version,
					  .tsc_timestamp = 1000000,
					  .system_time = 5 * NSEC_PER_SEC,
					  .mul = fake.mul,
					  .shift = fake.shift };
}

static void add_leaf(uint32_t leaf, uint32_t eax, uint32_t ebx,
		     const char *signature)
{
	uint32_t *r = fake.leaves[fake.nr_leaves].r;

	fake.leaves[fake.nr_leaves++].leaf = leaf;
	r[0] = eax;
	r[1] = ebx;
	if (signature)
		memcpy(&r[1], signature, 12);
}

/* A machine of 2.5 GHz by KVM's factors. */
static void machine(void)
{
	memset(&fake, 0, sizeof(fake));
	memset(&system_time, 0, sizeof(system_time));
	memset(&wall_clock, 0, sizeof(wall_clock));
	fake.present = true;
	fake.version = 2;
	fake.shift = -1;
	fake.mul = 3435973837; /* 2^32 * 2 / 2.5 */
}

static bool near(uint64_t value, uint64_t want)
{
	uint64_t off = value > want ? value - want : want - value;

	return off <= want / 1000000;
}

static void test_kvm(void)
{
	uint64_t ns = 0;

	machine();
	add_leaf(0x40000000, 0x40000001, 0, "KVMKVMKVM\0\0");
	add_leaf(0x40000001, BIT(3) | BIT(0), 0, NULL);
	ok(near(hypervisor_tsc_hz(), 2500000000), "KVM: the TSC's rate");
	is(fake.time_msr, MSR_SYSTEM_TIME, "KVM: by the new MSR");
	is(fake.enabled, 0, "KVM: whose clock is off again");
	is(hypervisor_apic_hz(), 1000000000, "KVM: the APIC timer's rate");
	fake.tsc = 1000000 + 2500000000;
	ok(hypervisor_wall_clock(&ns), "KVM: the time of day");
	ok(near(ns - 1700000000 * NSEC_PER_SEC, 6500000000),
	   "KVM: when it started, and what has passed since");
	fake.shift = 1;
	fake.mul = 1U << 31;
	ok(near(hypervisor_tsc_hz(), 1000000000), "KVM: a slow TSC");
}

static void test_kvm_old(void)
{
	uint64_t ns;

	machine();
	add_leaf(0x40000000, 0, 0, "KVMKVMKVM\0\0");
	add_leaf(0x40000001, BIT(0), 0, NULL);
	ok(near(hypervisor_tsc_hz(), 2500000000), "old KVM: the TSC's rate");
	is(fake.time_msr, MSR_SYSTEM_TIME_OLD, "old KVM: by the old MSR");
	ok(hypervisor_wall_clock(&ns), "old KVM: the time of day");
	is(fake.wall_msr, MSR_WALL_CLOCK_OLD, "old KVM: by the old MSR, too");
	fake.leaves[1].r[0] = 0;
	is(hypervisor_tsc_hz(), 0, "KVM without a clock: no rate");
	ok(!hypervisor_wall_clock(&ns), "KVM without a clock: no time of day");
}

static void test_kvm_lies(void)
{
	uint64_t ns;

	machine();
	add_leaf(0x40000000, 0x40000001, 0, "KVMKVMKVM\0\0");
	add_leaf(0x40000001, BIT(3), 0, NULL);
	fake.version = 3;
	is(hypervisor_tsc_hz(), 0, "a record that is never finished");
	fake.version = 0;
	is(hypervisor_tsc_hz(), 0, "a record that was never written");
	ok(!hypervisor_wall_clock(&ns), "nor is there a time of day");
	fake.version = 2;
	fake.mul = 0;
	is(hypervisor_tsc_hz(), 0, "a factor of nothing");
	fake.mul = 1U << 31;
	fake.shift = 100;
	is(hypervisor_tsc_hz(), 0, "a shift beyond all bits");
}

static void test_others(void)
{
	uint64_t ns;

	machine();
	add_leaf(0x40000000, 0x40000001, 0, "TCGTCGTCGTCG");
	is(hypervisor_apic_hz(), 1000000000, "TCG: the APIC timer's rate");
	is(hypervisor_tsc_hz(), 0, "TCG: no rate of the TSC");
	ok(!hypervisor_wall_clock(&ns), "TCG: no time of day");

	machine();
	add_leaf(0x40000000, 0x40000010, 0, "VMwareVMware");
	add_leaf(0x40000010, 2600000, 66000, NULL);
	is(hypervisor_tsc_hz(), 2600000000, "VMware: the TSC's rate");
	is(hypervisor_apic_hz(), 66000000, "VMware: the bus' rate");

	machine();
	add_leaf(0x40000000, 0x40000006, 0, "Microsoft Hv");
	add_leaf(0x40000100, 0x40000101, 0, "KVMKVMKVM\0\0");
	add_leaf(0x40000101, BIT(3), 0, NULL);
	ok(near(hypervisor_tsc_hz(), 2500000000),
	   "KVM that poses as another: its own leaves behind");

	machine();
	add_leaf(0x40000000, 0x40000006, 0, "Microsoft Hv");
	is(hypervisor_apic_hz(), 0, "another hypervisor: nothing is known");

	machine();
	fake.present = false;
	add_leaf(0x40000000, 0x40000001, 0, "KVMKVMKVM\0\0");
	is(hypervisor_apic_hz(), 0, "no hypervisor: its leaves are not read");
	is(hypervisor_tsc_hz(), 0, "no hypervisor: no rate");
	ok(!hypervisor_wall_clock(&ns), "no hypervisor: no time of day");
}

int main(void)
{
	test_kvm();
	test_kvm_old();
	test_kvm_lies();
	test_others();
	return done_testing();
}
