"""Store: what a store must do, and nothing that it need not. It is believed in nothing."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from dossier.model import BookName, Digest, StoreId

PAGE = 256  # records of the log in a page
FORMAT = "dossier/store/1"

Objects = Mapping[Digest, bytes]  # small sealed things (boxes, wraps), each under the SHA-256 of its bytes


class Store(Protocol):
    """Keeps entries in order and sealed bytes by digest.

    Everything raises UnreachableError (exit 9) when the place cannot be read or written, and
    IntegrityError (exit 8) when what stands there is not of the store's format. Nothing here checks a
    signature or a hash chain: whoever reads does.
    """

    @property
    def store_id(self) -> StoreId:
        """The id that the place says it has."""
        ...

    @property
    def restored(self) -> bool:
        """Whether the place was put back from a backup and has not been reopened since.

        To be looked at under `exclusive`: while the lock is waited for, a store can be put in the place of
        another.
        """
        ...

    def mark_restored(self, value: bool) -> None:  # noqa: FBT001 (the value of a property, said durably)
        """Say, durably, whether it was put back and waits to be reopened."""
        ...

    def exclusive(self) -> AbstractContextManager[None]:
        """Be the one writer (and the one reader for memory) until the end of the block. Not re-entrant.

        What was done in it stands when the block ends, also where it ends in an error, unless that is of
        the place itself. The end of the block can raise UnreachableError: then nothing of it may stand.
        """
        ...

    # Books: copies of the entries that carry statements, and the small objects that they name.

    def books(self) -> Iterator[BookName]:
        """Name every book that has a file, in no particular order."""
        ...

    def copies(self, book: BookName) -> list[bytes]:
        """Give the copies of a book's entries in the order kept; none for a book that is not there."""
        ...

    def objects(self, book: BookName) -> Objects:
        """Give the objects of a book; none for a book that is not there."""
        ...

    def keep(
        self,
        book: BookName,
        entry: bytes,
        objects: Objects,
        *,
        leftovers: Iterable[bytes] = (),
        orphans: Iterable[Digest] = (),
    ) -> None:
        """Add a copy of an entry with its objects, and drop leftovers and orphans, in one durable replace.

        Only under `exclusive`, and before the entry itself is appended.
        """
        ...

    def drop(self, book: BookName, orphans: Iterable[Digest]) -> None:
        """Drop objects that nothing names any more, in one replace. Only under `exclusive`."""
        ...

    def lay(self, book: BookName, copies: Iterable[bytes], objects: Objects) -> None:
        """Put a whole book in the place of what is there, in one durable replace. Only under `exclusive`.

        For a copy of a store, and for a repair. Nothing of the book that was there is read.
        """
        ...

    # Contents: sealed bytes of any length, named by their digest.

    def put(self, sealed: BinaryIO) -> tuple[Digest, int]:
        """Keep sealed bytes durably and give their digest and length. Read in pieces, staged, then named."""
        ...

    def get(self, digest: Digest) -> BinaryIO:
        """Open sealed bytes for reading. Raises IntegrityError("content-missing") when they are not there."""
        ...

    def contents(self) -> Iterator[Digest]:
        """Name every content kept, in no particular order."""
        ...

    def remove(self, digest: Digest, *, older_than: float = 0) -> bool:
        """Remove, durably, a content that no statement names; tell whether it went. Only under `exclusive`.

        One that was put in the last `older_than` seconds stays: its statement may be under way.
        """
        ...

    # What a crash left half written, or someone is writing just now.

    def leftovers(self) -> Iterator[str]:
        """Name every file that is not in its place yet, in no particular order."""
        ...

    def sweep(self, older_than: float) -> list[str]:
        """Remove the leftovers of more than so many seconds ago, and name them. Only under `exclusive`."""
        ...

    # The log: pages of PAGE records, the last one growing; a record is an entry with its checkpoint.

    def page(self, number: int, start: int = 0) -> bytes:
        """Give the bytes of a page from `start` on, a torn record at its end included.

        Empty when the page is not there and `start` is 0. Raises UnreachableError("log-gone") when it is
        not there and should be, IntegrityError("log-short") when it does not reach to `start`.
        """
        ...

    def append(self, number: int, offset: int, record: bytes) -> None:
        """Write a record at `offset` of the page in which the log ends, and sync; a new page starts at 0.

        What stands there beyond `offset` is a torn record, and is cut off first. A store in which a record
        is there whole or not at all has none, and raises IntegrityError("log-longer"). Files are looked at
        afterwards: whether the one written is the one that is there. Only under `exclusive`.

        What one `exclusive` appends is on disk at the latest when its block ends, which raises
        UnreachableError where that failed.
        """
        ...

    def settle(self, number: int) -> None:
        """See that a page, as it can be read, is on disk: its last writer may have died before the sync.

        Only under `exclusive`, and before what was read of the page is remembered.
        """
        ...

    def tile(self, level: int, number: int) -> bytes | None:
        """Give a kept tile of 256 tree hashes of 32 bytes, or None. A hint: whoever reads it adds it up."""
        ...

    def keep_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Keep a full tile. Losing one costs time, no more."""
        ...
