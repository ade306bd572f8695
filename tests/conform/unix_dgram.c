/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX datagrams and sequenced packets: boundaries, names of senders,
 * bounds of queues, connecting and its limits.
 */
#include "unix.h"

#include <pthread.h>

static void *volatile bad = (void *)8;
static volatile int nr_sigpipe;

static void on_sigpipe(int sig)
{
	nr_sigpipe += sig == SIGPIPE;
}

static int inq(int fd)
{
	int n = -1;

	return ioctl(fd, FIONREAD, &n) ? -errno : n;
}

static long send_to(int fd, const char *text, const char *name)
{
	struct sockaddr_un addr;
	socklen_t len = abstract(&addr, name);

	return sendto(fd, text, strlen(text), MSG_NOSIGNAL,
		      (struct sockaddr *)&addr, len);
}

/* What a pair of either type does. */
static void test_pair(int type, const char *what)
{
	char name[100];
	int fd;

#define OK(cond, text)                                           \
	do {                                                     \
		bool holds = cond;                               \
		snprintf(name, sizeof(name), "%s: " text, what); \
		ok(holds, name);                                 \
	} while (0)
	pair(type);
	OK(option(s[0], SO_TYPE) == type, "SO_TYPE");
	OK(mask(s[0]) == WRITABLE, "writable");
	OK(gives(recv(s[0], buf, 1, 0), EAGAIN), "nothing: EAGAIN");
	OK(write(s[1], "abc", 3) == 3 && write(s[1], "de", 2) == 2 &&
		   write(s[1], "f", 0) == 0 && write(s[1], "g", 1) == 1,
	   "four messages");
	OK(inq(s[0]) == (type == SOCK_DGRAM ? 3 : 6), "FIONREAD");
	OK(recv(s[0], buf, 100, MSG_PEEK) == 3, "MSG_PEEK");
	OK(recv_fds(s[0], 2, 0) == 2 && got_flags == MSG_TRUNC,
	   "a short read is MSG_TRUNC");
	OK(recv_fds(s[0], 1, MSG_TRUNC) == 2 && got_flags == MSG_TRUNC,
	   "MSG_TRUNC asks for the length");
	OK(read(s[0], buf, 9) == 0, "a message of nothing is 0");
	OK(read(s[0], buf, 9) == 1 && buf[0] == 'g', "the next");
	OK(gives(read(s[0], buf, 9), EAGAIN), "no more");
	write(s[1], "xy", 2);
	OK(gives(read(s[0], bad, 2), EFAULT), "read: EFAULT");
	OK(gives(read(s[0], buf, 2), EAGAIN), "and the message is lost");
	OK(gives(write(s[0], bad, 2), EFAULT), "write: EFAULT");
	OK(write(s[0], buf, 212960) == 212960, "the largest message");
	OK(inq(s[1]) == 212960, "is there whole");
	OK(gives(write(s[0], buf, 1), EAGAIN), "and fills the buffer");
	OK(gives(write(s[0], buf, 212961), EMSGSIZE), "a larger: EMSGSIZE");
	memset(buf, 0, sizeof(buf));
	OK(read(s[1], buf, sizeof(buf)) == 212960, "it is read");
	OK(mask(s[0]) == WRITABLE, "which makes room");
	OK(gives(send(s[0], "x", 1, MSG_OOB), EOPNOTSUPP), "no urgent data");
	OK(gives(recv(s[0], buf, 1, MSG_OOB), EOPNOTSUPP), "none received");
	shutdown(s[0], SHUT_WR);
	fd = type == SOCK_DGRAM ? WRITABLE : READABLE | WRITABLE | POLLRDHUP;
	OK(mask(s[1]) == fd, "shutdown as the peer sees it");
	OK(gives(send(s[0], "x", 1, 0), EPIPE) && !nr_sigpipe,
	   "EPIPE without SIGPIPE");
	shutdown(s[0], SHUT_RD);
	OK(mask(s[0]) == (READABLE | WRITABLE | POLLHUP | POLLRDHUP),
	   "shutdown of both: HUP");
	OK(gives(send(s[1], "x", 1, 0), EPIPE) && !nr_sigpipe,
	   "the peer's EPIPE");
	unpair();
#undef OK
}

