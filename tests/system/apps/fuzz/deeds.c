/* SPDX-License-Identifier: MIT */
/*
 * Calls that mean something, though on descriptors that may be anything: most
 * of them wait for what another thread may do, or may undo. Their structs are
 * in the worker's own words, their data in memory that all share.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz.h"

/* What musl's headers have not. */
#define SO_SPLICE 0x1023
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAKE_OP 5
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_PRIVATE_FLAG 128
#define NETLINK_ROUTE 0
#define RTM_GETLINK 18
#define NLM_F_REQUEST 1
#define NLM_F_DUMP 0x300

struct netlink_request {
	uint32_t len;
	uint16_t type, flags;
	uint32_t seq, pid;
	uint8_t family;
};

#define NR_WORDS 4 /* futexes */

static uint32_t words[NR_WORDS];

static long any(void)
{
	return FIRST_FD + (long)below(END_FD / 2);
}

static long length(void)
{
	static const long few[] = { 0, 1, 2, 7, 536, 1460, 4095, 4096, 4097 };

	return below(2) ? few[below(9)] : (long)below(SHARED_SIZE / 4);
}

static long place(void)
{
	return (long)shared + (long)below(SHARED_SIZE / 2);
}

/* Mostly none, so that it is the watch that ends the wait. */
static long timeout_spec(struct timespec *ts)
{
	*ts = (struct timespec){ 0, (long)below(20000000) };
	return below(3) ? 0 : (long)ts;
}

static struct msghdr *message(void)
{
	struct msghdr *msg = (void *)me->words;
	struct iovec *iov = (void *)(me->words + 64);
	unsigned int n = below(6);

	for (unsigned int i = 0; i < n; i++)
		iov[i] = (struct iovec){ (void *)place(), length() };
	*msg = (struct msghdr){ .msg_iov = iov, .msg_iovlen = n };
	if (!below(2))
		help_control(msg);
	return msg;
}

static void do_receive(void)
{
	static const int bits[] = { MSG_PEEK,	  MSG_WAITALL, MSG_OOB,
				    MSG_DONTWAIT, MSG_TRUNC,   MSG_ERRQUEUE,
				    MSG_PEEK,	  MSG_WAITALL };
	int flags = below(2) ? bits[below(8)] : 0;
	struct mmsghdr *many = (void *)(me->words + 256);
	struct timespec ts;

	if (below(2))
		flags |= bits[below(8)];
	switch (below(7)) {
	case 0:
		sys(SYS_read, any(), place(), length());
		break;
	case 1:
		message();
		sys(SYS_readv, any(), (long)(me->words + 64), below(6));
		break;
	case 2:
	case 3:
		sys(SYS_recvfrom, any(), place(), length(), flags, 0, 0);
		break;
	case 4:
		many[0].msg_hdr = many[1].msg_hdr = *message();
		sys(SYS_recvmmsg, any(), (long)many, below(3), flags,
		    timeout_spec(&ts));
		break;
	default:
		sys(SYS_recvmsg, any(), (long)message(), flags);
	}
}

static void do_send(void)
{
	static const int bits[] = { MSG_MORE, MSG_OOB, MSG_DONTWAIT, 0,
				    MSG_EOR,  0,       MSG_MORE,     0 };
	struct mmsghdr *many = (void *)(me->words + 256);
	int flags = bits[below(8)];
	long fd = any();

	switch (below(6)) {
	case 0:
		sys(SYS_write, fd, place(), length());
		break;
	case 1:
		message();
		sys(SYS_writev, fd, (long)(me->words + 64), below(6));
		break;
	case 2:
		many[0].msg_hdr = many[1].msg_hdr = *message();
		sys(SYS_sendmmsg, fd, (long)many, below(3), flags);
		break;
	case 3:
		sys(SYS_sendmsg, fd, (long)message(), flags);
		break;
	default:
		sys(SYS_sendto, fd, place(), length(), flags, 0, 0);
	}
}

static void do_splice(void)
{
	struct iovec iov = { (void *)place(), length() };
	int flags = below(4) ? 0 : (int)below(16);

	switch (below(5)) {
	case 0:
		sys(SYS_splice, any(), 0, any(), 0, length(), flags);
		break;
	case 1:
		sys(SYS_tee, any(), any(), length(), flags);
		break;
	case 2:
		sys(SYS_vmsplice, any(), (long)&iov, 1, flags);
		break;
	case 3:
		sys(SYS_sendfile, any(), any(), 0, length());
		break;
	default:
		sys(SYS_setsockopt, any(), SOL_SOCKET, SO_SPLICE,
		    (long)&(int){ (int)any() - (below(4) ? 0 : 100) }, 4);
	}
}

