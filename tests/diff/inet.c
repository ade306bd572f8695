/* SPDX-License-Identifier: MIT */
/*
 * Operations on TCP and UDP over 127.0.0.1: made, bound, connected, accepted,
 * used and shut in any order. Ports are chosen by the kernel and written down
 * as "p0", "p1", ... in the order in which the program first sees them.
 *
 * On Linux the loopback is a network with queues and timers. What would make
 * two runs differ is kept out:
 *  - after each operation settle() waits until every packet has arrived;
 *  - nothing is held back (TCP_NODELAY), little is sent, and so no buffer is
 *    ever full: how much one holds Linux decides anew each time;
 *  - no accept queue is ever full, or a SYN would come again seconds later;
 *  - each seed has a network of its own, with every port free.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define HERE 0x7f000001u
#define THERE 0x7f000002u
#define BACKLOG 1000
#define ATMARK 0x8905 /* SIOCATMARK */

/* ---- Settling ------------------------------------------------------------ */

#define ROUNDS 6 /* SYN, SYN|ACK, ACK; data, ACK, reset */
#define FIN_PATIENCE 400 /* milliseconds; a delayed ACK takes 40 */

static struct sockaddr_in address(uint32_t ip, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_addr.s_addr = htonl(ip);
	a.sin_port = htons(port);
	return a;
}

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

/* On one CPU all packets wait in one queue. */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/*
 * A network of its own for each seed: what other programs and earlier seeds
 * left in TIME_WAIT holds ports that this one may ask for. Only Linux has that,
 * and lets only root have it.
 */
static void leave_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET))
		return;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &lo))
		fail("lo");
	close(fd);
}

void prepare_inet(void)
{
	struct sockaddr_in a = address(HERE, 0);
	socklen_t len = sizeof(a);
	int fd;

	stay_here();
	leave_network();
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(fd, (struct sockaddr *)&a, len) ||
	    getsockname(fd, (struct sockaddr *)&a, &len) ||
	    connect(fd, (struct sockaddr *)&a, len) || dup2(fd, MARKER_FD) < 0)
		fail("marker");
	close(fd);
}

/* What was sent before a marker has arrived when the marker has. */
static void pass_marker(void)
{
	struct pollfd p = { .fd = MARKER_FD, .events = POLLIN };
	char c = 0;

	if (send(MARKER_FD, &c, 1, 0) != 1 || poll(&p, 1, 10000) != 1 ||
	    recv(MARKER_FD, &c, 1, 0) != 1)
		fail("marker");
}

/* A FIN that is not acknowledged yet; asks the other ends to do it now. */
static bool waits_for_ack(void)
{
	bool waits = false;
	int on = 1;

	for (int fd = FD_FIRST; fd < FD_MAX; fd++) {
		struct tcp_info info = { 0 };
		socklen_t len = 8;

		if (kind_of[fd] != TCP)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
		getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
		waits |= info.tcpi_state == TCP_FIN_WAIT1 ||
			 info.tcpi_state == TCP_CLOSING ||
			 info.tcpi_state == TCP_LAST_ACK;
	}
	return waits;
}

static bool has_inet(void)
{
	for (int fd = FD_FIRST; fd < FD_MAX; fd++) {
		if (kind_of[fd] == TCP || kind_of[fd] == UDP)
			return true;
	}
	return false;
}

/*
 * Ends all connections by a reset. TIME_WAIT would hold their ports for a
 * minute, and seeds to come could meet them by chance.
 */
void reset_inet(void)
{
	struct linger linger = { 1, 0 };

	for (int fd = FD_FIRST; fd < FD_MAX; fd++) {
		if (kind_of[fd] == TCP)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
				   sizeof(linger));
	}
}

void settle(void)
{
	if (!has_inet())
		return;
	for (int i = 0; i < ROUNDS; i++)
		pass_marker();
	for (int ms = 0; waits_for_ack() && ms < FIN_PATIENCE; ms++)
		usleep(1000);
	pass_marker();
}

/* ---- Names --------------------------------------------------------------- */

#define PORTS_MAX 512

static int ports[PORTS_MAX], port_count;
static size_t budget;

void forget_ports(void)
{
	port_count = 0;
	budget = 30000;
}

