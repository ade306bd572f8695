#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
What the log says of where random numbers come from: nothing when all is well, one
line when nobody gave any, and what keys, sequence numbers, cookies and addresses
rest on then.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import FIRMWARE, Vm, image

ALONE = (r"random: no RDRAND, no virtio-rng, no seed from the firmware: keys, "
         r"TCP's initial sequence numbers, SYN cookies and the kernel's "
         r"addresses are made of timing alone$")
NO_RDRAND = "qemu64"  # has neither RDRAND nor RDSEED
RNG = ("-device", "virtio-rng-pci")

t = Tap(deadline=120)


def lines(kernel, append="", **machine):
    """What the log of a machine says that starts with "random:"."""
    vm = Vm(kernel, append=append, **machine)
    vm.wait_for("port 7")
    vm.kill()
    t.ok("listening" in vm.text, "random: the machine gets up")
    return re.findall(r"(random: .*?)\r?$", vm.text, re.M)


def one(found, pattern, name):
    t.ok(len(found) == 1 and re.fullmatch(pattern, found[0]), name)
    t.diag(str(found))


elf = image("apps/echo")
one(lines(elf, cpu=NO_RDRAND), ALONE,
    "random: without any source one line says what rests on timing")
t.equal(lines(elf, cpu="max"), [], "random: with RDRAND there is nothing to say")
one(lines(elf, "loglevel=6", cpu="max"), "random: seeded by: CPU",
    "random: but who asks is told")
one(lines(elf, "loglevel=6", cpu=NO_RDRAND, extra=RNG),
    "random: seeded by: device; the kernel's addresses, which were chosen "
    "before, are made of timing alone",
    "random: a device comes too late for the kernel's addresses")
if os.path.exists(FIRMWARE):
    one(lines(image("apps/echo", "efi"), "loglevel=6", cpu=NO_RDRAND, extra=RNG,
              boot="uefi"),
        "random: seeded by: firmware device",
        "random: firmware that has a generator does not")
t.done()
