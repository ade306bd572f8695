#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
Segments that no honest peer sends into an established connection, made with
scapy: blind ones of an attacker who knows the addresses, broken ones, and those
of a peer that lies. Each shows what the guest says, and that the connection,
or another one, goes on.
"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import Traffic, boot, memory_is_back, one_echo, warm_up
from tap import Tap, skip_all
from vm import connect, in_private_network

if not in_private_network():
    skip_all("needs root and /dev/net/tun")
try:
    from peer import Conn, Host, brief, tcp_data
except ImportError:
    skip_all("needs python3-scapy")
from scapy.layers.inet import ICMP, IP, TCP

FAR = 0x40000000  # beyond every window
t = Tap(deadline=400)
vm = boot(t)
before = warm_up()
innocent = Traffic(fresh=False)
innocent.__enter__()
t.cleanup(lambda: innocent.__exit__())
host = Host()


def bare_ack(conn, packets):
    """Whether packets is one ACK that says where the connection stands."""
    return len(packets) == 1 and str(packets[0][TCP].flags) == "A" and \
        packets[0][TCP].seq == conn.rcv and packets[0][TCP].ack == conn.nxt


def silent(name, conn, *packets):
    found = host.answers(*packets)
    t.equal(brief(found), [], f"tcp: {name}: no answer")
    t.ok(conn.echo(), f"tcp: {name}: the connection goes on")


def challenged(name, *make, port=7):
    """On a new connection, as the answers to one are limited."""
    conn = Conn(host, port)
    if port == 7:
        conn.echo()
    found = host.answers(*[m(conn) for m in make])
    if not t.ok(bare_ack(conn, found), f"tcp: {name}: an ACK says where we are"):
        t.diag(f"{brief(found)} {[p.summary() for p in found]} want seq "
               f"{conn.rcv} ack {conn.nxt}")
    t.ok(conn.echo(), f"tcp: {name}: the connection goes on")
    conn.abort()


# --- Options where they do not belong ---------------------------------------

c = Conn(host)
c.echo()
for value in (0, 1, 64, 65535):
    host.send(c.seg("A", options=[("MSS", value)]))
    c.send("PA", b"x" * 100, options=[("MSS", value)])
    c.receive(100)
c.sizes.clear()
data = random.randbytes(20000)
t.ok(c.echo(data) and max(c.sizes) == 1460,
     "tcp: an MSS option on a segment without SYN changes nothing")
t.ok(len(c.sizes) < 40, "tcp: ... and makes no tiny segments")
host.send(c.seg("A", options=[("WScale", 14)]))
host.send(c.seg("A", options=[("SAckOK", b"")]))
t.ok(c.echo(data), "tcp: neither does a window scale there")
for option in ((5, b""), (5, b"1234567"), (5, b"12345678"), (8, b"1"),
               (254, b"x" * 30)):
    host.send(c.seg("A", options=[option]))
t.ok(c.echo(), "tcp: options with wrong lengths do no harm")
host.send(IP(bytes(c.seg("A"))[:20]) / (bytes(c.seg("A"))[20:32] + b"\xf0" +
                                        bytes(c.seg("A"))[33:]))
silent("a data offset beyond the segment", c, c.seg("PA", b"z", dataofs=15),
       c.seg("PA", b"z", dataofs=4), c.seg("PA", b"z", dataofs=0))
silent("a wrong checksum", c, c.seg("PA", b"z" * 100, chksum=0x1234),
       c.seg("RA", chksum=0x1234), c.seg("FA", chksum=0x1234))
c.abort()

# --- Options that are malformed ---------------------------------------------
#
# At a length that cannot be the options end; one that is not the kind's own is
# passed over. Where an MD5 signature has room, such a length is as bad as one.

MSS, SCALE, PAD = b"\x02\x04\x03\xe8", b"\x03\x03\x07", b"\x01"
SIGNED = PAD * 2 + b"\x13\x12" + b"m" * 16
for name, raw, scaled, size in (
        ("nothing malformed", MSS + PAD + SCALE, True, 1000),
        ("a length of 0", MSS + b"\xfe\0" + PAD * 3 + SCALE, False, 1000),
        ("a length of 1", MSS + b"\xfe\1" + PAD * 3 + SCALE, False, 1000),
        ("a length past the end", MSS + b"\xfe\7" + PAD * 2, False, 1000),
        ("a kind at the end", MSS + PAD * 3 + b"\x03", False, 1000),
        ("an MSS of length 0", b"\2\0\3\xe8" + PAD + SCALE, False, 536),
        ("an MSS of length 2", b"\2\2" + PAD * 3 + SCALE, True, 536),
        ("an MSS of length 3", b"\2\3\3" + PAD * 2 + SCALE, True, 536),
        ("an MSS of length 5", b"\2\5\3\xe8" + PAD + SCALE, True, 536),
        ("an MSS past the end", PAD + SCALE + b"\2\5\3\xe8", True, 536),
        ("an MSS of 0", b"\2\4\0\0" + PAD + SCALE, True, 536),
        ("an MSS of 47", b"\2\4\0\x2f" + PAD + SCALE, True, 48),
        ("a window scale of 15", MSS + PAD + b"\3\3\x0f", True, 1000),
        ("a window scale of length 2", MSS + b"\3\2" + PAD * 2, False, 1000),
        ("a window scale of length 4", MSS + b"\3\4\7\7", False, 1000),
        ("17 bytes after a length of 0",
         PAD * 3 + b"\xfe\0" + PAD * 15, False, 536)):
    c = Conn(host, raw=raw)
    t.equal("WScale" in dict(o for o in c.syn_ack[TCP].options
                             if isinstance(o, tuple)), scaled,
            f"tcp: a SYN with {name} {'agrees' if scaled else 'does not agree'}"
            " on a window scale")
    t.ok(c.echo(random.randbytes(4000)), "tcp: ... its connection works")
    t.equal(max(c.sizes), size, "tcp: ... with the right size of segments")
    c.abort()

