"""Messages: what a call and its answer carry, as JSON, one way out and one way back (docs/protocol.md)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dossier import errors
from dossier.book import Head
from dossier.errors import DossierError, UsageError
from dossier.model import STORE_BOOK, BookName, Digest, HouseholdId, Seen, is_household_id
from dossier.shapes import HASH, SIZE
from dossier.storage.base import Objects
from keys.encoding import from_base64, to_base64
from keys.errors import KeysError
from keys.primitives import sha256

PROTOCOL = "dossier/gate/1"
ROOT = "/v1/"  # the path of every verb
ABOUT = "/v1/gate"
ANSWER = "Dossier-Answer"  # the header with the gate's signature
LARGEST_BODY = 16 << 20  # bytes of a call's JSON
LARGEST_INLINE = 64 << 10  # bytes of a content that come with its receipt
MOST_BOOKS = 256  # in one call

# The kinds of error, by the exit code that both ends know them by.
_KINDS = {
    kind.exit_code: kind
    for kind in (
        *(errors.UsageError, errors.CancelledError, errors.LockedError, errors.NotFoundError),
        *(errors.RefusedError, errors.WaitsError, errors.IntegrityError, errors.UnreachableError),
        *(errors.PartlyDoneError, errors.ConflictError),
    )
}
_STATUS = {2: 400, 4: 403, 5: 404, 6: 403, 8: 503, 9: 503, 11: 409}  # HTTP status, by exit code


class Have(NamedTuple):
    """What a client has: the checkpoint that it last verified, and of each book so many entries."""

    seen: Seen
    books: Mapping[BookName, int]

    def write(self) -> dict[str, Any]:
        """Give the JSON object."""
        return {"seen": [self.seen.size, to_base64(self.seen.root)], "books": dict(self.books)}


class BookNews(NamedTuple):
    """The entries of a book that a client lacks, each with its path to the root; and the last entry."""

    book: BookName
    head: Head | None
    lines: Sequence[bytes]
    paths: Sequence[Sequence[bytes]]
    unfounded: Sequence[int]  # numbers of its statements that say of the log what is not so


class News(NamedTuple):
    """What was added to the log since a client looked, as far as it may see it, and how to check that."""

    note: bytes  # the signed checkpoint
    frontier: Sequence[bytes]
    consistency: Sequence[bytes]
    books: Sequence[BookNews]

    def write(self) -> dict[str, Any]:
        """Give the JSON object."""
        return {
            "note": self.note.decode("utf-8"),
            "frontier": write_hashes(self.frontier),
            "consistency": write_hashes(self.consistency),
            "books": [
                {
                    "book": news.book,
                    "head": None if news.head is None else [*news.head[:2], to_base64(news.head.leaf)],
                    "lines": [line.decode("utf-8") for line in news.lines],
                    "paths": [write_hashes(path) for path in news.paths],
                    "unfounded": list(news.unfounded),
                }
                for news in self.books
            ],
        }


def read_have(value: Any) -> Have:
    """Read what a client has. Raises UsageError: "bad-call"."""
    try:
        size, root = value["seen"]
        books = {book_name(name): SIZE.read(number) for name, number in value["books"].items()}
        if len(books) > MOST_BOOKS:
            raise UsageError("bad-call")
        return Have(Seen(SIZE.read(size), HASH.read(root)), books)
    except (KeysError, TypeError, ValueError, KeyError, AttributeError) as e:
        raise UsageError("bad-call") from e


def read_news(value: Any) -> News:
    """Read what was added. Raises UsageError: "bad-answer"."""
    try:
        return News(
            note=value["note"].encode("utf-8"),
            frontier=read_hashes(value["frontier"]),
            consistency=read_hashes(value["consistency"]),
            books=[
                BookNews(
                    book=book_name(news["book"]),
                    head=_head(news["head"]),
                    lines=[line.encode("utf-8") for line in news["lines"]],
                    paths=[read_hashes(path) for path in news["paths"]],
                    unfounded=[SIZE.read(number) for number in news["unfounded"]],
                )
                for news in value["books"]
            ],
        )
    except (KeysError, TypeError, ValueError, KeyError, AttributeError) as e:
        raise UsageError("bad-answer") from e


def book_name(name: Any) -> BookName:
    """Read the name of a book. Raises UsageError: "bad-call"."""
    if name != STORE_BOOK and not (isinstance(name, str) and is_household_id(name)):
        raise UsageError("bad-call")
    return BookName(name)


def _head(value: Any) -> Head | None:
    if value is None:
        return None
    number, position, leaf = value
    return Head(SIZE.read(number), SIZE.read(position), HASH.read(leaf))


def household(value: Any) -> HouseholdId:
    """Read a household's id. Raises UsageError: "bad-call"."""
    if not isinstance(value, str) or not is_household_id(value):
        raise UsageError("bad-call")
    return HouseholdId(value)


def write_objects(objects: Mapping[Digest, bytes]) -> list[str]:
    """Give small sealed things, as they are."""
    return write_hashes(list(objects.values()))


def read_objects(value: Any) -> Objects:
    """Read small sealed things, each under its digest. Raises UsageError: "bad-call"."""
    try:
        if not isinstance(value, list):
            raise UsageError("bad-call")
        found = [from_base64(text) for text in value]
    except (KeysError, TypeError) as e:
        raise UsageError("bad-call") from e
    return {Digest(sha256(data).hex()): data for data in found}


def write_hashes(items: Sequence[bytes]) -> list[str]:
    """Give bytes as texts."""
    return [to_base64(item) for item in items]


def read_hashes(items: Any) -> list[bytes]:
    """Read hashes of 32 bytes. Raises BadEncodingError."""
    return [HASH.read(item) for item in items]


def write_body(value: Mapping[str, Any]) -> bytes:
    """Write the body of a call or an answer."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def read_body(data: bytes) -> dict[str, Any]:
    """Read the body of a call or an answer. Raises UsageError: "bad-call"."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as e:
        raise UsageError("bad-call") from e
    if not isinstance(value, dict):
        raise UsageError("bad-call")
    return value


def write_error(error: DossierError) -> tuple[int, dict[str, Any]]:
    """Give an error's HTTP status, and its JSON object: no words, which are for whoever shows it."""
    data = {name: value for name, value in error.data.items() if isinstance(value, (str, int))}
    fields = {"exit": error.exit_code, "code": error.code, "data": data}
    return _STATUS.get(error.exit_code, 409), {"error": fields}


def read_error(value: Any) -> DossierError:
    """Read an error. Raises UsageError: "bad-answer" for what is none."""
    try:
        kind, code, data = _KINDS[value["exit"]], value["code"], dict(value["data"])
        if not isinstance(code, str):
            raise UsageError("bad-answer")
    except (KeyError, TypeError, ValueError) as e:
        raise UsageError("bad-answer") from e
    return kind(code, **data)
