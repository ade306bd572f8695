/* SPDX-License-Identifier: MIT */
/*
 * Datagram sockets. Each keeps a queue of datagrams with their senders,
 * bounded by SO_RCVBUF in memory; what does not fit is dropped and counted.
 * Sending never waits: a datagram is copied, and goes out or is lost.
 *
 * Datagrams longer than the interface's MTU are refused (EMSGSIZE): nothing
 * is fragmented.
 */
#include "net/udp.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <linux/sockios.h>

#include "lwip/ip.h"
#include "lwip/netif.h"
#include "lwip/udp.h"

#include "kernel/fs/iov_iter.h"
#include "kernel/fs/poll.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/random.h"
#include "net/af_inet.h"
#include "net/core.h"
#include "net/counters.h"
#include "net/netif.h"

#define UDP_MAX_PAYLOAD (1500 - 20 - 8)

struct udp_datagram {
	struct list_head node;
	struct pbuf *p;
	uint32_t addr; /* of the sender */
	uint16_t port;
	uint32_t truesize;
};

struct udp_sock {
	struct inet_sock inet;
	struct udp_pcb *pcb; /* NULL until bound */
	struct list_head queue;
	uint32_t rmem; /* memory of the queue */
};

static struct kmem_cache *sock_cache;
static struct kmem_cache *datagram_cache;

static struct inet_ports udp_ports = { .random = random_u32 };

static struct udp_sock *udp_sk(struct sock *sk)
{
	return container_of(sk, struct udp_sock, inet.sk);
}

void udp_init_sockets(void)
{
	sock_cache = kmem_cache_create("udp_sock", sizeof(struct udp_sock), 0);
	datagram_cache = kmem_cache_create("udp_datagram",
					   sizeof(struct udp_datagram), 0);
	if (!sock_cache || !datagram_cache)
		panic("no memory for UDP sockets");
	inet_ports_init(&udp_ports);
}

static struct sock *udp_alloc(void)
{
	struct udp_sock *up = kmem_cache_zalloc(sock_cache);
	struct sock *sk;

	if (!up)
		return NULL;
	sk = &up->inet.sk;
	sock_init_data(NULL, sk);
	sk->sk_prot = &udp_prot;
	sk->sk_protocol = IPPROTO_UDP;
	sk->sk_rcvbuf = SOCK_DGRAM_BUF;
	sk->sk_sndbuf = SOCK_DGRAM_BUF;
	up->inet.ttl = UDP_TTL;
	INIT_LIST_HEAD(&up->queue);
	return sk;
}

static void free_datagram(struct udp_sock *up, struct udp_datagram *d)
{
	list_del(&d->node);
	up->rmem -= d->truesize;
	pbuf_free(d->p);
	kmem_cache_free(datagram_cache, d);
}

static void udp_close(struct sock *sk)
{
	struct udp_sock *up = udp_sk(sk);

	sock_orphan(sk);
	if (up->pcb)
		udp_remove(up->pcb);
	while (!list_empty(&up->queue))
		free_datagram(up, list_first_entry(&up->queue,
						   struct udp_datagram, node));
	inet_release_port(&up->inet.binding);
	kmem_cache_free(sock_cache, up);
}

/* A small datagram shall not keep a receive buffer of 2 KiB. */
static struct pbuf *right_size(struct pbuf *p)
{
	struct pbuf *copy;

	if (!(p->flags & PBUF_FLAG_IS_CUSTOM) ||
	    (p->tot_len > RX_COPYBREAK && !eth_rx_buffers_short()))
		return p;
	copy = pbuf_clone(PBUF_RAW, PBUF_RAM, p);
	if (!copy)
		return p;
	pbuf_free(p);
	return copy;
}

static void queue_datagram(struct udp_sock *up, struct udp_datagram *d)
{
	struct sock *sk = &up->inet.sk;

	up->rmem += d->truesize;
	list_add_tail(&d->node, &up->queue);
	sk->sk_data_ready(sk);
}

static void recv_upcall(void *arg, struct udp_pcb *pcb, struct pbuf *p,
			const ip_addr_t *addr, u16_t port)
{
	struct udp_sock *up = arg;
	struct udp_datagram *d;

	if (up->rmem >= up->inet.sk.sk_rcvbuf || net_rcv_memory_short()) {
		net_count(udp_drop_rcvbuf);
		goto drop;
	}
	d = kmem_cache_alloc(datagram_cache);
	if (!d) {
		net_count(udp_drop_no_memory);
		goto drop;
	}
	d->p = right_size(p);
	d->addr = ip_addr_get_ip4_u32(addr);
	d->port = port;
	d->truesize = pbuf_truesize(d->p) + sizeof(*d);
	queue_datagram(up, d);
	return;

drop:
	pbuf_free(p);
}

