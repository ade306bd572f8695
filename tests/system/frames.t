#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Frames that no sane sender makes, straight into the tap device: the server
goes on, and says nothing that it should not.
"""
import os
import random
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap, skip_all
from vm import APPS, Vm, connect, image, in_private_network, make_tap

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


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip(proto, payload, **over):
    f = dict(vhl=0x45, tos=0, len=20 + len(payload), id=1, frag=0, ttl=64,
             src=HOST, dst=GUEST)
    f.update(over)
    head = struct.pack("!BBHHHBBH4s4s", f["vhl"], f["tos"], f["len"], f["id"],
                       f["frag"], f["ttl"], proto, 0,
                       socket.inet_aton(f["src"]), socket.inet_aton(f["dst"]))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return guest_mac + host_mac + b"\x08\x00" + head + payload


def tcp(sport, dport, seq, ack, flags, window=65535, options=b"", data=b""):
    options += b"\0" * (-len(options) % 4)
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff,
                       ack & 0xffffffff, (5 + len(options) // 4) << 4, flags,
                       window, 0, 0) + options
    pseudo = socket.inet_aton(HOST) + socket.inet_aton(GUEST) + \
        struct.pack("!BBH", 0, 6, len(head) + len(data))
    value = checksum(pseudo + head + data)
    return head[:16] + struct.pack("!H", value) + head[18:] + data


FIN, SYN, RST, PSH, ACKF = 1, 2, 4, 8, 16


def send(frame):
    raw.send(frame)


seed = random.randrange(1 << 32)
rng = random.Random(seed)
t.diag(f"seed {seed}")

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
t.ok("panic" not in vm.text.lower() and "assert" not in vm.text.lower(),
     "frames: no panic, no assertion on the console")
if t.failed:
    t.diag(vm.text[-3000:])
t.done()
