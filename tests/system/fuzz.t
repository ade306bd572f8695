#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Random system calls neither stop the machine nor leave anything behind: calls
of one thread with wrong arguments; and of six, where they wait for each other
and are long. The machines of the latter count instructions for a clock (QEMU's
-icount) and draw their random numbers from a seed: what they do, the order of
threads included, is mostly the same in every run.

FUZZ_SECONDS=N: only six threads, for so long. One machine after the other as
above, each with a new seed; and beside them one with this machine's clock and
a network, whose clients send it what they like.
"""
import os
import random
import re
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, TOP, Vm, free_port, image

CALLS = 200000  # of one thread
THREADS = 6
STORM = 15000  # turns of all threads together, each a call or a few
LONG_STORM = 60000
PORTS = range(5000, 5008)  # that the program uses
SILENT = 300  # seconds without a word from a machine that says "beat"

seconds = int(os.environ.get("FUZZ_SECONDS", "0"))
t = Tap(deadline=800 + 2 * seconds)
elf = image(os.path.join(APPS, "fuzz"))


def account(text, when):
    """
    Active objects by cache, and the memory that is free, in a slab or the
    program's: mlockall() may bring it more of its own.
    """
    part = re.search(f"^account {when}$(.*?)^end of account$", text,
                     re.M | re.S)[1]
    objects = {m[1]: int(m[2]) for m in
               re.finditer(r"^(\S+) +(\d+) .*tunables", part, re.M)}
    kib = sum(int(n) for n in
              re.findall(r"^(?:MemFree|Slab|AnonPages): +(\d+) kB", part, re.M))
    return objects, kib


def show_calls(text):
    """What was called, of what the program says in numbers."""
    with open(os.path.join(TOP, "build/gen/syscall_names.h"),
              encoding="ascii") as f:
        names = dict(re.findall(r'\[(\d+)\] = "(\w+)"', f.read()))
    for nr, *counts in re.findall(
            r"^call (\d+) (\d+) (\d+) (\d+) (\d+)$", text, re.M):
        if int(counts[2]):
            t.diag("{}: {} calls, {} failed, {} brought out, {} EINTR".format(
                names.get(nr, nr), *counts))


def judge(name, vm, status):
    """The machine has ended: it said so itself, and nothing is left."""
    vm.text = vm.text.replace("\r", "")
    if not t.ok(status == 0 and "\nfuzz: " in vm.text,
                f"{name}: the machine still works"):
        t.diag(f"status {status}\n{' '.join(vm.process.args)}\n"
               f"{vm.text[-8000:]}")
        return False
    t.ok("is woken without end" not in vm.text,
         f"{name}: no wait goes round without a sleep")
    before, kib_before = account(vm.text, "early")
    after, kib_after = account(vm.text, "late")
    # An entry in TIME-WAIT stays for a minute, and holds its port.
    waiting = after.pop("tcp_time_wait") - before.pop("tcp_time_wait")
    after["inet_bind_bucket"] -= waiting
    left = {cache: (before.get(cache, 0), n) for cache, n in after.items()
            if n > before.get(cache, 0) + 4}
    t.equal(left, {}, f"{name}: slab objects are back")
    t.ok(kib_after >= kib_before - 64,
         f"{name}: pages are back ({kib_before} KiB, {kib_after} KiB)")
    t.diag(vm.text.rpartition("\nfuzz: ")[2].strip())
    return True


def one_thread(seed, mem, cpu):
    vm = Vm(elf, args=f"{seed} {CALLS}", mem=mem, cpu=cpu)
    judge(f"fuzz: seed {seed}, {mem}, {cpu}", vm, vm.wait(200))


def repeatable(seed, turns, append="", net="none"):
    """One machine whose run depends on the seed alone."""
    vm = Vm(elf, args=f"{seed} {turns} {THREADS}", append=append, net=net,
            extra=["-icount", "shift=2,sleep=off", "-seed", str(seed),
                   "-rtc", "base=2026-01-01,clock=vm"])
    name = f"fuzz: {THREADS} threads, seed {seed}, {append or 'no network'}"
    if judge(name, vm, vm.wait(400)):
        said = vm.text.rpartition("\nfuzz: ")[2]
        t.ok(int(re.search(r"(\d+) brought out", said)[1]) > turns // 100,
             f"{name}: many calls waited until a signal came")
    return vm


class Clients(threading.Thread):
    """Connections to the ports, with data that nobody has asked for."""

    def __init__(self, ports, end):
        super().__init__(daemon=True)
        self.ports, self.end = ports, end
        self.random = random.Random(len(ports))

    def run(self):
        while time.monotonic() < self.end:
            try:
                self.visit()
            except OSError:
                time.sleep(0.01)

    def visit(self):
        with socket.create_connection(
                ("127.0.0.1", self.random.choice(self.ports)), 5) as s:
            s.settimeout(0.2)
            for _ in range(self.random.randrange(8)):
                s.send(self.random.randbytes(self.random.randrange(100000)))
                if self.random.random() < 0.3:
                    s.recv(65536)
                if self.random.random() < 0.2:
                    s.shutdown(socket.SHUT_WR)


def with_network(seed):
    """One machine for all the time; its last words are judged at the end."""
    ports = {free_port(): p for p in PORTS}
    vm = Vm(elf, args=f"{seed} {STORM} {THREADS} {seconds}", net="user",
            ports=ports)
    t.cleanup(vm.kill)
    for _ in range(3):
        Clients(list(ports), time.monotonic() + seconds).start()
    return vm


def is_alive(vm, heard):
    """Something was said lately; heard is [length, when]."""
    if len(vm.text) != heard[0]:
        heard[:] = len(vm.text), time.monotonic()
    return time.monotonic() < heard[1] + SILENT


def long_run():
    end = time.monotonic() + seconds
    first = random.randrange(1 << 31)
    vm, heard = with_network(first), [0, time.monotonic()]
    seed = first
    while time.monotonic() < end and is_alive(vm, heard):
        seed += 1
        repeatable(seed, LONG_STORM, "loopback=lwip" if seed % 3 == 0 else "")
    while vm.process.poll() is None and is_alive(vm, heard):
        time.sleep(1)
    judge(f"fuzz: {THREADS} threads, seed {first}, network, {seconds} s", vm,
          vm.wait(1))
    show_calls(vm.text)


if seconds:
    long_run()
else:
    one_thread(1, "64M", "max")
    one_thread(2, "16M", "qemu64")
    one_thread(random.randrange(1 << 32), "64M", "max")
    show_calls(repeatable(1, STORM).text)
    repeatable(random.randrange(1 << 31), STORM, "loopback=lwip", "user")
t.done()
