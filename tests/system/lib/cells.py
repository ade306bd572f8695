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
# OVMF starts an application of a few bytes with 36 MiB; ours, which it has
# in memory as a file and as an image, with 44.
LEAST = {"pvh": "16M", "uefi": "44M"}
MORE = ("512M", "6G")

Cell = collections.namedtuple("Cell", "machine boot cpu mem")


def cells(machines=tuple(WAYS), ways=tuple(LEAST)):
    """Every cell with one of these machines and ways to boot."""
    for machine in machines:
        for boot, cpu in itertools.product(WAYS[machine], CPUS):
            if boot in ways:
                for mem in (LEAST[boot], *MORE):
                    yield Cell(machine, boot, cpu, mem)
