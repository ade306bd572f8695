/* SPDX-License-Identifier: MIT */
/*
 * Options of level SOL_NETLINK: netlink(7).
 */
#include "net/netlink/sockopt_netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "net/netlink/af_netlink.h"
#include "net/socket/sockopt.h"

/* A value shorter than an int counts as 0. */
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

/* As many whole words as fit; the returned length is that of all words. */
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

/* There is one network namespace only. */
static int get_all_nsid(struct sock *sk, struct sockopt_value *out)
{
	return get_bit(sk, NETLINK_BIT(NETLINK_LISTEN_ALL_NSID), out);
}

static int forbid(struct sock *sk, const void *val, int len)
{
	return -EPERM;
}

#define FLAG_OPTION(option)                                            \
	{                                                              \
		.name = option, INT_SIZE, .mask = NETLINK_BIT(option), \
		.set_mask = set_bit, .get_mask = get_bit               \
	}

static const struct sockopt options[] = {
	RAW_OPTION(NETLINK_ADD_MEMBERSHIP, add_membership, NULL),
	RAW_OPTION(NETLINK_DROP_MEMBERSHIP, drop_membership, NULL),
	FLAG_OPTION(NETLINK_PKTINFO),
	FLAG_OPTION(NETLINK_BROADCAST_ERROR),
	FLAG_OPTION(NETLINK_NO_ENOBUFS),
	RAW_OPTION(NETLINK_LISTEN_ALL_NSID, forbid, get_all_nsid),
	RAW_OPTION(NETLINK_LIST_MEMBERSHIPS, NULL, list_memberships),
	FLAG_OPTION(NETLINK_CAP_ACK),
	FLAG_OPTION(NETLINK_EXT_ACK),
	FLAG_OPTION(NETLINK_GET_STRICT_CHK),
};

void sockopt_netlink_init(void)
{
	static struct sockopt_level netlink __ro_after_init_data = {
		.level = SOL_NETLINK,
		.family = AF_NETLINK,
		.first = SOCKOPT_WHOLE_INT,
		.options = options,
		.nr = ARRAY_SIZE(options),
	};

	sockopt_register(&netlink);
}
