#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
A small HTTP server as curl and wrk see it: connections kept alive, requests in
a row, bodies of megabytes both ways, from memory and by sendfile(), slow
readers, and an end of the connection right behind the last write.
"""
import hashlib
import os
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import GUEST, boot, in_use, memory_is_back, receive
from tap import Tap, skip_all
from vm import connect, in_private_network

for program in ("curl", "wrk"):
    if not shutil.which(program):
        skip_all(f"needs {program}")
if not in_private_network():
    skip_all("needs root and /dev/net/tun")

URL = f"http://{GUEST}"
LONG = 50_000_000
t = Tap(deadline=600)
folder = tempfile.TemporaryDirectory(prefix="pollux-http-")
t.cleanup(folder.cleanup)
os.mkdir(os.path.join(folder.name, "root"))
stored = random.randbytes(5_000_000)
upload = random.randbytes(5_000_000)
upload_path = os.path.join(folder.name, "upload")
for path, data in (("root/data", stored), ("upload", upload)):
    with open(os.path.join(folder.name, path), "wb") as f:
        f.write(data)
vm = boot(t, "http", os.path.join(folder.name, "root"), mem="128M")


def make_block():
    """What tests/system/apps/http.c fills its block with."""
    x, block = 1, bytearray()
    for i in range(65521):
        x = (x * 1664525 + 1013904223) & 0xffffffff if i else 1
        block.append(x >> 24)
    return bytes(block)


BLOCK = make_block()


def pattern(size):
    return (BLOCK * (size // len(BLOCK) + 1))[:size]


def curl(*options, **more):
    return subprocess.run(["curl", "-sS", "-m", "200", *options],
                          stdin=subprocess.DEVNULL, capture_output=True, **more)


def guest_text(path):
    return curl(f"{URL}/fs{path}").stdout.decode()


def same(run, want, name):
    """The body that curl printed is want."""
    if not t.ok(run.returncode == 0 and run.stdout == want, f"http: {name}"):
        t.diag(f"status {run.returncode}, {len(run.stdout)} bytes of "
               f"{len(want)}\n{run.stderr.decode()}")


# A reader that takes its time, from the first minute to the last: the server
# closes long before it has all, and is not there any more to send it.
class SlowReader(threading.Thread):
    def __init__(self):
        super().__init__()
        self.got, self.hash, self.error = 0, hashlib.sha256(), None
        self.slow = threading.Event()

    def run(self):
        try:
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                s.settimeout(100)
                s.connect((GUEST, 80))
                self.port = s.getsockname()[1]
                s.sendall(f"GET /bytes/{LONG} HTTP/1.1\r\n"
                          "Connection: close\r\n\r\n".encode())
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += s.recv(1)
                self.read(s)
                # A reset, which leaves no TIME-WAIT to wait for.
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        except OSError as e:
            self.error = e

    def read(self, s):
        started = None
        while True:
            if LONG - self.got < 40_000 and started is None:
                started = time.monotonic()
                self.slow.set()
            slow = started is not None and time.monotonic() - started < 65
            if slow:
                time.sleep(0.5)
            part = s.recv(250 if slow else 65536)
            if not part:
                return
            self.got += len(part)
            self.hash.update(part)


# The first of each kind leaves something behind in the machine.
guest_text("/proc/slabinfo")
guest_text("/proc/net/tcp")
same(curl(f"{URL}/fs/data"), stored, "5 MB by sendfile()")
many = [connect((GUEST, 80)) for _ in range(150)]  # a larger descriptor table
for s in many:
    s.close()
before = in_use(guest_text)
slow = SlowReader()
slow.start()

same(curl("-H", "Connection: close", f"{URL}/bytes/3000000"),
     pattern(3000000), "all of it comes though the server closes at once")
run = curl(*[x for _ in range(50) for x in ("-o", "/dev/null", f"{URL}/")],
           "-w", "%{num_connects} %{http_code}\\n")
t.equal(run.stdout.decode().split("\n"), ["1 200"] + ["0 200"] * 49 + [""],
        "http: 50 requests in one connection")
same(curl(f"{URL}/bytes/20000000"), pattern(20000000), "20 MB from memory")
same(curl("--limit-rate", "2M", f"{URL}/fs/data"), stored,
     "5 MB by sendfile() to a slow reader")
same(curl("--data-binary", f"@{upload_path}", f"{URL}/echo"), upload,
     "5 MB go in and come back")
same(curl("-H", "Transfer-Encoding: chunked", "--data-binary",
          f"@{upload_path}", f"{URL}/echo"), upload,
     "5 MB go in in chunks and come back")
same(curl("--limit-rate", "1M", "-H", "Expect:", "--data-binary",
          f"@{upload_path}", f"{URL}/echo"), upload,
     "5 MB go in and come back slowly")
same(curl("--data-binary", "", f"{URL}/echo"), b"", "an empty body, too")
run = curl("-I", f"{URL}/fs/data")
t.ok(b"200 OK" in run.stdout and b"Content-Length: 5000000" in run.stdout,
     "http: HEAD names the length")
run = curl("-0", "-w", "%{http_code}", f"{URL}/nowhere")
t.equal(run.stdout, b"404 Not Found\n404", "http: HTTP/1.0 and an error")
run = curl("-X", "DELETE", "-w", "%{http_code}", f"{URL}/")
t.equal(run.stdout, b"405 Method Not Allowed\n405", "http: a refused method")

# Many at once.
os.mkdir(os.path.join(folder.name, "many"))
run = curl("-Z", "--parallel-max", "60", "--parallel-immediate", "-o",
           os.path.join(folder.name, "many", "#1"),
           f"{URL}/bytes/[10000-10299]")
wrong = []
for size in range(10000, 10300):
    path = os.path.join(folder.name, "many", str(size))
    with open(path, "rb") as f:
        if f.read() != pattern(size):
            wrong.append(size)
if not t.ok(run.returncode == 0 and not wrong,
            "http: 300 bodies over up to 60 connections at once"):
    t.diag(f"{wrong[:10]} {run.stderr.decode()}")

# Requests in a row without waiting for answers.
with connect((GUEST, 80)) as s:
    sizes = [random.randint(0, 3000) for _ in range(200)]
    s.sendall(b"".join(b"GET /bytes/%d HTTP/1.1\r\nHost: g\r\n\r\n" % n
                       for n in sizes))
    s.shutdown(socket.SHUT_WR)
    text = b""
    while part := s.recv(65536):
        text += part
want = b"".join(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                b"Content-Length: %d\r\n\r\n" % n + pattern(n) for n in sizes)
t.ok(text == want, "http: 200 pipelined requests, answered in order, before a "
     "half-closed connection ends")
for garbage in (b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01" + b"\0" * 200 +
                b"\r\n\r\n", b"A" * 9000,
                b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" +
                b"f" * 9000):
    with connect((GUEST, 80)) as s:
        s.sendall(garbage)
        s.shutdown(socket.SHUT_WR)
        try:
            while s.recv(65536):
                pass
        except ConnectionResetError:
            pass  # the server left bytes unread
same(curl(f"{URL}/"), b"200 OK\n", "served after requests that make no sense")

def wrk(path, connections):
    """wrk's report; on a busy machine it takes longer to see an answer."""
    for seconds in (2, 20, 60):
        run = subprocess.run(["wrk", "-t", "1", "-c", connections, "-d",
                              f"{seconds}s", "--timeout", "60s", URL + path],
                             stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=180)
        done = re.search(r"(\d+) requests in", run.stdout)
        if "Socket errors" in run.stdout or not done or int(done[1]):
            break
    return run, int(done[1]) if done else 0


