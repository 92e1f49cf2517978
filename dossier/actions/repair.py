"""Repair a store: remove what no statement names, and nothing else. Needs no right, and no token."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from dossier.actions.check import Health, is_damage
from dossier.book import next_place
from dossier.entry import leaf_hash, read_entry
from dossier.log.records import split
from dossier.log.report import Report
from dossier.log.tree import Tree, first_entry, wrong_tiles
from dossier.log.verify import Verifier
from dossier.model import BookName, Seen
from dossier.storage.base import PAGE, Store

HOUR = 3600  # seconds after which nobody is still on the way from a content to its statement
_GONE_BACK = "log-behind-copy"
_ALTERED_TILE = "tile-altered"


class Repaired(NamedTuple):
    """What a check found, without what was repaired; and that, each as the check named it."""

    report: Report
    repaired: tuple[str, ...]


def repair(
    store: Store,
    root: str | None,
    *,
    deep: bool = False,
    must_pass: Seen | None = None,
    finish: Callable[[], Iterable[str]] = tuple,
    progress: Callable[[int], None] | None = None,
    workers: int | None = None,
) -> Repaired:
    """Check a store, and then remove leftovers: what is certain, each in one durable step under the lock.

    1. `finish` what a journal says was begun; it names what it did. 2. Check all, and change nothing.
    3. Under the lock, with the log read to its end: cut off a torn append, remove contents that no version
    names and files that were never finished, both when they are an hour old. 4. Book by book, in one replace
    each, drop the copy that a crash left and the objects that nothing needs. 5. Write wrong tiles again.

    What was found stays a finding, and where it puts in doubt what is needed, nothing is removed: not from a
    book with one; no content while a book cannot be read; nothing of both when the log has gone back.

    Raises:
        IntegrityError: as `check`, before anything is changed.
    """
    done = list(finish())
    health = Health(store, Verifier(store, root, must_pass=must_pass, workers=workers))
    health.look_at_all(deep=deep, progress=progress)
    work = _Repair(store, health)
    if work.report.leftovers:
        health.verifier.compare_books(work.mend)
    findings, leftovers = work.report.findings, work.report.leftovers
    if any(finding.code == _ALTERED_TILE for finding in findings):
        work.rewrite_tiles()
        findings = tuple(finding for finding in findings if finding.code != _ALTERED_TILE)
    gone = set(work.done)
    report = work.report._replace(
        findings=findings, leftovers=tuple(name for name in leftovers if name not in gone)
    )
    return Repaired(report, (*done, *work.done))


class _Repair:
    """A repair under way. Guards that only what the check called a leftover goes."""

    def __init__(self, store: Store, health: Health) -> None:
        self._store = store
        self._health = health
        self._begun = False
        self.report = health.verifier.report()
        self._leftovers = {*self.report.leftovers}
        self.done: list[str] = []
        damage = [finding for finding in self.report.findings if is_damage(finding)]
        self._gone_back = any(finding.code == _GONE_BACK for finding in damage)
        self._unread = any(finding.code.startswith(("book-", "file-")) for finding in damage)
        self._doubtful = {finding.book for finding in damage if not finding.code.startswith("content-")}

    def mend(self, book: BookName) -> None:
        """Drop from a book what no statement needs. Under the lock, with the log read to its end."""
        if not self._begun:
            self._begun = True
            self._mend_around()
        if self._gone_back or book in self._doubtful:
            return
        copies, objects = self._store.copies(book), self._store.objects(book)
        known = {leaf for leaf, _ in self._health.verifier.chains.chain(book)}
        lines = [line for line in copies if leaf_hash(line) in known]
        strange = [self._name(book, line) for line in copies if leaf_hash(line) not in known]
        needed = self._health.needed(book)
        if not self._leftovers.issuperset(strange) or needed.keys() - objects.keys():
            return  # not as it was checked: somebody has been at it since
        going = strange + [f"{book}: object {digest}" for digest in objects if digest not in needed]
        if going:
            kept = {digest: data for digest, data in objects.items() if digest in needed}
            self._store.lay(book, lines, kept)
            self.done += going

    def _name(self, book: BookName, line: bytes) -> str:
        """Name a copy as the check does, when it is one that a crash left behind the book's last entry."""
        entry = read_entry(line)
        last = entry.signed.place == next_place(book, self._health.verifier.chains.head(book))
        return f"{book}: copy of entry {entry.index}" if last else ""

    def _mend_around(self) -> None:
        """Remove what is in no book: the end of a torn append, contents, files that were never finished."""
        if not self._gone_back:
            self._cut_log()
            if not self._unread:
                self._remove_contents()
        self.done += [f"file {name}" for name in self._store.sweep(HOUR)]

    def _cut_log(self) -> None:
        """Cut the log off behind its last whole record."""
        number = self._health.verifier.known.size // PAGE
        data = self._store.page(number)
        length = split(data)[1]
        if len(data) > length:
            self._store.append(number, length, b"")
            self.done.append(f"log: {len(data) - length} bytes of a torn append")

    def _remove_contents(self) -> None:
        """Remove contents that no version named when they were looked at, nor names now."""
        for digest in sorted(self._health.unnamed - self._health.named()):
            if self._store.remove(digest, older_than=HOUR):
                self.done.append(f"content {digest}")

    def rewrite_tiles(self) -> None:
        """Write the tiles again that are not those of the pages, lowest first: others are made of them."""
        known = self._health.verifier.known
        for level, number in wrong_tiles(self._store, known.size, known.root):
            with self._store.exclusive():
                hashes = Tree(self._store, known.size, known.root).fresh(level, number)
                self._store.keep_tile(level, number, hashes)
            self.done.append(f"tile {level}/{number} from entry {first_entry(level, number)}")
