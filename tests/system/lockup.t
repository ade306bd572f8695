#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A kernel that loops, in a system call or in a softirq, ends the machine with a
report; one that loops with interrupts off is ended by the watchdog. The loop is
written over a function of the kernel by QEMU's gdb stub.
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from gdb import Gdb, symbol
from tap import Tap
from vm import APPS, Qmp, Vm, connect, free_port, image

LOOP = b"\xeb\xfe"  # jmp .
DEAF_LOOP = b"\xfa\xeb\xfd"  # cli; jmp to the cli
WATCHDOG = ["-device", "i6300esb"]

t = Tap(deadline=200)
elf = image("apps/echo")


def boot(append, extra=(), **settings):
    """A machine that echoes: it, its port, its gdb stub and its QMP."""
    gdb, qmp, port = Gdb(), Qmp(), free_port()
    vm = Vm(elf, append=f"nokaslr {append}", net="user", ports={port: 7},
            extra=gdb.options + qmp.options + list(extra), **settings)
    for thing in (gdb.close, qmp.close, vm.kill):
        t.cleanup(thing)
    vm.wait_for("listening")
    return vm, port, gdb, qmp


def echoes(port):
    with connect(("127.0.0.1", port)) as s:
        s.sendall(b"x")
        return s.recv(1) == b"x"


def poke(port):
    """Gives the kernel something to do that it may never finish."""
    with connect(("127.0.0.1", port), timeout=1) as s:
        s.sendall(b"x")


for function, where in (("sys_recvfrom", "a system call"),
                        ("net_rx_action", "a softirq")):
    for cpu in ("max", "qemu64"):
        vm, port, gdb, qmp = boot("lockup=1", cpu=cpu)
        t.ok(echoes(port), f"lockup: {cpu}: the machine echoes")
        gdb.write(symbol(elf, function), LOOP)
        poke(port)
        name = f"lockup: {cpu}: a loop in {where}"
        t.equal(vm.wait(60), "panic", f"{name} is a panic")
        t.ok("panic: lockup: no thread could run for 1 seconds" in vm.text,
             f"{name}: the report says why")
        t.ok(function in vm.text, f"{name}: and where")

vm, port, gdb, qmp = boot("lockup=1 panic=-1", plain=True)
gdb.write(symbol(elf, "net_rx_action"), LOOP)
poke(port)
qmp.execute("query-status")
t.equal(qmp.reason(), "guest-reset", "lockup: panic=N restarts the machine")

vm, port, gdb, qmp = boot("lockup=1 loglevel=6", extra=WATCHDOG)
t.ok("watchdog: i6300esb" in vm.text, "lockup: the watchdog is armed")
time.sleep(4)
t.ok(echoes(port), "lockup: and does nothing to a machine that is well")
gdb.write(symbol(elf, "net_rx_action"), DEAF_LOOP)
poke(port)
qmp.execute("query-status")
t.equal(qmp.reason(), "guest-reset",
        "lockup: it resets one that loops with interrupts off")
t.ok(any(e["event"] == "WATCHDOG" for e in qmp.events),
     "lockup: and says that it was the watchdog")

vm, port, gdb, qmp = boot("lockup=0 loglevel=6", extra=WATCHDOG)
t.ok("watchdog:" not in vm.text, "lockup: lockup=0 leaves the watchdog off")
gdb.write(symbol(elf, "net_rx_action"), LOOP)
poke(port)
time.sleep(3)
t.ok(vm.process.poll() is None, "lockup: and the detector")
vm.kill()

vm, port, gdb, qmp = boot("lockup=1", extra=WATCHDOG)
qmp.execute("stop")
time.sleep(5)
qmp.execute("cont")
t.ok(echoes(port), "lockup: a machine that its host stopped goes on")
vm.kill()
t.done()
