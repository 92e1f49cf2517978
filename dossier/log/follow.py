"""Follow the log: check every entry from what is verified on, and tell whose books have moved.

Checked of each entry: its place, its leaf in the tree and the checkpoint over it; its time against the
entry before and its own request; its nonce; its `seen` against the tree's own root at that size; its
signature by the card that its actor had there. Of the last checkpoint, or of all, the signature too.
"""

from collections.abc import Callable, Iterator
from typing import Protocol

from dossier import contexts
from dossier.book import Head, follows
from dossier.entry import Entry, read_entry
from dossier.errors import IntegrityError
from dossier.log.merkle import EMPTY_ROOT
from dossier.log.note import key_id
from dossier.log.records import Record, origin, signature_of, split, text_of
from dossier.log.tree import Tree
from dossier.log.verified import Verified
from dossier.model import FAR_BEHIND, LOOK_BACK, STORE_BOOK, BookName, Deed, Handle, Seen, StoreId, write_time
from dossier.register.fold import take
from dossier.register.register import Register, act_of
from dossier.storage.base import PAGE, Store
from keys.encoding import to_base64
from keys.errors import BadSignatureError
from keys.identity import Card
from keys.primitives import verify


class Heads(Protocol):
    """Where each book's last entry is kept."""

    def head(self, book: BookName) -> Head | None:
        """Give a book's last entry, None for a book that is new."""
        ...

    def move(self, entry: Entry, head: Head, *, founded: bool) -> None:
        """Note that this entry belongs to a book and is its last now."""
        ...


class Check(Protocol):
    """How signatures are checked: at once, or many at a time."""

    def __call__(self, position: int, public: bytes, signature: bytes, message: bytes) -> None:
        """Check one, or see to it that it will be. Raises IntegrityError naming the entry."""
        ...


