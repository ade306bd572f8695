/* SPDX-License-Identifier: MIT */
/*
 * vmsplice(2): memory into a pipe by reference, and out of one; then all of
 * the splice calls in a chain.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "splice.h"

/* ---- vmsplice ------------------------------------------------------------ */

static void test_vmsplice_arguments(void)
{
	struct iovec vec = { bytes, 10 }, none[2] = { { bytes, 0 } };
	struct iovec bad = { BAD_POINTER, 10 };
	int a[2], file = open_self();

	new_pipe(a);
	fails(vmsplice(-1, &vec, 1, 64), EINVAL, "vmsplice: unknown flags");
	fails(vmsplice(-1, &vec, 1, 0), EBADF, "vmsplice: bad descriptor");
	fails(vmsplice(file, &vec, 1, 0), EBADF, "vmsplice: no pipe");
	is(vmsplice(file, none, 2, 0), 0, "vmsplice: no bytes: 0");
	is(vmsplice(a[1], NULL, 0, 0), 0, "vmsplice: no segments: 0");
	fails(vmsplice(a[1], &vec, 1025, 0), EINVAL, "vmsplice: too many");
	fails(vmsplice(a[1], BAD_POINTER, 1, 0), EFAULT,
	      "vmsplice: a bad list");
	fails(vmsplice(a[1], &bad, 1, 0), EFAULT, "vmsplice: bad memory");
	fails(vmsplice(a[0], &vec, 1, SPLICE_F_NONBLOCK), EAGAIN,
	      "vmsplice: nothing to read");
	close(file);
	close_pipe(a);
}

static void test_vmsplice_in(void)
{
	struct iovec vec[3] = { { "one, ", 5 }, { NULL, 0 }, { "two", 3 } };
	int a[2];

	new_pipe(a);
	is(vmsplice(a[1], vec, 3, 0), 8, "vmsplice: two pieces");
	put(a[1], ".");
	is_str(text(a[0]), "one, two.", "vmsplice: arrive");
	vec[1] = (struct iovec){ BAD_POINTER, 5 };
	is(vmsplice(a[1], vec, 3, 0), 5, "vmsplice: up to bad memory");
	is_str(text(a[0]), "one, ", "vmsplice: and that");
	vec[0] = (struct iovec){ bytes, sizeof(bytes) };
	is(vmsplice(a[1], vec, 1, 0), CAPACITY, "vmsplice: as much as fits");
	fails(vmsplice(a[1], vec, 1, SPLICE_F_NONBLOCK), EAGAIN,
	      "vmsplice: full");
	drain(a[0]);
	vec[0] = (struct iovec){ bytes + 100, sizeof(bytes) - 100 };
	is(vmsplice(a[1], vec, 1, 0), CAPACITY - 100,
	   "vmsplice: a slot for each page");
	close(a[0]);
	fails(vmsplice(a[1], vec, 1, 0), EPIPE, "vmsplice: nobody reads");
	close(a[1]);
}

/* The pages themselves go in: they are the reader's too. */
static void test_vmsplice_memory(void)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec vec = { page, 6 };
	int a[2];

	new_pipe(a);
	strcpy(page, "before");
	is(vmsplice(a[1], &vec, 1, SPLICE_F_GIFT), 6, "memory: goes in");
	memcpy(page, "behind", 6);
	is_str(text(a[0]), "behind", "memory: what is there when it is read");
	is(vmsplice(a[1], &vec, 1, 0), 6, "memory: goes in again");
	munmap(page, PAGE);
	is_str(text(a[0]), "behind", "memory: is there when it is unmapped");
	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vec.iov_base = page;
	fails(vmsplice(a[1], &vec, 1, 0), EFAULT, "memory: PROT_NONE: EFAULT");
	munmap(page, PAGE);
	close_pipe(a);
}

static void test_vmsplice_out(void)
{
	char first[4], second[8];
	struct iovec vec[2] = { { first, 4 }, { second, 8 } };
	struct iovec bad[2] = { { first, 4 }, { BAD_POINTER, 4 } };
	int a[2];

	new_pipe(a);
	put(a[1], "0123456789");
	is(vmsplice(a[0], vec, 2, SPLICE_F_NONBLOCK), 10, "out: what is there");
	ok(!memcmp(first, "0123", 4) && !memcmp(second, "456789", 6),
	   "out: in order");
	put(a[1], "0123456789");
	fails(vmsplice(a[0], bad, 2, 0), EFAULT, "out: bad memory: EFAULT");
	is(queued(a[0]), 10, "out: and nothing is lost");
	is(vmsplice(a[0], vec, 1, 0), 4, "out: a part");
	is_str(text(a[0]), "456789", "out: leaves the rest");
	close(a[1]);
	is(vmsplice(a[0], vec, 1, 0), 0, "out: the end");
	close(a[0]);
}

/* A long way, by odd lengths: the bytes come out in order. */
static void test_chain(void)
{
	static char sent[CAPACITY], got[CAPACITY];
	int a[2], b[2], c[2], null = MUST(open("/dev/null", O_WRONLY));
	size_t in = 0, out = 0;

	new_pipe(a);
	new_pipe(b);
	new_pipe(c);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = i * 131 >> 3;
	for (unsigned int step = 1; out < sizeof(sent); step++) {
		size_t len = step * 7919 % 9000 + 1;
		struct iovec vec = { sent + in, sizeof(sent) - in };
		ssize_t n;

		vec.iov_len = vec.iov_len < len ? vec.iov_len : len;
		n = step % 2 ? write(a[1], vec.iov_base, vec.iov_len) :
			       vmsplice(a[1], &vec, 1, SPLICE_F_NONBLOCK);
		in += n > 0 ? n : 0;
		splice(a[0], NULL, b[1], NULL, len / 2 + 1, 0);
		n = tee(b[0], c[1], len / 3 + 1, 0);
		if (n > 0)
			MUST(splice(b[0], NULL, null, NULL, n, 0));
		n = read(c[0], got + out, len / 4 + 1);
		out += n > 0 ? n : 0;
	}
	ok(!memcmp(sent, got, sizeof(sent)), "chain: every byte in order");
	close_pipe(a);
	close_pipe(b);
	close_pipe(c);
	close(null);
}

int main(void)
{
	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_vmsplice_arguments();
	test_vmsplice_in();
	test_vmsplice_memory();
	test_vmsplice_out();
	test_chain();
	return done_testing();
}
