/* SPDX-License-Identifier: MIT */
/*
 * Netlink sockets for a user without capabilities: port ids, addresses,
 * requests and their errors, options, what is read and what is lost.
 */
#define _GNU_SOURCE
#include <sys/epoll.h>

#include "netlink.h"

static void test_socket(void)
{
	struct name n = { AF_NETLINK };
	socklen_t len = sizeof(n);
	struct pollfd p = { .events = -1 };
	int fds[2], fd;

	is(result(socket(AF_NETLINK, SOCK_STREAM, 0)), -ESOCKTNOSUPPORT,
	   "a stream");
	is(result(socket(AF_NETLINK, SOCK_SEQPACKET, 0)), -ESOCKTNOSUPPORT,
	   "packets in a row");
	is(result(socket(AF_NETLINK, SOCK_RAW, 99)), -EPROTONOSUPPORT,
	   "no such protocol");
	is(result(socket(AF_NETLINK, SOCK_RAW, 31)), -EPROTONOSUPPORT,
	   "a protocol that nobody offers");
	is(result(socketpair(AF_NETLINK, SOCK_RAW, 0, fds)), -EOPNOTSUPP,
	   "socketpair");
	fd = open_netlink();
	ok(fd >= 0, "NETLINK_ROUTE");
	is(get_option(fd, SOL_SOCKET, SO_DOMAIN), AF_NETLINK, "SO_DOMAIN");
	is(get_option(fd, SOL_SOCKET, SO_TYPE), SOCK_RAW, "SO_TYPE");
	is(get_option(fd, SOL_SOCKET, SO_PROTOCOL), 0, "SO_PROTOCOL");
	is(own(fd).portid, 0, "fresh: no port id");
	is(result(getpeername(fd, (struct sockaddr *)&n, &len)), 0,
	   "fresh: has a peer");
	ok(len == 12 && n.family == AF_NETLINK && n.portid == 0,
	   "fresh: the kernel");
	p.fd = fd;
	is(poll(&p, 1, 0), 1, "fresh: poll");
	is(p.revents & 0xff7f, POLLOUT | POLLWRNORM | 0x200, "fresh: OUT");
	is(result(listen(fd, 1)), -EOPNOTSUPP, "listen");
	is(result(accept(fd, NULL, NULL)), -EOPNOTSUPP, "accept");
	is(result(shutdown(fd, SHUT_RDWR)), -EOPNOTSUPP, "shutdown");
	is(result(recv(fd, &n, 1, MSG_DONTWAIT)), -EAGAIN, "nothing there");
	is(result(recv(fd, &n, 1, MSG_OOB)), -EOPNOTSUPP, "MSG_OOB");
	is(result(send(fd, &n, 1, MSG_OOB)), -EOPNOTSUPP, "send MSG_OOB");
	is(result(send(fd, answer, 0, 0)), -ENODATA, "send nothing");
	is(result(send(fd, "abc", 3, 0)), 3, "send rubbish");
	is(next_answer(fd), -EAGAIN, "which nobody answers");
	set_option(fd, SOL_SOCKET, SO_SNDBUF, 5000);
	is(result(send(fd, answer, 20000, 0)), -EMSGSIZE, "send too much");
	close(fd);
}

