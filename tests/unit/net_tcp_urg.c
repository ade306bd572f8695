/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * Urgent data over the wire: where the mark is, what a read sees of it, and
 * what leaves when we send some.
 */
#include <asm/ioctls.h>
#include <errno.h>
#include <string.h>

#include <linux/eventpoll.h>
#include <linux/sockios.h>

#include "bed/net_tcp.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/socket/socket.h"

#define SOL_SOCKET 1
#define SO_OOBINLINE 10

static int ask(int fd, unsigned int cmd)
{
	int value = -1;
	long err = fd_socket(fd)->ops->ioctl(fd_socket(fd), cmd, (long)&value);

	return err ? err : value;
}

static void send_urgent(struct peer *p, const char *s, uint16_t urgp)
{
	p->urgp = urgp;
	peer_send(p, ACK | PSH | URG, s, strlen(s));
}

/* What a read of len gives, as text; "-EAGAIN" and the like as a number. */
static void reads(int fd, size_t len, int flags, const char *want,
		  const char *name)
{
	ssize_t n;

	memset(buf, 0, 100);
	n = sys_recv(fd, buf, len, flags | MSG_DONTWAIT);
	ok(n == (ssize_t)strlen(want) && !memcmp(buf, want, n),
	   "%s: \"%s\" (got %zd \"%s\")", name, want, n, (char *)buf);
}

static void end(int lfd, int fd, struct peer *p, const char *name)
{
	peer_send(p, RST, NULL, 0);
	sys_close(fd);
	sys_close(lfd);
	no_leaks(name);
}

static void test_receive(void)
{
	int lfd = listener(5), fd;
	struct peer p;
	uint32_t keys;

	fd = accepted(lfd, &p);
	is(sys_recv(fd, buf, 1, MSG_OOB), -EINVAL, "nothing urgent: EINVAL");
	sys_watch(fd);
	send_urgent(&p, "abcXdef", 4);
	is(sys_edges(fd, &keys) > 0 && keys & EPOLLPRI, 1, "an edge with PRI");
	is(sys_poll_mask(fd), IN | OUT | EPOLLPRI, "IN|OUT|PRI");
	is(ask(fd, SIOCATMARK), 0, "not at the mark");
	is(ask(fd, SIOCINQ), 3, "SIOCINQ: up to the mark");
	reads(fd, 10, MSG_PEEK, "abc", "a look stops there");
	reads(fd, 10, 0, "abc", "and so does a read");
	is(ask(fd, SIOCATMARK), 1, "at the mark");
	reads(fd, 10, MSG_OOB | MSG_PEEK, "X", "a look at the urgent byte");
	is(sys_poll_mask(fd), IN | OUT | EPOLLPRI, "which leaves PRI");
	reads(fd, 10, MSG_OOB, "X", "the urgent byte");
	is(sys_poll_mask(fd), IN | OUT, "no PRI any more");
	is(sys_recv(fd, buf, 1, MSG_OOB), -EINVAL, "and not twice");
	is(ask(fd, SIOCATMARK), 1, "still at the mark");
	reads(fd, 10, MSG_PEEK, "def", "a look passes it by");
	reads(fd, 2, 0, "de", "the read too");
	is(ask(fd, SIOCATMARK), 0, "the mark is passed");
	reads(fd, 10, 0, "f", "the rest");
	end(lfd, fd, &p, "receive");
}

static void test_unread(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	send_urgent(&p, "X", 1);
	is(sys_poll_mask(fd), OUT | EPOLLPRI, "the byte alone: not readable");
	is(sys_recv(fd, buf, 1, MSG_DONTWAIT), -EAGAIN, "a read takes it away");
	is(sys_recv(fd, buf, 1, MSG_OOB), -EINVAL, "unread");
	is(sys_poll_mask(fd), OUT, "nothing is left");

	send_urgent(&p, "aX", 2);
	send_urgent(&p, "bY", 2);
	reads(fd, 10, MSG_OOB, "Y", "a second mark replaces the first");
	reads(fd, 10, 0, "aXb", "whose byte is in the stream then");

	send_urgent(&p, "X", 1);
	reads(fd, 1, MSG_OOB, "X", "read at the mark");
	send_urgent(&p, "bY", 2);
	reads(fd, 10, 0, "b", "a new mark: the old byte does not turn up");
	reads(fd, 1, MSG_OOB, "Y", "the new one is there");
	end(lfd, fd, &p, "unread");
}

static void test_notyet(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	p.urgp = 5;
	peer_send(&p, ACK | URG, NULL, 0);
	is(sys_recv(fd, buf, 1, MSG_OOB), -EAGAIN, "announced: EAGAIN");
	is(sys_poll_mask(fd), OUT, "no PRI yet");
	peer_raw(&p, p.seq + 4, p.ack, ACK, 65535, NULL, 0, "Xef", 3);
	bed_run();
	reads(fd, 1, MSG_OOB, "X", "it comes before its turn");
	peer_send(&p, ACK, "abcd", 4);
	p.seq += 3;
	reads(fd, 10, 0, "abcd", "the stream up to it");
	reads(fd, 10, 0, "ef", "and beyond");

	p.urgp = 2;
	peer_send(&p, ACK | URG, NULL, 0);
	peer_send(&p, ACK, "a", 1);
	peer_send(&p, ACK | FIN, NULL, 0);
	is(sys_recv(fd, buf, 1, MSG_OOB), 0, "it never came: the end");
	end(lfd, fd, &p, "not yet");
}

