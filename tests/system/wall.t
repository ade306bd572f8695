#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The time of day of a machine that was stopped, or whose host's clock was set:
right again, and who waits for a time of day notices.
"""
import mmap
import os
import re
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, TOP, Qmp, Vm, image

PAUSE = 5

t = Tap(deadline=240)
elf = image(os.path.join(APPS, "restore.c"))


def start(*rtc):
    qmp = Qmp()
    t.cleanup(qmp.close)
    vm = Vm(elf, extra=qmp.options + ["-rtc", ",".join(("base=utc", *rtc))])
    t.cleanup(vm.kill)
    if not vm.wait_for("restore: ready"):
        t.diag(vm.text)
    return vm, qmp


def told(vm):
    return re.findall(r"^time: (\S+) (\S+) (\S+)\n", vm.text, re.M)


def asked_time(vm, within=30):
    """What the machine says, and the host's time before and after."""
    n, end = len(told(vm)), time.monotonic() + within
    before = time.time()
    vm.type("t")
    while len(told(vm)) == n and time.monotonic() < end:
        time.sleep(0.005)
    return [float(x) for x in told(vm)[n]], before, time.time()


def becomes_right(vm, ahead=0, within=30):
    """
    Whether the machine has this host's time, seconds ahead; and what it said
    last. QEMU's RTC begins at a whole second, and so may be almost one behind;
    what the machine makes of a reading is half a second off at most. A busy host
    shows the RTC's seconds late: a later reading corrects that.
    """
    end = time.monotonic() + within
    while True:
        said, before, after = asked_time(vm)
        right = before - 2 <= said[0] - ahead <= after + 1
        if right or time.monotonic() > end:
            return right, said
        time.sleep(0.5)


def stop(vm, qmp):
    qmp.execute("stop")
    time.sleep(PAUSE)
    qmp.execute("cont")


def woken(vm):
    return [line.split()[1] for line in vm.text.splitlines()
            if line.startswith("woken: ")]


vm, qmp = start()
right, (_, _, mono) = becomes_right(vm)
t.ok(right, "wall: right at boot")
vm.type("s")
vm.wait_for("sleepers: started")
stop(vm, qmp)
t.ok(vm.wait_for("clock: set forward by"), "wall: a pause is noticed")
t.ok(vm.wait_for("woken: monotonic", 60), "wall: all sleepers wake")
right, (real, again, later) = becomes_right(vm)
t.ok(right, "wall: the time is right again")
t.ok(real <= again < real + 10, "wall: the vDSO and the kernel agree")
t.ok(later > mono, "wall: the monotonic clock goes on")
order = woken(vm)
t.equal(order[0], "canceled", "wall: CANCEL_ON_SET is told first")
t.equal(sorted(order[1:-1]), ["futex", "nanosleep", "timerfd"],
        "wall: who waits for a time of day wakes before who waits as long")
vm.kill()

# A host whose RTC stops with the machine: nothing jumps.
vm, qmp = start("clock=vm")
stop(vm, qmp)
time.sleep(PAUSE)
vm.type("t")
t.ok(vm.wait_for("time: ") and "clock: set" not in vm.text,
     "wall: a clock that stood still, too, is left alone")
vm.kill()


# The host's clock is set: for this QEMU, which has a time of day of its own.

class HostClock:
    """with HostClock() as clock: start a machine; then clock.set(seconds)."""

    def __enter__(self):
        subprocess.run(["make", "-s", "build/hostclock.so"], cwd=TOP, check=True,
                       stdin=subprocess.DEVNULL)
        self.file = tempfile.NamedTemporaryFile(prefix="pollux-clock-")
        self.file.write(bytes(8))
        self.file.flush()
        self.map = mmap.mmap(self.file.fileno(), 8)
        os.environ["HOST_CLOCK"] = self.file.name
        os.environ["LD_PRELOAD"] = os.path.join(TOP, "build/hostclock.so")
        return self

    def __exit__(self, *_):
        del os.environ["LD_PRELOAD"], os.environ["HOST_CLOCK"]

    def set(self, ahead):
        self.map[:] = struct.pack("<q", ahead)
        self.ahead = ahead

    def followed(self, vm):
        """Whether the machine has that time, and its monotonic clock."""
        right, (_, _, mono) = becomes_right(vm, self.ahead)
        return right, mono


HOUR = 3600
with HostClock() as clock:
    vm, qmp = start()
clock.set(0)
right, mono = clock.followed(vm)
begun = time.monotonic()
t.ok(right, "wall: right at boot")
vm.type("s")
vm.wait_for("sleepers: started")
clock.set(HOUR)
right, _ = clock.followed(vm)
t.ok(right, "wall: the host's clock goes forward, the machine's follows")
t.ok(vm.wait_for(r"clock: set forward by 3(599|600)\.\d+ s"),
     "wall: it says by how much")
t.ok(vm.wait_for("woken: monotonic", 60), "wall: all sleepers wake")
order = woken(vm)
t.ok(order[0] == "canceled" and order[-1] == "monotonic" and len(order) == 5,
     "wall: who waits for a time of day at once")
for ahead, what in ((-2 * HOUR, "hours back"), (HOUR, "hours forward"),
                    (5, "back to five seconds ahead"), (0, "five seconds back")):
    clock.set(ahead)
    right, later = clock.followed(vm)
    t.ok(right, f"wall: {what}, and the machine's clock follows")
t.ok(0 < later - mono < time.monotonic() - begun + 2,
     "wall: the monotonic clock has heard nothing of it")
vm.kill()
t.done()
