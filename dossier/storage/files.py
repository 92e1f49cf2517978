"""FileStore: a store on plain files, one TinyDB file per book, on a disk or a share of many computers."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_ident
from typing import BinaryIO, Self

from dossier.errors import ConflictError, IntegrityError, UnreachableError, UsageError
from dossier.model import STORE_BOOK, BookName, Digest, StoreId
from dossier.storage import tiny
from dossier.storage.base import Objects
from dossier.storage.contents import get_content, list_contents, list_folder, put_content
from dossier.storage.durable import make_folder, read, replace, staging_name, sync_folder, translated
from dossier.storage.locking import check_clock, locked
from dossier.storage.names import (
    TILE_BYTES,
    check_book,
    check_digest,
    check_number,
    check_objects,
    check_tile,
)
from dossier.storage.pages import append_record, read_page
from dossier.storage.sign import read_sign, sign_of

_PATIENCE = 60.0  # seconds to wait for the lock
_SIGN = "dossier.json"
_FOLDERS = ("households", "contents", "staging", "log", "tiles")


class FileStore:
    """A store in a folder. Any number of computers may use it at once, one of them writing at a time."""

    def __init__(
        self, folder: Path, *, clock: Callable[[], float] = time.time, patience: float = _PATIENCE
    ) -> None:
        """Open the store in `folder`; wait for its lock `patience` seconds.

        Raises:
            UnreachableError: "no-store" when there is none, "newer-store" when a later version made it.
            IntegrityError: when it is marked as something else.
        """
        self._folder = folder
        self._clock = clock
        self._patience = patience
        self._holder: int | None = None  # the thread that holds the lock
        self._store_id = read_sign(folder / _SIGN)

    @classmethod
    def create(cls, folder: Path, store_id: StoreId) -> Self:
        """Make a store, with its folder where that is missing. Raises ConflictError when one is there."""
        sign = sign_of(store_id)
        with translated():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(folder.parent)
        with locked(folder / "lock", _PATIENCE), translated():
            if (folder / _SIGN).exists():
                raise ConflictError("store-exists")
            for name in _FOLDERS:
                make_folder(folder, name)
            replace(folder / _SIGN, sign)  # last: without it this is no store
        return cls(folder)

    @property
    def store_id(self) -> StoreId:
        """The id in the store's sign."""
        return self._store_id

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the store's lock. Raises UnreachableError: "busy", "no-locks", "server-clock"."""
        if self._holder == get_ident():
            raise RuntimeError("exclusive is not re-entrant")
        with locked(self._folder / "lock", self._patience):
            self._check_present()
            check_clock(self._folder, self._clock())
            self._holder = get_ident()
            try:
                yield
            finally:
                self._holder = None

    def books(self) -> Iterator[BookName]:
        """Name every book that has a file."""
        self._check_present()
        if self._book_path(STORE_BOOK).exists():
            yield STORE_BOOK
        for folder in list_folder(self._folder / "households"):
            for path in list_folder(folder):
                with suppress(UsageError):  # not a book's name
                    name = check_book(BookName(path.stem))
                    if path == self._book_path(name):
                        yield name

    def copies(self, book: BookName) -> list[bytes]:
        """Give the copies of a book's entries."""
        return list(self._book(book).entries)

    def objects(self, book: BookName) -> Objects:
        """Give the objects of a book."""
        return self._book(book).objects

    def keep(
        self,
        book: BookName,
        entry: bytes,
        objects: Objects,
        *,
        leftovers: Iterable[bytes] = (),
        orphans: Iterable[Digest] = (),
    ) -> None:
        """Add to a book and drop from it, in one replace of its file."""
        self._check_held()
        check_objects(objects)
        path, now = self._book_path(book), self._book(book)
        with translated():
            if book != STORE_BOOK:
                make_folder(self._folder, "households", path.parent.name)
            tiny.change(path, now, entries=[entry], objects=objects, leftovers=leftovers, orphans=orphans)

    def drop(self, book: BookName, orphans: Iterable[Digest]) -> None:
        """Drop objects from a book, in one replace of its file; none when it has none of them."""
        self._check_held()
        now = self._book(book)
        goes = [digest for digest in orphans if digest in now.objects]
        if goes:
            with translated():
                tiny.change(self._book_path(book), now, orphans=goes)

    def put(self, sealed: BinaryIO) -> tuple[Digest, int]:
        """Stage sealed bytes, sync them, and name them by their digest."""
        return put_content(self._folder, sealed)

    def get(self, digest: Digest) -> BinaryIO:
        """Open a content for reading."""
        path = self._folder / "contents" / check_digest(digest)[:2] / digest
        try:
            return get_content(path)
        except IntegrityError:
            self._check_present()
            raise

    def contents(self) -> Iterator[Digest]:
        """Name every content kept."""
        self._check_present()
        yield from list_contents(self._folder)

    def page(self, number: int) -> bytes:
        """Give all bytes of a page of the log."""
        try:
            return read_page(self._page_path(number))
        except FileNotFoundError:
            self._check_present()
            return b""

    def append(self, number: int, offset: int, record: bytes) -> None:
        """Write a record at `offset` of a page, sync, and see that it is there."""
        self._check_held()
        before = self._page_path(number - 1) if number else None
        append_record(self._page_path(number), before, offset, record)

    def tile(self, level: int, number: int) -> bytes | None:
        """Give a tile, when it can be read and is full."""
        with suppress(OSError, IntegrityError):
            hashes = read(self._tile_path(level, number), TILE_BYTES)
            return hashes if len(hashes) == TILE_BYTES else None
        return None

    def keep_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Write a tile; at once with others, who write the same."""
        path = self._tile_path(level, number)
        with translated():
            make_folder(self._folder, "tiles", path.parent.name)
            replace(path, check_tile(hashes), beside=staging_name(self._folder))

    def _book(self, name: BookName) -> tiny.Book:
        """Read a book; an empty one when it has no file."""
        try:
            with translated_but_missing():
                return tiny.parse(name, read(self._book_path(name), tiny.LARGEST))
        except FileNotFoundError:
            self._check_present()
            return tiny.EMPTY

    def _book_path(self, name: BookName) -> Path:
        """Say where a book's file is."""
        if check_book(name) == STORE_BOOK:
            return self._folder / "store.json"
        return self._folder / "households" / name[2:4] / f"{name}.json"

    def _page_path(self, number: int) -> Path:
        """Say where a page of the log is."""
        return self._folder / "log" / f"{check_number(number):06d}.log"

    def _tile_path(self, level: int, number: int) -> Path:
        """Say where a tile is."""
        return self._folder / "tiles" / str(check_number(level)) / f"{check_number(number):06d}"

    def _check_held(self) -> None:
        """Check that this thread holds the lock."""
        if self._holder != get_ident():
            raise RuntimeError("only under exclusive")

    def _check_present(self) -> None:
        """Check that this store is still here: a share that is gone leaves an empty folder, which means nothing."""
        if read_sign(self._folder / _SIGN) != self._store_id:
            raise UnreachableError("no-store")
