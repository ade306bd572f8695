#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
How connections begin, carry data and end, with a peer of scapy's packets that
does what the network or a bad host may do: handshakes that are wrong, segments
out of order and beyond the window, windows that close, what comes after a FIN.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import Traffic, boot, memory_is_back, one_echo, warm_up
from tap import Tap, skip_all
from vm import in_private_network

if not in_private_network():
    skip_all("needs root and /dev/net/tun")
try:
    from peer import Conn, Host, brief, tcp_data
except ImportError:
    skip_all("needs python3-scapy")
from scapy.layers.inet import TCP

MASK = 0xffffffff
t = Tap(deadline=500)
vm = boot(t)
before = warm_up()
innocent = Traffic(fresh=False)
innocent.__enter__()
t.cleanup(lambda: innocent.__exit__())
host = Host()


def ports():
    return {"sport": random.randint(1025, 19999)}


def first(port, flags, seq=1000, ack=0, data=b"", **fields):
    """A segment that belongs to no connection."""
    return host.ip() / TCP(**{**ports(), "dport": port, "flags": flags,
                              "seq": seq, "ack": ack, **fields}) / data


def as_text(packets):
    """Resets as RFC 9293 3.10.7.1 describes them."""
    return [f"{p[TCP].flags} seq={p[TCP].seq} ack={p[TCP].ack}"
            for p in packets]


# --- Before the connection --------------------------------------------------

for flags, name in (("SF", "SYN|FIN"), ("SR", "SYN|RST"), ("", "no flags"),
                    ("F", "FIN"), ("FPU", "FIN|PSH|URG"), ("R", "RST"),
                    ("SFPU", "SYN|FIN|PSH|URG"), ("RA", "RST|ACK")):
    t.equal(as_text(host.answers(first(7, flags))), [],
            f"flow: a listener says nothing to {name}")
for flags, fields, want, name in (
        ("A", {"ack": 77}, "R seq=77 ack=0", "an ACK"),
        ("SA", {"ack": 77}, "R seq=77 ack=0", "a SYN|ACK"),
        ("FA", {"ack": 77}, "R seq=77 ack=0", "a FIN|ACK")):
    for port in (7, 99):
        t.equal(as_text(host.answers(first(port, flags, **fields))), [want],
                f"flow: {name} out of the blue to port {port} is reset")
for flags, data, want, name in (
        ("S", b"", "RA seq=0 ack=1001", "a SYN"),
        ("S", b"abc", "RA seq=0 ack=1004", "a SYN with data"),
        ("F", b"", "RA seq=0 ack=1001", "a FIN"),
        ("SF", b"abc", "RA seq=0 ack=1005", "a SYN|FIN with data"),
        ("", b"abc", "RA seq=0 ack=1003", "data without flags")):
    t.equal(as_text(host.answers(first(99, flags, data=data))), [want],
            f"flow: {name} to a closed port is reset")
SIGNED, CUT = b"\x13\x12" + bytes(18), b"\xfe\x28" + bytes(18)
t.equal(as_text(host.answers(*(first(99, flags, data=options, dataofs=10)
                               for flags in "SAF"
                               for options in (SIGNED, CUT)))), [],
        "flow: ... unless it is signed, or its options do not end")
t.equal(as_text(host.answers(first(99, "R"), first(99, "RA", ack=5))), [],
        "flow: a reset is not answered with a reset")

# --- Handshakes -------------------------------------------------------------

c = Conn(host, shake=False)
syn = c.seg("S", seq=c.isn, ack=0, options=[("MSS", 1460)])
again = host.answers(syn)
t.ok([(str(p[TCP].flags), p[TCP].seq) for p in again] == [("SA", c.irs)],
     "flow: the same SYN again has the same answer")
t.equal(as_text(host.answers(c.seg("A", ack=c.irs + 500))),
        [f"R seq={(c.irs + 500) & MASK} ack=0"],
        "flow: an ACK of what was not sent, in the handshake, is reset")
host.answers(c.seg("A"))
t.ok(c.echo(), "flow: ... and the right one still opens the connection")
c.abort()

c = Conn(host, shake=False)
host.answers(c.seg("R", seq=c.nxt))
t.equal(as_text(host.answers(c.seg("A"))), [f"R seq={c.rcv} ack=0"],
        "flow: a reset ends a handshake")

