/* SPDX-License-Identifier: MIT */
/*
 * Socket options: one table of levels, each with its options in rows. A room
 * registers what it has; sockopt.c looks them up.
 *
 * Most options are an int; a setter gets its value, and the sock tells the
 * pcb afterwards.
 */
#ifndef NET_SOCKET_SOCKOPT_H
#define NET_SOCKET_SOCKOPT_H

#include <stddef.h>

#include "net/socket/sock.h"
#include "net/socket/socket.h"

#define SOL_RAW 255 /* as in <sys/socket.h> */

#define SOCKOPT_MAX 256

/*
 * What getsockopt(2) answers. It starts as zeros; what is stored goes to ring
 * 3, and nothing else.
 */
struct sockopt_value {
	int room; /* bytes that the caller has room for */
	int stored; /* of data, at most room */
	int len; /* for the caller: mostly stored, but netlink's own */
	uint8_t data[SOCKOPT_MAX];
};

struct sockopt {
	int name;
	/*
	 * How much of a value a setter looks at: `reads` bytes, of a shorter
	 * one `least`. With a least of 0 all, up to `reads`.
	 */
	int least, reads;
	/* Not an int, though its level takes one first. */
	bool no_int;
	/*
	 * A mere flag: its bit of sk_flags, or of where the setter and getter
	 * of masks keep it.
	 */
	uint32_t mask;
	int (*set)(struct sock *sk, int value);
	int (*get)(struct sock *sk);
	/*
	 * For what is no int; they check the length. A getter answers through
	 * sockopt_give() and returns 0 or -errno.
	 */
	int (*set_raw)(struct sock *sk, const void *val, int len);
	int (*get_raw)(struct sock *sk, struct sockopt_value *out);
	int (*set_mask)(struct sock *sk, uint32_t mask, const void *val,
			int len);
	int (*get_mask)(struct sock *sk, uint32_t mask,
			struct sockopt_value *out);
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
#define BIT_OPTION(n, bit)                            \
	{                                             \
		.name = n, INT_SIZE, .mask = BIT(bit) \
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

/* What a setter of this level asks for before it looks which option it is. */
enum sockopt_int {
	SOCKOPT_ANY,
	SOCKOPT_INT, /* -EINVAL for less than an int */
	SOCKOPT_WHOLE_INT, /* an int is readable if it is that long */
};

/*
 * Options of one level. Several may have the same number: what a room adds
 * comes before what is common, which was registered earlier.
 */
struct sockopt_level {
	int level;
	/* Which socks have them; 0: all. */
	int family, type, protocol;
	enum sockopt_int first;
	const struct sockopt *options;
	size_t nr;
	struct sockopt_level *next;
};
/* At the start. */
void sockopt_register(struct sockopt_level *level);

/*
 * optval: a kernel buffer of SOCKOPT_MAX bytes, zeros behind the first
 * `readable`. These are less than len where the caller's memory ended, and an
 * option that reads more is -EFAULT.
 */
int sock_setsockopt(struct socket *sock, int level, int name,
		    const void *optval, int len, int readable);
/* len: of the caller, as it is. */
int sock_getsockopt(struct socket *sock, int level, int name, int len,
		    struct sockopt_value *out);

/*
 * Answers with what fits of n bytes, the whole answer, and their number. 0, as
 * a get_raw returns it.
 */
int sockopt_give(struct sockopt_value *out, const void *from, int n);
int sockopt_give_int(struct sockopt_value *out, int value);

#endif
