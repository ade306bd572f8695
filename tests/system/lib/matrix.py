# SPDX-License-Identifier: MIT
"""
The matrix: every state of TCP, every kind of segment, at the five edges of what
the state takes, with and without data. A case brings a connection into a state
by steps of lib/script.py, sends one segment, and notes as one line of text what
comes, in which state that leaves the connection, and what is read.

tests/packet/linux.txt has Linux's lines, which RECORD=1 writes, and
tests/packet/differences.txt those of Pollux that are others, with the reason. A
line there that is no difference is a failure.
"""
import errno
import os
import random

import wire
from packet import MASK, flag_bits, pattern
from script import FOLDER, Case, Player

DATA = 10  # bytes of payload
LATE = 0.5  # seconds for an acknowledgement
LISTENING = ["app listen"]
OPENED = ["open", "app set quickack 1"]
FIN_1 = OPENED + ["app shutdown", "> FA 1 ack 1"]
FIN_2 = FIN_1 + ["< A 1 ack 2", "silence"]
PASSIVE = OPENED + ["< FA 1 ack 1", "> A 1 ack 2"]
CLOSED_1 = OPENED + ["app close", "> FA 1 ack 1"]
# Steps, the next number of ours, the next number of the guest's.
STATES = {
    "CLOSED": ([], 1, 1),
    "LISTEN": (LISTENING, 1, 1),
    "SYN-SENT": (["app connect", "> S 0"], 0, 1),
    "SYN-RECEIVED": (LISTENING + ["< S 0 mss 1460", "> SA 0 ack 1"], 1, 1),
    "ESTABLISHED": (OPENED, 1, 1),
    "FIN-WAIT-1": (FIN_1, 1, 2),
    "FIN-WAIT-2": (FIN_2, 1, 2),
    "CLOSING": (FIN_1 + ["< FA 1 ack 1", "> A 2 ack 2"], 2, 2),
    "TIME-WAIT": (FIN_2 + ["< FA 1 ack 2", "> A 2 ack 2"], 2, 2),
    "CLOSE-WAIT": (PASSIVE, 2, 1),
    "LAST-ACK": (PASSIVE + ["app shutdown", "> FA 1 ack 2"], 2, 2),
    "FIN-WAIT-1-closed": (CLOSED_1, 1, 2),
    "FIN-WAIT-2-closed": (CLOSED_1 + ["< A 1 ack 2", "silence"], 1, 2),
}
PENDING = ("SYN-SENT", "FIN-WAIT-1", "CLOSING", "LAST-ACK",
           "FIN-WAIT-1-closed")  # a SYN or FIN is not acknowledged
KINDS = ("S", "SA", "A", "FA", "R", "RA", "PA", "-")
EDGES = ("outside-left", "left-edge", "middle", "right-edge", "outside-right")
RECORD = os.path.join(FOLDER, "linux.txt")
DIFFERENCES = os.path.join(FOLDER, "differences.txt")


class Cell(Player):
    """One case of the matrix."""

    def __init__(self, lan, remote, key):
        self.state, self.kind, self.edge, self.payload = key.split()
        super().__init__(lan, remote, Case("matrix", key))
        self.answer = self.at = None

    def play(self):
        steps, rcv, snd = STATES[self.state]
        if not steps or steps == LISTENING:
            self.iss = random.getrandbits(32)  # what the segment pretends
        self.case.steps = [(0, s) for s in steps]
        self.case.steps.append((0, f"stimulus {rcv} {snd}"))
        wrong = super().play()
        return self.answer or "BROKEN: " + wrong.replace("\n", "; ")

    def do_stimulus(self, rcv, snd):
        rcv, snd = int(rcv), int(snd)
        window = self.last.window if self.last else 65535
        at = EDGES.index(self.edge)
        if self.state == "SYN-SENT":  # there the window is of what was sent
            snd += (-1, 0, 1, 1 << 30, 1 << 31)[at]
        else:
            rcv += (-1, 0, window // 2, window - 1, window)[at]
        data = pattern(1, 1 + DATA) if self.payload == "data" else b""
        flags = flag_bits(self.kind)
        self.at = rcv if self.edge in EDGES[2:] else None
        self.host.send(self.sport, self.port, self.isn + rcv,
                       (self.iss + snd) & MASK if flags & 16 else 0, flags,
                       data=data)
        self.answer = self.outcome(self.host.fence())

    def outcome(self, found):
        """
        What came, but a SYN or FIN that only comes once more; the state after
        it; what the application reads. An acknowledgement may be late.
        """
        again = {"SYN-SENT": wire.SYN}.get(self.state, wire.FIN | wire.ACK)
        if self.state not in PENDING:
            again = None
        after = {s[0] for s in self.remote.states(self.host.address, self.sport)}
        read = self.what_is_read()
        new = self.payload == "data" or "F" in self.kind
        if new and not found and self.edge in ("outside-left", "left-edge"):
            late = self.host.next(LATE)
            found = [late] if late and late.flags == wire.ACK else []
        texts = [self.as_text(self.note(s)) for s in found
                 if s.flags & ~wire.PSH != again]
        return "; ".join((", ".join(texts) or "nothing",
                          ", ".join(sorted(after)) or "gone", read))

    def as_text(self, seg):
        """Where windows count, which differ, as a distance from our segment."""
        words = seg.text(self.iss, self.isn).split()
        if words[2:] and self.at and int(words[3]) >= self.at:
            words[3] = f"+{int(words[3]) - self.at}"
        return " ".join(words)

    def what_is_read(self):
        """ "reads 10, end": how many bytes, and what recv() says then."""
        if ["app listen"] == STATES[self.state][0][:1]:
            self.remote.call("accept")
        count = 0
        while (got := self.remote.ask("recv", 100)) and got[0] != "-":
            count += len(got) // 2
        then = errno.errorcode[-int(got)] if got else "end"
        return f"reads {count}, {then}"


def keys():
    return [f"{state} {kind} {edge} {payload}" for state in STATES
            for kind in KINDS for edge in EDGES for payload in ("none", "data")]


def read_table(path):
    """Pairs of what is left and right of a colon."""
    with open(path, encoding="ascii") as f:
        lines = [line.split("#")[0].strip().partition(": ") for line in f]
    return [(left, right) for left, colon, right in lines if colon]


def record(answers):
    with open(RECORD, "w", encoding="ascii") as f:
        f.write("# SPDX-License-Identifier: MIT\n"
                "# What Linux answers to each case of lib/matrix.py, the state"
                " after it, what is read:\n"
                "# POLLUX_GUEST=linux RECORD=1 tests/system/packets.t\n")
        for key, answer in answers.items():
            f.write(f"{key}: {answer}\n")


def run(t, lan, in_parallel, on_linux):
    answers = dict(zip(keys(), in_parallel(
        lambda remote, key: Cell(lan, remote, key).play(), keys())))
    if on_linux and os.environ.get("RECORD"):
        record(answers)
    want = dict(read_table(RECORD))
    if not on_linux:
        others = read_table(DIFFERENCES)
        t.equal([k for k, answer in others if want.get(k, answer) == answer],
                [], "packets: every listed difference is one")
        want.update(others)
    for state in STATES:
        mine = [k for k in keys() if k.split()[0] == state]
        wrong = [k for k in mine if answers[k] != want.get(k)]
        if not t.ok(not wrong, f"packets: the {len(mine)} cases of {state}"):
            for k in wrong:
                t.diag(f"{k}: {answers[k]}\n    want {want.get(k)}")
