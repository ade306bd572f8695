#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
docs/deploy/libvirt as it is written, under a libvirtd of the test's own: three
machines behind one address, ended by their power buttons; and one that UEFI
starts from a disk. What this machine may lack has something in its place: TCG
for KVM, tap devices on a bridge for libvirt's network, ip= for its DHCP server.

    client 192.0.2.2 -- 192.0.2.1 this namespace, balance.nft
                                  virbr-pollux 10.99.0.1 -- tap1..3 -- machines
"""
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap, skip_all
from vm import FIRMWARE, TOP, connect, image, in_private_network

HERE = os.path.join(TOP, "docs", "deploy", "libvirt")
LIBVIRTD = "/usr/sbin/libvirtd"
UNPRIVILEGED = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
MACHINES = (1, 2, 3)
SIZE = 50000

if not in_private_network():
    skip_all("needs root and /dev/net/tun")
for tool in (LIBVIRTD, "virsh", "virt-xml-validate", "nft"):
    if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin"):
        skip_all(f"needs {tool}: make setup")
if not os.path.exists(FIRMWARE):
    skip_all(f"needs {FIRMWARE}: make setup")
if subprocess.run([*UNPRIVILEGED, "true"], capture_output=True).returncode:
    skip_all("needs user namespaces, for a libvirtd that is not root's")

t = Tap(deadline=300)


def run(*command, **settings):
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=True,
                          capture_output=True, text=True, timeout=60,
                          **settings).stdout


class Libvirtd:
    """A session daemon, as an ordinary user has one."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pollux-libvirt-")
        self.env = dict(os.environ, HOME=self.folder.name)
        for name in ("RUNTIME_DIR", "CONFIG_HOME", "CACHE_HOME", "DATA_HOME"):
            self.env["XDG_" + name] = os.path.join(self.folder.name, name)
            os.mkdir(self.env["XDG_" + name])
        settings = os.path.join(self.env["XDG_CONFIG_HOME"], "libvirt")
        os.mkdir(settings)
        with open(os.path.join(settings, "qemu.conf"), "w",
                  encoding="ascii") as file:
            file.write('stdio_handler = "file"\n')  # and no virtlogd
        self.log = open(os.path.join(self.folder.name, "log"), "w+",
                        encoding="utf-8")
        self.process = subprocess.Popen(
            [*UNPRIVILEGED, LIBVIRTD], env=self.env, stdout=self.log,
            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        self.run = os.path.join(self.env["XDG_RUNTIME_DIR"], "libvirt")

    def is_up(self):
        end = time.monotonic() + 30
        while not os.path.exists(os.path.join(self.run, "libvirt-sock")):
            if time.monotonic() > end or self.process.poll() is not None:
                return False
            time.sleep(0.1)
        return True

    def virsh(self, *command):
        done = subprocess.run(
            [*UNPRIVILEGED, "virsh", "-q", "-c", "qemu:///session", *command], text=True,
            env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=60)
        if done.returncode:
            t.diag(f"virsh {' '.join(command)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def wait_for_state(self, name, state):
        end = time.monotonic() + 60
        while True:
            seen = self.virsh("domstate", name)
            if seen == state or time.monotonic() > end:
                return seen
            time.sleep(0.2)

    def start(self, domain):
        """Defines and starts it; its name."""
        path = os.path.join(self.folder.name, "domain.xml")
        domain.write(path)
        name = domain.findtext("name")
        self.virsh("define", path)
        self.virsh("start", name)
        return name

    def diag(self):
        logs = os.path.join(self.env["XDG_CACHE_HOME"], "libvirt", "qemu", "log")
        for name in os.listdir(logs) if os.path.isdir(logs) else ():
            with open(os.path.join(logs, name), encoding="utf-8") as file:
                t.diag(file.read())
        self.log.seek(0)
        t.diag(self.log.read()[-2000:])

    def machines(self):
        """The processes of those that run, which outlive the daemon."""
        for path in glob.glob(os.path.join(self.run, "qemu/run/*.pid")):
            with open(path, encoding="ascii") as file:
                yield int(file.read())

    def stop(self):
        for process in self.machines():
            os.kill(process, signal.SIGKILL)
        self.process.terminate()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()


def domain(file, number):
    """One of the documented domains, with what stands in for the host's."""
    xml = ElementTree.parse(os.path.join(HERE, file))
    root = xml.getroot()
    root.set("type", "qemu")
    root.find("cpu").set("mode", "maximum")
    root.find("name").text += f"-{number}"
    nic = root.find("devices/interface")
    nic.set("type", "ethernet")
    nic.remove(nic.find("source"))
    nic.remove(nic.find("driver"))
    ElementTree.SubElement(nic, "target", dev=f"tap{number}", managed="no")
    ElementTree.SubElement(nic, "mac", address=f"52:54:00:99:00:1{number}")
    return xml


def address(number):
    return f"10.99.0.1{number}"


def command_line(number):
    return f"ip={address(number)}/24 gw=10.99.0.1"


def kernel_domain(number, elf, words=""):
    xml = domain("pollux.xml", number)
    xml.find("os/kernel").text = elf
    given = xml.find("os/cmdline")
    given.text = given.text.replace("ip=dhcp", command_line(number)) + words
    return xml


def disk_domain(number, folder):
    """From a disk of its own, since that has the command line."""
    subprocess.run(
        [os.path.join(TOP, "tools", "mkdisk"), image("apps/echo", "efi"),
         folder], env=dict(os.environ, APPEND=command_line(number), ARGS=""),
        check=True, stdout=subprocess.DEVNULL, timeout=60)
    xml = domain("pollux-uefi.xml", number)
    xml.find("devices/disk/source").set(
        "file", os.path.join(folder, "pollux.qcow2"))
    return xml


def make_network():
    """The bridge and its taps; and the client's namespace, its process."""
    client = subprocess.Popen(["unshare", "--net", "sleep", "600"],
                              stdin=subprocess.DEVNULL)
    t.cleanup(lambda: (client.kill(), client.wait()))
    ours = os.readlink("/proc/self/ns/net")
    while os.readlink(f"/proc/{client.pid}/ns/net") == ours:
        time.sleep(0.01)
    script = ["ip link set lo up",
              "ip link add virbr-pollux type bridge",
              "ip addr add 10.99.0.1/24 dev virbr-pollux",
              "ip link set virbr-pollux up",
              f"ip link add out type veth peer name eth0 netns {client.pid}",
              "ip addr add 192.0.2.1/24 dev out",
              "ip link set out up"]
    for number in MACHINES:
        script += [f"ip tuntap add dev tap{number} mode tap",
                   f"ip link set tap{number} master virbr-pollux up"]
    inside = ["nsenter", f"--net=/proc/{client.pid}/ns/net"]
    for command in script:
        run(*command.split())
    run(*inside, *"ip addr add 192.0.2.2/24 dev eth0".split())
    run(*inside, *"ip link set eth0 up".split())
    with open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as file:
        file.write("1")
    return inside


def sent_to(number):
    with open("/proc/net/dev", encoding="ascii") as file:
        found = re.search(rf"tap{number}:(.*)", file.read())
    return int(found[1].split()[8])


def echoes(number):
    with connect((address(number), 7), within=120) as s:
        s.sendall(b"hello")
        s.shutdown(socket.SHUT_WR)
        return s.recv(64) == b"hello"


def is_forgotten(connection):
    """Whether the machine comes to say that it knows no such connection."""
    try:
        for _ in range(60):
            connection.sendall(b"after")
            time.sleep(1)
    except ConnectionError:
        return True
    return False


def client_echoes(inside):
    """As many connections from the client as there are machines."""
    data = os.urandom(SIZE)
    for number in MACHINES:
        got = subprocess.run([*inside, "nc", "-N", "192.0.2.1", "7"],
                             input=data, capture_output=True, timeout=60)
        if got.stdout != data:
            t.diag(f"connection {number}: {len(got.stdout)} bytes came back")
            return False
    return True


for name in sorted(os.listdir(HERE)):
    if name.endswith(".xml"):
        done = subprocess.run(["virt-xml-validate", os.path.join(HERE, name)],
                              capture_output=True, text=True, timeout=60)
        if not t.equal(done.returncode, 0, f"libvirt: {name} validates"):
            t.diag(done.stderr)

client = make_network()
daemon = Libvirtd()
t.cleanup(daemon.stop)
if not t.ok(daemon.is_up(), "libvirt: a daemon of our own"):
    daemon.diag()
    t.done()

# Three of pollux.xml, and balance.nft in front.

elf = image("apps/echo")
names = [daemon.start(kernel_domain(number, elf)) for number in MACHINES]
for number, name in zip(MACHINES, names):
    if not t.ok(echoes(number), f"libvirt: {name} runs and serves"):
        daemon.diag()
t.equal(daemon.virsh("vcpucount", names[0], "--live", "--active"), "1",
        "libvirt: it has one CPU")
t.equal(daemon.virsh("vcpucount", names[0], "--live", "--maximum"), "2",
        "libvirt: and there could be a second")

run("nft", "-f", os.path.join(HERE, "balance.nft"))
before = [sent_to(number) for number in MACHINES]
t.ok(client_echoes(client),
     "libvirt: a client is served at the host's address")
for number, had in zip(MACHINES, before):
    t.ok(sent_to(number) - had > SIZE,
         f"libvirt: one of its connections by machine {number}")
run("nft", "-f", os.path.join(HERE, "balance.nft"))
t.equal(len(re.findall(r"numgen", run("nft", "list", "ruleset"))), 1,
        "libvirt: the rules may be loaded again")

for name in names:
    daemon.virsh("shutdown", name)
for name in names:
    t.equal(daemon.wait_for_state(name, "shut off"), "shut off",
            f"libvirt: the power button ends {name}, and it stays off")
for name in names:
    daemon.virsh("undefine", name)

# Whose kernel panics: panic=1 resets it, and libvirt lets it start again.

name = daemon.start(kernel_domain(3, elf, " unknown_nmi_panic"))
with connect((address(3), 7), within=60) as s:
    s.settimeout(60)
    s.sendall(b"before")
    s.recv(64)
    daemon.virsh("inject-nmi", name)
    t.ok(is_forgotten(s), "libvirt: a machine that panicked is started again")
t.ok(echoes(3) and daemon.virsh("domstate", name) == "running",
     "libvirt: and serves")
daemon.virsh("destroy", name)

# Whose application ends by itself.

name = daemon.start(kernel_domain(1, image("apps/hello")))
t.equal(daemon.wait_for_state(name, "shut off"), "shut off",
        "libvirt: a machine whose application has ended is shut off")

# pollux-uefi.xml: the firmware that libvirt finds, and a disk that is only read.

name = daemon.start(disk_domain(2, daemon.folder.name))
if not t.ok(echoes(2), f"libvirt: {name} is started by UEFI and serves"):
    daemon.diag()
daemon.virsh("shutdown", name)
t.equal(daemon.wait_for_state(name, "shut off"), "shut off",
        "libvirt: and the power button ends it")
t.done()
