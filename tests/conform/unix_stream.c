/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX streams: unix(7), socketpair(2), connect(2), shutdown(2) and the
 * edges of epoll(7).
 */
#include "unix.h"

#include <pthread.h>
#include <sys/time.h>
#include <sys/uio.h>

static void *volatile bad = (void *)8;
static volatile int nr_sigpipe;

static void on_sigpipe(int sig)
{
	nr_sigpipe += sig == SIGPIPE;
}

static int inq(int fd, unsigned long request)
{
	int n = -1;

	return ioctl(fd, request, &n) ? -errno : n;
}

static void test_creation(void)
{
	int fds[2], fd;

	ok(gives(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT),
	   "socket: a type that is not there: ESOCKTNOSUPPORT");
	ok(gives(socket(AF_UNIX, SOCK_STREAM, 5), EPROTONOSUPPORT),
	   "socket: another protocol: EPROTONOSUPPORT");
	fd = socket(AF_UNIX, SOCK_STREAM, AF_UNIX);
	ok(fd >= 0, "socket: the family may be the protocol");
	close(fd);
	fd = socket(AF_UNIX, SOCK_RAW, 0);
	ok(option(fd, SO_TYPE) == SOCK_DGRAM, "socket: SOCK_RAW is SOCK_DGRAM");
	close(fd);
	ok(gives(socketpair(AF_INET, SOCK_STREAM, 0, fds), EOPNOTSUPP),
	   "socketpair: AF_INET: EOPNOTSUPP");
	ok(gives(socketpair(AF_UNIX, SOCK_STREAM | 0x100000, 0, fds), EINVAL),
	   "socketpair: unknown flags: EINVAL");
	ok(gives(socketpair(AF_UNIX, SOCK_STREAM, 0, NULL), EFAULT),
	   "socketpair: bad address: EFAULT");
	fd = dup(0);
	close(fd);
	ok(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) &&
		   fds[0] == fd && fds[1] == fd + 1,
	   "socketpair: the two lowest numbers");
	ok(fcntl(fds[0], F_GETFD) == FD_CLOEXEC &&
		   fcntl(fds[1], F_GETFD) == FD_CLOEXEC,
	   "socketpair: SOCK_CLOEXEC is for both");
	ok(fcntl(fds[0], F_GETFL) == O_RDWR, "socketpair: and blocks");
	close(fds[0]);
	close(fds[1]);
	pair(SOCK_STREAM);
	ok(fcntl(s[0], F_GETFL) == (O_RDWR | O_NONBLOCK) &&
		   fcntl(s[1], F_GETFL) == (O_RDWR | O_NONBLOCK),
	   "socketpair: SOCK_NONBLOCK is for both");
	unpair();
}

static void test_options(void)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	pair(SOCK_STREAM);
	ok(option(s[0], SO_TYPE) == SOCK_STREAM, "options: SO_TYPE");
	ok(option(s[0], SO_DOMAIN) == AF_UNIX, "options: SO_DOMAIN");
	ok(option(s[0], SO_PROTOCOL) == 0, "options: SO_PROTOCOL");
	ok(option(s[0], SO_ACCEPTCONN) == 0, "options: SO_ACCEPTCONN");
	ok(option(s[0], SO_ERROR) == 0, "options: SO_ERROR");
	ok(option(s[0], SO_SNDBUF) == 212992, "options: SO_SNDBUF");
	ok(option(s[0], SO_RCVBUF) == 212992, "options: SO_RCVBUF");
	ok(!set_option(s[0], SO_SNDBUF, 1) && option(s[0], SO_SNDBUF) == 4608,
	   "options: SO_SNDBUF has a least value");
	ok(!set_option(s[0], SO_SNDBUF, 20000) &&
		   option(s[0], SO_SNDBUF) == 40000,
	   "options: SO_SNDBUF is doubled");
	ok(!set_option(s[0], SO_REUSEADDR, 1) &&
		   option(s[0], SO_REUSEADDR) == 1,
	   "options: SO_REUSEADDR means nothing and is kept");
	ok(gives(set_option(s[0], SO_REUSEPORT, 1), EOPNOTSUPP),
	   "options: SO_REUSEPORT: EOPNOTSUPP");
	ok(gives(setsockopt(s[0], 0, 1, &len, sizeof(len)), EOPNOTSUPP),
	   "options: of IP: EOPNOTSUPP");
	ok(gives(set_option(s[0], SO_PEERCRED, 1), ENOPROTOOPT),
	   "options: SO_PEERCRED cannot be set");
	ok(!getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &peer, &len) &&
		   len == sizeof(peer) && peer.pid == getpid() &&
		   peer.uid == getuid() && peer.gid == getgid(),
	   "options: SO_PEERCRED of a pair");
	ok(!getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) && !peer.pid &&
		   peer.uid == (uid_t)-1 && peer.gid == (gid_t)-1,
	   "options: SO_PEERCRED of nobody");
	len = 4;
	ok(!getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &peer, &len) && len == 4,
	   "options: SO_PEERCRED is cut to the room");
	ok(gives(ioctl(s[0], 0x12345678, &len), ENOTTY),
	   "options: an unknown ioctl: ENOTTY");
	close(fd);
	unpair();
}

