/* SPDX-License-Identifier: MIT */
/*
 * mmap(2), munmap(2), mprotect(2), mremap(2), madvise(2), brk(2), mincore(2),
 * msync(2): results, errors and what is in the pages afterwards.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tap.h"

/* Linux 5.14: MADV_... */
#define POPULATE_READ 22
#define POPULATE_WRITE 23
#define DONTUNMAP 4 /* Linux 5.7: MREMAP_DONTUNMAP */

#define PAGE 4096UL
#define MIB (1UL << 20)
#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static sigjmp_buf out;
static volatile int fault_code, fault_signal;
static void *volatile fault_addr;

static void on_fault(int signal, siginfo_t *info, void *context)
{
	fault_signal = signal;
	fault_code = info->si_code;
	fault_addr = info->si_addr;
	siglongjmp(out, 1);
}

/* The signal that an access causes; 0: none. */
static int peek(const volatile char *p)
{
	if (sigsetjmp(out, 1))
		return fault_signal;
	(void)*p;
	return 0;
}

static int poke(volatile char *p, char value)
{
	if (sigsetjmp(out, 1))
		return fault_signal;
	*p = value;
	return 0;
}

static bool failed(void *result, int error)
{
	return result == MAP_FAILED && errno == error;
}

static bool failed_with(long result, int error)
{
	return result == -1 && errno == error;
}

/* n pages in the middle of nothing, the first and last bytes of each set. */
static char *pages(size_t n)
{
	char *p = mmap(NULL, (n + 2) * PAGE, PROT_NONE, ANON, -1, 0);

	munmap(p, PAGE);
	p += PAGE;
	munmap(p + n * PAGE, PAGE);
	mprotect(p, n * PAGE, RW);
	for (size_t i = 0; i < n; i++)
		p[i * PAGE] = p[(i + 1) * PAGE - 1] = (char)(i + 1);
	return p;
}

static void *raw_mmap(void *at, size_t len, int prot, int flags, int fd,
		      off_t offset)
{
	return (void *)syscall(SYS_mmap, at, len, prot, flags, fd, offset);
}

