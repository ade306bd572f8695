#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
The packet scripts of tests/packet, and the matrix of TCP's states and segments,
against one guest: tests/packet/README.md. With POLLUX_GUEST=linux the guest is
this machine's own kernel.
CASE=text: only the cases whose name has it.
"""
import os
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import boot, in_use, memory_is_back
from tap import Tap, skip_all
from vm import in_private_network

if not in_private_network():
    skip_all("needs root and /dev/net/tun")
import matrix
from packet import Lan, Remote, no_limits
from script import Player, load_all

WORKERS = 8
LINUX = os.environ.get("POLLUX_GUEST") == "linux"
t = Tap(deadline=400)
vm = boot(t, app="remote")
if LINUX:
    no_limits(vm)
lan = Lan()
lan.ask_mac()
remotes = [Remote() for _ in range(WORKERS)]


def in_parallel(work, items):
    """work(remote, item) of all, in order; each remote has one at a time."""
    free = list(remotes)

    def one(item):
        remote = free.pop()
        try:
            return work(remote, item)
        finally:
            free.append(remote)

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, items))


def play(remote, case):
    return Player(lan, remote, case).play()


wanted = os.environ.get("CASE", "")
cases = [c for c in load_all() if wanted in str(c)]
in_parallel(play, cases[:WORKERS])  # what the first of each kind leaves behind
before = in_use(remotes[0].text)
for case, wrong in zip(cases, in_parallel(play, cases)):
    if not t.ok(not wrong, f"packets: {case}"):
        t.diag(wrong)
if not wanted:
    matrix.run(t, lan, in_parallel, LINUX)
memory_is_back(t, before, "packets: afterwards pages and slab objects are back",
               read=remotes[0].text)
t.ok("panic" not in vm.text.lower() and "assert" not in vm.text.lower(),
     "packets: no panic, no assertion on the console")
if t.failed:
    t.diag(vm.text[-2000:])
lan.close()
t.done()
