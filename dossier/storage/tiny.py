"""A book's file: two TinyDB tables, read strictly and written in one replace.

TinyDB rewrites its file at each call, in place and without a lock. So it works on tables in memory here, and
whoever changes them, under the store's lock, has them written once. This is the only module that knows TinyDB.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tinydb import TinyDB
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


@dataclass(frozen=True, slots=True)
class Book:
    """A book as its file had it: the copies of entries in order, and the objects, each true to its digest."""

    tables: Tables
    entries: tuple[bytes, ...]
    objects: Objects


EMPTY = Book({name: {} for name in _FIELDS}, (), MappingProxyType({}))


@lru_cache(maxsize=4)  # one command asks for the same few books again and again; other bytes are another book
def parse(name: BookName, raw: bytes) -> Book:
    """Read the bytes of a book's file. Raises IntegrityError for anything that `change` would not have written."""
    try:
        tables = _decode(raw)
        db = _database(BookFile(Path(), tables))
        entries = tuple(row["line"].encode() for row in db.table("entries"))
        objects = {Digest(row["digest"]): from_base64(row["data"]) for row in db.table("objects")}
        if len(objects) != len(tables["objects"]):
            raise ValueError("two of one digest")
        for digest, data in objects.items():
            if hashlib.sha256(data).hexdigest() != digest:
                raise ValueError("not its digest")
    except (ValueError, RecursionError, BadEncodingError) as e:
        raise IntegrityError("book-altered", book=name) from e
    return Book(tables, entries, MappingProxyType(objects))


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

    def goes(row: Mapping[str, Any]) -> bool:
        return row[field] in values

    if values:
        table.remove(goes)


def _database(storage: BookFile) -> TinyDB:
    """Let TinyDB work on a storage that is there already."""
    return TinyDB(storage=lambda: storage)


def _encode(tables: Tables) -> bytes:
    """Write tables in the one way that `_decode` takes."""
    return json.dumps(tables, ensure_ascii=False, separators=(",", ":")).encode()


def _decode(raw: bytes) -> Tables:
    """Read tables of our shape. Raises ValueError or RecursionError for any other, or another way to write it."""
    tables = json.loads(raw)
    if _encode(tables) != raw or not isinstance(tables, dict) or list(tables) != list(_FIELDS):
        raise ValueError("tables")
    for name, fields in _FIELDS.items():
        if not isinstance(tables[name], dict):
            raise ValueError(name)
        last = 0
        for key, row in tables[name].items():
            if not last < int(key) or str(int(key)) != key:
                raise ValueError("row number")
            if not isinstance(row, dict) or list(row) != fields or not all(type(v) is str for v in row.values()):
                raise ValueError("row")
            last = int(key)
    return tables
