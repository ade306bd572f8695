/* SPDX-License-Identifier: MIT */
/*
 * Multicast groups, ip(7): those that sockets have joined, with their source
 * filters, and those that an interface listens to.
 */
#ifndef NET_INET_IP_MCAST_H
#define NET_INET_IP_MCAST_H

#include <stdbool.h>
#include <stdint.h>

#include "net/inet/inet_sock.h"

struct inet_sock;

/* struct ip_mreqn */
struct mcast_request {
	uint32_t group;
	uint32_t addr; /* of the interface, if ifindex is 0 */
	int ifindex;
};

/* A socket's source filter of a group: MCAST_INCLUDE, MCAST_EXCLUDE. */
#define MCAST_MODE_EXCLUDE 0
#define MCAST_MODE_INCLUDE 1

/*
 * Joins and leaves: -EINVAL, -ENODEV, -EADDRINUSE, -EADDRNOTAVAIL, -ENOBUFS,
 * -ENOMEM.
 */
int ip_mcast_join(struct inet_sock *inet, const struct mcast_request *req,
		  int mode);
int ip_mcast_leave(struct inet_sock *inet, const struct mcast_request *req);
/*
 * Adds or removes a source that the socket receives from (INCLUDE) or does not
 * (EXCLUDE): -EADDRNOTAVAIL, -EINVAL, -ENOBUFS, -ENODEV.
 */
int ip_mcast_source(struct inet_sock *inet, const struct mcast_request *req,
		    uint32_t source, int mode, bool add);
/* Leaves all groups: the socket is closing. */
void ip_mcast_drop(struct inet_sock *inet);

/* Whether the socket's memberships let it receive a datagram to daddr. */
bool ip_mcast_allows(const struct inet_sock *inet, uint32_t daddr,
		     uint32_t saddr, int ifindex);
/* Whether the interface listens to the group at all. */
bool ip_mcast_is_member(int ifindex, uint32_t group);
/* Calls fn for all groups of an interface except that of all hosts. */
void ip_mcast_for_each(int ifindex, void (*fn)(uint32_t group, void *arg),
		       void *arg);

/* The number of the interface that an option names; 0: none. */
int ip_mcast_interface(const struct mcast_request *req);

#endif
