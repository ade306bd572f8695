#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
nmap's scans of a server on a tap device: they tell the truth, an echo
connection goes on below them, and they leave nothing behind in the machine.
"""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import GUEST, Traffic, boot, memory_is_back, one_echo, warm_up
from tap import Tap, skip_all
from vm import in_private_network

if not shutil.which("nmap"):
    skip_all("needs nmap")
if not in_private_network():
    skip_all("needs root and /dev/net/tun")

t = Tap(deadline=500)
vm = boot(t, mem="128M")
OPEN, CLOSED = "7,9,10", "8,11,12,99,4444"


def nmap(*options):
    """A scan while a client is served: {"7/tcp": "open", ...} and the text."""
    command = ["nmap", "-n", "-v", "--reason", "--max-retries", "3",
               "--host-timeout", "120s", *options, GUEST]
    with Traffic(fresh=False) as traffic:
        run = subprocess.run(command, stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=200)
    ports = dict(re.findall(r"^(\d+/\w+) +(\S+) ", run.stdout, re.M))
    if not t.ok(run.returncode == 0 and traffic.good(), "nmap: " +
                " ".join(options) + " lets an echo connection go on"):
        t.diag(f"{traffic}\n{run.stdout}{run.stderr}")
    return ports, run.stdout


def states(open_state, closed_state, protocol="tcp", opened=OPEN):
    found = {f"{p}/{protocol}": closed_state for p in CLOSED.split(",")}
    found.update({f"{p}/{protocol}": open_state for p in opened.split(",")})
    return found


both = f"{OPEN},{CLOSED}"
before = warm_up()
for kind in ("-sT", "-sS"):
    found, _ = nmap(kind, "-p", both)
    t.equal(found, states("open", "closed"), f"nmap: {kind} sees what is open")
for kind in ("-sN", "-sF", "-sX"):
    found, _ = nmap(kind, "-p", both)
    t.equal(found, states("open|filtered", "closed"),
            f"nmap: {kind}: who listens is silent, who does not resets")
found, _ = nmap("-sA", "-p", both)
t.equal(found, states("unfiltered", "unfiltered"),
        "nmap: -sA: an ACK out of the blue is reset everywhere")
found, _ = nmap("-sU", "-p", both)
t.equal(found, states("open", "closed", "udp", "7") |
        {"9/udp": "closed", "10/udp": "closed"},
        "nmap: -sU: an echo or port unreachable")

# Port 13 stays out: its server closes first, for a minute of TIME-WAIT.
found, text = nmap("-sS", "--top-ports", "1000", "--exclude-ports", "13")
t.equal(found, {"7/tcp": "open", "9/tcp": "open"},
        "nmap: of the 1,000 best known ports, two are open")
found, text = nmap("-sV", "--version-light", "-p", "7")
t.ok(re.search(r"^7/tcp +open +echo", text, re.M),
     "nmap: -sV recognises the echo service")
found, text = nmap("-O", "-p", both)
t.ok("OSScan results may be unreliable" not in text,
     "nmap: -O finds an open and a closed port")
guess = re.search(r"Difficulty=(\d+)", text)
t.ok(guess and int(guess[1]) > 200,
     "nmap: -O finds no rule in the initial sequence numbers")
t.ok("IP ID Sequence Generation: All zeros" in text,
     "nmap: -O finds no counter in the identifications")
ports, text = nmap("-sO", "-p", "1,2,6,17,47,255")
for number, state in ((1, "open"), (6, "open"), (17, "open"), (47, "closed"),
                      (255, "closed")):
    t.ok(re.search(rf"^{number} +{state} ", text, re.M),
         f"nmap: -sO sees that protocol {number} is {state}")
found, _ = nmap("-sS", "-f", "-p", both)
t.equal(found, states("open", "closed"),
        "nmap: -f: segments in fragments of 8 bytes see the same")

t.ok(all(one_echo() for _ in range(20)), "nmap: new connections are served")
memory_is_back(t, before, "nmap: afterwards pages and slab objects are back")
t.ok("panic" not in vm.text.lower() and "assert" not in vm.text.lower(),
     "nmap: no panic, no assertion on the console")
if t.failed:
    t.diag(vm.text[-3000:])
t.done()
