/* SPDX-License-Identifier: MIT */
/*
 * TCP and threads: one blocks in a call while another closes, shuts down,
 * sends or connects.
 */
#define _GNU_SOURCE
#include <signal.h>

#include "settle.h"
#include "tcp.h"

static int listening, fds[2], port;

static void *do_accept(void *unused)
{
	return (void *)result(accept(listening, NULL, NULL));
}

static void *do_connect(void *unused)
{
	return (void *)(long)connect_at(fds[0], HERE, port);
}

static void *do_recv(void *unused)
{
	char c;

	return (void *)result(recv(fds[0], &c, 1, 0));
}

static void *do_recv_all(void *unused)
{
	char bytes[100];

	return (void *)result(recv(fds[0], bytes, 100, MSG_WAITALL));
}

static char big[8 << 20];

static void *do_send(void *unused)
{
	long n;

	n = send(fds[0], big, sizeof(big), MSG_NOSIGNAL);
	if (n > 0 && n < (long)sizeof(big))
		return (void *)1L;
	return (void *)result(n);
}

static void *do_poll(void *unused)
{
	return (void *)(long)wait_mask(fds[0], POLLIN);
}

static void test_accept(void)
{
	pthread_t t;
	long fd;

	listening = listen_at(HERE, 5, &port);
	t = start_thread(do_accept, NULL);
	fds[0] = new_tcp();
	is(connect_at(fds[0], HERE, port), 0, "accept: somebody comes");
	fd = join(t);
	ok(fd >= 0, "accept: wakes up");
	close(fd);
	close(fds[0]);

	t = start_thread(do_accept, NULL);
	shutdown(listening, SHUT_RD);
	is(join(t), -EINVAL, "accept: another thread's SHUT_RD");
	close(listening);

	/* Closing the number does not end the call that uses the socket. */
	listening = listen_at(HERE, 5, &port);
	t = start_thread(do_accept, NULL);
	close(listening);
	fds[0] = new_tcp();
	is(connect_at(fds[0], HERE, port), 0, "accept: closed, still listens");
	fd = join(t);
	ok(fd >= 0, "accept: closed, accepts the next");
	close(fd);
	close(fds[0]);
	fds[0] = new_tcp();
	is(connect_at(fds[0], HERE, port), -ECONNREFUSED,
	   "accept: then it is closed");
	close(fds[0]);
}

/* Two in accept: each connection wakes one. */
static void test_two_accepts(void)
{
	pthread_t a, b;
	long first, second;

	listening = listen_at(HERE, 5, &port);
	a = start_thread(do_accept, NULL);
	b = start_thread(do_accept, NULL);
	fds[0] = new_tcp();
	fds[1] = new_tcp();
	connect_at(fds[0], HERE, port);
	connect_at(fds[1], HERE, port);
	first = join(a);
	second = join(b);
	ok(first >= 0 && second >= 0 && first != second,
	   "two in accept: each gets one");
	close(first);
	close(second);
	close_both(fds);

	a = start_thread(do_accept, NULL);
	b = start_thread(do_accept, NULL);
	fds[0] = new_tcp();
	connect_at(fds[0], HERE, port);
	first = join(a);
	ok(first >= 0, "two in accept: who came first is served first");
	shutdown(listening, SHUT_RD);
	is(join(b), -EINVAL, "two in accept: the other is not");
	close(first);
	close(fds[0]);
	close(listening);
}

static void test_recv(void)
{
	pthread_t t;

	pair(fds);
	t = start_thread(do_recv, NULL);
	put(fds[1], "x");
	is(join(t), 1, "recv: data comes");
	t = start_thread(do_recv, NULL);
	shutdown(fds[0], SHUT_RD);
	is(join(t), 0, "recv: another thread's SHUT_RD");
	close_both(fds);

	pair(fds);
	t = start_thread(do_recv, NULL);
	shutdown(fds[1], SHUT_WR);
	is(join(t), 0, "recv: the end comes");
	close_both(fds);

	pair(fds);
	t = start_thread(do_recv, NULL);
	reset(fds[1]);
	is(join(t), -ECONNRESET, "recv: reset");
	close(fds[0]);

	pair(fds);
	t = start_thread(do_recv, NULL);
	close(fds[0]);
	put(fds[1], "x");
	is(join(t), 1, "recv: closed meanwhile, data comes all the same");
	shows(fds[1], "IN|OUT|RDHUP", "recv: then it is closed");
	close(fds[1]);

	pair(fds);
	t = start_thread(do_recv, NULL);
	is(dissolve(fds[0]), 0, "recv: dissolved meanwhile");
	ok(join(t) <= 0, "recv: which ends it");
	close_both(fds);

	pair(fds);
	t = start_thread(do_recv_all, NULL);
	put(fds[1], "half");
	usleep(10000);
	close(fds[1]);
	is(join(t), 4, "recv, MSG_WAITALL: a part, then the end");
	close(fds[0]);
}