static void test_names(void)
{
	struct name n = { AF_NETLINK };
	int fd = open_netlink(), other = open_netlink();
	int pid = getpid();

	is(bind_name(fd, 0, 0), 0, "bind");
	ok(own(fd).portid == (uint32_t)pid, "the first has the pid");
	is(bind_name(fd, pid, 0), 0, "bind: to the same");
	is(bind_name(fd, 0, 0), -EINVAL, "bind: to any other");
	is(bind_name(other, pid, 0), -EADDRINUSE, "bind: taken");
	is(bind_name(other, 0x12345678, 0), 0, "bind: to a number");
	ok(own(other).portid == 0x12345678, "bind: that number");
	is(bind_name(fd, pid, 0x11), 0, "bind: to groups");
	is(own(fd).groups, 0x11, "groups");
	is(result(bind(fd, (struct sockaddr *)&n, 11)), -EINVAL,
	   "bind: a short address");
	n.family = AF_INET;
	is(result(bind(fd, (struct sockaddr *)&n, 12)), -EINVAL,
	   "bind: another family");
	is(result(sendto(other, &ask, 16, 0, (struct sockaddr *)&n, 12)),
	   -EINVAL, "sendto: another family");
	n.family = AF_NETLINK;
	is(result(sendto(other, &ask, 16, 0, (struct sockaddr *)&n, 6)),
	   -EINVAL, "sendto: a short address");
	n.portid = pid;
	is(result(sendto(other, &ask, 16, 0, (struct sockaddr *)&n, 12)),
	   -EPERM, "sendto: not the kernel");
	is(result(connect(other, (struct sockaddr *)&n, 12)), -EPERM,
	   "connect: not the kernel");
	n.portid = 0;
	is(result(connect(other, (struct sockaddr *)&n, 12)), 0, "connect");
	is(result(connect(other, (struct sockaddr *)&n, 4)), -EINVAL,
	   "connect: a short address");
	n.family = AF_UNSPEC;
	is(result(connect(other, (struct sockaddr *)&n, 12)), 0, "disconnect");
	close(other);
	other = open_netlink();
	prepare(GETLINK, REQUEST | DUMP, 1, 0);
	send_request(other);
	ok(own(other).portid != 0 && own(other).portid != (uint32_t)pid,
	   "the second has a number of its own");
	ok(first_answer(other)->portid == own(other).portid,
	   "which its answers have");
	close(fd);
	close(other);
}

static void test_errors(void)
{
	int fd = open_netlink();
	struct header *h;

	is(try(fd, 0, REQUEST, 1, 0), 2, "type 0 is not answered");
	is(try(fd, 0, REQUEST | ACK, 1, 0), 0, "unless that is wanted");
	is(try(fd, GETLINK, DUMP, 1, 0), 2, "no request");
	is(try(fd, NEWLINK, ACK, 16, 0), 0, "no request, acknowledged");
	is(try(fd, GETLINK, REQUEST | DUMP, 0, 0), 2, "no family");
	is(try(fd, GETLINK, REQUEST, 1, 0), -EINVAL, "a link: which");
	is(try(fd, GETADDR, REQUEST, 8, AF_INET), -EOPNOTSUPP, "an address");
	is(try(fd, GETROUTE, REQUEST, 1, AF_INET), -EINVAL, "a route: where");
	is(try(fd, 200, REQUEST | DUMP, 12, 0), -EOPNOTSUPP, "unknown");
	is(try(fd, NEWLINK, REQUEST, 16, 0), -EPERM, "RTM_NEWLINK");
	is(try(fd, SETLINK, REQUEST, 16, 0), -EPERM, "RTM_SETLINK");
	is(try(fd, NEWADDR, REQUEST, 8, AF_INET), -EPERM, "RTM_NEWADDR");
	is(try(fd, DELROUTE, REQUEST, 12, AF_INET), -EPERM, "RTM_DELROUTE");
	prepare(SETLINK, REQUEST | ACK, 16, 0);
	send_request(fd);
	is(next_answer(fd), 16 + 4 + 32, "an error quotes the request");
	h = (struct header *)answer;
	ok(h->len == 52 && h->type == NL_ERROR && h->seq == 4711 && !h->flags,
	   "with its number");
	ok(!memcmp(answer + 20, &ask, 32), "all of it");
	is(next_answer(fd), -EAGAIN, "and is the only answer");
	is(set_option(fd, NETLINK_LEVEL, CAP_ACK, 1), 0, "NETLINK_CAP_ACK");
	send_request(fd);
	is(next_answer(fd), 36, "then it quotes the header");
	is(h->flags, CAPPED, "and says so");
	prepare(0, REQUEST | ACK, 16, 0);
	send_request(fd);
	is(next_answer(fd), 36, "success quotes the header");
	is(h->flags, CAPPED, "and says so");
	close(fd);
}

