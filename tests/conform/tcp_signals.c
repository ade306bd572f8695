/* SPDX-License-Identifier: MIT */
/*
 * Signals that interrupt socket calls: EINTR, or the call goes on by
 * SA_RESTART, unless the socket has a timeout; what was moved before counts.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/uio.h>

#include "settle.h"
#include "tcp.h"

static volatile sig_atomic_t signals;

static void on_signal(int sig)
{
	signals++;
}

static void handle(int flags)
{
	struct sigaction action = { .sa_handler = on_signal };

	action.sa_flags = flags;
	sigaction(SIGUSR1, &action, NULL);
}

static int listening, fds[2], port;
static char big[8 << 20];

static void *do_accept(void *unused)
{
	return (void *)result(accept(listening, NULL, NULL));
}

static void *do_recv(void *unused)
{
	char c;

	return (void *)result(recv(fds[0], &c, 1, 0));
}

static void *do_read(void *unused)
{
	char c;

	return (void *)result(read(fds[0], &c, 1));
}

static void *do_recvmsg(void *unused)
{
	char c;
	struct iovec vec = { &c, 1 };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1 };

	return (void *)result(recvmsg(fds[0], &msg, 0));
}

static void *do_recvmmsg(void *unused)
{
	char c;
	struct iovec vec = { &c, 1 };
	struct mmsghdr list = { { .msg_iov = &vec, .msg_iovlen = 1 }, 0 };

	return (void *)result(recvmmsg(fds[0], &list, 1, 0, NULL));
}

static void *do_recv_all(void *unused)
{
	char bytes[100];

	return (void *)result(recv(fds[0], bytes, 100, MSG_WAITALL));
}

static void *do_send(void *unused)
{
	long n = send(fds[0], big, sizeof(big), MSG_NOSIGNAL);

	return (void *)(n > 0 && n < (long)sizeof(big) ? 1L : result(n));
}

static void *do_connect(void *unused)
{
	return (void *)(long)connect_at(fds[0], HERE, port);
}

static void *do_poll(void *unused)
{
	struct pollfd p = { .fd = fds[0], .events = POLLIN };

	return (void *)result(poll(&p, 1, 10000));
}

/* Interrupts the thread once, while it sleeps. */
static void interrupt(pthread_t thread)
{
	int had = signals;

	pthread_kill(thread, SIGUSR1);
	COMES_TRUE(signals > had);
	usleep(10000);
}

static const struct {
	const char *name;
	void *(*run)(void *);
} receivers[] = {
	{ "recv", do_recv },
	{ "read", do_read },
	{ "recvmsg", do_recvmsg },
	{ "recvmmsg", do_recvmmsg },
};

static void test_receive(void)
{
	struct timeval tv = { 10, 0 };
	char name[64];
	pthread_t t;

	for (int i = 0; i < 4; i++) {
		pair(fds);
		handle(0);
		t = start_thread(receivers[i].run, NULL);
		interrupt(t);
		snprintf(name, sizeof(name), "%s: EINTR", receivers[i].name);
		is(join(t), -EINTR, name);
		handle(SA_RESTART);
		t = start_thread(receivers[i].run, NULL);
		interrupt(t);
		interrupt(t);
		put(fds[1], "x");
		snprintf(name, sizeof(name), "%s: SA_RESTART goes on",
			 receivers[i].name);
		is(join(t), 1, name);
		setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
		t = start_thread(receivers[i].run, NULL);
		interrupt(t);
		snprintf(name, sizeof(name), "%s: with a timeout, EINTR",
			 receivers[i].name);
		is(join(t), -EINTR, name);
		close_both(fds);
	}
}

static void test_receive_all(void)
{
	pthread_t t;

	pair(fds);
	handle(SA_RESTART);
	put(fds[1], "half");
	has_arrived(fds[0], 4);
	t = start_thread(do_recv_all, NULL);
	interrupt(t);
	is(join(t), 4, "MSG_WAITALL: what has come counts");
	handle(0);
	put(fds[1], "half");
	has_arrived(fds[0], 4);
	t = start_thread(do_recv_all, NULL);
	interrupt(t);
	is(join(t), 4, "MSG_WAITALL: without SA_RESTART too");
	close_both(fds);
}

static int wait_mask_ms(int fd, int events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, ms) > 0;
}

