/* SPDX-License-Identifier: MIT */
/* unit: net/tcp_check.c */
/*
 * The checks on TCP segments, by table. Our side has received up to 1000 and
 * takes 500 more; it has sent up to 9000, of which 8000 are acknowledged.
 */
#include "net/tcp_check.h"

#include <string.h>

#include "lib/tap.h"

#define NXT 1000
#define WND 500
#define UNA 8000
#define SND 9000

#define FIN TCPHDR_FIN
#define SYN TCPHDR_SYN
#define RST TCPHDR_RST
#define ACK TCPHDR_ACK

static const struct tcp_check_conn established = {
	.state = TCP_ESTABLISHED,
	.rcv_nxt = NXT,
	.rcv_wnd = WND,
	.snd_una = UNA,
	.snd_nxt = SND,
	.max_window = 4000,
};

struct row {
	const char *name;
	struct tcp_check_seg seg; /* seq, ack, len, flags */
	enum tcp_verdict verdict;
	enum tcp_drop_reason reason;
	uint32_t keep;
	bool strip_fin;
};

/*
 * The same row at another origin: sequence numbers wrap, and nothing may
 * change by that.
 */
static void check(const struct tcp_check_conn *conn, const struct row *row,
		  uint32_t origin)
{
	struct tcp_check_conn c = *conn;
	struct tcp_check_seg s = row->seg;
	struct tcp_check_result r;
	bool good;

	c.rcv_nxt += origin;
	s.seq += origin;
	c.snd_una += origin;
	c.snd_nxt += origin;
	s.ack += origin;
	r = tcp_check_segment(&c, &s);
	good = r.verdict == row->verdict && r.reason == row->reason &&
	       (r.verdict != TCP_PASS ||
		(r.keep == row->keep && r.strip_fin == row->strip_fin));
	if (!good)
		diag("origin %#x: verdict %d reason %d keep %u strip %d",
		     origin, r.verdict, r.reason, r.keep, r.strip_fin);
	ok(good, "%s%s", row->name, origin ? ", across the wrap" : "");
}

static void check_rows(const struct tcp_check_conn *conn,
		       const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check(conn, &rows[i], 0);
		check(conn, &rows[i], 0xffffffff - 1200);
		check(conn, &rows[i], 0x80000000u - 8500);
	}
}

#define ROWS(conn, rows) check_rows(conn, rows, sizeof(rows) / sizeof(*(rows)))

