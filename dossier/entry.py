"""Entry: one line of the log, a signed request with what the gate adds to it (KEYS.md, "The log")."""

from datetime import datetime
from typing import Any, NamedTuple

from dossier import contexts, model
from dossier.errors import IntegrityError
from dossier.model import BookName, Deed, Handle, HouseholdId, Place, Request, Role, Seen, StoreId
from dossier.shapes import (
    BASIS,
    FINGERPRINT,
    HANDLE,
    HASH,
    HOUSEHOLD,
    NONCE,
    PERSON_TEXT,
    SIGNATURE,
    SIZE,
    STORE,
    WORD,
    maybe,
)
from dossier.statements import Statement, read_statement
from keys.encoding import canonical_json, parse_json, to_base64
from keys.errors import BadEncodingError, KeysError
from keys.identity import Card, Identity, check_signature
from keys.primitives import sha256

ENTRY_FORMAT = "entry/1"
LARGEST_ENTRY = 64 * 1024 - 1  # bytes (C2SP tlog-tiles: an entry's length is a u16)
_TRACE_SIZE, _SPAN_SIZE = 16, 8
_BASIS, _HOUSEHOLD, _VERSION, _WORD = maybe(BASIS), maybe(HOUSEHOLD), maybe(SIZE), maybe(WORD)
_REQUEST = b',"request":{'
_AFTER_REQUEST = len(f',"signature":"{"":88}","span":"{"":16}","trace":"{"":32}"}}')
_YEARS = range(2000, 3000)  # so that no sum of an entry's time and a number of days is out of bounds
_REQUEST_KEYS = {
    *("actor", "at", "card", "deed", "household", "nonce", "org", "purpose", "role", "section"),
    *("seen", "store", "version"),
}
_STATE_KEYS = _REQUEST_KEYS | {"book", "statement"}
_ENTRY_KEYS = {
    *("#", "at", "basis", "decision", "epoch", "index", "policy", "reason", "request", "signature"),
    *("span", "trace"),
}


class Signed(NamedTuple):
    """What a member signs: who asks what, when, and having seen which log."""

    store: StoreId
    actor: Handle
    card: str  # fingerprint
    role: Role
    org: str
    request: Request
    nonce: bytes  # 16
    at: datetime
    seen: Seen
    place: Place | None = None  # of the statement, for the deed `state` only
    statement: Statement | None = None

    def fields(self) -> dict[str, Any]:
        """Give the JSON object that is signed."""
        r = self.request
        fields: dict[str, Any] = {
            "actor": self.actor,
            "at": model.write_time(self.at),
            "card": self.card,
            "deed": str(r.deed),
            "household": r.household,
            "nonce": to_base64(self.nonce),
            "org": self.org,
            "purpose": r.purpose,
            "role": str(self.role),
            "section": r.section,
            "seen": [self.seen.size, to_base64(self.seen.root)],
            "store": self.store,
            "version": r.version,
        }
        if self.place is not None and self.statement is not None:
            before = self.place.previous
            previous = None if before is None else [before[0], to_base64(before[1])]
            fields["book"] = [self.place.book, self.place.number, previous]
            fields["statement"] = self.statement.write()
        return fields

    def sign(self, identity: Identity) -> bytes:
        """Sign context ‖ canonical JSON; 64 bytes."""
        return identity.sign(canonical_json(self.fields()), contexts.request(self.store))


class Ruling(NamedTuple):
    """What the gate adds to a request: where and when it stands, and what was decided on which ground."""

    position: int  # its index in the log, from 0
    at: datetime
    permitted: bool
    reason: str | None  # of a refusal
    basis: str | None  # of a permission: the right by which it was given
    policy: int  # version in force
    epoch: int
    trace: bytes  # 16
    span: bytes  # 8


class Entry:
    """A line of the log, as read: what was signed, the ruling on it, and the bytes that the tree hashes."""

    __slots__ = ("leaf", "line", "ruling", "signature", "signed")

    def __init__(self, signed: Signed, signature: bytes, ruling: Ruling, line: bytes) -> None:
        self.signed = signed
        self.signature = signature
        self.ruling = ruling
        self.line = line
        self.leaf = leaf_hash(line)

    @property
    def index(self) -> int:
        """Its place in the log."""
        return self.ruling.position

    @property
    def at(self) -> datetime:
        """Its time: the only one that any rule takes."""
        return self.ruling.at

    def signed_bytes(self) -> bytes:
        """Give the bytes under the signature, without their context.

        They stand in the line as they were signed: no text before them holds a quote that is not escaped,
        and what comes after them is always as long.
        """
        return self.line[self.line.index(_REQUEST) + len(_REQUEST) - 1 : -_AFTER_REQUEST]

    def check_signature(self, card: Card) -> None:
        """Check that the card's holder signed this request. Raises BadSignatureError."""
        check_signature(card, self.signature, self.signed_bytes(), contexts.request(self.signed.store))


def request_of(book: BookName) -> Request:
    """Give the request that carries a statement: about its book's household, whose log shows it."""
    return Request(Deed.STATE, None if book == model.STORE_BOOK else HouseholdId(book))


def leaf_hash(line: bytes) -> bytes:
    """Hash an entry as a leaf of the tree (RFC 9162, section 2.1.1)."""
    return sha256(b"\x00" + line)


