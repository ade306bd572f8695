/* SPDX-License-Identifier: MIT */
/*
 * Arguments of socket calls that an input describes: of the right type mostly,
 * with lengths that are right or near it. What is given to the kernel lies in
 * memory of exactly its length.
 */
#ifndef TESTS_FUZZ_LIB_ARGUMENTS_H
#define TESTS_FUZZ_LIB_ARGUMENTS_H

#include "fuzz/lib/fuzz.h"
#include "kernel/fs/iov_iter.h"
#include "net/socket/socket.h"

#define SERVICE_PORTS 5000 /* and the next few */

/* An address of any family, and the length that goes with it. */
int take_sockaddr(struct input *in, struct sockaddr_any *addr);
/* A flag or several of send(2) and recv(2); nothing that sleeps. */
uint32_t take_flags(struct input *in);

/* A socket option: its level, name and value. */
struct option {
	int level, name, len;
	uint8_t value[256]; /* zeros behind what was taken */
};
void take_option(struct input *in, struct option *option);

/* Control messages of sendmsg(2), from malloc(); *len bytes. */
void *take_control(struct input *in, size_t *len);
/* Requests of NETLINK_ROUTE, the same. */
void *take_netlink(struct input *in, size_t *len);

/* Pieces of memory from malloc() for one call. */
struct pieces {
	struct iovec iov[4];
	struct iov_iter iter;
};
void take_pieces(struct input *in, struct pieces *pieces);
/* The pieces are these bytes, which free_pieces() frees. */
void pieces_of(struct pieces *pieces, void *bytes, size_t len);
void free_pieces(struct pieces *pieces);

#endif
