/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * The options of level TCP: what each does to the segments on the wire.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/eventpoll.h>
#include <linux/tcp.h>

#include "bed/net_tcp.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/base/counters.h"
#include "net/socket/socket.h"
#include "net/socket/sockopt.h"

#define SOL_SOCKET 1
#define SO_KEEPALIVE 9
#define SOL_TCP 6

static int lfd;

static void end(int fd, struct peer *p, const char *name)
{
	peer_send(p, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks(name);
}

static int connection(struct peer *p)
{
	lfd = listener(5);
	return accepted(lfd, p);
}

static uint64_t seconds_since(uint64_t t)
{
	return (bed_now() - t) / NSEC_PER_SEC;
}

/* Sleeps in steps until the connection has an error; seconds it took. */
static uint64_t until_error(int fd, unsigned int limit)
{
	uint64_t t = bed_now();

	while (!(sys_poll_mask(fd) & EPOLLERR) && seconds_since(t) < limit) {
		bed_sleep(100 * NSEC_PER_MSEC);
		bed_forget_sent();
	}
	return seconds_since(t);
}

static struct tcp_info info_of(int fd)
{
	struct sockopt_value out = { 0 };
	struct tcp_info info;

	if (sock_getsockopt(fd_socket(fd), SOL_TCP, TCP_INFO, sizeof(info),
			    &out))
		bail_out("TCP_INFO");
	is(out.len, sizeof(info), "TCP_INFO: its length");
	memcpy(&info, out.data, sizeof(info));
	return info;
}

/* ---- How long to wait ---------------------------------------------------- */

static void test_user_timeout(void)
{
	struct peer p;
	int fd = connection(&p);
	uint64_t took;

	sys_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 5000);
	bed_sleep(20 * NSEC_PER_SEC);
	is(sys_poll_mask(fd), OUT, "TCP_USER_TIMEOUT: idle is no matter");
	sys_send(fd, "x", 1, 0);
	took = until_error(fd, 100);
	ok(took >= 5 && took < 100, "unacknowledged: over after %d s",
	   (int)took);
	is(sys_recv(fd, buf, 1, 0), -ETIMEDOUT, "ETIMEDOUT");
	end(fd, &p, "TCP_USER_TIMEOUT");

	fd = connection(&p);
	sys_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 7000);
	p.window = 0;
	peer_send(&p, ACK, NULL, 0);
	sys_send(fd, "x", 1, 0);
	took = until_error(fd, 100);
	ok(took >= 7 && took < 100, "a closed window: over after %d s",
	   (int)took);
	end(fd, &p, "TCP_USER_TIMEOUT and window");
}

static void test_progress(void)
{
	struct peer p;
	int fd = connection(&p);

	sys_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 5000);
	for (int i = 0; i < 10; i++) {
		sys_send(fd, data, 100, 0);
		bed_sleep(3 * NSEC_PER_SEC);
		peer_drain(&p, buf, sizeof(buf));
		peer_send(&p, ACK, NULL, 0);
	}
	is(sys_poll_mask(fd), OUT, "TCP_USER_TIMEOUT: progress resets it");
	end(fd, &p, "progress");
}

static int count_syns(int fd, uint64_t *took)
{
	struct sockaddr_any a;
	struct peer p = { .port = 80 };
	uint64_t t = bed_now();
	int syns = 0;

	sys_connect_to(fd, PEER_ADDR, 80);
	fd_socket(fd)->ops->getname(fd_socket(fd), &a, NAME_LOCAL);
	while (!(sys_poll_mask(fd) & EPOLLERR)) {
		while (peer_take(&p))
			syns += p.got_flags == SYN;
		bed_sleep(100 * NSEC_PER_MSEC);
	}
	*took = seconds_since(t);
	return syns;
}

static void test_syncnt(void)
{
	int fd = sys_socket_open(SOCK_STREAM, true);
	uint64_t took;

	sys_set(fd, SOL_TCP, TCP_SYNCNT, 2);
	is(count_syns(fd, &took), 3, "TCP_SYNCNT 2: three SYNs");
	ok(took >= 6, "after 1 + 2 + 4 seconds, as ticks have it (%d)",
	   (int)took);
	is(sys_get(fd, SOL_SOCKET, 4), ETIMEDOUT, "ETIMEDOUT");
	sys_close(fd);
	fd = sys_socket_open(SOCK_STREAM, true);
	sys_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 2000);
	is(count_syns(fd, &took), 2, "TCP_USER_TIMEOUT 2 s: two SYNs");
	ok(took >= 2, "after %d s", (int)took);
	sys_close(fd);
	no_leaks("TCP_SYNCNT");
}

