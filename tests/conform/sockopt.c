/* SPDX-License-Identifier: MIT */
/*
 * Every option of level SOL_SOCKET, on sockets of three kinds, for a user
 * without capabilities: what it is at first, what setting it gives, and what
 * it is then.
 */
#define _GNU_SOURCE
#include <sys/un.h>

#include "sockets.h"
#include "sockopt_table.h"

static const char *const kind_names[] = { "TCP", "UDP", "UNIX" };

static int make(int kind)
{
	return socket(kind == UNIX ? AF_UNIX : AF_INET,
		      kind == UDP ? SOCK_DGRAM : SOCK_STREAM, 0);
}

static const char *name_of(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{ 0, "ok" },
		{ EINVAL, "EINVAL" },
		{ EPERM, "EPERM" },
		{ EACCES, "EACCES" },
		{ EBADF, "EBADF" },
		{ EDOM, "EDOM" },
		{ ENODATA, "ENODATA" },
		{ ENODEV, "ENODEV" },
		{ ENOENT, "ENOENT" },
		{ ENOTCONN, "ENOTCONN" },
		{ ENOPROTOOPT, "ENOPROTOOPT" },
		{ EOPNOTSUPP, "EOPNOTSUPP" },
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].error == error)
			return names[i].name;
	return strerror(error);
}

/* "4:0" is a value and its length, or the name of an error. */
static void add_get(char *text, int fd, int name, int room)
{
	unsigned char bytes[64] = { 0 };
	socklen_t len = room;
	int value;

	if (getsockopt(fd, SOL_SOCKET, name, bytes, &len)) {
		strcat(text, name_of(errno));
		return;
	}
	memcpy(&value, bytes, sizeof(value));
	sprintf(text + strlen(text), "%d:%d", (int)len, value);
}

static void add_set(char *text, int kind, int name, int value)
{
	int fd = make(kind);
	int r = setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value));

	sprintf(text + strlen(text), "%s%d>%s", *text ? " " : "", value,
		name_of(r ? errno : 0));
	if (!r) {
		strcat(text, ",");
		add_get(text, fd, name, 64);
	}
	close(fd);
}

static void add_length(char *text, int kind, int name, int len)
{
	int value[4] = { 1 };
	int fd = make(kind);
	int r = setsockopt(fd, SOL_SOCKET, name, value, len);

	sprintf(text + strlen(text), " [%d]%s", len, name_of(r ? errno : 0));
	close(fd);
}

static void describe(char *text, int kind, int name, const int *values)
{
	int fd = make(kind);

	text[0] = '\0';
	if (name != SO_SNDBUF && name != SO_RCVBUF) { /* the machine's own */
		add_get(text, fd, name, 64);
		strcat(text, "/");
		add_get(text, fd, name, 1);
	}
	for (; *values != 99; values++)
		add_set(text, kind, name, *values);
	add_length(text, kind, name, 3);
	close(fd);
}

static void test_table(void)
{
	char text[512], title[80];

	for (unsigned int i = 0; i < sizeof(options) / sizeof(*options); i++) {
		const struct option *o = &options[i];

		for (int kind = 0; kind < KINDS; kind++) {
			const char *want = o->text[kind];

			describe(text, kind, o->number, o->values);
			sprintf(title, "%s: %s", kind_names[kind], o->name);
			is_str(text, want ? want : o->text[TCP], title);
		}
	}
}

static int get_bytes(int fd, int name, void *value, int room)
{
	socklen_t len = room;

	memset(value, 0, room);
	return getsockopt(fd, SOL_SOCKET, name, value, &len) ? -errno :
							       (int)len;
}

static int set_bytes(int fd, int name, const void *value, int len)
{
	return result(setsockopt(fd, SOL_SOCKET, name, value, len));
}

