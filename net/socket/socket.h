/* SPDX-License-Identifier: MIT */
/*
 * The application's part of a socket: struct socket, between struct file and
 * struct sock, and the constants of the socket calls, which the user API
 * headers leave to the C library. The functions at the end are what the
 * system calls and the rest of the kernel use.
 */
#ifndef NET_SOCKET_SOCKET_H
#define NET_SOCKET_SOCKET_H

#include <sys/types.h>

#include "kernel/base.h"
#include "kernel/task/wait.h"

struct file;
struct iov_iter;
struct pipe;
struct poll_table;
struct proto_ops;
struct sock;

/* In tests on the host the C library has defined these. */
#ifndef AF_INET
#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

#define MSG_OOB 0x1
#define MSG_PEEK 0x2
#define MSG_CTRUNC 0x8
#define MSG_TRUNC 0x20
#define MSG_DONTWAIT 0x40
#define MSG_WAITALL 0x100
#define MSG_ERRQUEUE 0x2000
#define MSG_NOSIGNAL 0x4000
#define MSG_MORE 0x8000
#define MSG_WAITFORONE 0x10000
#define MSG_CMSG_CLOEXEC 0x40000000
#endif

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

#define SOCK_MAX 11
#define SOCK_TYPE_MASK 0xf

#ifndef IPPROTO_TCP /* <linux/in.h>, which does not go with lwIP */
#define IPPROTO_IP 0
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_MAX 263
#endif

/* Addresses: ip(7), unix(7), and a union of all families'. */
struct inet_address {
	uint16_t family;
	uint16_t port; /* network byte order */
	uint32_t addr; /* network byte order */
	uint8_t zero[8];
};

struct unix_name {
	uint16_t family;
	char path[108];
};

struct netlink_name { /* netlink(7) */
	uint16_t family;
	uint16_t zero;
	uint32_t portid; /* 0: the kernel */
	uint32_t groups;
};

struct sockaddr_any {
	union {
		uint16_t family;
		struct inet_address in;
		struct unix_name un;
		struct netlink_name nl;
		uint8_t bytes[128];
	};
};

/* The arguments of one sendmsg(2) or recvmsg(2), except its bytes' iterator. */
struct msg {
	struct sockaddr_any *name; /* NULL: none given or wanted */
	int namelen; /* in: given; out: length of what was stored */
	struct iov_iter *iter;
	uint32_t flags; /* MSG_* in; out: MSG_TRUNC, MSG_CTRUNC */
	bool is_spliced; /* the iterator is over a pipe's contents */
	/*
	 * Control messages, cmsg(3): kernel memory when sending; when
	 * receiving, ring 3's, advanced behind what was stored. NULL: none.
	 */
	void *control;
	size_t controllen; /* bytes there; receiving: room left */
};

enum socket_state {
	SS_UNCONNECTED = 1,
	SS_CONNECTING,
	SS_CONNECTED,
	SS_DISCONNECTING, /* shut down before connect(2) returned its result */
};

enum sock_name {
	NAME_LOCAL,
	NAME_PEER, /* of an existing connection */
	NAME_ACCEPTED, /* the peer's, even if the connection is over */
};

struct socket {
	enum socket_state state;
	uint16_t type; /* SOCK_STREAM ... */
	uint64_t ino; /* for fstat(2) */
	struct file *file;
	struct sock *sk;
	const struct proto_ops *ops;
	struct wait_queue_head wq;
};

/*
 * The operations of a family's socket type. Thread context; they may sleep
 * unless nonblock, flags or the file forbid it. 0 or -errno.
 */
struct proto_ops {
	int (*release)(struct socket *sock);
	int (*bind)(struct socket *sock, const struct sockaddr_any *addr,
		    int len);
	int (*connect)(struct socket *sock, const struct sockaddr_any *addr,
		       int len, bool nonblock);
	/* socketpair(2): joins two fresh sockets; NULL: -EOPNOTSUPP. */
	int (*pair)(struct socket *a, struct socket *b);
	int (*accept)(struct socket *sock, struct socket *newsock,
		      bool nonblock);
	/* Returns the length of the address. */
	int (*getname)(struct socket *sock, struct sockaddr_any *addr,
		       enum sock_name which);
	uint32_t (*poll)(struct file *file, struct socket *sock,
			 struct poll_table *pt);
	long (*ioctl)(struct socket *sock, unsigned int cmd, unsigned long arg);
	int (*listen)(struct socket *sock, int backlog);
	int (*shutdown)(struct socket *sock, int how);
	ssize_t (*sendmsg)(struct socket *sock, struct msg *msg);
	ssize_t (*recvmsg)(struct socket *sock, struct msg *msg);
	/*
	 * splice(2) into a pipe that has room, by reference. NULL: the bytes
	 * are copied by recvmsg. flags: SPLICE_F_*.
	 */
	ssize_t (*splice_read)(struct socket *sock, struct pipe *pipe,
			       size_t len, unsigned int flags);
	/* From a pipe by reference: splice_take_fn; may be NULL. */
	size_t (*splice_take)(struct socket *sock, struct pipe *pipe,
			      size_t len);
	/* Nothing follows an announced MSG_MORE; may be NULL. */
	void (*splice_eof)(struct socket *sock);
};

/* An address family; registered at the start. */
struct net_proto_family {
	int family;
	int nr_protocols; /* higher ones: -EINVAL; 0: create() checks */
	/* Operations and sock for a new socket: -errno. */
	int (*create)(struct socket *sock, int protocol);
	struct net_proto_family *next;
};
void sock_register(struct net_proto_family *family);

void socket_init(void); /* at the start, before the families */
size_t nr_sockets(void); /* of all families */

/*
 * socket(2): a file with one reference, or ERR_PTR. type has no flags in it;
 * f_flags: O_RDWR and optionally O_NONBLOCK.
 */
struct file *socket_create(int family, int type, int protocol,
			   uint32_t f_flags);
/* socketpair(2): both files or none. */
int socket_create_pair(int family, int type, int protocol, uint32_t f_flags,
		       struct file *ends[2]);
/* The socket of an open file; NULL: it is no socket (-ENOTSOCK). */
struct socket *sock_from_file(struct file *file);
/* accept(2): the new file, or ERR_PTR. addr may be NULL. */
struct file *socket_accept(struct socket *sock, uint32_t f_flags,
			   struct sockaddr_any *addr, int *len);
ssize_t sock_sendmsg(struct socket *sock, struct msg *msg);
ssize_t sock_recvmsg(struct socket *sock, struct msg *msg);

#endif