c = Conn(host, shake=False)
late = host.wait_for(lambda p: c.ours(p) and "S" in p[TCP].flags)
t.ok(late and late[TCP].seq == c.irs, "flow: SYN|ACK is sent again")
c.send("PA", b"with the ACK")
t.equal(c.receive(12), b"with the ACK", "flow: the ACK may bring data")
c.abort()

host.drain()
sport = ports()["sport"]
host.send(host.ip() / TCP(sport=sport, dport=7, flags="S", seq=100) / b"early")
reply = host.wait_for(lambda p: TCP in p and p[TCP].dport == sport)
t.ok(reply and str(reply[TCP].flags) == "SA" and reply[TCP].ack == 101,
     "flow: data with the SYN is not acknowledged")
host.send(host.ip() / TCP(sport=sport, dport=7, flags="PA", seq=101,
                          ack=reply[TCP].seq + 1 & MASK) / b"early")
reply = host.wait_for(lambda p: TCP in p and p[TCP].dport == sport and
                      tcp_data(p))
t.ok(reply and tcp_data(reply) == b"early", "flow: ... and served when it "
     "comes again")
host.answers(host.ip() / TCP(sport=sport, dport=7, flags="R", seq=106))

for name, options in (("of 0", [("MSS", 0)]), ("of 65535", [("MSS", 65535)]),
                      ("and a window scale of 255", [("MSS", 1460),
                                                     ("WScale", 255)])):
    c = Conn(host, options=options)
    t.ok(c.echo(random.randbytes(3000)) and max(c.sizes) <= 1460,
         f"flow: a SYN with a segment size {name} opens a connection")
    c.abort()

# --- Order ------------------------------------------------------------------


def pieces(data, size):
    return [(i, data[i:i + size]) for i in range(0, len(data), size)]


for name, overlap in (("in any order", 0), ("that overlap", 30)):
    c = Conn(host)
    data = random.randbytes(20000)
    parts = [(at, data[at:at + len(part) + overlap])
             for at, part in pieces(data, 700)]
    parts += random.sample(parts, 10)
    random.shuffle(parts)
    for at, part in parts:
        host.send(c.seg("PA", part, seq=c.nxt + at))
    # What did not fit into the machine's memory then comes once more.
    for at, part in pieces(data, 1400):
        host.send(c.seg("PA", part, seq=c.nxt + at))
    c.nxt = (c.nxt + len(data)) & MASK
    t.ok(c.receive(len(data)) == data and not c.changed,
         f"flow: segments {name} make one stream")
    t.ok(c.echo(), "flow: ... which goes on")
    c.abort()

c = Conn(host)
start = c.nxt
for at, byte in ((10, b"B"), (5, b"C"), (12, b"D"), (0, b"A")):
    host.send(c.seg("PA", byte * 10, seq=start + at))
host.send(c.seg("PA", b"E" * 22, seq=start))
c.nxt = start + 22 & MASK
got = c.receive(22)
t.ok(len(got) == 22 and set(got) <= set(b"ABCDE") and c.echo(),
     "flow: overlaps that contradict each other are settled somehow, once")
c.abort()

c = Conn(host)
data = random.randbytes(2400)
host.send(c.seg("FA", data[1000:], seq=c.nxt + 1000))
c.send("PA", data[:1000])
c.nxt = (c.nxt + 1401) & MASK
t.ok(c.receive(2400) == data and c.pump(lambda: c.finished),
     "flow: a FIN beyond a gap ends the stream when the gap is filled")
t.equal(brief(host.answers(c.seg("A"), c.seg("A"))), ["R"] * 2,
        "flow: ... and the connection is gone after the last ACK")

# --- A receiver that does not read ------------------------------------------

for fin in (False, True):
    c = Conn(host, port=9)
    edge, high = c.nxt + c.peer_window, c.nxt
    gap = c.nxt
    at = gap + 1460
    while at < edge:
        # The last one goes beyond the window's end.
        last = fin and at + 1460 >= edge
        body = b"o" * (edge - at - 1 if last else 1460)
        host.send(c.seg("FA" if last else "A", body, seq=at))
        at += 1460
    host.answers(c.seg("A", b"far" * 400, seq=edge + 100))
    found = host.answers(c.seg("A", b"f" * 1460, seq=gap))
    high = max((p[TCP].ack - gap) & MASK for p in found)
    t.ok(1460 <= high <= edge - gap, "flow: filling a gap before a full window "
         f"acknowledges no more than the window{', FIN or not' * fin}")
    t.ok(all(p[TCP].window <= 65535 and "R" not in p[TCP].flags
             for p in found), "flow: ... and the window does not wrap")
    t.ok(one_echo(), "flow: ... and others are served")
    c.nxt = found[-1][TCP].ack
    c.abort()
    host.answers(c.seg("R", seq=edge))

