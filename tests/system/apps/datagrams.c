/* SPDX-License-Identifier: MIT */
/*
 * A server of datagrams: port 7 sends back what it gets, from the address that
 * it was sent to; port 8 takes orders, one a datagram, and answers in words:
 *
 *	join GROUP, leave GROUP		on the interface with the way out
 *	probe ADDRESS PORT		sends there, says which error came back
 *	mtu ADDRESS			the MTU of the way there
 *	send ADDRESS PORT LENGTH	sends so many bytes
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOCAL_ADDRESS "10.99.0.2"

static char data[65536];

static struct sockaddr_in address(const char *addr, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_addr.s_addr = inet_addr(addr);
	a.sin_port = htons((unsigned short)port);
	return a;
}

static int server(int port)
{
	struct sockaddr_in a = address("0.0.0.0", port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, size = 400000;

	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)))
		exit(1);
	return fd;
}

/* The control message that says where it came says where to answer from. */
static void echo(int fd)
{
	char control[256];
	struct sockaddr_in from;
	struct iovec iov = { data, sizeof(data) };
	struct msghdr m = { .msg_name = &from,
			    .msg_namelen = sizeof(from),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct in_pktinfo *info;
	ssize_t n = recvmsg(fd, &m, 0);

	if (n < 0 || !CMSG_FIRSTHDR(&m))
		return;
	info = (struct in_pktinfo *)CMSG_DATA(CMSG_FIRSTHDR(&m));
	info->ipi_ifindex = 0;
	iov.iov_len = (size_t)n;
	if (sendmsg(fd, &m, 0) < 0)
		printf("echo: %s\n", strerror(errno));
}

static const char *membership(int fd, int option, const char *group)
{
	struct ip_mreq m;

	m.imr_multiaddr.s_addr = inet_addr(group);
	m.imr_interface.s_addr = inet_addr(LOCAL_ADDRESS);
	return setsockopt(fd, IPPROTO_IP, option, &m, sizeof(m)) ?
		       strerror(errno) :
		       "done";
}

static int connected(const char *addr, int port)
{
	struct sockaddr_in a = address(addr, port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		exit(1);
	return fd;
}

static const char *probe(const char *addr, int port)
{
	int fd = connected(addr, port), error = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	socklen_t len = sizeof(error);

	send(fd, "knock", 5, 0);
	poll(&p, 1, 5000);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	close(fd);
	return error ? strerror(error) : "no error";
}

static int mtu(const char *addr)
{
	int fd = connected(addr, 9), value = -1;
	socklen_t len = sizeof(value);

	getsockopt(fd, IPPROTO_IP, IP_MTU, &value, &len);
	close(fd);
	return value;
}

static const char *send_to(const char *addr, int port, size_t len)
{
	int fd = connected(addr, port);
	ssize_t n;

	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 7 + i / 256);
	n = send(fd, data, len, 0);
	close(fd);
	return n == (ssize_t)len ? "done" : strerror(errno);
}

static void order(int fd, int group_fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char text[256], verb[32] = "", word[64] = "", answer[128];
	int port = 0, size = 0;
	ssize_t n = recvfrom(fd, text, sizeof(text) - 1, 0,
			     (struct sockaddr *)&from, &len);

	if (n < 0)
		return;
	text[n] = '\0';
	sscanf(text, "%31s %63s %d %d", verb, word, &port, &size);
	if (!strcmp(verb, "join"))
		strcpy(answer, membership(group_fd, IP_ADD_MEMBERSHIP, word));
	else if (!strcmp(verb, "leave"))
		strcpy(answer, membership(group_fd, IP_DROP_MEMBERSHIP, word));
	else if (!strcmp(verb, "probe"))
		strcpy(answer, probe(word, port));
	else if (!strcmp(verb, "mtu"))
		sprintf(answer, "%d", mtu(word));
	else if (!strcmp(verb, "send"))
		strcpy(answer, send_to(word, port, (size_t)size));
	else
		strcpy(answer, "what?");
	sendto(fd, answer, strlen(answer), 0, (struct sockaddr *)&from, len);
}

int main(void)
{
	struct pollfd fds[2] = { { .fd = server(7), .events = POLLIN },
				 { .fd = server(8), .events = POLLIN } };

	printf("datagrams: listening\n");
	fflush(stdout);
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			return 1;
		if (fds[0].revents)
			echo(fds[0].fd);
		if (fds[1].revents)
			order(fds[1].fd, fds[0].fd);
		fflush(stdout);
	}
}
