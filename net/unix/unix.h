/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX, between its files: unix.c has a socket's creation and end,
 * unix_names.c the names, unix_stream.c and unix_dgram.c the transfer,
 * unix_gc.c the sockets that only messages still refer to.
 *
 * A unix_sock is counted. A reference each is held by its socket (or, before
 * accept(2), by the listener's queue), every sock connected to it, every
 * message it sent, and calls that sleep. It is dead once the socket is gone.
 *
 * Invariants, checked for panic():
 *  1. wmem is the sum of truesize of the messages that it sent; checked is that
 *     all of them together are charged for what is in the queues.
 *  2. A sock in a listener's queue has no socket; its peer is the connecting
 *     sock.
 *  3. inflight counts the references that messages hold to its file; the sock
 *     is on the list of those in flight when that is not 0.
 *  4. A dead sock is bound to no name, has no peer and empty queues.
 */
#ifndef NET_UNIX_UNIX_H
#define NET_UNIX_UNIX_H

#include "kernel/base.h"
#include "kernel/lib/list.h"
#include "kernel/task/wait.h"
#include "net/socket/scm.h"
#include "net/socket/sock.h"
#include "net/socket/sockbuf.h"
#include "net/socket/socket.h"

struct file;
struct inode;
struct poll_table;

#define UNIX_PATH_OFFSET 2 /* of the name in an address */
#define UNIX_MAX_DGRAM_QLEN 10 /* net.unix.max_dgram_qlen */

struct unix_address {
	uint32_t refs;
	int len; /* of name, with the family; at most 111 (path) */
	union {
		struct unix_name name;
		char bytes[112];
	};
};

struct unix_sock {
	struct sock sk;
	uint32_t refs;
	bool is_dead;

	/* Name: shared with the sockets accepted from this one. */
	struct unix_address *addr; /* NULL: none */
	struct inode *inode; /* of a path name */
	struct list_head bound; /* in the table of abstract names */

	struct unix_sock *peer; /* holds a reference */
	struct sock_cred peer_cred; /* SO_PEERCRED */

	struct sockbuf_queue sk_receive_queue;
	uint32_t wmem;

	/* A listener's connections; an unaccepted connection's node there. */
	struct list_head accept_queue;
	struct list_head accept_node;

	/* Waiters for room in our queues; our entry in the peer's peer_wait. */
	struct wait_queue_head peer_wait;
	struct wait_queue_entry peer_wake;

	/* unix_gc.c */
	struct list_head inflight_node;
	uint32_t inflight;
	uint32_t gc_refs; /* inflight, less references from candidates */
	uint8_t gc_state;
};

static inline struct unix_sock *unix_sk(const struct sock *sk)
{
	return container_of(sk, struct unix_sock, sk);
}

static inline struct unix_sock *unix_get(struct unix_sock *u)
{
	u->refs++;
	return u;
}

/* unix.c */
struct unix_sock *unix_alloc(int type);
void unix_put(struct unix_sock *u);
/* The socket is gone; embryo: it was never accepted. */
void unix_die(struct unix_sock *u, bool embryo);
bool unix_writable(const struct unix_sock *u);
/* Waits until u may be charged with one more message: 0 or -errno. */
int unix_wait_wmem(struct unix_sock *u, bool nonblock);
/*
 * A message from the iterator, charged to u. Takes scm's credentials and files;
 * ERR_PTR: scm keeps its files. truesize: the charge.
 */
struct sockbuf *unix_message(struct unix_sock *u, struct iov_iter *from,
			     size_t len, uint32_t truesize, struct scm *scm);
/* Adds u's credentials if u or `to` has SO_PASSCRED. */
void unix_add_cred(struct unix_sock *u, struct unix_sock *to,
		   struct sockbuf *buf);
/* Moves the message's files to scm; with peek: copies the list. */
void unix_take_scm(struct sockbuf *buf, struct scm *scm, bool peek);
/* Whether more than the backlog waits. A change wakes peer_wait. */
bool unix_queue_full(const struct unix_sock *u);
int unix_join(struct socket *a, struct socket *b);
int unix_getname(struct socket *sock, struct sockaddr_any *addr,
		 enum sock_name which);
void unix_copy_name(const struct unix_sock *u, struct msg *msg);
int unix_shutdown(struct socket *sock, int how);
long unix_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);
int unix_release(struct socket *sock);

/* unix_names.c */
void unix_names_init(void);
int unix_bind(struct socket *sock, const struct sockaddr_any *addr, int len);
int unix_autobind(struct unix_sock *u);
/* As unix_autobind(), but only with SO_PASSCRED. */
int unix_autobind_for_cred(struct unix_sock *u);
void unix_unbind(struct unix_sock *u);
void unix_address_put(struct unix_address *addr);
/* For connect(2) and sends: 0 or -EINVAL. */
int unix_check_address(const struct sockaddr_any *addr, int len);
/* With a reference; ERR_PTR: -ECONNREFUSED, -EPROTOTYPE, path errors. */
struct unix_sock *unix_find(const struct sockaddr_any *addr, int len, int type);

/* unix_gc.c: files in messages */
/* -ETOOMANYREFS: more in flight than RLIMIT_NOFILE. */
int unix_inflight(const struct scm_files *files);
void unix_landed(const struct scm_files *files);
/* MSG_PEEK hands them out while they stay in flight. */
void unix_looked_at(const struct scm_files *files);
/* child has just left listener's queue. */
void unix_gc_accepted(const struct unix_sock *listener,
		      const struct unix_sock *child);
void unix_gc(void);

/* unix_stream.c, unix_dgram.c */
/* At the start: the family, its names, /tmp and /run. */
void unix_init(void);

extern struct sock_list unix_socks;

extern const struct proto_ops unix_stream_ops;
extern const struct proto_ops unix_seqpacket_ops;
extern const struct proto_ops unix_dgram_ops;

int unix_listen(struct socket *sock, int backlog);
int unix_stream_connect(struct socket *sock, const struct sockaddr_any *addr,
			int len, bool nonblock);
int unix_accept(struct socket *sock, struct socket *newsock, bool nonblock);
/* Takes u's entry off its peer's peer_wait. */
void unix_dgram_forget(struct unix_sock *u);

#endif
