/* SPDX-License-Identifier: MIT */
/*
 * epoll and TCP: which events there are, level and edge triggered, and how
 * many of them.
 */
#define _GNU_SOURCE
#include <signal.h>

#include "tcp.h"

#define EVERYTHING (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI)

/*
 * On a busy Linux two pieces of news may come as one event or as two. So an
 * edge is looked for only when what makes it is over: quiet() waits for that
 * by what both ends know, not by time, and takes what has come before.
 */
static void quiet(int ep)
{
	while (strcmp(delivered(ep, EVENTS_MAX, 20), ""))
		;
}

static void test_levels(void)
{
	int ep = new_epoll(), p[2];

	joined(p);
	add(ep, p[0], EPOLLIN, 'a');
	sees(ep, "", "LT: nothing to read");
	pass(p[1], p[0], "abc");
	sees(ep, "a:IN", "LT: IN");
	sees(ep, "a:IN", "LT: IN again");
	received(p[0], 0);
	sees(ep, "", "LT: drained");
	mod(ep, p[0], EPOLLOUT, 'a');
	sees(ep, "a:OUT", "LT: OUT");
	mod(ep, p[0], EVERYTHING, 'a');
	sees(ep, "a:OUT", "LT: of everything, OUT");
	shutdown(p[1], SHUT_WR);
	shows(p[0], "IN|OUT|RDHUP", "LT: the peer's end");
	sees(ep, "a:IN|OUT|RDHUP", "LT: IN|OUT|RDHUP");
	mod(ep, p[0], EPOLLIN, 'a');
	sees(ep, "a:IN", "LT: RDHUP only when asked for");
	mod(ep, p[0], EPOLLRDHUP, 'a');
	sees(ep, "a:RDHUP", "LT: RDHUP alone");
	mod(ep, p[0], 0, 'a');
	sees(ep, "", "LT: nothing asked for");
	shutdown(p[0], SHUT_WR);
	sees(ep, "a:HUP", "LT: HUP unasked");
	mod(ep, p[0], EVERYTHING, 'a');
	sees(ep, "a:IN|OUT|HUP|RDHUP", "LT: all of it");
	close_both(p);
	sees(ep, "", "LT: closed");
	close(ep);
}

static void test_data_edges(void)
{
	int ep = new_epoll(), p[2];

	joined(p);
	add(ep, p[0], EPOLLIN | EPOLLET, 'a');
	sees(ep, "", "ET: nothing");
	for (int i = 0; i < 3; i++) {
		pass(p[1], p[0], "abc");
		sees(ep, "a:IN", "ET: each arrival is an edge");
		sees(ep, "", "ET: one");
	}
	recv(p[0], &(char[4]){ 0 }, 4, 0);
	sees(ep, "", "ET: reading a part is none");
	drain(p[0]);
	sees(ep, "", "ET: reading the rest is none");
	pass(p[1], p[0], "d");
	sees(ep, "a:IN", "ET: the next arrival");
	mod(ep, p[0], EPOLLIN | EPOLLET, 'a');
	sees(ep, "a:IN", "ET: MOD looks again");
	sees(ep, "", "ET: once");
	pass(p[1], p[0], "e");
	drain(p[0]);
	sees(ep, "", "ET: an edge whose data is gone is dropped");
	mod(ep, p[0], EPOLLOUT | EPOLLET, 'a');
	sees(ep, "a:OUT", "ET: OUT by MOD");
	pass(p[1], p[0], "f");
	sees(ep, "", "ET: data is no edge for OUT alone");
	mod(ep, p[0], EVERYTHING | EPOLLET, 'a');
	sees(ep, "a:IN|OUT", "ET: IN and OUT together");
	pass(p[1], p[0], "g");
	sees(ep, "a:IN|OUT", "ET: IN brings OUT along");
	send(p[0], "x", 1, 0);
	is_acked(p[0]);
	usleep(10000);
	sees(ep, "", "ET: a write and its acknowledgement are none");
	close_both(p);
	close(ep);
}

static void test_state_edges(void)
{
	int ep = new_epoll(), p[2];

	joined(p);
	add(ep, p[0], EVERYTHING | EPOLLET, 'a');
	sees(ep, "a:OUT", "state: OUT by ADD");
	sees(ep, "", "state: once");
	shutdown(p[0], SHUT_RD);
	sees(ep, "a:IN|OUT|RDHUP", "state: one's own SHUT_RD");
	sees(ep, "", "state: once");
	shutdown(p[0], SHUT_RD);
	sees(ep, "a:IN|OUT|RDHUP", "state: and again");
	close_both(p);

	joined(p);
	add(ep, p[0], EPOLLIN | EPOLLET, 'a');
	sees(ep, "", "state: nothing");
	shutdown(p[1], SHUT_WR);
	shows(p[0], "IN|OUT|RDHUP", "state: the peer's end");
	quiet(ep);
	mod(ep, p[0], EPOLLIN | EPOLLET, 'a');
	sees(ep, "a:IN", "state: MOD shows it again");
	sees(ep, "", "state: once");
	close_both(p);

	joined(p);
	shutdown(p[1], SHUT_WR);
	shows(p[0], "IN|OUT|RDHUP", "state: the peer's end");
	add(ep, p[0], EVERYTHING | EPOLLET, 'a');
	sees(ep, "a:IN|OUT|RDHUP", "state: by ADD");
	sees(ep, "", "state: once");
	send(p[0], "x", 1, 0);
	has_arrived(p[1], 1);
	sees(ep, "", "state: sending is none");
	reset(p[1]);
	waits_for(ep, "a:IN|OUT|ERR|HUP|RDHUP", "state: reset");
	sees(ep, "", "state: once");
	get_option(p[0], SOL_SOCKET, SO_ERROR);
	sees(ep, "", "state: taking the error is none");
	mod(ep, p[0], EVERYTHING | EPOLLET, 'a');
	sees(ep, "a:IN|OUT|HUP|RDHUP", "state: without ERR then");
	close(p[0]);
	close(ep);
}

