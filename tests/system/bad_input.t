#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What cannot work is said in one clear line, with a non-zero status."""
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import TOP, Vm, image

t = Tap(deadline=300)
work = tempfile.mkdtemp(prefix="pollux-bad-")
t.cleanup(lambda: subprocess.run(["rm", "-rf", work], check=True))


def write(name, data):
    path = os.path.join(work, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    return path


def bad_app(path, what):
    run = subprocess.run(["make", "-s", "image", f"APP={path}"], cwd=TOP,
                         stdin=subprocess.DEVNULL, capture_output=True,
                         text=True)
    t.ok(run.returncode != 0, f"bad APP: {what} fails")
    lines = [l for l in run.stderr.splitlines() if not l.startswith("make")]
    if not t.ok(len(lines) >= 1 and os.path.basename(path) in run.stderr,
                f"bad APP: {what} names it"):
        t.diag(run.stdout + run.stderr)


os.mkdir(os.path.join(work, "empty"))
bad_app("apps/no-such-app", "a folder that is not there")
bad_app(os.path.join(work, "empty"), "a folder without .c files")
bad_app(write("script.sh", b"#!/bin/sh\nexit 0\n"), "a script")
bad_app("/bin/true", "a dynamically linked executable")
bad_app(write("broken.c", b"int main(void) { return\n"), "a .c with an error")


def elf_header(phnum):
    return struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1,
                       0x401000, 64, 0, 0, 64, 56, phnum, 0, 0, 0)


def program_header(kind, offset, vaddr, filesz, memsz):
    return struct.pack("<IIQQQQQQ", kind, 5, offset, vaddr, vaddr, filesz,
                       memsz, 4096)


DAMAGED = {
    "no loadable segment": elf_header(1) + program_header(4, 0, 0, 0, 0),
    "a segment beyond the end of the file":
        elf_header(1) + program_header(1, 0, 0x400000, 99999, 99999),
    "a segment in the kernel's half":
        elf_header(1) + program_header(1, 0, 0xffffffff80000000, 120, 120),
    "a segment at page zero":
        elf_header(1) + program_header(1, 0, 0, 120, 120),
    "more bytes in the file than in memory":
        elf_header(1) + program_header(1, 0, 0x400000, 120, 60),
    "program headers beyond the end": elf_header(40),
}
for number, (what, data) in enumerate(DAMAGED.items()):
    path = write(f"damaged{number}", data)
    os.chmod(path, 0o755)
    run = subprocess.run(["make", "-s", "run", "NET=none", f"APP={path}"],
                         cwd=TOP, stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=60)
    t.ok(run.returncode != 0, f"bad ELF: {what}: make run fails")
    text = (run.stdout + run.stderr).lower()
    if not t.ok("panic" not in text and f"damaged{number}" in text,
                f"bad ELF: {what}: one line says so, no panic"):
        t.diag(run.stdout + run.stderr)

elf = image("apps/hello")
# Where not even the image fits, boot/entry.S says so; its status is a panic's.
for mem in ("2M", "2304K", "3M"):
    vm = Vm(elf, mem=mem)
    status = vm.wait()
    if not t.ok(status not in (0, None, "still running") and
                "too little memory" in vm.text and "panic:" not in vm.text and
                (status != "panic" or "for the image" in vm.text),
                f"bad memory: {mem} are too little, and a line says so"):
        t.diag(f"status {status}\n{vm.text}")
for ip in ("banana", "10.0.0.1", "10.0.0.256/24", "10.0.0.1/33", "10.0.0.1/",
           "1.2.3.4.5/8", "10.0.0.1/24 gw=nowhere"):
    vm = Vm(elf, append=f"ip={ip}")
    status = vm.wait()
    word = ip.split("gw=")[-1]
    if not t.ok(status not in (0, None, "panic", "still running") and
                word in vm.text and "Hello" not in vm.text,
                f"bad ip={ip}: a line that names it, non-zero status"):
        t.diag(f"status {status}\n{vm.text}")
t.done()
