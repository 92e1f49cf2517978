"""Memory: what this member's client has verified and last saw, so that a store that goes back shows.

One file per store and member in the user's state folder, authenticated by `Identity.mac` and only ever
raised. What it holds per household lies in 256 parts beside it, named by their digests, so that a command
rewrites only what changed (KEYS.md, "Memory of the client").
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from dossier import contexts
from dossier.book import Head
from dossier.entry import Entry
from dossier.errors import ConflictError, IntegrityError
from dossier.log.merkle import Frontier
from dossier.log.verified import Verified
from dossier.memory_parts import LARGEST, Known, MovedError, Named, Parts, read_head, read_known, write_head
from dossier.model import STORE_BOOK, BookName, Handle, HouseholdId, Seen, StoreId, read_time, write_time
from dossier.storage.durable import read, replace, translated
from dossier.storage.locking import locked
from keys.encoding import canonical_json, from_base64, parse_json, to_base64
from keys.errors import BadEncodingError
from keys.identity import Identity
from keys.primitives import same

MEMORY_FORMAT = "dossier/memory/1"
VERIFIER = 2  # raised when what is checked of an entry changes: then all is checked anew
_PATIENCE = 20.0  # seconds to wait for another command of the same member


class Memory:
    """What one member's client knows of one store. Implements `log.follow.Heads`."""

    kind = "memory"

    def __init__(self, folder: Path, identity: Identity, store: StoreId) -> None:
        """Nothing known yet: `load` reads what is kept."""
        self._identity = identity
        self._store = store
        self._folder = folder
        self._path = folder / store / f"{identity.card.handle}.{self.kind}"
        self._context = contexts.of("memory", store, identity.card.fingerprint)
        self._reset()

    def _reset(self) -> None:
        """Know nothing."""
        self.parts = Parts(self._path.with_suffix(".parts"), self._named_elsewhere)
        self._data: bytes | None = None  # the file as it was last read or written
        self._kept = 0  # entries verified, as kept
        self.root = ""  # fingerprint of the pinned root card
        self.verified = Verified()
        self.must_pass: Seen | None = None  # a size and root that checking anew must come by
        self.store_head: Head | None = None
        self.mine: set[HouseholdId] = set()
        self.lacking: set[int] = set()  # numbers in the store's book: see `log.follow.Heads`
        self.short: set[HouseholdId] = set()  # whose books a restore left shorter than this client saw them
        self.restored: bytes | None = None  # leaf hash of the restore that was last taken in
        self.rekeying: int | None = None  # size of the log when a rekey of all was begun that goes on
        self.fleeting = False  # not to be kept: what it knows is not agreed on yet
        self.told = 0  # entries up to which this member was told what concerns them

    def beside(self, identity: Identity | None = None) -> "Memory":
        """Give another memory of this member and store that knows nothing yet, under this card or another."""
        return type(self)(self._folder, identity or self._identity, self._store)

    def passed_to(self, identity: Identity) -> "Memory":
        """Give what is known here to the same member's next card. Not saved yet."""
        other = self.beside(identity)
        other.begin_again(self)
        other.short, other.restored, other.rekeying = set(self.short), self.restored, self.rekeying
        return other

    def begin_again(self, other: "Memory") -> None:
        """Take over all that another memory of this member knows, in the place of what is known here."""
        self.parts.take_over(other.parts)
        self.root, self.verified = other.root, other.verified
        self.must_pass, self.store_head = None, other.store_head
        self.lacking, self.told = other.lacking, other.told
        self._take_own(other)

    def forget(self) -> None:
        """Go back to what is kept; of what is fleeting, to nothing: what was half taken in does not count."""
        root, fleeting = self.root, self.fleeting
        self._reset()
        self.root, self.fleeting = root, fleeting
        if not fleeting:
            self.load()

    # Where each book's last entry is kept.

    def head(self, book: BookName) -> Head | None:
        """Give a book's last entry, None for a book that is new."""
        if book == STORE_BOOK:
            return self.store_head
        known = self.known(HouseholdId(book))
        return None if known is None else known.head

    def unfounded_in_store(self) -> Collection[int]:
        """Give the numbers, in the store's book, of statements that say of the log what is not so."""
        return self.lacking

    def known(self, household: HouseholdId) -> Known | None:
        """Give what is known of a household's book."""
        row = self.parts.row(household)
        return None if row is None else read_known(row)

    def move(self, entry: Entry, head: Head, *, founded: bool) -> None:
        """Note that this entry belongs to a book and is its last now."""
        statement, place = entry.signed.statement, entry.signed.place
        if statement is None or place is None or place.book == STORE_BOOK:
            self.store_head = head
            if not founded:
                self.lacking.add(head.number)
            return
        household = HouseholdId(place.book)
        before = self.known(household)
        regisseur = None if before is None else before.regisseur
        unfounded = () if before is None else before.unfounded
        named = statement.fields.get("regisseur", statement.fields.get("handle"))
        if statement.kind in ("household.opened", "regisseur.assigned"):
            regisseur = named
        if named == self._identity.card.handle:
            self.mine.add(household)
        if not founded:
            unfounded = (*unfounded, head.number)
        self.parts.put(
            household, [write_head(head), regisseur, list(unfounded), *self._more(household, named)]
        )

    def _more(self, household: HouseholdId, named: Handle | None) -> list[Any]:  # noqa: ARG002 (for a gate's)
        """Give what else is kept of a household: for a member nothing."""
        return []

    def households(self) -> Iterator[tuple[HouseholdId, Known]]:
        """Give every household known, part by part.

        Raises:
            ConflictError: when another command of this member has gone further meanwhile.
        """
        rows = self.parts.each()
        while True:
            try:
                household, row = next(rows)
            except StopIteration:
                return
            except MovedError as e:
                raise ConflictError("memory-moved") from e
            yield household, read_known(row)

    # Files.

    def load(self) -> bool:
        """Read what is kept; tell whether there was anything.

        Raises:
            IntegrityError: "memory-altered" when it is not what this member's client wrote.
        """
        data = self._read(self._path)
        if data is None:
            return False
        try:
            body, _, mac = data.partition(b"\n")
            if not same(self._identity.mac(body, self._context), from_base64(mac.decode("ascii"), 32)):
                raise IntegrityError("memory-altered")
            self._take(parse_json(body))
        except (BadEncodingError, UnicodeDecodeError, KeyError, ValueError, TypeError) as e:
            raise IntegrityError("memory-altered") from e
        self._data = data
        self._kept = self.verified.size
        return True

    @property
    def has_news(self) -> bool:
        """Whether more is verified than is kept."""
        return self.verified.size > self._kept

    def save(self, *, anew: bool = False) -> None:
        """Write what changed, unless another command of this member knows more already.

        `anew`, at first contact, replaces what is kept, whatever it is.
        """
        if self.fleeting:
            return
        with translated():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self._path.with_suffix(".lock"), _PATIENCE):
            old = self.parts.written
            if not anew and self._read(self._path) != self._data:
                kept = self.beside()
                if kept.load() and kept.verified.size > self.verified.size:
                    return
                old = kept.parts.written
            self.parts.save()
            self._write()
            self.parts.drop(old)

    def _write(self) -> None:
        """Replace the file, with the mac that only this member makes."""
        body = canonical_json(self._fields())
        data = body + b"\n" + to_base64(self._identity.mac(body, self._context)).encode("ascii")
        with translated():
            replace(self._path, data)
        self._data = data
        self.parts.settle()
        self._kept = self.verified.size

    def _fields(self) -> dict[str, Any]:
        known = self.verified
        known.seal()
        return {
            "#": MEMORY_FORMAT,
            "at": None if known.at is None else write_time(known.at),
            "digest": to_base64(known.digest),
            "frontier": [to_base64(item) for item in known.frontier.hashes],
            "head": write_head(self.store_head),
            "lacking": sorted(self.lacking),
            "length": known.length,
            "mine": self._own(),
            "parts": self.parts.named,
            "rekeying": self.rekeying,
            "restored": None if self.restored is None else to_base64(self.restored),
            "root": self.root,
            "seen": known.seen,
            "short": sorted(self.short),
            "size": known.size,
            "told": self.told,
            "verifier": self._verifier(),
        }

    def _take_own(self, other: "Memory") -> None:
        """Take over which households are this member's own."""
        self.mine = other.mine

    def _verifier(self) -> int:
        """Say how what is kept here was checked."""
        return VERIFIER

    def _understood(self) -> tuple[int, ...]:
        """Say from what, checked how, may be gone on."""
        return (VERIFIER,)

    def _own(self) -> list[HouseholdId]:
        """Give this member's own households, as they are kept."""
        return sorted(self.mine)

    def _take(self, fields: dict[str, Any]) -> None:
        if fields["#"] != MEMORY_FORMAT:
            raise IntegrityError("memory-altered")
        self.root = fields["root"]
        hashes = [from_base64(item, 32) for item in fields["frontier"]]
        frontier = Frontier.from_hashes(fields["size"], hashes)
        if fields["verifier"] not in self._understood():
            self.must_pass = Seen(frontier.size, frontier.root())
            return
        known = self.verified
        known.frontier = frontier
        known.root = frontier.root()
        known.at = None if fields["at"] is None else read_time(fields["at"])
        known.length = fields["length"]
        known.digest = from_base64(fields["digest"], 32)
        known.seen = {Handle(actor): size for actor, size in fields["seen"].items()}
        self.store_head = read_head(fields["head"])
        self.mine = {HouseholdId(household) for household in fields["mine"]}
        self.lacking = set(fields["lacking"])
        self.short = {HouseholdId(household) for household in fields["short"]}
        self.restored = None if fields["restored"] is None else from_base64(fields["restored"], 32)
        self.rekeying = fields["rekeying"]
        self.told = fields["told"]
        self.parts.take(fields["parts"])

    def _named_elsewhere(self) -> Named | None:
        """Give the digests of the parts as the file names them by now, None when there is none."""
        kept = self.beside()
        return kept.parts.written if kept.load() else None

    def _read(self, path: Path) -> bytes | None:
        return read(path, LARGEST)
