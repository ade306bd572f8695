#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The kernel's 64-bit entry, as a loader of ours and as one for Linux use it: at
any physical address, from four and from five levels of paging.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import TOP, Vm, image

t = Tap(deadline=120)
work = tempfile.TemporaryDirectory(prefix="pollux-entry-")
t.cleanup(work.cleanup)
elf = image("apps/hello")
loader = os.path.join(work.name, "loader.elf")
subprocess.run(["gcc", "-O2", "-ffreestanding", "-nostdlib", "-static", "-no-pie",
                "-fno-pic", "-mno-red-zone", "-mgeneral-regs-only",
                "-fno-stack-protector", "-fcf-protection=none",
                "-fno-asynchronous-unwind-tables", "-Wl,-Ttext-segment=0x2000000",
                "-Wl,-e,entry", "-Wl,--build-id=none", "-I", TOP, "-o", loader,
                *(os.path.join(TOP, "tests/system/loader", name)
                  for name in ("entry.S", "loader.c"))], check=True)

for cpu, levels in (("max", "five"), ("max,la57=off", "four"), ("qemu64", "four")):
    for address in ("4100000", "9fff000", "linux:4e03000", "linux:100000"):
        protocol = "linux" if "linux" in address else "test"
        for word in ("", "nokaslr"):
            name = f"entry: -cpu {cpu}, {address} {word}".rstrip()
            vm = Vm(loader, append=f"{address} loglevel=6 {word}", args="x",
                    cpu=cpu, mem="256M", extra=["-initrd", elf])
            status = vm.wait()
            if not t.ok(status == 0 and f"{levels} levels" in vm.text and
                        f"booted by {protocol}" in vm.text and
                        "Hello from Pollux." in vm.text, name):
                t.diag(f"status {status}\n{vm.text}")
t.done()
