/* SPDX-License-Identifier: MIT */
/* Many who hear of one thing, and much for who is not there. */
#include "latency.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static struct sockaddr_in address(uint32_t ip, int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(ip),
	};
}

/* TCP: a peer that has closed, and one that does not read. */
void peers(void)
{
	struct sockaddr_in a = address(INADDR_LOOPBACK, 81);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, peer;
	size_t len = 256 * MIB;
	char *p = map(len, 0);

	need(!bind(listener, (void *)&a, sizeof(a)) && !listen(listener, 9),
	     "listen");
	for (int i = 0; i < 2; i++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		need(!connect(fd, (void *)&a, sizeof(a)), "connect");
		peer = accept(listener, NULL, NULL);
		if (i)
			close(peer);
		MEASURE(i ? "tcp/nobody" : "tcp/fill",
			send(fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL));
		if (!i) {
			MEASURE("tcp/peek", recv(peer, p, len, MSG_PEEK));
			MEASURE("tcp/close", close(peer));
		}
		close(fd);
	}
	close(listener);
	munmap(p, len);
}

#define MEMBERS 6000

/* UDP: a group that many are in. */
void members(void)
{
	uint32_t group = 0xef010203; /* 239.1.2.3 */
	struct sockaddr_in a = address(INADDR_ANY, 5000), to;
	struct ip_mreqn join = { .imr_multiaddr.s_addr = htonl(group),
				 .imr_address.s_addr = htonl(INADDR_LOOPBACK) };
	static int fds[MEMBERS];
	static char text[64 * KIB];
	int one = 1, i, fd;
	ssize_t got;

	for (i = 0; i < MEMBERS; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		need(fds[i] >= 0, "socket");
		setsockopt(fds[i], SOL_SOCKET, SO_REUSEADDR, &one, 4);
		need(!bind(fds[i], (void *)&a, sizeof(a)), "bind");
		need(!setsockopt(fds[i], IPPROTO_IP, IP_ADD_MEMBERSHIP, &join,
				 sizeof(join)),
		     "join");
	}
	setsockopt(fds[0], IPPROTO_IP, IP_MULTICAST_IF, &join, sizeof(join));
	to = address(group, 5000);
	MEASURE("udp/group",
		sendto(fds[0], "x", 1, 0, (void *)&to, sizeof(to)));
	MEASURE("udp/last", recv(fds[0], text, 1, MSG_DONTWAIT));
	MEASURE("udp/first", recv(fds[MEMBERS - 1], text, 1, MSG_DONTWAIT));
	to = address(INADDR_LOOPBACK, 5000);
	MEASURE("udp/one", sendto(fds[0], "x", 1, 0, (void *)&to, sizeof(to)));
	fd = open("/proc/net/udp", O_RDONLY);
	begin();
	while ((got = read(fd, text, sizeof(text))) > 0)
		;
	end("read/proc/net/udp", got);
	close(fd);
	for (i = 0; i < MEMBERS; i++)
		close(fds[i]);
}

/* Raw sockets, each of which hears of each ping. */
#define PINGERS 4000

void pingers(void)
{
	struct sockaddr_in to = address(INADDR_LOOPBACK, 0);
	static int fds[PINGERS];
	unsigned char echo[8] = { 8, 0, 0xf7, 0xff };
	int i;

	for (i = 0; i < PINGERS; i++) {
		fds[i] = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
		need(fds[i] >= 0, "raw");
	}
	MEASURE("raw/echo",
		sendto(fds[0], echo, 8, 0, (void *)&to, sizeof(to)));
	for (i = 0; i < PINGERS; i++)
		close(fds[i]);
}

#define NESTED 40000

/* epoll: a set of many becomes part of another. */
void nested(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	int inner = epoll_create1(0), outer = epoll_create1(0), i, n;
	int event = eventfd(0, 0), *fds = malloc(NESTED * sizeof(int));

	for (n = 0; n < NESTED; n++) {
		fds[n] = eventfd(n % 2, EFD_NONBLOCK);
		if (fds[n] < 0 || epoll_ctl(inner, EPOLL_CTL_ADD, fds[n], &e))
			break;
	}
	MEASURE("nested/add", epoll_ctl(outer, EPOLL_CTL_ADD, inner, &e));
	MEASURE("nested/below", epoll_ctl(inner, EPOLL_CTL_ADD, event, &e));
	for (i = 0; i < n; i++) {
		eventfd_t v;
		eventfd_read(fds[i], &v);
	}
	MEASURE("nested/stale", epoll_wait(outer, &e, 1, 0));
	for (i = 0; i < n; i++)
		close(fds[i]);
	close(inner);
	close(outer);
	close(event);
	free(fds);
}