/* lwIP is told of address and port; the port table has agreed to them. */
static int make_pcb(struct udp_sock *up)
{
	ip_addr_t addr = { up->inet.binding.addr };
	struct udp_pcb *pcb = udp_new();
	err_t err;

	if (!pcb)
		return -ENOBUFS;
	ip_set_option(pcb, SOF_REUSEADDR);
	err = udp_bind(pcb, &addr, up->inet.binding.port);
	if (err != ERR_OK) {
		udp_remove(pcb);
		return err == ERR_USE ? -EADDRINUSE : -ENOBUFS;
	}
	pcb->tos = up->inet.tos;
	pcb->ttl = up->inet.ttl;
	udp_recv(pcb, recv_upcall, up);
	up->pcb = pcb;
	return 0;
}

static int udp_bound(struct sock *sk)
{
	struct udp_sock *up = udp_sk(sk);
	int err = make_pcb(up);

	if (err) {
		inet_release_port(&up->inet.binding);
		up->inet.sport = 0;
	}
	return err;
}

static int autobind(struct udp_sock *up)
{
	int err;

	if (up->pcb)
		return 0;
	err = inet_bind_port(&udp_ports, &up->inet.binding, 0);
	if (err)
		return err == -EADDRINUSE ? -EAGAIN : err;
	up->inet.sport = up->inet.binding.port;
	return udp_bound(&up->inet.sk);
}

static int udp_connect_sock(struct sock *sk, uint32_t daddr, uint16_t dport)
{
	struct udp_sock *up = udp_sk(sk);
	ip_addr_t dest = { daddr };
	struct netif *netif = ip4_route(&dest);
	int err;

	if (!netif)
		return -ENETUNREACH;
	if (daddr == IPADDR_BROADCAST && !sock_flag(sk, SOCK_F_BROADCAST))
		return -EACCES;
	err = autobind(up);
	if (err)
		return err;
	if (udp_connect(up->pcb, &dest, dport) != ERR_OK)
		return -ENOBUFS;
	if (!up->inet.binding.addr)
		up->inet.saddr = netif_ip4_addr(netif)->addr;
	up->inet.daddr = daddr;
	up->inet.dport = dport;
	sk->sk_state = TCP_ESTABLISHED;
	return 0;
}

static int udp_disconnect_sock(struct sock *sk)
{
	struct udp_sock *up = udp_sk(sk);

	if (up->pcb)
		udp_disconnect(up->pcb);
	up->inet.saddr = up->inet.binding.addr;
	up->inet.daddr = 0;
	up->inet.dport = 0;
	sk->sk_state = TCP_CLOSE;
	return 0;
}

static int destination(struct udp_sock *up, const struct msg *msg,
		       ip_addr_t *addr, uint16_t *port)
{
	struct sock *sk = &up->inet.sk;
	int err;

	if (msg->name && msg->namelen) {
		err = inet_check_address(msg->name, msg->namelen);
		if (err)
			return err;
		addr->addr = msg->name->in.addr;
		*port = lwip_ntohs(msg->name->in.port);
		if (!*port)
			return -EINVAL;
	} else {
		if (sk->sk_state != TCP_ESTABLISHED)
			return -EDESTADDRREQ;
		addr->addr = up->inet.daddr;
		*port = up->inet.dport;
	}
	if (!addr->addr)
		addr->addr = PP_HTONL(IPADDR_LOOPBACK);
	return 0;
}

static int check_route(struct sock *sk, const ip_addr_t *dest)
{
	struct netif *netif = ip4_route(dest);

	if (!netif)
		return -ENETUNREACH;
	if (ip4_addr_isbroadcast(dest, netif) &&
	    !sock_flag(sk, SOCK_F_BROADCAST))
		return -EACCES;
	return 0;
}

static int transmit(struct udp_sock *up, struct msg *msg, size_t len,
		    const ip_addr_t *dest, uint16_t port)
{
	struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, len, PBUF_RAM);
	err_t err;

	if (!p)
		return -ENOBUFS;
	if (copy_from_iter(p->payload, len, msg->iter) != len) {
		pbuf_free(p);
		return -EFAULT;
	}
	err = udp_sendto(up->pcb, p, dest, port);
	pbuf_free(p);
	net_flush();
	return err == ERR_OK ? 0 : err == ERR_RTE ? -ENETUNREACH : -ENOBUFS;
}

