/* SPDX-License-Identifier: MIT */
/*
 * Urgent data: tcp(7), RFC 9293 section 3.8.5, RFC 6093. The byte before the
 * place where the urgent pointer points is read with MSG_OOB and left out of
 * the stream, unless SO_OOBINLINE; a read of the stream stops at it once.
 *
 * The receiving half knows places in the stream, not sequence numbers: the
 * offset of a byte is its number in sk_receive_queue since the connection
 * began, so that a local connection uses the same functions as the wire. The
 * urgent byte itself lies in the queue like any other.
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
#define TCP_URG_READ 0x0400 /* the mark is there still */

struct tcp_urg {
	uint32_t mark; /* the place of the urgent byte, if data */
	uint32_t snd_up; /* the sequence number behind it, if sending */
	uint16_t data;
	bool sending; /* not all of it has been acknowledged */
};

/*
 * The peer says that there is urgent data up to and including the byte at.
 * A place that was read, or lies before the end of the queue, is ignored, as
 * is one that is not beyond the mark there is. Any context.
 */
void tcp_urg_announce(struct tcp_sock *tp, uint32_t at);
/* True: the mark's byte is missing and lies in these len bytes from start. */
bool tcp_urg_wants(const struct tcp_sock *tp, uint32_t start, size_t len);
/* The byte at the mark; EPOLLPRI from now on, and a wake-up. */
void tcp_urg_byte(struct tcp_sock *tp, uint8_t byte);

/* The next byte to read is the mark: SIOCATMARK. */
bool tcp_urg_at_mark(const struct tcp_sock *tp);
/*
 * At the mark, and the byte is not part of the stream: one byte of the queue
 * that a read will skip, and that makes nobody readable.
 */
bool tcp_urg_hole(const struct tcp_sock *tp);
/* Bytes in the queue that a read may take, not counting a hole at its head. */
size_t tcp_urg_readable(const struct tcp_sock *tp);
/* At most this many of them in one go: a read stops at the mark. */
size_t tcp_urg_limit(const struct tcp_sock *tp);
/* A read that has (or has not) got something ends at the mark within reach. */
bool tcp_urg_stops(const struct tcp_sock *tp, bool got_some);
/*
 * Every reader of the queue that does not peek calls these. Before: takes a
 * hole at the head out of the queue; true: one byte is gone. Then it reads
 * tcp_urg_limit() bytes at most. After: forgets a mark that was passed.
 */
bool tcp_urg_skip(struct tcp_sock *tp);
void tcp_urg_passed(struct tcp_sock *tp);
/* SIOCINQ: bytes up to the mark, or all of them. */
size_t tcp_urg_inq(const struct tcp_sock *tp);
/* recv(2) with MSG_OOB; never blocks. 1, 0, or -errno; sets msg->flags. */
ssize_t tcp_urg_recv(struct sock *sk, struct msg *msg);

/* All that was written to the pcb so far is urgent. */
void tcp_urg_send(struct tcp_sock *tp);
/* After an acknowledgement: perhaps nothing urgent is on its way any more. */
void tcp_urg_acked(struct tcp_sock *tp);

#endif
