/* SPDX-License-Identifier: MIT */
/*
 * For the conformance programs about TCP over 127.0.0.0/8. On Linux the
 * loopback is a network: data, ends and acknowledgements arrive a little
 * later when the machine is busy. So what shall come is waited for, and only
 * what must not come is looked for at once.
 */
#ifndef TESTS_CONFORM_TCP_H
#define TESTS_CONFORM_TCP_H

#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "events.h"
#include "sockets.h"

/* <linux/sockios.h>, which musl's compiler does not find. */
#define SIOC_INQ 0x541b
#define SIOC_OUTQ 0x5411
#define SIOC_ATMARK 0x8905
#define SIOC_OUTQNSD 0x894b

#define ANYWHERE 0x00000000u
#define HERE 0x7f000001u /* 127.0.0.1 */
#define THERE 0x7f000002u /* 127.0.0.2 */

static inline int new_tcp(void)
{
	return MUST(socket(AF_INET, SOCK_STREAM, 0));
}

static inline int new_tcp_nonblock(void)
{
	return MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
}

static inline struct sockaddr_in address(uint32_t ip, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_addr.s_addr = htonl(ip);
	a.sin_port = htons(port);
	return a;
}

static inline int bind_at(int fd, uint32_t ip, int port)
{
	struct sockaddr_in a = address(ip, port);

	return result(bind(fd, (struct sockaddr *)&a, sizeof(a)));
}

static inline int connect_at(int fd, uint32_t ip, int port)
{
	struct sockaddr_in a = address(ip, port);

	return result(connect(fd, (struct sockaddr *)&a, sizeof(a)));
}

/* connect(2) to AF_UNSPEC. */
static inline int dissolve(int fd)
{
	struct sockaddr_in a = { .sin_family = AF_UNSPEC };

	return result(connect(fd, (struct sockaddr *)&a, sizeof(a)));
}

static inline int listen_at(uint32_t ip, int backlog, int *port)
{
	int fd = new_tcp();

	if (bind_at(fd, ip, 0) || listen(fd, backlog)) {
		printf("Bail out! no listener\n");
		exit(1);
	}
	*port = port_of(fd);
	return fd;
}

static inline struct sockaddr_in name_of(int fd)
{
	struct sockaddr_in a = { 0 };
	socklen_t len = sizeof(a);

	getsockname(fd, (struct sockaddr *)&a, &len);
	return a;
}

static inline uint32_t ip_of(int fd)
{
	return ntohl(name_of(fd).sin_addr.s_addr);
}

/* 0, or -errno. */
static inline int peer_of(int fd, uint32_t *ip, int *port)
{
	struct sockaddr_in a = { 0 };
	socklen_t len = sizeof(a);
	int r = result(getpeername(fd, (struct sockaddr *)&a, &len));

	*ip = ntohl(a.sin_addr.s_addr);
	*port = ntohs(a.sin_port);
	return r;
}

/*
 * A port at which there is nothing at any address, below those that Linux
 * chooses: no other process comes there meanwhile.
 */
static inline int free_port(void)
{
	static int next;
	int port, fd, err;

	if (!next)
		next = 10000 + getpid() * 53 % 15000;
	do {
		port = next++;
		fd = new_tcp();
		err = bind_at(fd, ANYWHERE, port);
		close(fd);
	} while (err);
	return port;
}

/* A port that nobody listens on: bound, so that nobody else gets it. */
static inline int closed_port(int *port)
{
	int fd = new_tcp();

	MUST(bind_at(fd, HERE, 0));
	*port = port_of(fd);
	return fd;
}

/* Joined; neither end blocks. */
static inline void joined(int fds[2])
{
	pair(fds);
	nonblock(fds[0]);
	nonblock(fds[1]);
}

static inline void close_both(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static inline int ioctl_value(int fd, unsigned int cmd)
{
	int value = -1;

	if (ioctl(fd, cmd, &value))
		return -errno;
	return value;
}

/* n bytes can be read. */
static inline bool has_arrived(int fd, int n)
{
	return COMES_TRUE(ioctl_value(fd, SIOC_INQ) >= n);
}

/* Everything that was sent is at the other end. */
static inline bool is_acked(int fd)
{
	return COMES_TRUE(ioctl_value(fd, SIOC_OUTQ) == 0);
}

/* A message of bytes goes from one to the other. */
static inline void pass(int from, int to, const char *bytes)
{
	int had = ioctl_value(to, SIOC_INQ);

	put(from, bytes);
	has_arrived(to, had + (int)strlen(bytes));
}

static inline int tcp_state(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return -errno;
	return info.tcpi_state;
}

static inline const char *state_name(int state)
{
	static const char *const names[] = {
		"0",	      "ESTABLISHED", "SYN_SENT",  "SYN_RECV",
		"FIN_WAIT1",  "FIN_WAIT2",   "TIME_WAIT", "CLOSE",
		"CLOSE_WAIT", "LAST_ACK",    "LISTEN",	  "CLOSING",
	};

	return state >= 0 && state < 12 ? names[state] : "an error";
}

/* The socket comes to this state. */
static inline void comes_to(int fd, int state, const char *name)
{
	COMES_TRUE(tcp_state(fd) == state);
	is_str(state_name(tcp_state(fd)), state_name(state), name);
}

static inline const char *mask_text(int mask_bits)
{
	static char text[128];

	if (!mask_bits)
		return "nothing";
	events_mask(text, mask_bits);
	return text;
}

/* poll(2) comes to show exactly this: "IN|OUT", "nothing". */
static inline void shows(int fd, const char *want, const char *name)
{
	COMES_TRUE(!strcmp(mask_text(mask(fd)), want));
	is_str(mask_text(mask(fd)), want, name);
}

/* SO_LINGER of no time: close(2) resets. */
static inline void reset_on_close(int fd)
{
	struct linger l = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

static inline void reset(int fd)
{
	reset_on_close(fd);
	close(fd);
}

/* What one recv(2) gives, as text: its bytes, "end" or the error's name. */
static inline const char *received(int fd, int flags)
{
	static char text[256];
	long n = recv(fd, text, sizeof(text) - 1, flags);

	if (n < 0)
		return strerror(errno);
	text[n] = '\0';
	return n ? text : "end";
}

#endif
