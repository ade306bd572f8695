/* SPDX-License-Identifier: MIT */
/*
 * /proc/net/udp, raw and icmp: sockets of datagrams. Owns nothing. Thread
 * context.
 */
#include "net/proc/proc_dgram.h"

#include "kernel/base.h"
#include "kernel/lib/seq_buf.h"
#include "kernel/task/process.h"
#include "net/dgram/ping.h"
#include "net/dgram/raw.h"
#include "net/dgram/udp.h"
#include "net/inet/inet_sock.h"
#include "net/proc/proc_net.h"

#define LINE_WIDTH 127

/* How the files differ. */
struct dgram_format {
	int indent; /* of the header */
	int number_width;
	size_t pad; /* width of a line, 0: not padded */
	bool is_raw; /* the port is the protocol */
};

static const struct dgram_format udp_format = { 3, 5, LINE_WIDTH, false };
static const struct dgram_format icmp_format = { 2, 5, LINE_WIDTH, false };
static const struct dgram_format raw_format = { 2, 4, 0, true };

/*
 * Keys: 0 is the header. A socket with a port has its chain in the port table
 * and its place in the chain, a raw socket its serial number.
 */
#define KEY_CHAIN_SHIFT 32

static void end_line(struct seq_walk *w, const struct dgram_format *f,
		     size_t start, uint64_t next_key)
{
	seq_pad(w->m, start, f->pad, '\n');
	seq_walk_done(w, next_key);
}

static void show_header(struct seq_walk *w, const struct dgram_format *f)
{
	size_t start = w->m->len;

	if (w->pos->key)
		return;
	seq_printf(w->m,
		   "%*ssl  local_address rem_address   st tx_queue "
		   "rx_queue tr tm->when retrnsmt   uid  timeout inode "
		   "ref pointer drops",
		   f->indent, "");
	end_line(w, f, start, 1);
}

static void show_sock(struct seq_walk *w, const struct dgram_format *f,
		      struct sock *sk, uint64_t next_key)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct sock_queues queues = sock_get_queues(sk);
	struct seq_buf *m = w->m;
	size_t start = m->len;
	uint16_t port = f->is_raw ? sk->sk_protocol : inet->sport;

	seq_printf(m, "%*u: %08X:%04X %08X:%04X %02X %08X:%08X ",
		   f->number_width, (unsigned int)w->pos->number - 1,
		   inet->saddr, port, inet->daddr, f->is_raw ? 0 : inet->dport,
		   sk->sk_state, queues.wmem, queues.rmem);
	seq_printf(m, "%02X:%08X %08X %5u %8u %llu %u %016x %u", 0, 0, 0,
		   APP_UID, 0, (unsigned long long)sock_ino(sk), 2, 0,
		   queues.drops);
	end_line(w, f, start, next_key);
}

/* One list of a chain. *n counts the chain's; up to skip were shown before. */
static void walk_bindings(struct seq_walk *w, const struct dgram_format *f,
			  const struct list_head *list, uint64_t skip,
			  uint64_t *n)
{
	struct inet_binding *b;

	list_for_each_entry(b, list, node) {
		if (!seq_walk_wants(w))
			break;
		if (++*n > skip)
			show_sock(
				w, f,
				&container_of(b, struct inet_sock, binding)->sk,
				1 + *n);
	}
}

/* Sockets with a port (or a ping identifier), by port. */
static void walk_ports(struct seq_buf *m, struct seq_pos *pos,
		       const struct dgram_format *f,
		       const struct inet_ports *ports)
{
	const struct inet_bind_bucket *bucket;
	struct seq_walk w;
	uint64_t chain, skip, n;

	seq_walk_begin(&w, m, pos);
	show_header(&w, f);
	chain = (pos->key - 1) >> KEY_CHAIN_SHIFT;
	skip = pos->key - 1;
	for (; chain < INET_PORT_CHAINS && seq_walk_wants(&w); chain++) {
		n = chain << KEY_CHAIN_SHIFT;
		for (bucket = ports->chains[chain]; bucket;
		     bucket = bucket->next) {
			walk_bindings(&w, f, &bucket->owners, skip, &n);
			walk_bindings(&w, f, &bucket->conns, skip, &n);
		}
	}
	seq_walk_end(&w);
}

void proc_udp_walk(struct seq_buf *m, struct seq_pos *pos)
{
	walk_ports(m, pos, &udp_format, udp_prot.ports);
}

void proc_icmp_walk(struct seq_buf *m, struct seq_pos *pos)
{
	walk_ports(m, pos, &icmp_format, ping_prot.ports);
}

void proc_raw_walk(struct seq_buf *m, struct seq_pos *pos)
{
	struct seq_walk w;
	struct sock *sk;

	seq_walk_begin(&w, m, pos);
	show_header(&w, &raw_format);
	sk = sock_list_seek(&raw_socks, pos->key - 1);
	for (; sk && seq_walk_wants(&w); sk = sock_list_next(&raw_socks, sk))
		show_sock(&w, &raw_format, sk, sk->sk_serial + 2);
	seq_walk_end(&w);
}

/* There is no UDP-Lite: the header only. */
void proc_udplite_walk(struct seq_buf *m, struct seq_pos *pos)
{
	struct seq_walk w;

	seq_walk_begin(&w, m, pos);
	show_header(&w, &udp_format);
	seq_walk_end(&w);
}
