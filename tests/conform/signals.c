/* SPDX-License-Identifier: MIT */
/*
 * Signals: handlers, masks, frames, alternate stacks, and what they do to
 * system calls that sleep.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "tap.h"

static volatile int got, got_code, got_pid, calls;
static void *volatile got_addr;
static volatile double sum;
static sigjmp_buf back;

static void on_signal(int sig)
{
	got = sig;
	calls++;
}

/* Uses the FPU, so that the interrupted program's state must be restored. */
static void on_siginfo(int sig, siginfo_t *info, void *context)
{
	double d = 1.5;

	(void)context;
	for (int i = 0; i < 100; i++)
		d = d * 1.0001 + 0.5;
	sum = d;
	got = sig;
	got_code = info->si_code;
	got_pid = info->si_pid;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)context;
	got = sig;
	got_code = info->si_code;
	got_addr = info->si_addr;
	siglongjmp(back, 1);
}

static void on_illegal(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)info;
	got = sig;
	uc->uc_mcontext.gregs[REG_RIP] += 2; /* behind UD2 */
}

static void handle(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	sigaction(sig, &sa, NULL);
}

static void handle_info(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction sa = { .sa_sigaction = handler,
				.sa_flags = SA_SIGINFO };

	sigaction(sig, &sa, NULL);
}

static sigset_t set_of(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	if (sig)
		sigaddset(&set, sig);
	return set;
}

static void set_alarm(int ms, int again_ms)
{
	struct itimerval it = { .it_value.tv_usec = ms * 1000,
				.it_interval.tv_usec = again_ms * 1000 };

	got = 0;
	calls = 0;
	setitimer(ITIMER_REAL, &it, NULL);
}

/* SIGALRM once, in ms milliseconds. */
static void alarm_in(int ms)
{
	set_alarm(ms, 0);
}

/* And again: on a busy machine the first may come before what it shall end. */
static void alarms_each(int ms)
{
	set_alarm(ms, ms);
}

static void test_handlers(void)
{
	struct sigaction old;
	sigset_t usr1 = set_of(SIGUSR1), pending;

	handle(SIGUSR1, on_signal, 0);
	ok(sigaction(SIGKILL, &(struct sigaction){ .sa_handler = on_signal },
		     NULL) == -1 &&
		   errno == EINVAL,
	   "signals: SIGKILL cannot be caught");
	raise(SIGUSR1);
	ok(got == SIGUSR1, "signals: raise() runs the handler");
	got = 0;
	kill(getpid(), SIGUSR1);
	ok(got == SIGUSR1, "signals: kill() of oneself too, before it returns");
	got = 0;
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	raise(SIGUSR1);
	sigpending(&pending);
	ok(!got && sigismember(&pending, SIGUSR1),
	   "signals: a blocked one is pending");
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	ok(got == SIGUSR1, "signals: ... and comes when it is unblocked");
	handle(SIGUSR1, on_signal, SA_RESETHAND);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &old);
	ok(old.sa_handler == SIG_DFL, "signals: SA_RESETHAND");
	handle(SIGTERM, SIG_IGN, 0);
	raise(SIGTERM);
	raise(SIGCHLD);
	raise(SIGURG);
	raise(SIGWINCH);
	ok(true, "signals: ignored ones, by choice and by default");
	ok(kill(99999999, 0) == -1 && errno == ESRCH, "kill: ESRCH");
	ok(kill(getpid(), 65) == -1 && errno == EINVAL, "kill: EINVAL");
	ok(!kill(getpid(), 0), "kill: signal 0 only asks");
}

static void test_frames(void)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	uint64_t xmm = 0x400a000000000000;

	handle_info(SIGUSR2, on_siginfo);
	__asm__ volatile("movq %1, %%xmm9\n\t"
			 "syscall\n\t"
			 "movq %%xmm9, %0"
			 : "=r"(xmm)
			 : "r"(xmm), "a"(SYS_tkill), "D"(getpid()), "S"(SIGUSR2)
			 : "rcx", "r11", "memory", "xmm9");
	ok(got == SIGUSR2 && got_code == SI_TKILL && got_pid == getpid(),
	   "frames: siginfo of tkill()");
	ok(xmm == 0x400a000000000000 && sum > 1,
	   "frames: FPU registers survive a handler that uses them");
	handle_info(SIGSEGV, on_fault);
	if (!sigsetjmp(back, 1))
		*(volatile int *)0x123450 = 1;
	ok(got == SIGSEGV && got_addr == (void *)0x123450 &&
		   got_code == SEGV_MAPERR,
	   "frames: SIGSEGV where nothing is mapped, with the address");
	if (!sigsetjmp(back, 1))
		*(volatile int *)page = 1;
	ok(got_addr == page && got_code == SEGV_ACCERR,
	   "frames: SIGSEGV for a write to a read-only page");
	handle_info(SIGILL, on_illegal);
	got = 0;
	__asm__ volatile("ud2");
	ok(got == SIGILL, "frames: a handler moves the program counter");
}

static char stack[65536];
static volatile bool on_stack;

static void on_which_stack(int sig)
{
	char here;

	(void)sig;
	on_stack = (uintptr_t)&here - (uintptr_t)stack < sizeof(stack);
}

