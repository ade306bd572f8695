/* SPDX-License-Identifier: MIT */
/*
 * A load on an echo server, from one thread with epoll. Prints one number.
 *
 *	load ADDRESS PORT rr N SECONDS [IDLE]	requests/s on N connections,
 *						beside IDLE that do nothing
 *	load ADDRESS PORT bulk N SECONDS	MB/s echoed through N connections
 *	load ADDRESS PORT conn N SECONDS	connections/s, N at a time: connect,
 *						one request, close
 *
 * A request is 32 bytes, and its answer the same 32 bytes; a wrong byte ends
 * the program. Connections beyond what one source address has ports for come
 * from further addresses of the loopback or tap network: see source().
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST 32
#define BULK 65536
#define MAX_EVENTS 512
#define PER_SOURCE 20000
#define OPENING 256
#define STALL 30

struct conn {
	int fd;
	int connected;
	size_t got;
	uint64_t sent; /* bytes, in a bulk load */
	uint64_t received;
	char request[REQUEST];
};

static int ep;
static struct sockaddr_in server;
static uint64_t done; /* requests, bytes or connections */
static unsigned int open_now, opened;
static char pattern[BULK + 256], buffer[BULK];

static void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void watch(struct conn *c, int op, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	if (epoll_ctl(ep, op, c->fd, &ev))
		fail("epoll_ctl");
}

/* LOAD_SOURCES=A,B,... are addresses to connect from, in turn. */
static void source(int fd)
{
	static char *list[16];
	static unsigned int nr;
	char *env = getenv("LOAD_SOURCES");
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int on = 1;

	if (!env)
		return;
	if (!nr)
		for (char *s = strtok(strdup(env), ","); s && nr < 16;
		     s = strtok(NULL, ","))
			list[nr++] = s;
	inet_pton(AF_INET, list[opened / PER_SOURCE % nr], &sin.sin_addr);
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)))
		fail("bind");
}

static void start(struct conn *c)
{
	int on = 1;

	memset(c, 0, sizeof(*c));
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		fail("socket");
	source(c->fd);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(c->fd, (struct sockaddr *)&server, sizeof(server)) &&
	    errno != EINPROGRESS)
		fail("connect");
	opened++;
	watch(c, EPOLL_CTL_ADD, EPOLLOUT);
}

static void finish_connect(struct conn *c, uint32_t events)
{
	int err = 0;
	socklen_t len = sizeof(err);

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err) {
		errno = err;
		fail("connect");
	}
	c->connected = 1;
	open_now++;
	watch(c, EPOLL_CTL_MOD, events);
}

static void send_request(struct conn *c)
{
	static uint64_t number;

	for (size_t i = 0; i < REQUEST; i += sizeof(number)) {
		number = number * 6364136223846793005u + 1442695040888963407u;
		memcpy(c->request + i, &number, sizeof(number));
	}
	c->got = 0;
	if (send(c->fd, c->request, REQUEST, MSG_NOSIGNAL) != REQUEST)
		fail("send");
}

/* Nonzero when the answer is complete. */
static int receive_answer(struct conn *c)
{
	ssize_t n = recv(c->fd, buffer, sizeof(buffer), 0);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		fail(n ? "recv" : "the server closed");
	if (c->got + n > REQUEST || memcmp(buffer, c->request + c->got, n)) {
		fprintf(stderr, "load: a wrong answer\n");
		exit(1);
	}
	c->got += n;
	return c->got == REQUEST;
}

static void on_rr(struct conn *c, uint32_t events)
{
	if (receive_answer(c)) {
		done++;
		send_request(c);
	}
}

static void on_conn(struct conn *c, uint32_t events)
{
	if (!c->connected) {
		finish_connect(c, EPOLLIN);
		send_request(c);
	} else if (receive_answer(c)) {
		close(c->fd);
		done++;
		start(c);
	}
}

static void on_bulk(struct conn *c, uint32_t events)
{
	ssize_t n;

	if (events & EPOLLIN) {
		n = recv(c->fd, buffer, sizeof(buffer), 0);
		if (n <= 0)
			fail("recv");
		if (memcmp(buffer, pattern + c->received % 256, n)) {
			fprintf(stderr, "load: a wrong byte\n");
			exit(1);
		}
		c->received += n;
		done += n;
	}
	if (events & EPOLLOUT) {
		n = send(c->fd, pattern + c->sent % 256, BULK, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			fail("send");
		c->sent += n > 0 ? n : 0;
	}
}

/* Until end; with target, until so many are connected. */
static void run(double end, unsigned int target,
		void (*on)(struct conn *, uint32_t))
{
	struct epoll_event ev[MAX_EVENTS];

	while (now() < end && (!target || open_now < target)) {
		int n = epoll_wait(ep, ev, MAX_EVENTS, 100);

		for (int i = 0; i < n; i++) {
			struct conn *c = ev[i].data.ptr;

			if (target)
				finish_connect(c, EPOLLIN);
			else
				on(c, ev[i].events);
		}
	}
}

/* Opens n connections, some at a time: a backlog is finite. */
static struct conn *open_all(unsigned int n)
{
	struct conn *c = calloc(n ? n : 1, sizeof(*c));
	unsigned int base = open_now, started = 0, want;

	while (started < n) {
		while (started < n && started < open_now - base + OPENING)
			start(&c[started++]);
		want = started == n ? base + n : open_now + 1;
		run(now() + STALL, want, NULL);
		if (open_now < want) {
			errno = ETIMEDOUT;
			fail("opening");
		}
	}
	return c;
}

/* A request, or as much as fits, on each connection. */
static void begin(unsigned int n, void (*on)(struct conn *, uint32_t))
{
	struct conn *c;

	if (on == on_conn) {
		c = calloc(n, sizeof(*c));
		for (unsigned int i = 0; i < n; i++)
			start(&c[i]);
		return;
	}
	c = open_all(n);
	for (unsigned int i = 0; i < n; i++) {
		if (on == on_rr)
			send_request(&c[i]);
		else
			watch(&c[i], EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
	}
}

int main(int argc, char **argv)
{
	struct rlimit files = { 1 << 20, 1 << 20 };
	const char *mode = argc > 5 ? argv[3] : "";
	void (*on)(struct conn *, uint32_t);
	double seconds, began;
	struct conn *idle;

	if (argc < 6) {
		fprintf(stderr, "usage: load ADDRESS PORT rr|bulk|conn N "
				"SECONDS [IDLE]\n");
		return 2;
	}
	setrlimit(RLIMIT_NOFILE, &files);
	server.sin_family = AF_INET;
	server.sin_port = htons(atoi(argv[2]));
	inet_pton(AF_INET, argv[1], &server.sin_addr);
	seconds = atof(argv[5]);
	on = *mode == 'r' ? on_rr : *mode == 'b' ? on_bulk : on_conn;
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = i;
	ep = epoll_create1(0);

	idle = open_all(argc > 6 ? atoi(argv[6]) : 0);
	begin(atoi(argv[4]), on);
	run(now() + 0.5, 0, on); /* warm up */
	done = 0;
	began = now();
	run(began + seconds, 0, on);
	printf("%.1f\n", done / (now() - began) / (on == on_bulk ? 1e6 : 1));
	free(idle);
	return 0;
}
