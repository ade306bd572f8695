/* SPDX-License-Identifier: MIT */
/*
 * recv(2) and send(2) on TCP and their flags: MSG_PEEK, MSG_WAITALL,
 * MSG_DONTWAIT, MSG_TRUNC, MSG_MORE, SO_RCVLOWAT; the ioctls that tell how
 * much there is; resets, and the order of errors.
 */
#define _GNU_SOURCE
#include <signal.h>

#include "settle.h"
#include "tcp.h"

static void test_peek(void)
{
	char buf[32];
	int p[2];

	joined(p);
	pass(p[1], p[0], "abcdef");
	is(recv(p[0], buf, 3, MSG_PEEK), 3, "peek: a part");
	ok(!memcmp(buf, "abc", 3), "peek: the first bytes");
	is(recv(p[0], buf, 32, MSG_PEEK), 6, "peek: all");
	is(ioctl_value(p[0], SIOC_INQ), 6, "peek: takes nothing");
	is(recv(p[0], buf, 3, 0), 3, "recv: a part");
	is_str(received(p[0], MSG_PEEK), "def", "peek: the rest");
	pass(p[1], p[0], "ghi");
	is_str(received(p[0], MSG_PEEK), "defghi", "peek: across two writes");
	is_str(received(p[0], 0), "defghi", "recv: across two writes");
	is_str(received(p[0], MSG_PEEK), strerror(EAGAIN), "peek: nothing");
	is(recv(p[0], buf, 0, MSG_PEEK), -1, "peek: at nothing, of nothing");
	pass(p[1], p[0], "x");
	is(recv(p[0], buf, 0, MSG_PEEK), 0, "peek: of nothing");
	is(result(recv(p[0], BAD_POINTER, 1, MSG_PEEK)), -EFAULT,
	   "peek: bad pointer");
	is_str(received(p[0], 0), "x", "peek: nothing was lost");
	close_both(p);
}

static void test_trunc(void)
{
	char buf[8] = "1234567";
	int p[2];

	joined(p);
	pass(p[1], p[0], "abcdef");
	is(recv(p[0], buf, 2, MSG_TRUNC), 2, "MSG_TRUNC: throws away");
	ok(!memcmp(buf, "12", 2), "MSG_TRUNC: unseen");
	is(recv(p[0], BAD_POINTER, 1, MSG_TRUNC), 1, "MSG_TRUNC: anywhere");
	is(recv(p[0], buf, 8, MSG_TRUNC | MSG_PEEK), 3,
	   "MSG_TRUNC: peeking, what there is");
	is_str(received(p[0], 0), "def", "MSG_TRUNC: the rest");
	is(result(recv(p[0], buf, 2, MSG_TRUNC)), -EAGAIN,
	   "MSG_TRUNC: nothing");
	close_both(p);
}

static void test_many_writes(void)
{
	char buf[64];
	int p[2];

	joined(p);
	for (int i = 0; i < 26; i++) {
		char c = 'a' + i;

		send(p[1], &c, 1, 0);
	}
	has_arrived(p[0], 26);
	is(recv(p[0], buf, 13, 0), 13, "26 writes: 13 at once");
	ok(!memcmp(buf, "abcdefghijklm", 13), "26 writes: in order");
	is_str(received(p[0], 0), "nopqrstuvwxyz", "26 writes: the rest");
	send(p[1], "more ", 5, MSG_MORE);
	send(p[1], "and more", 8, 0);
	has_arrived(p[0], 13);
	is_str(received(p[0], 0), "more and more", "MSG_MORE: then the rest");
	set_option(p[1], IPPROTO_TCP, TCP_CORK, 1);
	send(p[1], "cork", 4, 0);
	send(p[1], "ed", 2, 0);
	set_option(p[1], IPPROTO_TCP, TCP_CORK, 0);
	has_arrived(p[0], 6);
	is_str(received(p[0], 0), "corked", "TCP_CORK: taken out");
	set_option(p[1], IPPROTO_TCP, TCP_CORK, 1);
	send(p[1], "corked", 6, 0);
	has_arrived(p[0], 6);
	is_str(received(p[0], 0), "corked", "TCP_CORK: after a while anyway");
	send(p[1], "corked", 6, 0);
	shutdown(p[1], SHUT_WR);
	has_arrived(p[0], 6);
	is_str(received(p[0], 0), "corked", "TCP_CORK: the end takes it along");
	is_str(received(p[0], 0), "end", "TCP_CORK: then the end");
	close_both(p);
}

static int fds[2];

static void *write_later(void *text)
{
	usleep(20000);
	put(fds[1], text);
	return NULL;
}

static void *end_later(void *unused)
{
	usleep(20000);
	put(fds[1], "56");
	shutdown(fds[1], SHUT_WR);
	return NULL;
}

