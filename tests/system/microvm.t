#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
QEMU's microvm in all its shapes: with and without ACPI, timers, clocks,
interrupt controllers and a serial line; virtio-mmio of both versions; what
the command line says of it.
"""
import json
import os
import random
import re
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import APPS, TOP, Vm, connect, free_port, image

MODERN = ["-global", "virtio-mmio.force-legacy=false"]
RNG = ["-device", "virtio-rng-device"]
BARE = "pit=off,pic=off,rtc=off"
BYTES = 50000
PATIENCE = 60

t = Tap(deadline=600)
echo = image("apps/echo")
hello = image("apps/hello")


def echoes(port):
    data = random.randbytes(BYTES)
    got = bytearray()
    with connect(("127.0.0.1", port)) as s:
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        while part := s.recv(65536):
            got += part
    return got == data


def serve(name, machine, look=None, port=None, net="user", **options):
    """One machine to an echo over TCP; look(text) is a second assertion."""
    port = port or free_port()
    options["append"] = "loglevel=7 " + options.get("append", "")
    vm = Vm(echo, machine=machine, net=net, ports={port: 7}, **options)
    t.cleanup(vm.kill)
    right = False
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            right = echoes(port)
            break
        except OSError:  # QEMU is there before the application
            time.sleep(0.2)
    if not t.ok(right, f"microvm: {name}: an echo over TCP"):
        t.diag(vm.text)
    if look and not t.ok(look(vm.text), f"microvm: {name}: as the log says"):
        t.diag(vm.text)
    vm.kill()


for acpi in ("on", "off"):
    for version, extra in ((1, []), (2, MODERN)):
        serve(f"acpi={acpi} virtio-mmio version {version}",
              f"microvm,acpi={acpi}", extra=extra + RNG,
              look=lambda text: re.search(r"random: mmio@\w+ has answered",
                                          text))
    for cpu in ("qemu64", "max"):
        serve(f"acpi={acpi} {cpu} without PIT, PIC and RTC",
              f"microvm,acpi={acpi},{BARE}", cpu=cpu, extra=MODERN,
              look=lambda text: "no real-time clock" in text and
              "by the APIC timer" in text)
    serve(f"acpi={acpi} without option ROMs",
          f"microvm,acpi={acpi},x-option-roms=off")
    serve(f"acpi={acpi} with nothing, not even a serial line",
          f"microvm,acpi={acpi},{BARE},x-option-roms=off,isa-serial=off",
          look=lambda text: not text)
    serve(f"acpi={acpi} and PCI not asked for", f"microvm,acpi={acpi}",
          append="reboot=k panic=1 pci=off nomodule i8042.noaux")
    serve(f"acpi={acpi} with a NIC that offers much", f"microvm,acpi={acpi}",
          nic="virtio-net-device,netdev=n0,mq=on,packed=on,event_idx=off,"
          "iommu_platform=on,host_mtu=1400", extra=MODERN,
          look=lambda text: "mtu 1400" in text)
    serve(f"acpi={acpi} with two NICs, the first one used",
          f"microvm,acpi={acpi}",
          extra=["-netdev", "user,id=n1", "-device",
                 "virtio-net-device,netdev=n1"],
          look=lambda text: re.search(
              r"another virtio-net, 5.*, not used", text))

serve("devices by ACPI alone", "microvm,auto-kernel-cmdline=off")
serve("PCI that has no ports", "microvm,pcie=on",
      extra=["-device", "virtio-rng-pci"],
      look=lambda text: "PCI: reached through memory alone" in text)
serve("a single IO-APIC", "microvm,ioapic2=off")
serve("an interrupt that no IO-APIC has: polled",
      "microvm,acpi=off,auto-kernel-cmdline=off",
      append="virtio_mmio.device=512@0xfeb00e00:77",
      look=lambda text: "no interrupt line 77" in text)
serve("an interrupt that never comes: polled",
      "microvm,acpi=off,auto-kernel-cmdline=off",
      append="virtio_mmio.device=512@0xfeb00e00:13")
serve("words of the command line by hand, one of them wrong",
      "microvm,acpi=off,auto-kernel-cmdline=off",
      append="virtio_mmio.device=banana virtio_mmio.device=512@0xfeb00c00:11 "
      "virtio-mmio.device=0x200@0xfeb00e00:12:3",
      look=lambda text: "=banana: not SIZE@BASE:IRQ[:ID]" in text)
serve("a place without registers", "microvm,acpi=off",
      append="virtio_mmio.device=4K@0xfea80000:5",
      look=lambda text: "mmio@fea80000: no virtio-mmio registers" in text)

# The shape of Firecracker's machine, and the command line that it would give.
with open(os.path.join(TOP, "docs/deploy/firecracker/vm.json"),
          encoding="utf-8") as file:
    config = json.load(file)
forwarded = free_port()
serve("Firecracker's command line", f"microvm,acpi=off,{BARE},"
      "x-option-roms=off", net="none", port=forwarded,
      append=config["boot-source"]["boot_args"],
      mem=f"{config['machine-config']['mem_size_mib']}M",
      extra=MODERN + RNG + [
          "-netdev", "user,id=n0,net=172.16.0.0/24,host=172.16.0.1,"
          f"hostfwd=tcp:127.0.0.1:{forwarded}-172.16.0.2:7",
          "-device", "virtio-net-device,netdev=n0,mac=" +
          config["network-interfaces"][0]["guest_mac"]],
      look=lambda text: re.search(
          "06:00:ac:10:00:02 172.16.0.2/24 gw 172.16.0.1", text))

# The serial line's interrupt comes by the MADT or by the MP table.
typed = image(os.path.join(APPS, "console.c"))
for acpi in ("on", "off"):
    vm = Vm(typed, machine=f"microvm,acpi={acpi}")
    t.cleanup(vm.kill)
    vm.wait_for("console: ready")
    vm.type("hello")
    if not t.ok(vm.wait_for("^hello"), f"microvm: acpi={acpi}: what is typed "
                "on the serial line is read"):
        t.diag(vm.text)
    vm.kill()

# QEMU puts the devices behind everything, also behind "--".
vm = Vm(hello, machine="microvm,acpi=off", net="user", args="one two")
t.equal(vm.wait(), 0, "microvm: hello with arguments ends with 0")
if not t.ok("argument 2: two\n" in vm.text.replace("\r", "") and
            "argument 3" not in vm.text and "(dhcp" in vm.text,
            "microvm: devices behind the arguments are none of them"):
    t.diag(vm.text)

vm = Vm(hello, machine="microvm,acpi=off,auto-kernel-cmdline=off", net="user",
        append="loglevel=7")
t.ok(vm.wait() == 0 and "no network device" in vm.text,
     "microvm: without ACPI and words there is no device, which is no error")
t.done()
