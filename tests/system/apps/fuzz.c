/* SPDX-License-Identifier: MIT */
/*
 * Random system calls with arguments that are wrong in many ways: numbers
 * 0 to 450 and wild ones; descriptors of every kind, closed ones and none;
 * pointers to good memory, to its very end, to nothing, to the kernel. Calls
 * that would end, mend or blind this program itself are left out, and a
 * timer's signal ends those that would wait for ever.
 *
 * usage: fuzz SEED CALLS
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz_shapes.h"

#define ARENA ((uint8_t *)0x20000000UL)
#define ARENA_SIZE (64 * 4096)
#define FIRST_FD 3
#define END_FD 64
#define USER_MAX 0x7ffffffff000
#define ROUND 4000 /* calls between two looks at the machine */
#define TICK_US 4000

static uint64_t state;
static unsigned long errors, successes, signals;
static bool torn; /* the arena may have holes */

/* xorshift64* */
static uint64_t rnd(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1d;
}

static uint64_t below(uint64_t n)
{
	return (rnd() >> 16) % n;
}

static void on_signal(int sig)
{
	signals++;
}

static long good_pointer(void)
{
	return (long)ARENA + (long)below(ARENA_SIZE / 16) * 8;
}

static long pointer(void)
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

static long number(void)
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

static long descriptor(void)
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

#include "fuzz_signals.h"
#include "fuzz_unix.h"

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

static void help_address(long *a, int at)
{
	struct sockaddr_in *sin = (void *)(ARENA + 64);

	sin->sin_family = AF_INET;
	sin->sin_port = htons(5000 + below(8));
	sin->sin_addr.s_addr = below(2) ? htonl(INADDR_LOOPBACK) : 0;
	a[at] = (long)sin;
	a[at + 1] = sizeof(*sin);
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
			help_address(a, 2);
		break;
	case SYS_sendto:
		if (below(2))
			help_unix_address(a, 5);
		else
			help_address(a, 5);
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

static long in_arena(void)
{
	return (long)ARENA + (long)below(ARENA_SIZE / 4096) * 4096;
}

/* Memory calls may do what they like, but within the arena or nowhere. */
static void tame_memory(long *a)
{
	bool wild = !below(4);

	a[1] = wild ? (long)(USER_MAX + below(1 << 20) * 4096) : in_arena();
	a[2] = wild ? number() : (long)below(8192);
	if (a[0] == SYS_mremap && !below(2)) {
		a[3] = below(8192);
		a[4] = MREMAP_MAYMOVE;
	} else if (a[0] == SYS_mremap) {
		a[3] = below(8192);
		a[4] = MREMAP_MAYMOVE | MREMAP_FIXED;
		a[5] = in_arena();
	} else if (a[0] == SYS_mmap) {
		a[3] = below(8);
		a[4] = MAP_FIXED | below(64);
		a[5] = descriptor();
		a[6] = below(4) * 4096;
	} else if (a[0] == SYS_mprotect) {
		a[3] = below(10);
	} else if (a[0] == SYS_madvise) {
		a[3] = below(30);
	}
}

/* False: not this one. */
static bool tame(long *a)
{
	tame_signals(a);
	switch (a[0]) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_rt_sigreturn:
	case SYS_fork:
	case SYS_vfork:
	case SYS_clone:
	case SYS_clone3:
	case SYS_execve:
	case SYS_execveat:
	case SYS_setitimer:
	case SYS_alarm:
	case SYS_reboot:
	case SYS_prlimit64:
	case SYS_setrlimit:
	case SYS_brk:
	case SYS_sigaltstack:
		return false;
	case SYS_arch_prctl:
		return a[1] != 0x1002; /* ARCH_SET_FS */
	case SYS_rt_sigaction:
	case SYS_rt_sigprocmask:
		a[2] = below(2) ? 0 : (long)USER_MAX + number() % 4096;
		return a[2] != 0 || a[1] != 0;
	case SYS_epoll_pwait:
	case SYS_ppoll:
	case SYS_epoll_pwait2:
		a[a[0] == SYS_ppoll ? 4 : 5] = 0;
		return true;
	case SYS_pselect6:
		a[6] = 0;
		return true;
	case SYS_write: /* the console is for what this program has to say */
	case SYS_writev:
	case SYS_pwrite64:
	case SYS_pwritev:
	case SYS_pwritev2:
	case SYS_close:
	case SYS_dup:
	case SYS_fcntl:
	case SYS_ioctl:
		return !is_console(a[1]);
	case SYS_dup2:
	case SYS_dup3:
		return !is_console(a[1]) && !is_console(a[2]);
	case SYS_close_range:
		a[1] = FIRST_FD + (long)below(END_FD);
		return !below(16);
	case SYS_mmap:
	case SYS_munmap:
	case SYS_mremap:
	case SYS_mprotect:
	case SYS_madvise:
		tame_memory(a);
		torn = true;
		return true;
	}
	return true;
}

