/* SPDX-License-Identifier: MIT */
/*
 * The differential tester's operations. Owns the descriptors that a seed has
 * open: a slot knows what it was made as, not whether it is still that, since
 * close, dup2 and time go over them too.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "diff.h"

/* Descriptors have fixed numbers, so that a stale one names something. */
#define SLOTS 20
#define BASE 100

#define PAGE 4096

static char page[2 * PAGE];
static const char *letters = "";

/* What a slot was made as. */
enum kind {
	NOTHING,
	PIPE,
	PAIR,
	EVENT,
	TIMER,
	EPOLL
};
static enum kind kinds[SLOTS];

static int random_fd(void)
{
	return BASE + (int)pick(SLOTS);
}

/* Mostly one that is of this kind, or NOTHING for one that is open. */
static int random_of(enum kind kind)
{
	int fd = random_fd();

	if (pick(16) == 0)
		return fd;
	for (int i = 0; i < SLOTS; i++) {
		int slot = (fd - BASE + i) % SLOTS;

		if (kind ? kinds[slot] == kind : kinds[slot] != NOTHING)
			return BASE + slot;
	}
	return fd;
}

static int random_open(void)
{
	return random_of(NOTHING);
}

static const char *told(long result)
{
	static char text[64];

	if (result >= 0)
		snprintf(text, sizeof(text), "%ld", result);
	else
		snprintf(text, sizeof(text), "error %d", errno);
	return text;
}

/* Moves a new descriptor to a slot, over what is there. */
static int place(int fd, enum kind kind)
{
	int slot = random_fd();

	if (fd < 0)
		return fd;
	MUST(dup2(fd, slot));
	close(fd);
	kinds[slot - BASE] = kind;
	return slot;
}

static void make_pipe(void)
{
	int ends[2], flags = O_NONBLOCK | (pick(8) ? 0 : O_DIRECT);
	int r, w;

	MUST(pipe2(ends, flags));
	r = place(ends[0], PIPE);
	w = place(ends[1], PIPE);
	if (pick(2))
		fcntl(w, F_SETPIPE_SZ, PAGE << pick(3));
	say("pipe %x: %d %d\n", (unsigned int)flags, r, w);
}

static void make_pair(void)
{
	static const int types[] = { SOCK_STREAM, SOCK_STREAM, SOCK_DGRAM,
				     SOCK_SEQPACKET };
	int type = types[pick(4)], pair[2], a, b;

	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair)) {
		say("pair %d: error %d\n", type, errno);
		return;
	}
	a = place(pair[0], PAIR);
	b = place(pair[1], PAIR);
	say("pair %d: %d %d\n", type, a, b);
}

static void make_eventfd(void)
{
	int flags = EFD_NONBLOCK | (pick(4) ? 0 : EFD_SEMAPHORE);
	unsigned int count = pick(3);

	say("eventfd %x %u:", (unsigned int)flags, count);
	say(" %d\n", place(eventfd(count, flags), EVENT));
}

static void make_timerfd(void)
{
	say("timerfd: %d\n",
	    place(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), TIMER));
}

static void make_epoll(void)
{
	say("epoll: %d\n", place(epoll_create1(0), EPOLL));
}

static void do_make(void)
{
	static const struct {
		char letter;
		void (*make)(void);
	} makers[] = {
		{ 'p', make_pipe },    { 's', make_pair },
		{ 'e', make_eventfd }, { 't', make_timerfd },
		{ 'E', make_epoll },
	};
	char letter = letters[pick((unsigned int)strlen(letters))];

	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		if (makers[i].letter == letter)
			makers[i].make();
	}
}

static void do_dup(void)
{
	int from = random_open(), to = random_fd();
	int result = dup2(from, to);

	say("dup2 %d %d: %s\n", from, to, told(result));
	if (result >= 0)
		kinds[to - BASE] = kinds[from - BASE];
}

static void do_close(void)
{
	int fd = random_open();

	say("close %d: ", fd);
	say("%s\n", told(close(fd)));
	kinds[fd - BASE] = NOTHING;
}

/* One to read from or write to: no epoll, mostly. */
static int random_io(void)
{
	static const enum kind io[] = { PIPE, PIPE, PAIR, EVENT, EVENT, TIMER };

	return random_of(io[pick(6)]);
}

static size_t random_length(void)
{
	static const size_t lengths[] = { 0,   1,	 8,    8,	8,
					  100, PAGE - 1, PAGE, PAGE + 1 };

	return lengths[pick(sizeof(lengths) / sizeof(lengths[0]))];
}

/* Eight bytes that are a small count when an eventfd takes them. */
static void do_write(void)
{
	int fd = random_io();
	size_t n = random_length();
	uint64_t count = pick(3);

	memset(page, (int)pick(256), sizeof(page));
	if (n == 8)
		memcpy(page, &count, 8);
	say("write %d %zu: ", fd, n);
	say("%s\n", told(write(fd, page, n)));
}

/*
 * A timer's count can be as large as the delay was long: it is told as 1. The
 * eight bytes of others are told whole, the rest as a sum.
 */
static void do_read(void)
{
	int fd = random_io();
	size_t n = random_length();
	long got;
	unsigned int sum = 0;
	struct itimerspec t;

	say("read %d %zu: ", fd, n);
	got = read(fd, page, n);
	say("%s", told(got));
	if (got > 0 && timerfd_gettime(fd, &t)) {
		for (long i = 0; i < got; i++)
			sum = sum * 31 + (unsigned char)page[i];
		say(" %x", sum);
	}
	say("\n");
}

