#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
An echo, an HTTP server and a proxy to it, all in one machine, under load for
SOAK seconds (30, or `make soak SECONDS=3600`): every byte that comes back is
compared, and after each round, when nobody is connected, memory is what it was
after the first.
"""
import os
import random
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import GUEST, HOST, in_use, memory_is_back, receive
from tap import Tap, skip_all
from vm import APPS, Vm, connect, image, in_private_network, make_tap

if not shutil.which("wrk"):
    skip_all("needs wrk")
if not in_private_network():
    skip_all("needs root and /dev/net/tun")

SOAK = int(os.environ.get("SOAK", 30))
ROUNDS = max(2, min(12, SOAK // 120))
ROUND = max(SOAK // ROUNDS, 1)  # seconds
ECHO, HTTP, PROXY = 7, 80, 81
KEPT = 8  # connections of each kind that last a round
t = Tap(deadline=SOAK + ROUNDS * 150 + 300)
make_tap(address=HOST + "/16")
vm = Vm(image(os.path.join(APPS, "soak")), net="tap:tap0", mem="64M",
        append=f"ip={GUEST}/16 gw={HOST}")
t.cleanup(vm.kill)
t.ok(vm.wait_for("http: listening"), "soak: the servers start")


def make_block():
    """What http.c fills its block with, twice, to cut from."""
    x, block = 1, bytearray()
    for i in range(65521):
        x = (x * 1664525 + 1013904223) & 0xffffffff if i else 1
        block.append(x >> 24)
    return bytes(block) * 2


BLOCK = make_block()


def get(s, path):
    """The body of an answer that tells its length."""
    s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = s.recv(1)
        if not byte:
            raise OSError(f"{path}: the connection ended")
        head += byte
    size = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    return receive(s, size)


def guest_text(path):
    with connect((GUEST, HTTP)) as s:
        text = get(s, "/fs" + path).decode()
        s.shutdown(socket.SHUT_WR)
        s.recv(1)
    return text


class Load:
    """Clients for one round; joined, none has a connection left."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds
        self.errors, self.counts = [], {"echoes": 0, "answers": 0,
                                        "connections": 0, "bytes": 0}
        self.lock = threading.Lock()
        kinds = [self.echo, self.short_echo] + \
            [lambda port=port, kind=kind: kind(port)
             for port in (HTTP, PROXY) for kind in (self.http, self.short_http,
                                                    self.abort)]
        self.threads = [threading.Thread(target=self.go, args=(kind,))
                        for kind in kinds for _ in range(
                            KEPT if kind == self.echo else 2)]
        self.wrks = [subprocess.Popen(
            ["wrk", "-t1", "-c16", f"-d{seconds}s", f"http://{GUEST}:{port}/"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            for port in (HTTP, PROXY)]

    def go(self, kind):
        try:
            while time.monotonic() < self.end:
                kind()
        except (OSError, IndexError, ValueError) as e:
            self.errors.append(f"{type(e).__name__}: {e}")

    def count(self, **what):
        with self.lock:
            for name, n in what.items():
                self.counts[name] += n

    def compare(self, got, want, name):
        self.count(bytes=len(got))
        if got != want:
            raise OSError(f"{name}: {len(got)} bytes are not the {len(want)}")

    def echo(self):
        """One connection, many messages, some longer than the buffers."""
        with connect((GUEST, ECHO), timeout=60) as s:
            for _ in range(200):
                if time.monotonic() >= self.end:
                    break
                data = random.randbytes(random.choice((1, 100, 3000, 50000)))
                s.sendall(data)
                self.compare(receive(s, len(data)), data, "echo")
                self.count(echoes=1)
        self.count(connections=1)

    def short_echo(self):
        data = random.randbytes(random.randint(1, 1000))
        with connect((GUEST, ECHO), timeout=60) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            self.compare(receive(s, len(data) + 1), data, "short echo")
        self.count(connections=1, echoes=1)

    def http(self, port):
        """Bodies from memory, in a connection that is kept alive."""
        with connect((GUEST, port), timeout=60) as s:
            for _ in range(20):
                size = random.choice((0, 10, 1460, 20000, 65000))
                self.compare(get(s, f"/bytes/{size}"), BLOCK[:size],
                             f"http {port}")
                self.count(answers=1)
        self.count(connections=1)

    def short_http(self, port):
        with connect((GUEST, port), timeout=60) as s:
            self.compare(get(s, "/"), b"200 OK\n", f"short http {port}")
        self.count(connections=1, answers=1)

    def abort(self, port):
        """Asks for much, reads a little, and resets the connection."""
        with connect((GUEST, port), timeout=60) as s:
            s.sendall(b"GET /bytes/1000000 HTTP/1.1\r\nHost: x\r\n\r\n")
            s.recv(2000)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
        self.count(connections=1)
        time.sleep(0.05)

    def run(self):
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join()
        for wrk in self.wrks:
            text = wrk.communicate()[0]
            bad = [line for line in text.splitlines()
                   if "Socket errors" in line or "Non-2xx" in line]
            if wrk.returncode or bad or " requests in " not in text:
                self.errors.append(f"wrk: {text}")
            else:
                self.count(answers=int(text.split(" requests in ")[0].split()[-1]))


def quiet():
    """What is in use when the last TIME-WAIT has ended, after a minute."""
    end = time.monotonic() + 100
    while True:
        now = in_use(guest_text)
        if not now[1]["tcp_time_wait"] or time.monotonic() > end:
            return now
        time.sleep(1)


total, errors, free, first = {}, [], [], None
started = time.monotonic()
for number in range(ROUNDS):
    load = Load(ROUND)
    load.run()
    errors += load.errors
    for name, n in load.counts.items():
        total[name] = total.get(name, 0) + n
    now = quiet()
    first = first or now
    t.diag(f"round {number + 1}: {time.monotonic() - started:.0f} s, "
           f"{now[0]} KiB free, {load.counts}")
    free.append(now[0])
    if load.errors:
        break
t.diag(f"{time.monotonic() - started:.0f} s, {total}")
t.diag(f"KiB free after each round: {free}")
if not t.ok(not errors, "soak: every byte came back, no connection failed"):
    t.diag("\n".join(errors[:20]))
t.ok(all(n > 0 for n in total.values()), "soak: there was load of every kind")
t.ok(max(free[0] - f for f in free) < 64,
     "soak: after each round as much memory is free as after the first")
memory_is_back(t, first, "soak: and the same objects are in use",
               read=guest_text)
t.ok("panic" not in vm.text.lower() and "warn" not in vm.text.lower(),
     "soak: the console has no panic and no warning")
if t.failed:
    t.diag(vm.text[-2000:])
t.done()
