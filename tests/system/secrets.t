#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
What the kernel draws before anything else, the guard of stack frames and the
secret of free lists, is new in every boot, also on a CPU without a generator.
QEMU's monitor reads it.
"""
import concurrent.futures
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from gdb import symbol
from tap import Tap
from vm import Monitor, Vm, image

BOOTS = 40  # a bit that is random is the same in all once in 10^12 times
# Each with the bits that are always zero.
SECRETS = {"__stack_chk_guard": 0xFF, "slab_secret": 0}
ALL = (1 << 64) - 1

t = Tap(deadline=200)
elf = image("apps/echo")
places = {name: symbol(elf, name) for name in SECRETS}


def secrets(cpu):
    """Their values in a boot, by name; None when the machine is not there."""
    monitor = Monitor()
    vm = Vm(elf, append="nokaslr", cpu=cpu, mem="32M", extra=monitor.options)
    try:
        if not vm.wait_for("port 7"):
            return None
        return {name: int(re.search(r": 0x([0-9a-f]{16})",
                                    monitor.ask(f"x/1gx {at:#x}"))[1], 16)
                for name, at in places.items()}
    finally:
        vm.kill()
        monitor.close()


with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for cpu in ("max", "qemu64"):
        boots = list(pool.map(lambda _: secrets(cpu), range(BOOTS)))
        if not t.ok(all(boots), f"secrets: {cpu}: every boot gets up"):
            continue
        for name, zeros in SECRETS.items():
            values = [boot[name] for boot in boots]
            t.equal(len(set(values)), BOOTS, f"secrets: {cpu}: {name}: "
                    f"{BOOTS} boots have {BOOTS} values")
            ones, both = 0, ALL
            for value in values:
                ones |= value
                both &= value
            t.equal((hex(ones), hex(both)), (hex(ALL & ~zeros), hex(0)),
                    f"secrets: {cpu}: {name}: every bit but "
                    f"{bin(zeros).count('1')} is now 0, now 1")
t.done()
