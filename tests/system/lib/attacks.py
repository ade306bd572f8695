# SPDX-License-Identifier: MIT
"""
What tests/system/hostile.t does to a machine. An attack is a generator: it
takes the wire and how many connections it may make, does a little, and yields;
it goes on while clients are looked at, and ends by itself or when it is closed.
Its connections, all in wire.connections, are reset afterwards.
"""
import itertools
import os
import random
import struct

from wire import (ACK, FIN, GATEWAY, GUEST, PSH, RST, SYN, URG, Peer, datagram,
                  icmp, ip_packet, mss_option, segment)

WANT = b"GET 200000\n"
PART = 50  # frames or connections between two looks at the clients


def address(n, network=1):
    """The nth of many hosts on the guest's own network."""
    return f"10.99.{network + n // 200}.{10 + n % 200}"


def anywhere():
    return f"{random.randint(11, 99)}.{random.randint(1, 254)}." \
        f"{random.randint(1, 254)}.{random.randint(1, 254)}"


def parts(sequence):
    """The sequence's elements; None after each PART of them."""
    for n, element in enumerate(sequence):
        yield element
        if n % PART == PART - 1:
            yield None


def crowd(wire, count, **options):
    """That many connections; then what they do is up to their answers."""
    peers = []
    for n in range(count):
        peers.append(Peer(wire, src=address(n), **options))
        if n % 10 == 9:
            wire.pump(0.01)
            yield peers
    for _ in range(3):
        wire.pump(0.05)
        yield peers


def closed_window(wire, count):
    """Small segments, a window that closes, probes that are answered."""
    yield from crowd(wire, count, mss=48, window=100, request=WANT,
                     ack=Peer.shut)


def silent(wire, count):
    """Nothing is ever acknowledged."""
    for mss in (48, 52, 57, 60, 88, 536, 1460):
        yield from crowd(wire, count // 7, mss=mss, request=WANT,
                         ack=Peer.silent)


def unread(wire, count):
    """Data for a server that is busy sending."""
    for peers in crowd(wire, count, window=2000, request=WANT,
                       ack=Peer.silent):
        yield
    for peer in parts(peers):
        for _ in range(40 if peer else 0):
            peer.send(b"j" * 1400, window=0)
        yield


def gaps(wire, count):
    """The first byte never comes."""
    for peers in crowd(wire, count, ack=Peer.silent):
        yield
    for peer in parts(peers):
        for n in range(40 if peer else 0):
            peer.seg(ACK, b"g" * 1400, seq=peer.seq + 1 + n * 1400)
        yield


def holes(wire, count):
    """Single bytes, each beyond a gap of one."""
    for peers in crowd(wire, count, ack=Peer.silent):
        yield
    for peer in parts(peers):
        for n in range(200 if peer else 0):
            peer.seg(ACK, b"h", seq=peer.seq + 1 + n * 2)
        yield


def single_bytes(wire, count):
    """Segments of one byte that nobody reads."""
    for peers in crowd(wire, count, window=2000, request=WANT,
                       ack=Peer.silent):
        yield
    for n, peer in itertools.product(range(200), peers[:40]):
        peer.send(b"b")
        if n % 5 == 4:
            yield


def syn_flood(wire, count):
    """From anywhere, and from neighbours who are not there."""
    wire.absent.update(bytes((10, 99, 9, n)) for n in range(256))
    for n in parts(range(count * 50)):
        src = anywhere() if n is None or n % 2 else \
            f"10.99.9.{random.randint(1, 250)}"
        wire.send(segment(src, random.randint(1024, 65000), 80,
                          random.getrandbits(32), 0, SYN, 65535,
                          mss_option(1460)))
        if n is None:
            yield


def idle(wire, count):
    """Thousands that connect and say nothing, from a few addresses."""
    for n in range(count * 10):
        Peer(wire, src=address(n % 8), ack=Peer.silent)
        if n % PART == PART - 1:
            wire.pump(0.01)
            yield


def idle_from_many(wire, count):
    """The same, each from an address of its own."""
    for n in range(count * 10):
        Peer(wire, src=address(n, 20), ack=Peer.silent)
        if n % PART == PART - 1:
            wire.pump(0.01)
            yield


def hoarded_fins(wire, count):
    """The server closes, with data and FIN that nobody acknowledges."""
    yield from crowd(wire, count * 4, request=b"LAST 30000\n",
                     ack=Peer.silent)


def hoarded_last_acks(wire, count):
    """We close first, and never acknowledge the server's FIN."""
    for peers in crowd(wire, count * 4, ack=Peer.silent):
        yield
    for peer in parts(peers):
        if peer:
            peer.send(b"", FIN | ACK)
        else:
            yield


def tiny_windows(wire, count):
    """A byte at a time, and back."""
    def crawl(peer, seq, flags, data):
        if seq == peer.expected and data:
            peer.expected = (seq + 1) & 0xffffffff
        peer.seg(window=random.choice((0, 1, 1, 2)))

    yield from crowd(wire, count, window=3, request=WANT, ack=crawl)


def shrunk_windows(wire, count):
    """A window that is taken back below what was sent."""
    def shrink(peer, seq, flags, data):
        if data:
            peer.seg(window=random.randint(0, 3000))

    yield from crowd(wire, count, request=WANT, ack=shrink)


