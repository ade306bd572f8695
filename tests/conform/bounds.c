/* SPDX-License-Identifier: MIT */
/*
 * The ends of the address space: no call makes a mapping below the lowest
 * address (vm.mmap_min_addr) or takes one above the highest, and no address
 * and length together get around that. A line is what one call gives for each
 * of some addresses, and of some lengths at each.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "tap.h"

#define PAGE 4096UL
#define TOP 0x7ffffffff000UL
#define NOREPLACE 0x100000 /* MAP_FIXED_NOREPLACE */
#define DONTUNMAP 4

static const uint64_t addresses[] = {
	0,
	1,
	TOP - 1,
	TOP,
	TOP + 1,
	0x800000000000,
	0xffff800000000000,
	0xfffffffffffff000,
};
static const uint64_t lengths[] = {
	0,
	1,
	2 * PAGE,
	TOP,
	TOP + 1,
	0xfffffffffffff000,
	0xfffffffffffff001,
	UINT64_MAX,
};

static uint64_t lowest;
static int file, pipes[2], ends[2];

/* One letter for what a call gave. */
static char letter(long result)
{
	if (result != -1)
		return '.';
	switch (errno) {
	case EPERM:
		return 'P';
	case EINVAL:
		return 'I';
	case ENOMEM:
		return 'M';
	case EFAULT:
		return 'F';
	case EAGAIN:
		return 'A';
	default:
		return '?';
	}
}

/* call() is given an address and a length; want has a word an address. */
static void check(const char *name, long (*call)(uint64_t at, uint64_t len),
		  const char *want)
{
	const int n = sizeof(lengths) / sizeof(*lengths);
	char text[128] = "";

	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		char *word = text + i * (n + 1);

		for (int j = 0; j < n; j++)
			word[j] = letter(call(addresses[i], lengths[j]));
		word[n] = ' ';
		word[n + 1] = '\0';
	}
	text[strlen(text) - 1] = '\0';
	is_str(text, want, name);
}

/* ---- Mappings ------------------------------------------------------------ */

/* A mapping that is made is looked at and goes again. */
static long made(long at, uint64_t len)
{
	if (at == -1)
		return -1;
	if ((uint64_t)at < lowest || (uint64_t)at > TOP - len)
		printf("# a mapping at %#lx\n", at);
	munmap((void *)at, len ? len : 1);
	return 0;
}

static long map(uint64_t at, uint64_t len, int flags)
{
	return made(syscall(SYS_mmap, at, len, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags,
			    -1, 0),
		    len);
}

static long hint(uint64_t at, uint64_t len)
{
	return map(at, len, 0);
}

static long hint_32bit(uint64_t at, uint64_t len)
{
	return map(at, len, MAP_32BIT);
}

static long fixed(uint64_t at, uint64_t len)
{
	return map(at, len, MAP_FIXED);
}

static long noreplace(uint64_t at, uint64_t len)
{
	return map(at, len, NOREPLACE);
}

static long move(uint64_t at, uint64_t old_len, uint64_t len, int flags)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long r = syscall(SYS_mremap, p, old_len, len, flags, at);
	int error = errno;

	if (r != (long)p)
		made(r, len);
	munmap(p, 2 * PAGE);
	errno = error;
	return r;
}

static long move_hint(uint64_t at, uint64_t len)
{
	return move(at, len, len, MREMAP_MAYMOVE | DONTUNMAP);
}

static long move_fixed(uint64_t at, uint64_t len)
{
	return move(at, PAGE, len, MREMAP_MAYMOVE | MREMAP_FIXED);
}

static long grow(uint64_t at, uint64_t len)
{
	return move(at, PAGE, len, MREMAP_MAYMOVE);
}

static long resize(uint64_t at, uint64_t len)
{
	return move(at, len, 2 * PAGE, MREMAP_MAYMOVE);
}

static long source(uint64_t at, uint64_t len)
{
	return syscall(SYS_mremap, at, len, 2 * PAGE, MREMAP_MAYMOVE, 0);
}

/* These would take the program away where they can be done. */
static bool is_all(uint64_t at, uint64_t len)
{
	return at < PAGE && len >= TOP && len <= 0xfffffffffffff000;
}

static long unmap(uint64_t at, uint64_t len)
{
	return is_all(at, len) ? 0 : syscall(SYS_munmap, at, len);
}

