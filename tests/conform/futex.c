/* SPDX-License-Identifier: MIT */
/*
 * futex(2): waiting, waking, requeueing, bit sets, WAKE_OP, time and errors.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "kernel.h"
#include "settle.h"

#define WAITERS 4
static _Atomic uint32_t word, other;
static atomic_int woken;

static long futex(void *addr, int op, uint32_t val, const void *timeout,
		  void *addr2, uint32_t val3)
{
	return syscall(SYS_futex, addr, op, val, timeout, addr2, val3);
}

static long futex_val2(void *addr, int op, uint32_t val, unsigned long val2,
		       void *addr2, uint32_t val3)
{
	return syscall(SYS_futex, addr, op, val, val2, addr2, val3);
}

static long wake(void *addr, int n)
{
	return futex(addr, FUTEX_WAKE | FUTEX_PRIVATE, (uint32_t)n, NULL, NULL,
		     0);
}

/* Threads that wait on an address until a deadline that no test reaches. */
struct waiter {
	pthread_t thread;
	void *addr;
	int op;
	uint32_t bits;
	int error;
};

static struct waiter waiters[WAITERS];

static void *wait_on(void *arg)
{
	struct waiter *w = arg;
	struct timespec t = { 5, 0 };
	bool is_bitset = (w->op & 127) == FUTEX_WAIT_BITSET;

	if (is_bitset) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		t.tv_sec += 5;
	}
	w->error = futex(w->addr, w->op, 0, &t, NULL, w->bits) ? errno : 0;
	atomic_fetch_add(&woken, 1);
	return NULL;
}

static void start(int i, void *addr, int op, uint32_t bits)
{
	waiters[i] = (struct waiter){ .addr = addr, .op = op, .bits = bits };
	waiters[i].thread = start_thread(wait_on, &waiters[i]);
}

static void start_all(void *addr)
{
	atomic_store(&woken, 0);
	for (int i = 0; i < WAITERS; i++)
		start(i, addr, FUTEX_WAIT | FUTEX_PRIVATE, 0);
}

/* How many went on, when as many had time as should have. */
static int count_woken(int expected)
{
	COMES_TRUE(atomic_load(&woken) >= expected);
	usleep(SETTLE);
	return atomic_load(&woken);
}

static int join_all(void)
{
	int errors = 0;

	for (int i = 0; i < WAITERS; i++) {
		pthread_join(waiters[i].thread, NULL);
		errors += waiters[i].error != 0;
	}
	return errors;
}

static void test_arguments(void)
{
	struct timespec t = { 0, 1000000000 };
	char *at = (char *)&word;

	fails(futex(&word, 99, 0, NULL, NULL, 0), ENOSYS,
	      "futex: an unknown operation: ENOSYS");
	fails(futex(at + 1, FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL,
	      "futex: WAIT, not aligned: EINVAL");
	fails(futex(at + 2, FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL,
	      "futex: WAKE, not aligned: EINVAL");
	fails(futex(BAD_POINTER, FUTEX_WAIT | FUTEX_PRIVATE, 0, NULL, NULL, 0),
	      EFAULT, "futex: WAIT at a bad address: EFAULT");
	is(futex(BAD_POINTER, FUTEX_WAKE | FUTEX_PRIVATE, 1, NULL, NULL, 0), 0,
	   "futex: WAKE, private, does not look at it");
	fails(futex((void *)-8, FUTEX_WAKE | FUTEX_PRIVATE, 1, NULL, NULL, 0),
	      EFAULT, "futex: WAKE in the kernel's half: EFAULT");
	fails(futex(BAD_POINTER, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT,
	      "futex: WAKE, shared, does: EFAULT");
	fails(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, &t, NULL, 0), EINVAL,
	      "futex: 10^9 ns: EINVAL");
	t = (struct timespec){ -1, 0 };
	fails(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, &t, NULL, 0), EINVAL,
	      "futex: a negative time: EINVAL");
	fails(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, BAD_POINTER, NULL, 0),
	      EFAULT, "futex: a bad time: EFAULT");
	fails(futex(&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE, 0, NULL, NULL, 0),
	      EINVAL, "futex: WAIT_BITSET with no bits: EINVAL");
	fails(futex(&word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE, 1, NULL, NULL, 0),
	      EINVAL, "futex: WAKE_BITSET with no bits: EINVAL");
	fails(futex(&word, FUTEX_WAKE | FUTEX_REALTIME, 1, NULL, NULL, 0),
	      ENOSYS, "futex: WAKE with a clock: ENOSYS");
	fails(futex_val2(&word, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE, -1u, 1,
			 &other, 0),
	      EINVAL, "futex: CMP_REQUEUE wakes -1: EINVAL");
	fails(futex_val2(&word, FUTEX_REQUEUE | FUTEX_PRIVATE, 1, -1ul, &other,
			 0),
	      EINVAL, "futex: REQUEUE moves -1: EINVAL");
}

