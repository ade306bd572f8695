/* SPDX-License-Identifier: MIT */
/* unit: net/tcp/tcp_check.c */
/*
 * The checks on TCP segments, by table. Our side has received up to 1000 and
 * takes 500 more; it has sent up to 9000, of which 8000 are acknowledged.
 */
#include "net/tcp/tcp_check.h"

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

#define ROW(name, seq, ack, len, flags, ...)                \
	{                                                   \
		name, { seq, ack, len, flags }, __VA_ARGS__ \
	}
#define PASS(keep) TCP_PASS, TCP_DROP_NONE, keep, false
#define NO_FIN(keep) TCP_PASS, TCP_DROP_NONE, keep, true
#define CUT(keep, no_fin, why) TCP_PASS, why, keep, no_fin
#define DROP(why) TCP_DROP, TCP_DROP_##why, 0, false
#define DROP_ACK(why) TCP_DROP_ACK, TCP_DROP_##why, 0, false
#define DROP_CHALLENGE(why) TCP_DROP_CHALLENGE, TCP_DROP_##why, 0, false

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
		ROW("data in order passes", NXT, UNA, 100, ACK, PASS(100)),
		ROW("data that fills the window passes", NXT, UNA, WND, ACK,
		    PASS(WND)),
		ROW("what lies beyond the window is cut off", NXT, UNA, WND + 7,
		    ACK, PASS(WND)),
		ROW("a FIN beyond the window is cut off", NXT, UNA, WND,
		    ACK | FIN, NO_FIN(WND)),
		ROW("a FIN at the window's end passes", NXT, UNA, WND - 1,
		    ACK | FIN, PASS(WND - 1)),
		ROW("data beyond a gap passes", NXT + 200, UNA, 100, ACK,
		    PASS(100)),
		ROW("data beyond a gap is cut at the window's end", NXT + 450,
		    UNA, 100, ACK, PASS(50)),
		ROW("data right behind the window is answered", NXT + WND, UNA,
		    1, ACK, DROP_ACK(WINDOW)),
		ROW("data far behind the window is answered", NXT + 100000, UNA,
		    1, ACK, DROP_ACK(WINDOW)),
		ROW("old data is answered", NXT - 100, UNA, 100, ACK,
		    DROP_ACK(OLD)),
		ROW("old data with something new passes", NXT - 100, UNA, 101,
		    ACK, PASS(101)),
		ROW("an old FIN is answered", NXT - 1, UNA, 0, ACK | FIN,
		    DROP_ACK(OLD)),
		ROW("a keep-alive probe is answered, not too often", NXT - 1,
		    UNA, 0, ACK, DROP_CHALLENGE(OLD)),
		ROW("a bare ACK passes", NXT, UNA, 0, ACK, PASS(0)),
		ROW("a bare ACK at the window's end passes", NXT + WND, UNA, 0,
		    ACK, PASS(0)),
		ROW("a bare ACK behind the window does not", NXT + WND + 1, UNA,
		    0, ACK, DROP_CHALLENGE(WINDOW)),
	};

	ROWS(&established, rows);
}

static void test_closed_window(void)
{
	struct tcp_check_conn conn = established;
	static const struct row rows[] = {
		ROW("closed window: an ACK passes", NXT, UNA, 0, ACK, PASS(0)),
		ROW("closed window: of data only the ACK passes", NXT, UNA, 100,
		    ACK, PASS(0)),
		ROW("closed window: a FIN does not pass", NXT, UNA, 0,
		    ACK | FIN, NO_FIN(0)),
		ROW("closed window: a probe of one old byte is answered",
		    NXT - 1, UNA, 1, ACK, DROP_ACK(OLD)),
		ROW("closed window: nothing else passes", NXT + 1, UNA, 0, ACK,
		    DROP_CHALLENGE(WINDOW)),
	};

	conn.rcv_wnd = 0;
	ROWS(&conn, rows);
}

