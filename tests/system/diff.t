#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Random sequences of system calls give the same results on Pollux as on this
Linux (tests/diff/main.c). SEEDS=n for n seeds, FIRST=n for where they begin;
both are printed, and so is what differs.
"""
import glob
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import TOP, Vm, image

SOURCES = os.path.join(TOP, "tests/diff")
COMPILERS = {"musl": "musl-gcc", "glibc": "gcc"}
# The kinds of operations, and their shares of SEEDS for each C library.
KINDS = {"files": 4, "sockets": 4, "inet": 2}
FIXED = 1  # seeds from here on are run every time
OPERATIONS = 300  # of a seed
SEEDS = int(os.environ.get("SEEDS", 500))
# A boot's seeds, and the seconds they may take.
BATCH, BATCH_TIME = 2500, 300
AGAIN = 3
# Seeds that are looked at more closely, and lines of each before it differs.
SHOWN, CONTEXT = 3, 5

t = Tap(deadline=max(600, SEEDS))
work = tempfile.TemporaryDirectory(prefix="pollux-diff-")
t.cleanup(work.cleanup)


class Pair:
    """The tester, on this Linux and on Pollux."""

    def __init__(self, libc):
        compiler = COMPILERS[libc]
        self.program = os.path.join(work.name, libc)
        # The next build of the same sources goes to the same place.
        self.image = shutil.copy(
            image(SOURCES, CC_APP=compiler, CFLAGS_APP="-O2 -static"),
            self.program + ".elf")
        subprocess.run([compiler, "-O2", "-static", "-o", self.program,
                        *sorted(glob.glob(os.path.join(SOURCES, "*.c")))],
                       check=True)

    def on_linux(self, *args):
        return subprocess.run([self.program, *map(str, args)],
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=BATCH_TIME, check=True).stdout

    def on_pollux(self, *args):
        vm = Vm(self.image, append="loglevel=3",
                args=" ".join(map(str, args)))
        status = vm.wait(BATCH_TIME)
        if status != 0:
            t.diag(f"status {status}\n{vm.text[-2000:]}")
        return vm.text.replace("\r\n", "\n")

    def differing(self, first, count, kinds):
        """The seeds whose traces are not the same."""
        args = first, count, OPERATIONS, kinds
        want = hashes(self.on_linux(*args))
        got = hashes(self.on_pollux(*args))
        assert len(want) == count
        bad = [seed for seed in want if got.get(seed) != want[seed]]
        if kinds != "inet":
            return bad
        return [seed for seed in bad if not self.same_alone(seed, kinds)]

    def same_alone(self, seed, kinds):
        """
        Ports are chosen by chance: two sockets may have the same number, and
        on Pollux those of earlier seeds are in TIME_WAIT; a busy Linux delivers
        packets late. So a seed over the network counts only if it also differs
        each time it is run alone.
        """
        args = seed, 1, OPERATIONS, kinds
        got, want = set(), set()
        for _ in range(AGAIN):
            got |= set(hashes(self.on_pollux(*args)).values())
            want |= set(hashes(self.on_linux(*args)).values())
            if got & want:
                return True
        return False

    def show(self, seed, kinds):
        args = seed, 1, OPERATIONS, kinds, "trace"
        want = self.on_linux(*args).splitlines()
        got = self.on_pollux(*args).splitlines()
        t.diag(f"seed {seed}, {kinds}:")
        for i, pair in enumerate(zip(want, got)):
            if pair[0] != pair[1]:
                t.diag("\n".join(want[max(0, i - CONTEXT):i]))
                t.diag(f"Linux  {pair[0]}\nPollux {pair[1]}")
                return
        t.diag(f"{len(got)} lines instead of {len(want)}")


def hashes(text):
    return dict(re.findall(r"^seed (\d+) ([0-9a-f]{16})$", text, re.M))


def compare(libc, first, count, kinds):
    bad = []
    for start in range(first, first + count, BATCH):
        bad += pairs[libc].differing(
            start, min(BATCH, first + count - start), kinds)
    t.ok(not bad, f"diff: {count} seeds from {first} on, {kinds} ({libc})")
    if bad:
        t.diag(f"{len(bad)} seeds differ: {' '.join(bad[:50])}")
    for seed in bad[:SHOWN]:
        pairs[libc].show(seed, kinds)


pairs = {libc: Pair(libc) for libc in COMPILERS}
fresh = int(os.environ.get("FIRST", random.randrange(1000, 2**48)))
for which, part in KINDS.items():
    share = max(SEEDS // part, 1)
    compare("musl", FIXED, share, which)
    compare("glibc", fresh, share, which)
t.done()
