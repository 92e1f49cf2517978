"""All that can be stated, and how each is written: a tag with its version, then its fields in order."""

from collections.abc import Iterator
from typing import Any

from dossier.model import STORE_BOOK, BookName, Digest
from dossier.shapes import (
    BOX,
    BOX_PUBLIC,
    BOXED,
    CARD,
    DEED,
    DIGEST,
    DOCUMENT,
    GRANT,
    GRANTED,
    HANDLE,
    HASH,
    HOUSEHOLD,
    KEYING,
    MEDIA_TYPE,
    NUMBER,
    PERSON_TEXT,
    ROLE,
    SIZE,
    TIME,
    WORD,
    WRAP,
    Keying,
    Kind,
    many,
    maybe,
)
from keys.errors import BadEncodingError

# A tag is never reused; its fields are never reordered or removed; a new shape is a new tag.
SHAPES: dict[str, dict[str, Kind]] = {
    "store.founded/1": {
        "name": PERSON_TEXT,
        "card": CARD,
        "nonce": HASH,
        "coordination": BOX_PUBLIC,
        "coordination_box": DIGEST,
        "log_key": HASH,
        "commitment": HASH,
        "gate_boxes": many(BOX, least=1),
    },
    "member.admitted/1": {
        "card": CARD,
        "roles": many(ROLE, least=1),
        "epoch": NUMBER,
        "gate_box": DIGEST,
        "number": maybe(NUMBER),
        "coordination_box": maybe(DIGEST),
    },
    "member.admitted/2": {  # while the store is served: /1 less the gate box
        "card": CARD,
        "roles": many(ROLE, least=1),
        "number": maybe(NUMBER),
        "coordination_box": maybe(DIGEST),
    },
    "member.roles-changed/1": {
        "handle": HANDLE,
        "add": many(ROLE),
        "remove": many(ROLE),
        "number": maybe(NUMBER),
        "coordination_box": maybe(DIGEST),
    },
    "member.suspended/1": {"handle": HANDLE, "reason": WORD},
    "member.restored/1": {"handle": HANDLE, "reason": WORD},
    "member.left/1": {"handle": HANDLE, "reason": WORD},
    "member.renewed/1": {
        "card": CARD,
        "epoch": NUMBER,
        "gate_box": DIGEST,
        "number": maybe(NUMBER),
        "coordination_box": maybe(DIGEST),
    },
    "member.renewed/2": {  # while the store is served
        "card": CARD,
        "number": maybe(NUMBER),
        "coordination_box": maybe(DIGEST),
    },
    "coordination.boxed/1": {"number": NUMBER, "handle": HANDLE, "box": DIGEST},
    "coordination.renewed/1": {
        "number": NUMBER,
        "coordination": BOX_PUBLIC,
        "before": WRAP,  # the coordination seed before it, sealed under this one
        "boxes": many(BOX, least=1),
        "recovery_box": maybe(DIGEST),
    },
    "recovery.split/1": {
        "card": CARD,
        "threshold": NUMBER,
        "shares": NUMBER,
        "number": NUMBER,
        "recovery_box": DIGEST,
    },
    "coordination.recovered/1": {
        "card": CARD,
        "epoch": NUMBER,
        "gate_box": DIGEST,
        "number": NUMBER,
        "coordination_box": DIGEST,
    },
    "coordination.recovered/2": {  # while the store is served
        "card": CARD,
        "number": NUMBER,
        "coordination_box": DIGEST,
    },
    "gate.admitted/1": {"card": CARD},
    "gate.adopted/1": {"gate": HANDLE},
    "gate.left/1": {"gate": HANDLE, "reason": WORD},
    "gate.boxed/1": {"epoch": NUMBER, "handle": HANDLE, "box": DIGEST},
    "gate.rotated/1": {
        "epoch": NUMBER,
        "log_key": HASH,
        "commitment": HASH,
        "before": WRAP,  # the epoch secret before it, sealed under this one
        "gate_boxes": many(BOX, least=1),
    },
    "store.restored/1": {
        "size": SIZE,  # of the log restored to, and its root
        "root": HASH,
        "known_size": SIZE,  # the latest checkpoint that either of the two clients remembers
        "known_root": HASH,
        "behind": many(HOUSEHOLD),  # whose books fall short of what either remembers
        "confirmed": many(HANDLE, least=1),
    },
    "clock.corrected/1": {"index": SIZE, "leaf": HASH},
    "policy.adopted/1": {"version": NUMBER, "document": DOCUMENT},
    "approved/1": {"index": SIZE, "leaf": HASH},
    "refused/1": {"index": SIZE, "leaf": HASH},
    "household.opened/1": {
        "household": HOUSEHOLD,
        "regisseur": maybe(HANDLE),
        "keyings": many(KEYING),
    },
    "regisseur.assigned/1": {"household": HOUSEHOLD, "handle": HANDLE, "keyings": many(KEYING)},
    "section.keyed/1": {"household": HOUSEHOLD, "keyings": many(KEYING)},
    "slot.boxed/1": {"household": HOUSEHOLD, "handle": HANDLE, "boxes": many(BOXED, least=1)},
    "section.written/1": {
        "household": HOUSEHOLD,
        "section": WORD,
        "version": NUMBER,
        "generation": NUMBER,
        "epoch": NUMBER,
        "index": SIZE,  # of the entry that asked to write, and its leaf hash
        "leaf": HASH,
        "commitment": HASH,
        "wrap": DIGEST,
        "content": DIGEST,
        "size": SIZE,  # of the content before sealing, in bytes
        "media_type": MEDIA_TYPE,
    },
    "grant.given/1": {
        "household": HOUSEHOLD,
        "grant": GRANT,
        "handle": HANDLE,
        "role": ROLE,
        "sections": many(WORD, least=1),
        "deeds": many(DEED, least=1),
        "purposes": many(WORD, least=1),
        "until": TIME,
        "reason": maybe(WORD),
        "boxes": many(GRANTED),
    },
    "grant.revoked/1": {
        "household": HOUSEHOLD,
        "grant": GRANT,
        "reason": WORD,
        "keyings": many(KEYING),
    },
}


