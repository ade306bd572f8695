#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Every SYSRET and every IRETQ to ring 3, seen by QEMU's gdb stub just before it
is executed, while tests/conform/returns.c forges frames. A SYSRET to an address
that is not canonical is a fault of ring 0 on Intel's CPUs only, and so has to
be looked for where it does no harm.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from gdb import Gdb, instruction, symbol
from tap import Tap
from vm import TOP, Vm, image

KERNEL_CS, USER_DS, USER_CS = 0x08, 0x1B, 0x23
CANONICAL_END = 1 << 47
# CF PF AF ZF SF DF OF AC ID: the program's own; bit 1 and IF are always 1.
FREE, ALWAYS = 0x240CD5, 0x202
TF, RF = 0x100, 0x10000  # IRETQ alone resumes with them

t = Tap(deadline=300)
elf = image(os.path.join(TOP, "tests/conform/returns.c"))
sysret = instruction(elf, "sysretq")
iretq = symbol(elf, "return_iretq")
wrong, seen = [], {"sysret": 0, "iret": 0}


def look(kind, flags, allowed, holds, what):
    seen[kind] += 1
    if not holds or flags & ~allowed != ALWAYS:
        wrong.append(f"{kind}: flags {flags:#x}, {what}")


def stop(session):
    r = session.registers()
    if r["rip"] == sysret:
        look("sysret", r["r11"], FREE, r["rcx"] < CANONICAL_END,
             f"rip {r['rcx']:#x}")
        return
    rip, cs, flags, rsp, ss = session.words(r["rsp"], 5)
    if cs != KERNEL_CS:
        look("iret", flags, FREE | TF | RF, cs == USER_CS and ss == USER_DS,
             f"cs {cs:#x}, ss {ss:#x}, rip {rip:#x}, rsp {rsp:#x}")


gdb = Gdb(stopped=True)
t.cleanup(gdb.close)
vm = Vm(elf, append="nokaslr", extra=gdb.options)
t.cleanup(vm.kill)
for session in gdb.stops((sysret, iretq)):
    stop(session)
if not t.equal(vm.wait(30), 0, "returns: the program ends well"):
    t.diag(vm.text)
t.diag(f"seen: {seen}")
t.ok(seen["sysret"] > 100 and seen["iret"] > 100,
     "returns: hundreds of both were seen")
t.equal(wrong[:10], [], "returns: to addresses and with flags of ring 3 only")
t.done()
