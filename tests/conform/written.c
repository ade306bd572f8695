/* SPDX-License-Identifier: MIT */
/*
 * Which bytes of the caller's memory a call writes. The memory is filled with
 * one pattern and then with another, and the call made twice: a byte that is
 * the pattern both times was left alone. "x16 .4 x8" is 16 bytes written, 4 not,
 * 8 written, and then none: the holes of structures, what lies behind short
 * addresses and control messages, the rest of names.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/un.h>
#include <sys/utsname.h>

#include "sockets.h"

#define SIZE 1024

static uint8_t room[2][SIZE];
static uint8_t *buf; /* the one of this turn */
static socklen_t len;

static bool was_written(size_t i)
{
	return room[0][i] != 0xe7 || room[1][i] != 0xb9;
}

/* The map, without what is left alone at the end. */
static const char *map(void)
{
	static char text[256];
	size_t end = SIZE, from = 0, at = 0;

	while (end && !was_written(end - 1))
		end--;
	text[0] = '\0';
	for (size_t i = 1; i <= end; i++) {
		if (i < end && was_written(i) == was_written(from))
			continue;
		if (at < sizeof(text) - 20)
			at += sprintf(text + at, "%s%c%d", at ? " " : "",
				      was_written(from) ? 'x' : '.',
				      (int)(i - from));
		from = i;
	}
	return text;
}

#define CHECK(what, want, call)                                      \
	do {                                                         \
		long result = 0;                                     \
		for (int turn = 0; turn < 2; turn++) {               \
			buf = room[turn];                            \
			memset(buf, turn ? 0xb9 : 0xe7, SIZE);       \
			result = (call);                             \
		}                                                    \
		if (result < 0)                                      \
			printf("# " what ": %s\n", strerror(errno)); \
		is_str(map(), want, "written: " what);               \
	} while (0)

/* Two descriptors that a call has written. */
static long closing(long result)
{
	close(((int *)buf)[0]);
	close(((int *)buf)[1]);
	return result;
}

static void test_files(void)
{
	int dir, fds[2], file = open("/proc/self/exe", O_RDONLY);

	CHECK("fstat", "x144", fstat(file, (void *)buf));
	CHECK("stat", "x144", syscall(SYS_stat, "/", buf));
	CHECK("newfstatat", "x144",
	      syscall(SYS_newfstatat, file, "", buf,
		      0x1000 /* AT_EMPTY_PATH */));
	CHECK("statx", "x256",
	      syscall(SYS_statx, file, "", 0x1000, 0x7ff, buf));
	CHECK("statx of nothing", "x256",
	      syscall(SYS_statx, file, "", 0x1000, 0, buf));
	dir = open("/proc", O_RDONLY);
	CHECK("getdents64", "x21 .3 x22", ({
		      lseek(dir, 0, SEEK_SET);
		      syscall(SYS_getdents64, dir, buf, 48);
	      }));
	close(dir);
	CHECK("getcwd", "x2", syscall(SYS_getcwd, buf, SIZE));
	CHECK("readlink", "x1", readlink("/proc/self", (char *)buf, 1));
	CHECK("F_GETLK", "x32", ({
		      *(struct flock *)buf = (struct flock){ .l_type = F_RDLCK,
							     .l_len = 1 };
		      fcntl(file, F_GETLK, buf);
	      }));
	CHECK("F_GETOWN_EX", "x8", fcntl(file, F_GETOWN_EX, buf));
	CHECK("pipe2", "x8", closing(syscall(SYS_pipe2, buf, 0)));
	CHECK("socketpair", "x8",
	      closing(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, buf)));
	pipe(fds);
	CHECK("FIONREAD", "x4", ioctl(fds[0], FIONREAD, buf));
	close(fds[0]);
	close(fds[1]);
	close(file);
}

static void test_times(void)
{
	int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	static const struct itimerspec spec = { { 1000, 3 }, { 2000, 5 } };

	CHECK("gettimeofday", "x16 .48 x8",
	      syscall(SYS_gettimeofday, buf, buf + 64));
	CHECK("time", "x8", syscall(SYS_time, buf));
	CHECK("clock_gettime", "x16", syscall(SYS_clock_gettime, 1, buf));
	CHECK("clock_getres", "x16", syscall(SYS_clock_getres, 1, buf));
	CHECK("times", "x32", times((void *)buf));
	CHECK("getitimer", "x32", getitimer(ITIMER_REAL, (void *)buf));
	CHECK("timerfd_settime", "x32",
	      timerfd_settime(timer, 0, &spec, (void *)buf));
	CHECK("timerfd_gettime", "x32", timerfd_gettime(timer, (void *)buf));
	CHECK("nanosleep that ends", "", ({
		      struct timespec none = { 0, 1000 };
		      syscall(SYS_nanosleep, &none, buf);
	      }));
	CHECK("select's rest", "x16", ({
		      *(struct timeval *)buf = (struct timeval){ 0, 1000 };
		      syscall(SYS_select, 0, NULL, NULL, NULL, buf);
	      }));
	CHECK("ppoll's rest", "x16", ({
		      *(struct timespec *)buf = (struct timespec){ 0, 1000 };
		      syscall(SYS_ppoll, NULL, 0, buf, NULL, 8);
	      }));
	close(timer);
}

