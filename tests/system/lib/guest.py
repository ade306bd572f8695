# SPDX-License-Identifier: MIT
"""
A machine with a server of apps/ on a tap device of the test's own, and what
tests ask it: files, memory, counters, and whether it still serves.
"""
import os
import random
import re
import socket
import subprocess
import tempfile
import threading
import time

from vm import APPS, Vm, connect, image, make_tap

GUEST, HOST = "10.99.0.2", "10.99.0.1"


def receive(s, size):
    """size bytes, or fewer when the peer ends."""
    got = bytearray()
    while len(got) < size and (part := s.recv(size - len(got))):
        got += part
    return bytes(got)


class LinuxGuest:
    """
    The same server on this machine's own kernel, in a network namespace that a
    pair of virtual Ethernet devices joins to the test's: what the tests expect
    can be compared with what Linux does. POLLUX_GUEST=linux.
    """

    def __init__(self, app):
        self.text = ""
        self.folder = tempfile.TemporaryDirectory(prefix="pollux-linux-")
        program = os.path.join(self.folder.name, app)
        subprocess.run(["gcc", "-O2", "-o", program,
                        os.path.join(APPS, app + ".c")], check=True)
        subprocess.run("ip link add tap0 type veth peer name eth0 && "
                       "ip link set lo up && ip link set tap0 up && "
                       f"ip addr add {HOST}/16 dev tap0", shell=True, check=True)
        # The shell waits until the device is there.
        self.process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "read line && ip link set lo up &&"
             f" ip addr add {GUEST}/16 dev eth0 && ip link set eth0 up "
             f"gso_max_segs 1 && ip route add default via {HOST} && exec "
             f"{program}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        while os.stat(f"/proc/{self.process.pid}/ns/net").st_ino == \
                os.stat("/proc/self/ns/net").st_ino:
            time.sleep(0.01)
        subprocess.run(["ip", "link", "set", "eth0", "netns",
                        str(self.process.pid)], check=True)
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def wait_for(self, pattern, timeout=30):
        self.text = self.process.stdout.readline().decode()
        return re.search(pattern, self.text)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


def boot(t, app="inspect", rootfs="", **options):
    """Starts the machine; it ends with the test. Ends the test when it fails."""
    if os.environ.get("POLLUX_GUEST") == "linux":
        vm = LinuxGuest(app)
    else:
        make_tap(address=HOST + "/16")
        elf = image(os.path.join(APPS, app + ".c"), ROOTFS=rootfs)
        vm = Vm(elf, net="tap:tap0", append=f"ip={GUEST}/16 gw={HOST}",
                **options)
    t.cleanup(vm.kill)
    if not t.ok(vm.wait_for(f"{app}: listening"), f"{app}: the server starts"):
        t.diag(vm.text)
        t.done()
    return vm


def guest_file(path, port=10):
    """
    A file's text. We close first, so no TIME_WAIT stays in the guest; its end
    is awaited, lest it be counted beside the connection that asks next.
    """
    with connect((GUEST, port)) as s:
        s.sendall(path.encode() + b"\n")
        text = b""
        while not text.endswith(b"\0"):
            part = s.recv(65536)
            if not part:
                raise OSError(f"{path}: the guest closed the connection")
            text += part
        s.shutdown(socket.SHUT_WR)
        if s.recv(1):
            raise OSError(f"{path}: text behind its end")
    return text[:-1].decode()


def counters():
    """/proc/net/pollux as a dictionary: of lines "name value"."""
    found = {}
    if os.environ.get("POLLUX_GUEST") == "linux":
        return found
    for line in guest_file("/proc/net/pollux").splitlines():
        words = line.split()
        if len(words) == 2 and words[1].isdigit():
            found[words[0]] = int(words[1])
    return found


def in_use(read=guest_file):
    """Free memory in KiB and objects handed out, by cache."""
    free = 0
    for line in read("/proc/meminfo").splitlines():
        if line.startswith("MemFree:"):
            free = int(line.split()[1])
    caches = {}
    for line in read("/proc/slabinfo").splitlines():
        words = line.split()
        if len(words) > 2 and words[1].isdigit():
            caches[words[0]] = int(words[1])
    return free, caches


def warm_up():
    """What the first of each kind leaves behind: in_use() when all is warm."""
    with Traffic() as traffic:
        while not (traffic.rounds and traffic.served) and not traffic.errors:
            time.sleep(0.01)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(20)
        s.sendto(b"warm", (GUEST, 7))
        s.recv(100)
    counters()
    in_use()
    return in_use()


def memory_is_back(t, before, name, within=100, read=guest_file):
    """
    Pages and slab objects are what they were before. TIME-WAIT, the time that
    lingering connections have and what ARP remembers end within a minute or so.
    """
    if os.environ.get("POLLUX_GUEST") == "linux":
        return
    end = time.monotonic() + within
    while True:
        after = in_use(read)
        grown = {k: (before[1].get(k, 0), v) for k, v in after[1].items()
                 if v > before[1].get(k, 0)}
        lost = before[0] - after[0]
        if (not grown and lost < 64) or time.monotonic() > end:
            break
        time.sleep(0.5)
    if not t.ok(not grown and lost < 64, name):
        t.diag(f"{lost} KiB fewer are free; objects before, after: {grown}")


def one_echo(port=7):
    """Whether a new connection is served."""
    message = random.randbytes(1000)
    with connect((GUEST, port)) as s:
        s.sendall(message)
        return receive(s, len(message)) == message


class Traffic:
    """
    with Traffic(): a connection that was there before echoes on, and new ones
    come and go one after the other. good() afterwards.
    """

    def __init__(self, fresh=True):
        self.stop = threading.Event()
        self.errors = []
        self.rounds = self.served = self.during = 0
        self.old = connect((GUEST, 7), timeout=60)
        self.threads = [threading.Thread(target=self._go, args=(self._old,))]
        if fresh:
            self.threads.append(threading.Thread(target=self._go,
                                                 args=(self._fresh,)))

    def _go(self, step):
        try:
            while not self.stop.is_set():
                step()
        except OSError as e:
            self.errors.append(f"{step.__name__}: {e}")

    def _old(self):
        message = random.randbytes(random.randint(1, 4000))
        self.old.sendall(message)
        if receive(self.old, len(message)) != message:
            raise OSError("the echo is another one")
        self.rounds += 1
        time.sleep(0.01)

    def _fresh(self):
        if not one_echo():
            raise OSError("the echo is another one")
        self.served += 1
        time.sleep(0.02)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.during = self.rounds
        self.stop.set()
        for thread in self.threads:
            thread.join()
        self.old.close()

    def good(self):
        """Both kinds went on, and nothing was wrong."""
        return not self.errors and self.during > 0 and \
            (len(self.threads) == 1 or self.served > 0)

    def __str__(self):
        return f"{self.rounds} echoes, {self.served} connections, " \
            f"errors {self.errors}"
