"""Reader: lines of a log, put in a store with the checkpoints that belong over them, and followed whole."""

from laying import put_lines

from dossier.book import Book, Head
from dossier.entry import Entry
from dossier.log.follow import Follower
from dossier.log.verified import Verified
from dossier.model import STORE_BOOK, BookName, StoreId
from dossier.register.register import Register
from dossier.storage.volatile import VolatileStore


class Heads:
    """Where the books end, what belongs to them, and which statements lack what they name, as a log says."""

    def __init__(self) -> None:
        self.heads: dict[BookName, Head] = {}
        self.belongs: dict[BookName, tuple[Entry, ...]] = {}
        self.unfounded: dict[BookName, list[int]] = {}

    def unfounded_in_store(self) -> list[int]:
        return self.unfounded.get(STORE_BOOK, [])

    def head(self, book: BookName) -> Head | None:
        return self.heads.get(book)

    def move(self, entry: Entry, head: Head, *, founded: bool) -> None:
        place = entry.signed.place
        assert place is not None
        self.heads[place.book] = head
        self.belongs[place.book] = (*self.belongs.get(place.book, ()), entry)
        if not founded:
            self.unfounded.setdefault(place.book, []).append(head.number)

    def book(self, name: BookName) -> Book:
        return Book(name, self.belongs.get(name, ()))


def follow(store: StoreId, root: str, lines: list[bytes]) -> tuple[Register, Heads]:
    """Read a whole log as one who verifies it does, with every household. Raises IntegrityError."""
    kept = VolatileStore(store)
    put_lines(kept, lines)
    register, heads = Register(root), Heads()
    with kept.exclusive():
        Follower(kept, Verified(), register, heads, households=True, every_checkpoint=True).follow()
    return register, heads
