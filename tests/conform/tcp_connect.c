/* SPDX-License-Identifier: MIT */
/*
 * connect(2) of TCP sockets: blocking and not, again and again, refused,
 * dissolved, to oneself, from a bound source.
 */
#define _GNU_SOURCE
#include "tcp.h"

#define LOCAL_PORT_RANGE 51 /* <linux/in.h> */

static void test_arguments(void)
{
	struct sockaddr_in a;
	int port, l = listen_at(HERE, 5, &port), fd = new_tcp();

	a = address(HERE, port);
	is(result(connect(-1, (struct sockaddr *)&a, sizeof(a))), -EBADF,
	   "connect: no descriptor");
	is(result(connect(0, (struct sockaddr *)&a, sizeof(a))), -ENOTSOCK,
	   "connect: no socket");
	is(result(connect(fd, BAD_POINTER, sizeof(a))), -EFAULT,
	   "connect: a bad address");
	is(result(connect(fd, (struct sockaddr *)&a, -1)), -EINVAL,
	   "connect: a length below 0");
	is(result(connect(fd, (struct sockaddr *)&a, 1000)), -EINVAL,
	   "connect: a length above all");
	is(result(connect(fd, (struct sockaddr *)&a, 0)), -EINVAL,
	   "connect: no length");
	is(result(connect(fd, (struct sockaddr *)&a, 1)), -EINVAL,
	   "connect: half a family");
	is(result(connect(fd, (struct sockaddr *)&a, 2)), -EINVAL,
	   "connect: a family alone");
	is(result(connect(fd, (struct sockaddr *)&a, 15)), -EINVAL,
	   "connect: short of a byte");
	a.sin_family = AF_UNIX;
	is(result(connect(fd, (struct sockaddr *)&a, sizeof(a))), -EAFNOSUPPORT,
	   "connect: another family");
	a.sin_family = AF_INET6;
	is(result(connect(fd, (struct sockaddr *)&a, sizeof(a))), -EAFNOSUPPORT,
	   "connect: of IPv6");
	a.sin_family = AF_INET;
	is(mask(fd), POLLOUT | POLLHUP, "connect: nothing came of all that");
	is(port_of(fd), 0, "connect: no port either");
	is(result(connect(fd, (struct sockaddr *)&a, 16)), 0, "connect: 16");
	close(fd);
	fd = new_tcp();
	is(result(connect(fd, (struct sockaddr *)&a, 100)), 0,
	   "connect: a longer address");
	close(fd);
	close(l);
}

static void test_names(void)
{
	int port, l = listen_at(ANYWHERE, 5, &port), fd = new_tcp(), a;
	uint32_t ip;
	int p;

	is(peer_of(fd, &ip, &p), -ENOTCONN, "getpeername: fresh");
	is(ip_of(fd), ANYWHERE, "getsockname: fresh");
	is(connect_at(fd, HERE, port), 0, "connect: to 127.0.0.1");
	is(ip_of(fd), HERE, "getsockname: 127.0.0.1");
	ok(port_of(fd) > 0, "getsockname: a port");
	is(peer_of(fd, &ip, &p), 0, "getpeername");
	ok(ip == HERE && p == port, "getpeername: 127.0.0.1 and its port");
	a = accept(l, NULL, NULL);
	is(ip_of(a), HERE, "accepted: 127.0.0.1");
	is(port_of(a), port, "accepted: the listener's port");
	peer_of(a, &ip, &p);
	ok(ip == HERE && p == port_of(fd), "accepted: its peer");
	close(fd);
	close(a);

	fd = new_tcp();
	is(connect_at(fd, THERE, port), 0, "connect: to 127.0.0.2");
	is(ip_of(fd), HERE, "connect: from 127.0.0.1");
	a = accept(l, NULL, NULL);
	is(ip_of(a), THERE, "accepted: 127.0.0.2");
	close(fd);
	close(a);

	fd = new_tcp();
	is(connect_at(fd, ANYWHERE, port), 0, "connect: to 0.0.0.0");
	peer_of(fd, &ip, &p);
	is(ip, HERE, "connect: is 127.0.0.1");
	a = accept(l, NULL, NULL);
	is(ip_of(a), HERE, "accepted: 127.0.0.1");
	close(fd);
	close(a);
	close(l);
}

