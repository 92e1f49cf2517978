"""RemoteSight: what a client of a served gate sees: the gate's news, taken in when all of it checks out."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from dossier import contexts
from dossier.book import Book, Head, follows
from dossier.entry import Entry, leaf_hash, read_entry
from dossier.errors import IntegrityError, LockedError, UsageError
from dossier.gate.base import Situation
from dossier.log.logbook import Opened
from dossier.log.merkle import Frontier, verify_consistency, verify_inclusion
from dossier.log.note import Checkpoint, open_checkpoint
from dossier.log.records import origin
from dossier.model import STORE_BOOK, BookName, Handle, HouseholdId, Seen, whole_milliseconds
from dossier.register.fold import fold
from dossier.register.register import Register
from dossier.serve.messages import BookNews, Have, News, read_hashes, read_news
from dossier.serve.remote_memory import RemoteMemory
from dossier.serve.remote_store import RemoteStore
from dossier.serve.shelf import Shelf
from dossier.serve.wire import Answered
from keys.errors import BadSignatureError, KeysError
from keys.identity import Card, check_signature

_Books = dict[BookName, Book]


class RemoteSight:
    """Guards that of a gate's news nothing counts unless checkpoint, proofs, chains and signatures hold."""

    def __init__(
        self, store: RemoteStore, card: Card, memory: RemoteMemory, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._card = card
        self._memory = memory
        self._clock = clock
        self._shelf = Shelf(memory.shelf_folder)
        self._folded: tuple[Head | None, Register] | None = None
        self._held: tuple[object, Register] | None = None  # of the household at hand, by both heads
        self.note = b""  # the signed checkpoint that was last taken in

    # What is known.

    @property
    def seen(self) -> Seen:
        """The checkpoint that was last verified."""
        return Seen(self._memory.verified.size, self._memory.verified.root)

    def book(self, name: BookName) -> Book:
        """Give a book as far as it is known."""
        return self._shelf.book(name, self._memory.head(name))

    def knows(self, household: HouseholdId | None) -> bool:
        """Tell whether the store's book and a household's are here, as they were seen last."""
        names = (STORE_BOOK,) if household is None else (STORE_BOOK, household)
        return all(
            self._memory.head(BookName(name)) is not None
            and self.book(BookName(name)).head == self._memory.head(BookName(name))
            for name in names
        )

    @property
    def register(self) -> Register:
        """The store's register, as far as it is known."""
        book = self.book(STORE_BOOK)
        if self._folded is None or self._folded[0] != book.head:
            self._folded = (book.head, fold(self._memory.root, book, of_store=self._memory.lacking))
        return self._folded[1]

    def have(self, households: Sequence[HouseholdId] = ()) -> dict[str, Any]:
        """Say what is known, for the gate to tell the rest."""
        names = (STORE_BOOK, *(BookName(household) for household in households))
        books = {name: len(self.book(name).entries) for name in names}
        return Have(self.seen, books).write()

    def situation(self, household: HouseholdId | None) -> Situation:
        """See the store or a household, as last told."""
        store = self.book(STORE_BOOK)
        at = self._at()
        if household is None:
            return Situation(self.register, Opened(store, (), ()), self._store.objects(STORE_BOOK), at)
        book = self.book(BookName(household))
        heads = (store.head, book.name, book.head)
        if self._held is None or self._held[0] != heads:
            lacking = self._unfounded(book.name)
            self._held = (heads, fold(self._memory.root, store, book, lacking, self._memory.lacking))
        register = self._held[1]
        return Situation(register, Opened(book, (), ()), self._store.objects(book.name), at)

    def _at(self) -> datetime:
        """Give the time that an entry would get: the gate's own counts."""
        now, last = whole_milliseconds(self._clock()), self._memory.verified.at
        return now if last is None else max(now, last)

    def _unfounded(self, name: BookName) -> Collection[int]:
        known = None if name == STORE_BOOK else self._memory.known(HouseholdId(name))
        return () if known is None else known.unfounded

    # What the gate tells.

    def take(self, answered: Answered) -> frozenset[BookName]:
        """Take in the news of an answer, once all of it is good; name the books that were told of.

        1. The checkpoint follows from the one before. 2. Each line is in its tree, and follows its book's
        last. 3. Each is signed by the card that its signer had there. 4. Checkpoint and answer are signed,
        by the log key and by a gate that the store's book has adopted. Only then is anything remembered.

        Raises:
            IntegrityError: when any of that is not so.
        """
        if "news" not in answered.fields:
            if answered.error is not None and not self.book(STORE_BOOK).entries:
                raise answered.error  # nothing is known yet by which it could be checked
            self._check_answer(answered)
            return frozenset()
        try:
            news = read_news(answered.fields["news"])
        except UsageError as e:
            raise IntegrityError("answer-forged") from e
        frontier = self._grown(news)
        if STORE_BOOK not in {one.book for one in news.books}:
            raise IntegrityError("book-behind", book=STORE_BOOK, index=0)  # it is always asked for
        told: _Books = {one.book: self._extended(one, frontier) for one in news.books}
        fresh = {entry.leaf for one in news.books for entry in _last(told[one.book], len(one.lines))}
        store = told.get(STORE_BOOK, self.book(STORE_BOOK))
        lacking = {one.book: one.unfounded for one in news.books}
        check = _Signatures(self._store.store_id, fresh)
        register = self._checked(store, told, lacking, check)
        name = origin(self._store.store_id)
        signed = open_checkpoint(news.note, name, [(name, register.epoch.log_key)])
        if signed != Checkpoint(name, frontier.size, frontier.root()):
            raise IntegrityError("bad-checkpoint")
        self._check_answer(answered, register)
        self._remember(frontier, told, lacking, fresh)
        self._folded, self.note = (store.head, register), news.note
        return frozenset(told)

    def _grown(self, news: News) -> Frontier:
        """See that the new tree begins with the one that was seen. Raises IntegrityError: "log-..."."""
        try:
            size = int(news.note.split(b"\n")[1])
        except (IndexError, ValueError) as e:
            raise IntegrityError("bad-checkpoint") from e
        frontier, seen = Frontier.from_hashes(size, news.frontier), self.seen
        if size < seen.size:
            raise IntegrityError("log-short", index=size)
        if seen.size:
            try:
                verify_consistency(seen.size, size, seen.root, frontier.root(), news.consistency)
            except IntegrityError as e:
                raise IntegrityError("log-altered", index=seen.size) from e
        return frontier

    def _extended(self, news: BookNews, frontier: Frontier) -> Book:
        """Add to a book what was told of it, to the head that the gate gives it."""
        book, root = self.book(news.book), frontier.root()
        head, entries = book.head, list(book.entries)
        known = self._memory.head(news.book)
        if len(news.lines) != len(news.paths):
            raise IntegrityError("answer-forged")
        for line, path in zip(news.lines, news.paths, strict=True):
            entry = read_entry(line)
            verify_inclusion(entry.index, frontier.size, leaf_hash(line), path, root)
            place = entry.signed.place
            moved = follows(entry, head) if place is not None and place.book == news.book else None
            if moved is None:
                raise IntegrityError("book-broken", book=news.book, index=entry.index)
            head = moved
            entries.append(entry)
        if head != news.head or not _reaches(entries, known):
            raise IntegrityError("book-behind", book=news.book, index=0 if known is None else known.position)
        return Book(news.book, tuple(entries))

    def _checked(
        self, store: Book, told: _Books, lacking: Mapping[BookName, Collection[int]], check: "_Signatures"
    ) -> Register:
        """Fold what was told, and see that each new statement is signed; give the store's register."""
        of_store = lacking.get(STORE_BOOK, self._memory.lacking)
        if not self._memory.root and store.entries:
            self._memory.root = store.entries[0].signed.card  # first contact: the welcome code will tell
        register = self.register
        if store.head != self.book(STORE_BOOK).head:
            register = fold(self._memory.root, store, of_store=of_store, each=check)
        for name, book in told.items():
            if name != STORE_BOOK and check.any_of(book):
                fold(self._memory.root, store, book, lacking[name], of_store, each=check)
        return register

    def _check_answer(self, answered: Answered, told: Register | None = None) -> None:
        """See that the gate signed its answer, and is one that the store has adopted.

        By what it tells, or by what was known before: the gate that is let go tells so itself.
        """
        now = [] if told is None else told.adopted_gates()
        for gate in [*now, *self.register.adopted_gates()]:
            if gate.fingerprint == self._store.gate_fingerprint:
                answered.check(gate.card)
                self._store.gate = gate.card
                return
        raise IntegrityError("gate-not-adopted")

    def _remember(
        self,
        frontier: Frontier,
        told: _Books,
        lacking: Mapping[BookName, Collection[int]],
        fresh: Collection[bytes],
    ) -> None:
        known = self._memory.verified
        known.frontier, known.root = frontier, frontier.root()
        for name, book in told.items():
            for number, entry in enumerate(book.entries, 1):
                if entry.leaf in fresh:
                    head = Head(number, entry.index, entry.leaf)
                    self._memory.move(entry, head, founded=number not in lacking[name])
                    known.at = entry.at if known.at is None else max(known.at, entry.at)
            if any(entry.leaf in fresh for entry in book.entries):
                self._shelf.keep(book)
        if self._memory.has_news or fresh:
            self._memory.save()

    def check_entry(self, line: Any, path: Any) -> Entry:
        """Read an entry that the gate tells of, and see that it is in the log as last verified.

        Raises:
            IntegrityError: when it is not.
        """
        try:
            data = line.encode("utf-8")
            entry = read_entry(data)
            verify_inclusion(entry.index, self.seen.size, entry.leaf, read_hashes(path), self.seen.root)
        except (AttributeError, TypeError, KeysError, UnicodeEncodeError) as e:
            raise IntegrityError("answer-forged") from e
        return entry

    def check_admitted(self) -> None:
        """See that this card is its member's. Raises LockedError: "not-admitted"."""
        member = self.register.members.get(Handle(self._card.handle))
        if member is None or member.fingerprint != self._card.fingerprint:
            raise LockedError("not-admitted")


class _Signatures:
    """Checks the signature of each entry that is new, by the card that its signer had at its place."""

    def __init__(self, store: str, fresh: Collection[bytes]) -> None:
        self._context = contexts.of("request", store)
        self._fresh = fresh

    def any_of(self, book: Book) -> bool:
        """Tell whether a book has an entry that is new."""
        return any(entry.leaf in self._fresh for entry in book.entries)

    def __call__(self, entry: Entry, register: Register) -> None:
        if entry.leaf not in self._fresh:
            return
        statement = entry.signed.statement
        founding = entry.index == 0 and statement is not None and statement.kind == "store.founded"
        known = (statement["card"], statement["card"].fingerprint) if founding and statement else None
        known = known or register.card_of(entry.signed.actor, statement)
        if known is None or known[1] != entry.signed.card:
            raise IntegrityError("entry-forged", index=entry.index)
        try:
            check_signature(known[0], entry.signature, entry.signed_bytes(), self._context)
        except BadSignatureError as e:
            raise IntegrityError("entry-forged", index=entry.index) from e


def _last(book: Book, number: int) -> Iterator[Entry]:
    """Give the last so many entries of a book."""
    yield from book.entries[len(book.entries) - number :]


def _reaches(entries: Sequence[Entry], known: Head | None) -> bool:
    """Tell whether a book has the last entry that was seen of it, at its place."""
    return known is None or (len(entries) >= known.number and entries[known.number - 1].leaf == known.leaf)
