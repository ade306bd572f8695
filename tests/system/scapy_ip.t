#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
Frames, IP packets, datagrams, ICMP and fragments that no sane host sends, made
with scapy: cut short, with lengths and checksums that lie, with options, in
pieces that do not fit. What is wrong has no answer, and what is right has one.
"""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import GUEST, Traffic, boot, memory_is_back, one_echo, warm_up
from tap import Tap, skip_all
from vm import in_private_network

if not in_private_network():
    skip_all("needs root and /dev/net/tun")
try:
    from peer import ALL, Conn, Host, brief
except ImportError:
    skip_all("needs python3-scapy")
from scapy.layers.inet import ICMP, IP, UDP, fragment
from scapy.layers.l2 import ARP, Ether
from scapy.utils import checksum

t = Tap(deadline=300)
vm = boot(t)
before = warm_up()
innocent = Traffic(fresh=False)
innocent.__enter__()
t.cleanup(lambda: innocent.__exit__())
host = Host()


def silent(name, *packets):
    t.equal(brief(host.answers(*packets)), [], f"ip: {name}: no answer")


def ping(size=20, **fields):
    return host.ip(**fields) / ICMP(id=7, seq=1) / random.randbytes(size)


def datagram(data=b"hello", port=7, **fields):
    return host.ip() / UDP(sport=777, dport=port, **fields) / data


def reply_to(*packets):
    """The payload of the UDP or ICMP packet that comes back, or None."""
    host.drain()
    for packet in packets:
        host.send(packet)
    found = host.wait_for(lambda p: (UDP in p and p[UDP].dport == 777) or
                          (ICMP in p and p[ICMP].id == 7))
    return None if found is None else bytes(found)[28:found.len]


def with_option(option, packet):
    """The packet with these bytes behind its IP header, and a right checksum."""
    option += b"\0" * (-len(option) % 4)
    data = bytes(packet)
    packet = IP(data[:20])
    packet.ihl, packet.len = 5 + len(option) // 4, len(data) + len(option)
    packet.chksum = 0
    head = bytes(packet)[:20] + option
    total = checksum(head)
    return head[:10] + total.to_bytes(2, "big") + head[12:] + data[20:]


# --- Frames that are cut short ----------------------------------------------

whole = bytes(Ether(dst=ALL, src=host.mac, type=0x806) /
              ARP(hwsrc=host.mac, psrc=host.address, pdst=GUEST))
host.drain()
for size in range(14, 42):
    host.frame(whole[:size])
seen = host.fence()
t.equal([p for p in seen if ARP in p], [], "ip: ARP requests cut short have no "
        "answer")
whole = bytes(Ether(dst=host.to, src=host.mac) / ping(0))
host.drain()
for size in range(14, 42):
    host.frame(whole[:size])
t.equal(host.fence(), [], "ip: nor have packets cut short")
t.equal(host.ask_mac(), host.to, "ip: whole ARP requests have one")

# --- IP ---------------------------------------------------------------------

silent("a wrong IP checksum", ping(chksum=0x1234))
silent("a wrong version", ping(version=5), ping(version=6))
silent("a header shorter than any", ping(ihl=4), ping(ihl=0))
silent("a header longer than the packet", ping(0, ihl=15))
silent("a length beyond the frame", ping(len=1000), ping(len=65535))
silent("a length shorter than the header", ping(len=19), ping(len=0))
silent("a packet for somebody else", ping(dst="10.99.0.200"),
       ping(dst="8.8.8.8"))
padded = ping(1)
padded = bytes(padded) + b"padding behind the packet"
t.ok(len(reply_to(padded)) == 1, "ip: what stands behind a packet is not of it")
for name, option in (("router alert", b"\x94\x04\0\0"),
                     ("a record of the route", b"\x07\x0b\x04" + b"\0" * 9),
                     ("time stamps", b"\x44\x0c\x05\0" + b"\0" * 8),
                     ("an option of length 0", b"\x07\0\0\0"),
                     ("an option beyond the header", b"\x07\xff\x04\0"),
                     ("an option that points outside", b"\x07\x07\xff" +
                      b"\0" * 5),
                     ("a source route", b"\x83\x07\x04\x08\x08\x08\x08\0"),
                     ("a strict one", b"\x89\x07\x04\x08\x08\x08\x08\0")):
    host.drain()
    host.send(with_option(option, ping(8)))
    t.ok(all(p.dst == host.address for p in host.fence()),
         f"ip: {name} does no harm")

# --- UDP --------------------------------------------------------------------

t.equal(reply_to(datagram()), b"hello", "ip: an honest datagram has an answer")
t.equal(reply_to(datagram(b"")), b"", "ip: an empty one, too")
t.equal(reply_to(datagram(b"hello, you there", len=8 + 5, chksum=0)), b"hello",
        "ip: what stands behind a datagram is not of it")
silent("a UDP length beyond the packet", datagram(len=100, chksum=0),
       datagram(len=65535, chksum=0))
silent("a UDP length shorter than its header", datagram(len=7, chksum=0),
       datagram(len=0, chksum=0))
silent("a wrong UDP checksum", datagram(chksum=0x1234))
silent("UDP headers cut short",
       *[host.ip(proto=17) / bytes(UDP(sport=68, dport=67))[:n]
         for n in range(8)])
t.equal(reply_to(datagram(chksum=0)), b"hello",
        "ip: a datagram without checksum has an answer")
found = host.answers(datagram(port=99))
t.ok(brief(found) == ["icmp 3/3"] and bytes(found[0])[28:48] ==
     bytes(datagram(port=99))[:20],
     "ip: port unreachable quotes the packet")
silent("ICMP about ICMP errors", *[
    host.ip() / ICMP(type=kind, code=3) / bytes(datagram(port=99))
    for kind in (3, 4, 11, 12)])

# --- ICMP -------------------------------------------------------------------

silent("a wrong ICMP checksum", host.ip() / ICMP(id=7, chksum=0x1234))
silent("ICMP cut short", *[host.ip(proto=1) / bytes(ICMP())[:n]
                           for n in range(8)])
silent("ICMP of unknown kinds", *[host.ip() / ICMP(type=kind, id=7)
                                  for kind in (0, 1, 2, 7, 9, 40, 255)])
other = Host("10.99.0.88")
for gateway in ("10.99.0.88", "0.0.0.0", "127.0.0.1", GUEST):
    quoted = IP(src=GUEST, dst=host.address) / UDP(sport=7, dport=777)
    host.send(IP(src="10.99.0.1", dst=GUEST) /
              ICMP(type=5, code=1, gw=gateway) / bytes(quoted))
other.drain()
t.equal(reply_to(datagram()), b"hello", "ip: a redirect moves nobody's packets")
t.equal(other.fence(), [], "ip: ... to where it points")
other.close()

# --- ARP that lies ----------------------------------------------------------

host.frame(Ether(dst=ALL, src="02:00:00:00:66:66", type=0x806) /
           ARP(op=2, hwsrc="02:00:00:00:66:66", psrc=GUEST, hwdst=ALL,
               pdst=GUEST))
for address in ("0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1"):
    host.frame(Ether(dst=ALL, src=host.mac, type=0x806) /
               ARP(op=1, hwsrc=host.mac, psrc=address, pdst="10.99.0.123"))
for fields in ({"hwlen": 0}, {"plen": 0}, {"hwlen": 255}, {"plen": 255},
               {"hwtype": 6}, {"ptype": 0x86dd}, {"op": 77}):
    host.frame(Ether(dst=ALL, src=host.mac, type=0x806) /
               ARP(**{"op": 1, "hwsrc": host.mac, "psrc": host.address,
                      "pdst": GUEST, **fields}))
t.ok(one_echo() and reply_to(datagram()) == b"hello",
     "ip: ARP that lies does no harm")

# --- Fragments --------------------------------------------------------------


def pieces(packet, size=400):
    """The packet's fragments, with an identification of their own."""
    packet = packet.copy()
    packet.id = random.randint(1, 65535)
    return fragment(IP(bytes(packet)), size)


