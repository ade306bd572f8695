/* SPDX-License-Identifier: MIT */
/*
 * The differential tester: from a seed it makes a random sequence of system
 * calls on pipes, eventfds, timerfds, sockets, (nested) epolls and duplicates
 * of them, and writes down what each one gave: results, errno, event lists in
 * their order, checksums of data. No times, numbers of processes or addresses,
 * so the same seed gives the same trace on every system that behaves alike.
 *
 * usage: diff FIRST COUNT OPERATIONS KINDS [trace]
 *
 * For each of COUNT seeds from FIRST on it prints the hash of the trace, or
 * with "trace" the trace itself. KINDS is "files", "sockets" (AF_UNIX too) or
 * "inet" (TCP and UDP too). Nothing that is called can block for ever.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum kind kind_of[FD_MAX];
int fd_limit;
/* What a run is about beside files and epolls. */
static enum {
	FILES,
	SOCKETS,
	INET
} kinds;
unsigned char pattern[DATA_MAX];
unsigned char buffer[DATA_MAX];
unsigned char *fenced;

static uint64_t state;
static char line[8192];
static size_t line_len;

/* ---- What is random ------------------------------------------------------ */

/* splitmix64. */
static uint64_t next_random(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t rnd(uint32_t n)
{
	return (next_random() >> 32) % n;
}

bool chance(uint32_t p)
{
	return rnd(100) < p;
}

static int pick_number(void)
{
	static const int odd[] = { -1, 1000000, FD_MAX, FD_MAX + 1 };

	return chance(90) ? FD_FIRST + (int)rnd(fd_limit - FD_FIRST) :
			    PICK(odd);
}

static int pick_where(bool any, enum kind kind)
{
	int found[FD_MAX], n = 0;

	for (int fd = FD_FIRST; fd < fd_limit; fd++) {
		if (any ? kind_of[fd] != NONE : kind_of[fd] == kind)
			found[n++] = fd;
	}
	return n && chance(97) ? found[rnd(n)] : pick_number();
}

int pick_fd(enum kind kind)
{
	return pick_where(false, kind);
}

int pick_any(void)
{
	return pick_where(true, NONE);
}

/* ---- The trace ----------------------------------------------------------- */

void say(const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line + line_len, sizeof(line) - line_len, format, args);
	va_end(args);
	line_len += n;
	if (line_len >= sizeof(line)) {
		fprintf(stderr, "a line of the trace is too long\n");
		exit(2);
	}
}

static const char *errno_name(int error)
{
	static const char *const names[] = {
		[EPERM] = "EPERM",
		[ENOENT] = "ENOENT",
		[EINTR] = "EINTR",
		[EBADF] = "EBADF",
		[EAGAIN] = "EAGAIN",
		[ENOMEM] = "ENOMEM",
		[EFAULT] = "EFAULT",
		[EBUSY] = "EBUSY",
		[EEXIST] = "EEXIST",
		[EINVAL] = "EINVAL",
		[ENFILE] = "ENFILE",
		[EMFILE] = "EMFILE",
		[ENOTTY] = "ENOTTY",
		[ENOSPC] = "ENOSPC",
		[ESPIPE] = "ESPIPE",
		[EPIPE] = "EPIPE",
		[ELOOP] = "ELOOP",
		[ENOSYS] = "ENOSYS",
		[ENOTSOCK] = "ENOTSOCK",
		[EMSGSIZE] = "EMSGSIZE",
		[EOPNOTSUPP] = "EOPNOTSUPP",
		[ECONNRESET] = "ECONNRESET",
		[ENOTCONN] = "ENOTCONN",
		[EISCONN] = "EISCONN",
		[EADDRINUSE] = "EADDRINUSE",
		[EADDRNOTAVAIL] = "EADDRNOTAVAIL",
		[EINPROGRESS] = "EINPROGRESS",
		[EALREADY] = "EALREADY",
		[ENOPROTOOPT] = "ENOPROTOOPT",
		[EAFNOSUPPORT] = "EAFNOSUPPORT",
		[EDESTADDRREQ] = "EDESTADDRREQ",
		[ECONNABORTED] = "ECONNABORTED",
		[ENETUNREACH] = "ENETUNREACH",
		[ECONNREFUSED] = "ECONNREFUSED",
	};
	static char number[16];

	if (error > 0 && error < (int)ARRAY_SIZE(names) && names[error])
		return names[error];
	snprintf(number, sizeof(number), "E%d", error);
	return number;
}

long say_result(long result)
{
	if (result == -1)
		say(" = %s", errno_name(errno));
	else
		say(" = %ld", result);
	return result;
}

