/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, and the last stop before ring 3. A page fault of the
 * application, or of a user copy on its behalf, brings the page in; any other
 * exception of ring 3 is the application's own and ends in a signal; one of
 * the kernel is a bug and ends the machine. Entered from entry.S with
 * interrupts off, on the thread's stack or on that of the exception; they are
 * turned on again if the interrupted code had them on.
 */
#include "kernel/x86/trap.h"

#include <asm/siginfo.h>
#include <asm/signal.h>
#include <errno.h>

#include "kernel/cmdline.h"
#include "kernel/mm/mm.h"
#include "kernel/mm/uaccess.h"
#include "kernel/mm/vma.h"
#include "kernel/mm/vmap.h"
#include "kernel/panic.h"
#include "kernel/printk.h"
#include "kernel/task/lockup.h"
#include "kernel/task/process.h"
#include "kernel/task/signal.h"
#include "kernel/task/softirq.h"
#include "kernel/task/thread.h"
#include "kernel/task/wait.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/irq.h"
#include "kernel/x86/probe.h"
#include "kernel/x86/regs.h"

/* SDM vol 3 table 6-1. */
enum {
	TRAP_DEBUG = 1,
	TRAP_NMI = 2,
	TRAP_DOUBLE_FAULT = 8,
	TRAP_PAGE_FAULT = 14,
	NR_EXCEPTIONS = 32,
};

/* Error code of a page fault: SDM vol 3 figure 4-12. */
#define PF_PRESENT BIT(0)
#define PF_WRITE BIT(1)
#define PF_USER BIT(2)
#define PF_RESERVED BIT(3)
#define PF_FETCH BIT(4)

/* Addresses below are reported as a NULL pointer plus a field's offset. */
#define NULL_POINTER_MAX (64 * KiB)

#define CHECK_OFFSET(field, offset) \
	_Static_assert(offsetof(struct pt_regs, field) == (offset), "entry.S")
CHECK_OFFSET(r11, REGS_R11);
CHECK_OFFSET(rax, REGS_RAX);
CHECK_OFFSET(rcx, REGS_RCX);
CHECK_OFFSET(orig_rax, REGS_ORIG_RAX);
CHECK_OFFSET(rip, REGS_RIP);
CHECK_OFFSET(cs, REGS_CS);
CHECK_OFFSET(rflags, REGS_RFLAGS);
CHECK_OFFSET(rsp, REGS_RSP);
_Static_assert(sizeof(struct pt_regs) == REGS_SIZE, "entry.S");

/* The signal for ring 3; none: the application cannot cause it. */
static const struct exception {
	const char *name;
	uint8_t sig;
	uint8_t code;
} exceptions[NR_EXCEPTIONS] = {
	[0] = { "divide error", SIGFPE, FPE_INTDIV },
	[1] = { "debug exception", SIGTRAP, TRAP_TRACE },
	[2] = { "NMI", 0, 0 },
	[3] = { "breakpoint", SIGTRAP, SI_KERNEL },
	[4] = { "overflow", SIGSEGV, SI_KERNEL },
	[5] = { "bound range exceeded", SIGSEGV, SI_KERNEL },
	[6] = { "invalid opcode", SIGILL, ILL_ILLOPN },
	[7] = { "device not available", SIGILL, ILL_COPROC },
	[8] = { "double fault", 0, 0 },
	[9] = { "coprocessor segment overrun", SIGFPE, SI_KERNEL },
	[10] = { "invalid TSS", SIGSEGV, SI_KERNEL },
	[11] = { "segment not present", SIGBUS, SI_KERNEL },
	[12] = { "stack segment fault", SIGBUS, SI_KERNEL },
	[13] = { "general protection fault", SIGSEGV, SI_KERNEL },
	[14] = { "page fault", SIGSEGV, SEGV_MAPERR },
	[16] = { "x87 floating point error", SIGFPE, FPE_FLTINV },
	[17] = { "alignment check", SIGBUS, BUS_ADRALN },
	[18] = { "machine check", 0, 0 },
	[19] = { "SIMD floating point error", SIGFPE, FPE_FLTINV },
	[20] = { "virtualization exception", SIGSEGV, SI_KERNEL },
	[21] = { "control protection fault", SIGSEGV, SI_KERNEL },
	[28] = { "hypervisor injection", 0, 0 },
	[29] = { "VMM communication", 0, 0 },
	[30] = { "security exception", 0, 0 },
};

static uintptr_t read_cr2(void)
{
	uintptr_t cr2;

	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	return cr2;
}

static const char *exception_name(uint64_t vector)
{
	if (vector >= NR_EXCEPTIONS || !exceptions[vector].name)
		return "reserved exception";
	return exceptions[vector].name;
}