static void do_connection(void)
{
	long a[7] = { below(3) ? SYS_connect : SYS_bind, any() };

	switch (below(4)) {
	case 0:
		help_inet_address(a, 2);
		call(a);
		break;
	case 1:
		help_unix_address(a, 2);
		call(a);
		break;
	case 2:
		sys(SYS_shutdown, any(), below(3));
		break;
	default:
		sys(SYS_accept4, any(), 0, 0, below(2) ? SOCK_NONBLOCK : 0);
	}
}

static void do_poll(void)
{
	struct pollfd *fds = (void *)shared;
	unsigned long n = below(2) ? below(8) : below(8192);
	struct timespec ts;

	for (unsigned long i = 0; i < n; i++)
		fds[i] = (struct pollfd){ (int)any(), (short)rnd(), 0 };
	if (below(2))
		sys(SYS_poll, (long)fds, n, below(3) ? -1 : (long)below(20));
	else
		sys(SYS_ppoll, (long)fds, n, timeout_spec(&ts), 0, 8);
}

static void do_select(void)
{
	uint64_t *sets = me->words;
	struct timeval tv = { 0, (long)below(20000) };
	long n = below(4) ? END_FD : (long)below(1024);

	memset(sets, 0, 3 * 128);
	for (int i = 0; i < 48; i += 16)
		sets[i] = rnd() & rnd() & ~7UL;
	sys(SYS_select, n, (long)sets, (long)(sets + 16), (long)(sets + 32),
	    below(3) ? 0 : (long)&tv);
}

static void do_epoll(void)
{
	static const uint32_t bits[] = { EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE,
					 0 };
	struct epoll_event *events = (void *)me->words;

	*events = (struct epoll_event){ (uint32_t)below(0x40) | bits[below(4)],
					{ .u64 = rnd() } };
	if (below(3))
		sys(SYS_epoll_ctl, any(), 1 + below(3), any(), (long)events);
	else
		sys(SYS_epoll_pwait, any(), (long)events, 1 + below(64),
		    below(3) ? -1 : (long)below(20), 0, 8);
}

static void do_futex(void)
{
	static const int ops[] = { FUTEX_WAIT,	      FUTEX_WAIT,
				   FUTEX_WAKE,	      FUTEX_REQUEUE,
				   FUTEX_CMP_REQUEUE, FUTEX_WAIT_BITSET,
				   FUTEX_WAKE_BITSET, FUTEX_WAKE_OP };
	int op = ops[below(8)];
	bool waits = op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET;
	uint32_t *word = &words[below(NR_WORDS)];
	struct timespec ts;
	long last = waits ? timeout_spec(&ts) : (long)below(4);

	if (!below(8))
		*word = (uint32_t)below(3);
	sys(SYS_futex, (long)word, op | (below(2) ? FUTEX_PRIVATE_FLAG : 0),
	    waits ? *word : below(3), last, (long)&words[below(NR_WORDS)],
	    op == FUTEX_CMP_REQUEUE ? *word : 1 + below(3));
}

static void do_sleep(void)
{
	static const uint64_t usr1 = 1UL << (SIGUSR1 - 1), none;
	struct timespec ts = { (long)below(3), (long)below(999999999) };

	switch (below(7)) {
	case 0:
		sys(SYS_nanosleep, (long)&ts, 0);
		break;
	case 1:
		sys(SYS_clock_nanosleep, below(2), 0, (long)&ts, (long)&ts);
		break;
	case 2:
		sys(SYS_pause);
		break;
	case 3:
		sys(SYS_rt_sigtimedwait, (long)&usr1, 0,
		    below(2) ? (long)&ts : 0, 8);
		break;
	case 4:
		sys(SYS_rt_sigsuspend, (long)&none, 8);
		break;
	case 5:
		sys(SYS_wait4, -1, 0, 0, 0);
		break;
	default:
		sys(SYS_sched_yield);
	}
}