DROPPED = (("a signature", SIGNED),
           ("a length of 0 where one has room", PAD * 2 + b"\xfe\0" + PAD * 16),
           ("a length past the end there", PAD * 2 + b"\xfe\xff" + PAD * 16),
           ("a signature's kind of another length",
            PAD * 2 + b"\x13\4" + PAD * 16))
for name, raw in DROPPED:
    syn = host.ip() / TCP(sport=random.randint(1025, 19999), dport=7, seq=1,
                          flags="S", dataofs=5 + len(raw) // 4) / raw
    t.equal(brief(host.answers(syn)), [], f"tcp: a SYN with {name} is dropped")

c = Conn(host)
c.echo()
for name, raw in (("a length of 0", b"\xfe\0" + PAD * 2),
                  ("a length of 1", PAD * 2 + b"\xfe\1"),
                  ("a length past the end", PAD * 2 + b"\xfe\3"),
                  ("a kind at the end", PAD * 3 + b"\xfe"),
                  ("an MSS of length 3", b"\2\3\0" + PAD),
                  ("a window scale of 15", PAD + b"\3\3\x0f"),
                  ("half a SACK block", b"\5\6sack" + PAD * 2),
                  ("a SACK block past the end", b"\5\x12" + b"s" * 10),
                  ("a timestamp of length 8", b"\x08\x08" + b"t" * 6)):
    data = random.randbytes(100)
    c.send("PA", data, raw=raw)
    t.ok(c.receive(100) == data, f"tcp: data with {name} is taken")
for name, raw in DROPPED:
    silent(f"data, and a reset, with {name}", c, c.seg("PA", b"x", raw=raw),
           c.seg("R", raw=raw))
c.abort()

# --- Blind segments ---------------------------------------------------------

c = Conn(host)
c.echo()
silent("a reset outside of the window", c, c.seg("R", seq=c.nxt + FAR),
       c.seg("RA", seq=c.nxt - 1), c.seg("R", seq=c.nxt + 70000))
silent("no flags at all", c, c.seg(0), c.seg(0, b"data"))
silent("data without ACK", c, c.seg("P", b"data"))
c.abort()
challenged("a reset in the window", lambda c: c.seg("R", seq=c.nxt + 100))
challenged("a SYN in the window", lambda c: c.seg("S", seq=c.nxt + 100, ack=0))
challenged("a SYN at the next number", lambda c: c.seg("S", ack=0))
challenged("a SYN|ACK", lambda c: c.seg("SA"))
challenged("a SYN of a client that forgot", lambda c: c.seg(
    "S", seq=c.nxt + FAR, ack=0))
challenged("data that acknowledges what was not sent",
           lambda c: c.seg("PA", b"evil", ack=c.rcv + 5000))
challenged("data that acknowledges the distant past",
           lambda c: c.seg("PA", b"evil", ack=c.rcv - FAR))
challenged("data outside of the window",
           lambda c: c.seg("PA", b"evil", seq=c.nxt + FAR))
challenged("an ACK outside of the window", lambda c: c.seg(seq=c.nxt + FAR))
challenged("data that came before", lambda c: c.seg("PA", b"x" * 50,
                                                    seq=c.nxt - 50))
challenged("a keepalive probe", lambda c: c.seg(seq=c.nxt - 1))
challenged("a FIN outside of the window", lambda c: c.seg("FA",
                                                          seq=c.nxt + FAR))

for name, make in (
        ("resets", lambda c: c.seg("R", seq=c.nxt + 100)),
        ("SYNs", lambda c: c.seg("S", seq=c.nxt + 100, ack=0)),
        ("ACKs", lambda c: c.seg(seq=c.nxt + FAR)),
        ("ACKs of what was not sent", lambda c: c.seg(ack=c.rcv + 5000))):
    c = Conn(host)
    c.echo()
    started = time.monotonic()
    found = host.answers(*[make(c)] * 200)
    # One in half a second, as much of it as there was.
    most = 2 + (time.monotonic() - started) / 0.5
    t.ok(1 <= len(found) <= most, f"tcp: 200 blind {name} have few answers")
    t.ok(c.echo(), f"tcp: ... and the connection survives the {name}")
    c.abort()

# A window from the future must not shut out the true ones.
c = Conn(host)
c.echo()
for seq in (c.nxt + FAR, c.nxt + 70000, c.nxt - FAR):
    for ack in (c.rcv, c.rcv + FAR, c.rcv - FAR):
        host.send(c.seg("A", seq=seq, ack=ack, window=0))
        host.send(c.seg("PA", b"w" * 10, seq=seq, ack=ack, window=0))
t.ok(c.echo(random.randbytes(20000)),
     "tcp: blind segments with window 0 do not stop the stream")
c.abort()

# --- What is true may end the connection ------------------------------------

c = Conn(host)
c.echo()
found = host.answers(c.seg("R"), c.seg("PA", b"still there?"))
t.equal(brief(found), ["R"], "tcp: the exact reset ends the connection")
c = Conn(host)
c.echo()
found = host.answers(c.seg("S", seq=c.nxt + FAR, ack=0))
found = host.answers(*[c.seg("R", seq=p[TCP].ack) for p in found],
                     c.seg("PA", b"still there?"))
t.equal(brief(found), ["R"],
        "tcp: a client that forgot, challenged, resets and has a new start")
again = Conn(host, sport=c.sport)
t.ok(again.echo(), "tcp: ... with the same ports")
again.abort()

# --- Urgent data ------------------------------------------------------------

c = Conn(host)
c.echo()
for pointer, size in ((0, 10), (1, 0), (65535, 0), (5, 3), (65535, 1),
                      (0, 0), (1000, 1000)):
    c.send("PAU", b"u" * size, urgptr=pointer)
host.fence()
c.acking = True
c.pump(lambda: False, 0.2)
c.read = c.in_order
end = b"the end of what was urgent" * 10
for i in range(0, 3):
    c.send("PA", end)
c.pump(lambda: end in bytes(c.stream[c.read:]))
t.ok(end in bytes(c.stream[c.read:]) and not c.reset,
     "tcp: urgent pointers to anywhere do not stop the stream")
c.abort()
c = Conn(host)
c.send("PAU", b"abcXdef", urgptr=4)
t.equal(c.receive(6), b"abcdef", "tcp: an urgent byte is not in the stream")
c.abort()

# --- ICMP that lies (RFC 5927) ----------------------------------------------

c = Conn(host)
c.echo()


def icmp_about(conn, kind, code, seq, mtu=0):
    """An error about a segment that the guest is said to have sent."""
    quoted = IP(src="10.99.0.2", dst=host.address, ttl=1) / TCP(
        sport=conn.port, dport=conn.sport, seq=seq & 0xffffffff)
    return host.ip() / ICMP(type=kind, code=code, nexthopmtu=mtu) / \
        bytes(quoted)[:28]


for seq in (c.rcv, c.rcv + FAR, c.rcv - 1000):
    for code in (0, 1, 2, 3, 9, 13):
        host.send(icmp_about(c, 3, code, seq))
    host.send(icmp_about(c, 4, 0, seq))
    host.send(icmp_about(c, 11, 0, seq))
    host.send(icmp_about(c, 12, 0, seq))
t.ok(c.echo(), "tcp: ICMP errors do not end an established connection")
for mtu in (0, 1, 68, 296):
    host.send(icmp_about(c, 3, 4, c.rcv + FAR, mtu))
c.sizes.clear()
t.ok(c.echo(random.randbytes(20000)) and max(c.sizes) == 1460,
     "tcp: a blind \"fragmentation needed\" shrinks no segments")
c.abort()

# --- A peer that lies about what it has -------------------------------------

c = Conn(host, options=[("MSS", 1460), ("SAckOK", b"")])
c.acking = False
c.send("PA", random.randbytes(1460))
c.send("PA", random.randbytes(1460))
c.pump(lambda: c.in_order >= 2920)
base = c.irs + 1
for blocks in ([(base + 100, base + 200)], [(base, base + FAR)],
               [(base + FAR, base + FAR + 1000)], [(base + 200, base + 100)],
               [(base + 1, base + 2)] * 4):
    flat = [n & 0xffffffff for pair in blocks for n in pair]
    for _ in range(3):
        host.send(c.seg("A", ack=base, options=[("SAck", tuple(flat))]))
c.acking = True
c.read = 2920
t.ok(c.echo(random.randbytes(5000)) and not c.changed,
     "tcp: selective acknowledgements that lie lose no data")
c.abort()

c = Conn(host, options=[("MSS", 1)])
t.ok(c.echo(random.randbytes(600)),
     "tcp: a peer with a segment size of 1 is served")
t.equal(max(c.sizes), 48, "tcp: ... in segments that are not that small")
c.abort()

innocent.__exit__()
if not t.ok(innocent.good(), "tcp: an innocent connection knew nothing of it"):
    t.diag(innocent)
t.ok(one_echo(), "tcp: new connections are served")
host.close()
memory_is_back(t, before, "tcp: afterwards pages and slab objects are back")
t.ok("panic" not in vm.text.lower() and "assert" not in vm.text.lower(),
     "tcp: no panic, no assertion on the console")
if t.failed:
    t.diag(vm.text[-3000:])
t.done()
