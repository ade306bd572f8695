#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Clients that nobody here wrote: netcat and socat, over TCP and UDP, with either
side ending its own direction first, both protocols at the same time, and two
hundred of them at once.
"""
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import GUEST, boot, guest_file, memory_is_back, one_echo, warm_up
from tap import Tap, skip_all
from vm import connect, in_private_network

for program in ("nc", "socat"):
    if not shutil.which(program):
        skip_all(f"needs {program}")
if not in_private_network():
    skip_all("needs root and /dev/net/tun")

MANY = 200
t = Tap(deadline=200)
seed = t.seed
rng = random.Random(seed)
vm = boot(t, mem="128M")


def client(*command, data=b""):
    """A client with data for its input: its status and what it printed."""
    run = subprocess.run(command, input=data, capture_output=True, timeout=100)
    return run.returncode, run.stdout, run.stderr.decode()


def same(run, want, name):
    status, got, said = run
    if not t.ok(status == 0 and got == want, f"peers: {name}"):
        t.diag(f"status {status}, {len(got)} bytes of {len(want)}\n{said}")


def nc(*options, data=b""):
    return client("nc", "-n", *options, data=data)


def socat(address, *options, data=b""):
    # -t: how long it waits for one direction when the other has ended.
    return client("socat", *options, "-t", "60", "-", address, data=data)


def established(port=7):
    """How many connections the guest has on a port."""
    ours = [line.split() for line in guest_file("/proc/net/tcp").splitlines()]
    return sum(len(w) > 3 and w[1].endswith(f":{port:04X}") and w[3] == "01"
               for w in ours)


# The first of each kind leaves something behind: a file's name, and as large a
# descriptor table as there will be connections.
established()
for s in [connect((GUEST, 7)) for _ in range(MANY + 20)]:
    s.close()
before = warm_up()

# --- One client, which ends its direction first ---------------------------------

data = rng.randbytes(1_000_000)
same(nc("-N", GUEST, "7", data=data), data,
     "nc -N has its megabyte back after its end")
same(socat(f"TCP:{GUEST}:7", data=data), data,
     "so has socat, which half-closes when its input ends")
same(socat(f"TCP:{GUEST}:7,nodelay,keepalive,rcvbuf=4096,sndbuf=4096", "-b",
           "100", data=data[:50000]), data[:50000],
     "small buffers and segments of 100 bytes make no difference")
same(nc("-N", GUEST, "7"), b"", "who sends nothing gets nothing, and the end")
status, _, said = nc("-z", "-v", GUEST, "7")
t.ok(status == 0 and "succeeded" in said, "peers: nc -z finds an open port")
status, _, said = nc("-z", "-v", GUEST, "4444")
t.ok(status == 1 and "refused" in said, "peers: and a closed one")
status, got, said = socat(f"TCP:{GUEST}:7,linger=0", "-u", data=data)
t.ok(status == 0, "peers: socat sends, reads nothing and resets")

# --- Datagrams --------------------------------------------------------------------

same(nc("-u", "-W", "1", "-w", "20", GUEST, "7", data=data[:1000]), data[:1000],
     "nc -u has its datagram back")
status, _, said = nc("-u", "-v", "-w", "20", GUEST, "4444", data=b"x")
t.ok(status == 1, "peers: and ends where nobody listens")
with subprocess.Popen(["socat", "-b", "65507", "-T", "60", "-",
                       f"UDP:{GUEST}:7,sndbuf=200000"], stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE, bufsize=0) as process:
    # Its input ends when the answer is there: a datagram has no end to await.
    process.stdin.write(data[:40000])
    got = process.stdout.read(65507)
t.ok(process.returncode == 0 and got == data[:40000],
     "peers: socat's datagram of 40,000 bytes comes back in one piece")
status, _, said = socat(f"UDP:{GUEST}:4444", data=b"x")
t.ok("refused" in said, "peers: socat hears by ICMP that nobody is there")


# --- Both protocols at the same time ----------------------------------------------

def datagrams(result):
    while not result["stop"]:
        message = random.randbytes(random.randint(1, 1400))
        status, got, said = nc("-u", "-W", "1", "-w", "20", GUEST, "7",
                               data=message)
        result["sent"] += 1
        if status or got != message:
            result["wrong"].append((status, len(message), len(got), said))


result = {"stop": False, "sent": 0, "wrong": []}
thread = threading.Thread(target=datagrams, args=(result,))
thread.start()
long = rng.randbytes(6_000_000)
same(nc("-N", GUEST, "7", data=long), long,
     "6 MB of TCP to port 7 come back beside UDP to the same port")
same(socat(f"TCP:{GUEST}:7", data=long), long, "and once more, by socat")
result["stop"] = True
thread.join()
if not t.ok(result["sent"] and not result["wrong"],
            "peers: and each datagram beside TCP does"):
    t.diag(result)


# --- Many at once ------------------------------------------------------------------

class Client:
    """An nc that waits for its input's end."""

    def __init__(self):
        self.data = rng.randbytes(rng.randint(1, 20000))
        self.process = subprocess.Popen(
            ["nc", "-n", "-N", GUEST, "7"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def right(self):
        got, _ = self.process.communicate(self.data, timeout=100)
        return self.process.returncode == 0 and got == self.data


def kill_all():
    for c in clients:
        if c.process.poll() is None:
            c.process.kill()
            c.process.wait()


clients = []
t.cleanup(kill_all)
for _ in range(MANY):
    clients.append(Client())
end = time.monotonic() + 60
while (there := established()) < MANY and time.monotonic() < end:
    time.sleep(0.1)
t.equal(there, MANY, f"peers: {MANY} clients are connected at once")
wrong = [i for i, c in enumerate(clients) if not c.right()]
t.equal(wrong, [], "peers: and each has its own bytes back")
t.ok(one_echo(), "peers: new connections are served")
memory_is_back(t, before, "peers: afterwards pages and slab objects are back")

# --- The server ends its direction first: last, for its TIME-WAIT stays ------------

same(nc("-d", GUEST, "13"), b"bye\n", "nc reads what a server says that closes")


def other_half(name, *command):
    """The server has said all, and reads on: what it counts is what we send."""
    status, got, said = client(*command, data=data)
    if not t.ok(status == 0 and got == b"bye\n",
                f"peers: {name} reads the server's last word"):
        t.diag(f"status {status} {got} {said}")
    if not t.ok(vm.wait_for(f"inspect: {len(data)} bytes, "
                            f"{zlib.adler32(data):08x}\r?$"),
                f"peers: {name} goes on to send a megabyte, all of which comes"):
        t.diag(vm.text[-300:])


other_half("socat", "socat", "-t", "60", "-", f"TCP:{GUEST}:14")
data = rng.randbytes(1_000_001)
other_half("nc", "nc", "-n", "-N", GUEST, "14")
t.ok("panic" not in vm.text.lower() and "assert" not in vm.text.lower(),
     "peers: no panic, no assertion on the console")
if t.failed:
    t.diag(vm.text[-3000:])
t.done()
