#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The programs of tests/conform do on Pollux what they do on this Linux."""
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import TOP, Vm, image

COMPILERS = {
    "musl": ("musl-gcc", "-O2 -static"),
    "glibc": ("gcc", "-O2 -static"),
    "glibc pie": ("gcc", "-O2 -static-pie"),
}

t = Tap(deadline=600)
work = tempfile.TemporaryDirectory(prefix="pollux-conform-")
t.cleanup(work.cleanup)


def results(text):
    """The lines of TAP alone, without the kernel's log between them."""
    return re.findall(r"^(?:not )?ok \d+ - .*$|^1\.\.\d+$",
                      text.replace("\r", ""), re.M)


def on_linux(source, compiler, flags):
    program = os.path.join(work.name, "program")
    subprocess.run([compiler, *flags.split(), "-o", program, source],
                   check=True)
    run = subprocess.run([program], capture_output=True, text=True,
                         timeout=60)
    return run.returncode, results(run.stdout)


for source in sorted(glob.glob(os.path.join(TOP, "tests/conform/*.c"))):
    name = os.path.basename(source)[:-2]
    for libc, (compiler, flags) in COMPILERS.items():
        want_status, want = on_linux(source, compiler, flags)
        t.equal(want_status, 0, f"conform: {name} ({libc}) passes on Linux")
        vm = Vm(image(source, CC_APP=compiler, CFLAGS_APP=flags))
        status = vm.wait(60)
        got = results(vm.text)
        same = t.ok(status == want_status and got == want,
                    f"conform: {name} ({libc}) gives the same {len(want)} "
                    "lines on Pollux")
        if not same:
            t.diag(f"status {status}, on Linux {want_status}")
            t.diag("\n".join(sorted(set(got) ^ set(want))))
            t.diag(vm.text[-4000:])
t.done()
