/* SPDX-License-Identifier: MIT */
/*
 * Socket options: one list of levels, each a table of options. A room
 * registers the levels it has; sockopt.c looks options up.
 *
 * Most options are an int, which the setter gets. After each change the sock's
 * options_changed() tells the pcb.
 */
#ifndef NET_SOCKET_SOCKOPT_H
#define NET_SOCKET_SOCKOPT_H

#include <stddef.h>

#include "net/socket/sock.h"
#include "net/socket/socket.h"

#define SOL_RAW 255 /* as in <sys/socket.h> */

#define SOCKOPT_MAX 256

/*
 * The answer of getsockopt(2). It starts as zeros; only what is stored goes to
 * ring 3.
 */
struct sockopt_value {
	int room; /* size of the caller's buffer */
	int stored; /* bytes of data, at most room */
	int len; /* returned length: usually stored; netlink's differs */
	uint8_t data[SOCKOPT_MAX];
};

struct sockopt {
	int name;
	/*
	 * How much of the value is read: `reads` bytes; of a shorter one
	 * `least` bytes. If `least` is 0: all, up to `reads`.
	 */
	int least, reads;
	/* Exempt from the level's check for an int. */
	bool no_int;
	/*
	 * A flag: its bit of sk_flags, or of the word that set_mask and
	 * get_mask use.
	 */
	uint32_t mask;
	int (*set)(struct sock *sk, int value);
	int (*get)(struct sock *sk);
	/*
	 * For values other than int; these check the length. A getter answers
	 * through sockopt_give() and returns 0 or -errno.
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
/* An int, of which one byte is enough. */
#define BYTE_OPTION(n, setter, getter) \
	RAW_OPTION_OF(n, 1, sizeof(int), setter, getter)

/* What a level checks in setsockopt(2) before the option is looked up. */
enum sockopt_int {
	SOCKOPT_ANY,
	SOCKOPT_INT, /* -EINVAL for less than an int */
	SOCKOPT_WHOLE_INT, /* -EFAULT when len says an int but less is readable */
};

/*
 * Options of one level. Several structs may have the same level: the one
 * registered last is searched first.
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
 * optval: a kernel buffer of SOCKOPT_MAX bytes, zeros after the first
 * `readable`. readable is less than len where the caller's memory ended: an
 * option that reads more than that is -EFAULT.
 */
int sock_setsockopt(struct socket *sock, int level, int name,
		    const void *optval, int len, int readable);
/* len: as the caller gave it, unchecked. */
int sock_getsockopt(struct socket *sock, int level, int name, int len,
		    struct sockopt_value *out);

/*
 * Answers with n bytes, cut to the caller's room. Returns 0, for a get_raw to
 * return.
 */
int sockopt_give(struct sockopt_value *out, const void *from, int n);
int sockopt_give_int(struct sockopt_value *out, int value);

#endif