/* half_closed: we have shut down sending, and the peer knows. */
static void test_keepalive(bool half_closed)
{
	struct peer p;
	int fd = connection(&p), probes = 0;
	uint64_t t;

	if (half_closed) {
		sys_shutdown_how(fd, SHUT_WR);
		peer_take(&p);
		p.ack++;
		peer_send(&p, ACK, NULL, 0);
	}
	sys_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	sys_set(fd, SOL_TCP, TCP_KEEPIDLE, 20);
	sys_set(fd, SOL_TCP, TCP_KEEPINTVL, 3);
	sys_set(fd, SOL_TCP, TCP_KEEPCNT, 4);
	bed_forget_sent();
	bed_sleep(19 * NSEC_PER_SEC);
	ok(!peer_take(&p), "keep-alive: nothing for 19 of 20 seconds");
	bed_sleep(2 * NSEC_PER_SEC);
	ok(peer_take(&p) && p.got_seq == p.ack - 1, "then a probe");
	peer_send(&p, ACK, NULL, 0);
	bed_sleep(19 * NSEC_PER_SEC);
	ok(!peer_take(&p), "an answer: nothing for 20 seconds");
	t = bed_now();
	while (!(sys_poll_mask(fd) & EPOLLERR) && seconds_since(t) < 100) {
		while (peer_take(&p))
			probes += !(p.got_flags & RST);
		bed_sleep(100 * NSEC_PER_MSEC);
	}
	is(probes, 4, "no answer: four probes");
	ok(seconds_since(t) >= 1 + 3 * 3, "3 s from one to the next");
	is(sys_recv(fd, buf, 1, 0), -ETIMEDOUT, "then ETIMEDOUT");
	ok(got_rst(&p), "and a reset");
	end(fd, &p, "keep-alive");
}

static void test_defer_accept(void)
{
	struct peer p;
	int fd;

	lfd = listener(5);
	sys_set(lfd, SOL_TCP, TCP_DEFER_ACCEPT, 10);
	is(sys_get(lfd, SOL_TCP, TCP_DEFER_ACCEPT), 15,
	   "TCP_DEFER_ACCEPT: 10 is 1 + 2 + 4 + 8");
	peer_connect(&p, next_port++, PORT);
	is(sys_poll_mask(lfd), 0, "a handshake is no connection yet");
	is(sys_accept_from(lfd, true), -EAGAIN, "nor for accept");
	peer_send(&p, ACK, "hello", 5);
	is(sys_poll_mask(lfd), IN, "data makes it one");
	fd = sys_accept_from(lfd, true);
	is(sys_recv(fd, buf, 10, 0), 5, "with the data");
	peer_send(&p, RST, NULL, 0);
	sys_close(fd);

	peer_connect(&p, next_port++, PORT);
	bed_sleep(14 * NSEC_PER_SEC);
	peer_send(&p, ACK, NULL, 0);
	is(sys_accept_from(lfd, true), -EAGAIN, "14 s later: not yet");
	bed_sleep(2 * NSEC_PER_SEC);
	peer_send(&p, ACK, NULL, 0);
	fd = sys_accept_from(lfd, true);
	ok(fd >= 0, "after 15 s an ACK is enough");
	end(fd, &p, "TCP_DEFER_ACCEPT");
}

/* ---- What leaves when ---------------------------------------------------- */

static void test_nagle(void)
{
	struct peer p;
	int fd = connection(&p);

	sys_send(fd, "a", 1, 0);
	sys_send(fd, "b", 1, 0);
	sys_send(fd, "c", 1, 0);
	ok(peer_take(&p) && p.got_len == 1, "Nagle: the first byte leaves");
	ok(!peer_take(&p), "the others wait");
	p.ack++;
	peer_send(&p, ACK, NULL, 0);
	ok(peer_take(&p) && p.got_len == 2, "for its ACK, and go together");
	p.ack += 2;
	sys_send(fd, "d", 1, 0);
	p.seq++;
	peer_raw(&p, p.seq - 1, p.ack - 2, ACK, 65535, NULL, 0, "x", 1);
	peer_raw(&p, p.seq, p.ack - 2, ACK, 65535, NULL, 0, data, 1460);
	peer_raw(&p, p.seq + 1460, p.ack - 2, ACK, 65535, NULL, 0, data, 1460);
	p.seq += 2920;
	ok(peer_take(&p) && p.got_ack != p.seq - 2921,
	   "an ACK does not wait for what Nagle holds");
	peer_send(&p, ACK, NULL, 0);
	bed_forget_sent();
	p.ack++;
	peer_send(&p, ACK, NULL, 0);
	sys_set(fd, SOL_TCP, TCP_NODELAY, 1);
	sys_send(fd, "e", 1, 0);
	sys_send(fd, "f", 1, 0);
	ok(peer_take(&p) && peer_take(&p), "TCP_NODELAY: each at once");
	end(fd, &p, "Nagle");
}

