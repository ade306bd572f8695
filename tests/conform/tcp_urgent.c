/* SPDX-License-Identifier: MIT */
/*
 * Urgent data of TCP: MSG_OOB, EPOLLPRI, SIOCATMARK, SO_OOBINLINE, SIGURG.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/select.h>

#include "tcp.h"

#define PAGE 4096

/* The urgent byte has been announced. */
static bool urgent(int fd)
{
	return COMES_TRUE(mask(fd) & POLLPRI);
}

static void test_out_of_line(void)
{
	char c = 0;
	int p[2];

	joined(p);
	is(result(recv(p[0], &c, 1, MSG_OOB)), -EINVAL, "OOB: none");
	is(ioctl_value(p[0], SIOC_ATMARK), 0, "SIOCATMARK: 0");
	is(send(p[1], "abcX", 4, MSG_OOB), 4, "OOB: sent");
	has_arrived(p[0], 3);
	ok(urgent(p[0]), "OOB: PRI");
	is(mask(p[0]), POLLIN | POLLOUT | POLLPRI, "OOB: IN|PRI|OUT");
	is(ioctl_value(p[0], SIOC_INQ), 3, "OOB: not in the stream");
	is(ioctl_value(p[0], SIOC_ATMARK), 0, "SIOCATMARK: before it");
	is(recv(p[0], &c, 1, MSG_OOB | MSG_PEEK), 1, "OOB: peeked at");
	is(c, 'X', "OOB: the last byte");
	is(recv(p[0], &c, 1, MSG_OOB), 1, "OOB: received");
	is(result(recv(p[0], &c, 1, MSG_OOB)), -EINVAL, "OOB: once");
	is(mask(p[0]), POLLIN | POLLOUT, "OOB: no PRI then");
	is_str(received(p[0], 0), "abc", "OOB: the stream goes on");
	is(ioctl_value(p[0], SIOC_ATMARK), 1, "SIOCATMARK: at it");
	put(p[1], "def");
	is_acked(p[1]);
	is(ioctl_value(p[0], SIOC_INQ), 0, "OOB: SIOCINQ stops at it");
	is_str(received(p[0], 0), "def", "OOB: after it");
	is(ioctl_value(p[0], SIOC_ATMARK), 0, "SIOCATMARK: past it");
	close_both(p);
}

/* A read stops at the mark, so that the reader sees it. */
static void test_stops(void)
{
	char buf[16], c;
	int p[2];

	joined(p);
	put(p[1], "abc");
	send(p[1], "X", 1, MSG_OOB);
	put(p[1], "def");
	is_acked(p[1]);
	urgent(p[0]);
	is(ioctl_value(p[0], SIOC_INQ), 3, "mark: SIOCINQ counts up to it");
	is(recv(p[0], buf, 16, 0), 3, "mark: a read stops before it");
	is(ioctl_value(p[0], SIOC_ATMARK), 1, "mark: SIOCATMARK");
	is(recv(p[0], buf, 16, 0), 3, "mark: the next read goes on");
	is(ioctl_value(p[0], SIOC_ATMARK), 0, "mark: passed");
	is(result(recv(p[0], &c, 1, MSG_OOB)), -EINVAL, "mark: lost");
	close_both(p);

	joined(p);
	put(p[1], "abc");
	send(p[1], "X", 1, MSG_OOB);
	put(p[1], "def");
	is_acked(p[1]);
	urgent(p[0]);
	is(recv(p[0], buf, 16, MSG_PEEK), 3, "mark: a peek stops before it");
	is(recv(p[0], buf, 2, 0), 2, "mark: a short read");
	is(recv(p[0], buf, 16, 0), 1, "mark: the rest before it");
	close_both(p);
}

static void test_inline(void)
{
	char buf[16];
	int p[2];

	joined(p);
	set_option(p[0], SOL_SOCKET, SO_OOBINLINE, 1);
	is(get_option(p[0], SOL_SOCKET, SO_OOBINLINE), 1, "SO_OOBINLINE");
	put(p[1], "abc");
	send(p[1], "X", 1, MSG_OOB);
	put(p[1], "def");
	has_arrived(p[0], 7);
	urgent(p[0]);
	is(mask(p[0]), POLLIN | POLLOUT | POLLPRI, "inline: PRI");
	is(ioctl_value(p[0], SIOC_INQ), 7, "inline: in the stream");
	is(result(recv(p[0], buf, 1, MSG_OOB)), -EINVAL, "inline: MSG_OOB");
	is(recv(p[0], buf, 16, 0), 3, "inline: a read stops before it");
	is(ioctl_value(p[0], SIOC_ATMARK), 1, "inline: SIOCATMARK");
	is(recv(p[0], buf, 16, 0), 4, "inline: then it and the rest");
	ok(!memcmp(buf, "Xdef", 4), "inline: in order");
	is(mask(p[0]), POLLOUT, "inline: no PRI then");
	close_both(p);
}

/* A new urgent byte takes the old one's place, which joins the stream. */
static void test_two(void)
{
	char c = 0;
	int p[2];

	joined(p);
	send(p[1], "A", 1, MSG_OOB);
	urgent(p[0]);
	send(p[1], "B", 1, MSG_OOB);
	ok(COMES_TRUE(recv(p[0], &c, 1, MSG_OOB | MSG_PEEK) == 1 && c == 'B'),
	   "two: the second one counts");
	is(recv(p[0], &c, 1, MSG_OOB), 1, "two: received");
	is(c, 'B', "two: the second");
	close_both(p);
}