/* Two requests in one message; the length of one is a lie. */
static void test_several(void)
{
	int fd = open_netlink();

	prepare(0, REQUEST | ACK, 0, 0);
	memcpy(ask.payload, &ask.h, sizeof(ask.h));
	((struct header *)ask.payload)->seq = 4712;
	is(result(send(fd, &ask, 32, 0)), 32, "two requests at once");
	is(first_answer(fd)->seq, 4711, "the first is answered");
	is(first_answer(fd)->seq, 4712, "the second is answered");
	ask.h.len = 33;
	is(result(send(fd, &ask, 32, 0)), 32, "a length beyond the end");
	is(next_answer(fd), -EAGAIN, "is not answered");
	ask.h.len = 15;
	is(result(send(fd, &ask, 32, 0)), 32, "a length within the header");
	is(next_answer(fd), -EAGAIN, "is not answered");
	close(fd);
}

static void test_receive(int fd)
{
	struct name n;
	struct iovec iov = { answer, 20 };
	struct msghdr m = { .msg_name = &n,
			    .msg_namelen = sizeof(n),
			    .msg_iov = &iov,
			    .msg_iovlen = 1 };
	_Alignas(8) char control[128];
	struct cmsghdr *c;
	long whole;

	memset(&n, 0xee, sizeof(n));
	prepare(GETLINK, REQUEST, 16, 0);
	((int *)ask.payload)[1] = 1;
	send_request(fd);
	whole = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
	ok(whole > 500, "MSG_PEEK|MSG_TRUNC: how long it is");
	is(result(recvmsg(fd, &m, MSG_PEEK)), 20, "MSG_PEEK: what fits");
	ok(m.msg_flags & MSG_TRUNC, "MSG_PEEK: is cut");
	is(m.msg_namelen, sizeof(n), "it has a sender");
	ok(n.family == AF_NETLINK && !n.zero && !n.portid && !n.groups,
	   "the kernel");
	set_option(fd, NETLINK_LEVEL, 3, 1); /* NETLINK_PKTINFO */
	set_option(fd, SOL_SOCKET, SO_PASSCRED, 1);
	m.msg_control = control;
	m.msg_controllen = sizeof(control);
	is(result(recvmsg(fd, &m, MSG_TRUNC)), whole, "MSG_TRUNC: its length");
	is(m.msg_controllen, CMSG_SPACE(12) + CMSG_SPACE(4),
	   "two control messages");
	c = CMSG_FIRSTHDR(&m);
	ok(c && c->cmsg_level == NETLINK_LEVEL && c->cmsg_type == 3 &&
		   !memcmp(CMSG_DATA(c), "\0\0\0\0", 4),
	   "NETLINK_PKTINFO: of no group");
	c = CMSG_NXTHDR(&m, c);
	ok(c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == 2 &&
		   !memcmp(CMSG_DATA(c), "\0\0\0\0\0\0\0\0\0\0\0\0\0", 12),
	   "SCM_CREDENTIALS: the kernel's");
	set_option(fd, SOL_SOCKET, SO_PASSCRED, 0);
	is(result(recvmsg(fd, &m, MSG_DONTWAIT)), -EAGAIN, "the rest is gone");
}

