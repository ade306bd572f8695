/* SPDX-License-Identifier: MIT */
/*
 * AF_NETLINK, between its files: net/netlink/af_netlink.c has the sockets,
 * net/netlink/rtnetlink.c the answers of NETLINK_ROUTE,
 * net/netlink/rtnetlink_fill.c the messages for a link, an address, a route
 * and a neighbour.
 *
 * A request is answered before sendmsg(2) returns: then the whole answer is on
 * the receive queue, in buffers that fit into a reader's page.
 */
#ifndef NET_NETLINK_AF_NETLINK_H
#define NET_NETLINK_AF_NETLINK_H

#include <linux/netlink.h>

#include "kernel/base.h"
#include "kernel/lib/list.h"
#include "net/socket/sock.h"

/* Bytes in one buffer; a reader with a page gets whole messages. */
#define NETLINK_BUFFER_MAX 3776

/* A bit of netlink_sock.options for each option. */
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
	bool has_groups; /* asked for some at least once, even if refused */
	uint32_t options; /* NETLINK_BIT() */
	struct list_head sk_receive_queue;
	uint32_t rmem;
	uint32_t drops;
};

static inline struct netlink_sock *netlink_sk(const struct sock *sk)
{
	return container_of(sk, struct netlink_sock, sk);
}

/* At the start: the family, its options, rtnetlink. */
void netlink_init(void);

extern struct sock_list netlink_socks;

/* An answer or notification, and the buffer that is being filled. */
struct netlink_reply {
	struct netlink_sock *to; /* NULL: a notification to a group */
	uint32_t group;
	uint32_t portid;
	uint32_t seq;
	uint16_t flags; /* NLM_F_* of every message */
	struct netlink_buffer *buffer; /* NULL: none begun */
	struct nlmsghdr *message; /* the unfinished one */
	int err; /* -ENOBUFS: something is missing */
};

/*
 * Begins a message with a zeroed header of len bytes and returns the header;
 * NULL: no memory. Attributes follow; netlink_end() closes the message.
 */
void *netlink_begin(struct netlink_reply *reply, uint16_t type, size_t len);
void netlink_put(struct netlink_reply *reply, uint16_t type, const void *data,
		 size_t len);
void netlink_end(struct netlink_reply *reply);
/* Whether any socket listens to this group. */
bool netlink_has_listeners(uint32_t group);
/* Sends the last buffer to the socket, or to all members of the group. */
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
