#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
The UEFI application on OVMF: where its command line comes from, what it makes
of the firmware's tables, and what it says when it cannot start. efi/hook.c
starts it under a firmware with faults. boot.t has the machines.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap, skip_all
from vm import FIRMWARE, FIRMWARE_VARIABLES, TOP, Vm, image, run_script

GNU_EFI = "/usr/include/efi/efi.h"
BOOT = os.path.join("EFI", "BOOT")
NAME = "BOOTX64.EFI"

for needed, package in ((FIRMWARE, "ovmf"), (GNU_EFI, "gnu-efi")):
    if not os.path.exists(needed):
        skip_all(f"no {needed}: package {package}")

t = Tap(deadline=800)
work = tempfile.TemporaryDirectory(prefix="pollux-uefi-")
t.cleanup(work.cleanup)
pool = concurrent.futures.ThreadPoolExecutor(2)
application = image("apps/hello", target="efi")


def make_hook():
    """The application that breaks the firmware before it starts ours."""
    path = os.path.join(work.name, "hook")
    for command in (
            ["gcc", "-std=gnu11", "-O2", "-ffreestanding", "-fPIC",
             "-fvisibility=hidden", "-fshort-wchar", "-mno-red-zone",
             "-mgeneral-regs-only", "-fno-stack-protector",
             "-DGNU_EFI_USE_MS_ABI", "-I/usr/include/efi",
             "-I/usr/include/efi/x86_64", "-c", "-o", path + ".o",
             os.path.join(TOP, "tests/system/efi/hook.c")],
            ["ld", "-shared", "-Bsymbolic", "-nostdlib", "-znocombreloc",
             "-znoexecstack", "-T", "/usr/lib/elf_x86_64_efi.lds", "-o",
             path + ".so", "/usr/lib/crt0-efi-x86_64.o", path + ".o",
             "-L/usr/lib", "-lefi", "-lgnuefi"],
            ["objcopy", "-j", ".text", "-j", ".data", "-j", ".dynamic", "-j",
             ".rela", "-j", ".reloc", "--target", "efi-app-x86_64",
             path + ".so", path + ".efi"]):
        subprocess.run(command, check=True)
    return path + ".efi"


hook = make_hook()
shutil.copyfile(application, os.path.join(work.name, NAME))


def volume(files, program=application, where=os.path.join(BOOT, NAME)):
    """QEMU's options for a FAT disk with the program and files on it."""
    folder = tempfile.mkdtemp(dir=work.name)
    for name, content in {where: program, **files}.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if content is None:
            os.makedirs(path)
        elif isinstance(content, bytes):
            with open(path, "wb") as f:
                f.write(content)
        else:
            shutil.copyfile(content, path)
    return ["-drive", f"file=fat:{folder},format=raw,if=virtio,readonly=on"]


def boot(kernel, extra=(), **settings):
    """Boots in the background; gives a future of (machine, status)."""
    def run():
        vm = Vm(kernel, boot="uefi", extra=extra, **settings)
        t.cleanup(vm.kill)
        return vm, vm.wait(120)
    return pool.submit(run)


def damaged(offset, value):
    """A copy of the application with a byte of the kernel's ELF changed."""
    with open(application, "rb") as f:
        data = bytearray(f.read())
    with open(os.path.join(os.path.dirname(application), "pollux.elf"),
              "rb") as f:
        data[data.index(f.read()) + offset] = value
    fd, path = tempfile.mkstemp(dir=work.name)
    with os.fdopen(fd, "wb") as f:
        f.write(data)
    return path


def by_hook(faults, options="-- a", files=None, extra=(), **settings):
    return boot(hook, [*volume(files or {}), *extra],
                append=f"{faults} : {options}", **settings)


def starts(name, future, want=(), said="", unsaid=None):
    """The application runs with these arguments, and exits with 0."""
    def judge():
        vm, status = future.result()
        got = re.findall(r"^argument \d+: (.*?)\r?$", vm.text, re.M)
        right = status == 0 and got == list(want) and \
            "Hello from Pollux." in vm.text and re.search(said, vm.text) and \
            not (unsaid and re.search(unsaid, vm.text))
        if not t.ok(right, f"uefi: {name}"):
            t.diag(f"status {status}, arguments {got}\n{vm.text}")
    return judge


def refuses(name, future, said):
    """One line tells why, once, and the machine ends as after a panic."""
    def judge():
        vm, status = future.result()
        lines = re.findall(r"Pollux: (.*?)\r?\n", vm.text)
        right = status == "panic" and len(lines) == 1 and \
            re.fullmatch(said, lines[0])
        if not t.ok(right, f"uefi: {name}"):
            t.diag(f"status {status}, {lines}\n{vm.text}")
    return judge


def comes_back(name, future, said):
    """Without QEMU's exit device the firmware gets its status."""
    def judge():
        vm, _ = future.result()
        if not t.ok(vm.process.returncode == 0 and said in vm.text,
                    f"uefi: {name}"):
            t.diag(vm.text)
    return judge


LINE = "pollux.cmdline"
BESIDE = os.path.join(BOOT, LINE)
RNG = ["-device", "virtio-rng-pci"]

