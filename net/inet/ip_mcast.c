/* SPDX-License-Identifier: MIT */
/*
 * Multicast memberships. A socket owns its memberships; an interface's group
 * counts the sockets that have joined it, and IGMP reports the first join and
 * the last leave. Softirq and system calls.
 */
#include "net/inet/ip_mcast.h"

#include <errno.h>
#include <string.h>

#include "kernel/mm/slab.h"
#include "net/inet/igmp.h"
#include "net/inet/inet_sock.h"
#include "net/inet/ip_route.h"
#include "net/socket/sock.h"

#define MEMBERSHIPS_MAX 20 /* net.ipv4.igmp_max_memberships */
#define SOURCES_MAX 10 /* net.ipv4.igmp_max_msf */

struct ip_membership {
	struct ip_membership *next;
	uint32_t group;
	uint32_t addr; /* of the interface, as the application gave it */
	int ifindex;
	uint8_t mode; /* MCAST_MODE_... */
	bool has_sources; /* a source was given: the mode is fixed */
	uint8_t nr_sources;
	uint32_t sources[SOURCES_MAX];
};

struct mcast_group {
	struct list_head node;
	uint32_t group;
	int ifindex;
	unsigned int users;
};

static LIST_HEAD(groups);

/* ---- The groups of the interfaces ---------------------------------------- */

static struct mcast_group *find_group(int ifindex, uint32_t group)
{
	struct mcast_group *g;

	list_for_each_entry(g, &groups, node) {
		if (g->group == group && g->ifindex == ifindex)
			return g;
	}
	return NULL;
}

bool ip_mcast_is_member(int ifindex, uint32_t group)
{
	return group == IGMP_ALL_HOSTS || find_group(ifindex, group);
}

static int group_get(int ifindex, uint32_t group)
{
	struct mcast_group *g = find_group(ifindex, group);

	if (!g) {
		g = kmalloc(sizeof(*g));
		if (!g)
			return -ENOMEM;
		*g = (struct mcast_group){ .group = group, .ifindex = ifindex };
		list_add_tail(&g->node, &groups);
		igmp_joined(ifindex, group);
	}
	g->users++;
	return 0;
}

static void group_put(int ifindex, uint32_t group)
{
	struct mcast_group *g = find_group(ifindex, group);

	ASSERT(g && g->users);
	if (--g->users)
		return;
	list_del(&g->node);
	kfree(g);
	igmp_left(ifindex, group);
}

void ip_mcast_for_each(int ifindex, void (*fn)(uint32_t group, void *arg),
		       void *arg)
{
	struct mcast_group *g;

	list_for_each_entry(g, &groups, node) {
		if (g->ifindex == ifindex)
			fn(g->group, arg);
	}
}

/* ---- Memberships of a socket --------------------------------------------- */

int ip_mcast_interface(const struct mcast_request *req)
{
	struct ip_route rt;

	if (req->ifindex)
		return ip_netif(req->ifindex) ? req->ifindex : 0;
	if (req->addr)
		return ip_find_interface(req->addr);
	return ip_find_route(req->group, 0, 0, false, &rt) ? 0 : rt.ifindex;
}

static struct ip_membership **find(struct inet_sock *inet, uint32_t group,
				   int ifindex)
{
	struct ip_membership **at = &inet->memberships;

	while (*at && ((*at)->group != group || (*at)->ifindex != ifindex))
		at = &(*at)->next;
	return at;
}

int ip_mcast_join(struct inet_sock *inet, const struct mcast_request *req,
		  int mode)
{
	struct ip_membership *m;
	unsigned int n = 0;
	int ifindex, err;

	if (!ip_is_multicast(req->group))
		return -EINVAL;
	ifindex = ip_mcast_interface(req);
	if (!ifindex)
		return -ENODEV;
	for (m = inet->memberships; m; m = m->next) {
		if (m->group == req->group && m->ifindex == ifindex)
			return -EADDRINUSE;
		n++;
	}
	if (n >= MEMBERSHIPS_MAX)
		return -ENOBUFS;
	m = kmalloc(sizeof(*m));
	if (!m)
		return -ENOBUFS;
	err = group_get(ifindex, req->group);
	if (err) {
		kfree(m);
		return err;
	}
	*m = (struct ip_membership){
		.next = inet->memberships,
		.group = req->group,
		.addr = req->addr,
		.ifindex = ifindex,
		.mode = mode,
	};
	inet->memberships = m;
	return 0;
}

static void remove_membership(struct ip_membership **at)
{
	struct ip_membership *m = *at;

	*at = m->next;
	group_put(m->ifindex, m->group);
	kfree(m);
}

int ip_mcast_leave(struct inet_sock *inet, const struct mcast_request *req)
{
	int ifindex = ip_mcast_interface(req);
	struct ip_membership **at;

	if (!ifindex && !req->ifindex && !req->addr)
		return -ENODEV;
	at = find(inet, req->group, ifindex);
	if (!*at)
		return -EADDRNOTAVAIL;
	remove_membership(at);
	return 0;
}

void ip_mcast_drop(struct inet_sock *inet)
{
	while (inet->memberships)
		remove_membership(&inet->memberships);
}

static int find_source(const struct ip_membership *m, uint32_t source)
{
	for (int i = 0; i < m->nr_sources; i++) {
		if (m->sources[i] == source)
			return i;
	}
	return -1;
}

static int add_source(struct ip_membership *m, uint32_t source)
{
	if (m->nr_sources == SOURCES_MAX)
		return -ENOBUFS;
	if (find_source(m, source) >= 0)
		return -EADDRNOTAVAIL;
	m->has_sources = true;
	m->sources[m->nr_sources++] = source;
	return 0;
}

/* Without its last INCLUDE source the socket leaves the group. */
static int drop_source(struct ip_membership **at, uint32_t source)
{
	struct ip_membership *m = *at;
	int i = find_source(m, source);

	if (i < 0)
		return -EADDRNOTAVAIL;
	if (m->nr_sources == 1 && m->mode == MCAST_MODE_INCLUDE)
		remove_membership(at);
	else
		m->sources[i] = m->sources[--m->nr_sources];
	return 0;
}

int ip_mcast_source(struct inet_sock *inet, const struct mcast_request *req,
		    uint32_t source, int mode, bool add)
{
	struct ip_membership **at;
	int ifindex;

	if (!ip_is_multicast(req->group))
		return -EINVAL;
	ifindex = ip_mcast_interface(req);
	if (!ifindex)
		return -ENODEV;
	at = find(inet, req->group, ifindex);
	if (!*at || ((*at)->has_sources && (*at)->mode != mode))
		return -EINVAL;
	(*at)->mode = mode;
	return add ? add_source(*at, source) : drop_source(at, source);
}

bool ip_mcast_allows(const struct inet_sock *inet, uint32_t daddr,
		     uint32_t saddr, int ifindex)
{
	const struct ip_membership *m;
	bool listed;

	if (!ip_is_multicast(daddr))
		return true;
	for (m = inet->memberships; m; m = m->next) {
		if (m->group != daddr || m->ifindex != ifindex)
			continue;
		listed = find_source(m, saddr) >= 0;
		return listed == (m->mode == MCAST_MODE_INCLUDE);
	}
	return ip_flag(inet, IP_F_MULTICAST_ALL);
}
