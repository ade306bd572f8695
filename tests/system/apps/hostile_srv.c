/* SPDX-License-Identifier: MIT */
/*
 * The server that tests/system/hostile.t attacks, on port 80, in one of three
 * styles: "blocking" has a thread for each connection, "events" one thread and
 * an epoll, "threads" four that share one. A request is a line:
 *   GET N      N bytes
 *   LAST N     N bytes, then the server closes
 *   FILE PATH  a file and a zero byte; "DRAIN": what is read from UDP port 9
 * A second argument bounds the connections: beyond it the oldest goes that was
 * never served to the end. UDP port 9 is bound, and read only for DRAIN.
 */
#define _GNU_SOURCE /* accept4() */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BLOCK 32768
#define FILE_MAX 65536
#define WORKERS 4
#define STACK 16384 /* of a connection's thread */

struct conn {
	struct conn *prev, *next; /* the oldest first; idle is the head */
	int fd;
	bool served, last, writing;
	char line[64];
	size_t have;
	char *text; /* of a file, or NULL: the block, over and over */
	size_t at, left;
};

static struct conn all = { .prev = &all, .next = &all };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int nr_conns, max_conns = 1000;
static int listener, epoll, udp;
static char block[BLOCK];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- Connections --------------------------------------------------------- */

/* Its own thread, or an event, closes it. */
static void evict_oldest(void)
{
	struct linger now = { .l_onoff = 1 };
	struct conn *c = all.next;

	while (c != &all && c->served)
		c = c->next;
	if (c == &all)
		return;
	c->served = true; /* once is enough */
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	shutdown(c->fd, SHUT_RDWR);
}

static struct conn *conn_new(int fd)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->fd = fd;
	pthread_mutex_lock(&lock);
	if (++nr_conns > max_conns)
		evict_oldest();
	c->prev = all.prev;
	c->next = &all;
	all.prev->next = c;
	all.prev = c;
	pthread_mutex_unlock(&lock);
	return c;
}

static void conn_free(struct conn *c)
{
	pthread_mutex_lock(&lock);
	nr_conns--;
	c->prev->next = c->next;
	c->next->prev = c->prev;
	close(c->fd);
	pthread_mutex_unlock(&lock);
	free(c->text);
	free(c);
}

/* ---- Requests ------------------------------------------------------------ */

static bool start_file(struct conn *c, const char *path)
{
	bool drain = !strcmp(path, "DRAIN");
	int fd = drain ? dup(udp) : open(path, O_RDONLY | O_NONBLOCK);
	ssize_t n;

	while (drain && recv(fd, block, 1, MSG_DONTWAIT | MSG_TRUNC) >= 0)
		continue;
	if (drain)
		block[0] = 'x';
	c->text = malloc(FILE_MAX);
	if (fd < 0 || !c->text) {
		close(fd);
		return false;
	}
	c->left = 0;
	while (!drain &&
	       (n = read(fd, c->text + c->left, FILE_MAX - 1 - c->left)) > 0)
		c->left += n;
	close(fd);
	c->text[c->left++] = '\0';
	return true;
}

static bool start(struct conn *c)
{
	c->at = 0;
	c->writing = true;
	c->last = !strncmp(c->line, "LAST ", 5);
	if (!strncmp(c->line, "FILE ", 5))
		return start_file(c, c->line + 5);
	c->left = strtoul(c->line + (c->last ? 5 : 4), NULL, 10);
	return c->last || !strncmp(c->line, "GET ", 4);
}

/* 1: a request is there, 0: not yet, -1: the end. */
static int read_some(struct conn *c)
{
	char *end = c->line + c->have;
	ssize_t n = recv(c->fd, end, sizeof(c->line) - 1 - c->have, 0);
	char *newline;

	if (n <= 0)
		return n < 0 && errno == EAGAIN ? 0 : -1;
	c->have += n;
	c->line[c->have] = '\0';
	newline = strchr(c->line, '\n');
	if (!newline)
		return c->have < sizeof(c->line) - 1 ? 1 : -1;
	*newline = '\0';
	c->have = 0;
	return start(c) ? 1 : -1;
}

static int write_some(struct conn *c)
{
	size_t n = c->text || c->left < BLOCK ? c->left : BLOCK;
	const char *from = c->text ? c->text + c->at : block;
	ssize_t sent = n ? send(c->fd, from, n, MSG_NOSIGNAL) : 0;

	if (sent < 0)
		return errno == EAGAIN ? 0 : -1;
	c->at += sent;
	c->left -= sent;
	if (c->left)
		return 1;
	free(c->text);
	c->text = NULL;
	c->writing = false;
	c->served = true;
	return c->last ? -1 : 1;
}

/* Until it would wait: 0, or is over: -1. */
static int serve(struct conn *c)
{
	int ret;

	do
		ret = c->writing ? write_some(c) : read_some(c);
	while (ret > 0);
	return ret;
}

/* ---- The styles ---------------------------------------------------------- */

static void *blocking_one(void *arg)
{
	serve(arg);
	conn_free(arg);
	return NULL;
}

static void blocking(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		struct conn *c = fd < 0 ? NULL : conn_new(fd);

		if (!c)
			close(fd);
		else if (pthread_create(&thread, &attr, blocking_one, c))
			conn_free(c);
	}
}

static void watch(struct conn *c, int op)
{
	struct epoll_event e = { .events = c->writing ? EPOLLOUT : EPOLLIN,
				 .data.ptr = c };

	e.events |= EPOLLONESHOT;
	if (epoll_ctl(epoll, op, c->fd, &e))
		conn_free(c);
}

static void accept_all(void)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct conn *c = conn_new(fd);

		if (c)
			watch(c, EPOLL_CTL_ADD);
		else
			close(fd);
	}
}

static void *events(void *arg)
{
	struct epoll_event e;

	(void)arg;
	for (;;) {
		if (epoll_wait(epoll, &e, 1, -1) < 1)
			continue;
		if (!e.data.ptr)
			accept_all();
		else if (serve(e.data.ptr))
			conn_free(e.data.ptr);
		else
			watch(e.data.ptr, EPOLL_CTL_MOD);
	}
	return NULL;
}

static void start_events(int threads)
{
	struct epoll_event e = { .events = EPOLLIN };
	pthread_t thread;

	epoll = epoll_create1(0);
	fcntl(listener, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e))
		fail("epoll");
	while (--threads > 0) {
		if (pthread_create(&thread, NULL, events, NULL))
			fail("thread");
	}
	events(NULL);
}

static void open_sockets(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9) };

	udp = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(udp, (struct sockaddr *)&a, sizeof(a)))
		fail("bind");
	a.sin_port = htons(80);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(listener, 512))
		fail("listen");
}

int main(int argc, char **argv)
{
	const char *style = argc > 1 ? argv[1] : "events";
	struct rlimit files = { 65536, 65536 };

	setvbuf(stdout, NULL, _IONBF, 0);
	setrlimit(RLIMIT_NOFILE, &files);
	if (argc > 2)
		max_conns = atoi(argv[2]);
	memset(block, 'x', sizeof(block));
	open_sockets();
	printf("hostile_srv: listening\n");
	if (!strcmp(style, "blocking"))
		blocking();
	else
		start_events(!strcmp(style, "threads") ? WORKERS : 1);
	return 0;
}
