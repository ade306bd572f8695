#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
No system call keeps other threads from running for long, whatever its size.

QEMU counts instructions for time (`-icount shift=0`), and so do the program's
figures: they do not depend on the machine that runs the test.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Vm, image

LIMIT = 2000000  # instructions: 2 ms of a CPU that makes a thousand in a us
COUNTING = ("-icount", "shift=0,sleep=off", "-seed", "1",
            "-rtc", "base=2026-01-01,clock=vm")

t = Tap(deadline=600)
vm = Vm(image(os.path.join(APPS, "latency")), mem="512M", extra=COUNTING)
t.cleanup(vm.kill)
status = vm.wait(540)
text = vm.text.replace("\r", "")
t.ok(status == 0 and re.search(r"^done$", text, re.M),
     "latency: the program came to its end")
longest = {m[1]: int(m[2]) for m in
           re.finditer(r"^([a-z]\S*) (\d+)(?: \(.*\))?$", text, re.M)}
t.ok(len(longest) > 60, f"latency: {len(longest)} calls were measured")
for call, gap in longest.items():
    t.ok(gap < LIMIT, f"latency: {call}: others run within {gap / 1e6:.2f} ms")
if t.failed:
    t.diag(text)
t.done()
