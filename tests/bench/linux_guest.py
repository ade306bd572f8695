# SPDX-License-Identifier: MIT
"""
The Linux guest that benchmarks compare with: Debian's cloud kernel, fetched
once into build/downloads, and an initramfs with the given files.
"""
import glob
import os
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
DOWNLOADS = os.path.join(TOP, "build", "downloads")
PACKAGE = "linux-image-cloud-amd64"  # depends on the kernel of the day
# No console but the serial one; an init that ends ends the machine.
COMMAND_LINE = "console=ttyS0 quiet panic=-1"


def run(command, **how):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          **how).stdout


def fetch():
    """The path of the kernel's package."""
    pattern = os.path.join(DOWNLOADS, "linux-image-*-cloud-amd64_*.deb")
    if not glob.glob(pattern):
        os.makedirs(DOWNLOADS, exist_ok=True)
        words = run(["apt-cache", "depends", "--important", PACKAGE]).split()
        run(["apt-get", "download", words[words.index("Depends:") + 1]],
            cwd=DOWNLOADS)
    return max(glob.glob(pattern), key=os.path.getmtime)


def kernel(work):
    """The path of vmlinuz, unpacked in the folder work."""
    run(["dpkg-deb", "-x", fetch(), work])
    return glob.glob(os.path.join(work, "boot", "vmlinuz-*"))[0]


def initramfs(work, files):
    """The path of an initramfs of files: {path in the guest: path here}."""
    root = os.path.join(work, "root")
    for inside, outside in files.items():
        target = os.path.join(root, inside)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        run(["cp", outside, target])
    names = run(["find", ".", "-mindepth", "1"], cwd=root)
    path = os.path.join(work, "initramfs")
    with open(path, "wb") as out:
        subprocess.run(["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet"],
                       cwd=root, input=names.encode(), stdout=out, check=True)
    return path