static void test_fresh(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_un addr;
	socklen_t len = sizeof(addr);

	ok(mask(fd) == (WRITABLE | POLLHUP), "fresh: OUT and HUP");
	ok(gives(recv(fd, buf, 1, 0), EINVAL), "fresh: recv: EINVAL");
	ok(gives(send(fd, buf, 1, 0), ENOTCONN), "fresh: send: ENOTCONN");
	ok(gives(listen(fd, 1), EINVAL), "fresh: listen without name: EINVAL");
	ok(gives(accept(fd, NULL, NULL), EINVAL), "fresh: accept: EINVAL");
	ok(gives(getpeername(fd, (struct sockaddr *)&addr, &len), ENOTCONN),
	   "fresh: getpeername: ENOTCONN");
	ok(gives(shutdown(fd, 3), EINVAL), "fresh: shutdown(3): EINVAL");
	ok(!shutdown(fd, SHUT_RDWR), "fresh: shutdown is fine");
	ok(mask(fd) == (READABLE | WRITABLE | POLLHUP | POLLRDHUP),
	   "fresh: and shows");
	ok(gives(send(fd, buf, 1, MSG_OOB | MSG_NOSIGNAL), ENOTCONN) ||
		   errno == EOPNOTSUPP,
	   "fresh: send of urgent data fails");
	close(fd);
}

static void test_bytes(void)
{
	struct iovec iov[3] = { { buf, 1 }, { buf + 8, 2 }, { buf + 16, 90 } };

	pair(SOCK_STREAM);
	ok(mask(s[0]) == WRITABLE, "bytes: a new pair is writable");
	ok(gives(read(s[0], buf, 1), EAGAIN), "bytes: nothing yet: EAGAIN");
	ok(read(s[0], buf, 0) == 0, "bytes: a read of nothing is 0");
	ok(gives(recv(s[0], buf, 0, 0), EAGAIN),
	   "bytes: a recv of nothing from nothing: EAGAIN");
	ok(write(s[1], "abc", 3) == 3 && write(s[1], "defg", 4) == 4,
	   "bytes: two writes");
	ok(mask(s[0]) == (READABLE | WRITABLE), "bytes: the other end is IN");
	ok(inq(s[0], FIONREAD) == 7, "bytes: FIONREAD counts both");
	ok(inq(s[1], TIOCOUTQ) == 2 * 768, "bytes: SIOCOUTQ counts memory");
	ok(recv(s[0], buf, 100, MSG_PEEK) == 7 && !memcmp(buf, "abcdefg", 7),
	   "bytes: MSG_PEEK sees both");
	ok(recv(s[0], buf, 5, MSG_PEEK) == 5, "bytes: MSG_PEEK of five");
	ok(readv(s[0], iov, 2) == 3 && buf[0] == 'a' && buf[9] == 'c',
	   "bytes: readv");
	ok(inq(s[0], FIONREAD) == 4, "bytes: FIONREAD after it");
	ok(inq(s[1], TIOCOUTQ) == 768, "bytes: one message was taken");
	ok(read(s[0], buf, 2) == 2 && inq(s[1], TIOCOUTQ) == 768,
	   "bytes: half a message stays charged");
	ok(recv(s[0], buf, 100, MSG_TRUNC) == 2, "bytes: MSG_TRUNC is nothing");
	ok(inq(s[1], TIOCOUTQ) == 0, "bytes: all taken");
	ok(write(s[0], buf, 0) == 0 && gives(read(s[1], buf, 1), EAGAIN),
	   "bytes: a write of nothing sends nothing");
	ok(gives(sendto(s[0], "x", 1, 0, (struct sockaddr *)buf, 16), EISCONN),
	   "bytes: an address: EISCONN");
	ok(gives(write(s[0], bad, 4), EFAULT), "bytes: write: EFAULT");
	write(s[0], "uvw", 3);
	ok(gives(read(s[1], bad, 4), EFAULT), "bytes: read: EFAULT");
	ok(read(s[1], buf, 4) == 3, "bytes: which takes nothing");
	unpair();
}

