/* SPDX-License-Identifier: MIT */
/*
 * Options of TCP sockets: what they are at first, which values they take, how
 * long a value must be; TCP_INFO in each state.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>

#include "tcp.h"

#define LEVEL_NAME(level)                        \
	((level) == SOL_SOCKET	? "SOL_SOCKET" : \
	 (level) == IPPROTO_TCP ? "TCP" :        \
				  "IP")

/* A default; a value to set and what it is then; one that is refused. */
struct number {
	int level, name;
	const char *what;
	int first, set, is;
	int bad, error;
};

#define NO_BAD 0, 0

static const struct number numbers[] = {
	{ SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", 0, 5, 1, NO_BAD },
	{ SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT", 0, 5, 1, NO_BAD },
	{ SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE", 0, -1, 1, NO_BAD },
	{ SOL_SOCKET, SO_BROADCAST, "SO_BROADCAST", 0, 1, 1, NO_BAD },
	{ SOL_SOCKET, SO_OOBINLINE, "SO_OOBINLINE", 0, 1, 1, NO_BAD },
	{ SOL_SOCKET, SO_DONTROUTE, "SO_DONTROUTE", 0, 1, 1, NO_BAD },
	{ SOL_SOCKET, SO_PRIORITY, "SO_PRIORITY", 0, 5, 5, NO_BAD },
	{ SOL_SOCKET, SO_RCVLOWAT, "SO_RCVLOWAT", 1, 9, 9, NO_BAD },
	{ SOL_SOCKET, SO_TIMESTAMP, "SO_TIMESTAMP", 0, 1, 1, NO_BAD },
	{ IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY", 0, 7, 1, NO_BAD },
	{ IPPROTO_TCP, TCP_CORK, "TCP_CORK", 0, 7, 1, NO_BAD },
	{ IPPROTO_TCP, TCP_MAXSEG, "TCP_MAXSEG", 536, 1000, 1000, 87, EINVAL },
	{ IPPROTO_TCP, TCP_MAXSEG, "TCP_MAXSEG", 536, 0, 536, 40000, EINVAL },
	{ IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE", 7200, 60, 60, 0, EINVAL },
	{ IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE", 7200, 1, 1, 32768,
	  EINVAL },
	{ IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL", 75, 5, 5, 0, EINVAL },
	{ IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT", 9, 3, 3, 128, EINVAL },
	{ IPPROTO_TCP, TCP_SYNCNT, "TCP_SYNCNT", 6, 3, 3, 0, EINVAL },
	{ IPPROTO_TCP, TCP_SYNCNT, "TCP_SYNCNT", 6, 3, 3, 128, EINVAL },
	{ IPPROTO_TCP, TCP_LINGER2, "TCP_LINGER2", 60, 30, 30, NO_BAD },
	{ IPPROTO_TCP, TCP_LINGER2, "TCP_LINGER2", 60, -5, -1, NO_BAD },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT, "TCP_DEFER_ACCEPT", 0, 1, 1, NO_BAD },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT, "TCP_DEFER_ACCEPT", 0, 2, 3, NO_BAD },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT, "TCP_DEFER_ACCEPT", 0, 8, 15, NO_BAD },
	{ IPPROTO_TCP, TCP_QUICKACK, "TCP_QUICKACK", 1, 0, 0, NO_BAD },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, "TCP_USER_TIMEOUT", 0, 99, 99, -1,
	  EINVAL },
	{ IPPROTO_IP, IP_TTL, "IP_TTL", 64, 9, 9, 0, EINVAL },
	{ IPPROTO_IP, IP_TTL, "IP_TTL", 64, -1, 64, 256, EINVAL },
	{ IPPROTO_IP, IP_TOS, "IP_TOS", 0, 0x10, 0x10, NO_BAD },
	{ IPPROTO_IP, IP_TOS, "IP_TOS", 0, 0xff, 0xfc, NO_BAD },
	{ IPPROTO_IP, IP_RECVERR, "IP_RECVERR", 0, 1, 1, NO_BAD },
	{ IPPROTO_IP, IP_MTU_DISCOVER, "IP_MTU_DISCOVER", 1, 2, 2, 9, EINVAL },
};

static void test_numbers(void)
{
	char name[64];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const struct number *n = &numbers[i];
		int fd = new_tcp();

		snprintf(name, sizeof(name), "%s: at first", n->what);
		is(get_option(fd, n->level, n->name), n->first, name);
		snprintf(name, sizeof(name), "%s: set to %d", n->what, n->set);
		is(set_option(fd, n->level, n->name, n->set), 0, name);
		snprintf(name, sizeof(name), "%s: is %d", n->what, n->is);
		is(get_option(fd, n->level, n->name), n->is, name);
		snprintf(name, sizeof(name), "%s: not %d", n->what, n->bad);
		if (n->error)
			is(set_option(fd, n->level, n->name, n->bad), -n->error,
			   name);
		close(fd);
	}
}

static void test_read_only(void)
{
	static const struct {
		int level, name;
		const char *what;
		int is, error;
	} options[] = {
		{ SOL_SOCKET, SO_TYPE, "SO_TYPE", SOCK_STREAM, ENOPROTOOPT },
		{ SOL_SOCKET, SO_DOMAIN, "SO_DOMAIN", AF_INET, ENOPROTOOPT },
		{ SOL_SOCKET, SO_PROTOCOL, "SO_PROTOCOL", IPPROTO_TCP,
		  ENOPROTOOPT },
		{ SOL_SOCKET, SO_ERROR, "SO_ERROR", 0, ENOPROTOOPT },
		{ SOL_SOCKET, SO_ACCEPTCONN, "SO_ACCEPTCONN", 0, ENOPROTOOPT },
		{ SOL_SOCKET, SO_SNDLOWAT, "SO_SNDLOWAT", 1, ENOPROTOOPT },
		{ IPPROTO_TCP, TCP_INFO, "TCP_INFO", 7, ENOPROTOOPT },
	};
	char name[64];
	int fd = new_tcp();

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		unsigned char byte = 0xff;
		int level = options[i].level, opt = options[i].name;
		socklen_t len = sizeof(byte);

		snprintf(name, sizeof(name), "%s: get", options[i].what);
		if (opt == TCP_INFO && level == IPPROTO_TCP)
			is(tcp_state(fd), options[i].is, name);
		else
			is(get_option(fd, level, opt), options[i].is, name);
		snprintf(name, sizeof(name), "%s: no set", options[i].what);
		is(set_option(fd, level, opt, 1), -options[i].error, name);
		is(getsockopt(fd, level, opt, &byte, &len), 0, "one byte");
		ok(len == 1 && byte == (unsigned char)options[i].is, "of it");
	}
	close(fd);
}

/* A length that is too short, a pointer that is bad, a level nobody has. */
static void test_lengths(void)
{
	int fd = new_tcp(), value = 1;
	char longer[64] = { 1 };
	socklen_t len;

	for (len = 0; len < 4; len++) {
		is(result(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value,
				     len)),
		   -EINVAL, "SOL_SOCKET: too short");
		is(result(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value,
				     len)),
		   -EINVAL, "TCP: too short");
	}
	is(result(setsockopt(fd, IPPROTO_IP, IP_TTL, &value, 0)), -EINVAL,
	   "IP: no length is 0, which is no TTL");
	is(result(setsockopt(fd, IPPROTO_IP, IP_TTL, &value, 1)), 0,
	   "IP: a byte will do");
	is(get_option(fd, IPPROTO_IP, IP_TTL), 1, "IP: is it");
	is(result(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, longer, 64)), 0,
	   "SOL_SOCKET: longer");
	is(result(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, longer, 64)), 0,
	   "TCP: longer");
	is(result(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &value, -1)),
	   -EINVAL, "setsockopt: below 0");
	is(result(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, BAD_POINTER, 4)),
	   -EFAULT, "SOL_SOCKET: bad pointer");
	is(result(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, BAD_POINTER, 4)),
	   -EFAULT, "TCP: bad pointer");
	is(result(setsockopt(fd, IPPROTO_IP, IP_TTL, BAD_POINTER, 4)), -EFAULT,
	   "IP: bad pointer");
	is(result(setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, &value, 4)), -EBADF,
	   "setsockopt: no descriptor");
	is(result(setsockopt(0, SOL_SOCKET, SO_KEEPALIVE, &value, 4)),
	   -ENOTSOCK, "setsockopt: no socket");
	is(set_option(fd, SOL_SOCKET, 9999, 1), -ENOPROTOOPT, "set: unknown");
	is(set_option(fd, IPPROTO_TCP, 9999, 1), -ENOPROTOOPT, "set: of TCP");
	is(set_option(fd, IPPROTO_IP, 9999, 1), -ENOPROTOOPT, "set: of IP");
	is(set_option(fd, 9999, 1, 1), -ENOPROTOOPT, "set: level");
	is(set_option(fd, IPPROTO_UDP, 1, 1), -ENOPROTOOPT, "set: of UDP");
	is(get_option(fd, SOL_SOCKET, 9999), -ENOPROTOOPT, "get: unknown");
	is(get_option(fd, IPPROTO_TCP, 9999), -ENOPROTOOPT, "get: of TCP");
	is(get_option(fd, IPPROTO_IP, 9999), -ENOPROTOOPT, "get: of IP");
	is(get_option(fd, 9999, 1), -EOPNOTSUPP, "get: level");
	is(get_option(fd, IPPROTO_UDP, 1), -EOPNOTSUPP, "get: of UDP");
	close(fd);
}

