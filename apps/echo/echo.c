/* SPDX-License-Identifier: MIT */
/*
 * The echo appliance (RFC 862) and the example of an epoll server: one
 * thread, non-blocking sockets, level-triggered events, any number of
 * connections. An ordinary Linux program: the same file runs on a host.
 *
 *	echo [PORT]...		default: port 7
 *
 * Every byte goes back in order. Bytes that the socket does not accept at once
 * stay in the connection's buffer, and nothing more is read from that peer
 * until the buffer is empty: so a peer that does not read is not read from. A
 * peer that has shut down its sending side still gets the rest, then the end.
 */
#define _GNU_SOURCE /* accept4() */
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_PORT 7
#define BACKLOG 1024
#define MAX_EVENTS 256
#define BUFFER_SIZE 16384

/*
 * pending is NULL unless the socket refused something: then it holds the
 * bytes [sent, filled) that still have to go.
 */
struct connection {
	int fd;
	int listening;
	uint32_t events; /* what epoll watches for us */
	char *pending;
	size_t sent;
	size_t filled;
};

static int epoll_fd;
static char buffer[BUFFER_SIZE]; /* shared by all that have nothing pending */

static void fail(const char *what)
{
	fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* NULL when memory is short or the set refuses the descriptor. */
static struct connection *connection_add(int fd, int listening)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct epoll_event ev = { .events = EPOLLIN };

	if (!c)
		return NULL;
	c->fd = fd;
	c->listening = listening;
	c->events = EPOLLIN;
	ev.data.ptr = c;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev)) {
		free(c);
		return NULL;
	}
	return c;
}

static void connection_close(struct connection *c)
{
	close(c->fd); /* also takes it out of the epoll set */
	free(c->pending);
	free(c);
}

static int connection_watch(struct connection *c, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = c };

	if (c->events == events)
		return 0;
	c->events = events;
	return epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
}

/* Sends as many of len bytes as it can: how many, or -1. */
static ssize_t send_some(int fd, const char *data, size_t len)
{
	size_t sent = 0;

	while (sent < len) {
		ssize_t n = send(fd, data + sent, len - sent, MSG_NOSIGNAL);

		if (n >= 0)
			sent += n;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			return -1;
	}
	return sent;
}

/* Keeps the rest of what was read until the socket takes it. */
static int keep_pending(struct connection *c, const char *data, size_t len)
{
	c->pending = malloc(len);
	if (!c->pending)
		return -1;
	memcpy(c->pending, data, len);
	c->sent = 0;
	c->filled = len;
	return connection_watch(c, EPOLLOUT);
}

/* All the functions below return -1 when the connection is over. */
static int flush_pending(struct connection *c)
{
	ssize_t n = send_some(c->fd, c->pending + c->sent, c->filled - c->sent);

	if (n < 0)
		return -1;
	c->sent += n;
	if (c->sent < c->filled)
		return 0;
	free(c->pending);
	c->pending = NULL;
	return connection_watch(c, EPOLLIN);
}

static int echo_once(struct connection *c)
{
	ssize_t len = recv(c->fd, buffer, sizeof(buffer), 0);
	ssize_t sent;

	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (len == 0)
		return -1; /* nothing is pending here: all went back */
	sent = send_some(c->fd, buffer, len);
	if (sent < 0)
		return -1;
	if (sent < len)
		return keep_pending(c, buffer + sent, len - sent);
	return 0;
}

static void accept_all(const struct connection *listener)
{
	for (;;) {
		int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK);

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return;
		if (!connection_add(fd, 0))
			close(fd);
	}
}

static void handle(struct connection *c, uint32_t events)
{
	int status = 0;

	if (c->listening) {
		accept_all(c);
		return;
	}
	if (events & EPOLLERR)
		status = -1;
	else if (c->pending)
		status = flush_pending(c);
	else
		status = echo_once(c);
	if (status)
		connection_close(c);
}

static void listen_on(int port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		fail("bind");
	if (listen(fd, BACKLOG))
		fail("listen");
	if (!connection_add(fd, 1))
		fail("epoll_ctl");
	printf("echo: listening on port %d\n", port);
	fflush(stdout);
}

/* As many connections as the system allows. */
static void raise_fd_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int parse_port(const char *text)
{
	char *end;
	long port = strtol(text, &end, 10);

	if (*end || end == text || port < 1 || port > 65535) {
		fprintf(stderr, "echo: not a port: %s\n", text);
		exit(2);
	}
	return port;
}

int main(int argc, char **argv)
{
	struct epoll_event events[MAX_EVENTS];

	raise_fd_limit();
	epoll_fd = epoll_create1(0);
	if (epoll_fd < 0)
		fail("epoll_create1");
	if (argc < 2)
		listen_on(DEFAULT_PORT);
	for (int i = 1; i < argc; i++)
		listen_on(parse_port(argv[i]));

	for (;;) {
		int n = epoll_wait(epoll_fd, events, MAX_EVENTS, -1);

		if (n < 0 && errno != EINTR)
			fail("epoll_wait");
		for (int i = 0; i < n; i++)
			handle(events[i].data.ptr, events[i].events);
	}
}
