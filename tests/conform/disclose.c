/* SPDX-License-Identifier: MIT */
/*
 * What a system call hands out is all its own: no byte of a result, holes
 * between fields included, is what the kernel's stack or heap held before.
 * Both are filled with a pattern first, another one in each turn, and no place
 * of the result may hold the pattern in every turn: a time or a number does so
 * once by chance, what is disclosed does so always.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tap.h"

static const uint8_t patterns[] = { 0xe7, 0xb9, 0xd3, 0x9d };

static uint8_t buf[4096], matches[sizeof(buf)];
static int sock, pair[2];

/* Calls that copy from ring 3 to the kernel's stack, or nearly. */
static void poison(uint8_t pattern)
{
	static uint8_t bytes[4096];
	struct iovec iov[8];
	struct msghdr msg;
	struct rlimit limit;

	memset(bytes, pattern, sizeof(bytes));
	memset(iov, pattern, sizeof(iov));
	memset(&msg, pattern, sizeof(msg));
	memset(&limit, pattern, sizeof(limit));
	setsockopt(sock, SOL_SOCKET, pattern, bytes, 256);
	bind(sock, (void *)bytes, 128);
	sendto(sock, bytes, 1, MSG_DONTWAIT, (void *)bytes, 128);
	writev(pair[1], iov, 8);
	sendmsg(sock, &msg, 0);
	msg.msg_namelen = 0;
	msg.msg_iov = iov;
	msg.msg_iovlen = 8;
	sendmsg(sock, &msg, 0);
	syscall(SYS_rt_sigtimedwait, bytes, bytes, bytes, 8);
	syscall(SYS_timerfd_settime, 0, 0, bytes, bytes);
	syscall(SYS_setrlimit, 1000, &limit);
	syscall(SYS_poll, bytes, 30, 0);
	syscall(SYS_select, 512, bytes, bytes, bytes, bytes);
	write(pair[1], bytes, sizeof(bytes));
	read(pair[0], bytes, sizeof(bytes));
	memset(buf, 0, sizeof(buf));
}

static void match(uint8_t pattern)
{
	for (size_t i = 0; i < sizeof(buf); i++)
		matches[i] += buf[i] == pattern;
}

static bool clean(void)
{
	return !memchr(matches, sizeof(patterns), sizeof(matches));
}

#define CHECK(what, call)                                                \
	do {                                                             \
		bool worked = true;                                      \
		memset(matches, 0, sizeof(matches));                     \
		for (size_t turn = 0; turn < sizeof(patterns); turn++) { \
			poison(patterns[turn]);                          \
			worked &= (call) >= 0;                           \
			match(patterns[turn]);                           \
		}                                                        \
		ok(worked &&clean(), "disclose: nothing through " what); \
	} while (0)

static void test_files(void)
{
	struct stat *st = (void *)buf;
	int dir = open("/", O_RDONLY);

	CHECK("fstat of a socket", fstat(sock, st));
	ok(st->st_size == 0 && st->st_rdev == 0 && st->st_mtime == 0 &&
		   S_ISSOCK(st->st_mode) && st->st_nlink == 1,
	   "disclose: a socket's stat has its own values");
	CHECK("fstat of a pipe", fstat(pair[0], st));
	CHECK("fstat of the console", fstat(1, st));
	CHECK("stat", stat("/", st));
	CHECK("statx", syscall(SYS_statx, AT_FDCWD, "/", 0, 0x7ff, buf));
	CHECK("getdents64", syscall(SYS_getdents64, dir, buf, sizeof(buf)));
	CHECK("F_GETLK", ({
		      ((struct flock *)buf)->l_type = F_RDLCK;
		      fcntl(dir, F_GETLK, buf);
	      }));
	CHECK("getcwd", syscall(SYS_getcwd, buf, sizeof(buf)));
	close(dir);
}

static void test_machine(void)
{
	CHECK("uname", uname((void *)buf));
	CHECK("sysinfo", sysinfo((void *)buf));
	CHECK("getrusage", getrusage(RUSAGE_SELF, (void *)buf));
	CHECK("times", times((void *)buf));
	CHECK("gettimeofday", syscall(SYS_gettimeofday, buf, buf + 16));
	CHECK("clock_gettime", syscall(SYS_clock_gettime, 1, buf));
	CHECK("getrlimit", getrlimit(RLIMIT_NOFILE, (void *)buf));
	CHECK("getitimer", getitimer(ITIMER_REAL, (void *)buf));
	CHECK("sched_getaffinity",
	      syscall(SYS_sched_getaffinity, 0, sizeof(buf), buf));
}

