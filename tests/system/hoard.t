#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
An application takes all that it can get of one kind of thing, until a call
says that there is no more: memory, page tables, pipes, bytes in queues of every
family, descriptors in flight, threads. Meanwhile the machine answers pings, a
connection that was there before, and new ones; afterwards memory is back.
"""
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import GUEST, boot, one_echo, receive
from tap import Tap, skip_all
from vm import connect, in_private_network

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

KINDS = ("memory tables areas pipes vmsplice splice streams packets bytes "
         "flying sockets files watches threads datagrams connections "
         "answers everything").split()
if os.environ.get("KINDS"):
    KINDS = os.environ["KINDS"].split()
# What page tables, slabs and TIME-WAIT keep of it, at most, in KiB.
KEPT = 512

t = Tap(deadline=600)


def ping():
    return subprocess.run(["ping", "-c1", "-W20", "-s1400", GUEST],
                          capture_output=True).returncode == 0


def tell(s, words):
    """The answer, a line; its first word is how many KiB are free."""
    s.sendall(words.encode() + b"\n")
    line = b""
    while not line.endswith(b"\n"):
        part = s.recv(300)
        if not part:
            raise OSError("the server is gone")
        line += part
    return int(line.split()[0]), line.decode().strip()


def served(old):
    """What is not: a list of words."""
    wrong = []
    message = random.randbytes(1000)
    try:
        old.sendall(message)
        if receive(old, len(message)) != message:
            wrong.append("old connection: another echo")
    except OSError as e:
        wrong.append(f"old connection: {e}")
    if not ping():
        wrong.append("ping")
    for _ in range(3):
        try:
            if not one_echo():
                wrong.append("new connection: another echo")
        except OSError as e:
            wrong.append(f"new connection: {e}")
    return wrong


def hoard(told, old, kind, title):
    before = tell(told, "free")[0]
    answer = tell(told, f"take {kind}")[1]
    wrong = served(old)
    if not t.ok(not wrong, f"{title}: {kind} is taken, and all are served"):
        t.diag(f"{answer}; {wrong}")
    elif os.environ.get("KINDS"):
        t.diag(answer)
    tell(told, "drop")
    after = tell(told, "free")[0]
    if not t.ok(before - after <= KEPT, f"{title}: {kind} is given back"):
        t.diag(f"{before} KiB were free, {after} are")


def run(mem):
    vm = boot(t, "hoard", mem=mem)
    told = connect((GUEST, 8), timeout=60)
    old = connect((GUEST, 7), timeout=20)
    served(old)
    for kind in KINDS:
        tell(told, f"take {kind}")
        tell(told, "drop")
        hoard(told, old, kind, mem)
    told.close()
    t.equal(vm.wait(), 0, f"{mem}: the machine ends well")
    subprocess.run(["ip", "link", "del", "tap0"], check=True)


for size in os.environ.get("MEM", "16M 64M").split():
    run(size)
t.done()