static void test_window(void)
{
	static const struct row rows[] = {
		{ "data in order passes",
		  { NXT, UNA, 100, ACK },
		  TCP_PASS,
		  0,
		  100,
		  false },
		{ "data that fills the window passes",
		  { NXT, UNA, WND, ACK },
		  TCP_PASS,
		  0,
		  WND,
		  false },
		{ "what lies beyond the window is cut off",
		  { NXT, UNA, WND + 7, ACK },
		  TCP_PASS,
		  0,
		  WND,
		  false },
		{ "a FIN beyond the window is cut off",
		  { NXT, UNA, WND, ACK | FIN },
		  TCP_PASS,
		  0,
		  WND,
		  true },
		{ "a FIN at the window's end passes",
		  { NXT, UNA, WND - 1, ACK | FIN },
		  TCP_PASS,
		  0,
		  WND - 1,
		  false },
		{ "data beyond a gap passes",
		  { NXT + 200, UNA, 100, ACK },
		  TCP_PASS,
		  0,
		  100,
		  false },
		{ "data beyond a gap is cut at the window's end",
		  { NXT + 450, UNA, 100, ACK },
		  TCP_PASS,
		  0,
		  50,
		  false },
		{ "data right behind the window is answered",
		  { NXT + WND, UNA, 1, ACK },
		  TCP_DROP_ACK,
		  TCP_DROP_WINDOW },
		{ "data far behind the window is answered",
		  { NXT + 100000, UNA, 1, ACK },
		  TCP_DROP_ACK,
		  TCP_DROP_WINDOW },
		{ "old data is answered",
		  { NXT - 100, UNA, 100, ACK },
		  TCP_DROP_ACK,
		  TCP_DROP_OLD },
		{ "old data with something new passes",
		  { NXT - 100, UNA, 101, ACK },
		  TCP_PASS,
		  0,
		  101,
		  false },
		{ "an old FIN is answered",
		  { NXT - 1, UNA, 0, ACK | FIN },
		  TCP_DROP_ACK,
		  TCP_DROP_OLD },
		{ "a keep-alive probe is answered, not too often",
		  { NXT - 1, UNA, 0, ACK },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_OLD },
		{ "a bare ACK passes",
		  { NXT, UNA, 0, ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "a bare ACK at the window's end passes",
		  { NXT + WND, UNA, 0, ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "a bare ACK behind the window does not",
		  { NXT + WND + 1, UNA, 0, ACK },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_WINDOW },
	};

	ROWS(&established, rows);
}

static void test_closed_window(void)
{
	struct tcp_check_conn conn = established;
	static const struct row rows[] = {
		{ "closed window: an ACK passes",
		  { NXT, UNA, 0, ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "closed window: of data only the ACK passes",
		  { NXT, UNA, 100, ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "closed window: a FIN does not pass",
		  { NXT, UNA, 0, ACK | FIN },
		  TCP_PASS,
		  0,
		  0,
		  true },
		{ "closed window: a probe of one old byte is answered",
		  { NXT - 1, UNA, 1, ACK },
		  TCP_DROP_ACK,
		  TCP_DROP_OLD },
		{ "closed window: nothing else passes",
		  { NXT + 1, UNA, 0, ACK },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_WINDOW },
	};

	conn.rcv_wnd = 0;
	ROWS(&conn, rows);
}

static void test_gap(void)
{
	struct tcp_check_conn conn = established;
	static const struct row rows[] = {
		{ "with a gap the last number is kept for a FIN",
		  { NXT, UNA, WND, ACK },
		  TCP_PASS,
		  0,
		  WND - 1,
		  false },
		{ "with a gap a segment that ends before it is whole",
		  { NXT, UNA, WND - 1, ACK },
		  TCP_PASS,
		  0,
		  WND - 1,
		  false },
		{ "with a gap a FIN that fits passes",
		  { NXT, UNA, WND - 1, ACK | FIN },
		  TCP_PASS,
		  0,
		  WND - 1,
		  false },
		{ "with a gap a FIN that does not fit is cut off",
		  { NXT, UNA, WND, ACK | FIN },
		  TCP_PASS,
		  0,
		  WND - 1,
		  true },
		{ "with a gap nothing is left of the last byte alone",
		  { NXT + WND - 1, UNA, 5, ACK },
		  TCP_DROP_ACK,
		  TCP_DROP_WINDOW },
	};

	conn.out_of_order = true;
	ROWS(&conn, rows);
}

static void test_memory(void)
{
	struct tcp_check_conn conn = established;
	static const struct row rows[] = {
		{ "without memory of data only the ACK passes",
		  { NXT, UNA, 100, ACK },
		  TCP_PASS,
		  TCP_DROP_MEMORY,
		  0,
		  true },
		{ "without memory of half old data only the old part passes",
		  { NXT - 10, UNA, 100, ACK },
		  TCP_PASS,
		  TCP_DROP_MEMORY,
		  10,
		  true },
		{ "without memory data beyond a gap is answered",
		  { NXT + 10, UNA, 100, ACK },
		  TCP_DROP_ACK,
		  TCP_DROP_MEMORY },
		{ "without memory an ACK passes",
		  { NXT, UNA, 0, ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "without memory a FIN passes",
		  { NXT, UNA, 0, ACK | FIN },
		  TCP_PASS,
		  0,
		  0,
		  false },
	};

	conn.memory_short = true;
	ROWS(&conn, rows);
}

static void test_acks(void)
{
	static const struct row rows[] = {
		{ "data without ACK is dropped",
		  { NXT, UNA, 100, 0 },
		  TCP_DROP,
		  TCP_DROP_NO_ACK },
		{ "a FIN without ACK is dropped",
		  { NXT, UNA, 0, FIN },
		  TCP_DROP,
		  TCP_DROP_NO_ACK },
		{ "an ACK of all that was sent passes",
		  { NXT, SND, 0, ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "an ACK of what was never sent is challenged",
		  { NXT, SND + 1, 0, ACK },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_BAD_ACK },
		{ "and its data is not delivered",
		  { NXT, SND + 1, 100, ACK },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_BAD_ACK },
		{ "an old ACK within the largest window passes",
		  { NXT, UNA - 4000, 10, ACK },
		  TCP_PASS,
		  0,
		  10,
		  false },
		{ "an older one is challenged (RFC 5961 5.2)",
		  { NXT, UNA - 4001, 10, ACK },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_BAD_ACK },
	};

	ROWS(&established, rows);
}

static void test_resets(void)
{
	static const struct row rows[] = {
		{ "RST at exactly the next number passes",
		  { NXT, 0, 0, RST },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "RST|ACK does too",
		  { NXT, UNA, 0, RST | ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "RST elsewhere in the window is challenged (RFC 5961 3.2)",
		  { NXT + 1, 0, 0, RST },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_RST },
		{ "RST before the window is dropped",
		  { NXT - 1, 0, 0, RST },
		  TCP_DROP,
		  TCP_DROP_RST },
		{ "RST behind the window is dropped",
		  { NXT + WND + 1, 0, 0, RST },
		  TCP_DROP,
		  TCP_DROP_RST },
	};

	ROWS(&established, rows);
}

static void test_syns(void)
{
	static const struct row rows[] = {
		{ "SYN on an open connection is challenged (RFC 5961 4.2)",
		  { NXT, 0, 0, SYN },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_SYN },
		{ "SYN|ACK too",
		  { NXT + 70000, UNA, 0, SYN | ACK },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_SYN },
		{ "SYN|FIN is dropped",
		  { NXT, UNA, 0, SYN | FIN | ACK },
		  TCP_DROP,
		  TCP_DROP_FLAGS },
		{ "SYN|RST is dropped",
		  { NXT, UNA, 0, SYN | RST | ACK },
		  TCP_DROP,
		  TCP_DROP_FLAGS },
		{ "RST|FIN is dropped",
		  { NXT, UNA, 0, RST | FIN | ACK },
		  TCP_DROP,
		  TCP_DROP_FLAGS },
	};

	ROWS(&established, rows);
}

static void test_listen(void)
{
	struct tcp_check_conn conn = { .state = TCP_LISTEN };
	static const struct row rows[] = {
		{ "LISTEN: SYN passes", { 5, 0, 0, SYN }, TCP_PASS, 0, 0, false },
		{ "LISTEN: ACK passes, to be reset",
		  { 5, 5, 0, ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "LISTEN: RST is dropped",
		  { 5, 0, 0, RST },
		  TCP_DROP,
		  TCP_DROP_RST },
		{ "LISTEN: data without SYN is dropped",
		  { 5, 0, 9, 0 },
		  TCP_DROP,
		  TCP_DROP_NO_ACK },
	};
	static const struct row full = { "LISTEN: no SYN into a full queue",
					 { 5, 0, 0, SYN },
					 TCP_DROP,
					 TCP_DROP_BACKLOG };

	ROWS(&conn, rows);
	conn.accept_queue_full = true;
	check(&conn, &full, 0);
}

static void test_syn_sent(void)
{
	static const struct tcp_check_conn conn = {
		.state = TCP_SYN_SENT,
		.snd_una = UNA,
		.snd_nxt = UNA + 1,
	};
	static const struct row rows[] = {
		{ "SYN-SENT: SYN|ACK passes",
		  { 77, UNA + 1, 0, SYN | ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "SYN-SENT: a bad ACK passes, to be reset",
		  { 77, UNA + 2, 0, ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "SYN-SENT: a good ACK without SYN is dropped",
		  { 77, UNA + 1, 0, ACK },
		  TCP_DROP,
		  TCP_DROP_FLAGS },
		{ "SYN-SENT: RST with the right ACK passes",
		  { 0, UNA + 1, 0, RST | ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "SYN-SENT: RST with a wrong ACK is dropped",
		  { 0, UNA, 0, RST | ACK },
		  TCP_DROP,
		  TCP_DROP_RST },
		{ "SYN-SENT: RST without ACK is dropped",
		  { 0, UNA + 1, 0, RST },
		  TCP_DROP,
		  TCP_DROP_RST },
		{ "SYN-SENT: a SYN alone is dropped",
		  { 77, 0, 0, SYN },
		  TCP_DROP,
		  TCP_DROP_NO_ACK },
	};

	ROWS(&conn, rows);
}

static void test_syn_received(void)
{
	struct tcp_check_conn conn = {
		.state = TCP_SYN_RECV,
		.rcv_nxt = NXT,
		.rcv_wnd = WND,
		.snd_una = UNA,
		.snd_nxt = UNA + 1,
	};
	static const struct row rows[] = {
		{ "SYN-RECEIVED: the ACK passes",
		  { NXT, UNA + 1, 0, ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "SYN-RECEIVED: with data",
		  { NXT, UNA + 1, 40, ACK },
		  TCP_PASS,
		  0,
		  40,
		  false },
		{ "SYN-RECEIVED: a bad ACK passes, to be reset",
		  { NXT, UNA, 0, ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "SYN-RECEIVED: the same SYN again passes",
		  { NXT - 1, 0, 0, SYN },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "SYN-RECEIVED: another SYN is challenged",
		  { NXT + 9, 0, 0, SYN },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_SYN },
		{ "SYN-RECEIVED: SYN|ACK is no second handshake",
		  { NXT - 1, UNA + 1, 0, SYN | ACK },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_SYN },
		{ "SYN-RECEIVED: an ACK out of window is challenged",
		  { NXT + WND + 1, UNA + 1, 0, ACK },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_WINDOW },
		{ "SYN-RECEIVED: RST passes",
		  { NXT, 0, 0, RST },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "SYN-RECEIVED: a guessed RST is challenged",
		  { NXT + 5, 0, 0, RST },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_RST },
	};
	static const struct row full = {
		"SYN-RECEIVED: the ACK waits while the queue is full",
		{ NXT, UNA + 1, 0, ACK },
		TCP_DROP,
		TCP_DROP_BACKLOG
	};

	ROWS(&conn, rows);
	conn.accept_queue_full = true;
	check(&conn, &full, 0);
}

static void test_time_wait(void)
{
	struct tcp_check_conn conn = established;
	static const struct row rows[] = {
		{ "TIME-WAIT: RST is dropped (RFC 1337)",
		  { NXT, 0, 0, RST },
		  TCP_DROP,
		  TCP_DROP_RST },
		{ "TIME-WAIT: the FIN again passes",
		  { NXT - 1, SND, 0, FIN | ACK },
		  TCP_PASS,
		  0,
		  0,
		  false },
		{ "TIME-WAIT: a SYN beyond starts the next connection",
		  { NXT + 1, 0, 0, SYN },
		  TCP_NEW_CONNECTION,
		  0 },
		{ "TIME-WAIT: an older SYN is challenged",
		  { NXT, 0, 0, SYN },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_SYN },
		{ "TIME-WAIT: SYN|ACK is challenged",
		  { NXT + 1, SND, 0, SYN | ACK },
		  TCP_DROP_CHALLENGE,
		  TCP_DROP_SYN },
	};

	conn.state = TCP_TIME_WAIT;
	ROWS(&conn, rows);
}

static void test_option(const char *name, const char *in, size_t len, bool syn,
			bool good, const char *out)
{
	uint8_t opt[40];

	memcpy(opt, in, len);
	is(tcp_check_options(opt, len, syn), good, "options: %s", name);
	if (out)
		is_mem(opt, out, len, "options: %s: what is left", name);
}

#define OPTION(name, in, syn, good, out) \
	test_option(name, in, sizeof(in) - 1, syn, good, out)

static void test_options(void)
{
	OPTION("none", "", false, true, NULL);
	OPTION("padding", "\1\1\1\0", false, true, NULL);
	OPTION("what follows the end is not looked at", "\0\2\0\0", false, true,
	       NULL);
	OPTION("MSS on a SYN", "\2\4\5\xb4", true, true, "\2\4\5\xb4");
	OPTION("a tiny MSS is raised", "\2\4\0\1", true, true, "\2\4\0\x58");
	OPTION("an MSS of zero is raised", "\2\4\0\0", true, true,
	       "\2\4\0\x58");
	OPTION("MSS elsewhere is padding", "\2\4\5\xb4", false, true,
	       "\1\1\1\1");
	OPTION("window scale elsewhere is padding", "\1\3\3\7", false, true,
	       "\1\1\1\1");
	OPTION("timestamps stay", "\1\1\10\12abcdefgh", false, true,
	       "\1\1\10\12abcdefgh");
	OPTION("SACK stays", "\1\1\5\12abcdefgh", false, true,
	       "\1\1\5\12abcdefgh");
	OPTION("length zero", "\2\0\5\xb4", true, false, NULL);
	OPTION("length one", "\10\1\1\1", false, false, NULL);
	OPTION("beyond the end", "\2\4\5", true, false, NULL);
	OPTION("no length at all", "\1\1\1\2", true, false, NULL);
	OPTION("MSS of a wrong length", "\2\3\5\xb4", true, false, NULL);
	OPTION("half a SACK block", "\5\6abcd", false, false, NULL);
	OPTION("an unknown option", "\xfe\4xy", false, true, "\xfe\4xy");
	OPTION("an unknown option beyond the end", "\xfe\5xy", false, false,
	       NULL);
}

int main(void)
{
	test_window();
	test_closed_window();
	test_gap();
	test_memory();
	test_acks();
	test_resets();
	test_syns();
	test_listen();
	test_syn_sent();
	test_syn_received();
	test_time_wait();
	test_options();
	return done_testing();
}
