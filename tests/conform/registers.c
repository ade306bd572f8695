/* SPDX-License-Identifier: MIT */
/*
 * Registers across the kernel. A system call leaves all of them but rax, rcx
 * and r11 as they were, whether it sleeps, fails or lets others run; a fault
 * and a preemption leave all. A handler starts with what was interrupted and
 * fresh vectors, a new thread with its parent's. So no register ever holds what
 * the kernel had in it.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

enum {
	RAX,
	RBX,
	RCX,
	RDX,
	RSI,
	RDI,
	RBP,
	R8,
	R9,
	R10,
	R11,
	NR_GPR = 15
};

#define NR_VECTORS 16
#define VECTOR 32
#define MXCSR_FRESH 0x1f80

/* The assembly knows its layout. */
struct state {
	uint64_t gpr[NR_GPR];
	uint64_t flags;
	uint8_t vector[NR_VECTORS][VECTOR];
	uint32_t mxcsr;
};

struct state in, out, seen; /* before; after; by a handler or a new thread */
int has_avx, go_on, child_ran;

/* op REGISTER with the places in a struct state. */
#define GPR(op)                                                                \
	op("rax", "0") op("rbx", "8") op("rcx", "16") op("rdx", "24")          \
		op("rsi", "32") op("rdi", "40") op("rbp", "48") op("r8", "56") \
			op("r9", "64") op("r10", "72") op("r11", "80")         \
				op("r12", "88") op("r13", "96")                \
					op("r14", "104") op("r15", "112")
#define VECTORS(op)                                                          \
	op("0") op("1") op("2") op("3") op("4") op("5") op("6") op("7")      \
		op("8") op("9") op("10") op("11") op("12") op("13") op("14") \
			op("15")
#define LOAD(reg, at) "movq in+" at "(%rip), %" reg "\n"
#define LOAD_XMM(n) "movdqu in+128+32*" n "(%rip), %xmm" n "\n"
#define LOAD_YMM(n) "vmovdqu in+128+32*" n "(%rip), %ymm" n "\n"
#define OUT(reg, at) "movq %" reg ", out+" at "(%rip)\n"
#define OUT_XMM(n) "movdqu %xmm" n ", out+128+32*" n "(%rip)\n"
#define OUT_YMM(n) "vmovdqu %ymm" n ", out+128+32*" n "(%rip)\n"
#define SEE(reg, at) "movq %" reg ", seen+" at "(%rip)\n"
#define SEE_XMM(n) "movdqu %xmm" n ", seen+128+32*" n "(%rip)\n"
#define SEE_YMM(n) "vmovdqu %ymm" n ", seen+128+32*" n "(%rip)\n"

#define LOAD_ALL                                    \
	"cmpl $0, has_avx(%rip)\n je 1f\n" VECTORS( \
		LOAD_YMM) "jmp 2f\n"                \
			  "1:\n" VECTORS(           \
				  LOAD_XMM) "2:\n"  \
					    "ldmxcsr in+640(%rip)\n" GPR(LOAD)
#define STORE_ALL(gpr, xmm, ymm, to)                                    \
	GPR(gpr)                                                        \
	"pushfq\n popq " to "+120(%rip)\n"                              \
	"stmxcsr " to "+640(%rip)\n"                                    \
	"cmpl $0, has_avx(%rip)\n je 1f\n" VECTORS(ymm) "jmp 2f\n"      \
							"1:\n" VECTORS( \
								xmm) "2:\n"
#define OUT_ALL STORE_ALL(OUT, OUT_XMM, OUT_YMM, "out")
#define SEE_ALL STORE_ALL(SEE, SEE_XMM, SEE_YMM, "seen")

/* A function that has instructions run with all registers of in. */
#define RUN(name, instructions)                                           \
	void name(void);                                                  \
	__asm__(".text\n" #name ":\n"                                     \
		"pushq %rbx\n pushq %rbp\n pushq %r12\n pushq %r13\n"     \
		"pushq %r14\n pushq %r15\n" LOAD_ALL instructions OUT_ALL \
		"popq %r15\n popq %r14\n popq %r13\n popq %r12\n"         \
		"popq %rbp\n popq %rbx\n ret\n")

RUN(run_syscall, "syscall\n"
		 ".globl syscall_end\n syscall_end:\n");
