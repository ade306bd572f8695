/* SPDX-License-Identifier: MIT */
/*
 * Sockets to the kernel: netlink(7). There is only NETLINK_ROUTE, and messages
 * go to the kernel only. Owns the port ids. Thread context; notifications
 * (net/netlink/rtnetlink.c) come from the softirq, too.
 */
#include "net/netlink/af_netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "kernel/check.h"
#include "kernel/fs/file.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/poll.h"
#include "kernel/mm/kvmalloc.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/random.h"
#include "kernel/task/process.h"
#include "net/netlink/rtnetlink.h"
#include "net/netlink/sockopt_netlink.h"
#include "net/socket/cmsg.h"
#include "net/socket/scm.h"
#include "net/socket/socket.h"

#define SEND_OVERHEAD 32 /* part of SO_SNDBUF that no message may use */
#define PORTID_BEYOND_PIDS 0x80000000U

struct sock_list netlink_socks = SOCK_LIST_INIT(netlink_socks);

static struct kmem_cache *cache;

static void netlink_queues(struct sock *sk, struct sock_queues *queues)
{
	queues->rmem = netlink_sk(sk)->rmem;
	queues->drops = netlink_sk(sk)->drops;
}

static const struct proto netlink_prot = {
	.name = "NETLINK",
	.queues = netlink_queues,
};

/* ---- Port ids ------------------------------------------------------------ */

static bool portid_is_free(uint32_t portid)
{
	struct sock *sk;

	list_for_each_entry(sk, &netlink_socks.socks, sk_node) {
		if (netlink_sk(sk)->portid == portid)
			return false;
	}
	return true;
}

/* The first socket gets the process's id, others a number above all pids. */
static void autobind(struct netlink_sock *nl)
{
	uint32_t portid = APP_PID;

	if (nl->portid)
		return;
	while (!portid_is_free(portid))
		portid = random_u32() | PORTID_BEYOND_PIDS;
	nl->portid = portid;
}

static int check_address(const struct sockaddr_any *addr, int len)
{
	return len < (int)sizeof(addr->nl) || addr->family != AF_NETLINK ?
		       -EINVAL :
		       0;
}

static int netlink_bind(struct socket *sock, const struct sockaddr_any *addr,
			int len)
{
	struct netlink_sock *nl = netlink_sk(sock->sk);
	int err = check_address(addr, len);

	if (err)
		return err;
	if (nl->portid && addr->nl.portid != nl->portid)
		return -EINVAL;
	if (!nl->portid && addr->nl.portid) {
		if (!portid_is_free(addr->nl.portid))
			return -EADDRINUSE;
		nl->portid = addr->nl.portid;
	}
	autobind(nl);
	nl->groups = (nl->groups & ~(uint64_t)UINT32_MAX) | addr->nl.groups;
	nl->has_groups |= addr->nl.groups != 0;
	return 0;
}

/* An unprivileged sender may not send to processes and groups. */
static int check_destination(const struct sockaddr_any *addr, int len)
{
	int err = check_address(addr, len);

	if (err)
		return err;
	return addr->nl.portid || addr->nl.groups ? -EPERM : 0;
}

static int netlink_connect(struct socket *sock, const struct sockaddr_any *addr,
			   int len, bool nonblock)
{
	int err;

	if (len < (int)sizeof(addr->family))
		return -EINVAL;
	if (addr->family == AF_UNSPEC) {
		sock->sk->sk_state = TCP_CLOSE;
		return 0;
	}
	err = check_destination(addr, len);
	if (err)
		return err;
	autobind(netlink_sk(sock->sk));
	sock->sk->sk_state = TCP_ESTABLISHED;
	return 0;
}

static int netlink_getname(struct socket *sock, struct sockaddr_any *addr,
			   enum sock_name which)
{
	const struct netlink_sock *nl = netlink_sk(sock->sk);

	memset(&addr->nl, 0, sizeof(addr->nl));
	addr->family = AF_NETLINK;
	if (which == NAME_LOCAL) {
		addr->nl.portid = nl->portid;
		addr->nl.groups = nl->groups;
	}
	return sizeof(addr->nl);
}

/* ---- Messages ------------------------------------------------------------ */

static void *append(struct netlink_buffer *buffer, size_t len)
{
	void *at = buffer->data + buffer->len;

	memset(at, 0, NLMSG_ALIGN(len));
	buffer->len += NLMSG_ALIGN(len);
	return at;
}