static void test_mmap_errors(void)
{
	char *p = pages(4);

	ok(failed(raw_mmap(NULL, 0, RW, ANON, -1, 0), EINVAL),
	   "mmap: of nothing: EINVAL");
	ok(failed(raw_mmap(NULL, PAGE, RW, ANON, -1, 5), EINVAL),
	   "mmap: an odd offset: EINVAL");
	ok(failed(raw_mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL),
	   "mmap: neither shared nor private: EINVAL");
	ok(failed(raw_mmap(NULL, ~0UL, RW, ANON, -1, 0), ENOMEM),
	   "mmap: everything: ENOMEM");
	ok(failed(raw_mmap(NULL, 1UL << 47, RW, ANON, -1, 0), ENOMEM),
	   "mmap: 128 TiB: ENOMEM");
	ok(failed(raw_mmap(p + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL),
	   "mmap: fixed at an odd address: EINVAL");
	ok(failed(raw_mmap((void *)(1UL << 47), PAGE, RW, ANON | MAP_FIXED, -1,
			   0),
		  ENOMEM),
	   "mmap: fixed above user space: ENOMEM");
	ok(failed(raw_mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0), EBADF),
	   "mmap: no file: EBADF");
	ok(failed(raw_mmap(p, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0),
		  EEXIST),
	   "mmap: fixed, not to replace: EEXIST");
	ok(failed(raw_mmap(p - PAGE, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE,
			   -1, 0),
		  EEXIST),
	   "mmap: fixed, not to replace, in part: EEXIST");
	ok(raw_mmap(p - PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) ==
		   p - PAGE,
	   "mmap: fixed, not to replace, beside it");
	ok(p[0] == 1 && p[PAGE] == 2, "mmap: nothing was lost");
	ok(raw_mmap(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == p + PAGE,
	   "mmap: fixed replaces");
	ok(p[0] == 1 && p[PAGE] == 0 && p[2 * PAGE] == 3,
	   "mmap: just that page");
	ok(raw_mmap(p + PAGE, PAGE, RW, ANON, -1, 0) != p + PAGE,
	   "mmap: a hint in use is not followed");
	munmap(p + 2 * PAGE, PAGE);
	ok(raw_mmap(p + 2 * PAGE + 77, PAGE, RW, ANON, -1, 0) == p + 2 * PAGE,
	   "mmap: a free hint is, rounded");
	munmap(p - PAGE, 5 * PAGE);
}

static void test_reserve(void)
{
	size_t tib = 1UL << 40;
	char *p = mmap(NULL, tib, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);

	ok(p != MAP_FAILED, "reserve: a terabyte");
	ok(peek(p + tib / 2) == SIGSEGV && fault_code == SEGV_ACCERR,
	   "reserve: not to be read: SEGV_ACCERR");
	ok(fault_addr == p + tib / 2, "reserve: si_addr");
	ok(!mprotect(p + tib / 2, PAGE, RW), "reserve: one page is opened");
	ok(!poke(p + tib / 2, 5) && p[tib / 2] == 5, "reserve: and used");
	ok(peek(p + tib / 2 + PAGE) == SIGSEGV, "reserve: that one alone");
	ok(!munmap(p, tib), "reserve: all of it goes");
	ok(peek(p + tib / 2) == SIGSEGV && fault_code == SEGV_MAPERR,
	   "reserve: SEGV_MAPERR");
}

static void test_munmap(void)
{
	char *p = pages(8);

	ok(failed_with(munmap(p, 0), EINVAL), "munmap: of nothing: EINVAL");
	ok(failed_with(munmap(p + 1, PAGE), EINVAL), "munmap: odd: EINVAL");
	ok(failed_with(munmap(p, ~0UL), EINVAL), "munmap: everything: EINVAL");
	ok(!munmap(p + 3 * PAGE, 1), "munmap: a byte is a page");
	ok(peek(p + 3 * PAGE) == SIGSEGV && p[2 * PAGE] == 3 &&
		   p[4 * PAGE] == 5,
	   "munmap: in the middle");
	ok(!munmap(p + 3 * PAGE, PAGE), "munmap: what is not there: nothing");
	ok(!munmap(p + PAGE, 5 * PAGE), "munmap: over a hole");
	ok(p[0] == 1 && p[6 * PAGE] == 7 && peek(p + 5 * PAGE) == SIGSEGV,
	   "munmap: the ends stay");
	munmap(p, 8 * PAGE);
}

static void test_mprotect(void)
{
	char *p = pages(6);

	ok(failed_with(syscall(SYS_mprotect, p + 1, PAGE, RW), EINVAL),
	   "mprotect: odd: EINVAL");
	ok(failed_with(mprotect(p, PAGE, 0x100), EINVAL),
	   "mprotect: unknown bits: EINVAL");
	ok(!mprotect(p, 0, PROT_NONE) && !peek(p), "mprotect: of nothing");
	ok(!mprotect(p + 2 * PAGE, PAGE, PROT_READ), "mprotect: a page");
	ok(poke(p + 2 * PAGE, 9) == SIGSEGV && p[2 * PAGE] == 3 &&
		   !poke(p + PAGE, 9) && !poke(p + 3 * PAGE, 9),
	   "mprotect: it is read-only, its neighbours are not");
	ok(failed_with(syscall(SYS_getrandom, p + 2 * PAGE, 8, 0), EFAULT),
	   "mprotect: the kernel cannot write either: EFAULT");
	ok(!mprotect(p + 2 * PAGE, PAGE, PROT_NONE) &&
		   peek(p + 2 * PAGE) == SIGSEGV,
	   "mprotect: not to be touched");
	ok(!mprotect(p + 2 * PAGE, PAGE, RW) && p[2 * PAGE] == 3,
	   "mprotect: opened again, what was there is there");
	munmap(p + 4 * PAGE, PAGE);
	ok(failed_with(mprotect(p + 3 * PAGE, 3 * PAGE, PROT_READ), ENOMEM),
	   "mprotect: over a hole: ENOMEM");
	ok(poke(p + 3 * PAGE, 1) == SIGSEGV && !poke(p + 5 * PAGE, 1),
	   "mprotect: what was before the hole is changed");
	munmap(p, 6 * PAGE);
}

/* The C libraries hand a new address on with MREMAP_FIXED alone. */
static void *raw_mremap(void *old, size_t old_len, size_t new_len, int flags,
			uintptr_t new)
{
	return (void *)syscall(SYS_mremap, old, old_len, new_len, flags, new);
}

static void test_mremap_errors(void)
{
	char *p = pages(8);

	munmap(p + 6 * PAGE, PAGE);
	ok(failed(mremap(p, PAGE, PAGE, 0x100), EINVAL),
	   "mremap: unknown flags: EINVAL");
	ok(failed(mremap(p + 1, PAGE, PAGE, 0), EINVAL), "mremap: odd: EINVAL");
	ok(failed(mremap(p, PAGE, 0, 0), EINVAL), "mremap: to nothing: EINVAL");
	ok(failed(mremap(p, PAGE, PAGE, MREMAP_FIXED, p), EINVAL),
	   "mremap: fixed, not to move: EINVAL");
	ok(failed(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE,
			 p + PAGE),
		  EINVAL),
	   "mremap: onto itself: EINVAL");
	ok(failed(mremap(p, PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE,
			 p + 4 * PAGE + 1),
		  EINVAL),
	   "mremap: to an odd place: EINVAL");
	ok(failed(mremap(p + 6 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT),
	   "mremap: what is not mapped: EFAULT");
	ok(failed(mremap(p + 5 * PAGE, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE),
		  EFAULT),
	   "mremap: over a hole: EFAULT");
	ok(failed(mremap(p, PAGE, 2 * PAGE, 0), ENOMEM),
	   "mremap: no room, not to move: ENOMEM");
	ok(failed(mremap(p, 0, PAGE, MREMAP_MAYMOVE), EINVAL),
	   "mremap: a copy of what is private: EINVAL");
	ok(failed(raw_mremap(p, PAGE, 2 * PAGE, DONTUNMAP | MREMAP_MAYMOVE, 0),
		  EINVAL),
	   "mremap: kept and grown: EINVAL");
	ok(failed(raw_mremap(p, PAGE, PAGE, DONTUNMAP, 0), EINVAL),
	   "mremap: kept, not to move: EINVAL");
	ok(failed(raw_mremap(p, PAGE, PAGE, DONTUNMAP | MREMAP_MAYMOVE, 5),
		  EINVAL),
	   "mremap: kept, an odd hint: EINVAL");
	ok(failed(raw_mremap(p, PAGE, PAGE, DONTUNMAP | MREMAP_MAYMOVE,
			     (uintptr_t)p),
		  EINVAL),
	   "mremap: kept, itself as the hint: EINVAL");
	ok(p[0] == 1 && p[5 * PAGE] == 6, "mremap: nothing has changed");
	munmap(p, 8 * PAGE);
}

static void test_mremap(void)
{
	char *p = pages(4), *q;

	ok(mremap(p, 4 * PAGE, 4 * PAGE, 0) == p, "mremap: to the same");
	ok(mremap(p, 4 * PAGE, 2 * PAGE, 0) == p && p[PAGE] == 2 &&
		   peek(p + 2 * PAGE) == SIGSEGV,
	   "mremap: shrinks where it is");
	ok(mremap(p, 2 * PAGE, 4 * PAGE, 0) == p && p[PAGE] == 2 &&
		   p[2 * PAGE] == 0,
	   "mremap: grows where it is, zeros come");
	q = mremap(p, 4 * PAGE, 600 * PAGE, MREMAP_MAYMOVE);
	ok(q != MAP_FAILED && q[0] == 1 && q[PAGE] == 2 && q[599 * PAGE] == 0,
	   "mremap: grows, moves if need be");
	p = pages(2);
	ok(mremap(q, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p,
	   "mremap: to a place that is in use");
	ok(p[0] == 1 && p[PAGE] == 2 && peek(q) == SIGSEGV &&
		   !peek(q + 2 * PAGE),
	   "mremap: takes the pages along");
	p[0] = 33;
	q = raw_mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | DONTUNMAP, 0);
	ok(q != MAP_FAILED && q != p && q[0] == 33 && p[0] == 0,
	   "mremap: kept: the pages go, the old area is empty");
	p[0] = 44;
	ok(q[0] == 33, "mremap: they are two now");
	munmap(q, 2 * PAGE);
	q = raw_mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | DONTUNMAP,
		       (uintptr_t)q);
	ok(q != MAP_FAILED && q[0] == 44 && p[0] == 0, "mremap: kept, a hint");
	munmap(p, 2 * PAGE);
	munmap(q, 2 * PAGE);
	p = pages(3);
	q = mremap(p + PAGE, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
	ok(q != MAP_FAILED && q[0] == 2 && p[0] == 1 && p[2 * PAGE] == 3 &&
		   peek(p + PAGE) == SIGSEGV,
	   "mremap: out of the middle");
	munmap(p, 3 * PAGE);
	munmap(q, 3 * PAGE);
	p = pages(3);
	mprotect(p + PAGE, PAGE, PROT_READ);
	q = mremap(p + PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	ok(q != MAP_FAILED && q[0] == 2 && poke(q, 1) == SIGSEGV &&
		   poke(q + PAGE, 1) == SIGSEGV,
	   "mremap: keeps the protection");
	munmap(p, 3 * PAGE);
	munmap(q, 2 * PAGE);
}

static void test_madvise(void)
{
	char *p = pages(6);

	ok(failed_with(madvise(p, PAGE, 9999), EINVAL),
	   "madvise: unknown: EINVAL");
	ok(failed_with(madvise(p + 1, PAGE, MADV_NORMAL), EINVAL),
	   "madvise: odd: EINVAL");
	ok(failed_with(madvise(p, ~0UL, MADV_NORMAL), EINVAL),
	   "madvise: too much: EINVAL");
	ok(!madvise(p, 0, MADV_DONTNEED) && p[0] == 1, "madvise: of nothing");
	ok(!madvise(p + PAGE, 1, MADV_DONTNEED) && p[PAGE] == 0 && p[0] == 1 &&
		   p[2 * PAGE] == 3,
	   "madvise: DONTNEED: the page is zero");
	ok(!madvise(p, PAGE, MADV_WILLNEED) && !madvise(p, PAGE, MADV_RANDOM) &&
		   !madvise(p, PAGE, MADV_SEQUENTIAL) && p[0] == 1,
	   "madvise: WILLNEED, RANDOM, SEQUENTIAL");
	ok(!madvise(p, PAGE, MADV_DONTDUMP) && !madvise(p, PAGE, MADV_DODUMP) &&
		   !madvise(p, PAGE, MADV_DONTFORK) &&
		   !madvise(p, PAGE, MADV_DOFORK),
	   "madvise: DONTDUMP, DONTFORK and back");
	ok(!madvise(p, PAGE, MADV_FREE), "madvise: FREE");
	p[0] = 11;
	ok(p[0] == 11, "madvise: FREE: a write afterwards stays");
	munmap(p + 3 * PAGE, PAGE);
	ok(failed_with(madvise(p + 2 * PAGE, 4 * PAGE, MADV_DONTNEED), ENOMEM),
	   "madvise: over a hole: ENOMEM");
	ok(p[2 * PAGE] == 0 && p[4 * PAGE] == 0 && p[5 * PAGE] == 0,
	   "madvise: but done on both sides of it");
	ok(!madvise(p, 2 * PAGE, POPULATE_WRITE), "madvise: POPULATE_WRITE");
	ok(failed_with(madvise(p, 6 * PAGE, POPULATE_READ), ENOMEM),
	   "madvise: POPULATE_READ over a hole: ENOMEM");
	mprotect(p, PAGE, PROT_READ);
	ok(failed_with(madvise(p, PAGE, POPULATE_WRITE), EINVAL),
	   "madvise: POPULATE_WRITE of what is read-only: EINVAL");
	ok(!madvise(p, PAGE, MADV_DONTNEED) && p[0] == 0,
	   "madvise: DONTNEED of what is read-only");
	munmap(p, 6 * PAGE);
}

/* Past the C library: musl's sbrk() refuses to move it. */
static char *raw_brk(void *end)
{
	return (char *)syscall(SYS_brk, end);
}

static void test_brk(void)
{
	char *start = raw_brk(NULL), *end = start + 10 * PAGE;
	char *middle = start + 5 * PAGE;

	ok(raw_brk(end) == end, "brk: grows");
	ok(!poke(start, 1) && !poke(end - 1, 1), "brk: can be used");
	ok(raw_brk(middle) == middle && peek(middle + PAGE) == SIGSEGV,
	   "brk: shrinks");
	ok(raw_brk(end) == end && end[-1] == 0, "brk: comes back as zeros");
	ok(raw_brk(NULL) == end, "brk: 0 asks where it is");
	ok(raw_brk((void *)~0UL) == end, "brk: too far: stays");
	ok(raw_brk(start + 3) == start + 3 && raw_brk(NULL) == start + 3,
	   "brk: need not be a page's");
	raw_brk(start);
}

static void test_file(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	struct stat st;
	char *p, *q;
	size_t size;
	char head[4096];

	fstat(fd, &st);
	size = ((size_t)st.st_size + PAGE - 1) & ~(PAGE - 1);
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	ok(p != MAP_FAILED && !memcmp(p, "\177ELF", 4),
	   "file: its first bytes");
	ok(pread(fd, head, sizeof(head), PAGE) == PAGE &&
		   !memcmp(p + PAGE, head, PAGE),
	   "file: the second page is what pread gives");
	ok((size_t)st.st_size == size || p[st.st_size] == 0,
	   "file: zeros behind the end");
	q = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, PAGE);
	ok(q != MAP_FAILED && !memcmp(q, head, PAGE), "file: at an offset");
	q[0] ^= 1;
	ok(q[0] != p[PAGE], "file: a private change is private");
	ok(!madvise(q, PAGE, MADV_DONTNEED) && q[0] == p[PAGE],
	   "file: DONTNEED brings the file's bytes back");
	ok(failed(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), EACCES),
	   "file: shared and writable, opened to read: EACCES");
	ok(failed_with(mprotect(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0),
				PAGE, RW),
		       EACCES),
	   "file: nor made writable: EACCES");
	ok(failed(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0), EINVAL),
	   "file: nothing of it: EINVAL");
	munmap(q, 2 * PAGE);
	q = mmap(NULL, size + 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	ok(!peek(q + size - 1) && peek(q + size) == SIGBUS &&
		   fault_code == BUS_ADRERR,
	   "file: wholly behind the end: SIGBUS, BUS_ADRERR");
	ok(failed_with(write(STDOUT_FILENO, q + size, 1), EFAULT),
	   "file: for the kernel: EFAULT");
	munmap(q, size + 2 * PAGE);
	ok(!close(fd) && !memcmp(p, "\177ELF", 4),
	   "file: a mapping outlives the descriptor");
	munmap(p, size);
	fd = open("/proc/self", O_RDONLY | O_DIRECTORY);
	ok(failed(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), ENODEV),
	   "file: a directory: ENODEV");
	close(fd);
	fd = open("/dev/null", O_WRONLY);
	ok(failed(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), EACCES),
	   "file: not opened to read: EACCES");
	close(fd);
}

