/* SPDX-License-Identifier: MIT */
/*
 * What a return to ring 3 may be made of: frames of signal handlers name every
 * flag, and addresses that no program has, for rip and for rsp. SYSRET and IRETQ
 * take what they find, and each of them fails, or trusts, in its own way, so both
 * are led to: SYSRET is for a frame whose rcx and r11 say the same as rip and the
 * flags.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "tap.h"

#define FLAG_TF 8 /* the number of its bit: a step, and its signal */
/* CF PF AF ZF SF DF OF RF AC: what a program may set, RF does not stay. */
#define FLAGS_FREE 0x40cd5UL
#define FLAGS_FRAME 0x50cd5UL
#define FLAGS_ALWAYS 0x202UL /* IF, and the bit that is always 1 */
#define FLAG_ID 0x200000UL /* the program's own, but not taken from a frame */

static const uintptr_t bad[] = {
	0x00007ffffffff000, /* the page that nobody has */
	0x00007fffffffffff, 0x0000800000000000, /* not canonical, from here */
	0x0000800000001000, 0x1234567812345678,
	0x8000000000000000, 0xffff7fffffffffff, /* to here */
	0xffff800000000000, /* the kernel's half */
	0xffff888000000000, 0xffffffff80000000,
	0xffffffffff600000, 0xffffffffffffffff,
};

#define NR_BAD (sizeof(bad) / sizeof(*bad))

/* Where the frame's rcx and r11 say the same as rip and the flags. */
enum way {
	BY_IRET,
	BY_SYSRET,
	NR_WAYS
};

static sigjmp_buf back;
static volatile int got;
static volatile uintptr_t fault_rip, fault_rsp;
volatile uint64_t landed_flags;

/* What the forged frame has; 0: as it was. */
static uintptr_t want_rip, want_rsp;
static uint64_t want_flags;
static enum way want_way;

void landed(void);
void landing(void);

/* Ring 3 arrives here, with whatever flags. */
__asm__(".text\n"
	".globl landing\n"
	"landing:\n"
	"	pushfq\n"
	"	popq landed_flags(%rip)\n"
	"	pushq $0x202\n"
	"	popfq\n"
	"	andq $-16, %rsp\n"
	"	call landed\n");

void landed(void)
{
	siglongjmp(back, 1);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;

	(void)info;
	got = sig;
	fault_rip = uc->uc_mcontext.gregs[REG_RIP];
	fault_rsp = uc->uc_mcontext.gregs[REG_RSP];
	siglongjmp(back, 1);
}

static void on_forge(int sig, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)sig, (void)info;
	regs[REG_RIP] = want_rip;
	if (want_rsp)
		regs[REG_RSP] = want_rsp;
	regs[REG_EFL] = want_flags;
	if (want_way == BY_SYSRET) {
		regs[REG_RCX] = want_rip;
		regs[REG_R11] = (want_flags & FLAGS_FRAME) | FLAGS_ALWAYS;
	} else {
		regs[REG_RCX] = ~want_rip;
		regs[REG_R11] = 0;
	}
}

/* The signal that it ended in, 0: it landed. */
static int go(enum way way, uintptr_t rip, uintptr_t rsp, uint64_t flags)
{
	want_way = way;
	want_rip = rip;
	want_rsp = rsp;
	want_flags = flags;
	got = 0;
	if (!sigsetjmp(back, 1))
		syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid),
			SIGUSR1);
	return got;
}

