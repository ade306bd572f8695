/* SPDX-License-Identifier: MIT */
/*
 * TCP with more data than the buffers hold: back-pressure, timeouts, and
 * 50 MB that are written and then closed, which a slow reader gets whole.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/uio.h>

#include "settle.h"
#include "tcp.h"

#define CHUNK 65536
#define MEGABYTE (1024L * 1024)

/* The byte at an offset of the stream. */
static unsigned char byte_at(long offset)
{
	return (offset * 2654435761u) >> 24;
}

static void make_bytes(unsigned char *bytes, long offset, long n)
{
	for (long i = 0; i < n; i++)
		bytes[i] = byte_at(offset + i);
}

static bool are_bytes(const unsigned char *bytes, long offset, long n)
{
	for (long i = 0; i < n; i++) {
		if (bytes[i] != byte_at(offset + i))
			return false;
	}
	return true;
}

/* Joined by buffers that Linux does not let grow. */
static void fixed_pair(int p[2])
{
	pair(p);
	set_option(p[0], SOL_SOCKET, SO_SNDBUF, 200000);
	set_option(p[1], SOL_SOCKET, SO_RCVBUF, 200000);
}

/* Writes as much as goes; how much that was. errno is what ended it. */
static long fill(int fd, long offset)
{
	static unsigned char bytes[CHUNK];
	long n, sum = 0;

	do {
		for (;;) {
			make_bytes(bytes, offset + sum, CHUNK);
			n = send(fd, bytes, CHUNK, MSG_DONTWAIT);
			if (n < 0)
				break;
			sum += n;
		}
	} while (errno == EAGAIN && !stands_still(fd));
	return sum;
}

static long take(int fd, long offset, long n, bool *right)
{
	static unsigned char bytes[CHUNK];
	long got, sum = 0;

	while (sum < n) {
		got = recv(fd, bytes, n - sum < CHUNK ? n - sum : CHUNK, 0);
		if (got <= 0)
			break;
		*right &= are_bytes(bytes, offset + sum, got);
		sum += got;
	}
	return sum;
}

static void test_pressure(void)
{
	bool right = true;
	long n, more;
	int p[2];

	fixed_pair(p);
	n = fill(p[0], 0);
	ok(n > CHUNK, "full: more than 64 KiB went in");
	is(mask(p[0]) & POLLOUT, 0, "full: not OUT");
	is(result(send(p[0], "x", 1, MSG_DONTWAIT)), -EAGAIN, "full: EAGAIN");
	ok(ioctl_value(p[1], SIOC_INQ) > 0, "full: some has arrived");
	is(mask(p[1]), POLLIN | POLLOUT, "full: the other way is free");
	is(take(p[1], 0, n, &right), n, "full: all of it can be read");
	ok(right, "full: byte by byte");
	shows(p[0], "OUT", "read: OUT again");
	more = fill(p[0], n);
	ok(more > CHUNK, "read: and it takes more");
	is(take(p[1], n, more, &right), more, "read: which arrives");
	ok(right, "read: byte by byte");
	close_both(p);

	/* A small buffer makes the sender wait sooner. */
	pair(p);
	is(set_option(p[0], SOL_SOCKET, SO_SNDBUF, 1), 0, "SO_SNDBUF: 1");
	is(get_option(p[0], SOL_SOCKET, SO_SNDBUF), 4608, "SO_SNDBUF: least");
	set_option(p[1], SOL_SOCKET, SO_RCVBUF, 8192);
	more = fill(p[0], 0);
	ok(more > 0 && more < n, "small buffers: less goes in");
	is(take(p[1], 0, more, &right), more, "small buffers: all arrives");
	ok(right, "small buffers: byte by byte");
	close_both(p);
}

static void test_full_and_closed(void)
{
	bool right = true;
	char c;
	long n;
	int p[2];

	fixed_pair(p);
	n = fill(p[0], 0);
	shutdown(p[0], SHUT_WR);
	is(mask(p[0]), POLLOUT, "full, then shut: OUT");
	is(result(send(p[0], "x", 1, MSG_NOSIGNAL)), -EPIPE,
	   "full, then shut: EPIPE");
	is(take(p[1], 0, n + 1, &right), n, "full, then shut: all arrives");
	is(recv(p[1], &c, 1, 0), 0, "full, then shut: the end");
	close_both(p);

	fixed_pair(p);
	n = fill(p[0], 0);
	close(p[0]);
	is(take(p[1], 0, n + 1, &right), n, "full, then closed: all arrives");
	is(recv(p[1], &c, 1, 0), 0, "full, then closed: the end");
	ok(right, "full, then closed: byte by byte");
	close(p[1]);

	fixed_pair(p);
	n = fill(p[0], 0);
	reset(p[0]);
	shows(p[1], "IN|OUT|ERR|HUP|RDHUP", "full, then reset: every bit");
	n = ioctl_value(p[1], SIOC_INQ);
	ok(n > 0 && take(p[1], 0, n, &right) == n && right,
	   "full, then reset: what had arrived");
	is(result(recv(p[1], &c, 1, 0)), -ECONNRESET, "full, then reset");
	close(p[1]);

	/* The reader goes away without reading. */
	fixed_pair(p);
	fill(p[0], 0);
	close(p[1]);
	shows(p[0], "IN|OUT|ERR|HUP|RDHUP", "full, reader closes: every bit");
	is(result(send(p[0], "x", 1, MSG_NOSIGNAL)), -ECONNRESET,
	   "full, reader closes: ECONNRESET");
	close(p[0]);
}