static void test_room(void)
{
	int n = 0;
	long len;

	pair(SOCK_STREAM);
	while (write(s[0], buf, 1) == 1)
		n++;
	ok(errno == EAGAIN && n == 278, "room: 278 writes of a byte fit");
	ok(!(mask(s[0]) & POLLOUT), "room: not writable then");
	ok(mask(s[1]) & POLLOUT, "room: the other direction is");
	read(s[1], buf, 1);
	ok(!(mask(s[0]) & POLLOUT), "room: nor after one was read");
	ok(write(s[0], buf, 1) == 1, "room: though it would fit");
	ok(gives(write(s[0], buf, 1), EAGAIN), "room: and no more");
	read(s[1], buf, 208);
	ok(!(mask(s[0]) & POLLOUT), "room: with more than a quarter taken");
	read(s[1], buf, 2);
	ok(mask(s[0]) & POLLOUT, "room: writable again at a quarter");
	read(s[1], buf, 1000);
	len = write(s[0], buf, sizeof(buf));
	ok(len > 212992 && len < 300000, "room: a large write is cut");
	ok(inq(s[1], FIONREAD) == len, "room: and all there");
	unpair();

	pair(SOCK_STREAM);
	memset(buf, 'x', 100000);
	buf[99999] = 'y';
	buf[36544] = 'z';
	write(s[0], buf, 100000);
	ok(inq(s[0], TIOCOUTQ) == 103168, "room: memory of a large write");
	memset(buf, 0, 100000);
	ok(read(s[1], buf, 40000) == 40000 && buf[36544] == 'z' &&
		   buf[39999] == 'x',
	   "room: its pieces are one stream");
	ok(read(s[1], buf, 100000) == 60000 && buf[59999] == 'y',
	   "room: to the end");
	unpair();
}

static void test_ends(void)
{
	signal(SIGPIPE, on_sigpipe);
	pair(SOCK_STREAM);
	write(s[1], "ab", 2);
	close(s[1]);
	ok(mask(s[0]) == (READABLE | WRITABLE | POLLHUP | POLLRDHUP),
	   "ends: close is HUP at once");
	ok(read(s[0], buf, 9) == 2, "ends: what was sent is read");
	ok(read(s[0], buf, 9) == 0, "ends: then the end");
	ok(gives(write(s[0], "x", 1), EPIPE) && nr_sigpipe == 1,
	   "ends: write: EPIPE and SIGPIPE");
	ok(gives(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE) && nr_sigpipe == 1,
	   "ends: MSG_NOSIGNAL: no SIGPIPE");
	ok(write(s[0], "x", 0) == -1 || nr_sigpipe == 1,
	   "ends: a write of nothing");
	close(s[0]);

	pair(SOCK_STREAM);
	write(s[0], "ab", 2);
	write(s[1], "cd", 2);
	close(s[1]);
	ok(mask(s[0]) == (READABLE | WRITABLE | POLLHUP | POLLRDHUP | POLLERR),
	   "ends: unread data of ours: ERR");
	ok(read(s[0], buf, 9) == 2, "ends: what came is read first");
	ok(gives(read(s[0], buf, 9), ECONNRESET), "ends: then ECONNRESET");
	ok(read(s[0], buf, 9) == 0, "ends: once");
	close(s[0]);

	pair(SOCK_STREAM);
	write(s[0], "ab", 2);
	close(s[1]);
	ok(option(s[0], SO_ERROR) == ECONNRESET, "ends: or SO_ERROR tells it");
	ok(option(s[0], SO_ERROR) == 0, "ends: once too");
	close(s[0]);

	pair(SOCK_STREAM);
	write(s[0], "ab", 2);
	close(s[1]);
	nr_sigpipe = 0;
	ok(gives(write(s[0], "x", 1), EPIPE) && nr_sigpipe == 1,
	   "ends: a write does not take it");
	ok(gives(read(s[0], buf, 1), ECONNRESET), "ends: a read does");
	close(s[0]);
}

