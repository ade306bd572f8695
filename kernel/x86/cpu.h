/* SPDX-License-Identifier: MIT */
/*
 * The CPU: instructions that C cannot express, features found by CPUID,
 * control registers, the per-CPU area.
 */
#ifndef KERNEL_X86_CPU_H
#define KERNEL_X86_CPU_H

#include "kernel/base.h"

struct pt_regs;
struct thread;

struct cpu_features {
	bool nx, pdpe1gb, smep, smap, umip, ibt, fsgsbase, rdrand, rdseed;
	bool xsave, x2apic, tsc_deadline, invariant_tsc, pge, mce;
	uint32_t xsave_size; /* bytes of an XSAVE (or FXSAVE) area */
	uint64_t xcr0; /* state components that are on */
};

extern struct cpu_features cpu_features;
extern uint64_t cpu_boot_tsc; /* the TSC when cpu_init() ran */

/*
 * Why the way back to ring 3 calls exit_to_user(): bits of percpu.work, and
 * percpu.irqs.
 */
#define CPU_WORK_RESCHED BIT(0) /* another thread is due: schedule() */
#define CPU_WORK_SOFTIRQ BIT(1) /* a softirq is pending */
#define CPU_WORK_SIGNAL BIT(2) /* current has a signal that is not blocked */

/*
 * State of the one CPU. entry.S reaches it by its absolute address, so the
 * kernel needs no SWAPGS: FS and GS both belong to the application. It knows
 * the fields by the PERCPU_* offsets in kernel/x86/regs.h.
 */
struct percpu {
	uintptr_t kernel_sp; /* top of current's stack, for SYSCALL */
	uintptr_t user_sp; /* scratch of the SYSCALL entry */
	struct thread *running; /* what get_current() returns */
	/* The way back tests these two together against zero. */
	uint8_t work; /* CPU_WORK_*; no interrupt handler touches it in ring 0 */
	uint8_t irqs; /* interrupts wait for irq_replay(); written with IF = 0 */
};

extern struct percpu cpu0;

/*
 * Set by code that raises a softirq, needs a switch or makes a signal pending
 * for current. CPU_WORK_SIGNAL belongs to the thread: a switch to one that had
 * it or has deliverable signals sets it again, so that a call which a signal
 * ended is restarted or not, even if another thread took the signal.
 * exit_to_user() clears the bits before it does their work.
 */
static inline void cpu_set_work(uint8_t bit)
{
	cpu0.work |= bit;
}

static inline void cpu_clear_work(uint8_t bit)
{
	cpu0.work &= (uint8_t)~bit;
}

static inline bool cpu_has_work(uint8_t bit)
{
	return cpu0.work & bit;
}

void cpu_init(void); /* features, GDT, TSS, IDT, SYSCALL, CR0/CR4/EFER, FPU */

/*
 * kernel/x86/switch.S: saves callee-saved registers on the current stack,
 * stores the stack pointer in *save, loads next and returns there.
 */
void switch_stack(uintptr_t *save, uintptr_t next);

/*
 * What switch_stack() leaves on the stack of a thread that does not run. For a
 * new thread it is built by hand, at the lowest used address of its stack, with
 * one of the two functions below as rip.
 */
struct switch_frame {
	uint64_t r15, r14, r13, r12, rbx, rbp, rip;
};

/*
 * rip of a new ring-3 thread: its struct pt_regs follows right above the
 * frame and ends at the 16-byte aligned top of the stack. Exit work, IRETQ.
 */
void enter_user(void);
/* rip of a new kernel thread: calls r12 with r13; r12 must not return. */
void enter_kthread(void);

/*
 * FS and GS base of ring 3. With FSGSBASE the application changes them
 * without a system call, so a switch reads them back. The address must be
 * canonical.
 */
void cpu_set_fs_base(uintptr_t base);
void cpu_set_user_gs_base(uintptr_t base);
uintptr_t cpu_get_fs_base(void);
uintptr_t cpu_get_user_gs_base(void);

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return lo | (uint64_t)hi << 32;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(msr), "a"((uint32_t)value),
			   "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return lo | (uint64_t)hi << 32;
}

/* False after ten failures, the number of tries in Intel's guide. */
static inline bool rdrand(uint64_t *v)
{
	bool ok = false;

	for (int i = 0; i < 10 && !ok; i++)
		__asm__ volatile("rdrand %0" : "=r"(*v), "=@ccc"(ok));
	return ok;
}

static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]),
			   "=d"(out[3])
			 : "a"(leaf), "c"(sub));
}

static inline void outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outw(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t v;

	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t v;

	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t v;

	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

/* IF on and off. Off only in the few places that irq.h's rule does not cover. */
static inline void irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}

static inline bool irqs_enabled(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags) : : "memory");
	return flags & 0x200; /* RFLAGS_IF */
}

/* Turns interrupts on and waits for one: STI holds them off until HLT. */
static inline void sti_hlt_cli(void)
{
	__asm__ volatile("sti; hlt; cli" ::: "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

#endif
