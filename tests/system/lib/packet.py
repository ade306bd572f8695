# SPDX-License-Identifier: MIT
"""
TCP segments as bytes and as text, hosts on the tap that are queues, and the
sockets of tests/system/apps/remote.c. Quick enough for thousands of
connections, several threads at once.
"""
import collections
import queue
import random
import socket
import struct
import subprocess
import threading
import time

import wire
from guest import GUEST, HOST
from wire import FIN, MASK, RST, SYN, packed

PATIENCE = 30  # seconds to wait for what must come
ETH_P_ALL = 3
MAC = b"\x02\0\0\0\x99\1"
ALL = b"\xff" * 6
LETTERS = "FSRPAUEC"  # by their bits
CONTROL = 10  # the port of remote.c
MSS, WSCALE, SACK_OK, SACK, STAMPS = 2, 3, 4, 5, 8
STATES = [None, "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1",
          "FIN-WAIT-2", "TIME-WAIT", "CLOSED", "CLOSE-WAIT", "LAST-ACK",
          "LISTEN", "CLOSING", "SYN-RECEIVED"]  # as /proc/net/tcp counts them


def pattern(start, end):
    """The bytes of every stream between two of its places."""
    return bytes((i * 167 + (i >> 8) * 13) & 0xff for i in range(start, end))


def flag_bits(letters):
    return sum(1 << LETTERS.index(c) for c in letters if c != "-")


def flag_text(bits):
    """Without PSH, which says nothing here; SYN and FIN before ACK."""
    return "".join(c for c in "SFRAUEC"
                   if bits & 1 << LETTERS.index(c)) or "-"


def options_of(raw):
    """Kind -> content; a kind's last one counts."""
    found, at = {}, 0
    while at < len(raw) and raw[at]:
        if raw[at] == 1:
            at += 1
            continue
        if at + 1 >= len(raw) or raw[at + 1] < 2:
            break
        found[raw[at]] = raw[at + 2:at + raw[at + 1]]
        at += raw[at + 1]
    return found


class Segment:
    """One that the guest sent."""

    def __init__(self, body):
        self.sport, self.dport, self.seq, self.ack, offset, self.flags, \
            self.window, _, self.urgent = struct.unpack_from("!HHIIBBHHH", body)
        self.options = options_of(body[20:(offset >> 4) * 4])
        self.data = body[(offset >> 4) * 4:]

    @property
    def length(self):
        return len(self.data) + bool(self.flags & SYN) + bool(self.flags & FIN)

    def text(self, iss, isn):
        """
        Both numbers counted from the streams' first, but "=0" where a reset of
        no connection has zero.
        """
        seq = (self.seq - iss) & MASK if iss is not None else self.seq
        at = place(seq, len(self.data))
        if self.flags & RST and not self.seq:
            at = "=0"
        words = [flag_text(self.flags), at]
        if self.flags & wire.ACK:
            words.append(f"ack {signed((self.ack - isn) & MASK)}")
        return " ".join(words)


def signed(n):
    return n - (1 << 32) if n >> 31 else n


def place(seq, size):
    seq = signed(seq)
    return f"{seq}:{seq + size}" if size else str(seq)


class Lan:
    """
    The tap device. host() gives an address whose packets go to a queue, the one
    that has been out of use longest; ARP for all such addresses is answered.
    """

    def __init__(self, interface="tap0"):
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                 socket.htons(ETH_P_ALL))
        self.raw.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        self.raw.bind((interface, 0))
        self.hosts = {}
        self.lock = threading.Lock()
        self.free = collections.deque(f"10.99.128.{n}" for n in range(1, 250))
        self.guest_mac = ALL
        self.closing = False
        threading.Thread(target=self._read, daemon=True).start()

    def host(self):
        with self.lock:
            address = self.free.popleft()
        host = self.hosts[packed(address)] = LanHost(self, address)
        return host

    def forget(self, host):
        if self.hosts.pop(packed(host.address), None):
            self.free.append(host.address)

    def frame(self, data):
        self.raw.send(data)

    def send(self, packet):
        self.frame(self.guest_mac + MAC + b"\x08\0" + packet)

    def ask_mac(self):
        """Who has the guest's address; any host of ours asks."""
        host = self.host()
        end = time.monotonic() + PATIENCE
        while self.guest_mac == ALL and time.monotonic() < end:
            self.frame(ALL + MAC + b"\x08\x06\0\1\x08\0\6\4\0\1" + MAC +
                       packed(host.address) + bytes(6) + packed(GUEST))
            time.sleep(0.02)
        self.forget(host)
        if self.guest_mac == ALL:
            raise OSError("the guest answers no ARP")

    def close(self):
        self.closing = True
        self.raw.close()

    def _read(self):
        while not self.closing:
            try:
                f = self.raw.recv(70000)
            except OSError:
                return
            if f[6:12] == MAC:
                continue
            if f[12:14] == b"\x08\x06":
                self._arp(f)
            elif f[12:14] == b"\x08\0" and f[30:34] in self.hosts:
                self.hosts[f[30:34]].came(f[14:])

    def _arp(self, f):
        if f[28:32] == packed(GUEST):
            self.guest_mac = f[22:28]
        if f[21] == 1 and f[38:42] in self.hosts:
            self.frame(f[22:28] + MAC + b"\x08\x06\0\1\x08\0\6\4\0\2" + MAC +
                       f[38:42] + f[22:32])