/* What was wrong with the access, as the end of a sentence. */
static const char *fault_reason(uint64_t error, bool mapped)
{
	if (!mapped)
		return "where nothing is mapped";
	if (error & PF_FETCH)
		return "which is not executable";
	if (error & PF_WRITE)
		return "which is not writable";
	return "which is not readable";
}

static const char *access_name(uint64_t error)
{
	if (error & PF_FETCH)
		return "jump to";
	return error & PF_WRITE ? "write to" : "read of";
}

static void report(const struct pt_regs *regs, int sig, uintptr_t addr,
		   bool mapped)
{
	const char *name = current->process->name;

	if (regs->vector != TRAP_PAGE_FAULT)
		pr_err("%s[%d]: %s: %s at rip %#llx, error code %#llx", name,
		       current->tid, signal_name(sig),
		       exception_name(regs->vector),
		       (unsigned long long)regs->rip,
		       (unsigned long long)regs->error);
	else if (sig == SIGKILL)
		pr_err("%s[%d]: SIGKILL: out of memory for the page at %#lx",
		       name, current->tid, addr);
	else
		pr_err("%s[%d]: %s: %s %#lx %s, rip %#llx", name, current->tid,
		       signal_name(sig), access_name(regs->error), addr,
		       fault_reason(regs->error, mapped),
		       (unsigned long long)regs->rip);
	regs_dump(regs);
}

/*
 * The application's fault: its handler will run, or the fault is reported
 * and the application ends. sig: SIGSEGV...; code, addr: for siginfo.
 */
static void trap_signal(struct pt_regs *regs, int sig, int code, uintptr_t addr)
{
	struct signal_info info = { .sig = sig, .code = code, .addr = addr };

	if (sig != SIGKILL && force_signal(&info))
		return;
	report(regs, sig, addr, code == SEGV_ACCERR);
	die_by_signal(sig);
}

void trap_bad_iret(struct pt_regs *regs)
{
	if (!user_mode(regs))
		panic_regs(regs, "IRETQ faulted on a frame of the kernel");
	irq_enable();
	trap_signal(regs, SIGSEGV, SI_KERNEL, 0);
}

static unsigned int fault_access(uint64_t error)
{
	return (error & PF_WRITE ? FAULT_WRITE : 0) |
	       (error & PF_FETCH ? FAULT_EXEC : 0);
}

/*
 * SMAP refuses accesses of ring 0, not of ring 3; but on QEMU before 9.1 IRET
 * and RETF of ring 3 read the stack with the rights of ring 0. Bringing a page
 * in would not help.
 */
static bool is_smap_refusal(uint64_t error)
{
	return (error & (PF_PRESENT | PF_USER)) == PF_PRESENT;
}

static void user_page_fault(struct pt_regs *regs, uintptr_t addr)
{
	struct mm *mm = the_process()->mm;
	struct vma *vma;
	int err = -EFAULT;

	if (unlikely(regs->error & PF_RESERVED))
		panic_regs(regs, "reserved bit in a page table for %#lx", addr);
	if (likely(addr < USER_MAX && !is_smap_refusal(regs->error)))
		err = mm_fault(mm, addr, fault_access(regs->error));
	if (likely(!err))
		return;
	if (err == -ENOMEM) {
		trap_signal(regs, SIGKILL, SI_KERNEL, addr);
		return;
	}
	if (err == -ENXIO) {
		trap_signal(regs, SIGBUS, BUS_ADRERR, addr);
		return;
	}
	vma = find_vma(mm, addr);
	trap_signal(regs, SIGSEGV,
		    vma && vma->start <= addr ? SEGV_ACCERR : SEGV_MAPERR,
		    addr);
}

static _Noreturn void panic_page_fault(const struct pt_regs *regs,
				       uintptr_t addr)
{
	uint64_t error = regs->error;
	bool user = addr < USER_MAX;
	const char *why = "";

	if (error & PF_RESERVED)
		why = ": reserved bit in a page table";
	else if (addr < NULL_POINTER_MAX)
		why = ": NULL pointer";
	else if (is_kstack_guard(addr))
		why = ": guard page of a kernel stack";
	else if ((error & PF_FETCH) && user && cpu_features.smep)
		why = ": the kernel jumped to user memory (SMEP)";
	else if ((error & PF_FETCH) && user)
		why = ": the kernel jumped to user memory";
	else if ((error & PF_FETCH) && (error & PF_PRESENT))
		why = ": not executable (NX)";
	else if (user && (error & PF_PRESENT) && cpu_features.smap)
		why = ": user memory outside a user copy (SMAP)";
	else if (user)
		why = ": user memory outside a user copy";
	else if ((error & PF_WRITE) && (error & PF_PRESENT))
		why = ": read-only memory";
	panic_regs(regs, "page fault in the kernel, %s %#lx%s",
		   access_name(error), addr, why);
}

