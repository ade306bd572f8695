/* SPDX-License-Identifier: MIT */
/*
 * /proc/net: the formats, to the column, and in them the program's own
 * sockets: their ports, states, queues and inode numbers.
 */
#define _GNU_SOURCE
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "sockets.h"

#define MANY 400

static char text[1 << 24];

/* The whole file, in pieces of so many bytes: its length. */
static int read_file(const char *path, int piece)
{
	int fd = open(path, O_RDONLY), len = 0, n;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	while (len < (int)sizeof(text) - piece &&
	       (n = read(fd, text + len, piece)) > 0)
		len += n;
	text[len] = '\0';
	close(fd);
	return len;
}

static unsigned long ino_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

static void is_header(const char *path, const char *want)
{
	char title[80], *end;

	read_file(path, 4096);
	end = strchr(text, '\n');
	if (end)
		*end = '\0';
	sprintf(title, "%s: header", path);
	is_str(text, want, title);
}

/* One line about an Internet socket. */
struct line {
	unsigned int laddr, lport, raddr, rport, state, tx, rx, timer, uid;
	unsigned long when, ino;
	int width, fields;
};

static int parse(const char *at, struct line *l)
{
	unsigned int slot, retransmits, timeout;

	l->width = strcspn(at, "\n");
	l->fields = sscanf(at, "%u: %X:%X %X:%X %X %X:%X %X:%lX %X %u %u %lu",
			   &slot, &l->laddr, &l->lport, &l->raddr, &l->rport,
			   &l->state, &l->tx, &l->rx, &l->timer, &l->when,
			   &retransmits, &l->uid, &timeout, &l->ino);
	return l->fields == 14;
}

/* The line with these ports (0: any), of a file that was read. */
static int find(int lport, int rport, struct line *l)
{
	const char *at = text;

	while ((at = strchr(at, '\n')) && *++at) {
		if (parse(at, l) && (!lport || (int)l->lport == lport) &&
		    (!rport || (int)l->rport == rport))
			return 1;
	}
	memset(l, 0, sizeof(*l));
	return 0;
}

static int find_tcp(int lport, int rport, struct line *l)
{
	read_file("/proc/net/tcp", 4096);
	return find(lport, rport, l);
}

/* The same, once it is in this state or too much time has passed. */
static void wait_state(int lport, int rport, unsigned int state, struct line *l)
{
	for (int i = 0; i < 250; i++) {
		if (find_tcp(lport, rport, l) && l->state == state)
			break;
		usleep(20000);
	}
}

static void test_headers(void)
{
	char want[256];

	sprintf(want, "%-149s",
		"  sl  local_address rem_address   st tx_queue rx_queue tr "
		"tm->when retrnsmt   uid  timeout inode");
	is_header("/proc/net/tcp", want);
	sprintf(want, "%-127s",
		"   sl  local_address rem_address   st tx_queue rx_queue tr "
		"tm->when retrnsmt   uid  timeout inode ref pointer drops");
	is_header("/proc/net/udp", want);
	sprintf(want, "%-127s",
		"  sl  local_address rem_address   st tx_queue rx_queue tr "
		"tm->when retrnsmt   uid  timeout inode ref pointer drops");
	is_header("/proc/net/icmp", want);
	is_header("/proc/net/raw",
		  "  sl  local_address rem_address   st tx_queue rx_queue tr "
		  "tm->when retrnsmt   uid  timeout inode ref pointer drops");
	is_header("/proc/net/unix",
		  "Num       RefCount Protocol Flags    Type St Inode Path");
	is_header("/proc/net/netlink",
		  "sk               Eth Pid        Groups   Rmem     Wmem     "
		  "Dump  Locks    Drops    Inode");
	is_header("/proc/net/packet",
		  "sk               RefCnt Type Proto  Iface R Rmem   User   "
		  "Inode");
	sprintf(want, "%-127s",
		"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask"
		"\t\tMTU\tWindow\tIRTT");
	is_header("/proc/net/route", want);
	is_header("/proc/net/arp",
		  "IP address       HW type     Flags       HW address        "
		  "    Mask     Device");
	is_header("/proc/net/ptype", "Type Device      Function");
	is_header("/proc/net/protocols",
		  "protocol  size sockets  memory press maxhdr  slab module   "
		  "  cl co di ac io in de sh ss gs se re bi br ha uh gp em");
	is_header("/proc/net/dev",
		  "Inter-|   Receive                                         "
		  "       |  Transmit");
	ok(strstr(text + strlen(text) + 1,
		  " face |bytes    packets errs drop fifo frame compressed "
		  "multicast|bytes    packets errs drop fifo colls carrier "
		  "compressed\n    lo: ") == text + strlen(text) + 1,
	   "/proc/net/dev: second line, and lo");
}

