/* SPDX-License-Identifier: MIT */
/*
 * A server for the system tests, one thread, epoll:
 *   port 7   echoes (level-triggered, partial writes kept); datagrams too
 *   port 9   accepts, reads nothing
 *   port 10  a connection that sends a path gets that file's text and a NUL; one
 *            that sends "CANARY n" how many of n pages are as they were filled
 *   port 13  says "bye" and closes first
 *   port 14  says "bye", ends its own direction, reads on until the peer ends
 *            and prints the number of bytes and their Adler-32 (RFC 1950)
 */
#define _GNU_SOURCE /* accept4() */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum role {
	LISTEN_ECHO,
	LISTEN_SINK,
	LISTEN_FILE,
	LISTEN_BYE,
	LISTEN_HALF,
	ECHO,
	SINK,
	FILE_TEXT,
	BYE,
	HALF,
	DATAGRAMS
};

struct conn {
	int fd;
	enum role role;
	size_t have, sent;
	char *data;
	uint32_t sum[2]; /* Adler-32's halves */
};

static int ep;

static struct conn *watch(int fd, enum role role, unsigned int events)
{
	struct conn *c = calloc(1, sizeof(*c));
	struct epoll_event ev = { .events = events, .data.ptr = c };

	c->fd = fd;
	c->role = role;
	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
		perror("epoll_ctl");
	return c;
}

static void finish(struct conn *c)
{
	close(c->fd);
	free(c->data);
	free(c);
}

static void listen_on(int port, enum role role)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (void *)&sin, sizeof(sin)) || listen(fd, 1024))
		perror("listen");
	watch(fd, role, EPOLLIN);
}

static void take_datagrams(int port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (bind(fd, (void *)&sin, sizeof(sin)))
		perror("bind");
	watch(fd, DATAGRAMS, EPOLLIN);
}

static void accept_all(struct conn *l)
{
	int fd;

	while ((fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		enum role role = l->role + (ECHO - LISTEN_ECHO);

		if ((role == BYE || role == HALF) && write(fd, "bye\n", 4) != 4)
			perror("bye");
		if (role == BYE) {
			close(fd);
			continue;
		}
		if (role == HALF)
			shutdown(fd, SHUT_WR);
		watch(fd, role, role == SINK ? EPOLLERR : EPOLLIN);
	}
}

static void want(struct conn *c, unsigned int events)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &ev);
}

static int flush(struct conn *c)
{
	while (c->sent < c->have) {
		ssize_t n = send(c->fd, c->data + c->sent, c->have - c->sent,
				 MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		c->sent += n;
	}
	c->have = c->sent = 0;
	want(c, EPOLLIN);
	return 1;
}

static int echo(struct conn *c)
{
	ssize_t n;

	if (!c->data)
		c->data = malloc(65536);
	if (c->have && flush(c) <= 0)
		return c->have && errno != EAGAIN ? -1 : 0;
	n = read(c->fd, c->data, 65536);
	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	if (n == 0)
		return -1;
	c->have = n;
	n = flush(c);
	if (n == 0)
		want(c, EPOLLOUT);
	return n < 0 ? -1 : 0;
}

/* An error is that of an earlier answer: nobody was there. */
static void echo_datagrams(struct conn *c)
{
	static char data[65536];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(c->fd, data, sizeof(data), 0, (void *)&from,
			     &len)) >= 0 ||
	       errno != EAGAIN) {
		if (n >= 0)
			sendto(c->fd, data, n, 0, (void *)&from, len);
		len = sizeof(from);
	}
}

#define CANARY "pollux: canary " /* of 16 bytes; tests/system/liar knows it */
#define CANARY_WORDS 512

/* Word i of page n, behind the name. */
static uint64_t canary_word(uint64_t n, uint64_t i)
{
	uint64_t x = (n * CANARY_WORDS + i + 1) * 0x9e3779b97f4a7c15;

	return x ^ x >> 29;
}

static int is_intact(const uint64_t *page, uint64_t n)
{
	for (uint64_t i = 2; i < CANARY_WORDS; i++)
		if (page[i] != canary_word(n, i))
			return 0;
	return !memcmp(page, CANARY, sizeof(CANARY));
}

/* Pages that nobody but us may write, filled for the first who asks. */
static int canaries(int fd, size_t pages)
{
	static uint64_t *all;
	static size_t filled;
	size_t n, i, intact = 0;
	char text[32];
	int len;

	if (!all)
		all = aligned_alloc(4096, pages * 4096);
	for (n = filled; all && n < pages; n = ++filled) {
		memcpy(&all[n * CANARY_WORDS], CANARY, sizeof(CANARY));
		for (i = 2; i < CANARY_WORDS; i++)
			all[n * CANARY_WORDS + i] = canary_word(n, i);
	}
	for (n = 0; n < filled; n++)
		intact += is_intact(&all[n * CANARY_WORDS], n);
	len = snprintf(text, sizeof(text), "%zu", intact) + 1;
	return write(fd, text, len) == len ? 0 : -1;
}

static int file_text(struct conn *c)
{
	char path[256], text[4096];
	ssize_t n = read(c->fd, path, sizeof(path) - 1);
	int fd;

	if (n <= 0)
		return -1;
	path[n] = 0;
	path[strcspn(path, "\r\n")] = 0;
	if (!strncmp(path, "CANARY ", 7))
		return canaries(c->fd, strtoul(path + 7, NULL, 10));
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	while ((n = read(fd, text, sizeof(text))) > 0)
		if (write(c->fd, text, n) != n)
			return -1;
	close(fd);
	return write(c->fd, "", 1) == 1 ? 0 : -1;
}

/* What comes when nothing is sent any more. */
static int count(struct conn *c)
{
	static unsigned char data[65536];
	ssize_t n = read(c->fd, data, sizeof(data));

	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	for (ssize_t i = 0; i < n; i++) {
		c->sum[0] = (c->sum[0] + data[i]) % 65521;
		c->sum[1] = (c->sum[1] + c->sum[0]) % 65521;
	}
	c->have += n;
	if (n)
		return 0;
	/* Adler's first half begins with 1, which the second counts too. */
	printf("inspect: %zu bytes, %08x\n", c->have,
	       (unsigned int)((c->sum[1] + c->have) % 65521 << 16 |
			      (c->sum[0] + 1) % 65521));
	fflush(stdout);
	return -1;
}

static void handle(struct conn *c, unsigned int events)
{
	if (c->role < ECHO)
		accept_all(c);
	else if (c->role == DATAGRAMS)
		echo_datagrams(c);
	else if ((events & EPOLLERR) || c->role == SINK ||
		 (c->role == ECHO && echo(c)) ||
		 (c->role == FILE_TEXT && file_text(c)) ||
		 (c->role == HALF && count(c)))
		finish(c);
}

int main(void)
{
	struct epoll_event ev[64];

	ep = epoll_create1(0);
	listen_on(7, LISTEN_ECHO);
	listen_on(9, LISTEN_SINK);
	listen_on(10, LISTEN_FILE);
	listen_on(13, LISTEN_BYE);
	listen_on(14, LISTEN_HALF);
	take_datagrams(7);
	printf("inspect: listening\n");
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(ep, ev, 64, -1);

		for (int i = 0; i < n; i++)
			handle(ev[i].data.ptr, ev[i].events);
	}
}
