/* SPDX-License-Identifier: MIT */
/*
 * /proc/net/tcp: listeners, then connections, both ends of local ones; then
 * what has no socket: handshakes in progress, closing pcbs and TIME-WAIT.
 * Owns nothing. Thread context.
 */
#include "net/proc/proc_tcp.h"

#include "kernel/task/process.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "kernel/base.h"
#include "kernel/lib/seq_buf.h"
#include "net/inet/inet_sock.h"
#include "net/proc/proc_net.h"
#include "net/tcp/tcp.h"
#include "net/tcp/tcp_timewait.h"

#define LINE_WIDTH 149
#define CLOCK_TICK_MS 10 /* AT_CLKTCK is 100 */
#define RTO_LOCAL_MS 200 /* Linux's minimum, as a local peer has it */
#define RTO_INITIAL_MS 1000 /* RFC 6298 */
#define INITIAL_WINDOW 10 /* RFC 6928, segments */

/* The column "tr": what the timer is for. */
enum tcp_timer {
	TIMER_NONE,
	TIMER_RETRANSMIT,
	TIMER_KEEPALIVE,
	TIMER_TIME_WAIT,
	TIMER_PROBE,
};

struct tcp_line {
	uint32_t laddr, raddr;
	uint16_t lport, rport;
	uint8_t state;
	uint32_t tx, rx;
	uint8_t timer; /* enum tcp_timer */
	uint32_t when_ms;
	uint32_t retransmits, probes;
	uint32_t uid;
	uint64_t ino;
	uint32_t refs;
	/* Only with is_socket. */
	bool is_socket;
	uint32_t rto_ms, ato_ms;
	uint32_t cwnd;
	int32_t ssthresh; /* -1: none yet */
};

/*
 * Keys: 0 is the header; then come the file's parts. In a part a socket has
 * its serial number, anything else its chain in a table and its place in the
 * chain.
 */
#define KEY_PART_SHIFT 56
#define KEY_CHAIN_SHIFT 24
/* How many are skipped before other threads may run. */
#define CHAINS_AT_ONCE 4096
#define OTHERS_AT_ONCE 4096

enum part {
	PART_LISTENERS,
	PART_CONNECTIONS,
	PART_PCBS,
	PART_TIME_WAIT,
	NR_PARTS,
};

static uint64_t key_of(enum part part, uint64_t place)
{
	return 1 + ((uint64_t)part << KEY_PART_SHIFT) + place;
}

static void show_line(struct seq_walk *w, const struct tcp_line *l,
		      uint64_t next_key)
{
	struct seq_buf *m = w->m;
	size_t start = m->len;

	/* Record 0 is the header. */
	seq_printf(m, "%4u: %08X:%04X %08X:%04X %02X %08X:%08X ",
		   (unsigned int)w->pos->number - 1, l->laddr, l->lport,
		   l->raddr, l->rport, l->state, l->tx, l->rx);
	seq_printf(m, "%02X:%08X %08X %5u %8u %llu %u %016x", l->timer,
		   l->when_ms / CLOCK_TICK_MS, l->retransmits, l->uid,
		   l->probes, (unsigned long long)l->ino, l->refs, 0);
	if (l->is_socket)
		seq_printf(m, " %u %u 0 %u %d", l->rto_ms / CLOCK_TICK_MS,
			   l->ato_ms / CLOCK_TICK_MS, l->cwnd, l->ssthresh);
	seq_pad(m, start, LINE_WIDTH, '\n');
	seq_walk_done(w, next_key);
}

static void show_header(struct seq_walk *w)
{
	size_t start = w->m->len;

	if (w->pos->key)
		return;
	seq_printf(w->m, "  sl  local_address rem_address   st tx_queue "
			 "rx_queue tr tm->when retrnsmt   uid  timeout inode");
	seq_pad(w->m, start, LINE_WIDTH, '\n');
	seq_walk_done(w, key_of(PART_LISTENERS, 0));
}

/* ---- Sockets ------------------------------------------------------------- */

static void fill_timer(struct tcp_line *l, const struct tcp_pcb *pcb)
{
	uint32_t idle_ms = (tcp_ticks - pcb->tmr) * TCP_SLOW_INTERVAL;

	if (pcb->persist_backoff) {
		l->timer = TIMER_PROBE;
		l->probes = pcb->persist_probe;
	} else if (pcb->unacked) {
		int left = pcb->rto - MAX(pcb->rtime, 0);

		l->timer = TIMER_RETRANSMIT;
		l->when_ms = MAX(left, 0) * TCP_SLOW_INTERVAL;
		l->retransmits = pcb->nrtx;
	} else if (pcb->so_options & SOF_KEEPALIVE) {
		l->timer = TIMER_KEEPALIVE;
		if (idle_ms < pcb->keep_idle)
			l->when_ms = pcb->keep_idle - idle_ms;
		l->probes = pcb->keep_cnt_sent;
	}
}

static void fill_pcb(struct tcp_line *l, const struct tcp_pcb *pcb)
{
	fill_timer(l, pcb);
	l->rto_ms = pcb->rto * TCP_SLOW_INTERVAL;
	l->ato_ms = TCP_FAST_INTERVAL;
	l->cwnd = pcb->mss ? pcb->cwnd / pcb->mss : 0;
	l->ssthresh = pcb->cwnd < pcb->ssthresh ?
			      -1 :
			      (int32_t)(pcb->ssthresh / MAX(pcb->mss, 1));
}

