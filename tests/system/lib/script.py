# SPDX-License-Identifier: MIT
"""
The packet scripts of tests/packet: reads them, and plays one against a guest.
tests/packet/README.md says what the words mean.
"""
import errno
import os
import random
import re
import time

import wire
from packet import (MSS, PATIENCE, SACK, SACK_OK, STAMPS, WSCALE, flag_bits,
                    flag_text, pattern, signed)
from wire import ACK, FIN, MASK, RST, SYN

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                      "packet")
# Names of options for "set": level, number.
OPTIONS = {"nodelay": (6, 1), "maxseg": (6, 2), "cork": (6, 3),
           "keepidle": (6, 4), "keepintvl": (6, 5), "keepcnt": (6, 6),
           "syncnt": (6, 7), "linger2": (6, 8), "defer": (6, 9),
           "clamp": (6, 10), "quickack": (6, 12), "usertimeout": (6, 18),
           "keepalive": (1, 9), "oobinline": (1, 10), "rcvbuf": (1, 8),
           "sndbuf": (1, 7), "rcvlowat": (1, 18), "notsentlowat": (6, 25)}
POLLS = {"IN": 1, "PRI": 2, "OUT": 4, "ERR": 8, "HUP": 16, "RDHUP": 0x2000}
HOW = {"rd": 0, "wr": 1, "rdwr": 2}
SETTLE = 5  # seconds that a state may take to be what it must be


class Mismatch(Exception):
    """What came is not what the script says."""


class Case:
    def __init__(self, file, name):
        self.file, self.name, self.steps = file, name, []

    def __str__(self):
        return f"{self.file}: {self.name}"


def load(path):
    """The cases of one file."""
    cases = []
    with open(path, encoding="ascii") as f:
        for number, line in enumerate(f, 1):
            text = line.split("#")[0].rstrip()
            if text.startswith("case "):
                cases.append(Case(os.path.basename(path), text[5:].strip()))
            elif text:
                times = re.match(r"\s+(?:(\d+) times )?(.*)", text)
                cases[-1].steps += [(number, times[2])] * int(times[1] or 1)
    return cases


def load_all():
    return [case for name in sorted(os.listdir(FOLDER))
            if name.endswith(".pkt") for case in load(os.path.join(FOLDER, name))]


def span(word):
    """ "5" or "5:15": where a segment begins and ends."""
    start, _, end = word.partition(":")
    return int(start), int(end or start)


def stamp_option(word):
    value, _, echo = word.partition(":")
    return bytes((STAMPS, 10)) + int(value).to_bytes(4, "big") + \
        int(echo).to_bytes(4, "big")


