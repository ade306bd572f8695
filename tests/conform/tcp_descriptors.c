/* SPDX-License-Identifier: MIT */
/*
 * TCP sockets and their descriptors: dup, O_NONBLOCK and FIONBIO, sockets
 * sent over AF_UNIX, groups of SO_REUSEPORT, many connections at once and
 * thousands one after the other.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tcp.h"

static void test_dup(void)
{
	int p[2], d, ep = new_epoll();

	joined(p);
	d = dup(p[0]);
	is(port_of(d), port_of(p[0]), "dup: the same socket");
	pass(p[1], d, "abc");
	is(ioctl_value(p[0], SIOC_INQ), 3, "dup: the same data");
	add(ep, p[0], EPOLLIN, 'a');
	add(ep, d, EPOLLIN, 'd');
	ok(strstr(delivered(ep, 2, 0), "a:IN"), "dup: both are watched");
	close(p[0]);
	shows(p[1], "OUT", "dup: closing one of them is no close");
	is_str(received(d, 0), "abc", "dup: the other reads");
	is(fcntl(d, F_GETFL) & O_NONBLOCK, O_NONBLOCK, "dup: one set of flags");
	close(d);
	shows(p[1], "IN|OUT|RDHUP", "dup: the last one is");
	is(result(recv(d, NULL, 0, 0)), -EBADF, "closed: EBADF");
	close(p[1]);
	close(ep);

	joined(p);
	d = dup(p[0]);
	shutdown(d, SHUT_WR);
	is(result(send(p[0], "x", 1, MSG_NOSIGNAL)), -EPIPE,
	   "dup: shutdown is of the socket");
	close(d);
	close_both(p);

	joined(p);
	is(dup2(p[1], p[0]), p[0], "dup2: over a socket closes it");
	shows(p[1], "IN|OUT|RDHUP", "dup2: the peer sees the end");
	close_both(p);
}

static void test_flags(void)
{
	int p[2], on = 1, off = 0;
	struct stat st;

	pair(p);
	is(fcntl(p[0], F_GETFL), O_RDWR, "F_GETFL: O_RDWR");
	is(ioctl(p[0], FIONBIO, &on), 0, "FIONBIO");
	is(fcntl(p[0], F_GETFL), O_RDWR | O_NONBLOCK, "F_GETFL: O_NONBLOCK");
	is_str(received(p[0], 0), strerror(EAGAIN), "FIONBIO: EAGAIN");
	is(ioctl(p[0], FIONBIO, &off), 0, "FIONBIO: off");
	is(fcntl(p[0], F_GETFL), O_RDWR, "F_GETFL: O_RDWR");
	is(ioctl(p[0], FIOCLEX, 0), 0, "FIOCLEX");
	is(fcntl(p[0], F_GETFD), FD_CLOEXEC, "F_GETFD");
	is(result(ioctl(p[0], FIONBIO, BAD_POINTER)), -EFAULT,
	   "FIONBIO: bad pointer");
	is(fcntl(p[0], F_SETFL, O_APPEND | O_NONBLOCK), 0, "F_SETFL");
	is(fcntl(p[0], F_GETFL), O_RDWR | O_APPEND | O_NONBLOCK, "F_GETFL");
	ok(!fstat(p[0], &st) && S_ISSOCK(st.st_mode), "fstat: a socket");
	is(result(lseek(p[0], 0, SEEK_CUR)), -ESPIPE, "lseek");
	is(result(pread(p[0], &on, 1, 0)), -ESPIPE, "pread");
	is(result(pwrite(p[0], &on, 1, 0)), -ESPIPE, "pwrite");
	is(result(ftruncate(p[0], 0)), -EINVAL, "ftruncate");
	is(result(fsync(p[0])), -EINVAL, "fsync");
	close_both(p);
}

static void send_fd(int over, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS,
				  .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct iovec vec = { "x", 1 };
	struct msghdr msg = { .msg_iov = &vec,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	MUST(sendmsg(over, &msg, 0));
}

static int receive_fd(int over)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char c;
	struct iovec vec = { &c, 1 };
	struct msghdr msg = { .msg_iov = &vec,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fd;

	MUST(recvmsg(over, &msg, 0));
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static void test_sent(void)
{
	int p[2], over[2], fd, port, l, c;

	joined(p);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, over));
	pass(p[1], p[0], "before");
	send_fd(over[0], p[0]);
	close(p[0]);
	shows(p[1], "OUT", "sent: closed, but on its way");
	fd = receive_fd(over[1]);
	is_str(received(fd, 0), "before", "sent: its data came along");
	put(fd, "answer");
	has_arrived(p[1], 6);
	is_str(received(p[1], 0), "answer", "sent: it works");
	send_fd(over[0], fd);
	close(fd);
	close(over[1]);
	close(over[0]);
	shows(p[1], "IN|OUT|RDHUP", "sent: thrown away unreceived, closed");
	close(p[1]);

	/* A listener on its way listens. */
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, over));
	l = listen_at(HERE, 5, &port);
	send_fd(over[0], l);
	close(l);
	c = new_tcp();
	is(connect_at(c, HERE, port), 0, "sent: a listener admits");
	l = receive_fd(over[1]);
	fd = accept(l, NULL, NULL);
	ok(fd >= 0, "sent: and accepts where it arrives");
	close(fd);
	close(c);
	close(l);
	close_both(over);
}

