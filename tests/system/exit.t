#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How an application ends is how the machine, and make run, end."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, TOP, Vm, image

DIE = os.path.join(APPS, "die.c")
ENDS = {
    "0": 0, "3": 3, "255": 255,
    "null": 139, "kernel": 139, "noncanonical": 139, "rodata": 139,
    "data": 139, "stack": 139, "privileged": 139, "port": 139,
    "divide": 136, "illegal": 132, "breakpoint": 133, "abort": 134,
}

t = Tap(deadline=300)
elf = image(DIE)
for how, status in ENDS.items():
    vm = Vm(elf, args=how)
    got = vm.wait()
    t.equal(got, status, f"exit: {how} ends the machine with {status}")
    if 128 < status < 255 and how != "abort":
        t.ok("rip" in vm.text.lower() and "panic" not in vm.text.lower(),
             f"exit: {how} reports the application's registers, no panic")
    if got != status:
        t.diag(vm.text)


def make_run(*settings):
    return subprocess.run(["make", "-s", "run", "NET=none", *settings],
                          cwd=TOP, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120)


for how in ("0", "3", "null"):
    run = make_run(f"APP={DIE}", f"ARGS={how}")
    t.equal(run.returncode, ENDS[how],
            f"exit: make run with {how} returns {ENDS[how]}")
run = make_run("APP=apps/hello", "ARGS=one two")
t.equal(run.returncode, 0, "exit: make run APP=apps/hello returns 0")
t.ok("Hello from Pollux.\nargument 1: one\nargument 2: two\n" in run.stdout,
     "exit: hello prints its line and its arguments")
t.done()
