/* SPDX-License-Identifier: MIT */
/*
 * A connection may fail only where something excuses it: a fault that can cut
 * it, memory that was missing on one of its hosts, or a program that broke it
 * off. What arrives has to be right all the same.
 */
#include "judge.h"

#include <errno.h>
#include <stdio.h>

#include "faults.h"
#include "host.h"
#include "watch.h"

/* Steps between two looks at the invariants of one host. */
#define CHECK_EVERY 512

static bool is_healed;
static uint64_t nr_connections, nr_excused, nr_bytes, nr_steps;
static uint64_t ends_open;

bool judge_is_healed(void)
{
	return is_healed;
}

void judge_healed(void)
{
	is_healed = true;
}

/* ---- Ends ---------------------------------------------------------------- */

static const char *side_name(const struct end *e)
{
	return e->side == CLIENT ? "client" : "server";
}

static bool is_excused(const struct conn *c)
{
	return faults_cut() || c->aborted ||
	       host_had_trouble(&hosts[c->flow->client]) ||
	       host_had_trouble(&hosts[c->flow->server]);
}

void judge_opened(const struct end *e)
{
	ends_open++;
}

void judge_introduced(const struct end *e)
{
	nr_connections++;
}

void judge_eof(const struct end *e)
{
	const struct end *peer = e->conn ? e->conn->ends[!e->side] : NULL;

	/* Its own program may have shut both directions, to be rid of it. */
	if (!e->conn || e->err || (e->conn->aborted && e->side == CLIENT))
		return;
	if (peer && e->rx == peer->tx && (peer->tx_shut || peer->done))
		return;
	/* The server may have had no memory to serve it. */
	if (!peer && !e->rx && is_excused(e->conn))
		return;
	fail("connection %u (%s): the %s reads the end after %llu bytes of "
	     "%llu",
	     e->conn->nr, flow_names[e->conn->flow->kind], side_name(e),
	     (unsigned long long)e->rx,
	     (unsigned long long)(peer ? peer->tx : 0));
}

void judge_end_of(const struct end *e)
{
	const struct conn *c = e->conn;

	nr_bytes += e->rx;
	if (!c || (!e->err && !c->aborted && e->tx == end_tx_total(e)))
		return;
	nr_excused++;
	if (!is_excused(c) || c->flow->last)
		fail("connection %u (%s): the %s has error %d after %llu bytes "
		     "in, %llu out",
		     c->nr, flow_names[c->flow->kind], side_name(e), -e->err,
		     (unsigned long long)e->rx, (unsigned long long)e->tx);
}

static void forget(struct conn *c)
{
	struct conn **link = &conns_open;

	while (*link != c)
		link = &(*link)->next_open;
	*link = c->next_open;
}

static void judge_both(const struct conn *c)
{
	const struct end *client = c->ends[CLIENT], *server = c->ends[SERVER];

	if (client->err || server->err || c->aborted)
		return;
	if (client->rx != server->tx || server->rx != client->tx)
		fail("connection %u (%s): %llu of %llu bytes went up, %llu of "
		     "%llu down",
		     c->nr, flow_names[c->flow->kind],
		     (unsigned long long)server->rx,
		     (unsigned long long)client->tx,
		     (unsigned long long)client->rx,
		     (unsigned long long)server->tx);
}

void judge_closed(const struct end *e)
{
	struct conn *c = e->conn;

	ends_open--;
	if (!c || !c->ends[SERVER] || c->ends[SERVER]->fd >= 0 ||
	    c->ends[CLIENT]->fd >= 0)
		return;
	judge_both(c);
	forget(c);
}

void judge_no_socket(struct host *h, struct conn *c, int err)
{
	if (!host_had_trouble(h) || c->flow->last)
		fail("host %u: socket: %d", h->nr, err);
	nr_excused++;
	forget(c);
}

/* ---- Steps --------------------------------------------------------------- */

static void check_host(struct host *h)
{
	const char *broken = h->ops->check();

	if (broken)
		fail("host %u: %s", h->nr, broken);
}

void judge_step(void)
{
	const char *broken = wire_check();

	if (broken)
		fail("%s", broken);
	if (++nr_steps % CHECK_EVERY == 0)
		check_host(&hosts[nr_steps / CHECK_EVERY % nr_hosts]);
}

/* ---- The end ------------------------------------------------------------- */

static void print_end(const struct end *e)
{
	printf("#     %s: fd %d, rx %llu, tx %llu of %llu%s%s%s, error %d, "
	       "poll %x\n",
	       side_name(e), e->fd, (unsigned long long)e->rx,
	       (unsigned long long)e->tx, (unsigned long long)end_tx_total(e),
	       e->rx_eof ? ", eof" : "", e->tx_shut ? ", shut" : "",
	       e->done ? ", done" : "", e->err,
	       e->fd < 0 ? 0 : e->host->ops->poll_mask(e->fd));
}

static void print_open(void)
{
	unsigned int left = 8;

	for (struct conn *c = conns_open; c && left; c = c->next_open) {
		if (c->ends[CLIENT]->fd < 0 && !c->ends[SERVER])
			continue;
		printf("#   connection %u, of flow %s from %u to %u, begun at "
		       "%llu s\n",
		       c->nr, flow_names[c->flow->kind], c->flow->client,
		       c->flow->server, (unsigned long long)(c->started / SEC));
		print_end(c->ends[CLIENT]);
		if (c->ends[SERVER])
			print_end(c->ends[SERVER]);
		left--;
	}
}

void judge_waits_for_ever(void)
{
	print_open();
	fail("a client waits for ever");
}

void judge_begin(void)
{
	for (unsigned int i = 0; i < nr_hosts; i++)
		hosts[i].ops->state(&hosts[i].at_start);
}

static void judge_memory(struct host *h)
{
	struct machine_state s, *a = &h->at_start;

	h->ops->state(&s);
	if (s.threads != a->threads)
		fail("host %u: %u threads, at the start %u", h->nr, s.threads,
		     a->threads);
	if (s.objects != a->objects || s.tcp_pcbs != a->tcp_pcbs ||
	    s.time_waits || s.rx_held)
		fail("host %u: %zu objects, at the start %zu; %zu pcbs, at the "
		     "start %zu; %zu TIME_WAITs; %zu buffers held;%s",
		     h->nr, s.objects, a->objects, s.tcp_pcbs, a->tcp_pcbs,
		     s.time_waits, s.rx_held, h->ops->leaks());
}

void judge_end(void)
{
	if (ends_open) {
		print_open();
		fail("%llu ends of connections are open for ever",
		     (unsigned long long)ends_open);
	}
	if (wire_counts.in_flight)
		fail("frames are under way for ever");
	for (struct conn *c = conns_open; c; c = c->next_open) {
		if (!c->ends[CLIENT]->err && !is_excused(c))
			fail("connection %u: nobody served it", c->nr);
	}
	for (unsigned int i = 0; i < nr_hosts; i++) {
		judge_memory(&hosts[i]);
		check_host(&hosts[i]);
	}
}

void judge_count(struct figures *f)
{
	f->connections = nr_connections;
	f->excused = nr_excused;
	f->bytes = nr_bytes;
	f->wakes = watch_looks;
}
