/* SPDX-License-Identifier: MIT */
/*
 * The receive window. lwIP has one size for all connections and opens the
 * window by the bytes that tcp_recved() reports; bytes not reported are
 * withheld. So a connection starts with what a SYN can announce, 64 KiB, and
 * its window grows up to lwIP's size as the reader keeps up, except while
 * memory is short.
 *
 * Invariant: rcv_wnd + unread bytes + withheld = lwIP's full window.
 */
#include "net/tcp/tcp_window.h"

#include "net/softirq.h"
#include "net/tcp/tcp.h"

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#include "net/base/memory.h"
#include "net/tcp/tcp_memory.h"

#define WINDOW_START 65535
#define WINDOW_LEAST (4U * TCP_MSS)

/* SO_RCVBUF counts memory; half of it is for payload, as on Linux. */
static uint32_t window_limit(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet.sk;
	uint32_t full = TCP_WND_MAX(tp->pcb);

	if (tp->window_clamp)
		full = MIN(full, tp->window_clamp);
	if (sock_flag(sk, SOCK_F_RCVBUF_SET))
		return MIN(full, MAX(sk->sk_rcvbuf / 2, (uint32_t)TCP_MSS));
	return full;
}

/* The SYN has announced the most that 16 bits can: no less may be offered. */
void tcp_window_init(struct tcp_sock *tp)
{
	struct tcp_pcb *pcb = tp->pcb;

	tp->window = MIN(window_limit(tp), (uint32_t)WINDOW_START);
	if (pcb->rcv_wnd <= WINDOW_START)
		return;
	tp->withheld = pcb->rcv_wnd - WINDOW_START;
	pcb->rcv_wnd = WINDOW_START;
	pcb->rcv_ann_wnd = WINDOW_START;
	pcb->rcv_ann_right_edge = pcb->rcv_nxt + WINDOW_START;
}

/*
 * Under pressure a wide window is halved with each read. What was announced is
 * not taken back, so the window shrinks as data comes in.
 */
static void shrink(struct tcp_sock *tp)
{
	tp->window = MAX(tp->window / 2, MIN(tp->window, WINDOW_LEAST));
}

static void grow(struct tcp_sock *tp, size_t n)
{
	uint32_t limit = window_limit(tp);

	if (net_memory_pressure()) {
		shrink(tp);
		return;
	}
	if (!rxqueue_empty(&tp->sk_receive_queue))
		return;
	tp->window = tp->window + n < limit ? tp->window + n : limit;
}

/* lwIP's tcp_recved() takes 16 bits and may send an ACK each time. */
static void give_back(struct tcp_pcb *pcb, uint32_t n)
{
	uint16_t last = MIN(n, 0xffffU);

	pcb->rcv_wnd += n - last;
	tcp_recved(pcb, last);
}

/*
 * lwIP announces a larger window only when it has grown by several segments,
 * which a small window never does; for that, growth by half is enough. What is
 * left of a larger one that was announced before may be so little that it is 0
 * once it is scaled: the peer would wait for ever.
 */
static void announce_small(struct tcp_sock *tp)
{
	struct tcp_pcb *pcb = tp->pcb;
	int32_t left = (int32_t)(pcb->rcv_ann_right_edge - pcb->rcv_nxt);
	uint32_t announced = (uint32_t)MAX(left, 0);

	if (tp->window / 4 >= TCP_WND_UPDATE_THRESHOLD ||
	    pcb->rcv_wnd < announced + tp->window / 2)
		return;
	pcb->rcv_ann_wnd = pcb->rcv_wnd;
	tcp_ack_now(pcb);
	tcp_output(pcb);
}

void tcp_window_read(struct sock *sk, size_t n)
{
	struct tcp_sock *tp = tcp_sk(sk);
	uint32_t have, give;

	tcp_progress(&tp->reading, tp->sk_receive_queue.read,
		     rxqueue_end(&tp->sk_receive_queue));
	if (!tp->pcb || (sk->sk_shutdown & RCV_SHUTDOWN))
		return;
	tp->withheld += n;
	grow(tp, n);
	have = tp->pcb->rcv_wnd + tp->sk_receive_queue.len;
	if (have >= tp->window)
		return;
	give = MIN(tp->withheld, tp->window - have);
	if (!give)
		return;
	tp->withheld -= give;
	give_back(tp->pcb, give);
	announce_small(tp);
	net_flush_soon();
}

void tcp_ack_delayed(struct tcp_sock *tp)
{
	struct tcp_pcb *pcb = tp->pcb;

	if (!pcb || pcb->state < ESTABLISHED || !(pcb->flags & TF_ACK_DELAY))
		return;
	tcp_ack_now(pcb);
	tcp_output(pcb);
	net_flush_soon();
}