static void test_signals(void)
{
	struct timespec none = { 0 };
	sigset_t set;

	CHECK("sigaltstack", sigaltstack(NULL, (void *)buf));
	CHECK("sigaction", syscall(SYS_rt_sigaction, SIGUSR1, NULL, buf, 8));
	CHECK("sigprocmask", syscall(SYS_rt_sigprocmask, 0, NULL, buf, 8));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK("siginfo", ({
		      raise(SIGUSR1);
		      sigtimedwait(&set, (void *)buf, &none);
	      }));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void test_sockets(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	int ep = epoll_create1(0);
	struct epoll_event ev = { .events = EPOLLOUT };
	socklen_t len;

	bind(udp, (void *)&sin, sizeof(sin));
	len = sizeof(sin);
	getsockname(udp, (void *)&sin, &len);
	CHECK("getsockname", (len = 128, getsockname(udp, (void *)buf, &len)));
	CHECK("recvfrom", ({
		      sendto(udp, "x", 1, 0, (void *)&sin, sizeof(sin));
		      len = 128;
		      recvfrom(udp, buf + 200, 10, 0, (void *)buf, &len);
	      }));
	CHECK("SO_LINGER",
	      (len = 256, getsockopt(sock, SOL_SOCKET, SO_LINGER, buf, &len)));
	CHECK("SO_RCVTIMEO", (len = 256, getsockopt(sock, SOL_SOCKET,
						    SO_RCVTIMEO, buf, &len)));
	CHECK("SO_TYPE",
	      (len = 256, getsockopt(sock, SOL_SOCKET, SO_TYPE, buf, &len)));
	CHECK("TCP_INFO",
	      (len = 256, getsockopt(sock, IPPROTO_TCP, TCP_INFO, buf, &len)));
	CHECK("timerfd_gettime", timerfd_gettime(timer, (void *)buf));
	epoll_ctl(ep, EPOLL_CTL_ADD, udp, &ev);
	CHECK("epoll_wait", epoll_wait(ep, (void *)buf, 10, 0));
	close(udp);
	close(timer);
	close(ep);
}

/* Those that change what the descriptor does, and write nothing. */
static bool only_sets(unsigned int request)
{
	return request == FIONCLEX || request == FIOCLEX ||
	       request == FIONBIO || request == FIOASYNC;
}

/* Whether this request, of an interface where it wants one, is clean. */
static bool ioctl_is_clean(int fd, unsigned int request)
{
	memset(matches, 0, sizeof(matches));
	for (size_t turn = 0; turn < sizeof(patterns); turn++) {
		poison(patterns[turn]);
		strcpy((char *)buf, "lo");
		ioctl(fd, request, buf);
		match(patterns[turn]);
	}
	return clean();
}

static void sweep(int fd, const char *kind)
{
	static const unsigned int groups[] = { 0x5200, 0x5400, 0x8900 };
	char title[80];
	bool all = true;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		for (unsigned int nr = 0; nr < 256; nr++) {
			unsigned int request = groups[i] + nr;

			if (only_sets(request) || ioctl_is_clean(fd, request))
				continue;
			printf("# request %#x\n", request);
			all = false;
		}
	}
	sprintf(title, "disclose: nothing through any ioctl of %s", kind);
	ok(all, title);
	close(fd);
}

static void test_ioctls(void)
{
	int fds[2];

	sweep(socket(AF_INET, SOCK_STREAM, 0), "a TCP socket");
	sweep(socket(AF_INET, SOCK_DGRAM, 0), "a UDP socket");
	sweep(socket(AF_NETLINK, SOCK_RAW, 0), "a netlink socket");
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	sweep(fds[0], "a UNIX socket");
	close(fds[1]);
	pipe(fds);
	sweep(fds[0], "a pipe");
	close(fds[1]);
	sweep(epoll_create1(0), "an epoll set");
	sweep(timerfd_create(CLOCK_MONOTONIC, 0), "a timerfd");
	sweep(open("/dev/urandom", O_RDONLY), "/dev/urandom");
	sweep(open("/", O_RDONLY), "a directory");
}

int main(void)
{
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 9;
	sock = socket(AF_INET, SOCK_STREAM, 0);
	if (pipe(pair))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	test_files();
	test_machine();
	test_signals();
	test_sockets();
	test_ioctls();
	return done_testing();
}