static void test_source(void)
{
	int port, l = listen_at(ANYWHERE, 5, &port), fd = new_tcp(), a, own;
	int other;
	uint32_t ip;
	int p;

	is(bind_at(fd, THERE, 0), 0, "source: bind to 127.0.0.2");
	own = port_of(fd);
	is(connect_at(fd, HERE, port), 0, "source: connect");
	ok(ip_of(fd) == THERE && port_of(fd) == own, "source: as bound");
	a = accept(l, NULL, NULL);
	peer_of(a, &ip, &p);
	ok(ip == THERE && p == own, "source: the peer sees it");
	other = new_tcp();
	is(bind_at(other, THERE, own), -EADDRINUSE, "source: in use");
	close(other);
	close(a);
	close(fd);

	fd = new_tcp();
	is(bind_at(fd, ANYWHERE, 0), 0, "source: bind to 0.0.0.0");
	own = port_of(fd);
	is(connect_at(fd, THERE, port), 0, "source: connect to 127.0.0.2");
	is(ip_of(fd), HERE, "source: the wildcard becomes 127.0.0.1");
	is(port_of(fd), own, "source: the port stays");
	close(accept(l, NULL, NULL));
	close(fd);

	/* One port, two peers: only the four-tuple must differ. */
	fd = new_tcp();
	other = new_tcp();
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_option(other, SOL_SOCKET, SO_REUSEADDR, 1);
	bind_at(fd, HERE, 0);
	is(bind_at(other, HERE, port_of(fd)), 0, "source: shared");
	is(connect_at(fd, HERE, port), 0, "source: the first to 127.0.0.1");
	is(connect_at(other, HERE, port), -EADDRNOTAVAIL,
	   "source: the second cannot");
	is(connect_at(other, THERE, port), 0, "source: but to 127.0.0.2");
	close(fd);
	close(other);
	close(l);
}

/* An address that bind(2) gave stays when the connection ends. */
static void test_lock(void)
{
	int port, all = listen_at(ANYWHERE, 5, &port), fd = new_tcp(), a;
	int here, l = listen_at(HERE, 5, &here);

	MUST(connect_at(fd, HERE, port));
	a = accept(all, NULL, NULL);
	is(dissolve(a), 0, "lock: an accepted socket");
	is(ip_of(a), ANYWHERE, "lock: forgets the address");
	close(a);
	close(fd);

	fd = new_tcp();
	MUST(connect_at(fd, HERE, here));
	a = accept(l, NULL, NULL);
	is(dissolve(a), 0, "lock: a listener's own address");
	is(ip_of(a), HERE, "lock: is kept by what it accepts");
	is(bind_at(a, ANYWHERE, 0), 0, "lock: even if bound to 0.0.0.0");
	is(ip_of(a), ANYWHERE, "lock: which is the name then");
	is(connect_at(a, HERE, here), 0, "lock: connected anew");
	is(dissolve(a), 0, "lock: and ended");
	is(ip_of(a), HERE, "lock: the address stays");
	close(a);
	close(fd);
	close(all);
	close(l);
}

/*
 * A connection that this end closed first, with the port that it leaves in
 * TIME_WAIT, or in FIN_WAIT2 if the peer still has its end.
 */
static int left_port(int l, int port, bool peer_closes)
{
	int fd = new_tcp(), own, a;

	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	MUST(bind_at(fd, HERE, 0));
	MUST(connect_at(fd, HERE, port));
	own = port_of(fd);
	a = accept(l, NULL, NULL);
	shutdown(fd, SHUT_WR);
	shows(a, "IN|OUT|RDHUP", "time-wait: closed");
	if (peer_closes) {
		close(a);
		shows(fd, "IN|OUT|HUP|RDHUP", "time-wait: by both");
	}
	close(fd);
	return own;
}