static void test_cork(void)
{
	struct peer p;
	int fd = connection(&p);
	uint64_t t;

	sys_set(fd, SOL_TCP, TCP_CORK, 1);
	sys_send(fd, data, 100, 0);
	ok(!peer_take(&p), "TCP_CORK: 100 bytes wait");
	peer_send(&p, ACK | PSH, "x", 1);
	peer_send(&p, ACK | PSH, "y", 1);
	while (peer_take(&p))
		is(p.got_len, 0, "what comes is acknowledged without them");
	sys_send(fd, data, 3000, 0);
	ok(peer_take(&p) && p.got_len == 1460 && peer_take(&p) &&
		   p.got_len == 1460,
	   "whole segments leave");
	ok(!peer_take(&p), "the rest waits");
	p.ack += 2920;
	peer_send(&p, ACK, NULL, 0);
	ok(!peer_take(&p), "whatever is acknowledged");
	sys_set(fd, SOL_TCP, TCP_CORK, 0);
	ok(peer_take(&p) && p.got_len == 180, "uncorked: it leaves");
	p.ack += 180;
	peer_send(&p, ACK, NULL, 0);

	sys_set(fd, SOL_TCP, TCP_CORK, 1);
	t = bed_now();
	sys_send(fd, data, 10, 0);
	while (!peer_take(&p) && seconds_since(t) < 10)
		bed_sleep(10 * NSEC_PER_MSEC);
	is(p.got_len, 10, "or after a while");
	ok(bed_now() - t >= 200 * NSEC_PER_MSEC, "not before 200 ms");
	p.ack += 10;
	peer_send(&p, ACK, NULL, 0);
	sys_send(fd, data, 10, 0);
	ok(!peer_take(&p), "the next ones wait again");
	sys_set(fd, SOL_TCP, TCP_NODELAY, 1);
	ok(peer_take(&p) && p.got_len == 10, "TCP_NODELAY pushes once");
	p.ack += 10;
	peer_send(&p, ACK, NULL, 0);
	sys_send(fd, data, 10, 0);
	ok(!peer_take(&p), "but the cork is stronger");
	sys_shutdown_how(fd, SHUT_WR);
	ok(peer_take(&p) && p.got_len == 10, "the end of sending pushes too");
	end(fd, &p, "TCP_CORK");
}

static void test_more(void)
{
	struct peer p;
	int fd = connection(&p);

	sys_send(fd, "ab", 2, MSG_MORE);
	ok(!peer_take(&p), "MSG_MORE: waits");
	sys_send(fd, "cd", 2, 0);
	ok(peer_take(&p) && p.got_len == 4, "goes with the next");
	end(fd, &p, "MSG_MORE");
}

static void test_quickack(void)
{
	struct peer p;
	int fd = connection(&p), at_once = 0;

	is(sys_get(fd, SOL_TCP, TCP_QUICKACK), 1, "TCP_QUICKACK: 1");
	bed_forget_sent();
	peer_send(&p, ACK, "a", 1);
	ok(!peer_take(&p), "an ACK is delayed");
	sys_set(fd, SOL_TCP, TCP_QUICKACK, 1);
	ok(peer_take(&p) && p.got_ack == p.seq, "TCP_QUICKACK sends it");
	for (int i = 0; i < 100; i++) {
		peer_send(&p, ACK, "b", 1);
		at_once += peer_take(&p);
		bed_sleep(200 * NSEC_PER_MSEC);
		bed_forget_sent();
	}
	is(at_once, 16, "and the next 16 at once, but not for ever");
	sys_set(fd, SOL_TCP, TCP_QUICKACK, 0);
	is(sys_get(fd, SOL_TCP, TCP_QUICKACK), 0, "TCP_QUICKACK: 0");
	sys_recv(fd, buf, sizeof(buf), 0);
	end(fd, &p, "TCP_QUICKACK");
}