static void test_wait(void)
{
	struct timespec t = { 0, 20000000 };
	double start_time = now();

	fails(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 1, NULL, NULL, 0),
	      EAGAIN, "wait: another value: EAGAIN");
	fails(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, &t, NULL, 0),
	      ETIMEDOUT, "wait: ETIMEDOUT");
	ok(now() - start_time >= 0.02, "wait: not before its time");
	t = (struct timespec){ 0, 0 };
	fails(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, &t, NULL, 0),
	      ETIMEDOUT, "wait: no time: ETIMEDOUT");
	clock_gettime(CLOCK_MONOTONIC, &t);
	fails(futex(&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE, 0, &t, NULL, -1u),
	      ETIMEDOUT, "wait: BITSET: absolute, past: ETIMEDOUT");
	t.tv_nsec = (t.tv_nsec + 20000000) % 1000000000;
	t.tv_sec += t.tv_nsec < 20000000;
	fails(futex(&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE, 0, &t, NULL, -1u),
	      ETIMEDOUT, "wait: BITSET: absolute, monotonic");
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec = (t.tv_nsec + 20000000) % 1000000000;
	t.tv_sec += t.tv_nsec < 20000000;
	start_time = now();
	fails(futex(&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE | FUTEX_REALTIME,
		    0, &t, NULL, -1u),
	      ETIMEDOUT, "wait: BITSET: absolute, real time");
	ok(now() - start_time >= 0.019, "wait: not before its time");
	fails(futex(&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE, 1, &t, NULL, -1u),
	      EAGAIN, "wait: BITSET: another value: EAGAIN");
}

static void test_wake(void)
{
	is(wake(&word, 1), 0, "wake: nobody");
	start_all(&word);
	is(wake(&other, INT_MAX), 0, "wake: another address: nobody");
	is(wake(&word, 1), 1, "wake: one");
	is(count_woken(1), 1, "wake: one went on");
	is(wake(&word, 2), 2, "wake: two");
	is(count_woken(3), 3, "wake: three went on");
	is(wake(&word, INT_MAX), 1, "wake: the rest");
	is(join_all(), 0, "wake: each wait gave 0");
	is(wake(&word, 1), 0, "wake: nobody is left");
	start_all(&word);
	is(wake(&word, 0), 1, "wake: 0 wakes one");
	is(wake(&word, INT_MAX), 3, "wake: and the others");
	join_all();
}

static void test_shared(void)
{
	start(0, &word, FUTEX_WAIT, 0);
	is(wake(&word, 1), 0, "shared: a private wake finds no shared wait");
	is(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 1, "shared: a wake");
	pthread_join(waiters[0].thread, NULL);
	start(0, &word, FUTEX_WAIT | FUTEX_PRIVATE, 0);
	is(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 0,
	   "shared: a shared wake finds no private wait");
	is(wake(&word, 1), 1, "shared: a private one does");
	pthread_join(waiters[0].thread, NULL);
}

static void test_bits(void)
{
	static const uint32_t bits[WAITERS] = { 1, 2, 3, 0x80000000 };

	atomic_store(&woken, 0);
	for (int i = 0; i < WAITERS; i++)
		start(i, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE, bits[i]);
	is(futex(&word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE, INT_MAX, NULL, NULL,
		 4),
	   0, "bits: nobody has this one");
	is(futex(&word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE, INT_MAX, NULL, NULL,
		 2),
	   2, "bits: two have this one");
	is(futex(&word, FUTEX_WAKE_BITSET | FUTEX_PRIVATE, INT_MAX, NULL, NULL,
		 0xf0000000),
	   1, "bits: one has one of these");
	is(wake(&word, INT_MAX), 1, "bits: a plain wake has all");
	is(join_all(), 0, "bits: each wait gave 0");
}

static void test_requeue(void)
{
	start_all(&word);
	fails(futex_val2(&word, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE, 1, INT_MAX,
			 &other, 7),
	      EAGAIN, "requeue: another value: EAGAIN");
	is(count_woken(0), 0, "requeue: nobody went on");
	is(futex_val2(&word, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE, 1, 2, &other,
		      0),
	   3, "requeue: CMP: one woken, two moved");
	is(count_woken(1), 1, "requeue: one went on");
	is(wake(&word, INT_MAX), 1, "requeue: one is left");
	is(wake(&other, INT_MAX), 2, "requeue: two are at the other address");
	is(join_all(), 0, "requeue: each wait gave 0");
	start_all(&word);
	is(futex_val2(&word, FUTEX_REQUEUE | FUTEX_PRIVATE, 1, INT_MAX, &other,
		      0),
	   4, "requeue: the plain one counts both too");
	is(wake(&word, INT_MAX), 0, "requeue: nobody is left");
	is(wake(&other, INT_MAX), 3, "requeue: three were moved");
	is(join_all(), 0, "requeue: each wait gave 0");
}