static void test_edges(void)
{
	int ep = new_epoll(), p[2];
	char c;

	joined(p);
	add(ep, p[0], EPOLLPRI | EPOLLET, 'a');
	sees(ep, "", "PRI: nothing");
	pass(p[1], p[0], "abc");
	sees(ep, "", "PRI: not for data");
	send(p[1], "X", 1, MSG_OOB);
	waits_for(ep, "a:PRI", "PRI: an edge");
	urgent(p[0]);
	recv(p[0], &c, 1, MSG_OOB);
	while (strcmp(delivered(ep, 1, 10), ""))
		;
	mod(ep, p[0], EPOLLPRI, 'a');
	sees(ep, "", "PRI: taken");
	send(p[1], "Y", 1, MSG_OOB);
	waits_for(ep, "a:PRI", "PRI: level");
	urgent(p[0]);
	sees(ep, "a:PRI", "PRI: level, again");
	recv(p[0], &c, 1, MSG_OOB);
	sees(ep, "", "PRI: level, taken");
	close_both(p);
	close(ep);
}

static void test_select(void)
{
	struct timeval tv = { 5, 0 };
	fd_set set;
	int p[2];

	joined(p);
	send(p[1], "X", 1, MSG_OOB);
	urgent(p[0]);
	FD_ZERO(&set);
	FD_SET(p[0], &set);
	is(select(p[0] + 1, NULL, NULL, &set, &tv), 1, "select: exceptional");
	ok(FD_ISSET(p[0], &set), "select: this one");
	is(mask(p[0]), POLLPRI | POLLOUT, "alone: PRI|OUT, no IN");
	close_both(p);
}

static void test_errors(void)
{
	int fd = new_tcp(), p[2];
	char c;

	is(result(recv(fd, &c, 1, MSG_OOB)), -EINVAL, "OOB: fresh");
	close(fd);
	joined(p);
	shutdown(p[1], SHUT_WR);
	is(result(send(p[1], "X", 1, MSG_OOB | MSG_NOSIGNAL)), -EPIPE,
	   "OOB: shut");
	shows(p[0], "IN|OUT|RDHUP", "OOB: the end");
	is(result(recv(p[0], &c, 1, MSG_OOB)), -EINVAL, "OOB: at the end");
	close_both(p);

	joined(p);
	put(p[1], "abc");
	send(p[1], "X", 1, MSG_OOB);
	close(p[1]);
	shows(p[0], "IN|PRI|OUT|RDHUP", "OOB: then closed");
	is(recv(p[0], &c, 1, MSG_OOB), 1, "OOB: can be taken after the end");
	is_str(received(p[0], 0), "abc", "OOB: the data");
	is_str(received(p[0], 0), "end", "OOB: the end");
	close(p[0]);
}

/* Shut in both directions: what comes is refused, but looked at first. */
static void test_refused(void)
{
	int p[2];
	char c;

	for (int n = 1; n <= 2; n++) {
		joined(p);
		shutdown(p[0], SHUT_RDWR);
		shows(p[1], "IN|OUT|RDHUP", "refused: the peer has the end");
		is(send(p[1], "XY", n, MSG_OOB), n, "refused: OOB is sent");
		shows(p[0], "IN|PRI|OUT|ERR|HUP|RDHUP", "refused: PRI, reset");
		is(result(recv(p[0], &c, 1, MSG_OOB)), -ENOTCONN,
		   "refused: the byte is out of reach");
		is_str(received(p[0], 0), strerror(ECONNRESET),
		       "refused: then the error");
		is_str(received(p[0], 0), "end", "refused: then the end");
		close_both(p);
	}
}

/* A read of nothing stays before the mark; the byte that follows may fault. */
static void test_memory(void)
{
	char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int p[2];

	mprotect(page + PAGE, PAGE, PROT_NONE);
	joined(p);
	send(p[1], "abcX", 4, MSG_OOB);
	has_arrived(p[0], 3);
	ok(urgent(p[0]), "memory: PRI");
	is_str(received(p[0], 0), "abc", "memory: up to the mark");
	is(recv(p[0], page, 0, 0), 0, "memory: 0 bytes");
	is(ioctl_value(p[0], SIOC_ATMARK), 1, "memory: still at the mark");
	put(p[1], "1234567");
	is_acked(p[1]);
	is(read(p[0], page + PAGE - 6, 7), 6, "memory: six of seven fit");
	is_str(received(p[0], 0), "7", "memory: the seventh is there");
	close_both(p);
	munmap(page, 2 * PAGE);
}

static volatile sig_atomic_t urgents;

static void on_sigurg(int sig)
{
	urgents++;
}

static void test_signal(void)
{
	int p[2];

	signal(SIGURG, on_sigurg);
	joined(p);
	send(p[1], "X", 1, MSG_OOB);
	urgent(p[0]);
	is(urgents, 0, "SIGURG: nobody owns the socket");
	close_both(p);
	joined(p);
	is(fcntl(p[0], F_SETOWN, getpid()), 0, "F_SETOWN");
	is(fcntl(p[0], F_GETOWN), getpid(), "F_GETOWN");
	send(p[1], "X", 1, MSG_OOB);
	urgent(p[0]);
	ok(COMES_TRUE(urgents == 1), "SIGURG: to the owner");
	close_both(p);
	signal(SIGURG, SIG_DFL);
}

int main(void)
{
	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_out_of_line();
	test_stops();
	test_inline();
	test_two();
	test_edges();
	test_select();
	test_errors();
	test_refused();
	test_memory();
	test_signal();
	return done_testing();
}
