#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
No DHCP answer: the application starts after 10 s with loopback only, and the
client keeps asking until a server (lib/dhcp.py) answers.
"""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from dhcp import SERVER, start_server
from tap import Tap, skip_all
from vm import Vm, connect, image, in_private_network, make_tap

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

t = Tap(deadline=180)
make_tap()
vm = Vm(image("apps/echo"), net="tap:tap0")
t.cleanup(vm.kill)
t.ok(vm.wait_for("DHCP.*loopback only", 40),
     "dhcp: no answer is a clear line")
t.ok(vm.wait_for("echo: listening", 10), "dhcp: and the application starts")
waited = time.monotonic() - vm.started
t.ok(waited > 9, f"dhcp: after 10 s (here {waited:.1f} s)")


start_server({3: socket.inet_aton(SERVER)})
if not t.ok(vm.wait_for(r"10\.99\.0\.7/16", 90),
            "dhcp: a server that comes up later is heard"):
    t.diag(vm.text)
with connect(("10.99.0.7", 7)) as s:
    s.sendall(b"late")
    t.equal(s.recv(4), b"late", "dhcp: and the appliance serves on its address")
t.done()
