/* SPDX-License-Identifier: MIT */
/*
 * An HTTP/1.1 server (RFC 9112) for the system tests on port 80: one thread,
 * edge-triggered epoll, connections kept alive, pipelined requests answered
 * in order.
 *   GET /             a few bytes
 *   GET /bytes/N      N bytes of a block of BLOCK bytes, over and over
 *   GET /fs/PATH      a file: with a size by sendfile(), without by read()
 *   POST /echo        the body, sized or chunked, comes back in chunks
 */
#define _GNU_SOURCE /* accept4() */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65521 /* prime: nothing else has this period */
#define HEAD_MAX 8192
#define OUT_MAX 32768

/* Where the body of a request is. */
enum body {
	BODY_NONE,
	BODY_SIZED,
	CHUNK_SIZE,
	CHUNK_DATA,
	CHUNK_END,
	TRAILERS
};

struct conn {
	int fd;
	bool eof, close;
	char in[HEAD_MAX]; /* of the requests that wait */
	size_t have;
	enum body body;
	uint64_t body_left;
	char out[OUT_MAX]; /* heads, and what is copied of bodies */
	size_t out_len, out_sent;
	uint64_t block_at, block_left; /* of /bytes */
	int file; /* of /fs, or -1 */
	uint64_t file_left;
};

struct request {
	const char *path;
	bool get, head, post, chunked, expects;
	uint64_t length;
};

static int ep;
static char block[BLOCK + OUT_MAX];

/* The byte at any place in a body: a fixed linear generator. */
static void fill_block(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < sizeof(block); i++) {
		x = i % BLOCK ? x * 1664525 + 1013904223 : 1;
		block[i] = x >> 24;
	}
}

static void finish(struct conn *c)
{
	if (c->file >= 0)
		close(c->file);
	close(c->fd);
	free(c);
}

static size_t room(const struct conn *c)
{
	return OUT_MAX - c->out_len;
}

static void put(struct conn *c, const char *data, size_t len)
{
	memcpy(c->out + c->out_len, data, len);
	c->out_len += len;
}

static void head(struct conn *c, const char *status, int64_t length)
{
	char text[256];
	int n = snprintf(text, sizeof(text),
			 "HTTP/1.1 %s\r\nContent-Type: text/plain\r\n%s",
			 status, c->close ? "Connection: close\r\n" : "");

	if (length < 0)
		n += snprintf(text + n, sizeof(text) - n,
			      "Transfer-Encoding: chunked\r\n\r\n");
	else
		n += snprintf(text + n, sizeof(text) - n,
			      "Content-Length: %lld\r\n\r\n",
			      (long long)length);
	put(c, text, n);
}

static void short_answer(struct conn *c, const char *status)
{
	head(c, status, strlen(status) + 1);
	put(c, status, strlen(status));
	put(c, "\n", 1);
}

/* What comes behind a request that makes no sense cannot be told apart. */
static void refuse(struct conn *c, const char *status)
{
	c->close = true;
	c->have = 0;
	c->body = BODY_NONE;
	short_answer(c, status);
}

static void start_file(struct conn *c, const struct request *r)
{
	static char text[OUT_MAX / 2];
	struct stat st;
	ssize_t n;

	c->file = open(r->path + 3, O_RDONLY);
	if (c->file < 0 || fstat(c->file, &st)) {
		short_answer(c, "404 Not Found");
		return;
	}
	if (st.st_size) {
		head(c, "200 OK", st.st_size);
		c->file_left = r->head ? 0 : st.st_size;
	} else {
		size_t len = 0;

		while ((n = read(c->file, text + len, sizeof(text) - len)) > 0)
			len += n;
		head(c, "200 OK", len);
		if (!r->head)
			put(c, text, len);
	}
	if (!c->file_left) {
		close(c->file);
		c->file = -1;
	}
}

