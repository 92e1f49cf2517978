"""Memory: what this member's client has verified and last saw, so that a store that goes back shows.

One file per store and member in the user's state folder, authenticated by `Identity.mac` and only ever
raised. What it holds per household lies in 256 parts beside it, named by their digests, so that a command
rewrites only what changed (KEYS.md, "Memory of the client").
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dossier import contexts
from dossier.book import Head
from dossier.entry import Entry
from dossier.errors import ConflictError, IntegrityError
from dossier.log.merkle import Frontier
from dossier.log.verified import Verified
from dossier.model import STORE_BOOK, BookName, Handle, HouseholdId, Seen, StoreId, read_time, write_time
from dossier.storage.durable import read, replace, translated
from dossier.storage.locking import locked
from keys.encoding import canonical_json, from_base64, parse_json, to_base64
from keys.errors import BadEncodingError
from keys.identity import Identity
from keys.primitives import same, sha256

MEMORY_FORMAT = "dossier/memory/1"
VERIFIER = 2  # raised when what is checked of an entry changes: then all is checked anew
_LARGEST = 1 << 20  # bytes of one file
_PATIENCE = 20.0  # seconds to wait for another command of the same member


class MovedError(Exception):
    """Another command of this member has remembered more meanwhile: load again."""


class Known(NamedTuple):
    """What is known of a household's book."""

    head: Head
    regisseur: Handle | None  # as last stated: a hint for finding, never a right
    unfounded: tuple[int, ...]  # numbers of versions whose entry that asked for them the log lacks


Row = list[Any]  # the same as a part has it: a command reads few of those in a part


