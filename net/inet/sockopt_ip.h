/* SPDX-License-Identifier: MIT */
/*
 * Options of level IPPROTO_IP, and helpers for sockopt_mcast.c.
 */
#ifndef NET_INET_SOCKOPT_IP_H
#define NET_INET_SOCKOPT_IP_H

#include "net/socket/sockopt.h"

void sockopt_ip_init(void); /* at the start */

/* The value of an option that is an int or a byte. */
int ip_option_int(const void *val, int len);
/* Writes an int, or one byte if the reader has less room and it fits. */
int ip_option_give(struct sockopt_value *out, int value);
/* Flags of ip_flags: a set_mask and a get_mask. */
int ip_option_set_flag(struct sock *sk, uint32_t mask, const void *val,
		       int len);
int ip_option_get_flag(struct sock *sk, uint32_t mask,
		       struct sockopt_value *out);

#endif