static void test_gap(void)
{
	struct tcp_check_conn conn = established;
	static const struct row rows[] = {
		ROW("with a gap the last number is kept for a FIN", NXT, UNA,
		    WND, ACK, PASS(WND - 1)),
		ROW("with a gap a segment that ends before it is whole", NXT,
		    UNA, WND - 1, ACK, PASS(WND - 1)),
		ROW("with a gap a FIN that fits passes", NXT, UNA, WND - 1,
		    ACK | FIN, PASS(WND - 1)),
		ROW("with a gap a FIN that does not fit is cut off", NXT, UNA,
		    WND, ACK | FIN, NO_FIN(WND - 1)),
		ROW("with a gap nothing is left of the last byte alone",
		    NXT + WND - 1, UNA, 5, ACK, DROP_ACK(WINDOW)),
	};

	conn.out_of_order = true;
	ROWS(&conn, rows);
}

static void test_memory(void)
{
	struct tcp_check_conn conn = established;
	static const struct row rows[] = {
		ROW("without memory of data only the ACK passes", NXT, UNA, 100,
		    ACK, CUT(0, true, TCP_DROP_MEMORY)),
		ROW("without memory of half old data only the old part passes",
		    NXT - 10, UNA, 100, ACK, CUT(10, true, TCP_DROP_MEMORY)),
		ROW("without memory data beyond a gap is answered", NXT + 10,
		    UNA, 100, ACK, DROP_ACK(MEMORY)),
		ROW("without memory an ACK passes", NXT, UNA, 0, ACK, PASS(0)),
		ROW("without memory a FIN passes", NXT, UNA, 0, ACK | FIN,
		    PASS(0)),
	};

	conn.memory_short = true;
	ROWS(&conn, rows);
}

static void test_acks(void)
{
	static const struct row rows[] = {
		ROW("data without ACK is dropped", NXT, UNA, 100, 0,
		    DROP(NO_ACK)),
		ROW("a FIN without ACK is dropped", NXT, UNA, 0, FIN,
		    DROP(NO_ACK)),
		ROW("an ACK of all that was sent passes", NXT, SND, 0, ACK,
		    PASS(0)),
		ROW("an ACK of what was never sent is challenged", NXT, SND + 1,
		    0, ACK, DROP_CHALLENGE(BAD_ACK)),
		ROW("and its data is not delivered", NXT, SND + 1, 100, ACK,
		    DROP_CHALLENGE(BAD_ACK)),
		ROW("an old ACK within the largest window passes", NXT,
		    UNA - 4000, 10, ACK, PASS(10)),
		ROW("an older one is challenged (RFC 5961 5.2)", NXT,
		    UNA - 4001, 10, ACK, DROP_CHALLENGE(BAD_ACK)),
	};

	ROWS(&established, rows);
}

static void test_resets(void)
{
	static const struct row rows[] = {
		ROW("RST at exactly the next number passes", NXT, 0, 0, RST,
		    PASS(0)),
		ROW("RST|ACK does too", NXT, UNA, 0, RST | ACK, PASS(0)),
		ROW("RST elsewhere in the window is challenged (RFC 5961 3.2)",
		    NXT + 1, 0, 0, RST, DROP_CHALLENGE(RST)),
		ROW("RST before the window is dropped", NXT - 1, 0, 0, RST,
		    DROP(RST)),
		ROW("RST behind the window is dropped", NXT + WND + 1, 0, 0,
		    RST, DROP(RST)),
	};

	ROWS(&established, rows);
}

static void test_syns(void)
{
	static const struct row rows[] = {
		ROW("SYN on an open connection is challenged (RFC 5961 4.2)",
		    NXT, 0, 0, SYN, DROP_CHALLENGE(SYN)),
		ROW("SYN|ACK too", NXT + 70000, UNA, 0, SYN | ACK,
		    DROP_CHALLENGE(SYN)),
		ROW("SYN|FIN is dropped", NXT, UNA, 0, SYN | FIN | ACK,
		    DROP(FLAGS)),
		ROW("SYN|RST is dropped", NXT, UNA, 0, SYN | RST | ACK,
		    DROP(FLAGS)),
		ROW("RST|FIN is dropped", NXT, UNA, 0, RST | FIN | ACK,
		    DROP(FLAGS)),
	};

	ROWS(&established, rows);
}