static void do_option(void)
{
	static const short options[][2] = {
		{ SOL_SOCKET, SO_RCVLOWAT },
		{ SOL_SOCKET, SO_RCVTIMEO },
		{ SOL_SOCKET, SO_SNDTIMEO },
		{ SOL_SOCKET, SO_LINGER },
		{ SOL_SOCKET, SO_RCVBUF },
		{ SOL_SOCKET, SO_SNDBUF },
		{ SOL_SOCKET, SO_PEEK_OFF },
		{ SOL_SOCKET, SO_PASSCRED },
		{ SOL_SOCKET, SO_OOBINLINE },
		{ SOL_SOCKET, SO_KEEPALIVE },
		{ SOL_SOCKET, SO_TIMESTAMP },
		{ SOL_SOCKET, SO_REUSEPORT },
		{ SOL_SOCKET, SO_REUSEADDR },
		{ SOL_SOCKET, SO_BROADCAST },
		{ IPPROTO_TCP, TCP_CORK },
		{ IPPROTO_TCP, TCP_NODELAY },
		{ IPPROTO_TCP, TCP_MAXSEG },
		{ IPPROTO_TCP, TCP_LINGER2 },
		{ IPPROTO_TCP, TCP_KEEPIDLE },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT },
		{ IPPROTO_TCP, TCP_QUICKACK },
		{ IPPROTO_TCP, TCP_DEFER_ACCEPT },
		{ IPPROTO_TCP, TCP_SYNCNT },
		{ IPPROTO_TCP, TCP_WINDOW_CLAMP },
		{ IPPROTO_TCP, TCP_KEEPINTVL },
		{ IPPROTO_TCP, TCP_NOTSENT_LOWAT },
		{ IPPROTO_IP, IP_RECVERR },
		{ IPPROTO_IP, IP_PKTINFO },
	};
	const short *o = options[below(sizeof(options) / sizeof(*options))];
	int value[4] = { (int)below(3), 0, 0, 0 };

	if (!below(2))
		value[0] = (int)(rnd() >> below(64));
	if (o[0] == SOL_SOCKET && (o[1] == SO_RCVTIMEO || o[1] == SO_SNDTIMEO))
		value[2] = (int)below(20000);
	else
		value[1] = (int)below(2);
	sys(SYS_setsockopt, any(), o[0], o[1], (long)value,
	    o[1] == SO_LINGER ? 8 : (below(2) ? 4 : 16));
}

/* Under the calls of others that wait on them. */
static void do_exchange(void)
{
	switch (below(5)) {
	case 0:
		sys(SYS_close, any());
		break;
	case 1:
		sys(SYS_dup2, any(), any());
		break;
	case 2:
		sys(SYS_fcntl, any(), F_SETFL, below(2) ? O_NONBLOCK : 0);
		break;
	case 3:
		sys(SYS_fcntl, any(), F_SETPIPE_SZ, 1L << below(21));
		break;
	default:
		sys(SYS_tgkill, getpid(), getpid() + below(200), SIGUSR1);
	}
}

static void do_timer(void)
{
	struct itimerspec t = { { 0, (long)below(5000000) },
				{ 0, (long)below(5000000) } };

	if (below(2))
		sys(SYS_timerfd_settime, any(), 0, (long)&t, 0);
	else
		sys(SYS_write, any(), (long)&(uint64_t){ below(3) }, 8);
}

static void do_netlink(void)
{
	uint16_t flags = below(2) ? NLM_F_DUMP : (uint16_t)rnd();
	struct netlink_request request = {
		.len = sizeof(request),
		.type = below(2) ? RTM_GETLINK : (uint16_t)(16 + below(90)),
		.flags = NLM_F_REQUEST | flags,
		.seq = 1,
		.family = (uint8_t)below(11),
	};
	long fd = sys(SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	sys(SYS_sendto, fd, (long)&request, sizeof(request), 0, 0, 0);
	sys(SYS_recvfrom, fd, place(), length(), below(2) ? MSG_PEEK : 0, 0, 0);
	if (below(2))
		sys(SYS_close, fd);
}

void random_deed(void)
{
	static void (*const deeds[])(void) = {
		do_receive, do_receive,	   do_receive, do_receive,
		do_send,    do_send,	   do_send,    do_send,
		do_splice,  do_connection, do_poll,    do_select,
		do_epoll,   do_epoll,	   do_futex,   do_futex,
		do_sleep,   do_option,	   do_option,  do_exchange,
		do_timer,   do_netlink,	   long_deed,  do_connection,
	};

	deeds[below(sizeof(deeds) / sizeof(*deeds))]();
}
