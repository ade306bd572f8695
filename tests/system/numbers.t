#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Numbers that run out, from the application's side."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Vm, image

t = Tap(deadline=120)
vm = Vm(image(os.path.join(APPS, "numbers.c")),
        append="sysctl.kernel.pid_max=400")
t.cleanup(vm.kill)
t.equal(vm.wait(60), 0, "numbers: the application ends well")
for line, name in (
        ("pid_max: 400", "the largest number of a thread is what was asked for"),
        ("in turn: 0 failed, 0 wrong, all used again",
         "3000 threads in turn, with 100 numbers between them"),
        ("at once: 100, 100 found, then EAGAIN",
         "each number is one thread's, and then there are none"),
        ("afterwards: one more", "until threads end")):
    t.ok(line in vm.text, f"numbers: {name}")
if "afterwards: one more" not in vm.text:
    t.diag(vm.text)
t.done()
