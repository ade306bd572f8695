/* SPDX-License-Identifier: MIT */
/*
 * lwIP's compiler and platform: types, formats, what an assertion does, and
 * the few functions of the kernel that lwIP's own files call. Included by
 * every lwIP header, so it brings in no other kernel header.
 */
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_LIMITS_H 1
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_CTYPE_H 1
#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

/* ssize_t comes from <sys/types.h>: keeps lwIP from its own typedef. */
#ifndef SSIZE_MAX
#define SSIZE_MAX INT64_MAX
#endif

/* One instruction; lwIP's own versions are function calls. */
#define lwip_htons(x) __builtin_bswap16(x)
#define lwip_htonl(x) __builtin_bswap32(x)

_Noreturn void panic(const char *fmt, ...)
	__attribute__((format(printf, 1, 2)));
void net_lwip_diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define LWIP_PLATFORM_ASSERT(msg) \
	panic("lwIP: %s (%s:%d)", msg, __FILE__, __LINE__)
#define LWIP_PLATFORM_DIAG(x) net_lwip_diag x

uint32_t random_u32(void);
#define LWIP_RAND() random_u32()

/* The sum of len bytes, folded to 16 bits, not inverted: RFC 1071. */
uint16_t net_checksum(const void *data, int len);
#define LWIP_CHKSUM net_checksum

void *net_lwip_malloc(size_t size);
void *kcalloc(size_t n, size_t size);
void kfree(const void *ptr);
#define mem_clib_malloc net_lwip_malloc
#define mem_clib_calloc kcalloc
#define mem_clib_free kfree

#endif
