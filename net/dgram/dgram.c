/* SPDX-License-Identifier: MIT */
/*
 * The queues of datagram sockets. Owns datagrams from delivery until they are
 * read, and packets to send until the device has sent them. Softirq and system
 * calls.
 */
#include "net/dgram/dgram.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <linux/sockios.h>
#include <string.h>

#include "lwip/pbuf.h"

#include "kernel/fs/iov_iter.h"
#include "kernel/fs/poll.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/clock.h"
#include "net/base/memory.h"
#include "net/base/rxqueue.h"
#include "net/base/skb_size.h"
#include "net/inet/inet_ports.h"
#include "net/inet/inet_sock.h"
#include "net/socket/socket.h"
#include "net/softirq.h"

/*
 * Linux on x86-64: the room for the link layer's header (16 bytes, and 15 for
 * rounding); the smallest block; the size from which data are put into pages.
 */
#define SKB_LINK_ROOM 31
#define SKB_SMALL_BLOCK 576
#define SKB_MAX_LINEAR 16064

static struct kmem_cache *sock_cache;
static struct kmem_cache *dgram_cache;
static size_t total_memory;

void dgram_init(void)
{
	sock_cache = kmem_cache_create("dgram_sock", sizeof(struct dgram_sock),
				       0);
	dgram_cache = kmem_cache_create("dgram", sizeof(struct dgram), 0);
	if (!sock_cache || !dgram_cache)
		panic("no memory for sockets of datagrams");
	kmem_cache_set_flags(dgram_cache, ALLOC_PACKET);
}

size_t dgram_memory(void)
{
	return total_memory;
}

/* ---- Sockets ------------------------------------------------------------- */

struct dgram_sock *dgram_sock_alloc(const struct proto *prot, int protocol)
{
	struct dgram_sock *ds = kmem_cache_zalloc(sock_cache);
	struct sock *sk;

	if (!ds)
		return NULL;
	sk = dgram_to_sk(ds);
	sock_init_data(NULL, sk);
	inet_sock_init(&ds->inet);
	sk->sk_prot = prot;
	sk->sk_protocol = protocol;
	sk->sk_rcvbuf = SOCK_DGRAM_BUF;
	sk->sk_sndbuf = SOCK_DGRAM_BUF;
	INIT_LIST_HEAD(&ds->sk_receive_queue);
	INIT_LIST_HEAD(&ds->sk_error_queue);
	ds->peek_off = -1;
	return ds;
}

static void free_all(struct list_head *queue)
{
	while (!list_empty(queue)) {
		struct dgram *d = list_first_entry(queue, struct dgram, node);

		list_del(&d->node);
		dgram_free(d);
	}
}

void dgram_sock_close(struct dgram_sock *ds)
{
	sock_orphan(dgram_to_sk(ds));
	free_all(&ds->sk_receive_queue);
	free_all(&ds->sk_error_queue);
	ds->closed = true;
	if (!ds->wmem)
		kmem_cache_free(sock_cache, ds);
}

/* ---- Memory -------------------------------------------------------------- */

uint32_t dgram_truesize(size_t len, size_t header)
{
	size_t head = header + SKB_LINK_ROOM;
	size_t paged = 0;
	size_t block = SKB_SMALL_BLOCK;

	if (head + len < SKB_MAX_LINEAR)
		head += len;
	else
		paged = len;
	head = ALIGN_UP(head, SKB_ALIGN) + SKB_SHARED_INFO;
	if (head > block) {
		for (block = 1024; block < head;)
			block *= 2;
	}
	return block + SKB_OVERHEAD + paged;
}

int dgram_fill(struct pbuf *p, struct iov_iter *from)
{
	for (; p; p = p->next) {
		if (copy_from_iter(p->payload, p->len, from) != p->len)
			return -EFAULT;
	}
	return 0;
}

static size_t memory_of(const struct pbuf *p)
{
	size_t sum = 0;

	for (; p; p = p->next)
		sum += pbuf_truesize(p);
	return sum;
}

struct dgram *dgram_alloc(struct pbuf *p, uint32_t truesize)
{
	struct dgram *d = kmem_cache_zalloc(dgram_cache);

