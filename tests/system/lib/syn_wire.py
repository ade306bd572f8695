# SPDX-License-Identifier: MIT
"""
A wire to a machine that needs no device of this one: QEMU hands over each
frame on a socket. Its other end is one host that answers ARP, sends SYNs and
remembers what was answered.
"""
import os
import socket
import struct
import tempfile
import threading
import time

GUEST, HOST = "10.99.0.2", "10.99.0.1"
GUEST_MAC = bytes.fromhex("525400123456")
HOST_MAC = bytes.fromhex("525400000001")

SYN, RST, SYN_ACK = 0x02, 0x04, 0x12


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Wire:
    """Vm(..., extra=wire.options); nic: the device and its settings."""

    def __init__(self, nic="virtio-net-pci,romfile="):
        self.folder = tempfile.TemporaryDirectory(prefix="pollux-wire-")
        path = os.path.join(self.folder.name, "wire")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.options = ["-netdev", "stream,id=n0,server=off,addr.type=unix,"
                        f"addr.path={path}", "-device", f"{nic},netdev=n0"]
        self.more = threading.Condition()
        self.answers = {}  # our port: the first number of a SYN|ACK
        self.peer = None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        try:
            self.peer = self.listener.accept()[0]
            stream = self.peer.makefile("rb")
            while len(head := stream.read(4)) == 4:
                self._take(stream.read(struct.unpack("!I", head)[0]))
        except (OSError, ValueError):
            pass

    def _take(self, frame):
        kind = frame[12:14]
        if kind == b"\x08\x06" and frame[38:42] == socket.inet_aton(HOST):
            self._send(frame[6:12], b"\x08\x06", frame[14:20] + b"\0\2" +
                       HOST_MAC + frame[38:42] + frame[22:32])
        elif kind == b"\x08\x00" and frame[23] == 6:
            _, dport, seq = struct.unpack("!HHI", frame[34:42])
            if frame[47] == SYN_ACK:
                with self.more:
                    self.answers.setdefault(dport, seq)
                    self.more.notify_all()

    def _send(self, to, kind, payload):
        frame = (to + HOST_MAC + kind + payload).ljust(60, b"\0")
        self.peer.sendall(struct.pack("!I", len(frame)) + frame)

    def _tcp(self, port, flags, seq):
        source, target = socket.inet_aton(HOST), socket.inet_aton(GUEST)
        tcp = struct.pack("!HHIIBBHHH", port, 7, seq, 0, 0x50, flags, 65535,
                          0, 0)
        check = checksum(source + target + struct.pack("!BBH", 0, 6, 20) + tcp)
        tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + \
            source + target
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self._send(GUEST_MAC, b"\x08\x00", ip + tcp)

    def numbers(self, ports, seq=5000, timeout=30):
        """A SYN from each port to port 7, until each has its SYN|ACK."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            missing = [p for p in ports if p not in self.answers]
            if not missing:
                break
            for port in missing:
                if self.peer:
                    self._tcp(port, SYN, seq)
            with self.more:
                self.more.wait_for(lambda: all(p in self.answers
                                               for p in ports), 1)
        return [self.answers.get(p) for p in ports]

    def forget(self, ports, seq=5000):
        """Resets what numbers() opened."""
        for port in ports:
            self._tcp(port, RST, seq + 1)
            self.answers.pop(port, None)

    def close(self):
        self.listener.close()
        if self.peer:
            self.peer.shutdown(socket.SHUT_RDWR)
            self.peer.close()
        self.folder.cleanup()
