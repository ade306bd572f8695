/* SPDX-License-Identifier: MIT */
/* unit: kernel/task/signal.c kernel/task/wait.c */
/*
 * What becomes of a signal: pending, blocked, ignored, delivered, fatal. The
 * frame and the end of the process are only noted.
 */
#include "kernel/task/process.h"
#include "kernel/task/sigframe.h"
#include "kernel/task/signal.h"

#include <asm/unistd_64.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/mm/slab.h"
#include "kernel/printk.h"
#include "kernel/task/thread.h"
#include "kernel/task/wait.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/regs.h"
#include "lib/tap.h"

#define HANDLER 0x401000

struct percpu cpu0;

static struct process process;
static struct thread threads[2];
static struct thread *self = &threads[0];
static int objects; /* allocated and not freed */
static bool no_memory;
static int delivered[8], nr_delivered, frame_result;
static uint64_t frame_mask;
static jmp_buf ended;
static int died_of;

struct thread *get_current(void)
{
	return self;
}

void wake_up_thread(struct thread *thread)
{
	thread->state = THREAD_RUNNABLE;
}

void set_current_state(enum thread_state state)
{
	self->state = state;
}

void printk(enum log_level level, const char *fmt, ...)
{
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
				     size_t align)
{
	static struct kmem_cache cache;

	cache.size = size;
	return &cache;
}

void *kmem_cache_alloc(struct kmem_cache *cache)
{
	if (no_memory)
		return NULL;
	objects++;
	return malloc(cache->size);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	objects--;
	free(object);
}

int sigframe_setup(struct pt_regs *regs, const struct signal_info *info,
		   const struct k_sigaction *act, uint64_t mask)
{
	delivered[nr_delivered++] = info->sig;
	frame_mask = mask;
	return frame_result;
}

void die_by_signal(int sig)
{
	died_of = sig;
	longjmp(ended, 1);
}

void thread_exit(void)
{
	died_of = -1;
	longjmp(ended, 1);
}

static uint64_t bit(int sig)
{
	return BIT(sig - 1);
}

static void reset(void)
{
	for (int i = 0; i < 2; i++) {
		if (threads[i].sigqueue.next)
			signal_thread_free(&threads[i]);
	}
	if (process.sigqueue.next)
		signal_process_free(&process);
	memset(&process, 0, sizeof(process));
	memset(threads, 0, sizeof(threads));
	INIT_LIST_HEAD(&process.sigqueue);
	INIT_LIST_HEAD(&process.threads);
	for (int i = 0; i < 2; i++) {
		signal_thread_init(&threads[i]);
		threads[i].process = &process;
		threads[i].state = THREAD_SLEEPING;
		list_add_tail(&threads[i].siblings, &process.threads);
	}
	self = &threads[0];
	nr_delivered = 0;
	frame_result = 0;
	died_of = 0;
	cpu0.work = 0;
}

static void handle(int sig, uintptr_t handler, uint64_t flags, uint64_t mask)
{
	struct k_sigaction act = { handler, flags, 0x402000, mask };

	signal_action(sig, &act, NULL);
}

/* The way out of a system call that returned rax. */
static struct pt_regs deliver(uint64_t nr, long rax)
{
	static struct pt_regs regs;

	regs = (struct pt_regs){ .orig_rax = nr, .rax = rax, .rip = 0x5000 };
	if (!setjmp(ended))
		signal_deliver(&regs);
	return regs;
}

static void test_fate(void)
{
	reset();
	send_signal(self, SIGURG);
	ok(!signal_pending() && !objects, "signal: ignored by default: gone");
	send_signal(self, SIGTERM);
	ok(signal_pending() && (cpu0.work & CPU_WORK_SIGNAL),
	   "signal: pending for current, the way to ring 3 will look");
	deliver(0, 0);
	is(died_of, SIGTERM, "signal: the default action ends the process");

	reset();
	handle(SIGTERM, 1, 0, 0);
	send_signal(self, SIGTERM);
	ok(!signal_pending(), "signal: SIG_IGN: gone");
	self->blocked = bit(SIGURG);
	send_signal(self, SIGURG);
	ok(self->pending, "signal: an ignored one that is blocked is kept");
	handle(SIGURG, 1, 0, 0);
	ok(!self->pending && !objects,
	   "signal: setting SIG_IGN discards what is pending");
	is(signal_action(SIGKILL, &(struct k_sigaction){ 1, 0, 0, 0 }, NULL),
	   -EINVAL, "signal: SIGKILL has no handler");
	is(signal_action(0, NULL, NULL), -EINVAL, "signal: 0 is none");
	is(signal_action(65, NULL, NULL), -EINVAL, "signal: 65 is none");
	signal_procmask(SIG_SETMASK, ~0ULL);
	ok(!(self->blocked & (bit(SIGKILL) | bit(SIGSTOP))),
	   "signal: SIGKILL and SIGSTOP cannot be blocked");
	is(signal_procmask(9, 0), -EINVAL, "signal: unknown how: -EINVAL");
}

