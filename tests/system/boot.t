#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The machines that the same image boots on."""
import os
import sys
from itertools import product

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import Vm, image

t = Tap(deadline=400)
elf = image("apps/hello")
for machine, mem, cpu, net in product(("q35", "pc"), ("16M", "512M", "8G"),
                                      ("qemu64", "max"), ("none", "user")):
    vm = Vm(elf, mem=mem, machine=machine, cpu=cpu, net=net)
    name = f"boot: {machine} {mem} {cpu} net={net}"
    status = vm.wait()
    if not t.ok(status == 0 and "Hello from Pollux." in vm.text, name):
        t.diag(f"status {status}\n{vm.text}")

# The plain command line of the documentation: no exit device, no status
# channel; the machine ends by ACPI.
for machine in ("q35", "pc"):
    vm = Vm(elf, machine=machine, plain=True)
    vm.wait()
    t.ok(vm.process.returncode == 0 and "Hello from Pollux." in vm.text,
         f"boot: {machine} with nothing but serial powers off by ACPI")

vm = Vm(elf, append="loglevel=7", net="user",
        nic="e1000,netdev=n0,romfile=")
t.equal(vm.wait(), 0, "boot: an e1000 alone is no network, not an error")
t.ok("e1000" in vm.text or "not supported" in vm.text,
     "boot: and the log names the NIC")
t.done()