static bool has_room(const struct netlink_buffer *buffer, size_t len)
{
	return buffer->len + NLMSG_ALIGN(len) <= NETLINK_BUFFER_MAX;
}

/* Queues a copy at one receiver; if it has no room it gets ENOBUFS. */
static void deliver(struct netlink_sock *nl, const struct netlink_buffer *from)
{
	size_t size = sizeof(*from) + from->len;
	struct netlink_buffer *copy = NULL;

	if (nl->rmem <= nl->sk.sk_rcvbuf)
		copy = kmalloc_flags(size, ALLOC_USER);
	if (!copy) {
		nl->drops++;
		if (nl->options & NETLINK_BIT(NETLINK_NO_ENOBUFS))
			return;
		nl->sk.sk_err = ENOBUFS;
		nl->sk.sk_error_report(&nl->sk);
		return;
	}
	memcpy(copy, from, size);
	list_add_tail(&copy->node, &nl->sk_receive_queue);
	nl->rmem += ksize(copy);
	nl->sk.sk_data_ready(&nl->sk);
}

bool netlink_has_listeners(uint32_t group)
{
	struct sock *sk;

	list_for_each_entry(sk, &netlink_socks.socks, sk_node) {
		if (netlink_sk(sk)->groups & BIT(group - 1))
			return true;
	}
	return false;
}

static void deliver_to_group(const struct netlink_buffer *from)
{
	struct sock *sk;

	list_for_each_entry(sk, &netlink_socks.socks, sk_node) {
		if (netlink_sk(sk)->groups & BIT(from->group - 1))
			deliver(netlink_sk(sk), from);
	}
}

void netlink_send(struct netlink_reply *reply)
{
	struct netlink_buffer *buffer = reply->buffer;

	reply->buffer = NULL;
	if (!buffer)
		return;
	if (reply->to)
		deliver(reply->to, buffer);
	else
		deliver_to_group(buffer);
	kfree(buffer);
}

static bool begin_buffer(struct netlink_reply *reply)
{
	struct netlink_buffer *buffer;

	buffer = kmalloc(sizeof(*buffer) + NETLINK_BUFFER_MAX);
	if (!buffer) {
		reply->err = -ENOBUFS;
		return false;
	}
	buffer->len = 0;
	buffer->group = reply->group;
	reply->buffer = buffer;
	return true;
}

static struct nlmsghdr *begin_message(struct netlink_reply *reply,
				      uint16_t type, size_t len)
{
	struct nlmsghdr *h = append(reply->buffer, NLMSG_HDRLEN + len);

	h->nlmsg_type = type;
	h->nlmsg_flags = reply->flags;
	h->nlmsg_seq = reply->seq;
	h->nlmsg_pid = reply->portid;
	return h;
}

void *netlink_begin(struct netlink_reply *reply, uint16_t type, size_t len)
{
	reply->message = NULL;
	if (!reply->buffer && !begin_buffer(reply))
		return NULL;
	if (!has_room(reply->buffer, NLMSG_HDRLEN + len)) {
		netlink_send(reply);
		if (!begin_buffer(reply))
			return NULL;
	}
	reply->message = begin_message(reply, type, len);
	return NLMSG_DATA(reply->message);
}

/* Moves the unfinished message to a new buffer and sends the old one. */
static bool move_message(struct netlink_reply *reply)
{
	struct netlink_buffer *old = reply->buffer, *fresh;
	size_t start = (char *)reply->message - old->data;
	size_t len = old->len - start;

	if (!start || !begin_buffer(reply))
		return false;
	fresh = reply->buffer;
	memcpy(append(fresh, len), reply->message, len);
	old->len = start;
	reply->buffer = old;
	netlink_send(reply);
	reply->buffer = fresh;
	reply->message = (struct nlmsghdr *)fresh->data;
	return true;
}

void netlink_put(struct netlink_reply *reply, uint16_t type, const void *data,
		 size_t len)
{
	size_t size = RTA_LENGTH(len);
	struct rtattr *a;

	if (!reply->message)
		return;
	if (!has_room(reply->buffer, size) && !move_message(reply)) {
		reply->err = -ENOBUFS;
		return;
	}
	a = append(reply->buffer, size);
	a->rta_type = type;
	a->rta_len = size;
	memcpy(RTA_DATA(a), data, len);
}

void netlink_end(struct netlink_reply *reply)
{
	struct nlmsghdr *h = reply->message;

	if (h)
		h->nlmsg_len = reply->buffer->data + reply->buffer->len -
			       (char *)h;
}

