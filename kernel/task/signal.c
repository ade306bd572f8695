/* SPDX-License-Identifier: MIT */
/*
 * Signals: sending, queueing, masks, and the choice of the action.
 * Owns the slab cache of queued siginfo; the masks and queues are in struct
 * thread and struct process. Sent from threads and softirqs, delivered by the
 * thread on its way to ring 3.
 *
 * Standard signals do not queue: a second one that comes while the first is
 * pending is lost. Real-time signals queue one record each (signal(7)), up to
 * a bound, which is RLIMIT_SIGPENDING on Linux. A signal beyond the bound, or
 * without memory for its record, loses its details but is still delivered. The
 * process never stops: the default action "stop" does nothing.
 */
#include "kernel/task/signal.h"

#include <asm/unistd_64.h>
#include <errno.h>
#include <linux/signal.h>
#include <stddef.h>
#include <string.h>

#include "kernel/lib/list.h"
#include "kernel/mm/slab.h"
#include "kernel/printk.h"
#include "kernel/task/process.h"
#include "kernel/task/sigframe.h"
#include "kernel/task/thread.h"
#include "kernel/task/wait.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/regs.h"

#define HANDLER_DFL 0
#define HANDLER_IGN 1

#define SIG_BIT(sig) BIT((sig)-1)
#define UNBLOCKABLE (SIG_BIT(SIGKILL) | SIG_BIT(SIGSTOP))
#define DEFAULT_IGNORED                                            \
	(SIG_BIT(SIGCHLD) | SIG_BIT(SIGCONT) | SIG_BIT(SIGURG) |   \
	 SIG_BIT(SIGWINCH) | SIG_BIT(SIGSTOP) | SIG_BIT(SIGTSTP) | \
	 SIG_BIT(SIGTTIN) | SIG_BIT(SIGTTOU))
/* Raised by the program's own instructions; delivered before others. */
#define SYNCHRONOUS                                             \
	(SIG_BIT(SIGSEGV) | SIG_BIT(SIGBUS) | SIG_BIT(SIGILL) | \
	 SIG_BIT(SIGTRAP) | SIG_BIT(SIGFPE) | SIG_BIT(SIGSYS))

/* Of the whole process; taking one record searches a list of them. */
#define QUEUED_MAX 1024

struct queued_signal {
	struct list_head node;
	struct signal_info info;
};

static struct kmem_cache *queue_cache __ro_after_init;
static size_t nr_queued;
static struct wait_queue_head signalfd_waiters = { LIST_HEAD_INIT(
	signalfd_waiters.head) };

