# SPDX-License-Identifier: MIT
"""
One program in guests of the same QEMU: Pollux and Linux, in turns.

A program prints "NAME VALUE ns" or "NAME VALUE instructions" a line, and
"done" at its end.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "system", "lib"))
import linux_guest
from vm import TOP, Vm, image

# One instruction of the guest is one step of its clocks; idle time is skipped.
COUNTING = ("-icount", "shift=0,sleep=off")


def pair(source, work):
    """
    {"pollux": guest, "linux": guest} that run the program of source; a guest
    is its ELF, its command line, and more options of QEMU's.
    """
    elf = image(source)
    program = os.path.join(os.path.dirname(elf), "app")
    kernel = linux_guest.kernel(work)
    initramfs = linux_guest.initramfs(work, {"init": program})
    print(f"# Linux: {os.path.basename(kernel)}, command line: "
          f"{linux_guest.COMMAND_LINE}")
    return {
        "pollux": (elf, "", ()),
        "linux": (kernel, linux_guest.COMMAND_LINE, ("-initrd", initramfs)),
    }


def boot(guest, args="", extra=(), append=""):
    """Runs the program; the console's text, when it came to its end."""
    elf, own_append, own_extra = guest
    vm = Vm(elf, append=append or own_append, args=args, mem="512M",
            extra=own_extra + tuple(extra))
    try:
        if not vm.wait_for(r"^done\s*$", 300):
            sys.exit(f"{elf}: did not end:\n{vm.text[-3000:]}")
    finally:
        vm.kill()
    return vm.text


def figures(text):
    found = re.findall(r"^([a-z]\S*) (\d+) (?:ns|instructions)\s*$", text, re.M)
    return {name: int(value) for name, value in found}


def times_of(guests, rounds):
    """{guest: {name: [nanoseconds of each round]}}"""
    times = {who: {} for who in guests}
    for n in range(rounds):
        print(f"# round {n + 1} of {rounds}", flush=True)
        for who, guest in guests.items():
            for name, value in figures(boot(guest)).items():
                times[who].setdefault(name, []).append(value)
    return times


def counts_of(guests):
    """{guest: {name: instructions}}"""
    return {who: figures(boot(guest, "tsc", COUNTING))
            for who, guest in guests.items()}