static void test_others(void)
{
	unsigned char vec[4];
	char *p = mmap(NULL, 4 * PAGE, RW, ANON, -1, 0);

	p[PAGE] = 1;
	ok(!mincore(p, 4 * PAGE, vec) && !(vec[0] & 1) && vec[1] & 1 &&
		   !(vec[2] & 1),
	   "mincore: what was touched");
	ok(failed_with(mincore(p + 1, PAGE, vec), EINVAL),
	   "mincore: odd: EINVAL");
	ok(failed_with(mincore(p, PAGE, (void *)8), EFAULT),
	   "mincore: a bad vector: EFAULT");
	munmap(p + 2 * PAGE, PAGE);
	ok(failed_with(mincore(p, 4 * PAGE, vec), ENOMEM),
	   "mincore: a hole: ENOMEM");
	ok(!msync(p, PAGE, MS_SYNC), "msync: nothing to do");
	ok(failed_with(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL),
	   "msync: both: EINVAL");
	ok(failed_with(msync(p + 1, PAGE, MS_SYNC), EINVAL),
	   "msync: odd: EINVAL");
	ok(failed_with(msync(p + 2 * PAGE, PAGE, MS_SYNC), ENOMEM),
	   "msync: a hole: ENOMEM");
	ok(!mlock(p, PAGE) && !munlock(p, PAGE), "mlock: and back");
	ok(failed_with(mlock(p, 4 * PAGE), ENOMEM), "mlock: a hole: ENOMEM");
	p = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ok(!mlockall(MCL_CURRENT) && !mincore(p, 2 * PAGE, vec) &&
		   vec[0] & vec[1] & 1 && !munlockall() && !munmap(p, 2 * PAGE),
	   "mlockall: what is mapped is there");
	ok(failed_with(mlockall(0), EINVAL), "mlockall: nothing: EINVAL");
	munmap(p, 4 * PAGE);
	p = mmap(NULL, 3 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE,
		 -1, 0);
	ok(p != MAP_FAILED && p[0] == 0 && !mincore(p, 3 * PAGE, vec) &&
		   vec[0] & vec[1] & vec[2] & 1,
	   "mmap: shared, populated");
	munmap(p, 3 * PAGE);
}

