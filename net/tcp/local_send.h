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
 * Moves up to n bytes from a queue to the peer's, without a copy where that is
 * possible. Bytes; 0: no room or memory, sk_write_space() will be called;
 * -EOPNOTSUPP: tp has no local peer, or the peer refuses data.
 */
ssize_t tcp_local_send_queue(struct tcp_sock *tp, struct rxqueue *from,
			     size_t n);
/*
 * The peer's queue if bytes may be appended to it now, else NULL; the caller
 * calls tcp_local_queued() after it has appended some.
 */
struct rxqueue *tcp_local_queue(const struct tcp_sock *tp);
void tcp_local_queued(struct tcp_sock *tp);
/*
 * Bytes that the memory budget allows it to queue now. If 0, room may come
 * without a read by the peer.
 */
size_t tcp_local_memory_room(const struct tcp_sock *tp);
/* Bytes sent beyond the peer's window. */
size_t tcp_local_unsent(const struct tcp_sock *tp);
/* n bytes were read from sk: its peer may send more. */
void tcp_local_data_taken(struct sock *sk, size_t n);
/* Bytes have been put on the queue of tp. */
void tcp_local_arrived(struct tcp_sock *tp);
/* Whether there is no peer, or it answers data with a reset. */
bool tcp_local_refused(const struct tcp_sock *tp);
/* That reset: ends the connection at both ends. */
void tcp_local_answer_reset(struct tcp_sock *tp);
/* Sends a FIN behind the unsent data. */
void tcp_local_send_fin(struct tcp_sock *tp);

#endif
