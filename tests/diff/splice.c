/* SPDX-License-Identifier: MIT */
/*
 * Operations that move bytes between descriptors: splice, tee, vmsplice,
 * sendfile. None of them waits: descriptions that would block have
 * O_NONBLOCK for the time of the call.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * A file that is the same everywhere: a part of this very program, which lies
 * at the start of a page of the file too.
 */
static const unsigned char known[32768] __attribute__((aligned(4096))) = {
	'p',
	'o',
	'l',
	'l',
	'u',
	'x',
	':',
	'k',
	'n',
	'o',
	'w',
	'n',
	[100] = 1,
	[101 ... 200] = 2,
	[333 ... 777] = 3,
	[1000 ... 2222] = 4,
	[4000 ... 4094] = 5,
	[4095] = 6,
	[4096] = 7,
	[4097 ... 5555] = 8,
	[5556 ... 8191] = 9,
	[8192 ... 9000] = 10,
	[10000 ... 12345] = 11,
	[16383 ... 16385] = 12,
	[20000 ... 23456] = 13,
	[27000 ... 31999] = 14,
};
static loff_t known_at;

static const char *const sources[] = { "/proc/self/exe", "/proc/self/exe",
				       "/dev/zero", "/dev/null", "/dev/full" };

static const char *const sinks[] = { "/dev/null", "/dev/zero", "/dev/full" };

int find_known(void)
{
	int fd = open(sources[0], O_RDONLY);
	char page[4096];

	while (pread(fd, page, sizeof(page), known_at) == sizeof(page)) {
		if (!memcmp(page, known, sizeof(page))) {
			close(fd);
			return 0;
		}
		known_at += sizeof(page);
	}
	close(fd);
	return -1;
}

static int open_source(const char *path)
{
	int fd = open(path, O_RDONLY);

	lseek(fd, known_at, SEEK_SET);
	return fd;
}

static size_t pick_length(void)
{
	static const size_t lengths[] = { 0,	 1,	2,     10,	100,
					  4095,	 4096,	4097,  8192,	20000,
					  65535, 65536, 70000, 1 << 20, -1 };

	return chance(30) ? rnd(9000) : PICK(lengths);
}

static unsigned int pick_flags(void)
{
	static const unsigned int flags[] = { 0,
					      0,
					      0,
					      SPLICE_F_MOVE,
					      SPLICE_F_NONBLOCK,
					      SPLICE_F_MORE,
					      SPLICE_F_GIFT,
					      15,
					      16 };

	return PICK(flags);
}

/* A descriptor, and the flags to give it back with. */
struct guarded {
	int fd;
	int flags;
};

static struct guarded guard(int fd)
{
	struct guarded g = { fd, fcntl(fd, F_GETFL) };

	if (g.flags >= 0 && !(g.flags & O_NONBLOCK))
		fcntl(fd, F_SETFL, g.flags | O_NONBLOCK);
	return g;
}

static void unguard(struct guarded g)
{
	if (g.flags >= 0 && !(g.flags & O_NONBLOCK))
		fcntl(g.fd, F_SETFL, g.flags);
}

/* The first one changed is the last one given back: they may be the same. */
static long quick_splice(int in, loff_t *off_in, int out, loff_t *off_out,
			 size_t len, unsigned int flags)
{
	struct guarded a = guard(in), b = guard(out);
	long n = syscall(SYS_splice, in, off_in, out, off_out, len, flags);

	unguard(b);
	unguard(a);
	return n;
}

static int pick_pipe(enum kind end)
{
	return chance(95) ? pick_fd(end) : pick_any();
}

/* How many slots a socket's bytes take is not said: they go elsewhere. */
static int pick_input(void)
{
	int fd = pick_pipe(PIPE_R);
	struct stat st;

	return fstat(fd, &st) || !S_ISSOCK(st.st_mode) ? fd : -1;
}

static void op_splice_pipes(void)
{
	int in = pick_input(), out = pick_pipe(PIPE_W);
	size_t len = pick_length();
	unsigned int flags = pick_flags();
	loff_t off = 0;
	loff_t *off_in = chance(3) ? &off : NULL;

	say("splice(%d%s, %d, %zd, %u)", in, off_in ? " at 0" : "", out, len,
	    flags);
	say_result(quick_splice(in, off_in, out, NULL, len, flags));
}

static void op_tee(void)
{
	int in = pick_pipe(PIPE_R), out = pick_pipe(PIPE_W);
	size_t len = pick_length();
	unsigned int flags = pick_flags();
	struct guarded a = guard(in), b = guard(out);

	say("tee(%d, %d, %zd, %u)", in, out, len, flags);
	say_result(syscall(SYS_tee, in, out, len, flags));
	unguard(b);
	unguard(a);
}

