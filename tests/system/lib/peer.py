# SPDX-License-Identifier: MIT
"""
Hosts that no kernel stands behind, and their TCP connections: every packet is
one that the test made with scapy. They live on the tap's network with an
address and a MAC of their own, and answer ARP for themselves.
"""
import logging
import random
import socket
import time

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)
from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: E402
from scapy.layers.l2 import ARP, Ether  # noqa: E402

from guest import GUEST

ETH_P_ALL = 3
PATIENCE = 30  # seconds to wait for what must come
ALL = "ff:ff:ff:ff:ff:ff"


class Host:
    """One address. Nobody else may read from its socket while it waits."""

    def __init__(self, address="10.99.0.77", interface="tap0"):
        self.address = address
        self.mac = "02:00:%02x:%02x:%02x:%02x" % tuple(
            int(n) for n in address.split("."))
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                 socket.htons(ETH_P_ALL))
        self.raw.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        self.raw.bind((interface, 0))
        self.packed = socket.inet_aton(address)
        self.fences = 0
        self.to = ALL
        self.to = self.ask_mac()

    def close(self):
        self.raw.close()

    def send(self, packet, to=None):
        """An IP packet in a frame to the guest, or to another MAC."""
        self.frame(bytes(Ether(dst=to or self.to, src=self.mac, type=0x800)) +
                   bytes(packet))

    def frame(self, data):
        self.raw.send(bytes(data))

    def ip(self, **fields):
        return IP(**{"src": self.address, "dst": GUEST, **fields})

    def _mine(self, data):
        """The frame parsed when it is for us; ARP requests are answered."""
        if data[12:14] == b"\x08\x06" and data[38:42] == self.packed:
            arp = ARP(data[14:])
            if arp.op == 1:
                self.frame(Ether(dst=data[6:12], src=self.mac, type=0x806) /
                           ARP(op=2, hwsrc=self.mac, psrc=self.address,
                               hwdst=arp.hwsrc, pdst=arp.psrc))
                return None
            return arp
        if data[12:14] == b"\x08\x00" and data[30:34] == self.packed and \
                data[6:12] != self.mac_bytes():
            return IP(data[14:])
        return None

    def mac_bytes(self):
        return bytes.fromhex(self.mac.replace(":", ""))

    def next(self, end):
        """The next packet for us, or None at the time end."""
        while (left := end - time.monotonic()) > 0:
            self.raw.settimeout(left)
            try:
                packet = self._mine(self.raw.recv(70000))
            except socket.timeout:
                return None
            if packet is not None:
                return packet
        return None

    def wait_for(self, want, within=PATIENCE):
        """The first packet that want() likes, or None."""
        end = time.monotonic() + within
        while (packet := self.next(end)) is not None:
            if want(packet):
                return packet
        return None

    def drain(self):
        self.raw.setblocking(False)
        try:
            while True:
                self._mine(self.raw.recv(70000))
        except BlockingIOError:
            pass

    def ask_mac(self):
        self.frame(Ether(dst=ALL, src=self.mac, type=0x806) /
                   ARP(hwsrc=self.mac, psrc=self.address, pdst=GUEST))
        reply = self.wait_for(lambda p: ARP in p and p.op == 2)
        if reply is None:
            raise OSError("the guest answers no ARP")
        return reply.hwsrc

    def _ping(self):
        """All packets for us until the answer to a ping."""
        self.fences += 1
        self.send(self.ip() / ICMP(id=0xfe, seq=self.fences))
        end = time.monotonic() + PATIENCE
        seen = []
        while (packet := self.next(end)) is not None:
            if ICMP in packet and packet[ICMP].type == 0 and \
                    packet[ICMP].id == 0xfe:
                if packet[ICMP].seq == self.fences:
                    return seen
                continue
            seen.append(packet)
        raise OSError("no answer to a ping")

    def fence(self):
        """
        All packets for us that the guest had to say at once to earlier ones.
        A guest that was busy takes many frames in one go and then answers a
        ping before it acknowledges the data in front of it, but both before it
        takes a frame that is sent later: hence the second ping.
        """
        return self._ping() + self._ping()

    def answers(self, *packets):
        """What the guest says at once to these IP packets."""
        self.drain()
        for packet in packets:
            self.send(packet)
        return self.fence()


def brief(packets):
    """Packets as text, to compare with: "A seq=1 ack=2 len=0"."""
    def one(p):
        if TCP in p:
            return str(p[TCP].flags)
        if ICMP in p:
            return f"icmp {p[ICMP].type}/{p[ICMP].code}"
        return p.summary()
    return [one(p) for p in packets]


def tcp_data(packet):
    """A segment's payload, without what Ethernet padded."""
    head = packet.ihl * 4 + packet[TCP].dataofs * 4
    return bytes(packet)[head:packet.len]


