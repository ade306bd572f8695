/* SPDX-License-Identifier: MIT */
/*
 * recvmsg(2) of UDP, raw and ping sockets. Thread context.
 */
#include <errno.h>

#include "lwip/pbuf.h"

#include "kernel/fs/iov_iter.h"
#include "net/dgram/ip_error.h"
#include "net/dgram/udp.h"
#include "net/inet/af_inet.h"
#include "net/dgram/ip_cmsg.h"

static void tell(struct dgram_sock *ds, struct msg *msg, const struct dgram *d)
{
	sock_recv_cmsgs(dgram_to_sk(ds), msg, d);
	if (msg->name) {
		inet_fill_address(msg->name, d->ip.saddr, d->sport);
		msg->namelen = sizeof(msg->name->in);
	}
	if (ds->inet.ip_flags)
		ip_cmsg_recv(&ds->inet, msg, d);
}

/* MSG_PEEK advances SO_PEEK_OFF's offset; a read moves it back. */
static void move_peek_off(struct dgram_sock *ds, size_t n, bool peek)
{
	if (ds->peek_off < 0)
		return;
	if (peek)
		ds->peek_off += n;
	else
		ds->peek_off = MAX(ds->peek_off - (int)n, 0);
}

ssize_t udp_recvmsg(struct sock *sk, struct msg *msg)
{
	struct dgram_sock *ds = dgram_sk(sk);
	uint32_t flags = msg->flags;
	struct dgram *d;
	uint32_t off = 0;
	size_t len, n;
	int err;

	if (flags & MSG_ERRQUEUE)
		return ip_recv_error(ds, msg);
	msg->namelen = 0;
	msg->flags = 0;
	err = dgram_wait(ds, flags, &off, &d);
	if (err || !d)
		return err;
	len = d->p->tot_len;
	n = MIN(len - off, msg->iter->count);
	if (msg->iter->count <= len - off && n < len)
		msg->flags |= MSG_TRUNC;
	err = dgram_copy(d, off, n, msg->iter);
	if (!err) {
		tell(ds, msg, d);
		if (flags & MSG_TRUNC)
			n = len;
		move_peek_off(ds, n, flags & MSG_PEEK);
	}
	if (!(flags & MSG_PEEK)) {
		ds->drops += !!err;
		dgram_consume(ds, d);
	}
	return err ? err : (ssize_t)n;
}
