"""Check the health of a whole store: log, books, boxes, contents and tiles. Needs no token."""

import hashlib
from collections.abc import Callable, Iterator

from dossier.errors import IntegrityError, UnreachableError
from dossier.log.report import Due, Finding, Report
from dossier.log.tree import first_entry, wrong_tiles
from dossier.log.verify import Verifier
from dossier.model import STORE_BOOK, BookName, Digest, HouseholdId, Seen
from dossier.register.households import Household, Version
from dossier.storage.base import Store
from keys.primitives import BOX_OVERHEAD, KEY_SIZE, WRAP_SIZE, sha256

_BOX_SIZE = KEY_SIZE + BOX_OVERHEAD  # of every box: a section key, the team's seed, an epoch secret
_PIECE = 1 << 20  # bytes of a content read at a time
_DAMAGE = ("book-", "log-", "file-", "object-", "content-", "tile-")  # how their codes begin


def check(
    store: Store,
    root: str | None,
    *,
    deep: bool = False,
    must_pass: Seen | None = None,
    progress: Callable[[int], None] | None = None,
    workers: int | None = None,
) -> Report:
    """Verify the log, and see that the store has what it names. With `deep`, every content is read as well.

    `root` is the fingerprint of the founder's card, `must_pass` a size and root that a client remembers,
    `progress` is told how many entries were read. What is to be rekeyed is due, not wrong; what nothing names
    is a leftover: of a crash, or of who is writing just now.

    Raises:
        IntegrityError: naming the first entry that is wrong. All else is found, and reported.
    """
    health = Health(store, Verifier(store, root, must_pass=must_pass, workers=workers))
    health.look_at_all(deep=deep, progress=progress)
    return health.verifier.report()


def is_damage(finding: Finding) -> bool:
    """Tell whether a finding is of something lost or altered, and not of a wrong that somebody stated."""
    return finding.code.startswith(_DAMAGE)


def is_bad_disk(error: UnreachableError) -> bool:
    """Tell whether one file cannot be read, rather than that the place is gone."""
    return error.data.get("errno") == "EIO"


class Health:
    """What a check goes by, and where it notes what it finds."""

    def __init__(self, store: Store, verifier: Verifier) -> None:
        self.verifier = verifier
        self._store = store
        self.unnamed: set[Digest] = set()  # contents that no version names

    def look_at_all(self, *, deep: bool, progress: Callable[[int], None] | None = None) -> None:
        """Look at log, books, contents, tiles, and what was never finished. Raises as `check`."""
        self.verifier.read_log(progress)
        self.verifier.compare_books(self.look)
        self.look_at_contents(deep=deep)
        self.look_at_tiles()
        for name in sorted(self._store.leftovers()):
            self.verifier.leave(f"file {name}")

    def look(self, book: BookName) -> None:
        """See that a book's file has the objects that are needed and no others, and who has a box."""
        try:
            kept = self._store.objects(book)
        except IntegrityError:
            return  # its copies could not be read either: that has been found
        needed = self.needed(book)
        for digest, size in needed.items():
            data = kept.get(digest)
            if data is None:
                self._find(None, f"object-missing:{digest}", book)
            elif sha256(data).hex() != digest or len(data) != size:
                self._find(None, f"object-altered:{digest}", book)
        for digest in kept:
            if digest not in needed:
                self.verifier.leave(f"{book}: object {digest}")
        if book == STORE_BOOK and self.verifier.register.rotation_awaited:
            self.verifier.ask(Due("rotation-due", book))
        household = self.verifier.register.households.get(HouseholdId(book))
        if household is not None:
            for section in self._due(household):
                self.verifier.ask(Due(f"rekey-due:{section}", book))

    def needed(self, book: BookName) -> dict[Digest, int]:
        """Give every object that a book needs, with its size."""
        register = self.verifier.register
        if book == STORE_BOOK:
            return dict.fromkeys(register.objects(), _BOX_SIZE)
        household = register.households.get(HouseholdId(book))
        sizes: dict[Digest, int] = {}
        for section in () if household is None else household.sections.values():
            sizes |= dict.fromkeys(section.objects(), WRAP_SIZE)
            sizes |= dict.fromkeys([*section.boxes.values(), section.keying.coordination], _BOX_SIZE)
            if section.keying.wraps is not None:
                sizes[section.keying.wraps] = section.wrapped * WRAP_SIZE
        return sizes

    def _due(self, household: Household) -> Iterator[str]:
        """Name each section whose boxes are not those of the live rights at the last entry's time."""
        register, at = self.verifier.register, self.verifier.known.at
        assert at is not None  # noqa: S101 (a log that was read has an entry)
        for name, section in household.sections.items():
            rights = set(register.rights(household, name, at))
            if section.exposed or section.known_to - rights or rights - set(section.boxes):
                yield name
        known = () if register.policy is None else register.policy.sections
        yield from (name for name in known if name not in household.sections)

    def look_at_contents(self, *, deep: bool) -> None:
        """See that every content that a version names is there and, when `deep`, is what was named."""
        kept = set(self._store.contents())
        for household, version in self.versions():
            book = BookName(household)
            try:
                code = (
                    self._flaw(version.content, deep=deep) if version.content in kept else "content-missing"
                )
            except UnreachableError as e:
                if not is_bad_disk(e):
                    raise
                self._find(version.position, "content-unreadable", book)
                continue
            if code is not None:
                self._find(version.position, code, book)
        self.unnamed = kept - self.named()
        for digest in sorted(self.unnamed):
            self.verifier.leave(f"content {digest}")

    def named(self) -> set[Digest]:
        """Give every content that a version names."""
        return {version.content for _, version in self.versions()}

    def versions(self) -> Iterator[tuple[HouseholdId, Version]]:
        """Give every version of every section, with its household."""
        for name, household in self.verifier.register.households.items():
            for section in household.sections.values():
                yield from ((name, version) for version in section.versions)

    def _flaw(self, digest: Digest, *, deep: bool) -> str | None:
        """Name what is wrong with a content."""
        if not deep:
            return None
        hasher = hashlib.sha256()
        try:
            with self._store.get(digest) as sealed:
                while piece := sealed.read(_PIECE):
                    hasher.update(piece)
        except IntegrityError as e:
            return e.code
        return None if hasher.hexdigest() == digest else "content-altered"

    def look_at_tiles(self) -> None:
        """See that the tiles kept are those of the pages; one that is lost costs time, no more."""
        known = self.verifier.known
        for level, number in wrong_tiles(self._store, known.size, known.root):
            self._find(first_entry(level, number), "tile-altered", None)

    def _find(self, position: int | None, code: str, book: BookName | None) -> None:
        self.verifier.find(Finding(position, code, book))