c = Conn(host, port=9)
edge = 0
sent = 0
while sent < 2000000:
    found = [p for p in host.answers(*[c.seg("A", b"s" * 1460, seq=c.nxt + i *
                                             1460) for i in range(20)])
             if c.ours(p)]
    if not found:
        found = [host.wait_for(c.ours)]
    last = found[-1][TCP]
    step = (last.ack - c.nxt) & MASK
    sent += step
    c.nxt = last.ack
    edge = max(edge, sent + last.window)
    if last.window == 0 and not step:
        break
t.ok(last.window == 0 and sent == edge < 2000000,
     f"flow: who reads nothing takes {sent} bytes, then closes the window")
found = host.answers(c.seg("A", b"p"))
t.ok([(p[TCP].ack, p[TCP].window) for p in found] == [(c.nxt, 0)],
     "flow: a probe of the closed window is answered, its byte not taken")
found = host.answers(*[c.seg("A", b"s" * 1460, seq=c.nxt + i * 1460)
                       for i in range(200)])
t.ok(all((p[TCP].ack, p[TCP].window) == (c.nxt, 0) for p in found),
     "flow: nor is what ignores the closed window")
found = host.answers(c.seg("FA"))
t.ok(all((p[TCP].ack, p[TCP].window) == (c.nxt, 0) for p in found),
     "flow: a FIN has no place in it either")
t.ok(one_echo(), "flow: others are served meanwhile")
c.abort()

# --- A peer that does not read ----------------------------------------------


def probed():
    """Up to three probes of c's closed window, each answered."""
    probes = 0
    while probes < 3:
        probe = host.wait_for(c.ours)
        if probe is None or len(tcp_data(probe)) > 1:
            break  # the window is closed
        if (probe[TCP].seq - c.rcv) & MASK in (0, MASK) and \
                probe[TCP].ack == c.nxt:
            probes += 1
        host.send(c.seg("A"))
    return probes


c = Conn(host)
c.echo()
c.acking = False
c.send("PA", b"x")
c.receive(1)
c.window = 0
host.send(c.seg("A"))
data = random.randbytes(6000)
for at, part in pieces(data, 1400):
    c.send("PA", part)
t.equal(probed(), 3, "flow: a closed window is probed, and again")
c.window, c.acking = 65535, True
host.send(c.seg("A"))
t.ok(c.receive(len(data)) == data and not c.changed,
     "flow: when it opens all that was asked for comes")
t.ok(c.echo(), "flow: ... and the stream goes on")

c.window = 3000
host.send(c.seg("A"))
c.acking = False
for at, part in pieces(data, 1400):
    c.send("PA", part)
c.pump(lambda: c.in_order > c.read + 1000)
for window in (10, 1, 0):
    host.send(c.seg("A", ack=c.irs + 1 + c.read, window=window))
host.fence()
c.window, c.acking = 65535, True
host.send(c.seg("A"))
t.ok(c.receive(len(data)) == data and not c.changed and c.echo(),
     "flow: a window that shrinks below what is under way loses nothing")
c.abort()

for name, closing in (("data", []), ("a bare ACK", ["A"])):
    c = Conn(host)
    c.echo()
    host.send(c.seg("A"))  # the number and the window that come again
    host.fence()
    c.acking, c.window = False, 0
    for flags in closing:
        host.send(c.seg(flags))
    data = random.randbytes(1000)
    c.send("PA", data)
    t.equal(probed(), 3, f"flow: {name} that acknowledges nothing new closes "
            "the window")
    c.window, c.acking = 65535, True
    host.send(c.seg("A"))
    t.ok(c.receive(len(data)) == data and not c.changed and c.echo(),
         "flow: ... and all comes when it opens")
    c.abort()

# --- Losses -----------------------------------------------------------------

c = Conn(host)
c.echo()
c.acking = False
c.send("PA", b"lost" * 50)
for name in ("arrives", "comes again without an ACK", "and again"):
    seen = host.wait_for(lambda p: c.ours(p) and tcp_data(p))
    t.ok(seen and tcp_data(seen) == b"lost" * 50 and seen[TCP].seq == c.rcv,
         f"flow: a segment {name}")
c.acking = True
t.ok(c.receive(200) == b"lost" * 50 and c.echo(), "flow: the ACK ends that")
c.abort()

