#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A program hears by netlink that the machine has got its address, when the DHCP
server answers only after the program was started.
"""
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from dhcp import GUEST, SERVER, start_server
from tap import Tap, skip_all
from vm import APPS, Vm, image, in_private_network, make_tap

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

t = Tap(deadline=240)
make_tap()
vm = Vm(image(os.path.join(APPS, "news.c")), net="tap:tap0")
t.cleanup(vm.kill)
t.ok(vm.wait_for("^listening", 60), "news: the program starts without address")
t.ok(vm.wait_for(r"^there: lo 127\.0\.0\.1", 1)
     and "there: eth0" not in vm.text, "news: there is lo's address only")
start_server({3: socket.inet_aton(SERVER)})
t.equal(vm.wait(120), 0, "news: it ends when the news have come")
address = GUEST.replace(".", r"\.")
for line, what in (
        (f"news of 10: address {address}/16", "of the address, to its group"),
        (r"news of 40: route to none/0 by 10\.99\.0\.1", "of the default route"),
        (r"news of 40: route to 10\.99\.0\.0/16 by none", "of the network"),
        (f"there: eth0 {address}", "and getifaddrs() shows it")):
    t.ok(vm.wait_for(f"^{line}", 1), f"news: {what}")
if t.failed:
    t.diag(vm.text)
t.done()
