"""PostgresStore: a store in a schema of a PostgreSQL database, for any number of computers at once."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock, get_ident
from types import MappingProxyType
from typing import Any, BinaryIO, Self

from dossier.errors import UnreachableError, UsageError
from dossier.model import BookName, Digest, StoreId, is_digest
from dossier.storage.base import Objects
from dossier.storage.names import (
    TILE_BYTES,
    check_book,
    check_digest,
    check_number,
    check_objects,
    check_tile,
)
from dossier.storage.postgres_books import drop_objects, keep_entry, lay_book, read_objects
from dossier.storage.postgres_contents import get_content, put_content
from dossier.storage.postgres_link import PATIENCE, Link, translated
from dossier.storage.postgres_log import read_page
from dossier.storage.postgres_schema import make, read_sign
from dossier.storage.postgres_turn import Turn

_MANY = 4096  # names fetched at a time
_REMOVE = """
    WITH gone AS (
        DELETE FROM contents WHERE digest = %s
        AND (%s::float8 = 0 OR at <= clock_timestamp() - make_interval(secs => %s)) RETURNING stream
    ), dropped AS (DELETE FROM chunks USING gone WHERE chunks.stream = gone.stream)
    SELECT stream FROM gone
"""
_SWEEP = """
    WITH gone AS (
        DELETE FROM staging WHERE at <= clock_timestamp() - make_interval(secs => %s) RETURNING stream
    ), dropped AS (DELETE FROM chunks USING gone WHERE chunks.stream = gone.stream)
    SELECT stream FROM gone ORDER BY stream
"""
_KEEP_TILE = """
    INSERT INTO tiles VALUES (%s, %s, %b) ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes
    RETURNING level
