# SPDX-License-Identifier: MIT
"""Virtual machines for the system tests: build an image, boot it, talk to it."""
import codecs
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
APPS = os.path.join(TOP, "tests", "system", "apps")

# The UEFI firmware of Debian's package ovmf: for q35 and pc, not for microvm.
FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
FIRMWARE_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"

held_ports = []  # sockets of free_port()


def image(app, target="image", **variables):
    """
    Builds an appliance and returns the path of its ELF image, or of its EFI
    application when target is "efi".
    """
    settings = [f"{k}={v}" for k, v in variables.items()]
    out = subprocess.run(["make", "-s", target, f"APP={app}", *settings],
                         cwd=TOP, stdin=subprocess.DEVNULL,
                         capture_output=True, text=True)
    if out.returncode:
        raise RuntimeError(f"make {target} APP={app}: {out.stderr or out.stdout}")
    return os.path.join(TOP, out.stdout.strip().splitlines()[-1])


def run_script(path, **settings):
    """tools/run's status and output for an image, without a terminal."""
    return subprocess.run(
        [os.path.join(TOP, "tools/run"), path,
         *(f"{name}={value}" for name, value in settings.items())],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)


def free_port():
    """
    A TCP port of 127.0.0.1 that nobody is given until this script ends: it is
    bound, and shared with who asks for it by number and says SO_REUSEADDR, as
    QEMU does.
    """
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    held_ports.append(s)
    return s.getsockname()[1]


class Vm:
    """
    A QEMU that boots one image. machine: "q35", "pc", "microvm", or one of
    them with options ("microvm,acpi=off"). boot: "pvh" takes an ELF, "uefi" an
    EFI application or None (what the firmware finds on a disk), with the
    firmware's variables as the package has them.
    net: "user" (ports: {host: guest}), "none", "tap:IF" or "wire:PATH", a UNIX
    socket on which lib/wire.py is the network. append is the
    kernel command line before " -- ". plain: none of the devices that carry
    the exit status.
    """

    def __init__(self, kernel, append="", args="", mem="64M", machine="q35",
                 cpu="max", net="none", ports=None, extra=(), plain=False,
                 nic=None, boot="pvh"):
        self.text = ""
        self.more = threading.Condition()
        self.folder = tempfile.TemporaryDirectory(prefix="pollux-vm-")
        self.status_file = os.path.join(self.folder.name, "status")
        line = append + (" -- " + args if args else "")
        command = ["qemu-system-x86_64", "-M", machine, "-accel", "tcg",
                   "-cpu", cpu, "-m", mem, "-smp", "1,maxcpus=2",
                   "-no-reboot", "-display", "none", "-serial", "stdio",
                   "-monitor", "none"]
        if kernel:
            command += ["-kernel", kernel, "-append", line]
        if not plain:
            command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
                        "-chardev", f"file,id=status,path={self.status_file}",
                        "-device", "isa-debugcon,iobase=0xe9,chardev=status"]
        if boot == "uefi":
            command += self._firmware()
        if not nic:
            nic = ("virtio-net-device,netdev=n0"
                   if machine.startswith("microvm")
                   else "virtio-net-pci,netdev=n0,romfile=")
        command += self._net(net, ports or {}, nic) + list(extra)
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.reading = threading.Event()  # cleared: the console is not read
        self.reading.set()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _firmware(self):
        """The code as it is; its variables in a copy that this machine owns."""
        variables = os.path.join(self.folder.name, "variables")
        shutil.copyfile(FIRMWARE_VARIABLES, variables)
        return ["-drive", "if=pflash,unit=0,format=raw,readonly=on,"
                f"file={FIRMWARE}",
                "-drive", f"if=pflash,unit=1,format=raw,file={variables}"]

    @staticmethod
    def _net(net, ports, nic):
        if net == "none":
            return ["-nic", "none"]
        if net == "user":
            forwards = "".join(f",hostfwd=tcp:127.0.0.1:{h}-:{g}"
                               for h, g in ports.items())
            return ["-netdev", "user,id=n0" + forwards, "-device", nic]
        if net.startswith("wire:"):
            return ["-netdev", "stream,id=n0,server=off,addr.type=unix,"
                    f"addr.path={net[5:]}", "-device", nic]
        interface = net.split(":", 1)[1]
        return ["-netdev", f"tap,id=n0,ifname={interface},"
                "script=no,downscript=no", "-device", nic]

    def _read(self):
        """A character's bytes may come in two pieces."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            self.reading.wait()
            data = os.read(self.process.stdout.fileno(), 65536)
            with self.more:
                self.text += decoder.decode(data, final=not data)
                self.more.notify_all()
            if not data:
                return

    def wait_for(self, pattern, timeout=30):
        """The first match in the console's text, or None when time is up."""
        end = time.monotonic() + timeout
        with self.more:
            while True:
                found = re.search(pattern, self.text, re.M)
                left = end - time.monotonic()
                if found or left <= 0 or not self.reader.is_alive():
                    return found
                self.more.wait(min(left, 0.2))

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def wait(self, timeout=30):
        """
        Waits for the end: the application's status, "panic", or None when
        the machine did not say.
        """
        self.reading.set()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            return "still running"
        self.reader.join(5)
        said = ""
        if os.path.exists(self.status_file):
            with open(self.status_file, encoding="ascii",
                      errors="replace") as f:
                said = f.read().strip()
        self.folder.cleanup()
        if said.startswith("exit "):
            return int(said[5:])
        return said or None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reading.set()
        self.reader.join(5)
        self.folder.cleanup()


