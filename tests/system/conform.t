#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The programs of tests/conform do on Pollux what they do on this Linux: what
each writes is the same, byte for byte, and so is its status. CONFORM="name..."
chooses programs, LIBC="musl..." what they are compiled with.
"""
import concurrent.futures
import difflib
import glob
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import TOP, Vm, image

# Without warnings (-w): the programs make bad calls on purpose.
COMPILERS = {
    "musl": ("musl-gcc", "-O2 -w -static"),
    "glibc": ("gcc", "-O2 -w -static"),
    "glibc-pie": ("gcc", "-O2 -w -static-pie"),
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
    program = os.path.join(work.name, os.path.basename(source)[:-2])
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


def differences(want, got):
    return "\n".join(difflib.unified_diff(
        want.splitlines(), got.splitlines(), "Linux", "Pollux", n=1,
        lineterm=""))


def compare(name, libc):
    """Two results: whether it is right, its name, what to say if not."""
    title = f"conform: {name} ({libc}) on"
    source = os.path.join(TOP, "tests/conform", name + ".c")
    try:
        want_status, want = on_linux(source, *COMPILERS[libc])
        status, got = on_pollux(source, *COMPILERS[libc])
    except (subprocess.SubprocessError, RuntimeError) as error:
        yield False, f"{title} both", str(error)
        return
    bad = [line for line in want.splitlines() if not line.startswith("ok ")]
    yield want_status == 0, f"{title} Linux", "\n".join(bad)
    count = sum(line.startswith("ok ") for line in want.splitlines())
    yield ((status, got) == (want_status, want),
           f"{title} Pollux: the same {count} lines",
           f"status {status}, on Linux {want_status}\n"
           + differences(want, got))


def compare_all(name):
    """One program after another is compiled to the same place."""
    return [result for libc in chosen("LIBC", COMPILERS)
            if name in ONLY.get(libc, [name])
            for result in compare(name, libc)]


sources = sorted(glob.glob(os.path.join(TOP, "tests/conform/*.c")))
programs = chosen("CONFORM", [os.path.basename(s)[:-2] for s in sources])
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for results in pool.map(compare_all, programs):
        for right, title, said in results:
            if not t.ok(right, title):
                t.diag(said)
t.done()