/* A file of the operation's own; places are counted from what is known. */
static void op_splice_from_file(void)
{
	static const loff_t places[] = { 0, 1, 100, 4095, 5000, 1 << 30 };
	const char *path = PICK(sources);
	int out = pick_pipe(PIPE_W), file = open_source(path);
	loff_t place = PICK(places), off = known_at + place;
	loff_t *at = chance(70) ? &off : NULL;
	size_t len = pick_length() % 20000;
	unsigned int flags = pick_flags();

	say("splice(%s", path);
	if (at)
		say(" at %lld", (long long)place);
	say(", %d, %zd, %u)", out, len, flags);
	say_result(file < 0 ? -1 :
			      quick_splice(file, at, out, NULL, len, flags));
	if (at)
		say(" at %lld", (long long)(off - known_at));
	close(file);
}

static void op_splice_to_file(void)
{
	const char *path = PICK(sinks);
	int in = pick_pipe(PIPE_R);
	int file = open(path, O_WRONLY | (chance(10) ? O_APPEND : 0));
	size_t len = pick_length();
	unsigned int flags = pick_flags();

	say("splice(%d, %s, %zd, %u)", in, path, len, flags);
	say_result(file < 0 ? -1 :
			      quick_splice(in, NULL, file, NULL, len, flags));
	close(file);
}

static void op_sendfile(void)
{
	const char *path = PICK(sources);
	int out = chance(80) ? pick_pipe(PIPE_W) : pick_any();
	int file = open_source(path);
	loff_t off = known_at + rnd(10000), *at = chance(50) ? &off : NULL;
	size_t len = pick_length() % 20000;
	struct guarded g = guard(out);

	say("sendfile(%d, %s, %s, %zd)", out, path, at ? "at" : "here", len);
	say_result(file < 0 ? -1 : sendfile(out, file, at, len));
	if (at)
		say(" at %lld", (long long)(off - known_at));
	unguard(g);
	close(file);
}

/*
 * Memory of the pattern never changes: pipes refer to it, and on some Linuxes
 * sockets that it was spliced to. If the descriptor is a reader after all, what
 * is given is written to.
 */
static void op_vmsplice_in(void)
{
	int fd = pick_pipe(PIPE_W), n = 1 + rnd(3);
	bool is_reader = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
	unsigned char *base = is_reader ? buffer : pattern;
	unsigned int flags = pick_flags() | SPLICE_F_NONBLOCK;
	struct iovec vec[3];

	say("vmsplice(%d", fd);
	for (int i = 0; i < n; i++) {
		vec[i].iov_base = chance(97) ? base + rnd(10000) :
					       (unsigned char *)8;
		vec[i].iov_len = pick_length() % 30000;
		say(", %zu at %lu", vec[i].iov_len,
		    (unsigned long)vec[i].iov_base % 4096);
	}
	say(", %u)", flags);
	say_result(syscall(SYS_vmsplice, fd, vec, n, flags));
}

/*
 * If the descriptor is a writer after all, the pipe refers to what is given:
 * that must not be what later reads are made into.
 */
static void op_vmsplice_out(void)
{
	int fd = pick_pipe(PIPE_R);
	unsigned int flags = pick_flags() | SPLICE_F_NONBLOCK;
	size_t len = pick_length() % DATA_MAX;
	bool is_writer = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
	unsigned char *base = is_writer ? pattern : buffer;
	struct iovec vec[2] = { { base, len / 3 },
				{ base + len / 3, len - len / 3 } };
	long n;

	say("vmsplice(%d, %zu, %u)", fd, len, flags);
	n = say_result(syscall(SYS_vmsplice, fd, vec, 2, flags));
	if (n > 0)
		say(" %08x", checksum(base, n));
}

/* Through a pipe of the operation's own: how many slots, nobody says. */
static void op_splice_from_socket(void)
{
	static const size_t lengths[] = { 1, 2, 100, 3000, 65536 };
	int in = chance(95) ? pick_fd(SOCK) : pick_any(), own[2];
	size_t len = PICK(lengths);
	long n;

	if (pipe2(own, O_NONBLOCK)) {
		say("no pipe");
		return;
	}
	say("splice(%d, own pipe, %zu)", in, len);
	n = say_result(quick_splice(in, NULL, own[1], NULL, len, 0));
	if (n > 0) {
		n = read(own[0], buffer, DATA_MAX);
		say_result(n);
		if (n > 0)
			say(" %08x", checksum(buffer, n));
	}
	close(own[0]);
	close(own[1]);
}

static void op_splice_to_socket(void)
{
	int in = pick_pipe(PIPE_R);
	int out = chance(95) ? pick_fd(SOCK) : pick_any();
	size_t len = pick_length();
	unsigned int flags = pick_flags();

	say("splice(%d, socket %d, %zd, %u)", in, out, len, flags);
	say_result(quick_splice(in, NULL, out, NULL, len, flags));
}

const struct operation splice_operations[] = {
	{ op_splice_pipes, 24 },    { op_tee, 16 },
	{ op_splice_from_file, 8 }, { op_splice_to_file, 6 },
	{ op_sendfile, 6 },	    { op_vmsplice_in, 10 },
	{ op_vmsplice_out, 6 },	    { NULL, 0 },
};

const struct operation splice_socket_operations[] = {
	{ op_splice_from_socket, 16 },
	{ op_splice_to_socket, 16 },
	{ NULL, 0 },
};
