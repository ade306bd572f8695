/* SPDX-License-Identifier: MIT */
/*
 * The checks on an incoming segment, in the order of RFC 9293 section
 * 3.10.7: LISTEN, SYN-SENT, then for the other states sequence number, RST,
 * SYN, ACK, and how much of the payload fits.
 */
#include "net/tcp/tcp_check.h"

#include <stddef.h>
#include <string.h>

#include "net/base/seq.h"

#define OPT_MD5_LEN 18 /* RFC 2385 */

/* RFC 9293 section 3.2, and the registry "TCP Option Kind Numbers". */
enum {
	OPT_EOL = 0,
	OPT_NOP = 1,
	OPT_MSS = 2,
	OPT_WINDOW_SCALE = 3,
	OPT_SACK_PERMITTED = 4,
	OPT_SACK = 5,
	OPT_TIMESTAMP = 8,
	OPT_MD5 = 19,
};

static struct tcp_check_result pass(const struct tcp_check_seg *seg)
{
	return (struct tcp_check_result){ TCP_PASS, TCP_DROP_NONE, seg->len,
					  false };
}

static struct tcp_check_result verdict(enum tcp_verdict v,
				       enum tcp_drop_reason why)
{
	return (struct tcp_check_result){ v, why, 0, false };
}

/* SYN and FIN take a sequence number each. */
static uint32_t seg_length(const struct tcp_check_seg *seg)
{
	return seg->len + !!(seg->flags & TCPHDR_SYN) +
	       !!(seg->flags & TCPHDR_FIN);
}

static bool flags_make_sense(uint8_t flags)
{
	int exclusive = !!(flags & TCPHDR_SYN) + !!(flags & TCPHDR_RST) +
			!!(flags & TCPHDR_FIN);

	return exclusive <= 1;
}

static struct tcp_check_result check_listen(const struct tcp_check_conn *conn,
					    const struct tcp_check_seg *seg)
{
	if (seg->flags & TCPHDR_RST)
		return verdict(TCP_DROP, TCP_DROP_RST);
	if (seg->flags & TCPHDR_ACK)
		return pass(seg); /* answered with RST */
	if (!(seg->flags & TCPHDR_SYN))
		return verdict(TCP_DROP, TCP_DROP_NO_ACK);
	if (conn->accept_queue_full)
		return verdict(TCP_DROP, TCP_DROP_BACKLOG);
	return pass(seg);
}

/* Two SYNs that cross (a simultaneous open) do not make a connection here. */
static struct tcp_check_result check_syn_sent(const struct tcp_check_conn *conn,
					      const struct tcp_check_seg *seg)
{
	bool acceptable = seg->ack == conn->snd_nxt;

	if (!(seg->flags & TCPHDR_ACK))
		return verdict(TCP_DROP, seg->flags & TCPHDR_RST ?
						 TCP_DROP_RST :
						 TCP_DROP_NO_ACK);
	if (seg->flags & TCPHDR_RST)
		return acceptable ? pass(seg) : verdict(TCP_DROP, TCP_DROP_RST);
	if (acceptable && !(seg->flags & TCPHDR_SYN))
		return verdict(TCP_DROP, TCP_DROP_FLAGS);
	return pass(seg); /* with a bad ACK: answered with RST */
}

/* RFC 5961 3.2: valid at exactly RCV.NXT, in the window a challenge ACK. */
static struct tcp_check_result check_reset(const struct tcp_check_conn *conn,
					   const struct tcp_check_seg *seg)
{
	if (seg->seq == conn->rcv_nxt)
		return pass(seg);
	if (after(seg->seq, conn->rcv_nxt) &&
	    !after(seg->seq, conn->rcv_nxt + conn->rcv_wnd))
		return verdict(TCP_DROP_CHALLENGE, TCP_DROP_RST);
	return verdict(TCP_DROP, TCP_DROP_RST);
}

/*
 * Some part of the segment is in the window; one without length may also be at
 * the right edge. At a closed window a segment at RCV.NXT passes because of its
 * ACK.
 */
static bool in_window(const struct tcp_check_conn *conn,
		      const struct tcp_check_seg *seg)
{
	uint32_t right = conn->rcv_nxt + conn->rcv_wnd;
	uint32_t len = seg_length(seg);

	if (len == 0)
		return !before(seg->seq, conn->rcv_nxt) &&
		       !after(seg->seq, right);
	if (!after(seg->seq + len, conn->rcv_nxt))
		return false;
	return before(seg->seq, right) || seg->seq == conn->rcv_nxt;
}

/*
 * Answers to segments without length are limited, because they can start a loop
 * of ACKs; answers to data cannot.
 */
static struct tcp_check_result out_of_window(const struct tcp_check_conn *conn,
					     const struct tcp_check_seg *seg)
{
	bool old = before(seg->seq, conn->rcv_nxt);

	return verdict(seg_length(seg) ? TCP_DROP_ACK : TCP_DROP_CHALLENGE,
		       old ? TCP_DROP_OLD : TCP_DROP_WINDOW);
}

/*
 * Cuts off what lies beyond the window. While out-of-order segments are queued
 * the last number of the window is kept free for a FIN among them, which lwIP
 * would add to this segment.
 */