static void test_altstack(void)
{
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) }, old;

	ok(!sigaltstack(&ss, NULL) && !sigaltstack(NULL, &old) &&
		   old.ss_sp == stack && !old.ss_flags,
	   "altstack: set and asked for");
	handle(SIGUSR1, on_which_stack, SA_ONSTACK);
	raise(SIGUSR1);
	ok(on_stack, "altstack: a handler runs on it");
	handle(SIGUSR1, on_which_stack, 0);
	raise(SIGUSR1);
	ok(!on_stack, "altstack: ... only with SA_ONSTACK");
	ss.ss_flags = 0x40;
	ok(sigaltstack(&ss, NULL) == -1 && errno == EINVAL,
	   "altstack: unknown flags: EINVAL");
	ss = (stack_t){ .ss_sp = stack, .ss_size = 100 };
	ok(sigaltstack(&ss, NULL) == -1 && errno == ENOMEM,
	   "altstack: too small: ENOMEM");
	ss = (stack_t){ .ss_flags = SS_DISABLE };
	ok(!sigaltstack(&ss, NULL) && !sigaltstack(NULL, &old) &&
		   old.ss_flags == SS_DISABLE,
	   "altstack: off");
}

static void test_interrupted(void)
{
	struct timespec t = { 100, 0 }, rest;
	double start;

	handle(SIGALRM, on_signal, 0);
	start = now();
	alarms_each(50);
	ok(pause() == -1 && errno == EINTR && got == SIGALRM,
	   "interrupted: pause()");
	ok(now() - start > 0.049, "interrupted: ... not before its time");
	alarms_each(30);
	ok(nanosleep(&t, &rest) == -1 && errno == EINTR && rest.tv_sec > 0 &&
		   rest.tv_sec < 100,
	   "interrupted: nanosleep(), which gives the rest");
	alarms_each(0);
	ok(!alarm(100) && alarm(0) == 100, "alarm: gives the rest");
}

static void on_first(int sig)
{
	handle(sig, on_signal, 0);
	alarm_in(100);
}

/* FUTEX_WAIT with nobody to wake it: restarts behind a SA_RESTART handler. */
static void test_restart(void)
{
	static int word;

	handle(SIGALRM, on_first, SA_RESTART);
	alarm_in(100);
	ok(syscall(SYS_futex, &word, 0, 0, NULL, NULL, 0) == -1 &&
		   errno == EINTR,
	   "restart: a futex wait ends with EINTR");
	ok(calls == 1, "restart: ... but only by the handler without "
		       "SA_RESTART");
	ok(syscall(SYS_restart_syscall) == -1 && errno == EINTR,
	   "restart: behind a handler nothing is left of it");
}

static void test_masks(void)
{
	sigset_t alrm = set_of(SIGALRM), none = set_of(0), mask;
	struct timespec t = { 0, 20000000 };
	int ep = epoll_create1(0);
	struct epoll_event ev;
	siginfo_t info;

	handle(SIGALRM, on_signal, 0);
	sigprocmask(SIG_BLOCK, &alrm, NULL);
	alarm_in(20);
	ok(sigsuspend(&none) == -1 && errno == EINTR && got == SIGALRM,
	   "masks: sigsuspend() lets a blocked signal in");
	sigprocmask(SIG_BLOCK, NULL, &mask);
	ok(sigismember(&mask, SIGALRM), "masks: ... and blocks it again");
	alarm_in(20);
	ok(epoll_pwait(ep, &ev, 1, PATIENCE, &none) == -1 && errno == EINTR &&
		   got == SIGALRM,
	   "masks: epoll_pwait() lets it in");
	sigprocmask(SIG_BLOCK, NULL, &mask);
	ok(sigismember(&mask, SIGALRM), "masks: ... and blocks it again");
	alarm_in(20);
	ok(epoll_pwait(ep, &ev, 1, 100, NULL) == 0 && !got,
	   "masks: without a mask it stays blocked");
	ok(sigwaitinfo(&alrm, &info) == SIGALRM && info.si_signo == SIGALRM,
	   "masks: sigwaitinfo() takes it without a handler");
	ok(sigtimedwait(&alrm, &info, &t) == -1 && errno == EAGAIN && !got,
	   "masks: sigtimedwait() with none: EAGAIN");
	alarm_in(20);
	ok(sigwaitinfo(&alrm, &info) == SIGALRM && !got,
	   "masks: sigwaitinfo() sleeps until it comes");
	sigprocmask(SIG_UNBLOCK, &alrm, NULL);
	close(ep);
}

static void test_queue(void)
{
	struct timespec none = { 0, 0 };
	sigset_t set;
	siginfo_t info;
	bool in_order = true;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 3; i++)
		sigqueue(getpid(), SIGRTMIN + 1,
			 (union sigval){ .sival_int = 7 + i });
	for (int i = 0; i < 3; i++)
		in_order &= sigtimedwait(&set, &info, &none) > 0 &&
			    info.si_code == SI_QUEUE &&
			    info.si_value.sival_int == 7 + i &&
			    info.si_pid == getpid();
	ok(in_order, "queue: sigqueue()'s values come in order");
	ok(sigtimedwait(&set, &info, &none) == -1 && errno == EAGAIN,
	   "queue: no more than were sent");
	ok(sigqueue(getpid(), 0, (union sigval){ 0 }) == 0,
	   "queue: signal 0 only asks");
	ok(sigqueue(getpid(), 65, (union sigval){ 0 }) == -1 && errno == EINVAL,
	   "queue: no such signal: EINVAL");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(void)
{
	test_handlers();
	test_frames();
	test_altstack();
	test_interrupted();
	test_restart();
	test_masks();
	test_queue();
	return done_testing();
}
