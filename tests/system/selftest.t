#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The kernel's own proofs that it is protected, on each kind of machine; and that
bugs made on purpose end it with a report.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import Vm, image

PROOFS = 21  # at least: those that every CPU can give

# Bugs of kernel/selftest_bugs.c, and what the panic says.
WRITTEN = "slab cache bug: an object was written to after its free"
BUGS = {
    "overrun": "a buffer on the kernel's stack was overrun",
    "stack-overflow": "page fault .* guard page of a kernel stack|kernel stack overflow",
    "write-link": WRITTEN,
    "write-mark": WRITTEN,
    "double-free": "slab cache bug: double free",
    "wrong-cache": "slab cache bug: free of another cache's object",
    "inner-pointer": "slab cache bug: free of an address within a slab",
    "stack-pointer": "slab cache bug: free of what is no object",
    "page-double-free": "page 0x[0-9a-f]+: double free",
    "page-order": "page 0x[0-9a-f]+: free of what is no such block",
    "page-links": "page 0x[0-9a-f]+: a free list's links disagree",
}
# Those that only slub_debug sees.
FILLED = {
    "write-rest": WRITTEN,
    "page-write": "page 0x[0-9a-f]+: written to after its free",
}

t = Tap(deadline=300)
elf = image("apps/echo")


def prove(name, kernel=elf, append="selftest", **machine):
    vm = Vm(kernel, append=append, **machine)
    status = vm.wait(60)
    good = re.findall(r"^ok \d+ - selftest", vm.text, re.M)
    plan = re.search(r"^1\.\.(\d+)$", vm.text, re.M)
    skipped = vm.text.count("# SKIP")
    if not t.ok(status == 0 and plan and len(good) == int(plan[1]) and
                len(good) - skipped >= PROOFS and "not ok" not in vm.text,
                f"selftest: {name}"):
        t.diag(vm.text)
    return skipped


for machine in ("q35", "pc", "microvm", "microvm,acpi=off"):
    for cpu in ("max", "qemu64"):
        for mem in ("16M", "5G"):
            skipped = prove(f"{machine} {cpu} {mem}", machine=machine, cpu=cpu,
                            mem=mem)
            if cpu == "max":
                t.equal(skipped, 0, f"selftest: {machine} {mem}: nothing skipped")
if os.path.exists("/usr/share/OVMF"):
    prove("q35 by UEFI", kernel=image("apps/echo", "efi"), boot="uefi", mem="64M")

for bug, report in BUGS.items():
    vm = Vm(elf, append=f"selftest={bug}")
    t.equal(vm.wait(30), "panic", f"selftest: {bug}: the machine ends")
    if not t.ok(re.search(f"panic: {report}", vm.text), f"selftest: {bug}: says why"):
        t.diag(vm.text)
for bug, report in FILLED.items():
    vm = Vm(elf, append=f"slub_debug selftest={bug}")
    t.equal(vm.wait(30), "panic", f"selftest: slub_debug {bug}: the machine ends")
    if not t.ok(re.search(f"panic: {report}", vm.text),
                f"selftest: slub_debug {bug}: says why"):
        t.diag(vm.text)
prove("slub_debug", append="slub_debug selftest")
t.done()
