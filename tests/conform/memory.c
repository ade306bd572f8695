/* SPDX-License-Identifier: MIT */
/*
 * mmap(2), munmap(2), mprotect(2), mremap(2), madvise(2), mincore(2), brk(2).
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "events.h"

#define PAGE 4096ul
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)
#define NOREPLACE 0x100000 /* MAP_FIXED_NOREPLACE */
#define TERA (1ul << 40)

static sigjmp_buf fault;
static volatile sig_atomic_t code;

static void handle(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	code = info->si_code;
	siglongjmp(fault, 1);
}

/* 0, or the si_code of the fault. */
static int try_read(const volatile char *at)
{
	code = 0;
	if (!sigsetjmp(fault, 1))
		(void)*at;
	return code;
}

static int try_write(volatile char *at)
{
	code = 0;
	if (!sigsetjmp(fault, 1))
		*at = 1;
	return code;
}

static char *map(size_t length, int prot)
{
	char *at = mmap(NULL, length, prot, ANON, -1, 0);

	if (at == MAP_FAILED)
		must(-1, "mmap");
	return at;
}

/* mmap() that fails. */
static void refused(void *at, size_t length, int prot, int flags, int fd,
		    long offset, int error, const char *name)
{
	fails(syscall(SYS_mmap, at, length, prot, flags, fd, offset), error,
	      name);
}

static void test_arguments(void)
{
	int fd = MUST(open("/proc/self/exe", O_RDONLY));
	int dir = MUST(open("/", O_RDONLY)), ends[2];

	new_pipe(ends);
	refused(NULL, 0, RW, ANON, -1, 0, EINVAL, "mmap: no length: EINVAL");
	refused(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0, EINVAL,
		"mmap: neither private nor shared: EINVAL");
	refused(NULL, PAGE, RW, ANON, -1, 1, EINVAL,
		"mmap: an odd offset: EINVAL");
	refused((void *)1, PAGE, RW, ANON | MAP_FIXED, -1, 0, EINVAL,
		"mmap: fixed at an odd address: EINVAL");
	refused(NULL, -1ul, RW, ANON, -1, 0, ENOMEM,
		"mmap: all addresses: ENOMEM");
	refused(NULL, 1ul << 47, RW, ANON, -1, 0, ENOMEM,
		"mmap: 128 TiB: ENOMEM");
	refused((void *)(1ul << 47), PAGE, RW, ANON | MAP_FIXED, -1, 0, ENOMEM,
		"mmap: fixed beyond the end: ENOMEM");
	refused(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0, EBADF,
		"mmap: a closed descriptor: EBADF");
	refused(NULL, PAGE, PROT_READ, MAP_PRIVATE, dir, 0, ENODEV,
		"mmap: a directory: ENODEV");
	refused(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0, ENODEV,
		"mmap: a pipe: ENODEV");
	refused(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[1], 0, EACCES,
		"mmap: not open for reading: EACCES");
	refused(NULL, PAGE, RW, MAP_SHARED, fd, 0, EACCES,
		"mmap: shared writing, open for reading: EACCES");
	refused(NULL, 0, RW, MAP_PRIVATE, 900, 0, EBADF,
		"mmap: EBADF before EINVAL");
	close_pipe(ends);
	close(dir);
	close(fd);
}

