/* SPDX-License-Identifier: MIT */
/*
 * The end of TCP connections in every order: shutdown(2) and close(2) of
 * either end, what poll(2) shows then, what can still be sent and received,
 * which states the connection goes through.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "tcp.h"

static void test_errors(void)
{
	int fd = new_tcp(), p[2];

	is(result(shutdown(-1, SHUT_WR)), -EBADF, "shutdown: no descriptor");
	is(result(shutdown(0, SHUT_WR)), -ENOTSOCK, "shutdown: no socket");
	is(result(shutdown(fd, -1)), -EINVAL, "shutdown: -1");
	is(result(shutdown(fd, 3)), -EINVAL, "shutdown: 3");
	is(result(shutdown(fd, SHUT_RD)), -ENOTCONN, "fresh: SHUT_RD");
	is(mask(fd), POLLIN | POLLOUT | POLLRDHUP | POLLHUP,
	   "fresh: but it is shut");
	is_str(received(fd, 0), "end", "fresh: recv is the end");
	close(fd);
	fd = new_tcp();
	is(result(shutdown(fd, SHUT_WR)), -ENOTCONN, "fresh: SHUT_WR");
	is(result(send(fd, "x", 1, MSG_NOSIGNAL)), -EPIPE, "fresh: send");
	is(mask(fd), POLLOUT | POLLHUP, "fresh: OUT|HUP");
	close(fd);
	joined(p);
	is(result(shutdown(p[0], SHUT_WR)), 0, "SHUT_WR");
	is(result(shutdown(p[0], SHUT_WR)), 0, "SHUT_WR: twice");
	is(result(shutdown(p[0], 3)), -EINVAL, "shutdown: 3");
	close_both(p);
}

/*
 * Every way in which each end can be shut: what both show when the news has
 * gone round.
 */
static void test_table(void)
{
	static const char *const how_names[] = { "RD", "WR", "RDWR", "-",
						 "close" };
	/* Of the first end, then of the second; '-' when it is closed. */
	static const struct {
		int first, second;
		const char *masks[2];
	} table[] = {
		{ 0, 3, { "IN|OUT|RDHUP", "OUT" } },
		{ 1, 3, { "OUT", "IN|OUT|RDHUP" } },
		{ 2, 3, { "IN|OUT|HUP|RDHUP", "IN|OUT|RDHUP" } },
		{ 4, 3, { "-", "IN|OUT|RDHUP" } },
		{ 0, 0, { "IN|OUT|RDHUP", "IN|OUT|RDHUP" } },
		{ 0, 1, { "IN|OUT|RDHUP", "OUT" } },
		{ 0, 2, { "IN|OUT|RDHUP", "IN|OUT|HUP|RDHUP" } },
		{ 0, 4, { "IN|OUT|RDHUP", "-" } },
		{ 1, 0, { "OUT", "IN|OUT|RDHUP" } },
		{ 1, 1, { "IN|OUT|HUP|RDHUP", "IN|OUT|HUP|RDHUP" } },
		{ 1, 2, { "IN|OUT|HUP|RDHUP", "IN|OUT|HUP|RDHUP" } },
		{ 1, 4, { "IN|OUT|HUP|RDHUP", "-" } },
		{ 2, 0, { "IN|OUT|HUP|RDHUP", "IN|OUT|RDHUP" } },
		{ 2, 1, { "IN|OUT|HUP|RDHUP", "IN|OUT|HUP|RDHUP" } },
		{ 2, 2, { "IN|OUT|HUP|RDHUP", "IN|OUT|HUP|RDHUP" } },
		{ 2, 4, { "IN|OUT|HUP|RDHUP", "-" } },
		{ 4, 0, { "-", "IN|OUT|RDHUP" } },
		{ 4, 1, { "-", "IN|OUT|HUP|RDHUP" } },
		{ 4, 2, { "-", "IN|OUT|HUP|RDHUP" } },
	};
	char name[64];
	int p[2];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int hows[2] = { table[i].first, table[i].second };

		joined(p);
		for (int end = 0; end < 2; end++) {
			if (hows[end] == 4)
				close(p[end]);
			else if (hows[end] < 3)
				shutdown(p[end], hows[end]);
			usleep(500);
		}
		for (int end = 0; end < 2; end++) {
			snprintf(name, sizeof(name), "%s and %s: end %d",
				 how_names[hows[0]], how_names[hows[1]], end);
			if (hows[end] != 4)
				shows(p[end], table[i].masks[end], name);
		}
		close_both(p);
	}
}

