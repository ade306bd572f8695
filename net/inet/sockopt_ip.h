/* SPDX-License-Identifier: MIT */
/*
 * Between the two files of level IPPROTO_IP.
 */
#ifndef NET_INET_SOCKOPT_IP_H
#define NET_INET_SOCKOPT_IP_H

#include "net/socket/sockopt.h"

/* The value of an option that may be as short as a byte. */
int ip_option_int(const void *val, int len);
/* One byte is enough for a reader with less room than an int. */
int ip_option_give(struct sockopt_value *out, int value);
/* Sets a bit of ip_flags. */
int ip_option_flag(struct sock *sk, unsigned int bit, const void *val, int len);

#define GROUP_REQ_SIZE 136 /* struct group_req */

/* net/inet/sockopt_mcast.c */
int set_mc_ttl(struct sock *sk, const void *val, int len);
int get_mc_ttl(struct sock *sk, struct sockopt_value *out);
int set_unicast_if(struct sock *sk, const void *val, int len);
int get_unicast_if(struct sock *sk, struct sockopt_value *out);
int set_mc_if(struct sock *sk, const void *val, int len);
int get_mc_if(struct sock *sk, struct sockopt_value *out);
int set_mc_loop(struct sock *sk, const void *val, int len);
int get_mc_loop(struct sock *sk, struct sockopt_value *out);
int set_mc_all(struct sock *sk, const void *val, int len);
int get_mc_all(struct sock *sk, struct sockopt_value *out);
int set_join(struct sock *sk, const void *val, int len);
int set_leave(struct sock *sk, const void *val, int len);
int set_source_join(struct sock *sk, const void *val, int len);
int set_source_leave(struct sock *sk, const void *val, int len);
int set_block(struct sock *sk, const void *val, int len);
int set_unblock(struct sock *sk, const void *val, int len);
int set_group_join(struct sock *sk, const void *val, int len);
int set_group_leave(struct sock *sk, const void *val, int len);
int set_group_source_join(struct sock *sk, const void *val, int len);
int set_group_source_leave(struct sock *sk, const void *val, int len);
int set_group_block(struct sock *sk, const void *val, int len);
int set_group_unblock(struct sock *sk, const void *val, int len);

#endif
