/* SPDX-License-Identifier: MIT */
/*
 * A proxy between clients and a service of this machine, and the example of
 * how bytes cross a program without passing through it. An ordinary Linux
 * program: the same file runs on a host.
 *
 *	proxy [-p] [PORT [ADDRESS SERVICE_PORT]]	default: port 80
 *
 * Each client gets a connection to the service: the one at ADDRESS, or an echo
 * in threads of this program on 127.0.0.1. A kernel with SO_SPLICE (sosplice.h)
 * moves a direction's bytes by itself until the stream ends, while this program
 * sleeps; otherwise, or with -p, they go from socket to pipe to socket with
 * splice(2), which does not copy them either.
 *
 * The end of one direction is passed on with shutdown(2); the other continues.
 * A session is over when both have ended, or one of them has failed.
 */
#define _GNU_SOURCE /* splice(), accept4() */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sosplice.h"

#define DEFAULT_PORT 80
#define BACKLOG 1024
#define MAX_EVENTS 256
#define SERVICE_BUFFER 65536
#define SERVICE_STACK 131072
#define PIPE_SIZE 65536

/* piped: bytes in the pipe, read from `from` and not yet written to `to`. */
struct direction {
	int from;
	int to;
	int pipe[2]; /* -1 until it is needed */
	size_t piped;
	bool started;
	bool ended;
};

struct session {
	struct direction way[2];
	struct session *next_dead;
	bool is_dead;
};

static int epoll_fd, listen_fd;
static bool use_pipes;
static struct sockaddr_in service;
static struct session *dead; /* freed when no event can refer to them */

static void fail(const char *what)
{
	fprintf(stderr, "proxy: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int tcp_listener(struct sockaddr_in *addr, int flags)
{
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0), on = 1;
	socklen_t len = sizeof(*addr);

	if (fd < 0)
		fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)addr, sizeof(*addr)) ||
	    listen(fd, BACKLOG) ||
	    getsockname(fd, (struct sockaddr *)addr, &len))
		fail("listen");
	return fd;
}

/* ---- The service --------------------------------------------------------- */

static bool write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0)
			return false;
		data += n;
		len -= n;
	}
	return true;
}

/* Ends at the end of the client's stream. */
static void *serve_one(void *arg)
{
	char *buffer = malloc(SERVICE_BUFFER);
	int fd = (int)(intptr_t)arg;
	ssize_t n;

	while (buffer && (n = read(fd, buffer, SERVICE_BUFFER)) > 0)
		if (!write_all(fd, buffer, n))
			break;
	free(buffer);
	close(fd);
	return NULL;
}

static void *serve(void *arg)
{
	int listener = (int)(intptr_t)arg;
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, SERVICE_STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd >= 0 && pthread_create(&thread, &attr, serve_one,
					      (void *)(intptr_t)fd))
			close(fd);
	}
	return NULL;
}

static void start_service(void)
{
	int listener;
	pthread_t thread;

	service.sin_family = AF_INET;
	service.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = tcp_listener(&service, 0);
	errno = pthread_create(&thread, NULL, serve,
			       (void *)(intptr_t)listener);
	if (errno)
		fail("pthread_create");
}

/* ---- A direction --------------------------------------------------------- */

/* All below return 0 when they can do no more for now, -1 on failure. */

static int end_direction(struct direction *d)
{
	d->ended = true;
	return shutdown(d->to, SHUT_WR);
}