static void test_process(void)
{
	static const uint32_t header[2] = { 0x20080522, 0 };
	uint32_t version[2];

	CHECK("uname", "x390", uname((void *)buf));
	CHECK("sysinfo", "x112", sysinfo((void *)buf));
	CHECK("getrusage", "x144", getrusage(RUSAGE_SELF, (void *)buf));
	CHECK("getrlimit", "x16", getrlimit(RLIMIT_NOFILE, (void *)buf));
	CHECK("prlimit64", "x16",
	      syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, buf));
	CHECK("capget", "x24", ({
		      memcpy(version, header, sizeof(version));
		      syscall(SYS_capget, version, buf);
	      }));
	CHECK("getresuid", "x4 .12 x4 .12 x4",
	      syscall(SYS_getresuid, buf, buf + 16, buf + 32));
	CHECK("getcpu", "x4 .12 x4", syscall(SYS_getcpu, buf, buf + 16, NULL));
	CHECK("sched_getaffinity, 8 bytes", "x8",
	      syscall(SYS_sched_getaffinity, 0, 8, buf));
	CHECK("sched_getparam", "x4", syscall(SYS_sched_getparam, 0, buf));
	CHECK("get_robust_list", "x8 .8 x8",
	      syscall(SYS_get_robust_list, 0, buf, buf + 16));
	CHECK("PR_GET_NAME", "x16", syscall(SYS_prctl, 16, buf));
	CHECK("mincore", "x1",
	      syscall(SYS_mincore, (uintptr_t)room & ~4095UL, 4096, buf));
}

static void raise_with_value(int sig)
{
	siginfo_t info;

	memset(&info, 0xff, sizeof(info));
	info.si_signo = sig;
	info.si_errno = 0;
	info.si_code = SI_QUEUE;
	syscall(SYS_rt_sigqueueinfo, getpid(), sig, &info);
}

static void test_signals(void)
{
	struct timespec none = { 0, 0 };
	sigset_t set;
	int fd;

	CHECK("sigaltstack", "x24", syscall(SYS_sigaltstack, NULL, buf));
	CHECK("sigaction", "x32",
	      syscall(SYS_rt_sigaction, SIGUSR1, NULL, buf, 8));
	CHECK("sigprocmask", "x8",
	      syscall(SYS_rt_sigprocmask, 0, NULL, buf, 8));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	CHECK("sigpending", "x8", syscall(SYS_rt_sigpending, buf, 8));
	CHECK("siginfo of kill", "x128", ({
		      kill(getpid(), SIGUSR1);
		      syscall(SYS_rt_sigtimedwait, &set, buf, &none, 8);
	      }));
	CHECK("siginfo of tgkill", "x128", ({
		      raise(SIGUSR1);
		      syscall(SYS_rt_sigtimedwait, &set, buf, &none, 8);
	      }));
	CHECK("siginfo of sigqueue", "x128", ({
		      raise_with_value(SIGUSR1);
		      syscall(SYS_rt_sigtimedwait, &set, buf, &none, 8);
	      }));
	fd = signalfd(-1, &set, 0);
	CHECK("signalfd", "x128", ({
		      kill(getpid(), SIGUSR1);
		      read(fd, buf, SIZE);
	      }));
	CHECK("signalfd of sigqueue", "x128", ({
		      raise_with_value(SIGUSR1);
		      read(fd, buf, SIZE);
	      }));
	close(fd);
}

/* ---- Addresses ----------------------------------------------------------- */

static struct sockaddr *room_for(socklen_t n)
{
	len = n;
	return (struct sockaddr *)buf;
}

static int unix_named(const char *name, int n)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(a.sun_path, name, n);
	bind(fd, (struct sockaddr *)&a, 2 + n);
	return fd;
}

