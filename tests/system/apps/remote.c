/* SPDX-License-Identifier: MIT */
/*
 * Sockets by remote control, for tests/system/packets.t. A connection to port 10
 * brings lines; each is a call on the listener or the one connection that belongs
 * to this controller, and has one line as its answer: a value, or -errno. None of
 * the calls waits. What is sent is the pattern of lib/packet.py.
 *   listen PORT BACKLOG   connect ADDRESS PORT   accept     error   poll
 *   send COUNT OFFSET FLAGS   recv COUNT (as hexadecimal digits; "" at the end)
 *   shutdown HOW   close   linger SECONDS   set WHO LEVEL NAME VALUE   mark
 *   state ADDRESS PORT (state, bytes unread, bytes not acknowledged; of all)
 *   file PATH (its text and a zero byte)
 */
#define _GNU_SOURCE /* accept4() */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONTROL_PORT 10
#define BLOCK 65536

struct control {
	int fd, listener, conn;
	FILE *out;
	char line[256];
	size_t have;
};

struct verb {
	const char *name;
	long (*call)(struct control *c, const char *args);
};

#define ANSWERED 0x7fffffffL /* the call wrote the line itself */

static int ep;
static unsigned char block[BLOCK];

static long result(long value)
{
	return value < 0 ? -errno : value;
}

static struct sockaddr_in address(const char *ip, int port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &sin.sin_addr);
	return sin;
}

static int new_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- The calls ----------------------------------------------------------- */

/* The options of "set" may come before. */
static long do_socket(struct control *c, const char *args)
{
	int *fd = strcmp(args, "listener") ? &c->conn : &c->listener;

	drop(fd);
	*fd = new_socket();
	return result(*fd < 0 ? -1 : 0);
}

static long do_listen(struct control *c, const char *args)
{
	struct sockaddr_in sin;
	int port = 0, backlog = 0, on = 1;

	sscanf(args, "%d %d", &port, &backlog);
	sin = address("0.0.0.0", port);
	setsockopt(c->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(c->listener, (void *)&sin, sizeof(sin)))
		return -errno;
	return result(listen(c->listener, backlog));
}

static long do_connect(struct control *c, const char *args)
{
	struct sockaddr_in sin;
	char ip[32] = "";
	int port = 0;

	sscanf(args, "%31s %d", ip, &port);
	sin = address(ip, port);
	return result(connect(c->conn, (void *)&sin, sizeof(sin)));
}

