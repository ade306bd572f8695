#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tools/run-test says on the terminal of a test that failed, and of others."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap
from vm import TOP

t = Tap(deadline=60)
work = tempfile.TemporaryDirectory(prefix="pollux-run-test-")
t.cleanup(work.cleanup)


def run(*lines):
    """What a shell script of these lines leaves: status, TAP, terminal."""
    path = os.path.join(work.name, "script.t")
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(["#!/bin/sh", *lines, ""]))
    os.chmod(path, 0o755)
    done = subprocess.run([os.path.join(TOP, "tools/run-test"), path],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr.replace(path, "SCRIPT")


status, tap, said = run("echo 1..2", "echo ok 1", "echo '# news'",
                        "echo 'not ok 2 - later # TODO'")
t.equal((status, said), (0, ""), "run-test: is silent of a script that passes")
t.equal(tap, "1..2\nok 1\n# news\nnot ok 2 - later # TODO\n",
        "run-test: hands its TAP on")
status, tap, said = run("echo '# SEED=77'", "echo 'not ok 1 - a name'",
                        "echo '# got 1, want 2'", "echo ok 2", "echo '# more'",
                        "echo 1..2", "exit 1")
t.equal((status, said), (1, "\nSCRIPT: not ok 1 - a name\n# got 1, want 2\n"
                            "Once more: SEED=77 SCRIPT\n"),
        "run-test: shows what failed, its diagnostics, and how to repeat it")
status, tap, said = run("echo ok 1", "echo 'last words'", "kill -SEGV $$")
t.equal((status, said), (139, "\nSCRIPT: was ended by signal 11; its last lines:\n"
                              "ok 1\nlast words\nOnce more: SCRIPT\n"),
        "run-test: shows how a script broke off")
status, tap, said = run("echo 'Bail out! no kernel'", "exit 255")
t.ok(status == 255 and "SCRIPT: Bail out! no kernel\n" in said,
     "run-test: shows why a script bailed out")
t.done()