# A network that loses every third segment of the guest's: whatever order they
# are sent again in, no byte changes its place.
c = Conn(host)
data = random.randbytes(30000)
for at, part in pieces(data, 1400):
    c.send("PA", part)
c.acking = False
count = 0


def lossy():
    """Takes two of three segments; duplicate ACKs tell of the third."""
    global count
    packet = host.wait_for(c.ours)
    if packet is None:
        return False
    if tcp_data(packet):
        count += 1
        if count % 3:
            c.take(packet)
        host.send(c.seg("A"))
    return True


while c.in_order < len(data) and lossy():
    pass
t.ok(bytes(c.stream) == data and not c.changed,
     "flow: every third segment lost, and the stream is whole")
c.acking, c.read = True, len(data)
t.ok(c.echo(), "flow: ... and goes on")
c.abort()

# --- The end ----------------------------------------------------------------


def closed_by_guest():
    """A connection whose other side has said "bye" and closed; we did not."""
    conn = Conn(host, port=13)
    conn.receive(4)
    if not conn.pump(lambda: conn.finished):
        raise OSError("the guest does not close")
    host.fence()
    return conn


c = closed_by_guest()
t.equal(bytes(c.stream), b"bye\n", "flow: the last words come before the FIN")
t.equal(as_text(host.answers(c.seg("PA", b"who reads this?"))),
        [f"R seq={c.rcv} ack=0"],
        "flow: data for a socket that was closed is reset")
t.equal(as_text(host.answers(c.seg("A"))), [f"R seq={c.rcv} ack=0"],
        "flow: ... and the connection is gone")

c = closed_by_guest()
host.answers(c.seg("A"))
c.send("FA")
host.fence()
ack = f"A seq={c.rcv} ack={c.nxt}"
t.equal(as_text(host.answers(c.seg("FA", seq=c.nxt - 1))), [ack],
        "flow: a FIN that comes again after the end is acknowledged again")
t.equal(as_text(host.answers(c.seg("S", seq=c.nxt - 5000, ack=0))), [ack],
        "flow: and so is an old SYN")
new = Conn(host, port=13, sport=c.sport, isn=c.nxt + 1000 & MASK)
t.ok(new.receive(4) == b"bye\n",
     "flow: a later SYN in TIME-WAIT opens a new connection")
t.ok(0 < (new.irs - c.rcv) & MASK < 1 << 31,
     "flow: ... whose numbers begin behind those of the old one")
new.pump(lambda: new.finished)
new.abort()

c = Conn(host, port=13)
c.ack_fin = False
c.pump(lambda: c.finished)
found = host.answers(c.seg("FA"))
c.nxt = c.nxt + 1 & MASK
t.ok(found and found[-1][TCP].ack == c.nxt,
     "flow: FINs that cross: ours is acknowledged")
again = host.wait_for(lambda p: c.ours(p) and "F" in p[TCP].flags)
t.ok(again is not None, "flow: ... and theirs is sent again until it is")
c.ack_fin = True
host.answers(c.seg("A"))
found = host.answers(c.seg("FA", seq=c.nxt - 1))
t.ok([p[TCP].ack for p in found] in ([c.nxt], []),
     "flow: ... and then the connection is in TIME-WAIT, not reset")
new = Conn(host, port=13, sport=c.sport, isn=c.nxt + 1000 & MASK)
new.pump(lambda: new.finished)
new.abort()

c = Conn(host)
c.ack_fin = False
c.send("FA", b"all of this" * 100)
c.pump(lambda: c.finished)
seen = [host.wait_for(lambda p: c.ours(p) and "F" in p[TCP].flags)
        for _ in range(2)]
t.ok(all(seen), "flow: who closed last sends its FIN again, too")
t.ok(c.receive(1100) == b"all of this" * 100,
     "flow: ... after all that was asked for")
c.ack_fin = True
host.answers(c.seg("A"))
t.equal(as_text(host.answers(c.seg("A"))), [f"R seq={c.rcv} ack=0"],
        "flow: ... and is gone without TIME-WAIT")

innocent.__exit__()
if not t.ok(innocent.good(), "flow: an innocent connection knew nothing of it"):
    t.diag(innocent)
t.ok(one_echo(), "flow: new connections are served")
host.close()
memory_is_back(t, before, "flow: afterwards pages and slab objects are back")
t.ok("panic" not in vm.text.lower() and "assert" not in vm.text.lower(),
     "flow: no panic, no assertion on the console")
if t.failed:
    t.diag(vm.text[-3000:])
t.done()