static int index_of(int port)
{
	int i = 0;

	while (i < port_count && ports[i] != port)
		i++;
	if (i == port_count && port_count < PORTS_MAX)
		ports[port_count++] = port;
	return i;
}

static void say_name(const struct sockaddr_in *a, socklen_t len)
{
	if (len < sizeof(*a)) {
		say(" no name");
		return;
	}
	say(" %s", inet_ntoa(a->sin_addr));
	if (a->sin_port)
		say(":p%d", index_of(ntohs(a->sin_port)));
}

static int pick_tcp(void)
{
	return chance(97) ? pick_fd(TCP) : pick_any();
}

static int pick_udp(void)
{
	return chance(97) ? pick_fd(UDP) : pick_any();
}

static int pick_inet(void)
{
	return chance(70) ? pick_tcp() : pick_udp();
}

/* Where a socket is: the port that the kernel gave it, maybe none. */
static int port_of(int fd)
{
	struct sockaddr_in a = { 0 };
	socklen_t len = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &len))
		return 0;
	return ntohs(a.sin_port);
}

/* The name of one of our sockets, as somebody else may call it. */
static struct sockaddr_in pick_name(bool tcp)
{
	static const uint32_t ips[] = { HERE, HERE, HERE, HERE, 0, THERE };
	struct sockaddr_in a = address(PICK(ips),
				       port_of(tcp ? pick_tcp() : pick_udp()));

	if (chance(3))
		a.sin_port = htons(1);
	say_name(&a, sizeof(a));
	say(")");
	return a;
}

/* ---- Making and joining -------------------------------------------------- */

static int new_socket(int type)
{
	int fd = socket(AF_INET, type, 0), on = 1;

	if (fd >= 0 && (type & 15) == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void op_tcp(void)
{
	int type = SOCK_STREAM | (chance(50) ? SOCK_NONBLOCK : 0);

	say("tcp(%#x)", type);
	say_opened(new_socket(type), TCP);
}

static void op_udp(void)
{
	int type = SOCK_DGRAM | (chance(50) ? SOCK_NONBLOCK : 0);

	say("udp(%#x)", type);
	say_opened(new_socket(type), UDP);
}

/* A listener, and one that is connected to it. */
static void op_served(void)
{
	struct sockaddr_in a = address(HERE, 0);
	int l, c;

	say("served");
	l = say_opened(new_socket(SOCK_STREAM), TCP);
	c = say_opened(new_socket(SOCK_STREAM), TCP);
	if (l < 0 || c < 0)
		return;
	bind(l, (struct sockaddr *)&a, sizeof(a));
	listen(l, BACKLOG);
	a = address(HERE, port_of(l));
	say_result(connect(c, (struct sockaddr *)&a, sizeof(a)));
}

static void op_udp_pair(void)
{
	int fds[2];

	say("udp pair");
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in a = address(HERE, 0);

		fds[i] = say_opened(new_socket(SOCK_DGRAM), UDP);
		bind(fds[i], (struct sockaddr *)&a, sizeof(a));
	}
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in a = address(HERE, port_of(fds[!i]));

		if (fds[i] >= 0)
			say_result(connect(fds[i], (struct sockaddr *)&a,
					   sizeof(a)));
	}
}

static void op_bind(void)
{
	static const uint32_t ips[] = { HERE, HERE, HERE, 0, 0x01020304 };
	bool tcp = chance(70);
	int fd = tcp ? pick_fd(TCP) : pick_fd(UDP);
	int port = chance(60) ? 0 : port_of(tcp ? pick_fd(TCP) : pick_fd(UDP));
	struct sockaddr_in a = address(PICK(ips), port);

	say("bind(%d,", fd);
	say_name(&a, sizeof(a));
	say(")");
	say_result(bind(fd, (struct sockaddr *)&a, sizeof(a)));
}

static void op_listen(void)
{
	int fd = pick_tcp();

	say("listen(%d)", fd);
	say_result(listen(fd, BACKLOG));
}