static void test_listen(void)
{
	struct tcp_check_conn conn = { .state = TCP_LISTEN };
	static const struct row rows[] = {
		ROW("LISTEN: SYN passes", 5, 0, 0, SYN, PASS(0)),
		ROW("LISTEN: ACK passes, to be reset", 5, 5, 0, ACK, PASS(0)),
		ROW("LISTEN: RST is dropped", 5, 0, 0, RST, DROP(RST)),
		ROW("LISTEN: data without SYN is dropped", 5, 0, 9, 0,
		    DROP(NO_ACK)),
	};
	static const struct row full = ROW("LISTEN: no SYN into a full queue",
					   5, 0, 0, SYN, DROP(BACKLOG));

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
		ROW("SYN-SENT: SYN|ACK passes", 77, UNA + 1, 0, SYN | ACK,
		    PASS(0)),
		ROW("SYN-SENT: a bad ACK passes, to be reset", 77, UNA + 2, 0,
		    ACK, PASS(0)),
		ROW("SYN-SENT: a good ACK without SYN is dropped", 77, UNA + 1,
		    0, ACK, DROP(FLAGS)),
		ROW("SYN-SENT: RST with the right ACK passes", 0, UNA + 1, 0,
		    RST | ACK, PASS(0)),
		ROW("SYN-SENT: RST with a wrong ACK is dropped", 0, UNA, 0,
		    RST | ACK, DROP(RST)),
		ROW("SYN-SENT: RST without ACK is dropped", 0, UNA + 1, 0, RST,
		    DROP(RST)),
		ROW("SYN-SENT: a SYN alone is dropped", 77, 0, 0, SYN,
		    DROP(NO_ACK)),
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
		ROW("SYN-RECEIVED: the ACK passes", NXT, UNA + 1, 0, ACK,
		    PASS(0)),
		ROW("SYN-RECEIVED: with data", NXT, UNA + 1, 40, ACK, PASS(40)),
		ROW("SYN-RECEIVED: a bad ACK passes, to be reset", NXT, UNA, 0,
		    ACK, PASS(0)),
		ROW("SYN-RECEIVED: the same SYN again passes", NXT - 1, 0, 0,
		    SYN, PASS(0)),
		ROW("SYN-RECEIVED: another SYN is challenged", NXT + 9, 0, 0,
		    SYN, DROP_CHALLENGE(SYN)),
		ROW("SYN-RECEIVED: SYN|ACK is no second handshake", NXT - 1,
		    UNA + 1, 0, SYN | ACK, DROP_CHALLENGE(SYN)),
		ROW("SYN-RECEIVED: an ACK out of window is challenged",
		    NXT + WND + 1, UNA + 1, 0, ACK, DROP_CHALLENGE(WINDOW)),
		ROW("SYN-RECEIVED: RST passes", NXT, 0, 0, RST, PASS(0)),
		ROW("SYN-RECEIVED: a guessed RST is challenged", NXT + 5, 0, 0,
		    RST, DROP_CHALLENGE(RST)),
	};
	static const struct row full = ROW(
		"SYN-RECEIVED: the ACK waits while the queue is full", NXT,
		UNA + 1, 0, ACK, DROP(BACKLOG));

	ROWS(&conn, rows);
	conn.accept_queue_full = true;
	check(&conn, &full, 0);
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
	OPTION("a tiny MSS is raised", "\2\4\0\1", true, true, "\2\4\0\x30");
	OPTION("the least MSS", "\2\4\0\x30", true, true, "\2\4\0\x30");
	OPTION("an MSS of zero is padding", "\2\4\0\0", true, true, "\1\1\1\1");
	OPTION("MSS elsewhere is padding", "\2\4\5\xb4", false, true,
	       "\1\1\1\1");
	OPTION("window scale elsewhere is padding", "\1\3\3\7", false, true,
	       "\1\1\1\1");
	OPTION("timestamps stay", "\1\1\10\12abcdefgh", false, true,
	       "\1\1\10\12abcdefgh");
	OPTION("SACK stays", "\1\1\5\12abcdefgh", false, true,
	       "\1\1\5\12abcdefgh");
	OPTION("an unknown option stays", "\xfe\4xy", false, true, "\xfe\4xy");
}