static void test_names(void)
{
	int fds[2], udp = socket(AF_INET, SOCK_DGRAM, 0), un, nl, other;
	struct sockaddr_in in = local(0);
	socklen_t n = sizeof(in);

	bind(udp, (struct sockaddr *)&in, sizeof(in));
	getsockname(udp, (struct sockaddr *)&in, &n);
	CHECK("getsockname, IP", "x16", getsockname(udp, room_for(128), &len));
	CHECK("getsockname, IP, 5 bytes", "x5",
	      getsockname(udp, room_for(5), &len));
	CHECK("recvfrom, IP", "x16 .496 x1", ({
		      sendto(udp, "x", 1, 0, (struct sockaddr *)&in,
			     sizeof(in));
		      recvfrom(udp, buf + 512, 10, 0, room_for(128), &len);
	      }));
	pair(fds);
	CHECK("getpeername, TCP", "x16",
	      getpeername(fds[0], room_for(128), &len));
	CHECK("recvfrom, TCP: no name", ".512 x1", ({
		      write(fds[0], "x", 1);
		      recvfrom(fds[1], buf + 512, 10, 0, room_for(128), &len);
	      }));
	close(fds[0]);
	close(fds[1]);
	un = unix_named("\0written", 8);
	CHECK("getsockname, UNIX", "x10", getsockname(un, room_for(128), &len));
	other = unix_named("", 0);
	CHECK("getsockname, UNIX, bound by itself", "x8",
	      getsockname(other, room_for(128), &len));
	socketpair(AF_UNIX, SOCK_DGRAM, 0, fds);
	CHECK("getsockname, UNIX, no name", "x2",
	      getsockname(fds[0], room_for(128), &len));
	CHECK("recvfrom, UNIX, no name", ".512 x1", ({
		      write(fds[0], "x", 1);
		      recvfrom(fds[1], buf + 512, 10, 0, room_for(128), &len);
	      }));
	nl = socket(AF_NETLINK, SOCK_RAW, 0);
	CHECK("getsockname, netlink", "x12",
	      getsockname(nl, room_for(128), &len));
	close(nl);
	close(other);
	close(un);
	close(udp);
	close(fds[0]);
	close(fds[1]);
}

/* ---- Control messages ---------------------------------------------------- */

static long receive(int fd, size_t control)
{
	struct iovec iov = { buf + 768, 16 };
	struct msghdr msg = { .msg_name = buf,
			      .msg_namelen = 128,
			      .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = buf + 256,
			      .msg_controllen = control };
	long n = recvmsg(fd, &msg, MSG_DONTWAIT);

	/* Descriptors that came are not kept. */
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); n >= 0 && c;
	     c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_type == SCM_RIGHTS && c->cmsg_level == SOL_SOCKET)
			for (size_t i = 0; CMSG_LEN(4 * i) < c->cmsg_len; i++)
				close(((int *)CMSG_DATA(c))[i]);
	return n;
}

static void send_files(int fd, int n)
{
	char control[64] = "";
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = CMSG_SPACE(4 * n) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(4 * n);
	sendmsg(fd, &msg, 0);
}

static void test_control(void)
{
	struct sockaddr_in in = local(0);
	int fds[2], udp = socket(AF_INET, SOCK_DGRAM, 0), lost;
	socklen_t n = sizeof(in);

	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	CHECK("SCM_RIGHTS, one", ".256 x20 .492 x1",
	      (send_files(fds[0], 1), receive(fds[1], 256)));
	CHECK("SCM_RIGHTS, three", ".256 x28 .484 x1",
	      (send_files(fds[0], 3), receive(fds[1], 256)));
	CHECK("SCM_RIGHTS, three in 26 bytes", ".256 x24 .488 x1",
	      (send_files(fds[0], 3), receive(fds[1], 26)));
	set_option(fds[1], SOL_SOCKET, SO_PASSCRED, 1);
	CHECK("SCM_CREDENTIALS", ".256 x28 .484 x1",
	      (write(fds[0], "x", 1), receive(fds[1], 256)));
	CHECK("SCM_CREDENTIALS and SCM_RIGHTS", ".256 x28 .4 x20 .460 x1",
	      (send_files(fds[0], 1), receive(fds[1], 256)));
	CHECK("SCM_CREDENTIALS in 20 bytes", ".256 x20 .492 x1",
	      (write(fds[0], "x", 1), receive(fds[1], 20)));
	bind(udp, (struct sockaddr *)&in, sizeof(in));
	getsockname(udp, (struct sockaddr *)&in, &n);
	connect(udp, (struct sockaddr *)&in, sizeof(in));
	CHECK("no control message", "x16 .752 x1",
	      (write(udp, "x", 1), receive(udp, 256)));
	set_option(udp, SOL_SOCKET, SO_TIMESTAMP, 1);
	CHECK("SO_TIMESTAMP", "x16 .240 x32 .480 x1",
	      (write(udp, "x", 1), receive(udp, 256)));
	set_option(udp, SOL_SOCKET, SO_TIMESTAMP, 0);
	set_option(udp, IPPROTO_IP, IP_PKTINFO, 1);
	set_option(udp, IPPROTO_IP, IP_RECVTTL, 1);
	set_option(udp, IPPROTO_IP, IP_RECVTOS, 1);
	set_option(udp, IPPROTO_IP, 20 /* IP_ORIGDSTADDR */, 1);
	CHECK("IP's control messages",
	      "x16 .240 x28 .4 x20 .4 x17 .7 x32 .400 x1",
	      (write(udp, "x", 1), receive(udp, 256)));
	CHECK("IP's control messages in 50 bytes",
	      "x16 .240 x28 .4 x18 .462 x1",
	      (write(udp, "x", 1), receive(udp, 50)));
	close(udp);
	lost = socket(AF_INET, SOCK_DGRAM, 0);
	set_option(lost, IPPROTO_IP, IP_RECVERR, 1);
	connect(lost, (struct sockaddr *)&in, sizeof(in));
	CHECK("IP_RECVERR", "x16 .240 x48 .464 x1", ({
		      struct iovec iov = { buf + 768, 16 };
		      struct msghdr msg = { .msg_name = buf,
					    .msg_namelen = 128,
					    .msg_iov = &iov,
					    .msg_iovlen = 1,
					    .msg_control = buf + 256,
					    .msg_controllen = 256 };
		      write(lost, "x", 1);
		      COMES_TRUE(recvmsg(lost, &msg, MSG_ERRQUEUE) >= 0);
	      }));
	close(lost);
	close(fds[0]);
	close(fds[1]);
}