/* ---- Sending: requests --------------------------------------------------- */

/* Sends NLMSG_ERROR, which quotes the request or, capped, its header. */
static void acknowledge(struct netlink_reply *reply, const struct nlmsghdr *h,
			int err)
{
	bool capped = !err ||
		      (reply->to->options & NETLINK_BIT(NETLINK_CAP_ACK));
	size_t quoted = capped ? sizeof(*h) : h->nlmsg_len;
	struct nlmsgerr *e;

	netlink_send(reply);
	/* A request that does not fit into one buffer is not quoted. */
	if (NLMSG_HDRLEN + sizeof(int) + quoted > NETLINK_BUFFER_MAX) {
		capped = true;
		quoted = sizeof(*h);
	}
	reply->flags = capped ? NLM_F_CAPPED : 0;
	e = netlink_begin(reply, NLMSG_ERROR, sizeof(int) + quoted);
	if (!e)
		return;
	e->error = err;
	memcpy(&e->msg, h, quoted);
	netlink_end(reply);
}

static void request(struct netlink_sock *nl, const struct nlmsghdr *h)
{
	bool strict = nl->options & NETLINK_BIT(NETLINK_GET_STRICT_CHK);
	struct netlink_reply reply = { .to = nl,
				       .portid = nl->portid,
				       .seq = h->nlmsg_seq };
	bool ack = h->nlmsg_flags & NLM_F_ACK;
	int err = 0;

	if ((h->nlmsg_flags & NLM_F_REQUEST) &&
	    h->nlmsg_type >= NLMSG_MIN_TYPE) {
		err = rtnetlink_request(&reply, h, strict);
		/* NLMSG_DONE acknowledges a dump. */
		if (!err && (reply.flags & NLM_F_MULTI))
			ack = false;
	}
	if (err || ack)
		acknowledge(&reply, h, err);
	netlink_send(&reply);
}

/* All requests of a message, up to the first with a bad length. */
static void requests(struct netlink_sock *nl, const char *data, size_t len)
{
	while (len >= NLMSG_HDRLEN) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)data;
		size_t step;

		if (h->nlmsg_len < NLMSG_HDRLEN || h->nlmsg_len > len)
			return;
		step = MIN(NLMSG_ALIGN((size_t)h->nlmsg_len), len);
		request(nl, h);
		data += step;
		len -= step;
	}
}

static ssize_t netlink_sendmsg(struct socket *sock, struct msg *msg)
{
	struct netlink_sock *nl = netlink_sk(sock->sk);
	size_t len = msg->iter->count;
	char *data;
	int err;

	if (msg->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!len)
		return -ENODATA;
	err = msg->name ? check_destination(msg->name, msg->namelen) : 0;
	if (err)
		return err;
	autobind(nl);
	if (len > nl->sk.sk_sndbuf - SEND_OVERHEAD)
		return -EMSGSIZE;
	data = kvmalloc(len);
	if (!data)
		return -ENOBUFS;
	if (copy_from_iter(data, len, msg->iter) == len)
		requests(nl, data, len);
	else
		err = -EFAULT;
	kvfree(data);
	return err ? err : (ssize_t)len;
}

/* ---- Receiving ----------------------------------------------------------- */

static struct netlink_buffer *first(const struct netlink_sock *nl)
{
	if (list_empty(&nl->sk_receive_queue))
		return NULL;
	return list_first_entry(&nl->sk_receive_queue, struct netlink_buffer,
				node);
}

static void free_buffer(struct netlink_sock *nl, struct netlink_buffer *buffer)
{
	list_del(&buffer->node);
	nl->rmem -= ksize(buffer);
	kfree(buffer);
}

static int try_buffer(struct netlink_sock *nl)
{
	int err = sock_error(&nl->sk);

	return err || first(nl) ? err : -EAGAIN;
}

/* netlink(7): the sender's address, NETLINK_PKTINFO's group, credentials. */
static void tell_sender(struct netlink_sock *nl, struct msg *msg,
			const struct netlink_buffer *buffer, uint32_t flags)
{
	struct scm scm = { .has_cred = true };
	uint32_t group = buffer->group;

	if (msg->name) {
		memset(&msg->name->nl, 0, sizeof(msg->name->nl));
		msg->name->family = AF_NETLINK;
		msg->name->nl.groups = group && group <= 32 ? BIT(group - 1) :
							      0;
		msg->namelen = sizeof(msg->name->nl);
	}
	if (nl->options & NETLINK_BIT(NETLINK_PKTINFO))
		put_cmsg(msg, SOL_NETLINK, NETLINK_PKTINFO, &group,
			 sizeof(group));
	scm_recv(&nl->sk, msg, &scm, flags);
}

