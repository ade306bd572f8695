/* SPDX-License-Identifier: MIT */
/*
 * Urgent data: tcp(7), RFC 9293 section 3.8.5, RFC 6093. The byte before the
 * urgent pointer is read with MSG_OOB and left out of the stream, unless
 * SO_OOBINLINE is set; a read of the stream stops at it once.
 *
 * The receiving half uses places in the stream, not sequence numbers: the place
 * of a byte is its number in sk_receive_queue since the connection began, so
 * that local connections use the same functions. The urgent byte itself is in
 * the queue like any other.
 *
 * A sender of this machine calls tcp_urg_announce() before it queues the data,
 * with the place of the last byte, and tcp_urg_byte() when that is there.
 */
#ifndef NET_TCP_TCP_URG_H
#define NET_TCP_TCP_URG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct msg;
struct sock;
struct tcp_pcb;
struct tcp_sock;

/* tcp_urg.data: 0 (no mark), or one of these. VALID has the byte below it. */
#define TCP_URG_VALID 0x0100
#define TCP_URG_NOTYET 0x0200 /* announced, the byte has not come */
#define TCP_URG_READ 0x0400 /* the byte was read, the mark remains */

struct tcp_urg {
	uint32_t mark; /* the place of the urgent byte, if data */
	uint32_t snd_up; /* the sequence number behind it, if sending */
	uint16_t data;
	bool sending; /* not all of it has been acknowledged */
};

/*
 * The peer announces urgent data up to and including the byte at place `at`.
 * Ignored if that is before the end of the queue or not beyond the current
 * mark. Any context.
 */
void tcp_urg_announce(struct tcp_sock *tp, uint32_t at);
/* Whether the missing urgent byte is among the len bytes from place start. */
bool tcp_urg_wants(const struct tcp_sock *tp, uint32_t start, size_t len);
/* The byte at the mark has come: sets EPOLLPRI and wakes. */
void tcp_urg_byte(struct tcp_sock *tp, uint8_t byte);

/* Whether the next byte to read is at the mark: SIOCATMARK. */
bool tcp_urg_at_mark(const struct tcp_sock *tp);
/*
 * Whether the first byte of the queue is an urgent byte outside the stream: a
 * read skips it, and it does not make the socket readable.
 */
bool tcp_urg_hole(const struct tcp_sock *tp);
/* Bytes in the queue that a read may take, not counting a hole at its head. */
size_t tcp_urg_readable(const struct tcp_sock *tp);
/* How many of them one read may take: it stops at the mark. */
size_t tcp_urg_limit(const struct tcp_sock *tp);
/* Whether a read that has got some bytes, or none, stops at the mark. */
bool tcp_urg_stops(const struct tcp_sock *tp, bool got_some);
/*
 * For readers of the queue that do not peek. Before reading, tcp_urg_skip()
 * removes a hole at the head; true: one byte was removed. Then at most
 * tcp_urg_limit() bytes are read. Afterwards tcp_urg_passed() clears a mark
 * that was passed.
 */
bool tcp_urg_skip(struct tcp_sock *tp);
void tcp_urg_passed(struct tcp_sock *tp);
/* SIOCINQ: bytes up to the mark, or all of them. */
size_t tcp_urg_inq(const struct tcp_sock *tp);
/* recv(2) with MSG_OOB; never blocks. 1, 0, or -errno; sets msg->flags. */
ssize_t tcp_urg_recv(struct sock *sk, struct msg *msg);

/* Marks all that was written to the pcb so far as urgent. */
void tcp_urg_send(struct tcp_sock *tp);
/* After an acknowledgement: ends urgent mode if no urgent data is unacked. */
void tcp_urg_acked(struct tcp_sock *tp);

#endif