static void test_notsent_lowat(void)
{
	struct peer p;
	int fd = connection(&p);
	ssize_t n, sent = 0;

	sys_set(fd, SOL_TCP, TCP_NOTSENT_LOWAT, 1);
	p.window = 3000;
	peer_send(&p, ACK, NULL, 0);
	while ((n = sys_send(fd, data, 1000, 0)) > 0)
		sent += n;
	is(n, -EAGAIN, "TCP_NOTSENT_LOWAT: EAGAIN");
	ok(sent <= 5000, "when %zd bytes do not fit the peer's window", sent);
	is(sys_poll_mask(fd), 0, "not writable");
	sys_watch(fd);
	peer_drain(&p, buf, sizeof(buf));
	peer_send(&p, ACK, NULL, 0);
	is(sys_poll_mask(fd), OUT, "writable when all is on its way");
	ok(sys_edges(fd, NULL), "with an edge");
	sys_send(fd, data, 5000, 0);
	sys_set(fd, SOL_TCP, TCP_NOTSENT_LOWAT, 100000);
	is(sys_poll_mask(fd), OUT, "a higher mark: writable at once");
	end(fd, &p, "TCP_NOTSENT_LOWAT");
}

/* ---- Sizes --------------------------------------------------------------- */

static uint16_t mss_of_syn(const struct peer *p)
{
	size_t len;
	const uint8_t *frame;

	peer_raw((struct peer *)p, 5000, 0, SYN, 65535, "\2\4\5\xb4", 4, NULL,
		 0);
	bed_run();
	while ((frame = bed_sent(&len))) {
		if (frame[23] == 6 && frame[47] == (SYN | ACK))
			return frame[56] << 8 | frame[57];
	}
	return 0;
}

static void test_maxseg(void)
{
	struct peer p;
	int fd = connection(&p);
	size_t longest = 0;

	is(sys_get(fd, SOL_TCP, TCP_MAXSEG), 1460, "TCP_MAXSEG: 1460");
	peer_send(&p, RST, NULL, 0);
	sys_close(fd);
	is(sys_set(lfd, SOL_TCP, TCP_MAXSEG, 700), 0, "set to 700");
	p.port = next_port++;
	is(mss_of_syn(&p), 700, "SYN|ACK announces it");
	p.seq = 5001;
	peer_send(&p, RST, NULL, 0);
	fd = accepted(lfd, &p);
	is(sys_get(fd, SOL_TCP, TCP_MAXSEG), 700, "and it is inherited");
	sys_send(fd, data, 5000, 0);
	while (peer_take(&p))
		longest = MAX(longest, p.got_len);
	is(longest, 700, "no segment is longer");
	end(fd, &p, "TCP_MAXSEG");
}

static void test_window_clamp(void)
{
	struct peer p;
	int fd = connection(&p);
	uint32_t widest = 0;

	is(sys_set(fd, SOL_TCP, TCP_WINDOW_CLAMP, 0), -EINVAL,
	   "TCP_WINDOW_CLAMP: not 0 on a connection");
	sys_set(fd, SOL_TCP, TCP_WINDOW_CLAMP, 1);
	is(sys_get(fd, SOL_TCP, TCP_WINDOW_CLAMP), 1152, "at least 1152");
	sys_set(fd, SOL_TCP, TCP_WINDOW_CLAMP, 20000);
	for (int i = 0; i < 300; i++) {
		peer_send(&p, ACK, data, 1000);
		sys_recv(fd, buf, sizeof(buf), 0);
		while (peer_take(&p))
			widest = i < 100 ? 0 : MAX(widest, p.got_window * 8U);
	}
	ok(widest && widest <= 20000, "the window stays at it (%u)", widest);
	end(fd, &p, "TCP_WINDOW_CLAMP");
}