static void test_anonymous(void)
{
	char *a = map(3 * PAGE, RW);
	int sum = 0;

	for (size_t i = 0; i < 3 * PAGE; i++)
		sum += a[i];
	is(sum, 0, "anonymous: zeroes");
	is(try_write(a + 3 * PAGE - 1), 0, "anonymous: can be written");
	is(munmap(a + PAGE, PAGE), 0, "munmap: the middle");
	is(try_read(a), 0, "munmap: the first is there");
	is(try_read(a + PAGE), SEGV_MAPERR, "munmap: the middle is not");
	is(a[3 * PAGE - 1], 1, "munmap: the last is there");
	is(munmap(a, 3 * PAGE), 0, "munmap: across the hole");
	is(munmap(a, 3 * PAGE), 0, "munmap: where there is nothing");
	fails(munmap(a, 0), EINVAL, "munmap: no length: EINVAL");
	fails(munmap(a + 1, PAGE), EINVAL, "munmap: odd: EINVAL");
	fails(munmap((void *)(1ul << 47), PAGE), EINVAL,
	      "munmap: beyond the end: EINVAL");
	fails(munmap(a, -PAGE), EINVAL, "munmap: absurd: EINVAL");
	a = map(PAGE + 1, RW);
	is(try_write(a + 2 * PAGE - 1), 0, "anonymous: whole pages");
	is(munmap(a, 1), 0, "munmap: rounds up");
	is(try_read(a + PAGE - 1), SEGV_MAPERR, "munmap: a whole page");
	munmap(a, 2 * PAGE);
}

