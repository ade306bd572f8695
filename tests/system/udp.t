#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Datagrams over a wire: in fragments both ways, pings that need fragments, a
flood with a bound, groups joined on the link, ICMP's unreachable and its
"fragmentation needed" in both directions.
"""
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import GUEST, HOST, boot
from tap import Tap, skip_all
from vm import Vm, image, in_private_network

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

GROUP = "239.1.2.3"
t = Tap(deadline=300)
vm = boot(t, app="datagrams")
seed = t.seed
rng = random.Random(seed)


def udp(timeout=20):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.settimeout(timeout)
    return s


def order(text):
    with udp() as s:
        s.sendto(text.encode(), (GUEST, 8))
        return s.recv(1000).decode()


# --- Fragments ------------------------------------------------------------------

with udp() as s:
    s.connect((GUEST, 7))
    wrong = []
    for size in (0, 1, 1471, 1472, 1473, 2952, 2953, 9000, 30000, 65507):
        data = rng.randbytes(size)
        s.send(data)
        try:
            if s.recv(70000) != data:
                wrong.append(size)
        except TimeoutError:
            wrong.append(size)
    t.equal(wrong, [], "udp: datagrams of every length come back whole")


def ping(*options):
    run = subprocess.run(["ping", "-n", "-q", "-W", "20", *options, GUEST],
                         stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, timeout=120)
    found = re.search(r"(\d+) packets transmitted, (\d+) received", run.stdout)
    return tuple(int(n) for n in found.groups()) if found else run.stderr


for size in (1473, 5000, 20000, 65507):
    t.equal(ping("-c", "1", "-s", str(size)), (1, 1),
            f"udp: a ping of {size} bytes is answered")
sent, got = ping("-f", "-c", "300", "-w", "20", "-s", "8000")
t.diag(f"flood: {got} of {sent}")
t.ok(got > 0, "udp: a flood of pings in fragments is survived")
t.equal(ping("-c", "1", "-s", "20000"), (1, 1), "udp: and pings go on")


# --- Nobody there ------------------------------------------------------------------

with udp() as s:
    s.connect((GUEST, 4444))
    s.send(b"x")
    try:
        s.recv(10)
        said = "an answer"
    except OSError as e:
        said = e.strerror
    t.equal(said, "Connection refused", "udp: a closed port refuses")
with udp() as s:
    s.bind((HOST, 0))
    port = s.getsockname()[1]
t.equal(order(f"probe {HOST} {port}"), "Connection refused",
        "udp: and the guest hears that ours is closed")


# --- On the link ------------------------------------------------------------------

link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
link.bind(("tap0", 0))


def packets(wanted, within=5):
    """IPv4 packets from the guest as they pass, until wanted(packet)."""
    link.settimeout(0.2)
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            frame = link.recv(65536)
        except TimeoutError:
            continue
        if frame[12:14] == b"\x08\x00" and \
                frame[26:30] == socket.inet_aton(GUEST) and wanted(frame[14:]):
            return frame[14:]
    return None


def forget():
    link.setblocking(False)
    try:
        while link.recv(65536):
            pass
    except BlockingIOError:
        pass


def reports(record):
    """IGMPv3: a record of that type for the group, to 224.0.0.22."""
    def wanted(p):
        body = p[(p[0] & 15) * 4:]
        return p[9] == 2 and p[16:20] == bytes((224, 0, 0, 22)) and \
            p[8] == 1 and body[0] == 0x22 and body[8] == record and \
            body[12:16] == socket.inet_aton(GROUP)
    return wanted


def group_echo(within):
    with udp(within) as s:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                     socket.inet_aton(HOST))
        s.sendto(b"anybody?", (GROUP, 7))
        try:
            return s.recvfrom(100)
        except TimeoutError:
            return None


t.ok(group_echo(1) is None, "udp: nobody hears a group before it is joined")
forget()
t.equal(order(f"join {GROUP}"), "done", "udp: a group is joined")
report = packets(reports(4))
if t.ok(report, "udp: the link hears of it by IGMP"):
    length = (report[0] & 15) * 4
    t.equal(report[20:24], b"\x94\x04\0\0", "udp: with a router alert")
t.ok(packets(reports(4)), "udp: twice")
forget()
with socket.socket(socket.AF_INET, socket.SOCK_RAW, 2) as s:
    query = struct.pack("!BBHIBBH", 0x11, 10, 0, 0, 2, 125, 0)
    total = sum(struct.unpack("!6H", query))
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    query = query[:2] + struct.pack("!H", total) + query[4:]
    s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                 socket.inet_aton(HOST))
    s.sendto(query, ("224.0.0.1", 0))
t.ok(packets(reports(2), 10), "udp: a query is answered")
forget()
t.equal(order(f"leave {GROUP}"), "done", "udp: and left")
t.ok(packets(reports(3)), "udp: the link hears of that too")
t.ok(group_echo(1) is None, "udp: then nobody hears it")


# --- The way's MTU ------------------------------------------------------------------

t.equal(order(f"mtu {HOST}"), "1500", "udp: the way's MTU is the link's")
with udp() as sink:
    sink.bind((HOST, 0))
    port = sink.getsockname()[1]
    forget()
    order(f"send {HOST} {port} 1400")
    big = packets(lambda p: p[9] == 17 and len(p) >= 1428)
    t.ok(big and big[6] & 0x40, "udp: what fits says: do not fragment")
    body = struct.pack("!BBHHH", 3, 4, 0, 0, 700) + big[:28]
    total = sum(struct.unpack(f"!{len(body) // 2}H", body))
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, 1) as s:
        s.sendto(body[:2] + struct.pack("!H", total) + body[4:], (GUEST, 0))
    sink.recv(65536)
t.equal(order(f"mtu {HOST}"), "1500", "udp: not by a socket that is closed")

# A server's socket is still there when the message comes.
with udp() as s:
    s.connect((GUEST, 7))
    forget()
    s.send(bytes(1400))
    big = packets(lambda p: p[9] == 17 and len(p) >= 1428)
    s.recv(65536)
    body = struct.pack("!BBHHH", 3, 4, 0, 0, 700) + big[:28]
    total = sum(struct.unpack(f"!{len(body) // 2}H", body))
    total = (total & 0xffff) + (total >> 16)
    total = ~((total & 0xffff) + (total >> 16)) & 0xffff
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, 1) as icmp:
        icmp.sendto(body[:2] + struct.pack("!H", total) + body[4:], (GUEST, 0))
    end = time.monotonic() + 10
    while order(f"mtu {HOST}") != "700" and time.monotonic() < end:
        pass
    t.equal(order(f"mtu {HOST}"), "700", "udp: a router's word is taken")
    forget()
    s.send(bytes(1400))
    first = packets(lambda p: p[9] == 17)
    t.ok(first and len(first) <= 700 and first[6] & 0x20,
         "udp: what is longer goes in fragments")
    t.equal(len(s.recv(65536)), 1400, "udp: and arrives")
t.ok("panic" not in vm.text.lower(), "udp: no panic on the console")

# A ping that nobody here wrote is an application like any other.
busybox = shutil.which("busybox")
for options in ("-c 2 -i 0.1 127.0.0.1", "-c 1 -s 60000 127.0.0.1"):
    app = Vm(image(busybox), args="ping " + options, append="loglevel=3")
    t.cleanup(app.kill)
    if not t.equal(app.wait(60), 0, f"udp: busybox ping {options}"):
        t.diag(app.text)
t.done()