static void test_wake_op(void)
{
	word = 0;
	other = 0;
	start(0, &word, FUTEX_WAIT | FUTEX_PRIVATE, 0);
	start(1, &word, FUTEX_WAIT | FUTEX_PRIVATE, 0);
	start(2, &other, FUTEX_WAIT | FUTEX_PRIVATE, 0);
	start(3, &other, FUTEX_WAIT | FUTEX_PRIVATE, 0);
	is(futex_val2(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE, 1, 1, &other,
		      FUTEX_OP(FUTEX_OP_SET, 5, FUTEX_OP_EQ, 1)),
	   1, "wake_op: the comparison fails: only the first address");
	is(other, 5, "wake_op: SET was done");
	is(futex_val2(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE, 1, 1, &other,
		      FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_EQ, 5)),
	   2, "wake_op: the old value is compared: both");
	is(other, 8, "wake_op: ADD was done");
	is(futex_val2(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE, 1, 9, &other,
		      FUTEX_OP(FUTEX_OP_OR, 1, FUTEX_OP_GT, 7)),
	   1, "wake_op: OR, GT");
	is(other, 9, "wake_op: OR was done");
	is(join_all(), 0, "wake_op: each wait gave 0");
	futex_val2(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE, 1, 1, &other,
		   FUTEX_OP(FUTEX_OP_ANDN, 8, FUTEX_OP_NE, 0));
	is(other, 1, "wake_op: ANDN");
	futex_val2(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE, 1, 1, &other,
		   FUTEX_OP(FUTEX_OP_XOR, 3, FUTEX_OP_LE, 0));
	is(other, 2, "wake_op: XOR");
	futex_val2(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE, 1, 1, &other,
		   FUTEX_OP(FUTEX_OP_SET | FUTEX_OP_SHIFTED, 4, FUTEX_OP_LT,
			    0));
	is(other, 16, "wake_op: a shifted argument");
	fails(futex_val2(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE, 1, 1,
			 BAD_POINTER,
			 FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_EQ, 0)),
	      EFAULT, "wake_op: a bad second address: EFAULT");
	fails(futex_val2(&word, FUTEX_WAKE_OP | FUTEX_PRIVATE, 1, 1, &other,
			 FUTEX_OP(5, 1, FUTEX_OP_EQ, 0)),
	      ENOSYS, "wake_op: an unknown operation: ENOSYS");
	other = 0;
}

static void handle(int sig)
{
	(void)sig;
}

static void *wake_late(void *arg)
{
	sigset_t alarms;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	/* Where the handler runs nobody waits at that moment. */
	do
		usleep(60000);
	while (!wake(&word, 1));
	return arg;
}

static void test_interrupted(void)
{
	struct sigaction action = { .sa_handler = handle };
	struct timespec t = { 5, 0 };
	pthread_t thread;

	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 20000);
	fails(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, NULL, NULL, 0), EINTR,
	      "interrupted: EINTR");
	ualarm(20000, 20000);
	fails(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, &t, NULL, 0), EINTR,
	      "interrupted: with a time: EINTR");
	action.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 20000);
	fails(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, &t, NULL, 0), EINTR,
	      "interrupted: with a time, SA_RESTART does not count");
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += 10;
	ualarm(20000, 20000);
	fails(futex(&word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE, 0, &t, NULL, 1),
	      EINTR, "interrupted: nor with an absolute one");
	ualarm(20000, 20000);
	pthread_create(&thread, NULL, wake_late, NULL);
	is(futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 0, NULL, NULL, 0), 0,
	   "interrupted: without a time, it does");
	pthread_join(thread, NULL);
	deadline(30);
	action.sa_handler = SIG_DFL;
	sigaction(SIGALRM, &action, NULL);
}

static void test_mapping(void)
{
	uint32_t *words = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ok(words != MAP_FAILED, "mapping: shared and anonymous");
	start(0, words, FUTEX_WAIT, 0);
	is(futex(words, FUTEX_WAKE, 1, NULL, NULL, 0), 1, "mapping: a wake");
	pthread_join(waiters[0].thread, NULL);
	munmap(words, 4096);
	fails(futex(words, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT,
	      "mapping: gone: EFAULT");
}

int main(void)
{
	deadline(30);
	test_arguments();
	test_wait();
	test_wake();
	test_shared();
	test_bits();
	test_requeue();
	test_wake_op();
	test_interrupted();
	test_mapping();
	return done_testing();
}
