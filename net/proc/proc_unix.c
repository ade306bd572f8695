/* SPDX-License-Identifier: MIT */
/*
 * /proc/net/unix and /proc/net/netlink. Owns nothing. Thread context.
 */
#include "net/proc/proc_unix.h"

#include "kernel/base.h"
#include "kernel/lib/seq_buf.h"
#include "net/netlink/af_netlink.h"
#include "net/proc/proc_net.h"
#include "net/unix/unix.h"

#define FLAG_LISTENING 0x10000

/* As in <linux/net.h>; used by this file only. */
enum unix_state {
	STATE_UNCONNECTED = 1,
	STATE_CONNECTING,
	STATE_CONNECTED,
	STATE_DISCONNECTING,
};

static enum unix_state state_of(const struct sock *sk)
{
	bool established = sk->sk_state == TCP_ESTABLISHED;

	if (sk->sk_socket)
		return established ? STATE_CONNECTED : STATE_UNCONNECTED;
	return established ? STATE_CONNECTING : STATE_DISCONNECTING;
}

/* An abstract name is shown with '@' for each NUL, the first one included. */
static void show_name(struct seq_buf *m, const struct unix_address *addr)
{
	const char *name = addr->bytes + UNIX_PATH_OFFSET;
	int len = addr->len - UNIX_PATH_OFFSET;
	bool abstract = !name[0];

	seq_putc(m, ' ');
	for (int i = 0; i < len && (abstract || name[i]); i++)
		seq_putc(m, name[i] ? name[i] : '@');
}

static void show_unix(struct seq_buf *m, const struct unix_sock *u)
{
	const struct sock *sk = &u->sk;

	seq_printf(m, "%016x: %08X %08X %08X %04X %02X %5llu", 0, u->refs, 0,
		   sk->sk_state == TCP_LISTEN ? FLAG_LISTENING : 0, sk->sk_type,
		   state_of(sk), (unsigned long long)sock_ino(sk));
	if (u->addr)
		show_name(m, u->addr);
	seq_putc(m, '\n');
}

/* Keys: 0 is the header, a socket's is its serial number + 1. */
static void show_header(struct seq_walk *w, const char *header)
{
	if (w->pos->key)
		return;
	seq_printf(w->m, "%s", header);
	seq_walk_done(w, 1);
}

void proc_unix_walk(struct seq_buf *m, struct seq_pos *pos)
{
	struct seq_walk w;
	struct sock *sk;

	seq_walk_begin(&w, m, pos);
	show_header(&w, "Num       RefCount Protocol Flags    Type St "
			"Inode Path\n");
	sk = sock_list_seek(&unix_socks, pos->key - 1);
	for (; sk && seq_walk_wants(&w); sk = sock_list_next(&unix_socks, sk)) {
		if (unix_sk(sk)->is_dead)
			continue;
		show_unix(m, unix_sk(sk));
		seq_walk_done(&w, sk->sk_serial + 2);
	}
	seq_walk_end(&w);
}

static void show_netlink(struct seq_buf *m, const struct netlink_sock *nl)
{
	seq_printf(m, "%016x %-3d %-10u %08x %-8u %-8d ", 0, NETLINK_ROUTE,
		   nl->portid, (uint32_t)nl->groups, nl->rmem, 0);
	seq_printf(m, "%-5d %-8d %-8u %-8llu\n", 0, 1, nl->drops,
		   (unsigned long long)sock_ino(&nl->sk));
}

void proc_netlink_walk(struct seq_buf *m, struct seq_pos *pos)
{
	struct seq_walk w;
	struct sock *sk;

	seq_walk_begin(&w, m, pos);
	show_header(&w, "sk               Eth Pid        Groups   "
			"Rmem     Wmem     Dump  Locks    Drops    "
			"Inode\n");
	sk = sock_list_seek(&netlink_socks, pos->key - 1);
	for (; sk && seq_walk_wants(&w);
	     sk = sock_list_next(&netlink_socks, sk)) {
		show_netlink(m, netlink_sk(sk));
		seq_walk_done(&w, sk->sk_serial + 2);
	}
	seq_walk_end(&w);
}
