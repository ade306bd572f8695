/* SPDX-License-Identifier: MIT */
/* unit: tests/unit/bed/net_tcp.c */
/* unit: @net */
/*
 * A machine that has been up for long: over 2^31 and 2^32 milliseconds (25
 * and 50 days), with connections that are opened, closed, idle and stuck
 * meanwhile. And one that stood still for longer than half of that.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/eventpoll.h>

#include "bed/net_tcp.h"
#include "kernel/base.h"
#include "lib/tap.h"
#include "net/tcp/tcp_timewait.h"

#define SEC NSEC_PER_SEC
#define DAY (24 * 3600 * SEC)
#define WRAP_NS ((1ULL << 32) * NSEC_PER_MSEC)

/* A connection that our side closes first. */
static void open_and_close(int lfd)
{
	struct peer p;
	int fd = accepted(lfd, &p);

	sys_close(fd);
	peer_drain(&p, buf, 10);
	peer_send(&p, ACK | FIN, NULL, 0);
	peer_take(&p);
	bed_forget_sent();
}

/* Each second one ends, and each is remembered for a minute. */
static void test_timewait(int lfd, const char *when)
{
	size_t wrong = 0;

	for (size_t i = 0; i < 130; i++) {
		size_t n = tcp_time_wait_count();

		wrong += n < MIN(i, 60UL) || n > 63;
		open_and_close(lfd);
		bed_sleep(SEC);
	}
	is(wrong, 0, "%s: always those of the last minute", when);
	bed_sleep(63 * SEC);
	is(tcp_time_wait_count(), 0, "%s: all of them end", when);
}

static bool echoes(int fd, struct peer *p)
{
	char got[8];
	bool fin;

	bed_forget_sent();
	peer_send(p, ACK | PSH, "ping", 4);
	if (sys_recv(fd, got, sizeof(got), 0) != 4 ||
	    sys_send(fd, "pong", 4, 0) != 4)
		return false;
	return swallow(p, buf, 16, &fin) == 4 && !memcmp(buf, "pong", 4);
}

/* How often what is not acknowledged is sent in so many seconds. */
static unsigned int transmissions(int fd, struct peer *p, unsigned int seconds)
{
	unsigned int n = 0;

	bed_forget_sent();
	sys_send(fd, "lost", 4, 0);
	for (unsigned int i = 0; i < seconds * 10; i++) {
		bed_sleep(SEC / 10);
		while (peer_take(p))
			n += p->got_len > 0;
	}
	p->ack = p->got_seq + (uint32_t)p->got_len;
	peer_send(p, ACK, NULL, 0);
	return n;
}

/* A probe is a number that was acknowledged already. */
static unsigned int keepalives(struct peer *p, unsigned int seconds)
{
	uint32_t ack = p->ack;
	unsigned int n = 0;

	bed_forget_sent();
	for (unsigned int i = 0; i < seconds; i++) {
		bed_sleep(SEC);
		while (peer_take(p)) {
			n++;
			p->ack = ack;
			peer_send(p, ACK, NULL, 0);
		}
	}
	return n;
}

/* lwIP's: milliseconds, and what TCP's timers count, 5 a second. */
uint32_t sys_now(void);
extern uint32_t tcp_ticks;

struct uptime {
	int lfd;
	int idle, kept; /* connections from the first day */
	struct peer idle_peer, kept_peer;
};

/* Half of it before the wrap, half behind it. */
static void test_wrap(struct uptime *u, const char *when)
{
	struct peer p;
	int fd = accepted(u->lfd, &p);

	is(transmissions(fd, &p, 20), 5,
	   "%s: what is lost is sent again, 1, 2, 4 and 8 s later", when);
	ok(echoes(fd, &p), "%s: and all goes on", when);
	sys_close(fd);
	peer_send(&p, RST, NULL, 0);
	echoes(u->kept, &u->kept_peer);
	is(keepalives(&u->kept_peer, 65), 6, "%s: keep-alive each 10 s", when);
	ok(echoes(u->idle, &u->idle_peer), "%s: who was idle is still there",
	   when);
	test_timewait(u->lfd, when);
	ok(echoes(u->kept, &u->kept_peer), "%s: who was kept alive too", when);
}

static void open_all(struct uptime *u)
{
	u->lfd = listener(64);
	u->idle = accepted(u->lfd, &u->idle_peer);
	u->kept = accepted(u->lfd, &u->kept_peer);
	sys_set(u->kept, 1, 9, 1); /* SO_KEEPALIVE */
	sys_set(u->kept, 6, 4, 10); /* TCP_KEEPIDLE */
}

static void close_all(struct uptime *u)
{
	sys_close(u->idle);
	sys_close(u->kept);
	sys_close(u->lfd);
	peer_send(&u->idle_peer, RST, NULL, 0);
	peer_send(&u->kept_peer, RST, NULL, 0);
	no_leaks("after all that time");
}

/* The clock is so long before its 2^32th millisecond. */
static void stop_before_wrap(uint64_t ns)
{
	bed_stop(WRAP_NS - ns - bed_now() % WRAP_NS);
}

/* For lwIP an hour at most has passed: its own clock is brought there. */
static void lwip_before(uint32_t ms)
{
	while ((uint32_t)(ms - sys_now()) > 3600 * 1000)
		bed_stop(3600 * SEC);
	bed_stop((uint32_t)(ms - sys_now()) * NSEC_PER_MSEC);
}

int main(void)
{
	static const uint32_t lwip_wraps[] = { 1U << 31, 0 };
	struct uptime u;

	begin();
	tcp_ticks = UINT32_MAX - 5 * 50;
	open_all(&u);
	test_wrap(&u, "first day");
	ok(tcp_ticks < 100000, "which was 27 years for TCP's timers");
	stop_before_wrap(WRAP_NS / 2 + 150 * SEC);
	test_wrap(&u, "25 days");
	stop_before_wrap(150 * SEC);
	test_wrap(&u, "50 days");
	bed_stop(30 * DAY);
	test_wrap(&u, "stopped for 30 days");
	bed_stop(1000 * DAY);
	test_wrap(&u, "stopped for 1000 days");
	for (size_t i = 0; i < ARRAY_SIZE(lwip_wraps); i++) {
		lwip_before(lwip_wraps[i] - 150 * 1000);
		test_wrap(&u, i ? "lwIP's 50 days" : "lwIP's 25 days");
	}
	close_all(&u);
	return bed_done();
}
