#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
What two sockets of the machine say to each other never reaches the network
device, its rings or lwIP: all their counters stay where they were while a
gibibyte, round trips and datagrams cross 127.0.0.1 and the machine's own
address. It works without a device too.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Vm, image

# The device and its rings, and lwIP's protocols, by the names in /proc/net.
UNTOUCHED = re.compile(r"(dev|arp|ip|icmp|udp|tcp)_\w+|tx_\w+|drop_\w+|rx_\w+")
# The socket layer's own, which count what crosses.
OWN = re.compile(r"tcp_(accepted|local_\w+|time_wait\w*)|udp_(in|out)_datagrams|lo_\w+")

t = Tap(deadline=300)
elf = image(os.path.join(APPS, "local.c"))


def counters(text, when):
    """{name: value} of everything that was shown at that moment."""
    found = {}
    for part in re.findall(rf"--- {when} \S+\n(.*?)--- end", text, re.S):
        for name, value in re.findall(r"^([a-z]\w*) (\d+)$", part, re.M):
            found[name] = int(value)
    return found


def run(title, args="", **settings):
    vm = Vm(elf, args=args, mem="64M", **settings)
    t.cleanup(vm.kill)
    t.equal(vm.wait(200), 0, f"loopback: {title}: the program ends well")
    text = vm.text.replace("\r", "")
    t.ok("local: 1073741824 bytes, intact" in text,
         f"loopback: {title}: a gibibyte crosses")
    t.ok("local: 10000 round trips" in text, f"loopback: {title}: round trips")
    t.ok("local: 10000 datagrams" in text, f"loopback: {title}: datagrams")
    before, after = counters(text, "before"), counters(text, "after")
    names = [n for n in after if UNTOUCHED.fullmatch(n) and not OWN.fullmatch(n)]
    moved = {n: (before.get(n), after[n]) for n in names
             if before.get(n) != after[n]}
    t.ok(len(names) > 30, f"loopback: {title}: {len(names)} counters are read")
    if not t.ok(not moved, f"loopback: {title}: and none of them has moved"):
        t.diag(str(moved))


STATIC = "ip=10.0.2.15/24 gw=10.0.2.2"
run("127.0.0.1", net="user", append=STATIC)
run("the machine's own address", net="user", append=STATIC, args="10.0.2.15")
run("no network device", net="none")
t.done()
