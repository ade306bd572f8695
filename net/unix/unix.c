/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX: creation and end of sockets, and what that means for the peer;
 * messages and their charge; names and ioctls. Errors and the order of checks
 * are Linux's. Thread context.
 */
#include "net/unix/unix.h"

#include <asm/ioctls.h>
#include <asm/socket.h>
#include <errno.h>
#include <linux/sockios.h>
#include <string.h>

#include "kernel/check.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/poll.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/uaccess.h"
#include "kernel/task/thread.h"
#include "net/socket/sockopt.h"

struct sock_list unix_socks = SOCK_LIST_INIT(unix_socks);

static struct kmem_cache *cache;

/* No rmem: received messages are charged to their senders. */
static void unix_queues(struct sock *sk, struct sock_queues *queues)
{
	queues->wmem = unix_sk(sk)->wmem;
}

static const struct proto unix_prot = {
	.name = "UNIX",
	.queues = unix_queues,
};

/* ---- A sock's life ------------------------------------------------------- */

/* As on Linux: writable while at most a quarter of the buffer is in use. */
bool unix_writable(const struct unix_sock *u)
{
	return u->sk.sk_state != TCP_LISTEN &&
	       (uint64_t)u->wmem * 4 <= u->sk.sk_sndbuf;
}

static void write_space(struct sock *sk)
{
	if (sk->sk_wq && unix_writable(unix_sk(sk)))
		wake_up_poll(sk->sk_wq, EPOLL_OUT_SET | EPOLLWRBAND);
}

struct unix_sock *unix_alloc(int type)
{
	struct unix_sock *u = kmem_cache_zalloc(cache);

	if (!u)
		return NULL;
	sock_init_data(NULL, &u->sk);
	sock_link(&u->sk, &unix_socks);
	u->sk.sk_prot = &unix_prot;
	u->sk.sk_family = AF_UNIX;
	u->sk.sk_type = type;
	u->sk.sk_rcvbuf = SOCK_DGRAM_BUF;
	u->sk.sk_sndbuf = SOCK_DGRAM_BUF;
	u->sk.sk_max_ack_backlog = UNIX_MAX_DGRAM_QLEN;
	u->sk.sk_write_space = write_space;
	u->refs = 1;
	u->peer_cred = (struct sock_cred){ 0, UINT32_MAX, UINT32_MAX };
	sockbuf_queue_init(&u->sk_receive_queue);
	INIT_LIST_HEAD(&u->bound);
	INIT_LIST_HEAD(&u->accept_queue);
	INIT_LIST_HEAD(&u->accept_node);
	INIT_LIST_HEAD(&u->inflight_node);
	INIT_LIST_HEAD(&u->peer_wake.entry);
	init_waitqueue_head(&u->peer_wait);
	return u;
}

void unix_put(struct unix_sock *u)
{
	ASSERT(u->refs);
	if (--u->refs)
		return;
	ASSERT(u->is_dead && !u->wmem && !u->inflight);
	ASSERT(!waitqueue_active(&u->peer_wait));
	unix_address_put(u->addr);
	sock_unlink(&u->sk, &unix_socks);
	kmem_cache_free(cache, u);
}

static int type_of(int type)
{
	switch (type) {
	case SOCK_RAW: /* as it was in BSD */
		return SOCK_DGRAM;
	case SOCK_STREAM:
	case SOCK_DGRAM:
	case SOCK_SEQPACKET:
		return type;
	default:
		return -ESOCKTNOSUPPORT;
	}
}

static const struct proto_ops *ops_of(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return &unix_stream_ops;
	case SOCK_SEQPACKET:
		return &unix_seqpacket_ops;
	default:
		return &unix_dgram_ops;
	}
}

static int unix_create(struct socket *sock, int protocol)
{
	int type = type_of(sock->type);
	struct unix_sock *u;

	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type < 0)
		return type;
	u = unix_alloc(type);
	if (!u)
		return -ENOMEM;
	sock->type = type;
	sock->ops = ops_of(type);
	sock_graft(&u->sk, sock);
	return 0;
}

/*
 * Whether unread data is queued. Linux skips an empty first message, which it
 * takes for an out-of-band byte that was read.
 */
static bool has_unread(const struct unix_sock *u)
{
	const struct sockbuf *first = sockbuf_first(&u->sk_receive_queue);

	return first && (sockbuf_left(first) || u->sk_receive_queue.count > 1);
}

/* Ends the connection for both; the peer learns that unread data is lost. */
static void leave_peer(struct unix_sock *u, bool embryo)
{
	struct unix_sock *peer = u->peer;

	if (!peer)
		return;
	u->peer = NULL;
	if (u->sk.sk_type != SOCK_DGRAM) {
		peer->sk.sk_shutdown = SHUTDOWN_MASK;
		if (has_unread(u) || embryo)
			peer->sk.sk_err = ECONNRESET;
		peer->sk.sk_state_change(&peer->sk);
	}
	unix_dgram_forget(u);
	unix_put(peer);
}