RUN(run_read, "movb (%rsi), %al\n");
RUN(run_loop, "3: cmpl $0, go_on(%rip)\n je 3b\n");
RUN(run_clone,
    "syscall\n"
    "testq %rax, %rax\n jnz 5f\n" SEE_ALL "movl $1, child_ran(%rip)\n"
    "movl $60, %eax\n xorl %edi, %edi\n syscall\n"
    "5:\n");

void see_signal(int sig);
__asm__(".text\nsee_signal:\n" SEE_ALL "ret\n");

extern const char syscall_end[];

/* The kernel saves them, and they are on. */
static int avx_is_on(void)
{
	unsigned int a, b, c, d, low, high;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) ||
	    !(c & bit_AVX))
		return 0;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (low & 6) == 6;
}

static void fill(void)
{
	uint8_t *byte = (uint8_t *)&in;

	for (size_t i = 0; i < sizeof(in); i++)
		byte[i] = 0x11 + i * 37;
	in.mxcsr = 0x7f80; /* rounds towards zero */
}

static bool vectors_are(const struct state *s, const struct state *want)
{
	size_t size = has_avx ? VECTOR : VECTOR / 2;

	for (int i = 0; i < NR_VECTORS; i++)
		if (memcmp(s->vector[i], want->vector[i], size))
			return false;
	return s->mxcsr == want->mxcsr;
}

/* All but those in the mask are the same. */
static bool is_kept(const struct state *s, unsigned int but)
{
	for (int i = 0; i < NR_GPR; i++)
		if (!(but & 1U << i) && s->gpr[i] != in.gpr[i])
			return false;
	return true;
}

#define CALL_USED (1U << RAX | 1U << RCX | 1U << R11)

/* Arguments left out are what the registers hold anyhow. */
#define ANY (-2L)
#define ARGS(...) ((const long[]){ __VA_ARGS__, ANY, ANY, ANY, ANY, ANY, ANY })

static long call(void (*run)(void), long nr, const long *arg)
{
	static const int place[6] = { RDI, RSI, RDX, R10, R8, R9 };

	fill();
	in.gpr[RAX] = nr;
	for (int i = 0; i < 6; i++)
		if (arg[i] != ANY)
			in.gpr[place[i]] = arg[i];
	memset(&out, 0xee, sizeof(out));
	run();
	return out.gpr[RAX];
}

#define KEPT(what, want, nr, ...)                                    \
	do {                                                         \
		long ret = call(run_syscall, nr, ARGS(__VA_ARGS__)); \
		ok((want) && is_kept(&out, CALL_USED) &&             \
			   vectors_are(&out, &in) &&                 \
			   out.gpr[RCX] == (uintptr_t)syscall_end && \
			   out.gpr[R11] == out.flags,                \
		   "registers: kept by " what);                      \
	} while (0)

