"""A book's file: two TinyDB tables, read strictly and written in one replace.

TinyDB rewrites its file at each call, in place and without a lock. So it works on tables in memory here, and
whoever changes them, under the store's lock, has them written once. The only module that knows TinyDB.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from tinydb import TinyDB, where
from tinydb.storages import Storage
from tinydb.table import Table

from dossier.errors import IntegrityError
from dossier.model import BookName, Digest
from dossier.storage.base import Objects
from dossier.storage.durable import replace
from keys.encoding import from_base64, to_base64
from keys.errors import BadEncodingError

LARGEST = 1 << 26  # of a book's file, in bytes: far more than any book gets, and small enough to read
_FIELDS = {"entries": ["line"], "objects": ["digest", "data"]}

Tables = dict[str, dict[str, Any]]


class BookFile(Storage):
    """What TinyDB writes, held back until `commit` replaces the file."""

    def __init__(self, path: Path, tables: Tables) -> None:
        """Start from tables that stay as they are: TinyDB puts new ones in their place."""
        self._path = path
        self._tables = dict(tables)

    def read(self) -> Tables:
        """Give TinyDB the tables as they are now."""
        return self._tables

    def write(self, data: Tables) -> None:
        """Take TinyDB's next tables, in memory."""
        self._tables = data

    def commit(self) -> None:
        """Replace the file by the tables, durably."""
        replace(self._path, _encode(self._tables))


class Book(NamedTuple):
    """A book as its file had it: the copies of entries in order, and the objects, each true to its digest."""

    tables: Tables
    entries: tuple[bytes, ...]
    objects: Objects


EMPTY = Book({name: {} for name in _FIELDS}, (), MappingProxyType({}))


@lru_cache(maxsize=4)  # a command asks for the same few books again and again; other bytes are another book
def parse(name: BookName, raw: bytes) -> Book:
    """Read the bytes of a book's file. Raises IntegrityError for what `change` would not have written."""
    try:
        tables = _decode(raw)
        entries = tuple(row["line"].encode() for row in tables["entries"].values())
        objects = dict(_object(row) for row in tables["objects"].values())
    except (ValueError, RecursionError, BadEncodingError) as e:
        raise IntegrityError("book-altered", book=name) from e
    if len(objects) != len(tables["objects"]):
        raise IntegrityError("book-altered", book=name)
    return Book(tables, entries, MappingProxyType(objects))


def _object(row: Mapping[str, str]) -> tuple[Digest, bytes]:
    """Read a row of objects. Raises ValueError when its bytes are not those that its digest names."""
    data = from_base64(row["data"])
    if hashlib.sha256(data).hexdigest() != row["digest"]:
        raise ValueError("digest")
    return Digest(row["digest"]), data


def change(
    path: Path,
    book: Book,
    *,
    entries: Iterable[bytes] = (),
    objects: Objects = EMPTY.objects,
    leftovers: Iterable[bytes] = (),
    orphans: Iterable[Digest] = (),
) -> None:
    """Write a book again without leftovers and orphans, and with entries and objects more. Raises OSError."""
    storage = BookFile(path, book.tables)
    db = _database(storage)
    _remove(db.table("entries"), "line", {entry.decode() for entry in leftovers})
    _remove(db.table("objects"), "digest", set(orphans) | set(objects))  # one given again comes last, once
    db.table("entries").insert_multiple({"line": entry.decode()} for entry in entries)
    db.table("objects").insert_multiple(
        {"digest": digest, "data": to_base64(data)} for digest, data in objects.items()
    )
    storage.commit()


def _remove(table: Table, field: str, values: set[Any]) -> None:
    """Drop the rows with one of these values."""
    if values:
        table.remove(where(field).test(values.__contains__))


def _database(storage: BookFile) -> TinyDB:
    """Let TinyDB work on a storage that is there already."""
    return TinyDB(storage=lambda: storage)


def _encode(tables: Tables) -> bytes:
    """Write tables in the one way that `_decode` takes."""
    return json.dumps(tables, ensure_ascii=False, separators=(",", ":")).encode()


def _decode(raw: bytes) -> Tables:
    """Read tables of our shape. Raises ValueError or RecursionError for what `_encode` does not write."""
    tables = json.loads(raw)
    if not isinstance(tables, dict) or list(tables) != list(_FIELDS) or _encode(tables) != raw:
        raise ValueError("tables")
    for name, fields in _FIELDS.items():
        _check_rows(tables[name], fields)
    return tables


def _check_rows(rows: Any, fields: list[str]) -> None:
    """Check that a table has numbered rows, the numbers rising, each with exactly these fields of text."""
    if not isinstance(rows, dict):
        raise ValueError("table")  # noqa: TRY004 (what stands in a file is wrong by its value)
    last = 0
    for key, row in rows.items():
        number = int(key)
        if number <= last or str(number) != key or not isinstance(row, dict) or list(row) != fields:
            raise ValueError("row")
        if not all(isinstance(text, str) for text in row.values()):
            raise ValueError("field")
        last = number