static struct tcp_check_result cut(const struct tcp_check_conn *conn,
				   const struct tcp_check_seg *seg)
{
	struct tcp_check_result res = pass(seg);
	uint32_t right = conn->rcv_nxt + conn->rcv_wnd;
	bool fin = seg->flags & TCPHDR_FIN;

	if (fin && after(seg->seq + seg->len + 1, right)) {
		res.strip_fin = true;
		fin = false;
	}
	if (conn->memory_short && seg->len) {
		if (after(seg->seq, conn->rcv_nxt))
			return verdict(TCP_DROP_ACK, TCP_DROP_MEMORY);
		right = conn->rcv_nxt;
		res.strip_fin = true;
		res.reason = TCP_DROP_MEMORY;
	} else if (conn->out_of_order && !fin && conn->rcv_wnd) {
		right--;
	}
	if (after(seg->seq + seg->len, right))
		res.keep = right - seg->seq;
	if (seg->len && !res.keep && after(seg->seq, conn->rcv_nxt))
		return verdict(TCP_DROP_ACK, TCP_DROP_WINDOW);
	return res;
}

static struct tcp_check_result
check_syn_received(const struct tcp_check_conn *conn,
		   const struct tcp_check_seg *seg)
{
	if (seg->flags & TCPHDR_RST)
		return check_reset(conn, seg);
	if (seg->flags & TCPHDR_SYN) {
		if (!(seg->flags & TCPHDR_ACK) && seg->seq == conn->rcv_nxt - 1)
			return pass(seg); /* a repeated SYN: SYN|ACK again */
		return verdict(TCP_DROP_CHALLENGE, TCP_DROP_SYN);
	}
	if (!in_window(conn, seg))
		return out_of_window(conn, seg);
	if (!(seg->flags & TCPHDR_ACK))
		return verdict(TCP_DROP, TCP_DROP_NO_ACK);
	if (!after(seg->ack, conn->snd_una) || after(seg->ack, conn->snd_nxt))
		return pass(seg); /* answered with RST */
	if (conn->accept_queue_full)
		return verdict(TCP_DROP, TCP_DROP_BACKLOG);
	return cut(conn, seg);
}

static struct tcp_check_result
check_synchronized(const struct tcp_check_conn *conn,
		   const struct tcp_check_seg *seg)
{
	if (seg->flags & TCPHDR_RST)
		return check_reset(conn, seg);
	if (seg->flags & TCPHDR_SYN)
		return verdict(TCP_DROP_CHALLENGE, TCP_DROP_SYN);
	if (!in_window(conn, seg))
		return out_of_window(conn, seg);
	if (!(seg->flags & TCPHDR_ACK))
		return verdict(TCP_DROP, TCP_DROP_NO_ACK);
	/* RFC 5961 5.2 */
	if (after(seg->ack, conn->snd_nxt) ||
	    before(seg->ack, conn->snd_una - conn->max_window))
		return verdict(TCP_DROP_CHALLENGE, TCP_DROP_BAD_ACK);
	return cut(conn, seg);
}

struct tcp_check_result tcp_check_segment(const struct tcp_check_conn *conn,
					  const struct tcp_check_seg *seg)
{
	if (!flags_make_sense(seg->flags))
		return verdict(TCP_DROP, TCP_DROP_FLAGS);
	switch (conn->state) {
	case TCP_LISTEN:
		return check_listen(conn, seg);
	case TCP_SYN_SENT:
		return check_syn_sent(conn, seg);
	case TCP_SYN_RECV:
		return check_syn_received(conn, seg);
	default:
		return check_synchronized(conn, seg);
	}
}

/* Valid lengths: RFC 9293 3.2, RFC 7323 2.2 and 3.2, RFC 2018. */
static bool option_length_fits(uint8_t kind, unsigned int size)
{
	switch (kind) {
	case OPT_MSS:
		return size == 4;
	case OPT_WINDOW_SCALE:
		return size == 3;
	case OPT_SACK_PERMITTED:
		return size == 2;
	case OPT_SACK:
		return size >= 10 && (size - 2) % 8 == 0;
	case OPT_TIMESTAMP:
		return size == 10;
	default:
		return true;
	}
}

static bool only_in_syn(uint8_t kind)
{
	return kind == OPT_MSS || kind == OPT_WINDOW_SCALE ||
	       kind == OPT_SACK_PERMITTED;
}

/* Replaces an invalid option by NOPs, raises a small MSS. */
static void adjust_option(uint8_t *opt, unsigned int size, bool syn)
{
	uint8_t kind = opt[0];

	if (!option_length_fits(kind, size) || (only_in_syn(kind) && !syn) ||
	    (kind == OPT_MSS && !opt[2] && !opt[3]))
		memset(opt, OPT_NOP, size);
	else if (kind == OPT_MSS && !opt[2] && opt[3] < TCP_MIN_SND_MSS)
		opt[3] = TCP_MIN_SND_MSS;
}

bool tcp_check_options(uint8_t *opt, unsigned int len, bool syn)
{
	unsigned int i = 0;

	while (i < len && opt[i] != OPT_EOL) {
		unsigned int left = len - i;
		unsigned int size = left < 2 ? 0 : opt[i + 1];
		bool bad = size < 2 || size > left;

		if (opt[i] == OPT_NOP) {
			i++;
			continue;
		}
		if (left >= OPT_MD5_LEN && (bad || opt[i] == OPT_MD5))
			return false;
		if (bad) {
			memset(opt + i, OPT_EOL, left);
			return true;
		}
		adjust_option(opt + i, size, syn);
		i += size;
	}
	return true;
}
