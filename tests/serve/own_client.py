"""Own client: a member's own program against a served gate, with all of the member's keys and no gate code.

It speaks the protocol by itself, from KEYS.md and docs/protocol.md, and can lie in every field. Whatever ever
came out of a gate stays in `got`: each part that opened to its keys, with the entry that its box names.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.client import HTTPConnection
from os import urandom
from socket import AF_UNIX, SOCK_STREAM, socket
from time import sleep
from typing import Any, NamedTuple

from dossier import contexts
from keys.encoding import canonical_json
from keys.errors import KeysError
from keys.identity import LocalIdentity
from keys.primitives import sha256

Speak = Callable[[str, str, bytes], bytes]  # verb, header, body: the body of what is answered
Place = tuple[str, str, int]  # a household, a section, a version


class Got(NamedTuple):
    """A gate's part, as it came out of a box."""

    part: bytes
    place: Place
    leaf: bytes  # of the entry that the box is for


class Asking(NamedTuple):
    """A signed request to the log, and what it says."""

    fields: Mapping[str, Any]
    raw: bytes
    signature: bytes


def b64(data: bytes) -> str:
    """Write bytes as text."""
    return b64encode(data).decode("ascii")


def written(moment: datetime) -> str:
    """Write a moment as the log has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class OwnClient:
    """One member's program. Every keyword given to `call` and `ask` replaces what would have been said."""

    def __init__(
        self,
        identity: LocalIdentity,
        about: Callable[[], bytes],
        speak: Speak,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.identity = identity
        self.card = identity.card
        self._about = about
        self.speak = speak
        self.clock = clock or (lambda: datetime.now(UTC))
        self.got: list[Got] = []
        self.seen: tuple[int, bytes] = (0, sha256(b""))
        self.where: dict[str, str] = {}
        self.meet()

    def meet(self) -> None:
        """Ask which gate this is, and which run of it."""
        told = json.loads(self._about())
        self.where = {name: told[name] for name in ("store", "gate", "run")}

    @property
    def store(self) -> str:
        """The store's id."""
        return self.where["store"]

    # Calls.

    def header(self, verb: str, body: bytes, /, signer: LocalIdentity | None = None, **lies: Any) -> str:
        """Write and sign the header of a call."""
        said = {
            "#": "call/1",
            "actor": self.card.handle,
            "at": written(self.clock()),
            "body": sha256(body).hex(),
            "card": self.card.fingerprint,
            "nonce": b64(urandom(16)),
            "verb": verb,
            **self.where,
        }
        signed = canonical_json(said | lies)
        signature = (signer or self.identity).sign(signed, contexts.of("call", self.store))
        return f"{b64(signed)}.{b64(signature)}"

    def call(self, verb: str, fields: Mapping[str, Any], /, **lies: Any) -> dict[str, Any]:
        """Make a call, and take in what came of it."""
        body = json.dumps(fields).encode()
        return self.take(self.speak(verb, self.header(verb, body, **lies), body))

    def take(self, answer: bytes) -> dict[str, Any]:
        """Take in an answer: the checkpoint that it tells, and every box in it that opens to these keys."""
        fields: dict[str, Any] = json.loads(answer)
        if "news" in fields:
            _, size, root, *_ = fields["news"]["note"].split("\n")
            self.seen = int(size), b64decode(root)
        if "part" in fields:
            self._open(b64decode(fields["part"]), fields["entry"].encode())
        return fields

    def _open(self, box: bytes, line: bytes) -> None:
        """Open a part for the version that its entry names, and for those next to it."""
        leaf, said = sha256(b"\x00" + line), json.loads(line)["request"]
        for version in range(1, said["version"] + 3):
            place = (said["household"], said["section"], version)
            try:
                context = contexts.of("gate-part-box", self.store, *place, leaf, self.card.fingerprint)
                self.got.append(Got(self.identity.unbox(box, context), place, leaf))
            except KeysError:
                continue

    def sync(self, *households: str, seen: tuple[int, bytes] | None = None) -> dict[str, Any]:
        """Hear of the log as it is now."""
        return self.call("sync", {"have": self.have(*households, seen=seen)})

    def have(self, *households: str, seen: tuple[int, bytes] | None = None) -> dict[str, Any]:
        """Say what is known: of the books nothing."""
        size, root = seen or (0, sha256(b""))
        return {"seen": [size, b64(root)], "books": dict.fromkeys(("store", *households), 0)}

    # Requests.

    def sign(self, signer: LocalIdentity | None = None, /, **said: Any) -> Asking:
        """Sign a request to the log; all that is not given is as an honest client would say it."""
        fields = {
            "actor": self.card.handle,
            "at": written(self.clock()),
            "card": self.card.fingerprint,
            "household": None,
            "nonce": b64(urandom(16)),
            "org": self.card.org,
            "purpose": None,
            "section": None,
            "seen": [self.seen[0], b64(self.seen[1])],
            "store": self.store,
            "version": None,
            **said,
        }
        raw = canonical_json(fields)
        context = contexts.of("request", fields["store"])
        return Asking(fields, raw, (signer or self.identity).sign(raw, context))

    def enter(self, asking: Asking, **lies: Any) -> dict[str, Any]:
        """Have a signed request entered."""
        return self.call("enter", self.body(asking), **lies)

    def body(self, asking: Asking) -> dict[str, Any]:
        """Give the body of a call to enter."""
        return {
            "have": self.have(seen=self.seen),
            "request": asking.raw.decode(),
            "signature": b64(asking.signature),
            "latest": False,
        }


def code_of(answer: Mapping[str, Any]) -> str | None:
    """Give the code of an answer's error, None where it has none."""
    return str(answer["error"]["code"]) if "error" in answer else None


# Lines.


def connect(line: socket, path: str) -> None:
    """Connect, also where so many do at once that one must wait."""
    line.settimeout(20)
    for _ in range(200):
        try:
            line.connect(path)
        except BlockingIOError:
            sleep(0.02)
        else:
            return


class UnixConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self) -> None:
        """Connect."""
        self.sock = socket(AF_UNIX, SOCK_STREAM)
        connect(self.sock, self.path)


def over_socket(path: str) -> tuple[Callable[[], bytes], Speak]:
    """Give the two ways to speak to a gate behind a socket; a connection for each call."""

    def ask(method: str, where: str, body: bytes, headers: dict[str, str]) -> bytes:
        connection = UnixConnection(path)
        try:
            connection.request(method, where, body, headers)
            return connection.getresponse().read()
        finally:
            connection.close()

    def speak(verb: str, header: str, body: bytes) -> bytes:
        return ask("POST", f"/v1/{verb}", body, {"Dossier-Call": header})

    return (lambda: ask("GET", "/v1/gate", b"", {})), speak


def raw_request(verb: str, header: str, body: bytes) -> bytes:
    """Write a call as it goes over the line, to cut it where one likes."""
    head = f"POST /v1/{verb} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nDossier-Call: {header}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
