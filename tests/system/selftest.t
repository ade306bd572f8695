#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The kernel's own proofs that it is protected, on each kind of machine; and that
an overrun of a buffer on its stack ends it.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import Vm, image

PROOFS = 20  # at least: those that every CPU can give

t = Tap(deadline=300)
elf = image("apps/echo")


def prove(name, kernel=elf, **machine):
    vm = Vm(kernel, append="selftest", **machine)
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

vm = Vm(elf, append="selftest=overrun")
t.equal(vm.wait(30), "panic", "selftest: a frame that was overrun is a panic")
t.ok("panic: a buffer on the kernel's stack was overrun" in vm.text,
     "selftest: the report says why")
t.done()
