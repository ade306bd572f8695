#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A server on a tap device in a network namespace of the test's own: many
connections at once, resets, half-close, a client that stops reading, and no
leak after 20,000 connections.
"""
import os
import random
import selectors
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import GUEST, boot, in_use, memory_is_back, one_echo
from tap import Tap, skip_all
from vm import connect, in_private_network

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

t = Tap(deadline=600)
vm = boot(t, mem="128M")


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


seed = t.seed
clients = [Client(seed + i, 200 * 1024) for i in range(500)]
started = time.monotonic()
run_clients(clients, 240)
if not t.ok(all(c.good and c.got == len(c.data) for c in clients),
            "tap: 500 connections echo 100 MB, content checked"):
    bad = [c for c in clients if not c.good or c.got != len(c.data)]
    t.diag(f"seed {seed}, {len(bad)} bad, first sent {bad[0].sent} "
           f"got {bad[0].got}\n{vm.text[-2000:]}")
t.diag(f"100 MB in {time.monotonic() - started:.1f} s")


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
memory_is_back(t, before, "tap: afterwards pages and slab objects are back")
t.ok(one_echo(), "tap: and it still serves")
t.ok("panic" not in vm.text.lower(), "tap: no panic on the console")
t.done()