static void test_seqpacket(void)
{
	int l, c, a;

	pair(SOCK_SEQPACKET);
	close(s[1]);
	ok(mask(s[0]) == (READABLE | WRITABLE | POLLHUP | POLLRDHUP),
	   "seqpacket: close is HUP");
	ok(read(s[0], buf, 1) == 0, "seqpacket: the end");
	ok(gives(write(s[0], "x", 1), EPIPE), "seqpacket: EPIPE");
	close(s[0]);
	pair(SOCK_SEQPACKET);
	write(s[0], "x", 1);
	close(s[1]);
	ok(gives(write(s[0], "x", 1), ECONNRESET),
	   "seqpacket: unread data: ECONNRESET, for a write too");
	ok(gives(write(s[0], "x", 1), EPIPE), "seqpacket: then EPIPE");
	close(s[0]);

	c = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	ok(mask(c) == (WRITABLE | POLLHUP), "seqpacket: fresh: OUT and HUP");
	ok(gives(write(c, "x", 1), ENOTCONN), "seqpacket: fresh: ENOTCONN");
	ok(gives(read(c, buf, 1), ENOTCONN), "seqpacket: read too");
	close(c);
	l = bound(SOCK_SEQPACKET, "q");
	ok(!listen(l, 3), "seqpacket: listens");
	ok(gives(connected(SOCK_STREAM, "q"), ECONNREFUSED),
	   "seqpacket: a stream does not find it");
	c = connected(SOCK_SEQPACKET, "q");
	a = accept4(l, NULL, NULL, SOCK_NONBLOCK);
	ok(c >= 0 && a >= 0, "seqpacket: connect and accept");
	write(c, "ab", 2);
	write(c, "cd", 2);
	ok(read(a, buf, 9) == 2 && read(a, buf, 9) == 2,
	   "seqpacket: keeps boundaries");
	ok(send_to(c, "ef", "nobody") == 2 && read(a, buf, 9) == 2,
	   "seqpacket: an address is not looked at");
	close(a);
	close(c);
	close(l);
}

static void test_names(void)
{
	int a = bound(SOCK_DGRAM, "a"), b = bound(SOCK_DGRAM, "b");
	int x = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_un addr, want;
	socklen_t len = sizeof(addr), want_len = abstract(&want, "a");

	ok(gives(write(x, "x", 1), ENOTCONN), "names: no peer: ENOTCONN");
	ok(send_to(a, "hello", "b") == 5, "names: sendto");
	ok(recvfrom(b, buf, 9, 0, (struct sockaddr *)&addr, &len) == 5 &&
		   len == want_len && !memcmp(&addr, &want, len),
	   "names: recvfrom tells the sender");
	send_to(x, "x", "b");
	len = sizeof(addr);
	ok(recvfrom(b, buf, 9, 0, (struct sockaddr *)&addr, &len) == 1 && !len,
	   "names: a sender without one");
	send_to(a, "y", "b");
	close(a);
	len = sizeof(addr);
	ok(recvfrom(b, buf, 9, 0, (struct sockaddr *)&addr, &len) == 1 &&
		   len == want_len,
	   "names: the sender may be gone");
	ok(gives(send_to(b, "x", "a"), ECONNREFUSED),
	   "names: nobody there: ECONNREFUSED");
	ok(send_to(b, "self", "b") == 4 && read(b, buf, 9) == 4,
	   "names: a message to oneself");
	memset(&addr, 0, sizeof(addr));
	addr.sun_family = AF_INET;
	ok(gives(sendto(b, "x", 1, 0, (struct sockaddr *)&addr, 16), EINVAL),
	   "names: another family: EINVAL");
	ok(gives(listen(b, 1), EOPNOTSUPP), "names: listen: EOPNOTSUPP");
	ok(gives(accept(b, NULL, NULL), EOPNOTSUPP),
	   "names: accept: EOPNOTSUPP");
	close(b);
	close(x);
}

static void test_connect(void)
{
	int a = bound(SOCK_DGRAM, "a"), b = bound(SOCK_DGRAM, "b");
	int x = bound(SOCK_DGRAM, "x");
	struct sockaddr addr = { .sa_family = AF_UNSPEC };
	struct sockaddr_un peer;
	socklen_t len = sizeof(peer);

	ok(!connect_to(a, "b") && write(a, "1", 1) == 1, "connect: write then");
	ok(!getpeername(a, (struct sockaddr *)&peer, &len) && len > 2,
	   "connect: getpeername");
	ok(read(b, buf, 9) == 1, "connect: it arrives");
	ok(!connect_to(b, "a"), "connect: and back");
	ok(gives(send_to(x, "2", "a"), EPERM), "connect: a third: EPERM");
	ok(gives(connect_to(x, "a"), EPERM), "connect: and EPERM");
	ok(send_to(a, "3", "x") == 1 && read(x, buf, 9) == 1,
	   "connect: sendto elsewhere still works");
	write(b, "lost", 4);
	ok(!connect_to(a, "x"), "connect: again, to another");
	ok(gives(read(a, buf, 9), EAGAIN), "connect: drops what was queued");
	ok(option(b, SO_ERROR) == ECONNRESET, "connect: the old peer hears");
	ok(gives(write(b, "4", 1), EPERM), "connect: and may not send");
	ok(!connect(a, &addr, sizeof(addr)) &&
		   gives(write(a, "5", 1), ENOTCONN),
	   "connect: AF_UNSPEC dissolves");
	ok(write(b, "6", 1) == 1 && read(a, buf, 9) == 1,
	   "connect: who may then send again");
	close(a);
	ok(mask(b) == WRITABLE, "connect: a peer's close is not seen");
	ok(gives(write(b, "7", 1), ECONNREFUSED), "connect: but by a write");
	ok(gives(write(b, "8", 1), ENOTCONN), "connect: then ENOTCONN");
	close(b);
	close(x);
}

