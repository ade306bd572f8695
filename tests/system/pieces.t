#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Memory of which no two free pages are neighbours: what a program sends, opens,
waits for and reads needs no larger piece.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Vm, image

t = Tap(deadline=200)
elf = image(os.path.join(APPS, "pieces.c"))
for mem in "32M", "128M":
    vm = Vm(elf, mem=mem, net="none")
    t.cleanup(vm.kill)
    status = vm.wait(90)
    lines = re.findall(r"^pieces: (.*): (.*)\r?$", vm.text, re.M)
    wrong = [line for line in lines if line[1].strip() != "ok"]
    if not t.ok(status == 0 and len(lines) > 20 and not wrong,
                f"pieces: {mem}: every call works in single pages"):
        t.diag(f"status {status}, {wrong}")
        t.diag(vm.text)
t.done()
