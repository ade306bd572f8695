/* SPDX-License-Identifier: MIT */
/*
 * TCP sockets over 127.0.0.1: states, errors and their order, masks of poll,
 * options.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sockets.h"

static void test_socket(void)
{
	struct stat st;
	int fd;

	is(result(socket(AF_INET, 77, 0)), -EINVAL, "socket: bad type");
	is(result(socket(AF_INET, SOCK_STREAM | 0x10000, 0)), -EINVAL,
	   "socket: bad flags");
	is(result(socket(99, SOCK_STREAM, 0)), -EAFNOSUPPORT,
	   "socket: bad family");
	is(result(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP)), -EPROTONOSUPPORT,
	   "socket: a stream of UDP");
	is(result(socket(AF_INET, SOCK_SEQPACKET, 0)), -ESOCKTNOSUPPORT,
	   "socket: type without a protocol");
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ok(fd >= 0, "socket: flags");
	ok(fcntl(fd, F_GETFL) == (O_RDWR | O_NONBLOCK), "socket: O_NONBLOCK");
	is(fcntl(fd, F_GETFD), FD_CLOEXEC, "socket: FD_CLOEXEC");
	ok(!fstat(fd, &st) && S_ISSOCK(st.st_mode), "socket: fstat");
	is(result(lseek(fd, 0, SEEK_SET)), -ESPIPE, "socket: lseek");
	close(fd);
	is(result(listen(0, 1)), -ENOTSOCK, "listen: no socket");
	is(result(listen(999, 1)), -EBADF, "listen: no descriptor");
}

static void test_fresh(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	char c;

	is(mask(fd), POLLOUT | POLLHUP, "fresh: OUT|HUP");
	is(result(send(fd, "x", 1, MSG_NOSIGNAL)), -EPIPE, "fresh: send");
	is(result(recv(fd, &c, 1, 0)), -ENOTCONN, "fresh: recv");
	is(result(shutdown(fd, SHUT_RDWR)), -ENOTCONN, "fresh: shutdown");
	is(result(shutdown(fd, 7)), -EINVAL, "shutdown: bad how");
	is(result(accept(fd, NULL, NULL)), -EINVAL, "fresh: accept");
	is(result(getpeername(fd, (struct sockaddr *)&c, (socklen_t *)&on)),
	   -ENOTCONN, "fresh: getpeername");
	is(port_of(fd), 0, "fresh: getsockname");
	close(fd);
}

static void test_bind(void)
{
	struct sockaddr_in a = local(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int other = socket(AF_INET, SOCK_STREAM, 0);
	int port;

	is(result(bind(fd, (struct sockaddr *)&a, 8)), -EINVAL,
	   "bind: short address");
	a.sin_family = AF_INET6;
	is(result(bind(fd, (struct sockaddr *)&a, sizeof(a))), -EAFNOSUPPORT,
	   "bind: other family");
	a = local(0);
	a.sin_addr.s_addr = htonl(0x01020304);
	is(result(bind(fd, (struct sockaddr *)&a, sizeof(a))), -EADDRNOTAVAIL,
	   "bind: not our address");
	is(bind_to(fd, 0), 0, "bind: any port");
	port = port_of(fd);
	ok(port >= 1024, "bind: an ephemeral one");
	is(bind_to(fd, 0), -EINVAL, "bind: twice");
	is(mask(fd), POLLOUT | POLLHUP, "bound: OUT|HUP");
	is(bind_to(other, port), -EADDRINUSE, "bind: in use");
	set_option(other, SOL_SOCKET, SO_REUSEADDR, 1);
	is(bind_to(other, port), -EADDRINUSE, "bind: reuse on one side");
	set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	is(bind_to(other, port), 0, "bind: reuse on both");
	is(result(listen(fd, 1)), 0, "listen: the first");
	is(result(listen(other, 1)), -EADDRINUSE, "listen: not the second");
	close(fd);
	is(result(listen(other, 1)), 0, "listen: after the first is closed");
	close(other);
}

static void test_listen(void)
{
	int port, l = listener(1, &port), c[4], a;
	struct sockaddr_in addr;
	socklen_t len = 4;
	char ch;

	is(mask(l), 0, "listening: nothing");
	is(get_option(l, SOL_SOCKET, SO_ACCEPTCONN), 1, "SO_ACCEPTCONN");
	is(result(send(l, "x", 1, MSG_NOSIGNAL)), -EPIPE, "listening: send");
	is(result(recv(l, &ch, 1, 0)), -ENOTCONN, "listening: recv");
	is(connect_to(l, port), -EISCONN, "listening: connect");
	nonblock(l);
	is(result(accept(l, NULL, NULL)), -EAGAIN, "accept: nobody");
	for (int i = 0; i < 3; i++) {
		c[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		is(connect_to(c[i], port), -EINPROGRESS, "connect: begins");
	}
	is(wait_mask(c[0], POLLOUT), POLLOUT, "backlog 1: the first");
	is(wait_mask(c[1], POLLOUT), POLLOUT, "backlog 1: the second");
	usleep(100000);
	is(mask(c[2]), 0, "backlog 1: the third waits, no bits");
	is(connect_to(c[2], port), -EALREADY, "connecting: connect");
	is(result(send(c[2], "x", 1, 0)), -EAGAIN, "connecting: send");
	is(result(recv(c[2], &ch, 1, 0)), -EAGAIN, "connecting: recv");
	is(connect_to(c[0], port), 0, "connect: again, done");
	is(connect_to(c[0], port), -EISCONN, "connect: once more");
	is(mask(l), POLLIN, "listening: IN");
	a = result(accept4(l, (struct sockaddr *)&addr, &len, SOCK_NONBLOCK));
	ok(a >= 0, "accept4");
	is(len, sizeof(addr), "accept4: the true length of the address");
	ok(fcntl(a, F_GETFL) & O_NONBLOCK, "accept4: SOCK_NONBLOCK");
	close(a);
	is(wait_mask(c[2], POLLOUT), POLLOUT, "the third gets its turn");
	a = accept(l, NULL, NULL);
	ok(!(fcntl(a, F_GETFL) & O_NONBLOCK), "accept: not O_NONBLOCK");
	close(a);
	is(result(syscall(SYS_accept4, l, NULL, NULL, 1)), -EINVAL,
	   "accept4: bad flags");
	for (int i = 0; i < 3; i++)
		close(c[i]);
	close(l);
}

static void test_refused(void)
{
	int port, l = listener(1, &port), fd;
	char c;

	close(l);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	is(connect_to(fd, port), -ECONNREFUSED, "connect: refused");
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect_to(fd, port);
	wait_mask(fd, ALL);
	is(mask(fd), POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP,
	   "refused: IN|OUT|RDHUP|ERR|HUP");
	is(get_option(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED,
	   "refused: SO_ERROR");
	is(get_option(fd, SOL_SOCKET, SO_ERROR), 0, "refused: SO_ERROR once");
	is(mask(fd), POLLIN | POLLOUT | POLLRDHUP | POLLHUP,
	   "refused: no ERR after that");
	is(result(recv(fd, &c, 1, 0)), 0, "refused: recv is the end");
	close(fd);
}

static void test_stream(void)
{
	int p[2], n;
	char buf[100];
	struct iovec iov[2] = { { buf, 2 }, { buf + 2, 98 } };

	pair(p);
	is(mask(p[0]), POLLOUT, "connected: OUT");
	is(result(write(p[0], "hello", 5)), 5, "write");
	is(wait_mask(p[1], POLLIN), POLLIN, "readable");
	is(result(ioctl(p[1], FIONREAD, &n)), 0, "FIONREAD");
	is(n, 5, "FIONREAD: 5");
	is(result(recv(p[1], buf, 100, MSG_PEEK)), 5, "MSG_PEEK");
	is(result(readv(p[1], iov, 2)), 5, "readv");
	ok(!memcmp(buf, "hello", 5), "what was written");
	is(result(recv(p[1], buf, 1, MSG_DONTWAIT)), -EAGAIN, "MSG_DONTWAIT");
	is(result(recv(p[1], buf, 0, MSG_DONTWAIT)), -EAGAIN,
	   "recv of nothing, when there is nothing");
	is(result(read(p[1], buf, 0)), 0, "read of nothing");
	is(result(send(p[0], buf, 0, 0)), 0, "send of nothing");
	is(mask(p[1]), POLLOUT, "sends nothing");
	is(result(recv(p[1], buf, 1, MSG_OOB)), -EINVAL, "MSG_OOB: none");
	is(result(connect_to(p[0], 1)), -EISCONN, "connected: connect");
	is(result(listen(p[0], 1)), -EINVAL, "connected: listen");
	is(result(accept(p[0], NULL, NULL)), -EINVAL, "connected: accept");
	is(result(send(p[0], (void *)1, 5, 0)), -EFAULT, "send: bad address");
	write(p[0], "abcdef", 6);
	wait_mask(p[1], POLLIN);
	is(result(recv(p[1], buf, 0, 0)), 0, "recv of nothing, of something");
	is(result(recv(p[1], (void *)1, 5, 0)), -EFAULT, "recv: bad address");
	is(result(recv(p[1], buf, 100, 0)), 6, "recv: nothing was lost");
	write(p[0], "abcdef", 6);
	wait_mask(p[1], POLLIN);
	is(result(recv(p[1], NULL, 4, MSG_TRUNC)), 4, "MSG_TRUNC discards");
	is(result(read(p[1], buf, 100)), 2, "MSG_TRUNC: the rest");
	close(p[0]);
	close(p[1]);
}

static void test_half_close(void)
{
	int p[2];
	char c;

	pair(p);
	is(result(shutdown(p[0], SHUT_WR)), 0, "SHUT_WR");
	is(result(send(p[0], "x", 1, MSG_NOSIGNAL)), -EPIPE, "SHUT_WR: send");
	is(mask(p[0]), POLLOUT, "SHUT_WR: OUT");
	wait_mask(p[1], POLLIN);
	is(mask(p[1]), POLLIN | POLLOUT | POLLRDHUP, "peer: IN|OUT|RDHUP");
	is(result(read(p[1], &c, 1)), 0, "peer: the end");
	is(result(write(p[1], "y", 1)), 1, "peer: the other way");
	wait_mask(p[0], POLLIN);
	is(result(read(p[0], &c, 1)), 1, "which arrives");
	close(p[1]);
	wait_mask(p[0], POLLIN);
	is(mask(p[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP,
	   "both down: HUP");
	is(result(read(p[0], &c, 1)), 0, "both down: the end");
	close(p[0]);

	pair(p);
	is(result(shutdown(p[0], SHUT_RD)), 0, "SHUT_RD");
	is(mask(p[0]), POLLIN | POLLOUT | POLLRDHUP, "SHUT_RD: IN|OUT|RDHUP");
	is(result(read(p[0], &c, 1)), 0, "SHUT_RD: the end");
	is(result(shutdown(p[0], SHUT_WR)), 0, "then SHUT_WR");
	is(mask(p[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP, "HUP");
	close(p[0]);
	close(p[1]);
}

static volatile int sigpipes;

static void on_sigpipe(int sig)
{
	sigpipes++;
}

static void test_reset(void)
{
	struct linger l = { 1, 0 };
	int p[2];
	char buf[10];

	pair(p);
	write(p[0], "last", 4);
	wait_mask(p[1], POLLIN);
	setsockopt(p[0], SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(p[0]);
	while (!(mask(p[1]) & POLLERR))
		usleep(1000);
	is(mask(p[1]), POLLIN | POLLOUT | POLLRDHUP | POLLERR | POLLHUP,
	   "reset: every bit");
	is(result(recv(p[1], buf, 10, 0)), 4, "reset: what came before");
	is(result(recv(p[1], buf, 10, 0)), -ECONNRESET, "reset: ECONNRESET");
	is(result(recv(p[1], buf, 10, 0)), 0, "reset: then the end");
	is(result(send(p[1], buf, 1, MSG_NOSIGNAL)), -EPIPE, "reset: EPIPE");
	close(p[1]);

	signal(SIGPIPE, on_sigpipe);
	pair(p);
	setsockopt(p[0], SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(p[0]);
	while (!(mask(p[1]) & POLLERR))
		usleep(1000);
	is(result(send(p[1], buf, 1, 0)), -ECONNRESET, "reset: send, once");
	is(sigpipes, 0, "reset: no SIGPIPE yet");
	is(result(send(p[1], buf, 1, 0)), -EPIPE, "reset: then EPIPE");
	is(sigpipes, 1, "reset: with SIGPIPE");
	close(p[1]);
	signal(SIGPIPE, SIG_DFL);

	pair(p);
	write(p[0], "unread", 6);
	wait_mask(p[1], POLLIN);
	close(p[1]);
	while (!(mask(p[0]) & POLLERR))
		usleep(1000);
	is(get_option(p[0], SOL_SOCKET, SO_ERROR), ECONNRESET,
	   "close with unread data resets");
	close(p[0]);
}

static void test_buffers(void)
{
	static char big[65536];
	int p[2];
	long n, sent = 0, got = 0;

	pair(p);
	nonblock(p[0]);
	nonblock(p[1]);
	while ((n = send(p[0], big, sizeof(big), 0)) > 0)
		sent += n;
	is(-errno, -EAGAIN, "a full connection: EAGAIN");
	ok(sent > 65536, "after more than 64 KiB");
	is(mask(p[0]) & POLLOUT, 0, "and not writable");
	for (int i = 0; got < sent && i < 100000; i++) {
		n = recv(p[1], big, sizeof(big), 0);
		if (n > 0)
			got += n;
		else
			wait_mask(p[1], POLLIN);
	}
	is(got, sent, "everything arrives");
	is(wait_mask(p[0], POLLOUT), POLLOUT, "and it is writable again");
	close(p[0]);
	close(p[1]);
}

static void test_options(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), v = 1;
	struct timeval tv = { 1, 500000 };
	socklen_t len = sizeof(tv);
	struct tcp_info info;
	char name[16];

	is(set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1), 0, "SO_KEEPALIVE");
	is(get_option(fd, SOL_SOCKET, SO_KEEPALIVE), 1, "SO_KEEPALIVE: 1");
	is(set_option(fd, SOL_SOCKET, SO_SNDBUF, 20000), 0, "SO_SNDBUF");
	is(get_option(fd, SOL_SOCKET, SO_SNDBUF), 40000, "SO_SNDBUF: doubled");
	is(set_option(fd, SOL_SOCKET, SO_RCVBUF, 1), 0, "SO_RCVBUF");
	is(get_option(fd, SOL_SOCKET, SO_RCVBUF), 2304, "SO_RCVBUF: the least");
	is(get_option(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM, "SO_TYPE");
	is(get_option(fd, SOL_SOCKET, SO_DOMAIN), AF_INET, "SO_DOMAIN");
	is(get_option(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP, "SO_PROTOCOL");
	is(get_option(fd, SOL_SOCKET, SO_ACCEPTCONN), 0, "SO_ACCEPTCONN: 0");
	is(get_option(fd, SOL_SOCKET, SO_RCVLOWAT), 1, "SO_RCVLOWAT: 1");
	is(set_option(fd, SOL_SOCKET, SO_TYPE, 1), -ENOPROTOOPT,
	   "SO_TYPE cannot be set");
	is(get_option(fd, SOL_SOCKET, 12345), -ENOPROTOOPT, "no such option");
	is(get_option(fd, 12345, 1), -EOPNOTSUPP, "no such level");
	is(get_option(fd, IPPROTO_TCP, 12345), -ENOPROTOOPT,
	   "no such option of TCP");
	is(set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1), 0, "TCP_NODELAY");
	is(get_option(fd, IPPROTO_TCP, TCP_NODELAY), 1, "TCP_NODELAY: 1");
	is(set_option(fd, IPPROTO_TCP, TCP_CORK, 1), 0, "TCP_CORK");
	is(set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 77), 0, "TCP_KEEPIDLE");
	is(get_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 77, "TCP_KEEPIDLE: 77");
	is(set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 0), -EINVAL,
	   "TCP_KEEPIDLE: 0");
	is(get_option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 75, "TCP_KEEPINTVL");
	is(get_option(fd, IPPROTO_TCP, TCP_KEEPCNT), 9, "TCP_KEEPCNT");
	is(get_option(fd, IPPROTO_TCP, TCP_MAXSEG), 536, "TCP_MAXSEG");
	is(set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 5000), 0,
	   "TCP_USER_TIMEOUT");
	is(get_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 5000,
	   "TCP_USER_TIMEOUT: 5000");
	is(set_option(fd, IPPROTO_IP, IP_TTL, 33), 0, "IP_TTL");
	is(get_option(fd, IPPROTO_IP, IP_TTL), 33, "IP_TTL: 33");
	is(set_option(fd, IPPROTO_IP, IP_TTL, 256), -EINVAL, "IP_TTL: 256");
	is(set_option(fd, IPPROTO_IP, IP_TOS, 0x10), 0, "IP_TOS");
	is(get_option(fd, IPPROTO_IP, IP_TOS), 0x10, "IP_TOS: 16");
	is(result(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &v, 2)), -EINVAL,
	   "an option too short");
	is(result(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, (void *)1, 4)),
	   -EFAULT, "an option from a bad address");
	is(result(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv))), 0,
	   "SO_RCVTIMEO");
	tv.tv_sec = tv.tv_usec = 0;
	is(result(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, &len)), 0,
	   "SO_RCVTIMEO: get");
	ok(tv.tv_sec == 1 && tv.tv_usec == 500000, "SO_RCVTIMEO: 1.5 s");
	tv.tv_usec = 1000000;
	is(result(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv))),
	   -EDOM, "SO_SNDTIMEO: not a time");
	len = sizeof(info);
	is(result(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len)), 0,
	   "TCP_INFO");
	is(info.tcpi_state, TCP_CLOSE, "TCP_INFO: the state");
	len = sizeof(name);
	is(result(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len)), 0,
	   "TCP_CONGESTION");
	close(fd);
}

static void test_inherited(void)
{
	int port, l = listener(5, &port), c, a;

	set_option(l, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(l, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(l, IPPROTO_TCP, TCP_KEEPIDLE, 33);
	set_option(l, SOL_SOCKET, SO_SNDBUF, 20000);
	c = socket(AF_INET, SOCK_STREAM, 0);
	connect_to(c, port);
	a = accept(l, NULL, NULL);
	is(get_option(a, SOL_SOCKET, SO_KEEPALIVE), 1, "inherits SO_KEEPALIVE");
	is(get_option(a, IPPROTO_TCP, TCP_NODELAY), 1, "inherits TCP_NODELAY");
	is(get_option(a, IPPROTO_TCP, TCP_KEEPIDLE), 33,
	   "inherits TCP_KEEPIDLE");
	is(get_option(a, SOL_SOCKET, SO_SNDBUF), 40000, "inherits SO_SNDBUF");
	is(port_of(a), port, "has the listener's port");
	close(l);
	is(result(write(c, "x", 1)), 1, "and outlives it");
	close(a);
	close(c);
}

static void test_timeout(void)
{
	struct timeval tv = { 0, 200000 };
	int p[2];
	double t;
	char c;

	pair(p);
	setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	t = now();
	is(result(recv(p[0], &c, 1, 0)), -EAGAIN, "SO_RCVTIMEO: EAGAIN");
	ok(now() - t > 0.19, "SO_RCVTIMEO: after that time");
	close(p[0]);
	close(p[1]);
}

int main(void)
{
	test_socket();
	test_fresh();
	test_bind();
	test_listen();
	test_refused();
	test_stream();
	test_half_close();
	test_reset();
	test_buffers();
	test_options();
	test_inherited();
	test_timeout();
	return done_testing();
}
