# SPDX-License-Identifier: MIT
"""
QEMU's gdb stub, to break a running kernel on purpose: Vm(...,
append="nokaslr", extra=stub.options), then stub.write(address, code).
"""
import os
import re
import socket
import subprocess
import tempfile


def symbol(elf, name):
    """Where an image's function is linked: there with nokaslr."""
    out = subprocess.run(["nm", os.path.splitext(elf)[0] + ".dbg"],
                         capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) . {name}$", out, re.M)[1], 16)


class Gdb:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pollux-gdb-")
        self.path = os.path.join(self.folder.name, "gdb")
        self.options = ["-gdb", f"unix:{self.path},server=on,wait=off"]

    def _ask(self, s, packet):
        """
        One packet of the remote serial protocol; the answer's text. That the
        machine has stopped ("T...") is news, no answer.
        """
        s.sendall(f"${packet}#{sum(packet.encode()) & 0xFF:02x}".encode())
        text = ""
        while not (found := re.search(r"\$([^#T][^#]*)#..", text)):
            got = s.recv(4096)
            if not got:
                raise RuntimeError(f"gdb stub: no answer to {packet}")
            text += got.decode()
        s.sendall(b"+")
        return found[1]

    def write(self, address, code):
        """Puts code there while the machine stands still, read-only or not."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(self.path)
            answer = self._ask(s, f"M{address:x},{len(code):x}:{code.hex()}")
            if answer != "OK":
                raise RuntimeError(f"gdb stub: {answer}")
            self._ask(s, "D")

    def close(self):
        self.folder.cleanup()