static void test_timeouts(void)
{
	static unsigned char bytes[4 * MEGABYTE];
	struct timeval tv = { 0, 100000 };
	double t;
	long n;
	int p[2];

	pair(p);
	set_option(p[0], SOL_SOCKET, SO_SNDBUF, 20000);
	set_option(p[1], SOL_SOCKET, SO_RCVBUF, 20000);
	setsockopt(p[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	setsockopt(p[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	t = now();
	is(result(recv(p[1], bytes, 1, 0)), -EAGAIN, "SO_RCVTIMEO: EAGAIN");
	ok(now() - t > 0.09, "SO_RCVTIMEO: after that time");
	t = now();
	n = send(p[0], bytes, sizeof(bytes), 0);
	ok(n > 0 && n < (long)sizeof(bytes), "SO_SNDTIMEO: a part is sent");
	ok(now() - t > 0.09, "SO_SNDTIMEO: after that time");
	t = now();
	while ((n = send(p[0], bytes, 1000, 0)) > 0)
		;
	is(result(n), -EAGAIN, "SO_SNDTIMEO: then EAGAIN");
	is(recv(p[1], bytes, 1000, 0), 1000, "SO_RCVTIMEO: not with data");
	close_both(p);
}

struct writer {
	int fd;
	long n;
	bool blocks;
};

/* Writes n bytes in pieces of many sizes, and closes. */
static void *write_and_close(void *arg)
{
	struct writer *w = arg;
	static unsigned char bytes[CHUNK];
	long done = 0;

	while (done < w->n) {
		long n = 1 + done * 7919 % CHUNK;

		if (n > w->n - done)
			n = w->n - done;
		make_bytes(bytes, done, n);
		n = send(w->fd, bytes, n, 0);
		if (n < 0)
			break;
		done += n;
	}
	close(w->fd);
	return (void *)done;
}

/* 50 MB, and the writer is long gone when the last of it is read. */
static void test_slow_reader(void)
{
	static unsigned char bytes[CHUNK];
	struct writer w = { .n = 50 * MEGABYTE };
	long got = 0, n = 0, pauses = 0;
	bool right = true;
	pthread_t thread;
	int p[2];

	pair(p);
	w.fd = p[0];
	thread = start_thread(write_and_close, &w);
	while ((n = recv(p[1], bytes, 1 + got * 31 % CHUNK, 0)) > 0) {
		right &= are_bytes(bytes, got, n);
		got += n;
		if (got / (MEGABYTE / 2) > pauses) {
			pauses++;
			usleep(5000);
		}
	}
	is(join(thread), 50 * MEGABYTE, "50 MB: written, then closed");
	is(got, 50 * MEGABYTE, "50 MB: a slow reader gets them all");
	ok(right, "50 MB: byte by byte");
	is(n, 0, "50 MB: then the end");
	close(p[1]);
}

/* The end of it lies in the buffers when the writer closes. */
static void test_left_behind(void)
{
	long n, got;
	bool right = true;
	int p[2];

	pair(p);
	set_option(p[0], SOL_SOCKET, SO_SNDBUF, 4 * MEGABYTE);
	n = fill(p[0], 0);
	close(p[0]);
	for (got = 0; got < n; got += 100000) {
		long want = n - got < 100000 ? n - got : 100000;

		if (take(p[1], got, want, &right) != want)
			break;
		usleep(1000);
	}
	ok(got >= n && right, "left behind: all arrives, piece by piece");
	is(recv(p[1], &(char){ 0 }, 1, 0), 0, "left behind: then the end");
	close(p[1]);
}

/* Both ends write as fast as they can read. */
static void test_both_ways(void)
{
	static unsigned char bytes[CHUNK];
	long want = 4 * MEGABYTE, sent[2] = { 0 }, got[2] = { 0 }, n;
	bool right = true;
	int p[2];

	joined(p);
	while (got[0] < want || got[1] < want) {
		for (int end = 0; end < 2; end++) {
			n = recv(p[end], bytes, 30000, 0);
			if (n > 0) {
				right &= are_bytes(bytes, got[end], n);
				got[end] += n;
			}
			n = want - sent[end] < CHUNK ? want - sent[end] : CHUNK;
			make_bytes(bytes, sent[end], n);
			n = n ? send(p[end], bytes, n, 0) : 0;
			if (n > 0)
				sent[end] += n;
		}
	}
	ok(right, "both ways: 4 MB each, byte by byte");
	close_both(p);
}

int main(void)
{
	deadline(55);
	signal(SIGPIPE, SIG_IGN);
	test_pressure();
	test_full_and_closed();
	test_timeouts();
	test_slow_reader();
	test_left_behind();
	test_both_ways();
	return done_testing();
}
