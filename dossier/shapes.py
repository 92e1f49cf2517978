"""The kinds of field that a statement or an entry can have: each with one way in from JSON and one out."""

from collections.abc import Callable
from typing import Any, NamedTuple

from dossier import model
from dossier.model import Deed, Digest, Handle, Role, SectionName
from keys.encoding import from_base64, read_fingerprint, to_base64
from keys.errors import BadEncodingError
from keys.identity import Card, is_handle, is_person_text

LARGEST_DOCUMENT = 32 * 1024  # bytes of a policy document
_MOST = 4096  # items of one list


class Kind(NamedTuple):
    """How a field is read (strictly) and written."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


class Slot(NamedTuple):
    """One box of a section key: for the holder of a role."""

    role: Role
    handle: Handle
    box: Digest


class Boxed(NamedTuple):
    """One box more of a section key in force: for a member who has the right already."""

    role: Role
    section: SectionName
    generation: int
    box: Digest


class Keying(NamedTuple):
    """A section's key of one generation: its commitment, its boxes, and the role parts wrapped anew."""

    section: SectionName
    generation: int
    commitment: bytes
    slots: tuple[Slot, ...]
    number: int  # of the coordination card that `coordination` is boxed to
    coordination: Digest
    wraps: Digest | None  # of the role parts of all earlier versions, None when there are none


def _when(good: Callable[[Any], bool], made: Callable[[Any], Any] = lambda value: value) -> Kind:
    """Make a kind of what passes a test and is written as it stands."""

    def read(value: Any) -> Any:
        if not good(value):
            raise BadEncodingError("statement")
        return made(value)

    return Kind(read, lambda value: value)


def _text(good: Callable[[str], bool]) -> Kind:
    return _when(lambda value: isinstance(value, str) and good(value))


def _whole(low: int) -> Kind:
    return _when(lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= low)


def _bytes(size: int) -> Kind:
    def read(value: Any) -> bytes:
        if not isinstance(value, str):
            raise BadEncodingError("statement")
        return from_base64(value, size)

    return Kind(read, to_base64)


def _time(value: Any) -> Any:
    try:
        return model.read_time(value)
    except (TypeError, ValueError, OverflowError) as e:
        raise BadEncodingError("statement") from e


def _enum(kind: type[Role] | type[Deed]) -> Kind:
    names = {str(member): member for member in kind}
    return Kind(_when(lambda value: isinstance(value, str) and value in names, names.get).read, str)


def maybe(kind: Kind) -> Kind:
    """Allow null."""
    return Kind(
        lambda value: None if value is None else kind.read(value),
        lambda value: None if value is None else kind.write(value),
    )


def many(kind: Kind, *, least: int = 0) -> Kind:
    """Make a kind of lists without repeats."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or not least <= len(value) <= _MOST:
            raise BadEncodingError("statement")
        items = tuple(kind.read(item) for item in value)
        if len(set(items)) != len(items):
            raise BadEncodingError("statement")
        return items

    return Kind(read, lambda value: [kind.write(item) for item in value])


def row(made: Callable[..., Any], *kinds: Kind) -> Kind:
    """Make a kind of fixed rows, one kind a column."""

    def read(value: Any) -> Any:
        if not isinstance(value, list) or len(value) != len(kinds):
            raise BadEncodingError("statement")
        return made(*(kind.read(item) for kind, item in zip(kinds, value, strict=True)))

    return Kind(read, lambda value: [k.write(item) for k, item in zip(kinds, value, strict=True)])


NUMBER = _whole(1)
SIZE = _whole(0)
HANDLE = _text(is_handle)
PERSON_TEXT = _text(is_person_text)
WORD = _text(model.is_word)
BASIS = _text(lambda text: model.is_word(text) or model.is_grant_id(text))  # the right to what is permitted
STORE = _text(model.is_store_id)
FINGERPRINT = _text(lambda text: read_fingerprint(text) == text)
HOUSEHOLD = _text(model.is_household_id)
GRANT = _text(model.is_grant_id)
DIGEST = _text(model.is_digest)
DOCUMENT = _text(lambda text: len(text.encode("utf-8", "surrogatepass")) <= LARGEST_DOCUMENT)
MEDIA_TYPE = _text(lambda text: text in model.MEDIA_TYPES)
NONCE = _bytes(16)
HASH = _bytes(32)
SIGNATURE = _bytes(64)
BOX_PUBLIC = _bytes(1216)
WRAP = _bytes(60)
TIME = Kind(_time, model.write_time)
ROLE = _enum(Role)
DEED = _enum(Deed)
CARD = row(Card.of, *([_when(lambda value: isinstance(value, str))] * 5))._replace(write=Card.texts)
BOX = row(lambda handle, digest: (handle, digest), HANDLE, DIGEST)
SLOT = row(Slot, ROLE, HANDLE, DIGEST)
KEYING = row(Keying, WORD, NUMBER, HASH, many(SLOT), NUMBER, DIGEST, maybe(DIGEST))
BOXED = row(Boxed, ROLE, WORD, NUMBER, DIGEST)
GRANTED = row(lambda section, generation, box: (section, generation, box), WORD, NUMBER, DIGEST)