class Conn:
    """
    A TCP connection that the host opens. It acknowledges what comes unless
    acking is False, and checks that no byte of the stream ever changes.
    """

    def __init__(self, host, port=7, window=65535, options=(("MSS", 1460),),
                 sport=None, isn=None, shake=True, raw=b""):
        self.host = host
        self.port = port
        self.sport = sport or random.randint(20000, 60000)
        self.window = window
        self.isn = random.getrandbits(32) if isn is None else isn
        self.nxt = (self.isn + 1) & 0xffffffff  # what we send next
        self.acking = self.ack_fin = True
        self.stream = bytearray()
        self.known = bytearray()  # 1 for each byte of the stream that is there
        self.in_order = 0
        self.sizes = []  # of the segments that came
        self.reset = self.finished = False
        self.changed = False
        host.drain()
        host.send(self.seg("S", seq=self.isn, ack=0, options=options, raw=raw))
        self.syn_ack = host.wait_for(lambda p: self.ours(p) and
                                     "S" in p[TCP].flags)
        if self.syn_ack is None:
            raise OSError("no SYN|ACK")
        self.irs = self.syn_ack[TCP].seq
        self.peer_window = self.syn_ack[TCP].window
        self.edge = self.nxt + self.peer_window
        if shake:
            host.send(self.seg("A"))

    def ours(self, packet):
        return TCP in packet and packet[TCP].sport == self.port and \
            packet[TCP].dport == self.sport

    @property
    def rcv(self):
        """What we acknowledge: the next number that we lack."""
        fin = self.finished and self.ack_fin
        return (self.irs + 1 + self.in_order + fin) & 0xffffffff

    def seg(self, flags="A", data=b"", seq=None, ack=None, options=(), src=None,
            raw=b"", **fields):
        """
        A segment of this connection; seq and ack are absolute. Options are
        scapy's, or raw bytes, a multiple of four of them.
        """
        if ack is None:
            ack = self.rcv
        ip = self.host.ip() if src is None else self.host.ip(src=src)
        fields = {"window": self.window, **fields}
        if raw:
            options, data = (), raw + data
            fields["dataofs"] = 5 + len(raw) // 4
        return ip / TCP(sport=self.sport, dport=self.port, flags=flags,
                        seq=(self.nxt if seq is None else seq) & 0xffffffff,
                        ack=ack & 0xffffffff, options=list(options),
                        **fields) / bytes(data)

    def send(self, flags="A", data=b"", **fields):
        """A segment at the place where we are; moves on behind it."""
        self.host.send(self.seg(flags, data, **fields))
        self.nxt = (self.nxt + len(data) + ("F" in str(flags))) & 0xffffffff

    def take(self, packet):
        """What a segment from the guest tells."""
        tcp = packet[TCP]
        if "R" in tcp.flags:
            self.reset = True
            return
        if "A" in tcp.flags:
            self.peer_window = tcp.window
        data = tcp_data(packet)
        at = (tcp.seq - self.irs - 1) & 0xffffffff
        if data and at < 1 << 30:
            self._store(at, data)
        if "F" in tcp.flags and not self.finished and \
                at + len(data) == self.in_order:
            self.finished = True
        if (data or "F" in tcp.flags) and self.acking:
            self.host.send(self.seg("A"))

    def _store(self, at, data):
        self.sizes.append(len(data))
        lack = at + len(data) - len(self.stream)
        if lack > 0:
            self.stream += bytes(lack)
            self.known += bytes(lack)
        for i, byte in enumerate(data, at):
            if self.known[i] and self.stream[i] != byte:
                self.changed = True
            self.stream[i] = byte
            self.known[i] = 1
        gap = self.known.find(0, self.in_order)
        self.in_order = len(self.known) if gap < 0 else gap

    def pump(self, until, within=PATIENCE):
        """Takes segments until until() is true; whether it became so."""
        end = time.monotonic() + within
        while not until():
            packet = self.host.next(end)
            if packet is None:
                return until()
            if self.ours(packet):
                self.take(packet)
        return True

    def receive(self, size, within=PATIENCE):
        """The next size bytes of the stream after what was received before."""
        start = getattr(self, "read", 0)
        self.pump(lambda: self.in_order >= start + size or self.reset, within)
        got = bytes(self.stream[start:min(self.in_order, start + size)])
        self.read = start + len(got)
        return got

    def echo(self, data=None):
        """Whether data comes back."""
        data = random.randbytes(100) if data is None else data
        for i in range(0, len(data), 1400):
            self.send("PA", data[i:i + 1400])
        return self.receive(len(data)) == data

    def abort(self):
        """Leaves nothing of the connection in the guest."""
        self.host.send(self.seg("R"))
        self.host.fence()
