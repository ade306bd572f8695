/* SPDX-License-Identifier: MIT */
/*
 * splice(2): struct proto_ops has the contracts.
 */
#ifndef NET_TCP_TCP_SPLICE_H
#define NET_TCP_TCP_SPLICE_H

#include "net/tcp/tcp.h"

struct pipe;

ssize_t tcp_splice_read(struct socket *sock, struct pipe *pipe, size_t len,
			unsigned int flags);
size_t tcp_splice_take(struct socket *sock, struct pipe *pipe, size_t len);
void tcp_splice_eof(struct socket *sock);

#endif
