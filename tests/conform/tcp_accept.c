/* SPDX-License-Identifier: MIT */
/*
 * listen(2) and accept(2): the backlog, the order, connections that are gone
 * before anybody took them, what an accepted socket takes over.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tcp.h"

static void test_listen(void)
{
	int port, l, fd = new_tcp(), other = new_tcp(), udp;

	is(result(listen(-1, 1)), -EBADF, "listen: no descriptor");
	is(result(listen(0, 1)), -ENOTSOCK, "listen: no socket");
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	is(result(listen(udp, 1)), -EOPNOTSUPP, "listen: a datagram socket");
	is(result(accept(udp, NULL, NULL)), -EOPNOTSUPP,
	   "accept: a datagram socket");
	close(udp);
	is(result(listen(fd, 5)), 0, "listen: not bound");
	ok(port_of(fd) > 0, "listen: binds to a port");
	is(ip_of(fd), ANYWHERE, "listen: of every address");
	is(tcp_state(fd), TCP_LISTEN, "listen: LISTEN");
	is(connect_at(other, THERE, port_of(fd)), 0, "listen: connect");
	close(other);
	is(result(listen(fd, 10)), 0, "listen: again");
	is(get_option(fd, SOL_SOCKET, SO_ACCEPTCONN), 1, "SO_ACCEPTCONN");
	is(bind_at(fd, HERE, 0), -EINVAL, "listening: bind");
	is(get_option(fd, SOL_SOCKET, SO_ERROR), 0, "listening: SO_ERROR");
	is(ioctl_value(fd, SIOC_INQ), -EINVAL, "listening: SIOCINQ");
	is(ioctl_value(fd, SIOC_OUTQ), -EINVAL, "listening: SIOCOUTQ");
	is(ioctl_value(fd, SIOC_ATMARK), 0, "listening: SIOCATMARK");
	close(fd);

	l = listen_at(HERE, -1, &port);
	for (int i = 0; i < 20; i++) {
		fd = new_tcp_nonblock();
		connect_at(fd, HERE, port);
		if (wait_mask(fd, POLLOUT) != POLLOUT)
			ok(false, "a backlog below 0 is the greatest");
		close(fd);
	}
	close(l);
}

/* How many of six get in without anybody accepting. */
static int admitted(int backlog)
{
	int port, l = listen_at(HERE, backlog, &port), fds[6], n = 0;

	for (int i = 0; i < 6; i++) {
		fds[i] = new_tcp_nonblock();
		connect_at(fds[i], HERE, port);
		if (i <= backlog)
			wait_mask(fds[i], POLLOUT);
	}
	usleep(50000);
	for (int i = 0; i < 6; i++)
		n += mask(fds[i]) == POLLOUT;
	for (int i = 0; i < 6; i++)
		close(fds[i]);
	close(l);
	return n;
}

static void test_backlog(void)
{
	is(admitted(0), 1, "backlog 0 admits 1");
	is(admitted(1), 2, "backlog 1 admits 2");
	is(admitted(3), 4, "backlog 3 admits 4");
	is(admitted(5), 6, "backlog 5 admits 6");
}

static void test_overflow(void)
{
	int port, l = listen_at(HERE, 0, &port), first = new_tcp(), a;
	int second = new_tcp_nonblock(), third = new_tcp_nonblock();

	connect_at(first, HERE, port);
	is(connect_at(second, HERE, port), -EINPROGRESS, "overflow: waits");
	usleep(30000);
	is(mask(second), 0, "overflow: no bits");
	a = accept(l, NULL, NULL);
	ok(a >= 0, "overflow: accept makes room");
	shows(second, "OUT", "overflow: its turn comes");
	close(a);
	is(connect_at(third, HERE, port), -EINPROGRESS, "overflow: again");
	usleep(30000);
	is(mask(third), 0, "overflow: waits");
	is(result(listen(l, 5)), 0, "overflow: a longer backlog");
	shows(third, "OUT", "overflow: lets it in");
	close(first);
	close(second);
	close(third);
	close(l);
}

static void test_order(void)
{
	int port, l = listen_at(HERE, 10, &port), fds[5], a, p, right = 0;
	struct sockaddr_in from;
	socklen_t len;
	uint32_t ip;

	for (int i = 0; i < 5; i++) {
		fds[i] = new_tcp();
		connect_at(fds[i], HERE, port);
	}
	shows(l, "IN", "queue: the listener is IN");
	for (int i = 0; i < 5; i++) {
		len = sizeof(from);
		a = accept(l, (struct sockaddr *)&from, &len);
		peer_of(a, &ip, &p);
		right += ntohs(from.sin_port) == port_of(fds[i]) &&
			 len == sizeof(from) && p == port_of(fds[i]) &&
			 ntohl(from.sin_addr.s_addr) == HERE;
		close(a);
	}
	is(right, 5, "accept: in the order of connect, each with its name");
	is(mask(l), 0, "accept: then nothing");
	for (int i = 0; i < 5; i++)
		close(fds[i]);
	close(l);
}

