/* SPDX-License-Identifier: MIT */
/*
 * Setters and getters of options with a time, for the table in
 * sockopt_socket.c.
 */
#ifndef NET_SOCKET_SOCKOPT_TIME_H
#define NET_SOCKET_SOCKOPT_TIME_H

#include "net/socket/sockopt.h"

int sock_set_linger(struct sock *sk, const void *val, int len);
int sock_get_linger(struct sock *sk, struct sockopt_value *out);
int sock_set_rcvtimeo(struct sock *sk, const void *val, int len);
int sock_get_rcvtimeo(struct sock *sk, struct sockopt_value *out);
int sock_set_sndtimeo(struct sock *sk, const void *val, int len);
int sock_get_sndtimeo(struct sock *sk, struct sockopt_value *out);
int sock_set_timestamp(struct sock *sk, int value);
int sock_get_timestamp(struct sock *sk, struct sockopt_value *out);
int sock_set_timestamp_new(struct sock *sk, int value);
int sock_get_timestamp_new(struct sock *sk, struct sockopt_value *out);
int sock_set_timestampns(struct sock *sk, int value);
int sock_get_timestampns(struct sock *sk, struct sockopt_value *out);
int sock_set_timestampns_new(struct sock *sk, int value);
int sock_get_timestampns_new(struct sock *sk, struct sockopt_value *out);
int sock_set_timestamping(struct sock *sk, const void *val, int len);
int sock_get_timestamping(struct sock *sk, struct sockopt_value *out);
int sock_set_timestamping_new(struct sock *sk, const void *val, int len);
int sock_get_timestamping_new(struct sock *sk, struct sockopt_value *out);

#endif
