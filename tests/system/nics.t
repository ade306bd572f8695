#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The network devices that QEMU gives a machine: virtio-net as transitional,
modern and legacy device, with interrupts by message and by a line, wherever
it is plugged in, serves; of what is not used one line tells.
"""
import concurrent.futures
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, Vm, connect, free_port, image

ROUNDS, BYTES = 25, 20000  # so that the rings go round
ALL_OFF = ("csum=off,guest_csum=off,gso=off,guest_tso4=off,guest_tso6=off,"
           "guest_ecn=off,guest_ufo=off,host_tso4=off,host_tso6=off,"
           "host_ecn=off,host_ufo=off,mrg_rxbuf=off,status=off,ctrl_vq=off,"
           "event_idx=off,indirect_desc=off")
E1000 = ["-device", "e1000,romfile="]

t = Tap(deadline=300)
elf = image(os.path.join(APPS, "inspect.c"))

# What, machine, properties of the device, more of QEMU's options, and what the
# log says. "LINE": it interrupts by a line, which /proc/interrupts shows.
SERVES = (
    ("modern only", "q35", "disable-legacy=on", (), ""),
    ("legacy only", "pc", "disable-modern=on", (), ""),
    ("legacy only, a large ring, by a line", "q35",
     "disable-modern=on,rx_queue_size=1024,vectors=0", (), "LINE"),
    ("by a line", "pc", "vectors=0", (), "LINE"),
    ("by a line, shared with another device", "q35", "vectors=0,addr=5",
     ("-device", "virtio-rng-pci,vectors=0,addr=9"), "LINE"),
    ("two messages for three queues", "q35", "vectors=2", (), ""),
    ("doorbells as ports", "pc", "modern-pio-notify=on", (), ""),
    ("all that it may offer", "q35",
     "disable-legacy=on,packed=on,mq=on,rss=on,hash=on,iommu_platform=on,"
     "ats=on,aer=on,host_mtu=1400,rx_queue_size=1024,failover=on", (),
     "mtu 1400"),
    ("behind Intel's IOMMU", "q35", "disable-legacy=on,iommu_platform=on",
     ("-device", "intel-iommu"), ""),
    ("behind Intel's IOMMU, with its interrupts and its cache", "q35",
     "disable-legacy=on,iommu_platform=on,ats=on",
     ("-device", "intel-iommu,intremap=on,device-iotlb=on,caching-mode=on"), ""),
    ("behind virtio's IOMMU", "q35", "disable-legacy=on,iommu_platform=on",
     ("-device", "virtio-iommu-pci"), ""),
    ("as little as it can offer", "pc", ALL_OFF, (), ""),
    ("behind a root port", "q35", "bus=r",
     ("-device", "pcie-root-port,id=r"), " 01:00.0,"),
    ("behind a bridge, by a line", "pc", "bus=b,addr=3,vectors=0",
     ("-device", "pci-bridge,id=b,chassis_nr=2"), "LINE"),
    ("behind another root", "pc", "bus=x,addr=3",
     ("-device", "pxb,id=x,bus_nr=128"), " 81:03.0,"),
    ("by a line that is another one than the firmware says", "q35",
     "bus=r,vectors=0", ("-device", "pxb-pcie,id=x,bus_nr=128",
                         "-device", "pcie-root-port,id=r,bus=x"),
     "81:00.0: no MSI-X, interrupt line"),
    ("function 7 of a slot", "q35", "addr=1f.7", (), " 00:1f.7,"),
    ("with its boot ROM", "pc", "romfile=efi-virtio.rom", (), ""),
    ("the first of several", "q35", "addr=3",
     ("-device", "virtio-net-pci,romfile=,mac=52:54:00:00:00:02,addr=6",
      "-device", "virtio-net-pci,romfile=,mac=52:54:00:00:00:03,addr=7,"
      "disable-modern=on", *E1000),
     r"00:06.0: another virtio-net, 52:54:00:00:00:02, not used(.|\n)*"
     r"00:07.0: another virtio-net, 52:54:00:00:00:03, not used"),
)

# Devices that are named and not used, and what the log says.
REFUSED = (
    ("e1000", r"\(e1000\) is not supported", "pc"),
    ("vmxnet3", r"\(vmxnet3\) is not supported", "q35"),
    ("rtl8139", r"\(rtl8139\) is not supported", "pc"),
    ("virtio-net-pci,disable-modern=on,any_layout=off",
     "legacy virtio device without ANY_LAYOUT", "pc"),
    ("virtio-net-pci,host_mtu=68", "MTU of 68 is too small for DHCP", "q35"),
)


def echoes(port):
    """Whether all comes back as it was, a piece at a time."""
    with connect(("127.0.0.1", port)) as s:
        for _ in range(ROUNDS):
            data = random.randbytes(BYTES)
            s.sendall(data)
            got = bytearray()
            while len(got) < BYTES and (part := s.recv(65536)):
                got += part
            if got != data:
                return False
    return True


def read_file(port, path):
    """The text of a file of the guest."""
    with connect(("127.0.0.1", port)) as s:
        s.sendall(path.encode())
        got = bytearray()
        while not got.endswith(b"\0") and (part := s.recv(65536)):
            got += part
    return got.decode()


def problem(vm, echo, files, log):
    """What is wrong with a machine that should serve; None: nothing."""
    if not vm.wait_for("inspect: listening"):
        return "is not there"
    if not echoes(echo):
        return "does not echo"
    if log == "LINE":
        text = read_file(files, "/proc/interrupts")
        count = re.search(r"(\d+) +APIC +virtio$", text, re.M)
        if not count or int(count[1]) < 3:
            return f"no interrupts\n{text}"
        log = "no MSI-X, interrupt line"
    return None if re.search(log, vm.text) else f"does not say {log}"


def serve(case):
    ports = (free_port(), free_port())
    _, machine, properties, extra, log = case
    nic = "virtio-net-pci,netdev=n0," + properties
    if "romfile" not in properties:
        nic += ",romfile="
    forwards = "".join(f",hostfwd=tcp:127.0.0.1:{host}-:{guest}"
                       for host, guest in zip(ports, (7, 10)))
    vm = Vm(elf, machine=machine, append="loglevel=6",
            extra=["-netdev", "user,id=n0" + forwards, *extra,
                   "-device", nic])
    t.cleanup(vm.kill)
    try:
        wrong = problem(vm, *ports, log)
    except OSError as error:
        wrong = str(error)
    vm.kill()
    return wrong and f"{wrong}\n{vm.text}"


def refuse(case):
    device, log, machine = case
    vm = Vm(elf, machine=machine, nic=device + ",netdev=n0", net="user")
    t.cleanup(vm.kill)
    wrong = None if vm.wait_for("inspect: listening") and re.search(log, vm.text) and \
        "panic" not in vm.text else vm.text
    vm.kill()
    return wrong


with concurrent.futures.ThreadPoolExecutor(2) as pool:
    for case, wrong in zip(SERVES, pool.map(serve, SERVES)):
        if not t.ok(not wrong, f"nics: {case[0]} ({case[1]}): an echo"):
            t.diag(wrong)
    for case, wrong in zip(REFUSED, pool.map(refuse, REFUSED)):
        if not t.ok(not wrong, f"nics: {case[0]}: not used, a line says so"):
            t.diag(wrong)
t.done()
