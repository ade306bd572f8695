/* SPDX-License-Identifier: MIT */
/*
 * Options of level SOL_NETLINK: netlink(7).
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "net/netlink/netlink.h"
#include "net/socket/sockopt.h"

/* A value that is too short is taken for 0. */
static int group_of(struct netlink_sock *nl, const void *val, int len,
		    uint64_t *bit)
{
	int group = 0;

	nl->has_groups = true;
	if (len >= (int)sizeof(group))
		memcpy(&group, val, sizeof(group));
	if (group < 1 || group > RTNLGRP_MAX)
		return -EINVAL;
	*bit = BIT(group - 1);
	return 0;
}

static int add_membership(struct sock *sk, const void *val, int len)
{
	struct netlink_sock *nl = netlink_sk(sk);
	uint64_t bit;
	int err = group_of(nl, val, len, &bit);

	if (!err)
		nl->groups |= bit;
	return err;
}

static int drop_membership(struct sock *sk, const void *val, int len)
{
	struct netlink_sock *nl = netlink_sk(sk);
	uint64_t bit;
	int err = group_of(nl, val, len, &bit);

	if (!err)
		nl->groups &= ~bit;
	return err;
}

/* Whole words, as many as there is room for; the length is that of all. */
static int list_memberships(struct sock *sk, struct sockopt_value *out)
{
	const struct netlink_sock *nl = netlink_sk(sk);
	int len = nl->has_groups ? sizeof(nl->groups) : 0;

	sockopt_give(out, &nl->groups, MIN(out->room & ~3, len));
	out->len = len;
	return 0;
}

static int set_bit(struct sock *sk, uint32_t bit, const void *val, int len)
{
	struct netlink_sock *nl = netlink_sk(sk);
	int value = 0;

	if (len >= (int)sizeof(value))
		memcpy(&value, val, sizeof(value));
	if (value)
		nl->options |= bit;
	else
		nl->options &= ~bit;
	return 0;
}

static int get_bit(struct sock *sk, uint32_t bit, struct sockopt_value *out)
{
	if (out->room < (int)sizeof(int))
		return -EINVAL;
	return sockopt_give_int(out, !!(netlink_sk(sk)->options & bit));
}

#define NETLINK_FLAG(fn, option)                                        \
	static int set_##fn(struct sock *sk, const void *val, int len)  \
	{                                                               \
		return set_bit(sk, NETLINK_BIT(option), val, len);      \
	}                                                               \
	static int get_##fn(struct sock *sk, struct sockopt_value *out) \
	{                                                               \
		return get_bit(sk, NETLINK_BIT(option), out);           \
	}

NETLINK_FLAG(pktinfo, NETLINK_PKTINFO)
NETLINK_FLAG(broadcast_error, NETLINK_BROADCAST_ERROR)
NETLINK_FLAG(no_enobufs, NETLINK_NO_ENOBUFS)
NETLINK_FLAG(cap_ack, NETLINK_CAP_ACK)
NETLINK_FLAG(ext_ack, NETLINK_EXT_ACK)
NETLINK_FLAG(strict, NETLINK_GET_STRICT_CHK)

/* There is one network namespace, and no other to listen to. */
static int get_all_nsid(struct sock *sk, struct sockopt_value *out)
{
	return get_bit(sk, NETLINK_BIT(NETLINK_LISTEN_ALL_NSID), out);
}

static int forbid(struct sock *sk, const void *val, int len)
{
	return -EPERM;
}

const struct sockopt netlink_options[] = {
	RAW_OPTION(NETLINK_ADD_MEMBERSHIP, add_membership, NULL),
	RAW_OPTION(NETLINK_DROP_MEMBERSHIP, drop_membership, NULL),
	RAW_OPTION(NETLINK_PKTINFO, set_pktinfo, get_pktinfo),
	RAW_OPTION(NETLINK_BROADCAST_ERROR, set_broadcast_error,
		   get_broadcast_error),
	RAW_OPTION(NETLINK_NO_ENOBUFS, set_no_enobufs, get_no_enobufs),
	RAW_OPTION(NETLINK_LISTEN_ALL_NSID, forbid, get_all_nsid),
	RAW_OPTION(NETLINK_LIST_MEMBERSHIPS, NULL, list_memberships),
	RAW_OPTION(NETLINK_CAP_ACK, set_cap_ack, get_cap_ack),
	RAW_OPTION(NETLINK_EXT_ACK, set_ext_ack, get_ext_ack),
	RAW_OPTION(NETLINK_GET_STRICT_CHK, set_strict, get_strict),
};
const size_t nr_netlink_options = ARRAY_SIZE(netlink_options);