body = random.randbytes(1400)  # whose answer fits into one packet
for name, order in (("in order", lambda f: f), ("reversed", lambda f: f[::-1]),
                    ("shuffled", lambda f: random.sample(f, len(f)))):
    t.ok(reply_to(*order(pieces(datagram(body)))) == body,
         f"ip: a datagram in fragments, {name}, is one")
text = ping(1400)
t.ok(reply_to(*pieces(text)) == bytes(text)[28:],
     "ip: an echo request in fragments has an answer")
first, second = pieces(datagram(body)), pieces(datagram(body[::-1]))
mixed = [f for pair in zip(first, second) for f in pair]
host.drain()
for f in mixed:
    host.send(f)
got = [host.wait_for(lambda p: UDP in p and p[UDP].dport == 777)
       for _ in range(2)]
t.ok(all(got), "ip: two datagrams whose fragments alternate are two")

c = Conn(host)
c.nxt = c.isn + 1 & 0xffffffff
for f in pieces(c.seg("PA", b"in pieces" * 100), 8):
    host.send(f)
c.nxt = c.nxt + 900 & 0xffffffff
t.ok(c.receive(900) == b"in pieces" * 100 and c.echo(),
     "ip: a segment in fragments of 8 bytes is one")
c.abort()


def part(offset, data, more=True, ident=None, proto=17, **fields):
    """A fragment at a multiple of 8."""
    return host.ip(id=ident or part.ident, proto=proto, frag=offset // 8,
                   flags="MF" if more else 0, **fields) / data


