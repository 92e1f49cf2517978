"""Reader: lines of a log, put in a store with the checkpoints that belong over them, and followed."""

from wording import EPOCH_SECRET

from dossier import contexts
from dossier.book import Book, Head
from dossier.entry import Entry, leaf_hash
from dossier.log.follow import Follower
from dossier.log.merkle import Frontier
from dossier.log.note import Checkpoint, sign_checkpoint
from dossier.log.records import Record, origin
from dossier.log.verified import Verified
from dossier.model import BookName, StoreId
from dossier.register.register import Register
from dossier.storage.volatile import VolatileStore
from keys.locks import log_seed
from keys.primitives import sign_public


class Heads:
    """Where the books end, and which versions nobody asked for, as a log says."""

    def __init__(self) -> None:
        self.heads: dict[BookName, Head] = {}
        self.belongs: dict[BookName, tuple[Entry, ...]] = {}
        self.unfounded: dict[BookName, list[int]] = {}

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
    """Read a whole log as one who joins does, with every household. Raises IntegrityError."""
    kept = VolatileStore(store)
    seed = log_seed(EPOCH_SECRET, contexts.of("log-key", store, 1))
    public, frontier, offset = sign_public(seed), Frontier(), 0
    with kept.exclusive():
        for size, line in enumerate(lines, 1):
            frontier.append(leaf_hash(line))
            note = sign_checkpoint(Checkpoint(origin(store), size, frontier.root()), seed, public)
            record = Record(line, note).write()
            kept.append(0, offset, record)
            offset += len(record)
    register, heads = Register(root), Heads()
    Follower(kept, Verified(), register, heads, households=True, every_checkpoint=True).follow()
    return register, heads