/* Parts that look the same are one area again: many splits, no limit hit. */
static void test_split(void)
{
	size_t n = 4000;
	char *p = pages(n);
	bool good = true;

	for (size_t i = 1; i < n; i += 2)
		good &= !mprotect(p + i * PAGE, PAGE, PROT_READ);
	for (size_t i = 0; i < n; i++)
		good &= p[i * PAGE] == (char)(i + 1);
	ok(good, "split: every second page is read-only");
	ok(poke(p + 1001 * PAGE, 0) == SIGSEGV && !poke(p + 1000 * PAGE, 0),
	   "split: just these");
	ok(!mprotect(p, n * PAGE, RW) && !poke(p + 1001 * PAGE, 0),
	   "split: all writable again");
	for (size_t i = 0; i < n; i += 2)
		good &= !munmap(p + i * PAGE, PAGE);
	ok(good && peek(p + 2 * PAGE) == SIGSEGV && p[3 * PAGE] == 4,
	   "split: every second page is unmapped");
	ok(!munmap(p, n * PAGE) && peek(p + 3 * PAGE) == SIGSEGV,
	   "split: then all");
}

int main(void)
{
	struct sigaction act = { .sa_sigaction = on_fault,
				 .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &act, NULL);
	sigaction(SIGBUS, &act, NULL);
	test_mmap_errors();
	test_reserve();
	test_munmap();
	test_mprotect();
	test_mremap_errors();
	test_mremap();
	test_madvise();
	test_brk();
	test_file();
	test_others();
	test_split();
	return done_testing();
}