class Memory:
    """What one member's client knows of one store. Implements `log.follow.Heads`."""

    def __init__(self, folder: Path, identity: Identity, store: StoreId) -> None:
        """Nothing known yet: `load` reads what is kept."""
        self._identity = identity
        self._store = store
        self._folder = folder
        self._path = folder / store / f"{identity.card.handle}.memory"
        self._context = contexts.of("memory", store, identity.card.fingerprint)
        self._reset()

    def _reset(self) -> None:
        """Know nothing."""
        self._parts: dict[str, dict[HouseholdId, Row]] = {}
        self._digests: dict[str, str] = {}
        self._data: bytes | None = None  # the file as it was last read or written, and the digests in it
        self._kept = 0  # entries verified, as kept
        self._loaded: dict[str, str] = {}
        self._dirty: set[str] = set()
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

    @property
    def named(self) -> dict[str, str]:
        """The digest of each part, as the file names it that was last read or written."""
        return self._loaded

    def beside(self, identity: Identity | None = None) -> "Memory":
        """Give another memory of this member and store that knows nothing yet, under this card or another."""
        return Memory(self._folder, identity or self._identity, self._store)

    def all_parts(self) -> dict[str, dict[HouseholdId, Row]]:
        """Give what is known of every household, by part."""
        for part in self._digests:
            self._load_part(part)
        return self._parts

    def passed_to(self, identity: Identity) -> "Memory":
        """Give what is known here to the same member's next card. Not saved yet."""
        other = self.beside(identity)
        other.begin_again(self)
        other.short, other.restored, other.rekeying = set(self.short), self.restored, self.rekeying
        return other

    def begin_again(self, other: "Memory") -> None:
        """Take over all that another memory of this member knows, in the place of what is known here."""
        parts = other.all_parts()
        self._parts, self._dirty = parts, set(parts)
        self._digests = {}
        self.root, self.verified = other.root, other.verified
        self.must_pass, self.store_head = None, other.store_head
        self.mine, self.lacking, self.told = other.mine, other.lacking, other.told

    def forget(self) -> None:
        """Go back to what is kept: what was half taken in counts for nothing."""
        root = self.root
        self._reset()
        self.root = root
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
        row = self._part(household).get(household)
        return None if row is None else _read_known(row)

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
        self._part(household)[household] = [_write_head(head), regisseur, list(unfounded)]
        self._dirty.add(_part_of(household))

    def households(self) -> Iterator[tuple[HouseholdId, Known]]:
        """Give every household known, part by part.

        Raises:
            ConflictError: when another command of this member has gone further meanwhile.
        """
        for part in sorted({*self._digests, *self._parts}):
            try:
                rows = self._load_part(part)
            except MovedError as e:
                raise ConflictError("memory-moved") from e
            yield from ((household, _read_known(row)) for household, row in sorted(rows.items()))

    def _part(self, household: HouseholdId) -> dict[HouseholdId, Row]:
        return self._load_part(_part_of(household))

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
            old = self._loaded
            if not anew and self._read(self._path) != self._data:
                kept = self.beside()
                if kept.load() and kept.verified.size > self.verified.size:
                    return
                old = kept.named
            for part in sorted(self._dirty):
                self._save_part(part)
            self._dirty.clear()
            self._write()
            for part, digest in old.items():
                if self._digests.get(part) != digest:
                    self._part_path(part, digest).unlink(missing_ok=True)

    def _write(self) -> None:
        """Replace the file, with the mac that only this member makes."""
        body = canonical_json(self._fields())
        data = body + b"\n" + to_base64(self._identity.mac(body, self._context)).encode("ascii")
        with translated():
            replace(self._path, data)
        self._data, self._loaded = data, dict(self._digests)
        self._kept = self.verified.size

    def _fields(self) -> dict[str, Any]:
        known = self.verified
        known.seal()
        return {
            "#": MEMORY_FORMAT,
            "at": None if known.at is None else write_time(known.at),
            "digest": to_base64(known.digest),
            "frontier": [to_base64(item) for item in known.frontier.hashes],
            "head": _write_head(self.store_head),
            "lacking": sorted(self.lacking),
            "length": known.length,
            "mine": sorted(self.mine),
            "parts": self._digests,
            "rekeying": self.rekeying,
            "restored": None if self.restored is None else to_base64(self.restored),
            "root": self.root,
            "seen": known.seen,
            "short": sorted(self.short),
            "size": known.size,
            "told": self.told,
            "verifier": VERIFIER,
        }

    def _take(self, fields: dict[str, Any]) -> None:
        if fields["#"] != MEMORY_FORMAT:
            raise IntegrityError("memory-altered")
        self.root = fields["root"]
        hashes = [from_base64(item, 32) for item in fields["frontier"]]
        frontier = Frontier.from_hashes(fields["size"], hashes)
        if fields["verifier"] != VERIFIER:
            self.must_pass = Seen(frontier.size, frontier.root())
            return
        known = self.verified
        known.frontier = frontier
        known.root = frontier.root()
        known.at = None if fields["at"] is None else read_time(fields["at"])
        known.length = fields["length"]
        known.digest = from_base64(fields["digest"], 32)
        known.seen = {Handle(actor): size for actor, size in fields["seen"].items()}
        self.store_head = _read_head(fields["head"])
        self.mine = {HouseholdId(household) for household in fields["mine"]}
        self.lacking = set(fields["lacking"])
        self.short = {HouseholdId(household) for household in fields["short"]}
        self.restored = None if fields["restored"] is None else from_base64(fields["restored"], 32)
        self.rekeying = fields["rekeying"]
        self.told = fields["told"]
        self._digests = dict(fields["parts"])
        self._loaded = dict(fields["parts"])

    def _load_part(self, part: str) -> dict[HouseholdId, Row]:
        if part not in self._parts:
            self._parts[part] = {}
            if part in self._digests:
                data = self._read(self._part_path(part, self._digests[part]))
                if data is None:
                    self._check_moved()
                if data is None or sha256(data).hex() != self._digests[part]:
                    raise IntegrityError("memory-altered")
                self._parts[part] = _read_part(parse_json(data))
        return self._parts[part]

    def _check_moved(self) -> None:
        """A part is gone: raise MovedError when that is because another command has gone further."""
        kept = self.beside()
        if kept.load() and kept.named != self._loaded:
            raise MovedError

    def _save_part(self, part: str) -> None:
        data = canonical_json(self._parts[part])
        self._digests[part] = sha256(data).hex()
        with translated():
            self._path.with_suffix(".parts").mkdir(mode=0o700, exist_ok=True)
            replace(self._part_path(part, self._digests[part]), data)

    def _part_path(self, part: str, digest: str) -> Path:
        return self._path.with_suffix(".parts") / f"{part}-{digest[:32]}"

    def _read(self, path: Path) -> bytes | None:
        return read(path, _LARGEST)


def _part_of(household: HouseholdId) -> str:
    """Say in which of the 256 parts a household is kept."""
    return sha256(household.encode("ascii"))[:1].hex()


def _write_head(head: Head | None) -> list[Any] | None:
    return None if head is None else [head.number, head.position, to_base64(head.leaf)]


def _read_head(value: list[Any] | None) -> Head | None:
    return None if value is None else Head(value[0], value[1], from_base64(value[2], 32))


def _read_part(rows: dict[HouseholdId, Row]) -> dict[HouseholdId, Row]:
    """Take a part; every household in it has a book with a last entry."""
    if any(head is None for head, _, _ in rows.values()):
        raise IntegrityError("memory-altered")
    return rows


def _read_known(row: Row) -> Known:
    (number, position, leaf), regisseur, unfounded = row
    head = Head(number, position, from_base64(leaf, 32))
    return Known(head, None if regisseur is None else Handle(regisseur), tuple(unfounded))
