#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The programs of tests/conform do on Pollux what they do on this Linux: what
each writes is the same, byte for byte, and so is its status. CONFORM="name..."
chooses programs, LIBC="musl..." what they are compiled with.
"""
import difflib
import glob
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import TOP, Vm, image

COMPILERS = {
    "musl": ("musl-gcc", "-O2 -static"),
    "glibc": ("gcc", "-O2 -static"),
    "glibc-pie": ("gcc", "-O2 -static-pie"),
}

# One program is enough to show that a third way of linking works.
ONLY = {"glibc-pie": ["threads"]}

t = Tap(deadline=600)
work = tempfile.TemporaryDirectory(prefix="pollux-conform-")
t.cleanup(work.cleanup)


def chosen(variable, names):
    wanted = os.environ.get(variable, "").split()
    return [name for name in names if not wanted or name in wanted]


def on_linux(source, compiler, flags):
    program = os.path.join(work.name, "program")
    subprocess.run([compiler, *flags.split(), "-o", program, source],
                   check=True)
    run = subprocess.run([program], stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=60,
                         check=False)
    return run.returncode, run.stdout


def on_pollux(source, compiler, flags):
    vm = Vm(image(source, CC_APP=compiler, CFLAGS_APP=flags),
            append="loglevel=3")
    status = vm.wait(60)
    return status, vm.text.replace("\r\n", "\n")


def compare(name, libc):
    source = os.path.join(TOP, "tests/conform", name + ".c")
    want_status, want = on_linux(source, *COMPILERS[libc])
    count = sum(line.startswith("ok ") for line in want.splitlines())
    if not t.equal(want_status, 0, f"conform: {name} ({libc}) on Linux"):
        t.diag("\n".join(line for line in want.splitlines()
                         if not line.startswith("ok ")))
    status, got = on_pollux(source, *COMPILERS[libc])
    same = t.ok((status, got) == (want_status, want),
                f"conform: {name} ({libc}) on Pollux: the same {count} lines")
    if not same:
        t.diag(f"status {status}, on Linux {want_status}")
        t.diag("\n".join(difflib.unified_diff(
            want.splitlines(), got.splitlines(), "Linux", "Pollux",
            n=1, lineterm="")))


sources = sorted(glob.glob(os.path.join(TOP, "tests/conform/*.c")))
for program in chosen("CONFORM", [os.path.basename(s)[:-2] for s in sources]):
    for which in chosen("LIBC", COMPILERS):
        if program in ONLY.get(which, [program]):
            compare(program, which)
t.done()
