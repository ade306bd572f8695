/* SPDX-License-Identifier: MIT */
/* unit: kernel/fs/iov_iter.c */
/*
 * Moving bytes through segment lists, and what import_iovec() makes of a
 * caller's list. User memory is played by one array: addresses outside it
 * fault, byte by byte.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/fs/iov_iter.h"
#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "lib/tap.h"

static char user[4096];
static size_t user_size = sizeof(user); /* what lies beyond faults */
static bool no_memory;
static int allocated;

_Noreturn void panic(const char *fmt, ...)
{
	bail_out("panic: %s", fmt);
}

void *kvmalloc(size_t size)
{
	if (no_memory)
		return NULL;
	allocated++;
	return malloc(size);
}

void kvfree(const void *ptr)
{
	if (ptr)
		allocated--;
	free((void *)(uintptr_t)ptr);
}

bool access_ok(const void *addr, size_t len)
{
	return (uintptr_t)addr < 1UL << 47 && len <= 1UL << 47;
}

static size_t present(const void *addr, size_t n)
{
	size_t at = (size_t)((const char *)addr - user);

	if (at >= user_size)
		return 0;
	return MIN(n, user_size - at);
}

size_t copy_to_user(void *to, const void *from, size_t n)
{
	size_t can = present(to, n);

	memcpy(to, from, can);
	return n - can;
}

size_t copy_from_user(void *to, const void *from, size_t n)
{
	size_t can = present(from, n);

	memcpy(to, from, can);
	return n - can;
}

size_t clear_user(void *to, size_t n)
{
	size_t can = present(to, n);

	memset(to, 0, can);
	return n - can;
}

static void test_segments(void)
{
	char out[8];
	struct iovec iov[] = { { user, 3 },
			       { user + 10, 0 },
			       { user + 20, 4 } };
	struct iov_iter i;

	memset(user, '-', sizeof(user));
	iov_iter_init(&i, iov, 3, 7, true);
	is(copy_to_iter("abcde", 5, &i), 5, "a copy goes across segments");
	is(i.count, 2, "and is counted");
	is(copy_to_iter("fghij", 5, &i), 2, "and ends with the list");
	is_mem(user, "abc-------", 10, "the first segment");
	is_mem(user + 20, "defg-", 5, "the last segment");

	iov_iter_init(&i, iov, 3, 7, true);
	iov_iter_advance(&i, 2);
	is(copy_from_iter(out, 8, &i), 5, "back from the third byte on");
	is_mem(out, "cdefg", 5, "the same bytes");
	iov_iter_init(&i, iov, 3, 4, true);
	is(copy_from_iter(out, 8, &i), 4, "no more than the count");
	iov_iter_init(&i, iov, 3, 7, true);
	is(iov_iter_zero(4, &i), 4, "zeros too");
	is_mem(user + 20, "\0efg", 4, "go where they should");
}

static void test_kernel_segments(void)
{
	char a[4], b[4];
	struct iovec iov[] = { { a, 4 }, { b, 4 } };
	struct iov_iter i;

	iov_iter_init(&i, iov, 2, 8, false);
	is(copy_to_iter("12345678", 8, &i), 8, "kernel buffers need no checks");
	is_mem(b, "5678", 4, "and are filled");
	is(copy_to_iter("x", 1, &i), 0, "an iterator at its end takes nothing");
}

static void test_fault(void)
{
	struct iovec iov[] = { { user, 4 }, { user + 98, 4 }, { user, 4 } };
	struct iov_iter i;

	user_size = 100;
	iov_iter_init(&i, iov, 3, 12, true);
	is(copy_to_iter("abcdefghijkl", 12, &i), 6,
	   "a fault ends the copy where it happened");
	is(i.count, 6, "the iterator stands there");
	is(copy_to_iter("ghijkl", 6, &i), 0, "and stays there");
	user_size = sizeof(user);
}

static ssize_t import(struct iovec *list, unsigned long n, struct iov_iter *i)
{
	struct iovec fast[UIO_FASTIOV], *to_free;
	ssize_t total;

	memcpy(user, list, MIN(n, 16UL) * sizeof(*list));
	total = import_iovec((struct iovec *)user, n, fast, &to_free, i);
	if (total >= 0)
		kvfree(to_free);
	return total;
}

static void test_import(void)
{
	struct iovec many[16], two[16] = { { user, 10 }, { user, 20 } };
	struct iovec *bad = (struct iovec *)(user + sizeof(user) - 8);
	struct iovec fast[UIO_FASTIOV], *to_free;
	struct iov_iter i;

	is(import(two, 2, &i), 30, "the total");
	is(import(two, 0, &i), 0, "no segments are no bytes");
	is(import(two, 1025, &i), -EINVAL, "1025 segments are too many");
	two[1].iov_len = (size_t)-1;
	is(import(two, 2, &i), -EINVAL, "a negative length");
	two[0].iov_base = (void *)(1UL << 63);
	is(import(two, 2, &i), -EINVAL, "lengths come before addresses");
	two[1].iov_len = 1;
	is(import(two, 2, &i), -EFAULT, "an address outside user memory");
	two[0] = two[1] = (struct iovec){ user, 0x60000000 };
	is(import(two, 2, &i), 0x7ffff000, "the total is cut");
	is(i.count, 0x7ffff000, "the iterator's too");
	is(import_iovec(bad, 1, fast, &to_free, &i), -EFAULT, "a bad list");

	for (int n = 0; n < 16; n++)
		many[n] = (struct iovec){ user, 1 };
	is(import(many, 16, &i), 16, "more segments than fit the stack");
	no_memory = true;
	is(import(many, 16, &i), -ENOMEM, "no memory for them");
	is(import(many, 8, &i), 8, "the stack's needs none");
	no_memory = false;
	many[9].iov_len = (size_t)-1;
	is(import(many, 16, &i), -EINVAL, "one of them is bad");
	is(allocated, 0, "all memory came back");
}

int main(void)
{
	test_segments();
	test_kernel_segments();
	test_fault();
	test_import();
	return done_testing();
}