static void test_get_lengths(void)
{
	unsigned char bytes[16];
	int fd = new_tcp(), level[] = { SOL_SOCKET, IPPROTO_TCP };
	int name[] = { SO_SNDLOWAT, TCP_KEEPCNT };
	socklen_t len;

	for (int i = 0; i < 2; i++) {
		const char *what = LEVEL_NAME(level[i]);

		for (len = 0; len < 16; len += 3) {
			socklen_t got = len;

			memset(bytes, 0xee, sizeof(bytes));
			is(getsockopt(fd, level[i], name[i], bytes, &got), 0,
			   what);
			ok(got == (len < 4 ? len : 4) && bytes[got] == 0xee,
			   "as many bytes as there is room for");
		}
		len = -1;
		is(result(getsockopt(fd, level[i], name[i], bytes, &len)),
		   -EINVAL, "a length below 0");
		len = 4;
		is(result(getsockopt(fd, level[i], name[i], BAD_POINTER, &len)),
		   -EFAULT, "a bad pointer");
		is(result(getsockopt(fd, level[i], name[i], bytes,
				     BAD_POINTER)),
		   -EFAULT, "a bad length");
	}
	len = 1;
	is(getsockopt(fd, IPPROTO_IP, IP_TTL, bytes, &len), 0, "IP: a byte");
	ok(len == 1 && bytes[0] == 64, "IP: of it");
	close(fd);
}