static void renew_arena(void)
{
	void *got = mmap(ARENA, ARENA_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	torn = false;
	if (got != ARENA) {
		printf("fuzz: no arena: %s\n", strerror(errno));
		exit(1);
	}
}

static void connect_pair(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(sin);
	int l = socket(AF_INET, SOCK_STREAM, 0);
	int c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	bind(l, (void *)&sin, sizeof(sin));
	listen(l, 4);
	getsockname(l, (void *)&sin, &len);
	connect(c, (void *)&sin, sizeof(sin));
	accept4(l, NULL, NULL, below(2) ? SOCK_NONBLOCK : 0);
}

/* Some of every kind, on whatever numbers they get. */
static void open_some(void)
{
	static const char *const files[] = {
		"/proc/self/maps", "/dev/null",	     "/dev/zero",   "/",
		"/proc",	   "/proc/slabinfo", "/dev/urandom"
	};
	int pipes[2];

	connect_pair();
	unix_pairs();
	socket(AF_INET, SOCK_DGRAM, 0);
	socket(AF_INET, SOCK_STREAM, 0);
	epoll_create1(0);
	epoll_create1(0);
	eventfd(0, below(2) ? EFD_NONBLOCK : 0);
	timerfd_create(CLOCK_MONOTONIC, 0);
	if (pipe2(pipes, below(2) ? O_NONBLOCK : 0))
		return;
	open(files[below(sizeof(files) / sizeof(*files))], O_RDONLY);
}

static void close_all(void)
{
	syscall(SYS_close_range, 3, ~0U, 0);
}

/* What a server needs works: an event, through epoll, over a connection. */
static void sane(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = 0x1234 };
	socklen_t len = sizeof(sin);
	int ep = epoll_create1(0), l = socket(AF_INET, SOCK_STREAM, 0);
	int c = socket(AF_INET, SOCK_STREAM, 0), s;
	char text[8] = "";

	bind(l, (void *)&sin, sizeof(sin));
	listen(l, 4);
	getsockname(l, (void *)&sin, &len);
	if (connect(c, (void *)&sin, len))
		goto bad;
	s = accept(l, NULL, NULL);
	if (s < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, s, &ev) ||
	    write(c, "echo", 4) != 4)
		goto bad;
	memset(&ev, 0, sizeof(ev));
	if (epoll_wait(ep, &ev, 1, 1000) != 1 || ev.events != EPOLLIN ||
	    ev.data.u64 != 0x1234)
		goto bad;
	if (read(s, text, sizeof(text)) != 4 || memcmp(text, "echo", 5))
		goto bad;
	close_all();
	return;
bad:
	printf("\nnot sane: %s\n", strerror(errno));
	exit(1);
}

static void tick(long us)
{
	struct itimerval t = { { 0, us }, { 0, us } };

	setitimer(ITIMER_REAL, &t, NULL);
}

/* What moved out of the arena would stay for ever. */
static void forget(long at, long len)
{
	if (at < (long)ARENA || at >= (long)ARENA + ARENA_SIZE)
		munmap((void *)at, len);
}

static void fuzz_round(unsigned int calls)
{
	long a[7], ret;

	tick(TICK_US);
	while (calls--) {
		if (torn || !below(64))
			renew_arena();
		if (!below(32))
			open_some();
		if (!below(400))
			close_all();
		if (!below(4))
			stir();
		choose(a);
		if (!tame(a))
			continue;
		ret = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
		if (ret < 0)
			errors++;
		else
			successes++;
		if (a[0] == SYS_mremap && ret > 0)
			forget(ret, a[3]);
	}
	tick(0);
	close_all();
	unix_forget();
	renew_arena();
}

/* The machine's own account, for the one who compares. */
static void show(const char *path)
{
	char text[512];
	ssize_t n;
	int fd = open(path, O_RDONLY);

	while ((n = read(fd, text, sizeof(text))) > 0)
		fwrite(text, 1, n, stdout);
	close(fd);
}

static void account(const char *when)
{
	printf("\naccount %s\n", when);
	fflush(stdout);
	show("/proc/meminfo");
	show("/proc/slabinfo");
	printf("end of account\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned long left = argc > 2 ? strtoul(argv[2], NULL, 0) : ROUND;
	struct sigaction act = { .sa_handler = on_signal };
	struct rlimit files = { END_FD, END_FD };

	state = (argc > 1 ? strtoull(argv[1], NULL, 0) : 1) * 2 + 1;
	for (int i = 0; i < 16; i++)
		rnd();
	sigaction(SIGALRM, &act, NULL);
	sigaction(SIGUSR1, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	for (bool warm = false; left; warm = true) {
		unsigned int n = left < ROUND ? left : ROUND;

		renew_arena();
		fuzz_round(n);
		left -= n;
		sane();
		if (!warm)
			account("early");
	}
	account("late");
	printf("\nfuzz: %lu calls failed, %lu did not, %lu signals\n", errors,
	       successes, signals);
	return 0;
}