def trickle(wire, count):
    """Requests of which a byte comes now and then."""
    for peers in crowd(wire, count * 2, ack=Peer.silent):
        yield
    for _ in range(20):
        for peer in parts(peers):
            if peer:
                peer.send(b"G")
            else:
                yield


def closed_and_over(wire, count):
    """A FIN at once, while the window is closed."""
    for peers in crowd(wire, count, window=0, request=WANT, ack=Peer.shut):
        yield
    for peer in parts(peers):
        if peer:
            peer.send(b"", FIN | ACK, window=0)
        else:
            yield


def odd_sizes(wire, count):
    """MSS options that are 0, 1 or cut, and no option at all."""
    for options in (mss_option(0), mss_option(1), mss_option(47),
                    b"\2\4\0\0\2\3\0\1", b""):
        yield from crowd(wire, count // 5, options=options, request=WANT,
                         ack=Peer.silent)


def urgent(wire, count):
    """Urgent bytes and pointers without end."""
    for peers in crowd(wire, count // 4, ack=Peer.silent):
        yield
    for n, peer in itertools.product(range(50), peers):
        peer.wire.send(segment(peer.src, peer.sport, 80, peer.seq,
                               peer.expected, URG | PSH | ACK, 65535, b"",
                               b"u", random.choice((0, 1, 2, 65535))))
        peer.seq = (peer.seq + 1) & 0xffffffff
        if peer is peers[-1]:
            yield


def blind(wire, count):
    """Resets, SYNs and acknowledgements for connections of others."""
    others = [p for p in wire.connections.values() if p.state == "open"]
    for n in parts(range(count * 50)):
        if n is None or not others:
            yield
            continue
        p = random.choice(others)
        flags = random.choice((RST, SYN, ACK, RST | ACK, SYN | ACK, FIN))
        wire.send(segment(p.src, p.sport, 80,
                          p.seq + random.choice((5, 1000, 1 << 30)),
                          p.expected + random.choice((100, 1 << 30)), flags,
                          0))


def strays(wire, count):
    """Segments of no connection, to be answered with resets."""
    for n in parts(range(count * 50)):
        wire.send(segment(anywhere(), 5000, random.choice((80, 81, 9)),
                          n or 0, 77, random.choice((ACK, FIN | ACK, PSH)),
                          100, b"", b"s" * 20))
        if n is None:
            yield


def arp_flood(wire, count):
    """Who has the guest? Asked by everybody, and by false gateways."""
    for n in parts(range(count * 50)):
        mac = b"\x02\x66" + os.urandom(4)
        wire.arp_request(address(random.randint(0, 30000)), mac)
        if n is None:
            yield


def fragments(wire, count):
    """Firsts without a second, from one and from many."""
    for n in parts(range(count * 50)):
        src = GATEWAY if (n or 0) % 2 else anywhere()
        wire.send(ip_packet(src, random.choice((1, 17)),
                            b"\0\7\0\7" + b"f" * 1204, random.getrandbits(16),
                            0x2000 | random.choice((0, 0, 185))))
        if n is None:
            yield


def datagrams(wire, count):
    """To a socket that nobody reads, and to nobody."""
    for n in parts(range(count * 50)):
        wire.send(datagram(anywhere(), 4000, 9 if (n or 0) % 2 else 4000 +
                           (n or 0) % 1000, b"d" * random.choice((1, 1400))))
        if n is None:
            yield


def messages(wire, count):
    """Echo requests, and errors about packets that were never sent."""
    for n in parts(range(count * 50)):
        if (n or 0) % 2:
            wire.send(icmp(anywhere(), 8, 0, n, b"e" * 1000))
        else:
            quoted = segment(GUEST, 80, random.randint(1024, 65000),
                             random.getrandbits(32), 0, ACK, 0)
            wire.send(icmp(anywhere(), 3, random.choice((1, 3, 4)), 68,
                           quoted[:28]))
        if n is None:
            yield


def long_pings(wire, count):
    """Fragments of echo requests that end beyond the longest packet."""
    for n in parts(range(count * 5)):
        for offset in (0, 1480, 65120, 65528):
            wire.send(ip_packet(anywhere(), 1, b"\x08\0\0\0" + b"p" * 1476,
                                (n or 0) & 0xffff, 0x2000 | offset // 8))
        if n is None:
            yield


def both(one, other):
    """Two at once."""
    def attack(wire, count):
        running = [one(wire, count // 2), other(wire, count // 2)]
        while running:
            for a in list(running):
                try:
                    next(a)
                except StopIteration:
                    running.remove(a)
            yield

    attack.__name__ = f"{one.__name__}+{other.__name__}"
    return attack


ALL = [closed_window, silent, unread, gaps, holes, single_bytes, syn_flood,
       idle, idle_from_many, hoarded_fins, hoarded_last_acks, tiny_windows,
       shrunk_windows, trickle, closed_and_over, odd_sizes, urgent, blind,
       strays, arp_flood, fragments, datagrams, messages, long_pings,
       both(closed_window, unread), both(gaps, syn_flood),
       both(idle_from_many, hoarded_fins), both(arp_flood, silent)]
