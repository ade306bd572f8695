/* SPDX-License-Identifier: MIT */
/*
 * How the bytes of a connection travel: over the wire, by lwIP's pcb
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

/* Between two such parts of one send others may run. */
#define TCP_SEND_PART (1 << 20)

struct tcp_transport {
	/* An error, the end of sending, or no connection: nothing is sent. */
	bool (*stopped)(const struct tcp_sock *tp);
	/*
	 * Queues some of msg: bytes; -EAGAIN, when what is queued has been
	 * pushed and sk_write_space will tell; -EPIPE when stopped; -EFAULT.
	 * urgent: what the call has queued before is, though not complete.
	 */
	ssize_t (*try_send)(struct tcp_sock *tp, struct msg *msg, bool urgent);
	/* The end of a call that has queued something; may be NULL. */
	void (*sent)(struct tcp_sock *tp, uint32_t flags);
	/* Sends what a cork or the wait for more has held back. */
	void (*push)(struct tcp_sock *tp);

	bool (*writeable)(const struct tcp_sock *tp);
	/* sk_write_space shall tell when it is. */
	void (*want_space)(struct tcp_sock *tp);
	size_t (*unacked)(const struct tcp_sock *tp);

	/* For a reader: window or memory are full, so no more can come. */
	bool (*is_full)(const struct tcp_sock *tp);
	/* Its part of a zeroed struct, whose state is filled in. */
	void (*get_info)(const struct tcp_sock *tp, struct tcp_info *info);
};

extern const struct tcp_transport tcp_wire, tcp_local;

#endif
