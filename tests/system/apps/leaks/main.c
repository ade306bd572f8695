/* SPDX-License-Identifier: MIT */
/*
 * Makes system calls of every number on descriptors of every kind, reads all
 * files, options and configurations, takes signals, and keeps what came of it.
 * Then a connection to port 80 gets all memory that somebody can have written to
 * meanwhile, and what the kernel has mapped by itself.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <arpa/inet.h>
#include <asm/prctl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NR_CALLS 460 /* Linux has none beyond */
#define AREA 512 /* bytes for the results of one call */
#define KEPT_MAX (24 << 20)
#define FILE_MAX (64 << 10)

/*
 * Not made of numbers: they end or stop the program, take away what it stands
 * on, or wait. What of it gives anything is called by name.
 */
static const short left_out[] = {
	SYS_close,
	SYS_poll,
	SYS_mmap,
	SYS_mprotect,
	SYS_munmap,
	SYS_brk,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_select,
	SYS_mremap,
	SYS_madvise,
	SYS_dup2,
	SYS_pause,
	SYS_nanosleep,
	SYS_alarm,
	SYS_setitimer,
	SYS_accept,
	SYS_shutdown,
	SYS_clone,
	SYS_fork,
	SYS_vfork,
	SYS_execve,
	SYS_exit,
	SYS_wait4,
	SYS_kill,
	SYS_flock,
	SYS_rt_sigtimedwait,
	SYS_rt_sigsuspend,
	SYS_sigaltstack,
	SYS_prctl,
	SYS_arch_prctl,
	SYS_setrlimit,
	SYS_reboot,
	SYS_tkill,
	SYS_futex,
	SYS_set_tid_address,
	SYS_clock_nanosleep,
	SYS_exit_group,
	SYS_epoll_wait,
	SYS_tgkill,
	SYS_waitid,
	SYS_pselect6,
	SYS_ppoll,
	SYS_set_robust_list,
	SYS_epoll_pwait,
	SYS_accept4,
	SYS_dup3,
	SYS_rt_tgsigqueueinfo,
	SYS_rt_sigqueueinfo,
	SYS_prlimit64,
	SYS_execveat,
	SYS_clone3,
	SYS_close_range,
	SYS_epoll_pwait2,
};

static uint8_t *kept;
static size_t used;
static int fds[32];
static unsigned int nr_fds;
static sigjmp_buf back;

/* Where the next result goes. */
static void *area(void)
{
	if (used + AREA > KEPT_MAX) {
		printf("leaks: no room\n");
		exit(1);
	}
	return kept + used;
}

/*
 * What a call returned is a result as well. An area that it did not write to is
 * the next one's.
 */
static void keep(long ret)
{
	const uint8_t *at = area();

	if (at[0] || memcmp(at, at + 1, AREA - 1))
		used += AREA;
	memcpy(area(), &ret, sizeof(ret));
	used += sizeof(ret);
}

#define KEEP(call)                        \
	do {                              \
		uint8_t *at = area();     \
		long ret_ = (long)(call); \
		keep(ret_);               \
	} while (0)

static void keep_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	size_t left = FILE_MAX;
	ssize_t n;

	if (fd < 0)
		return;
	while (left && used + left + 2 * AREA < KEPT_MAX &&
	       (n = read(fd, kept + used, left)) > 0) {
		used += n;
		left -= n;
	}
	close(fd);
}

/* Everything below a folder: names, what they are, what they hold. */
static void keep_tree(const char *path, unsigned int depth)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	char name[PATH_MAX];
	struct stat st;

	while (dir && (e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		KEEP(memcpy(at, e, MIN((size_t)e->d_reclen, AREA)));
		KEEP(lstat(name, (void *)at));
		KEEP(syscall(SYS_statx, AT_FDCWD, name, 0, 0xfff, at));
		KEEP(syscall(SYS_statfs, name, at));
		KEEP(readlink(name, (char *)at, AREA));
		if (lstat(name, &st))
			continue;
		if (S_ISDIR(st.st_mode) && depth)
			keep_tree(name, depth - 1);
		else if (S_ISREG(st.st_mode))
			keep_file(name);
	}
	if (dir)
		closedir(dir);
}

