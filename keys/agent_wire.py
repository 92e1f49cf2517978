"""What an agent and its clients say to each other, and what it is handed at its start: plain, short, strict.

A frame is a length (4 bytes, big-endian) and so many bytes, `LARGEST` in all at most. A request is its kind
(1 byte), the length of its context (4 bytes), the context, the message. An answer is its outcome (1 byte) and
what it comes to. Nothing is unpickled, and what does not read exactly so is refused.
"""

import os
import struct
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

from keys.encoding import canonical_json, parse_json, to_base64
from keys.errors import BadEncodingError, KeysError, TokenError
from keys.identity import Card
from keys.primitives import SEED_SIZE
from keys.tokenbytes import Contact, _read_contact

LARGEST = (1 << 20) + (1 << 16)  # bytes of a frame: a client's memory (1 MiB) and its context fit
READY = b"ready"  # what an agent tells who started it, once it can be reached
_FORMAT = "dossier/agent/1"
_LENGTH = struct.Struct(">I")
_SEEDS = 2 * SEED_SIZE
_LONGEST = 7 * 24 * 3600  # seconds that any agent may be asked to last
_WHOSE: dict[str, type] = {"#": str, "card": list, "contact": dict}
_STATE = {**_WHOSE, "idle": int, "idle_left": int, "left": int, "checked": bool}
_HANDOVER = {
    **_WHOSE,
    "folder": str,
    "name": str,
    "idle": int,
    "longest": int,
    "leader": list,
    "loopback": bool,
}


class AgentGoneError(KeysError):
    """There is no agent there, or none that can be trusted."""

    code = "session-gone"
    exit_code = 4


class Kind(IntEnum):
    """What an agent can be asked."""

    STATE = 1
    UNBOX = 2
    SIGN = 3
    MAC = 4
    LOCK = 5


class Outcome(IntEnum):
    """What came of a request."""

    DONE = 0
    DOES_NOT_OPEN = 1
    NOT_UNDERSTOOD = 2


class Request(NamedTuple):
    """One request of a client."""

    kind: Kind
    message: bytes = b""
    context: bytes = b""

    def write(self) -> bytes:
        """Write it."""
        return bytes([self.kind]) + frame(self.context) + self.message

    @classmethod
    def read(cls, body: bytes) -> "Request":
        """Read it strictly. Raises BadEncodingError."""
        message = bytearray(body[1:])
        context = take_frame(message)
        if context is None or body[0] not in set(Kind):
            raise BadEncodingError("request")
        request = cls(Kind(body[0]), bytes(message), context)
        if request.kind in (Kind.STATE, Kind.LOCK) and (message or context):
            raise BadEncodingError("request")
        return request


class Leader(NamedTuple):
    """The process whose end is the end of a terminal session."""

    pid: int
    about: str  # its terminal and when it began, where the system tells: no other process passes for it

    @classmethod
    def of(cls, pid: int) -> "Leader | None":
        """Find a process; None when it has ended."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            pass  # it lives, as someone else's
        try:
            fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            return cls(pid, "")
        return None if fields[0] in "ZX" else cls(pid, f"{fields[4]}.{fields[19]}")


class State(NamedTuple):
    """What an agent says about itself."""

    card: Card
    contact: Contact
    idle: int  # seconds without use after which it locks
    idle_left: int  # seconds until then, as things are
    left: int  # seconds until it locks in any case
    checked: bool  # whether the system tells it whose process connects

    def write(self) -> bytes:
        """Write it as canonical JSON."""
        return _write(self)

    @classmethod
    def read(cls, data: bytes) -> "State":
        """Read it strictly. Raises BadEncodingError."""
        return cls(**_read(data, _STATE))


class Handover(NamedTuple):
    """What a fresh agent is told; its seeds come before it."""

    card: Card
    contact: Contact
    folder: str
    name: str
    idle: int
    longest: int
    leader: Leader | None
    loopback: bool

    def write(self, seeds: tuple[bytes, bytes]) -> bytes:
        """Write the two seeds as they are, and the rest as canonical JSON."""
        return b"".join(seeds) + _write(self._replace(leader=self.leader or ()))  # type: ignore[arg-type]

    @classmethod
    def read(cls, data: bytes) -> "tuple[Handover, tuple[bytes, bytes]]":
        """Read it strictly, and the seeds before it. Raises BadEncodingError."""
        fields = _read(data[_SEEDS:], _HANDOVER)
        leader = fields["leader"]
        if [type(item) for item in leader] not in ([], [int, str]):
            raise BadEncodingError("leader")
        fields["leader"] = Leader(*leader) if leader else None
        return cls(**fields), (data[:SEED_SIZE], data[SEED_SIZE:_SEEDS])


def frame(body: bytes) -> bytes:
    """Put the length before a body."""
    return _LENGTH.pack(len(body)) + body


def take_frame(inbox: bytearray) -> bytes | None:
    """Take the first whole frame out of what has come in; None until there is one.

    Raises:
        BadEncodingError: when it would be too large.
    """
    if len(inbox) < _LENGTH.size:
        return None
    end = _LENGTH.size + _LENGTH.unpack_from(inbox)[0]
    if end > LARGEST:
        raise BadEncodingError("frame")
    if len(inbox) < end:
        return None
    body = bytes(inbox[_LENGTH.size : end])
    del inbox[:end]
    return body


def _write(said: State | Handover) -> bytes:
    contact = said.contact
    known = {"leaf": to_base64(contact.leaf), "root": contact.root, "store": contact.store}
    return canonical_json({**said._asdict(), "#": _FORMAT, "card": said.card.texts(), "contact": known})


def _read(data: bytes, shape: dict[str, type]) -> dict[str, Any]:
    """Read an object of these names and kinds, whole, and its card and contact."""
    fields = parse_json(data)
    if not isinstance(fields, dict) or {name: type(value) for name, value in fields.items()} != shape:
        raise BadEncodingError("agent")
    if fields.pop("#") != _FORMAT or len(fields["card"]) != len(Card._fields):
        raise BadEncodingError("agent")
    if not all(0 <= value <= _LONGEST for value in fields.values() if type(value) is int):
        raise BadEncodingError("seconds")
    try:
        return {**fields, "card": Card.of(*fields["card"]), "contact": _read_contact(fields["contact"])}
    except TokenError as e:
        raise BadEncodingError("contact") from e