	if (!d)
		return NULL;
	INIT_LIST_HEAD(&d->node);
	pbuf_ref(p);
	d->p = p;
	d->truesize = truesize ? truesize : memory_of(p) + sizeof(*d);
	d->is_local = truesize;
	d->stamp = ktime_get_real_ns();
	total_memory += d->truesize;
	if (d->is_local)
		net_memory_charge_local(d->truesize);
	else
		net_memory_charge(d->truesize);
	return d;
}

void dgram_free(struct dgram *d)
{
	total_memory -= d->truesize;
	if (d->is_local)
		net_memory_uncharge_local(d->truesize);
	else
		net_memory_uncharge(d->truesize);
	pbuf_free(d->p);
	kmem_cache_free(dgram_cache, d);
}

/* ---- Delivery ------------------------------------------------------------ */

/* UDP: what fits, or anything into an empty queue; others: below the bound. */
static bool has_room(const struct dgram_sock *ds, uint32_t truesize)
{
	const struct sock *sk = &ds->inet.sk;

	if (sk->sk_protocol != IPPROTO_UDP)
		return ds->rmem < sk->sk_rcvbuf;
	return !ds->rmem || ds->rmem + truesize <= sk->sk_rcvbuf;
}

int dgram_deliver(struct dgram_sock *ds, struct pbuf *p,
		  const struct ip_info *ip, uint16_t sport, uint16_t dport,
		  uint32_t truesize)
{
	struct sock *sk = dgram_to_sk(ds);
	struct dgram *d;

	if (!has_room(ds, truesize ? truesize : memory_of(p)) ||
	    ds->rmem >= (truesize ? net_memory_local_share() :
				    net_memory_share())) {
		ds->drops++;
		return -ENOMEM;
	}
	d = dgram_alloc(p, truesize);
	if (!d) {
		ds->drops++;
		return -ENOBUFS;
	}
	d->ip = *ip;
	d->sport = sport;
	d->dport = dport;
	d->dropped = sock_flag(sk, SOCK_F_RXQ_OVFL) ? ds->drops : 0;
	d->knows_route = ip_flag(&ds->inet, IP_F_PKTINFO);
	ds->rmem += d->truesize;
	ds->count++;
	list_add_tail(&d->node, &ds->sk_receive_queue);
	sk->sk_data_ready(sk);
	return 0;
}

bool dgram_deliver_error(struct dgram_sock *ds, struct dgram *d)
{
	struct sock *sk = dgram_to_sk(ds);

	if (ds->rmem + d->truesize >= sk->sk_rcvbuf) {
		dgram_free(d);
		return false;
	}
	ds->rmem += d->truesize;
	list_add_tail(&d->node, &ds->sk_error_queue);
	sk->sk_error_report(sk);
	return true;
}

static bool is_icmp(const struct dgram *d)
{
	return d->ee.origin == SO_EE_ORIGIN_ICMP;
}

/* As Linux's sock_dequeue_err_skb(). */
struct dgram *dgram_take_error(struct dgram_sock *ds)
{
	struct sock *sk = dgram_to_sk(ds);
	struct dgram *d, *next = NULL;

	if (list_empty(&ds->sk_error_queue))
		return NULL;
	d = list_first_entry(&ds->sk_error_queue, struct dgram, node);
	list_del(&d->node);
	ds->rmem -= d->truesize;
	if (!list_empty(&ds->sk_error_queue))
		next = list_first_entry(&ds->sk_error_queue, struct dgram,
					node);
	if (next && is_icmp(next))
		sk->sk_err = next->ee.err;
	else if (is_icmp(d))
		sk->sk_err = 0;
	if (next)
		sk->sk_error_report(sk);
	return d;
}

/* ---- Reading ------------------------------------------------------------- */

/* With SO_PEEK_OFF, MSG_PEEK continues at offset start of the queue. */
static struct dgram *first_dgram(struct dgram_sock *ds, uint32_t flags,
				 int start, uint32_t *off)
{
	bool with_offset = (flags & MSG_PEEK) && start >= 0;
	uint32_t left = with_offset ? start : 0;
	struct dgram *d;

	list_for_each_entry(d, &ds->sk_receive_queue, node) {
		if (with_offset && left >= d->p->tot_len &&
		    (left || d->peeked)) {
			left -= d->p->tot_len;
			continue;
		}
		if ((flags & MSG_PEEK) && !d->p->tot_len)
			d->peeked = true;
		*off = left;
		return d;
	}
	return NULL;
}

