#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Frames that no sane sender makes, straight into the tap device: the server
goes on, and says nothing that it should not.
"""
import os
import random
import re
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import guest_file
from tap import Tap, skip_all
from vm import APPS, Vm, connect, image, in_private_network, make_tap
from wire import checksum

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

GUEST, HOST = "10.99.0.2", "10.99.0.1"
ETH_P_ALL = 3
t = Tap(deadline=200)
make_tap()
vm = Vm(image(os.path.join(APPS, "inspect.c")), net="tap:tap0",
        append="ip=10.99.0.2/16 gw=10.99.0.1")
t.cleanup(vm.kill)
t.ok(vm.wait_for("inspect: listening"), "frames: the server starts")

raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
raw.bind(("tap0", 0))


def receive(s, size):
    got = b""
    while len(got) < size and (part := s.recv(size - len(got))):
        got += part
    return got


def echo_works():
    with connect((GUEST, 7)) as s:
        s.sendall(b"alive")
        return receive(s, 5) == b"alive"


t.ok(echo_works(), "frames: and echoes")
guest_mac = bytes.fromhex(next(
    l.split()[3] for l in open("/proc/net/arp") if l.startswith(GUEST))
    .replace(":", ""))
host_mac = raw.getsockname()[4]


def ip(proto, payload, **over):
    f = dict(vhl=0x45, tos=0, len=20 + len(payload), id=1, frag=0, ttl=64,
             src=HOST, dst=GUEST)
    f.update(over)
    head = struct.pack("!BBHHHBBH4s4s", f["vhl"], f["tos"], f["len"], f["id"],
                       f["frag"], f["ttl"], proto, 0,
                       socket.inet_aton(f["src"]), socket.inet_aton(f["dst"]))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return guest_mac + host_mac + b"\x08\x00" + head + payload


def tcp(sport, dport, seq, ack, flags, window=65535, options=b"", data=b"",
        src=HOST, dst=GUEST):
    options += b"\0" * (-len(options) % 4)
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff,
                       ack & 0xffffffff, (5 + len(options) // 4) << 4, flags,
                       window, 0, 0) + options
    pseudo = socket.inet_aton(src) + socket.inet_aton(dst) + \
        struct.pack("!BBH", 0, 6, len(head) + len(data))
    value = checksum(pseudo + head + data)
    return head[:16] + struct.pack("!H", value) + head[18:] + data


FIN, SYN, RST, PSH, ACKF = 1, 2, 4, 8, 16


def send(frame):
    raw.send(frame)


seed = t.seed
rng = random.Random(seed)

for n in range(1, 60):
    send(guest_mac + host_mac + b"\x08\x00" + rng.randbytes(n)
         if n > 1 else b"\0" * 14)
    send(guest_mac + host_mac + b"\x08\x06" + rng.randbytes(n))
    send((b"\xff" * 6 + host_mac + b"\x08\x06" + rng.randbytes(n)))
t.ok(echo_works(), "frames: runts and cut ARP packets are dropped")

for _ in range(300):
    body = rng.randbytes(rng.randint(0, 600))
    send(ip(rng.choice((1, 6, 17, 2, 47, 255)), body))
    send(ip(6, body, len=rng.randint(0, 65535)))
    send(ip(17, body, vhl=0x40 | rng.randint(0, 15)))
    send(ip(6, body, frag=rng.randint(0, 65535)))
t.ok(echo_works(), "frames: random IP, UDP, ICMP and TCP bodies are survived")



def ip_figure(file, name):
    """A figure of the first or only line "Ip" or "IpExt" of /proc/net."""
    names, values = re.findall(r"^Ip(?:Ext)?: (.*)$", guest_file(f"/proc/net/{file}"),
                               re.M)[:2]
    return int(dict(zip(names.split(), values.split()))[name])


def ip_drops():
    return (ip_figure("snmp", "InHdrErrors"), ip_figure("netstat", "InTruncatedPkts"))


header_errors, truncated = ip_drops()
for _ in range(7):
    send(ip(6, b"x" * 40, vhl=0x42))
for _ in range(5):
    send(ip(6, b"x" * 40, len=10))
for _ in range(3):
    send(ip(6, b"x" * 40, len=100))
t.equal(ip_drops(), (header_errors + 12, truncated + 3),
        "frames: a bad header and a packet that was cut count apart")

udp = struct.pack("!HHHH", 67, 68, 4000, 0) + b"\x02" * 30
for length in (0, 7, 8, 9, 4000):
    send(ip(17, udp[:4] + struct.pack("!H", length) + udp[6:]))
t.ok(echo_works(), "frames: UDP lengths that lie are survived")

# A real connection, attacked blindly from its own 4-tuple.
s = connect((GUEST, 7))
sport = s.getsockname()[1]
for _ in range(500):
    options = rng.choice((b"", b"\x02\x04\x00\x01", b"\x02\x04\x00\x00",
                          b"\x02", b"\x02\x28", b"\x05\x0a" + rng.randbytes(8),
                          b"\x08\x0a" + rng.randbytes(8), b"\x03\x03\xff",
                          b"\xfe\x01\x00\x00"))
    send(ip(6, tcp(sport, 7, rng.getrandbits(32), rng.getrandbits(32),
                   rng.choice((ACKF, ACKF | PSH, SYN, SYN | ACKF, RST,
                               FIN | ACKF, 0, 0x3f)),
                   rng.choice((0, 1, 65535)), options,
                   rng.randbytes(rng.choice((0, 1, 100, 1400))))))
message = rng.randbytes(50000)
s.sendall(message)
t.ok(receive(s, len(message)) == message, "frames: blind segments do not harm a connection")
s.close()
t.ok(echo_works(), "frames: the server goes on")


# What must have no answer. The sender is nobody: its address is in the guest's
# ARP table, no kernel is behind it that would talk.
NOBODY, NOBODY_MAC = "10.99.0.77", b"\x02\0\0\0\0\x77"
ALL = b"\xff" * 6


def frame(packet, to):
    return to + NOBODY_MAC + packet[12:]


def icmp_echo():
    body = struct.pack("!BBHHH", 8, 0, 0, 7, 1) + b"ping"
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def syn(port, src, dst=GUEST, sport=999):
    return tcp(sport, port, 1000, 0, SYN, src=src, dst=dst)


def answers(sent):
    """IPv4 frames from the guest, as a fence a ping by NOBODY is answered."""
    raw.setblocking(False)
    try:
        while raw.recv(2048):
            pass
    except BlockingIOError:
        pass
    raw.settimeout(5)
    for f in sent:
        send(f)
    send(frame(ip(1, icmp_echo(), src=NOBODY), guest_mac))
    seen = []
    while True:
        f = raw.recv(2048)
        if f[6:12] != guest_mac or f[12:14] != b"\x08\x00":
            continue
        if f[23] == 1 and f[34] == 0 and f[30:34] == socket.inet_aton(NOBODY):
            return seen
        if f[30:34] != socket.inet_aton(HOST):
            seen.append(f)


def probes(src, dst=GUEST):
    return [ip(6, syn(7, src, dst), src=src, dst=dst),
            ip(6, syn(99, src, dst), src=src, dst=dst),
            ip(17, struct.pack("!HHHH", 9, 99, 8, 0), src=src, dst=dst)]


send(ALL + NOBODY_MAC + b"\x08\x06" + struct.pack(
    "!HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, NOBODY_MAC, socket.inet_aton(NOBODY),
    b"\0" * 6, socket.inet_aton(GUEST)))
found = answers([frame(p, guest_mac) for p in probes(NOBODY)])
t.equal(len(found), 3, "frames: an honest packet has an answer")
for src in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255",
            "10.99.255.255", GUEST):
    found = answers([frame(p, guest_mac) for p in
                     probes(src) + [ip(1, icmp_echo(), src=src)]])
    t.equal(found, [], f"frames: no answer to packets from {src}")
for dst in ("127.0.0.1", "224.0.0.1", "255.255.255.255", "10.99.255.255"):
    found = answers([frame(p, ALL) for p in
                     probes(NOBODY, dst) + [ip(1, icmp_echo(), src=NOBODY,
                                               dst=dst)]])
    t.equal(found, [], f"frames: no answer to packets to {dst}")
found = answers([frame(p, ALL) for p in
                 probes(NOBODY) + [ip(1, icmp_echo(), src=NOBODY)]])
t.equal(found, [], "frames: no answer to packets to us in a frame to all")
t.ok(echo_works(), "frames: none of that did harm")

# A flood of SYNs from addresses where nobody is, and a client in between.
for i in range(4000):
    src = f"10.99.{1 + i % 3}.{1 + i % 250}"
    send(frame(ip(6, syn(7, src, sport=1024 + i), src=src), guest_mac))
started = time.monotonic()
t.ok(echo_works(), "frames: a client is served after a flood of SYNs")
t.ok(time.monotonic() - started < 5, "frames: ... without much waiting")
t.ok("panic" not in vm.text.lower() and "assert" not in vm.text.lower(),
     "frames: no panic, no assertion on the console")
if t.failed:
    t.diag(vm.text[-3000:])
t.done()
