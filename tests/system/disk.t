#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
make disk: the images that it makes, as other programs see them, and the
machines that UEFI starts from them.
"""
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap, skip_all
from vm import FIRMWARE, TOP, Qmp, Vm, connect, free_port, image

os.environ["PATH"] += ":/usr/sbin:/sbin"
MIB = 1 << 20
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
SETTINGS = {"APPEND": "ip=dhcp loglevel=5", "ARGS": "7"}

if not os.path.exists(FIRMWARE):
    skip_all(f"needs {FIRMWARE}: make setup")

t = Tap(deadline=600)
work = tempfile.mkdtemp(prefix="pollux-disk-")
t.cleanup(lambda: shutil.rmtree(work))


def run(*command):
    """What it printed, on either stream, and its status."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, MTOOLSRC="/dev/null"),
                          timeout=120)
    return done.stdout, done.returncode


def says(text, command, name):
    """Asserts that a command succeeds and prints what matches text."""
    out, status = run(*command)
    if not t.ok(status == 0 and re.search(text, out, re.M), name):
        t.diag(f"{' '.join(command)}: status {status}\n{out}")


def make_disk(loader, folder, append="", args=""):
    """The three images, by their kinds."""
    out = os.path.join(work, folder)
    subprocess.run([os.path.join(TOP, "tools", "mkdisk"), loader, out],
                   env=dict(os.environ, APPEND=append, ARGS=args),
                   stdout=subprocess.DEVNULL, check=True, timeout=120)
    return {kind: os.path.join(out, f"pollux.{kind}")
            for kind in ("img", "qcow2", "iso")}


def partitions(path):
    out, _ = run("sfdisk", "--json", path)
    return json.loads(out)["partitiontable"]


def system_partition(path):
    """The one of that type: a copy of it."""
    found = [p for p in partitions(path)["partitions"] if p["type"] == ESP]
    copy = os.path.join(work, "esp")
    with open(path, "rb") as source, open(copy, "wb") as target:
        source.seek(found[0]["start"] * 512)
        target.write(source.read(found[0]["size"] * 512))
    return copy


def check_partitions(path, name):
    says("^No problems found", ["sgdisk", "--verify", path],
         f"disk: {name}: sgdisk finds no problem in the GPT or its copy")
    says("No errors detected", ["sfdisk", "--verify", path],
         f"disk: {name}: nor does sfdisk")


def check_files(path, loader, line, fat, name):
    copy = system_partition(path)
    says(f"{fat}", ["minfo", "-i", copy, "::"], f"disk: {name}: {fat}")
    says("files, .* clusters", ["fsck.fat", "-n", "-v", copy],
         f"disk: {name}: fsck.fat has nothing to mend")
    got = os.path.join(work, "got")
    run("mcopy", "-n", "-i", copy, "::/EFI/BOOT/BOOTX64.EFI", got)
    t.ok(os.path.exists(got) and filecmp.cmp(got, loader, shallow=False),
         f"disk: {name}: the loader where firmware looks for it")
    out, _ = run("mtype", "-i", copy, "::/EFI/BOOT/pollux.cmdline")
    t.equal(out, line + "\n", f"disk: {name}: the command line beside it")
    if os.path.exists(got):
        os.unlink(got)


def drive(path, device=None, **options):
    """QEMU's options for a disk whose file is only read."""
    words = f"file={path},snapshot=on"
    if not device:
        return ["-drive", words + "".join(
            f",{k}={v}" for k, v in {"if": "virtio", **options}.items())]
    return ["-drive", words + ",if=none,id=d0",
            *(word for d in device for word in ("-device", d))]


def boots(machine, name, disk, mem="128M"):
    """To an echo over TCP; the power button ends it."""
    port = free_port()
    qmp = Qmp()
    vm = Vm(None, mem=mem, machine=machine, boot="uefi", net="user",
            ports={port: 7}, extra=disk + qmp.options)
    t.cleanup(vm.kill)
    echoed = False
    if vm.wait_for("echo: listening", 120):
        with connect(("127.0.0.1", port)) as s:
            s.sendall(b"hello")
            echoed = s.recv(64) == b"hello"
        qmp.execute("system_powerdown")
    status = vm.wait()
    qmp.close()
    if not t.ok(echoed and status in (0, 143), f"disk: {machine} boots {name}"):
        t.diag(f"echo {echoed}, status {status}\n{vm.text}")


