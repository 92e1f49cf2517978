"""What an agent does: it answers for an unlocked identity, until it is locked.

It signs, unboxes and authenticates; it never hands a key out. One thread answers all clients, each as far as
it has spoken: who says nothing, too much, or nonsense keeps nobody waiting.
"""

import os
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from keys.agent_place import NONCE_SIZE, PROOF_SIZE, Door, peer_uid, proof
from keys.agent_wire import (
    Handover,
    Kind,
    Leader,
    Outcome,
    Request,
    State,
    frame,
    take_frame,
)
from keys.errors import BadEncodingError, DoesNotOpenError
from keys.identity import Identity
from keys.primitives import same

_TICK = 1.0  # seconds between two looks at what ends a session
_NAP = 60.0  # seconds that the computer may have slept
_PATIENCE = 10.0  # seconds for a client to finish what it began
_MOST_CLIENTS = 64
_CHUNK = 1 << 16


class Clocks(NamedTuple):
    """Two clocks, in seconds, of which only the first goes on while the computer sleeps."""

    real: Callable[[], float]
    awake: Callable[[], float]


def system_clocks() -> Clocks:
    """Give this system's clocks. Where none counts sleep, the time of day does; setting it may then lock."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return Clocks(lambda: time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic)
    return Clocks(time.time, time.monotonic)


class _Client:
    """One connection, and how far it is."""

    __slots__ = ("checked", "inbox", "known", "outbox", "since", "socket")

    def __init__(self, connection: socket.socket, since: float, *, checked: bool, known: bool) -> None:
        self.socket = connection
        self.checked = checked  # whether the system told whose process it is
        self.inbox, self.outbox = bytearray(), bytearray()
        self.since: float | None = since  # when it began what it has not finished
        self.known = known  # whether it may ask: on a port, after it has proved that it has the secret


class Agent:
    """Answers for an identity until it is locked: on request, when time is up, or the session's end."""

    def __init__(self, identity: Identity, handover: Handover, door: Door, clocks: Clocks) -> None:
        self._identity: Identity | None = identity
        self._told = handover
        self._door = door
        self._clocks = clocks
        self._begun = self._used = clocks.real()
        self._ahead = self._begun - clocks.awake()
        self._looked = clocks.awake()
        self._clients: dict[int, _Client] = {}
        self._selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Answer until locked; then take the door away, and forget the identity."""
        try:
            self._selector.register(self._door.listener, selectors.EVENT_READ)
            while not self._over():
                ready = self._selector.select(_TICK)
                if self._over():  # it may have been asleep, or stopped
                    break
                for key, _events in ready:
                    if key.fileobj is self._door.listener:
                        self._admit()
                    elif key.fd in self._clients:  # else it was dropped since
                        self._attend(self._clients[key.fd])
                self._drop_slow()
        finally:
            self._lock()
            for client in list(self._clients.values()):
                self._drop(client)
            self._selector.close()

    def _lock(self) -> None:
        self._identity = None
        self._door.close()

    def _over(self) -> bool:
        """Tell whether the session has ended."""
        now, awake = self._clocks.real(), self._clocks.awake()
        slept = abs(now - awake - self._ahead) > _NAP
        if self._identity is None or slept or self._idle_left(now) <= 0:
            return True
        if awake - self._looked < _TICK:
            return False
        self._looked = awake
        leader = self._told.leader
        return not self._door.stands() or (leader is not None and Leader.of(leader.pid) != leader)

    def _left(self, now: float) -> float:
        return self._begun + self._told.longest - now

    def _idle_left(self, now: float) -> float:
        return min(self._used + self._told.idle - now, self._left(now))

    def _admit(self) -> None:
        """Let a client in whose process is of this user. Where all places are taken, one must go."""
        with suppress(OSError):
            connection, _address = self._door.listener.accept()
            uid = peer_uid(connection)
            if uid is not None and uid != os.geteuid():
                connection.close()
                return
            if len(self._clients) >= _MOST_CLIENTS:
                self._drop(min(self._clients.values(), key=lambda one: (one.known, one.since or 0.0)))
            connection.setblocking(False)
            known = self._door.secret is None
            client = _Client(connection, self._clocks.awake(), checked=uid is not None, known=known)
            self._clients[connection.fileno()] = client
            self._selector.register(connection, selectors.EVENT_READ)

    def _attend(self, client: _Client) -> None:
        """Take in what a client says, or let it have the rest of an answer."""
        try:
            if not client.outbox:
                data = client.socket.recv(_CHUNK)
                if not data:
                    self._drop(client)
                    return
                client.inbox += data
                client.since = client.since or self._clocks.awake()
            self._converse(client)
        except (OSError, BadEncodingError):
            self._drop(client)

    def _converse(self, client: _Client) -> None:
        """Answer request after request, as long as the client takes the answers."""
        body: bytes | None = b""
        while body is not None:
            if client.outbox:
                with suppress(BlockingIOError):
                    del client.outbox[: client.socket.send(client.outbox)]
            wish = selectors.EVENT_WRITE if client.outbox else selectors.EVENT_READ
            self._selector.modify(client.socket, wish)
            if client.outbox:
                client.since = client.since or self._clocks.awake()
                return
            body = take_frame(client.inbox)
            if body is not None:
                outcome, data = self._answer(client, body)
                client.outbox += frame(bytes([outcome]) + data)
                client.since = self._clocks.awake() if client.inbox else None

    def _answer(self, client: _Client, body: bytes) -> tuple[Outcome, bytes]:
        """Answer one request; what cannot be understood gets just that for an answer."""
        if not client.known:
            return Outcome.DONE, self._prove(client, body)
        try:
            request, identity = Request.read(body), self._identity
            if identity is not None:
                return Outcome.DONE, self._perform(request, identity, client)
        except DoesNotOpenError:
            return Outcome.DOES_NOT_OPEN, b""
        except BadEncodingError:
            pass
        return Outcome.NOT_UNDERSTOOD, b""

    def _perform(self, request: Request, identity: Identity, client: _Client) -> bytes:
        """Do what is asked. Only work for the identity counts as use. Raises DoesNotOpenError."""
        if request.kind is Kind.STATE:
            return self._state(identity, client).write()
        if request.kind is Kind.LOCK:
            self._lock()
            return b""
        self._used = self._clocks.real()
        work = {Kind.UNBOX: identity.unbox, Kind.SIGN: identity.sign, Kind.MAC: identity.mac}
        return work[request.kind](request.message, request.context)

    def _state(self, identity: Identity, client: _Client) -> State:
        now = self._clocks.real()
        times = (self._told.idle, int(self._idle_left(now)), int(self._left(now)))
        return State(identity.card, self._told.contact, *times, client.checked)

    def _prove(self, client: _Client, body: bytes) -> bytes:
        """Take a client's proof that it has read the secret, and give ours. Raises BadEncodingError."""
        nonce, secret = body[:NONCE_SIZE], self._door.secret or b""
        if len(body) != NONCE_SIZE + PROOF_SIZE or not same(
            body[NONCE_SIZE:], proof(secret, "client", nonce)
        ):
            raise BadEncodingError("proof")
        client.known = True
        return proof(secret, "agent", nonce)

    def _drop_slow(self) -> None:
        """Hang up on who began something, and does not finish it."""
        now = self._clocks.awake()
        for client in list(self._clients.values()):
            if client.since is not None and now - client.since > _PATIENCE:
                self._drop(client)

    def _drop(self, client: _Client) -> None:
        del self._clients[client.socket.fileno()]
        self._selector.unregister(client.socket)
        client.socket.close()