static long protect(uint64_t at, uint64_t len)
{
	return syscall(SYS_mprotect, at, len, PROT_READ);
}

static long advise(uint64_t at, uint64_t len)
{
	return is_all(at, len) ? 0 :
				 syscall(SYS_madvise, at, len, MADV_DONTNEED);
}

static long core(uint64_t at, uint64_t len)
{
	unsigned char v[2];

	return is_all(at, len) ? 0 : syscall(SYS_mincore, at, len, v);
}

static long sync_(uint64_t at, uint64_t len)
{
	return syscall(SYS_msync, at, len, MS_SYNC);
}

static void test_mappings(void)
{
	check("mmap: a hint", hint,
	      "I..MMMMM I..MMMMM I..MMMMM I..MMMMM I..MMMMM I..MMMMM "
	      "I..MMMMM I..MMMMM");
	check("mmap: a hint, 32 bits", hint_32bit,
	      "I..MMMMM I..MMMMM I..MMMMM I..MMMMM I..MMMMM I..MMMMM "
	      "I..MMMMM I..MMMMM");
	check("mmap: fixed", fixed,
	      "IPPPMMMM IIIMMMMM IMMMMMMM IMMMMMMM IMMMMMMM IMMMMMMM "
	      "IMMMMMMM IMMMMMMM");
	check("mmap: fixed, nothing replaced", noreplace,
	      "IPPPMMMM IIIMMMMM IMMMMMMM IMMMMMMM IMMMMMMM IMMMMMMM "
	      "IMMMMMMM IMMMMMMM");
	check("mremap: kept, a hint", move_hint,
	      "I..IIIII IIIIIIII IIIIIIII IIIIIIII IIIIIIII IIIIIIII "
	      "IIIIIIII IIIIIIII");
	check("mremap: fixed", move_fixed,
	      "IPPIIIII IIIIIIII IIIIIIII IIIIIIII IIIIIIII IIIIIIII "
	      "IIIIIIII IIIIIIII");
	check("mremap: grows", grow,
	      "I..MIIII I..MIIII I..MIIII I..MIIII I..MIIII I..MIIII "
	      "I..MIIII I..MIIII");
	check("mremap: a length of the old", resize,
	      "I..IIIII I..IIIII I..IIIII I..IIIII I..IIIII I..IIIII "
	      "I..IIIII I..IIIII");
	check("mremap: from where", source,
	      "FFFFFFFF IIIIIIII IIIIIIII FFFFFFFF IIIIIIII FFFFFFFF "
	      "FFFFFFFF FFFFFFFF");
	check("munmap", unmap,
	      "I.....II III...II IIIIIIII IIIIIIII IIIIIIII IIIIIIII "
	      "IIIIIIII IIIIIIII");
	check("mprotect", protect,
	      ".MMMMMMM IIIIIIII IIIIIIII .MMMMMMM IIIIIIII .MMMMMMM "
	      ".MMMMMMM .MMMMMMM");
	check("madvise", advise,
	      ".MM...II III...II IIIIIIII .MMMMIII IIIIIIII .MMMMIII "
	      ".MMMIIII .IIIIIII");
	check("mincore", core,
	      ".MM...MM III...II IIIIIIII .MMMMMMM IIIIIIII MMMMMMMM "
	      "MMMMMMMM MMMMMMMM");
	check("msync", sync_,
	      ".MMMMM.. IIIIIIII IIIIIIII .MMMMM.. IIIIIIII .MMMMM.. "
	      ".MMMMM.. .MMMMM..");
}

/*
 * Where the lowest address is page one nothing lies between it and page zero,
 * and the calls of this test are made at it.
 */
