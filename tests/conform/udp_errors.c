/* SPDX-License-Identifier: MIT */
/*
 * Errors of datagrams: a port that nobody has, for connected sockets and with
 * IP_RECVERR for all; lengths; calls that make no sense.
 */
#define _GNU_SOURCE
#include "udp.h"

static char buf[70000];

/* A port that was just in use and is not any more. */
/* Nobody's at 127.0.0.1: who asks for any port does not get this one. */
static int closed_port(void)
{
	return port_of(udp_at("127.0.0.2"));
}

static void test_refused(void)
{
	int fd = udp(), port = closed_port();

	is(send_to(fd, "127.0.0.1", port, "x"), 1, "refused: not connected");
	is(mask(fd), POLLOUT, "refused: learns nothing");
	connect_to(fd, port);
	is(result(send(fd, "x", 1, 0)), 1, "refused: connected");
	is(mask(fd), POLLOUT | POLLERR, "refused: ERR");
	is(get_option(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED,
	   "refused: SO_ERROR");
	is(mask(fd), POLLOUT, "refused: told");
	send(fd, "x", 1, 0);
	is(result(send(fd, "x", 1, 0)), -ECONNREFUSED, "refused: by send");
	is(take(fd, buf, sizeof(buf)), -EAGAIN, "refused: then no more");
	send(fd, "x", 1, 0);
	is(take(fd, buf, sizeof(buf)), -ECONNREFUSED, "refused: by recv");
	send(fd, "x", 1, 0);
	is(connect_to(fd, port), 0, "refused: not by connect");
	is(result(recv(fd, buf, 1, MSG_ERRQUEUE)), -EAGAIN,
	   "refused: no queue without IP_RECVERR");
	is(take(fd, buf, sizeof(buf)), -ECONNREFUSED, "refused: still there");
	close(fd);
}

static void check_error(struct received *r, int port, const char *what)
{
	const struct {
		struct extended_err ee;
		struct sockaddr_in offender;
	} * e;
	size_t len;

	ok(r->hdr.msg_flags == MSG_ERRQUEUE, what);
	is(ntohs(r->from.sin_port), port, "queue: where it was sent, port");
	is_str(inet_ntoa(r->from.sin_addr), "127.0.0.1", "queue: and address");
	e = control(r, IPPROTO_IP, IP_RECVERR, &len);
	is(len, sizeof(*e), "queue: the error's length");
	if (!e)
		return;
	is(e->ee.err, ECONNREFUSED, "queue: errno");
	is(e->ee.origin, 2, "queue: from ICMP");
	is(e->ee.type, 3, "queue: unreachable");
	is(e->ee.code, 3, "queue: port");
	is(e->ee.info, 0, "queue: info");
	is(e->offender.sin_family, AF_INET, "queue: offender's family");
	is_str(inet_ntoa(e->offender.sin_addr), "127.0.0.1", "queue: offender");
}

static void test_queue(void)
{
	struct received r;
	int fd = udp(), port = closed_port(), other = closed_port();

	is(set_option(fd, IPPROTO_IP, IP_RECVERR, 1), 0, "queue: IP_RECVERR");
	is(get_option(fd, IPPROTO_IP, IP_RECVERR), 1, "queue: is on");
	is(send_to(fd, "127.0.0.1", port, "hello"), 5, "queue: send");
	is(mask(fd), POLLOUT | POLLERR, "queue: not connected, but ERR");
	is(recv_msg(fd, &r, MSG_ERRQUEUE), 5, "queue: what was sent");
	is_str(r.data, "hello", "queue: is quoted");
	check_error(&r, port, "queue: MSG_ERRQUEUE");
	is(controls(&r), 1, "queue: one control message");
	is(mask(fd), POLLOUT, "queue: empty");
	is(recv_msg(fd, &r, MSG_ERRQUEUE), -EAGAIN, "queue: EAGAIN");
	is(take(fd, buf, sizeof(buf)), -EAGAIN, "queue: took the error too");

	send_to(fd, "127.0.0.1", port, "1");
	is(take(fd, buf, sizeof(buf)), -ECONNREFUSED, "queue: error first");
	is(mask(fd), POLLOUT | POLLERR, "queue: still ERR");
	is(recv_msg(fd, &r, MSG_ERRQUEUE), 1, "queue: then the queue");
	send_to(fd, "127.0.0.1", port, "22");
	is(send_to(fd, "127.0.0.1", other, "333"), -ECONNREFUSED,
	   "queue: the next send fails");
	is(send_to(fd, "127.0.0.1", other, "333"), 3, "queue: and works again");
	is(recv_msg(fd, &r, MSG_ERRQUEUE), 2, "queue: in order");
	is(get_option(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED,
	   "queue: the next one's error is pending");
	is(recv_msg(fd, &r, MSG_ERRQUEUE), 3, "queue: second");
	is(ntohs(r.from.sin_port), other, "queue: of the other port");

	set_option(fd, IPPROTO_IP, IP_RECVTTL, 1);
	send_to(fd, "127.0.0.1", port, "ttl");
	is(recv_msg(fd, &r, MSG_ERRQUEUE), 3, "queue: with IP_RECVTTL");
	is(controls(&r), 2, "queue: two control messages");
	close(fd);
}

/* A router quotes 576 bytes in all; a short buffer cuts. */
static void test_quote(void)
{
	struct received r;
	struct sockaddr_in a = at("127.0.0.1", closed_port());
	int fd = udp();

	set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
	sendto(fd, buf, 5000, 0, SA(a));
	is(result(recv(fd, buf, sizeof(buf), MSG_ERRQUEUE)), 520,
	   "quote: what fits 576 bytes");
	sendto(fd, buf, 300, 0, SA(a));
	is(recv_msg(fd, &r, MSG_ERRQUEUE), 127, "quote: cut");
	is(r.hdr.msg_flags, MSG_ERRQUEUE | MSG_TRUNC, "quote: MSG_TRUNC");
	is(set_option(fd, IPPROTO_IP, IP_RECVERR, 0), 0, "quote: off");
	close(fd);
}

static void test_lengths(void)
{
	int fd = udp(), to = udp_at("127.0.0.1");
	struct sockaddr_in a = at("127.0.0.1", port_of(to));
	struct received r;
	size_t len;
	const struct extended_err *ee;

	memset(buf, 'b', sizeof(buf));
	is(result(sendto(fd, buf, 65507, 0, SA(a))), 65507, "length: the most");
	is(result(recv(to, buf, sizeof(buf), MSG_DONTWAIT)), 65507,
	   "length: arrives");
	is(result(sendto(fd, buf, 65508, 0, SA(a))), -EMSGSIZE,
	   "length: one more");
	is(result(sendto(fd, buf, 65536, 0, SA(a))), -EMSGSIZE,
	   "length: many more");
	is(recv_msg(fd, &r, MSG_ERRQUEUE), -EAGAIN, "length: nothing queued");
	set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
	sendto(fd, buf, 65508, 0, SA(a));
	is(recv_msg(fd, &r, MSG_ERRQUEUE), 0, "length: with IP_RECVERR");
	ee = control(&r, IPPROTO_IP, IP_RECVERR, &len);
	is(len, 32, "length: there is a reason");
	if (ee) {
		is(ee->err, EMSGSIZE, "length: errno");
		is(ee->origin, 1, "length: local");
		is(ee->info, 65535, "length: the most");
	}
	is(result(sendto(fd, "", 0, 0, SA(a))), 0, "length: nothing");
	is(mask(to) & POLLIN, POLLIN, "length: is something");
	is(take(to, buf, sizeof(buf)), 0, "length: of no bytes");
	is(take(to, buf, sizeof(buf)), -EAGAIN, "length: once");
	close(fd);
	close(to);
}

static void test_calls(void)
{
	int fd = udp(), to = udp_at("127.0.0.1");
	struct sockaddr_in a = at("127.0.0.1", 0);

	is(result(sendto(fd, "x", 1, 0, SA(a))), -EINVAL, "call: port 0");
	is(result(sendto(fd, "x", 1, MSG_OOB, SA(a))), -EOPNOTSUPP,
	   "call: MSG_OOB");
	a.sin_port = htons(port_of(to));
	is(result(sendto(fd, "x", 1, 0, (struct sockaddr *)&a, 15)), -EINVAL,
	   "call: a short address");
	a.sin_family = AF_INET6;
	is(result(sendto(fd, "x", 1, 0, SA(a))), -EAFNOSUPPORT, "call: family");
	a.sin_family = AF_UNSPEC;
	is(result(sendto(fd, "x", 1, 0, SA(a))), 1, "call: AF_UNSPEC will do");
	is(take(to, buf, sizeof(buf)), 1, "call: and arrives");
	a.sin_family = AF_INET;
	is(result(sendto(fd, (void *)8, 4, 0, SA(a))), -EFAULT, "call: EFAULT");
	is(take(to, buf, sizeof(buf)), -EAGAIN, "call: nothing was sent");
	is(result(recv(fd, buf, 1, MSG_OOB | MSG_DONTWAIT)), -EAGAIN,
	   "call: recv MSG_OOB");
	sendto(fd, "abc", 3, 0, SA(a));
	is(result(recv(to, (void *)8, 3, MSG_DONTWAIT)), -EFAULT,
	   "call: recv EFAULT");
	is(take(to, buf, sizeof(buf)), -EAGAIN, "call: it is lost");
	is(result(listen(fd, 1)), -EOPNOTSUPP, "call: listen");
	is(result(accept(fd, NULL, NULL)), -EOPNOTSUPP, "call: accept");
	is(result(ioctl(fd, FIONREAD, (void *)8)), -EFAULT, "call: FIONREAD");
	a = at("0.0.0.0", port_of(to));
	is(result(sendto(fd, "x", 1, 0, SA(a))), 1, "call: to any is to us");
	is(take(to, buf, sizeof(buf)), 1, "call: it arrives");
	is(result(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP)), -EPROTONOSUPPORT,
	   "call: a datagram socket of TCP");
	is(result(socket(AF_INET, SOCK_RAW, 0)), -EPROTONOSUPPORT,
	   "call: a raw socket of nothing");
	close(fd);
	close(to);
}

int main(void)
{
	deadline(30);
	test_refused();
	test_queue();
	test_quote();
	test_lengths();
	test_calls();
	return done_testing();
}
