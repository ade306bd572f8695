/* SPDX-License-Identifier: MIT */
/*
 * Between the files of socket options: net/socket/sockopt.c looks them up, each of
 * the others has those of its level, or some of them.
 *
 * Most options are an int; a setter gets its value, and the sock tells the
 * pcb afterwards.
 */
#ifndef NET_SOCKET_SOCKOPT_H
#define NET_SOCKET_SOCKOPT_H

#include <stddef.h>

#include "net/socket/sock.h"
#include "net/socket/socket.h"

struct sockopt {
	int name;
	/*
	 * How much of a value a setter looks at: `reads` bytes, of a shorter
	 * one `least`. With a least of 0 all, up to `reads`.
	 */
	int least, reads;
	/* A mere flag of the sock: SOCK_F_..., plus one. */
	int flag;
	int (*set)(struct sock *sk, int value);
	int (*get)(struct sock *sk);
	/*
	 * For what is no int; they check the length. A getter answers through
	 * sockopt_give() and returns 0 or -errno.
	 */
	int (*set_raw)(struct sock *sk, const void *val, int len);
	int (*get_raw)(struct sock *sk, struct sockopt_value *out);
};

#define INT_SIZE .least = sizeof(int), .reads = sizeof(int)
#define INT_OPTION(n, setter, getter)                             \
	{                                                         \
		.name = n, INT_SIZE, .set = setter, .get = getter \
	}
/* An int whose getter may fail. */
#define MIX_OPTION(n, setter, getter)                                 \
	{                                                             \
		.name = n, INT_SIZE, .set = setter, .get_raw = getter \
	}
#define BIT_OPTION(n, bit)                             \
	{                                              \
		.name = n, INT_SIZE, .flag = (bit) + 1 \
	}
#define RAW_OPTION_OF(n, few, many, setter, getter)                        \
	{                                                                  \
		.name = n, .least = few, .reads = many, .set_raw = setter, \
		.get_raw = getter                                          \
	}
#define STRUCT_OPTION(n, size, setter, getter) \
	RAW_OPTION_OF(n, size, size, setter, getter)
#define RAW_OPTION(n, setter, getter) \
	STRUCT_OPTION(n, sizeof(int), setter, getter)
/* An int, or a byte of it. */
#define BYTE_OPTION(n, setter, getter) \
	RAW_OPTION_OF(n, 1, sizeof(int), setter, getter)

/*
 * Answers with what fits of n bytes, the whole answer, and their number. 0, as
 * a get_raw returns it.
 */
int sockopt_give(struct sockopt_value *out, const void *from, int n);
int sockopt_give_int(struct sockopt_value *out, int value);

extern const struct sockopt socket_options[];
extern const size_t nr_socket_options;
extern const struct sockopt netlink_options[];
extern const size_t nr_netlink_options;
extern const struct sockopt ip_options[];
extern const size_t nr_ip_options;
extern const struct sockopt tcp_options[];
extern const size_t nr_tcp_options;
extern const struct sockopt udp_options[];
extern const size_t nr_udp_options;
extern const struct sockopt raw_options[];
extern const size_t nr_raw_options;

#define SOL_RAW 255 /* as in <sys/socket.h> */

/* net/dgram/inet_dgram.c */
int set_peek_off(struct sock *sk, int value);
int get_peek_off(struct sock *sk, struct sockopt_value *out);

/* net/socket/sockopt_time.c */
int set_linger(struct sock *sk, const void *val, int len);
int get_linger(struct sock *sk, struct sockopt_value *out);
int set_rcvtimeo(struct sock *sk, const void *val, int len);
int get_rcvtimeo(struct sock *sk, struct sockopt_value *out);
int set_sndtimeo(struct sock *sk, const void *val, int len);
int get_sndtimeo(struct sock *sk, struct sockopt_value *out);
int set_timestamp(struct sock *sk, int value);
int get_timestamp(struct sock *sk, struct sockopt_value *out);
int set_timestamp_new(struct sock *sk, int value);
int get_timestamp_new(struct sock *sk, struct sockopt_value *out);
int set_timestampns(struct sock *sk, int value);
int get_timestampns(struct sock *sk, struct sockopt_value *out);
int set_timestampns_new(struct sock *sk, int value);
int get_timestampns_new(struct sock *sk, struct sockopt_value *out);
int set_timestamping(struct sock *sk, const void *val, int len);
int get_timestamping(struct sock *sk, struct sockopt_value *out);

#endif
