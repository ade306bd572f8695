# SPDX-License-Identifier: MIT
"""
A network that is this script: QEMU's frames come over a UNIX socket, each with
its length in front, and every host on it is made of bytes. Needs no root, no
device and no scapy, and is quick enough for floods.

Every address of the guest's network answers ARP, but those in Wire.absent.
"""
import os
import random
import select
import socket
import struct
import tempfile
import time

GUEST, GATEWAY = "10.99.0.2", "10.99.0.1"
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
MASK = 0xffffffff
packed = socket.inet_aton
MAC = b"\x02\x00\x00\x00\x00\x01"
ALL = b"\xff" * 6


def checksum(data):
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def ip_packet(src, proto, payload, ident=0, fragment=0x4000, dst=GUEST):
    """fragment: the flags and the offset, as they stand in the header."""
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident,
                       fragment, 64, proto, 0, packed(src), packed(dst))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def segment(src, sport, dport, seq, ack, flags, window, options=b"", data=b"",
            urgent=0):
    """A TCP segment in its packet."""
    options += b"\1" * (-len(options) % 4)
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & MASK, ack & MASK,
                       (20 + len(options)) // 4 << 4, flags, window, 0, urgent)
    body = head + options + data
    pseudo = packed(src) + packed(GUEST) + struct.pack("!HH", 6, len(body))
    body = body[:16] + struct.pack("!H", checksum(pseudo + body)) + body[18:]
    return ip_packet(src, 6, body)


def datagram(src, sport, dport, data):
    """A UDP datagram without a checksum in its packet."""
    return ip_packet(src, 17, struct.pack("!HHHH", sport, dport, 8 + len(data),
                                          0) + data)


def icmp(src, kind, code, rest, data):
    body = struct.pack("!BBHI", kind, code, 0, rest) + data
    return ip_packet(src, 1, body[:2] + struct.pack("!H", checksum(body)) +
                     body[4:])


def mss_option(mss):
    return struct.pack("!BBH", 2, 4, mss)


