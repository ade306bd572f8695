/* SPDX-License-Identifier: MIT */
/*
 * The moment when lwIP stops knowing a connection, and segments that come
 * after it.
 */
#ifndef NET_TCP_TCP_DEMUX_H
#define NET_TCP_TCP_DEMUX_H

#include "net/tcp/tcp.h"

/* What a connection put off has been sent. */
void tcp_output_done(struct tcp_pcb *pcb);
/*
 * True: the connection is over, or only waits for its peer's FIN; the table
 * of net/tcp/tcp_timewait.c remembers it, tp has no pcb any more, and is freed if
 * nobody holds it. The pcb is the caller's.
 */
bool tcp_retire(struct tcp_sock *tp);

#endif