/* What Linux does with each was found out with tests/system/scapy_tcp.t. */
static void test_malformed_options(void)
{
	OPTION("length 0 ends them", "\2\4\5\xb4\xfe\0\1\1\1\3\3\7", true, true,
	       "\2\4\5\xb4\0\0\0\0\0\0\0\0");
	OPTION("length 1 ends them", "\2\4\5\xb4\xfe\1\1\1\1\3\3\7", true, true,
	       "\2\4\5\xb4\0\0\0\0\0\0\0\0");
	OPTION("a length past the end ends them", "\1\1\xfe\3", true, true,
	       "\1\1\0\0");
	OPTION("so does an MSS without its last byte", "\2\4\5", true, true,
	       "\0\0\0");
	OPTION("and one of length 0", "\2\0\5\xb4", true, true, "\0\0\0\0");
	OPTION("and a kind without a length", "\1\1\1\2", true, true,
	       "\1\1\1\0");
	OPTION("and all that without SYN", "\1\1\xfe\1", false, true,
	       "\1\1\0\0");
	OPTION("MSS of length 3 is padding", "\2\3\5\1\1\3\3\7", true, true,
	       "\1\1\1\1\1\3\3\7");
	OPTION("MSS of length 5 is padding", "\2\5\5\xb4\1\3\3\7", true, true,
	       "\1\1\1\1\1\3\3\7");
	OPTION("MSS of length 2 is padding", "\2\2\1\1", true, true,
	       "\1\1\1\1");
	OPTION("a window scale of length 4 is padding", "\3\4\7\7", true, true,
	       "\1\1\1\1");
	OPTION("SACK permitted of length 3 is padding", "\4\3\1\1", true, true,
	       "\1\1\1\1");
	OPTION("half a SACK block is padding", "\5\6abcd\1\1", false, true,
	       "\1\1\1\1\1\1\1\1");
	OPTION("a timestamp of length 8 is padding", "\10\10abcdef", false,
	       true, "\1\1\1\1\1\1\1\1");
}

#define NOPS_15 "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
#define ZEROS_15 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define LETTERS_16 "abcdefghijklmnop"

static void test_signatures(void)
{
	OPTION("a signature", "\1\1\x13\x12" LETTERS_16, true, false, NULL);
	OPTION("a signature without SYN", "\1\1\x13\x12" LETTERS_16, false,
	       false, NULL);
	OPTION("a signature of another length with room for one",
	       "\1\1\x13\4\1" NOPS_15, true, false, NULL);
	OPTION("one without room", "\1\1\1\x13\4" NOPS_15, true, true,
	       "\1\1\1\x13\4" NOPS_15);
	OPTION("length 0 with room for one", "\1\1\xfe\0\1" NOPS_15, true,
	       false, NULL);
	OPTION("past the end with room for one", "\1\1\xfe\xff\1" NOPS_15,
	       false, false, NULL);
	OPTION("length 0 with one byte less of room", "\1\1\1\xfe\0" NOPS_15,
	       false, true, "\1\1\1\0\0" ZEROS_15);
	OPTION("a signature behind the end", "\0\1\x13\x12" LETTERS_16, true,
	       true, NULL);
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
	test_options();
	test_malformed_options();
	test_signatures();
	return done_testing();
}
