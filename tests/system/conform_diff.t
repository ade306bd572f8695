#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Random operations on pollable files give the same results on Pollux as on this
Linux: tests/conform/diff, many seeds in one boot. SEEDS=FIRST:COUNT chooses
others; of the first seed that differs the trace around the difference is shown.
"""
import difflib
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import TOP, Vm, image

SOURCE = os.path.join(TOP, "tests/conform/diff")
COMPILER = {"CC_APP": "gcc", "CFLAGS_APP": "-O2 -static"}
STEPS = 400
KINDS = "petEE"  # what a seed makes: diff.h

t = Tap(deadline=300)
work = tempfile.TemporaryDirectory(prefix="pollux-diff-")
t.cleanup(work.cleanup)
program = os.path.join(work.name, "diff")
parts = [os.path.join(SOURCE, name) for name in ("diff.c", "steps.c")]
subprocess.run(["gcc", "-O2", "-static", "-o", program, *parts], check=True)


def both(first, count):
    """The lines of this Linux and of Pollux."""
    args = [str(first), str(count), str(STEPS), KINDS]
    linux = subprocess.run([program, *args], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=60,
                           check=True).stdout
    vm = Vm(image(SOURCE, **COMPILER), append="loglevel=3",
            args=" ".join(args))
    t.equal(vm.wait(200), 0, f"differential: the program ends (seed {first}, "
            f"{count})")
    return linux.splitlines(), vm.text.replace("\r\n", "\n").splitlines()


def show(seed):
    linux, pollux = both(seed, "v")
    changes = difflib.unified_diff(linux, pollux, "Linux", "Pollux", n=8,
                                   lineterm="")
    t.diag("\n".join(list(changes)[:40]))


first, count = map(int, os.environ.get("SEEDS", "0:500").split(":"))
linux, pollux = both(first, count)
differ = [seed for seed in range(count)
          if seed >= len(pollux) or linux[seed] != pollux[seed]]
if not t.ok(not differ and len(pollux) == count,
            f"differential: {count} seeds of {STEPS} steps ({KINDS}) give the "
            f"same traces, from {first} on"):
    t.diag(f"{len(differ)} seeds differ; the first: {first + differ[0]}"
           if differ else "\n".join(pollux[count:]))
    if differ:
        show(first + differ[0])
t.done()