/* After shutdown(SHUT_RD): 0 without data for waiters, -EAGAIN for others. */
static int try_dgram(struct dgram_sock *ds, uint32_t flags, int start,
		     uint32_t *off, struct dgram **d, bool waits)
{
	struct sock *sk = dgram_to_sk(ds);

	*d = NULL;
	if (sk->sk_err)
		return sock_error(sk);
	*d = first_dgram(ds, flags, start, off);
	if (*d || (waits && (sk->sk_shutdown & RCV_SHUTDOWN)))
		return 0;
	return -EAGAIN;
}

int dgram_wait(struct dgram_sock *ds, uint32_t flags, uint32_t *off,
	       struct dgram **d)
{
	struct sock *sk = dgram_to_sk(ds);
	uint64_t deadline = sock_rcv_deadline(sk, flags & MSG_DONTWAIT);
	int start = ds->peek_off; /* does not change during the wait */

	return sock_attempt(sk, try_dgram(ds, flags, start, off, d, deadline),
			    deadline);
}

/*
 * As Linux's udp_rmem_release(): what was read is uncharged when it is a
 * quarter of SO_RCVBUF, or the reader has read all that it found at its start.
 */
static void uncharge(struct dgram_sock *ds, uint32_t truesize)
{
	const struct sock *sk = &ds->inet.sk;

	if (!ds->unread)
		ds->unread = ds->count;
	ds->unread--;
	ds->count--;
	ds->deficit += truesize;
	if (sk->sk_protocol == IPPROTO_UDP && ds->unread &&
	    ds->deficit < sk->sk_rcvbuf / 4)
		return;
	ds->rmem -= ds->deficit;
	ds->deficit = 0;
}

void dgram_consume(struct dgram_sock *ds, struct dgram *d)
{
	list_del(&d->node);
	uncharge(ds, d->truesize);
	dgram_free(d);
}

int dgram_copy(const struct dgram *d, size_t off, size_t n, struct iov_iter *to)
{
	for (const struct pbuf *p = d->p; p && n; p = p->next) {
		size_t part;

		if (off >= p->len) {
			off -= p->len;
			continue;
		}
		part = MIN((size_t)p->len - off, n);
		if (copy_to_iter((char *)p->payload + off, part, to) != part)
			return -EFAULT;
		off = 0;
		n -= part;
	}
	return 0;
}

/* ---- Sending ------------------------------------------------------------- */

/* A packet to send; its bytes follow. */
struct wire_packet {
	struct pbuf_custom pc;
	struct dgram_sock *owner;
	uint32_t truesize;
};

static bool is_writable(const struct dgram_sock *ds)
{
	return ds->wmem < ds->inet.sk.sk_sndbuf / 2;
}

static void wire_packet_free(struct pbuf *p)
{
	struct wire_packet *w = container_of((void *)p, struct wire_packet, pc);
	struct dgram_sock *ds = w->owner;
	struct sock *sk = dgram_to_sk(ds);

	ds->wmem -= w->truesize;
	kfree(w);
	if (!ds->closed) {
		if (is_writable(ds))
			sk->sk_write_space(sk);
	} else if (!ds->wmem) {
		kmem_cache_free(sock_cache, ds);
	}
}

static int try_wmem(struct dgram_sock *ds, bool waits)
{
	int err;

	if (ds->wmem < ds->inet.sk.sk_sndbuf)
		return 0;
	err = dgram_may_send(ds);
	if (err)
		return err;
	if (waits)
		net_flush();
	return -EAGAIN;
}

int dgram_wait_wmem(struct dgram_sock *ds, bool nonblock)
{
	struct sock *sk = dgram_to_sk(ds);
	uint64_t deadline = sock_snd_deadline(sk, nonblock);

	return sock_attempt(sk, try_wmem(ds, deadline), deadline);
}