/* What is left of the first window is less than one step of its scale. */
static void test_clamp_opens_again(void)
{
	struct peer p;
	int fd = connection(&p);
	size_t left = 65535 - 7, n;

	sys_set(fd, SOL_TCP, TCP_WINDOW_CLAMP, 1152);
	for (; left; left -= n) {
		n = MIN(left, (size_t)1460);
		peer_send(&p, ACK, data, n);
		bed_run();
	}
	bed_sleep(NSEC_PER_SEC); /* the last acknowledgement is late */
	while (peer_take(&p))
		continue;
	is(p.got_window, 0, "clamp: the window is closed");
	while (sys_recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		continue;
	bed_run();
	while (peer_take(&p))
		continue;
	ok(p.got_window, "clamp: it opens when all is read");
	end(fd, &p, "clamp");
}

static void test_info(void)
{
	struct peer p;
	int fd = connection(&p);
	struct tcp_info info;

	sys_set(fd, SOL_TCP, TCP_NODELAY, 1);
	for (int i = 0; i < 50; i++) {
		sys_send(fd, data, 100, 0);
		bed_sleep(30 * NSEC_PER_MSEC);
		peer_drain(&p, buf, sizeof(buf));
		peer_send(&p, ACK, "answer", 6);
		sys_recv(fd, buf, 100, 0);
	}
	info = info_of(fd);
	is(info.tcpi_state, 1, "TCP_INFO: ESTABLISHED");
	is(info.tcpi_bytes_acked, 5000, "TCP_INFO: bytes acknowledged");
	is(info.tcpi_bytes_sent, 5000, "TCP_INFO: bytes sent");
	is(info.tcpi_bytes_received, 300, "TCP_INFO: bytes received");
	is(info.tcpi_data_segs_out, 50, "TCP_INFO: segments with data, out");
	is(info.tcpi_data_segs_in, 50, "TCP_INFO: segments with data, in");
	is(info.tcpi_total_retrans, 0, "TCP_INFO: none sent again");
	is(info.tcpi_rtt, 30000, "TCP_INFO: a round trip of 30 ms");
	is(info.tcpi_min_rtt, 30000, "TCP_INFO: the shortest one");
	is(info.tcpi_snd_mss, 1460, "TCP_INFO: segment size");
	is(info.tcpi_unacked, 0, "TCP_INFO: nothing on its way");
	sys_send(fd, data, 100, 0);
	bed_sleep(3 * NSEC_PER_SEC);
	info = info_of(fd);
	is(info.tcpi_unacked, 1, "TCP_INFO: one segment on its way");
	ok(info.tcpi_total_retrans >= 1 &&
		   info.tcpi_bytes_retrans == info.tcpi_total_retrans * 100,
	   "TCP_INFO: sent again %u times", info.tcpi_total_retrans);
	is(info.tcpi_retransmits, info.tcpi_total_retrans,
	   "TCP_INFO: in a row");
	ok(info.tcpi_last_data_recv >= 3000, "TCP_INFO: last data received");
	peer_drain(&p, buf, sizeof(buf));
	peer_send(&p, ACK, NULL, 0);
	info = info_of(fd);
	is(info.tcpi_rtt, 30000, "TCP_INFO: what was sent again tells no time");
	end(fd, &p, "TCP_INFO");
}

static void test_refused_options(void)
{
	static const int refused[] = {
		TCP_MD5SIG,	  TCP_REPAIR,	    TCP_FASTOPEN,
		TCP_FASTOPEN_KEY, TCP_SAVE_SYN,	    TCP_FASTOPEN_CONNECT,
		TCP_TX_DELAY,	  TCP_REPAIR_QUEUE, 99,
	};
	int fd = sys_socket_open(SOCK_STREAM, true);

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		is(sys_set(fd, SOL_TCP, refused[i], 1), -ENOPROTOOPT,
		   "option %d is refused, not ignored", refused[i]);
	is(sock_setsockopt(fd_socket(fd), SOL_TCP, TCP_CONGESTION, "reno", 4,
			   4),
	   0, "TCP_CONGESTION: reno");
	is(sock_setsockopt(fd_socket(fd), SOL_TCP, TCP_CONGESTION, "r", 1, 1),
	   -ENOENT, "TCP_CONGESTION: not r");
	sys_close(fd);
	no_leaks("refused");
}

int main(void)
{
	begin();
	test_user_timeout();
	test_progress();
	test_syncnt();
	test_keepalive(false);
	test_keepalive(true);
	test_defer_accept();
	test_nagle();
	test_cork();
	test_more();
	test_quickack();
	test_notsent_lowat();
	test_maxseg();
	test_window_clamp();
	test_clamp_opens_again();
	test_info();
	test_refused_options();
	return bed_done();
}