static void connected(int *fd, int port)
{
	*fd = new_tcp();
	MUST(connect_at(*fd, HERE, port));
}

static void test_address(void)
{
	int port, l = listen_at(HERE, 10, &port), fd, a;
	struct sockaddr_in from = { 0 };
	char *bytes = (char *)&from;
	socklen_t len = 6;

	connected(&fd, port);
	memset(&from, 0x55, sizeof(from));
	a = accept(l, (struct sockaddr *)&from, &len);
	ok(a >= 0 && len == sizeof(from), "accept: room for a part");
	ok(bytes[4] == 127 && bytes[5] == 0 && bytes[6] == 0x55,
	   "accept: a part of the name");
	close(a);
	close(fd);
	connected(&fd, port);
	len = -1;
	is(result(accept(l, (struct sockaddr *)&from, &len)), -EINVAL,
	   "accept: a length below 0");
	shows(fd, "IN|OUT|RDHUP", "accept: which closes the connection");
	close(fd);
	connected(&fd, port);
	len = sizeof(from);
	is(result(accept(l, BAD_POINTER, &len)), -EFAULT, "accept: bad name");
	shows(fd, "IN|OUT|RDHUP", "accept: which closes it too");
	close(fd);
	connected(&fd, port);
	is(result(accept(l, (struct sockaddr *)&from, NULL)), -EFAULT,
	   "accept: no length");
	close(fd);
	nonblock(l);
	is(result(accept(l, BAD_POINTER, BAD_POINTER)), -EAGAIN,
	   "accept: nobody goes before a bad name");
	is(result(syscall(SYS_accept4, l, NULL, NULL, ~0)), -EINVAL,
	   "accept4: bad flags");
	is(result(accept(-1, NULL, NULL)), -EBADF, "accept: no descriptor");
	is(result(accept(0, NULL, NULL)), -ENOTSOCK, "accept: no socket");
	close(l);
}

static void test_flags(void)
{
	int port, l = listen_at(HERE, 10, &port), fds[4], a;
	int flags[4] = { 0, SOCK_NONBLOCK, SOCK_CLOEXEC,
			 SOCK_NONBLOCK | SOCK_CLOEXEC };

	nonblock(l);
	for (int i = 0; i < 4; i++) {
		connected(&fds[i], port);
		wait_mask(l, POLLIN);
		a = accept4(l, NULL, NULL, flags[i]);
		is(fcntl(a, F_GETFL),
		   O_RDWR | (flags[i] & SOCK_NONBLOCK ? O_NONBLOCK : 0),
		   "accept4: O_NONBLOCK as told");
		is(fcntl(a, F_GETFD), flags[i] & SOCK_CLOEXEC ? FD_CLOEXEC : 0,
		   "accept4: FD_CLOEXEC as told");
		close(a);
		close(fds[i]);
	}
	close(l);
}

/* Gone before accept: handed out all the same. */
static void test_gone(void)
{
	int port, l = listen_at(HERE, 10, &port), fd, a;

	connected(&fd, port);
	put(fd, "said and done");
	close(fd);
	a = accept(l, NULL, NULL);
	ok(a >= 0, "closed before accept: is handed out");
	shows(a, "IN|OUT|RDHUP", "closed: IN|OUT|RDHUP");
	is_str(received(a, 0), "said and done", "closed: what it said");
	is_str(received(a, 0), "end", "closed: the end");
	is(result(send(a, "x", 1, MSG_NOSIGNAL)), 1, "closed: send");
	close(a);

	connected(&fd, port);
	put(fd, "said");
	usleep(1000);
	reset(fd);
	a = accept(l, NULL, NULL);
	ok(a >= 0, "reset before accept: is handed out");
	shows(a, "IN|OUT|ERR|HUP|RDHUP", "reset: every bit");
	is(tcp_state(a), TCP_CLOSE, "reset: CLOSE");
	is_str(received(a, 0), "said", "reset: what it said");
	is_str(received(a, 0), strerror(ECONNRESET), "reset: ECONNRESET");
	is_str(received(a, 0), "end", "reset: then the end");
	close(a);

	connected(&fd, port);
	reset(fd);
	usleep(1000);
	{
		struct sockaddr_in from;
		socklen_t len = sizeof(from);

		a = accept(l, (struct sockaddr *)&from, &len);
		ok(a >= 0 && ntohl(from.sin_addr.s_addr) == HERE &&
			   from.sin_port,
		   "reset: its name is known");
		shows(a, "IN|OUT|ERR|HUP|RDHUP", "reset: every bit");
		is(peer_of(a, &(uint32_t){ 0 }, &(int){ 0 }), -ENOTCONN,
		   "reset: but getpeername says ENOTCONN");
		close(a);
	}
	close(l);
}