def check_now(position: int, public: bytes, signature: bytes, message: bytes) -> None:
    """Check a signature at once."""
    try:
        verify(public, signature, message)
    except BadSignatureError as e:
        raise IntegrityError("entry-forged", index=position) from e


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
        self._start = known.size
        self._start_root = known.root
        self._roots = {known.size: known.root}  # of every size since the start
        self._recent: set[tuple[Handle, bytes]] = set()  # nonces since the start
        self._before: bytes | None = None  # bytes of the log's last 20 minutes before the start
        self._asked: dict[int, Entry] = {}  # permitted entries that ask to write, since the start
        self._key: tuple[StoreId, bytes, bytes] | None = None

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
        whole = limit is None or taken < limit
        if whole and self._must_pass is not None and self._must_pass.size > self._known.size:
            raise IntegrityError("log-short", index=self._known.size)
        return taken

    def _records(self) -> Iterator[Record]:
        """Give the whole records beyond what is verified, page after page."""
        known = self._known
        records, _ = split(known.rest(self._store))
        yield from records
        while known.size and known.size % PAGE == 0:
            data = self._store.page(known.size // PAGE)
            records, _ = split(data)
            if not records:
                return
            yield from records

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
        text = text_of(origin(entry.signed.store), position + 1, root)
        if not record.note.startswith(text):
            raise IntegrityError("entry-altered", index=position)
        if self._each is not None:
            self._each(entry, self._register)
        self._move_book(entry)
        known.advance(entry, root, record.write())
        self._roots[known.size] = root
        passed = self._must_pass
        if passed is not None and passed.size == known.size and passed.root != root:
            raise IntegrityError("log-altered", index=position)
        if self._every:
            self._check_note(record, text)
        return text

    def _check_place(self, entry: Entry, position: int) -> None:
        """Its index, its store, its time and its nonce."""
        known, signed = self._known, entry.signed
        if entry.index != position or signed.store != self._store.store_id:
            raise IntegrityError("entry-out-of-place", index=position)
        if known.at is not None and entry.at < known.at:
            raise IntegrityError("entry-time", index=position)
        if abs(entry.at - signed.at) > FAR_BEHIND:
            raise IntegrityError("entry-time", index=position)
        once = (signed.actor, signed.nonce)
        if once in self._recent or self._stood_before(entry):
            raise IntegrityError("entry-replayed", index=position)
        self._recent.add(once)
        if signed.request.deed is Deed.WRITE and entry.ruling.permitted:
            self._asked[position] = entry

    def _stood_before(self, entry: Entry) -> bool:
        """Look back 20 minutes before the start for a nonce; further back it cannot be."""
        if self._start == 0:
            return False
        if self._before is None:
            self._before = b"".join(self._pages_before(write_time(entry.at - LOOK_BACK).encode()))
        return b'"nonce":"' + to_base64(entry.signed.nonce).encode() in self._before

    def _pages_before(self, since: bytes) -> Iterator[bytes]:
        """Give the pages up to the start, from the last one back to one that begins before `since`."""
        marker = b'"at":"'
        for number in range((self._start - 1) // PAGE, -1, -1):
            data = self._store.page(number)
            if number == self._start // PAGE:
                records, _ = split(data)
                data = b"\n".join(record.line for record in records[: self._start % PAGE])
            yield data
            begin = data.find(marker) + len(marker)
            if data[begin : begin + len(since)] < since:
                return

    def _check_seen(self, entry: Entry, position: int) -> None:
        """What its client had seen is what this log was, and no less than it saw before."""
        seen = entry.signed.seen
        if seen.size > position or seen.size < self._known.seen.get(entry.signed.actor, 0):
            raise IntegrityError("entry-seen", index=position)
        root = EMPTY_ROOT if seen.size == 0 else self._roots.get(seen.size)
        if root is None:
            root = Tree(self._store, self._start, self._start_root).root_at(seen.size)
            self._roots[seen.size] = root
        if root != seen.root:
            raise IntegrityError("entry-seen", index=position)

    def _check_signer(self, entry: Entry, position: int) -> None:
        """Signed by the card that the actor had at this place; the first entry by the founder's."""
        card, fingerprint = self._card(entry, position)
        if fingerprint != entry.signed.card:
            raise IntegrityError("entry-forged", index=position)
        message = contexts.request(entry.signed.store) + entry.signed_bytes()
        self._check(position, card.sign, entry.signature, message)

    def _card(self, entry: Entry, position: int) -> tuple[Card, str]:
        statement = entry.signed.statement
        if position == 0 and statement is not None and statement.kind == "store.founded":
            card: Card = statement["card"]
            return card, card.fingerprint
        member = self._register.members.get(entry.signed.actor)
        if member is None:
            raise IntegrityError("entry-forged", index=position)
        return member.card, member.fingerprint

    def _move_book(self, entry: Entry) -> None:
        """Add the entry to its book when it follows, and the store's statements to the register."""
        place = entry.signed.place
        if place is None:
            return
        head = follows(entry, self._heads.head(place.book))
        if head is None:
            return
        founded = self._founded(entry)
        self._heads.move(entry, head, founded=founded)
        if place.book == STORE_BOOK or self._households:
            take(self._register, place.book, act_of(entry, founded=founded))

    def _founded(self, entry: Entry) -> bool:
        """Tell whether the log has the permitted entry that a version names as having asked for it."""
        statement = entry.signed.statement
        if statement is None or statement.kind != "section.written":
            return True
        position = statement["index"]
        asked = self._asked.pop(position, None)
        if asked is None and position < self._start:
            asked = Tree(self._store, self._start, self._start_root).entry(position)
        if asked is None or asked.leaf != statement["leaf"] or not asked.ruling.permitted:
            return False
        r = asked.signed.request
        named = (statement["household"], statement["section"], statement["version"])
        same = (r.household, r.section, r.version) == named and asked.signed.actor == entry.signed.actor
        return same and r.deed is Deed.WRITE

    def _check_note(self, record: Record, text: bytes) -> None:
        """Check the signature of a checkpoint by the log key of the epoch in force."""
        position = self._known.size - 1
        store = self._store.store_id
        public = self._register.epoch.log_key if self._register.epochs else b""
        if self._key is None or self._key[1] != public:
            self._key = (store, public, key_id(origin(store), public))
        try:
            signature = signature_of(record.note, text, origin(store), self._key[2])
        except IntegrityError as e:
            raise IntegrityError(e.code, index=position) from e
        self._check(position, public, signature, text)
