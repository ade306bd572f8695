#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A server on a tap device in a network namespace of the test's own: ping, many
connections at once, resets, half-close, a client that stops reading, and no
leak after 20,000 connections.
"""
import os
import random
import selectors
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap, skip_all
from vm import APPS, Vm, connect, image, in_private_network, make_tap

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

GUEST = "10.99.0.2"
t = Tap(deadline=600)
make_tap()
vm = Vm(image(os.path.join(APPS, "inspect.c")), mem="128M", net="tap:tap0",
        append="ip=10.99.0.2/16 gw=10.99.0.1")
t.cleanup(vm.kill)
if not t.ok(vm.wait_for("inspect: listening"), "tap: the server starts"):
    t.diag(vm.text)
    t.done()


def ping(*options):
    return subprocess.run(["ping", "-n", "-q", "-W", "5", *options, GUEST],
                          capture_output=True, text=True)


t.ok(" 0% packet loss" in ping("-c", "3", "-i", "0.2").stdout,
     "tap: answers ping")
for size in (0, 1, 56, 1400, 1472):
    t.ok(" 0% packet loss" in ping("-c", "1", "-s", str(size)).stdout,
         f"tap: answers ping of {size} bytes")


class Client:
    """One connection that sends size random bytes and checks the echo."""

    def __init__(self, seed, size):
        self.rng = random.Random(seed)
        self.data = self.rng.randbytes(size)
        self.sent = self.got = 0
        self.good = True
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.connect_ex((GUEST, 7))

    def writable(self):
        n = self.rng.randint(1, 20000)
        try:
            self.sent += self.sock.send(self.data[self.sent:self.sent + n])
        except BlockingIOError:
            pass
        if self.sent == len(self.data):
            self.sock.shutdown(socket.SHUT_WR)
        return self.sent < len(self.data)

    def readable(self):
        try:
            part = self.sock.recv(65536)
        except BlockingIOError:
            return True
        if part != self.data[self.got:self.got + len(part)]:
            self.good = False
        self.got += len(part)
        return bool(part)


def run_clients(clients, limit):
    sel = selectors.DefaultSelector()
    both = selectors.EVENT_READ | selectors.EVENT_WRITE
    for c in clients:
        sel.register(c.sock, both, c)
    end = time.monotonic() + limit
    while sel.get_map() and time.monotonic() < end:
        for key, mask in sel.select(1):
            c = key.data
            try:
                if mask & selectors.EVENT_WRITE and c.sent < len(c.data):
                    if not c.writable():
                        sel.modify(c.sock, selectors.EVENT_READ, c)
                if mask & selectors.EVENT_READ and not c.readable():
                    sel.unregister(c.sock)
                    c.sock.close()
            except OSError as e:
                t.diag(f"client: {e}")
                c.good = False
                sel.unregister(c.sock)
                c.sock.close()


seed = random.randrange(1 << 32)
clients = [Client(seed + i, 200 * 1024) for i in range(500)]
started = time.monotonic()
run_clients(clients, 240)
if not t.ok(all(c.good and c.got == len(c.data) for c in clients),
            "tap: 500 connections echo 100 MB, content checked"):
    bad = [c for c in clients if not c.good or c.got != len(c.data)]
    t.diag(f"seed {seed}, {len(bad)} bad, first sent {bad[0].sent} "
           f"got {bad[0].got}\n{vm.text[-2000:]}")
t.diag(f"100 MB in {time.monotonic() - started:.1f} s")


def one_echo():
    with connect((GUEST, 7)) as s:
        s.sendall(b"still there?")
        got = b""
        while len(got) < 12 and (part := s.recv(100)):
            got += part
        return got == b"still there?"


s = connect((GUEST, 7))
s.sendall(b"x" * 1000)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
t.ok(one_echo(), "tap: serves on after a RST from a client")

with connect((GUEST, 7)) as s:
    s.sendall(b"a" * 100000)
    s.shutdown(socket.SHUT_WR)
    got = b""
    while part := s.recv(65536):
        got += part
t.equal(len(got), 100000, "tap: all bytes and then the end after half-close")

slow = connect((GUEST, 7))
slow.setblocking(False)
total = 0
stop = time.monotonic() + 5
while time.monotonic() < stop:
    try:
        total += slow.send(b"z" * 65536)
    except BlockingIOError:
        time.sleep(0.2)
t.ok(total > 65536 and one_echo(),
     f"tap: a client that stops reading ({total} bytes in) stops nobody else")
slow.setblocking(True)
got = 0
slow.shutdown(socket.SHUT_WR)
while part := slow.recv(65536):
    got += len(part)
t.equal(got, total, "tap: and gets every byte once it reads again")
slow.close()

try:
    socket.create_connection((GUEST, 4444), 5)
    refused = False
except ConnectionRefusedError:
    refused = True
t.ok(refused, "tap: a port without a listener refuses")


def guest_file(path):
    """A file's text. We close first, so no TIME_WAIT stays in the guest."""
    with connect((GUEST, 10)) as s:
        s.sendall(path.encode() + b"\n")
        text = b""
        while not text.endswith(b"\0"):
            text += s.recv(65536)
    return text[:-1].decode()


def in_use():
    """Free memory in KiB and objects handed out, by cache."""
    free = 0
    for line in guest_file("/proc/meminfo").splitlines():
        if line.startswith("MemFree:"):
            free = int(line.split()[1])
    caches = {}
    for line in guest_file("/proc/slabinfo").splitlines():
        words = line.split()
        if len(words) > 2 and words[1].isdigit():
            caches[words[0]] = int(words[1])
    return free, caches


def thousand_connections():
    socks = [connect((GUEST, 7)) for _ in range(1000)]
    for c in socks:
        c.sendall(b"ping")
    good = all(c.recv(4, socket.MSG_WAITALL) == b"ping" for c in socks)
    for c in socks:
        c.close()
    return good


thousand_connections()
time.sleep(1)
before = in_use()
good = all([thousand_connections() for _ in range(20)])
t.ok(good, "tap: 1,000 connections opened and closed 20 times, all served")
for _ in range(20):
    time.sleep(0.5)
    after = in_use()
    grown = {k: (before[1].get(k, 0), v) for k, v in after[1].items()
             if v > before[1].get(k, 0)}
    if not grown and before[0] - after[0] < 64:
        break
if not t.ok(not grown and before[0] - after[0] < 64,
            "tap: afterwards pages and slab objects are back"):
    t.diag(f"free {before[0]} -> {after[0]} KiB, grown {grown}")
t.ok(one_echo(), "tap: and it still serves")
t.ok("panic" not in vm.text.lower(), "tap: no panic on the console")
t.done()