static void drop_unaccepted(struct unix_sock *listener)
{
	struct unix_sock *u;

	while (!list_empty(&listener->accept_queue)) {
		u = list_first_entry(&listener->accept_queue, struct unix_sock,
				     accept_node);
		list_del_init(&u->accept_node);
		listener->sk.sk_ack_backlog--;
		unix_die(u, true);
	}
}

void unix_die(struct unix_sock *u, bool embryo)
{
	unix_unbind(u);
	sock_orphan(&u->sk);
	u->is_dead = true;
	u->sk.sk_shutdown = SHUTDOWN_MASK;
	u->sk.sk_state = TCP_CLOSE;
	wake_up_all(&u->peer_wait);
	leave_peer(u, embryo);
	drop_unaccepted(u);
	sockbuf_purge(&u->sk_receive_queue);
	unix_put(u);
}

int unix_release(struct socket *sock)
{
	if (sock->sk) {
		unix_die(unix_sk(sock->sk), false);
		unix_gc();
		cond_resched(); /* may be one of a long chain */
	}
	return 0;
}

/* ---- Messages ------------------------------------------------------------ */

/* The charge goes back first, so that the waiter that is woken finds room. */
static void message_destructor(struct sockbuf *buf)
{
	struct unix_sock *u = unix_sk(buf->owner);
	struct scm_files *files = buf->scm.files;

	u->wmem -= buf->truesize;
	u->sk.sk_write_space(&u->sk);
	unix_put(u);
	if (files) {
		unix_landed(files);
		scm_files_put(files);
	}
}

struct sockbuf *unix_message(struct unix_sock *u, struct iov_iter *from,
			     size_t len, uint32_t truesize, struct scm *scm)
{
	struct sockbuf *buf = sockbuf_alloc(len);
	int err;

	if (!buf)
		return ERR_PTR(-ENOBUFS);
	/* Charged first: on error, sockbuf_free() gives the charge back. */
	buf->truesize = truesize;
	buf->owner = &unix_get(u)->sk;
	buf->destructor = message_destructor;
	u->wmem += buf->truesize;
	err = sockbuf_fill(buf, from);
	if (!err && scm->files)
		err = unix_inflight(scm->files);
	if (err) {
		sockbuf_free(buf);
		return ERR_PTR(err);
	}
	buf->scm = *scm;
	scm->files = NULL;
	return buf;
}

void unix_add_cred(struct unix_sock *u, struct unix_sock *to,
		   struct sockbuf *buf)
{
	if (buf->scm.has_cred)
		return;
	if (!sock_flag(&u->sk, SOCK_F_PASSCRED) &&
	    !sock_flag(&to->sk, SOCK_F_PASSCRED))
		return;
	buf->scm.cred = scm_own_cred();
	buf->scm.has_cred = true;
}

void unix_take_scm(struct sockbuf *buf, struct scm *scm, bool peek)
{
	struct scm_files *files = buf->scm.files;

	if (!files)
		return;
	if (peek) {
		unix_looked_at(files);
		scm->files = scm_files_dup(files);
		return;
	}
	unix_landed(files);
	scm->files = files;
	buf->scm.files = NULL;
}

static bool may_charge(const struct unix_sock *u)
{
	return u->wmem < u->sk.sk_sndbuf;
}

static int try_wmem(struct unix_sock *u)
{
	struct sock *sk = &u->sk;

	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & SEND_SHUTDOWN)
		return -EPIPE;
	return may_charge(u) ? 0 : -EAGAIN;
}

int unix_wait_wmem(struct unix_sock *u, bool nonblock)
{
	struct sock *sk = &u->sk;
	uint64_t deadline = sock_snd_deadline(sk, nonblock);

	return sock_attempt(sk, try_wmem(u), deadline);
}

bool unix_queue_full(const struct unix_sock *u)
{
	uint32_t n = u->sk.sk_state == TCP_LISTEN ? u->sk.sk_ack_backlog :
						    u->sk_receive_queue.count;

	return n > u->sk.sk_max_ack_backlog;
}

/* ---- What all types share ------------------------------------------------ */

int unix_join(struct socket *a, struct socket *b)
{
	struct unix_sock *ua = unix_sk(a->sk);
	struct unix_sock *ub = unix_sk(b->sk);

	ua->peer = unix_get(ub);
	ub->peer = unix_get(ua);
	ua->peer_cred = scm_own_cred();
	ub->peer_cred = scm_own_cred();
	ua->sk.sk_state = TCP_ESTABLISHED;
	ub->sk.sk_state = TCP_ESTABLISHED;
	a->state = SS_CONNECTED;
	b->state = SS_CONNECTED;
	return 0;
}

int unix_getname(struct socket *sock, struct sockaddr_any *addr,
		 enum sock_name which)
{
	struct unix_sock *u = unix_sk(sock->sk);

	if (which != NAME_LOCAL) {
		u = u->peer;
		if (!u)
			return -ENOTCONN;
	}
	if (!u->addr) {
		addr->un.family = AF_UNIX;
		return UNIX_PATH_OFFSET;
	}
	memcpy(addr->bytes, u->addr->bytes, u->addr->len);
	return u->addr->len;
}

