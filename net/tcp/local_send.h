/* SPDX-License-Identifier: MIT */
/*
 * Data between two sockets of this machine.
 */
#ifndef NET_TCP_LOCAL_SEND_H
#define NET_TCP_LOCAL_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct msg;
struct rxqueue;
struct sock;
struct tcp_sock;

/*
 * Moves up to n bytes from a queue to the peer's, buffers as they are where
 * that is possible. Bytes; 0: no room or memory, sk_write_space will tell;
 * -EOPNOTSUPP: no such connection, or its peer takes nothing.
 */
ssize_t tcp_local_send_queue(struct tcp_sock *tp, struct rxqueue *from,
			     size_t n);
/*
 * Where bytes may be queued for tp's peer now: its queue, or NULL; and the end
 * of it, when some were.
 */
struct rxqueue *tcp_local_queue(const struct tcp_sock *tp);
void tcp_local_queued(struct tcp_sock *tp);
/*
 * Bytes that memory lets it queue now; when it is 0, the reader need not be the
 * one who tells that there is more.
 */
size_t tcp_local_memory_room(const struct tcp_sock *tp);
/* Bytes sent that the peer's window does not hold. */
size_t tcp_local_unsent(const struct tcp_sock *tp);
/* The reader of sk has taken bytes: its peer may go on. */
void tcp_local_data_taken(struct sock *sk, size_t n);
/* Bytes have been put on the queue of tp. */
void tcp_local_arrived(struct tcp_sock *tp);
/* Whether the peer is gone, or answers data with a reset. */
bool tcp_local_refused(const struct tcp_sock *tp);
/* So it does: tp, and the peer if there is one, learn of it. */
void tcp_local_answer_reset(struct tcp_sock *tp);
/* The end of sending: FIN, behind what is unsent. */
void tcp_local_send_fin(struct tcp_sock *tp);

#endif
