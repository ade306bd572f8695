/* SPDX-License-Identifier: MIT */
/*
 * The files below /proc/net, and what their files have in common. The formats
 * are Linux's, to the column: proc(5).
 */
#ifndef NET_PROC_PROC_NET_H
#define NET_PROC_PROC_NET_H

#include <stdint.h>

#include "net/socket/sock.h"
#include "net/socket/socket.h"

/* Registers all of them. Thread context, once. */
void net_proc_init(void);

/* The socket's inode number, 0 for an orphan. */
static inline uint64_t sock_ino(const struct sock *sk)
{
	return sk->sk_socket ? sk->sk_socket->ino : 0;
}

struct sock_queues sock_get_queues(struct sock *sk);

#endif
