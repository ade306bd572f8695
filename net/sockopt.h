/* SPDX-License-Identifier: MIT */
/*
 * Between the files of socket options: net/sockopt.c looks up and has
 * SOL_SOCKET's, net/sockopt_ip.c and net/sockopt_tcp.c those of their level.
 *
 * Most options are an int; a setter gets its value, and the sock tells the
 * pcb afterwards.
 */
#ifndef NET_SOCKOPT_H
#define NET_SOCKOPT_H

#include <stddef.h>

#include "net/sock.h"

struct sockopt {
	int name;
	int (*set)(struct sock *sk, int value);
	int (*get)(struct sock *sk);
	/* For what is no int; they check the length. */
	int (*set_raw)(struct sock *sk, const void *val, int len);
	int (*get_raw)(struct sock *sk, void *val, int len);
};

#define INT_OPTION(n, setter, getter)                   \
	{                                               \
		.name = n, .set = setter, .get = getter \
	}
#define RAW_OPTION(n, setter, getter)                           \
	{                                                       \
		.name = n, .set_raw = setter, .get_raw = getter \
	}

#define FLAG_OPTION(fn, bit)                            \
	static int set_##fn(struct sock *sk, int value) \
	{                                               \
		sock_put_flag(sk, bit, value);          \
		return 0;                               \
	}                                               \
	static int get_##fn(struct sock *sk)            \
	{                                               \
		return sock_flag(sk, bit);              \
	}

extern const struct sockopt ip_options[];
extern const size_t nr_ip_options;
extern const struct sockopt tcp_options[];
extern const size_t nr_tcp_options;

#endif
