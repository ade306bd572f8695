#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A device that lies: tests/system/liar is the network device of a machine that
serves. It answers with wrong ids, lengths and indices, headers that nobody
agreed on, interrupts without cause or none at all; it changes descriptors and
rings that are lent to it; its link goes and comes, it wants to be reset, and it
goes away. After each round of lies it behaves, and the machine serves again
within a second; the connection from before is still there; the device was never
lent what is not a buffer, and no page that it was not lent has changed.

LIES=1000000 (make lies) is how many lies the machines hear, together.
"""
import collections
import os
import random
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import in_use, memory_is_back
from liar import ANY_LAYOUT, EVENT_IDX, EVERYTHING, PACKED, VERSION_1, Liar
from tap import Tap
from wire import Peer

LIES = int(os.environ.get("LIES", "24000"))
ROUND = min(5000, LIES // 24)
FATAL_EVERY = (50, 500, 5000)  # one of so many lies, a round each
ONLY_FATAL = 50
NEEDS = 5 # times that the device needs a reset
CANARIES = 512

# Seconds that a client waits after the last lie, on a host with nothing else to
# do, and how far this one may be from that.
PROMISE = 1
PATIENCE = 20

# What, machine, what the device offers, its other properties, more for QEMU.
MACHINES = (
    ("modern", "q35", VERSION_1 | EVENT_IDX, "disable-legacy=on"),
    ("legacy", "pc", ANY_LAYOUT | EVENT_IDX, "disable-modern=on"),
    ("MMIO", "microvm", VERSION_1, "", "-global", "virtio-mmio.force-legacy=off"),
    ("all offers", "q35", VERSION_1 | EVENT_IDX | PACKED | EVERYTHING,
     "packed=on"),
)

t = Tap(deadline=850 + LIES // 100)


class Machine:
    """One with a lying device, an old connection, and canaries."""

    def __init__(self, name, machine, features, options, *extra):
        self.name = name
        self.liar = Liar(t.seed, features, options, machine, extra)
        t.cleanup(self.liar.close)
        if not self.ok(self.liar.wait_until_up(), "it serves"):
            t.diag(self.liar.vm.text)
            t.done()
        for gpa, size in self.liar.kept:
            self.liar.ask(f"keep {gpa} {size}")
        self.liar.file(f"CANARY {CANARIES}")
        self.equal(self.liar.ask("find"), {"pages": CANARIES},
                   "the canaries are found in its memory")
        self.old = Peer(self.liar.wire, dport=7)
        self.echo(self.old)
        self.fresh()
        self.counters()
        in_use(self.liar.file)
        self.before = in_use(self.liar.file)
        self.quick = statistics.median(self.fresh() for _ in range(5))
        self.worst = 0

    def ok(self, condition, name):
        return t.ok(condition, f"{self.name}: {name}")

    def equal(self, got, want, name):
        return t.equal(got, want, f"{self.name}: {name}")

    def echo(self, peer):
        """Seconds until a message is back, byte for byte."""
        message = random.randbytes(random.randint(1, 1400))
        took = peer.ask(message, len(message), PATIENCE)
        if took is None:
            raise TimeoutError("no echo")
        if peer.text[-len(message):] != message:
            raise ValueError("the echo is another one")
        return took

    def fresh(self):
        """The same on a new connection."""
        client = Peer(self.liar.wire, dport=7)
        took = self.echo(client)
        client.end()
        return took

    def served(self, since):
        """
        A new client after so many seconds without a lie. What was on its way is
        lost, and a client would send that again after a second: it is a ping.
        """
        start = time.monotonic()
        while not self.liar.wire.ping(0.05):
            if time.monotonic() > start + PATIENCE:
                raise TimeoutError("no answer")
        self.fresh()
        self.worst = max(self.worst, since + time.monotonic() - start)

    def lie(self, count, fatal_every, meanwhile):
        """So many lies while something else is done; how many were told."""
        self.liar.say(f"lie {count} {fatal_every}")
        meanwhile()
        self.served(self.liar.answer(PATIENCE * 6)["since_us"] / 1e6)

    def use_old(self):
        self.echo(self.old)

    def counters(self):
        return self.liar.counters()

    def lie_in_rings(self, count):
        """Whatever a ring can say, and what the driver made of it."""
        self.lie(ONLY_FATAL, 1, self.use_old)
        count -= ONLY_FATAL
        rounds = 0
        while count > 0:
            self.lie(min(ROUND, count), FATAL_EVERY[rounds % 3], self.use_old)
            count -= ROUND
            rounds += 1
        said = self.liar.ask("stats")
        seen = self.counters()
        self.ok(said["stops"] == seen["dev_resets"] ==
                seen["dev_rx_bad_used"] + seen["dev_tx_bad_used"],
                f"{said['fatal']} fatal lies, {seen['dev_resets']} resets")
        self.ok(said["echoes"] > said["datagrams"] // 4 and
                not said["wrong_echoes"],
                f"{said['echoes']} of {said['datagrams']} datagrams came back")
    def set_link(self, up):
        self.liar.qmp.execute("set_link", name="n0", up=up)

    def flap(self):
        for _ in range(10):
            self.set_link(False)
            self.liar.wire.pump(random.random() / 50)
            self.set_link(True)
            self.liar.wire.pump(random.random() / 50)

    def change_configuration(self):
        """A link that goes and comes under lies that the driver has to bear."""
        for _ in range(3):
            self.lie(ROUND // 4, 0, self.flap)
        self.use_old()

    def want_reset(self):
        """QEMU finds what the guest sent spoilt, and asks for it."""
        before = self.counters()["dev_needs_reset"]
        for n in range(NEEDS):
            while not self.liar.ask("spoil")["frames"]:
                self.liar.wire.ping(0.1)
            self.set_link(False)
            self.liar.wire.pump(0.1)
            self.set_link(True)
            self.served(0)
            end = time.monotonic() + PATIENCE
            while (resets := self.counters()["dev_needs_reset"] - before) <= n \
                    and time.monotonic() < end:
                self.liar.wire.pump(0.1)
        self.equal(resets, NEEDS, "it is reset when it asks for it")

    def go_away(self):
        for ms in (1, 50, 500):
            self.liar.ask(f"reconnect {ms}")
            self.served(0)
        self.use_old()

    def end(self):
        said = self.liar.ask("stats")
        allowed = PROMISE * max(1, self.quick / 0.05) * 3
        self.ok(self.worst <= min(allowed, PATIENCE),
                f"{said['told']} lies, and after each round it serves")
        t.diag(f"{self.name}: at worst {self.worst:.3f} s after the last lie; "
               f"without lies {self.quick:.3f} s")
        self.old.end()
        memory_is_back(t, self.before, f"{self.name}: all memory is back",
                       read=self.liar.file)
        self.equal(self.liar.ask("verify"), {"changed": 0},
                   "no page has changed that was not lent")
        self.equal(self.liar.file(f"CANARY {CANARIES}"), str(CANARIES),
                   "and the application finds its own as they were")
        self.equal(self.liar.complaints, [],
                   "whatever was posted was a buffer, and lent once")
        self.equal([word for word in ("panic", "assert", "fault")
                    if word in self.liar.vm.text.lower()], [],
                   "nothing on the console")
        told.update(said)


def lie_to(name, machine, features, *options):
    m = Machine(name, machine, features, *options)
    try:
        m.lie_in_rings(LIES // len(MACHINES))
        m.change_configuration()
        if machine == "q35":  # legacy devices cannot ask, others do not
            m.want_reset()
        m.go_away()
        m.end()
    except (OSError, ValueError) as e:
        m.ok(False, f"the machine is still there: {e}")
        t.diag("\n".join(m.liar.complaints[:20]) + "\n" +
               m.liar.vm.text[-2000:])


told = collections.Counter()
start = time.monotonic()
for machine in MACHINES:
    lie_to(*machine)
t.equal([kind for kind, n in told.items()
         if kind.startswith("lie_") and not n], [], "each kind of lie was told")
t.diag(f"{told['told']} lies, {told['fatal']} of them fatal, in "
       f"{time.monotonic() - start:.0f} s:\n" +
       " ".join(f"{kind[4:]} {n}" for kind, n in told.items()
                if kind.startswith("lie_")))
t.done()
