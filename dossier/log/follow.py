"""Follow the log: check every entry from what is verified on, and tell whose books have moved.

Checked of each entry: its place, its leaf in the tree and the checkpoint over it; its time against the
entry before and its own request; its nonce; its `seen` against the tree's own root at that size; its
signature by the card that its actor had there. Of the last checkpoint, or of all, the signature too.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Protocol

from dossier import contexts
from dossier.book import Head, follows
from dossier.entry import Entry, read_entry
from dossier.errors import IntegrityError
from dossier.log.merkle import Frontier
from dossier.log.note import key_id
from dossier.log.past import Asked, Nonces, Roots, was_wrong
from dossier.log.records import Record, origin, signature_of, split, text_of
from dossier.log.verified import Verified
from dossier.model import FAR_BEHIND, STORE_BOOK, BookName, Seen
from dossier.register.fold import stands, take
from dossier.register.register import Register, act_of
from dossier.register.rules_approval import correction_of
from dossier.storage.base import PAGE, Store
from keys.errors import BadSignatureError
from keys.identity import Card
from keys.primitives import verify

FORGED = "entry-forged"


class Heads(Protocol):
    """Where each book's last entry is kept."""

    def head(self, book: BookName) -> Head | None:
        """Give a book's last entry, None for a book that is new."""
        ...

    def move(self, entry: Entry, head: Head, *, founded: bool) -> None:
        """Note that this entry belongs to a book and is its last now."""
        ...

    def unfounded_in_store(self) -> Collection[int]:
        """Give the numbers, in the store's book, of statements that say of the log what is not so."""
        ...


class Check(Protocol):
    """How signatures are checked: at once, or many at a time."""

    def __call__(self, position: int, code: str, public: bytes, signature: bytes, message: bytes) -> None:
        """Check one, or see to it that it will be. Raises IntegrityError with the code and the entry."""
        ...


def check_now(position: int, code: str, public: bytes, signature: bytes, message: bytes) -> None:
    """Check a signature at once."""
    try:
        verify(public, signature, message)
    except BadSignatureError as e:
        raise IntegrityError(code, index=position) from e


