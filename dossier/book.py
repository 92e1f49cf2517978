"""Book: which entries belong to it, and is their chain whole? (KEYS.md, "Statements and books")."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from dossier.entry import Entry, read_entry
from dossier.errors import IntegrityError
from dossier.model import BookName, Place


class Head(NamedTuple):
    """The last entry that belongs to a book: how many there are, its index in the log, its leaf hash."""

    number: int
    position: int
    leaf: bytes


class Book(NamedTuple):
    """The entries that carry a book's statements, in order, from the first to its head."""

    name: BookName
    entries: tuple[Entry, ...]

    @property
    def head(self) -> Head | None:
        """Its last entry, None for an empty book."""
        if not self.entries:
            return None
        last = self.entries[-1]
        return Head(len(self.entries), last.index, last.leaf)


def next_place(name: BookName, head: Head | None) -> Place:
    """Say where the next statement of a book goes."""
    if head is None:
        return Place(name, 1, None)
    return Place(name, head.number + 1, (head.position, head.leaf))


def follows(entry: Entry, head: Head | None) -> Head | None:
    """Give the book's new head when this entry belongs to it, else None: a matter of order alone.

    It belongs if it is permitted, names the book, and follows the book's last entry.
    """
    place = entry.signed.place
    if place is None or not entry.ruling.permitted or place != next_place(place.book, head):
        return None
    return Head(place.number, entry.index, entry.leaf)


def read_copies(name: BookName, copies: list[bytes]) -> list[Entry]:
    """Read the copies that a book's file holds. Raises IntegrityError for one that is no entry."""
    return [_read_copy(name, line) for line in copies]


def chain(
    name: BookName, copies: list[Entry], head: Head | None, fetch: Callable[[int], Entry]
) -> tuple[Book, tuple[Entry, ...]]:
    """Put a book together backwards from the head that the verified log gives it.

    The head's leaf hash vouches, through each `previous`, for the whole chain: no signature is needed.
    `fetch` reads a verified entry of the log by its index, for what the copies lack: those are given too.

    Raises:
        IntegrityError: when the chain is not whole.
    """
    by_leaf = {entry.leaf: entry for entry in copies}
    entries: list[Entry] = []
    missing: list[Entry] = []
    step = head
    while step is not None:
        entry = by_leaf.get(step.leaf)
        if entry is None:
            entry = fetch(step.position)
            missing.append(entry)
        place = entry.signed.place
        own = place is not None and place.book == name
        if not own or follows(entry, _before(entry)) != step:
            raise IntegrityError("book-broken", book=name, index=step.position)
        entries.append(entry)
        step = _before(entry)
    return Book(name, tuple(reversed(entries))), tuple(missing)


def leftovers(book: Book, copies: list[Entry], size: int) -> tuple[bytes, ...]:
    """Give what a crash left in a book's file: the last copy, following the head, at an index of this log.

    Raises:
        IntegrityError: when the copies are out of order, or one is neither in the book nor such a leftover:
            then the file was altered, or the log has gone back.
    """
    known = {entry.leaf for entry in book.entries}
    kept = [entry.leaf for entry in copies if entry.leaf in known]
    there = set(kept)
    if kept != [entry.leaf for entry in book.entries if entry.leaf in there]:
        raise IntegrityError("book-altered", book=book.name)
    extra = [entry for entry in copies if entry.leaf not in known]
    if not extra:
        return ()
    last = extra[-1]
    follows_head = last.signed.place == next_place(book.name, book.head)
    if len(extra) != 1 or last is not copies[-1] or not follows_head or last.index > size:
        raise IntegrityError("log-behind-copy", book=book.name, index=last.index)
    return (last.line,)


@lru_cache(maxsize=1024)  # the same bytes are the same entry: a program that goes on reads them once
def _read_copy(name: BookName, line: bytes) -> Entry:
    try:
        return read_entry(line)
    except IntegrityError as e:
        raise IntegrityError("book-altered", book=name) from e


def _before(entry: Entry) -> Head | None:
    """Give the head that a book had when this entry was added to it."""
    place = entry.signed.place
    if place is None or place.previous is None:
        return None
    return Head(place.number - 1, *place.previous)