static void test_delivery(void)
{
	reset();
	handle(SIGUSR1, HANDLER, 0, bit(SIGUSR2));
	handle(SIGUSR2, HANDLER, SA_RESETHAND, 0);
	send_signal(self, SIGUSR1);
	send_signal(self, SIGUSR1);
	is(objects, 1, "signal: a standard one does not queue");
	deliver(0, 0);
	ok(nr_delivered == 1 && delivered[0] == SIGUSR1,
	   "signal: delivered once");
	is(self->blocked, bit(SIGUSR1) | bit(SIGUSR2),
	   "signal: its mask and itself are blocked in the handler");
	is(frame_mask, 0, "signal: the frame holds the mask from before");

	self->blocked = 0;
	send_signal(self, SIGUSR2);
	deliver(0, 0);
	is(process.sigaction[SIGUSR2 - 1].handler, 0, "signal: SA_RESETHAND");

	reset();
	handle(SIGUSR1, HANDLER, SA_NODEFER, 0);
	send_signal(self, SIGUSR1);
	deliver(0, 0);
	is(self->blocked, 0, "signal: SA_NODEFER");
	frame_result = -EFAULT;
	send_signal(self, SIGUSR1);
	deliver(0, 0);
	is(died_of, SIGSEGV, "signal: no room for the frame: SIGSEGV");
}

static void test_order(void)
{
	struct signal_info info = { .sig = 40, .code = SI_QUEUE };

	reset();
	handle(SIGHUP, HANDLER, 0, 0);
	handle(SIGSEGV, HANDLER, 0, 0);
	send_signal(self, SIGHUP);
	send_signal(self, SIGSEGV);
	deliver(0, 0);
	ok(delivered[0] == SIGSEGV && delivered[1] == SIGHUP,
	   "signal: the program's own fault comes first");

	reset();
	self->blocked = bit(40);
	for (int i = 1; i <= 3; i++) {
		info.addr = i;
		send_signal_info(self, &info);
	}
	is(objects, 3, "signal: real-time ones queue");
	for (uintptr_t i = 1; i <= 3; i++) {
		ok(signal_take(bit(40), &info) && info.addr == i,
		   "signal: ... taken in the order they were sent");
	}
	ok(!self->pending && !signal_take(~0ULL, &info),
	   "signal: ... none left");

	no_memory = true;
	send_signal(self, SIGTERM);
	no_memory = false;
	ok(signal_take(~0ULL, &info) && info.sig == SIGTERM,
	   "signal: without memory the signal is not lost");
}

static void test_bound(void)
{
	struct signal_info info = { .sig = 40, .code = SI_QUEUE };
	int taken = 0;

	reset();
	self->blocked = bit(40) | bit(SIGUSR1);
	for (int i = 0; i < 100000; i++)
		send_signal_info(self, &info);
	ok(objects > 100 && objects < 10000, "signal: queueing has a bound");
	send_signal(self, SIGUSR1);
	ok(self->pending & bit(SIGUSR1), "signal: beyond it none is lost");
	while (taken < 100000 && signal_take(bit(40), &info))
		taken++;
	ok(taken > 100 && taken < 10000 && !objects,
	   "signal: all that were queued can be taken");
}

static void test_process(void)
{
	struct signal_info info = { .sig = SIGTERM };

	reset();
	threads[0].blocked = bit(SIGTERM);
	send_process_signal(&process, &info);
	is(threads[1].state, THREAD_RUNNABLE,
	   "signal: to the process: wakes a thread that does not block it");
	self = &threads[1];
	ok(signal_pending(), "signal: ... which finds it");
	deliver(0, 0);
	is(died_of, SIGTERM, "signal: ... and takes it");

	reset();
	threads[0].blocked = threads[1].blocked = bit(SIGTERM);
	threads[1].sigwait = bit(SIGTERM);
	send_process_signal(&process, &info);
	is(threads[1].state, THREAD_RUNNABLE,
	   "signal: ... or one that waits for it in sigwait()");
	is(threads[0].state, THREAD_SLEEPING, "signal: ... and no other");

	reset();
	process.exiting = true;
	ok(signal_pending(), "signal: an ending process wants every thread");
	deliver(0, 0);
	is(died_of, -1, "signal: ... to end");
}