static void keep_options(int fd)
{
	static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP,
				      IPPROTO_UDP, SOL_NETLINK };

	for (size_t l = 0; l < sizeof(levels) / sizeof(*levels); l++)
		for (int option = 0; option < 80; option++)
			KEEP(({
				socklen_t len = AREA;
				getsockopt(fd, levels[l], option, at, &len);
			}));
	for (int call = 0x8900; call < 0x8960; call++)
		KEEP(({
			strcpy((char *)at, "eth0");
			ioctl(fd, call, at);
		}));
	for (int call = 0x5401; call < 0x5470; call++)
		if (call != FIONBIO) /* they do not wait */
			KEEP(ioctl(fd, call, at));
}

static void keep_netlink(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE);

	for (int type = RTM_BASE; type < RTM_BASE + 80; type++) {
		struct {
			struct nlmsghdr head;
			struct rtmsg body;
		} ask = { { sizeof(ask), type, NLM_F_REQUEST | NLM_F_DUMP, 1,
			    0 },
			  { .rtm_family = AF_INET } };

		send(fd, &ask, sizeof(ask), 0);
		for (long n = 1; n > 0 && used + FILE_MAX < KEPT_MAX;) {
			n = recv(fd, kept + used, FILE_MAX, 0);
			used += n > 0 ? n : 0;
		}
	}
	close(fd);
}

static bool is_left_out(int nr)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(*left_out); i++)
		if (left_out[i] == nr)
			return true;
	return false;
}

/* One call with its results first, second, third, fourth. */
static void keep_call(int nr, int fd)
{
	static const char path[] = "/proc/self/stat";

	/* Calls before may have made it wait. */
	fcntl(fd, F_SETFL, O_NONBLOCK);
	KEEP(syscall(nr, fd, at, AREA, 0, 0, 0));
	KEEP(syscall(nr, at, AREA, 0, 0, 0, 0));
	KEEP(syscall(nr, path, at, AREA, 0, 0, 0));
	KEEP(syscall(nr, AT_FDCWD, path, at, AREA, 0, 0));
	KEEP(syscall(nr, fd, 0, at, at + AREA / 2, 0, 0));
	KEEP(syscall(nr, 0, fd, 0, at, AREA, 0));
}

static void keep_calls(void)
{
	for (int nr = 0; nr < NR_CALLS; nr++) {
		if (is_left_out(nr))
			continue;
		for (unsigned int i = 0; i < nr_fds; i++)
			keep_call(nr, fds[i]);
	}
}

static void keep_rest(void)
{
	struct pollfd p = { fds[0], POLLIN, 0 };
	int ep = epoll_create1(0);
	struct epoll_event ev = { .events = EPOLLOUT };

	epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &ev);
	KEEP(epoll_wait(ep, (void *)at, 8, 0));
	KEEP(poll(memcpy(at, &p, sizeof(p)), 1, 0));
	for (int i = 1; i < 65; i++)
		KEEP(syscall(SYS_rt_sigaction, i, NULL, at, 8));
	KEEP(syscall(SYS_rt_sigprocmask, 0, NULL, at, 8));
	KEEP(sigaltstack(NULL, (void *)at));
	for (int i = 0; i < 16; i++)
		KEEP(prlimit(0, i, NULL, (void *)at));
	KEEP(syscall(SYS_arch_prctl, ARCH_GET_FS, at));
	KEEP(syscall(SYS_arch_prctl, ARCH_GET_GS, at));
	for (int i = 0; i < 70; i++)
		KEEP(syscall(SYS_prctl, i, at, 0, 0, 0));
	KEEP(syscall(SYS_get_robust_list, 0, at, at + 8));
	close(ep);
}

/* Signals' frames stay on the alternate stack, and are read with all else. */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)info, (void)context;
	if (sig != SIGUSR1)
		siglongjmp(back, 1);
}

