/* SPDX-License-Identifier: MIT */
/*
 * A server that takes all it can get. One thread echoes on port 7, and touches
 * no memory that it has not touched before. On port 8 it is told, a line each,
 * to hoard one kind of thing until a call says that there is no more ("take
 * NAME"), to let go of it ("drop"), or how much memory is free ("free").
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
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
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096UL
#define POPULATE 23 /* MADV_POPULATE_WRITE; not in every C library */
#define FD_MAX 65536
/* Descriptors that a careful server leaves for those who come. */
#define SPARE 64
#define MOST_THREADS 4000
#define STACK (2 * PAGE)

static int held[FD_MAX], nr_held;
static char *memory;
static size_t memory_len;
static char bytes[65536];
static volatile bool is_over; /* the threads that were taken end */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t over = PTHREAD_COND_INITIALIZER;
static pthread_t threads[MOST_THREADS];
static int nr_threads;
static char *stacks;

/* ---- Keeping ------------------------------------------------------------- */

/* A descriptor more: false, and errno, when there is none. */
static bool keep(int fd)
{
	if (fd < 0 || nr_held == FD_MAX)
		return false;
	held[nr_held++] = fd;
	return true;
}

static bool keep_two(const int *fds)
{
	return keep(fds[0]) && keep(fds[1]);
}

static void leave_some(void)
{
	int error = errno;

	if (error == ENOMEM || error == ENOBUFS)
		return; /* it is not for these that others go without */
	for (int i = 0; i < SPARE && nr_held; i++)
		close(held[--nr_held]);
	errno = error;
}

static bool is_full(void)
{
	return errno == EAGAIN;
}

static void unblock(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* ---- Kinds --------------------------------------------------------------- */

static char *reserve(size_t len)
{
	memory_len = len;
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

/* One page in each step, until there is none. */
static void take_pages(size_t len, size_t step)
{
	char *at = reserve(len);

	for (size_t i = 0; at && i < len; i += step)
		if (madvise(at + i, PAGE, POPULATE))
			return;
}

static void take_memory(void)
{
	take_pages(1UL << 30, PAGE);
}

/* A page table for each page. */
static void take_tables(void)
{
	take_pages(64UL << 30, 2UL << 20);
}

/* Areas that cannot be joined. */
static void take_areas(void)
{
	char *at = reserve(256UL << 20);

	for (size_t i = 0; at && i < memory_len; i += 2 * PAGE)
		if (mprotect(at + i, PAGE, PROT_READ))
			return;
}

static void take_pipes(void)
{
	int ends[2];

	while (!pipe2(ends, O_NONBLOCK) && keep_two(ends)) {
		fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
		while (write(ends[1], bytes, sizeof(bytes)) > 0)
			continue;
		if (!is_full())
			break;
	}
	leave_some();
}

/* A page of the application's for each byte, dropped by it at once. */
static void take_vmsplice(void)
{
	int ends[2];

	while (!pipe2(ends, O_NONBLOCK) && keep_two(ends)) {
		char *at = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ssize_t n = 1;

		for (int i = 0; at != MAP_FAILED && i < 16 && n > 0; i++) {
			struct iovec iov = { at + i * PAGE, 1 };

			if (madvise(at + i * PAGE, PAGE, POPULATE))
				n = -1;
			else
				n = vmsplice(ends[1], &iov, 1,
					     SPLICE_F_NONBLOCK);
		}
		if (at == MAP_FAILED)
			break;
		munmap(at, 16 * PAGE);
		if (n < 0)
			break;
	}
	leave_some();
}

/* Single bytes of a pipe into sockets, one a message. */
static void take_splice(void)
{
	int ends[2], pair[2];
	ssize_t n = 0;

	if (pipe2(ends, O_NONBLOCK) || !keep_two(ends))
		return;
	while (!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) &&
	       keep_two(pair)) {
		do {
			if (write(ends[1], "x", 1) < 0)
				break;
			n = splice(ends[0], NULL, pair[0], NULL, 1,
				   SPLICE_F_NONBLOCK);
		} while (n > 0);
		if (n < 0 && !is_full())
			break;
		while (read(ends[0], bytes, sizeof(bytes)) > 0)
			continue;
	}
	leave_some();
}

static void take_pairs(int type, size_t size)
{
	int pair[2];

	while (!socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair) &&
	       keep_two(pair)) {
		while (send(pair[0], bytes, size, 0) > 0)
			continue;
		if (!is_full())
			break;
	}
	leave_some();
}

static void take_streams(void)
{
	take_pairs(SOCK_STREAM, sizeof(bytes));
}

static void take_packets(void)
{
	take_pairs(SOCK_SEQPACKET, 40000);
}

