/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait, in the corners where what they wait for and what they do
 * could differ: reads of nothing, looks at more than there is, marks above the
 * buffer, and a close that takes its time.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/un.h>

#include "settle.h"
#include "tcp.h"

#define PEEK_OFF_OPTION 42

/* ---- Reads of no bytes --------------------------------------------------- */

struct reader {
	int fd, flags;
	size_t len;
	char *buf;
	long got;
	atomic_bool done;
};

static void *reader_run(void *arg)
{
	struct reader *r = arg;

	r->got = result(recv(r->fd, r->buf, r->len, r->flags));
	atomic_store(&r->done, true);
	return NULL;
}

static void inet_dgrams(int fds[2])
{
	struct sockaddr_in a = local(0);

	for (int i = 0; i < 2; i++) {
		fds[i] = MUST(socket(AF_INET, SOCK_DGRAM, 0));
		MUST(bind_to(fds[i], 0));
	}
	for (int i = 0; i < 2; i++) {
		a = local(port_of(fds[!i]));
		MUST(connect(fds[i], (struct sockaddr *)&a, sizeof(a)));
	}
}

static void pair_of(int family, int type, int fds[2])
{
	if (family == AF_UNIX)
		MUST(socketpair(family, type, 0, fds));
	else if (type == SOCK_STREAM)
		pair(fds);
	else
		inet_dgrams(fds);
}

static const struct {
	const char *name;
	int family, type;
} kinds[] = {
	{ "TCP", AF_INET, SOCK_STREAM },
	{ "UDP", AF_INET, SOCK_DGRAM },
	{ "UNIX stream", AF_UNIX, SOCK_STREAM },
	{ "UNIX datagrams", AF_UNIX, SOCK_DGRAM },
	{ "UNIX packets", AF_UNIX, SOCK_SEQPACKET },
};

static const struct {
	const char *name;
	int flags;
} ways[] = {
	{ "plain", 0 },
	{ "MSG_PEEK", MSG_PEEK },
	{ "MSG_WAITALL", MSG_WAITALL },
	{ "MSG_PEEK|MSG_WAITALL", MSG_PEEK | MSG_WAITALL },
	{ "MSG_TRUNC", MSG_TRUNC },
	{ "MSG_OOB", MSG_OOB },
	{ "MSG_DONTWAIT", MSG_DONTWAIT },
};

/* What it gives, whether it waited for that, and what of three bytes is left. */
static void read_nothing(int kind, int way)
{
	struct reader r = { .flags = ways[way].flags };
	char buf[8], name[80];
	pthread_t thread;
	bool waited;
	int fds[2];

	pair_of(kinds[kind].family, kinds[kind].type, fds);
	r.fd = fds[0];
	thread = start_thread(reader_run, &r);
	waited = !atomic_load(&r.done);
	MUST(send(fds[1], "abc", 3, 0));
	join(thread);
	if (!waited)
		wait_mask(fds[0], POLLIN);
	snprintf(name, sizeof(name), "%s, %s of nothing: %s %ld, left %ld",
		 kinds[kind].name, ways[way].name,
		 waited ? "waits, then" : "at once", r.got,
		 result(recv(fds[0], buf, sizeof(buf), MSG_DONTWAIT)));
	ok(true, name);
	close(fds[0]);
	close(fds[1]);
}

static void test_read_nothing(void)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		for (size_t j = 0; j < sizeof(ways) / sizeof(*ways); j++)
			read_nothing(i, j);
	}
}

/* ---- Looks at more than there is ----------------------------------------- */

static char many[1 << 17];

static void nothing(int sig)
{
	(void)sig;
}

/* MSG_WAITALL looks on until all is there, or a signal comes. */
static void test_peek_all(void)
{
	struct sigaction sa = { .sa_handler = nothing };
	struct reader r = { .flags = MSG_PEEK | MSG_WAITALL,
			    .len = 60000,
			    .buf = malloc(60000) };
	pthread_t thread;
	int fds[2];

	sigaction(SIGUSR1, &sa, NULL);
	pair(fds);
	r.fd = fds[0];
	MUST(send(fds[1], many, 40000, 0));
	has_arrived(fds[0], 40000);
	thread = start_thread(reader_run, &r);
	ok(!atomic_load(&r.done), "peek at all: waits for the rest");
	pthread_kill(thread, SIGUSR1);
	join(thread);
	is(r.got, 40000, "peek at all: a signal ends it with what is there");

	atomic_store(&r.done, false);
	thread = start_thread(reader_run, &r);
	ok(!atomic_load(&r.done), "peek at all: waits again");
	MUST(send(fds[1], many, 20000, 0));
	join(thread);
	is(r.got, 60000, "peek at all: until all is there");
	is(recv(fds[0], many, sizeof(many), 0), 60000, "peek at all: unread");

	MUST(send(fds[1], many, 5, 0));
	has_arrived(fds[0], 5);
	set_option(fds[0], SOL_SOCKET, SO_RCVLOWAT, 7);
	atomic_store(&r.done, false);
	r.flags = MSG_PEEK;
	thread = start_thread(reader_run, &r);
	ok(!atomic_load(&r.done), "peek: waits for SO_RCVLOWAT");
	shutdown(fds[1], SHUT_WR);
	join(thread);
	is(r.got, 5, "peek: the end of the stream ends it");
	close(fds[0]);
	close(fds[1]);
	free(r.buf);
}

