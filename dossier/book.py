"""Book: which entries belong to it, and is their chain whole? (KEYS.md, "Statements and books")."""

from collections.abc import Callable
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


class Loaded(NamedTuple):
    """A book as put together from its copies: what belongs, and what the next writer must drop.

    `missing` are the entries that its file lacked and the log had: if one of them stands, the file has
    gone back.
    """

    book: Book
    leftovers: tuple[bytes, ...]
    missing: tuple[Entry, ...]


def load(
    name: BookName, copies: list[bytes], head: Head | None, size: int, fetch: Callable[[int], Entry]
) -> Loaded:
    """Put a book together from its copies, up to the head that the verified log gives it.

    The head's leaf hash vouches, through each `previous`, for the whole chain: no signature is needed.
    `fetch` reads an entry of the log by its index; only for what the copies lack.

    Raises:
        IntegrityError: when a copy is altered, out of order, or of an entry that the log does not have.
    """
    entries = [_read_copy(name, line) for line in copies]
    chain: list[Entry] = []
    missing: list[Entry] = []
    by_leaf = {entry.leaf: entry for entry in entries}
    step = head
    while step is not None:
        entry = by_leaf.pop(step.leaf, None)
        if entry is None:
            entry = fetch(step.position)
            missing.append(entry)
        if entry.leaf != step.leaf or follows(entry, _before(entry)) != step:
            raise IntegrityError("book-broken", book=name, index=step.position)
        chain.append(entry)
        step = _before(entry)
    chain.reverse()
    if [entry.leaf for entry in entries if entry.leaf not in by_leaf] != [
        entry.leaf for entry in chain if entry not in missing
    ]:
        raise IntegrityError("book-altered", book=name)
    leftovers = _leftovers(name, entries, by_leaf, head, size)
    return Loaded(Book(name, tuple(chain)), leftovers, tuple(missing))


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


def _leftovers(
    name: BookName, entries: list[Entry], extra: dict[bytes, Entry], head: Head | None, size: int
) -> tuple[bytes, ...]:
    """Pass over what a crash left: the last copy, following the head, at an index that the log has reached.

    Any other copy that is not in the log says that the log has gone back.
    """
    if not extra:
        return ()
    last = entries[-1]
    follows_head = last.signed.place == next_place(name, head)
    if len(extra) != 1 or last.leaf not in extra or not follows_head or last.index > size:
        raise IntegrityError("log-behind-copy", book=name, index=max(e.index for e in extra.values()))
    return (last.line,)