int say_opened(int fd, enum kind kind)
{
	say_result(fd);
	if (fd >= 0 && fd < FD_MAX)
		kind_of[fd] = kind;
	return fd;
}

/* FNV-1a, with eight bytes at a time where there are so many. */
static uint64_t hash(uint64_t h, const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t word;

	for (; size >= sizeof(word); p += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * 0x100000001b3;
		h ^= h >> 29;
	}
	while (size--)
		h = (h ^ *p++) * 0x100000001b3;
	return h;
}

uint32_t checksum(const void *data, size_t size)
{
	uint64_t h = hash(0xcbf29ce484222325, data, size);

	return h ^ h >> 32;
}

/* ---- A run --------------------------------------------------------------- */

static int total_weight(const struct operation *ops)
{
	int sum = 0;

	for (; ops->run; ops++)
		sum += ops->weight;
	return sum;
}

/* The first ones make files: what there is to do without any is soon done. */
static void run_maker(void)
{
	const int makers = 8, inet_makers = 4;

	if (kinds == SOCKETS && chance(40))
		socket_operations[0].run();
	else if (kinds == INET && chance(70))
		inet_operations[rnd(inet_makers)].run();
	else
		file_operations[rnd(makers)].run();
}

static void run_one(void)
{
	/* Over the network as little moves as inet.c knows of: no splice. */
	static const struct operation *const tables[][5] = {
		[FILES] = { file_operations, event_operations,
			    splice_operations },
		[SOCKETS] = { file_operations, event_operations,
			      splice_operations, socket_operations,
			      splice_socket_operations },
		[INET] = { file_operations, event_operations, inet_operations },
	};
	int ends[5], count = 1, n;

	ends[0] = total_weight(tables[kinds][0]);
	for (; count < 5 && tables[kinds][count]; count++)
		ends[count] = ends[count - 1] +
			      total_weight(tables[kinds][count]);
	n = rnd(ends[count - 1]);
	for (int i = 0; i < count; i++) {
		const struct operation *op = tables[kinds][i];

		if (n >= ends[i])
			continue;
		for (n -= i ? ends[i - 1] : 0; n >= op->weight; op++)
			n -= op->weight;
		op->run();
		return;
	}
}

static void limit_files(int n)
{
	struct rlimit limit = { n, MARKER_FD + 1 };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		perror("setrlimit");
}

/* Few numbers make few files meet often, many make deep nests. */
static void start(uint64_t seed)
{
	static const int limits[] = { 8, 12, 16, 24, 40, 63 };

	state = seed * 0x2545f4914f6cdd1d + 1;
	fd_limit = PICK(limits);
	limit_files(MARKER_FD + 1);
	if (kinds == INET)
		prepare_inet();
	limit_files(fd_limit);
	memset(kind_of, 0, sizeof(kind_of));
	forget_watches();
	forget_ports();
}

static void run_seed(uint64_t seed, long operations, bool is_traced)
{
	uint64_t h = 0xcbf29ce484222325;

	start(seed);
	for (long i = 0; i < operations; i++) {
		line_len = 0;
		if (i < fd_limit / 4)
			run_maker();
		else
			run_one();
		settle();
		say("\n");
		h = hash(h, line, line_len);
		if (is_traced)
			printf("%ld %s", i, line);
	}
	reset_inet();
	for (int fd = FD_FIRST; fd < FD_MAX; fd++)
		close(fd);
	printf("seed %llu %016llx\n", (unsigned long long)seed,
	       (unsigned long long)h);
	fflush(stdout);
}

static void prepare(void)
{
	state = 1;
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = next_random();
	fenced = mmap(NULL, DATA_MAX, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fenced == MAP_FAILED ||
	    mprotect(fenced + DATA_MAX - 4096, 4096, PROT_NONE)) {
		perror("mmap");
		exit(2);
	}
	if (find_known()) {
		fprintf(stderr, "the program's own file is not as expected\n");
		exit(2);
	}
	signal(SIGPIPE, SIG_IGN);
	for (int fd = FD_FIRST; fd < FD_MAX; fd++)
		close(fd);
}

int main(int argc, char **argv)
{
	uint64_t first;
	long count, operations;

	if (argc < 5) {
		fprintf(stderr,
			"usage: diff FIRST COUNT OPERATIONS KINDS [trace]\n");
		return 2;
	}
	first = strtoull(argv[1], NULL, 0);
	count = atol(argv[2]);
	operations = atol(argv[3]);
	prepare();
	if (!strcmp(argv[4], "sockets"))
		kinds = SOCKETS;
	if (!strcmp(argv[4], "inet"))
		kinds = INET;
	for (long i = 0; i < count; i++)
		run_seed(first + i, operations, argc > 5);
	return 0;
}
