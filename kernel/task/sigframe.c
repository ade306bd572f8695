/* SPDX-License-Identifier: MIT */
/*
 * The frame that a signal handler finds on its stack, and the way back, as
 * the x86-64 Linux ABI lays them out. From high to low addresses:
 *
 *	the interrupted stack, its red zone of 128 bytes (System V ABI 3.2.2)
 *	FPU state, 64-byte aligned, as XSAVE writes it, then a magic word
 *	struct sigframe: siginfo, ucontext
 *	pretcode, the restorer's address  <- rsp: the handler's return address
 *
 * What rt_sigreturn(2) reads back comes from ring 3 and is not trusted:
 * selectors are ours, of the flags only those of RFLAGS_USER are taken, and an
 * FPU state that XRSTOR would refuse is cleaned first. Thread context.
 */
#include "kernel/task/sigframe.h"

#include <linux/signal.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "kernel/mm/mm.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/sched.h"
#include "kernel/task/signal.h"
#include "kernel/task/thread.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/fpu.h"
#include "kernel/x86/regs.h"

#define RED_ZONE 128
#define FXSAVE_SIZE 512
#define FXSAVE_SW_OFFSET 464 /* free for software: SDM vol 1 10.5.1 */
#define XSTATE_FP_SSE 3
#define MXCSR_MASK_DEFAULT 0xffbf /* when the CPU stored 0: SDM vol 1 11.6.6 */

/* RFLAGS that a program may change: CF PF AF ZF SF TF DF OF RF AC. */
#define RFLAGS_USER 0x50dd5

struct sigframe {
	uintptr_t pretcode;
	struct ucontext uc;
	struct siginfo info;
};

_Static_assert(offsetof(struct sigframe, uc) == 8, "what libunwind expects");
_Static_assert(sizeof(struct ucontext) == 304, "x86-64 ABI");
_Static_assert(sizeof(struct siginfo) == 128, "x86-64 ABI");

bool on_sigaltstack(const struct thread *thread, uintptr_t sp)
{
	if (thread->altstack.flags & SS_AUTODISARM)
		return false; /* disarmed while a handler runs */
	return sp > thread->altstack.sp &&
	       sp - thread->altstack.sp <= thread->altstack.size;
}

int sigaltstack_flags(const struct thread *self, uintptr_t sp)
{
	if (!self->altstack.size)
		return SS_DISABLE;
	return self->altstack.flags |
	       (on_sigaltstack(self, sp) ? SS_ONSTACK : 0);
}

static size_t fpstate_size(void)
{
	return cpu_features.xsave_size +
	       (cpu_features.xsave ? FP_XSTATE_MAGIC2_SIZE : 0);
}

size_t sigframe_max_size(void)
{
	/* With the largest padding that each alignment can need. */
	return ALIGN_UP(fpstate_size() + 64 + sizeof(struct sigframe) + 16 + 8,
			16);
}

/* Stores the registers; the handler starts with a fresh FPU. */
static int fpstate_write(uintptr_t to)
{
	struct thread *self = current;
	uint32_t magic2 = FP_XSTATE_MAGIC2;
	struct _fpx_sw_bytes sw = { 0 };
	int err = 0;

	user_state_save(self);
	if (cpu_features.xsave) {
		sw.magic1 = FP_XSTATE_MAGIC1;
		sw.extended_size = fpstate_size();
		sw.xfeatures = cpu_features.xcr0;
		sw.xstate_size = cpu_features.xsave_size;
	}
	memcpy((char *)self->fpu + FXSAVE_SW_OFFSET, &sw, sizeof(sw));
	if (copy_to_user((void *)to, self->fpu, cpu_features.xsave_size))
		err = -EFAULT;
	if (!err && cpu_features.xsave)
		err = put_user(magic2,
			       (uint32_t *)(to + cpu_features.xsave_size));
	fpu_init_area(self->fpu);
	user_state_reload(self);
	return err;
}