/* connect(2) takes over a tuple in TIME_WAIT if it comes with its port. */
static void test_time_wait(void)
{
	int port, l = listen_at(HERE, 5, &port), fd;

	for (int closes = 1; closes >= 0; closes--) {
		int own = left_port(l, port, closes);

		fd = new_tcp();
		set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		is(bind_at(fd, HERE, own), 0, "time-wait: bound again");
		is(connect_at(fd, HERE, port), closes ? 0 : -EADDRNOTAVAIL,
		   closes ? "TIME_WAIT: again" : "FIN_WAIT2: not yet");
		close(fd);
	}
	close(l);
}

static void test_nonblock(void)
{
	int port, l = listen_at(HERE, 5, &port), fd = new_tcp_nonblock(), a;

	is(connect_at(fd, HERE, port), -EINPROGRESS, "nonblock: EINPROGRESS");
	is(wait_mask(fd, POLLOUT), POLLOUT, "nonblock: done is OUT");
	is(get_option(fd, SOL_SOCKET, SO_ERROR), 0, "nonblock: SO_ERROR");
	is(connect_at(fd, HERE, port), 0, "nonblock: connect says so once");
	is(connect_at(fd, HERE, port), -EISCONN, "nonblock: then EISCONN");
	is(connect_at(fd, THERE, 1), -EISCONN, "nonblock: whatever address");
	a = accept(l, NULL, NULL);
	close(a);
	close(fd);

	fd = new_tcp_nonblock();
	connect_at(fd, HERE, port);
	wait_mask(fd, POLLOUT);
	put(fd, "hello");
	is(connect_at(fd, HERE, port), 0, "nonblock: also after a write");
	a = accept(l, NULL, NULL);
	has_arrived(a, 5);
	is_str(received(a, 0), "hello", "nonblock: the write arrives");
	close(a);
	close(fd);

	fd = new_tcp();
	is(connect_at(fd, HERE, port), 0, "block: 0");
	is(connect_at(fd, HERE, port), -EISCONN, "block: EISCONN");
	close(accept(l, NULL, NULL));
	close(fd);
	close(l);
}

static void test_in_progress(void)
{
	int port, l = listen_at(HERE, 0, &port), full = new_tcp(), fd;
	int other = new_tcp_nonblock();
	uint32_t ip;
	int p;

	is(connect_at(full, HERE, port), 0, "queue: one gets in");
	fd = new_tcp_nonblock();
	is(connect_at(fd, HERE, port), -EINPROGRESS, "queue: the next waits");
	usleep(50000);
	is(mask(fd), 0, "connecting: no bits");
	is(connect_at(fd, HERE, port), -EALREADY, "connecting: EALREADY");
	is(result(listen(fd, 1)), -EINVAL, "connecting: listen");
	is(bind_at(fd, HERE, 0), -EINVAL, "connecting: bind");
	is(result(accept(fd, NULL, NULL)), -EINVAL, "connecting: accept");
	is(peer_of(fd, &ip, &p), -ENOTCONN, "connecting: getpeername");
	is(ip_of(fd), HERE, "connecting: has its address");
	is_str(received(fd, 0), strerror(EAGAIN), "connecting: recv");
	is(result(send(fd, "x", 1, MSG_NOSIGNAL)), -EAGAIN, "connecting: send");
	is(result(send(fd, "", 0, MSG_NOSIGNAL)), -EAGAIN,
	   "connecting: send of nothing");
	is(tcp_state(fd), TCP_SYN_SENT, "connecting: SYN_SENT");
	is(get_option(fd, SOL_SOCKET, SO_ERROR), 0, "connecting: SO_ERROR");
	is(ioctl_value(fd, SIOC_INQ), 0, "connecting: SIOCINQ");
	is(ioctl_value(fd, SIOC_OUTQ), 0, "connecting: SIOCOUTQ");
	is(dissolve(fd), 0, "connecting: AF_UNSPEC gives up");
	is(mask(fd), POLLOUT | POLLHUP | POLLERR, "given up: OUT|ERR|HUP");
	is(get_option(fd, SOL_SOCKET, SO_ERROR), ECONNRESET,
	   "given up: SO_ERROR");
	is(mask(fd), POLLOUT | POLLHUP, "given up: OUT|HUP");
	ok(port_of(fd) > 0, "given up: a port that it no longer has");
	is(ip_of(fd), ANYWHERE, "given up: no address");
	is(bind_at(fd, HERE, 0), 0, "given up: bind");
	is(tcp_state(fd), TCP_CLOSE, "given up: CLOSE");

	is(connect_at(other, HERE, port), -EINPROGRESS, "another waits");
	is(result(shutdown(other, SHUT_WR)), 0, "connecting: SHUT_WR");
	is(mask(other), POLLOUT | POLLHUP | POLLERR, "shut: OUT|ERR|HUP");
	is(tcp_state(other), TCP_CLOSE, "shut: CLOSE");
	is(get_option(other, SOL_SOCKET, SO_ERROR), ECONNRESET,
	   "shut: SO_ERROR");
	is(connect_at(other, HERE, port), -EINPROGRESS, "and may try again");
	is(result(shutdown(other, SHUT_RD)), 0, "connecting: SHUT_RD");
	is(mask(other), POLLOUT | POLLHUP | POLLERR, "shut: the same");
	is(result(shutdown(other, SHUT_RD)), -ENOTCONN, "shut: once more");
	close(other);
	close(fd);
	close(full);
	close(l);
}

