/* SPDX-License-Identifier: MIT */
/*
 * AF_UNIX, between its files. unix.c has a socket's life, unix_names.c the
 * names, unix_stream.c and unix_dgram.c what moves, unix_gc.c the sockets
 * that only messages still hold.
 *
 * A unix_sock is counted: its socket (or, before accept(2), the listener's
 * queue), whoever is connected to it, every message it sent, and calls that
 * sleep hold a reference each. It is dead once the socket is gone.
 *
 * Invariants, 2 to 4 checked for panic():
 *  1. wmem is the sum of truesize of the messages that it sent.
 *  2. A sock in a listener's queue has no socket; its peer is who connected.
 *  3. inflight counts the references that messages hold to its file, and it
 *     is on the list of such socks when that is not 0.
 *  4. A dead sock has no name, no peer and nothing in its queues.
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
	int len; /* of name, with the family; 111 for the longest path */
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
	struct list_head bound; /* among those with an abstract name */

	struct unix_sock *peer; /* with a reference */
	struct sock_cred peer_cred; /* SO_PEERCRED */

	struct sockbuf_queue sk_receive_queue;
	uint32_t wmem;

	/* A listener's connections, and a connection's place among them. */
	struct list_head accept_queue;
	struct list_head accept_node;

	/* Who waits for room in our queues; our place in another's. */
	struct wait_queue_head peer_wait;
	struct wait_queue_entry peer_wake;

	/* unix_gc.c */
	struct list_head inflight_node;
	uint32_t inflight;
	uint32_t gc_refs; /* of them, not explained by candidates */
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
/* The socket is gone; embryo: and was never accepted. */
void unix_die(struct unix_sock *u, bool embryo);
bool unix_writable(const struct unix_sock *u);
/* Waits until u may be charged with one more message: 0 or -errno. */
int unix_wait_wmem(struct unix_sock *u, bool nonblock);
/*
 * A message of u's from the iterator, charged; it takes scm's credentials,
 * and its files. ERR_PTR: scm has its files still. truesize: its charge.
 */
struct sockbuf *unix_message(struct unix_sock *u, struct iov_iter *from,
			     size_t len, uint32_t truesize, struct scm *scm);
/* Adds the sender's credentials if one of the two ends asks for them. */
void unix_add_cred(struct unix_sock *u, struct unix_sock *to,
		   struct sockbuf *buf);
/* Takes the message's files, or copies the list when peeking. */
void unix_take_scm(struct sockbuf *buf, struct scm *scm, bool peek);
/* Whether more than the backlog waits; peer_wait is woken when it changes. */
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
/* As unix_autobind(), when credentials will need a name to go with. */
int unix_autobind_for_cred(struct unix_sock *u);
void unix_unbind(struct unix_sock *u);
void unix_address_put(struct unix_address *addr);
/* Of a connect or a send: -EINVAL. */
int unix_check_address(const struct sockaddr_any *addr, int len);
/* With a reference, or ERR_PTR: -ECONNREFUSED, -EPROTOTYPE, of the path. */
struct unix_sock *unix_find(const struct sockaddr_any *addr, int len, int type);

/* unix_gc.c: files in messages */
/* -ETOOMANYREFS: more in flight than RLIMIT_NOFILE. */
int unix_inflight(const struct scm_files *files);
void unix_landed(const struct scm_files *files);
/* MSG_PEEK gives them out, and they stay in flight. */
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
/* Ends the wait for room at the one that u is connected to. */
void unix_dgram_forget(struct unix_sock *u);

#endif