static void test_options(void)
{
	unsigned int groups[2] = { 0 };
	socklen_t len = sizeof(groups);
	int fd = open_netlink();

	for (int i = 3; i <= 5; i++) {
		is(get_option(fd, NETLINK_LEVEL, i), 0, "an option is off");
		is(set_option(fd, NETLINK_LEVEL, i, 5), 0, "is set");
		is(get_option(fd, NETLINK_LEVEL, i), 1, "is on");
	}
	for (int i = CAP_ACK; i <= STRICT_CHK; i++) {
		is(get_option(fd, NETLINK_LEVEL, i), 0, "an option is off");
		is(set_option(fd, NETLINK_LEVEL, i, 5), 0, "is set");
		is(get_option(fd, NETLINK_LEVEL, i), 1, "is on");
	}
	is(set_option(fd, NETLINK_LEVEL, 0, 1), -ENOPROTOOPT, "option 0");
	is(set_option(fd, NETLINK_LEVEL, 6, 1), -ENOPROTOOPT, "option 6");
	is(set_option(fd, NETLINK_LEVEL, 8, 1), -EPERM, "all namespaces");
	is(get_option(fd, NETLINK_LEVEL, 8), 0, "not all namespaces");
	is(get_option(fd, NETLINK_LEVEL, ADD_MEMBERSHIP), -ENOPROTOOPT,
	   "memberships have no value");
	is(set_option(fd, 6, 1, 1), -ENOPROTOOPT, "another level");
	is(get_option(fd, 6, 1), -ENOPROTOOPT, "get: another level");
	is(set_option(fd, NETLINK_LEVEL, ADD_MEMBERSHIP, 0), -EINVAL,
	   "group 0");
	is(set_option(fd, NETLINK_LEVEL, ADD_MEMBERSHIP, -1), -EINVAL,
	   "group -1");
	is(set_option(fd, NETLINK_LEVEL, ADD_MEMBERSHIP, 999), -EINVAL,
	   "group 999");
	is(set_option(fd, NETLINK_LEVEL, ADD_MEMBERSHIP, 1), 0, "group 1");
	is(set_option(fd, NETLINK_LEVEL, ADD_MEMBERSHIP, 5), 0, "group 5");
	is(own(fd).groups, 0x11, "groups 1 and 5");
	is(set_option(fd, NETLINK_LEVEL, DROP_MEMBERSHIP, 1), 0, "not 1");
	is(own(fd).groups, 0x10, "group 5");
	is(result(getsockopt(fd, NETLINK_LEVEL, LIST_MEMBERSHIPS, groups,
			     &len)),
	   0, "NETLINK_LIST_MEMBERSHIPS");
	ok(groups[0] == 0x10 && groups[1] == 0 && len >= 8, "the same");
	close(fd);
}

static void test_epoll(int fd)
{
	struct epoll_event e = { .events = EPOLLIN };
	int ep = epoll_create1(0);

	is(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), 0, "epoll: added");
	is(epoll_wait(ep, &e, 1, 0), 0, "epoll: nothing");
	prepare(GETLINK, REQUEST | DUMP, 1, 0);
	send_request(fd);
	is(epoll_wait(ep, &e, 1, 0), 1, "epoll: an answer");
	is(e.events, EPOLLIN, "epoll: IN");
	while (next_answer(fd) >= 0)
		;
	is(epoll_wait(ep, &e, 1, 0), 0, "epoll: read");
	close(ep);
}

/* Who does not read loses answers, and is told once. */
static void test_overrun(void)
{
	int fd = open_netlink(), lost = 0, there = 0;

	set_option(fd, SOL_SOCKET, SO_RCVBUF, 2304);
	prepare(GETLINK, REQUEST, 16, 0);
	((int *)ask.payload)[1] = 1;
	for (int i = 0; i < 20; i++)
		send_request(fd);
	ok(mask(fd) & POLLERR, "overrun: ERR");
	is(next_answer(fd), -ENOBUFS, "overrun: ENOBUFS");
	for (int i = 0; i < 20; i++) {
		if (next_answer(fd) < 0)
			lost++;
		else
			there++;
	}
	ok(there > 0 && lost > 0, "overrun: some are there, some are not");
	close(fd);
}

int main(void)
{
	int fd;

	deadline(30);
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 9;
	test_socket();
	test_names();
	test_errors();
	test_several();
	fd = open_netlink();
	test_receive(fd);
	test_epoll(fd);
	close(fd);
	test_options();
	test_overrun();
	return done_testing();
}
