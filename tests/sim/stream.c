/* SPDX-License-Identifier: MIT */
/*
 * What is sent, and whether it is that which arrives.
 */
#include "stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "judge.h"

#define MAGIC 0x706f6c75
#define CHUNK_MAX 65536
#define MOVES_MAX 16 /* in one step: others have a turn */
#define KEEP_IDLE 60 /* s */
#define KEEP_INTERVAL 10 /* s */
#define KEEP_COUNT 5

struct conn *conns_open;
static struct conn *conns[CONNS_MAX];
static uint32_t nr_conns;

struct conn *conn_new(const struct flow *flow)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (nr_conns == CONNS_MAX)
		fail("too many connections");
	c->nr = nr_conns;
	c->flow = flow;
	c->started = now;
	c->ends[CLIENT] = calloc(1, sizeof(struct end));
	c->ends[CLIENT]->conn = c;
	c->ends[CLIENT]->fd = -1;
	c->next_open = conns_open;
	conns_open = c;
	conns[nr_conns++] = c;
	return c;
}

struct conn *conn_find(const uint8_t header[HEADER])
{
	uint32_t words[2];

	memcpy(words, header, sizeof(words));
	if (words[0] >= nr_conns || words[1] != (words[0] ^ MAGIC))
		return NULL;
	return conns[words[0]];
}

/* ---- Bytes --------------------------------------------------------------- */

static uint64_t eight_bytes(uint64_t stream, uint64_t n)
{
	uint64_t z = stream * 0x9e3779b97f4a7c15 + n * 0xbf58476d1ce4e5b9 + 1;

	z = (z ^ (z >> 29)) * 0x94d049bb133111eb;
	return z ^ (z >> 32);
}

/* Those from at on of what a side sends. */
static void fill(const struct conn *c, enum side from, uint64_t at,
		 uint8_t *buf, size_t len)
{
	uint64_t stream = (uint64_t)c->nr << 1 | from;
	uint32_t header[2] = { c->nr, c->nr ^ MAGIC };

	for (size_t i = 0; i < len;) {
		uint64_t word = eight_bytes(stream, (at + i) / 8);
		size_t skip = (at + i) % 8, n = MIN(8 - skip, len - i);

		if (from == CLIENT && at + i < HEADER)
			memcpy(&word, header, sizeof(word));
		memcpy(buf + i, (uint8_t *)&word + skip, n);
		i += n;
	}
}

static void compare(const struct conn *c, enum side from, uint64_t at,
		    const uint8_t *got, size_t len)
{
	static uint8_t want[CHUNK_MAX];

	fill(c, from, at, want, len);
	if (!memcmp(got, want, len))
		return;
	for (size_t i = 0; i < len; i++) {
		if (got[i] != want[i])
			fail("connection %u (%s): byte %llu from the %s is "
			     "%02x, not %02x",
			     c->nr, flow_names[c->flow->kind],
			     (unsigned long long)(at + i),
			     from == CLIENT ? "client" : "server", got[i],
			     want[i]);
	}
}

/* ---- Rules of the conversations ------------------------------------------ */

uint64_t end_tx_total(const struct end *e)
{
	const struct flow *f = e->conn->flow;

	return (e->side == CLIENT ? f->up : f->down) * f->rounds;
}

/* What the peer will have sent in all. */
static uint64_t end_peer_total(const struct end *e)
{
	const struct flow *f = e->conn->flow;

	return (e->side == CLIENT ? f->down : f->up) * f->rounds;
}

static uint64_t server_may_send(const struct end *e, const struct flow *f)
{
	switch (f->kind) {
	case FLOW_ECHO:
		return e->rx;
	case FLOW_REQUESTS:
		return e->rx / f->up * f->down;
	case FLOW_UP:
	case FLOW_HALF_CLOSE:
		return e->rx_eof ? f->down : 0;
	default:
		return f->down;
	}
}

uint64_t end_may_send(const struct end *e)
{
	const struct flow *f;

	if (!e->conn)
		return 0; /* it does not know yet to whom it speaks */
	f = e->conn->flow;
	if (e->side == SERVER)
		return server_may_send(e, f);
	if (f->kind == FLOW_REQUESTS)
		return MIN(e->rx / f->down + 1, f->rounds) * f->up;
	return f->up;
}

static struct end *peer_of(const struct end *e)
{
	return e->conn->ends[!e->side];
}

/* ---- Beginning and end --------------------------------------------------- */

void end_open(struct task *t, struct end *e, int fd, enum side side)
{
	e->side = side;
	e->host = t->host;
	e->fd = fd;
	e->is_open = true;
	e->rng.state = rng_u64(&t->host->rng);
	e->users = 1;
	e->wakes = NEVER;
	judge_opened(e);
	/* Whose peer has gone for good learns of it. */
	if (sys_set(t, fd, SOL_SOCKET, SO_KEEPALIVE, 1) ||
	    sys_set(t, fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE) ||
	    sys_set(t, fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL) ||
	    sys_set(t, fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT))
		fail("host %u: no keepalive", t->host->nr);
}

void free_server_end(struct end *e)
{
	if (!e->conn)
		free(e);
}

void end_finish(struct task *t, struct end *e, int err)
{
	if (err && !e->err)
		e->err = err;
	if (!e->done) {
		e->done = true;
		judge_end_of(e);
	}
	if (--e->users)
		return;
	if (e->fd >= 0)
		sys_close(t, e->fd);
	e->fd = -1;
	judge_closed(e);
}

/* The server's end is that of the connection which its header names. */
static void introduce(struct end *e)
{
	struct conn *c = conn_find(e->header);

	if (!c)
		fail("host %u: a header that nobody has sent", e->host->nr);
	else if (c->ends[SERVER])
		fail("connection %u was accepted twice", c->nr);
	else
		c->ends[SERVER] = e;
	e->conn = c;
	judge_introduced(e);
}

