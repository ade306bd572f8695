#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
How an application ends is how the machine ends, and with what status tools/run
does; make run fails when it was not 0.
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, TOP, Vm, image, run_script

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


for how in ("0", "3", "null"):
    run = run_script(elf, NET="none", ARGS=how)
    t.equal(run.returncode, ENDS[how],
            f"exit: tools/run with {how} returns {ENDS[how]}")
    said = [f"run: the application ended with status {ENDS[how]}"]
    t.equal(run.stderr.splitlines(), said if ENDS[how] else [],
            f"exit: and says {'so' if ENDS[how] else 'nothing'}")
run = run_script(elf, NET="none", ARGS="0", MEM="banana")
t.ok(run.returncode == 2 and "MEM=banana" in run.stderr,
     "exit: tools/run with a setting that makes no sense returns 2")


def make_run(*settings):
    return subprocess.run(["make", "-s", "run", "NET=none", *settings],
                          cwd=TOP, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120)


run = make_run("APP=apps/hello", "ARGS=one two")
t.equal(run.returncode, 0, "exit: make run APP=apps/hello returns 0")
t.ok("Hello from Pollux.\nargument 1: one\nargument 2: two\n" in run.stdout,
     "exit: hello prints its line and its arguments")
run = make_run(f"APP={DIE}", "ARGS=3")
t.equal(run.returncode, 2, "exit: make run fails when the application does")
t.ok("run: the application ended with status 3\n" in run.stderr,
     "exit: and a line tells its status")
t.done()
