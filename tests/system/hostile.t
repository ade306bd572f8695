#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A server under attack: lib/attacks.py has the list. During each a connection
that was there before is answered, new ones are opened, served and closed, and
a ping comes back; afterwards everything that the attack held is free again.

Three machines: one of 16 MB with a thread for each connection, one of 64 MB
with one thread and an epoll, one of 512 MB with four threads that share one;
each attack meets one of them, and what must be free again is so at the end.
HOSTILE=all (make hostile): every attack meets every style at every size.
HOSTILE="silent gaps": these meet all. APPEND: more of the command line.
"""
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import attacks
from guest import in_use
from tap import Tap
from vm import APPS, Vm, image
from wire import GATEWAY, GUEST, Peer, Wire

STYLES = ("blocking", "events", "threads")
# Megabytes, connections of an attack, connections that the server allows.
SIZES = ((16, 60, 150), (64, 150, 1000), (512, 400, 4000))
SIZE = 200000
ROUNDS = 2

# What a client waits at most on a host with nothing else to do, and how far
# this one may be from that.
PROMISE = 2
PATIENCE = 15

# Ends by itself, within 60 seconds.
LASTING = {"tcp_time_wait"}

# The table of descriptors grows, and does not shrink.
FEW = 128

chosen = os.environ.get("HOSTILE", "")
thorough = bool(chosen)
t = Tap(deadline=7200 if thorough else 850)


class Machine:
    """A booted server, and its clients."""

    def __init__(self, style, size):
        self.memory, self.crowd, limit = size
        self.name = f"{style}, {self.memory} MB"
        self.wire = Wire()
        more = os.environ.get("APPEND", "")
        self.vm = Vm(elf, f"ip={GUEST}/16 gw={GATEWAY} {more}",
                     f"{style} {limit}", mem=str(self.memory),
                     net=self.wire.net)
        self.wire.accept()
        if not self.vm.wait_for("hostile_srv: listening", 60):
            t.ok(False, f"{self.name}: the server starts")
            t.diag(self.vm.text)
            return
        while not self.wire.ping(1):
            self.wire.arp_request(GATEWAY)
        self.old = Peer(self.wire)
        self.old.ask(b"GET 1000\n", 1000, PATIENCE)
        self.quick = statistics.median(self.fresh() or PATIENCE
                                       for _ in range(3))
        self.file("/proc/slabinfo")
        self.before = self.in_use()

    def fresh(self):
        """Seconds until a new client had its answer, or None."""
        client = Peer(self.wire)
        took = client.ask(b"GET %d\n" % SIZE, SIZE, PATIENCE)
        if took is None:
            client.abort()
        else:
            client.end()
        return took

    def file(self, path):
        client = Peer(self.wire)
        client.ask(b"FILE %s\n" % path.encode(), None, PATIENCE)
        client.end()
        return client.text.rstrip(b"\0").decode()

    def in_use(self):
        self.file("DRAIN")
        return {k: n for k, n in in_use(self.file)[1].items()
                if k not in LASTING}

    def look(self, attack):
        """The attack goes on for so long, and then a look at each client."""
        end = time.monotonic() + 0.7
        for _ in attack:
            self.wire.pump(0.002)
            if time.monotonic() > end:
                break
        return {"new": self.fresh(),
                "old": self.old.ask(b"GET 20000\n", 20000, PATIENCE),
                "ping": self.wire.ping(PATIENCE)}

    def stop(self):
        """Whoever is not honest is gone."""
        self.wire.pump(0.3)
        self.wire.absent.clear()
        for peer in list(self.wire.connections.values()):
            if peer is not self.old:
                peer.abort()
        self.wire.pump(0.2)

    def grown(self, within=90):
        """Objects that are not back."""
        end = time.monotonic() + within
        while True:
            now = self.in_use()
            grown = {k: (self.before.get(k, 0), n) for k, n in now.items()
                     if n > self.before.get(k, 0) +
                     (FEW if k.startswith("kmalloc-") else 0)}
            if not grown or time.monotonic() > end:
                return grown
            self.wire.pump(0.5)

    def counted(self):
        """The counters that tell of memory, those that are not zero."""
        found = [line for line in self.file("/proc/net/pollux").splitlines()
                 if not line.endswith(" 0")]
        return " ".join(line for line in found if any(
            word in line for word in ("tcp_drop", "abort", "prune", "evict",
                                      "listen", "cookies", "short")))

    def run(self, attack):
        name = f"{attack.__name__}, {self.name}"
        running = attack(self.wire, self.crowd)
        looks = [self.look(running) for _ in range(ROUNDS)]
        running.close()
        worst = {k: max(look[k] or 99 for look in looks) for k in looks[0]}
        text = " ".join(f"{k} {v:.2f}" for k, v in worst.items())
        allowed = PROMISE * max(1, self.quick / 0.1) * 3
        if not t.ok(max(worst.values()) <= min(allowed, PATIENCE),
                    f"hostile: {name}: clients are served"):
            t.diag(self.counted())
        t.diag(f"{name}: worst of {ROUNDS}, in s: {text}; "
               f"without attack {self.quick:.2f}")
        self.stop()
        if thorough:
            self.all_is_free(name)

    def all_is_free(self, name):
        grown = self.grown()
        if not t.ok(not grown, f"hostile: {name}: all is free again"):
            t.diag(f"objects before, after: {grown}")
            self.before = self.in_use()

    def end(self):
        if not thorough:
            self.all_is_free(self.name)
        t.ok("panic" not in self.vm.text.lower() and
             "assert" not in self.vm.text.lower(),
             f"hostile: {self.name}: no panic, no assertion on the console")
        self.vm.kill()
        self.wire.close()


def attack_machine(style, size, some):
    machine = Machine(style, size)
    t.cleanup(machine.vm.kill)
    try:
        for attack in some:
            machine.run(attack)
        machine.end()
    except OSError:
        t.ok(False, f"hostile: {machine.name}: the machine is still there")
        t.diag(machine.vm.text[-2000:])


elf = image(os.path.join(APPS, "hostile_srv.c"))
if thorough:
    wanted = chosen.split()
    for style in STYLES:
        for size in SIZES:
            attack_machine(style, size, [
                a for a in attacks.ALL
                if wanted == ["all"] or a.__name__ in wanted])
else:
    for n in range(3):
        attack_machine(STYLES[n], SIZES[n], attacks.ALL[n::3])
t.done()
