/* SPDX-License-Identifier: MIT */
/*
 * TCP_CORK and MSG_MORE over 127.0.0.1: what is held back, and what lets it
 * go. Right after a send what was not held back has arrived.
 */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "sockets.h"

static int waiting(int fd)
{
	int n = -1;

	ioctl(fd, FIONREAD, &n);
	return n;
}

/* Reads what is there now. */
static void drain(int fd)
{
	char buf[100000];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

static void wait_for(int fd, int n)
{
	for (int i = 0; i < 5000 && waiting(fd) != n; i++)
		usleep(1000);
	is(waiting(fd), n, "then they arrive");
}

static void test_more(int p[2])
{
	is(result(send(p[0], "abc", 3, MSG_MORE)), 3, "MSG_MORE");
	is(waiting(p[1]), 0, "MSG_MORE: held back");
	is(mask(p[1]), POLLOUT, "MSG_MORE: not readable");
	is(result(send(p[0], "def", 3, MSG_MORE)), 3, "MSG_MORE again");
	is(waiting(p[1]), 0, "MSG_MORE again: held back");
	is(result(send(p[0], "g", 1, 0)), 1, "without it");
	wait_for(p[1], 7);
	drain(p[1]);
	send(p[0], "abc", 3, MSG_MORE);
	wait_for(p[1], 3); /* after 200 ms */
	drain(p[1]);
}

static void test_cork(int p[2])
{
	is(set_option(p[0], IPPROTO_TCP, TCP_CORK, 1), 0, "TCP_CORK");
	is(get_option(p[0], IPPROTO_TCP, TCP_CORK), 1, "TCP_CORK: 1");
	send(p[0], "abc", 3, 0);
	send(p[0], "de", 2, 0);
	is(waiting(p[1]), 0, "TCP_CORK: held back");
	is(set_option(p[0], IPPROTO_TCP, TCP_CORK, 0), 0, "TCP_CORK off");
	wait_for(p[1], 5);
	drain(p[1]);
	set_option(p[0], IPPROTO_TCP, TCP_CORK, 1);
	send(p[0], "abc", 3, 0);
	set_option(p[0], IPPROTO_TCP, TCP_NODELAY, 1);
	wait_for(p[1], 3); /* pushes, once */
	drain(p[1]);
	send(p[0], "abc", 3, 0);
	is(waiting(p[1]), 0, "TCP_CORK beats TCP_NODELAY");
	set_option(p[0], IPPROTO_TCP, TCP_CORK, 0);
	wait_for(p[1], 3);
	drain(p[1]);
}

static void test_large(int p[2])
{
	static char big[100000];

	set_option(p[0], IPPROTO_TCP, TCP_CORK, 1);
	is(result(send(p[0], big, sizeof(big), 0)), sizeof(big),
	   "TCP_CORK: more than a segment");
	for (int i = 0; i < 5000 && waiting(p[1]) <= 0; i++)
		usleep(1000);
	ok(waiting(p[1]) > 0, "TCP_CORK: full segments go");
	set_option(p[0], IPPROTO_TCP, TCP_CORK, 0);
	for (int got = 0, n; got < (int)sizeof(big); got += n) {
		n = recv(p[1], big, sizeof(big), 0);
		if (n <= 0) {
			ok(0, "TCP_CORK: everything arrives");
			return;
		}
	}
	ok(1, "TCP_CORK: everything arrives");
}

static void test_ends(void)
{
	char buf[10];
	int p[2];

	pair(p);
	set_option(p[0], IPPROTO_TCP, TCP_CORK, 1);
	send(p[0], "abc", 3, 0);
	shutdown(p[0], SHUT_WR);
	is(result(recv(p[1], buf, 10, MSG_WAITALL)), 3,
	   "shutdown: what was held back, and the end");
	close(p[0]);
	close(p[1]);

	pair(p);
	send(p[0], "abc", 3, MSG_MORE);
	close(p[0]);
	is(result(recv(p[1], buf, 10, MSG_WAITALL)), 3,
	   "close: what was held back, and the end");
	close(p[1]);

	pair(p);
	close(p[1]);
	wait_mask(p[0], POLLRDHUP);
	is(result(send(p[0], "abc", 3, MSG_MORE)), 3,
	   "MSG_MORE to one that has closed");
	is(mask(p[0]), POLLIN | POLLOUT | POLLRDHUP, "is not noticed");
	is(wait_mask(p[0], 0), POLLERR | POLLHUP, "until it is sent");
	is(get_option(p[0], SOL_SOCKET, SO_ERROR), EPIPE, "EPIPE");
	close(p[0]);
}

int main(void)
{
	int p[2];

	signal(SIGPIPE, SIG_IGN);
	pair(p);
	test_more(p);
	test_cork(p);
	test_large(p);
	close(p[0]);
	close(p[1]);
	test_ends();
	return done_testing();
}
