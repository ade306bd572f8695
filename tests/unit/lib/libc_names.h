/* SPDX-License-Identifier: MIT */
/*
 * libc/ beside the host's C library: a test includes this, then the .c files
 * under test, whose functions are called pollux_... from here on. What
 * they call of each other is then theirs too. host_... are the originals.
 */
#ifndef TESTS_UNIT_LIB_LIBC_NAMES_H
#define TESTS_UNIT_LIB_LIBC_NAMES_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int (*const host_vsnprintf)(char *, size_t, const char *,
				   va_list) = vsnprintf;
static unsigned long (*const host_strtoul)(const char *, char **,
					   int) = strtoul;
static long (*const host_strtol)(const char *, char **, int) = strtol;

#define memcpy pollux_memcpy
#define memmove pollux_memmove
#define memset pollux_memset
#define memcmp pollux_memcmp
#define memchr pollux_memchr
#define strlen pollux_strlen
#define strnlen pollux_strnlen
#define strcmp pollux_strcmp
#define strncmp pollux_strncmp
#define strchr pollux_strchr
#define strrchr pollux_strrchr
#define strspn pollux_strspn
#define strcspn pollux_strcspn
#define strstr pollux_strstr
#define strcpy pollux_strcpy
#define strncpy pollux_strncpy
#define strlcpy pollux_strlcpy
#define snprintf pollux_snprintf
#define vsnprintf pollux_vsnprintf
#define atoi pollux_atoi
#define strtol pollux_strtol
#define strtoul pollux_strtoul
#define strtoull pollux_strtoull

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
size_t strspn(const char *s, const char *accept);
size_t strcspn(const char *s, const char *reject);
char *strstr(const char *s, const char *word);
char *strcpy(char *restrict to, const char *restrict from);
char *strncpy(char *restrict to, const char *restrict from, size_t n);
size_t strlcpy(char *restrict to, const char *restrict from, size_t size);
int snprintf(char *restrict buf, size_t size, const char *restrict fmt, ...);
int vsnprintf(char *restrict buf, size_t size, const char *restrict fmt,
	      va_list ap);
int atoi(const char *s);
long strtol(const char *restrict s, char **restrict end, int base);
unsigned long strtoul(const char *restrict s, char **restrict end, int base);
unsigned long long strtoull(const char *restrict s, char **restrict end,
			    int base);

#endif