/* Joined by buffers that hold less than what is sent. */
static void small_pair(void)
{
	pair(fds);
	set_option(fds[0], SOL_SOCKET, SO_SNDBUF, 100000);
	set_option(fds[1], SOL_SOCKET, SO_RCVBUF, 100000);
}

static void test_send(void)
{
	pthread_t t;

	small_pair();
	t = start_thread(do_send, NULL);
	shutdown(fds[0], SHUT_WR);
	is(join(t), 1, "send: another thread's SHUT_WR, a part was sent");
	close_both(fds);

	small_pair();
	t = start_thread(do_send, NULL);
	close(fds[1]);
	is(join(t), 1, "send: the reader closes, a part was sent");
	is(result(send(fds[0], "x", 1, MSG_NOSIGNAL)), -ECONNRESET,
	   "send: the error comes next");
	close(fds[0]);

	small_pair();
	t = start_thread(do_send, NULL);
	for (long n, sum = 0; sum < (long)sizeof(big); sum += n) {
		n = recv(fds[1], big, sizeof(big) / 8, 0);
		if (n <= 0)
			break;
	}
	is(join(t), sizeof(big), "send: the reader reads, all is sent");
	close_both(fds);
}

static void test_connect(void)
{
	pthread_t t;
	int first = new_tcp(), a;

	listening = listen_at(HERE, 0, &port);
	connect_at(first, HERE, port);
	fds[0] = new_tcp();
	t = start_thread(do_connect, NULL);
	is(mask(fds[0]), 0, "connect: waits for its turn");
	a = accept(listening, NULL, NULL);
	is(join(t), 0, "connect: gets it");
	close(fds[0]);
	close(a);
	close(accept(listening, NULL, NULL));
	close(first);

	first = new_tcp();
	connect_at(first, HERE, port);
	fds[0] = new_tcp();
	t = start_thread(do_connect, NULL);
	nonblock(fds[0]);
	is(connect_at(fds[0], HERE, port), -EALREADY,
	   "connect: another thread's finds it under way");
	close(listening);
	is(join(t), -ECONNREFUSED, "connect: the listener goes");
	close(fds[0]);
	close(first);
}

static void test_poll(void)
{
	int ep = new_epoll();
	pthread_t t;

	pair(fds);
	t = start_thread(do_poll, NULL);
	put(fds[1], "x");
	is(join(t), POLLIN, "poll: data comes");
	received(fds[0], 0);
	t = start_thread(do_poll, NULL);
	shutdown(fds[0], SHUT_RD);
	is(join(t), POLLIN, "poll: another thread's SHUT_RD");
	close_both(fds);

	pair(fds);
	t = start_thread(do_poll, NULL);
	reset(fds[1]);
	is(join(t), POLLIN | POLLERR | POLLHUP, "poll: reset");
	close(fds[0]);
	close(ep);
}

#define ECHOES 200

static void *echo_all(void *arg)
{
	int *ends = arg;
	char c;

	for (int i = 0; i < ECHOES; i++) {
		if (read(ends[1], &c, 1) != 1 || write(ends[1], &c, 1) != 1)
			return (void *)(long)i;
	}
	return (void *)ECHOES;
}

static void test_ping_pong(void)
{
	pthread_t threads[4];
	int pairs[4][2], right = 0;
	char c;

	for (int i = 0; i < 4; i++) {
		pair(pairs[i]);
		threads[i] = start_thread(echo_all, pairs[i]);
	}
	for (int n = 0; n < ECHOES; n++) {
		for (int i = 0; i < 4; i++) {
			c = n + i;
			write(pairs[i][0], &c, 1);
		}
		for (int i = 0; i < 4; i++) {
			c = -1;
			right += read(pairs[i][0], &c, 1) == 1 &&
				 c == (char)(n + i);
		}
	}
	is(right, 4 * ECHOES, "four threads echo 200 bytes each");
	for (int i = 0; i < 4; i++) {
		is(join(threads[i]), ECHOES, "and end");
		close_both(pairs[i]);
	}
}

int main(void)
{
	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_accept();
	test_two_accepts();
	test_recv();
	test_send();
	test_connect();
	test_poll();
	test_ping_pong();
	return done_testing();
}
