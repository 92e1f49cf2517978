"""Logbook: the log as one client reads and writes it, with the store's book that it carries."""

from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from dossier.book import Book, Head, chain, leftovers, read_copies
from dossier.entry import Entry, read_entry
from dossier.errors import IntegrityError, UnreachableError
from dossier.log.follow import Follower, Heads
from dossier.log.note import Checkpoint, sign_checkpoint
from dossier.log.past import Roots, was_wrong
from dossier.log.records import Record, origin
from dossier.log.tree import Tree, keep_tiles
from dossier.log.verified import Verified
from dossier.model import STORE_BOOK, BookName, Seen
from dossier.register.fold import fold
from dossier.register.register import Register
from dossier.statements import Statement
from dossier.storage.base import PAGE, Store
from keys.primitives import sign_public


class Opened(NamedTuple):
    """A book as put together: what belongs, what its file has too many, and what it lacked."""

    book: Book
    leftovers: tuple[bytes, ...]
    missing: tuple[Entry, ...]


class Logbook:
    """The log from what is verified on. `register` is that of the store's book, kept up with the log."""

    def __init__(
        self,
        store: Store,
        known: Verified,
        heads: Heads,
        root: str,
        must_pass: Seen | None = None,
        *,
        each: Callable[[Entry, Register], None] | None = None,
    ) -> None:
        """`root` is the fingerprint of the pinned root card; `each` sees every entry that is taken in."""
        self._each = each
        self._store = store
        self._known = known
        self._heads = heads
        self._must_pass = must_pass
        self._opened: Opened | None = None
        self._reached: Head | None = None  # the head that the store's file was last seen to reach
        self.root = root
        self.register = Register(root)

    @property
    def known(self) -> Verified:
        """What is verified of the log."""
        return self._known

    @property
    def store_book(self) -> Opened:
        """The store's book, as of the last `catch_up`."""
        assert self._opened is not None  # noqa: S101 (every way here goes through `catch_up`)
        return self._opened

    def catch_up(self, limit: int | None = None) -> bool:
        """Take in what was added to the log, at most `limit` entries; tell whether that was all.

        When it was, the store's book has been seen to reach its head. Only under `exclusive`, so that
        nothing is taken in that another is still writing.

        Raises:
            IntegrityError: when the log or the store's book is altered, cut or older than last seen.
        """
        if self._opened is None:
            self._opened = self._open(STORE_BOOK, read_copies(STORE_BOOK, self._store.copies(STORE_BOOK)))
            self.register = fold(self.root, self._opened.book, of_store=self._heads.unfounded_in_store())
        if not self._follow(limit):
            return False
        if self._heads.head(STORE_BOOK) != self._reached:
            self._opened = self.open_book(STORE_BOOK)
            self.check_reaches(self._opened, self.register)
            self._reached = self._heads.head(STORE_BOOK)
        return True

    def open_again(self) -> None:
        """Put the store's book together anew, before it is written: a crash may have left something there.

        Raises:
            IntegrityError: as `catch_up`.
        """
        self._opened = self.open_book(STORE_BOOK)
        self.check_reaches(self._opened, self.register)

    def _follow(self, limit: int | None) -> bool:
        follower = Follower(
            self._store,
            self._known,
            self.register,
            self._heads,
            each=self._each,
            must_pass=self._must_pass,
        )
        if limit is not None and follower.follow(limit) == limit:
            return False
        if limit is None:
            follower.follow()
        self._must_pass = None
        return True

    def open_book(self, name: BookName) -> Opened:
        """Put a book together from its copies, up to the head that the log gives it."""
        copies = read_copies(name, self._store.copies(name))
        opened = self._open(name, copies)
        left = leftovers(opened.book, copies, self._known.size)
        for line in left:
            self._check_of_this_log(name, read_entry(line))
        return opened._replace(leftovers=left)

    def _check_of_this_log(self, name: BookName, entry: Entry) -> None:
        """See that a copy which is not in the log saw this log: else the log has gone back."""
        seen = entry.signed.seen
        if seen.size > self._known.size or Roots(self._store, self._known).at(seen.size) != seen.root:
            raise IntegrityError("log-behind-copy", book=name, index=entry.index)

    def _open(self, name: BookName, copies: list[Entry]) -> Opened:
        tree = Tree(self._store, self._known.size, self._known.root)
        book, missing = chain(name, copies, self._heads.head(name), tree.entry)
        return Opened(book, (), missing)

    def check_reaches(self, opened: Opened, register: Register) -> None:
        """See that a book's file lacks no statement that stands: else it has gone back.

        Raises:
            IntegrityError: "book-behind", naming the book.
        """
        idle = {position for _, position, _ in register.faults}
        for entry in opened.missing:
            if entry.index not in idle:
                raise IntegrityError("book-behind", book=opened.book.name, index=entry.index)

    def was_wrong(self, correction: Statement, at: datetime) -> bool:
        """Tell whether a correction of the clock names the first entry of a time later than this moment."""
        return was_wrong(self._store, self._known, correction, at)

    def first_after(self, at: datetime) -> int:
        """Give the index of the first entry of later than a moment; the log's size when there is none."""
        tree = Tree(self._store, self._known.size, self._known.root)
        return bisect_right(range(self._known.size), at, key=lambda position: tree.entry(position).at)

    def append(self, entry: Entry, log_seed: bytes, *, corrects: bool = False) -> None:
        """Write an entry with the signed checkpoint over it, and sync. Only under `exclusive`.

        `corrects` tells that its statement corrects the clock.

        Raises:
            UnreachableError: when it could not be written; nothing of it counts then.
        """
        known = self._known
        frontier = known.frontier.copy()
        frontier.append(entry.leaf)
        root = frontier.root()
        checkpoint = Checkpoint(origin(self._store.store_id), known.size + 1, root)
        note = sign_checkpoint(checkpoint, log_seed, sign_public(log_seed))
        record = Record(entry.line, note).write()
        fresh = known.size % PAGE == 0
        self._store.append(known.size // PAGE, 0 if fresh else known.length, record)
        known.advance(entry, frontier, root, record, corrects=corrects)
        if known.size % PAGE == 0:
            with suppress(UnreachableError):  # a tile is a hint: losing one costs time, no more
                keep_tiles(self._store, known.size)

    def took(self, entry: Entry) -> None:
        """Add an entry just appended to the store's book as held here."""
        book = self.store_book.book
        self._reached = self._heads.head(STORE_BOOK)
        self._opened = Opened(book._replace(entries=(*book.entries, entry)), (), ())
