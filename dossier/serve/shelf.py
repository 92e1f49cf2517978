"""Shelf: the books that a client of a served gate has fetched, so that it fetches only what was added.

Nothing here is believed: a book counts when it is whole up to the head that the client's memory has.
"""

from contextlib import suppress
from pathlib import Path

from dossier.book import Book, Head, chain, read_copies
from dossier.entry import Entry
from dossier.errors import IntegrityError, UnreachableError
from dossier.model import BookName
from dossier.storage.durable import read, replace, translated

_LARGEST = 64 << 20  # bytes of one book


class Shelf:
    """A folder with a file for each book: its lines."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[BookName, Book] = {}

    def book(self, name: BookName, head: Head | None) -> Book:
        """Give a book up to this head: from here if it is here whole, else an empty one."""
        held = self._held.get(name)
        if held is not None and held.head == head:
            return held
        found = Book(name, ())
        if head is not None:
            with suppress(IntegrityError, UnreachableError):
                data = read(self._folder / name, _LARGEST) or b""
                lines = data.split(b"\n")[:-1][: head.number]
                found, _ = chain(name, read_copies(name, lines), head, _missing)
        self._held[name] = found
        return found

    def keep(self, book: Book) -> None:
        """Keep a book; when that fails, it is fetched once more."""
        self._held[book.name] = book
        with suppress(UnreachableError), translated():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace(self._folder / book.name, b"".join(entry.line + b"\n" for entry in book.entries))


def _missing(position: int) -> Entry:
    raise IntegrityError("book-broken", index=position)