static void test_close_listener(void)
{
	int port, l = listen_at(HERE, 10, &port), fds[3], again;

	for (int i = 0; i < 3; i++)
		connected(&fds[i], port);
	put(fds[1], "data");
	shutdown(fds[2], SHUT_WR);
	usleep(1000);
	close(l);
	for (int i = 0; i < 3; i++) {
		shows(fds[i], "IN|OUT|ERR|HUP|RDHUP",
		      "listener closed: who waits is reset");
		is(get_option(fds[i], SOL_SOCKET, SO_ERROR), ECONNRESET,
		   "listener closed: SO_ERROR");
		close(fds[i]);
	}
	again = new_tcp();
	is(connect_at(again, HERE, port), -ECONNREFUSED,
	   "listener closed: refuses");
	close(again);

	/* Those accepted stay. */
	l = listen_at(HERE, 10, &port);
	connected(&fds[0], port);
	fds[1] = accept(l, NULL, NULL);
	close(l);
	pass(fds[0], fds[1], "still here");
	is_str(received(fds[1], 0), "still here", "accepted: outlives it");
	close(fds[0]);
	close(fds[1]);

	l = listen_at(HERE, 10, &port);
	connected(&fds[0], port);
	is(result(shutdown(l, SHUT_WR)), 0, "listener: SHUT_WR");
	is(mask(l), POLLIN, "listener: which means nothing");
	is(result(shutdown(l, SHUT_RD)), 0, "listener: SHUT_RD");
	shows(fds[0], "IN|OUT|ERR|HUP|RDHUP", "listener shut: reset");
	is(mask(l), POLLOUT | POLLHUP, "listener shut: OUT|HUP");
	is(result(accept(l, NULL, NULL)), -EINVAL, "listener shut: accept");
	is(result(listen(l, 1)), 0, "listener shut: listens again");
	close(l);
	close(fds[0]);
}

static void test_no_room(void)
{
	struct rlimit limit, was;
	int port, l = listen_at(HERE, 10, &port), fd, a;

	nonblock(l);
	connected(&fd, port);
	put(fd, "kept");
	has_arrived(fd, 0);
	getrlimit(RLIMIT_NOFILE, &was);
	limit = was;
	limit.rlim_cur = fd + 1;
	setrlimit(RLIMIT_NOFILE, &limit);
	is(result(accept(l, NULL, NULL)), -EMFILE, "EMFILE");
	shows(l, "IN", "EMFILE: the connection waits");
	is(result(accept(l, NULL, NULL)), -EMFILE, "EMFILE: again");
	is(result(socket(AF_INET, SOCK_STREAM, 0)), -EMFILE,
	   "EMFILE: socket too");
	setrlimit(RLIMIT_NOFILE, &was);
	a = accept(l, NULL, NULL);
	ok(a >= 0, "EMFILE: with a number it is handed out");
	has_arrived(a, 4);
	is_str(received(a, 0), "kept", "EMFILE: nothing was lost");
	is(result(accept(l, NULL, NULL)), -EAGAIN, "EMFILE: no other");
	close(a);
	close(fd);
	close(l);
}

