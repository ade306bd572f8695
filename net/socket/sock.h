/* SPDX-License-Identifier: MIT */
/*
 * The network's part of a socket. struct sock outlives struct socket when a
 * closed connection still has data to deliver, and precedes it while a
 * connection waits to be accepted.
 *
 * Contexts: the net softirq and system calls, never an interrupt handler.
 * They never run at the same time (one CPU; softirqs run where a thread
 * blocks or leaves the kernel), so there is no lock; after a sleep everything
 * has to be checked again.
 *
 * Events reach the upper layer through the five callbacks; sock_init_data()
 * installs sock_def_*, another owner may install its own.
 *
 * Invariant, sock_check():
 *  1. sk_socket and sk_wq are both NULL, or sk_wq is &sk_socket->wq.
 */
#ifndef NET_SOCKET_SOCK_H
#define NET_SOCKET_SOCK_H

#include <sys/types.h>

#include <errno.h>

#include "kernel/base.h"
#include "kernel/lib/list.h"
#include "kernel/lib/rbtree.h"
#include "kernel/task/wait.h"
#include "net/socket/tcp_states.h"

struct inet_ports;
struct msg;
struct proto;
struct sock;
struct sockaddr_any;
struct socket;
struct tcp_pcb; /* lwIP's */

#define RCV_SHUTDOWN 1
#define SEND_SHUTDOWN 2
#define SHUTDOWN_MASK 3

/* Bits of sk_flags. */
#define SOCK_F_DONE 0 /* end of the stream: recv returns 0 */
#define SOCK_F_NOSPACE 1 /* a writer waits for room */
#define SOCK_F_KEEPALIVE 2
#define SOCK_F_BROADCAST 3
#define SOCK_F_LINGER 4
#define SOCK_F_SNDBUF_SET 5 /* SO_SNDBUF was used */
#define SOCK_F_RCVBUF_SET 6
#define SOCK_F_PASSCRED 7 /* SO_PASSCRED */
#define SOCK_F_REUSE 8 /* SO_REUSEADDR where it has no effect */
#define SOCK_F_URGINLINE 9 /* SO_OOBINLINE */
#define SOCK_F_DONTROUTE 10 /* SO_DONTROUTE: only to neighbours */
#define SOCK_F_NO_CHECK 11 /* SO_NO_CHECK: UDP without a checksum */
#define SOCK_F_RCVTSTAMP 12 /* SO_TIMESTAMP or SO_TIMESTAMPNS */
#define SOCK_F_RCVTSTAMPNS 13 /* the latter */
#define SOCK_F_TSTAMP_NEW 14 /* SO_TIMESTAMP*_NEW */
#define SOCK_F_RXQ_OVFL 15
#define SOCK_F_SELECT_ERR_QUEUE 16
#define SOCK_F_PASSSEC 17
#define SOCK_F_FILTER_LOCKED 18
#define SOCK_F_WIFI_STATUS 19
#define SOCK_F_NOFCS 20
#define SOCK_F_RCVMARK 21
#define SOCK_F_TIMESTAMP 22 /* SIOCGSTAMP was asked: sk_stamp is kept */

#define SOCK_STAMP_UNKNOWN 1

#define SOCK_DEFAULT_RCVBUF 131072
#define SOCK_DEFAULT_SNDBUF 262144
#define SOCK_DGRAM_BUF 212992 /* net.core.rmem_default */
#define SOCK_MAX_BUF 212992 /* net.core.rmem_max, before doubling */
#define SOCK_TCP_MAX_BUF 524288 /* net.ipv4.tcp_rmem, tcp_wmem: max */
#define SOCK_MIN_RCVBUF 2304
#define SOCK_MIN_SNDBUF 4608
#define SOMAXCONN_LIMIT 4096

struct sock {
	struct list_head sk_node; /* on its protocol's sock_list */
	struct rb_node sk_rb; /* the same, in a tree */
	uint64_t sk_serial; /* ascending on that list */
	struct socket *sk_socket; /* NULL: orphan, or not yet accepted */
	struct wait_queue_head *sk_wq;
	const struct proto *sk_prot;

	/* State, and what the next call reports. */
	uint8_t sk_state; /* enum tcp_sk_state */
	uint8_t sk_shutdown; /* RCV_SHUTDOWN | SEND_SHUTDOWN */
	uint8_t sk_type;
	uint8_t sk_protocol;
	uint8_t sk_family;
	uint32_t sk_flags; /* BIT(SOCK_F_...) */
	int sk_err; /* positive errno, reported once */

	/* Options. */
	uint32_t sk_sndbuf; /* as Linux counts: twice the payload */
	uint32_t sk_rcvbuf;
	uint32_t sk_rcvlowat;
	uint32_t sk_lingertime; /* seconds */
	uint64_t sk_rcvtimeo; /* nanoseconds, UINT64_MAX: for ever */
	uint64_t sk_sndtimeo;
	uint64_t sk_stamp; /* of the last read; 0: none, 1: SOCK_STAMP_UNKNOWN */
	uint32_t sk_tsflags; /* SO_TIMESTAMPING: SOF_TIMESTAMPING_* */
	uint32_t sk_ll_usec; /* SO_BUSY_POLL */
	int32_t sk_incoming_cpu;
	int32_t sk_bound_dev_if; /* SO_BINDTODEVICE, 0: any */
	uint8_t sk_priority;
	uint8_t sk_txrehash;

	/* Listeners. */
	uint32_t sk_ack_backlog;
	uint32_t sk_max_ack_backlog;