static void test_calls(void)
{
	static char buf[8192];
	struct timespec soon = { 0, 2000000 };
	struct epoll_event events[4] = { 0 };
	int fds[2], word = 0;
	int ep = epoll_create1(0);
	long page;

	if (pipe(fds))
		exit(9);
	KEPT("getppid", ret >= 0, SYS_getppid, ANY);
	KEPT("a call that there is not", ret == -ENOSYS, 511, ANY);
	KEPT("a negative number", ret == -ENOSYS, -1L, ANY);
	KEPT("a number of which the low half counts", ret == getppid(),
	     1L << 40 | SYS_getppid, ANY);
	KEPT("uname", ret == 0, SYS_uname, (long)buf);
	KEPT("uname to nowhere", ret == -EFAULT, SYS_uname, 8);
	KEPT("write", ret == 100, SYS_write, fds[1], (long)buf, 100);
	KEPT("read", ret == 100, SYS_read, fds[0], (long)buf, sizeof(buf));
	KEPT("poll that waits", ret == 0, SYS_poll, (long)buf, 0, 2);
	KEPT("epoll_wait that waits", ret == 0, SYS_epoll_wait, ep,
	     (long)events, 4, 2);
	KEPT("nanosleep", ret == 0, SYS_nanosleep, (long)&soon, 0);
	KEPT("futex that waits", ret == -ETIMEDOUT, SYS_futex, (long)&word, 0,
	     0, (long)&soon);
	KEPT("sched_yield", ret == 0, SYS_sched_yield, ANY);
	KEPT("mmap", (page = ret) > 0, SYS_mmap, 0, 4096,
	     PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	KEPT("getrandom, into a page that is not there yet", ret == 256,
	     SYS_getrandom, page, 256, 0);
	KEPT("munmap", ret == 0, SYS_munmap, page, 4096);
	KEPT("open", ret == -ENOENT, SYS_open, (long)"/not/there", O_RDONLY);
	close(ep);
	close(fds[0]);
	close(fds[1]);
}

static void test_network(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(sin);
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char buf[1000] = "";

	bind(udp, (void *)&sin, sizeof(sin));
	getsockname(udp, (void *)&sin, &len);
	KEPT("sendto", ret == 999, SYS_sendto, udp, (long)buf, 999, 0,
	     (long)&sin, sizeof(sin));
	KEPT("recvfrom", ret == 999, SYS_recvfrom, udp, (long)buf, sizeof(buf),
	     0, 0, 0);
	sin.sin_port = 0;
	bind(listener, (void *)&sin, sizeof(sin));
	getsockname(listener, (void *)&sin, &len);
	listen(listener, 1);
	KEPT("connect", ret == 0, SYS_connect, tcp, (long)&sin, sizeof(sin));
	KEPT("getsockopt", ret == -ENOPROTOOPT, SYS_getsockopt, tcp, 6, 999,
	     (long)buf, (long)&len);
	close(udp);
	close(tcp);
	close(listener);
}

static void test_faults(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	call(run_read, 0, ARGS(1, (long)page));
	ok(is_kept(&out, 1U << RAX) && !(out.gpr[RAX] & 0xff) &&
		   vectors_are(&out, &in),
	   "registers: all are kept by a page fault");
}

/* Has other values in its vectors, and lets the first thread run seldom. */
static void *disturb(void *arg)
{
	double until = now() + 0.1;

	(void)arg;
	do {
		__asm__ volatile("pcmpeqd %%xmm0, %%xmm0\n"
				 "movdqa %%xmm0, %%xmm7\n"
				 "movdqa %%xmm0, %%xmm15\n"
				 :
				 :
				 : "xmm0", "xmm7", "xmm15");
	} while (now() < until);
	__atomic_store_n(&go_on, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void test_preemption(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, disturb, NULL);
	call(run_loop, 0, ARGS(1));
	pthread_join(thread, NULL);
	ok(is_kept(&out, 0) && vectors_are(&out, &in),
	   "registers: all are kept by a preemption");
}

static void test_handler(void)
{
	static const struct state fresh = { .mxcsr = MXCSR_FRESH };
	struct sigaction act = { .sa_handler = see_signal };
	long ret;

	sigaction(SIGUSR1, &act, NULL);
	ret = call(run_syscall, SYS_tgkill,
		   ARGS(getpid(), syscall(SYS_gettid), SIGUSR1));
	ok(ret == 0 && is_kept(&out, CALL_USED) && vectors_are(&out, &in) &&
		   out.gpr[RCX] == (uintptr_t)syscall_end,
	   "registers: kept by a call that a handler interrupts");
	ok(is_kept(&seen, CALL_USED | 1U << RDI | 1U << RSI | 1U << RDX) &&
		   seen.gpr[RCX] == (uintptr_t)syscall_end &&
		   seen.gpr[R11] == out.flags,
	   "registers: a handler starts with those of what it interrupts");
	ok(seen.gpr[RAX] == 0 && seen.gpr[RDI] == SIGUSR1 &&
		   !(seen.gpr[RSI] >> 47) && !(seen.gpr[RDX] >> 47),
	   "registers: but for its arguments");
	ok(vectors_are(&seen, &fresh), "registers: and with fresh vectors");
}

static void test_thread(void)
{
	static uint8_t stack[65536] __attribute__((aligned(16)));
	long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		     CLONE_THREAD | CLONE_SYSVSEM;
	long tid = call(run_clone, SYS_clone,
			ARGS(flags, (long)(stack + sizeof(stack)), 0, 0, 0));

	ok(tid > 0 && is_kept(&out, CALL_USED) && vectors_are(&out, &in),
	   "registers: kept by clone");
	ok(COMES_TRUE(__atomic_load_n(&child_ran, __ATOMIC_ACQUIRE)),
	   "registers: the new thread runs");
	ok(is_kept(&seen, CALL_USED) && seen.gpr[RAX] == 0 &&
		   seen.gpr[RCX] == out.gpr[RCX] &&
		   seen.gpr[R11] == out.gpr[R11] && vectors_are(&seen, &in),
	   "registers: it starts with its parent's, but 0 in rax");
}

int main(void)
{
	has_avx = avx_is_on();
	deadline(60);
	test_calls();
	test_network();
	test_faults();
	test_preemption();
	test_handler();
	test_thread();
	return done_testing();
}