#define GROUP 4
#define TRIES 200

/* Each of a group's listeners gets some of many connections. */
static void test_group(void)
{
	int ls[GROUP], got[GROUP] = { 0 }, port = 0, served = 0, refused = 0;
	int c, a;

	for (int i = 0; i < GROUP; i++) {
		ls[i] = new_tcp_nonblock();
		set_option(ls[i], SOL_SOCKET, SO_REUSEPORT, 1);
		MUST(bind_at(ls[i], HERE, port));
		MUST(listen(ls[i], TRIES));
		port = port_of(ls[i]);
	}
	for (int n = 0; n < TRIES; n++) {
		c = new_tcp();
		refused += connect_at(c, HERE, port) != 0;
		for (int i = 0; i < GROUP; i++) {
			a = accept(ls[i], NULL, NULL);
			if (a < 0)
				continue;
			got[i]++;
			reset(a);
		}
		close(c);
	}
	for (int i = 0; i < GROUP; i++) {
		served += got[i];
		ok(got[i] > 0, "SO_REUSEPORT: each listener gets some");
	}
	is(served, TRIES, "SO_REUSEPORT: all are served");
	is(refused, 0, "SO_REUSEPORT: none is refused");

	/* Those that are left serve everybody. */
	for (int i = 1; i < GROUP; i++)
		close(ls[i]);
	served = 0;
	for (int n = 0; n < 20; n++) {
		c = new_tcp();
		connect_at(c, HERE, port);
		a = accept(ls[0], NULL, NULL);
		served += a >= 0;
		reset(a);
		close(c);
	}
	is(served, 20, "SO_REUSEPORT: the last one left serves all");
	close(ls[0]);
}

/* A listener at the address goes before one at every address. */
static void test_most_specific(void)
{
	int any = new_tcp_nonblock(), here = new_tcp_nonblock(), port, c;

	set_option(any, SOL_SOCKET, SO_REUSEPORT, 1);
	set_option(here, SOL_SOCKET, SO_REUSEPORT, 1);
	MUST(bind_at(any, ANYWHERE, 0));
	port = port_of(any);
	MUST(bind_at(here, HERE, port));
	MUST(listen(any, 5));
	MUST(listen(here, 5));
	c = new_tcp();
	connect_at(c, HERE, port);
	is(mask(here), POLLIN, "127.0.0.1: the listener there");
	is(mask(any), 0, "127.0.0.1: not the one everywhere");
	close(c);
	c = new_tcp();
	connect_at(c, THERE, port);
	is(mask(any), POLLIN, "127.0.0.2: the one everywhere");
	close(c);
	close(here);
	c = new_tcp();
	is(connect_at(c, HERE, port), 0, "127.0.0.1: which takes over");
	close(c);
	close(any);
}

#define MANY 300

static void test_many(void)
{
	static int cs[MANY], as[MANY];
	int port, l, ep = new_epoll(), right = 0, ready = 0, n;
	struct epoll_event events[MANY];
	char c;

	l = listen_at(HERE, MANY, &port);
	for (int i = 0; i < MANY; i++) {
		cs[i] = new_tcp();
		MUST(connect_at(cs[i], HERE, port));
		as[i] = MUST(accept(l, NULL, NULL));
		events[0] = (struct epoll_event){ EPOLLIN, { .u32 = i } };
		epoll_ctl(ep, EPOLL_CTL_ADD, as[i], &events[0]);
	}
	is(epoll_wait(ep, events, MANY, 0), 0, "many: nothing");
	for (int i = 0; i < MANY; i += 3) {
		c = i;
		write(cs[i], &c, 1);
	}
	for (int i = 0; i < MANY; i += 3)
		has_arrived(as[i], 1);
	n = epoll_wait(ep, events, MANY, 0);
	for (int i = 0; i < n; i++) {
		ready++;
		right += read(as[events[i].data.u32], &c, 1) == 1 &&
			 c == (char)events[i].data.u32;
	}
	is(ready, MANY / 3, "many: one in three has something");
	is(right, MANY / 3, "many: each its own");
	for (int i = 0; i < MANY; i++) {
		close(cs[i]);
		close(as[i]);
	}
	close(l);
	close(ep);
}

/* Who closes first holds its tuple in TIME_WAIT; there are ports enough. */
static void test_one_by_one(void)
{
	enum {
		N = 3000
	};
	int port, l = listen_at(HERE, 5, &port), right = 0, c, a;
	char byte;

	for (int i = 0; i < N; i++) {
		c = new_tcp();
		if (connect_at(c, HERE, port))
			break;
		a = MUST(accept(l, NULL, NULL));
		byte = i;
		write(c, &byte, 1);
		byte = ~i;
		right += read(a, &byte, 1) == 1 && byte == (char)i;
		if (i % 2) {
			close(c);
			close(a);
		} else {
			close(a);
			close(c);
		}
	}
	is(right, N, "3000 connections, one after the other");
	close(l);
}

int main(void)
{
	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_dup();
	test_flags();
	test_sent();
	test_group();
	test_most_specific();
	test_many();
	test_one_by_one();
	return done_testing();
}