/* The kernel moves bytes; when it stops, the source has the reason. */
static int redirect(struct direction *d)
{
	ssize_t n;
	char byte;

	if (!d->started &&
	    setsockopt(d->from, SOL_SOCKET, SO_SPLICE, &d->to, sizeof(d->to)))
		return -1;
	d->started = true;
	n = recv(d->from, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (!n)
		return end_direction(d);
	return n < 0 && errno == EAGAIN ? 0 : -1;
}

/* Into the pipe: bytes, 0 at the end, -1. */
static ssize_t fill_pipe(struct direction *d)
{
	if (d->pipe[0] < 0 && pipe2(d->pipe, O_NONBLOCK))
		return -1;
	return splice(d->from, NULL, d->pipe[1], NULL, PIPE_SIZE,
		      SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
}

static int move_by_pipe(struct direction *d)
{
	ssize_t n;

	for (;;) {
		if (!d->piped) {
			n = fill_pipe(d);
			if (!n)
				return end_direction(d);
			if (n > 0)
				d->piped = n;
		} else {
			n = splice(d->pipe[0], NULL, d->to, NULL, d->piped,
				   SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
			if (n > 0)
				d->piped -= n;
		}
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
	}
}

static int advance(struct direction *d)
{
	if (d->ended)
		return 0;
	return use_pipes ? move_by_pipe(d) : redirect(d);
}

/* ---- A session ----------------------------------------------------------- */

static void session_close(struct session *s)
{
	close(s->way[0].from); /* also takes it out of the epoll set */
	close(s->way[0].to);
	for (int i = 0; i < 2; i++) {
		if (s->way[i].pipe[0] < 0)
			continue;
		close(s->way[i].pipe[0]);
		close(s->way[i].pipe[1]);
	}
	s->is_dead = true;
	s->next_dead = dead;
	dead = s;
}

/* Edge-triggered: after each event both directions run until they must wait. */
static void session_advance(struct session *s)
{
	if (s->is_dead)
		return;
	if (advance(&s->way[0]) || advance(&s->way[1]) ||
	    (s->way[0].ended && s->way[1].ended))
		session_close(s);
}

static int watch(int fd, struct session *s)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = s,
	};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void session_start(int client)
{
	int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
	struct session *s = calloc(1, sizeof(*s));

	if (!s || server < 0)
		goto out_close;
	s->way[0] = (struct direction){ client, server, { -1, -1 }, 0, 0, 0 };
	s->way[1] = (struct direction){ server, client, { -1, -1 }, 0, 0, 0 };
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(server, (struct sockaddr *)&service, sizeof(service)) &&
	    errno != EINPROGRESS)
		goto out_close;
	if (watch(client, s) || watch(server, s))
		goto out_close;
	return;

out_close:
	free(s);
	close(server);
	close(client);
}

static void accept_all(void)
{
	for (;;) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK);

		if (fd >= 0)
			session_start(fd);
		else if (errno != EINTR && errno != ECONNABORTED)
			return;
	}
}

static void bury_dead(void)
{
	while (dead) {
		struct session *s = dead;

		dead = s->next_dead;
		free(s);
	}
}

/* ---- Start --------------------------------------------------------------- */

static void usage(void)
{
	fprintf(stderr, "usage: proxy [-p] [PORT [ADDRESS SERVICE_PORT]]\n");
	exit(2);
}

static int parse_port(const char *text)
{
	char *end;
	long port = strtol(text, &end, 10);

	if (*end || end == text || port < 1 || port > 65535)
		usage();
	return port;
}

static void name_service(const char *address, const char *port)
{
	service.sin_family = AF_INET;
	service.sin_port = htons(parse_port(port));
	if (!inet_aton(address, &service.sin_addr))
		usage();
}

static bool kernel_has_so_splice(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), none = -1;
	bool has = !setsockopt(fd, SOL_SOCKET, SO_SPLICE, &none, sizeof(none));

	close(fd);
	return has;
}

static void start_listening(int port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	struct epoll_event event = { .events = EPOLLIN };

	epoll_fd = epoll_create1(0);
	if (epoll_fd < 0)
		fail("epoll_create1");
	listen_fd = tcp_listener(&addr, SOCK_NONBLOCK);
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &event))
		fail("epoll_ctl");
	printf("proxy: listening on port %d, by %s\n", port,
	       use_pipes ? "pipes" : "SO_SPLICE");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct epoll_event events[MAX_EVENTS];
	int port = DEFAULT_PORT;

	if (argc > 1 && !strcmp(argv[1], "-p")) {
		use_pipes = true;
		argc--;
		argv++;
	}
	if (argc == 3 || argc > 4)
		usage();
	if (argc > 1)
		port = parse_port(argv[1]);
	if (argc == 4)
		name_service(argv[2], argv[3]);
	signal(SIGPIPE, SIG_IGN);
	use_pipes |= !kernel_has_so_splice();
	if (!service.sin_port)
		start_service();
	start_listening(port);
	for (;;) {
		int n = epoll_wait(epoll_fd, events, MAX_EVENTS, -1);

		if (n < 0 && errno != EINTR)
			fail("epoll_wait");
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				session_advance(events[i].data.ptr);
			else
				accept_all();
		}
		bury_dead();
	}
}