static void take_bytes(void)
{
	take_pairs(SOCK_DGRAM, 1);
}

/* Sockets that only messages in other sockets hold. */
static void take_flying(void)
{
	int pair[2];

	for (int n = 0; n < 4000; n++) {
		char space[CMSG_SPACE(sizeof(int))] = { 0 };
		struct iovec iov = { bytes, 1 };
		struct msghdr msg = { .msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = space,
				      .msg_controllen = sizeof(space) };
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) ||
		    !keep_two(pair))
			break;
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		for (int i = 0; i < 10; i++) {
			int fd = eventfd(0, 0);

			if (fd < 0)
				goto out;
			memcpy(CMSG_DATA(c), &fd, sizeof(fd));
			if (sendmsg(pair[0], &msg, 0) < 0) {
				close(fd);
				goto out;
			}
			close(fd);
		}
	}
out:
	leave_some();
}

static void take_sockets(void)
{
	while (keep(socket(AF_INET, SOCK_STREAM, 0)))
		continue;
	leave_some();
}

static void take_files(void)
{
	while (keep(eventfd(0, 0)))
		continue;
	leave_some();
}

/* Every set watches every event. */
static void take_watches(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int first;

	for (int i = 0; i < 500; i++)
		if (!keep(eventfd(0, 0)))
			return;
	first = nr_held;
	for (int i = 0; i < 1000; i++) {
		if (!keep(epoll_create1(0)))
			break;
		for (int fd = 0; fd < first; fd++)
			if (epoll_ctl(held[nr_held - 1], EPOLL_CTL_ADD,
				      held[fd], &event))
				goto out;
	}
out:
	leave_some();
}

static void *waits(void *arg)
{
	pthread_mutex_lock(&lock);
	while (!is_over)
		pthread_cond_wait(&over, &lock);
	pthread_mutex_unlock(&lock);
	return arg;
}

/* Their stacks are there before they are, so that no thread ends the rest. */
static void take_threads(void)
{
	pthread_attr_t attr;

	if (!stacks)
		stacks = mmap(NULL, MOST_THREADS * STACK,
			      PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			      0);
	is_over = false;
	pthread_attr_init(&attr);
	while (nr_threads < MOST_THREADS) {
		char *stack = stacks + nr_threads * STACK;

		if (madvise(stack, STACK, POPULATE))
			break;
		pthread_attr_setstack(&attr, stack, STACK);
		errno = pthread_create(&threads[nr_threads], &attr, waits,
				       NULL);
		if (errno)
			break;
		nr_threads++;
	}
	pthread_attr_destroy(&attr);
}

static struct sockaddr_in local(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

/* Datagrams to sockets that nobody reads. */
static void take_datagrams(void)
{
	struct sockaddr_in sin = local(0);
	socklen_t len = sizeof(sin);
	int from = socket(AF_INET, SOCK_DGRAM, 0);

	if (!keep(from))
		return;
	for (int i = 0; i < 3000; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		sin = local(0);
		if (!keep(fd) || bind(fd, (void *)&sin, sizeof(sin)) ||
		    getsockname(fd, (void *)&sin, &len))
			break;
		for (int n = 0; n < 4; n++)
			if (sendto(from, bytes, 60000, MSG_DONTWAIT,
				   (void *)&sin, sizeof(sin)) < 0 &&
			    !is_full())
				goto out;
	}
out:
	leave_some();
}

/* Connections over 127.0.0.1 that nobody reads. */
static void take_connections(void)
{
	struct sockaddr_in sin = local(9);
	int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!keep(listener) || bind(listener, (void *)&sin, sizeof(sin)) ||
	    listen(listener, 100))
		return;
	for (int i = 0; i < 3000; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (!keep(fd) || connect(fd, (void *)&sin, sizeof(sin)) ||
		    !keep(accept(listener, NULL, NULL)))
			break;
		unblock(fd);
		while (send(fd, bytes, sizeof(bytes), 0) > 0)
			continue;
		if (!is_full())
			break;
	}
	leave_some();
}

/* Answers to requests that nobody reads. */
static void take_answers(void)
{
	struct { /* struct nlmsghdr, struct rtgenmsg: netlink(7) */
		uint32_t len;
		uint16_t type, flags;
		uint32_t seq, pid;
		uint8_t family, pad[3];
	} dump = { .len = sizeof(dump),
		   .type = 18, /* RTM_GETLINK */
		   .flags = 0x301 }; /* NLM_F_REQUEST | NLM_F_DUMP */
	int fd;

	while (keep(fd = socket(AF_NETLINK, SOCK_RAW, 0))) {
		unblock(fd);
		for (int i = 0; i < 200; i++)
			if (send(fd, &dump, sizeof(dump), 0) < 0)
				break;
		if (errno == ENOMEM || errno == ENOBUFS)
			break;
	}
	leave_some();
}

