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
seed = random.randrange(1 << 32)
random.seed(seed)
t.diag(f"seed {seed}")


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
t.ok(len(c.sizes) <= 600 / 12, "tcp: ... in segments that are not that small")
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