/* A call that shall not block: O_NONBLOCK for its time. */
static int guard(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && !(flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	return flags;
}

static void unguard(int fd, int flags)
{
	if (flags >= 0 && !(flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, flags);
}

static void op_connect(void)
{
	bool tcp = chance(75);
	int fd = tcp ? pick_tcp() : pick_udp(), flags;
	struct sockaddr_in a;

	say("connect(%d,", fd);
	a = pick_name(tcp);
	if (chance(5)) {
		say(" nowhere");
		a.sin_family = AF_UNSPEC;
	}
	flags = guard(fd);
	say_result(connect(fd, (struct sockaddr *)&a, sizeof(a)));
	unguard(fd, flags);
}

static void op_accept(void)
{
	int fd = pick_tcp(), flags = guard(fd), result;
	struct sockaddr_in a = { 0 };
	socklen_t len = sizeof(a);

	say("accept(%d)", fd);
	result = accept4(fd, (struct sockaddr *)&a, &len, SOCK_NONBLOCK);
	say_opened(result, TCP);
	if (result >= 0)
		say_name(&a, len);
	unguard(fd, flags);
}

/* ---- Moving bytes -------------------------------------------------------- */

size_t inet_room(int fd, size_t size)
{
	if (fd < 0 || fd >= FD_MAX ||
	    (kind_of[fd] != TCP && kind_of[fd] != UDP))
		return size;
	if (size > 1500)
		size = 1500;
	if (size > budget)
		size = budget ? 1 : 0;
	budget -= size;
	return size;
}

static size_t pick_size(void)
{
	static const size_t sizes[] = { 0, 1, 1, 2, 3, 10, 100, 1000, 1460 };

	return PICK(sizes);
}

static void op_send(void)
{
	int fd = pick_inet(), flags = chance(6) ? MSG_OOB :
				      chance(3) ? MSG_EOR :
						  0;
	size_t size = inet_room(fd, pick_size());

	say("send(%d, %zu, %#x)", fd, size, flags);
	say_result(send(fd, pattern + rnd(1000), size,
			flags | MSG_DONTWAIT | MSG_NOSIGNAL));
}

static void op_sendto(void)
{
	int fd = chance(90) ? pick_udp() : pick_tcp();
	size_t size = inet_room(fd, pick_size());
	struct sockaddr_in a;

	say("sendto(%d, %zu,", fd, size);
	a = pick_name(false);
	say_result(sendto(fd, pattern + rnd(1000), size,
			  MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&a,
			  sizeof(a)));
}

static const int recv_flags[] = { 0,	    0,		 0,	      0,
				  0,	    MSG_PEEK,	 MSG_TRUNC,   MSG_OOB,
				  MSG_PEEK, MSG_WAITALL, MSG_ERRQUEUE };

static void say_received(long n, size_t size, int flags)
{
	say_result(n);
	if (n > 0 && !(flags & MSG_TRUNC))
		say(" %08x", checksum(buffer, n < (long)size ? n : (long)size));
}

static void op_recv(void)
{
	int fd = pick_inet(), flags = PICK(recv_flags);
	size_t size = chance(30) ? 5000 : pick_size();

	say("recv(%d, %zu, %#x)", fd, size, flags);
	say_received(recv(fd, buffer, size, flags | MSG_DONTWAIT), size, flags);
}

static void op_recvmsg(void)
{
	int fd = pick_inet(), flags = PICK(recv_flags);
	struct iovec vec[2] = { { buffer, rnd(20) }, { buffer + 20, 2000 } };
	struct sockaddr_in a = { 0 };
	struct msghdr msg = {
		.msg_name = &a,
		.msg_namelen = sizeof(a),
		.msg_iov = vec,
		.msg_iovlen = 1 + rnd(2),
	};
	long n;

	say("recvmsg(%d, %zu, %#x)", fd, vec[0].iov_len, flags);
	n = say_result(recvmsg(fd, &msg, flags | MSG_DONTWAIT));
	if (n < 0)
		return;
	say(" %#x", msg.msg_flags);
	say_name(&a, msg.msg_namelen);
}

/* ---- States and options -------------------------------------------------- */

static void op_shutdown(void)
{
	static const int hows[] = { SHUT_RD, SHUT_WR, SHUT_WR, SHUT_RDWR, 7 };
	int fd = pick_inet(), how = PICK(hows);

	say("shutdown(%d, %d)", fd, how);
	say_result(shutdown(fd, how));
}

static void op_name(void)
{
	int fd = pick_inet();
	bool peer = rnd(2);
	struct sockaddr_in a = { 0 };
	socklen_t len = sizeof(a);
	int result;

	say("get%sname(%d)", peer ? "peer" : "sock", fd);
	result = peer ? getpeername(fd, (struct sockaddr *)&a, &len) :
			getsockname(fd, (struct sockaddr *)&a, &len);
	if (!say_result(result))
		say_name(&a, len);
}

static void op_state(void)
{
	int fd = pick_tcp();
	struct tcp_info info = { 0 };
	socklen_t len = 8;

	say("state(%d)", fd);
	if (!say_result(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len)))
		say(" %d", info.tcpi_state);
}

/* With a few values each. SO_REUSEPORT would let chance choose a listener. */
static const struct {
	int level, name, values[3];
} options[] = {
	{ SOL_SOCKET, SO_REUSEADDR, { 0, 1, 1 } },
	{ SOL_SOCKET, SO_KEEPALIVE, { 0, 1, 7 } },
	{ SOL_SOCKET, SO_OOBINLINE, { 0, 1, 1 } },
	{ SOL_SOCKET, SO_RCVLOWAT, { 0, 1, 20 } },
	{ SOL_SOCKET, SO_BROADCAST, { 0, 1, 2 } },
	{ SOL_SOCKET, SO_TYPE, { 0, 1, 2 } },
	{ SOL_SOCKET, SO_ERROR, { 0, 1, 2 } },
	{ SOL_SOCKET, SO_ERROR, { 0, 1, 2 } },
	{ SOL_SOCKET, SO_ACCEPTCONN, { 0, 1, 2 } },
	{ SOL_SOCKET, SO_PROTOCOL, { 0, 1, 2 } },
	{ IPPROTO_TCP, TCP_NODELAY, { 1, 1, 2 } },
	{ IPPROTO_TCP, TCP_KEEPIDLE, { 0, 1, 100 } },
	{ IPPROTO_TCP, TCP_KEEPCNT, { 0, 9, 1000 } },
	{ IPPROTO_TCP, TCP_SYNCNT, { 0, 5, 7 } },
	{ IPPROTO_IP, IP_TTL, { 0, 64, 300 } },
	{ IPPROTO_IP, IP_TOS, { 0, 8, 255 } },
	{ 4711, 1, { 0, 1, 2 } },
};

static void op_setsockopt(void)
{
	int fd = pick_inet(), i = rnd(ARRAY_SIZE(options));
	int value = PICK(options[i].values);
	struct linger linger = { rnd(2), 0 };

	if (chance(20)) {
		say("linger(%d, %d)", fd, linger.l_onoff);
		say_result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger,
				      sizeof(linger)));
		return;
	}
	say("setsockopt(%d, %d, %d, %d)", fd, options[i].level, options[i].name,
	    value);
	say_result(setsockopt(fd, options[i].level, options[i].name, &value,
			      chance(95) ? sizeof(value) : 3));
}