static void test_names(void)
{
	struct sockaddr_in a, b;
	socklen_t len = sizeof(b);
	unsigned long long one, two;
	char buf[64];
	int fds[2];

	pair(fds);
	getpeername(fds[0], (struct sockaddr *)&b, &len);
	is(get_bytes(fds[0], PEERNAME, &a, sizeof(a)), sizeof(a),
	   "SO_PEERNAME: of a connection");
	ok(!memcmp(&a, &b, sizeof(a)), "SO_PEERNAME: as getpeername");
	is(get_bytes(fds[0], PEERNAME, buf, 4), 4, "SO_PEERNAME: cut");
	is(get_bytes(fds[0], PEERNAME, buf, 17), -EINVAL,
	   "SO_PEERNAME: too much room");
	is(get_bytes(fds[0], COOKIE, &one, 8), 8, "SO_COOKIE: 8 bytes");
	is(get_bytes(fds[1], COOKIE, &two, 8), 8, "SO_COOKIE: of another");
	ok(one && two && one != two, "SO_COOKIE: are different");
	is(get_bytes(fds[0], COOKIE, &two, 8), 8, "SO_COOKIE: again");
	ok(one == two, "SO_COOKIE: stays the same");
	is(get_bytes(fds[0], COOKIE, buf, 7), -EINVAL, "SO_COOKIE: 7 bytes");
	is(get_bytes(fds[0], NETNS_COOKIE, buf, 8), 8, "SO_NETNS_COOKIE");
	is(get_bytes(fds[0], NETNS_COOKIE, buf, 9), -EINVAL,
	   "SO_NETNS_COOKIE: 9 bytes");
	close(fds[0]);
	close(fds[1]);
}

static void test_meminfo(void)
{
	unsigned int info[9];
	int fd = make(UDP), fds[2];

	is(set_option(fd, SOL_SOCKET, SO_RCVBUF, 5000), 0, "SO_RCVBUF");
	is(set_option(fd, SOL_SOCKET, SO_SNDBUF, 6000), 0, "SO_SNDBUF");
	is(get_bytes(fd, MEMINFO, info, sizeof(info)), sizeof(info),
	   "SO_MEMINFO: 9 numbers");
	is(info[0], 0, "SO_MEMINFO: nothing received");
	is(info[1], 10000, "SO_MEMINFO: the receive buffer");
	is(info[2], 0, "SO_MEMINFO: nothing sent");
	is(info[3], 12000, "SO_MEMINFO: the send buffer");
	is(get_option(fd, SOL_SOCKET, BUF_LOCK), 3,
	   "SO_BUF_LOCK: set sizes are locked");
	is(set_option(fd, SOL_SOCKET, BUF_LOCK, 1), 0, "SO_BUF_LOCK: one");
	is(get_option(fd, SOL_SOCKET, BUF_LOCK), 1, "SO_BUF_LOCK: is one");
	close(fd);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	write(fds[0], "hello", 5);
	get_bytes(fds[0], MEMINFO, info, sizeof(info));
	ok(info[2] >= 5, "SO_MEMINFO: what a UNIX socket has sent");
	get_bytes(fds[1], MEMINFO, info, sizeof(info));
	is(info[2], 0, "SO_MEMINFO: its peer has not");
	close(fds[0]);
	close(fds[1]);
}

static void test_device(void)
{
	char name[16];
	int fd = make(UDP), index = 1;

	is(set_bytes(fd, SO_BINDTODEVICE, "nosuch", 7), -ENODEV,
	   "SO_BINDTODEVICE: not there");
	is(set_bytes(fd, SO_BINDTODEVICE, "lo", 3), 0, "SO_BINDTODEVICE: lo");
	is(get_bytes(fd, SO_BINDTODEVICE, name, 16), 3,
	   "SO_BINDTODEVICE: a name with its end");
	is_str(name, "lo", "SO_BINDTODEVICE: lo it is");
	is(get_bytes(fd, SO_BINDTODEVICE, name, 15), -EINVAL,
	   "SO_BINDTODEVICE: little room");
	is(get_option(fd, SOL_SOCKET, BINDTOIFINDEX), 1,
	   "SO_BINDTOIFINDEX: lo is 1");
	is(set_bytes(fd, SO_BINDTODEVICE, "", 0), -EPERM,
	   "SO_BINDTODEVICE: no way back");
	is(set_bytes(fd, SO_BINDTODEVICE, "lo", 3), -EPERM,
	   "SO_BINDTODEVICE: not even to the same");
	is(set_bytes(fd, BINDTOIFINDEX, &index, 4), -EPERM,
	   "SO_BINDTOIFINDEX: nor by number");
	close(fd);
	fd = make(TCP);
	is(set_bytes(fd, SO_BINDTODEVICE, "lo", 2), 0,
	   "SO_BINDTODEVICE: a name without an end");
	close(fd);
	fd = make(TCP);
	is(set_bytes(fd, SO_BINDTODEVICE, "averyveryverylongname", 21), -ENODEV,
	   "SO_BINDTODEVICE: a long name");
	is(set_bytes(fd, SO_BINDTODEVICE, "", 0), 0, "SO_BINDTODEVICE: none");
	close(fd);
}

