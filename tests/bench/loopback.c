/* SPDX-License-Identifier: MIT */
/*
 * What two sockets of one machine cost each other: TCP over 127.0.0.1, UDP, and
 * AF_UNIX for comparison. One ordinary program for Linux and for Pollux; it
 * prints "NAME VALUE UNIT" a line and at the end "done".
 * usage: loopback [tsc]		see measure.h
 *
 * tcp/64/threads is a message of 64 bytes there and back: "threads" sleep in
 * read(), "epoll" in epoll_wait(), and "one" is a thread that holds both ends.
 * tcp/bulk is one MiB, written in pieces of 64 KiB.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "measure.h"

#define CALLS 50
#define PIECE 65536
#define MIB (1 << 20)

static char out[PIECE], in[PIECE];
static char echoed[PIECE], counted[PIECE];

/* The two ends, and how long a message is. */
static int ends[2];
static size_t size;
static int listener;
static struct sockaddr_in address;

/* ---- Pairs of sockets ---------------------------------------------------- */

static struct sockaddr_in bound(int fd)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	inet_pton(AF_INET, "127.0.0.1", &sin.sin_addr);
	check(!bind(fd, (struct sockaddr *)&sin, len), "bind");
	check(!getsockname(fd, (struct sockaddr *)&sin, &len), "getsockname");
	return sin;
}

static int connected(int type, const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, type, 0);

	check(!connect(fd, (const struct sockaddr *)to, sizeof(*to)),
	      "connect");
	return fd;
}

static void no_delay(int fd)
{
	int one = 1;

	check(!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)),
	      "TCP_NODELAY");
}

static void open_tcp(void)
{
	ends[0] = connected(SOCK_STREAM, &address);
	ends[1] = accept(listener, NULL, NULL);
	check(ends[1] >= 0, "accept");
	no_delay(ends[0]);
	no_delay(ends[1]);
}

static void open_udp(void)
{
	struct sockaddr_in names[2];

	for (int i = 0; i < 2; i++) {
		ends[i] = socket(AF_INET, SOCK_DGRAM, 0);
		names[i] = bound(ends[i]);
	}
	for (int i = 0; i < 2; i++)
		check(!connect(ends[i], (struct sockaddr *)&names[!i],
			       sizeof(names[i])),
		      "connect");
}

static void open_unix(void)
{
	check(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
}

static void close_ends(void)
{
	close(ends[0]);
	close(ends[1]);
}

/* ---- There and back ------------------------------------------------------ */

static void send_all(int fd, const char *from, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, from, n, 0);

		check(sent > 0, "send");
		n -= sent;
	}
}

/* False: the other end is closed. */
static int receive_all(int fd, char *to, size_t n)
{
	while (n) {
		ssize_t got = recv(fd, to, n, 0);

		if (got <= 0)
			return 0;
		n -= got;
	}
	return 1;
}

static void call_one(int i)
{
	send_all(ends[0], out, size);
	check(receive_all(ends[1], in, size), "receive");
	send_all(ends[1], out, size);
	check(receive_all(ends[0], in, size), "receive");
}

static void call_threads(int i)
{
	send_all(ends[0], out, size);
	check(receive_all(ends[0], in, size), "receive");
}

static void *echo(void *unused)
{
	while (receive_all(ends[1], echoed, size))
		send_all(ends[1], echoed, size);
	return NULL;
}

static int epfd;

static int watch(int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };
	int ep = epoll_create1(0);

	check(ep >= 0 && !epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), "epoll");
	return ep;
}

/* As servers do: the event, then what there is. */
static int receive_events(int ep, int fd, char *to, size_t n)
{
	struct epoll_event e;

	while (n) {
		ssize_t got;

		check(epoll_wait(ep, &e, 1, -1) == 1, "epoll_wait");
		got = recv(fd, to, n, MSG_DONTWAIT);
		if (got <= 0)
			return 0;
		n -= got;
	}
	return 1;
}

static void call_epoll(int i)
{
	send_all(ends[0], out, size);
	check(receive_events(epfd, ends[0], in, size), "receive");
}

static void *echo_events(void *unused)
{
	int ep = watch(ends[1]);

	while (receive_events(ep, ends[1], echoed, size))
		send_all(ends[1], echoed, size);
	close(ep);
	return NULL;
}

static void with_thread(const char *name, void (*call)(int), int calls,
			void *(*other)(void *))
{
	pthread_t thread;

	check(!pthread_create(&thread, NULL, other, NULL), "thread");
	measure(name, call, calls);
	shutdown(ends[0], SHUT_RDWR);
	shutdown(ends[1], SHUT_RDWR);
	pthread_join(thread, NULL);
}

static void round_trips(const char *kind, void (*open)(void), size_t bytes)
{
	char name[64];

	size = bytes;
	snprintf(name, sizeof(name), "%s/%zu/one", kind, bytes);
	open();
	measure(name, call_one, CALLS);
	close_ends();
	snprintf(name, sizeof(name), "%s/%zu/threads", kind, bytes);
	open();
	with_thread(name, call_threads, CALLS, echo);
	close_ends();
	snprintf(name, sizeof(name), "%s/%zu/epoll", kind, bytes);
	open();
	epfd = watch(ends[0]);
	with_thread(name, call_epoll, CALLS, echo_events);
	close(epfd);
	close_ends();
}

/* ---- Much, and many ------------------------------------------------------ */

static void call_bulk_one(int i)
{
	for (size_t left = MIB; left;) {
		ssize_t n = send(ends[0], out, left < PIECE ? left : PIECE,
				 MSG_DONTWAIT);

		check(n > 0 && receive_all(ends[1], in, n), "bulk");
		left -= n;
	}
}

/* The reader says when it has all. */
static void call_bulk_threads(int i)
{
	for (size_t left = MIB; left; left -= PIECE)
		send_all(ends[0], out, PIECE);
	check(receive_all(ends[0], in, 1), "receive");
}

static void *count(void *unused)
{
	size_t total = 0;
	ssize_t n;

	while ((n = recv(ends[1], counted, PIECE, 0)) > 0) {
		total += n;
		if (total < MIB)
			continue;
		total -= MIB;
		send_all(ends[1], counted, 1);
	}
	return NULL;
}

static void bulk(const char *kind, void (*open)(void))
{
	char name[64];

	snprintf(name, sizeof(name), "%s/bulk/one", kind);
	open();
	measure(name, call_bulk_one, 4);
	close_ends();
	snprintf(name, sizeof(name), "%s/bulk/threads", kind);
	open();
	with_thread(name, call_bulk_threads, 4, count);
	close_ends();
}

static void call_connection(int i)
{
	open_tcp();
	close_ends();
}

/* Nobody else is there to do it in a guest whose first process this is. */
static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 1, 64, 1024, 16384 };

	use_tsc = argc > 1 && !strcmp(argv[1], "tsc");
	loopback_up();
	listener = socket(AF_INET, SOCK_STREAM, 0);
	address = bound(listener);
	check(!listen(listener, 128), "listen");
	for (int i = 0; i < 4; i++) {
		round_trips("tcp", open_tcp, sizes[i]);
		round_trips("unix", open_unix, sizes[i]);
	}
	round_trips("udp", open_udp, 1);
	round_trips("udp", open_udp, 1024);
	bulk("tcp", open_tcp);
	bulk("unix", open_unix);
	measure("tcp/connection", call_connection, CALLS);
	puts("done");
	return 0;
}
