/* SPDX-License-Identifier: MIT */
/*
 * What ring 3 must not be able to do: each attempt is a signal, and what it
 * brought along (flags, forged frames) does not reach the kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "tap.h"

#define KERNEL 0xffffffff80000000
#define DIRECT_MAP 0xffff888000000000
#define NONCANONICAL 0x0000800000000000
#define FLAG_TF 0x100
#define FLAG_DF 0x400
#define FLAG_IOPL 0x3000
#define FLAG_NT 0x4000
#define FLAG_AC 0x40000

static sigjmp_buf back;
static volatile int got, traps;
static void (*volatile forge)(ucontext_t *uc);

static void on_fault(int sig, siginfo_t *info, void *context)
{
	(void)info, (void)context;
	got = sig;
	siglongjmp(back, 1);
}

static void on_forge(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info;
	forge(context);
}

static void on_trap(int sig)
{
	(void)sig;
	traps++;
}

static void handle(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction act = { .sa_sigaction = handler,
				 .sa_flags = SA_SIGINFO };

	sigaction(sig, &act, NULL);
}

/* The signal that the statement ended in, 0 when it did not. */
#define SIGNAL_OF(statement)               \
	({                                 \
		got = 0;                   \
		if (!sigsetjmp(back, 1)) { \
			statement;         \
		}                          \
		got;                       \
	})

#define REFUSED(insn, ...)                                     \
	ok(SIGNAL_OF(__asm__ volatile(insn                     \
				      :                        \
				      : __VA_ARGS__            \
				      : "memory")) == SIGSEGV, \
	   "ring 3: " insn)

static void test_instructions(void)
{
	static uint8_t table[16];

	REFUSED("cli");
	REFUSED("sti");
	REFUSED("hlt");
	REFUSED("in $0x60, %%al", "a"(0));
	REFUSED("out %%al, $0xf4", "a"(1));
	REFUSED("outb %%al, %%dx", "a"(0), "d"(0xe9));
	REFUSED("rdmsr", "c"(0xc0000080));
	REFUSED("wrmsr", "c"(0xc0000082), "a"(0), "d"(0));
	REFUSED("lgdt (%0)", "r"(table));
	REFUSED("lidt (%0)", "r"(table));
	REFUSED("ltr %w0", "r"(0));
	REFUSED("mov %0, %%cr3", "r"(0L));
	REFUSED("mov %%cr0, %%rax", "a"(0));
	REFUSED("mov %0, %%dr7", "r"(0L));
	REFUSED("clts", "a"(0));
	REFUSED("invlpg (%0)", "r"(table));
	REFUSED("wbinvd", "a"(0));
	REFUSED("swapgs", "a"(0));
	REFUSED("sysretq", "c"(0), "r"(0L));
	REFUSED("int $0x20", "a"(0));
	REFUSED("int $0x81", "a"(0));
	REFUSED("mov %w0, %%ss", "r"(0x10));
	REFUSED("mov %w0, %%ds", "r"(0x10));
	REFUSED("pushq $0x10; pushq %%rsp; pushq $2; pushq $0x8; "
		"pushq $0; iretq",
		"a"(0));
	REFUSED("pushq $0x8; pushq $0; lretq", "a"(0));
}

static void test_addresses(void)
{
	static const uintptr_t bad[] = { KERNEL,
					 KERNEL + 0x100000,
					 DIRECT_MAP,
					 DIRECT_MAP + 0x1000,
					 NONCANONICAL,
					 ~0UL,
					 8,
					 NONCANONICAL - 1 };
	bool reads = true, writes = true, jumps = true, calls = true;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		reads &= SIGNAL_OF(*(volatile char *)bad[i]) == SIGSEGV;
		writes &= SIGNAL_OF(*(volatile char *)bad[i] = 1) == SIGSEGV;
		jumps &= SIGNAL_OF(((void (*)(void))bad[i])()) == SIGSEGV;
		calls &= syscall(SYS_write, 1, bad[i], 4) == -1 &&
			 errno == EFAULT && syscall(SYS_uname, bad[i]) == -1 &&
			 errno == EFAULT &&
			 syscall(SYS_pipe2, bad[i], 0) == -1 &&
			 errno == EFAULT &&
			 syscall(SYS_stat, bad[i], bad[i]) == -1 &&
			 errno == EFAULT;
	}
	ok(reads, "addresses: none of the kernel's can be read");
	ok(writes, "addresses: ... nor written");
	ok(jumps, "addresses: ... nor jumped to");
	ok(calls, "addresses: ... nor named in a system call");
	ok(syscall(SYS_write, 1, (char *)NONCANONICAL - 4096, 8192) == -1 &&
		   errno == EFAULT,
	   "addresses: nor a range that runs into them");
	ok(mmap((void *)(NONCANONICAL - 4096), 4096, PROT_READ,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED,
	   "addresses: the last page of user space cannot be had");
}

