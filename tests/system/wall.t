#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The time of day of a machine that was stopped: right again, and who waits for
a time of day notices.
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Qmp, Vm, image

PAUSE = 5

t = Tap(deadline=120)
elf = image(os.path.join(APPS, "restore.c"))


def start(*rtc):
    qmp = Qmp()
    t.cleanup(qmp.close)
    vm = Vm(elf, extra=qmp.options + ["-rtc", ",".join(("base=utc", *rtc))])
    t.cleanup(vm.kill)
    if not vm.wait_for("restore: ready"):
        t.diag(vm.text)
    return vm, qmp


def asked_time(vm, nth):
    """What the machine says, and the host's time before and after."""
    before = time.time()
    vm.type("t")
    found = vm.wait_for(r"(?:time: [^\n]*\n[^\0]*?){%d}time: (\S+) (\S+) (\S+)\n"
                        % nth)
    return [float(x) for x in found.groups()], before, time.time()


def stop(vm, qmp):
    qmp.execute("stop")
    time.sleep(PAUSE)
    qmp.execute("cont")


vm, qmp = start()
(real, again, mono), before, after = asked_time(vm, 0)
t.ok(before - 1 <= real <= after + 1, "wall: right within a second at boot")
vm.type("s")
vm.wait_for("sleepers: started")
stop(vm, qmp)
t.ok(vm.wait_for("clock: set forward by"), "wall: a pause is noticed")
t.ok(vm.wait_for("woken: monotonic", 60), "wall: all sleepers wake")
(real, again, later), before, after = asked_time(vm, 1)
t.ok(before - 1 <= real <= after + 1, "wall: the time is right again")
t.ok(real <= again < real + 10, "wall: the vDSO and the kernel agree")
t.ok(later > mono, "wall: the monotonic clock goes on")
order = [line.split()[1] for line in vm.text.splitlines()
         if line.startswith("woken: ")]
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
t.done()