/* Many writes: full. Many reads: empty. */
static void do_fill(void)
{
	int fd = random_io(), n = 0, most = 40;

	say("fill %d: ", fd);
	while (n < most && write(fd, page, PAGE) > 0)
		n++;
	say("%d\n", n);
}

static void do_drain(void)
{
	int fd = random_io(), n = 0;
	struct itimerspec t;

	say("drain %d: ", fd);
	while (n < 200 && read(fd, page, PAGE) > 0)
		n++;
	say("%d\n", timerfd_gettime(fd, &t) ? n : 0);
}

static void do_send(void)
{
	int fd = random_of(PAIR);
	size_t n = random_length();

	say("send %d %zu: ", fd, n);
	say("%s\n", told(send(fd, page, n, MSG_DONTWAIT | MSG_NOSIGNAL)));
}

static void do_shutdown(void)
{
	int fd = random_of(PAIR), how = (int)pick(3);

	say("shutdown %d %d: ", fd, how);
	say("%s\n", told(shutdown(fd, how)));
}

/*
 * Set to long ago (and so expired when the call returns, once whoever expires
 * timers has run), to an hour from now, or disarmed.
 */
static void do_settime(void)
{
	int fd = random_of(TIMER), flags = 0, kind = (int)pick(4);
	struct itimerspec t = { 0 };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	long result;

	if (kind < 2) {
		t.it_value.tv_nsec = 1;
		flags = TFD_TIMER_ABSTIME;
	}
	if (kind == 1 || kind == 2)
		t.it_interval.tv_sec = 1 << 30;
	if (kind == 2)
		t.it_value.tv_sec = 3600;
	say("settime %d %d: ", fd, kind);
	result = timerfd_settime(fd, flags, &t, NULL);
	say("%s\n", told(result));
	if (!result && kind < 2)
		poll(&p, 1, 1000);
}

static uint32_t random_events(void)
{
	static const uint32_t bits[] = {
		EPOLLIN,     EPOLLOUT, EPOLLPRI, EPOLLRDHUP,   EPOLLRDNORM,
		EPOLLWRNORM, EPOLLHUP, EPOLLERR, EPOLLONESHOT, EPOLLEXCLUSIVE,
	};
	uint32_t events = pick(4) ? EPOLLIN : 0;

	if (pick(3) == 0)
		events |= EPOLLOUT;
	if (pick(2))
		events |= EPOLLET;
	if (pick(6) == 0)
		events |= EPOLLONESHOT;
	for (int i = (int)pick(8) - 5; i > 0; i--)
		events |= bits[pick(sizeof(bits) / sizeof(bits[0]))];
	return events;
}

static void do_ctl(void)
{
	static const int ops[] = { EPOLL_CTL_ADD,
				   EPOLL_CTL_ADD,
				   EPOLL_CTL_ADD,
				   EPOLL_CTL_MOD,
				   EPOLL_CTL_MOD,
				   EPOLL_CTL_DEL,
				   17 };
	int op = ops[pick(7)], ep = random_of(EPOLL),
	    fd = pick(4) ? random_io() : random_of(EPOLL);
	struct epoll_event event = { .events = random_events(),
				     .data.u64 = pick(1000) };

	say("ctl %d %d %d %x %u: ", ep, op, fd, event.events, event.data.u32);
	say("%s\n", told(epoll_ctl(ep, op, fd, &event)));
}

static void wait_on(int ep)
{
	struct epoll_event events[8];
	int max = 1 + (int)pick(8);
	int n = epoll_wait(ep, events, max, 0);

	say("wait %d %d: %s", ep, max, told(n));
	for (int i = 0; i < n; i++)
		say(" %u:%x", events[i].data.u32, events[i].events);
	say("\n");
}

static void do_wait(void)
{
	wait_on(random_of(EPOLL));
}

/* All that can be said of all. */
static void do_look(void)
{
	struct pollfd p[SLOTS];
	int n, queued;

	for (int i = 0; i < SLOTS; i++)
		p[i] = (struct pollfd){ BASE + i, (short)(0x3fff & ~POLLHUP),
					0 };
	n = poll(p, SLOTS, 0);
	say("poll: %d", n);
	for (int i = 0; i < SLOTS; i++) {
		queued = -1;
		if (ioctl(BASE + i, FIONREAD, &queued))
			queued = -errno;
		say(" %x/%d", (unsigned short)p[i].revents, queued);
	}
	say("\n");
}

static void do_wait_all(void)
{
	say("all:\n");
	for (int i = 0; i < SLOTS; i++) {
		if (kinds[i] == EPOLL)
			wait_on(BASE + i);
	}
}

void step(void)
{
	static const struct {
		int weight;
		void (*run)(void);
	} operations[] = {
		{ 7, do_make },	   { 2, do_dup },      { 2, do_close },
		{ 16, do_write },  { 12, do_read },    { 2, do_fill },
		{ 4, do_drain },   { 3, do_send },     { 1, do_shutdown },
		{ 4, do_settime }, { 40, do_ctl },     { 20, do_wait },
		{ 2, do_look },	   { 6, do_wait_all },
	};
	int at = (int)pick(121);

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]);
	     i++) {
		at -= operations[i].weight;
		if (at < 0) {
			operations[i].run();
			return;
		}
	}
}

void begin(const char *kinds_wanted)
{
	letters = kinds_wanted;
	for (int i = 0; i < SLOTS; i++)
		do_make();
}

void finish(void)
{
	do_look();
	for (int i = 0; i < SLOTS; i++) {
		close(BASE + i);
		kinds[i] = NOTHING;
	}
}
