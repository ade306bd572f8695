#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
apps/proxy between clients on a tap device and a service, its own or one on
this side, once by SO_SPLICE and once by pipes; then the same program on this
Linux. Every byte is checked, and that either side may end first.
"""
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
from guest import GUEST, HOST
from tap import Tap, skip_all
from vm import TOP, Vm, connect, image, in_private_network, make_tap

if not in_private_network():
    skip_all("needs root and /dev/net/tun")

t = Tap(deadline=400)
seed = t.seed
rng = random.Random(seed)
SIZE = 3 * 1000 * 1000
PORT, SERVICE = 80, 4000
APP = os.path.join(TOP, "apps/proxy")


def drain(s):
    """Until the end of the stream."""
    got = bytearray()
    while part := s.recv(65536):
        got += part
    return bytes(got)


def send_and_end(s, data):
    s.sendall(data)
    s.shutdown(socket.SHUT_WR)


def both(*functions):
    """The functions at the same time: what they return."""
    results = [None] * len(functions)

    def run(i, function):
        try:
            results[i] = function()
        except OSError as error:
            results[i] = error

    threads = [threading.Thread(target=run, args=pair)
               for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def echoed(address, size):
    """What goes in comes back, and the end behind it."""
    data = rng.randbytes(size)
    with connect((address, PORT)) as s:
        s.settimeout(120)
        return both(lambda: send_and_end(s, data),
                    lambda: drain(s))[1] == data


def test_echo(address, how):
    t.ok(echoed(address, SIZE), f"{how}: {SIZE} bytes come back, then the end")
    t.ok(echoed(address, 0), f"{how}: nothing but the end")
    t.ok(all(both(*[lambda: echoed(address, 100000)] * 20)),
         f"{how}: 20 clients at once")
    with connect((address, PORT)) as s:
        s.sendall(b"x" * 100000)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     struct.pack("ii", 1, 0))
    t.ok(echoed(address, 1000), f"{how}: serves on after a reset")


def session(address, listener):
    """A client and what the proxy connects to the service for it."""
    client = connect((address, PORT))
    server, _ = listener.accept()
    for s in (client, server):
        s.settimeout(120)
    return client, server


def test_service(address, listener, how):
    up, down = rng.randbytes(SIZE), rng.randbytes(SIZE)
    client, server = session(address, listener)
    got = both(lambda: send_and_end(client, up), lambda: drain(server))[1]
    t.ok(got == up, f"{how}: the client ends first: all is there")
    got = both(lambda: send_and_end(server, down), lambda: drain(client))[1]
    t.ok(got == down, f"{how}: then the service sends, and ends")
    client.close()
    server.close()

    client, server = session(address, listener)
    got = both(lambda: send_and_end(server, down), lambda: drain(client))[1]
    t.ok(got == down, f"{how}: the service ends first: all is there")
    got = both(lambda: send_and_end(client, up), lambda: drain(server))[1]
    t.ok(got == up, f"{how}: then the client sends, and ends")
    client.close()
    server.close()

    client, server = session(address, listener)
    got = both(lambda: send_and_end(server, down), lambda: drain(client),
               lambda: send_and_end(client, up), lambda: drain(server))
    t.ok(got[1] == down and got[3] == up, f"{how}: both at the same time")
    client.close()
    server.close()

    client, server = session(address, listener)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                      struct.pack("ii", 1, 0))
    client.sendall(b"bye")
    client.close()
    try:
        end = drain(server) in (b"", b"bye")
    except ConnectionResetError:
        end = True
    t.ok(end, f"{how}: the service hears of a client's reset")
    server.close()


def service_here(address):
    listener = socket.create_server((address, SERVICE), backlog=50)
    listener.settimeout(60)
    return listener


def run_guest(flag, how):
    where = f"ip={GUEST}/16 gw={HOST}"
    for args, to_service in ((flag, False),
                             (f"{flag} {PORT} {HOST} {SERVICE}", True)):
        vm = Vm(image(APP), append=where, args=args, net="tap:tap0")
        t.cleanup(vm.kill)
        if not t.ok(vm.wait_for(f"listening on port {PORT}, by {how}"),
                    f"{how}: the proxy starts"):
            t.diag(vm.text)
            t.done()
        if to_service:
            with service_here(HOST) as listener:
                test_service(GUEST, listener, how)
        else:
            test_echo(GUEST, how)
        if not t.ok("panic" not in vm.text.lower(), f"{how}: no panic"):
            t.diag(vm.text)
        vm.kill()


def run_linux():
    with tempfile.TemporaryDirectory(prefix="pollux-proxy-") as work:
        program = os.path.join(work, "proxy")
        subprocess.run(["gcc", "-O2", "-o", program, APP + "/proxy.c"],
                       check=True)
        for args in ([], [str(PORT), "127.0.0.1", str(SERVICE)]):
            process = subprocess.Popen([program, *args],
                                       stdout=subprocess.PIPE, text=True)
            t.cleanup(process.kill)
            t.ok("by pipes" in process.stdout.readline(),
                 "Linux: the proxy starts")
            if args:
                with service_here("127.0.0.1") as listener:
                    test_service("127.0.0.1", listener, "Linux")
            else:
                test_echo("127.0.0.1", "Linux")
            process.kill()
            process.wait()


make_tap(address=HOST + "/16")
run_linux()
run_guest("", "SO_SPLICE")
run_guest("-p", "pipes")
t.done()