static void test_structs(void)
{
	struct linger linger = { 1, 77 };
	struct timeval tv = { 2, 250000 };
	char name[32] = "?";
	int fd = new_tcp();
	socklen_t len = sizeof(linger);

	is(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, len), 0, "SO_LINGER");
	linger.l_linger = 0;
	is(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len), 0, "get");
	ok(linger.l_onoff == 1 && linger.l_linger == 77, "SO_LINGER: 77");
	is(result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, 4)), -EINVAL,
	   "SO_LINGER: too short");
	linger.l_onoff = 0;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len);
	ok(!linger.l_onoff && linger.l_linger == 77, "SO_LINGER: off");
	len = sizeof(tv);
	is(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, len), 0, "SO_SNDTIMEO");
	tv.tv_sec = 0;
	getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, &len);
	ok(tv.tv_sec == 2 && tv.tv_usec > 0, "SO_SNDTIMEO: 2.25 s");
	is(result(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, 8)), -EINVAL,
	   "SO_RCVTIMEO: too short");
	tv.tv_sec = -1;
	is(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0,
	   "SO_RCVTIMEO: below 0");
	getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, &len);
	ok(!tv.tv_sec && !tv.tv_usec, "SO_RCVTIMEO: is none");
	len = 16;
	is(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len), 0,
	   "TCP_CONGESTION");
	is(len, 16, "TCP_CONGESTION: 16 bytes");
	is(result(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4)), 0,
	   "TCP_CONGESTION: reno");
	getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len);
	is_str(name, "reno", "TCP_CONGESTION: it is");
	is(result(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nosuch", 6)),
	   -ENOENT, "TCP_CONGESTION: unknown");
	is(result(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "", 0)), -EINVAL,
	   "TCP_CONGESTION: no name");
	close(fd);
}