# What make disk says and makes.

last = image("apps/echo", "disk", **SETTINGS)
raw, qcow2, iso = paths = [os.path.join(os.path.dirname(last), name) for name in
                           ("pollux.img", "pollux.qcow2", "pollux.iso")]
loader = os.path.join(os.path.dirname(raw), "BOOTX64.EFI")
line = f"{SETTINGS['APPEND']} -- {SETTINGS['ARGS']}"

t.equal(last, iso, "disk: the last line of make disk is the ISO's path")
check_partitions(raw, "raw")
table = partitions(raw)
t.equal([(p["start"] % 2048, p["size"] % 2048) for p in table["partitions"]],
        [(0, 0)], "disk: one partition, of whole MiB at a whole MiB")
check_files(raw, loader, line, "FAT32", "raw")
says("^Images are identical", ["qemu-img", "compare", raw, qcow2],
     "disk: the qcow2 has the same content")
says("^No errors", ["qemu-img", "check", qcow2], "disk: and is sound")
check_partitions(iso, "iso")
check_files(iso, loader, line, "FAT1[26]", "iso")
says("boot img : .* UEFI +y +none", ["xorriso", "-indev", iso,
                                     "-report_el_torito", "plain"],
     "disk: iso: El Torito has a UEFI image without emulation")

# The same and other input.

again = make_disk(loader, "again", **{k.lower(): v for k, v in SETTINGS.items()})
for path in paths:
    kind = path.rsplit(".", 1)[1]
    t.ok(filecmp.cmp(path, again[kind], shallow=False),
         f"disk: equal input makes equal bytes ({kind})")
t.ok("1980-01-01" in run("mdir", "-i", raw + "@@1M", "::/EFI/BOOT")[0],
     "disk: which have no time of day")
other = make_disk(loader, "other", "loglevel=3")
t.ok(partitions(other["img"])["id"] != table["id"],
     "disk: another command line is another disk to whoever has both")

# Larger than what El Torito's 16 bits can say, and than the least FAT32 disk.

big = os.path.join(work, "big.efi")
shutil.copyfile(loader, big)
os.truncate(big, 33 * MIB)
large = make_disk(big, "large", "ip=dhcp")
check_partitions(large["img"], "large raw")
check_files(large["img"], big, "ip=dhcp", "FAT32", "large raw")
check_files(large["iso"], big, "ip=dhcp", "FAT16", "large iso")

# Whatever the firmware can read.

for machine in ("q35", "pc"):
    boots(machine, "the raw image on virtio", drive(raw))
    boots(machine, "the ISO as a CD", drive(iso, **{"if": "ide",
                                                    "media": "cdrom"}))
boots("q35", "the qcow2 on virtio", drive(qcow2))
boots("q35", "the ISO on virtio", drive(iso))
boots("q35", "the raw image on SATA", drive(raw, ["ide-hd,drive=d0"]))
boots("q35", "the raw image on NVMe", drive(raw, ["nvme,drive=d0,serial=1"]))
boots("q35", "the raw image on SCSI", drive(
    raw, ["virtio-scsi-pci", "scsi-hd,drive=d0"]))
boots("q35", "the ISO on a USB stick", drive(
    iso, ["qemu-xhci", "usb-storage,drive=d0"]))
boots("q35", "the large ISO as a CD", drive(
    large["iso"], **{"if": "ide", "media": "cdrom"}), mem="256M")

# The command line is the user's to change, and what the images say is heeded.

mine = make_disk(image("apps/hello", "efi"), "mine", args="before")
text = os.path.join(work, "pollux.cmdline")
with open(text, "w", encoding="ascii") as file:
    file.write("loglevel=7 -- after 'two'\n")
run("mcopy", "-o", "-i", mine["img"] + "@@1M", text, "::/EFI/BOOT/")
for kind, want in (("qcow2", "before"), ("img", "after")):
    vm = Vm(None, mem="128M", boot="uefi", extra=drive(mine[kind]))
    t.equal(vm.wait(120), 0, f"disk: the application's status ({want})")
    t.ok(f"argument 1: {want}" in vm.text.replace("\r", ""),
         f"disk: its arguments are those of the file ({want})")
t.done()