static void *read_later(void *arg)
{
	usleep(20000);
	return (void *)read(*(int *)arg, buf, 9);
}

static void test_full(void)
{
	int r = bound(SOCK_DGRAM, "r"), x = connected(SOCK_DGRAM, "r");
	int y = connected(SOCK_DGRAM, "r");
	pthread_t t;
	int n = 0, ep;

	while (write(x, "x", 1) == 1)
		n++;
	ok(errno == EAGAIN && n == 11, "full: 11 messages wait, then EAGAIN");
	ok(mask(x) == 0, "full: not writable");
	ok(mask(y) == 0, "full: for others neither");
	ok(gives(send_to(r, "z", "r"), EAGAIN) || n == 11,
	   "full: but for oneself");
	ep = edge_set(x);
	ok(!edge(ep), "full: no edge");
	read(r, buf, 9);
	n = mask(y);
	ok(edge(ep) == (n ? EPOLLOUT : 0u), "full: a read is an OUT edge");
	while (read(r, buf, 9) > 0)
		;
	ok(mask(x) == WRITABLE && mask(y) == WRITABLE, "full: writable again");
	edge(ep);
	while (write(x, "x", 1) == 1)
		;
	blocking(x);
	pthread_create(&t, NULL, read_later, &r);
	ok(write(x, "y", 1) == 1, "full: a write waits");
	pthread_join(t, NULL);
	shutdown(r, SHUT_RD);
	ok(gives(send(x, "z", 1, 0), EPIPE), "full: shutdown: EPIPE");
	close(r);
	close(x);
	close(y);
	close(ep);
}

static void *shut_later(void *arg)
{
	usleep(20000);
	shutdown(*(int *)arg, SHUT_RD);
	return NULL;
}

static void test_shutdown(void)
{
	int r = bound(SOCK_DGRAM, "r");
	pthread_t t;

	ok(!shutdown(r, SHUT_WR), "shutdown: without a peer");
	blocking(r);
	pthread_create(&t, NULL, shut_later, &r);
	ok(read(r, buf, 9) == 0, "shutdown: ends a read");
	pthread_join(t, NULL);
	ok(read(r, buf, 9) == 0, "shutdown: the next too");
	ok(gives(recv(r, buf, 9, MSG_DONTWAIT), EAGAIN),
	   "shutdown: but EAGAIN without waiting");
	close(r);
	pair(SOCK_SEQPACKET);
	shutdown(s[0], SHUT_RD);
	ok(recv(s[0], buf, 9, MSG_DONTWAIT) == 0,
	   "shutdown: the end for a seqpacket in any case");
	unpair();
}

static void test_edges(void)
{
	int ep;

	pair(SOCK_DGRAM);
	ep = edge_set(s[0]);
	write(s[1], "a", 1);
	ok(edge(ep) == (EPOLLIN | EPOLLOUT), "edges: arrival");
	write(s[1], "b", 1);
	ok(edge(ep) == (EPOLLIN | EPOLLOUT), "edges: each");
	write(s[0], "c", 1);
	ok(!edge(ep), "edges: sending is none");
	read(s[1], buf, 1);
	ok(edge(ep) == (EPOLLIN | EPOLLOUT), "edges: the peer's read is one");
	close(s[1]);
	ok(!edge(ep), "edges: the peer's close is none");
	close(s[0]);
	close(ep);
}

int main(void)
{
	signal(SIGPIPE, on_sigpipe);
	test_pair(SOCK_DGRAM, "dgram");
	test_pair(SOCK_SEQPACKET, "seqpacket");
	test_seqpacket();
	test_names();
	test_connect();
	test_full();
	test_shutdown();
	test_edges();
	return done_testing();
}