/* Buffers: doubled, with a least and a most. */
static void test_buffers(void)
{
	int fd = new_tcp();

	is(set_option(fd, SOL_SOCKET, SO_SNDBUF, 30000), 0, "SO_SNDBUF");
	is(get_option(fd, SOL_SOCKET, SO_SNDBUF), 60000, "SO_SNDBUF: doubled");
	set_option(fd, SOL_SOCKET, SO_SNDBUF, 0);
	is(get_option(fd, SOL_SOCKET, SO_SNDBUF), 4608, "SO_SNDBUF: least");
	set_option(fd, SOL_SOCKET, SO_SNDBUF, -1);
	ok(get_option(fd, SOL_SOCKET, SO_SNDBUF) >= 4608, "SO_SNDBUF: most");
	is(set_option(fd, SOL_SOCKET, SO_RCVBUF, 30000), 0, "SO_RCVBUF");
	is(get_option(fd, SOL_SOCKET, SO_RCVBUF), 60000, "SO_RCVBUF: doubled");
	set_option(fd, SOL_SOCKET, SO_RCVBUF, 0);
	is(get_option(fd, SOL_SOCKET, SO_RCVBUF), 2304, "SO_RCVBUF: least");
	close(fd);
}

static void test_states(void)
{
	struct tcp_info info;
	socklen_t len = 8;
	int port, l = listen_at(HERE, 5, &port), fd = new_tcp(), a;

	is(tcp_state(fd), TCP_CLOSE, "TCP_INFO: CLOSE");
	bind_at(fd, HERE, 0);
	is(tcp_state(fd), TCP_CLOSE, "TCP_INFO: bound, CLOSE");
	is(tcp_state(l), TCP_LISTEN, "TCP_INFO: LISTEN");
	connect_at(fd, HERE, port);
	a = accept(l, NULL, NULL);
	is(tcp_state(fd), TCP_ESTABLISHED, "TCP_INFO: ESTABLISHED");
	is(tcp_state(a), TCP_ESTABLISHED, "TCP_INFO: accepted, too");
	is(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0,
	   "TCP_INFO: a part");
	is(len, 8, "TCP_INFO: 8 bytes");
	len = sizeof(info);
	is(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0, "TCP_INFO");
	ok(len >= 104, "TCP_INFO: 104 bytes at least");
	is(info.tcpi_retransmits, 0, "TCP_INFO: no retransmissions");
	ok(info.tcpi_snd_mss > 500, "TCP_INFO: an MSS");
	ok(get_option(fd, IPPROTO_TCP, TCP_MAXSEG) > 500, "TCP_MAXSEG: too");
	shutdown(a, SHUT_WR);
	comes_to(fd, TCP_CLOSE_WAIT, "TCP_INFO: CLOSE_WAIT");
	comes_to(a, TCP_FIN_WAIT2, "TCP_INFO: FIN_WAIT2");
	close(fd);
	comes_to(a, TCP_CLOSE, "TCP_INFO: CLOSE");
	close(a);
	close(l);
}

int main(void)
{
	deadline(50);
	signal(SIGPIPE, SIG_IGN);
	test_numbers();
	test_read_only();
	test_lengths();
	test_get_lengths();
	test_structs();
	test_buffers();
	test_states();
	return done_testing();
}
