#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Floods, most of them hping3's, bounded by count: while they come, an echo
connection goes on and new ones are taken; afterwards nothing of them is left.

The guest's only way out is the tap device, whose other end forwards nothing:
what it answers to a spoofed address ends in this test's network namespace.
"""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import (GUEST, Traffic, boot, counters, memory_is_back, one_echo,
                   warm_up)
from tap import Tap, skip_all
from vm import in_private_network

if not shutil.which("hping3"):
    skip_all("needs hping3")
if not in_private_network():
    skip_all("needs root and /dev/net/tun")

t = Tap(deadline=600)
vm = boot(t, mem="128M")
NOBODY = "10.99.7.7"  # on the guest's own network, and answers no ARP


def run(command, name):
    """The command while clients are served; by how much the counters grew."""
    before = counters()
    with Traffic() as traffic:
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=200)
    after = counters()
    if not t.ok(traffic.good(), f"flood: clients are served during {name}"):
        t.diag(f"{traffic}\n{done.stdout}{done.stderr}")
    return {k: v - before.get(k, 0) for k, v in after.items()}


def flood(name, count, *options):
    # hping3's own --flood knows no count, and its status is 1 when no
    # answer came.
    return run(["hping3", "-q", "-n", "-i", "u10", "-c", str(count), *options,
                GUEST], f"{count} {name}")


before = warm_up()

grown = flood("SYNs from anywhere", 50000, "-S", "-p", "7", "--rand-source")
t.ok(grown["tcp_syncookies_sent"] > 10000,
     "flood: SYNs beyond the backlog have cookies for an answer")
t.ok(0 < grown["tcp_syncookies_recv"] <= grown["tcp_accepted"],
     "flood: ... and clients came back with theirs")
if not t.ok(grown["tcp_listen_overflows"] == 0,
            "flood: ... and none had to be turned away"):
    t.diag(grown)
flood("SYNs from a neighbour who is not there", 10000, "-S", "-p", "7", "-a",
      NOBODY)
flood("SYNs with data", 5000, "-S", "-p", "7", "-d", "1000", "--rand-source")
flood("SYNs to a port without listener", 10000, "-S", "-p", "99",
      "--rand-source")
flood("FINs from anywhere", 10000, "-F", "-p", "7", "--rand-source")
flood("RSTs from anywhere", 10000, "-R", "-p", "7", "--rand-source")
flood("ACKs from anywhere", 10000, "-A", "-p", "7", "--rand-source")
flood("ACKs from one client", 10000, "-A", "-p", "7")
flood("segments with all flags", 5000, "-S", "-F", "-R", "-A", "-P", "-U",
      "-p", "7", "--rand-source")

grown = flood("SYNs from the server to itself", 5000, "-S", "-a", GUEST, "-s",
              "7", "-k", "-p", "7")
t.ok(grown["drop_ip_martian"] > 4000, "flood: and it believes none of them")
grown = flood("datagrams from the echo port to itself", 5000, "--udp", "-a",
              GUEST, "-s", "7", "-k", "-p", "7", "-d", "100")
t.ok(grown["drop_ip_martian"] > 4000, "flood: and it believes none of them")

flood("datagrams to ports where nobody is", 20000, "--udp", "-p", "++1000")
flood("datagrams to the echo port, from anywhere", 10000, "--udp", "-p", "7",
      "-d", "100", "--rand-source")
flood("datagrams from a neighbour who is not there", 10000, "--udp", "-p", "7",
      "-d", "100", "-a", NOBODY)
flood("echo requests from anywhere", 10000, "--icmp", "--rand-source")
run(["ping", "-n", "-q", "-f", "-c", "20000", "-s", "1000", GUEST],
    "20000 pings")

for protocol in ("--icmp", "--udp"):
    flood(f"first fragments without a second ({protocol})", 10000, protocol,
          "-x", "-d", "512", "--rand-source")
    flood(f"fragments from the middle ({protocol})", 10000, protocol, "-x",
          "-g", "512", "-d", "512", "--rand-source")
flood("first fragments from one client", 10000, "--udp", "-x", "-d", "1024")
flood("segments in fragments", 5000, "-S", "-f", "-d", "64", "-p", "7",
      "--rand-source")

t.ok(all(one_echo() for _ in range(20)), "flood: new connections are served")
memory_is_back(t, before, "flood: afterwards pages and slab objects are back")
t.ok("panic" not in vm.text.lower() and "assert" not in vm.text.lower(),
     "flood: no panic, no assertion on the console")
if t.failed:
    t.diag(vm.text[-3000:])
t.done()
