"""Call: a signed request to a served gate, bound to store, gate, run and body (docs/protocol.md).

It travels as one header of plain text beside the body: `<base64 of canonical JSON>.<base64 signature>`.
"""

from datetime import datetime
from typing import Any, NamedTuple

from dossier import contexts, model
from dossier.errors import UsageError
from dossier.model import Handle, StoreId, is_digest
from dossier.shapes import FINGERPRINT, HANDLE, NONCE, SIGNATURE, STORE
from keys.encoding import canonical_json, from_base64, parse_json, to_base64
from keys.errors import KeysError
from keys.identity import Card, Identity, check_signature
from keys.primitives import sha256

CALL_FORMAT = "call/1"
HEADER = "Dossier-Call"
LARGEST_CALL = 2048  # characters of the header
RUN_SIZE = 16  # bytes that a gate draws when it starts
_KEYS = {"#", "actor", "at", "body", "card", "gate", "nonce", "run", "store", "verb"}
_SIGNATURE_TEXT = 88


class Counter(NamedTuple):
    """Where a call goes: a store, the card of a gate, and the run of that gate."""

    store: StoreId
    gate: str  # fingerprint
    run: str  # 32 hexadecimal digits


class Call(NamedTuple):
    """Who asks what of which gate, and when; `body` is the SHA-256 of what comes with it."""

    counter: Counter
    actor: Handle
    card: str  # fingerprint
    verb: str
    nonce: bytes  # 16
    at: datetime
    body: str  # 64 hexadecimal digits

    def fields(self) -> dict[str, Any]:
        """Give the JSON object that is signed."""
        return {
            "#": CALL_FORMAT,
            "actor": self.actor,
            "at": model.write_time(self.at),
            "body": self.body,
            "card": self.card,
            "gate": self.counter.gate,
            "nonce": to_base64(self.nonce),
            "run": self.counter.run,
            "store": self.counter.store,
            "verb": self.verb,
        }

    def digest(self) -> bytes:
        """Give the SHA-256 of what is signed: an answer is bound to it."""
        return sha256(canonical_json(self.fields()))

    def sign(self, identity: Identity) -> str:
        """Write the header."""
        signed = canonical_json(self.fields())
        signature = identity.sign(signed, contexts.of("call", self.counter.store))
        return f"{to_base64(signed)}.{to_base64(signature)}"


class Called(NamedTuple):
    """A call as it came in, its signature not yet checked."""

    call: Call
    signed: bytes
    signature: bytes

    @property
    def digest(self) -> bytes:
        """The SHA-256 of what was signed: an answer is bound to it."""
        return sha256(self.signed)

    def check_signature(self, card: Card) -> None:
        """Check that the card's holder made this call. Raises BadSignatureError."""
        check_signature(card, self.signature, self.signed, contexts.of("call", self.call.counter.store))


def read_call(header: str) -> Called:
    """Read a header strictly: what parses is the one way to write it.

    Raises:
        UsageError: "bad-call" for anything else.
    """
    try:
        if len(header) > LARGEST_CALL:
            raise UsageError("bad-call")
        text, _, signature = header.partition(".")
        signed = from_base64(text)
        fields = parse_json(signed)
        if set(fields) != _KEYS or fields["#"] != CALL_FORMAT or not is_digest(fields["body"]):
            raise UsageError("bad-call")
        counter = Counter(STORE.read(fields["store"]), FINGERPRINT.read(fields["gate"]), _run(fields["run"]))
        call = Call(
            counter=counter,
            actor=HANDLE.read(fields["actor"]),
            card=FINGERPRINT.read(fields["card"]),
            verb=_verb(fields["verb"]),
            nonce=NONCE.read(fields["nonce"]),
            at=model.read_time(fields["at"]),
            body=fields["body"],
        )
        return Called(call, signed, SIGNATURE.read(signature))
    except (KeysError, TypeError, ValueError, KeyError, AttributeError, OverflowError) as e:
        raise UsageError("bad-call") from e


def _run(text: Any) -> str:
    if not isinstance(text, str) or len(text) != 2 * RUN_SIZE or bytes.fromhex(text).hex() != text:
        raise UsageError("bad-call")
    return text


def _verb(text: Any) -> str:
    if not isinstance(text, str) or not model.is_word(text):
        raise UsageError("bad-call")
    return text