static void test_tcp(void)
{
	int port, l = listener(7, &port), c, a;
	struct line line;
	char buf[100] = "";

	ok(find_tcp(port, 0, &line), "a listener is there");
	is(line.state, 0xa, "LISTEN");
	is(line.width, 149, "149 columns");
	ok(line.laddr == htonl(INADDR_LOOPBACK) && !line.raddr && !line.rport,
	   "its addresses");
	ok(line.ino == ino_of(l), "its inode number");
	ok(line.uid == geteuid(), "its owner");
	is(line.rx, 0, "nobody waits");
	c = socket(AF_INET, SOCK_STREAM, 0);
	connect_to(c, port);
	find_tcp(port, 0, &line);
	is(line.rx, 1, "one waits to be accepted");
	ok(find_tcp(port, port_of(c), &line), "its connection is there");
	is(line.state, 1, "ESTABLISHED");
	is(line.ino, 0, "without an inode");
	a = accept(l, NULL, NULL);
	find_tcp(port, 0, &line);
	is(line.rx, 0, "it was accepted");
	find_tcp(port, port_of(c), &line);
	ok(line.ino == ino_of(a), "accepted: its inode number");
	ok(find_tcp(port_of(c), port, &line), "the other end is there");
	is(line.state, 1, "the other end: ESTABLISHED");
	ok(line.ino == ino_of(c), "the other end: its inode number");
	is(line.rx, 0, "the other end: nothing to read");
	write(a, buf, 77);
	wait_mask(c, POLLIN);
	find_tcp(port_of(c), port, &line);
	is(line.rx, 77, "77 bytes to read");
	read(c, buf, 7);
	find_tcp(port_of(c), port, &line);
	is(line.rx, 70, "70 bytes to read");
	shutdown(c, SHUT_WR);
	wait_mask(a, POLLRDHUP);
	wait_state(port_of(c), port, 5, &line);
	is(line.state, 5, "FIN_WAIT2");
	find_tcp(port, port_of(c), &line);
	is(line.state, 8, "CLOSE_WAIT");
	close(l);
	close(a);
	close(c);
}