/* Every flag by itself, and all of them together. */
static void test_flags(enum way way, const char *name)
{
	bool arrived = true, none = true, rest = true;

	for (int bit = 0; bit <= 64; bit++) {
		uint64_t flags = bit < 64 ? 1UL << bit : ~(1UL << FLAG_TF);

		if (bit == FLAG_TF)
			continue;
		arrived &= !go(way, (uintptr_t)landing, 0, flags);
		none &= !(landed_flags &
			  ~(FLAGS_FREE | FLAGS_ALWAYS | FLAG_ID));
		rest &= (landed_flags & (FLAGS_FREE | FLAGS_ALWAYS)) ==
			((flags & FLAGS_FREE) | FLAGS_ALWAYS);
	}
	printf("# %s\n", name);
	ok(arrived, "flags: a frame with any of them is returned to");
	ok(none, "flags: none that is not a program's own: IOPL, NT, VM, VIF");
	ok(rest, "flags: those that are arrive, and IF is 1");
	ok(go(way, (uintptr_t)landing, 0, 1UL << FLAG_TF) == SIGTRAP,
	   "flags: TF is a step");
}

static void test_rip(enum way way, const char *name)
{
	bool refused = true, there = true;

	for (size_t i = 0; i < NR_BAD; i++) {
		refused &= go(way, bad[i], 0, FLAGS_ALWAYS) == SIGSEGV;
		there &= fault_rip == bad[i];
	}
	printf("# %s\n", name);
	ok(refused, "rip: an address that no program has is a SIGSEGV");
	ok(there, "rip: of the program, at that address");
}

/*
 * What lies there is never touched by the kernel: the first push faults. Below the
 * first of them may be the stack.
 */
static void test_rsp(enum way way, const char *name)
{
	bool refused = true, there = true;

	for (size_t i = 1; i < NR_BAD; i++) {
		int sig = go(way, (uintptr_t)landing, bad[i], FLAGS_ALWAYS);

		refused &= sig == SIGSEGV || sig == SIGBUS;
		there &= fault_rsp == bad[i] && fault_rip == (uintptr_t)landing;
	}
	printf("# %s\n", name);
	ok(refused, "rsp: an address that no program has is a signal");
	ok(there, "rsp: at the first instruction that uses it");
}

/* A handler there is entered, and a system call made with that stack. */
static void test_entries(void)
{
	struct sigaction act = { .sa_flags = SA_NODEFER };
	bool handlers = true, calls = true;

	for (size_t i = 0; i < NR_BAD; i++) {
		long ret;

		act.sa_handler = (void (*)(int))bad[i];
		sigaction(SIGUSR2, &act, NULL);
		got = 0;
		fault_rip = 0;
		if (!sigsetjmp(back, 1))
			syscall(SYS_tgkill, getpid(), (int)syscall(SYS_gettid),
				SIGUSR2);
		/* SIG_ERR and its like are addresses, too. */
		handlers &= got == SIGSEGV && fault_rip == bad[i];
		__asm__ volatile("movq %%rsp, %%r12\n"
				 "movq %[sp], %%rsp\n"
				 "syscall\n"
				 "cmpq %[sp], %%rsp\n"
				 "movq %%r12, %%rsp\n"
				 "movl $-1, %%ecx\n"
				 "cmovnel %%ecx, %%eax\n"
				 : "=a"(ret)
				 : "0"(SYS_getppid), [sp] "r"(bad[i])
				 : "rcx", "r11", "r12", "memory", "cc");
		calls &= (int)ret >= 0;
	}
	ok(handlers, "handler: an address that no program has is a SIGSEGV");
	ok(calls, "call: rsp may be anything, and comes back");
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction act = { .sa_sigaction = handler,
				 .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaction(sig, &act, NULL);
}

int main(void)
{
	static uint8_t alternate[65536];
	stack_t ss = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	static const char *const names[NR_WAYS] = {
		[BY_IRET] = "rcx and r11 differ from rip and flags",
		[BY_SYSRET] = "they are the same",
	};

	sigaltstack(&ss, NULL);
	handle(SIGSEGV, on_fault);
	handle(SIGBUS, on_fault);
	handle(SIGTRAP, on_fault);
	handle(SIGUSR1, on_forge);
	for (enum way way = 0; way < NR_WAYS; way++) {
		test_flags(way, names[way]);
		test_rip(way, names[way]);
		test_rsp(way, names[way]);
	}
	test_entries();
	return done_testing();
}
