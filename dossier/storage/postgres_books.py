"""Books in a database: the copies of their entries in order, and their objects, true to their digests."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from dossier.errors import IntegrityError
from dossier.model import BookName, Digest
from dossier.storage.base import Objects

Ask = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]

_ADD = """
    WITH named AS (INSERT INTO books VALUES (%s) ON CONFLICT DO NOTHING),
    added AS (
        INSERT INTO entries
        SELECT %s, n + (SELECT coalesce(max(number), 0) FROM entries WHERE book = %s), line
        FROM unnest(%b::bytea[]) WITH ORDINALITY AS c (line, n)
    )
    INSERT INTO objects SELECT %s, * FROM unnest(%s::text[], %b::bytea[])
    ON CONFLICT DO NOTHING RETURNING digest
"""
_DROP = "DELETE FROM entries WHERE book = %s AND line = ANY(%b::bytea[]) RETURNING number"
_DROP_OBJECTS = "DELETE FROM objects WHERE book = %s AND digest = ANY(%s) RETURNING digest"
_CLEAR = """
    WITH gone AS (DELETE FROM objects WHERE book = %s) DELETE FROM entries WHERE book = %s RETURNING number
"""


def read_objects(ask: Ask, book: BookName) -> dict[Digest, bytes]:
    """Give the objects of a book. Raises IntegrityError for one that its digest does not name."""
    objects = {}
    for digest, data in ask("SELECT digest, data FROM objects WHERE book = %s", [book]):
        if hashlib.sha256(data).hexdigest() != digest:
            raise IntegrityError("book-altered", book=book)
        objects[Digest(digest)] = data
    return objects


def keep_entry(
    change: Ask,
    book: BookName,
    entry: bytes,
    objects: Objects,
    leftovers: list[bytes],
    orphans: list[Digest],
) -> None:
    """Drop leftovers and orphans from a book; add an entry with its objects."""
    if leftovers:
        change(_DROP, [book, leftovers])
    drop_objects(change, book, orphans)
    _add(change, book, [entry], objects)


def drop_objects(change: Ask, book: BookName, orphans: list[Digest]) -> None:
    """Drop objects from a book."""
    if orphans:
        change(_DROP_OBJECTS, [book, orphans])


def lay_book(change: Ask, book: BookName, copies: list[bytes], objects: Objects) -> None:
    """Put a whole book in the place of what is there."""
    change(_CLEAR, [book, book])
    _add(change, book, copies, objects)


def _add(change: Ask, book: BookName, copies: list[bytes], objects: Objects) -> None:
    """Add entries at the end of a book, with its objects, in one question."""
    change(_ADD, [book, book, book, copies, book, list(objects), list(objects.values())])
