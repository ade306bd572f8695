/* SPDX-License-Identifier: MIT */
/*
 * The error queue of sockets with IP_RECVERR: errors from ICMP and from this
 * machine. Softirq and system calls.
 */
#include "net/dgram/ip_error.h"

#include <errno.h>
#include <string.h>

#include "lwip/pbuf.h"

#include "kernel/fs/iov_iter.h"
#include "net/inet/af_inet.h"
#include "net/inet/icmp.h"
#include "net/dgram/ip_cmsg.h"
#include "net/inet/inet_sock.h"
#include "net/socket/cmsg.h"

#define IP_RECVERR_TYPE 11 /* <linux/in.h> does not go with lwIP */

/* A copy of the quoted bytes from skip on; the ICMP message is the caller's. */
static struct dgram *copy_of(const struct pbuf *from, uint16_t skip)
{
	uint16_t len = from && from->tot_len > skip ? from->tot_len - skip : 0;
	struct pbuf *p = pbuf_alloc(PBUF_RAW, len, PBUF_RAM);
	struct dgram *d;

	if (!p)
		return NULL;
	if (len)
		pbuf_copy_partial(from, p->payload, len, skip);
	d = dgram_alloc(p, 0);
	pbuf_free(p);
	return d;
}

void ip_icmp_error(struct dgram_sock *ds, const struct icmp_error *e, int err,
		   uint16_t port, uint16_t skip)
{
	struct dgram *d;

	if (!ip_flag(&ds->inet, IP_F_RECVERR))
		return;
	d = copy_of(e->quoted, skip);
	if (!d)
		return;
	d->ee.err = err;
	d->ee.origin = SO_EE_ORIGIN_ICMP;
	d->ee.type = e->type;
	d->ee.code = e->code;
	d->ee.info = e->info;
	d->offender = e->offender;
	d->ip = e->ip;
	d->knows_route = true;
	d->error_addr = e->daddr;
	d->sport = port;
	dgram_deliver_error(ds, d);
}

void ip_local_error(struct dgram_sock *ds, int err, uint32_t daddr,
		    uint16_t port, uint32_t info)
{
	struct dgram *d;

	if (!ip_flag(&ds->inet, IP_F_RECVERR))
		return;
	d = copy_of(NULL, 0);
	if (!d)
		return;
	d->ee.err = err;
	d->ee.origin = SO_EE_ORIGIN_LOCAL;
	d->ee.info = info;
	d->error_addr = daddr;
	d->sport = port;
	dgram_deliver_error(ds, d);
}

static void put_error(struct dgram_sock *ds, struct msg *msg,
		      const struct dgram *d)
{
	struct {
		struct ip_extended_err ee;
		struct inet_address offender;
	} said = { .ee = d->ee };

	if (d->ee.origin == SO_EE_ORIGIN_ICMP) {
		said.offender.family = AF_INET;
		said.offender.addr = d->offender;
		ip_cmsg_recv(&ds->inet, msg, d);
	}
	put_cmsg(msg, IPPROTO_IP, IP_RECVERR_TYPE, &said, sizeof(said));
}

ssize_t ip_recv_error(struct dgram_sock *ds, struct msg *msg)
{
	struct dgram *d = dgram_take_error(ds);
	size_t len, n;
	int err;

	msg->namelen = 0;
	msg->flags = 0;
	if (!d)
		return -EAGAIN;
	len = d->p->tot_len;
	n = len < msg->iter->count ? len : msg->iter->count;
	if (n < len)
		msg->flags |= MSG_TRUNC;
	err = dgram_copy(d, 0, n, msg->iter);
	if (!err) {
		sock_recv_cmsgs(dgram_to_sk(ds), msg, d);
		if (msg->name) {
			inet_fill_address(msg->name, d->error_addr, d->sport);
			msg->namelen = sizeof(msg->name->in);
		}
		put_error(ds, msg, d);
		msg->flags |= MSG_ERRQUEUE;
	}
	dgram_free(d);
	return err ? err : (ssize_t)n;
}