static void test_replay(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	send_urgent(&p, "aX", 2);
	reads(fd, 1, MSG_OOB, "X", "read");
	p.seq -= 2;
	send_urgent(&p, "aX", 2);
	is(sys_recv(fd, buf, 1, MSG_OOB), -EINVAL,
	   "the same segment again is no news");
	reads(fd, 9, 0, "a", "nor is its data");
	p.urgp = 0xffff;
	peer_raw(&p, p.seq - 0x20000, p.ack, ACK | URG, 65535, NULL, 0, "x", 1);
	bed_run();
	is(sys_recv(fd, buf, 1, MSG_OOB), -EINVAL,
	   "an old segment sets no mark");
	end(lfd, fd, &p, "replay");
}

static void test_inline(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	is(sys_set(lfd, SOL_SOCKET, SO_OOBINLINE, 1), 0, "SO_OOBINLINE");
	fd = accepted(lfd, &p);
	is(sys_get(fd, SOL_SOCKET, SO_OOBINLINE), 1, "is inherited");
	send_urgent(&p, "abXcd", 3);
	is(sys_poll_mask(fd), IN | OUT | EPOLLPRI, "inline: PRI");
	is(sys_recv(fd, buf, 1, MSG_OOB), -EINVAL, "inline: no MSG_OOB");
	is(ask(fd, SIOCINQ), 5, "inline: SIOCINQ counts all");
	reads(fd, 9, 0, "ab", "inline: a read stops before it");
	is(ask(fd, SIOCATMARK), 1, "inline: at the mark");
	reads(fd, 9, 0, "Xcd", "inline: it is in the stream");
	is(sys_poll_mask(fd), OUT, "inline: all gone");
	end(lfd, fd, &p, "inline");
}

/* The ACK of the handshake is lost, the first data completes it. */
static void test_first_segment(void)
{
	int lfd = listener(5), fd;
	struct peer p = { .port = next_port++, .dport = PORT, .seq = 1000 };

	p.window = 65535;
	peer_raw(&p, p.seq++, 0, SYN, 65535, NULL, 0, NULL, 0);
	peer_take(&p);
	p.ack = p.got_seq + 1;
	send_urgent(&p, "aX", 2);
	fd = sys_accept_from(lfd, true);
	reads(fd, 1, MSG_OOB, "X", "urgent from the first byte on");
	reads(fd, 9, 0, "a", "the stream");
	end(lfd, fd, &p, "first");
}

static struct peer *sender;

static void meanwhile_data(void)
{
	bed_meanwhile = NULL;
	send_urgent(sender, "34X5", 3);
}

static void test_waitall(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	peer_connect(&p, next_port++, PORT);
	fd = sys_accept_from(lfd, false);
	sender = &p;
	peer_send(&p, ACK, "12", 2);
	bed_meanwhile = meanwhile_data;
	is(sys_recv(fd, buf, 6, MSG_WAITALL), 4, "MSG_WAITALL ends at a mark");
	bed_meanwhile = NULL;
	is_mem(buf, "1234", 4, "with what is before it");
	reads(fd, 9, 0, "5", "the rest later");
	end(lfd, fd, &p, "waitall");
}

static void test_send(void)
{
	int lfd = listener(5), fd;
	struct peer p;

	fd = accepted(lfd, &p);
	is(sys_send(fd, "abc", 3, MSG_OOB), 3, "three bytes, one urgent");
	ok(peer_take(&p) && p.got_flags & URG, "a segment with URG");
	is(p.got_seq + p.got_urgp, p.ack + 3, "that points behind the third");
	is(sys_send(fd, "d", 1, MSG_OOB), 1, "one more");
	ok(peer_take(&p) && p.got_flags & URG && p.got_len == 1,
	   "does not wait for an ACK");
	is(p.got_urgp, 1, "and points behind itself");
	bed_sleep(3 * NSEC_PER_SEC);
	ok(peer_take(&p) && p.got_flags & URG && p.got_seq == p.ack,
	   "sent again, with the pointer");
	is(p.got_urgp, 4, "to the end of what is urgent");
	p.ack += 4;
	peer_send(&p, ACK, NULL, 0);
	bed_forget_sent();
	sys_send(fd, "e", 1, 0);
	ok(peer_take(&p) && !(p.got_flags & URG) && !p.got_urgp,
	   "what follows is not urgent");
	p.ack++;
	p.window = 0;
	peer_send(&p, ACK, NULL, 0);
	bed_forget_sent();
	sys_send(fd, "f", 1, MSG_OOB);
	bed_sleep(5 * NSEC_PER_SEC);
	ok(peer_take(&p) && p.got_flags & URG,
	   "a closed window: the probe tells");
	end(lfd, fd, &p, "send");
}

int main(void)
{
	begin();
	test_receive();
	test_unread();
	test_notyet();
	test_replay();
	test_inline();
	test_first_segment();
	test_waitall();
	test_send();
	return bed_done();
}
