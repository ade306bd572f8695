#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Every boot has another layout, of the kernel (as QEMU walks its page tables)
and of the application (as it says itself), whether the CPU has a random number
generator or not; nokaslr has always the same.
"""
import concurrent.futures
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import Monitor, Vm, image

BOOTS = {"max": 100, "qemu64": 30}
# Each part has at least 2^15 places: of 100 boots two may share one now and
# then, more than five pairs do so once in 10^8 runs.
SHARED = 5

# The parts of the kernel's half, from where on, and what the tables map.
DIRECT, DEVICES, IMAGE = 0xFFFF888000000000, 0xFFFFC90000000000, 0xFFFFFF8000000000
ENTRY = re.compile(r"^(f[0-9a-f]{15}): ([0-9a-f]{16}) ", re.M)
STACKS = 256 << 30  # how far behind the devices
USER = ("program", "heap", "mapped", "vdso", "stack")

t = Tap(deadline=300)
elf = image("tests/system/apps/places.c", CC_APP="gcc",
            CFLAGS_APP="-O2 -static-pie")


def layout(append, cpu):
    """Where everything is, by name; None when the machine does not get up."""
    monitor = Monitor()
    vm = Vm(elf, append=append, cpu=cpu, mem="32M", extra=monitor.options)
    try:
        if not vm.wait_for("^ready"):
            return None
        pages = [(int(m[1], 16), int(m[2], 16))
                 for m in ENTRY.finditer(monitor.ask("info tlb"))]
    finally:
        vm.kill()
        monitor.close()
    places = {name: int(re.search(rf"^{name} 0x([0-9a-f]+)", vm.text, re.M)[1], 16)
              for name in USER}
    places["direct map"] = min(va - pa for va, pa in pages
                               if DIRECT <= va < DEVICES)
    mapped = [va for va, _ in pages if DEVICES <= va < IMAGE]
    places["devices"] = min(mapped)
    places["kernel stacks"] = min(va for va in mapped
                                  if va >= min(mapped) + STACKS)
    places["kernel"] = min(va for va, _ in pages if va >= IMAGE)
    return places


def differ(layouts, boots, what):
    found = [place for place in layouts if place]
    t.equal(len(found), boots, f"kaslr: {what}: every boot gets up")
    if not found:
        return
    t.equal(len({tuple(place.items()) for place in found}), boots,
            f"kaslr: {what}: {boots} boots have {boots} layouts")
    for name in found[0]:
        seen = len({place[name] for place in found})
        t.ok(seen >= boots - SHARED, f"kaslr: {what}: {name}: another place")


def symbol(name):
    out = subprocess.run(["nm", elf[:-4] + ".dbg"], capture_output=True,
                         text=True, check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) . {name}$", out, re.M)[1], 16)


with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for cpu, boots in BOOTS.items():
        differ(list(pool.map(lambda _: layout("", cpu), range(boots))), boots,
               f"-cpu {cpu}")
    fixed = list(pool.map(lambda cpu: layout("nokaslr", cpu),
                          ("max", "max", "qemu64", "qemu64")))
    user = list(pool.map(lambda cpu: layout("norandmaps", cpu),
                         ("max", "qemu64")))
t.ok(fixed[0] and all(places == fixed[0] for places in fixed),
     "kaslr: nokaslr: every boot has the same layout")
t.equal(hex(fixed[0]["kernel"]), hex(symbol("_text")),
        "kaslr: nokaslr: the kernel is where its symbols say")
t.equal([user[0][name] for name in USER], [fixed[0][name] for name in USER],
        "kaslr: norandmaps: the application is where nokaslr has it")
t.ok(user[0]["kernel"] != user[1]["kernel"],
     "kaslr: norandmaps: the kernel moves")

# "--" ends what is the kernel's, and a word is a whole word.
t.ok(layout("nokaslrx kaslr=nokaslr", "max")["kernel"] != fixed[0]["kernel"],
     "kaslr: nokaslr is a word of its own")
t.done()