for path in ("/", "/bytes/20000", "/fs/data"):
    run, done = wrk(path, "8" if "fs" in path else "100")
    if not t.ok(run.returncode == 0 and done > 0 and
                "Socket errors" not in run.stdout and
                "Non-2xx" not in run.stdout,
                f"http: wrk sees no error at {path}"):
        t.diag(run.stdout + run.stderr)
    else:
        t.diag(f"wrk {path}: {done} requests")

slow.slow.wait()
for _ in range(40):
    lines = [l.split() for l in guest_text("/proc/net/tcp").splitlines()
             if f":{slow.port:04X} " in l]
    if lines and lines[0][3] == "04":
        break
    time.sleep(0.5)
if not t.ok(lines and lines[0][3] == "04",
            "http: the server has closed, the slow reader has not all"):
    t.diag(lines)
slow.join()
want = hashlib.sha256(pattern(LONG)).hexdigest()
if not t.ok(slow.got == LONG and slow.hash.hexdigest() == want,
            "http: 50 MB reach a reader who takes a minute for what is left "
            "when the server has closed"):
    t.diag(f"{slow.got} bytes, {slow.error}")
memory_is_back(t, before, "http: afterwards pages and slab objects are back",
               read=guest_text)
t.ok("panic" not in vm.text.lower() and "assert" not in vm.text.lower(),
     "http: no panic, no assertion on the console")
if t.failed:
    t.diag(vm.text[-3000:])
t.done()
