# SPDX-License-Identifier: MIT
"""The machines that one image boots on: the matrix of boot.t and bench/boot."""
import collections
import itertools

# How a machine boots: from the image by PVH, or by UEFI where there is such a
# firmware for it.
WAYS = {
    "q35": ("pvh", "uefi"),
    "pc": ("pvh", "uefi"),
    "microvm": ("pvh",),
    "microvm,acpi=off": ("pvh",),
}
CPUS = ("qemu64", "max")
LEAST = {"pvh": "16M"}
MORE = ("512M", "6G")

Cell = collections.namedtuple("Cell", "machine boot cpu mem")


def cells(machines=None, ways=("pvh",)):
    """Every cell with one of these machines (None: all) and ways to boot."""
    for machine, boots in WAYS.items():
        if machines and machine not in machines:
            continue
        for boot, cpu in itertools.product(boots, CPUS):
            if boot in ways:
                for mem in (LEAST[boot], *MORE):
                    yield Cell(machine, boot, cpu, mem)