static void test_shutdown(void)
{
	pair(SOCK_STREAM);
	ok(!shutdown(s[0], SHUT_WR), "shutdown: WR");
	ok(mask(s[1]) == (READABLE | WRITABLE | POLLRDHUP),
	   "shutdown: the peer sees the end, no HUP");
	ok(mask(s[0]) == WRITABLE, "shutdown: nothing here");
	ok(read(s[1], buf, 1) == 0, "shutdown: end of file");
	ok(gives(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE), "shutdown: EPIPE");
	ok(write(s[1], "x", 1) == 1 && read(s[0], buf, 1) == 1,
	   "shutdown: the other direction works");
	ok(!shutdown(s[0], SHUT_RD), "shutdown: RD too");
	ok(mask(s[0]) == (READABLE | WRITABLE | POLLHUP | POLLRDHUP),
	   "shutdown: both are HUP");
	ok(mask(s[1]) == (READABLE | WRITABLE | POLLHUP | POLLRDHUP),
	   "shutdown: on both ends");
	ok(gives(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE),
	   "shutdown: the peer gets EPIPE");
	unpair();

	pair(SOCK_STREAM);
	write(s[1], "x", 1);
	shutdown(s[0], SHUT_RD);
	ok(read(s[0], buf, 9) == 1 && read(s[0], buf, 9) == 0,
	   "shutdown: RD leaves what has come");
	unpair();
}

static void test_edges(void)
{
	int ep;

	pair(SOCK_STREAM);
	ep = edge_set(s[0]);
	ok(!edge(ep), "edges: none to begin with");
	write(s[1], "a", 1);
	ok(edge(ep) == (EPOLLIN | EPOLLOUT), "edges: arrival");
	ok(!edge(ep), "edges: once");
	write(s[1], "b", 1);
	ok(edge(ep) == (EPOLLIN | EPOLLOUT), "edges: each arrival, unread");
	write(s[0], "cd", 2);
	ok(!edge(ep), "edges: sending is none");
	read(s[1], buf, 1);
	ok(!edge(ep), "edges: half a message is none");
	read(s[1], buf, 1);
	ok(edge(ep) == (EPOLLIN | EPOLLOUT), "edges: its last byte is one");
	recv(s[0], buf, 1, MSG_PEEK);
	ok(!edge(ep), "edges: peeking is none");
	shutdown(s[1], SHUT_WR);
	ok(edge(ep) == (EPOLLIN | EPOLLOUT | EPOLLRDHUP), "edges: shutdown");
	close(s[1]);
	ok(edge(ep) == (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP),
	   "edges: close");
	close(ep);
	close(s[0]);
}

/* ---- Connections --------------------------------------------------------- */