struct pbuf *dgram_wire_alloc(void *owner, size_t len)
{
	struct dgram_sock *ds = owner;
	size_t room = LWIP_MEM_ALIGN_SIZE(PBUF_TRANSPORT) + len;
	struct wire_packet *w = kmalloc_flags(sizeof(*w) + room, ALLOC_PACKET);

	if (!w)
		return NULL;
	w->owner = ds;
	w->truesize = dgram_truesize(len, 28);
	w->pc.custom_free_function = wire_packet_free;
	ds->wmem += w->truesize;
	return pbuf_alloced_custom(PBUF_TRANSPORT, len, PBUF_RAM, &w->pc, w + 1,
				   room);
}

int dgram_may_send(struct dgram_sock *ds)
{
	struct sock *sk = dgram_to_sk(ds);

	if (sk->sk_err)
		return sock_error(sk);
	return sk->sk_shutdown & SEND_SHUTDOWN ? -EPIPE : 0;
}

void dgram_sent_locally(struct dgram_sock *ds)
{
	struct sock *sk = dgram_to_sk(ds);

	if (is_writable(ds))
		sk->sk_write_space(sk);
}

/* ---- The rest ------------------------------------------------------------ */

uint32_t dgram_poll_mask(struct sock *sk)
{
	struct dgram_sock *ds = dgram_sk(sk);
	uint32_t mask = 0;

	if (sk->sk_err || !list_empty(&ds->sk_error_queue))
		mask |= EPOLLERR |
			(sock_flag(sk, SOCK_F_SELECT_ERR_QUEUE) ? EPOLLPRI : 0);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		mask |= EPOLLRDHUP | EPOLL_IN_SET;
	if (sk->sk_shutdown == SHUTDOWN_MASK)
		mask |= EPOLLHUP;
	if (!list_empty(&ds->sk_receive_queue))
		mask |= EPOLL_IN_SET;
	if (is_writable(ds))
		mask |= EPOLL_OUT_SET | EPOLLWRBAND;
	return mask;
}

void dgram_queues(struct sock *sk, struct sock_queues *queues)
{
	const struct dgram_sock *ds = dgram_sk(sk);

	queues->rx = ds->rmem;
	queues->tx = ds->wmem;
	queues->rmem = ds->rmem;
	queues->wmem = ds->wmem;
	queues->drops = ds->drops;
}

long dgram_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct dgram_sock *ds = dgram_sk(sock->sk);
	int value = 0;

	if (cmd == SIOCOUTQ)
		value = ds->wmem;
	else if (cmd != SIOCINQ)
		return -ENOTTY;
	else if (!list_empty(&ds->sk_receive_queue))
		value = list_first_entry(&ds->sk_receive_queue, struct dgram,
					 node)
				->p->tot_len;
	return put_user(value, (int *)arg);
}

const char *dgram_check(const struct dgram_sock *ds)
{
	uint32_t sum = ds->deficit, n = 0;
	const struct dgram *d;

	if (!list_is_intact(&ds->sk_receive_queue) ||
	    !list_is_intact(&ds->sk_error_queue))
		return "dgram 1: a queue is damaged";
	list_for_each_entry(d, &ds->sk_receive_queue, node) {
		sum += d->truesize;
		n++;
	}
	list_for_each_entry(d, &ds->sk_error_queue, node)
		sum += d->truesize;
	if (sum != ds->rmem)
		return "dgram 1: rmem is not the memory of the queues";
	if (n != ds->count || ds->unread > n)
		return "dgram 2: a queue is miscounted";
	return NULL;
}

static const char *bucket_check(const struct inet_bind_bucket *tb)
{
	const struct inet_binding *b;
	const char *broken = NULL;

	list_for_each_entry(b, &tb->owners, node) {
		broken = dgram_check(
			container_of(b, struct dgram_sock, inet.binding));
		if (broken)
			break;
	}
	return broken;
}

const char *dgram_ports_check(const struct inet_ports *ports)
{
	const char *broken = inet_ports_check(ports);
	const struct inet_bind_bucket *tb;

	for (unsigned int i = 0; i < INET_PORT_CHAINS && !broken; i++) {
		for (tb = ports->chains[i]; tb && !broken; tb = tb->next)
			broken = bucket_check(tb);
	}
	return broken;
}