def hostile(name, *make):
    part.ident = random.randint(1, 65535)
    silent("fragments " + name, *[m() for m in make])


head = bytes(UDP(sport=777, dport=7, len=108, chksum=0))
hostile("that overlap", lambda: part(0, head + b"a" * 56),
        lambda: part(56, b"b" * 52, False))
part.ident = random.randint(1, 65535)
t.equal(reply_to(part(0, head + b"a" * 56), part(24, b"b" * 8),
                 part(64, b"c" * 44, False)), b"a" * 56 + b"c" * 44,
        "ip: a fragment within another changes nothing")
hostile("with a gap", lambda: part(0, head + b"a" * 40),
        lambda: part(64, b"c" * 44, False))
hostile("beyond 65,535 bytes", lambda: part(0, head + b"a" * 40),
        lambda: part(65528, b"x" * 400, False))
hostile("beyond 65,535 bytes, of a ping",
        lambda: part(0, bytes(ICMP(id=7)) + b"a" * 40, proto=1),
        lambda: part(65528, b"x" * 1000, False, proto=1))
part.ident = random.randint(1, 65535)
t.equal(reply_to(part(48, b"x" * 60, False), part(96, b"y" * 12, False),
                 part(0, head + b"a" * 40)), b"a" * 40 + b"x" * 60,
        "ip: nor has a second last one within the first")
hostile("behind the last", lambda: part(48, b"x" * 60, False),
        lambda: part(128, b"x" * 64), lambda: part(0, head + b"a" * 40))
hostile("of no bytes", lambda: part(0, b""), lambda: part(8, b""),
        lambda: part(0, b"", proto=1))
hostile("of an odd length", lambda: part(0, head + b"a" * 3),
        lambda: part(8, b"x" * 97, False))
hostile("with a cut header", lambda: part(0, b"abc"),
        lambda: part(0, head[:4], proto=6))
for i in range(3000):
    host.send(part(random.randint(0, 8000) * 8, random.randbytes(64),
                   random.random() < 0.8, random.randint(1, 40),
                   random.choice((1, 6, 17))))
t.ok(one_echo() and reply_to(*pieces(datagram(body))) == body,
     "ip: 3,000 random fragments do no harm")

innocent.__exit__()
if not t.ok(innocent.good(), "ip: an innocent connection knew nothing of it"):
    t.diag(innocent)
host.close()
memory_is_back(t, before, "ip: afterwards pages and slab objects are back")
t.ok("panic" not in vm.text.lower() and "assert" not in vm.text.lower(),
     "ip: no panic, no assertion on the console")
if t.failed:
    t.diag(vm.text[-3000:])
t.done()
