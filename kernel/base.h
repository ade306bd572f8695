/* SPDX-License-Identifier: MIT */
/*
 * The few macros that every file uses: containers, bits, rounding, error
 * pointers and the assertion. No state, no dependency but the compiler's
 * headers; compiles on the host for the unit tests.
 */
#ifndef KERNEL_BASE_H
#define KERNEL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE ((size_t)1 << PAGE_SHIFT)

#define BIT(n) (1ULL << (n))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a) (((x) + ((a)-1)) & ~((typeof(x))(a)-1))
#define ALIGN_DOWN(x, a) ((x) & ~((typeof(x))(a)-1))
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a)-1)) == 0)

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr)-offsetof(type, member)))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/*
 * For a large automatic variable of a hot path: the compiler does not fill it
 * with zeros (-ftrivial-auto-var-init). Only where it is written before it is
 * read, and is not copied to ring 3 whole. Say why.
 */
#define UNINITIALIZED __attribute__((uninitialized))

/*
 * Written only while the machine starts: read-only from paging_seal() on,
 * before ring 3 runs. The second is for variables with an initial value.
 */
#define __ro_after_init __attribute__((section(".bss.sealed")))
#define __ro_after_init_data __attribute__((section(".sealed")))

/* For a rare case: its registers are not saved on the common path. */
#define noinline __attribute__((noinline))

/* Reads or writes in one access, which the compiler keeps. */
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))
#define barrier() __asm__ volatile("" ::: "memory")

#define KiB (1024UL)
#define MiB (1024UL * KiB)
#define GiB (1024UL * MiB)

#define NSEC_PER_SEC 1000000000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_USEC 1000ULL

/* Pointers that may carry a negative errno instead of an address. */
#define MAX_ERRNO 4095

static inline void *ERR_PTR(long err)
{
	return (void *)err;
}

static inline long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return (uintptr_t)ptr >= (uintptr_t)-MAX_ERRNO;
}

/*
 * Ends the machine with a report: reason, registers, backtrace, "Bail out!"
 * for a TAP reader, and a non-zero exit of QEMU. Any context.
 */
_Noreturn void panic(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));

/* For our own bugs only, never for input. cond has no side effects. */
#define ASSERT(cond)                                                           \
	do {                                                                   \
		if (unlikely(!(cond)))                                         \
			panic("assertion failed: %s (%s:%d)", #cond, __FILE__, \
			      __LINE__);                                       \
	} while (0)

#endif
