/* SPDX-License-Identifier: MIT */
/*
 * UDP sockets over 127.0.0.1, and the calls that move messages.
 */
#define _GNU_SOURCE
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "sockets.h"

static void test_datagrams(void)
{
	int a = socket(AF_INET, SOCK_DGRAM, 0);
	int b = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in to, from;
	socklen_t len = sizeof(from);
	char buf[100];
	int n = -1;

	is(mask(a), POLLOUT, "UDP: OUT");
	is(result(send(b, "x", 1, 0)), -EDESTADDRREQ, "UDP: no destination");
	is(bind_to(a, 0), 0, "UDP: bind");
	to = local(port_of(a));
	is(result(sendto(b, "query", 5, 0, (struct sockaddr *)&to, 8)), -EINVAL,
	   "UDP: short address");
	is(result(sendto(b, "query", 5, 0, (struct sockaddr *)&to, sizeof(to))),
	   5, "UDP: sendto");
	ok(port_of(b) > 0, "UDP: has a port now");
	is(wait_mask(a, POLLIN), POLLIN, "UDP: readable");
	is(result(ioctl(a, FIONREAD, &n)), 0, "UDP: FIONREAD");
	is(n, 5, "UDP: FIONREAD: 5");
	is(result(recvfrom(a, buf, 100, 0, (struct sockaddr *)&from, &len)), 5,
	   "UDP: recvfrom");
	ok(ntohs(from.sin_port) == port_of(b), "UDP: from where");
	is(result(recv(a, buf, 1, MSG_DONTWAIT)), -EAGAIN, "UDP: no more");
	sendto(b, "", 0, 0, (struct sockaddr *)&to, sizeof(to));
	is(wait_mask(a, POLLIN), POLLIN, "UDP: nothing is something");
	is(result(recv(a, buf, 100, 0)), 0, "UDP: of no bytes");
	sendto(b, "abcdef", 6, 0, (struct sockaddr *)&to, sizeof(to));
	wait_mask(a, POLLIN);
	is(result(recv(a, buf, 2, MSG_TRUNC)), 6, "UDP: MSG_TRUNC");
	is(result(recv(a, buf, 2, MSG_DONTWAIT)), -EAGAIN,
	   "UDP: the rest is lost");
	is(result(connect(b, (struct sockaddr *)&to, sizeof(to))), 0,
	   "UDP: connect");
	is(result(send(b, "x", 1, 0)), 1, "UDP: send");
	close(a);
	is(result(send(b, "x", 1, 0)), 1, "UDP: to nobody");
	is(wait_mask(b, POLLIN), POLLERR, "UDP: refused is ERR");
	is(result(recv(b, buf, 1, 0)), -ECONNREFUSED, "UDP: told by recv");
	is(result(recv(b, buf, 1, MSG_DONTWAIT)), -EAGAIN, "UDP: once");
	is(result(listen(b, 1)), -EOPNOTSUPP, "UDP: listen");
	is(result(accept(b, NULL, NULL)), -EOPNOTSUPP, "UDP: accept");
	close(b);
}

static void test_messages(void)
{
	int p[2], u;
	char buf[10];
	struct iovec out[2] = { { "hel", 3 }, { "lo", 2 } };
	struct iovec in[2] = { { buf, 4 }, { buf + 4, 6 } };
	struct msghdr m = { .msg_iov = out, .msg_iovlen = 2 };
	struct mmsghdr mm[3];

	pair(p);
	is(result(sendmsg(p[0], &m, 0)), 5, "sendmsg");
	m.msg_iov = in;
	wait_mask(p[1], POLLIN);
	is(result(recvmsg(p[1], &m, 0)), 5, "recvmsg");
	ok(!memcmp(buf, "hello", 5), "recvmsg: what was sent");
	is(m.msg_flags, 0, "recvmsg: no flags");
	m.msg_iovlen = 2000;
	is(result(sendmsg(p[0], &m, 0)), -EMSGSIZE, "sendmsg: too many pieces");
	is(result(syscall(SYS_sendmsg, p[0], 1, 0)), -EFAULT,
	   "sendmsg: EFAULT");
	close(p[0]);
	close(p[1]);

	u = socket(AF_INET, SOCK_DGRAM, 0);
	bind_to(u, 0);
	connect_to(u, port_of(u));
	memset(mm, 0, sizeof(mm));
	for (int i = 0; i < 3; i++) {
		mm[i].msg_hdr.msg_iov = out;
		mm[i].msg_hdr.msg_iovlen = 2;
	}
	is(result(sendmmsg(u, mm, 3, 0)), 3, "sendmmsg");
	is(mm[1].msg_len, 5, "sendmmsg: lengths");
	for (int i = 0; i < 3; i++)
		mm[i].msg_hdr.msg_iov = in;
	is(result(recvmmsg(u, mm, 3, 0, NULL)), 3, "recvmmsg");
	is(mm[2].msg_len, 5, "recvmmsg: lengths");
	in[0].iov_len = 2;
	m.msg_iovlen = 1;
	send(u, "abc", 3, 0);
	wait_mask(u, POLLIN);
	is(result(recvmsg(u, &m, 0)), 2, "recvmsg: cut");
	is(m.msg_flags, MSG_TRUNC, "recvmsg: MSG_TRUNC");
	close(u);
}

int main(void)
{
	test_datagrams();
	test_messages();
	return done_testing();
}