static void take_everything(void);

static const struct kind {
	const char *name;
	void (*take)(void);
} kinds[] = {
	{ "memory", take_memory },	 { "tables", take_tables },
	{ "areas", take_areas },	 { "pipes", take_pipes },
	{ "vmsplice", take_vmsplice },	 { "splice", take_splice },
	{ "streams", take_streams },	 { "packets", take_packets },
	{ "bytes", take_bytes },	 { "flying", take_flying },
	{ "sockets", take_sockets },	 { "files", take_files },
	{ "watches", take_watches },	 { "threads", take_threads },
	{ "datagrams", take_datagrams }, { "connections", take_connections },
	{ "answers", take_answers },	 { "everything", take_everything },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* One kind after the other, and nothing is let go of. */
static void take_everything(void)
{
	for (size_t i = 0; i < NR_KINDS - 1; i++) {
		char *mapped = memory;
		size_t len = memory_len;

		memory = NULL;
		kinds[i].take();
		if (memory && mapped)
			munmap(memory, memory_len);
		if (mapped) {
			memory = mapped;
			memory_len = len;
		}
	}
	errno = 0;
	leave_some();
}

static void drop(void)
{
	while (nr_held)
		close(held[--nr_held]);
	if (memory)
		munmap(memory, memory_len);
	memory = NULL;
	pthread_mutex_lock(&lock);
	is_over = true;
	pthread_cond_broadcast(&over);
	pthread_mutex_unlock(&lock);
	while (nr_threads)
		pthread_join(threads[--nr_threads], NULL);
	if (stacks)
		madvise(stacks, MOST_THREADS * STACK, MADV_DONTNEED);
}

/* ---- Being told ---------------------------------------------------------- */

static long free_kib(void)
{
	struct sysinfo s;

	sysinfo(&s);
	return s.freeram * s.mem_unit / 1024;
}

static void obey(const char *word, char *answer, size_t size)
{
	const char *why = "";

	if (!strcmp(word, "drop"))
		drop();
	for (size_t i = 0; i < NR_KINDS; i++) {
		if (!strncmp(word, "take ", 5) &&
		    !strcmp(word + 5, kinds[i].name)) {
			errno = 0;
			kinds[i].take();
			why = strerror(errno);
		}
	}
	snprintf(answer, size, "%ld KiB free, %d descriptors, %d threads, %s\n",
		 free_kib(), nr_held, nr_threads, why);
}

static int listener_on(int port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(port) };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (void *)&sin, sizeof(sin)) || listen(fd, 64)) {
		perror("hoard");
		exit(1);
	}
	return fd;
}

/* One connection for the whole of the test. */
static void *be_told(void *arg)
{
	int fd = accept(*(int *)arg, NULL, NULL);
	static char line[256], answer[256];
	size_t have = 0;
	ssize_t n;

	while ((n = read(fd, line + have, sizeof(line) - 1 - have)) > 0) {
		char *end;

		have += n;
		line[have] = 0;
		end = strchr(line, '\n');
		if (!end)
			continue;
		*end = 0;
		have = 0;
		obey(line, answer, sizeof(answer));
		if (write(fd, answer, strlen(answer)) < 0)
			break;
	}
	exit(0);
}

/* ---- Serving ------------------------------------------------------------- */

static void echo(int fd)
{
	static char buffer[4096];
	ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (n > 0)
		send(fd, buffer, n, MSG_NOSIGNAL);
	else if (!n || errno != EAGAIN)
		close(fd);
}

static void serve(int listener)
{
	struct epoll_event e = { .events = EPOLLIN }, got[16];
	int set = epoll_create1(0);

	epoll_ctl(set, EPOLL_CTL_ADD, listener, &e);
	for (;;) {
		int n = epoll_wait(set, got, 16, -1);

		for (int i = 0; i < n; i++) {
			int fd = got[i].data.fd;

			if (fd) {
				echo(fd);
				continue;
			}
			fd = accept(listener, NULL, NULL);
			e.data.fd = fd;
			if (fd >= 0 && epoll_ctl(set, EPOLL_CTL_ADD, fd, &e))
				close(fd);
		}
	}
}

int main(void)
{
	static int told;
	int listener = listener_on(7);
	pthread_t thread;

	told = listener_on(8);
	memset(bytes, 'b', sizeof(bytes));
	signal(SIGPIPE, SIG_IGN);
	if (pthread_create(&thread, NULL, be_told, &told) ||
	    mlockall(MCL_CURRENT)) {
		perror("hoard");
		return 1;
	}
	printf("hoard: listening\n");
	fflush(stdout);
	serve(listener);
	return 0;
}