/* Options of a listener that its children have, and those they do not. */
static void test_inherit(void)
{
	static const struct {
		int level, name, value, child;
		const char *what;
	} options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1, 1, "SO_KEEPALIVE" },
		{ SOL_SOCKET, SO_RCVLOWAT, 7, 7, "SO_RCVLOWAT" },
		{ SOL_SOCKET, SO_OOBINLINE, 1, 1, "SO_OOBINLINE" },
		{ SOL_SOCKET, SO_REUSEADDR, 1, 1, "SO_REUSEADDR" },
		{ SOL_SOCKET, SO_PRIORITY, 3, 0, "SO_PRIORITY" },
		{ SOL_SOCKET, SO_SNDBUF, 20000, 40000, "SO_SNDBUF" },
		{ SOL_SOCKET, SO_RCVBUF, 30000, 60000, "SO_RCVBUF" },
		{ SOL_SOCKET, SO_DONTROUTE, 1, 1, "SO_DONTROUTE" },
		{ IPPROTO_TCP, TCP_NODELAY, 1, 1, "TCP_NODELAY" },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 30, 30, "TCP_KEEPIDLE" },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 31, 31, "TCP_KEEPINTVL" },
		{ IPPROTO_TCP, TCP_KEEPCNT, 32, 32, "TCP_KEEPCNT" },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, 33, 33, "TCP_USER_TIMEOUT" },
		{ IPPROTO_TCP, TCP_SYNCNT, 4, 4, "TCP_SYNCNT" },
		{ IPPROTO_TCP, TCP_LINGER2, 20, 20, "TCP_LINGER2" },
		{ IPPROTO_TCP, TCP_CORK, 1, 1, "TCP_CORK" },
		{ IPPROTO_IP, IP_TTL, 44, 44, "IP_TTL" },
		{ IPPROTO_IP, IP_TOS, 16, 16, "IP_TOS" },
		{ IPPROTO_IP, IP_RECVTTL, 1, 1, "IP_RECVTTL" },
	};
	int port, l = listen_at(HERE, 10, &port), fd, a;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		is(set_option(l, options[i].level, options[i].name,
			      options[i].value),
		   0, options[i].what);
	connected(&fd, port);
	a = accept(l, NULL, NULL);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		is(get_option(a, options[i].level, options[i].name),
		   options[i].child, options[i].what);
	is(get_option(a, SOL_SOCKET, SO_ACCEPTCONN), 0, "but does not listen");
	is(get_option(a, SOL_SOCKET, SO_ERROR), 0, "has no error");
	is(get_option(a, SOL_SOCKET, SO_TYPE), SOCK_STREAM, "is a stream");
	close(a);
	close(fd);
	close(l);
}

/* With SO_LINGER and the timeouts, which are structs. */
static void test_inherit_structs(void)
{
	struct timeval tv = { 3, 500000 }, got = { 0 };
	struct linger linger = { 1, 5 }, lingers = { 0 };
	int port, l = listen_at(HERE, 10, &port), fd, a;
	socklen_t len = sizeof(got);

	setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(l, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	connected(&fd, port);
	a = accept(l, NULL, NULL);
	getsockopt(a, SOL_SOCKET, SO_RCVTIMEO, &got, &len);
	ok(got.tv_sec == 3 && got.tv_usec == 500000, "takes SO_RCVTIMEO over");
	len = sizeof(lingers);
	getsockopt(a, SOL_SOCKET, SO_LINGER, &lingers, &len);
	ok(lingers.l_onoff == 1 && lingers.l_linger == 5,
	   "takes SO_LINGER over");
	close(a);
	close(fd);
	close(l);
}

static void test_timeout(void)
{
	struct timeval tv = { 0, 100000 };
	int port, l = listen_at(HERE, 10, &port);
	double t = now();

	setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	is(result(accept(l, NULL, NULL)), -EAGAIN, "SO_RCVTIMEO: EAGAIN");
	ok(now() - t > 0.09, "SO_RCVTIMEO: after that time");
	close(l);
}

/* The connection comes to accept only when there is something to read. */
static void test_defer(void)
{
	int port, l = listen_at(HERE, 10, &port), fd, a;

	nonblock(l);
	is(set_option(l, IPPROTO_TCP, TCP_DEFER_ACCEPT, 10), 0,
	   "TCP_DEFER_ACCEPT");
	connected(&fd, port);
	usleep(30000);
	is(mask(fd), POLLOUT, "deferred: connected");
	is(mask(l), 0, "deferred: not for accept");
	is(result(accept(l, NULL, NULL)), -EAGAIN, "deferred: EAGAIN");
	put(fd, "now");
	shows(l, "IN", "deferred: until data comes");
	a = accept(l, NULL, NULL);
	ok(a >= 0, "deferred: accept");
	is_str(received(a, 0), "now", "deferred: the data is there");
	close(a);
	close(fd);
	set_option(l, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0);
	connected(&fd, port);
	shows(l, "IN", "not deferred: at once");
	close(fd);
	close(l);
}

int main(void)
{
	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_listen();
	test_backlog();
	test_overflow();
	test_order();
	test_address();
	test_flags();
	test_gone();
	test_close_listener();
	test_no_room();
	test_inherit();
	test_inherit_structs();
	test_timeout();
	test_defer();
	return done_testing();
}