/* What asks for nothing is told of the end all the same. */
static void test_unasked(void)
{
	int ep = new_epoll(), p[2];

	joined(p);
	add(ep, p[0], EPOLLET, 'a');
	sees(ep, "", "unasked: nothing");
	pass(p[1], p[0], "x");
	sees(ep, "", "unasked: data");
	reset(p[1]);
	waits_for(ep, "a:ERR|HUP", "unasked: reset");
	close(p[0]);

	joined(p);
	add(ep, p[0], EPOLLET | EPOLLONESHOT, 'a');
	reset(p[1]);
	waits_for(ep, "a:ERR|HUP", "unasked: reset, ONESHOT");
	sees(ep, "", "unasked: once");
	mod(ep, p[0], 0, 'a');
	sees(ep, "a:ERR|HUP", "unasked: MOD brings it back");
	sees(ep, "a:ERR|HUP", "unasked: level");
	close(p[0]);
	close(ep);
}

static void test_connecting(void)
{
	int ep = new_epoll(), port, l = listen_at(HERE, 5, &port), fd, holder;

	fd = new_tcp_nonblock();
	add(ep, fd, EVERYTHING | EPOLLET, 'a');
	sees(ep, "a:OUT|HUP", "fresh: OUT|HUP");
	sees(ep, "", "fresh: once");
	connect_at(fd, HERE, port);
	waits_for(ep, "a:OUT", "connected: OUT");
	quiet(ep);
	mod(ep, fd, EVERYTHING | EPOLLET, 'a');
	sees(ep, "a:OUT", "connected: OUT by MOD");
	close(accept(l, NULL, NULL));
	close(fd);

	fd = new_tcp_nonblock();
	connect_at(fd, HERE, port);
	wait_mask(fd, POLLOUT);
	add(ep, fd, EVERYTHING | EPOLLET, 'a');
	sees(ep, "a:OUT", "connected: OUT by ADD");
	sees(ep, "", "connected: once");
	close(accept(l, NULL, NULL));
	close(fd);
	close(l);

	holder = closed_port(&port);
	fd = new_tcp_nonblock();
	add(ep, fd, EVERYTHING | EPOLLET, 'a');
	sees(ep, "a:OUT|HUP", "fresh: OUT|HUP");
	connect_at(fd, HERE, port);
	waits_for(ep, "a:IN|OUT|ERR|HUP|RDHUP", "refused: every bit");
	sees(ep, "", "refused: once");
	is(get_option(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED, "SO_ERROR");
	mod(ep, fd, EVERYTHING | EPOLLET, 'a');
	sees(ep, "a:IN|OUT|HUP|RDHUP", "refused: without ERR by MOD");
	close(fd);
	fd = new_tcp_nonblock();
	connect_at(fd, HERE, port);
	wait_mask(fd, POLLOUT);
	add(ep, fd, EPOLLOUT, 'a');
	sees(ep, "a:OUT|ERR|HUP", "refused: LT");
	close(fd);
	close(holder);
	close(ep);
}

static void test_listener(void)
{
	int ep = new_epoll(), port, l = listen_at(HERE, 5, &port), fds[3];

	nonblock(l);
	add(ep, l, EPOLLIN | EPOLLET, 'l');
	sees(ep, "", "listener: nothing");
	for (int i = 0; i < 3; i++) {
		fds[i] = new_tcp();
		connect_at(fds[i], HERE, port);
		waits_for(ep, "l:IN", "listener: each connection is an edge");
		sees(ep, "", "listener: one");
	}
	close(accept(l, NULL, NULL));
	sees(ep, "", "listener: accepting one is none");
	mod(ep, l, EPOLLIN, 'l');
	sees(ep, "l:IN", "listener: LT");
	close(accept(l, NULL, NULL));
	sees(ep, "l:IN", "listener: while one waits");
	close(accept(l, NULL, NULL));
	sees(ep, "", "listener: all taken");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	mod(ep, l, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 'l');
	shutdown(l, SHUT_RD);
	sees(ep, "l:OUT|HUP", "listener: shut, OUT|HUP");
	listen(l, 5);
	mod(ep, l, EPOLLIN, 'l');
	sees(ep, "", "listener: listens again");
	close(l);
	close(ep);
}

static long fill(int fd)
{
	static char bytes[65536];
	long n, sum = 0;

	for (;;) {
		while ((n = send(fd, bytes, sizeof(bytes), 0)) > 0)
			sum += n;
		/* What is on its way makes room when it is there. */
		usleep(10000);
		if (send(fd, bytes, 1, 0) < 0)
			return sum;
		sum++;
	}
}

static long empty(int fd, long n)
{
	static char bytes[65536];
	long got, sum = 0;

	while (sum < n) {
		got = recv(fd, bytes, sizeof(bytes), 0);
		if (got > 0)
			sum += got;
		else if (wait_mask(fd, POLLIN) != POLLIN)
			break;
	}
	return sum;
}

/* OUT edges come only after it was full. */
static void test_out_edges(void)
{
	int ep = new_epoll(), p[2];
	long n;

	joined(p);
	set_option(p[0], SOL_SOCKET, SO_SNDBUF, 200000);
	set_option(p[1], SOL_SOCKET, SO_RCVBUF, 200000);
	add(ep, p[0], EPOLLOUT | EPOLLET, 'a');
	sees(ep, "a:OUT", "OUT: by ADD");
	for (int i = 0; i < 3; i++) {
		send(p[0], "abc", 3, 0);
		has_arrived(p[1], 3);
		is_acked(p[0]);
		drain(p[1]);
		sees(ep, "", "OUT: not while there is room");
	}
	n = fill(p[0]);
	quiet(ep);
	mod(ep, p[0], EPOLLOUT | EPOLLET, 'a');
	sees(ep, "", "OUT: full");
	is(empty(p[1], n), n, "OUT: all is read");
	waits_for(ep, "a:OUT", "OUT: there is room, an edge");
	is_acked(p[0]);
	quiet(ep);
	send(p[0], "abc", 3, 0);
	is_acked(p[0]);
	sees(ep, "", "OUT: and no more");
	mod(ep, p[0], EPOLLOUT, 'a');
	sees(ep, "a:OUT", "OUT: level");
	close_both(p);
	close(ep);
}

static void test_lowat(void)
{
	int ep = new_epoll(), p[2];

	joined(p);
	set_option(p[0], SOL_SOCKET, SO_RCVLOWAT, 5);
	add(ep, p[0], EPOLLIN | EPOLLET, 'a');
	pass(p[1], p[0], "abc");
	sees(ep, "", "SO_RCVLOWAT: too little");
	is(mask(p[0]), POLLOUT, "SO_RCVLOWAT: not IN");
	pass(p[1], p[0], "de");
	sees(ep, "a:IN", "SO_RCVLOWAT: enough");
	is(mask(p[0]), POLLIN | POLLOUT, "SO_RCVLOWAT: IN");
	recv(p[0], &(char[3]){ 0 }, 3, 0);
	is(mask(p[0]), POLLOUT, "SO_RCVLOWAT: too little is left");
	set_option(p[0], SOL_SOCKET, SO_RCVLOWAT, 1);
	is(mask(p[0]), POLLIN | POLLOUT, "SO_RCVLOWAT: 1, IN");
	set_option(p[0], SOL_SOCKET, SO_RCVLOWAT, 100);
	mod(ep, p[0], EPOLLIN | EPOLLRDHUP | EPOLLET, 'a');
	sees(ep, "", "SO_RCVLOWAT: 100");
	shutdown(p[1], SHUT_WR);
	waits_for(ep, "a:IN|RDHUP", "SO_RCVLOWAT: the end overrides it");
	close_both(p);
	close(ep);
}

/* Local connections, listeners and other files in one set. */
static void test_mixed(void)
{
	int ep = new_epoll(), port, l = listen_at(ANYWHERE, 5, &port), c, a;
	int ends[2];

	new_pipe(ends);
	add(ep, l, EPOLLIN, 'l');
	add(ep, ends[0], EPOLLIN, 'p');
	c = new_tcp();
	connect_at(c, THERE, port);
	waits_for(ep, "l:IN", "mixed: the listener");
	a = accept(l, NULL, NULL);
	add(ep, a, EPOLLIN | EPOLLRDHUP, 'a');
	put(ends[1], "x");
	sees(ep, "p:IN", "mixed: the pipe");
	pass(c, a, "y");
	sees(ep, "p:IN a:IN", "mixed: in the order of the news");
	drain(ends[0]);
	sees(ep, "a:IN", "mixed: the connection");
	close(c);
	shows(a, "IN|OUT|RDHUP", "mixed: its end");
	sees(ep, "a:IN|RDHUP", "mixed: IN|RDHUP");
	close(a);
	sees(ep, "", "mixed: closed");
	close(l);
	close_pipe(ends);
	close(ep);
}

int main(void)
{
	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_levels();
	test_data_edges();
	test_state_edges();
	test_unasked();
	test_connecting();
	test_listener();
	test_out_edges();
	test_lowat();
	test_mixed();
	return done_testing();
}