static void test_refused(void)
{
	int port, holder = closed_port(&port), fd = new_tcp(), l, own;
	char c;

	is(connect_at(fd, HERE, port), -ECONNREFUSED, "refused: block");
	is(get_option(fd, SOL_SOCKET, SO_ERROR), 0, "refused: told");
	is(mask(fd), POLLOUT | POLLHUP, "refused: as if fresh");
	ok(port_of(fd) > 0, "refused: still shows a port");
	is(ip_of(fd), ANYWHERE, "refused: but no address");
	is(connect_at(fd, HERE, port), -ECONNREFUSED, "refused: again");
	is(result(send(fd, "x", 1, MSG_NOSIGNAL)), -EPIPE, "refused: send");
	is(result(recv(fd, &c, 1, 0)), -ENOTCONN, "refused: recv");
	l = listen_at(HERE, 5, &own);
	is(connect_at(fd, HERE, own), 0, "refused: another is not");
	close(fd);
	close(l);

	fd = new_tcp_nonblock();
	is(connect_at(fd, HERE, port), -EINPROGRESS, "refused: nonblock");
	wait_mask(fd, POLLOUT);
	is(connect_at(fd, HERE, port), -ECONNREFUSED, "refused: told once");
	is(connect_at(fd, HERE, port), -EINPROGRESS, "refused: then again");
	wait_mask(fd, POLLOUT);
	is(result(recv(fd, &c, 1, 0)), -ECONNREFUSED, "refused: by recv");
	is(result(recv(fd, &c, 1, 0)), 0, "refused: then the end");
	is(connect_at(fd, HERE, port), -ECONNABORTED, "refused: aborted");
	is(connect_at(fd, HERE, port), -EINPROGRESS, "refused: anew");
	wait_mask(fd, POLLOUT);
	is(result(send(fd, &c, 1, MSG_NOSIGNAL)), -ECONNREFUSED,
	   "refused: by send");
	is(result(send(fd, &c, 1, MSG_NOSIGNAL)), -EPIPE, "refused: EPIPE");
	is(get_option(fd, SOL_SOCKET, SO_ERROR), 0, "refused: SO_ERROR");
	is(result(shutdown(fd, SHUT_WR)), -ENOTCONN, "refused: shutdown");
	is(tcp_state(fd), TCP_CLOSE, "refused: CLOSE");
	close(fd);

	fd = new_tcp_nonblock();
	bind_at(fd, HERE, 0);
	own = port_of(fd);
	connect_at(fd, HERE, port);
	wait_mask(fd, POLLOUT);
	is(connect_at(fd, HERE, port), -ECONNREFUSED, "refused: bound");
	is(port_of(fd), own, "refused: keeps what it was bound to");
	close(fd);
	close(holder);
}