static void start_echo(struct conn *c, const struct request *r)
{
	if (r->expects)
		put(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	head(c, "200 OK", -1);
	c->body = r->chunked ? CHUNK_SIZE : BODY_SIZED;
	c->body_left = r->length;
}

static void answer(struct conn *c, const struct request *r)
{
	if (r->post && !strcmp(r->path, "/echo")) {
		start_echo(c, r);
	} else if (!r->get && !r->head) {
		refuse(c, "405 Method Not Allowed");
	} else if (!strcmp(r->path, "/")) {
		short_answer(c, "200 OK");
	} else if (!strncmp(r->path, "/bytes/", 7)) {
		uint64_t n = strtoull(r->path + 7, NULL, 10);

		head(c, "200 OK", n);
		c->block_at = 0;
		c->block_left = r->head ? 0 : n;
	} else if (!strncmp(r->path, "/fs/", 4)) {
		start_file(c, r);
	} else {
		short_answer(c, "404 Not Found");
	}
}

static void header(struct conn *c, struct request *r, const char *line)
{
	const char *value = strchr(line, ':');
	size_t n;

	if (!value)
		return;
	n = value - line;
	value += 1 + strspn(value + 1, " \t");
	if (n == 14 && !strncasecmp(line, "content-length", n))
		r->length = strtoull(value, NULL, 10);
	else if (n == 17 && !strncasecmp(line, "transfer-encoding", n))
		r->chunked = !strcasecmp(value, "chunked");
	else if (n == 6 && !strncasecmp(line, "expect", n))
		r->expects = !strcasecmp(value, "100-continue");
	else if (n == 10 && !strncasecmp(line, "connection", n))
		c->close = !strcasecmp(value, "close");
}

static void consume(struct conn *c, size_t n)
{
	c->have -= n;
	memmove(c->in, c->in + n, c->have);
}

/* False: there is no whole request yet. */
static bool next_request(struct conn *c)
{
	struct request r = { 0 };
	char text[HEAD_MAX], *line, *rest = text, *method, *version;
	char *end = memmem(c->in, c->have, "\r\n\r\n", 4);
	size_t n;

	if (!end) {
		if (c->have == HEAD_MAX)
			refuse(c, "431 Request Header Fields Too Large");
		return c->close;
	}
	n = end + 4 - c->in;
	memcpy(text, c->in, n - 2);
	text[n - 2] = 0;
	consume(c, n);
	method = strsep(&rest, " ");
	r.path = strsep(&rest, " ");
	version = strsep(&rest, "\r");
	if (!version || strncmp(version, "HTTP/1.", 7)) {
		refuse(c, "400 Bad Request");
		return true;
	}
	c->close = !strcmp(version, "HTTP/1.0");
	while ((line = strsep(&rest, "\r")))
		header(c, &r, line + (*line == '\n'));
	r.get = !strcmp(method, "GET");
	r.head = !strcmp(method, "HEAD");
	r.post = !strcmp(method, "POST");
	answer(c, &r);
	return true;
}

/* A piece of the body that comes back, as a chunk. */
static void echo_piece(struct conn *c)
{
	size_t n = c->have;
	char size[16];

	if (n > c->body_left)
		n = c->body_left;
	put(c, size, snprintf(size, sizeof(size), "%zx\r\n", n));
	put(c, c->in, n);
	put(c, "\r\n", 2);
	c->body_left -= n;
	consume(c, n);
}

static void body_ends(struct conn *c)
{
	put(c, "0\r\n\r\n", 5);
	c->body = BODY_NONE;
}

/* A line of the chunked coding; false: it is not there yet. */
static bool chunk_line(struct conn *c)
{
	char *end = memmem(c->in, c->have, "\r\n", 2);
	size_t n = end ? end - c->in : 0;

	if (!end) {
		if (c->have == HEAD_MAX)
			refuse(c, "400 Bad Request");
		return c->body == BODY_NONE;
	}
	if (c->body == CHUNK_SIZE) {
		c->body_left = strtoull(c->in, NULL, 16);
		c->body = c->body_left ? CHUNK_DATA : TRAILERS;
	} else if (c->body == CHUNK_END) {
		c->body = CHUNK_SIZE;
	} else if (!n) {
		body_ends(c);
	}
	consume(c, n + 2);
	return true;
}

/* One step in the request's body; false: more of it has to come. */
static bool body_step(struct conn *c)
{
	if (c->body == BODY_SIZED && !c->body_left) {
		body_ends(c);
		return true;
	}
	if (c->body != BODY_SIZED && c->body != CHUNK_DATA)
		return chunk_line(c);
	if (!c->have)
		return false;
	echo_piece(c);
	if (c->body == CHUNK_DATA && !c->body_left)
		c->body = CHUNK_END;
	return true;
}

/* What can be sent now: 1 all, 0 the socket is full, -1 the peer is gone. */
static int flush(struct conn *c)
{
	while (c->out_sent < c->out_len) {
		ssize_t n = send(c->fd, c->out + c->out_sent,
				 c->out_len - c->out_sent, MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		c->out_sent += n;
	}
	c->out_len = c->out_sent = 0;
	while (c->block_left) {
		size_t want = c->block_left < OUT_MAX ? c->block_left : OUT_MAX;
		ssize_t n = send(c->fd, block + c->block_at % BLOCK, want,
				 MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		c->block_at += n;
		c->block_left -= n;
	}
	while (c->file_left) {
		ssize_t n = sendfile(c->fd, c->file, NULL, c->file_left);

		if (n <= 0)
			return n && errno == EAGAIN ? 0 : -1;
		c->file_left -= n;
	}
	if (c->file >= 0)
		close(c->file);
	c->file = -1;
	return 1;
}

/* 1 something came, 0 nothing now, -1 the peer is gone. */
static int fill(struct conn *c)
{
	ssize_t n;

	if (c->eof || c->have == HEAD_MAX)
		return 0;
	n = read(c->fd, c->in + c->have, HEAD_MAX - c->have);
	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	c->eof = !n;
	c->have += n;
	return n > 0;
}

/*
 * Goes on until the socket is full or empty. close() comes right behind the
 * last send(): the kernel delivers what it took.
 */
static void run(struct conn *c)
{
	for (;;) {
		int sent = flush(c), came;

		if (!sent)
			return;
		if (sent < 0 || (c->close && !c->body)) {
			finish(c);
			return;
		}
		while (room(c) > HEAD_MAX * 3 && !c->block_left &&
		       !c->file_left && !(c->close && !c->body) &&
		       (c->body ? body_step(c) : next_request(c)))
			;
		if (c->out_len || c->block_left || c->file_left)
			continue;
		came = fill(c);
		if (came < 0 || (!came && c->eof)) {
			finish(c);
			return;
		}
		if (!came)
			return;
	}
}

static void accept_all(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct conn *c = calloc(1, sizeof(*c));
		struct epoll_event ev = {
			.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
			.data.ptr = c,
		};

		if (!c) {
			close(fd);
			continue;
		}
		c->fd = fd;
		c->file = -1;
		if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
			perror("epoll_ctl");
	}
}

int main(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(80) };
	struct epoll_event ev[64] = { { .events = EPOLLIN } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

	signal(SIGPIPE, SIG_IGN); /* sendfile() has no MSG_NOSIGNAL */
	fill_block();
	ep = epoll_create1(0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (void *)&sin, sizeof(sin)) || listen(fd, 1024) ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev[0]))
		perror("http");
	printf("http: listening\n");
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(ep, ev, 64, -1);

		for (int i = 0; i < n; i++)
			if (ev[i].data.ptr)
				run(ev[i].data.ptr);
			else
				accept_all(fd);
	}
}
