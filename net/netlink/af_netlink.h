/* SPDX-License-Identifier: MIT */
/*
 * AF_NETLINK, between its files: net/netlink/af_netlink.c has the sockets,
 * net/netlink/rtnetlink.c what NETLINK_ROUTE answers, net/netlink/rtnetlink_fill.c what a
 * link, an address, a route or a neighbour look like in a message.
 *
 * A request is answered before sendmsg(2) returns: all of the answer is on
 * the receive queue then, in buffers that a reader with one page can take.
 */
#ifndef NET_NETLINK_AF_NETLINK_H
#define NET_NETLINK_AF_NETLINK_H

#include <linux/netlink.h>

#include "kernel/base.h"
#include "kernel/lib/list.h"
#include "net/socket/sock.h"

/* The most in one buffer; who reads with a page gets whole messages. */
#define NETLINK_BUFFER_MAX 3776

/* Bits of netlink_sock.options: the options of the same names. */
#define NETLINK_BIT(option) BIT(option)

struct netlink_buffer {
	struct list_head node;
	uint32_t group; /* 0: an answer */
	uint32_t len;
	char data[];
};

struct netlink_sock {
	struct sock sk;
	uint32_t portid; /* 0: not bound */
	uint64_t groups; /* bit n: group n + 1 */
	bool has_groups; /* has ever asked for some, in vain or not */
	uint32_t options; /* NETLINK_BIT() */
	struct list_head sk_receive_queue;
	uint32_t rmem;
	uint32_t drops;
};

static inline struct netlink_sock *netlink_sk(struct sock *sk)
{
	return container_of(sk, struct netlink_sock, sk);
}

/* At the start: the family, its options, rtnetlink. */
void netlink_init(void);

extern struct sock_list netlink_socks;

/* Whose answer it is; the buffer that is being filled. */
struct netlink_reply {
	struct netlink_sock *to; /* NULL: news for a group */
	uint32_t group;
	uint32_t portid;
	uint32_t seq;
	uint16_t flags; /* NLM_F_* of every message */
	struct netlink_buffer *buffer; /* NULL: none begun */
	struct nlmsghdr *message; /* that is being filled */
	int err; /* -ENOBUFS: something is missing */
};

/*
 * Begins a message with a header of len bytes, zeroed: where it is, or NULL
 * when memory is short. Attributes follow; end closes it.
 */
void *netlink_begin(struct netlink_reply *reply, uint16_t type, size_t len);
void netlink_put(struct netlink_reply *reply, uint16_t type, const void *data,
		 size_t len);
void netlink_end(struct netlink_reply *reply);
/* Whether news for this group would reach anybody. */
bool netlink_has_listeners(uint32_t group);
/* What is left goes to the socket, or to all members of the group. */
void netlink_send(struct netlink_reply *reply);

static inline void netlink_put_u32(struct netlink_reply *reply, uint16_t type,
				   uint32_t value)
{
	netlink_put(reply, type, &value, sizeof(value));
}

static inline void netlink_put_u8(struct netlink_reply *reply, uint16_t type,
				  uint8_t value)
{
	netlink_put(reply, type, &value, sizeof(value));
}

#endif
