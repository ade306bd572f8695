/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * TCP sockets over the real lwIP, with a peer that the test plays: what a
 * program sees of a connection's life and end, and that nothing is left.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/eventpoll.h>

#include "bed/net_tcp.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/base/counters.h"
#include "net/socket/socket.h"
#include "net/socket/sockopt.h"

/* ---- The life of a connection -------------------------------------------- */

static void test_life(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	is(sys_poll_mask(lfd), 0, "a listener reports nothing");
	peer_connect(&p, next_port++, PORT);
	is(sys_poll_mask(lfd), IN, "then IN");
	fd = sys_accept_from(lfd, true);
	is(sys_poll_mask(lfd), 0, "and nothing when it was accepted");
	is(sys_accept_from(lfd, true), -EAGAIN, "there is no second one");
	is(sys_poll_mask(fd), OUT, "the connection is writable");
	is(sys_recv(fd, buf, 10, 0), -EAGAIN, "nothing to read yet");

	peer_send(&p, ACK | PSH, "hello", 5);
	is(sys_poll_mask(fd), IN | OUT, "data makes it readable");
	is(sys_recv(fd, buf, 10, MSG_ERRQUEUE), -EAGAIN,
	   "which is no queued error");
	is(sys_recv(fd, buf, 10, MSG_PEEK), 5, "a look at it");
	is(sys_recv(fd, buf, 3, 0), 3, "a part of it");
	is(sys_recv(fd, buf + 3, 10, 0), 2, "the rest");
	is_mem(buf, "hello", 5, "what was sent");
	is(sys_send(fd, "world!", 6, 0), 6, "an answer");
	is(peer_drain(&p, buf, 100), 6, "arrives");
	is_mem(buf, "world!", 6, "as it was sent");
	peer_send(&p, ACK, NULL, 0);

	peer_send(&p, ACK | FIN, NULL, 0);
	is(sys_poll_mask(fd), IN | OUT | EPOLLRDHUP, "half closed by the peer");
	is(sys_recv(fd, buf, 10, 0), 0, "the end of the stream");
	is(sys_recv(fd, buf, 10, 0), 0, "stays the end");
	is(sys_send(fd, "bye", 3, 0), 3, "the other way still works");
	is(peer_drain(&p, buf, 100), 3, "and arrives");
	peer_send(&p, ACK, NULL, 0);
	sys_close(fd);
	ok(peer_take(&p) && p.got_flags & FIN, "close sends FIN");
	p.ack++;
	peer_send(&p, ACK, NULL, 0);
	is(bed_cache_objects("tcp_pcb"), 0, "no pcb is left");
	sys_close(lfd);
	no_leaks("life");
}

static void test_fresh(void)
{
	int fd = sys_socket_open(SOCK_STREAM, true);

	is(sys_poll_mask(fd), OUT | EPOLLHUP, "a fresh socket: OUT|HUP");
	is(sys_send(fd, "x", 1, 0), -EPIPE, "send: EPIPE");
	is(bed_sigpipes, 1, "with SIGPIPE");
	is(sys_send(fd, "x", 1, MSG_NOSIGNAL), -EPIPE, "send: EPIPE again");
	is(bed_sigpipes, 1, "without SIGPIPE");
	is(sys_recv(fd, buf, 1, 0), -ENOTCONN, "recv: ENOTCONN");
	is(sys_shutdown_how(fd, SHUT_RDWR), -ENOTCONN, "shutdown: ENOTCONN");
	is(sys_shutdown_how(fd, 3), -EINVAL, "shutdown: EINVAL");
	is(sys_bind_to(fd, "10.1.2.3", 80), -EADDRNOTAVAIL,
	   "a foreign address");
	is(sys_bind_to(fd, BED_ADDR, 80), 0, "our own");
	is(sys_bind_to(fd, BED_ADDR, 81), -EINVAL, "only once");
	sys_close(fd);
	bed_sigpipes = 0;
	no_leaks("fresh");
}

/* ---- Connecting ---------------------------------------------------------- */