static void show_sock(struct seq_walk *w, struct sock *sk, uint64_t next_key)
{
	const struct inet_sock *inet = inet_sk(sk);
	const struct tcp_pcb *pcb = tcp_sk(sk)->pcb;
	struct sock_queues queues = sock_get_queues(sk);
	struct tcp_line l = {
		.laddr = inet->saddr,
		.lport = inet->sport,
		.state = sk->sk_state,
		.tx = queues.tx,
		.rx = queues.rx,
		.uid = APP_UID,
		.ino = sock_ino(sk),
		.refs = 1,
		.is_socket = true,
		.cwnd = INITIAL_WINDOW,
	};

	if (sk->sk_state == TCP_LISTEN) {
		l.rto_ms = RTO_INITIAL_MS;
	} else {
		l.raddr = inet->daddr;
		l.rport = inet->dport;
		l.rto_ms = RTO_LOCAL_MS;
		l.ssthresh = -1;
		if (pcb)
			fill_pcb(&l, pcb);
	}
	show_line(w, &l, next_key);
}

static void walk_socks(struct seq_walk *w, enum part part, uint64_t from)
{
	struct sock *sk = sock_list_seek(&tcp_socks, from);
	unsigned int others = 0;

	for (; sk && seq_walk_wants(w); sk = sock_list_next(&tcp_socks, sk)) {
		bool is_listener = sk->sk_state == TCP_LISTEN;

		if (sk->sk_state == TCP_CLOSE ||
		    is_listener != (part == PART_LISTENERS)) {
			if (++others == OTHERS_AT_ONCE)
				seq_walk_pause(w,
					       key_of(part, sk->sk_serial + 1));
			continue;
		}
		show_sock(w, sk, key_of(part, sk->sk_serial + 1));
	}
}

/* ---- Connections without a socket ---------------------------------------- */

static void show_pcb(struct seq_walk *w, const struct tcp_pcb *pcb,
		     uint64_t next_key)
{
	bool handshake = pcb->state == SYN_RCVD;
	struct tcp_line l = {
		.laddr = ip_addr_get_ip4_u32(&pcb->local_ip),
		.lport = pcb->local_port,
		.raddr = ip_addr_get_ip4_u32(&pcb->remote_ip),
		.rport = pcb->remote_port,
		.state = tcp_state_of_pcb(pcb),
		.tx = handshake ? 0 : pcb->snd_lbb - pcb->lastack,
		.uid = handshake ? APP_UID : 0,
		.is_socket = !handshake,
	};

	fill_pcb(&l, pcb);
	show_line(w, &l, next_key);
}

static void show_time_wait(struct seq_walk *w, const struct tcp_time_wait *tw,
			   uint64_t next_key)
{
	const struct tcp_line l = {
		.laddr = tw->id.laddr,
		.lport = tw->id.lport,
		.raddr = tw->id.raddr,
		.rport = tw->id.rport,
		.state = tw->state,
		.timer = TIMER_TIME_WAIT,
		.when_ms = tcp_time_wait_left(tw),
		.refs = 3,
	};

	show_line(w, &l, next_key);
}

/* Empty chains yield no line: pauses after CHAINS_AT_ONCE of them. */
static void end_chain(struct seq_walk *w, enum part part, uint64_t chain)
{
	if (!(++chain % CHAINS_AT_ONCE) && seq_walk_wants(w))
		seq_walk_pause(w, key_of(part, chain << KEY_CHAIN_SHIFT));
}

/* n counts a chain's pcbs from its key on; those below `from` were shown. */
static void walk_pcbs(struct seq_walk *w, enum part part, uint64_t from)
{
	uint64_t chain = from >> KEY_CHAIN_SHIFT;
	struct tcp_pcb *pcb;

	for (; seq_walk_wants(w) && net_pcb_chain(chain, &pcb); chain++) {
		uint64_t n = chain << KEY_CHAIN_SHIFT;

		for (; pcb && seq_walk_wants(w); pcb = pcb->hash_next) {
			if (n++ >= from && !tcp_sk_of_pcb(pcb))
				show_pcb(w, pcb, key_of(part, n));
		}
		end_chain(w, part, chain);
	}
}

static void walk_time_waits(struct seq_walk *w, enum part part, uint64_t from)
{
	uint64_t chain = from >> KEY_CHAIN_SHIFT;
	struct tcp_time_wait *tw;

	for (; seq_walk_wants(w) && tcp_time_wait_chain(chain, &tw); chain++) {
		uint64_t n = chain << KEY_CHAIN_SHIFT;

		for (; tw && seq_walk_wants(w); tw = tw->next) {
			if (n++ >= from)
				show_time_wait(w, tw, key_of(part, n));
		}
		end_chain(w, part, chain);
	}
}

void proc_tcp_walk(struct seq_buf *m, struct seq_pos *pos)
{
	static void (*const parts[])(struct seq_walk * w, enum part part,
				     uint64_t from) = {
		[PART_LISTENERS] = walk_socks,
		[PART_CONNECTIONS] = walk_socks,
		[PART_PCBS] = walk_pcbs,
		[PART_TIME_WAIT] = walk_time_waits,
	};
	struct seq_walk w;
	uint64_t from, part;

	seq_walk_begin(&w, m, pos);
	show_header(&w);
	part = (pos->key - 1) >> KEY_PART_SHIFT;
	from = (pos->key - 1) & (BIT(KEY_PART_SHIFT) - 1);
	for (; part < NR_PARTS && seq_walk_wants(&w); part++, from = 0)
		parts[part](&w, part, from);
	seq_walk_end(&w);
}
