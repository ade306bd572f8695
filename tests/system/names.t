#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
getaddrinfo() of musl and of glibc resolves through the name server that DHCP
gives, over UDP and, when the answer is cut, over TCP if the library can. The DHCP and the DNS
server are a few lines here, each at 10.99.0.1:

    guest 10.99.0.7 ---- tap0 10.99.0.1 (67, 53/udp, 53/tcp)
"""
import os
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from dhcp import GUEST, SERVER, start_server
from tap import Tap, skip_all
from vm import APPS, Vm, image, in_private_network, make_tap

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

ADDRESSES = {
    "one.example.com": ["192.0.2.1"],
    "two.example.com": ["192.0.2.1", "192.0.2.2"],
    # More than the 512 bytes of an answer over UDP (RFC 1035 4.2.1).
    "many.example.com": [f"198.51.100.{i}" for i in range(1, 101)],
    "elsewhere.example.net": ["192.0.2.3"],
}

t = Tap(deadline=240)
make_tap()
asked = []  # (transport, name, truncated)


def question_of(query):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    return ".".join(labels).lower(), query[12:at + 5], query[at + 1:at + 3]


def answer(query, transport, limit):
    name, question, kind = question_of(query)
    found = ADDRESSES.get(name)
    records = b""
    if found and kind == b"\0\1":
        records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4"
                           + socket.inet_aton(a) for a in found)
    room = (limit - 12 - len(question)) // 16 * 16
    cut = len(records) > room
    asked.append((transport, name, cut))
    flags = 0x8180 | (0x200 if cut else 0) | (0 if found else 3)
    records = records[:room]
    return (query[:2] + struct.pack("!HHHHH", flags, 1, len(records) // 16,
                                    0, 0) + question + records)


def serve_udp():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((SERVER, 53))
    while True:
        query, peer = s.recvfrom(2048)
        s.sendto(answer(query, "udp", 512), peer)


def serve_tcp():
    listener = socket.create_server((SERVER, 53))
    while True:
        c, _ = listener.accept()
        with c, c.makefile("rb") as f:
            while length := f.read(2):
                query = f.read(struct.unpack("!H", length)[0])
                reply = answer(query, "tcp", 65535)
                c.sendall(struct.pack("!H", len(reply)) + reply)


for server in (serve_udp, serve_tcp):
    threading.Thread(target=server, daemon=True).start()
start_server({6: socket.inet_aton(SERVER), 15: b"example.org",
              119: b"\7example\3com\0\7example\3net\0"})

NAMES = ("one.example.com", "two.example.com", "many.example.com",
         "elsewhere", "nosuch.example.com", "localhost", "pollux",
         "192.0.2.77")


def line(vm, name):
    found = vm.wait_for(rf"^{name}:(.*)$", 1)
    return sorted(found.group(1).split()) if found else None


def check_cut_answer(libc, vm):
    """glibc asks again over TCP; musl does so from 1.2.4 on, and may not."""
    want = sorted(ADDRESSES["many.example.com"])
    got = line(vm, "many.example.com")
    again = ("tcp", "many.example.com", False) in asked
    t.ok(("udp", "many.example.com", True) in asked,
         f"names: {libc}: an answer that is too long is cut")
    if libc == "glibc":
        t.ok(again, f"names: {libc}: and asked for again, over TCP")
        t.equal(got, want, f"names: {libc}: which gives all of it")
    else:
        t.ok(got and set(got) <= set(want),
             f"names: {libc}: and gives addresses all the same")


def check(libc, compiler, flags):
    elf = image(os.path.join(APPS, "resolve.c"), CC_APP=compiler,
                CFLAGS_APP=flags)
    asked.clear()
    vm = Vm(elf, net="tap:tap0",
            args="/etc/resolv.conf /etc/hosts /etc/nsswitch.conf "
            + " ".join(NAMES))
    t.cleanup(vm.kill)
    t.equal(vm.wait(90), 0, f"names: {libc}: the program ends")
    for name in ("one", "two"):
        full = f"{name}.example.com"
        t.equal(line(vm, full), sorted(ADDRESSES[full]),
                f"names: {libc}: {full}, {len(ADDRESSES[full])} addresses")
    check_cut_answer(libc, vm)
    t.equal(line(vm, "elsewhere"), ["192.0.2.3"],
            f"names: {libc}: a short name, in the second domain of the list")
    t.equal(line(vm, "nosuch.example.com"), ["-2", "error"],
            f"names: {libc}: EAI_NONAME for one that is not there")
    t.equal(line(vm, "localhost"), ["127.0.0.1"],
            f"names: {libc}: localhost is in /etc/hosts")
    t.equal(line(vm, "pollux"), [GUEST],
            f"names: {libc}: the machine's own name has its address")
    t.equal(line(vm, "192.0.2.77"), ["192.0.2.77"],
            f"names: {libc}: an address is itself")
    t.ok(not any(name in ("localhost", "pollux") for _, name, _ in asked),
         f"names: {libc}: and nobody was asked for those")
    t.ok(vm.wait_for("^this is pollux", 1), f"names: {libc}: gethostname")
    t.ok(vm.wait_for(f"^/etc/resolv.conf: nameserver {SERVER}", 1)
         and vm.wait_for("^/etc/resolv.conf: search example.com example.net",
                         1),
         f"names: {libc}: /etc/resolv.conf has what DHCP said")
    if t.failed:
        t.diag(vm.text)
        t.diag(str(asked))


check("musl", "musl-gcc", "-O2 -static")
check("glibc", "gcc", "-O2 -w -static")
t.done()