static long do_accept(struct control *c, const char *args)
{
	int fd = accept4(c->listener, NULL, NULL, SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	drop(&c->conn);
	c->conn = fd;
	return 0;
}

static long do_send(struct control *c, const char *args)
{
	unsigned int count = 0, offset = 0, flags = 0;

	sscanf(args, "%u %u %u", &count, &offset, &flags);
	if (count > BLOCK)
		count = BLOCK;
	for (unsigned int i = 0; i < count; i++)
		block[i] = (offset + i) * 167 + ((offset + i) >> 8) * 13;
	return result(send(c->conn, block, count, flags | MSG_NOSIGNAL));
}

static long do_recv(struct control *c, const char *args)
{
	size_t count = strtoul(args, NULL, 10);
	ssize_t n = recv(c->conn, block, count < BLOCK ? count : BLOCK, 0);

	if (n < 0)
		return -errno;
	for (ssize_t i = 0; i < n; i++)
		fprintf(c->out, "%02x", block[i]);
	fputc('\n', c->out);
	return ANSWERED;
}

static long do_oob(struct control *c, const char *args)
{
	unsigned char byte;
	ssize_t n = recv(c->conn, &byte, 1, MSG_OOB);

	return n == 1 ? byte : result(n);
}

static long do_mark(struct control *c, const char *args)
{
	return result(sockatmark(c->conn));
}

static long do_unread(struct control *c, const char *args)
{
	int n = 0;

	return ioctl(c->conn, FIONREAD, &n) ? -errno : n;
}

static long do_shutdown(struct control *c, const char *args)
{
	return result(shutdown(c->conn, atoi(args)));
}

static long do_close(struct control *c, const char *args)
{
	drop(strcmp(args, "listener") ? &c->conn : &c->listener);
	return 0;
}

static long do_linger(struct control *c, const char *args)
{
	struct linger l = { .l_onoff = 1, .l_linger = atoi(args) };

	return result(
		setsockopt(c->conn, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
}

static long do_set(struct control *c, const char *args)
{
	int level = 0, name = 0, value = 0;
	char who[16] = "";

	sscanf(args, "%15s %d %d %d", who, &level, &name, &value);
	return result(setsockopt(*who == 'l' ? c->listener : c->conn, level,
				 name, &value, sizeof(value)));
}

static long do_error(struct control *c, const char *args)
{
	socklen_t len = sizeof(int);
	int value = 0;

	if (getsockopt(c->conn, SOL_SOCKET, SO_ERROR, &value, &len))
		return -errno;
	return -value;
}

static long do_poll(struct control *c, const char *args)
{
	struct pollfd p = { .fd = c->conn,
			    .events = POLLIN | POLLOUT | POLLPRI | POLLRDHUP };

	return result(poll(&p, 1, 0) < 0 ? -1 : p.revents);
}

/* ---- What the system says of a connection -------------------------------- */

static long do_state(struct control *c, const char *args)
{
	FILE *f = fopen("/proc/net/tcp", "r");
	char ip[32] = "", line[512];
	struct in_addr peer = { 0 };
	unsigned int addr, port = 0, rport, state, tx, rx;

	sscanf(args, "%31s %u", ip, &port);
	inet_pton(AF_INET, ip, &peer);
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*u: %*x:%*x %x:%x %x %x:%x", &addr, &rport,
			   &state, &tx, &rx) == 5 &&
		    addr == peer.s_addr && rport == port)
			fprintf(c->out, "%u %u %u ", state, rx, tx);
	if (f)
		fclose(f);
	fputc('\n', c->out);
	return ANSWERED;
}

static long do_file(struct control *c, const char *args)
{
	int fd = open(args, O_RDONLY);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, block, sizeof(block))) > 0)
		fwrite(block, 1, n, c->out);
	if (fd >= 0)
		close(fd);
	fputc(0, c->out);
	return ANSWERED;
}

static const struct verb verbs[] = {
	{ "socket", do_socket },   { "listen", do_listen },
	{ "connect", do_connect }, { "accept", do_accept },
	{ "send", do_send },	   { "recv", do_recv },
	{ "oob", do_oob },	   { "mark", do_mark },
	{ "unread", do_unread },   { "shutdown", do_shutdown },
	{ "close", do_close },	   { "linger", do_linger },
	{ "set", do_set },	   { "error", do_error },
	{ "poll", do_poll },	   { "state", do_state },
	{ "file", do_file },
};

/* ---- The controllers ----------------------------------------------------- */

static void obey(struct control *c)
{
	char *args = c->line + strcspn(c->line, " ");
	long answer = -ENOSYS;

	if (*args)
		*args++ = 0;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(c->line, verbs[i].name))
			answer = verbs[i].call(c, args);
	if (answer != ANSWERED)
		fprintf(c->out, "%ld\n", answer);
	fflush(c->out);
}

static void forget(struct control *c)
{
	drop(&c->conn);
	drop(&c->listener);
	fclose(c->out);
	free(c);
}

static void hear(struct control *c)
{
	ssize_t n = read(c->fd, c->line + c->have,
			 sizeof(c->line) - 1 - c->have);
	char *end;

	if (n <= 0) {
		forget(c);
		return;
	}
	c->have += n;
	end = memchr(c->line, '\n', c->have);
	if (!end)
		return;
	*end = 0;
	c->have = 0; /* the controller waits for each answer */
	obey(c);
}

static void welcome(int listener)
{
	struct control *c = calloc(1, sizeof(*c));
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int on = 1;

	c->fd = accept(listener, NULL, NULL);
	c->listener = c->conn = -1;
	c->out = fdopen(c->fd, "w");
	setsockopt(c->fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on));
	epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
}

int main(void)
{
	struct sockaddr_in sin = address("0.0.0.0", CONTROL_PORT);
	struct epoll_event ev = { .events = EPOLLIN };
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	signal(SIGPIPE, SIG_IGN);
	ep = epoll_create1(0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (void *)&sin, sizeof(sin)) || listen(listener, 64) ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev))
		perror("remote");
	printf("remote: listening\n");
	fflush(stdout);
	while (epoll_wait(ep, &ev, 1, -1) > 0) {
		if (ev.data.ptr)
			hear(ev.data.ptr);
		else
			welcome(listener);
	}
}
