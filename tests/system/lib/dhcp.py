# SPDX-License-Identifier: MIT
"""A DHCP server with one lease (RFC 2131), for guests on tap0."""
import socket
import struct
import threading

OFFER, ACK = 2, 5
SERVER, GUEST = "10.99.0.1", "10.99.0.7"


def option(number, data):
    return bytes([number, len(data)]) + data


def _reply(request, kind, more):
    """One BOOTREPLY that leases GUEST; of more what was asked for."""
    head = struct.pack("!BBBB4sHH4s4s4s4s16s64x128x", 2, 1, 6, 0, request[4:8],
                       0, 0x8000, bytes(4), socket.inet_aton(GUEST),
                       socket.inet_aton(SERVER), bytes(4), request[28:44])
    wanted = request[request.index(b"\x37", 240):]
    wanted = wanted[2:2 + wanted[1]]
    options = (option(53, bytes([kind])) + option(54, socket.inet_aton(SERVER))
               + option(51, struct.pack("!I", 3600))
               + option(1, socket.inet_aton("255.255.0.0")))
    for number, data in more.items():
        if number in wanted:
            options += option(number, data)
    return head + b"\x63\x82\x53\x63" + options + b"\xff"


def _serve(more):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"tap0")
    s.bind(("", 67))
    while True:
        request, _ = s.recvfrom(2048)
        kind = request[request.index(b"\x35\x01", 240) + 2]
        s.sendto(_reply(request, OFFER if kind == 1 else ACK, more),
                 ("255.255.255.255", 68))


def start_server(more=None):
    """more: {number: bytes}, told to who asks, as real servers do."""
    threading.Thread(target=_serve, args=(more or {},), daemon=True).start()
