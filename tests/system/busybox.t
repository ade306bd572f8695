#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Programs that nobody here wrote look at the network: busybox's ip, ifconfig,
netstat, route and hostname, each as the application; env at its environment.
"""
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from tap import Tap, skip_all
from vm import Vm, image

busybox = shutil.which("busybox")
if not busybox:
    skip_all("needs busybox-static")

t = Tap(deadline=240)
elf = image(busybox)


def run(command, *patterns, status=0, append=""):
    vm = Vm(elf, net="user", args=command,
            append=f"ip=10.99.0.2/16 gw=10.99.0.1 loglevel=3 {append}")
    t.cleanup(vm.kill)
    t.equal(vm.wait(60), status, f"busybox: {command}")
    for pattern in patterns:
        if not t.ok(vm.wait_for(pattern, 1), f"busybox: {pattern}"):
            t.diag(vm.text)
    return vm.text


def tcp_mem(percent):
    text = run("cat /proc/sys/net/ipv4/tcp_mem",
               append=f"netmem={percent}")
    return list(map(int, re.search(r"^(\d+)\t(\d+)\t(\d+)", text,
                                   re.M).groups()))


run("ip addr",
    r"^1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 ",
    r"^    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00",
    r"^    inet 127\.0\.0\.1/8 scope host lo",
    r"^2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 ",
    r"^    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff",
    r"^    inet 10\.99\.0\.2/16 brd 10\.99\.255\.255 scope global eth0")
run("ip addr show dev eth0", r"^2: eth0: ", r"^    inet 10\.99\.0\.2/16 ")
run("ip route",
    r"^default via 10\.99\.0\.1 dev eth0",
    r"^10\.99\.0\.0/16 dev eth0 scope link  src 10\.99\.0\.2")
run("ip route get 192.0.2.1",
    r"^192\.0\.2\.1 via 10\.99\.0\.1 dev eth0  src 10\.99\.0\.2")
run("ip route get 10.99.1.1", r"^10\.99\.1\.1 dev eth0  src 10\.99\.0\.2")
run("ip route get 127.0.0.1",
    r"^local 127\.0\.0\.1 dev lo  src 127\.0\.0\.1")
run("ip link set eth0 down", "Operation not permitted", status=2)
run("ifconfig",
    r"^eth0 +Link encap:Ethernet  HWaddr 52:54:00:12:34:56",
    r"inet addr:10\.99\.0\.2  Bcast:10\.99\.255\.255  Mask:255\.255\.0\.0",
    r"UP BROADCAST RUNNING MULTICAST  MTU:1500",
    r"^lo +Link encap:Local Loopback",
    r"inet addr:127\.0\.0\.1  Mask:255\.0\.0\.0",
    r"UP LOOPBACK RUNNING  MTU:65536")
run("ifconfig eth0 down", "Operation not permitted", status=1)
run("netstat -rn",
    r"^0\.0\.0\.0 +10\.99\.0\.1 +0\.0\.0\.0 +UG ",
    r"^10\.99\.0\.0 +0\.0\.0\.0 +255\.255\.0\.0 +U ")
run("route -n", r"^0\.0\.0\.0 +10\.99\.0\.1 +0\.0\.0\.0 +UG .* eth0")
run("netstat -antuwx", r"^Active Internet connections",
    r"^Active UNIX domain sockets")
run("hostname", r"^pollux")
run("env", r"^HOME=/root\r?$", r"^GREETING=good day\r?$",
    append='GREETING="good day" HOME=/root console=ttyS0 quiet')
low, high = tcp_mem(1), tcp_mem(50)
t.ok(50 * low[2] <= high[2] <= 51 * low[2],
     "tcp_mem: netmem=50 is fifty times as much as netmem=1")
t.ok(high[0] == high[1] == high[2] // 2, "tcp_mem: pressure at half of it")
t.done()