class Wire:
    """The socket of one machine: Vm(net=wire.net); then accept()."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pollux-wire-")
        path = os.path.join(self.folder.name, "net")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.net = "wire:" + path
        self.stream = None
        self.unread = b""
        self.guest_mac = ALL
        self.absent = set()
        self.connections = {}
        self.pongs = set()
        self.pings = random.getrandbits(15)

    def accept(self, within=60):
        self.listener.settimeout(within)
        self.stream, _ = self.listener.accept()
        self.stream.setblocking(False)
        self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)

    def close(self):
        if self.stream:
            self.stream.close()
        self.listener.close()
        self.folder.cleanup()

    # ---- Out ----

    def frame(self, data):
        data = data.ljust(60, b"\0")
        data = struct.pack("!I", len(data)) + data
        while data:
            try:
                data = data[self.stream.send(data):]
            except BlockingIOError:
                select.select([self.stream], [self.stream], [], 1)
                self._receive()

    def send(self, packet, mac=MAC):
        self.frame(self.guest_mac + mac + b"\x08\0" + packet)

    def arp_request(self, src, mac=MAC, dst=GUEST):
        self.frame(ALL + mac + b"\x08\x06\0\1\x08\0\6\4\0\1" + mac +
                   packed(src) + b"\0" * 6 + packed(dst))

    def ping(self, within, src=GATEWAY):
        """Whether an answer came, and after how many seconds."""
        self.pings = (self.pings + 1) & 0xffff
        start = time.monotonic()
        self.send(icmp(src, 8, 0, 7 << 16 | self.pings, b"x" * 32))
        while time.monotonic() - start < within:
            self.pump(0.02)
            if self.pings in self.pongs:
                return time.monotonic() - start
        return None

    # ---- In ----

    def pump(self, seconds):
        """Takes what comes in that time."""
        end = time.monotonic() + seconds
        while True:
            left = max(end - time.monotonic(), 0)
            if select.select([self.stream], [], [], left)[0]:
                self._receive()
            if time.monotonic() >= end:
                return

    def _receive(self):
        try:
            data = self.stream.recv(1 << 18)
        except BlockingIOError:
            return
        if not data:
            raise OSError("the machine is gone")
        data = self.unread + data
        at = 0
        while len(data) - at >= 4:
            size = struct.unpack_from("!I", data, at)[0]
            if len(data) - at < 4 + size:
                break
            self._frame(data[at + 4:at + 4 + size])
            at += 4 + size
        self.unread = data[at:]

    def _frame(self, f):
        if f[12:14] == b"\x08\x06":
            self._arp(f)
        elif f[12:14] == b"\x08\0":
            self.guest_mac = f[6:12]
            head = (f[14] & 15) * 4
            body = f[14 + head:14 + struct.unpack_from("!H", f, 16)[0]]
            if f[23] == 1 and body[0] == 0:
                self.pongs.add(struct.unpack_from("!H", body, 6)[0])
            elif f[23] == 6:
                self._tcp(f[30:34], body)

    def _arp(self, f):
        self.guest_mac = f[22:28]
        asked = f[38:42]
        if f[21] == 1 and asked != packed(GUEST) and any(f[28:32]) and \
                asked not in self.absent:
            self.frame(f[6:12] + MAC + b"\x08\x06\0\1\x08\0\6\4\0\2" + MAC +
                       asked + f[22:28] + f[28:32])

    def _tcp(self, dst, body):
        sport, dport, seq, ack, offset, flags, window = \
            struct.unpack_from("!HHIIBBH", body)
        peer = self.connections.get((dst, dport))
        if peer:
            peer.came(seq, ack, flags, body[(offset >> 4) * 4:])


class Peer:
    """
    A connection of a host on the wire. ack() says what is acknowledged of what
    came, and with which window: honest() by default, which all attackers
    replace.
    """
    ports = random.randint(2000, 30000)

    def __init__(self, wire, src=GATEWAY, mss=1460, window=65535, request=b"",
                 ack=None, options=None, dport=80):
        Peer.ports = Peer.ports + 1 if Peer.ports < 65000 else 2000
        self.wire, self.src, self.sport = wire, src, Peer.ports
        self.dport, self.window, self.request = dport, window, request
        self.options = mss_option(mss) if options is None else options
        self.answer = ack or Peer.honest
        self.isn = random.getrandbits(32)
        self.seq = (self.isn + 1) & MASK  # what we send next
        self.acked = self.seq  # what the guest has of it
        self.expected = 0  # what we take next
        self.text = bytearray()
        self.state = "syn"
        wire.connections[packed(src), self.sport] = self
        self.syn()

    def syn(self):
        self.wire.send(segment(self.src, self.sport, self.dport, self.isn, 0,
                               SYN, self.window, self.options))

    def seg(self, flags=ACK, data=b"", seq=None, window=None, urgent=0):
        self.wire.send(segment(
            self.src, self.sport, self.dport,
            self.seq if seq is None else seq, self.expected, flags,
            self.window if window is None else window, b"", data, urgent))

    def send(self, data, flags=PSH | ACK, window=None):
        """Data in order, once."""
        self.seg(flags, data, window=window)
        self.seq = (self.seq + len(data)) & MASK

    def came(self, seq, ack, flags, data):
        if flags & RST:
            self.state = "reset"
        elif flags & SYN:
            self._opened(seq)
        elif self.state == "open":
            if (ack - self.acked) & MASK < 1 << 31:
                self.acked = ack
            self.answer(self, seq, flags, data)

    def _opened(self, seq):
        if self.state != "syn":
            self.seg()
            return
        self.expected = (seq + 1) & MASK
        self.state = "open"
        self.seg()
        if self.request:
            self.send(self.request)

    def honest(self, seq, flags, data):
        """Takes what is in order, acknowledges all."""
        if seq == self.expected:
            self.text += data
            self.expected = (seq + len(data) + (flags & FIN)) & MASK
            if flags & FIN:
                self.state = "closed"
        if data or flags & FIN:
            self.seg()

    def silent(self, seq, flags, data):
        """Acknowledges nothing."""

    def shut(self, seq, flags, data):
        """Is there, and has no room."""
        if data:
            self.seg(window=0)

    def repeat(self):
        """What an honest host sends again when nothing comes."""
        if self.state == "syn":
            self.syn()
        elif self.acked != self.seq:
            self.seg(PSH | ACK, self.request[-((self.seq - self.acked) & MASK):],
                     seq=self.acked)

    def ask(self, request, size, within):
        """
        A request on an open connection, or one that opens: seconds until size
        bytes of the answer were there (None: or a zero byte), or None.
        """
        start = again = time.monotonic()
        before = len(self.text)
        self.request = request
        if self.state == "open":
            self.send(request)
        while (now := time.monotonic()) - start < within:
            got = len(self.text) - before
            if got >= size if size else self.text.endswith(b"\0"):
                return now - start
            if self.state in ("reset", "closed"):
                return None
            if now - again > 1:
                self.repeat()
                again = now
            self.wire.pump(0.01)
        return None

    def end(self):
        """As a client that is done: FIN, and waits for the server's."""
        self.seg(FIN | ACK)
        self.seq = (self.seq + 1) & MASK
        until = time.monotonic() + 5
        while self.state == "open" and time.monotonic() < until:
            self.wire.pump(0.01)
        self.forget()

    def abort(self):
        """A reset with the number that the guest expects: one of two."""
        if self.state == "open":
            self.seg(RST | ACK, seq=self.acked)
            self.seg(RST | ACK)
        self.forget()

    def forget(self):
        self.wire.connections.pop((packed(self.src), self.sport), None)