static void test_unreachable(void)
{
	int fd = new_tcp();

	is(connect_at(fd, 0xe0000001, 80), -ENETUNREACH, "to a group");
	is(connect_at(fd, 0xffffffff, 80), -ENETUNREACH, "to everybody");
	is(mask(fd), POLLOUT | POLLHUP, "unreachable: as if fresh");
	close(fd);
	fd = new_tcp();
	is(bind_at(fd, THERE, 0), 0, "unreachable: bound to 127.0.0.2");
	is(connect_at(fd, 0xe0000001, 80), -ENETUNREACH, "to a group, bound");
	is(ip_of(fd), THERE, "unreachable: still bound");
	close(fd);
}

static void test_dissolve(void)
{
	int port, l = listen_at(HERE, 5, &port), fd = new_tcp(), a, own, p;
	uint32_t ip;
	char c;

	is(dissolve(fd), 0, "dissolve: fresh");
	is(connect_at(fd, HERE, port), 0, "dissolve: connected");
	a = accept(l, NULL, NULL);
	own = port_of(fd);
	put(fd, "lost");
	has_arrived(a, 4);
	is(dissolve(fd), 0, "dissolve");
	is(mask(fd), POLLOUT | POLLHUP | POLLERR, "dissolved: OUT|ERR|HUP");
	is(port_of(fd), own, "dissolved: still shows the port");
	is(ip_of(fd), ANYWHERE, "dissolved: no address");
	is(peer_of(fd, &ip, &p), -ENOTCONN, "dissolved: no peer");
	is(result(recv(fd, &c, 1, 0)), -ECONNRESET, "dissolved: recv, once");
	is(result(recv(fd, &c, 1, 0)), -ENOTCONN, "dissolved: recv");
	is(result(send(fd, &c, 1, MSG_NOSIGNAL)), -EPIPE, "dissolved: send");
	shows(a, "IN|OUT|ERR|HUP|RDHUP", "dissolved: the peer is reset");
	is_str(received(a, 0), "lost", "dissolved: what was sent before");
	is_str(received(a, 0), strerror(ECONNRESET), "dissolved: then reset");
	close(a);
	is(connect_at(fd, HERE, port), 0, "dissolved: connect again");
	a = accept(l, NULL, NULL);
	put(fd, "again");
	has_arrived(a, 5);
	is_str(received(a, 0), "again", "dissolved: and it works");
	close(a);
	close(fd);

	fd = new_tcp();
	bind_at(fd, THERE, 0);
	own = port_of(fd);
	connect_at(fd, HERE, port);
	a = accept(l, NULL, NULL);
	is(dissolve(fd), 0, "dissolve: bound");
	ok(ip_of(fd) == THERE && port_of(fd) == own,
	   "dissolved: shows what it was bound to");
	is(bind_at(fd, HERE, 0), 0,
	   "dissolved: a port of the kernel's is gone");
	close(a);
	close(fd);
	fd = new_tcp();
	is(bind_at(fd, THERE, own), 0, "dissolve: bound to a port");
	connect_at(fd, HERE, port);
	a = accept(l, NULL, NULL);
	is(dissolve(fd), 0, "dissolve: bound to a port, connected");
	ok(ip_of(fd) == THERE && port_of(fd) == own,
	   "dissolved: has what it was bound to");
	is(bind_at(fd, THERE, 0), -EINVAL, "dissolved: is bound");
	close(a);
	close(fd);

	close(l);
}

static void test_dissolve_listener(void)
{
	int port, l = listen_at(HERE, 5, &port), fd = new_tcp(), own;

	is(dissolve(l), 0, "dissolve: a listener");
	is(mask(l), POLLOUT | POLLHUP, "dissolved: listens no more");
	is(port_of(l), port, "dissolved: still shows its port");
	is(connect_at(fd, HERE, port), -ECONNREFUSED, "dissolved: refuses");
	is(result(listen(l, 1)), 0, "dissolved: may listen again");
	own = port_of(l);
	is(ip_of(l), HERE, "dissolved: at the same address");
	is(connect_at(fd, HERE, own), 0, "dissolved: and admits");
	close(fd);
	close(l);

	l = new_tcp();
	is(bind_at(l, HERE, own), 0, "dissolve: a chosen port");
	listen(l, 5);
	dissolve(l);
	is(result(listen(l, 1)), 0, "dissolved: listens again");
	is(port_of(l), own, "dissolved: on the chosen port");
	fd = new_tcp();
	is(connect_at(fd, HERE, own), 0, "dissolved: and admits there");
	close(fd);
	close(l);
}

