#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The console: input is bytes as they came, and a break SIGTERM; output that
nobody reads is lost, and holds nobody up.
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Monitor, Vm, connect, free_port, image

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

port = free_port()
vm = Vm(image(os.path.join(APPS, "flood_console.c")), net="user",
        ports={port: 7})
t.cleanup(vm.kill)
t.ok(vm.wait_for("console: ready"), "console: a program that prints and serves")
client = connect(("127.0.0.1", port))


def printed():
    client.sendall(b"?")
    return int(client.recv(100))


vm.reading.clear()
counts = [printed() for _ in range(200)]
t.ok(counts == sorted(counts), "console: serves while nobody reads")
until = time.monotonic() + 60
while printed() < counts[-1] + 10_000_000 and time.monotonic() < until:
    pass
t.ok(time.monotonic() < until, "console: what nobody reads is lost")
vm.reading.set()
t.ok(vm.wait_for("console: was stuck, [0-9]+ bytes lost"),
     "console: says how much when somebody does")
shown = len(vm.text)
until = time.monotonic() + 30
while len(vm.text) < shown + 1_000_000 and time.monotonic() < until:
    printed()
t.ok(time.monotonic() < until, "console: serves while everything is read")
client.close()
t.equal(vm.wait(), 0, "console: ends")
t.done()