class Follower:
    """Reads on from what is verified. Guards that nothing is taken in that did not check out."""

    def __init__(
        self,
        store: Store,
        known: Verified,
        register: Register,
        heads: Heads,
        *,
        check: Check = check_now,
        every_checkpoint: bool = False,
        each: Callable[[Entry, Register], None] | None = None,
        households: bool = False,
        must_pass: Seen | None = None,
    ) -> None:
        """`register` is moved on with the store's book, and with every household's where asked.

        `each` sees every entry, before it counts. `must_pass` is a size and root that were seen before,
        when all is checked anew.
        """
        self._must_pass = must_pass
        self._store = store
        self._known = known
        self._register = register
        self._heads = heads
        self._check = check
        self._every = every_checkpoint
        self._each = each
        self._households = households
        self._nonces = Nonces(store, known)
        self._asked = Asked(store, known)
        self._origin = origin(store.store_id)
        self._context = contexts.request(store.store_id)
        self._log_key = (b"", b"")  # with its id
        self._lowers = False  # whether the entry at hand corrects the clock
        self.roots = Roots(store, known)

    def follow(self, limit: int | None = None) -> int:
        """Take in what has been added, at most `limit` entries; give how many. Raises IntegrityError."""
        taken = 0
        last: tuple[Record, bytes] | None = None
        for record in self._records():
            text = self._take(record)
            last = (record, text)
            taken += 1
            if taken == limit:
                break
        if last is not None and not self._every:
            self._check_note(*last)
        if self._must_pass is not None and taken != limit and self._must_pass.size > self._known.size:
            raise IntegrityError("log-short", index=self._known.size)
        return taken

    def _records(self) -> Iterator[Record]:
        """Give the whole records beyond what is verified, page after page; a full page holds nothing more."""
        known = self._known
        data = known.rest(self._store)
        room = PAGE - (known.size - known.page * PAGE)
        full = True
        while full:
            records, length = split(data)
            yield from records[:room]
            if len(records) > room or (len(records) == room and len(data) > length):
                raise IntegrityError("log-altered", index=known.size)
            full = len(records) == room
            data, room = self._store.page(known.size // PAGE) if full else b"", PAGE

    def _take(self, record: Record) -> bytes:
        """Check one entry and take it in; give the text of the checkpoint over it."""
        known = self._known
        position = known.size
        try:
            entry = read_entry(record.line)
        except IntegrityError as e:
            raise IntegrityError(e.code, index=position) from e
        self._check_place(entry, position)
        self._check_seen(entry, position)
        self._check_signer(entry, position)
        frontier = known.frontier.copy()
        frontier.append(entry.leaf)
        root = frontier.root()
        text = text_of(self._origin, position + 1, root)
        if not record.note.startswith(text):
            raise IntegrityError("entry-altered", index=position)
        if self._each is not None:
            self._each(entry, self._register)
        self._move_book(entry)
        self._count(entry, frontier, root, record)
        if self._every:
            self._check_note(record, text)
        return text

    def _check_place(self, entry: Entry, position: int) -> None:
        """Its index, its store, its time and its nonce."""
        known, signed = self._known, entry.signed
        if entry.index != position or signed.store != self._store.store_id:
            raise IntegrityError("entry-out-of-place", index=position)
        if known.at is not None and entry.at < known.at and not self._corrects(entry):
            raise IntegrityError("entry-time", index=position)
        if abs(entry.at - signed.at) > FAR_BEHIND:
            raise IntegrityError("entry-time", index=position)
        self._nonces.check_new(entry)

    def _corrects(self, entry: Entry) -> bool:
        """Tell whether an entry may be earlier than the one before: it corrects a clock, or proposes to."""
        statement, place = entry.signed.statement, entry.signed.place
        if statement is None or place is None or correction_of(self._register, statement) is None:
            return False
        if follows(entry, self._heads.head(place.book)) is None:
            return False
        return stands(self._register, act_of(entry, founded=self._founds(entry)))

    def _founds(self, entry: Entry) -> bool:
        """Tell whether the log has what a statement says of it: who asked to write, a time that is wrong."""
        statement = entry.signed.statement
        correction = None if statement is None else correction_of(self._register, statement)
        if correction is not None:
            return was_wrong(self._store, self._known, correction, entry.at)
        return self._asked.founds(entry.signed)

    def _check_seen(self, entry: Entry, position: int) -> None:
        """What its client had seen is what this log was, and no less than it saw before."""
        seen = entry.signed.seen
        if seen.size > position or seen.size < self._known.seen.get(entry.signed.actor, 0):
            raise IntegrityError("entry-seen", index=position)
        if self.roots.at(seen.size) != seen.root:
            raise IntegrityError("entry-seen", index=position)

    def _check_signer(self, entry: Entry, position: int) -> None:
        """Signed by the card that the actor had at this place; the first entry by the founder's."""
        card, fingerprint = self._card(entry, position)
        if fingerprint != entry.signed.card:
            raise IntegrityError(FORGED, index=position)
        self._check(position, FORGED, card.sign, entry.signature, self._context + entry.signed_bytes())

    def _card(self, entry: Entry, position: int) -> tuple[Card, str]:
        statement = entry.signed.statement
        if position == 0 and statement is not None and statement.kind == "store.founded":
            card: Card = statement["card"]
            return card, card.fingerprint
        known = self._register.card_of(entry.signed.actor, statement)
        if known is None:
            raise IntegrityError(FORGED, index=position)
        return known

    def _move_book(self, entry: Entry) -> None:
        """Add the entry to its book when it follows, and the store's statements to the register.

        Raises:
            IntegrityError: when the first entry founds no store by the founder that is known.
        """
        place = entry.signed.place
        head = None if place is None else follows(entry, self._heads.head(place.book))
        self._lowers = False
        if place is not None and head is not None:
            founded = self._founds(entry)
            self._heads.move(entry, head, founded=founded)
            if place.book == STORE_BOOK or self._households:
                self._take_statement(entry, place.book, founded=founded)
        if not self._register.epochs:
            raise IntegrityError(FORGED, index=entry.index)

    def _take_statement(self, entry: Entry, book: BookName, *, founded: bool) -> None:
        """Let a statement take effect in the register, and see whether it corrected the clock."""
        act = act_of(entry, founded=founded)
        correction = correction_of(self._register, act.statement)
        faults = len(self._register.faults)
        take(self._register, book, act)
        stood = len(self._register.faults) == faults
        self._lowers = stood and correction is not None and act.statement.kind != "proposed"

    def _count(self, entry: Entry, frontier: Frontier, root: bytes, record: Record) -> None:
        """Take in what has been checked, and see that it comes by what was seen before."""
        self._known.advance(entry, frontier, root, record.write(), corrects=self._lowers)
        self.roots.add(root)
        self._asked.add(entry)
        passed = self._must_pass
        if passed is not None and passed.size == frontier.size and passed.root != root:
            raise IntegrityError("log-altered", index=entry.index)

    def _check_note(self, record: Record, text: bytes) -> None:
        """Check the signature of a checkpoint by the log key of the epoch in force."""
        position = self._known.size - 1
        public = self._register.epoch.log_key
        if self._log_key[0] != public:
            self._log_key = (public, key_id(self._origin, public))
        try:
            signature = signature_of(record.note, text, self._origin, self._log_key[1])
        except IntegrityError as e:
            raise IntegrityError(e.code, index=position) from e
        self._check(position, "checkpoint-forged", public, signature, text)
