#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random system calls neither stop the machine nor leave anything behind."""
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Vm, image

CALLS = 200000

t = Tap(deadline=400)


def account(text, when):
    """Active objects by cache, and the pages that are free or in a slab."""
    part = re.search(f"^account {when}$(.*?)^end of account$", text,
                     re.M | re.S)[1]
    objects = {m[1]: int(m[2]) for m in
               re.finditer(r"^(\S+) +(\d+) .*tunables", part, re.M)}
    kib = sum(int(n) for n in
              re.findall(r"^(?:MemFree|Slab): +(\d+) kB", part, re.M))
    return objects, kib


elf = image(os.path.join(APPS, "fuzz.c"))
for seed, mem, cpu in ((1, "64M", "max"), (2, "16M", "qemu64"),
                       (random.randrange(1 << 32), "64M", "max")):
    name = f"fuzz: seed {seed}, {mem}, {cpu}"
    vm = Vm(elf, args=f"{seed} {CALLS}", mem=mem, cpu=cpu)
    status = vm.wait(120)
    vm.text = vm.text.replace("\r", "")
    if not t.ok(status == 0 and "\nfuzz: " in vm.text,
                f"{name}: the machine still works"):
        t.diag(f"status {status}\n{vm.text[-4000:]}")
        continue
    before, kib_before = account(vm.text, "early")
    after, kib_after = account(vm.text, "late")
    # An entry in TIME-WAIT stays for a minute, and holds its port.
    waiting = after.pop("tcp_time_wait") - before.pop("tcp_time_wait")
    after["inet_bind_bucket"] -= waiting
    left = {cache: (before.get(cache, 0), n) for cache, n in after.items()
            if n > before.get(cache, 0) + 2}
    t.equal(left, {}, f"{name}: slab objects are back")
    t.ok(kib_after >= kib_before - 64,
         f"{name}: pages are back ({kib_before} KiB, {kib_after} KiB)")
t.done()
