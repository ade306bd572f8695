/* SPDX-License-Identifier: MIT */
/*
 * Random system calls with arguments that are wrong in many ways: numbers
 * 0 to 450 and wild ones; descriptors of every kind, closed ones and none;
 * pointers to good memory, to its very end, to nothing, to the kernel. Calls
 * that would end, mend or blind this program itself are left out (tame.c).
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz.h"
#include "shapes.h"

#define ARENA (me->arena)

long good_pointer(void)
{
	return (long)ARENA + (long)below(ARENA_SIZE / 16) * 8;
}

long pointer(void)
{
	static const uint64_t bad[] = {
		0,
		1,
		0xfff,
		0x10000,
		USER_MAX - 1,
		USER_MAX - 8,
		USER_MAX,
		USER_MAX + 1,
		0x800000000000,
		0x8000000000000000,
		0xffff7fffffffffff,
		0xffff800000000000,
		0xffff888000000000,
		0xffff888000100000,
		0xffffffff80000000,
		0xffffffff80100000,
		0xffffffff80200000,
		0xfffffffffffff000,
		0xfffffffffffffff8,
		0xffffffffffffffff,
	};

	switch (below(8)) {
	case 0:
		return bad[below(sizeof(bad) / sizeof(*bad))];
	case 1: /* runs out of the arena after a few bytes */
		return (long)ARENA + ARENA_SIZE - (long)below(40);
	case 2:
		return (long)ARENA - (long)below(16);
	case 3:
		return (long)rnd();
	default:
		return good_pointer();
	}
}

long number(void)
{
	static const long odd[] = {
		0,	     1,		2,	   -1,	       -2,
		7,	     8,		16,	   0x7fffffff, 0x80000000L,
		0xffffffffL, INT64_MAX, INT64_MIN, 4095,       4096,
		4097,	     65535,	65536,	   1024,       1L << 47,
	};

	switch (below(4)) {
	case 0:
		return odd[below(sizeof(odd) / sizeof(*odd))];
	case 1:
		return (long)(rnd() >> below(64));
	default:
		return (long)below(64);
	}
}

long descriptor(void)
{
	return below(12) ? FIRST_FD + (long)below(END_FD - FIRST_FD) : number();
}

static long argument(void)
{
	switch (below(3)) {
	case 0:
		return descriptor();
	case 1:
		return pointer();
	default:
		return number();
	}
}

/* Structs in the arena are made of what arguments are made of. */
static void stir(void)
{
	uint64_t *word = (uint64_t *)good_pointer();

	for (unsigned int n = below(64); n; n--) {
		*word++ = below(3) ? (uint64_t)argument() :
				     (uint64_t)argument() << 32 |
					     (uint32_t)number();
	}
	if (!below(8))
		strcpy((char *)good_pointer(), "/proc/self/maps");
	if (!below(8))
		memcpy((void *)good_pointer(),
		       &(struct sockaddr_in){
			       .sin_family = AF_INET,
			       .sin_port = htons(5000 + below(8)),
			       .sin_addr = { htonl(INADDR_LOOPBACK) },
		       },
		       sizeof(struct sockaddr_in));
}

static long argument_of(char kind)
{
	switch (kind) {
	case 'f':
		return descriptor();
	case 'p':
		return pointer();
	case 'l':
		return below(4) ? (long)below(70000) : number();
	case 's':
		return below(2) ? 1L << below(32) : number();
	case 'n':
		return below(8) ? (long)below(24) : number();
	}
	return argument();
}

static void help_message(long *a)
{
	bool vector = a[0] == SYS_readv || a[0] == SYS_writev;
	struct iovec *iov = (void *)(ARENA + 512);
	struct msghdr *msg = (void *)(ARENA + 256);

	for (int i = 0; i < 4; i++)
		iov[i] = (struct iovec){ (void *)pointer(), below(9000) };
	*msg = (struct msghdr){ .msg_iov = iov, .msg_iovlen = below(5) };
	if (!below(3)) {
		msg->msg_control = (void *)pointer();
		msg->msg_controllen = below(200);
	} else if (!below(2)) {
		help_control(msg);
	}
	a[2] = vector ? (long)iov : (long)msg;
	a[3] = below(5);
}

/* What chance would hardly ever hit upon. */
static void help(long *a)
{
	static const int levels[] = { SOL_SOCKET, SOL_SOCKET, IPPROTO_TCP,
				      IPPROTO_IP };

	switch (a[0]) {
	case SYS_socket:
		a[1] = AF_INET;
		a[2] = (1 + below(2)) | (below(2) ? SOCK_NONBLOCK : 0);
		a[3] = 0;
		if (below(2))
			break;
		a[1] = AF_UNIX;
		a[2] = unix_type();
		break;
	case SYS_socketpair:
		a[1] = AF_UNIX;
		a[2] = unix_type();
		a[3] = 0;
		break;
	case SYS_bind:
	case SYS_connect:
		if (below(2))
			help_unix_address(a, 2);
		else
			help_inet_address(a, 2);
		break;
	case SYS_sendto:
		if (below(2))
			help_unix_address(a, 5);
		else
			help_inet_address(a, 5);
		break;
	case SYS_setsockopt:
	case SYS_getsockopt:
		a[2] = levels[below(4)];
		a[3] = below(50);
		if (a[0] == SYS_setsockopt) {
			a[5] = below(3) ? 4 : (long)below(40);
		} else {
			*(int *)(ARENA + 128) = below(200);
			a[5] = (long)ARENA + 128;
		}
		break;
	case SYS_epoll_ctl:
		a[2] = 1 + below(3);
		break;
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
		a[3] = 1 + below(40);
		break;
	case SYS_readv:
	case SYS_writev:
	case SYS_sendmsg:
	case SYS_recvmsg:
		help_message(a);
		break;
	case SYS_fcntl:
		a[2] = below(16);
		break;
	}
}

static void choose(long *a)
{
	const struct shape *s = &shapes[below(sizeof(shapes) / sizeof(*shapes))];

	if (below(4)) {
		a[0] = s->nr;
		for (int i = 1; i < 7; i++)
			a[i] = argument_of(s->args[i - 1]);
		if (below(4))
			help(a);
		return;
	}
	a[0] = below(40) ? (long)below(451) : (long)rnd();
	for (int i = 1; i < 7; i++)
		a[i] = argument();
}

void renew_arena(void)
{
	long got = sys(SYS_mmap, (long)ARENA, ARENA_SIZE,
		       PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	me->torn = false;
	if (got != (long)ARENA) {
		dprintf(1, "fuzz: no arena\n");
		exit(1);
	}
}

/* What moved out of the arena would stay for ever. */
static void forget(long at, long len)
{
	if (at < (long)ARENA || at >= (long)ARENA + ARENA_SIZE)
		sys(SYS_munmap, at, len);
}

void random_call(void)
{
	long a[7], ret;

	if (!below(4))
		stir();
	choose(a);
	if (!tame(a))
		return;
	ret = call(a);
	if (a[0] == SYS_mremap && ret > 0)
		forget(ret, a[3]);
}