static void fpstate_clean(struct _fpstate_64 *fp)
{
	struct _header *header = (void *)((char *)fp + FXSAVE_SIZE);
	uint32_t mask = fp->mxcsr_mask ? fp->mxcsr_mask : MXCSR_MASK_DEFAULT;

	fp->mxcsr &= mask & 0xffff;
	if (!cpu_features.xsave)
		return;
	header->xfeatures &= cpu_features.xcr0;
	memset(header->reserved1, 0, sizeof(header->reserved1));
	memset(header->reserved2, 0, sizeof(header->reserved2));
}

/* Whether a whole XSAVE area of ours lies at from. */
static bool is_xstate(const struct _fpx_sw_bytes *sw, uintptr_t from)
{
	uint32_t magic2;

	return cpu_features.xsave && sw->magic1 == FP_XSTATE_MAGIC1 &&
	       sw->xstate_size == cpu_features.xsave_size &&
	       !get_user(magic2, (uint32_t *)(from + sw->xstate_size)) &&
	       magic2 == FP_XSTATE_MAGIC2;
}

static int fpstate_read(uintptr_t from)
{
	struct thread *self = current;
	struct _fpstate_64 *fp = self->fpu;
	uint32_t mxcsr_mask;
	struct _fpx_sw_bytes sw;
	struct _header *header = (void *)((char *)fp + FXSAVE_SIZE);
	size_t size = FXSAVE_SIZE;
	int err = 0;

	user_state_save(self); /* keeps FS and GS base */
	mxcsr_mask = fp->mxcsr_mask; /* the CPU's, not the program's */
	fpu_init_area(fp);
	if (!from)
		goto out_reload;
	err = -EFAULT;
	if (copy_from_user(&sw, (void *)(from + FXSAVE_SW_OFFSET), sizeof(sw)))
		goto out_reload;
	if (is_xstate(&sw, from))
		size = cpu_features.xsave_size;
	if (copy_from_user(fp, (void *)from, size)) {
		fpu_init_area(fp);
		goto out_reload;
	}
	if (size == FXSAVE_SIZE && cpu_features.xsave)
		header->xfeatures = XSTATE_FP_SSE;
	fp->mxcsr_mask = mxcsr_mask;
	fpstate_clean(fp);
	err = 0;
out_reload:
	user_state_reload(self);
	return err;
}

void siginfo_fill(struct siginfo *to, const struct signal_info *info)
{
	memset(to, 0, sizeof(*to));
	to->si_signo = info->sig;
	to->si_errno = info->error;
	to->si_code = info->code;
	if (info->code > 0 && info->code < SI_KERNEL) {
		to->si_addr = (void *)info->addr;
		return;
	}
	to->si_pid = info->pid;
	to->si_uid = info->uid;
	to->si_ptr = (void *)info->addr;
}

static void context_fill(struct sigcontext *sc, const struct pt_regs *regs,
			 const struct signal_info *info, uint64_t mask)
{
	sc->r8 = regs->r8;
	sc->r9 = regs->r9;
	sc->r10 = regs->r10;
	sc->r11 = regs->r11;
	sc->r12 = regs->r12;
	sc->r13 = regs->r13;
	sc->r14 = regs->r14;
	sc->r15 = regs->r15;
	sc->rdi = regs->rdi;
	sc->rsi = regs->rsi;
	sc->rbp = regs->rbp;
	sc->rbx = regs->rbx;
	sc->rdx = regs->rdx;
	sc->rax = regs->rax;
	sc->rcx = regs->rcx;
	sc->rsp = regs->rsp;
	sc->rip = regs->rip;
	sc->eflags = regs->rflags;
	sc->cs = regs->cs;
	sc->ss = regs->ss;
	sc->err = regs->error;
	sc->trapno = regs->vector;
	sc->oldmask = mask;
	sc->cr2 = info->code > 0 ? info->addr : 0;
}

