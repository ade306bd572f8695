# SPDX-License-Identifier: MIT
"""
A machine whose network device is tests/system/liar: a program of ours beside
QEMU, with the guest's memory in its own. Behind it is the network of lib/wire.py.
"""
import os
import select
import struct
import subprocess
import tempfile
import time

from vm import APPS, TOP, Qmp, Vm, image
from wire import GATEWAY, GUEST, Peer, Wire

MAC = "52:54:00:12:34:56"
VERSION_1, EVENT_IDX, ANY_LAYOUT, PACKED = (1 << n for n in (32, 29, 27, 34))
# Checksums, segmentation, merging, control, in order... What has to be answered by
# the device (MTU, several queues, an IOMMU) is not among them.
EVERYTHING = sum(1 << n for n in (0, 1, 2, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17,
                                  18, 21, 24, 27, 28, 35, 36))


def program():
    """Builds the liar; its path."""
    subprocess.run(["make", "-s", "build/liar"], cwd=TOP, check=True,
                   stdin=subprocess.DEVNULL)
    return os.path.join(TOP, "build/liar")


class Liar:
    """
    A machine with tests/system/apps/inspect.c and this device. options are the device's
    ("disable-modern=on"), features what the liar offers QEMU.
    """

    def __init__(self, seed, features=VERSION_1 | EVENT_IDX, options="",
                 machine="q35", extra=(), mem="64M"):
        self.folder = tempfile.TemporaryDirectory(prefix="pollux-liar-")
        self.wire = Wire()
        self.qmp = Qmp()
        path = os.path.join(self.folder.name, "vhost")
        # By a line: QEMU 7.2 without KVM ends in a vhost-user's MSI-X.
        nic = "virtio-net-device" if machine.startswith("microvm") \
            else "virtio-net-pci,romfile=,vectors=0"
        elf = image(os.path.join(APPS, "inspect.c"))
        self.program = subprocess.Popen(
            [program(), path, self.wire.net[5:], MAC, str(seed),
             hex(features)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.vm = Vm(elf, f"ip={GUEST}/16 gw={GATEWAY}",
                     machine=machine + ",memory-backend=ram", mem=mem,
                     extra=["-object", f"memory-backend-memfd,id=ram,size={mem},"
                            "share=on", "-chardev",
                            f"socket,id=vhost,path={path},server=on",
                            "-netdev", "vhost-user,id=n0,chardev=vhost",
                            "-device", f"{nic},netdev=n0,mac={MAC},{options}",
                            *self.qmp.options, *extra])
        self.unread = b""
        self.complaints = []
        self.wire.accept()
        self.kept = self._keep(elf)

    def _keep(self, elf):
        """Code and constants of the kernel, which are where its ELF says."""
        with open(elf, "rb") as f:
            data = f.read()
        start, = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        heads = (struct.unpack_from("<IIQQQQQ", data, start + n * size)
                 for n in range(count))
        return [(paddr, filesz) for kind, flags, _, _, paddr, filesz, _ in heads
                if kind == 1 and not flags & 2]

    def _line(self, within):
        """The next line that the liar prints; the network goes on."""
        end = time.monotonic() + within
        while b"\n" not in self.unread:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("the liar says nothing")
            ready, _, _ = select.select([self.program.stdout, self.wire.stream],
                                        [], [], left)
            if self.wire.stream in ready:
                self.wire.pump(0)
            if self.program.stdout in ready:
                part = os.read(self.program.stdout.fileno(), 65536)
                if not part:
                    raise OSError("the liar is gone")
                self.unread += part
        line, self.unread = self.unread.split(b"\n", 1)
        return line.decode()

    def say(self, command):
        self.program.stdin.write(command.encode() + b"\n")
        self.program.stdin.flush()

    def answer(self, within=60):
        """What the liar's answer says, by name."""
        found = {}
        while (line := self._line(within)) != ".":
            name, value = line.split(" ", 1)
            if name == "complaint":
                self.complaints.append(value)
            else:
                found[name] = int(value)
        return found

    def ask(self, command, within=60):
        self.say(command)
        return self.answer(within)

    def wait_until_up(self, within=60):
        if not self.vm.wait_for("inspect: listening", within):
            return False
        end = time.monotonic() + within
        while not self.wire.ping(1):
            self.wire.arp_request(GATEWAY)
            if time.monotonic() > end:
                return False
        return True

    def file(self, path, within=60):
        client = Peer(self.wire, dport=10)
        client.ask(path.encode() + b"\n", None, within)
        client.end()
        return client.text.rstrip(b"\0").decode()

    def counters(self):
        words = (line.split() for line in
                 self.file("/proc/net/pollux").splitlines())
        return {w[0]: int(w[1]) for w in words if len(w) == 2}

    def close(self):
        self.vm.kill()
        self.program.stdin.close()
        self.program.terminate()
        self.program.wait()
        self.qmp.close()
        self.wire.close()
        self.folder.cleanup()