static void take_signals(void)
{
	static uint8_t stack[1 << 16];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction act = { .sa_sigaction = on_signal,
				 .sa_flags = SA_SIGINFO | SA_ONSTACK };
	static const uintptr_t places[] = { 8, 0xffffffff80000000,
					    0x800000000000 };

	sigaltstack(&ss, NULL);
	sigaction(SIGSEGV, &act, NULL);
	sigaction(SIGBUS, &act, NULL);
	sigaction(SIGILL, &act, NULL);
	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
	for (size_t i = 0; i < 3; i++)
		if (!sigsetjmp(back, 1))
			*(volatile char *)places[i] = 0;
	if (!sigsetjmp(back, 1))
		__builtin_trap();
}

static void hold(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	fds[nr_fds++] = fd;
}

/* Descriptors of every kind; sockets that have had something to do. */
static void open_all(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(81),
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct ip_mreq group = { .imr_multiaddr.s_addr = inet_addr(
					 "239.1.2.3") };
	sigset_t set;
	int pair[2];

	sigemptyset(&set);
	hold(socket(AF_INET, SOCK_STREAM, 0));
	bind(fds[0], (void *)&sin, sizeof(sin));
	listen(fds[0], 8);
	hold(socket(AF_INET, SOCK_STREAM, 0));
	connect(fds[1], (void *)&sin, sizeof(sin));
	hold(accept4(fds[0], NULL, NULL, 0));
	hold(socket(AF_INET, SOCK_DGRAM, 0));
	sin.sin_addr.s_addr = 0;
	bind(fds[3], (void *)&sin, sizeof(sin));
	setsockopt(fds[3], IPPROTO_IP, IP_ADD_MEMBERSHIP, &group,
		   sizeof(group));
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	hold(pair[0]);
	hold(pair[1]);
	pipe(pair);
	hold(pair[0]);
	hold(pair[1]);
	hold(open("/", O_RDONLY));
	hold(open("/proc/self/maps", O_RDONLY));
	hold(open("/dev/null", O_RDWR));
	hold(eventfd(1, 0));
	hold(timerfd_create(CLOCK_MONOTONIC, 0));
	hold(signalfd(-1, &set, 0));
	hold(epoll_create1(0));
	hold(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
}

static void write_all(int fd, const uint8_t *from, size_t n)
{
	while (n) {
		ssize_t done = send(fd, from, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EFAULT)
			return; /* what the kernel does not read either */
		if (done <= 0)
			exit(1);
		from += done;
		n -= done;
	}
}

/* As /proc/self/maps tells it: what is writable, and the vDSO. */
static void send_memory(int fd)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end, sent = 0;
	char line[256], rights[5];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s", &start, &end, rights) != 3 ||
		    rights[0] != 'r' ||
		    (rights[1] != 'w' && !strstr(line, "[v")))
			continue;
		/* Of what is kept, that which is in use. */
		if (start <= (uintptr_t)kept && (uintptr_t)kept < end)
			end = MIN(end, (uintptr_t)kept + used);
		write_all(fd, (void *)start, end - start);
		sent += end - start;
	}
	printf("leaks: sent %lu\n", sent);
}

int main(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(80) };
	int l = socket(AF_INET, SOCK_STREAM, 0);

	kept = mmap(NULL, KEPT_MAX, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (kept == MAP_FAILED || bind(l, (void *)&sin, sizeof(sin)) ||
	    listen(l, 8))
		return 1;
	signal(SIGPIPE, SIG_IGN);
	open_all();
	take_signals();
	keep_tree("", 3);
	for (unsigned int i = 0; i < nr_fds; i++)
		keep_options(fds[i]);
	keep_netlink();
	keep_rest();
	keep_calls();
	printf("leaks: ready\n");
	fflush(stdout);
	for (;;) {
		int fd = accept(l, NULL, NULL);

		send_memory(fd);
		fflush(stdout);
		close(fd);
	}
}
