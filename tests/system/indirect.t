#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Where the kernel may jump through a pointer: every address of code that lies in
its data, or that an instruction takes, begins with ENDBR64, as CPUs with
indirect branch tracking want it (SDM vol 1 17.3).
"""
import os
import re
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import image

ENDBR64 = bytes.fromhex("f30f1efa")
# Reached by RET, IRETQ or from the exception tables, or before the tracking is on.
EXEMPT = re.compile(r"enter_user|enter_kthread|return_iretq|bad_iret|probe_\w+|copy_\w+"
                    r"|_text|_etext|start|pvh_entry|boot_\w+|__\w+_user")

t = Tap(deadline=60)
dbg = os.path.splitext(image("apps/echo"))[0] + ".dbg"


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


sections = {m[1]: (int(m[2], 16), int(m[4], 16), int(m[3], 16)) for m in re.finditer(
    r"\] (\.\S+)\s+\w+\s+([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", output("readelf", "-SW", dbg))}
names = {int(m[1], 16): m[2] for m in
         re.finditer(r"^([0-9a-f]+) [tT] (\S+)$", output("nm", dbg), re.M)}
with open(dbg, "rb") as f:
    file = f.read()
start, size, at = sections[".text"]
text = file[at:at + size]

taken = set()
for name in (".rodata", ".data", ".sealed"):
    _, length, offset = sections[name]
    for word, in struct.iter_unpack("<Q", file[offset:offset + length // 8 * 8]):
        if word in names:
            taken.add(word)
in_data = len(taken)
for m in re.finditer(r"\slea\s.*# ([0-9a-f]+) <(\w+)>$",
                     output("objdump", "-d", "--no-show-raw-insn", "-j", ".text", dbg), re.M):
    if int(m[1], 16) in names:
        taken.add(int(m[1], 16))
t.ok(in_data > 300 and len(taken) > in_data + 50,
     f"indirect: {in_data} addresses of code in the data, "
     f"{len(taken) - in_data} taken by instructions")
t.equal(sorted(names[a] for a in taken if not EXEMPT.fullmatch(names[a]) and
               not text[a - start:].startswith(ENDBR64)), [],
        "indirect: each is marked as a target")
t.equal(text[next(a for a in names if names[a] == "syscall_entry") - start:][:4],
        ENDBR64, "indirect: so is the entry of system calls")
vectors = next(a for a in names if names[a] == "trap_vectors") - start
t.equal([n for n in range(256) if text[vectors + 16 * n:][:4] != ENDBR64], [],
        "indirect: and each of the 256 gates")
t.done()