/* Answers our SYN as a server at PEER_ADDR:80 would. */
static bool take_syn(struct peer *p, int fd)
{
	struct sockaddr_any a;

	memset(p, 0, sizeof(*p));
	fd_socket(fd)->ops->getname(fd_socket(fd), &a, NAME_LOCAL);
	p->dport = __builtin_bswap16(a.in.port);
	p->port = 80;
	p->window = 65535;
	p->seq = rand();
	if (!peer_take(p) || p->got_flags != SYN)
		return false;
	p->ack = p->got_seq + 1;
	return true;
}

static void test_connect(void)
{
	int fd = sys_socket_open(SOCK_STREAM, true);
	struct peer p;

	is(sys_connect_to(fd, PEER_ADDR, 80), -EINPROGRESS, "connect begins");
	is(sys_poll_mask(fd), 0, "connecting: no bits at all");
	is(sys_connect_to(fd, PEER_ADDR, 80), -EALREADY, "again: EALREADY");
	is(sys_send(fd, "x", 1, 0), -EAGAIN, "send while connecting");
	is(sys_recv(fd, buf, 1, 0), -EAGAIN, "recv while connecting");
	ok(take_syn(&p, fd), "a SYN is sent");
	sys_watch(fd);
	peer_send(&p, SYN | ACK, NULL, 0);
	is(sys_poll_mask(fd), OUT, "connected: OUT");
	ok(sys_edges(fd, NULL), "and an edge");
	is(sys_connect_to(fd, PEER_ADDR, 80), 0, "connect again: done");
	is(sys_connect_to(fd, PEER_ADDR, 80), -EISCONN, "once more: EISCONN");
	is(sys_get(fd, 1, 4), 0, "SO_ERROR: none");
	is(sys_send(fd, "abc", 3, 0), 3, "sends");
	is(peer_drain(&p, buf, 10), 3, "and it arrives");
	peer_send(&p, ACK | RST, NULL, 0);
	sys_close(fd);
	no_leaks("connect");
}

static void test_refused(void)
{
	int fd = sys_socket_open(SOCK_STREAM, true);
	struct peer p;

	sys_connect_to(fd, PEER_ADDR, 80);
	take_syn(&p, fd);
	p.seq = 0;
	peer_send(&p, RST | ACK, NULL, 0);
	is(sys_poll_mask(fd), IN | OUT | EPOLLRDHUP | EPOLLERR | EPOLLHUP,
	   "refused: IN|OUT|RDHUP|ERR|HUP");
	is(sys_get(fd, 1, 4), ECONNREFUSED, "SO_ERROR: ECONNREFUSED");
	is(sys_poll_mask(fd), IN | OUT | EPOLLRDHUP | EPOLLHUP,
	   "refused: no ERR after that");
	sys_close(fd);
	no_leaks("refused");
}

static void test_timeout(void)
{
	int fd = sys_socket_open(SOCK_STREAM, false);
	uint64_t t = bed_now();

	is(sys_connect_to(fd, PEER_ADDR, 80), -ETIMEDOUT,
	   "nobody answers: ETIMEDOUT");
	t = (bed_now() - t) / NSEC_PER_SEC;
	ok(t > 60 && t < 200, "after %d s", (int)t);
	sys_close(fd);
	no_leaks("timeout");
}

static void test_backlog(void)
{
	int lfd = listener(2), fds[3], first;
	struct peer p[4];

	for (int i = 0; i < 3; i++)
		ok(peer_connect(&p[i], next_port++, PORT),
		   "backlog 2: connection %d", i + 1);
	ok(!peer_connect(&p[3], next_port++, PORT), "backlog 2: not the 4th");
	first = sys_accept_from(lfd, true);
	ok(first >= 0, "backlog: accept one");
	ok(peer_connect(&p[3], next_port++, PORT), "backlog: then one more");
	peer_send(&p[1], RST, NULL, 0);
	for (int i = 0; i < 3; i++) {
		fds[i] = sys_accept_from(lfd, true);
		ok(fds[i] >= 0, "backlog: accept");
	}
	is(sys_recv(fds[0], buf, 1, 0), -ECONNRESET,
	   "one that was reset before accept is handed out");
	for (int i = 0; i < 3; i++)
		sys_close(fds[i]);
	sys_close(first);
	for (int i = 0; i < 4; i++)
		peer_send(&p[i], RST, NULL, 0);
	sys_close(lfd);
	no_leaks("backlog");
}

