"""Wire: a client's line to a served gate: it signs each call, and calls again when the line breaks."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, NamedTuple, Protocol

from dossier import contexts
from dossier.errors import DossierError, IntegrityError, UnreachableError, UsageError
from dossier.model import Handle, StoreId, whole_milliseconds
from dossier.serve.call import Call, Counter
from dossier.serve.messages import PROTOCOL, read_body, read_error, write_body
from dossier.shapes import FINGERPRINT, STORE
from keys.encoding import from_base64
from keys.errors import KeysError
from keys.identity import Card, Identity, check_signature
from keys.primitives import random_bytes, sha256

_TRIES = 6  # when the line breaks, waiting longer each time: some 6 seconds
_PAUSE = 0.1  # seconds, the first time
_PASSING = ("unreachable", "outcome-unknown", "gate-stopping")  # what is over soon, if all is well
_UNSIGNED = ("bad-call", "too-large")  # what a gate says before it knows who calls


STREAMED = "content"  # the one verb that is answered with bytes


class Reply(NamedTuple):
    """What came back over a line: the gate's signature, the body, or the bytes to be read."""

    signature: str
    body: bytes
    stream: BinaryIO | None = None


class Line(Protocol):
    """How bytes get to a gate and back: over HTTP, or within one process. Raises OSError when it breaks."""

    def about(self) -> bytes:
        """Ask which gate this is."""
        ...

    def call(self, verb: str, header: str, body: bytes | BinaryIO) -> Reply:
        """Make a call."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Answered(NamedTuple):
    """A gate's answer, not yet seen to be its own: that takes its card, which the answer itself may bring."""

    fields: Mapping[str, Any]
    error: DossierError | None
    check: Callable[[Card], None]
    stream: BinaryIO | None = None


class Wire:
    """A line to the gate of one store."""

    def __init__(self, line: Line, clock: Callable[[], datetime] | None = None) -> None:
        self._line = line
        self.clock = clock or (lambda: datetime.now(UTC))  # of whoever calls
        self.counter = self._about()

    def _about(self) -> Counter:
        """Ask which gate and which run this is. Raises UnreachableError."""
        data = self._patiently(self._line.about)
        try:
            fields = read_body(data)
            if fields["protocol"] != PROTOCOL:
                raise UnreachableError("gate-protocol")
            gate, run = FINGERPRINT.read(fields["gate"]), str(fields["run"])
            return Counter(StoreId(STORE.read(fields["store"])), gate, run)
        except (UsageError, KeysError, KeyError, TypeError) as e:
            raise UnreachableError("no-gate") from e

    def ask(self, identity: Identity, verb: str, fields: Mapping[str, Any]) -> Answered:
        """Make a call and give its answer; again when the gate was started anew, or its database is away.

        Raises:
            UnreachableError: when the gate cannot be reached, or answers what is no answer.
        """
        body = write_body(fields)
        return self._settled(lambda: self._once(identity, verb, body, sha256(body).hex()))

    def put(self, identity: Identity, sealed: BinaryIO, digest: str) -> Answered:
        """Put sealed bytes, which are read from where they begin each time."""

        def once() -> Answered:
            sealed.seek(0)
            return self._once(identity, "put", sealed, digest)

        return self._settled(once)

    def _settled(self, once: Callable[[], Answered]) -> Answered:
        """Make a call again while its answer is of what passes. What it did already, the gate knows."""
        pause = _PAUSE
        for _ in range(_TRIES - 1):
            answered = once()
            code = None if answered.error is None else answered.error.code
            if code == "other-run":
                self._anew()
            elif code in _PASSING:
                time.sleep(pause)
                pause *= 2
            else:
                return answered
        return once()

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def _anew(self) -> None:
        fresh = self._about()
        if fresh._replace(run=self.counter.run) != self.counter:
            raise IntegrityError("other-gate")
        self.counter = fresh

    def _once(self, identity: Identity, verb: str, body: bytes | BinaryIO, digest: str) -> Answered:
        def call() -> tuple[bytes, Reply]:
            made = Call(
                counter=self.counter,
                actor=Handle(identity.card.handle),
                card=identity.card.fingerprint,
                verb=verb,
                nonce=random_bytes(16),
                at=whole_milliseconds(self.clock()),
                body=digest,
            )
            if not isinstance(body, bytes):
                body.seek(0)
            header = made.sign(identity)
            return made.digest(), self._line.call(verb, header, body)

        asked, reply = self._patiently(call)
        if reply.stream is not None and verb != STREAMED:
            raise UnreachableError("no-gate")
        return self._answered(asked, reply)

    def _answered(self, asked: bytes, reply: Reply) -> Answered:
        """Read an answer; its signature is checked by whoever knows the gate's card."""
        try:
            fields = read_body(reply.body) if reply.stream is None else {}
            error = read_error(fields["error"]) if "error" in fields else None
        except UsageError as e:
            raise UnreachableError("no-gate") from e
        context = contexts.of("answer", self.counter.store, self.counter.gate)
        away = error is not None and error.exit_code == UnreachableError.exit_code and not reply.signature
        unsigned = reply.stream is not None or away or (error is not None and error.code in _UNSIGNED)

        def check(card: Card) -> None:
            if unsigned:
                return  # a stream is compared with its digest; an error, whoever sits between can bring about
            try:
                signature = from_base64(reply.signature, 64)
                check_signature(card, signature, asked + sha256(reply.body), context)
            except KeysError as e:
                raise IntegrityError("answer-forged") from e

        return Answered({} if unsigned else fields, error, check, reply.stream)

    def _patiently(self, act: Callable[[], Any]) -> Any:
        """Do something again when the line breaks. What a gate did already, it knows again."""
        pause = _PAUSE
        for left in reversed(range(_TRIES)):
            try:
                return act()
            except OSError as e:
                self._line.close()
                if not left:
                    raise UnreachableError("gate-away") from e
            time.sleep(pause)
            pause *= 2
        raise UnreachableError("gate-away")