static void test_times(void)
{
	struct {
		long sec, usec;
	} tv = { 1, 500000 }, got;
	int fd = make(TCP);

	is(set_bytes(fd, RCVTIMEO_NEW, &tv, 16), 0, "SO_RCVTIMEO_NEW");
	is(get_bytes(fd, RCVTIMEO_OLD, &got, 16), 16, "SO_RCVTIMEO_OLD");
	ok(got.sec == 1 && got.usec >= 500000 && got.usec < 510000,
	   "SO_RCVTIMEO: the same by either name");
	tv.usec = 1000000;
	is(set_bytes(fd, SNDTIMEO_NEW, &tv, 16), -EDOM,
	   "SO_SNDTIMEO_NEW: too many microseconds");
	tv.usec = -1;
	is(set_bytes(fd, SNDTIMEO_OLD, &tv, 16), -EDOM,
	   "SO_SNDTIMEO_OLD: too few");
	tv.sec = -5, tv.usec = 0;
	is(set_bytes(fd, SNDTIMEO_OLD, &tv, 16), 0,
	   "SO_SNDTIMEO_OLD: less than nothing");
	is(get_bytes(fd, SNDTIMEO_OLD, &got, 16), 16, "SO_SNDTIMEO_OLD");
	is(got.sec, 0, "SO_SNDTIMEO_OLD: is nothing");
	close(fd);
}

static void test_stamps(void)
{
	int fd = make(UDP);

	set_option(fd, SOL_SOCKET, TIMESTAMP_OLD, 1);
	set_option(fd, SOL_SOCKET, TIMESTAMPNS_OLD, 1);
	is(get_option(fd, SOL_SOCKET, TIMESTAMP_OLD), 0,
	   "SO_TIMESTAMP: gone when nanoseconds are wanted");
	is(get_option(fd, SOL_SOCKET, TIMESTAMPNS_OLD), 1, "SO_TIMESTAMPNS");
	set_option(fd, SOL_SOCKET, TIMESTAMP_NEW, 1);
	is(get_option(fd, SOL_SOCKET, TIMESTAMPNS_OLD), 0,
	   "SO_TIMESTAMPNS: gone when the new layout is wanted");
	is(get_option(fd, SOL_SOCKET, TIMESTAMP_NEW), 1, "SO_TIMESTAMP_NEW");
	set_option(fd, SOL_SOCKET, TIMESTAMPNS_OLD, 0);
	is(get_option(fd, SOL_SOCKET, TIMESTAMP_NEW), 0,
	   "SO_TIMESTAMP: any of them turns all off");
	is(set_option(fd, SOL_SOCKET, LOCK_FILTER, 1), 0, "SO_LOCK_FILTER");
	is(set_option(fd, SOL_SOCKET, LOCK_FILTER, 0), -EPERM,
	   "SO_LOCK_FILTER: for good");
	is(set_option(fd, SOL_SOCKET, DETACH_FILTER, 0), -EPERM,
	   "SO_DETACH_FILTER: locked");
	close(fd);
}

static int try_connect(int kind, int option, const char *address)
{
	struct sockaddr_in a = local(9);
	int fd = make(kind), r;

	inet_pton(AF_INET, address, &a.sin_addr);
	nonblock(fd);
	if (option)
		set_option(fd, SOL_SOCKET, option, 1);
	r = result(connect(fd, (struct sockaddr *)&a, sizeof(a)));
	close(fd);
	return r;
}

