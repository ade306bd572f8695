#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
How the machine ends: by what it has, when the application ends, when the
kernel panics, and when somebody presses the power button.
"""
import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Qmp, Vm, image

t = Tap(deadline=300)
elf = image(os.path.join(APPS, "power.c"))
BUTTONS = ("q35", "pc", "microvm")


def boot(args, ready="power: ready", **settings):
    """A machine that got so far, and its QMP, connected."""
    qmp = Qmp()
    t.cleanup(qmp.close)
    extra = qmp.options + list(settings.pop("extra", ()))
    vm = Vm(elf, args=args, extra=extra, **settings)
    t.cleanup(vm.kill)
    qmp.execute("query-status")
    if ready and not vm.wait_for(ready):
        t.diag(f"{args} {settings}: not ready\n{vm.text}")
    return vm, qmp


def reason(vm, qmp):
    """Why QEMU ended, all of the console read."""
    said = qmp.reason()
    vm.wait()
    return said


def press(qmp):
    """False: the machine has ended, or did before QEMU had answered."""
    try:
        qmp.execute("system_powerdown")
    except (OSError, RuntimeError):
        return False
    return True


# What the button does to the application.

for machine in BUTTONS:
    vm, qmp = boot("handle", machine=machine, plain=True)
    press(qmp)
    t.ok(vm.wait_for("power: signal 1 code 0x80"),
         f"power: {machine}: the button is the kernel's SIGTERM")
    t.equal(reason(vm, qmp), "guest-shutdown",
            f"power: {machine}: the application ends, and it is powered off")

    vm, qmp = boot("signalfd", machine=machine)
    press(qmp)
    t.equal(vm.wait(), 0, f"power: {machine}: a signalfd in an epoll set has it")
    t.ok("power: signalfd 15 code 0x80" in vm.text,
         f"power: {machine}: and says that the kernel sent it")

    for how in ("default", "spin"):
        vm, qmp = boot(how, machine=machine)
        press(qmp)
        t.equal(vm.wait(), 143,
                f"power: {machine}: without a handler the status is 143 ({how})")

    vm, qmp = boot("pending", machine=machine)
    for i in range(1, 4):
        press(qmp)
        t.ok(vm.wait_for(r"(?s)(power button.*){%d}" % i),
             f"power: {machine}: press {i} is seen, the signal is blocked")
    vm.type("x")
    t.equal(vm.wait(), 0, f"power: {machine}: unblocked, the signal comes")
    t.ok("power: kept 1\n" in vm.text,
         f"power: {machine}: once, as standard signals do not queue")

    vm, qmp = boot("count 5", machine=machine)
    for i in range(1, 6):
        press(qmp)
        vm.wait_for(f"power: signal {i} ")
    t.equal(vm.wait(), 0, f"power: {machine}: five presses are five signals")

    # So many that the line is active again and again while it is served.
    vm, qmp = boot("count 100000", machine=machine)
    for _ in range(300):
        press(qmp)
    vm.wait_for("power: signal")
    told = []
    for _ in range(3):
        before = len(vm.text)
        press(qmp)
        vm.wait_for(r"(?s)\A.{%d}.*power: signal \d+ code" % before)
        told.append(re.findall(r"power: signal (\d+) code", vm.text)[-1])
    t.ok(len(set(told)) == 3 and vm.process.poll() is None,
         f"power: {machine}: a storm of presses disturbs nothing")
    vm.kill()

# Nobody to tell: the machine ends.

vm, qmp = boot("default", ready="link up", append="loglevel=6",
               extra=["-netdev", "hubport,id=n0,hubid=0",
                      "-device", "virtio-net-pci,netdev=n0,romfile="])
press(qmp)
t.equal(vm.wait(), 143, "power: before the application runs, the machine ends")
t.ok("power: ready" not in vm.text, "power: and the application never starts")

with socket.socket() as sink:
    sink.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sink.bind(("127.0.0.1", 0))
    sink.listen()
    vm, qmp = boot(f"linger 10.0.2.2 {sink.getsockname()[1]}", net="user",
                   ready="power: ends")
    while press(qmp):
        pass
    t.equal(vm.wait(), 5,
            "power: while data still leaves, the application's status stands")
    t.ok("power button" in vm.text, "power: and the press is told")

# Without the devices that tell the status the machine ends all the same. What
# happens comes when QMP is connected, so that the end is not missed.

for machine, off in (("q35", "guest-shutdown"), ("pc", "guest-shutdown"),
                     ("microvm", "guest-shutdown"),
                     ("microvm,acpi=off", "guest-reset")):
    vm, qmp = boot("exit", machine=machine, plain=True, ready="", extra=["-S"])
    qmp.execute("cont")
    t.equal(reason(vm, qmp), off, f"power: {machine}: an exit ends it")
    t.ok("power: ready" in vm.text, f"power: {machine}: of the application")
    for append, how in (("", off), ("panic=-1", "guest-reset"),
                           ("panic=1", "guest-reset")):
        vm, qmp = boot("default", machine=machine, plain=True,
                       append="unknown_nmi_panic " + append)
        qmp.execute("inject-nmi")
        t.equal(reason(vm, qmp), how,
                f"power: {machine}: a panic ends it {append}")
        t.ok("Bail out! NMI" in vm.text and
             ("Rebooting in 1 seconds.." in vm.text) == ("=1" in append),
             f"power: {machine}: and says what it does")
        t.ok("invariants: all checks passed" in vm.text,
             f"power: {machine}: and that the kernel's structures are sound")

# reboot= says what is tried first: QEMU tells what was.

for word, trace, expected in (
        ("k", ["-trace", "pckbd_kbd_write_command"], True),
        ("a", ["-trace", "pckbd_kbd_write_command"], False),
        ("f,k", ["-trace", "pckbd_kbd_write_command"], True),
        ("t", ["-d", "cpu_reset"], True),
        ("pci", ["-d", "cpu_reset"], False)):
    vm, qmp = boot("default", plain=True, extra=trace,
                   append=f"unknown_nmi_panic panic=-1 reboot={word}")
    before = len(vm.text)
    qmp.execute("inject-nmi")
    t.equal(reason(vm, qmp), "guest-reset", f"power: reboot={word} resets")
    seen = "pckbd_kbd_write_command 0xfe" if "-trace" in trace \
        else "Triple fault"
    if not t.equal(seen in vm.text[before:], expected,
                   f"power: reboot={word}: {seen}: {expected}"):
        t.diag(vm.text)

vm, qmp = boot("exit", append="reboot=z panic=soon")
vm.wait()
t.ok("reboot=z: is not known" in vm.text and
     "panic=soon: is no number" in vm.text,
     "power: words that mean nothing are named")
t.done()