static void test_states(void)
{
	int port, l = listener(0, &port), c[3], a;
	struct line line;
	char byte;

	for (int i = 0; i < 3; i++)
		c[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ok(!find_tcp(port, 1, &line), "no such connection");
	bind_to(c[0], 0);
	ok(!find_tcp(port_of(c[0]), 0, &line), "bound: not there");
	connect_to(c[0], port);
	wait_mask(c[0], POLLOUT);
	connect_to(c[1], port);
	connect_to(c[2], port);
	usleep(100000);
	find_tcp(port_of(c[2]), port, &line);
	is(line.state, 2, "SYN_SENT: the backlog is full");
	a = accept(l, NULL, NULL);
	close(l);
	ok(!find_tcp(port, 0, &line) || line.state != 0xa, "no listener");
	/* Who closes first is in TIME_WAIT. */
	port = port_of(c[0]);
	close(c[0]);
	read(a, &byte, 1);
	close(a);
	wait_state(port, 0, 6, &line);
	is(line.state, 6, "TIME_WAIT");
	is(line.width, 149, "TIME_WAIT: 149 columns");
	is(line.timer, 3, "TIME_WAIT: its timer");
	ok(line.when > 1000 && line.when <= 6000, "TIME_WAIT: up to 60 s");
	is(line.ino, 0, "TIME_WAIT: no inode");
	close(c[1]);
	close(c[2]);
}

/* Connections enough that no buffer holds all; each is there once. */
static void test_many(void)
{
	static int fds[2 * MANY];
	int port, l = listener(100, &port), seen = 0, twice = 0, len;
	static char was[65536];
	struct line line;
	const char *at;

	for (int i = 0; i < MANY; i++) {
		fds[2 * i] = socket(AF_INET, SOCK_STREAM, 0);
		connect_to(fds[2 * i], port);
		fds[2 * i + 1] = accept(l, NULL, NULL);
	}
	for (int piece = 64; piece <= 65536; piece *= 32) {
		memset(was, 0, sizeof(was));
		seen = twice = 0;
		len = read_file("/proc/net/tcp", piece);
		for (at = text; (at = strchr(at, '\n')) && *++at;) {
			if (!parse(at, &line) || (int)line.rport != port)
				continue;
			twice += was[line.lport]++;
			seen++;
		}
		is(len % 150, 0, "many: whole lines");
		is(seen, MANY, "many: all are there");
		is(twice, 0, "many: each once");
	}
	for (int i = 0; i < 2 * MANY; i++)
		close(fds[i]);
	close(l);
}

static void test_offsets(void)
{
	int port, l = listener(1, &port), fd, n;
	char a[4096], b[4096];

	fd = open("/proc/net/tcp", O_RDONLY);
	n = read(fd, a, 150);
	is(n, 150, "the first line");
	is(pread(fd, b, 150, 0), 150, "again");
	ok(!memcmp(a, b, 150), "is the same");
	is(pread(fd, b, 100, 50), 100, "a part of it");
	ok(!memcmp(a + 50, b, 100), "is that part");
	is(lseek(fd, 0, SEEK_SET), 0, "rewound");
	is(read(fd, b, 150), 150, "read again");
	ok(!memcmp(a, b, 150), "is the same");
	is(pread(fd, b, 1, 100000000), 0, "far beyond the end");
	close(fd);
	close(l);
}

static void test_udp(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int other = socket(AF_INET, SOCK_DGRAM, 0);
	struct line line;

	read_file("/proc/net/udp", 4096);
	bind_to(fd, 0);
	read_file("/proc/net/udp", 4096);
	ok(find(port_of(fd), 0, &line), "udp: is there");
	is(line.state, 7, "udp: not connected");
	is(line.width, 127, "udp: 127 columns");
	ok(line.ino == ino_of(fd), "udp: its inode number");
	ok(line.laddr == htonl(INADDR_LOOPBACK), "udp: its address");
	is(line.rx, 0, "udp: nothing to read");
	connect_to(other, port_of(fd));
	send(other, "hello", 5, 0);
	wait_mask(fd, POLLIN);
	read_file("/proc/net/udp", 4096);
	find(port_of(fd), 0, &line);
	ok(line.rx > 5, "udp: memory of what can be read");
	ok(find(port_of(other), port_of(fd), &line), "udp: the other end");
	is(line.state, 1, "udp: connected");
	ok(line.ino == ino_of(other), "udp: the other's inode number");
	close(fd);
	close(other);
	read_file("/proc/net/udp", 4096);
	ok(!find(0, 0, &line) || line.ino != ino_of(fd), "udp: closed");
}

/* The line about a UNIX socket, without what differs: "" if there is none. */
static const char *unix_line(unsigned long ino)
{
	static char rest[256];
	unsigned long found;
	const char *at = text;
	int start;

	read_file("/proc/net/unix", 4096);
	while ((at = strchr(at, '\n')) && *++at) {
		if (sscanf(at, "%*x: %*x %n%*x %*x %*x %*x %lu", &start,
			   &found) != 1 ||
		    found != ino)
			continue;
		snprintf(rest, sizeof(rest), "%.*s",
			 (int)strcspn(at + start, "\n"), at + start);
		return rest;
	}
	return "";
}

static void is_unix(int fd, const char *before, const char *after,
		    const char *title)
{
	char want[256];

	sprintf(want, "%s %5lu%s", before, ino_of(fd), after);
	is_str(unix_line(ino_of(fd)), want, title);
}

static void test_unix(void)
{
	struct sockaddr_un a = { AF_UNIX, "\0a name\0of two" };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), fds[2];
	char after[128];

	is_unix(fd, "00000000 00000000 0002 01", "", "unix: a fresh one");
	bind(fd, (struct sockaddr *)&a, 2 + 14);
	is_unix(fd, "00000000 00000000 0002 01", " @a name@of two",
		"unix: an abstract name");
	close(fd);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	is_unix(fds[0], "00000000 00000000 0001 03", "", "unix: connected");
	is_unix(fds[1], "00000000 00000000 0001 03", "", "unix: its peer");
	close(fds[0]);
	close(fds[1]);
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	bind(fd, (struct sockaddr *)&a, 2 + 3);
	listen(fd, 1);
	is_unix(fd, "00000000 00010000 0005 01", " @a ", "unix: listening");
	close(fd);
	sprintf(a.sun_path, "/tmp/pollux-proc-net-%d", getpid());
	sprintf(after, " %s", a.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(fd, (struct sockaddr *)&a, sizeof(a));
	is_unix(fd, "00000000 00000000 0001 01", after, "unix: a path");
	unlink(a.sun_path);
	close(fd);
}

/* A figure of "Group: names" and "Group: values": -2, there is none. */
static long figure(const char *path, const char *group, const char *name)
{
	char *names, *values, *n, *v, *ns, *vs;
	long found = -2;

	read_file(path, 4096);
	names = strstr(text, group);
	values = names ? strchr(names, '\n') : NULL;
	if (!values)
		return -2;
	*values++ = '\0';
	values[strcspn(values, "\n")] = '\0';
	n = strtok_r(names, " ", &ns);
	v = strtok_r(values, " ", &vs);
	if (!n || !v || strcmp(n, v))
		return -2;
	while ((n = strtok_r(NULL, " ", &ns)) && (v = strtok_r(NULL, " ", &vs)))
		if (!strcmp(n, name))
			found = atol(v);
	return n || strtok_r(NULL, " ", &vs) ? -2 : found;
}

static long word_after(const char *path, const char *before)
{
	const char *at;

	read_file(path, 4096);
	at = strstr(text, before);
	return at ? atol(at + strlen(before)) : -2;
}

static void test_counts(void)
{
	static const char snmp[] = "/proc/net/snmp";
	static const char stat[] = "/proc/net/sockstat";
	long opens = figure(snmp, "Tcp:", "ActiveOpens");
	long accepts = figure(snmp, "Tcp:", "PassiveOpens");
	long used = word_after(stat, "sockets: used ");
	int fds[2];

	ok(opens >= 0 && accepts >= 0, "snmp: connections");
	ok(used >= 0, "sockstat: sockets");
	pair(fds);
	ok(figure(snmp, "Tcp:", "ActiveOpens") > opens, "snmp: one more");
	ok(figure(snmp, "Tcp:", "PassiveOpens") > accepts,
	   "snmp: and one more accepted");
	ok(figure(snmp, "Tcp:", "CurrEstab") >= 2, "snmp: both ends");
	ok(word_after(stat, "TCP: inuse ") >= 2, "sockstat: both ends");
	ok(word_after(stat, "sockets: used ") >= 2, "sockstat: more sockets");
	close(fds[0]);
	close(fds[1]);
	is(figure(snmp, "Ip:", "DefaultTTL"), 64, "snmp: DefaultTTL");
	ok(figure(snmp, "Ip:", "InReceives") >= 0, "snmp: InReceives");
	ok(figure(snmp, "Icmp:", "InMsgs") >= 0, "snmp: Icmp");
	ok(figure(snmp, "Udp:", "InDatagrams") >= 0, "snmp: Udp");
	ok(figure("/proc/net/netstat", "TcpExt:", "TW") >= 0, "netstat: TW");
	ok(figure("/proc/net/netstat", "TcpExt:", "ListenOverflows") >= 0,
	   "netstat: ListenOverflows");
	ok(figure("/proc/net/netstat", "IpExt:", "InNoRoutes") >= 0,
	   "netstat: IpExt");
}

/* Bytes that lo has carried. */
static long lo_bytes(int column)
{
	char *at;

	read_file("/proc/net/dev", 4096);
	at = strstr(text, "lo:");
	if (!at)
		return -1;
	at = strtok(at + 3, " ");
	while (at && column--)
		at = strtok(NULL, " ");
	return at ? atol(at) : -1;
}

static void test_lo(void)
{
	long rx = lo_bytes(0), tx = lo_bytes(8), packets = lo_bytes(1);
	char buf[5000] = "";
	int fds[2];

	pair(fds);
	write(fds[0], buf, sizeof(buf));
	recv(fds[1], buf, sizeof(buf), MSG_WAITALL);
	ok(lo_bytes(0) >= rx + 5000, "lo: has received");
	ok(lo_bytes(8) >= tx + 5000, "lo: has sent");
	ok(lo_bytes(1) > packets, "lo: packets");
	close(fds[0]);
	close(fds[1]);
}

static int reads(const char *path, int numbers)
{
	char full[128], *at = text, *end;
	int n = 0;

	sprintf(full, "/proc/sys/net/%s", path);
	if (read_file(full, 100) <= 0)
		return 0;
	for (; n < numbers; n++, at = end) {
		strtol(at, &end, 10);
		if (end == at)
			return 0;
	}
	return !strcmp(at, "\n");
}

static void test_settings(void)
{
	static const struct {
		const char *path;
		int numbers;
	} settings[] = {
		{ "core/somaxconn", 1 },
		{ "core/rmem_default", 1 },
		{ "core/rmem_max", 1 },
		{ "core/wmem_default", 1 },
		{ "core/wmem_max", 1 },
		{ "ipv4/ip_default_ttl", 1 },
		{ "ipv4/ip_forward", 1 },
		{ "ipv4/ip_local_port_range", 2 },
		{ "ipv4/ip_unprivileged_port_start", 1 },
		{ "ipv4/ping_group_range", 2 },
		{ "ipv4/igmp_max_memberships", 1 },
		{ "ipv4/tcp_rmem", 3 },
		{ "ipv4/tcp_wmem", 3 },
		{ "ipv4/tcp_mem", 3 },
		{ "ipv4/udp_mem", 3 },
		{ "ipv4/tcp_fin_timeout", 1 },
		{ "ipv4/tcp_keepalive_time", 1 },
		{ "ipv4/tcp_keepalive_intvl", 1 },
		{ "ipv4/tcp_keepalive_probes", 1 },
		{ "ipv4/tcp_max_tw_buckets", 1 },
		{ "ipv4/tcp_sack", 1 },
		{ "ipv4/tcp_syn_retries", 1 },
		{ "ipv4/tcp_syncookies", 1 },
		{ "ipv4/tcp_tw_reuse", 1 },
		{ "ipv4/tcp_window_scaling", 1 },
		{ "unix/max_dgram_qlen", 1 },
	};
	char title[80];

	for (unsigned int i = 0; i < sizeof(settings) / sizeof(*settings);
	     i++) {
		sprintf(title, "setting: %s", settings[i].path);
		ok(reads(settings[i].path, settings[i].numbers), title);
	}
	ok(read_file("/proc/sys/net/ipv4/tcp_congestion_control", 100) > 1,
	   "setting: ipv4/tcp_congestion_control");
}

/*
 * On a Linux where others have thousands of connections: a network of our own,
 * with lo in it. Elsewhere that fails, and is not needed.
 */
static void be_alone(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET))
		return;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
}

int main(void)
{
	struct rlimit limit = { 2048, 2048 };

	deadline(60);
	setrlimit(RLIMIT_NOFILE, &limit);
	test_settings();
	be_alone();
	if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
		return 9;
	test_headers();
	test_tcp();
	test_states();
	test_many();
	test_offsets();
	test_udp();
	test_unix();
	test_counts();
	test_lo();
	return done_testing();
}
