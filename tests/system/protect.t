#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the page tables of a running machine allow: QEMU walks them for us."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import Monitor, Vm, image

USER_END = 0x7FFFFFFFF000
# As QEMU prints an entry: no-execute, global, large, dirty, accessed, two
# cache bits, user, writable.
ENTRY = re.compile(r"^([0-9a-f]{16}): [0-9a-f]{16} ([X-])[G-][P-]"
                   r"[D-][A-][C-][T-]([U-])([W-])$", re.M)

t = Tap(deadline=120)
elf = image("apps/echo")
for machine, cpu, mem in (("q35", "max", "64M"), ("pc", "qemu64", "16M"),
                          ("q35", "max", "5G")):
    name = f"protect: {machine} {cpu} {mem}"
    monitor = Monitor()
    t.cleanup(monitor.close)
    vm = Vm(elf, machine=machine, cpu=cpu, mem=mem, extra=monitor.options)
    vm.wait_for("listening|port 7")
    pages = [(int(m[1], 16), m[2] == "X", m[3] == "U", m[4] == "W")
             for m in ENTRY.finditer(monitor.ask("info tlb"))]
    registers = monitor.ask("info registers")
    vm.kill()
    kernel = [p for p in pages if p[0] >= 1 << 47]
    user = [p for p in pages if p[0] < 1 << 47]
    t.ok(len(kernel) > 20 and len(user) > 5, f"{name}: tables were read")
    t.equal([hex(p[0]) for p in pages if p[3] and not p[1]], [],
            f"{name}: nothing is both writable and executable")
    t.equal([hex(p[0]) for p in kernel if p[2]], [],
            f"{name}: no page of the kernel is the application's")
    t.equal([hex(p[0]) for p in user if not p[2]], [],
            f"{name}: no page of the kernel is in the application's half")
    t.equal([hex(p[0]) for p in user
             if p[0] < 0x10000 or p[0] >= USER_END], [],
            f"{name}: nothing at page zero nor at the end of user space")
    cr0, cr4 = (int(re.search(f"{r}=([0-9a-f]+)", registers)[1], 16)
                for r in ("CR0", "CR4"))
    t.ok(cr0 >> 16 & 1, f"{name}: the kernel cannot write read-only pages")
    if cpu == "max":
        t.equal([bit for bit in (11, 20, 21) if not cr4 >> bit & 1], [],
                f"{name}: UMIP, SMEP and SMAP are on")
t.done()