static void test_unaccepted(void)
{
	int lfd = listener(5);
	struct peer p[2];

	for (int i = 0; i < 2; i++)
		peer_connect(&p[i], next_port++, PORT);
	peer_send(&p[0], ACK, "data", 4);
	sys_close(lfd);
	ok(got_rst(&p[0]), "closing a listener resets who was not accepted");
	no_leaks("unaccepted");
}

/* ---- Ends ---------------------------------------------------------------- */

static void test_reset(void)
{
	int lfd = listener(5), fd;
	struct peer p;
	uint32_t keys;

	fd = accepted(lfd, &p);
	sys_watch(fd);
	peer_send(&p, ACK, "last", 4);
	sys_edges(fd, NULL);
	peer_send(&p, RST, NULL, 0);
	ok(sys_edges(fd, &keys) && keys & EPOLLERR, "a reset is an edge");
	is(sys_poll_mask(fd), IN | OUT | EPOLLRDHUP | EPOLLERR | EPOLLHUP,
	   "reset: every bit");
	is(sys_recv(fd, buf, 10, 0), 4, "reset: what came before is read");
	is(sys_recv(fd, buf, 10, 0), -ECONNRESET, "reset: ECONNRESET once");
	is(sys_recv(fd, buf, 10, 0), 0, "reset: then the end");
	is(sys_send(fd, "x", 1, MSG_NOSIGNAL), -EPIPE, "reset: send is EPIPE");
	sys_close(fd);

	fd = accepted(lfd, &p);
	peer_send(&p, RST, NULL, 0);
	is(sys_send(fd, "x", 1, 0), -ECONNRESET,
	   "reset: send, ECONNRESET once");
	is(bed_sigpipes, 0, "reset: without SIGPIPE");
	is(sys_send(fd, "x", 1, MSG_NOSIGNAL), -EPIPE, "reset: then EPIPE");
	sys_close(fd);
	sys_close(lfd);
	no_leaks("reset");
}

static void test_close_unread(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	peer_send(&p, ACK, "unread", 6);
	bed_forget_sent();
	sys_close(fd);
	ok(got_rst(&p), "close with unread data: RST");

	fd = accepted(lfd, &p);
	sys_send(fd, data, 100, 0);
	bed_forget_sent();
	sock_setsockopt(fd_socket(fd), 1, 13, "\1\0\0\0\0\0\0\0", 8, 8);
	sys_close(fd);
	ok(got_rst(&p), "SO_LINGER 0: RST");

	fd = accepted(lfd, &p);
	sys_close(fd);
	peer_drain(&p, buf, 10);
	peer_send(&p, ACK, "late", 4);
	ok(got_rst(&p), "data after close: RST");
	sys_close(lfd);
	no_leaks("close");
}

static void test_linger(void)
{
	int lfd = listener(5), fd;
	struct peer p;
	ssize_t n;
	bool fin;

	fd = accepted(lfd, &p);
	n = sys_send(fd, data, 100000, 0);
	is(n, 100000, "a lot is queued");
	sys_close(fd);
	is(swallow(&p, buf, sizeof(buf), &fin), 100000,
	   "close delivers all of it");
	is_mem(buf, data, 100000, "in order");
	ok(fin, "and then the FIN");
	peer_send(&p, ACK | FIN, NULL, 0);
	sys_close(lfd);
	no_leaks("linger");
}

/*
 * U7: a peer that reads slowly, for longer than lwIP waits for the last
 * acknowledgement after a close.
 */