/*
 * A user copy met a page that is not there yet, or a bad pointer. A fault in
 * the copy's kernel buffer is a bug like any other.
 */
static void kernel_page_fault(struct pt_regs *regs, uintptr_t addr)
{
	uintptr_t target = ex_table_find(regs->rip);
	struct process *process = the_process();
	int err;

	if (!target || addr >= USER_MAX || (regs->error & PF_RESERVED)) {
		if (probe_fixup(regs, addr))
			return;
		panic_page_fault(regs, addr);
	}
	err = process ? mm_fault(process->mm, addr, fault_access(regs->error)) :
			-EFAULT;
	if (likely(!err))
		return;
	if (err == -ENOMEM && current->process) {
		pr_err("%s[%d]: out of memory for the page at %#lx",
		       current->process->name, current->tid, addr);
		send_signal(current, SIGKILL);
	}
	regs->rip = target;
}

/* Debug exceptions of the kernel: see trap_debug in entry.S. */
static void kernel_debug(struct pt_regs *regs)
{
	pr_warn("debug exception in the kernel at %#llx ignored",
		(unsigned long long)regs->rip);
	regs->rflags &= ~(uint64_t)RFLAGS_TF;
}

static _Noreturn void panic_double_fault(const struct pt_regs *regs)
{
	if (is_kstack_guard(regs->rsp - 1) || is_kstack_guard(read_cr2()))
		panic_regs(regs, "kernel stack overflow (double fault)");
	panic_regs(regs, "double fault");
}

static void kernel_trap(struct pt_regs *regs)
{
	uintptr_t target = ex_table_find(regs->rip);

	if (regs->vector == TRAP_DEBUG)
		kernel_debug(regs);
	else if (target)
		regs->rip = target;
	else
		panic_regs(regs, "%s in the kernel, error code %#llx",
			   exception_name(regs->vector),
			   (unsigned long long)regs->error);
}

/* Where the signal's siginfo points: Linux gives rip for these two. */
static uintptr_t signal_addr(const struct pt_regs *regs, int sig)
{
	return sig == SIGILL || sig == SIGFPE ? regs->rip : 0;
}

/* An NMI asks from outside where the kernel is: logged in Linux's words. */
static void handle_nmi(const struct pt_regs *regs)
{
	if (cmdline_get("unknown_nmi_panic"))
		panic_regs(regs, "NMI: Not continuing");
	pr_warn("NMI ignored");
}

/* The three exceptions with stacks of their own keep interrupts off. */
static void enable_as_before(const struct pt_regs *regs)
{
	if (regs->rflags & RFLAGS_IF)
		irq_enable();
}

void trap_dispatch(struct pt_regs *regs)
{
	uint64_t vector = regs->vector;
	const struct exception *e = &exceptions[vector % NR_EXCEPTIONS];

	if (likely(vector == TRAP_PAGE_FAULT)) {
		uintptr_t addr = read_cr2();

		enable_as_before(regs);
		if (likely(user_mode(regs)))
			user_page_fault(regs, addr);
		else
			kernel_page_fault(regs, addr);
	} else if (vector == TRAP_DOUBLE_FAULT) {
		panic_double_fault(regs);
	} else if (vector == TRAP_NMI) {
		handle_nmi(regs);
	} else if (!user_mode(regs)) {
		kernel_trap(regs);
	} else if (!e->sig) {
		panic_regs(regs, "%s", exception_name(vector));
	} else {
		enable_as_before(regs);
		trap_signal(regs, e->sig, e->code, signal_addr(regs, e->sig));
	}
}

/*
 * One round for each reason to switch or to deliver a signal; softirqs limit
 * themselves, and pending ones are tried again on the next exit. Called and
 * returns with interrupts off. None is left recorded, since its vector delays
 * those of lower priority until it has been served.
 */
void exit_to_user(struct pt_regs *regs)
{
	lockup_progress();
	do {
		uint8_t work = cpu0.work;

		cpu0.work = 0;
		irq_enable();
		do_softirq();
		if ((work & CPU_WORK_SIGNAL) || signal_pending())
			signal_deliver(regs);
		if (work & CPU_WORK_RESCHED)
			schedule();
		irq_disable();
		irq_replay();
	} while (cpu_has_work(CPU_WORK_RESCHED | CPU_WORK_SIGNAL));
	softirq_put_off();
}