def make_entry(signed: Signed, signature: bytes, ruling: Ruling) -> Entry:
    """Write an entry, and read it back: what nobody can read would close the log to everyone.

    Raises:
        IntegrityError: when it would be larger than an entry may be, or is none.
    """
    line = canonical_json(
        {
            "#": ENTRY_FORMAT,
            "at": model.write_time(ruling.at),
            "basis": ruling.basis,
            "decision": "permit" if ruling.permitted else "refuse",
            "epoch": ruling.epoch,
            "index": ruling.position,
            "policy": ruling.policy,
            "reason": ruling.reason,
            "request": signed.fields(),
            "signature": to_base64(signature),
            "span": ruling.span.hex(),
            "trace": ruling.trace.hex(),
        },
    )
    if len(line) > LARGEST_ENTRY:
        raise IntegrityError("entry-too-large")
    return read_entry(line)


def read_entry(line: bytes) -> Entry:
    """Read an entry strictly: what parses is the one way to write it.

    Raises:
        IntegrityError: when it is no entry; "unknown-statement" when a newer version wrote it.
    """
    if len(line) > LARGEST_ENTRY:
        raise IntegrityError("bad-entry")
    try:
        fields = _fields(line)
        signed = _read_signed(fields["request"])
        ruling = _read_ruling(fields)
        signature = SIGNATURE.read(fields["signature"])
    except (KeysError, TypeError, ValueError, KeyError, AttributeError, OverflowError) as e:
        raise _unreadable(e) from e
    return Entry(signed, signature, ruling, line)


def read_signed(raw: bytes) -> Signed:
    """Read what a member signed, before it is an entry: strictly, as `read_entry`.

    Raises:
        IntegrityError: when it is no request; "unknown-statement" when a newer version wrote it.
    """
    try:
        return _read_signed(parse_json(raw))
    except (KeysError, TypeError, ValueError, KeyError, AttributeError, OverflowError) as e:
        raise _unreadable(e) from e


def _unreadable(error: Exception) -> IntegrityError:
    unknown = isinstance(error, BadEncodingError) and error.args == ("unknown-tag",)
    return IntegrityError("unknown-statement" if unknown else "bad-entry")


def _fields(line: bytes) -> Any:
    """Parse a line and see that it has the members of an entry, no more and no fewer."""
    fields = parse_json(line)
    if set(fields) != _ENTRY_KEYS or fields["#"] != ENTRY_FORMAT:
        raise BadEncodingError("entry")
    return fields


def _read_ruling(fields: dict[str, Any]) -> Ruling:
    """Read what the gate added: a reason with a refusal, a basis with a permission, and codes only."""
    ruling = Ruling(
        position=SIZE.read(fields["index"]),
        at=_moment(fields["at"]),
        permitted={"permit": True, "refuse": False}[fields["decision"]],
        reason=_WORD.read(fields["reason"]),
        basis=_BASIS.read(fields["basis"]),
        policy=SIZE.read(fields["policy"]),
        epoch=SIZE.read(fields["epoch"]),
        trace=_hex(fields["trace"], _TRACE_SIZE),
        span=_hex(fields["span"], _SPAN_SIZE),
    )
    if (ruling.reason is None, ruling.basis is None) != (ruling.permitted, not ruling.permitted):
        raise BadEncodingError("entry")
    return ruling


def _read_signed(fields: dict[str, Any]) -> Signed:
    """Read the signed request of an entry."""
    deed = Deed(fields["deed"])
    if set(fields) != (_STATE_KEYS if deed is Deed.STATE else _REQUEST_KEYS):
        raise BadEncodingError("entry")
    size, root = fields["seen"]
    place = statement = None
    if deed is Deed.STATE:
        place = _read_place(fields["book"])
        statement = read_statement(fields["statement"])
    request = Request(
        deed=deed,
        household=_HOUSEHOLD.read(fields["household"]),
        section=_WORD.read(fields["section"]),
        version=_VERSION.read(fields["version"]),
        purpose=_WORD.read(fields["purpose"]),
    )
    if place is not None and request != request_of(place.book):
        raise BadEncodingError("entry")
    return Signed(
        store=STORE.read(fields["store"]),
        actor=HANDLE.read(fields["actor"]),
        card=FINGERPRINT.read(fields["card"]),
        role=Role(fields["role"]),
        org=PERSON_TEXT.read(fields["org"]),
        request=request,
        nonce=NONCE.read(fields["nonce"]),
        at=_moment(fields["at"]),
        seen=Seen(SIZE.read(size), HASH.read(root)),
        place=place,
        statement=statement,
    )


def _read_place(value: list[Any]) -> Place:
    """Read where a statement says that it goes."""
    name, number, previous = value
    if name != model.STORE_BOOK:
        HOUSEHOLD.read(name)
    if previous is not None:
        index, leaf = previous
        previous = (SIZE.read(index), HASH.read(leaf))
    return Place(BookName(name), SIZE.read(number), previous)


def _moment(value: str) -> datetime:
    at = model.read_time(value)
    if at.year not in _YEARS:
        raise BadEncodingError("time")
    return at


def _hex(value: str, size: int) -> bytes:
    data = bytes.fromhex(value)
    if len(data) != size or data.hex() != value:
        raise BadEncodingError("hex")
    return data