static void test_slow_reader(void)
{
	int lfd = listener(5), fd;
	struct peer p;
	size_t done = 0;
	bool fin = false;

	fd = accepted(lfd, &p);
	p.window = 1000;
	peer_send(&p, ACK, NULL, 0);
	peer_send(&p, ACK | FIN, NULL, 0); /* ours will be LAST-ACK */
	sys_send(fd, data, 60000, 0);
	sys_close(fd);
	for (int i = 0; i < 400 && !fin; i++) {
		bed_sleep(5 * NSEC_PER_SEC);
		done += peer_drain(&p, buf + done, sizeof(buf) - done);
		peer_send(&p, ACK, NULL, 0);
		bed_run();
		done += peer_drain(&p, buf + done, sizeof(buf) - done);
		fin = p.got_flags & FIN;
	}
	is(done, 60000, "a slow reader gets everything after close");
	is_mem(buf, data, 60000, "in order");
	sys_close(lfd);
	no_leaks("slow reader");
}

static void test_orphan_expires(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	p.window = 0;
	peer_send(&p, ACK, NULL, 0);
	sys_send(fd, data, 5000, 0);
	sys_close(fd);
	for (int i = 0; i < 20; i++) {
		peer_drain(&p, buf, sizeof(buf));
		peer_send(&p, ACK, NULL, 0);
		bed_sleep(5 * NSEC_PER_SEC);
	}
	is(bed_cache_objects("sock"), 1,
	   "a peer that never reads does not keep an orphan for ever");
	sys_close(lfd);
	no_leaks("orphan");
}

static void test_shutdown(void)
{
	int lfd = listener(5), fd;
	struct peer p;
	bool fin;

	fd = accepted(lfd, &p);
	sys_send(fd, data, 50000, 0);
	is(sys_shutdown_how(fd, SHUT_WR), 0, "shutdown(SHUT_WR) with a queue");
	is(sys_send(fd, "x", 1, MSG_NOSIGNAL), -EPIPE, "no more to send");
	is(sys_poll_mask(fd), OUT, "OUT, so that the sender learns it");
	sys_watch(fd);
	is(swallow(&p, buf, sizeof(buf), &fin), 50000, "the queue arrives");
	ok(fin, "and the FIN");
	ok(sys_edges(fd, NULL), "its acknowledgement is an edge");
	peer_send(&p, ACK, "still there", 11);
	is(sys_recv(fd, buf, 100, 0), 11, "the other way is open");
	peer_send(&p, ACK | FIN, NULL, 0);
	is(sys_poll_mask(fd), IN | OUT | EPOLLRDHUP | EPOLLHUP,
	   "both down: HUP");
	is(sys_recv(fd, buf, 100, 0), 0, "the end");
	sys_close(fd);
	sys_close(lfd);
	no_leaks("shutdown");
}

/* Both sides send FIN before they see the other's. */
static void test_simultaneous_close(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	sys_shutdown_how(fd, SHUT_WR);
	peer_take(&p); /* the FIN, not acknowledged yet */
	peer_send(&p, ACK | FIN, NULL, 0);
	is(sys_poll_mask(fd), IN | OUT | EPOLLRDHUP | EPOLLHUP,
	   "simultaneous close: HUP");
	p.ack++;
	peer_send(&p, ACK, NULL, 0);
	bed_sleep(100 * NSEC_PER_SEC); /* lwIP frees the pcb in silence */
	is(sys_recv(fd, buf, 1, 0), 0, "simultaneous close: the end");
	is(sys_send(fd, "x", 1, MSG_NOSIGNAL), -EPIPE, "and EPIPE");
	sys_close(fd);
	sys_close(lfd);
	no_leaks("simultaneous close");
}

int main(void)
{
	begin();
	test_life();
	test_fresh();
	test_connect();
	test_refused();
	test_timeout();
	test_backlog();
	test_unaccepted();
	test_reset();
	test_close_unread();
	test_linger();
	test_slow_reader();
	test_orphan_expires();
	test_shutdown();
	test_simultaneous_close();
	return bed_done();
}