static void test_send(void)
{
	pthread_t t;

	pair(fds);
	set_option(fds[0], SOL_SOCKET, SO_SNDBUF, 50000);
	set_option(fds[1], SOL_SOCKET, SO_RCVBUF, 50000);
	handle(SA_RESTART);
	t = start_thread(do_send, NULL);
	interrupt(t);
	is(join(t), 1, "send: what has gone counts");
	/* Now there shall be no room at all. */
	while (send(fds[0], big, 1000, MSG_DONTWAIT) > 0 ||
	       wait_mask_ms(fds[0], POLLOUT, 50))
		;
	handle(0);
	t = start_thread(do_send, NULL);
	interrupt(t);
	is(join(t), -EINTR, "send: EINTR");
	handle(SA_RESTART);
	t = start_thread(do_send, NULL);
	interrupt(t);
	shutdown(fds[0], SHUT_WR);
	is(join(t), -EPIPE, "send: SA_RESTART goes on");
	close_both(fds);
}

static void test_accept(void)
{
	struct timeval tv = { 10, 0 };
	pthread_t t;
	long fd;

	listening = listen_at(HERE, 5, &port);
	handle(0);
	t = start_thread(do_accept, NULL);
	interrupt(t);
	is(join(t), -EINTR, "accept: EINTR");
	handle(SA_RESTART);
	t = start_thread(do_accept, NULL);
	interrupt(t);
	fds[0] = new_tcp();
	connect_at(fds[0], HERE, port);
	fd = join(t);
	ok(fd >= 0, "accept: SA_RESTART goes on");
	close(fd);
	close(fds[0]);
	setsockopt(listening, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	t = start_thread(do_accept, NULL);
	interrupt(t);
	is(join(t), -EINTR, "accept: with a timeout, EINTR");
	close(listening);
}

static void test_connect(void)
{
	struct timeval tv = { 0, 100000 };
	int first = new_tcp();
	pthread_t t;

	listening = listen_at(HERE, 0, &port);
	connect_at(first, HERE, port);
	fds[0] = new_tcp();
	handle(0);
	t = start_thread(do_connect, NULL);
	interrupt(t);
	is(join(t), -EINTR, "connect: EINTR");
	is(tcp_state(fds[0]), TCP_SYN_SENT, "connect: but it goes on");
	nonblock(fds[0]);
	is(connect_at(fds[0], HERE, port), -EALREADY, "connect: EALREADY");
	close(accept(listening, NULL, NULL));
	shows(fds[0], "OUT", "connect: it is connected");
	is(connect_at(fds[0], HERE, port), 0, "connect: 0");
	close(fds[0]);
	close(accept(listening, NULL, NULL));
	close(first);

	first = new_tcp();
	connect_at(first, HERE, port);
	fds[0] = new_tcp();
	handle(SA_RESTART);
	t = start_thread(do_connect, NULL);
	interrupt(t);
	close(accept(listening, NULL, NULL));
	is(join(t), 0, "connect: SA_RESTART goes on");
	close(fds[0]);
	close(accept(listening, NULL, NULL));
	close(first);

	first = new_tcp();
	connect_at(first, HERE, port);
	fds[0] = new_tcp();
	setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	is(connect_at(fds[0], HERE, port), -EINPROGRESS,
	   "connect: SO_SNDTIMEO, EINPROGRESS");
	is(connect_at(fds[0], HERE, port), -EALREADY,
	   "connect: SO_SNDTIMEO, EALREADY");
	close(fds[0]);
	close(first);
	close(listening);
}

static void test_poll(void)
{
	pthread_t t;

	pair(fds);
	handle(SA_RESTART);
	t = start_thread(do_poll, NULL);
	interrupt(t);
	is(join(t), -EINTR, "poll: EINTR, SA_RESTART or not");
	close_both(fds);
}

/* A signal that is blocked or ignored interrupts nothing. */
static void test_ignored(void)
{
	pthread_t t;

	pair(fds);
	signal(SIGUSR1, SIG_IGN);
	t = start_thread(do_recv, NULL);
	pthread_kill(t, SIGUSR1);
	usleep(10000);
	put(fds[1], "x");
	is(join(t), 1, "recv: an ignored signal is none");
	close_both(fds);
}

int main(void)
{
	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_receive();
	test_receive_all();
	test_send();
	test_accept();
	test_connect();
	test_poll();
	test_ignored();
	return done_testing();
}
