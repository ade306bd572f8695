#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
No address of the kernel is in what ring 3 or the wire can read. The program
tests/system/apps/leaks makes every call, and sends all memory that it has afterwards; this
side makes the machine send frames of every kind. QEMU tells which addresses the
kernel really has in this boot: they are looked for as the CPU stores them, as the
network does, and in digits.
"""
import os
import random
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Monitor, Vm, image
from wire import (ACK, FIN, GATEWAY, MAC, PSH, RST, SYN, Peer, Wire, datagram,
                  icmp, ip_packet, segment)

# As QEMU prints an entry: where, to what, how; P: a large page.
PAGE = re.compile(r"^(f[0-9a-f]{15}): [0-9a-f]{16} [X-][G-]([P-])", re.M)
LARGE = 1 << 30  # none is larger
# Options of a SYN: MSS, SACK, timestamp, window scale.
OPTIONS = bytes.fromhex("020405b40402080a000000010000000001030307")
MEMORY = 500000  # the program has more than that

t = Tap(deadline=200)


class Recorder(Wire):
    """Keeps every frame, or what is in front of the data of a segment."""

    def __init__(self):
        super().__init__()
        self.frames = []
        self.only_heads = False

    def _frame(self, f):
        self.frames.append(f[:66] if self.only_heads else f)
        super()._frame(f)


class Kernel:
    """The addresses that the kernel has; pages: (address, size) of each."""

    def __init__(self, pages):
        self.pages = pages
        self.prefixes = {at >> 24 for at, _ in pages}

    def has(self, value):
        return any(at <= value < at + size for at, size in self.pages)

    def in_bytes(self, data, order):
        """Addresses that lie in the data as 64-bit words, wherever."""
        before = 3 if order == "little" else 0
        for prefix in self.prefixes:
            needle = prefix.to_bytes(5, order)
            at = data.find(needle)
            while at >= 0:
                word = data[max(at - before, 0):at - before + 8]
                if len(word) == 8 and self.has(int.from_bytes(word, order)):
                    yield f"{word.hex()} behind {data[max(at - 40, 0):at]}"
                at = data.find(needle, at + 1)

    def in_digits(self, data):
        for m in re.finditer(rb"[0-9a-fA-F]{16}", data):
            if self.has(int(m[0], 16)):
                yield m[0].decode()
        for m in re.finditer(rb"(?<![0-9])-?[0-9]{10,20}(?![0-9])", data):
            if self.has(int(m[0]) & (1 << 64) - 1):
                yield m[0].decode()


def found(kernel, data, orders=("little", "big")):
    """A few of the addresses in the data."""
    hits = [hit for order in orders for hit in kernel.in_bytes(data, order)]
    return (hits + list(kernel.in_digits(data)))[:10]


def frames_of_all_kinds(wire):
    """Whatever a stranger may send, so that the machine answers all it can."""
    for size in (0, 1, 17, 56, 1400):
        wire.send(icmp(GATEWAY, 8, 0, 1, bytes(size)))
        wire.send(datagram(GATEWAY, 99, 81, bytes(size)))
        wire.send(datagram(GATEWAY, 99, 9999, bytes(size)))  # nobody's port
    for n in range(200):
        wire.send(segment(GATEWAY, 1000 + n, 80, n, 0, SYN, 65535, OPTIONS))
    for flags in (0, SYN, ACK, FIN | ACK, RST, SYN | ACK, PSH | ACK):
        wire.send(segment(GATEWAY, 99, 9999, 5, 6, flags, 9))
        wire.send(segment(GATEWAY, 99, 80, 5, 6, flags, 9, data=b"xyz"))
    wire.send(icmp(GATEWAY, 13, 0, 1, bytes(12)))  # timestamp
    wire.send(ip_packet(GATEWAY, 200, b"no such protocol"))
    wire.send(ip_packet(GATEWAY, 17, bytes(64), 7, 0x2000))  # a fragment
    wire.send(ip_packet(GATEWAY, 2, bytes.fromhex("1164ee9b00000000"),
                        dst="224.0.0.1"))  # who is in which group?
    for size in range(14, 60):
        wire.send(random.randbytes(size))
    wire.arp_request(GATEWAY)
    wire.pump(2)


def memory_of(wire):
    """What the program sends of itself; None: it does not."""
    wire.only_heads = True
    peer = Peer(wire, options=OPTIONS, window=65535)
    until = again = time.monotonic() + 60
    while peer.state not in ("closed", "reset") and time.monotonic() < until:
        wire.pump(0.05)
        if time.monotonic() > again - 59:
            again = time.monotonic() + 60
            peer.repeat()
    return bytes(peer.text) if peer.state == "closed" else None


def kernel_of(monitor):
    return Kernel([(int(m[1], 16), LARGE if m[2] == "P" else 4096)
                   for m in PAGE.finditer(monitor.ask("info tlb"))])


def look(elf, name, **machine):
    wire, monitor = Recorder(), Monitor()
    vm = Vm(elf, append="ip=10.99.0.2/16 gw=10.99.0.1", net=wire.net,
            extra=monitor.options, **machine)
    for thing in (vm.kill, wire.close, monitor.close):
        t.cleanup(thing)
    wire.accept()
    ready = vm.wait_for("^leaks: ready", 60)
    if not t.ok(ready, f"{name}: every call was made"):
        t.diag(vm.text[-3000:])
        return
    kernel = kernel_of(monitor)
    t.ok(len(kernel.pages) > 100, f"{name}: the kernel's addresses are known")
    frames_of_all_kinds(wire)
    memory = memory_of(wire)
    t.ok(memory and len(memory) > MEMORY, f"{name}: the program's memory came")
    t.diag(f"{len(memory or b'')} bytes, {len(wire.frames)} frames")
    t.equal(found(kernel, memory or b"", ("little",)), [],
            f"{name}: none in memory of ring 3")
    t.equal(found(kernel, b"".join(wire.frames)), [], f"{name}: none on the wire")
    t.equal(found(kernel, vm.text.encode()), [], f"{name}: none in the log")
    vm.kill()


# That they would be found.
for text in ((0xFFFF8A3540123456).to_bytes(8, "little"),
             (0xFFFF8A3540123456).to_bytes(8, "big"), b"0xffff8a3540123456",
             b"18446614560045675606", b"-129513663876010"):
    t.equal(len(found(Kernel([(0xFFFF8A3540000000, 2 << 20)]),
                      b"abc" + text + b" def")), 1,
            "leaks: an address would be found")
elf = image(os.path.join(APPS, "leaks"), CC_APP="gcc",
            CFLAGS_APP="-O2 -static")
look(elf, "leaks: q35", mem="96M")
look(elf, "leaks: microvm, without XSAVE", machine="microvm", cpu="qemu64",
     mem="96M")
t.done()