static void test_fixed(void)
{
	char *a = map(4 * PAGE, RW);

	memset(a, 7, 4 * PAGE);
	ok(mmap(a + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == a + PAGE,
	   "fixed: over what is there");
	is(a[PAGE], 0, "fixed: replaced");
	is(a[0] + a[2 * PAGE], 14, "fixed: and nothing else");
	refused(a + PAGE, 2 * PAGE, RW, ANON | NOREPLACE, -1, 0, EEXIST,
		"noreplace: something is there: EEXIST");
	is(a[2 * PAGE], 7, "noreplace: it stays");
	munmap(a + PAGE, 2 * PAGE);
	ok(mmap(a + PAGE, 2 * PAGE, RW, ANON | NOREPLACE, -1, 0) == a + PAGE,
	   "noreplace: a hole");
	refused(a, PAGE, RW, ANON | NOREPLACE, -1, 0, EEXIST,
		"noreplace: below it: EEXIST");
	munmap(a, 4 * PAGE);
	ok(mmap(a, PAGE, RW, ANON, -1, 0) == a, "hint: a free place is taken");
	ok(mmap(a, PAGE, RW, ANON, -1, 0) != a, "hint: a used one is not");
	is(try_write(a), 0, "hint: the first is still there");
	munmap(a, PAGE);
}

static void test_protection(void)
{
	char *a = map(4 * PAGE, RW);

	memset(a, 5, 4 * PAGE);
	is(mprotect(a + PAGE, PAGE, PROT_READ), 0, "mprotect: the second");
	is(try_read(a + PAGE), 0, "mprotect: can be read");
	is(try_write(a + PAGE), SEGV_ACCERR, "mprotect: not written");
	is(try_write(a), 0, "mprotect: the first can be");
	is(mprotect(a, 4 * PAGE, PROT_NONE), 0, "mprotect: none");
	is(try_read(a + 3 * PAGE), SEGV_ACCERR, "mprotect: not read");
	is(mprotect(a, 4 * PAGE, RW), 0, "mprotect: both again");
	is(a[PAGE], 5, "mprotect: the contents are kept");
	is(mprotect(a, 0, RW), 0, "mprotect: no length");
	fails(syscall(SYS_mprotect, a + 1, PAGE, RW), EINVAL,
	      "mprotect: odd: EINVAL");
	fails(mprotect(a, PAGE, 0x80), EINVAL, "mprotect: unknown: EINVAL");
	munmap(a + 2 * PAGE, PAGE);
	fails(mprotect(a, 4 * PAGE, PROT_READ), ENOMEM,
	      "mprotect: across a hole: ENOMEM");
	is(try_write(a), SEGV_ACCERR, "mprotect: up to the hole");
	is(try_write(a + 3 * PAGE), 0, "mprotect: not behind it");
	munmap(a, 4 * PAGE);
	fails(mprotect(a, PAGE, RW), ENOMEM, "mprotect: nothing: ENOMEM");
}

static int forty_two(void)
{
	static const unsigned char text[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	char *a = map(PAGE, RW);
	int (*run)(void);
	int result = -1;

	memcpy(a, text, sizeof(text));
	memcpy(&run, &a, sizeof(run));
	code = 0;
	if (!sigsetjmp(fault, 1))
		run();
	ok(code == SEGV_ACCERR, "exec: data is not run");
	MUST(mprotect(a, PAGE, PROT_READ | PROT_EXEC));
	if (!sigsetjmp(fault, 1))
		result = run();
	munmap(a, PAGE);
	return result;
}

static void test_reserve(void)
{
	char *a = mmap(NULL, TERA, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);

	ok(a != MAP_FAILED, "reserve: a terabyte of PROT_NONE");
	is(mprotect(a + TERA / 2, PAGE, RW), 0, "reserve: a page of it");
	is(try_write(a + TERA / 2), 0, "reserve: can be written");
	is(try_read(a + TERA / 2 + PAGE), SEGV_ACCERR, "reserve: no other");
	is(madvise(a, TERA, MADV_DONTNEED), 0, "reserve: given back");
	is(a[TERA / 2], 0, "reserve: zeroes again");
	is(munmap(a, TERA), 0, "reserve: unmapped");
	is(try_read(a + TERA / 2), SEGV_MAPERR, "reserve: gone");
}

static void test_file(void)
{
	int fd = MUST(open("/proc/self/exe", O_RDONLY));
	unsigned char byte[8];
	char *a = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0), *b;

	ok(a != MAP_FAILED, "file: private, for writing");
	ok(!memcmp(a, "\177ELF", 4), "file: its contents");
	b = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	MUST(pread(fd, byte, 8, PAGE));
	ok(!memcmp(b, byte, 8), "file: from an offset");
	close(fd);
	a[0] = 'x';
	is(a[0], 'x', "file: the copy is written");
	fd = MUST(open("/proc/self/exe", O_RDONLY));
	MUST(pread(fd, byte, 1, 0));
	is(byte[0], 0177, "file: the file is not");
	munmap(a, 2 * PAGE);
	munmap(b, PAGE);
	a = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ok(a != MAP_FAILED, "file: shared, for reading");
	is(try_write(a), SEGV_ACCERR, "file: cannot be written");
	fails(mprotect(a, PAGE, RW), EACCES, "file: nor be made so: EACCES");
	munmap(a, PAGE);
	close(fd);
}

static void test_mremap(void)
{
	char *a = map(4 * PAGE, RW), *b;

	memset(a, 1, 4 * PAGE);
	ok(mremap(a, 4 * PAGE, 2 * PAGE, 0) == a, "mremap: smaller");
	is(try_read(a + 2 * PAGE), SEGV_MAPERR, "mremap: the rest is gone");
	ok(mremap(a, 2 * PAGE, 3 * PAGE, 0) == a, "mremap: larger, in place");
	is(a[2 * PAGE], 0, "mremap: zeroes behind");
	is(a[2 * PAGE - 1], 1, "mremap: what was is kept");
	mmap(a + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	is(mprotect(a + 3 * PAGE, PAGE, PROT_READ), 0, "mremap: a neighbour");
	fails((long)mremap(a, 3 * PAGE, 4 * PAGE, 0), ENOMEM,
	      "mremap: no room in place: ENOMEM");
	b = mremap(a, 3 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	ok(b != MAP_FAILED && b != a, "mremap: moved");
	is(b[0] + b[2 * PAGE] + b[63 * PAGE], 1, "mremap: with its contents");
	is(try_read(a), SEGV_MAPERR, "mremap: the old place is gone");
	is(try_read(a + 3 * PAGE), 0, "mremap: the neighbour is not");
	munmap(a + 3 * PAGE, PAGE);
	a = map(64 * PAGE, PROT_NONE);
	ok(mremap(b, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, a) ==
		   a,
	   "mremap: to a fixed place");
	is(a[0], 1, "mremap: with its contents");
	fails((long)mremap(a + 1, PAGE, PAGE, 0), EINVAL,
	      "mremap: odd: EINVAL");
	fails((long)mremap(a, PAGE, 0, 0), EINVAL,
	      "mremap: to no length: EINVAL");
	fails((long)mremap(a, PAGE, PAGE, 64), EINVAL,
	      "mremap: unknown flags: EINVAL");
	fails((long)mremap(a, PAGE, PAGE, MREMAP_FIXED, a), EINVAL,
	      "mremap: FIXED alone: EINVAL");
	munmap(a, 64 * PAGE);
	fails((long)mremap(a, PAGE, 2 * PAGE, 0), EFAULT,
	      "mremap: nothing there: EFAULT");
}

static void test_madvise(void)
{
	char *a = map(4 * PAGE, RW);

	memset(a, 1, 4 * PAGE);
	is(madvise(a + PAGE, PAGE, MADV_DONTNEED), 0, "madvise: DONTNEED");
	is(a[PAGE], 0, "madvise: zeroes again");
	is(a[0] + a[2 * PAGE], 2, "madvise: and nothing else");
	is(madvise(a, 4 * PAGE, MADV_NORMAL), 0, "madvise: NORMAL");
	is(madvise(a, 4 * PAGE, MADV_WILLNEED), 0, "madvise: WILLNEED");
	is(madvise(a, 0, MADV_DONTNEED), 0, "madvise: no length");
	fails(madvise(a + 1, PAGE, MADV_DONTNEED), EINVAL,
	      "madvise: odd: EINVAL");
	fails(madvise(a, PAGE, 999), EINVAL, "madvise: unknown: EINVAL");
	munmap(a + PAGE, PAGE);
	fails(madvise(a, 4 * PAGE, MADV_DONTNEED), ENOMEM,
	      "madvise: across a hole: ENOMEM");
	is(a[2 * PAGE], 0, "madvise: done nevertheless");
	munmap(a, 4 * PAGE);
}

static void test_brk(void)
{
	char *start = (char *)syscall(SYS_brk, 0);
	char *end;

	end = (char *)syscall(SYS_brk, start + 3 * PAGE);
	ok(end == start + 3 * PAGE, "brk: three pages more");
	is(try_write(end - 1), 0, "brk: can be written");
	end[-1] = 9;
	ok((char *)syscall(SYS_brk, start + PAGE) == start + PAGE,
	   "brk: two less");
	syscall(SYS_brk, start + 3 * PAGE);
	is(end[-1], 0, "brk: zeroes again");
	ok((char *)syscall(SYS_brk, 8) == end, "brk: too low: unchanged");
	ok((char *)syscall(SYS_brk, -1ul) == end, "brk: too high: unchanged");
	syscall(SYS_brk, start);
}

static void test_limits(void)
{
	struct rlimit was, limit;
	void *a;

	MUST(getrlimit(RLIMIT_AS, &was));
	limit = was;
	limit.rlim_cur = 1 << 28;
	MUST(setrlimit(RLIMIT_AS, &limit));
	refused(NULL, 1 << 28, RW, ANON, -1, 0, ENOMEM,
		"limit: RLIMIT_AS: ENOMEM");
	a = mmap(NULL, PAGE, RW, ANON, -1, 0);
	ok(a != MAP_FAILED, "limit: a page is below it");
	munmap(a, PAGE);
	MUST(setrlimit(RLIMIT_AS, &was));
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = handle,
				    .sa_flags = SA_SIGINFO };

	deadline(30);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	test_arguments();
	test_anonymous();
	test_fixed();
	test_protection();
	is(forty_two(), 42, "exec: a page is made executable");
	test_reserve();
	test_file();
	test_mremap();
	test_madvise();
	test_brk();
	test_limits();
	return done_testing();
}
