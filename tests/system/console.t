#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The console's input: bytes as they came, and a break that is SIGTERM."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Monitor, Vm, image

t = Tap(deadline=120)
elf = image(os.path.join(APPS, "console.c"))


def boot(args=""):
    monitor = Monitor()
    t.cleanup(monitor.close)
    vm = Vm(elf, args=args, extra=monitor.options)
    t.cleanup(vm.kill)
    if not t.ok(vm.wait_for("console: ready"), f"console: starts {args}"):
        t.diag(vm.text)
    return vm, monitor


vm, monitor = boot()
vm.type("hello")
t.ok(vm.wait_for("^hello"), "console: what is typed is read")
vm.type("a\x03b\x04\n")
t.ok(vm.wait_for("a\x03b\x04\n"),
     "console: control characters are bytes like others")
monitor.ask("chardev-send-break serial0")
t.equal(vm.wait(), 7, "console: a break is SIGTERM, which a handler takes")

vm, monitor = boot("default")
monitor.ask("chardev-send-break serial0")
t.equal(vm.wait(), 143, "console: without a handler it ends the application")
t.done()