static void test_waitall(void)
{
	struct timeval tv = { 0, 50000 };
	char buf[16];
	pthread_t t;

	pair(fds);
	pass(fds[1], fds[0], "1234");
	t = start_thread(write_later, "5678");
	is(recv(fds[0], buf, 8, MSG_WAITALL), 8, "MSG_WAITALL: all of it");
	ok(!memcmp(buf, "12345678", 8), "MSG_WAITALL: in order");
	join(t);
	pass(fds[1], fds[0], "1234");
	t = start_thread(write_later, "5678");
	is(recv(fds[0], buf, 8, MSG_WAITALL | MSG_PEEK), 8,
	   "MSG_WAITALL: peeking too");
	is(recv(fds[0], buf, 8, 0), 8, "MSG_WAITALL: took nothing");
	join(t);
	pass(fds[1], fds[0], "1234");
	is(recv(fds[0], buf, 8, MSG_WAITALL | MSG_DONTWAIT), 4,
	   "MSG_WAITALL: with MSG_DONTWAIT, what there is");
	pass(fds[1], fds[0], "123");
	setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	is(recv(fds[0], buf, 8, MSG_WAITALL), 3, "MSG_WAITALL: time is up");
	is(result(recv(fds[0], buf, 8, MSG_WAITALL)), -EAGAIN,
	   "MSG_WAITALL: with nothing");
	tv.tv_usec = 0;
	setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	pass(fds[1], fds[0], "1234");
	t = start_thread(end_later, NULL);
	is(recv(fds[0], buf, 8, MSG_WAITALL), 6, "MSG_WAITALL: until the end");
	is(recv(fds[0], buf, 8, MSG_WAITALL), 0, "MSG_WAITALL: the end");
	join(t);
	close_both(fds);
}

static void test_lowat(void)
{
	char buf[16];
	pthread_t t;

	pair(fds);
	is(set_option(fds[0], SOL_SOCKET, SO_RCVLOWAT, 6), 0, "SO_RCVLOWAT");
	pass(fds[1], fds[0], "1234");
	is(recv(fds[0], buf, 16, MSG_DONTWAIT), 4,
	   "SO_RCVLOWAT: MSG_DONTWAIT gives what there is");
	pass(fds[1], fds[0], "1234");
	/* The four are taken first: so many more as the mark end the wait. */
	t = start_thread(write_later, "567890");
	is(recv(fds[0], buf, 16, 0), 10, "SO_RCVLOWAT: waits for as much");
	join(t);
	pass(fds[1], fds[0], "12");
	is(recv(fds[0], buf, 2, 0), 2,
	   "SO_RCVLOWAT: but not for more than asked");
	is(set_option(fds[0], SOL_SOCKET, SO_RCVLOWAT, 0), 0, "SO_RCVLOWAT: 0");
	is(get_option(fds[0], SOL_SOCKET, SO_RCVLOWAT), 1, "is 1");
	is(set_option(fds[0], SOL_SOCKET, SO_RCVLOWAT, -1), 0, "below 0");
	ok(get_option(fds[0], SOL_SOCKET, SO_RCVLOWAT) > 30000, "is most");
	is(set_option(fds[0], SOL_SOCKET, SO_SNDLOWAT, 5), -ENOPROTOOPT,
	   "SO_SNDLOWAT cannot be set");
	is(get_option(fds[0], SOL_SOCKET, SO_SNDLOWAT), 1, "SO_SNDLOWAT: 1");
	close_both(fds);
}

static void test_queues(void)
{
	int p[2], port, l, c;

	joined(p);
	is(ioctl_value(p[0], SIOC_INQ), 0, "SIOCINQ: 0");
	is(ioctl_value(p[0], SIOC_OUTQ), 0, "SIOCOUTQ: 0");
	is(ioctl_value(p[0], SIOC_OUTQNSD), 0, "SIOCOUTQNSD: 0");
	pass(p[0], p[1], "12345");
	is(ioctl_value(p[1], SIOC_INQ), 5, "SIOCINQ: 5");
	ok(is_acked(p[0]), "SIOCOUTQ: 0 when it is there, read or not");
	is(ioctl_value(p[0], SIOC_OUTQNSD), 0, "SIOCOUTQNSD: 0 too");
	is(result(ioctl(p[0], SIOC_INQ, BAD_POINTER)), -EFAULT, "EFAULT");
	is(result(ioctl(p[0], SIOC_OUTQ, BAD_POINTER)), -EFAULT, "EFAULT");
	is(result(ioctl(p[0], 0x5488, 0)), -ENOTTY, "ioctl: unknown");
	set_option(p[0], IPPROTO_TCP, TCP_CORK, 1);
	send(p[0], "abc", 3, 0);
	set_option(p[0], IPPROTO_TCP, TCP_CORK, 0);
	ok(is_acked(p[0]), "uncorked: SIOCOUTQ");
	close_both(p);

	/* Nobody has taken the connection: it is acknowledged all the same. */
	l = listen_at(HERE, 5, &port);
	c = new_tcp();
	connect_at(c, HERE, port);
	put(c, "waits");
	ok(is_acked(c), "not accepted: SIOCOUTQ");
	close(c);
	close(l);
}