static void test_shut_read(void)
{
	int p[2];

	joined(p);
	pass(p[1], p[0], "before");
	is(result(shutdown(p[0], SHUT_RD)), 0, "SHUT_RD");
	is(mask(p[0]), POLLIN | POLLOUT | POLLRDHUP, "SHUT_RD: IN|OUT|RDHUP");
	is_str(received(p[0], 0), "before", "SHUT_RD: what was there");
	is_str(received(p[0], 0), "end", "SHUT_RD: then the end");
	is(mask(p[1]), POLLOUT, "SHUT_RD: the peer knows nothing");
	is(result(send(p[1], "after", 5, MSG_NOSIGNAL)), 5,
	   "SHUT_RD: and may send");
	has_arrived(p[0], 5);
	is_str(received(p[0], 0), "after", "SHUT_RD: which can be read");
	is_str(received(p[0], 0), "end", "SHUT_RD: then the end again");
	is(tcp_state(p[0]), TCP_ESTABLISHED, "SHUT_RD: ESTABLISHED");
	is(result(send(p[0], "out", 3, MSG_NOSIGNAL)), 3, "SHUT_RD: sends");
	has_arrived(p[1], 3);
	is_str(received(p[1], 0), "out", "SHUT_RD: which arrives");
	close_both(p);
}

static void test_states(void)
{
	int p[2];

	joined(p);
	is(tcp_state(p[0]), TCP_ESTABLISHED, "states: ESTABLISHED");
	shutdown(p[0], SHUT_WR);
	comes_to(p[0], TCP_FIN_WAIT2, "SHUT_WR: FIN_WAIT2");
	comes_to(p[1], TCP_CLOSE_WAIT, "SHUT_WR: the peer is in CLOSE_WAIT");
	pass(p[1], p[0], "still");
	is_str(received(p[0], 0), "still", "FIN_WAIT2: receives");
	is(result(send(p[0], "x", 1, MSG_NOSIGNAL)), -EPIPE,
	   "FIN_WAIT2: cannot send");
	is_str(received(p[0], 0), strerror(EAGAIN), "FIN_WAIT2: EAGAIN");
	shutdown(p[1], SHUT_WR);
	comes_to(p[0], TCP_CLOSE, "both: CLOSE");
	comes_to(p[1], TCP_CLOSE, "both: CLOSE, the other");
	is_str(received(p[0], 0), "end", "both: the end");
	is_str(received(p[1], 0), "end", "both: the end, the other");
	is(result(send(p[1], "x", 1, MSG_NOSIGNAL)), -EPIPE, "both: EPIPE");
	is(get_option(p[0], SOL_SOCKET, SO_ERROR), 0, "both: no error");
	is(get_option(p[1], SOL_SOCKET, SO_ERROR), 0, "both: none either");
	is(result(shutdown(p[0], SHUT_WR)), -ENOTCONN, "both: shutdown");
	is(result(shutdown(p[0], SHUT_RD)), -ENOTCONN, "both: SHUT_RD");
	is(peer_of(p[0], &(uint32_t){ 0 }, &(int){ 0 }), -ENOTCONN,
	   "both: getpeername");
	is(ip_of(p[0]), HERE, "both: getsockname");
	close_both(p);

	joined(p);
	close(p[0]);
	comes_to(p[1], TCP_CLOSE_WAIT, "close: the peer is in CLOSE_WAIT");
	shutdown(p[1], SHUT_RD);
	is(tcp_state(p[1]), TCP_CLOSE_WAIT, "SHUT_RD: stays so");
	shutdown(p[1], SHUT_WR);
	comes_to(p[1], TCP_CLOSE, "SHUT_WR: CLOSE");
	close(p[1]);
}

