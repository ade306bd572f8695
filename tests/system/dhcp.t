#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
No DHCP answer: the application starts after 10 s with loopback only, and the
client keeps asking until a server (a few lines below, RFC 2131) answers.
"""
import os
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap, skip_all
from vm import Vm, connect, image, in_private_network, make_tap

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

OFFER, ACK = 2, 5
t = Tap(deadline=180)
make_tap()
vm = Vm(image("apps/echo"), net="tap:tap0")
t.cleanup(vm.kill)
t.ok(vm.wait_for("DHCP.*loopback only", 40),
     "dhcp: no answer is a clear line")
t.ok(vm.wait_for("echo: listening", 10), "dhcp: and the application starts")
waited = time.monotonic() - vm.started
t.ok(waited > 9, f"dhcp: after 10 s (here {waited:.1f} s)")


def reply(request, kind):
    """One BOOTREPLY that leases 10.99.0.7."""
    xid, chaddr = request[4:8], request[28:44]
    head = struct.pack("!BBBB4sHH4s4s4s4s16s64x128x", 2, 1, 6, 0, xid, 0,
                       0x8000, b"\0" * 4, socket.inet_aton("10.99.0.7"),
                       socket.inet_aton("10.99.0.1"), b"\0" * 4, chaddr)
    options = b"\x63\x82\x53\x63" + bytes([53, 1, kind])
    options += b"\x36\x04" + socket.inet_aton("10.99.0.1")
    options += b"\x33\x04" + struct.pack("!I", 3600)
    options += b"\x01\x04" + socket.inet_aton("255.255.0.0")
    options += b"\x03\x04" + socket.inet_aton("10.99.0.1") + b"\xff"
    return head + options


def serve():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"tap0")
    s.bind(("", 67))
    while True:
        request, _ = s.recvfrom(2048)
        kind = request[request.index(b"\x35\x01", 240) + 2]
        s.sendto(reply(request, OFFER if kind == 1 else ACK),
                 ("255.255.255.255", 68))


threading.Thread(target=serve, daemon=True).start()
if not t.ok(vm.wait_for(r"10\.99\.0\.7/16", 90),
            "dhcp: a server that comes up later is heard"):
    t.diag(vm.text)
with connect(("10.99.0.7", 7)) as s:
    s.sendall(b"late")
    t.equal(s.recv(4), b"late", "dhcp: and the appliance serves on its address")
t.done()