class Statement:
    """Something stated: a tag, and its fields by name. `proposed/1` has one field, the statement inside."""

    __slots__ = ("fields", "tag")

    def __init__(self, tag: str, **fields: Any) -> None:
        self.tag = tag
        self.fields = fields

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Statement) and self.write() == other.write()

    def __hash__(self) -> int:
        return hash(self.tag)

    def __repr__(self) -> str:
        return f"Statement({self.tag})"

    @property
    def kind(self) -> str:
        """The tag without its version."""
        return self.tag.partition("/")[0]

    def write(self) -> list[Any]:
        """Write as a JSON array: the tag, then the fields in order."""
        if self.tag == "proposed/1":
            return [self.tag, self["statement"].write()]
        shape = SHAPES[self.tag]
        return [self.tag, *(kind.write(self.fields[name]) for name, kind in shape.items())]

    @property
    def book(self) -> BookName:
        """The book in which it goes: its household's, else the store's; a proposal, where the inner one goes.

        `approved` and `refused` go where their proposal stands: in the store's book, as all do so far.
        """
        if self.tag == "proposed/1":
            return BookName(self["statement"].book)
        return BookName(self.fields.get("household", STORE_BOOK))

    def keyings(self) -> tuple[Keying, ...]:
        """The keying records that it carries."""
        return tuple(self.fields.get("keyings", ()))

    def objects(self) -> Iterator[Digest]:
        """Name every box and wrap that it vouches for (contents are no objects)."""
        if self.tag == "proposed/1":
            yield from self["statement"].objects()
        for name in ("gate_box", "coordination_box", "recovery_box", "box", "wrap"):
            if self.fields.get(name) is not None:
                yield self.fields[name]
        for name in ("gate_boxes", "boxes"):
            yield from (row[-1] for row in self.fields.get(name, ()))
        for keying in self.keyings():
            yield from (slot.box for slot in keying.slots)
            yield keying.coordination
            if keying.wraps is not None:
                yield keying.wraps


def read_statement(value: Any, *, inner: bool = False) -> Statement:
    """Read a statement from its JSON array.

    Raises:
        BadEncodingError: for an unknown tag, or fields that are not what the tag says.
        WeakKeyError: for a card with a key of low order.
    """
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        raise BadEncodingError("statement")
    tag, *fields = value
    if tag == "proposed/1":
        if inner or len(fields) != 1:
            raise BadEncodingError("statement")
        return Statement(tag, statement=read_statement(fields[0], inner=True))
    shape = SHAPES.get(tag)
    if shape is None:
        raise BadEncodingError("unknown-tag")
    if len(fields) != len(shape):
        raise BadEncodingError("statement")
    pairs = zip(shape.items(), fields, strict=True)
    return Statement(tag, **{name: kind.read(field) for (name, kind), field in pairs})
