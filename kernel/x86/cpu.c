/* SPDX-License-Identifier: MIT */
/*
 * The CPU's features and modes. Owns cpu_features, the per-CPU area and the
 * control registers. Entered once at boot, and for the FS and GS bases by
 * thread switches and arch_prctl().
 */
#include "kernel/x86/cpu.h"

#include "kernel/printk.h"
#include "kernel/x86/fpu.h"
#include "kernel/x86/gdt.h"
#include "kernel/x86/idt.h"
#include "kernel/x86/regs.h"
#include "kernel/x86/trap.h"

/* Control registers: SDM vol 3 2.5. */
#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_AM BIT(18)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR4_DE BIT(3)
#define CR4_PAE BIT(5)
#define CR4_MCE BIT(6)
#define CR4_PGE BIT(7)
#define CR4_OSFXSR BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_UMIP BIT(11)
#define CR4_FSGSBASE BIT(16)
#define CR4_OSXSAVE BIT(18)
#define CR4_SMEP BIT(20)
#define CR4_SMAP BIT(21)
#define CR4_CET BIT(23)

/* Model specific registers: SDM vol 4 table 2-2. */
#define MSR_SYSENTER_CS 0x174
#define MSR_S_CET 0x6a2
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101

#define S_CET_ENDBR_EN BIT(2)
#define EFER_SCE BIT(0)
#define EFER_NXE BIT(11)

struct cpu_features cpu_features __ro_after_init;
uint64_t cpu_boot_tsc __ro_after_init;
struct percpu cpu0;
bool cpu_has_smap __ro_after_init; /* for the assembly */

_Static_assert(offsetof(struct percpu, kernel_sp) == PERCPU_KERNEL_SP, "");
_Static_assert(offsetof(struct percpu, user_sp) == PERCPU_USER_SP, "");
_Static_assert(offsetof(struct percpu, work) == PERCPU_WORK, "");
_Static_assert(offsetof(struct percpu, irqs) == PERCPU_WORK + 1, "");

/* Leaves beyond the highest read as zero (Intel repeats the last one). */
static void cpuid_or_zero(uint32_t leaf, uint32_t out[4])
{
	cpuid(leaf & 0x80000000, 0, out);
	if (out[0] >= leaf && out[0] - leaf < 0x10000)
		cpuid(leaf, 0, out);
	else
		out[0] = out[1] = out[2] = out[3] = 0;
}

/* SDM vol 2 CPUID: eax, ebx, ecx, edx are r[0] to r[3]. */
static void find_features(struct cpu_features *f)
{
	uint32_t r[4];

	cpuid_or_zero(1, r);
	f->xsave = r[2] & BIT(26);
	f->x2apic = r[2] & BIT(21);
	f->tsc_deadline = r[2] & BIT(24);
	f->rdrand = r[2] & BIT(30);
	f->mce = r[3] & BIT(7);
	f->pge = r[3] & BIT(13);
	cpuid_or_zero(7, r);
	f->fsgsbase = r[1] & BIT(0);
	f->smep = r[1] & BIT(7);
	f->rdseed = r[1] & BIT(18);
	f->smap = r[1] & BIT(20);
	f->umip = r[2] & BIT(2);
	f->ibt = r[3] & BIT(20);
	cpuid_or_zero(0x80000001, r);
	f->nx = r[3] & BIT(20);
	f->pdpe1gb = r[3] & BIT(26);
	cpuid_or_zero(0x80000007, r);
	f->invariant_tsc = r[3] & BIT(8);
}

static void set_control_registers(const struct cpu_features *f)
{
	uint64_t cr0, cr4;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	cr0 |= CR0_WP | CR0_NE | CR0_MP | CR0_AM;
	cr0 &= ~(CR0_EM | CR0_TS | CR0_NW | CR0_CD);
	__asm__ volatile("mov %0, %%cr0" : : "r"(cr0) : "memory");

	cr4 = CR4_PAE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	cr4 |= f->mce ? CR4_MCE : 0;
	cr4 |= f->pge ? CR4_PGE : 0;
	cr4 |= f->umip ? CR4_UMIP : 0;
	cr4 |= f->fsgsbase ? CR4_FSGSBASE : 0;
	cr4 |= f->xsave ? CR4_OSXSAVE : 0;
	cr4 |= f->smep ? CR4_SMEP : 0;
	cr4 |= f->smap ? CR4_SMAP : 0;
	cr4 |= f->ibt ? CR4_CET : 0;
	__asm__ volatile("mov %0, %%cr4" : : "r"(cr4) : "memory");
	cpu_has_smap = f->smap;
}

/* Indirect jumps of ring 0 end at ENDBR64 or are a #CP: SDM vol 1 17.3. */
static void branch_tracking_init(void)
{
	if (cpu_features.ibt)
		wrmsr(MSR_S_CET, S_CET_ENDBR_EN);
}

/*
 * The selectors of SYSCALL and SYSRET are fixed sums of two bases: SDM vol 3
 * 5.8.8. SYSENTER with a null selector is a #GP.
 */
static void syscall_msrs_init(void)
{
	uint64_t syscall_base = KERNEL_CS, sysret_base = USER_CS - 16;

	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
	wrmsr(MSR_STAR, syscall_base << 32 | sysret_base << 48);
	wrmsr(MSR_LSTAR, (uintptr_t)syscall_entry);
	wrmsr(MSR_CSTAR, (uintptr_t)syscall_entry);
	wrmsr(MSR_SFMASK,
	      RFLAGS_IF | RFLAGS_DF | RFLAGS_TF | RFLAGS_AC | RFLAGS_NT);
	wrmsr(MSR_SYSENTER_CS, 0);
}

_Static_assert(KERNEL_DS == KERNEL_CS + 8, "SYSCALL: SDM vol 3 5.8.8");
_Static_assert(USER_DS == USER_CS - 8, "SYSRET: SDM vol 3 5.8.8");

void cpu_init(void)
{
	cpu_boot_tsc = rdtsc();
	gdt_init();
	idt_init();
	find_features(&cpu_features);
	if (!cpu_features.nx)
		panic("this CPU has no NX (no-execute) pages");
	set_control_registers(&cpu_features);
	syscall_msrs_init();
	branch_tracking_init();
	fpu_init();
	pr_debug("cpu: xcr0 %#llx (%u bytes)%s%s%s%s%s",
		 (unsigned long long)cpu_features.xcr0, cpu_features.xsave_size,
		 cpu_features.smep ? " smep" : "",
		 cpu_features.smap ? " smap" : "",
		 cpu_features.umip ? " umip" : "",
		 cpu_features.ibt ? " ibt" : "",
		 cpu_features.x2apic ? " x2apic" : "");
}

void cpu_set_fs_base(uintptr_t base)
{
	if (cpu_features.fsgsbase)
		__asm__ volatile("wrfsbase %0" : : "r"(base));
	else
		wrmsr(MSR_FS_BASE, base);
}

void cpu_set_user_gs_base(uintptr_t base)
{
	if (cpu_features.fsgsbase)
		__asm__ volatile("wrgsbase %0" : : "r"(base));
	else
		wrmsr(MSR_GS_BASE, base);
}

uintptr_t cpu_get_fs_base(void)
{
	uintptr_t base;

	if (!cpu_features.fsgsbase)
		return rdmsr(MSR_FS_BASE);
	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

uintptr_t cpu_get_user_gs_base(void)
{
	uintptr_t base;

	if (!cpu_features.fsgsbase)
		return rdmsr(MSR_GS_BASE);
	__asm__ volatile("rdgsbase %0" : "=r"(base));
	return base;
}
