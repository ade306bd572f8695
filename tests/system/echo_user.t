#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The echo appliance over QEMU's user network: DHCP, our client and nc."""
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import TOP, Vm, connect, free_port, image

t = Tap(deadline=200)
CHUNK = 65536


def echo_check(port, size, seed):
    """Sends size random bytes in random pieces; True when they come back."""
    rng = random.Random(seed)
    data = rng.randbytes(size)
    with connect(("127.0.0.1", port)) as s:
        def send():
            at = 0
            while at < size:
                n = rng.randint(1, CHUNK)
                s.sendall(data[at:at + n])
                at += n
            s.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        got = bytearray()
        while part := s.recv(CHUNK):
            got += part
        sender.join()
    return got == data


def serve(name, elf, **options):
    port = free_port()
    vm = Vm(elf, net="user", ports={port: 7}, **options)
    t.cleanup(vm.kill)
    if not t.ok(vm.wait_for("echo: listening on port 7"),
                f"{name}: says what it listens on"):
        t.diag(vm.text)
    seed = random.randrange(1 << 32)
    if not t.ok(echo_check(port, 1 << 20, seed),
                f"{name}: 1 MiB in random pieces comes back (half-close)"):
        t.diag(f"seed {seed}\n{vm.text}")
    nc = subprocess.run(["nc", "-N", "127.0.0.1", str(port)],
                        input=b"hello from nc\n", capture_output=True,
                        timeout=20)
    t.equal(nc.stdout, b"hello from nc\n", f"{name}: nc gets its bytes back")
    vm.kill()


serve("echo, musl", image("apps/echo"))
serve("echo, 16 MiB pc qemu64", image("apps/echo"), mem="16M", machine="pc",
      cpu="qemu64")
serve("echo, legacy off", image("apps/echo"),
      nic="virtio-net-pci,netdev=n0,romfile=,disable-legacy=on")

# The same source, built by the distribution's own gcc: glibc, both kinds.
source = os.path.join(TOP, "apps", "echo", "echo.c")
work = tempfile.mkdtemp(prefix="pollux-glibc-")
t.cleanup(lambda: shutil.rmtree(work))
for flags in ("-static", "-static-pie"):
    binary = os.path.join(work, "echo-glibc" + flags)
    subprocess.run(["gcc", "-O2", flags, "-o", binary, source], check=True)
    serve(f"echo, glibc {flags}", image(binary))
t.done()