static void test_reset_order(void)
{
	char buf[8];
	int p[2];

	joined(p);
	pass(p[1], p[0], "data");
	reset(p[1]);
	shows(p[0], "IN|OUT|ERR|HUP|RDHUP", "reset: every bit");
	is(ioctl_value(p[0], SIOC_INQ), 4, "reset: SIOCINQ");
	is(result(send(p[0], "x", 1, MSG_NOSIGNAL)), -ECONNRESET,
	   "reset: send takes the error");
	is_str(received(p[0], 0), "data", "reset: the data is still there");
	is_str(received(p[0], 0), "end", "reset: then the end");
	is(result(shutdown(p[0], SHUT_WR)), -ENOTCONN, "reset: shutdown");
	is(ip_of(p[0]), HERE, "reset: getsockname");
	is(peer_of(p[0], &(uint32_t){ 0 }, &(int){ 0 }), -ENOTCONN,
	   "reset: getpeername");
	is(tcp_state(p[0]), TCP_CLOSE, "reset: CLOSE");
	close(p[0]);

	/* In CLOSE_WAIT a reset is EPIPE. */
	joined(p);
	shutdown(p[1], SHUT_WR);
	shows(p[0], "IN|OUT|RDHUP", "end, then reset: the end");
	reset(p[1]);
	shows(p[0], "IN|OUT|ERR|HUP|RDHUP", "end, then reset: every bit");
	is_str(received(p[0], 0), "end", "end, then reset: recv is the end");
	is(result(send(p[0], "x", 1, MSG_NOSIGNAL)), -EPIPE, "then EPIPE");
	close(p[0]);

	/* After one's own end. */
	joined(p);
	shutdown(p[0], SHUT_WR);
	shows(p[1], "IN|OUT|RDHUP", "own end: the peer sees it");
	reset(p[1]);
	shows(p[0], "IN|OUT|ERR|HUP|RDHUP", "own end, then reset");
	is(recv(p[0], buf, 8, 0), -1, "own end, then reset: recv");
	is(errno, ECONNRESET, "own end, then reset: ECONNRESET");
	is_str(received(p[0], 0), "end", "own end, then reset: then the end");
	close(p[0]);

	/* Reset by who closes with something unread. */
	joined(p);
	pass(p[0], p[1], "unread");
	put(p[1], "answer");
	has_arrived(p[0], 6);
	close(p[1]);
	shows(p[0], "IN|OUT|ERR|HUP|RDHUP", "unread: resets");
	is_str(received(p[0], 0), "answer", "unread: what came before");
	is_str(received(p[0], 0), strerror(ECONNRESET), "unread: ECONNRESET");
	close(p[0]);

	joined(p);
	pass(p[0], p[1], "unread");
	shutdown(p[1], SHUT_WR);
	shows(p[0], "IN|OUT|RDHUP", "shut, then unread: the end");
	close(p[1]);
	shows(p[0], "IN|OUT|ERR|HUP|RDHUP", "shut, then unread: resets");
	is(get_option(p[0], SOL_SOCKET, SO_ERROR), EPIPE, "unread: EPIPE");
	close(p[0]);
}

static void test_errors(void)
{
	int p[2];
	char c;

	joined(p);
	is(result(recv(-1, &c, 1, 0)), -EBADF, "recv: no descriptor");
	is(result(recv(0, &c, 1, 0)), -ENOTSOCK, "recv: no socket");
	is(result(send(-1, &c, 1, 0)), -EBADF, "send: no descriptor");
	is(result(send(0, &c, 1, 0)), -ENOTSOCK, "send: no socket");
	is(result(recv(p[0], BAD_POINTER, 1, 0)), -EAGAIN,
	   "recv: nothing goes before a bad pointer");
	is(result(send(p[0], BAD_POINTER, 1, 0)), -EFAULT, "send: bad pointer");
	is(result(send(p[0], BAD_POINTER, 0, 0)), 0, "send: nothing of it");
	is(result(send(p[0], &c, (size_t)-1, 0)), -EFAULT,
	   "send: more than memory has");
	is(result(recv(p[0], &c, 1, MSG_ERRQUEUE)), -EAGAIN, "MSG_ERRQUEUE");
	is(result(recv(p[0], &c, 1, MSG_OOB)), -EINVAL, "MSG_OOB: none");
	is(result(sendto(p[0], "x", 1, 0, BAD_POINTER, 16)), -EFAULT,
	   "sendto: a bad address");
	is(result(sendto(p[0], "x", 1, 0, (struct sockaddr *)&c, 1000)),
	   -EINVAL, "sendto: a long address");
	{
		struct sockaddr_in to = address(HERE, 1);

		is(result(sendto(p[0], "x", 1, 0, (struct sockaddr *)&to, 16)),
		   1, "sendto: an address means nothing");
	}
	has_arrived(p[1], 1);
	{
		struct sockaddr_in from;
		socklen_t len = sizeof(from);

		is(recvfrom(p[1], &c, 1, 0, (struct sockaddr *)&from, &len), 1,
		   "recvfrom");
		is(len, 0, "recvfrom: no address");
	}
	close_both(p);
}

int main(void)
{
	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_peek();
	test_trunc();
	test_many_writes();
	test_waitall();
	test_lowat();
	test_queues();
	test_reset_order();
	test_errors();
	return done_testing();
}