/* What becomes of a call that returned rax, with a handler or without. */
static struct pt_regs interrupted(uint64_t nr, long rax, uint64_t flags)
{
	reset();
	handle(SIGUSR1, HANDLER, flags | SA_NODEFER, 0);
	send_signal(self, SIGUSR1);
	return deliver(nr, rax);
}

static bool is_again(struct pt_regs regs, uint64_t nr)
{
	return regs.rip == 0x5000 - 2 && regs.rax == nr;
}

static bool has_ended(struct pt_regs regs, long rax)
{
	return regs.rip == 0x5000 && regs.rax == (uint64_t)rax;
}

static void test_restart(void)
{
	static const long codes[] = { -ERESTARTSYS, -ERESTARTNOHAND,
				      -ERESTART_RESTARTBLOCK };

	ok(is_again(interrupted(__NR_read, -ERESTARTSYS, SA_RESTART),
		    __NR_read),
	   "restart: SA_RESTART goes back to SYSCALL");
	ok(has_ended(interrupted(__NR_pause, -ERESTARTNOHAND, SA_RESTART),
		     -EINTR),
	   "restart: ... but not for -ERESTARTNOHAND");
	ok(has_ended(interrupted(__NR_poll, -ERESTART_RESTARTBLOCK, SA_RESTART),
		     -EINTR),
	   "restart: ... nor for what has a time");
	ok(has_ended(interrupted(__NR_epoll_wait, -EINTR, SA_RESTART), -EINTR),
	   "restart: ... nor after -EINTR");
	ok(has_ended(interrupted(__NR_read, 5, SA_RESTART), 5),
	   "restart: ... nor after a result");
	ok(has_ended(interrupted(-1, -ERESTARTSYS, SA_RESTART), -ERESTARTSYS),
	   "restart: ... nor behind an interrupt");
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		ok(has_ended(interrupted(__NR_read, codes[i], 0), -EINTR),
		   "restart: %ld is -EINTR behind a handler without SA_RESTART",
		   codes[i]);
	reset();
	ok(is_again(deliver(__NR_read, -ERESTARTSYS), __NR_read) &&
		   is_again(deliver(__NR_pause, -ERESTARTNOHAND), __NR_pause),
	   "restart: without a handler the call is made again");
	ok(is_again(deliver(__NR_poll, -ERESTART_RESTARTBLOCK),
		    __NR_restart_syscall),
	   "restart: ... or goes on with its time by restart_syscall()");
	ok(has_ended(deliver(__NR_epoll_wait, -EINTR), -EINTR),
	   "restart: ... but for -EINTR");
}

static void test_temporary_mask(void)
{
	reset();
	self->blocked = bit(SIGUSR1);
	handle(SIGUSR1, HANDLER, 0, 0);
	sigmask_set(0);
	sigmask_restore_unless(false);
	is(self->blocked, bit(SIGUSR1),
	   "signal: a temporary mask ends with the call");
	send_signal(self, SIGUSR1);
	sigmask_set(0);
	ok(signal_pending(), "signal: it unblocks what was pending");
	sigmask_restore_unless(true);
	deliver(__NR_epoll_pwait, -EINTR);
	is(nr_delivered, 1, "signal: ... which is delivered after the call");
	is(frame_mask, bit(SIGUSR1),
	   "signal: ... and returns to the mask from before");
}

static void test_force(void)
{
	struct signal_info info = { .sig = SIGSEGV, .code = SEGV_MAPERR };

	reset();
	ok(!force_signal(&info), "signal: a fault without a handler is fatal");
	handle(SIGSEGV, HANDLER, 0, 0);
	self->blocked = bit(SIGSEGV);
	ok(!force_signal(&info), "signal: ... and one that is blocked");
	self->blocked = 0;
	ok(force_signal(&info), "signal: ... else the handler gets it");
}

int main(void)
{
	signal_init();
	test_fate();
	test_delivery();
	test_order();
	test_bound();
	test_process();
	test_restart();
	test_temporary_mask();
	test_force();
	reset();
	is(objects, 0, "signal: every record was freed");
	return done_testing();
}
