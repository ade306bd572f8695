/* SPDX-License-Identifier: MIT */
/*
 * The transition of a connection from lwIP to the table of TIME-WAIT, and
 * segments that come after it.
 */
#ifndef NET_TCP_TCP_DEMUX_H
#define NET_TCP_TCP_DEMUX_H

#include "net/tcp/tcp.h"

/* Called after a deferred tcp_output(): net/lwip/pcb_table.h. */
void tcp_output_done(struct tcp_pcb *pcb);
/*
 * True: the connection is over, or only waits for its peer's FIN. Then it has
 * an entry in the table of net/tcp/tcp_timewait.c, tp has no pcb any more and
 * is freed if nobody holds it, and the caller has to free the pcb.
 */
bool tcp_retire(struct tcp_sock *tp);

#endif