static volatile sig_atomic_t sigpipes;

static void on_sigpipe(int sig)
{
	sigpipes++;
}

/* Much to somebody who is gone: the reset ends the call. */
static void test_pipe_much(void)
{
	size_t len = 64 << 20;
	char *much = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t n;
	int p[2];

	joined(p);
	close(p[1]);
	shows(p[0], "IN|OUT|RDHUP", "closed: IN|OUT|RDHUP");
	n = write(p[0], much, len);
	ok(n > 0 && n < (1 << 20), "closed: a long write ends early");
	is(result(send(p[0], "x", 1, MSG_NOSIGNAL)), -EPIPE,
	   "closed: EPIPE, the error");
	close(p[0]);
	munmap(much, len);
}

static void test_pipe(void)
{
	struct msghdr msg = { 0 };
	struct iovec vec = { "xy", 2 };
	int p[2];

	signal(SIGPIPE, on_sigpipe);
	joined(p);
	shutdown(p[0], SHUT_WR);
	is(result(write(p[0], "x", 1)), -EPIPE, "EPIPE: write");
	is(sigpipes, 1, "EPIPE: with SIGPIPE");
	is(result(send(p[0], "x", 1, 0)), -EPIPE, "EPIPE: send");
	is(sigpipes, 2, "EPIPE: with SIGPIPE");
	is(result(send(p[0], "x", 1, MSG_NOSIGNAL)), -EPIPE,
	   "EPIPE: MSG_NOSIGNAL");
	msg.msg_iov = &vec;
	msg.msg_iovlen = 1;
	is(result(sendmsg(p[0], &msg, MSG_NOSIGNAL)), -EPIPE,
	   "EPIPE: sendmsg, MSG_NOSIGNAL");
	is(sigpipes, 2, "EPIPE: without");
	is(result(writev(p[0], &vec, 1)), -EPIPE, "EPIPE: writev");
	is(sigpipes, 3, "EPIPE: with SIGPIPE");
	is(result(write(p[0], "", 0)), -EPIPE, "EPIPE: nothing to write");
	is(sigpipes, 4, "EPIPE: even then");
	is(result(send(p[0], BAD_POINTER, 1, MSG_NOSIGNAL)), -EPIPE,
	   "EPIPE: goes before EFAULT");
	signal(SIGPIPE, SIG_IGN);
	is(result(write(p[0], "x", 1)), -EPIPE, "EPIPE: SIGPIPE ignored");
	close_both(p);

	/* The first write after a close is answered by a reset. */
	joined(p);
	close(p[1]);
	shows(p[0], "IN|OUT|RDHUP", "closed: IN|OUT|RDHUP");
	is(result(write(p[0], "x", 1)), 1, "closed: a write");
	shows(p[0], "IN|OUT|ERR|HUP|RDHUP", "closed: is answered by a reset");
	is(tcp_state(p[0]), TCP_CLOSE, "closed: CLOSE");
	is(result(write(p[0], "x", 1)), -EPIPE, "closed: EPIPE, the error");
	is(result(write(p[0], "x", 1)), -EPIPE, "closed: EPIPE, as always");
	is(mask(p[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP,
	   "closed: without ERR");
	is_str(received(p[0], 0), "end", "closed: the end");
	close(p[0]);

	joined(p);
	close(p[1]);
	shows(p[0], "IN|OUT|RDHUP", "closed: IN|OUT|RDHUP");
	put(p[0], "x");
	shows(p[0], "IN|OUT|ERR|HUP|RDHUP", "closed: reset");
	is_str(received(p[0], 0), "end", "closed: recv gives the end");
	is(get_option(p[0], SOL_SOCKET, SO_ERROR), EPIPE,
	   "closed: the error stays");
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
}

static void test_delivers(void)
{
	int p[2];

	joined(p);
	put(p[0], "last words");
	close(p[0]);
	shows(p[1], "IN|OUT|RDHUP", "close: with data, IN|OUT|RDHUP");
	is_str(received(p[1], MSG_PEEK), "last words", "close: delivered");
	is(ioctl_value(p[1], SIOC_INQ), 10, "close: SIOCINQ has no end");
	is_str(received(p[1], 0), "last words", "close: the data");
	is(ioctl_value(p[1], SIOC_INQ), 0, "close: SIOCINQ");
	is_str(received(p[1], MSG_PEEK), "end", "close: the end, peeked at");
	is_str(received(p[1], 0), "end", "close: the end");
	is_str(received(p[1], 0), "end", "close: the end again");
	is(mask(p[1]), POLLIN | POLLOUT | POLLRDHUP, "close: IN stays");
	close(p[1]);

	joined(p);
	put(p[0], "question");
	shutdown(p[0], SHUT_WR);
	has_arrived(p[1], 8);
	is_str(received(p[1], 0), "question", "half: the question");
	is_str(received(p[1], 0), "end", "half: all of it");
	put(p[1], "answer");
	close(p[1]);
	shows(p[0], "IN|OUT|HUP|RDHUP", "half: both down");
	is_str(received(p[0], 0), "answer", "half: the answer");
	is_str(received(p[0], 0), "end", "half: the end");
	close(p[0]);
}

/* SO_LINGER with a time: close waits for what was sent to be delivered. */
static void test_linger(void)
{
	struct linger linger = { 1, 10 };
	int p[2];

	joined(p);
	setsockopt(p[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	put(p[0], "delivered");
	is(close(p[0]), 0, "SO_LINGER: close");
	is(ioctl_value(p[1], SIOC_INQ), 9, "SO_LINGER: all has arrived");
	is_str(received(p[1], 0), "delivered", "SO_LINGER: the data");
	is_str(received(p[1], 0), "end", "SO_LINGER: the end");
	close(p[1]);

	joined(p);
	setsockopt(p[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	is(close(p[0]), 0, "SO_LINGER: nothing to wait for");
	shows(p[1], "IN|OUT|RDHUP", "SO_LINGER: the end");
	close(p[1]);
}

/* What a socket shut before it listened is shut on what it accepts. */
static void test_shut_listener(void)
{
	int l = socket(AF_INET, SOCK_STREAM, 0), c, a;

	bind_to(l, 0);
	is(result(shutdown(l, SHUT_RDWR)), -ENOTCONN, "shut, not connected");
	is(result(listen(l, 5)), 0, "and listens");
	c = socket(AF_INET, SOCK_STREAM, 0);
	is(connect_to(c, port_of(l)), 0, "somebody connects");
	shows(c, "IN|OUT|RDHUP", "and sees the end at once");
	a = accept(l, NULL, NULL);
	is(result(send(a, "x", 1, MSG_NOSIGNAL)), -EPIPE, "accepted: EPIPE");
	is_str(received(a, 0), "end", "accepted: the end");
	close(a);
	close(c);
	close(l);
}

/* The connections that nobody accepted hear of their reset first. */
static void test_listener_ends(void)
{
	int port, l = listen_at(INADDR_LOOPBACK, 5, &port), ep = new_epoll();
	int a = new_tcp(), b = new_tcp();

	connect_at(b, INADDR_LOOPBACK, port);
	connect_at(a, INADDR_LOOPBACK, port);
	shows(l, "IN", "a listener has two connections");
	add(ep, l, EPOLLIN | EPOLLET, 'l');
	add(ep, a, EPOLLIN | EPOLLET, 'a');
	add(ep, b, EPOLLIN | EPOLLET, 'b');
	sees(ep, "l:IN", "and an epoll knows");
	shutdown(l, SHUT_RD);
	waits_for(ep, "b:IN|ERR|HUP a:IN|ERR|HUP l:HUP",
		  "it ends: they are reset in their order, then it is told");
	close(a);
	close(b);
	close(l);
	close(ep);
}

int main(void)
{
	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_errors();
	test_table();
	test_shut_read();
	test_states();
	test_pipe();
	test_pipe_much();
	test_delivers();
	test_linger();
	test_shut_listener();
	test_listener_ends();
	return done_testing();
}