static void test_listen(void)
{
	int l = bound(SOCK_STREAM, "l"), c, c2, a;
	struct sockaddr_un addr, want;
	socklen_t len = sizeof(addr), want_len = abstract(&want, "l");

	ok(mask(l) == (WRITABLE | POLLHUP), "listen: bound: OUT and HUP");
	ok(gives(connected(SOCK_STREAM, "l"), ECONNREFUSED),
	   "listen: not yet: ECONNREFUSED");
	ok(!listen(l, 5) && option(l, SO_ACCEPTCONN) == 1,
	   "listen: SO_ACCEPTCONN");
	ok(mask(l) == 0, "listen: nothing");
	ok(gives(accept(l, NULL, NULL), EAGAIN), "listen: accept: EAGAIN");
	ok(inq(l, FIONREAD) == -EINVAL, "listen: FIONREAD: EINVAL");
	ok(gives(recv(l, buf, 1, 0), EINVAL), "listen: recv: EINVAL");
	ok(gives(send(l, buf, 1, MSG_NOSIGNAL), ENOTCONN),
	   "listen: send: ENOTCONN");
	ok(gives(connect_to(l, "l"), EINVAL), "listen: connect: EINVAL");
	c = connected(SOCK_STREAM, "l");
	ok(c >= 0, "connect: succeeds before accept");
	ok(mask(l) == READABLE, "connect: the listener is IN");
	ok(mask(c) == WRITABLE, "connect: writable at once");
	ok(gives(connect_to(c, "l"), EISCONN), "connect: again: EISCONN");
	ok(write(c, "hello", 5) == 5, "connect: data before accept");
	ok(!getpeername(c, (struct sockaddr *)&addr, &len) && len == want_len &&
		   !memcmp(&addr, &want, len),
	   "connect: getpeername is the listener's name");
	len = sizeof(addr);
	ok(!getsockname(c, (struct sockaddr *)&addr, &len) && len == 2,
	   "connect: getsockname is empty");
	len = sizeof(addr);
	a = accept4(l, (struct sockaddr *)&addr, &len, SOCK_NONBLOCK);
	ok(a >= 0 && len == 2 && addr.sun_family == AF_UNIX,
	   "accept: the peer has no name");
	len = sizeof(addr);
	ok(!getsockname(a, (struct sockaddr *)&addr, &len) && len == want_len,
	   "accept: the socket has the listener's");
	ok(mask(l) == 0, "accept: the listener is empty");
	ok(read(a, buf, 9) == 5 && !memcmp(buf, "hello", 5),
	   "accept: the data are there");
	ok(fcntl(a, F_GETFL) == (O_RDWR | O_NONBLOCK), "accept: flags");
	c2 = connected(SOCK_STREAM, "l");
	write(c2, "x", 1);
	close(l);
	ok(mask(c2) == (READABLE | WRITABLE | POLLHUP | POLLRDHUP | POLLERR),
	   "close of the listener: ERR and HUP for who waits");
	ok(gives(read(c2, buf, 1), ECONNRESET), "close: ECONNRESET");
	ok(mask(a) == WRITABLE, "close: the accepted live on");
	ok(gives(connected(SOCK_STREAM, "l"), ECONNREFUSED),
	   "close: the name is free");
	close(a);
	close(c);
	close(c2);
}

static void test_backlog(void)
{
	int l = bound(SOCK_STREAM, "b"), c[4], a, n = 0;

	listen(l, 1);
	while (n < 4 && (c[n] = connected(SOCK_STREAM, "b")) >= 0)
		n++;
	ok(n == 2 && errno == EAGAIN, "backlog: of 1 admits 2, then EAGAIN");
	a = accept(l, NULL, NULL);
	c[2] = connected(SOCK_STREAM, "b");
	ok(a >= 0 && c[2] >= 0, "backlog: after an accept one more");
	listen(l, 2);
	c[3] = connected(SOCK_STREAM, "b");
	ok(c[3] >= 0, "backlog: may grow");
	close(c[1]);
	close(a);
	a = accept(l, NULL, NULL);
	blocking(a);
	ok(a >= 0 && read(a, buf, 1) == 0,
	   "backlog: one that left is accepted");
	shutdown(l, SHUT_RD);
	ok(mask(l) == (READABLE | POLLRDHUP), "backlog: shutdown shows");
	ok(gives(connected(SOCK_STREAM, "b"), ECONNREFUSED),
	   "backlog: shutdown refuses");
	close(a);
	a = accept(l, NULL, NULL);
	ok(a >= 0, "backlog: but those there can be accepted");
	close(a);
	close(l);
	close(c[0]);
	close(c[2]);
	close(c[3]);
}

