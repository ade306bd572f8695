/* SPDX-License-Identifier: MIT */
/*
 * Half of the memory is free, and no two pages of it are neighbours. Every call
 * that needs more than a page for a while works all the same. A line for each;
 * the status is how many did not.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096UL
#define POPULATE 23 /* MADV_POPULATE_WRITE; not in every C library */
#define PAIRS 60
#define MANY 5000

static char out[1 << 20], in[1 << 20];
static int failed;

static void check(bool good, const char *name)
{
	printf("pieces: %s: %s\n", name, good ? "ok" : strerror(errno));
	failed += !good;
	errno = 0;
}

/* ---- Memory -------------------------------------------------------------- */

static void fragment(void)
{
	size_t len = 1UL << 30, n = 0;
	char *at = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	while (n < len && !madvise(at + n, PAGE, POPULATE))
		n += PAGE;
	for (size_t i = 0; i < n; i += 2 * PAGE)
		madvise(at + i, PAGE, MADV_DONTNEED);
}

/* Blocks of two pages and more, as /proc/buddyinfo has them. */
static long whole_blocks(void)
{
	FILE *f = fopen("/proc/buddyinfo", "r");
	long n, sum = 0;

	if (!f || fscanf(f, "Node 0, zone Normal %*d") < 0)
		return -1;
	while (fscanf(f, "%ld", &n) == 1)
		sum += n;
	fclose(f);
	return sum;
}

/* ---- What goes through --------------------------------------------------- */

static bool read_all(int fd, size_t n)
{
	memset(in, 0, n);
	for (size_t got = 0; got < n;) {
		ssize_t part = read(fd, in + got, n - got);

		if (part <= 0)
			return false;
		got += part;
	}
	return !memcmp(in, out, n);
}

static void test_unix(void)
{
	static int sp[PAIRS][2];
	int big = 1 << 20, pair[2], ends[2];
	bool good = true;

	for (int i = 0; i < PAIRS; i++) {
		socketpair(AF_UNIX, SOCK_STREAM, 0, sp[i]);
		good &= write(sp[i][1], out, 65536) == 65536;
	}
	check(good, "a stream's writes of 64 KiB");
	pipe(ends);
	good = splice(sp[0][0], NULL, ends[1], NULL, 65536, 0) > 4096;
	check(good, "a stream into a pipe");
	for (int i = 1; i < PAIRS; i++)
		good &= read_all(sp[i][0], 65536);
	check(good, "which are read");
	socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	check(send(pair[0], out, 300000, 0) == 300000 &&
		      recv(pair[1], in, sizeof(in), 0) == 300000 &&
		      !memcmp(in, out, 300000),
	      "a datagram of 300,000 bytes");
}

static void test_pipe(void)
{
	int ends[2];

	pipe(ends);
	check(fcntl(ends[0], F_SETPIPE_SZ, 1 << 20) == 1 << 20 &&
		      write(ends[1], out, 1 << 20) == 1 << 20 &&
		      read_all(ends[0], 1 << 20),
	      "a pipe of a mebibyte");
}

static void test_iovecs(void)
{
	static struct iovec iov[1024];
	int ends[2];

	for (int i = 0; i < 1024; i++)
		iov[i] = (struct iovec){ out + i, 1 };
	pipe(ends);
	check(writev(ends[1], iov, 1024) == 1024 && read_all(ends[0], 1024),
	      "1,024 pieces in one call");
}

static struct sockaddr_in local(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(
					     INADDR_LOOPBACK) };
}

static void test_internet(void)
{
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int ping = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int tcp = socket(AF_INET, SOCK_STREAM, 0), far;
	struct sockaddr_in sin = local(7);

	bind(udp, (void *)&sin, sizeof(sin));
	connect(udp, (void *)&sin, sizeof(sin));
	check(send(udp, out, 65507, 0) == 65507 &&
		      recv(udp, in, sizeof(in), 0) == 65507 &&
		      !memcmp(in, out, 65507),
	      "a datagram of 65,507 bytes");
	memcpy(in, out, 60000);
	memset(in, 0, 8);
	in[0] = 8; /* an echo request */
	check(sendto(ping, in, 60000, 0, (void *)&sin, sizeof(sin)) == 60000 &&
		      recv(ping, in, sizeof(in), 0) == 60000 &&
		      !memcmp(in + 8, out + 8, 59992),
	      "a ping of 60,000 bytes");
	bind(listener, (void *)&sin, sizeof(sin));
	listen(listener, 1);
	connect(tcp, (void *)&sin, sizeof(sin));
	far = accept(listener, NULL, NULL);
	check(send(tcp, out, 65536, 0) == 65536 && read_all(far, 65536),
	      "64 KiB over a connection");
}

static void test_netlink(void)
{
	uint32_t header[4] = { 100000, 1 }; /* NLMSG_NOOP */
	int fd = socket(AF_NETLINK, SOCK_RAW, 0);

	memcpy(in, header, sizeof(header));
	check(send(fd, in, 100000, 0) == 100000, "a request of 100,000 bytes");
}

/* ---- Tables -------------------------------------------------------------- */

static void test_descriptors(void)
{
	static struct pollfd pfd[MANY];
	static struct epoll_event events[MANY];
	int set = epoll_create1(0), count = 0;
	bool good = true;
	fd_set *bits = calloc(1, 65536 / 8);

	for (int i = 0; i < MANY; i++) {
		struct epoll_event e = { .events = EPOLLIN };
		int fd = eventfd(1, 0);

		good &= fd >= 0 && !epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
		pfd[i] = (struct pollfd){ fd, POLLIN, 0 };
	}
	check(good, "5,000 descriptors");
	check(poll(pfd, MANY, -1) == MANY, "poll()");
	while (count < MANY) {
		int n = epoll_wait(set, events, MANY, 0);

		if (n <= 0)
			break;
		count += n;
	}
	check(count >= MANY, "epoll_wait()");
	check(dup2(pfd[0].fd, 60000) == 60000, "a descriptor far above");
	((unsigned char *)bits)[60000 / 8] |= 1 << 60000 % 8;
	check(select(60001, bits, NULL, NULL, NULL) == 1, "select()");
}

static void test_million(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	check(dup2(1, limit.rlim_max - 1) == (int)limit.rlim_max - 1,
	      "the highest descriptor");
}

static void *nothing(void *arg)
{
	return arg;
}

static void test_threads(void)
{
	pthread_t thread[30];
	bool good = true;

	for (int i = 0; i < 30; i++)
		good &= !(errno = pthread_create(&thread[i], NULL, nothing, 0));
	for (int i = 0; good && i < 30; i++)
		pthread_join(thread[i], NULL);
	check(good, "thirty threads");
}

static void test_proc(void)
{
	static const char *const paths[] = { "/proc/self/maps",
					     "/proc/net/unix", "/proc/net/udp",
					     "/proc/slabinfo" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int fd = open(paths[i], O_RDONLY);
		ssize_t n, sum = 0;

		while ((n = read(fd, in, sizeof(in))) > 0)
			sum += n;
		check(!n && sum > 100, paths[i]);
	}
}

int main(void)
{
	long whole;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = i * 31 + i / 251;
	memset(in, 1, sizeof(in));
	setvbuf(stdout, NULL, _IONBF, 0);
	whole_blocks();
	fragment();
	whole = whole_blocks();
	check(whole >= 0 && whole < 20, "memory is in single pages");
	test_unix();
	test_pipe();
	test_iovecs();
	test_internet();
	test_netlink();
	test_descriptors();
	test_million();
	test_threads();
	test_proc();
	printf("pieces: %ld larger blocks\n", whole_blocks());
	return failed;
}