/* ---- Moving bytes -------------------------------------------------------- */

static size_t chunk_of(struct end *e)
{
	size_t most = e->conn ? e->conn->flow->chunk : HEADER;

	return rng_range(&e->rng, 1, MIN(most, (size_t)CHUNK_MAX));
}

static void take(struct end *e, const uint8_t *got, size_t len)
{
	size_t n = 0;

	if (!e->conn) {
		n = MIN(len, HEADER - e->rx);
		memcpy(e->header + e->rx, got, n);
		if (e->rx + n == HEADER)
			introduce(e);
	}
	if (e->conn)
		compare(e->conn, !e->side, e->rx + n, got + n, len - n);
	e->rx += len;
	if (!e->conn)
		return;
	if (!peer_of(e) || e->rx > peer_of(e)->tx)
		fail("connection %u: %llu bytes came, more than were sent",
		     e->conn->nr, (unsigned long long)e->rx);
}

static bool is_slow(const struct end *e)
{
	return !judge_is_healed() && e->conn && e->conn->flow->slow &&
	       (e->conn->flow->slow_side >> e->side & 1);
}

/* Bytes, 0 at the end, -errno. */
static long read_some(struct task *t, struct end *e)
{
	/* In a blocking call others read meanwhile: the buffer is its own. */
	size_t len = e->conn ? chunk_of(e) : HEADER - e->rx;
	uint8_t *buf = malloc(len);
	long n = sys_recv(t, e->fd, buf, len, 0);

	if (n > 0)
		take(e, buf, n);
	free(buf);
	if (n > 0 && is_slow(e))
		e->pause_until = now + rng_below(&e->rng, e->conn->flow->slow);
	if (!n) {
		e->rx_eof = true;
		judge_eof(e);
	}
	return n;
}

static long write_some(struct task *t, struct end *e)
{
	size_t most = chunk_of(e);
	size_t len = MIN(end_may_send(e) - e->tx, most);
	uint8_t *buf = malloc(len);
	uint64_t before = e->tx;
	long n;

	fill(e->conn, e->side, e->tx, buf, len);
	/* What is taken may arrive before the call has told how much it is. */
	e->tx += len;
	n = sys_send(t, e->fd, buf, len, 0);
	e->tx = before + MAX(n, 0);
	free(buf);
	return n;
}

static void shut(struct task *t, struct end *e)
{
	int err;

	if (e->tx_shut || !e->conn || !e->conn->flow->shuts ||
	    e->tx != end_tx_total(e))
		return;
	e->tx_shut = true;
	err = sys_shutdown(t, e->fd, SHUT_WR);
	if (err && err != -ENOTCONN)
		fail("shutdown: %d", err);
}

/*
 * All is sent and received: whose turn it is closes. Or no more can come, and
 * what is to be sent depends on that.
 */
static bool is_complete(const struct end *e)
{
	bool ends_first;

	if (!e->conn)
		return e->rx_eof;
	if (e->rx_eof)
		return end_may_send(e) <= e->tx;
	if (e->tx != end_tx_total(e))
		return false;
	ends_first = e->conn->flow->server_ends == (e->side == SERVER);
	return ends_first && e->rx == end_peer_total(e);
}

static bool maybe_abort(struct task *t, struct end *e)
{
	const struct flow *f = e->conn ? e->conn->flow : NULL;
	struct linger linger = { 1, 0 };

	if (!f || !f->aborts || e->side != CLIENT ||
	    e->tx < MIN(end_tx_total(e), f->chunk) ||
	    !rng_chance(&e->rng, 1, 8))
		return false;
	e->conn->aborted = true;
	if (f->lingers)
		sys(t, SYS_setsockopt, e->fd, SOL_SOCKET, SO_LINGER,
		    ARG(&linger), sizeof(linger), 0);
	return true;
}

struct wants end_step(struct task *t, struct end *e)
{
	struct wants w = { .until = NEVER };
	bool moved = true;
	long n;

	for (int i = 0; moved && i < MOVES_MAX; i++) {
		moved = false;
		w.events = 0;
		if (!e->rx_eof && now >= e->pause_until) {
			n = read_some(t, e);
			moved = n >= 0;
			w.events |= EPOLLIN;
			if (n < 0 && n != -EAGAIN)
				goto over;
		}
		if (end_may_send(e) > e->tx) {
			n = write_some(t, e);
			moved |= n > 0;
			w.events |= EPOLLOUT;
			if (n < 0 && n != -EAGAIN)
				goto over;
		}
		shut(t, e);
		n = 0;
		if (is_complete(e) || maybe_abort(t, e))
			goto over;
	}
	if (moved)
		w.until = now;
	else if (!e->rx_eof && now < e->pause_until)
		w.until = e->pause_until;
	return w;

over:
	end_finish(t, e, n < 0 ? n : 0);
	w.done = true;
	return w;
}

bool end_read(struct task *t, struct end *e)
{
	long n;

	while (now < e->pause_until)
		task_sleep(t, e->pause_until - now + MSEC);
	n = read_some(t, e);
	if (n < 0 && n != -EAGAIN)
		e->err = e->err ? e->err : n;
	return n <= 0 || e->done || e->err;
}

bool end_write(struct task *t, struct end *e)
{
	long n = 0;

	if (end_may_send(e) > e->tx)
		n = write_some(t, e);
	if (n < 0 && n != -EAGAIN)
		e->err = e->err ? e->err : n;
	shut(t, e);
	return e->err || is_complete(e) || e->done || maybe_abort(t, e);
}
