/* SPDX-License-Identifier: MIT */
/* Signals that sockets send. */
#ifndef NET_SOCKET_SOCK_SIGNAL_H
#define NET_SOCKET_SOCK_SIGNAL_H

struct sock;

/* SIGPIPE for the calling thread. */
void sock_send_sigpipe(void);
/* SIGURG for the descriptor's owner, if it has one: fcntl(2). */
void sock_send_sigurg(const struct sock *sk);

#endif