for judge in [
    # Load options: QEMU's -append, a shell, none.
    starts("load options are the command line",
           boot(application, args='one "two words"'), ("one", "two words")),
    starts("without options and file the command line is empty",
           boot(application)),
    starts("a shell's options come without the program's path",
           boot(None, volume({"startup.nsh": b"fs0:\\x.efi loglevel=7 -- a b"},
                             where="x.efi")), ("a", "b"), "apic: id"),
    starts("and without its name when that lacks .efi",
           boot(None, volume({"startup.nsh": b"fs0:\r\nx -- a\r\n"},
                             where="x.efi")), ("a",)),
    starts("options that are too long are cut, and that is said",
           boot(application, append="x" * 2100), said="command line cut"),

    starts("over the network, whose device the firmware has used",
           boot(None, ["-netdev", f"user,id=n0,tftp={work.name},bootfile={NAME}",
                       "-device", "virtio-net-pci,netdev=n0,romfile="]),
           said=r"net: eth0 .* 10\.0\.2\.15/24"),

    # The file, beside the program and in the root.
    starts("a file beside the program is the command line",
           boot(None, volume({BESIDE: b"loglevel=6 -- file\n",
                              LINE: b"-- root"})), ("file",)),
    starts("or one in the volume's root, in UTF-16, too",
           boot(None, volume({LINE: "-- \u00e9\r\n".encode("utf-16")})),
           ("\u00e9",)),
    starts("load options are heard before a file",
           by_hook("", files={BESIDE: b"-- file"}), ("a",)),
    starts("options of nothing but white space are none",
           by_hook("", "  ", files={BESIDE: b"-- file"}), ("file",)),
    starts("options that are not text are named, and the file is heard",
           by_hook("binary", files={BESIDE: b"-- file"}), ("file",),
           "Pollux: the load options are not text: ignored"),
    refuses("a folder in the file's place is an error",
            boot(None, volume({BESIDE: None})), "pollux.cmdline is a folder"),
    refuses("a file that is not text is an error",
            boot(None, volume({BESIDE: b"\x7fELF\1\2"})),
            "pollux.cmdline is not a text file"),

    # What the firmware knows.
    starts("a map in any order, and another at the first exit",
           by_hook("reverse stale1"), ("a",)),
    starts("more ranges than fit: what is given up is said",
           by_hook("split"), ("a",),
           r"Pollux: more than 64 ranges of memory: \d+ KiB are not used"),
    starts("the ACPI 1.0 table serves where there is no other",
           by_hook("acpi1", "loglevel=7 -- a"), ("a",),
           "TSC .* by the ACPI timer"),
    starts("the firmware is asked for random numbers",
           by_hook("", extra=RNG), ("a",), "hook: 32 random bytes",
           "random numbers failed"),
    starts("and may have none",
           by_hook("norng", extra=RNG), ("a",),
           "Pollux: the firmware's random numbers failed: error 6"),

    # What cannot go on.
    refuses("a CPU without NX", boot(application, cpu="qemu64,-nx"),
            r"this CPU cannot protect pages from execution \(no NX\)"),
    refuses("a kernel for another machine", boot(damaged(18, 3)),
            "the kernel is damaged: it is not for x86-64"),
    refuses("a kernel whose segment has a wrong size",
            boot(damaged(64 + 39, 0x7f)),
            "the kernel is damaged: it is cut short"),
    refuses("no memory below 1 GiB", by_hook("nolow"),
            "no memory below 1 GiB: error 9"),
    refuses("no place for the image", by_hook("full"),
            r"too little memory for the image: \d+ KiB in one piece below "
            "1 GiB"),
    refuses("a place that is taken", by_hook("taken"),
            r"no memory at 0x[0-9a-f]+: error 14"),
    refuses("a firmware without a memory map", by_hook("nomap"),
            "cannot read the memory map: error 7"),
    refuses("a firmware whose map never stays", by_hook("stale"),
            "the firmware does not let go of the machine: error 2"),
    refuses("a firmware without a console hears nothing, COM1 does",
            by_hook("noconsole full"), "too little memory .*"),
    comes_back("the firmware gets the status of what cannot start",
               by_hook("full", plain=True),
               "hook: it came back: Out of Resources"),
    comes_back("and its memory and console are as before",
               by_hook("nomap", plain=True),
               "hook: it came back: Device Error"),
]:
    judge()

with open(FIRMWARE_VARIABLES, "rb") as file:
    before = file.read()
run = run_script(application, NET="none", ARGS="-v x", MACHINE="pc")
t.ok(run.returncode == 0 and "argument 2: x" in run.stdout,
     "uefi: tools/run passes arguments and ends with the status")
with open(FIRMWARE_VARIABLES, "rb") as file:
    t.equal(file.read(), before, "uefi: the package's variables stay as they are")
run = run_script(application, NET="none", CPU="qemu64,-nx")
t.ok(run.returncode == 134 and run.stdout.count("Pollux: ") == 1,
     "uefi: tools/run ends with 134 when there is no start")
run = run_script(application, NET="none", MEM="32M")
t.ok(run.returncode == 2 and "42M" in run.stderr,
     "uefi: memory that is too little for the firmware is refused")
run = subprocess.run(["make", "-s", "run", "APP=apps/hello", "BOOT=uefi",
                      "NET=none", "ARGS=-v x"], cwd=TOP, text=True,
                     stdin=subprocess.DEVNULL, capture_output=True)
t.ok(run.returncode == 0 and "argument 2: x" in run.stdout,
     "uefi: make run BOOT=uefi boots it")
t.done()
