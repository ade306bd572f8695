/* SPDX-License-Identifier: MIT */
/* Sockets, and descriptors in their messages. */
#include "latency.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

void unix_sockets(void)
{
	size_t len = 4 * MIB;
	char *p = map(len, MAP_POPULATE);
	int s[2], big = 4 * MIB, i, n;
	struct mmsghdr list[1024];
	struct iovec iov = { p, 1 };

	memset(list, 0, sizeof(list));
	for (i = 0; i < 1024; i++) {
		list[i].msg_hdr.msg_iov = &iov;
		list[i].msg_hdr.msg_iovlen = 1;
	}
	need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), "pair");
	setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	MEASURE("unix/send", send(s[0], p, len, 0));
	MEASURE("unix/peek", recv(s[1], p, len, MSG_PEEK));
	MEASURE("unix/trunc", recv(s[1], p, len, MSG_TRUNC));
	for (n = 0; send(s[0], p, 1, 0) == 1;)
		n++;
	MEASURE("unix/peek_bytes", recv(s[1], p, len, MSG_PEEK));
	MEASURE("unix/recv_bytes", recv(s[1], p, len, 0));
	while (send(s[0], p, 1, 0) == 1)
		;
	MEASURE("unix/close_bytes", close(s[1]));
	close(s[0]);
	need(!socketpair(AF_UNIX, SOCK_DGRAM, 0, s), "pair");
	setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	MEASURE("unix/sendmmsg", sendmmsg(s[0], list, 1024, MSG_DONTWAIT));
	MEASURE("unix/recvmmsg",
		recvmmsg(s[1], list, 1024, MSG_DONTWAIT, NULL));
	close(s[0]);
	close(s[1]);
	munmap(p, len);
}

/* Sends descriptors; musl lets 1 KiB of control messages pass. */
static int send_fds(int to, const int *fds, int n)
{
	union {
		char buf[CMSG_SPACE(250 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg = &control.align;

	memset(&control, 0, sizeof(control));
	msg.msg_control = &control;
	msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
	return sendmsg(to, &msg, MSG_DONTWAIT);
}

void in_flight(void)
{
	int last[2], next[2], fds[250], s[2], i, n;

	need(!socketpair(AF_UNIX, SOCK_DGRAM, 0, s), "pair");
	for (i = 0; i < 250; i++)
		fds[i] = dup(s[i % 2]);
	MEASURE("scm/send", send_fds(s[0], fds, 250));
	for (i = 0; i < 250; i++)
		close(fds[i]);
	/* A chain: each pair is in flight in the next. */
	need(!socketpair(AF_UNIX, SOCK_STREAM, 0, last), "pair");
	for (n = 0; n < 7000; n++) {
		need(!socketpair(AF_UNIX, SOCK_STREAM, 0, next), "pair");
		if (send_fds(next[0], last, 2) < 0)
			break;
		close(last[0]);
		close(last[1]);
		memcpy(last, next, sizeof(last));
	}
	MEASURE("scm/cycle", send_fds(s[1], s, 2));
	close(s[0]);
	MEASURE("scm/collect", close(s[1]));
	close(last[0]);
	MEASURE("scm/chain", close(last[1]));
	/* Cycles by the thousand. */
	for (n = 0; n < 7000; n++) {
		need(!socketpair(AF_UNIX, SOCK_DGRAM, 0, s), "pair");
		if (send_fds(s[0], s, 2) < 0)
			break;
		if (n % 2) /* or the collector has them one by one */
			send_fds(s[0], s, 2);
		close(s[0]);
		close(s[1]);
	}
	need(!socketpair(AF_UNIX, SOCK_DGRAM, 0, s), "pair");
	MEASURE("scm/cycles", close(s[0]) | close(s[1]));
}

static struct sockaddr_in local(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

#define CONNECTIONS 6000
#define ROUND 500

void connections(void)
{
	struct sockaddr_in a = local(80);
	static char text[256 * KIB];
	int listener = socket(AF_INET, SOCK_STREAM, 0), i, fd, n = 0;
	static int fds[2 * CONNECTIONS];
	ssize_t got;

	need(!bind(listener, (void *)&a, sizeof(a)) && !listen(listener, 4096),
	     "listen");
	for (i = 0; i < CONNECTIONS; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		need(fd >= 0 && !connect(fd, (void *)&a, sizeof(a)), "connect");
		fds[n++] = fd;
		if (i < CONNECTIONS - ROUND)
			fds[n++] = accept(listener, NULL, NULL);
	}
	for (i = 0; i < 3; i++) {
		static const char *const names[] = { "/proc/net/tcp",
						     "/proc/net/unix",
						     "/proc/self/maps" };
		char label[40];

		sprintf(label, "read%s", names[i]);
		fd = open(names[i], O_RDONLY);
		begin();
		while ((got = read(fd, text, sizeof(text))) > 0)
			;
		end(label, got);
		close(fd);
	}
	MEASURE("tcp/close_listener", close(listener));
	for (i = 0; i < n; i++)
		close(fds[i]);
}

/* All ephemeral ports taken: bind() and connect() look at each. */
void ports(void)
{
	static int fds[30000];
	struct sockaddr_in a = local(0), to = local(9);
	int n, fd;

	for (n = 0; n < 30000; n++) {
		fds[n] = socket(AF_INET, SOCK_DGRAM, 0);
		need(fds[n] >= 0, "socket");
		if (bind(fds[n], (void *)&a, sizeof(a))) {
			close(fds[n]);
			break;
		}
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	MEASURE("ports/bind", bind(fd, (void *)&a, sizeof(a)));
	MEASURE("ports/connect", connect(fd, (void *)&to, sizeof(to)));
	close(fd);
	while (n)
		close(fds[--n]);
}