static void test_lowest(void)
{
	uint64_t below = lowest > PAGE ? lowest - PAGE : 0;
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	long got;

	got = syscall(SYS_mmap, below + 1, PAGE, PROT_READ, flags, -1, 0);
	ok(below ? got == (long)lowest : got > (long)lowest,
	   "lowest: mmap moves a hint up to it");
	munmap((void *)got, PAGE);
	fails(syscall(SYS_mmap, below, PAGE, PROT_READ, flags | MAP_FIXED, -1,
		      0),
	      EPERM, "lowest: mmap: EPERM below it");
	fails(syscall(SYS_mmap, below, 2 * PAGE, PROT_READ, flags | MAP_FIXED,
		      -1, 0),
	      EPERM, "lowest: mmap: EPERM across it");
	fails(syscall(SYS_mremap, p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		      below),
	      EPERM, "lowest: mremap: EPERM below it");
	got = syscall(SYS_mremap, p, PAGE, PAGE, MREMAP_MAYMOVE | DONTUNMAP,
		      below);
	ok(below ? got == -1 && errno == EPERM : got > (long)lowest,
	   "lowest: mremap: EPERM for a hint below it");
	got = syscall(SYS_mremap, p, PAGE, PAGE, MREMAP_MAYMOVE | DONTUNMAP,
		      lowest);
	is(got, lowest, "lowest: mremap: a hint at it");
	munmap((void *)got, PAGE);
	is(syscall(SYS_brk, below), syscall(SYS_brk, 0),
	   "lowest: brk stays where it is");
}

/* ---- Buffers ------------------------------------------------------------- */

static long do_read(uint64_t at, uint64_t len)
{
	return syscall(SYS_pread64, file, at, len, 0);
}

static long do_write(uint64_t at, uint64_t len)
{
	return syscall(SYS_write, pipes[1], at, len);
}

static long do_random(uint64_t at, uint64_t len)
{
	return syscall(SYS_getrandom, at, len < PAGE ? len : PAGE, 0);
}

static long do_send(uint64_t at, uint64_t len)
{
	return syscall(SYS_sendto, ends[0], at, len, MSG_DONTWAIT, NULL, 0);
}

static long do_receive(uint64_t at, uint64_t len)
{
	return syscall(SYS_recvfrom, ends[1], at, len, MSG_DONTWAIT, NULL, 0);
}

static long vector(int call, int fd, uint64_t at, uint64_t len)
{
	char first, last;
	struct iovec iov[3] = {
		{ &first, 1 },
		{ (void *)at, len },
		{ &last, 1 },
	};

	return syscall(call, fd, iov, 3, 0, 0);
}

static long do_preadv(uint64_t at, uint64_t len)
{
	return vector(SYS_preadv, file, at, len);
}

static long do_writev(uint64_t at, uint64_t len)
{
	return vector(SYS_writev, pipes[1], at, len);
}

static void test_buffers(void)
{
	file = open("/proc/self/exe", O_RDONLY);
	if (pipe2(pipes, O_NONBLOCK) ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return;
	check("pread", do_read,
	      ".FFFFFFF .FFFFFFF .FFFFFFF .FFFFFFF FFFFFFFF FFFFFFFF "
	      "FFFFFFFF FFFFFFFF");
	check("write", do_write,
	      ".FFFFFFF .FFFFFFF .FFFFFFF .FFFFFFF FFFFFFFF FFFFFFFF "
	      "FFFFFFFF FFFFFFFF");
	check("getrandom", do_random,
	      ".FFFFFFF .FFFFFFF .FFFFFFF .FFFFFFF FFFFFFFF FFFFFFFF "
	      "FFFFFFFF FFFFFFFF");
	check("send", do_send,
	      ".FFFFFFF .FFFFFFF .FFFFFFF .FFFFFFF FFFFFFFF FFFFFFFF "
	      "FFFFFFFF FFFFFFFF");
	check("recv", do_receive,
	      "AAAAAAAA AAAAAAAA AAFFFFFF AFFFFFFF FFFFFFFF FFFFFFFF "
	      "FFFFFFFF FFFFFFFF");
	check("preadv", do_preadv,
	      "....FIII ...FFIII ..FFFIII .FFFFIII FFFFFIII FFFFFIII "
	      "FFFFFIII FFFFFIII");
	check("writev", do_writev,
	      ".FFFFIII .FFFFIII .FFFFIII .FFFFIII FFFFFIII FFFFFIII "
	      "FFFFFIII FFFFFIII");
}

int main(void)
{
	void *page_one;

	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 9;
	page_one = mmap((void *)PAGE, PAGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	lowest = page_one == MAP_FAILED ? 0x10000 : PAGE;
	if (page_one != MAP_FAILED)
		munmap(page_one, PAGE);
	test_lowest();
	test_mappings();
	test_buffers();
	return done_testing();
}
