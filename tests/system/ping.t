#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
ping in every size, with patterns, at the edge of the MTU and as a flood: each
answer comes once, and byte for byte what was asked.
"""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import GUEST, Traffic, boot, memory_is_back, warm_up
from tap import Tap, skip_all
from vm import in_private_network

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

MTU_PAYLOAD = 1500 - 20 - 8
t = Tap(deadline=300)
vm = boot(t, mem="128M")
before = warm_up()


def ping(*options, to=GUEST):
    """(sent, received once and whole, the text)."""
    run = subprocess.run(["ping", "-n", "-W", "10", *options, to],
                         stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, timeout=120)
    text = run.stdout + run.stderr
    found = re.search(r"(\d+) packets transmitted, (\d+) received", text)
    sent, got = (int(n) for n in found.groups()) if found else (0, 0)
    if "DUP!" in text or "duplicates" in text or "wrong data" in text:
        got = -1
    return sent, got, text


def all_answered(name, *options):
    """
    After the last of several, ping waits only twice as long as the answers
    before took: one request, or a flood.
    """
    sent, got, text = ping(*options)
    if not t.ok(sent and got == sent, "ping: " + name):
        t.diag(text)


wrong = []
for size in [*range(0, 72), *range(73, MTU_PAYLOAD - 20, 97),
             *range(MTU_PAYLOAD - 20, MTU_PAYLOAD + 1)]:
    sent, got, text = ping("-c", "1", "-s", str(size))
    if got != 1:
        wrong.append((size, text))
if not t.equal([size for size, _ in wrong], [],
               f"ping: an answer to each size from 0 to {MTU_PAYLOAD}"):
    t.diag(wrong[0][1])
for size in (1473, 1480, 2952, 2953, 8192, 30000, 65506, 65507):
    all_answered(f"{size} bytes, in fragments", "-c", "1", "-s",
                 str(size))
all_answered("a flood of 300 in 12 fragments each", "-q", "-f", "-c", "300",
             "-s", "16000")
for pattern in ("00", "ff", "a5", "0123456789abcdef0123456789abcdef"):
    all_answered(f"1,400 bytes of {pattern} come back", "-c", "1", "-s",
                 "1400", "-p", pattern)
for df in ("do", "dont"):
    all_answered(f"the largest packet without fragments, DF {df}", "-c", "1",
                 "-M", df, "-s", str(MTU_PAYLOAD))
all_answered("TTL 1 is enough", "-c", "1", "-t", "1")
all_answered("every type of service", "-c", "1", "-Q", "0xb8")

sent, got, text = ping("-c", "2", "-i", "0.2", "-W", "1", "-b",
                       to="10.99.255.255")
t.equal((sent, got), (2, 0), "ping: to everybody has no answer")

with Traffic() as traffic:
    all_answered("a flood of 5,000 has 5,000 answers", "-q", "-f", "-c",
                 "5000")
    all_answered("a flood of 2,000 large ones too", "-q", "-f", "-c", "2000",
                 "-s", str(MTU_PAYLOAD))
if not t.ok(traffic.good(), "ping: and clients are served meanwhile"):
    t.diag(traffic)

memory_is_back(t, before, "ping: afterwards pages and slab objects are back")
t.ok("panic" not in vm.text.lower() and "assert" not in vm.text.lower(),
     "ping: no panic, no assertion on the console")
if t.failed:
    t.diag(vm.text[-3000:])
t.done()
