"""VolatileStore: a store in memory, for tests."""

import hashlib
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock, get_ident
from types import MappingProxyType
from typing import BinaryIO

from dossier.errors import IntegrityError, UnreachableError
from dossier.model import BookName, Digest, StoreId
from dossier.storage.base import Objects
from dossier.storage.names import check_book, check_digest, check_number, check_objects, check_tile

_NOTHING: tuple[tuple[bytes, ...], Objects] = ((), MappingProxyType({}))


class VolatileStore:
    """Does what any store does, until the process ends. Threads share it as computers share a folder."""

    def __init__(self, store_id: StoreId) -> None:
        """Make an empty store."""
        self._store_id = store_id
        self._lock = Lock()
        self._holder: int | None = None  # the thread that holds the lock
        self._books: dict[BookName, tuple[tuple[bytes, ...], Objects]] = {}
        self._contents: dict[Digest, bytes] = {}
        self._put_at: dict[Digest, float] = {}
        self._restored = False
        self._pages: dict[int, bytes] = {}
        self._tiles: dict[tuple[int, int], bytes] = {}

    @property
    def store_id(self) -> StoreId:
        """The id that it was made with."""
        return self._store_id

    @property
    def restored(self) -> bool:
        """Whether it was said to have been put back."""
        return self._restored

    def mark_restored(self, value: bool) -> None:  # noqa: FBT001 (the Protocol's)
        """Say whether it was put back."""
        self._restored = value

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Be the one writer among the threads."""
        if self._holder == get_ident():
            raise RuntimeError("exclusive is not re-entrant")
        with self._lock:
            self._holder = get_ident()
            try:
                yield
            finally:
                self._holder = None

    def books(self) -> Iterator[BookName]:
        """Name every book."""
        yield from tuple(self._books)

    def copies(self, book: BookName) -> list[bytes]:
        """Give the copies of a book's entries."""
        return list(self._books.get(check_book(book), _NOTHING)[0])

    def objects(self, book: BookName) -> Objects:
        """Give the objects of a book."""
        return self._books.get(check_book(book), _NOTHING)[1]

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
        self._check_held()
        check_objects(objects)
        gone, dropped = set(leftovers), set(orphans)
        entries = [line for line in self.copies(book) if line not in gone]
        kept = {digest: data for digest, data in self.objects(book).items() if digest not in dropped}
        self._books[book] = ((*entries, entry), MappingProxyType(kept | dict(objects)))

    def drop(self, book: BookName, orphans: Iterable[Digest]) -> None:
        """Drop objects from a book."""
        self._check_held()
        dropped = set(orphans)
        kept = {digest: data for digest, data in self.objects(book).items() if digest not in dropped}
        if book in self._books:
            self._books[book] = (self._books[book][0], MappingProxyType(kept))

    def lay(self, book: BookName, copies: Iterable[bytes], objects: Objects) -> None:
        """Put a whole book there."""
        self._check_held()
        check_objects(objects)
        self._books[check_book(book)] = (tuple(copies), MappingProxyType(dict(objects)))

    def put(self, sealed: BinaryIO) -> tuple[Digest, int]:
        """Keep sealed bytes."""
        data = sealed.read()
        digest = Digest(hashlib.sha256(data).hexdigest())
        self._contents[digest] = data
        self._put_at[digest] = time.monotonic()
        return digest, len(data)

    def get(self, digest: Digest) -> BinaryIO:
        """Open sealed bytes for reading."""
        if check_digest(digest) not in self._contents:
            raise IntegrityError("content-missing", digest=digest)
        return BytesIO(self._contents[digest])

    def contents(self) -> Iterator[Digest]:
        """Name every content kept."""
        yield from tuple(self._contents)

    def remove(self, digest: Digest, *, older_than: float = 0) -> bool:
        """Forget a content, when it is there and old enough."""
        self._check_held()
        old = time.monotonic() - self._put_at.get(check_digest(digest), -older_than) >= older_than
        return old and self._contents.pop(digest, None) is not None

    def leftovers(self) -> Iterator[str]:
        """Name nothing: a crash takes everything with it."""
        yield from ()

    def sweep(self, older_than: float) -> list[str]:  # noqa: ARG002 (there is nothing to sweep)
        """Remove nothing."""
        self._check_held()
        return []

    def page(self, number: int, start: int = 0) -> bytes:
        """Give the bytes of a page of the log from `start` on."""
        page = self._pages.get(check_number(number))
        if page is None:
            if start:
                raise UnreachableError("log-gone", page=number)
            return b""
        if len(page) < start:
            raise IntegrityError("log-short", page=number)
        return page[start:]

    def append(self, number: int, offset: int, record: bytes) -> None:
        """Cut a page off at `offset` and write a record there."""
        self._check_held()
        self.page(number, offset)  # it must reach to there
        self._pages[number] = self.page(number)[:offset] + record

    def settle(self, number: int) -> None:
        """Do nothing: what is in memory is nowhere else."""
        check_number(number)
        self._check_held()

    def tile(self, level: int, number: int) -> bytes | None:
        """Give a kept tile, or None."""
        return self._tiles.get((check_number(level), check_number(number)))

    def keep_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Keep a full tile."""
        self._tiles[check_number(level), check_number(number)] = check_tile(hashes)

    def _check_held(self) -> None:
        """Check that this thread is in `exclusive`."""
        if self._holder != get_ident():
            raise RuntimeError("only under exclusive")
