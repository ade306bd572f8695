#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A machine is saved once and restored twice: what both draw, and what is seen of
their secrets from the wire, differs.
"""
import os
import struct
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Monitor, Vm, image
from wire import GATEWAY, RST, SYN, Wire, segment

VMGENID = ["-device", "vmgenid,guid=auto"]
RNG = ["-device", "virtio-rng-pci"]

# Without a generation id the clock shows it, from half a second on beyond
# what the RTC's whole seconds leave open.
NOTICED_AFTER = 2.5

# A clock of 4 microseconds is in each initial sequence number: two machines
# with one key are less apart than this (64 s), two keys once in 64 times.
CLOCK = 1 << 24
HASH = (1 << 25) - 1  # of a SYN cookie

FEW, MANY = range(1000, 1004), range(2000, 2064)
COOKIES = MANY[-16:]  # the listener keeps four of those before

t = Tap(deadline=300)
elf = image(os.path.join(APPS, "restore.c"))
folder = tempfile.TemporaryDirectory(prefix="pollux-clone-")
t.cleanup(folder.cleanup)


class Numbers(Wire):
    """A host that sends SYNs, and the first number of each answer."""

    FIRST = 5000

    def __init__(self):
        super().__init__()
        self.guest_mac = bytes.fromhex("525400123456")
        self.answers = {}  # by our port

    def _tcp(self, dst, body):
        _, port, number, _, _, flags = struct.unpack_from("!HHIIBB", body)
        if flags & SYN:
            self.answers.setdefault(port, number)

    def of(self, ports):
        return [self.answers.get(port) for port in ports]

    def ask(self, ports, within=30):
        """A SYN from each port, again until each has its answer."""
        end = time.monotonic() + within
        while None in self.of(ports) and time.monotonic() < end:
            for port in ports:
                if port not in self.answers:
                    self.send(segment(GATEWAY, port, 7, self.FIRST, 0, SYN,
                                      65535))
            for _ in range(20):
                if None in self.of(ports):
                    self.pump(0.05)
        return self.of(ports)

    def forget(self, ports):
        """Resets what was opened."""
        for port in ports:
            self.send(segment(GATEWAY, port, 7, self.FIRST + 1, 0, RST, 0))
        self.answers.clear()


def start(cpu, devices, *more):
    wire = Numbers()
    vm = Vm(elf, append="ip=10.99.0.2/16 gw=10.99.0.1", mem="32M", cpu=cpu,
            net=wire.net, extra=[*devices, *more])
    t.cleanup(wire.close)
    t.cleanup(vm.kill)
    wire.accept()
    return vm, wire


def save(cpu, devices, path):
    """With all keys drawn, and nobody half-open."""
    monitor = Monitor()
    t.cleanup(monitor.close)
    vm, wire = start(cpu, devices, *monitor.options)
    vm.wait_for("restore: ready")
    drawn(vm)
    for ports in (FEW, MANY):
        if None in wire.ask(ports):
            t.diag("no answer before it was saved")
        wire.forget(ports)
    monitor.ask(f"migrate \"exec:cat>{path}\"")
    end = time.monotonic() + 60
    while "completed" not in monitor.ask("info migrate"):
        if time.monotonic() > end:
            t.diag(monitor.ask("info migrate"))
            break
        time.sleep(0.1)
    text = vm.text
    vm.kill()
    return text


def drawn(vm):
    """What is typed before the machine is restored is lost."""
    for _ in range(30):
        vm.type("d")
        found = vm.wait_for(r"drawn: (\w+) (\S+)\r?\n", 1)
        if found:
            return found.groups()
    return None


def close_numbers(a, b):
    return all(min((x - y) % (1 << 32), (y - x) % (1 << 32)) < CLOCK
               for x, y in zip(a, b))


def compare(cpu, devices, name):
    path = os.path.join(folder.name, "image")
    text = save(cpu, devices, path)
    if cpu == "qemu64" and RNG[1] not in devices:
        t.ok("random: no RDRAND, no virtio-rng" in text,
             f"clone: {name}: one line says that there is no source")
    else:
        t.ok("random: no" not in text, f"clone: {name}: there is a source")
    time.sleep(NOTICED_AFTER)
    clones = [start(cpu, devices, "-incoming", f"exec:cat {path}")
              for _ in range(2)]
    results = [drawn(vm) for vm, _ in clones]
    if not t.ok(None not in results, f"clone: {name}: both go on"):
        t.diag("\n".join(vm.text for vm, _ in clones))
        return
    t.ok(results[0][0] != results[1][0], f"clone: {name}: random numbers")
    t.ok(results[0][1] != results[1][1], f"clone: {name}: uuids")
    sign = ("random: the machine is a copy" if VMGENID[1] in devices
            else "clock: set forward")
    t.ok(all(vm.wait_for(sign) for vm, _ in clones),
         f"clone: {name}: it is noticed: {sign}")
    first, second = [wire.ask(FEW) for _, wire in clones]
    if t.ok(None not in first + second, f"clone: {name}: both answer"):
        t.ok(not close_numbers(first, second),
             f"clone: {name}: initial sequence numbers")
    for _, wire in clones:
        wire.ask(MANY)
    first, second = [wire.of(COOKIES) for _, wire in clones]
    if t.ok(None not in first + second, f"clone: {name}: to a flood, too"):
        t.ok(all((a ^ b) & HASH for a, b in zip(first, second)),
             f"clone: {name}: SYN cookies")
    for vm, _ in clones:
        vm.kill()


compare("max", [], "RDRAND")
compare("qemu64", VMGENID, "generation id")
compare("qemu64", RNG, "virtio-rng")
compare("qemu64", [], "no source")
compare("max", VMGENID + RNG, "all of them")
t.done()
