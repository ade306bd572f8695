/* SPDX-License-Identifier: MIT */
/*
 * A socket as the network has it. struct sock outlives the socket when a
 * closed connection still has data to deliver, and is there before it while
 * a connection waits to be accepted.
 *
 * Contexts: the net softirq and system calls, never an interrupt handler.
 * Neither runs while the other does (one CPU, softirqs run where a thread
 * blocks or leaves the kernel), so nothing is locked; whoever sleeps must
 * look at everything again afterwards.
 *
 * News travel upwards through the five callbacks; the socket layer installs
 * sock_def_* (sock_init_data()), another owner may install its own.
 *
 * Invariant, sock_check():
 *  1. sk_socket and sk_wq are both set or both NULL, and the socket's.
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
#define SOCK_F_DONE 0 /* the stream ended: recv gives 0 */
#define SOCK_F_NOSPACE 1 /* somebody waits for room to send */
#define SOCK_F_KEEPALIVE 2
#define SOCK_F_BROADCAST 3
#define SOCK_F_LINGER 4
#define SOCK_F_SNDBUF_SET 5 /* SO_SNDBUF was used */
#define SOCK_F_RCVBUF_SET 6
#define SOCK_F_PASSCRED 7 /* SO_PASSCRED */
#define SOCK_F_REUSE 8 /* SO_REUSEADDR where it means nothing */
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
#define SOCK_TCP_MAX_BUF 524288 /* net.ipv4.tcp_rmem, tcp_wmem: the last */
#define SOCK_MIN_RCVBUF 2304
#define SOCK_MIN_SNDBUF 4608
#define SOMAXCONN_LIMIT 4096

struct sock {
	struct list_head sk_node; /* among all of its protocol */
	struct rb_node sk_rb; /* the same, in a tree */
	uint64_t sk_serial; /* rises along that list */
	struct socket *sk_socket; /* NULL: orphan, or not yet accepted */
	struct wait_queue_head *sk_wq;
	const struct proto *sk_prot;

	/* State, and what the next call shall learn. */
	uint8_t sk_state; /* enum tcp_sk_state */
	uint8_t sk_shutdown; /* RCV_SHUTDOWN | SEND_SHUTDOWN */
	uint8_t sk_type;
	uint8_t sk_protocol;
	uint8_t sk_family;
	uint32_t sk_flags; /* BIT(SOCK_F_...) */
	int sk_err; /* positive errno, told once */

	/* Options. */
	uint32_t sk_sndbuf; /* as Linux counts: twice the payload */
	uint32_t sk_rcvbuf;
	uint32_t sk_rcvlowat;
	uint32_t sk_lingertime; /* seconds */
	uint64_t sk_rcvtimeo; /* nanoseconds, UINT64_MAX: for ever */
	uint64_t sk_sndtimeo;
	uint64_t sk_stamp; /* of what was read last; 0: nothing, 1: unknown */
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
	 * What has been received is of a kind of its own in each family:
	 * sk_receive_queue is in struct tcp_sock, dgram_sock, unix_sock and
	 * netlink_sock.
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

/* How much waits in a socket, for those who look. */
struct sock_queues {
	uint32_t rx; /* bytes; of a listener, connections to accept */
	uint32_t tx;
	uint32_t rmem; /* memory charged, as Linux counts */
	uint32_t wmem;
	uint32_t drops; /* datagrams for which there was no room */
};

/* What TCP and UDP do differently. */
struct proto {
	const char *name;
	struct inet_ports *ports;
	struct sock *(*alloc)(void);
	/* The socket is gone: deliver what is left, then free. */
	void (*close)(struct sock *sk);
	int (*connect)(struct sock *sk, uint32_t daddr, uint16_t dport);
	/* What of connect() happens after its caller has been told EINPROGRESS. */
	void (*handshake)(struct sock *sk); /* may be NULL */
	int (*disconnect)(struct sock *sk);
	ssize_t (*sendmsg)(struct sock *sk, struct msg *msg);
	ssize_t (*recvmsg)(struct sock *sk, struct msg *msg);
	/* n bytes of sk_receive_queue have been read. */
	void (*data_taken)(struct sock *sk, size_t n);
	void (*shutdown)(struct sock *sk, int how);
	/* Tells the pcb, if there is one, what an option changed. */
	void (*options_changed)(struct sock *sk);
	/* Fills in a zeroed struct; may be NULL: nothing ever waits. */
	void (*queues)(struct sock *sk, struct sock_queues *queues);
};

void sock_init_data(struct socket *sock, struct sock *sk);
/* Gives an accepted sock its socket, and the other way round. */
void sock_graft(struct sock *sk, struct socket *parent);
/* Takes the socket away; wakes nobody. */
void sock_orphan(struct sock *sk);

/* Operations of sockets that have none such: -EOPNOTSUPP. */
int sock_no_accept(struct socket *sock, struct socket *newsock, bool nonblock);
int sock_no_listen(struct socket *sock, int backlog);

/* The invariant: kernel/check.h. */
const char *sock_check(const struct sock *sk);
/* That, and more, of each sock of a list. */
const char *sock_list_check(const struct sock_list *list,
			    const char *(*more)(const struct sock *sk));

/* Puts sk on the list of its protocol, takes it off. */
void sock_link(struct sock *sk, struct sock_list *list);
void sock_unlink(struct sock *sk, struct sock_list *list);
/* The oldest with this serial number or a later one, NULL; and the next. */
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

/* Takes the error: -errno, told once, or 0. */
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

/* When a call that starts now gives up; 0: at once. */
uint64_t sock_rcv_deadline(const struct sock *sk, bool nonblock);
uint64_t sock_snd_deadline(const struct sock *sk, bool nonblock);
/*
 * wait_attempt() for a call of a socket: the attempt looks at the sock's error
 * and shutdown too, and the deadline is sock_rcv_deadline() or
 * sock_snd_deadline(). What it returns is what the call returns: -EAGAIN when
 * the time is over. A call with such a time is not restarted after a signal:
 * signal(7).
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