static void context_restore(struct pt_regs *regs, const struct sigcontext *sc)
{
	regs->r8 = sc->r8;
	regs->r9 = sc->r9;
	regs->r10 = sc->r10;
	regs->r11 = sc->r11;
	regs->r12 = sc->r12;
	regs->r13 = sc->r13;
	regs->r14 = sc->r14;
	regs->r15 = sc->r15;
	regs->rdi = sc->rdi;
	regs->rsi = sc->rsi;
	regs->rbp = sc->rbp;
	regs->rbx = sc->rbx;
	regs->rdx = sc->rdx;
	regs->rax = sc->rax;
	regs->rcx = sc->rcx;
	regs->rsp = sc->rsp;
	regs->rip = sc->rip;
	regs->rflags = (sc->eflags & RFLAGS_USER) | RFLAGS_FIXED | RFLAGS_IF;
	regs->cs = USER_CS;
	regs->ss = USER_DS;
	regs->orig_rax = (uint64_t)-1; /* nothing to restart */
}

/* The address for the FPU state, and *frame for the frame. 0: no room. */
static uintptr_t frame_place(const struct pt_regs *regs,
			     const struct k_sigaction *act, uintptr_t *frame)
{
	const struct thread *self = current;
	uintptr_t sp = regs->rsp - RED_ZONE, fp;
	bool on_alt = on_sigaltstack(self, regs->rsp);

	if ((act->flags & SA_ONSTACK) && !on_alt && self->altstack.size) {
		sp = self->altstack.sp + self->altstack.size;
		on_alt = true;
	}
	fp = ALIGN_DOWN(sp - fpstate_size(), 64);
	/* As if it were called: rsp + 8 is 16-byte aligned at its entry. */
	*frame = ALIGN_DOWN(fp - sizeof(struct sigframe), 16) - 8;
	if (on_alt && self->altstack.size && *frame < self->altstack.sp)
		return 0;
	return fp;
}

int sigframe_setup(struct pt_regs *regs, const struct signal_info *info,
		   const struct k_sigaction *act, uint64_t mask)
{
	struct thread *self = current;
	struct sigframe frame;
	uintptr_t sp, fp = frame_place(regs, act, &sp);

	if (!fp || !(act->flags & SA_RESTORER))
		return -EFAULT;
	memset(&frame, 0, sizeof(frame));
	frame.pretcode = act->restorer;
	frame.uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS |
			    (cpu_features.xsave ? UC_FP_XSTATE : 0);
	frame.uc.uc_stack.ss_sp = (void *)self->altstack.sp;
	frame.uc.uc_stack.ss_size = self->altstack.size;
	frame.uc.uc_stack.ss_flags = sigaltstack_flags(self, regs->rsp);
	context_fill(&frame.uc.uc_mcontext, regs, info, mask);
	frame.uc.uc_mcontext.fpstate = (void *)fp;
	frame.uc.uc_sigmask = mask;
	siginfo_fill(&frame.info, info);
	if (fpstate_write(fp) ||
	    copy_to_user((void *)sp, &frame, sizeof(frame)))
		return -EFAULT;
	if (self->altstack.flags & SS_AUTODISARM)
		memset(&self->altstack, 0, sizeof(self->altstack));

	regs->rdi = info->sig;
	regs->rsi = sp + offsetof(struct sigframe, info);
	regs->rdx = sp + offsetof(struct sigframe, uc);
	regs->rax = 0;
	regs->rsp = sp;
	regs->rip = act->handler;
	regs->rflags &= ~(uint64_t)(RFLAGS_TF | RFLAGS_DF | RFLAGS_RF);
	return 0;
}

long sigframe_return(struct pt_regs *regs)
{
	struct thread *self = current;
	struct ucontext uc;

	/* The restorer was reached by RET, which took pretcode. */
	if (copy_from_user(&uc, (void *)regs->rsp, sizeof(uc)))
		return -EFAULT;
	if (fpstate_read((uintptr_t)uc.uc_mcontext.fpstate))
		return -EFAULT;
	self->restart.fn = NULL; /* calls of the handler are not restarted */
	signal_procmask(SIG_SETMASK, uc.uc_sigmask);
	context_restore(regs, &uc.uc_mcontext);
	self->altstack.sp = (uintptr_t)uc.uc_stack.ss_sp;
	self->altstack.size = uc.uc_stack.ss_flags & SS_DISABLE ?
				      0 :
				      uc.uc_stack.ss_size;
	self->altstack.flags = uc.uc_stack.ss_flags & SS_AUTODISARM;
	return (long)regs->rax;
}