static const char *const signal_names[] = {
	[SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",
	[SIGQUIT] = "SIGQUIT", [SIGILL] = "SIGILL",
	[SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT",
	[SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",
	[SIGKILL] = "SIGKILL", [SIGUSR1] = "SIGUSR1",
	[SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
	[SIGPIPE] = "SIGPIPE", [SIGALRM] = "SIGALRM",
	[SIGTERM] = "SIGTERM", [SIGSTKFLT] = "SIGSTKFLT",
	[SIGCHLD] = "SIGCHLD", [SIGCONT] = "SIGCONT",
	[SIGSTOP] = "SIGSTOP", [SIGTSTP] = "SIGTSTP",
	[SIGTTIN] = "SIGTTIN", [SIGTTOU] = "SIGTTOU",
	[SIGURG] = "SIGURG",   [SIGXCPU] = "SIGXCPU",
	[SIGXFSZ] = "SIGXFSZ", [SIGVTALRM] = "SIGVTALRM",
	[SIGPROF] = "SIGPROF", [SIGWINCH] = "SIGWINCH",
	[SIGIO] = "SIGIO",     [SIGPWR] = "SIGPWR",
	[SIGSYS] = "SIGSYS",
};

const char *signal_name(int sig)
{
	if (sig < 1 || sig >= (int)ARRAY_SIZE(signal_names))
		return "a real-time signal";
	return signal_names[sig];
}

void signal_init(void)
{
	queue_cache = kmem_cache_create("sigqueue",
					sizeof(struct queued_signal), 0);
	if (!queue_cache)
		panic("no memory for signals");
}

void signal_thread_init(struct thread *thread)
{
	INIT_LIST_HEAD(&thread->sigqueue);
}

static void record_free(struct queued_signal *q)
{
	list_del(&q->node);
	kmem_cache_free(queue_cache, q);
	nr_queued--;
}

static void queue_free(struct list_head *queue)
{
	struct queued_signal *q, *next;

	list_for_each_entry_safe(q, next, queue, node)
		record_free(q);
}

void signal_thread_free(struct thread *thread)
{
	thread->pending = 0;
	queue_free(&thread->sigqueue);
}

void signal_process_free(struct process *process)
{
	process->pending = 0;
	queue_free(&process->sigqueue);
}

/* ---- Sending ------------------------------------------------------------- */

static bool is_ignored(const struct process *process, int sig)
{
	uintptr_t handler = process->sigaction[sig - 1].handler;

	if (handler == HANDLER_DFL)
		return SIG_BIT(sig) & DEFAULT_IGNORED;
	return handler == HANDLER_IGN;
}

static void queue_signal(uint64_t *pending, struct list_head *queue,
			 const struct signal_info *info)
{
	struct queued_signal *q;

	if ((*pending & SIG_BIT(info->sig)) && info->sig < SIGRTMIN)
		return;
	*pending |= SIG_BIT(info->sig);
	q = nr_queued < QUEUED_MAX ? kmem_cache_alloc(queue_cache) : NULL;
	if (q) {
		nr_queued++;
		q->info = *info;
		list_add_tail(&q->node, queue);
	}
	wake_up(&signalfd_waiters);
}

static bool is_blocked(const struct thread *thread, int sig)
{
	return thread->blocked & SIG_BIT(sig);
}

static bool wants(const struct thread *thread, int sig)
{
	return !is_blocked(thread, sig) || (thread->sigwait & SIG_BIT(sig));
}

static void notify(struct thread *thread)
{
	wake_up_thread(thread);
	if (thread == current)
		cpu_set_work(CPU_WORK_SIGNAL);
}

void send_signal_info(struct thread *thread, const struct signal_info *info)
{
	struct process *process = thread->process;

	ASSERT(process);
	if (!is_blocked(thread, info->sig) && is_ignored(process, info->sig))
		return;
	queue_signal(&thread->pending, &thread->sigqueue, info);
	if (wants(thread, info->sig))
		notify(thread);
}

/* The thread for a signal of the whole process; NULL: all block it. */
static struct thread *choose_thread(struct process *process, int sig)
{
	struct thread *thread;

	if (current->process == process && wants(current, sig))
		return current;
	list_for_each_entry(thread, &process->threads, siblings) {
		if (wants(thread, sig))
			return thread;
	}
	return NULL;
}

void send_process_signal(struct process *process,
			 const struct signal_info *info)
{
	struct thread *thread = choose_thread(process, info->sig);

	if (thread && !is_blocked(thread, info->sig) &&
	    is_ignored(process, info->sig))
		return;
	queue_signal(&process->pending, &process->sigqueue, info);
	if (thread)
		notify(thread);
}

void send_signal(struct thread *thread, int sig)
{
	struct signal_info info = { .sig = sig, .code = SI_USER, .pid = 1 };

	send_signal_info(thread, &info);
}

bool force_signal(const struct signal_info *info)
{
	struct thread *self = current;
	uintptr_t handler = self->process->sigaction[info->sig - 1].handler;

	if (is_blocked(self, info->sig) || handler == HANDLER_DFL ||
	    handler == HANDLER_IGN)
		return false;
	queue_signal(&self->pending, &self->sigqueue, info);
	cpu_set_work(CPU_WORK_SIGNAL);
	return true;
}

/* ---- Taking -------------------------------------------------------------- */

bool signal_pending(void)
{
	struct thread *self = current;
	struct process *p = self->process;

	if (!p)
		return false;
	return p->exiting || ((self->pending | p->pending) &
			      (~self->blocked | self->sigwait));
}

/* Takes sig off one set; its details, or none if there was no memory. */
static void take_from(uint64_t *pending, struct list_head *queue, int sig,
		      struct signal_info *info)
{
	struct queued_signal *q, *next, *found = NULL;
	bool more = false;

	list_for_each_entry_safe(q, next, queue, node) {
		if (q->info.sig != sig)
			continue;
		if (found)
			more = true;
		else
			found = q;
	}
	if (!more)
		*pending &= ~SIG_BIT(sig);
	*info = (struct signal_info){ .sig = sig, .code = SI_USER };
	if (found) {
		*info = found->info;
		record_free(found);
	}
}

bool signal_take(uint64_t mask, struct signal_info *info)
{
	struct thread *self = current;
	struct process *p = self->process;
	uint64_t set = (self->pending | p->pending) & mask;
	int sig;

	if (!set)
		return false;
	if (set & SYNCHRONOUS)
		set &= SYNCHRONOUS;
	sig = __builtin_ctzll(set) + 1;
	if (self->pending & SIG_BIT(sig))
		take_from(&self->pending, &self->sigqueue, sig, info);
	else
		take_from(&p->pending, &p->sigqueue, sig, info);
	return true;
}

/* ---- Delivery ------------------------------------------------------------ */

static bool is_interrupted_call(const struct pt_regs *regs)
{
	int64_t ret = regs->rax;

	return (int64_t)regs->orig_rax >= 0 &&
	       (ret == -ERESTARTSYS || ret == -ERESTARTNOHAND ||
		ret == -ERESTART_RESTARTBLOCK);
}

/* Sets rip back to the SYSCALL instruction, which has two bytes. */
static void call_again(struct pt_regs *regs, uint64_t nr)
{
	regs->rax = nr;
	regs->rip -= 2;
}

/* Without a handler the call is restarted, as if nothing had happened. */
static void restart_unhandled(struct pt_regs *regs)
{
	if (!is_interrupted_call(regs))
		return;
	if (regs->rax == (uint64_t)-ERESTART_RESTARTBLOCK)
		call_again(regs, __NR_restart_syscall);
	else
		call_again(regs, regs->orig_rax);
}

/* Sets what the handler returns to: -EINTR, or the call again. */
static void restart_handled(struct pt_regs *regs, uint64_t sa_flags)
{
	if (!is_interrupted_call(regs))
		return;
	if (regs->rax == (uint64_t)-ERESTARTSYS && (sa_flags & SA_RESTART))
		call_again(regs, regs->orig_rax);
	else
		regs->rax = (uint64_t)-EINTR;
}

static void handle_signal(struct pt_regs *regs, const struct signal_info *info)
{
	struct thread *self = current;
	struct k_sigaction *slot = &self->process->sigaction[info->sig - 1];
	struct k_sigaction act = *slot;
	uint64_t mask = self->restore_mask ? self->saved_mask : self->blocked;

	restart_handled(regs, act.flags);
	regs->orig_rax = (uint64_t)-1; /* the next one restarts nothing */
	if (sigframe_setup(regs, info, &act, mask)) {
		pr_err("%s[%d]: no stack for the handler of %s",
		       self->process->name, self->tid, signal_name(info->sig));
		die_by_signal(SIGSEGV);
	}
	self->restore_mask = false;
	self->blocked |= act.mask;
	if (!(act.flags & SA_NODEFER))
		self->blocked |= SIG_BIT(info->sig);
	self->blocked &= ~UNBLOCKABLE;
	if (act.flags & SA_RESETHAND)
		slot->handler = HANDLER_DFL;
}

void signal_deliver(struct pt_regs *regs)
{
	struct thread *self = current;
	struct process *p = self->process;
	struct signal_info info;
	bool handled = false;

	if (p->exiting)
		thread_exit();
	while (signal_take(~self->blocked, &info)) {
		uintptr_t handler = p->sigaction[info.sig - 1].handler;

		if (is_ignored(p, info.sig))
			continue;
		if (handler == HANDLER_DFL)
			die_by_signal(info.sig);
		handle_signal(regs, &info);
		handled = true;
	}
	if (!handled)
		restart_unhandled(regs);
	if (!handled && self->restore_mask) {
		self->blocked = self->saved_mask;
		self->restore_mask = false;
	}
}

/* ---- Actions and masks --------------------------------------------------- */

static void discard_from(uint64_t *pending, struct list_head *queue, int sig)
{
	struct queued_signal *q, *next;

	if (!(*pending & SIG_BIT(sig)))
		return;
	*pending &= ~SIG_BIT(sig);
	list_for_each_entry_safe(q, next, queue, node) {
		if (q->info.sig == sig)
			record_free(q);
	}
}

/* POSIX: setting an action that ignores sig discards it when pending. */
static void discard(struct process *process, int sig)
{
	struct thread *thread;

	discard_from(&process->pending, &process->sigqueue, sig);
	list_for_each_entry(thread, &process->threads, siblings)
		discard_from(&thread->pending, &thread->sigqueue, sig);
}

int signal_action(int sig, const struct k_sigaction *act,
		  struct k_sigaction *old)
{
	struct process *process = current->process;
	struct k_sigaction *slot;

	if (sig < 1 || sig > NR_SIGNALS)
		return -EINVAL;
	if (act && (UNBLOCKABLE & SIG_BIT(sig)))
		return -EINVAL;
	slot = &process->sigaction[sig - 1];
	if (old)
		*old = *slot;
	if (!act)
		return 0;
	*slot = *act;
	slot->mask &= ~UNBLOCKABLE;
	if (is_ignored(process, sig))
		discard(process, sig);
	return 0;
}

static void set_blocked(uint64_t mask)
{
	current->blocked = mask & ~UNBLOCKABLE;
	if (signal_pending())
		cpu_set_work(CPU_WORK_SIGNAL);
}

int signal_procmask(int how, uint64_t set)
{
	uint64_t blocked = current->blocked;

	switch (how) {
	case SIG_BLOCK:
		set_blocked(blocked | set);
		return 0;
	case SIG_UNBLOCK:
		set_blocked(blocked & ~set);
		return 0;
	case SIG_SETMASK:
		set_blocked(set);
		return 0;
	}
	return -EINVAL;
}

uint64_t signals_pending_of(uint64_t mask)
{
	struct thread *self = current;

	return (self->pending | self->process->pending) & mask;
}

uint64_t signals_pending_blocked(void)
{
	return signals_pending_of(current->blocked);
}

struct wait_queue_head *signalfd_wq(void)
{
	return &signalfd_waiters;
}

uint64_t signals_unblockable(void)
{
	return UNBLOCKABLE;
}

void sigmask_set(uint64_t mask)
{
	current->saved_mask = current->blocked;
	current->restore_mask = true;
	set_blocked(mask);
}

void sigmask_restore_unless(bool interrupted)
{
	struct thread *self = current;

	if (!self->restore_mask)
		return;
	if (interrupted) {
		cpu_set_work(CPU_WORK_SIGNAL);
		return;
	}
	self->restore_mask = false;
	set_blocked(self->saved_mask);
}