"""


class PostgresStore:
    """A store in the first schema of a place's search path. Threads may share it."""

    def __init__(
        self,
        place: str,
        schema: str | None = None,
        *,
        clock: Callable[[], float] = time.time,
        patience: float = PATIENCE,
        draft: bool = False,
    ) -> None:
        """Open the store at `place`, as libpq takes it; a `draft` is one that is still being put together.

        It stands in the schema that is first on the place's path, unless another is named; its frontier is
        waited for `patience` seconds.

        Raises:
            UsageError: "bad-place", "password-in-place".
            UnreachableError: "no-store", "store-unfinished", "schema-old", "schema-new", and "unreachable"
                when the database is, or does not let one in.
            IntegrityError: "store-format".
        """
        self.place = place
        self._link = Link(place, schema)
        self._clock = clock
        self._patience = patience
        self._draft = draft
        self._alone = Lock()  # of this process's threads, one asks the database for the frontier
        self._turn: Turn | None = None
        with self._link.lend() as connection:
            sign = read_sign(connection)
        if sign.draft != draft:
            raise UnreachableError("store-unfinished" if sign.draft else "no-store")
        self._store_id = sign.store_id

    @classmethod
    def create(cls, place: str, store_id: StoreId, schema: str | None = None, *, draft: bool = False) -> Self:
        """Make a store, with its tables where the schema is empty.

        Raises:
            ConflictError: "store-exists" when one is there.
            UsageError: "place-taken" when something else is.
            UnreachableError: as when it is opened.
        """
        with Link(place, schema).lend() as connection:
            make(connection, store_id, draft=draft)
        return cls(place, schema, draft=draft)

    def close(self) -> None:
        """Close the connections that nobody is using."""
        self._link.close()

    @property
    def store_id(self) -> StoreId:
        """The id that stands in the schema."""
        return self._store_id

    @property
    def restored(self) -> bool:
        """Whether the mark of a store that was put back is there."""
        rows = self._ask("SELECT restored FROM frontier", [])
        return bool(self._first(rows)[0])

    def mark_restored(self, value: bool) -> None:  # noqa: FBT001 (the Protocol's)
        """Put the mark there, or take it away."""
        self._first(self._ask("UPDATE frontier SET restored = %s RETURNING one", [value], changes=True))

    def mark_draft(self, value: bool) -> None:  # noqa: FBT001 (as the other mark)
        """Say, durably, whether this is still being put together; only then others find it, or no longer.

        Raises:
            UnreachableError: when that could not be said.
        """
        self._first(self._ask("UPDATE frontier SET draft = %s RETURNING one", [value], changes=True))
        self._draft = value

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be in one transaction that holds the frontier; what was done in it is durable when the block ends.

        Also when the block ends in an error, as far as that is none of the database: as on files, what was
        done stands. A draft is kept on the way too: what was done of it, need not be done again.

        Raises:
            UnreachableError: "busy", "server-clock"; "outcome-unknown" when the connection was lost with
                the question whether all this is to stand; whatever else fails, nothing of it does.
        """
        if self._held() is not None:
            raise RuntimeError("exclusive is not re-entrant")
        if not self._alone.acquire(timeout=self._patience):
            raise UnreachableError("busy", seconds=round(self._patience))
        try:
            with self._link.lend() as connection:
                turn = Turn(connection, self._store_id, self._clock, self._patience, draft=self._draft)
                turn.begin()
                self._turn = turn
                try:
                    yield
                except Exception:
                    turn.end_after_error()
                    raise
                turn.end()
        finally:
            self._turn = None
            self._alone.release()

    # Books.

    def books(self) -> Iterator[BookName]:
        """Name every book."""
        for name in self._names("SELECT book FROM books WHERE book > %s ORDER BY book LIMIT %s"):
            with suppress(UsageError):
                yield check_book(BookName(name))

    def copies(self, book: BookName) -> list[bytes]:
        """Give the copies of a book's entries."""
        question = "SELECT line FROM entries WHERE book = %s ORDER BY number"
        return [line for (line,) in self._ask(question, [check_book(book)])]

    def objects(self, book: BookName) -> Objects:
        """Give the objects of a book."""
        return MappingProxyType(read_objects(self._ask, check_book(book)))

    def keep(
        self,
        book: BookName,
        entry: bytes,
        objects: Objects,
        *,
        leftovers: Iterable[bytes] = (),
        orphans: Iterable[Digest] = (),
    ) -> None:
        """Add to a book and drop from it."""
        turn = self._mine()
        check_book(book)
        check_objects(objects)
        keep_entry(turn.change, book, entry, objects, list(leftovers), list(orphans))

    def drop(self, book: BookName, orphans: Iterable[Digest]) -> None:
        """Drop objects from a book."""
        turn = self._mine()
        drop_objects(turn.change, check_book(book), list(orphans))

    def lay(self, book: BookName, copies: Iterable[bytes], objects: Objects) -> None:
        """Put a whole book there."""
        turn = self._mine()
        check_book(book)
        check_objects(objects)
        lay_book(turn.change, book, list(copies), objects)
        turn.rest()

    # Contents.

    def put(self, sealed: BinaryIO) -> tuple[Digest, int]:
        """Keep sealed bytes: at once, and under `exclusive` with all that is done there."""
        digest, size = put_content(self._change, sealed)
        turn = self._held()
        if turn is not None:
            turn.rest()
        return digest, size

    def get(self, digest: Digest) -> BinaryIO:
        """Open a content for reading."""
        return get_content(self._ask, check_digest(digest))

    def contents(self) -> Iterator[Digest]:
        """Name every content kept."""
        for name in self._names("SELECT digest FROM contents WHERE digest > %s ORDER BY digest LIMIT %s"):
            if is_digest(name):
                yield Digest(name)

    def remove(self, digest: Digest, *, older_than: float = 0) -> bool:
        """Remove a content, when it is there and old enough by the server's clock."""
        self._mine()
        return bool(self._change(_REMOVE, [check_digest(digest), older_than, older_than]))

    def leftovers(self) -> Iterator[str]:
        """Name the streams that no digest names yet."""
        for (stream,) in self._ask("SELECT stream FROM staging ORDER BY stream", []):
            yield f"staging/{stream}"

    def sweep(self, older_than: float) -> list[str]:
        """Remove those that are old enough by the server's clock."""
        self._mine()
        return [f"staging/{stream}" for (stream,) in self._change(_SWEEP, [older_than])]

    # The log.

    def page(self, number: int, start: int = 0) -> bytes:
        """Give the bytes of a page of the log from `start` on."""
        return read_page(self._ask, check_number(number), start)

    def append(self, number: int, offset: int, record: bytes) -> None:
        """Write a record where the log ends. It is sent with the next question, or when the block ends."""
        turn = self._mine()
        turn.append(check_number(number), offset, record)
        turn.rest()

    def settle(self, number: int) -> None:
        """Do nothing: what can be read was committed, and what was committed is on disk."""
        check_number(number)
        self._mine()

    def tile(self, level: int, number: int) -> bytes | None:
        """Give a tile, when it is there and full."""
        question = "SELECT hashes FROM tiles WHERE level = %s AND number = %s"
        rows = self._ask(question, [check_number(level), check_number(number)])
        return rows[0][0] if rows and len(rows[0][0]) == TILE_BYTES else None

    def keep_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Keep a tile. Others may be keeping the same one."""
        values = [check_number(level), check_number(number), check_tile(hashes)]
        self._change(_KEEP_TILE, values)

    # Asking the database.

    def _held(self) -> Turn | None:
        """Give the turn of this thread, when it is in `exclusive`."""
        turn = self._turn
        return turn if turn is not None and turn.thread == get_ident() else None

    def _mine(self) -> Turn:
        """Give the turn of this thread, which must be in `exclusive`."""
        turn = self._held()
        if turn is None:
            raise RuntimeError("only under exclusive")
        return turn

    def _change(self, question: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._ask(question, values, changes=True)

    def _ask(self, question: str, values: Sequence[Any], *, changes: bool = False) -> list[tuple[Any, ...]]:
        """Ask the database, in the transaction of this thread where it has one."""
        turn = self._held()
        if turn is not None:
            with translated():
                return turn.change(question, values) if changes else turn.ask(question, values)
        with self._link.lend() as connection:
            return connection.execute(question, values, binary=True).fetchall()

    def _first(self, rows: list[tuple[Any, ...]]) -> tuple[Any, ...]:
        if not rows:
            raise UnreachableError("no-store")
        return rows[0]

    def _names(self, question: str) -> Iterator[str]:
        """Name things in order, so many at a time."""
        last = ""
        while rows := self._ask(question, [last, _MANY]):
            for (last,) in rows:
                yield last
