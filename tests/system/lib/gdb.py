# SPDX-License-Identifier: MIT
"""
QEMU's gdb stub, to break a running kernel on purpose, or to stop it at a place:
Vm(..., append="nokaslr", extra=stub.options), then stub.write(address, code); or
Gdb(stopped=True) and stub.stops(addresses).
"""
import os
import re
import socket
import struct
import subprocess
import tempfile
import time

# The answer to "g" begins with these, eight bytes each.
REGISTERS = ("rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 "
             "rip").split()


def symbol(elf, name):
    """Where an image's function is linked: there with nokaslr."""
    out = subprocess.run(["nm", os.path.splitext(elf)[0] + ".dbg"],
                         capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) . {name}$", out, re.M)[1], 16)


def instruction(elf, name):
    """Where the only instruction of this name is linked."""
    out = subprocess.run(["objdump", "-d", "--no-show-raw-insn",
                          os.path.splitext(elf)[0] + ".dbg"],
                         capture_output=True, text=True, check=True).stdout
    found = re.findall(rf"^([0-9a-f]+):\s+{name}\s*$", out, re.M)
    if len(found) != 1:
        raise RuntimeError(f"{elf}: {len(found)} times {name}")
    return int(found[0], 16)


class Session:
    """A machine that stands still, until it is told to go on."""

    def __init__(self, s):
        self.s = s
        self.text = ""

    def _packet(self):
        """The next one's text; None: the machine has ended."""
        while not (found := re.search(r"\$([^#]*)#..", self.text)):
            try:
                got = self.s.recv(4096)
            except ConnectionError:
                return None
            if not got:
                return None
            self.text += got.decode()
        self.text = self.text[found.end():]
        self.s.sendall(b"+")
        return None if found[1].startswith(("W", "X")) else found[1]

    def ask(self, packet):
        self.s.sendall(f"${packet}#{sum(packet.encode()) & 0xFF:02x}".encode())
        return self._packet()

    def registers(self):
        values = struct.unpack_from(f"<{len(REGISTERS)}Q",
                                    bytes.fromhex(self.ask("g")))
        return dict(zip(REGISTERS, values))

    def words(self, address, n):
        """Memory as 64-bit words."""
        return struct.unpack(f"<{n}Q", bytes.fromhex(
            self.ask(f"m{address:x},{8 * n:x}")))


class Gdb:
    def __init__(self, stopped=False):
        self.folder = tempfile.TemporaryDirectory(prefix="pollux-gdb-")
        self.path = os.path.join(self.folder.name, "gdb")
        self.options = ["-gdb", f"unix:{self.path},server=on,wait=off"]
        if stopped:
            self.options.append("-S")

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

    def _wait_for_socket(self, s, patience):
        """QEMU makes it some time after its start."""
        end = time.monotonic() + patience
        while True:
            try:
                return s.connect(self.path)
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def stops(self, addresses, patience=60):
        """
        Yields the session each time that the machine is about to execute what
        lies at one of the addresses, until it ends. patience: seconds.
        """
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(patience)
            self._wait_for_socket(s, patience)
            session = Session(s)
            for address in addresses:
                session.ask(f"Z0,{address:x},1")
            while session.ask("c") is not None:
                at = session.registers()["rip"]
                yield session
                # A breakpoint would stop it again: one step without it.
                session.ask(f"z0,{at:x},1")
                if session.ask("s") is None:
                    return
                session.ask(f"Z0,{at:x},1")

    def close(self):
        self.folder.cleanup()
