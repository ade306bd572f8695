/* SPDX-License-Identifier: MIT */
/*
 * What the calls are made upon: descriptors of every kind, the addresses by
 * which sockets find each other, and descriptors in messages.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"

#define NR_NODES 4
#define NR_PORTS 8

/* Network byte order: eth0's, or 127.0.0.1; and whom PEER names. */
static uint32_t own_address, peer_address;

void find_own_address(void)
{
	struct ifreq req = { .ifr_name = "eth0" };
	struct sockaddr_in sin = { .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const char *peer = getenv("PEER");
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	if (!ioctl(s, SIOCGIFADDR, &req))
		memcpy(&sin, &req.ifr_addr, sizeof(sin));
	close(s);
	own_address = sin.sin_addr.s_addr;
	peer_address = peer ? inet_addr(peer) : htonl(INADDR_LOOPBACK);
}

unsigned int unix_type(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

	return types[below(3)] | (below(2) ? SOCK_NONBLOCK : 0);
}

void help_unix_address(long *a, int at)
{
	struct sockaddr_un *sun = (void *)(me->arena + 64);
	unsigned int n = below(2 * NR_NODES);

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (n < NR_NODES)
		snprintf(sun->sun_path, 20, "/tmp/fuzz%u", n);
	else
		sun->sun_path[1] = 'a' + n;
	a[at] = (long)sun;
	a[at + 1] = n < NR_NODES ? (long)sizeof(*sun) : 4;
}

void help_inet_address(long *a, int at)
{
	const uint32_t addresses[] = { htonl(INADDR_LOOPBACK), own_address,
				       peer_address, 0 };
	struct sockaddr_in *sin = (void *)(me->arena + 64);

	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_port = htons(5000 + below(NR_PORTS));
	sin->sin_addr.s_addr = addresses[below(4)];
	a[at] = (long)sin;
	a[at + 1] = sizeof(*sin);
}

/* Descriptors of whatever is open but the console; sockets in flight, too. */
void help_control(void *msghdr)
{
	struct msghdr *msg = msghdr;
	struct cmsghdr *c = (void *)(me->arena + 640);
	unsigned int n = below(5);
	int *fds = (int *)(c + 1);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = 1 + below(2);
	c->cmsg_len = CMSG_LEN(c->cmsg_type == 1 ? n * sizeof(int) : 12);
	for (unsigned int i = 0; i < n; i++)
		fds[i] = 3 + (int)below(40);
	msg->msg_control = c;
	msg->msg_controllen = below(4) ? CMSG_SPACE(n * sizeof(int)) :
					 below(80);
}

/* Nodes stay, and so do sockets in flight until the next one is closed. */
void unix_forget(void)
{
	char path[20];

	for (int i = 0; i < NR_NODES; i++) {
		snprintf(path, sizeof(path), "/tmp/fuzz%d", i);
		unlink(path);
	}
	close(socket(AF_UNIX, SOCK_STREAM, 0));
}

static void unix_pairs(void)
{
	int s[2] = { -1, -1 };

	for (int i = 0; i < 2; i++)
		if (sys(SYS_socketpair, AF_UNIX, unix_type(), 0, (long)s))
			return;
}

/*
 * A connection; any of the three may be closed, or be something else, by what
 * another thread does.
 */
static void connect_pair(uint32_t address)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr = { address } };
	socklen_t len = sizeof(sin);
	long l = sys(SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	long c = sys(SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	sys(SYS_bind, l, (long)&sin, sizeof(sin));
	sys(SYS_listen, l, 4);
	sys(SYS_getsockname, l, (long)&sin, (long)&len);
	sys(SYS_connect, c, (long)&sin, sizeof(sin));
	sys(SYS_accept4, l, 0, 0, below(2) ? SOCK_NONBLOCK : 0);
	if (below(2))
		return;
	sys(SYS_fcntl, l, F_SETFL, 0);
	sys(SYS_fcntl, c, F_SETFL, 0);
}

static void listener(void)
{
	bool is_unix = below(2);
	long a[7] = { SYS_bind };

	a[1] = is_unix ? sys(SYS_socket, AF_UNIX, unix_type(), 0) :
			 sys(SYS_socket, AF_INET, SOCK_STREAM, 0);
	if (is_unix)
		help_unix_address(a, 2);
	else
		help_inet_address(a, 2);
	call(a);
	sys(SYS_listen, a[1], below(5));
}

static void datagram_socket(void)
{
	long a[7] = { SYS_bind };

	a[1] = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);
	help_inet_address(a, 2);
	call(a);
	if (below(2))
		return;
	a[0] = SYS_connect;
	help_inet_address(a, 2);
	call(a);
}

static void signal_descriptor(void)
{
	static const uint64_t usr1 = 1UL << (SIGUSR1 - 1);

	sys(SYS_signalfd4, -1, (long)&usr1, 8, below(2) ? SFD_NONBLOCK : 0);
}

static void open_file(void)
{
	static const char *const files[] = {
		"/proc/self/maps", "/dev/null",
		"/dev/zero",	   "/",
		"/proc",	   "/dev/urandom",
		"/dev/full",	   "/dev/console",
		"/proc/slabinfo",  "/dev/random",
		"/proc/self",	   "/dev/tty",
		"/proc/net/tcp",   "/proc/net/unix"
	};

	sys(SYS_open, (long)files[below(sizeof(files) / sizeof(*files))],
	    O_RDONLY | (below(2) ? O_NONBLOCK : 0));
}

/* Some of every kind, on whatever numbers they get. */
void open_some(void)
{
	long ep;
	int pipes[2];

	connect_pair(htonl(INADDR_LOOPBACK));
	unix_pairs();
	sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);
	sys(SYS_socket, AF_INET, SOCK_STREAM, 0);
	ep = sys(SYS_epoll_create1, 0);
	sys(SYS_epoll_create1, 0);
	sys(SYS_eventfd2, 0, below(2) ? EFD_NONBLOCK : 0);
	sys(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
	sys(SYS_pipe2, (long)pipes, below(2) ? O_NONBLOCK : 0);
	open_file();
	if (!threaded)
		return;
	connect_pair(own_address);
	listener();
	datagram_socket();
	signal_descriptor();
	sys(SYS_socket, AF_NETLINK, SOCK_RAW, 0);
	/* The lowest numbers are those that most calls are about. */
	if (ep >= END_FD / 2)
		sys(SYS_close_range, FIRST_FD + below(END_FD), ~0U, 0);
}

void close_all(void)
{
	syscall(SYS_close_range, FIRST_FD, ~0U, 0);
}
