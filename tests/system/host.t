#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
What the host does to a machine that serves: it takes the link away and gives it
back, sets the tap device down and up, stops QEMU for a minute, removes the
backend or the tap device itself. Connections from before go on when the machine
can be reached again, what was under way arrives, and where it cannot be any more
the machine still ends in order.
"""
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import (GUEST, Traffic, boot, guest_file, memory_is_back, one_echo,
                   receive, warm_up)
from tap import Tap, skip_all
from vm import APPS, Qmp, Vm, connect, free_port, image, in_private_network, \
    make_tap

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

STOP = 60  # seconds
FLAPS = 30
BULK = 4 << 20
PATIENCE = 90

t = Tap(deadline=850)
elf = image(os.path.join(APPS, "inspect.c"))


def run(command):
    subprocess.run(command.split(), check=True)


def whole(disturb):
    """
    A client sends BULK bytes to be echoed, and stops reading after a quarter, so
    that both directions are under way in disturb(); whether all came back.
    """
    data, got, errors = random.randbytes(BULK), b"", []
    with connect((GUEST, 7), timeout=PATIENCE) as s:

        def send():
            try:
                s.sendall(data)
            except OSError as e:
                errors.append(e)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            got = receive(s, BULK // 4)
            disturb()
            got += receive(s, BULK - len(got))
        except OSError as e:
            errors.append(e)
        sender.join()
    if errors:
        t.diag(f"after {len(got)} bytes: {errors}")
    return got == data


def disturbed(name, disturb):
    """A connection is idle, another busy, and a new one comes afterwards."""
    old = connect((GUEST, 7), timeout=PATIENCE)
    old.sendall(b"before")
    receive(old, 6)
    t.ok(whole(disturb), f"{name}: {BULK >> 20} MB under way arrive")
    old.sendall(b"after")
    t.equal(receive(old, 5), b"after", f"{name}: a connection from before goes on")
    old.close()
    t.ok(one_echo(), f"{name}: new ones are served")


def guest_time():
    """Of day, by what /proc says: seconds, within one."""
    started = next(int(line.split()[1]) for line in
                   guest_file("/proc/stat").splitlines()
                   if line.startswith("btime"))
    return started + float(guest_file("/proc/uptime").split()[0])


def time_is_right(within=30):
    """
    Soon: the machine reads its clock every two seconds. That is an RTC which may
    be one behind, read to half a second, and told in whole ones.
    """
    end = time.monotonic() + within
    while True:
        before, said, after = time.time(), guest_time(), time.time()
        if before - 4 < said < after + 2:
            return True
        t.diag(f"it is {said} at {before}")
        if time.monotonic() > end:
            return False
        time.sleep(0.5)


# ---- The link ----

def set_link(up):
    qmp.execute("set_link", name="n0", up=up)


def flap():
    for _ in range(FLAPS):
        set_link(False)
        time.sleep(random.random() / 20)
        set_link(True)
        time.sleep(random.random() / 20)


def link_down(seconds):
    set_link(False)
    time.sleep(seconds)
    set_link(True)


qmp = Qmp()
t.cleanup(qmp.close)
vm = boot(t, extra=[*qmp.options, "-device", "i6300esb"])
guest_time()
before = warm_up()

disturbed(f"link: {FLAPS} times down and up", flap)
disturbed("link: down for 5 s", lambda: link_down(5))
t.ok(vm.wait_for(r"net: eth0 link down[^\0]*net: eth0 link up"),
     "link: the log says so")
with Traffic() as traffic:
    flap()
    progress = traffic.rounds, traffic.served
    end = time.monotonic() + PATIENCE
    while (traffic.rounds == progress[0] or traffic.served == progress[1]) and \
            not traffic.errors and time.monotonic() < end:
        time.sleep(0.1)
if not t.ok(traffic.good(), "link: clients come and go while it does, and after"):
    t.diag(traffic)


# ---- The tap device ----

def tap_down(seconds):
    run("ip link set tap0 down")
    time.sleep(seconds)
    run("ip link set tap0 up")


disturbed("tap: down for 3 s", lambda: tap_down(3))
disturbed("tap: down and up at once", lambda: tap_down(0))
memory_is_back(t, before, "link, tap: all memory is back")


# ---- QEMU is stopped ----

def freeze():
    """
    Both machines, for a minute; meanwhile a client connects. This end does not
    forget the neighbour, lest that client hears that there is none.
    """
    run(f"ip neigh replace {GUEST} lladdr 52:54:00:12:34:56 nud permanent "
        "dev tap0")
    for machine in (vm, other):
        os.kill(machine.process.pid, signal.SIGSTOP)
    time.sleep(STOP / 2)
    late.setblocking(False)
    late.connect_ex((GUEST, 7))
    time.sleep(STOP / 2)
    for machine in (vm, other):
        os.kill(machine.process.pid, signal.SIGCONT)


port = free_port()
other = Vm(elf, machine="microvm", net="user", ports={port: 7})
t.cleanup(other.kill)
t.ok(other.wait_for("inspect: listening"), "stop: a microvm, too, is there")
friend = connect(("127.0.0.1", port), timeout=PATIENCE)
friend.sendall(b"before")
receive(friend, 6)

late = socket.socket()
up = float(guest_file("/proc/uptime").split()[0])
disturbed(f"stop: QEMU for {STOP} s", freeze)
late.settimeout(PATIENCE)
late.sendall(b"late")
t.equal(receive(late, 4), b"late", "stop: who connected meanwhile is served")
late.close()
friend.sendall(b"after")
t.equal(receive(friend, 5), b"after", "stop: and so is the microvm's client")
friend.close()
other.kill()
t.ok(time_is_right(), "stop: the time of day is right")
t.ok(float(guest_file("/proc/uptime").split()[0]) > up,
     "stop: the uptime goes on")
with Traffic() as traffic:
    time.sleep(1)
if not t.ok(traffic.good(), "stop: clients come and go"):
    t.diag(traffic)
memory_is_back(t, before, "stop: all memory is back")


# ---- No way back ----

def ends_in_order(machine, protocol, name):
    t.equal(protocol.execute("query-status")["status"], "running",
            f"{name}: the machine runs")
    protocol.execute("system_powerdown")
    t.equal(machine.wait(60), 128 + signal.SIGTERM,
            f"{name}: the power button ends it")


def in_the_middle(lose):
    """While the guest has data to send, more than the client takes."""
    s = connect((GUEST, 7), timeout=PATIENCE)
    s.setblocking(False)
    while True:
        try:
            s.send(bytes(65536))
        except BlockingIOError:
            break
    lose()
    time.sleep(5)
    return s


s = in_the_middle(lambda: run("ip link del tap0"))
ends_in_order(vm, qmp, "tap: removed")
s.close()

make_tap()
qmp = Qmp()
t.cleanup(qmp.close)
vm = Vm(elf, net="tap:tap0", append=f"ip={GUEST}/16 gw=10.99.0.1",
        extra=qmp.options)
t.cleanup(vm.kill)
t.ok(vm.wait_for("inspect: listening") and one_echo(), "netdev: it serves")
s = in_the_middle(lambda: qmp.execute("netdev_del", id="n0"))
t.ok(vm.wait_for("net: eth0 link down"), "netdev: removed, the link is down")
ends_in_order(vm, qmp, "netdev: removed")
s.close()
t.done()