class Player:
    """Plays one case: its own address, port and sockets."""
    ports = 2000

    def __init__(self, lan, remote, case):
        self.lan, self.remote, self.case = lan, remote, case
        self.host = lan.host()
        self.sport = random.randint(1025, 60000)
        Player.ports = Player.ports + 1 if Player.ports < 60000 else 2000
        self.port = Player.ports
        self.isn = random.getrandbits(32)
        self.iss = None
        self.window = 65535
        self.sent = self.received = 0  # bytes of the application
        self.stamp = None  # the guest's last TSval
        self.last = None
        self.seen = []
        self.taken = set()  # what came of the guest's stream: (seq, length)
        self.acked = 0  # how much of it we acknowledged

    # ---- The run ----

    def play(self):
        """None, or what was wrong."""
        number = 0
        try:
            for number, text in self.case.steps:
                self.step(text.split())
            self.host.send(self.sport, self.port, *self.here(), RST)
        except (Mismatch, OSError, ValueError, IndexError, KeyError) as e:
            return f"line {number}: {text}\n{type(e).__name__}: {e}\n" + \
                "\n".join(self.seen[-12:])
        finally:
            self.remote.reset()
            self.clean()
            self.lan.forget(self.host)
        return None

    def here(self):
        """Where a reset has to be: what the guest acknowledged last."""
        return (self.last.ack if self.last else self.isn + 1), 0

    def clean(self):
        """Leaves no connection to us: one is reset where it says it is."""
        for _ in range(2):
            seq, ack = self.here()
            for flags in (RST, RST | ACK):
                self.host.send(self.sport, self.port, seq, ack, flags)
            found = self.host.fence()
            self.last = found[-1] if found else self.last

    def step(self, words):
        verb, args = words[0], words[1:]
        if verb == "<":
            self.inject(args)
        elif verb == ">":
            self.expect(args, self.next_but_repeats(args))
        else:
            getattr(self, "do_" + verb)(*args)

    # ---- Segments in: to the guest ----

    def inject(self, words):
        start, end = span(words[1])
        fields = {"window": self.window, "options": b"", "data": b""}
        ack, flags = 0, flag_bits(words[0])
        first = start if start > 0 else 1  # a SYN's data is the stream's first
        fields["data"] = pattern(first, first + end - start)
        rest = iter(words[2:])
        for word in rest:
            if word == "ack":
                ack = self.place(word := next(rest))
                if "=" not in word:
                    self.acked = max(self.acked, int(word))
            else:
                self.field(fields, word, rest)
        raw = fields["options"]
        fields["options"] = raw + b"\1" * (-len(raw) % 4)
        sport = fields.pop("sport", self.sport)
        self.seen.append("< " + " ".join(words))
        self.host.send(sport, self.port, self.isn + start, ack, flags, **fields)

    def place(self, word):
        """A number of the guest's, "=N": an absolute one."""
        if word.startswith("="):
            return int(word[1:])
        if self.iss is None:
            raise Mismatch("no SYN has come to count from")
        return (self.iss + int(word)) & MASK

    def field(self, fields, word, rest):
        if word == "win":
            fields["window"] = int(next(rest))
        elif word == "urg":
            fields["urgent"] = int(next(rest))
        elif word == "fill":
            fields["data"] = next(rest).encode() * len(fields["data"])
        elif word == "from":
            fields["sport"] = int(next(rest))
        elif word == "mss":
            fields["options"] += wire.mss_option(int(next(rest)))
        elif word == "ws":
            fields["options"] += bytes((WSCALE, 3, int(next(rest))))
        elif word == "sackok":
            fields["options"] += bytes((SACK_OK, 2))
        elif word == "ts":
            fields["options"] += stamp_option(next(rest))
        elif word == "raw":
            fields["options"] += bytes.fromhex(next(rest))
        elif word == "sack":
            blocks = [int(n) for pair in next(rest).split(",")
                      for n in pair.split("-")]
            fields["options"] += bytes((SACK, 2 + 4 * len(blocks))) + b"".join(
                ((self.iss + n) & MASK).to_bytes(4, "big") for n in blocks)
        else:
            raise ValueError(f"what is {word!r}?")

    # ---- Segments out: from the guest ----

    def next(self, within=PATIENCE):
        found = self.host.next(within)
        if found is None:
            raise Mismatch("nothing comes")
        return self.note(found)

    def is_repeat(self, seg):
        """
        Of what came before. How soon that comes again depends on the machine,
        so it may come between other segments.
        """
        key = seg.seq, seg.length
        seen = key in self.taken
        if seg.length:
            self.taken.add(key)
        return seen

    def is_acked(self, seg):
        return self.iss is not None and \
            signed((seg.seq + seg.length - self.iss) & MASK) <= self.acked

    def next_but_repeats(self, words):
        while self.is_repeat(seg := self.next()):
            try:
                self.expect(words, seg)
                break
            except Mismatch:
                continue
        return seg

    def note(self, seg):
        if seg.flags & SYN:
            self.iss = seg.seq
            if self.port == 0 or seg.dport != self.sport:
                self.sport, self.port = seg.dport, seg.sport
        self.seen.append("> " + seg.text(self.iss, self.isn) +
                         f" win {seg.window}")
        if seg.flags & ACK:
            self.last = seg
        if len(seg.options.get(STAMPS, b"")) == 8:
            self.stamp = int.from_bytes(seg.options[STAMPS][:4], "big")
        return seg

    def expect(self, words, seg):
        rest = iter(words[2:])
        want = [flag_text(flag_bits(words[0])), words[1]]
        for word in rest:
            if word == "ack":
                want += ["ack", next(rest)]
            else:
                self.check_field(seg, word, rest)
        got = seg.text(self.iss, self.isn).split()
        if want[1] in ("*", "=*"):
            got[1] = want[1]
        elif want[1].startswith("="):
            got[1] = f"={seg.seq}"
        if got != want:
            raise Mismatch(f"got {' '.join(got)}, want {' '.join(want)}")
        start, end = span(want[1]) if ":" in want[1] else (0, 0)
        if want[1] != "*" and seg.data != pattern(start, end):
            raise Mismatch("other bytes than were sent")

    def check_field(self, seg, word, rest):
        option = {"mss": MSS, "ws": WSCALE, "sackok": SACK_OK, "sack": SACK,
                  "ts": STAMPS}
        if word == "win":
            self.check_window(seg, next(rest))
        elif word == "urg":
            if (seg.seq + seg.urgent - self.iss) & MASK != int(next(rest)):
                raise Mismatch(f"the urgent pointer is {seg.urgent}")
        elif word[:2] == "no" and word[2:] in option:
            if option[word[2:]] in seg.options:
                raise Mismatch(f"there is {word[2:]}")
        elif option[word] not in seg.options:
            raise Mismatch(f"there is no {word}")
        elif word == "mss":
            self.same(int.from_bytes(seg.options[MSS], "big"), int(next(rest)))
        elif word == "sack":
            raw = seg.options[SACK]
            ends = [signed((int.from_bytes(raw[i:i + 4], "big") - self.isn) &
                           MASK) for i in range(0, len(raw), 4)]
            pairs = [f"{a}-{b}" for a, b in zip(ends[::2], ends[1::2])]
            self.same(",".join(pairs), next(rest))

    @staticmethod
    def check_window(seg, word):
        limit = int(word.lstrip("<>"))
        good = seg.window > limit if word[0] == ">" else \
            seg.window < limit if word[0] == "<" else seg.window == limit
        if not good:
            raise Mismatch(f"a window of {seg.window}")

    @staticmethod
    def same(got, want):
        if got != want:
            raise Mismatch(f"got {got}, want {want}")

    # ---- Other words ----

    def do_isn(self, value):
        self.isn = int(value) & MASK

    def do_window(self, value):
        self.window = int(value)

    def do_wait(self, ms):
        time.sleep(int(ms) / 1000)

    def do_silence(self):
        found = [self.note(seg) for seg in self.host.fence()]
        found = [seg for seg in found
                 if not self.is_repeat(seg) or self.is_acked(seg)]
        if found:
            raise Mismatch("got " + ", ".join(
                s.text(self.iss, self.isn) for s in found))

    def do_ignore(self):
        """Whatever comes at once."""
        for seg in self.host.fence():
            self.note(seg)

    def do_acked(self, number):
        """Bare ACKs, the last of them of all up to number."""
        while True:
            seg = self.next()
            if seg.data or seg.flags & (FIN | SYN | RST):
                raise Mismatch(f"got {seg.text(self.iss, self.isn)}")
            if signed((seg.ack - self.isn) & MASK) >= int(number):
                break
        self.same(signed((seg.ack - self.isn) & MASK), int(number))

    def do_take(self, word, mode=""):
        """
        Data from one place to another in segments of any size, some of it again.
        "ack": each is acknowledged.
        """
        at, end = span(word)
        while at < end:
            seg = self.next()
            if not seg.data and not seg.flags & (FIN | RST | SYN):
                continue
            start = (seg.seq - self.iss) & MASK
            after = start + len(seg.data)
            if flag_text(seg.flags) not in ("A", "FA") or start > at or \
                    seg.data != pattern(start, after):
                raise Mismatch(f"got {seg.text(self.iss, self.isn)}")
            self.is_repeat(seg)
            at = max(at, after)
            if mode == "ack":
                self.inject(["A", str((seg.ack - self.isn) & MASK), "ack",
                             str(at)])
        self.same(at, end)

    def do_open(self, *options):
        """A handshake of ours, and the application accepts."""
        self.do_app("listen")
        self.inject(["S", "0", *(options or ("mss", "1460"))])
        self.expect(["SA", "0", "ack", "1"], self.next())
        stamps = ["ts", f"2:{self.stamp}"] if self.stamp is not None else []
        self.inject(["A", "1", "ack", "1", *stamps])
        self.do_app("accept")

    # ---- The application ----

    def do_app(self, verb, *args):
        getattr(self, "app_" + verb)(*args)

    def call(self, *words):
        value = self.remote.call(*words)
        if value < 0:
            raise Mismatch(f"{words[0]}: {errno.errorcode.get(-value)}")
        return value

    def until(self, *words):
        """The call again until it does not say EAGAIN."""
        end = time.monotonic() + PATIENCE
        while (got := self.remote.ask(*words)) == str(-errno.EAGAIN) and \
                time.monotonic() < end:
            time.sleep(0.002)
        return got

    def app_socket(self, who="conn"):
        self.call("socket", who)

    def app_listen(self, backlog="16"):
        if self.remote.call("set", "listener", 1, 2, 1) < 0:
            self.call("socket", "listener")
        self.call("listen", self.port, backlog)

    def app_connect(self):
        """To us; who sends that SYN is the connection."""
        if self.remote.call("set", "conn", 1, 2, 1) < 0:
            self.call("socket", "conn")
        got = self.remote.call("connect", self.host.address, self.sport)
        self.same(errno.errorcode.get(-got, got), "EINPROGRESS")
        self.port = 0

    def app_accept(self):
        self.same(self.until("accept"), "0")

    def app_nobody(self):
        """accept() has nobody."""
        self.same(self.remote.call("accept"), -errno.EAGAIN)

    def app_send(self, count, flag=""):
        flags = {"": 0, "more": 0x8000, "oob": 1}[flag]
        count = int(count)
        while count:
            n = self.call("send", min(count, 60000), 1 + self.sent, flags)
            count -= n
            self.sent += n

    def app_recv(self, count, fill=""):
        start, got = self.received + 1, b""
        while len(got) < int(count):
            text = self.until("recv", int(count) - len(got))
            if not re.fullmatch("([0-9a-f]{2})+", text):
                raise Mismatch(f"recv: {text or 'the end'} after {len(got)}")
            got += bytes.fromhex(text)
        self.received += len(got)
        want = fill.encode() * len(got) if fill else \
            pattern(start, start + len(got))
        if got != want:
            raise Mismatch(f"recv: {got[:60].hex()}, want {want[:60].hex()}")

    def app_text(self, letters):
        """What is read, by its letters."""
        got = bytes.fromhex(self.until("recv", len(letters))).decode()
        self.received += len(got)
        self.same(got, letters)

    def app_skip(self, count):
        self.received += int(count)

    def app_nothing(self):
        self.same(self.remote.ask("recv", 1), str(-errno.EAGAIN))

    def app_eof(self):
        self.same(self.until("recv", 1), "")

    def app_fails(self, call, name):
        """recv or send says this error."""
        args = (1,) if call == "recv" else (1, 1, 0)
        got = self.until(call, *args)
        self.same(errno.errorcode.get(-int(got or 0), got), name)

    def app_error(self, name):
        end = time.monotonic() + SETTLE
        want = 0 if name == "none" else -getattr(errno, name)
        while (got := self.remote.call("error")) == 0 and want and \
                time.monotonic() < end:
            time.sleep(0.002)
        self.same(got, want)

    def app_poll(self, names):
        want = 0 if names == "none" else sum(
            POLLS[n] for n in names.split("|"))
        end = time.monotonic() + SETTLE
        while (got := self.call("poll")) != want and time.monotonic() < end:
            time.sleep(0.002)
        self.same("|".join(n for n in POLLS if POLLS[n] & got), names)

    def app_oob(self, what):
        got = self.remote.call("oob")
        self.same(errno.errorcode[-got] if got < 0 else str(got), what)

    def app_mark(self, what):
        self.same(str(self.call("mark")), what)

    def app_unread(self, count):
        end = time.monotonic() + SETTLE
        while (got := self.call("unread")) != int(count) and \
                time.monotonic() < end:
            time.sleep(0.002)
        self.same(got, int(count))

    def app_shutdown(self, how="wr"):
        self.call("shutdown", HOW[how])

    def app_close(self, who="conn"):
        self.call("close", who)

    def app_linger(self, seconds):
        self.call("linger", seconds)

    def app_set(self, name, value, who="conn"):
        self.call("set", who, *OPTIONS[name], value)

    def app_state(self, want):
        """As /proc/net/tcp has it; "gone": not there."""
        end = time.monotonic() + SETTLE
        while True:
            got = [s[0] for s in self.remote.states(self.host.address,
                                                    self.sport)] or ["gone"]
            if got == [want] or time.monotonic() > end:
                break
            time.sleep(0.005)
        self.same(",".join(got), want)