/* ---- Waiting ------------------------------------------------------------- */

static int delay_fd;

static void *write_later(void *arg)
{
	const char *text = arg;

	for (; *text; text++) {
		usleep(20000);
		write(delay_fd, text, 1);
	}
	return NULL;
}

static void *read_later(void *arg)
{
	(void)arg;
	for (;;) {
		usleep(10000);
		if (read(delay_fd, buf, 100000) <= 0)
			return NULL;
	}
}

static void *close_later(void *arg)
{
	(void)arg;
	usleep(20000);
	close(delay_fd);
	return NULL;
}

static void *accept_later(void *arg)
{
	(void)arg;
	usleep(20000);
	close(accept(delay_fd, NULL, NULL));
	return NULL;
}

static void test_waiting(void)
{
	static char out[600000];
	struct timeval tv = { 0, 20000 };
	pthread_t t;
	int l, c[3];

	pair(SOCK_STREAM);
	blocking(s[0]);
	blocking(s[1]);
	delay_fd = s[1];
	pthread_create(&t, NULL, write_later, "abc");
	ok(recv(s[0], buf, 3, MSG_WAITALL) == 3 && !memcmp(buf, "abc", 3),
	   "waiting: MSG_WAITALL");
	pthread_join(t, NULL);
	set_option(s[0], SO_RCVLOWAT, 2);
	pthread_create(&t, NULL, write_later, "de");
	ok(read(s[0], buf, 9) == 2, "waiting: SO_RCVLOWAT");
	pthread_join(t, NULL);
	ok(gives(recv(s[0], buf, 1, MSG_DONTWAIT), EAGAIN),
	   "waiting: MSG_DONTWAIT");
	setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	ok(gives(read(s[0], buf, 1), EAGAIN), "waiting: SO_RCVTIMEO: EAGAIN");
	pthread_create(&t, NULL, read_later, NULL);
	ok(write(s[0], out, sizeof(out)) == sizeof(out),
	   "waiting: a large write waits for room");
	shutdown(s[0], SHUT_WR);
	pthread_join(t, NULL);
	unpair();

	pair(SOCK_STREAM);
	blocking(s[0]);
	delay_fd = s[1];
	pthread_create(&t, NULL, close_later, NULL);
	ok(read(s[0], buf, 1) == 0, "waiting: close ends a read");
	pthread_join(t, NULL);
	close(s[0]);

	pair(SOCK_STREAM);
	blocking(s[0]);
	delay_fd = s[1];
	nr_sigpipe = 0;
	pthread_create(&t, NULL, close_later, NULL);
	ok(write(s[0], out, sizeof(out)) > 0, "waiting: close ends a write");
	pthread_join(t, NULL);
	close(s[0]);

	l = bound(SOCK_STREAM, "w");
	listen(l, 0);
	c[0] = connected(SOCK_STREAM, "w");
	c[1] = socket(AF_UNIX, SOCK_STREAM, 0);
	setsockopt(c[1], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	ok(gives(connect_to(c[1], "w"), EAGAIN),
	   "waiting: connect after SO_SNDTIMEO: EAGAIN");
	c[2] = socket(AF_UNIX, SOCK_STREAM, 0);
	delay_fd = l;
	pthread_create(&t, NULL, accept_later, NULL);
	ok(!connect_to(c[2], "w"), "waiting: connect waits for the backlog");
	pthread_join(t, NULL);
	close(l);
	for (int i = 0; i < 3; i++)
		close(c[i]);
}

int main(void)
{
	test_creation();
	test_options();
	test_fresh();
	test_bytes();
	test_room();
	test_ends();
	test_shutdown();
	test_edges();
	test_listen();
	test_backlog();
	test_waiting();
	return done_testing();
}