void unix_copy_name(const struct unix_sock *u, struct msg *msg)
{
	if (!msg->name || !u->addr)
		return;
	memcpy(msg->name->bytes, u->addr->bytes, u->addr->len);
	msg->namelen = u->addr->len;
}

/* Shuts down the peer's opposite direction, too. */
int unix_shutdown(struct socket *sock, int how)
{
	struct unix_sock *u = unix_sk(sock->sk);
	struct unix_sock *peer = u->peer;
	uint8_t theirs = 0;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	how++;
	u->sk.sk_shutdown |= how;
	if (peer && u->sk.sk_type != SOCK_DGRAM) {
		if (how & RCV_SHUTDOWN)
			theirs |= SEND_SHUTDOWN;
		if (how & SEND_SHUTDOWN)
			theirs |= RCV_SHUTDOWN;
		peer->sk.sk_shutdown |= theirs;
	}
	u->sk.sk_state_change(&u->sk);
	if (theirs)
		peer->sk.sk_state_change(&peer->sk);
	return 0;
}

static size_t readable_bytes(const struct unix_sock *u)
{
	const struct sockbuf *buf;
	size_t n = 0;

	list_for_each_entry(buf, &u->sk_receive_queue.list, node) {
		n += sockbuf_left(buf);
		if (u->sk.sk_type == SOCK_DGRAM)
			break;
	}
	return n;
}

long unix_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct unix_sock *u = unix_sk(sock->sk);
	int value;

	switch (cmd) {
	case SIOCOUTQ:
		value = u->wmem;
		break;
	case SIOCINQ:
		if (u->sk.sk_state == TCP_LISTEN)
			return -EINVAL;
		value = readable_bytes(u);
		break;
	default:
		return -ENOTTY;
	}
	return put_user(value, (int *)arg);
}

/* ---- Invariants ---------------------------------------------------------- */

static const char *accept_queue_check(const struct unix_sock *u)
{
	const struct unix_sock *child;

	if (!list_is_intact(&u->accept_queue))
		return "unix 2: a listener's queue is broken";
	list_for_each_entry(child, &u->accept_queue, accept_node) {
		if (child->sk.sk_socket)
			return "unix 2: one in a listener's queue has a socket";
	}
	return NULL;
}

static const char *sock_invariants(const struct sock *sk)
{
	const struct unix_sock *u = unix_sk(sk);

	if (!list_is_intact(&u->sk_receive_queue.list))
		return "unix 1: a queue is damaged";
	if (!u->inflight != list_empty(&u->inflight_node))
		return "unix 3: in flight, but not on the list, or the reverse";
	if (u->is_dead && (u->inode || !list_empty(&u->bound) || u->peer ||
			   !list_empty(&u->sk_receive_queue.list) ||
			   !list_empty(&u->accept_queue)))
		return "unix 4: a dead sock has something left";
	return accept_queue_check(u);
}

/* A message that is written or read right now is charged, but in no queue. */
static const char *check_charges(void)
{
	uint64_t charged = 0, queued = 0;
	const struct sockbuf *buf;
	const struct sock *sk;

	list_for_each_entry(sk, &unix_socks.socks, sk_node) {
		charged += unix_sk(sk)->wmem;
		list_for_each_entry(buf, &unix_sk(sk)->sk_receive_queue.list,
				    node)
			queued += buf->truesize;
	}
	return queued > charged ? "unix 1: more is queued than charged" : NULL;
}

static const char *check_socks(void)
{
	const char *broken = sock_list_check(&unix_socks, sock_invariants);

	return broken ? broken : check_charges();
}

/* ---- Options ------------------------------------------------------------- */

static int get_peercred(struct sock *sk, struct sockopt_value *out)
{
	const struct sock_cred *cred = &unix_sk(sk)->peer_cred;

	return sockopt_give(out, cred, sizeof(*cred));
}

/* The application has no supplementary groups. */
static int get_peergroups(struct sock *sk, struct sockopt_value *out)
{
	return unix_sk(sk)->peer_cred.pid ? 0 : -ENODATA;
}

static const struct sockopt options[] = {
	RAW_OPTION(SO_PEERCRED, NULL, get_peercred),
	RAW_OPTION(SO_PEERGROUPS, NULL, get_peergroups),
};

void unix_init(void)
{
	static struct net_proto_family family __ro_after_init_data = {
		.family = AF_UNIX,
		.create = unix_create,
	};
	static struct sockopt_level level __ro_after_init_data = {
		.level = SOL_SOCKET,
		.family = AF_UNIX,
		.first = SOCKOPT_INT,
		.options = options,
		.nr = ARRAY_SIZE(options),
	};

	cache = kmem_cache_create("unix_sock", sizeof(struct unix_sock), 0);
	if (!cache)
		panic("no memory for sockets");
	unix_names_init();
	sock_register(&family);
	sockopt_register(&level);
	check_register("unix", check_socks);
}