static ssize_t netlink_recvmsg(struct socket *sock, struct msg *msg)
{
	struct netlink_sock *nl = netlink_sk(sock->sk);
	uint32_t flags = msg->flags;
	struct netlink_buffer *buffer;
	uint64_t deadline;
	ssize_t n;
	int err;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	deadline = sock_rcv_deadline(sock->sk, flags & MSG_DONTWAIT);
	err = sock_attempt(sock->sk, try_buffer(nl), deadline);
	if (err)
		return err;
	buffer = first(nl);
	n = MIN(msg->iter->count, (size_t)buffer->len);
	if (copy_to_iter(buffer->data, n, msg->iter) != (size_t)n)
		return -EFAULT;
	msg->flags = (size_t)n < buffer->len ? MSG_TRUNC : 0;
	tell_sender(nl, msg, buffer, flags);
	if (flags & MSG_TRUNC)
		n = buffer->len;
	if (!(flags & MSG_PEEK))
		free_buffer(nl, buffer);
	return n;
}

static uint32_t netlink_poll(struct file *file, struct socket *sock,
			     struct poll_table *pt)
{
	uint32_t mask = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;

	poll_wait(file, &sock->wq, pt);
	if (first(netlink_sk(sock->sk)))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (sock->sk->sk_err)
		mask |= EPOLLERR;
	return mask;
}

/* ---- Life ---------------------------------------------------------------- */

static int netlink_release(struct socket *sock)
{
	struct netlink_sock *nl;

	if (!sock->sk)
		return 0; /* for accept(2), which failed */
	nl = netlink_sk(sock->sk);
	while (first(nl))
		free_buffer(nl, first(nl));
	sock_unlink(&nl->sk, &netlink_socks);
	sock_orphan(&nl->sk);
	kmem_cache_free(cache, nl);
	return 0;
}

static int no_number(struct socket *sock, int number)
{
	return -EOPNOTSUPP;
}

static long no_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	return -ENOTTY;
}

static const struct proto_ops netlink_ops = {
	.release = netlink_release,
	.bind = netlink_bind,
	.connect = netlink_connect,
	.accept = sock_no_accept,
	.getname = netlink_getname,
	.poll = netlink_poll,
	.ioctl = no_ioctl,
	.listen = no_number,
	.shutdown = no_number,
	.sendmsg = netlink_sendmsg,
	.recvmsg = netlink_recvmsg,
};

static int netlink_create(struct socket *sock, int protocol)
{
	struct netlink_sock *nl;

	if (sock->type != SOCK_RAW && sock->type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol != NETLINK_ROUTE)
		return -EPROTONOSUPPORT;
	nl = kmem_cache_zalloc(cache);
	if (!nl)
		return -ENOMEM;
	sock_init_data(NULL, &nl->sk);
	nl->sk.sk_family = AF_NETLINK;
	nl->sk.sk_prot = &netlink_prot;
	nl->sk.sk_rcvbuf = SOCK_DGRAM_BUF;
	nl->sk.sk_sndbuf = SOCK_DGRAM_BUF;
	INIT_LIST_HEAD(&nl->sk_receive_queue);
	sock_link(&nl->sk, &netlink_socks);
	sock->ops = &netlink_ops;
	sock_graft(&nl->sk, sock);
	return 0;
}

static const char *sock_invariants(const struct sock *sk)
{
	if (!list_is_intact(&netlink_sk(sk)->sk_receive_queue))
		return "netlink: a queue is damaged";
	return NULL;
}

static const char *netlink_check(void)
{
	return sock_list_check(&netlink_socks, sock_invariants);
}

void netlink_init(void)
{
	static struct net_proto_family netlink __ro_after_init_data = {
		.family = AF_NETLINK,
		.create = netlink_create,
	};

	cache = kmem_cache_create("netlink_sock", sizeof(struct netlink_sock),
				  0);
	if (!cache)
		panic("no memory for sockets");
	check_register("netlink", netlink_check);
	sock_register(&netlink);
	sockopt_netlink_init();
	rtnetlink_init();
}
