"""Laying: a scribe's log laid in a store with the checkpoints and copies that belong to it, and spoiled."""

import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from types import MappingProxyType

from scribe import Scribe
from wording import AANMELDING, HOME, INTAKE, epoch_secret

from dossier import contexts
from dossier.book import Head, follows
from dossier.entry import Entry, leaf_hash, read_entry
from dossier.errors import IntegrityError
from dossier.log.follow import Follower
from dossier.log.merkle import Frontier
from dossier.log.note import Checkpoint, sign_checkpoint
from dossier.log.records import Record, origin, split
from dossier.log.tree import keep_tiles
from dossier.log.verified import Verified
from dossier.model import STORE_BOOK, BookName, Deed, Request, Role, Seen, StoreId
from dossier.register.fold import take
from dossier.register.register import Register, act_of
from dossier.storage.base import PAGE
from dossier.storage.volatile import VolatileStore
from keys.locks import log_seed
from keys.primitives import sha256, sign_public

REGISSEUR = {"role": Role.REGISSEUR}
SPECIALIST = {"role": Role.SPECIALIST}
READING = Request(Deed.READ, HOME, INTAKE, 1, AANMELDING)
OTHER_SEED = sha256(b"no log key of this store")


@cache
def seed_of(store: StoreId, epoch: int = 1) -> bytes:
    """Give the seed of the log key in an epoch."""
    return log_seed(epoch_secret(epoch), contexts.of("log-key", store, epoch))


def epochs_after(lines: Iterable[bytes]) -> list[int]:
    """Say which epoch is in force after each line: the next one after a rotation that stands."""
    lines = list(lines)
    if not any(b'["gate.rotated/1"' in line for line in lines):
        return [1] * len(lines)
    register, head, epochs = Register(read_entry(lines[0]).signed.card), None, []
    for line in lines:
        with suppress(IntegrityError):  # of the last lines of bad books: those change nothing
            entry = read_entry(line)
            own = entry.signed.place is not None and entry.signed.place.book == STORE_BOOK
            after = follows(entry, head) if own else None
            if after is not None:
                head = after
                take(register, STORE_BOOK, act_of(entry))
        epochs.append(register.epoch.number)
    return epochs


def record(store: StoreId, line: bytes, frontier: Frontier, seed: bytes | None = None) -> Record:
    """Put a line under the checkpoint that belongs over it, in a tree that grows by it."""
    frontier.append(leaf_hash(line))
    seed = seed or seed_of(store)
    checkpoint = Checkpoint(origin(store), frontier.size, frontier.root())
    return Record(line, sign_checkpoint(checkpoint, seed, sign_public(seed)))


def put(store: VolatileStore, records: Iterable[Record], tail: bytes = b"") -> None:
    """Make these records the whole log, whatever they say, with `tail` after the last one."""
    whole = [one.write() for one in records]
    pages = [b"".join(whole[i : i + PAGE]) for i in range(0, len(whole), PAGE)] or [b""]
    pages[-1] += tail
    store._pages = dict(enumerate(pages))


def put_lines(store: VolatileStore, lines: Iterable[bytes], seed: bytes | None = None) -> None:
    """Make a log of these lines, as one does who holds the log key, or another one."""
    put(store, _under(store.store_id, list(lines), seed))


def _under(store: StoreId, lines: list[bytes], seed: bytes | None = None, start: int = 0) -> list[Record]:
    """Put the lines from `start` on under their checkpoints, by the key in force there or by another."""
    frontier = Frontier()
    for line in lines[:start]:
        frontier.append(leaf_hash(line))
    rest = zip(lines[start:], epochs_after(lines)[start:], strict=True)
    return [record(store, line, frontier, seed or seed_of(store, epoch)) for line, epoch in rest]


def records(store: VolatileStore) -> list[Record]:
    """Give every record of the log."""
    return [one for number in sorted(store._pages) for one in split(store.page(number))[0]]