/* ---- A mark above the buffer --------------------------------------------- */

static void test_lowat(void)
{
	static const int sizes[] = { 1, 5000, 20000, 60000 };
	char name[80];

	for (int i = 0; i < 4; i++) {
		int fds[2], ep = new_epoll();
		ssize_t n;

		pair(fds);
		nonblock(fds[1]);
		is(set_option(fds[0], SOL_SOCKET, SO_RCVLOWAT, 200000), 0,
		   "lowat: 200,000");
		set_option(fds[0], SOL_SOCKET, SO_RCVBUF, sizes[i]);
		add(ep, fds[0], EPOLLIN | EPOLLET, 'a');
		do
			n = send(fds[1], many, sizeof(many), 0);
		while (n > 0);
		snprintf(name, sizeof(name),
			 "lowat: a full SO_RCVBUF of %d is readable", sizes[i]);
		waits_for(ep, "a:IN", name);
		is(wait_mask(fds[0], POLLIN), POLLIN, "lowat: poll says so");
		ok(recv(fds[0], many, sizeof(many), MSG_DONTWAIT) > 0,
		   "lowat: and it can be read");
		close(fds[0]);
		close(fds[1]);
		close(ep);
	}
}

/* ---- SO_PEEK_OFF --------------------------------------------------------- */

/*
 * What was looked at is read, and gone, while a look waits for more. The look
 * goes on where it began: behind four bytes.
 */
static void test_peek_off(void)
{
	char buf[8];
	struct reader r = { .flags = MSG_PEEK, .len = 8, .buf = buf };
	pthread_t thread;
	int fds[2];

	inet_dgrams(fds);
	r.fd = fds[0];
	set_option(fds[0], SOL_SOCKET, PEEK_OFF_OPTION, 0);
	for (int i = 0; i < 3; i++) {
		MUST(send(fds[1], "abcd", 4, 0));
		wait_mask(fds[0], POLLIN);
		is(recv(fds[0], buf, 8, MSG_PEEK), 4, "offset: a look");
		atomic_store(&r.done, false);
		thread = start_thread(reader_run, &r);
		ok(!atomic_load(&r.done), "offset: the next one waits");
		is(recv(fds[0], many, 8, 0), 4, "offset: what it saw is read");
		MUST(send(fds[1], "uvw", 3, 0));
		wait_mask(fds[0], POLLIN);
		usleep(SETTLE);
		ok(!atomic_load(&r.done), "offset: three bytes are too few");
		MUST(send(fds[1], "xyz", 3, 0));
		join(thread);
		ok(r.got == 2 && !memcmp(buf, "yz", 2), "offset: two more");
		is(recv(fds[0], many, 8, 0), 3, "offset: read");
		is(recv(fds[0], many, 8, 0), 3, "offset: read");
		set_option(fds[0], SOL_SOCKET, PEEK_OFF_OPTION, 0);
	}
	close(fds[0]);
	close(fds[1]);
}

/* ---- Descriptors in flight ----------------------------------------------- */

static void send_fd(int to, int fd)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { { .cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec iov = { (void *)"x", 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.hdr), &fd, sizeof(fd));
	MUST(sendmsg(to, &m, 0));
	close(fd);
}

static atomic_bool has_closed;

static void *close_run(void *arg)
{
	close(*(int *)arg);
	atomic_store(&has_closed, true);
	return NULL;
}

/* One that lingers as it is closed holds back no other. */
static void test_linger_in_flight(void)
{
	struct linger linger = { 1, 60 };
	int tcp[2], u[2][2], p[2];
	pthread_t thread;
	ssize_t n;

	pair(tcp);
	setsockopt(tcp[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	nonblock(tcp[0]);
	do
		n = send(tcp[0], many, sizeof(many), 0);
	while (n > 0);
	for (int i = 0; i < 2; i++)
		MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, u[i]));
	new_pipe(p);
	send_fd(u[0][0], tcp[0]);
	send_fd(u[1][0], p[1]);
	close(u[0][0]);
	close(u[1][0]);
	thread = start_thread(close_run, &u[0][1]);
	ok(!atomic_load(&has_closed), "linger: a descriptor in flight lingers");
	close(u[1][1]);
	is(wait_mask(p[0], POLLIN), POLLHUP, "linger: another one is closed");
	ok(!atomic_load(&has_closed), "linger: while the first still waits");
	while (recv(tcp[1], many, sizeof(many), 0) > 0)
		;
	join(thread);
	ok(atomic_load(&has_closed), "linger: until its data is read");
	close(tcp[1]);
	close(p[0]);
}

int main(void)
{
	test_read_nothing();
	test_peek_all();
	test_lowat();
	test_peek_off();
	test_linger_in_flight();
	return done_testing();
}