static ssize_t udp_sendmsg(struct sock *sk, struct msg *msg)
{
	struct udp_sock *up = udp_sk(sk);
	size_t len = msg->iter->count;
	ip_addr_t dest;
	uint16_t port;
	int err;

	if (msg->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (len > UDP_MAX_PAYLOAD)
		return -EMSGSIZE;
	if (sk->sk_shutdown & SEND_SHUTDOWN) {
		if (!(msg->flags & MSG_NOSIGNAL))
			sock_send_sigpipe();
		return -EPIPE;
	}
	err = sock_error(sk);
	if (!err)
		err = destination(up, msg, &dest, &port);
	if (!err)
		err = check_route(sk, &dest);
	if (!err)
		err = autobind(up);
	if (!err)
		err = transmit(up, msg, len, &dest, port);
	return err ? err : (ssize_t)len;
}

/* The first datagram, after waiting for it: 0 or -errno; *d NULL: the end. */
static int wait_datagram(struct udp_sock *up, bool nonblock,
			 struct udp_datagram **d)
{
	struct sock *sk = &up->inet.sk;
	uint64_t deadline = sock_rcv_deadline(sk, nonblock);
	int err = 0;

	*d = NULL;
	if (sk->sk_err)
		return sock_error(sk);
	if (list_empty(&up->queue)) {
		if (sk->sk_shutdown & RCV_SHUTDOWN)
			return 0;
		if (!deadline)
			return -EAGAIN;
		err = wait_event_until(sk->sk_wq,
				       !list_empty(&up->queue) || sk->sk_err ||
					       (sk->sk_shutdown & RCV_SHUTDOWN),
				       deadline);
		if (err)
			return sock_wait_error(err);
		if (sk->sk_err)
			return sock_error(sk);
	}
	if (!list_empty(&up->queue))
		*d = list_first_entry(&up->queue, struct udp_datagram, node);
	return 0;
}

/* Bytes copied, or -EFAULT. */
static ssize_t copy_datagram(const struct udp_datagram *d, struct msg *msg)
{
	size_t left = MIN((size_t)d->p->tot_len, msg->iter->count);
	size_t copied = 0;

	for (const struct pbuf *p = d->p; p && left; p = p->next) {
		size_t n = MIN((size_t)p->len, left);

		if (copy_to_iter(p->payload, n, msg->iter) != n)
			return -EFAULT;
		copied += n;
		left -= n;
	}
	return copied;
}

static ssize_t udp_recvmsg(struct sock *sk, struct msg *msg)
{
	struct udp_sock *up = udp_sk(sk);
	uint32_t flags = msg->flags;
	struct udp_datagram *d;
	ssize_t copied;
	size_t len;
	int err;

	msg->namelen = 0;
	if (flags & MSG_ERRQUEUE)
		return -EAGAIN; /* nothing is ever queued there */
	err = wait_datagram(up, flags & MSG_DONTWAIT, &d);
	if (err || !d)
		return err;
	len = d->p->tot_len;
	copied = copy_datagram(d, msg);
	msg->flags = 0;
	if (copied >= 0) {
		if ((size_t)copied < len)
			msg->flags |= MSG_TRUNC;
		if (msg->name) {
			inet_fill_address(msg->name, d->addr, d->port);
			msg->namelen = sizeof(msg->name->in);
		}
		if (flags & MSG_TRUNC)
			copied = len;
	}
	if (!(flags & MSG_PEEK))
		free_datagram(up, d);
	return copied;
}

static void udp_shutdown_sock(struct sock *sk, int how)
{
}

static void udp_options_changed(struct sock *sk)
{
	struct udp_sock *up = udp_sk(sk);

	if (!up->pcb)
		return;
	up->pcb->tos = up->inet.tos;
	up->pcb->ttl = up->inet.ttl;
	if (sock_flag(sk, SOCK_F_NO_CHECK))
		udp_set_flags(up->pcb, UDP_FLAGS_NOCHKSUM);
	else
		udp_clear_flags(up->pcb, UDP_FLAGS_NOCHKSUM);
}

const struct proto udp_prot = {
	.name = "UDP",
	.ports = &udp_ports,
	.alloc = udp_alloc,
	.close = udp_close,
	.bound = udp_bound,
	.connect = udp_connect_sock,
	.disconnect = udp_disconnect_sock,
	.sendmsg = udp_sendmsg,
	.recvmsg = udp_recvmsg,
	.shutdown = udp_shutdown_sock,
	.options_changed = udp_options_changed,
};

uint32_t udp_poll_mask(struct sock *sk)
{
	uint32_t mask = EPOLL_OUT_SET;

	if (sk->sk_err)
		mask |= EPOLLERR;
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLL_IN_SET;
	if (sk->sk_shutdown == SHUTDOWN_MASK)
		mask |= EPOLLHUP;
	if (!list_empty(&udp_sk(sk)->queue))
		mask |= EPOLL_IN_SET;
	return mask;
}

long udp_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct udp_sock *up = udp_sk(sock->sk);
	int value = 0;

	if (cmd != SIOCINQ && cmd != SIOCOUTQ)
		return -ENOTTY;
	if (cmd == SIOCINQ && !list_empty(&up->queue))
		value = list_first_entry(&up->queue, struct udp_datagram, node)
				->p->tot_len;
	return put_user(value, (int *)arg);
}

void udp_error(uint32_t saddr, uint16_t sport, uint32_t daddr, uint16_t dport,
	       int err)
{
	for (struct udp_pcb *pcb = udp_pcbs; pcb; pcb = pcb->next) {
		struct udp_sock *up = pcb->recv_arg;
		struct sock *sk;

		if (pcb->recv != recv_upcall || up->inet.sport != sport ||
		    up->inet.daddr != daddr || up->inet.dport != dport)
			continue;
		sk = &up->inet.sk;
		sk->sk_err = err;
		sk->sk_error_report(sk);
		return;
	}
}
