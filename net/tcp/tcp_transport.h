/* SPDX-License-Identifier: MIT */
/*
 * The transport of a connection's bytes: over the wire, by lwIP's pcb
 * (wire_send.c), or inside the machine, to the queue of the other end
 * (local_send.c). A sock's transport changes only when it connects anew.
 */
#ifndef NET_TCP_TCP_TRANSPORT_H
#define NET_TCP_TCP_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct msg;
struct tcp_info;
struct tcp_sock;

/* Bytes; between two such parts of one send others may run. */
#define TCP_SEND_PART (1 << 20)

struct tcp_transport {
	/* True: an error, a shutdown or no connection prevents sending. */
	bool (*stopped)(const struct tcp_sock *tp);
	/*
	 * Queues some of msg: bytes; -EAGAIN: no room, has pushed what is
	 * queued, and sk_write_space() will be called; -EPIPE: stopped;
	 * -EFAULT. urgent: the call has queued urgent data before.
	 */
	ssize_t (*try_send)(struct tcp_sock *tp, struct msg *msg, bool urgent);
	/* The end of a call that has queued something; may be NULL. */
	void (*sent)(struct tcp_sock *tp, uint32_t flags);
	/* Sends data that TCP_CORK or MSG_MORE has held back. */
	void (*push)(struct tcp_sock *tp);

	bool (*writeable)(const struct tcp_sock *tp);
	/* Requests sk_write_space() when it becomes writeable. */
	void (*want_space)(struct tcp_sock *tp);
	size_t (*unacked)(const struct tcp_sock *tp);

	/* For a reader: window or memory are full, so no more can come. */
	bool (*is_full)(const struct tcp_sock *tp);
	/* Fills in the transport's part of a zeroed struct. */
	void (*get_info)(const struct tcp_sock *tp, struct tcp_info *info);
};

extern const struct tcp_transport tcp_wire, tcp_local;

#endif
