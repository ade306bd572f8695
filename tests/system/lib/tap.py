# SPDX-License-Identifier: MIT
"""
TAP for the system tests: one object a script, a deadline for the whole, and a
seed for all that is random: SEED=n, or a fresh one.
"""
import os
import random
import signal
import sys
import traceback


class Tap:
    """Counts and prints results; done() prints the plan and exits."""

    def __init__(self, deadline):
        """deadline: seconds after which the script bails out."""
        self.count = 0
        self.failed = 0
        self.at_end = []
        signal.signal(signal.SIGALRM, self._too_late)
        signal.alarm(deadline)
        sys.excepthook = self._broken
        self.seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
        random.seed(self.seed)
        self.diag(f"SEED={self.seed}")

    def ok(self, condition, name):
        """Prints one result; returns the condition."""
        self.count += 1
        if not condition:
            self.failed += 1
        print(f"{'ok' if condition else 'not ok'} {self.count} - {name}",
              flush=True)
        return condition

    def equal(self, got, want, name):
        """Prints one result; returns whether they were equal."""
        same = self.ok(got == want, name)
        if not same:
            self.diag(f"got  {got!r}\nwant {want!r}")
        return same

    def diag(self, text):
        for line in str(text).splitlines():
            print(f"# {line}", flush=True)

    def cleanup(self, function):
        """function runs when the script ends, however it ends."""
        self.at_end.append(function)

    def done(self):
        self._clean()
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)

    def _clean(self):
        signal.alarm(0)
        while self.at_end:
            self.at_end.pop()()

    def _too_late(self, *_):
        print("Bail out! deadline passed", flush=True)
        traceback.print_stack()
        self._clean()
        os._exit(1)

    def _broken(self, kind, value, trace):
        self.ok(False, f"script error: {kind.__name__}: {value}")
        self.diag("".join(traceback.format_tb(trace)))
        self._clean()
        print(f"1..{self.count}", flush=True)
        os._exit(1)


def skip_all(reason):
    """Ends the script as skipped; in CI, which has all it needs, as failed."""
    if os.environ.get("CI") == "true":
        print(f"Bail out! CI skips nothing: {reason}", flush=True)
        sys.exit(1)
    print(f"1..0 # SKIP {reason}", flush=True)
    sys.exit(0)