static void test_execution(void)
{
	static uint8_t data[] = { 0xc3 };
	uint8_t stack[] = { 0xc3 };
	uint8_t *heap = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	heap[0] = 0xc3;
	ok(SIGNAL_OF(((void (*)(void))(uintptr_t)data)()) == SIGSEGV,
	   "execution: not of data");
	ok(SIGNAL_OF(((void (*)(void))(uintptr_t)stack)()) == SIGSEGV,
	   "execution: not of the stack");
	ok(SIGNAL_OF(((void (*)(void))(uintptr_t)heap)()) == SIGSEGV,
	   "execution: not of the heap");
	mprotect(heap, 4096, PROT_READ | PROT_EXEC);
	ok(SIGNAL_OF(((void (*)(void))(uintptr_t)heap)()) == 0,
	   "execution: of what mprotect() made executable");
	ok(SIGNAL_OF(*(volatile uint8_t *)heap = 1) == SIGSEGV,
	   "execution: which cannot be written any more");
}

/* A system call that copies both ways, with these flags set. */
static long call_with(uint64_t flags)
{
	static struct stat st;
	long ret;

	__asm__ volatile("pushfq\n"
			 "orq %[flags], (%%rsp)\n"
			 "popfq\n"
			 "syscall\n"
			 "pushfq\n"
			 "andq %[mask], (%%rsp)\n"
			 "popfq\n"
			 : "=a"(ret)
			 : "0"(SYS_stat), "D"("/"),
			   "S"(&st), [flags] "r"(flags), [mask] "r"(~flags)
			 : "rcx", "r11", "memory", "cc");
	return ret ? ret : !S_ISDIR(st.st_mode);
}

static void test_flags(void)
{
	uint64_t flags;

	ok(call_with(FLAG_DF) == 0, "flags: a call with DF set");
	ok(call_with(FLAG_AC) == 0, "flags: a call with AC set");
	ok(call_with(FLAG_NT) == 0, "flags: a call with NT set");
	__asm__ volatile("pushfq; orq %1, (%%rsp); popfq; pushfq; popq %0"
			 : "=r"(flags)
			 : "i"(FLAG_IOPL)
			 : "cc");
	ok(!(flags & FLAG_IOPL) && (flags & 0x200),
	   "flags: IOPL stays 0 and IF 1");
	signal(SIGTRAP, on_trap);
	ok(call_with(FLAG_TF) == 0 && traps > 0,
	   "flags: a call with TF set, steps are reported");
}

static void forge_flags(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_EFL] |= FLAG_IOPL;
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x200L;
}

static void forge_selectors(ucontext_t *uc)
{
	/* Kernel selectors with privilege level 0 for cs and ss. */
	uc->uc_mcontext.gregs[REG_CSGSFS] = 0x0018000000000010;
}

static void forge_rip(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RIP] = NONCANONICAL;
}

static void forge_kernel_rip(ucontext_t *uc)
{
	uc->uc_mcontext.gregs[REG_RIP] = KERNEL;
}

static void forge_mxcsr(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs->mxcsr = ~0U;
}

static int with_forged(void (*how)(ucontext_t *uc))
{
	forge = how;
	return SIGNAL_OF(raise(SIGUSR1));
}

static uint64_t flags_now(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags));
	return flags;
}

static void test_frames(void)
{
	with_forged(forge_flags);
	ok(!(flags_now() & FLAG_IOPL) && (flags_now() & 0x200),
	   "frames: IOPL and IF are not taken from one");
	with_forged(forge_selectors);
	ok(SIGNAL_OF(__asm__ volatile("cli")) == SIGSEGV,
	   "frames: nor the privilege level");
	ok(with_forged(forge_rip) == SIGSEGV,
	   "frames: an address that is not canonical: SIGSEGV");
	ok(with_forged(forge_kernel_rip) == SIGSEGV,
	   "frames: one of the kernel: SIGSEGV");
	with_forged(forge_mxcsr);
	ok(true, "frames: reserved bits for the FPU do no harm");
}

int main(void)
{
	static uint8_t alternate[65536];
	stack_t ss = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction act = { .sa_sigaction = on_fault,
				 .sa_flags = SA_SIGINFO | SA_ONSTACK };

	sigaltstack(&ss, NULL);
	sigaction(SIGSEGV, &act, NULL);
	sigaction(SIGBUS, &act, NULL);
	handle(SIGUSR1, on_forge);
	test_instructions();
	test_addresses();
	test_execution();
	test_flags();
	test_frames();
	return done_testing();
}