/* Both ends of the connection are the one socket. */
static void test_self(void)
{
	int fd = new_tcp(), port, p;
	uint32_t ip;

	bind_at(fd, HERE, 0);
	port = port_of(fd);
	is(connect_at(fd, HERE, port), 0, "self: connect to oneself");
	is(tcp_state(fd), TCP_ESTABLISHED, "self: ESTABLISHED");
	peer_of(fd, &ip, &p);
	ok(ip == HERE && p == port, "self: is its own peer");
	is(mask(fd), POLLOUT, "self: OUT");
	put(fd, "echo");
	is(has_arrived(fd, 4), true, "self: hears itself");
	shows(fd, "IN|OUT", "self: IN|OUT");
	is_str(received(fd, 0), "echo", "self: what it said");
	is(result(shutdown(fd, SHUT_WR)), 0, "self: shutdown");
	shows(fd, "IN|OUT|HUP|RDHUP", "self: both are down");
	is_str(received(fd, 0), "end", "self: the end");
	close(fd);

	fd = new_tcp_nonblock();
	bind_at(fd, HERE, 0);
	port = port_of(fd);
	is(connect_at(fd, HERE, port), -EINPROGRESS, "self: nonblock");
	is(wait_mask(fd, POLLOUT), POLLOUT, "self: connected");
	is(connect_at(fd, HERE, port), 0, "self: 0");
	reset(fd);

	/* Shut before it begins: it ends at once, in TIME_WAIT. */
	fd = new_tcp_nonblock();
	port = free_port();
	bind_at(fd, HERE, port);
	is(result(shutdown(fd, SHUT_RDWR)), -ENOTCONN, "self: shut first");
	is(connect_at(fd, HERE, port), -EINPROGRESS, "self: and connected");
	ok(COMES_TRUE(tcp_state(fd) == TCP_CLOSE), "self: is over at once");
	is(connect_at(fd, HERE, port), -ECONNABORTED, "self: ECONNABORTED");
	is(connect_at(fd, HERE, port), -EINPROGRESS, "self: once more");
	ok(COMES_TRUE(tcp_state(fd) == TCP_ESTABLISHED), "self: for good");
	reset(fd);
}

/* IP_LOCAL_PORT_RANGE of one port, which connections to two servers share. */
static void test_range(void)
{
	int first, second, l = listen_at(HERE, 5, &first);
	int m = listen_at(HERE, 5, &second);
	int holder, port, range, fd[3];

	holder = closed_port(&port);
	range = port << 16 | port;
	for (int i = 0; i < 3; i++) {
		fd[i] = new_tcp();
		setsockopt(fd[i], IPPROTO_IP, LOCAL_PORT_RANGE, &range,
			   sizeof(range));
	}
	is(connect_at(fd[0], HERE, first), -EADDRNOTAVAIL, "range: in use");
	is(bind_at(fd[0], HERE, 0), -EADDRINUSE, "range: for bind, too");
	close(holder);
	is(connect_at(fd[0], HERE, first), 0, "range: then it is free");
	is(port_of(fd[0]), port, "range: the only port in it");
	is(connect_at(fd[1], HERE, first), -EADDRNOTAVAIL, "range: no second");
	is(connect_at(fd[1], HERE, second), 0, "range: but to another server");
	is(port_of(fd[1]), port, "range: from the same port");
	is(bind_at(fd[2], HERE, 0), -EADDRINUSE, "range: bind cannot share");
	for (int i = 0; i < 3; i++)
		reset(fd[i]);
	close(l);
	close(m);
}

int main(void)
{
	deadline(50);
	test_arguments();
	test_names();
	test_source();
	test_lock();
	test_time_wait();
	test_nonblock();
	test_in_progress();
	test_refused();
	test_unreachable();
	test_dissolve();
	test_dissolve_listener();
	test_self();
	test_range();
	return done_testing();
}
