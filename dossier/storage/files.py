"""FileStore: a store on plain files, one TinyDB file per book, on a disk or a share of many computers."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_ident
from typing import BinaryIO, Self

from dossier.errors import ConflictError, DossierError, IntegrityError, UnreachableError
from dossier.model import STORE_BOOK, BookName, Digest, StoreId
from dossier.storage import tiny
from dossier.storage.base import Objects
from dossier.storage.contents import get_content, put_content, remove_content, sweep
from dossier.storage.durable import make_folder, read, replace, staging_name, sync_folder, translated
from dossier.storage.layout import (
    FOLDERS,
    book_path,
    content_path,
    draft_path,
    list_books,
    list_contents,
    list_leftovers,
    lock_path,
    mark_path,
    sign_path,
    tile_path,
)
from dossier.storage.locking import check_clock, locked
from dossier.storage.names import TILE_BYTES, check_objects, check_tile
from dossier.storage.pages import append_record, read_page, settle_page
from dossier.storage.sign import is_marked, mark, read_sign, write_sign

_PATIENCE = 60.0  # seconds to wait for the lock


class FileStore:
    """A store in a folder. Any number of computers may use it at once, one of them writing at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], float] = time.time,
        patience: float = _PATIENCE,
        draft: bool = False,
    ) -> None:
        """Open the store in `folder`; its lock is waited for `patience` seconds.

        A `draft` is one that is still being put together: it has its sign under another name.

        Raises:
            UnreachableError: "no-store" when there is none, "newer-store" when a later version made it.
            IntegrityError: "store-format" when it is marked as something else.
        """
        self._folder = folder
        self._clock = clock
        self._patience = patience
        self._holder: int | None = None  # the thread that holds the lock
        self._sign = draft_path(folder) if draft else sign_path(folder)
        self._store_id = read_sign(self._sign)

    @classmethod
    def create(cls, folder: Path, store_id: StoreId, *, draft: bool = False) -> Self:
        """Make a store, with its folder where that is missing. Raises ConflictError when one is there."""
        sign = write_sign(store_id)
        with translated():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(folder.parent)
        with locked(lock_path(folder), _PATIENCE), translated():
            if sign_path(folder).exists():
                raise ConflictError("store-exists")
            for name in FOLDERS:
                make_folder(folder, name)
            place = draft_path(folder) if draft else sign_path(folder)
            replace(place, sign)  # last: without it this is no store
        return cls(folder, draft=draft)

    @property
    def store_id(self) -> StoreId:
        """The id on the folder's sign."""
        return self._store_id

    @property
    def restored(self) -> bool:
        """Whether the mark of a store that was put back is there."""
        if is_marked(mark_path(self._folder)):
            return True
        self._check_present()
        return False

    def mark_restored(self, value: bool) -> None:  # noqa: FBT001 (the Protocol's)
        """Put the mark there, or take it away."""
        self._check_present()
        mark(mark_path(self._folder), value=value)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the store's lock. Raises UnreachableError: "busy", "no-locks", "server-clock"."""
        if self._holder == get_ident():
            raise RuntimeError("exclusive is not re-entrant")
        with locked(lock_path(self._folder), self._patience):
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
        yield from list_books(self._folder)

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
        path, now = book_path(self._folder, book), self._book(book)
        with translated():
            if book != STORE_BOOK:
                make_folder(self._folder, "households", path.parent.name)
            tiny.change(path, now, entries=[entry], objects=objects, leftovers=leftovers, orphans=orphans)

    def drop(self, book: BookName, orphans: Iterable[Digest]) -> None:
        """Drop objects from a book, in one replace of its file; none when it has none of them."""
        self._check_held()
        now = self._book(book)
        going = [digest for digest in orphans if digest in now.objects]
        if going:
            with translated():
                tiny.change(book_path(self._folder, book), now, orphans=going)

    def lay(self, book: BookName, copies: Iterable[bytes], objects: Objects) -> None:
        """Write a whole book, in one replace of its file."""
        self._check_held()
        check_objects(objects)
        path = book_path(self._folder, book)
        with translated():
            if book != STORE_BOOK:
                make_folder(self._folder, "households", path.parent.name)
            tiny.change(path, tiny.EMPTY, entries=copies, objects=objects)

    def put(self, sealed: BinaryIO) -> tuple[Digest, int]:
        """Stage sealed bytes, sync them, and name them by their digest."""
        return put_content(self._folder, sealed)

    def get(self, digest: Digest) -> BinaryIO:
        """Open a content for reading."""
        sealed = get_content(content_path(self._folder, digest))
        if sealed is None:
            self._check_present()
            raise IntegrityError("content-missing", digest=digest)
        return sealed

    def contents(self) -> Iterator[Digest]:
        """Name every content kept."""
        self._check_present()
        yield from list_contents(self._folder)

    def remove(self, digest: Digest, *, older_than: float = 0) -> bool:
        """Remove a content, when it is there and old enough by the server's clock."""
        self._check_held()
        return remove_content(self._folder, digest, older_than)

    def leftovers(self) -> Iterator[str]:
        """Name what is in the staging folder, and what was written beside a file and never took its place."""
        self._check_present()
        for path in list_leftovers(self._folder):
            yield path.relative_to(self._folder).as_posix()

    def sweep(self, older_than: float) -> list[str]:
        """Remove those leftovers, when they are old enough by the server's clock."""
        self._check_held()
        return sweep(self._folder, older_than)

    def page(self, number: int, start: int = 0) -> bytes:
        """Give the bytes of a page of the log from `start` on."""
        page = read_page(self._folder, number, start)
        if page is None:
            self._check_present()
            return b""
        return page

    def append(self, number: int, offset: int, record: bytes) -> None:
        """Write a record at `offset` of a page, sync, and see that it is there."""
        self._check_held()
        append_record(self._folder, number, offset, record)

    def settle(self, number: int) -> None:
        """Sync a page that another may have written and not synced."""
        self._check_held()
        settle_page(self._folder, number)

    def tile(self, level: int, number: int) -> bytes | None:
        """Give a tile, when it can be read and is full."""
        path = tile_path(self._folder, level, number)
        with suppress(DossierError):  # a hint that cannot be read is none
            hashes = read(path, TILE_BYTES)
            if hashes is not None and len(hashes) == TILE_BYTES:
                return hashes
        return None

    def keep_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Write a tile. Others may be writing the same one."""
        path = tile_path(self._folder, level, number)
        check_tile(hashes)
        with translated():
            make_folder(self._folder, "tiles", path.parent.name)
            replace(path, hashes, beside=staging_name(self._folder))

    def _book(self, name: BookName) -> tiny.Book:
        """Read a book; an empty one when it has no file."""
        raw = read(book_path(self._folder, name), tiny.LARGEST)
        if raw is None:
            self._check_present()
            return tiny.EMPTY
        return tiny.parse(name, raw)

    def _check_held(self) -> None:
        """Check that this thread is in `exclusive`."""
        if self._holder != get_ident():
            raise RuntimeError("only under exclusive")

    def _check_present(self) -> None:
        """Check that this store is still here: where a share is gone, an empty folder says nothing of it."""
        if read_sign(self._sign) != self._store_id:
            raise UnreachableError("no-store")