def in_private_network():
    """
    Runs the calling script again inside a network namespace of its own, where
    it is alone with its tap device. False where that is not possible.
    """
    if os.environ.get("POLLUX_PRIVATE_NET") == "1":
        return True
    if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
        return False
    os.environ["POLLUX_PRIVATE_NET"] = "1"
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])


def make_tap(name="tap0", address="10.99.0.1/16"):
    for command in (f"ip link set lo up",
                    f"ip tuntap add dev {name} mode tap",
                    f"ip addr add {address} dev {name}",
                    f"ip link set {name} up"):
        subprocess.run(command.split(), check=True)


def connect(address, timeout=20, within=20):
    """A TCP connection, tried again until the guest listens."""
    end = time.monotonic() + within
    while True:
        try:
            return socket.create_connection(address, timeout)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class Monitor:
    """QEMU's monitor on a socket: Vm(..., extra=monitor.options)."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pollux-monitor-")
        self.path = os.path.join(self.folder.name, "monitor")
        self.options = ["-monitor", f"unix:{self.path},server=on,wait=off"]

    def ask(self, command):
        """One command; what it printed."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            s.connect(self.path)
            text = ""
            for line in ("", command):
                if line:
                    s.sendall(line.encode() + b"\n")
                while not re.search(r"\(qemu\) $", text):
                    text += s.recv(1 << 16).decode()
                answer, text = text, ""
        return answer.replace("\r", "")

    def close(self):
        self.folder.cleanup()


class Qmp:
    """QEMU's machine protocol on a socket: Vm(..., extra=qmp.options)."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pollux-qmp-")
        self.path = os.path.join(self.folder.name, "qmp")
        self.options = ["-qmp", f"unix:{self.path},server=on,wait=off"]
        self.file = None
        self.events = []

    def _connect(self):
        end = time.monotonic() + 20
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            while True:
                try:
                    s.connect(self.path)
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.02)
            self.file = s.makefile("rw", encoding="utf-8")
        self.file.readline()  # the greeting
        self.execute("qmp_capabilities")

    def _read(self):
        """The next message but events, which are kept; None at the end."""
        while True:
            try:
                line = self.file.readline()
            except ConnectionResetError:
                line = ""
            if not line:
                return None
            message = json.loads(line)
            if "event" not in message:
                return message
            self.events.append(message)

    def execute(self, command, **arguments):
        """One command; what it returned."""
        if not self.file:
            self._connect()
        message = {"execute": command, "arguments": arguments}
        self.file.write(json.dumps(message) + "\n")
        self.file.flush()
        answer = self._read()
        if not answer or "error" in answer:
            raise RuntimeError(f"QMP: {command}: {answer}")
        return answer["return"]

    def reason(self):
        """
        Reads until QEMU has ended; why it did: "guest-shutdown",
        "guest-reset", "host-signal"...
        """
        while self._read():
            pass
        return next((e["data"]["reason"] for e in self.events
                     if e["event"] == "SHUTDOWN"), None)

    def close(self):
        if self.file:
            self.file.close()
        self.folder.cleanup()