def lay(scribe: Scribe, until: int | None = None) -> VolatileStore:
    """Lay a scribe's log in a store, up to an index, with tiles, and with a copy of each statement."""
    store = VolatileStore(scribe.store)
    entries = scribe.log[:until]
    put_lines(store, [entry.line for entry in entries])
    heads: dict[BookName, Head] = {}
    with store.exclusive():
        for entry in entries:
            place = entry.signed.place
            head = None if place is None else follows(entry, heads.get(place.book))
            if place is not None and head is not None:
                heads[place.book] = head
                store.keep(place.book, entry.line, {})
        for size in range(PAGE, len(entries) + 1, PAGE):
            keep_tiles(store, size)
    return store


def lay_more(store: VolatileStore, scribe: Scribe) -> None:
    """Lay on what the scribe has written since, without copies."""
    had = records(store)
    lines = [*(one.line for one in had), *(entry.line for entry in scribe.log[len(had) :])]
    put(store, [*had, *_under(store.store_id, lines, start=len(had))])


def drop_copies(store: VolatileStore, book: BookName, keep: Callable[[int], bool]) -> None:
    """Keep only some of the copies in a book's file, by their place there."""
    lines, objects = store._books[book]
    store._books[book] = (tuple(line for i, line in enumerate(lines) if keep(i)), objects)


def set_copies(store: VolatileStore, book: BookName, lines: Iterable[bytes]) -> None:
    """Make these the copies in a book's file."""
    store._books[book] = (tuple(lines), MappingProxyType({}))


class Heads:
    """Where each book ends."""

    def __init__(self) -> None:
        self.heads: dict[BookName, Head] = {}
        self.unfounded: list[int] = []  # by index
        self.lacking: list[int] = []  # by number in the store's book

    def unfounded_in_store(self) -> list[int]:
        return self.lacking

    def head(self, book: BookName) -> Head | None:
        return self.heads.get(book)

    def move(self, entry: Entry, head: Head, *, founded: bool) -> None:
        place = entry.signed.place
        assert place is not None
        self.heads[place.book] = head
        if not founded:
            self.unfounded.append(entry.index)
            if place.book == STORE_BOOK:
                self.lacking.append(head.number)


class Reader:
    """Follows a store's log from where it was, as a client does."""

    def __init__(self, store: VolatileStore, root: str) -> None:
        self.store = store
        self.known = Verified()
        self.register = Register(root)
        self.heads = Heads()

    def read(self, limit: int | None = None, must_pass: Seen | None = None) -> "Reader":
        """Follow what has been added, as a new command does."""
        follower = Follower(self.store, self.known, self.register, self.heads, must_pass=must_pass)
        with self.store.exclusive():
            follower.follow(limit)
        return self


def read(scribe: Scribe, store: VolatileStore | None = None, until: int | None = None) -> Reader:
    """Read a scribe's log from nothing, up to an index."""
    store = lay(scribe, until) if store is None else store
    return Reader(store, scribe.founder.card.fingerprint).read()


def team() -> Scribe:
    """A store with jan the regisseur of a household, sara a specialist, tom who oversees, and bob."""
    s = Scribe().admit("jan", Role.REGISSEUR).admit("sara", Role.SPECIALIST)
    return s.admit("tom", Role.TOEZICHTHOUDER).admit("bob", Role.BEHEERDER).open()


def write(s: Scribe, version: int = 1) -> Entry:
    """Have jan ask to write the intake, and write it."""
    asked = s.ask("jan", INTAKE, version, signed=REGISSEUR)
    return s.write("jan", s.version_on(asked), signed=REGISSEUR)


def look(s: Scribe, times: int = 1) -> Scribe:
    """Have jan read the intake, again and again, a minute apart."""
    for _ in range(times):
        s.write("jan", request=READING, signed=REGISSEUR)
    return s


def shuffled(items: list[Record], seed: int) -> list[Record]:
    """Give the same records in another order."""
    other = items.copy()
    while other == items:
        random.Random(seed).shuffle(other)  # noqa: S311 (no secret)
        seed += 1
    return other