	/*
	 * Each family has its own sk_receive_queue: in struct tcp_sock,
	 * dgram_sock, unix_sock and netlink_sock.
	 */

	void (*sk_state_change)(struct sock *sk);
	void (*sk_data_ready)(struct sock *sk);
	void (*sk_write_space)(struct sock *sk);
	void (*sk_error_report)(struct sock *sk);
	void (*sk_destruct)(struct sock *sk);
};

/* All socks of a protocol; those of UDP and ping are found by port. */
struct sock_list {
	struct list_head socks; /* oldest first */
	struct rb_root tree;
	uint64_t serial; /* of the next one */
	unsigned int count;
};

#define SOCK_LIST_INIT(name)                        \
	{                                           \
		.socks = LIST_HEAD_INIT(name.socks) \
	}

/* How much waits in a socket: for /proc/net and ioctls. */
struct sock_queues {
	uint32_t rx; /* bytes; a listener: connections to accept */
	uint32_t tx;
	uint32_t rmem; /* memory charged, as Linux counts */
	uint32_t wmem;
	uint32_t drops; /* datagrams dropped for lack of room */
};

/* What TCP and UDP do differently. */
struct proto {
	const char *name;
	struct inet_ports *ports;
	struct sock *(*alloc)(void);
	/* The socket is closed: deliver what is left, then free. */
	void (*close)(struct sock *sk);
	int (*connect)(struct sock *sk, uint32_t daddr, uint16_t dport);
	/* The rest of a connect() that has returned -EINPROGRESS. */
	void (*handshake)(struct sock *sk); /* may be NULL */
	int (*disconnect)(struct sock *sk);
	ssize_t (*sendmsg)(struct sock *sk, struct msg *msg);
	ssize_t (*recvmsg)(struct sock *sk, struct msg *msg);
	/* n bytes of sk_receive_queue have been read. */
	void (*data_taken)(struct sock *sk, size_t n);
	void (*shutdown)(struct sock *sk, int how);
	/* Passes a changed option on to the pcb, if there is one. */
	void (*options_changed)(struct sock *sk);
	/* Fills in a zeroed struct; NULL: nothing is ever queued. */
	void (*queues)(struct sock *sk, struct sock_queues *queues);
};

void sock_init_data(struct socket *sock, struct sock *sk);
/* Joins an accepted sock and its socket. */
void sock_graft(struct sock *sk, struct socket *parent);
/* Separates sk from its socket; wakes nobody. */
void sock_orphan(struct sock *sk);

/* For sockets without the operation: -EOPNOTSUPP. */
int sock_no_accept(struct socket *sock, struct socket *newsock, bool nonblock);
int sock_no_listen(struct socket *sock, int backlog);

/* The invariant: kernel/check.h. */
const char *sock_check(const struct sock *sk);
/* sock_check(), then more(), for each sock of a list. */
const char *sock_list_check(const struct sock_list *list,
			    const char *(*more)(const struct sock *sk));

/* Adds sk to the list of its protocol, removes it. */
void sock_link(struct sock *sk, struct sock_list *list);
void sock_unlink(struct sock *sk, struct sock_list *list);
/* The oldest with at least this serial number, or NULL; the one after sk. */
struct sock *sock_list_seek(const struct sock_list *list, uint64_t serial);
struct sock *sock_list_next(const struct sock_list *list,
			    const struct sock *sk);

void sock_def_wakeup(struct sock *sk);
void sock_def_readable(struct sock *sk);
void sock_def_write_space(struct sock *sk);
void sock_def_error_report(struct sock *sk);
void sock_def_destruct(struct sock *sk);

static inline bool sock_flag(const struct sock *sk, unsigned int bit)
{
	return sk->sk_flags & BIT(bit);
}

static inline void sock_set_flag(struct sock *sk, unsigned int bit)
{
	sk->sk_flags |= BIT(bit);
}

static inline void sock_reset_flag(struct sock *sk, unsigned int bit)
{
	sk->sk_flags &= ~BIT(bit);
}

static inline void sock_put_flag(struct sock *sk, unsigned int bit, bool on)
{
	if (on)
		sock_set_flag(sk, bit);
	else
		sock_reset_flag(sk, bit);
}

/* Returns the pending error as -errno, or 0, and clears it. */
static inline int sock_error(struct sock *sk)
{
	int err = sk->sk_err;

	sk->sk_err = 0;
	return -err;
}

/* Bytes that must be there before a read returns: SO_RCVLOWAT. */
static inline size_t sock_rcvlowat(const struct sock *sk, bool waitall,
				   size_t len)
{
	size_t target = waitall ? len : MIN((size_t)sk->sk_rcvlowat, len);

	return target ? target : 1;
}

/* When a call that starts now times out; 0: at once. */
uint64_t sock_rcv_deadline(const struct sock *sk, bool nonblock);
uint64_t sock_snd_deadline(const struct sock *sk, bool nonblock);
/*
 * wait_attempt() for socket calls: the attempt checks the sock's error and
 * shutdown, too; the deadline is sock_rcv_deadline() or sock_snd_deadline().
 * Its value is the call's result, -EAGAIN after the deadline. A call with a
 * timeout is not restarted after a signal: signal(7).
 */
#define sock_attempt(sk, attempt, deadline) \
	sock_waited(wait_attempt((sk)->sk_wq, attempt, deadline), deadline)

static inline ssize_t sock_waited(ssize_t ret, uint64_t deadline)
{
	if (unlikely(ret == -ERESTARTSYS) && deadline != UINT64_MAX)
		return -EINTR;
	return ret;
}

#endif