static void op_getsockopt(void)
{
	int fd = pick_inet(), i = rnd(ARRAY_SIZE(options)), value = 0;
	socklen_t len = sizeof(value);

	say("getsockopt(%d, %d, %d)", fd, options[i].level, options[i].name);
	if (!say_result(getsockopt(fd, options[i].level, options[i].name,
				   &value, &len)))
		say(" %d", value);
}

static void op_mark(void)
{
	int fd = pick_inet(), value = -1;

	say("atmark(%d)", fd);
	if (!say_result(ioctl(fd, ATMARK, &value)))
		say(" %d", value);
}

static void op_close(void)
{
	int fd = pick_inet();

	say("close(%d)", fd);
	if (!say_result(close(fd)) && fd < FD_MAX)
		kind_of[fd] = NONE;
}

/* The first four make sockets: main.c. */
const struct operation inet_operations[] = {
	{ op_served, 24 },     { op_udp_pair, 10 },   { op_tcp, 12 },
	{ op_udp, 6 },	       { op_bind, 16 },	      { op_listen, 14 },
	{ op_connect, 40 },    { op_accept, 40 },     { op_send, 90 },
	{ op_sendto, 24 },     { op_recv, 90 },	      { op_recvmsg, 30 },
	{ op_shutdown, 24 },   { op_name, 12 },	      { op_state, 12 },
	{ op_setsockopt, 24 }, { op_getsockopt, 20 }, { op_mark, 4 },
	{ op_close, 24 },      { NULL, 0 },
};
