#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The machines that the same image boots on: every cell of lib/cells.py, two at a
time, to an echo over TCP, with the address from DHCP.
"""
import concurrent.futures
import os
import random
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from cells import WAYS, cells
from tap import Tap
from vm import Vm, connect, free_port, image

BYTES = 20000  # in each direction, more than one segment

t = Tap(deadline=400)


def echoed(port, data):
    """What comes back of data, up to the end of the connection."""
    with connect(("127.0.0.1", port)) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        got = bytearray()
        while part := s.recv(65536):
            got += part
    return got


def boot_to_echo(cell):
    """Whether what was sent came back, and what to say if not."""
    seed = random.randrange(1 << 32)
    data = random.Random(seed).randbytes(BYTES)
    port = free_port()
    vm = Vm(images[cell.boot], net="user", ports={port: 7}, **cell._asdict())
    t.cleanup(vm.kill)
    try:
        if not vm.wait_for("echo: listening on port 7", 60):
            return False, f"is not there\n{vm.text}"
        got = echoed(port, data)
        return got == data, f"seed {seed}: {len(got)} bytes back\n{vm.text}"
    except OSError as error:
        return False, f"{error}\n{vm.text}"
    finally:
        vm.kill()


images = {"pvh": image("apps/echo"), "uefi": image("apps/echo", "efi")}
matrix = list(cells())
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for cell, (right, said) in zip(matrix, pool.map(boot_to_echo, matrix)):
        name = " ".join(cell)
        if not t.ok(right, f"boot: {name}: an echo over TCP"):
            t.diag(said)

hello = image("apps/hello")
for machine in WAYS:
    vm = Vm(hello, machine=machine)
    status = vm.wait()
    if not t.ok(status == 0 and "Hello from Pollux." in vm.text,
                f"boot: {machine} without a network"):
        t.diag(f"status {status}\n{vm.text}")

# The plain command line of the documentation: no exit device, no status
# channel; the machine ends by ACPI.
for machine in ("q35", "pc"):
    vm = Vm(hello, machine=machine, plain=True)
    vm.wait()
    t.ok(vm.process.returncode == 0 and "Hello from Pollux." in vm.text,
         f"boot: {machine} with nothing but serial powers off by ACPI")

vm = Vm(hello, append="loglevel=7", net="user",
        nic="e1000,netdev=n0,romfile=")
t.equal(vm.wait(), 0, "boot: an e1000 alone is no network, not an error")
t.ok("e1000" in vm.text or "not supported" in vm.text,
     "boot: and the log names the NIC")
t.done()