/* Beyond a gateway, or nowhere at all. */
static void test_dontroute(void)
{
	int fd, port, l, c = make(TCP);

	is(try_connect(TCP, SO_DONTROUTE, "8.8.8.8"), -ENETUNREACH,
	   "TCP: SO_DONTROUTE: not beyond the link");
	is(try_connect(UDP, SO_DONTROUTE, "8.8.8.8"), -ENETUNREACH,
	   "UDP: SO_DONTROUTE: not beyond the link");
	is(try_connect(UDP, SO_DONTROUTE, "127.0.0.1"), 0,
	   "UDP: SO_DONTROUTE: lo is a neighbour");
	fd = make(UDP);
	set_option(fd, SOL_SOCKET, SO_DONTROUTE, 1);
	is(connect_to(fd, 9), 0, "SO_DONTROUTE: connect to lo");
	close(fd);
	l = listener(1, &port);
	set_bytes(l, SO_BINDTODEVICE, "lo", 3);
	is(connect_to(c, port), 0, "SO_BINDTODEVICE: lo hears lo");
	close(c);
	close(l);
	c = make(TCP);
	set_bytes(c, SO_BINDTODEVICE, "lo", 3);
	l = listener(1, &port);
	is(connect_to(c, port), 0, "SO_BINDTODEVICE: over lo to lo");
	close(c);
	close(l);
}

/* A listener of an interface that is not lo does not hear lo. */
static void test_elsewhere(void)
{
	int port, l = listener(1, &port), c = make(TCP);

	is(set_option(l, SOL_SOCKET, BINDTOIFINDEX, 999), 0,
	   "SO_BINDTOIFINDEX: an interface to come");
	is(connect_to(c, port), -ECONNREFUSED,
	   "SO_BINDTOIFINDEX: its listener does not hear lo");
	close(c);
	close(l);
}

/* An accepted socket takes over what its listener was set to. */
static void test_inherited(void)
{
	static const struct {
		const char *name;
		int number, value;
	} set[] = {
		{ "SO_DONTROUTE", SO_DONTROUTE, 1 },
		{ "SO_OOBINLINE", SO_OOBINLINE, 1 },
		{ "SO_KEEPALIVE", SO_KEEPALIVE, 1 },
		{ "SO_RCVLOWAT", SO_RCVLOWAT, 5 },
		{ "SO_TIMESTAMP", TIMESTAMP_OLD, 1 },
		{ "SO_BUSY_POLL", SO_BUSY_POLL, 10 },
		{ "SO_REUSEADDR", SO_REUSEADDR, 1 },
		{ "SO_BROADCAST", SO_BROADCAST, 1 },
		{ "SO_LOCK_FILTER", LOCK_FILTER, 1 },
	};
	const int n = sizeof(set) / sizeof(*set);
	int port, l = listener(5, &port), c = make(TCP), fd;
	char title[80];

	for (int i = 0; i < n; i++)
		set_option(l, SOL_SOCKET, set[i].number, set[i].value);
	set_option(l, SOL_SOCKET, SO_PRIORITY, 3);
	connect_to(c, port);
	fd = accept(l, NULL, NULL);
	for (int i = 0; i < n; i++) {
		sprintf(title, "accepted: %s", set[i].name);
		is(get_option(fd, SOL_SOCKET, set[i].number), set[i].value,
		   title);
	}
	is(get_option(fd, SOL_SOCKET, SO_PRIORITY), 0,
	   "accepted: but not SO_PRIORITY");
	is(get_option(fd, SOL_SOCKET, SO_ACCEPTCONN), 0,
	   "accepted: SO_ACCEPTCONN");
	close(fd);
	close(c);
	close(l);
}

int main(void)
{
	deadline(30);
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 9;
	test_table();
	test_names();
	test_meminfo();
	test_device();
	test_times();
	test_stamps();
	test_inherited();
	test_dontroute();
	test_elsewhere();
	return done_testing();
}
