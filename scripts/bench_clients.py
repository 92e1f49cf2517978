"""Clients of a gate that cost little: calls signed beforehand, on connections that stay open."""

import json
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import NamedTuple

from bench_team import INTAKE, INTAKEGESPREK

from dossier.entry import Signed
from dossier.model import (
    STORE_BOOK,
    BookName,
    Deed,
    Handle,
    HouseholdId,
    Request,
    Role,
    Seen,
    whole_milliseconds,
)
from dossier.serve.call import HEADER, Call, Counter
from dossier.serve.messages import ROOT, Have, write_body
from keys.encoding import canonical_json, from_base64, to_base64
from keys.identity import LocalIdentity
from keys.primitives import random_bytes, sha256

VERB = "enter"
_PIECE = 1 << 18
_END = b"\r\n\r\n"
_GOOD = b"HTTP/1.1 200 "


class Reader(NamedTuple):
    """A regisseur who reads a household, and how many lines of the store's book and of that one they have."""

    identity: LocalIdentity
    household: HouseholdId
    lines: tuple[int, int]

    def calls(self, counter: Counter, seen: Seen, number: int) -> list[bytes]:
        """Sign calls to read its section, as they go over the line: each of a client that saw this log."""
        return [self._call(counter, seen) for _ in range(number)]

    def _call(self, counter: Counter, seen: Seen) -> bytes:
        card, now = self.identity.card, whole_milliseconds(datetime.now(UTC))
        read = Request(Deed.READ, self.household, INTAKE, 1, INTAKEGESPREK)
        handle, nonce = Handle(card.handle), random_bytes(16)
        signed = Signed(
            counter.store, handle, card.fingerprint, Role.REGISSEUR, card.org, read, nonce, now, seen
        )
        books = dict(zip((STORE_BOOK, BookName(self.household)), self.lines, strict=True))
        fields = {
            "have": Have(seen, books).write(),
            "request": canonical_json(signed.fields()).decode("utf-8"),
            "signature": to_base64(signed.sign(self.identity)),
            "latest": True,
        }
        body = write_body(fields)
        call = Call(counter, handle, card.fingerprint, VERB, random_bytes(16), now, sha256(body).hex())
        head = f"POST {ROOT}{VERB} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += f"{HEADER}: {call.sign(self.identity)}\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode("ascii") + body


class Client:
    """A client at its connection: sends a call when the one before was answered."""

    def __init__(self, port: int, calls: Sequence[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._calls = iter(calls)
        self._sent = 0.0
        self._held = bytearray()
        self._length = -1  # of the answer that comes in, once its head is there
        self.seconds: list[float] = []  # that each answer took
        self.last = b""  # the body of the last answer

    def send(self) -> bool:
        """Send the next call; tell whether there was one."""
        call = next(self._calls, None)
        if call is None:
            return False
        self._sent = time.perf_counter()
        self.socket.sendall(call)
        return True

    def receive(self) -> bool:
        """Take in what came; tell whether the answer is whole. Raises RuntimeError for any but a good one."""
        piece = self.socket.recv(_PIECE)
        self._held += piece
        if self._length < 0 and (end := self._held.find(_END)) >= 0:
            head = bytes(self._held[:end]).lower()
            self._length = end + len(_END) + int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        whole = len(self._held) == self._length
        if not piece or (whole and not self._held.startswith(_GOOD)):
            raise RuntimeError(bytes(self._held))
        if whole:
            self.seconds.append(time.perf_counter() - self._sent)
            self.last = bytes(self._held[self._held.find(_END) + len(_END) :])
            self._held.clear()
            self._length = -1
        return whole

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


class Round(NamedTuple):
    """How long all of it took, each answer by itself, and the last that each client was told."""

    elapsed: float
    seconds: list[float]
    last: list[bytes]


def run(port: int, calls: Sequence[Sequence[bytes]]) -> Round:
    """Let clients work at the same time, each with its own calls one after the other, until all are answered.

    One thread for all of them: what it does for an answer is small beside what the other end does.
    """
    with ExitStack() as ends, selectors.DefaultSelector() as ready:
        clients = [ends.enter_context(closing(Client(port, own))) for own in calls]
        for client in clients:
            ready.register(client.socket, selectors.EVENT_READ, client)
        start = time.perf_counter()
        left = sum(client.send() for client in clients)
        while left:
            for key, _ in ready.select():
                if key.data.receive() and not key.data.send():
                    left -= 1
        elapsed = time.perf_counter() - start
    return Round(elapsed, [one for client in clients for one in client.seconds], [c.last for c in clients])


def one_by_one(port: int, calls: Sequence[bytes]) -> Iterator[float]:
    """Make calls on one connection, each when the next is asked for; give how long each took."""
    with closing(Client(port, calls)) as client:
        while client.send():
            while not client.receive():
                pass
            check_read(client.last)
            yield client.seconds[-1]


def check_read(answer: bytes) -> Seen:
    """See that an answer has all that a read takes; give the log that it tells of. Raises KeyError."""
    fields = json.loads(answer)
    for name in ("entry", "path", "part", "objects", "content"):
        fields[name]
    _, size, root, *_ = fields["news"]["note"].split("\n")
    return Seen(int(size), from_base64(root, 32))