/* ---- Interfaces and events ----------------------------------------------- */

static long ask(int fd, unsigned long request)
{
	memcpy(buf, "lo", 3);
	((struct ifreq *)buf)->ifr_ifindex = request == 0x8910 ? 1 : -1;
	return ioctl(fd, request, buf);
}

static void test_interfaces(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK("SIOCGIFCONF", "x40", ({
		      struct ifconf conf = { .ifc_len = sizeof(struct ifreq),
					     .ifc_buf = (char *)buf };
		      ioctl(fd, 0x8912, &conf);
	      }));
	CHECK("SIOCGIFNAME", "x3 .12 x5", ask(fd, 0x8910));
	CHECK("SIOCGIFFLAGS", "x3 .12 x5", ask(fd, 0x8913));
	CHECK("SIOCGIFADDR", "x3 .12 x17", ask(fd, 0x8915));
	CHECK("SIOCGIFNETMASK", "x3 .12 x17", ask(fd, 0x891b));
	CHECK("SIOCGIFBRDADDR", "x3 .12 x17", ask(fd, 0x8919));
	CHECK("SIOCGIFMTU", "x3 .12 x5", ask(fd, 0x8921));
	CHECK("SIOCGIFHWADDR", "x3 .12 x9", ask(fd, 0x8927));
	CHECK("SIOCGIFINDEX", "x3 .12 x5", ask(fd, 0x8933));
	CHECK("SIOCGIFTXQLEN", "x3 .12 x5", ask(fd, 0x8942));
	CHECK("SIOCGIFMAP", "x3 .12 x22", ask(fd, 0x8970));
	CHECK("SIOCGIFMETRIC", "x3 .12 x5", ask(fd, 0x891d));
	close(fd);
}

static void test_events(void)
{
	struct epoll_event ev = { .events = EPOLLOUT };
	int fds[2], ep = epoll_create1(0);

	pipe(fds);
	epoll_ctl(ep, EPOLL_CTL_ADD, fds[1], &ev);
	CHECK("epoll_wait", "x12", epoll_wait(ep, (void *)buf, 3, 0));
	CHECK("poll", "x8", ({
		      ((int *)buf)[0] = fds[1];
		      ((short *)buf)[2] = 4;
		      syscall(SYS_poll, buf, 1, 0);
	      }));
	CHECK("select", "x8 .56 x8", ({
		      memset(buf, 0, 8);
		      memset(buf + 64, 0, 8);
		      buf[64 + fds[1] / 8] |= 1 << fds[1] % 8;
		      syscall(SYS_select, fds[1] + 1, buf, buf + 64, NULL,
			      NULL);
	      }));
	close(ep);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	deadline(60);
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 9;
	if (chdir("/"))
		return 8;
	test_files();
	test_times();
	test_process();
	test_signals();
	test_names();
	test_control();
	test_interfaces();
	test_events();
	return done_testing();
}