class LanHost:
    """One address of the network, used by one thread."""

    def __init__(self, lan, address):
        self.lan, self.address = lan, address
        self.queue = queue.SimpleQueue()
        self.pings = 0

    def came(self, packet):
        head = (packet[0] & 15) * 4
        size = struct.unpack_from("!H", packet, 2)[0]
        self.queue.put((packet[9], packet[head:size]))

    def send(self, sport, dport, seq, ack, flags, **fields):
        fields.setdefault("window", 65535)
        self.lan.send(wire.segment(self.address, sport, dport, seq, ack, flags,
                                   **fields))

    def next(self, within=PATIENCE):
        """The next segment, or None."""
        end = time.monotonic() + within
        while (left := end - time.monotonic()) > 0:
            try:
                proto, body = self.queue.get(timeout=left)
            except queue.Empty:
                return None
            if proto == 6:
                return Segment(body)
        return None

    def _ping(self):
        self.pings += 1
        self.lan.send(wire.icmp(self.address, 8, 0, self.pings, b"fence"))
        end = time.monotonic() + PATIENCE
        seen = []
        while (left := end - time.monotonic()) > 0:
            try:
                proto, body = self.queue.get(timeout=left)
            except queue.Empty:
                break
            if proto == 6:
                seen.append(Segment(body))
            elif proto == 1 and body[0] == 0 and \
                    struct.unpack_from("!I", body, 4)[0] == self.pings:
                return seen
        raise OSError("no answer to a ping")

    def fence(self):
        """
        All segments that the guest had to send at once for earlier ones. The
        answer to a first ping may overtake those to frames taken with it.
        """
        return self._ping() + self._ping()


class Remote:
    """The sockets of one controller."""

    def __init__(self, port=CONTROL):
        self.s = socket.create_connection((GUEST, port), timeout=PATIENCE)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.s.makefile("rb")

    def ask(self, *words):
        self.s.sendall(" ".join(str(w) for w in words).encode() + b"\n")
        return self.file.readline().decode().strip()

    def call(self, *words):
        """A call's value, or -errno."""
        return int(self.ask(*words))

    def text(self, path):
        self.s.sendall(f"file {path}\n".encode())
        text = bytearray()
        while not text.endswith(b"\0"):
            part = self.file.read1(65536)
            if not part:
                raise OSError(f"{path}: the guest closed the connection")
            text += part
        return text[:-1].decode()

    def states(self, address, port):
        """(state, unread, unacknowledged) of each connection with a peer."""
        words = [int(w) for w in self.ask("state", address, port).split()]
        return [(STATES[words[i]], words[i + 1], words[i + 2])
                for i in range(0, len(words), 3)]

    def reset(self):
        self.call("close")
        self.call("close", "listener")

    def close(self):
        self.s.shutdown(socket.SHUT_WR)
        self.s.recv(1)
        self.s.close()


def no_limits(vm):
    """
    Linux's limits of answers, and what it remembers of a peer's earlier
    connections, which would decide what a case sees.
    """
    pid = getattr(vm.process, "pid", None)
    for name, value in (("tcp_invalid_ratelimit", 0),
                        ("tcp_challenge_ack_limit", 0x7fffffff),
                        ("tcp_no_metrics_save", 1),
                        ("tcp_congestion_control", "reno"),
                        ("tcp_recovery", 0), ("tcp_early_retrans", 0),
                        ("tcp_frto", 0)):
        subprocess.run(["nsenter", "--net", "--target", str(pid), "sysctl",
                        "-qw", f"net.ipv4.{name}={value}"], check=True)
