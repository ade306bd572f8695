/* SPDX-License-Identifier: MIT */
/*
 * Setters and getters of multicast options, for the table in sockopt_ip.c.
 */
#ifndef NET_INET_SOCKOPT_MCAST_H
#define NET_INET_SOCKOPT_MCAST_H

#include "net/socket/sockopt.h"

#define GROUP_REQ_SIZE 136 /* struct group_req */

int ip_set_mc_ttl(struct sock *sk, const void *val, int len);
int ip_get_mc_ttl(struct sock *sk, struct sockopt_value *out);
int ip_set_unicast_if(struct sock *sk, const void *val, int len);
int ip_get_unicast_if(struct sock *sk, struct sockopt_value *out);
int ip_set_mc_if(struct sock *sk, const void *val, int len);
int ip_get_mc_if(struct sock *sk, struct sockopt_value *out);
int ip_set_mc_loop(struct sock *sk, const void *val, int len);
int ip_get_mc_loop(struct sock *sk, struct sockopt_value *out);
int ip_set_mc_all(struct sock *sk, const void *val, int len);
int ip_get_mc_all(struct sock *sk, struct sockopt_value *out);
int ip_set_join(struct sock *sk, const void *val, int len);
int ip_set_leave(struct sock *sk, const void *val, int len);
int ip_set_source_join(struct sock *sk, const void *val, int len);
int ip_set_source_leave(struct sock *sk, const void *val, int len);
int ip_set_block(struct sock *sk, const void *val, int len);
int ip_set_unblock(struct sock *sk, const void *val, int len);
int ip_set_group_join(struct sock *sk, const void *val, int len);
int ip_set_group_leave(struct sock *sk, const void *val, int len);
int ip_set_group_source_join(struct sock *sk, const void *val, int len);
int ip_set_group_source_leave(struct sock *sk, const void *val, int len);
int ip_set_group_block(struct sock *sk, const void *val, int len);
int ip_set_group_unblock(struct sock *sk, const void *val, int len);

#endif
