"""Copy one store into another while others read and write it: consistent, and resumable."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from dossier.actions.check import is_bad_disk
from dossier.actions.comparing import statements
from dossier.errors import ConflictError, IntegrityError, UnreachableError
from dossier.log.records import Record, split
from dossier.log.tree import keep_tiles
from dossier.model import BookName, Digest
from dossier.storage.base import PAGE, Store

Progress = Callable[[int], None]
Held = Callable[[], AbstractContextManager[None]]

_FEW = 16  # entries that may be left for the time under the lock
_ROUNDS = 20  # without the lock; where others write faster than this copies, the lock ends it
_PIECE = 1 << 20  # bytes of a content read at a time


class Copied(NamedTuple):
    """What the copy has now: entries, contents that they name, and the bytes of those."""

    entries: int
    contents: int
    size: int


def copy(source: Store, target: Store, *, still: bool = False, progress: Progress | None = None) -> Copied:
    """Bring `target` up to what `source` is, so that it is as the source was at one moment.

    1. Without the source's lock, but for a glance at the end of the log: log, books and contents. 2. The same
    with what was added meanwhile, until that is little. 3. That little under the lock, as the log, the books
    that it moved, and the contents that it names. What is there and right is not copied again; contents are
    hashed while they are copied. What the source itself lacks, has altered, or cannot read from its disk, is
    left as the target has it: whoever checks the target finds it. With `still`, nobody writes to the source,
    and no lock is taken.

    `progress` is told how many pages, books and contents were done.

    Raises:
        ConflictError: "copy-differs" when the target's log is not a beginning of the source's.
        IntegrityError: when the source's log cannot be read as one.
    """
    held: Held = nullcontext if still else source.exclusive
    work = _Copying(source, target, progress)
    with target.exclusive():
        for _ in range(_ROUNDS):
            if work.go(held) <= _FEW:
                break
        with held():
            work.go(nullcontext)
            target.settle(max(0, work.entries - 1) // PAGE)  # an earlier try may have died before its sync
            if target.restored != source.restored:
                target.mark_restored(source.restored)
    return Copied(work.entries, len(work.right), work.size)


class _Copying:
    """How far a copy is. Guards that no book or content is taken before the entries that tell of it."""

    def __init__(self, source: Store, target: Store, progress: Progress | None) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._done = 0
        self._length = 0  # of the page in use, as far as it was taken
        self._moved: set[BookName] = set()
        self._fresh: set[Digest] = set()  # contents named, and not looked at yet
        self._named: set[Digest] = set()
        self.entries = 0
        self.right: set[Digest] = set()  # contents that the target has, as they are named
        self.size = 0

    def go(self, held: Held) -> int:
        """Take in what was added to the log, then the books and contents; give how many entries there were.

        A writer keeps a book, appends its entry, and drops from the book, all under one lock. So a book read
        after the lock was free is as these entries have it, or tells by a later one that it has moved on.
        """
        before = self.entries
        self._read_log(held)
        for book in sorted(self._moved):
            self._copy_book(book)
            self._tick()
        self._moved.clear()
        for digest in sorted(self._fresh):
            self._copy_content(digest)
            self._tick()
        self._fresh.clear()
        return self.entries - before

    def _tick(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done)

    # The log.

    def _read_log(self, held: Held) -> None:
        """Take full pages as they are, and the last one when nobody is writing there."""
        while self._source.page(self.entries // PAGE + 1):
            if not self._take_page():
                raise IntegrityError(
                    "log-altered", index=self.entries
                )  # a page is full before the next begins
        with held():
            while self._take_page():
                pass

    def _take_page(self) -> bool:
        """Take what the page in use has beyond what was taken of it; tell whether it is full now."""
        number, start = self.entries // PAGE, self._length
        data = self._source.page(number, start)
        records, length = split(data)
        if self.entries % PAGE + len(records) > PAGE:
            raise IntegrityError("log-altered", index=self.entries)
        self._write(number, start, data[:length])
        for record in records:
            self._note(record)
        self._length += length
        if not records or self.entries % PAGE:
            return False
        self._length = 0
        if self._target.tile(0, number) is None:
            keep_tiles(self._target, self.entries)
        self._tick()
        return True

    def _write(self, number: int, start: int, data: bytes) -> None:
        """Write records at the end of a page of the target, when it does not have them yet."""
        there = self._target.page(number, start)
        whole = split(there)[1]
        if there[:whole] != data[:whole]:
            raise ConflictError("copy-differs")
        if len(there) > whole or len(data) > whole:
            self._target.append(number, start + whole, data[whole:])

    def _note(self, record: Record) -> None:
        """Note the book that an entry moves, and the content that it names."""
        self.entries += 1
        for entry in statements([record]):
            assert entry.signed.place is not None  # noqa: S101 (it carries a statement)
            assert entry.signed.statement is not None  # noqa: S101 (likewise)
            self._moved.add(entry.signed.place.book)
            content = entry.signed.statement.fields.get("content")
            if content is not None and content not in self._named:
                self._named.add(content)
                self._fresh.add(content)

    # What the log tells of.

    def _copy_book(self, book: BookName) -> None:
        """Lay a book as the source has it, unless the target has it so."""
        try:
            copies, objects = self._source.copies(book), self._source.objects(book)
        except IntegrityError:
            return
        except UnreachableError as e:
            if is_bad_disk(e):
                return
            raise
        try:
            same = self._target.copies(book) == copies and dict(self._target.objects(book)) == dict(objects)
        except IntegrityError:
            same = False
        if not same:
            self._target.lay(book, copies, objects)

    def _copy_content(self, digest: Digest) -> None:
        """Put a content, unless the target has it, and right."""
        size = _size_of(self._target, digest)
        if size is None:
            try:
                with self._source.get(digest) as sealed:
                    found, size = self._target.put(sealed)
            except IntegrityError:
                return
            except UnreachableError as e:
                if is_bad_disk(e) and not _is_readable(self._source, digest):
                    return
                raise
            if found != digest:
                if found not in self._named:
                    self._target.remove(found)
                return
        self.right.add(digest)
        self.size += size


def _is_readable(store: Store, digest: Digest) -> bool:
    """Tell whether the bytes of a content come from the disk at all."""
    try:
        _size_of(store, digest)
    except UnreachableError:
        return False
    return True


def _size_of(store: Store, digest: Digest) -> int | None:
    """Give the number of bytes of a content; None when it is not there, or is not what its name says."""
    hasher, size = hashlib.sha256(), 0
    try:
        with store.get(digest) as sealed:
            while piece := sealed.read(_PIECE):
                hasher.update(piece)
                size += len(piece)
    except IntegrityError:
        return None
    return size if hasher.hexdigest() == digest else None
