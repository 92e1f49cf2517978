"""Verify a store's log from nothing: every entry, checkpoint, statement, and every copy of one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dossier.entry import Entry
from dossier.errors import IntegrityError, UnreachableError
from dossier.log.copies import Chains, compare
from dossier.log.follow import FORGED, Follower
from dossier.log.judging import Judge
from dossier.log.note import open_checkpoint
from dossier.log.records import origin, split
from dossier.log.report import Due, Finding, Report
from dossier.log.signatures import Signatures
from dossier.log.verified import Verified
from dossier.model import BookName, Seen
from dossier.register.register import Register
from dossier.storage.base import PAGE, Store

Progress = Callable[[int], None]
Look = Callable[[BookName], None]

PIECE = 1024  # entries read under the store's lock at a time: writers wait for a few hundredths of a second
_BOOKS = 32  # books compared under the lock at a time


def verify(
    store: Store,
    root: str | None,
    *,
    against: bytes | None = None,
    must_pass: Seen | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Report:
    """Verify all that the log says, and that what the books' files say is in it.

    `root` is the fingerprint of the founder's card; where it is None, that of the first entry is taken, and
    the report says which. `against` is an older checkpoint, a signed note; `must_pass` a size and root that
    a client remembers. `progress` is told how many entries were read.

    Raises:
        IntegrityError: with the index of the first entry that is wrong; or the log does not go through what
            it should.
    """
    verifier = Verifier(store, root, must_pass=must_pass, workers=workers)
    verifier.read_log(progress)
    if against is not None:
        verifier.check_against(against)
    verifier.compare_books()
    return verifier.report()


class Verifier:
    """A verification under way. Guards that what it tells of books and members comes from checked entries."""

    def __init__(
        self,
        store: Store,
        root: str | None,
        *,
        must_pass: Seen | None = None,
        workers: int | None = None,
    ) -> None:
        """Arguments as those of `verify`."""
        self._store = store
        self._root = root
        self._signatures = Signatures(workers)
        self._findings: list[Finding] = []
        self._due: list[Due] = []
        self._leftovers: list[str] = []
        self.known = Verified()
        self.register = Register(root or "")
        self.chains = Chains()
        self._judge = Judge(self.chains)
        self._follower = Follower(
            store,
            self.known,
            self.register,
            self.chains,
            check=self._signatures,
            every_checkpoint=True,
            each=self._look,
            households=True,
            must_pass=must_pass,
        )

    def _look(self, entry: Entry, register: Register) -> None:
        """Take the founder's card from the first entry, or see that it is the pinned one; judge each."""
        if entry.index == 0:
            register.root = self._root or entry.signed.card
            if register.root != entry.signed.card:
                raise IntegrityError(FORGED, index=0)
        self._judge(entry, register)

    def read_log(self, progress: Progress | None = None) -> None:
        """Read the whole log, a piece at a time; signatures are checked when the lock is free again.

        Raises:
            IntegrityError: naming the first entry that is wrong.
            UnreachableError: "log-gone" when there is none at all.
        """
        taken = PIECE
        while taken == PIECE:
            with self._settled(), self._store.exclusive():
                taken = self._follower.follow(PIECE)
            if progress is not None:
                progress(self.known.size)
        if self.known.size == 0:  # a founded store has a log, so this one was taken away
            raise UnreachableError("log-gone")
        self._look_at_tail()

    def _look_at_tail(self) -> None:
        """Name what an append that was cut off left behind the last whole record."""
        with self._store.exclusive():
            data = self._store.page(self.known.size // PAGE)
        _, length = split(data)
        if len(data) > length:
            self.leave(f"log: {len(data) - length} bytes of a torn append")

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Check the signatures of what the block reads; one that is wrong comes before what follows it."""
        try:
            yield
        finally:
            self._signatures.settle()

    def check_against(self, note: bytes) -> None:
        """See that a checkpoint is of a beginning of this log, signed by the log key of its time.

        Raises:
            IntegrityError: "bad-note", "bad-checkpoint"; "log-short" when it is of a longer log,
                "log-altered" when this log was another then.
        """
        name = origin(self._store.store_id)
        keys = [(name, epoch.log_key) for epoch in self.register.epochs]
        size = open_checkpoint(note, name, keys).size
        in_force = [epoch for epoch in self.register.epochs if epoch.start < size]
        if not in_force:
            raise IntegrityError("bad-checkpoint")
        checkpoint = open_checkpoint(note, name, [(name, in_force[-1].log_key)])
        if size > self.known.size:
            raise IntegrityError("log-short", index=self.known.size)
        if self._follower.roots.at(size) != checkpoint.root:
            raise IntegrityError("log-altered", size=size)

    def compare_books(self, look: Look | None = None) -> None:
        """Compare the file of every book with the log; `look` is called for each, under the lock.

        Raises:
            IntegrityError: as `read_log`, for what was added since.
        """
        names = sorted({*self._store.books(), *self.chains.names()})
        for start in range(0, len(names), _BOOKS):
            with self._settled(), self._store.exclusive():
                self._follower.follow()
                for name in names[start : start + _BOOKS]:
                    self._compare(name)
                    if look is not None:
                        look(name)

    def _compare(self, name: BookName) -> None:
        try:
            copies = self._store.copies(name)
        except IntegrityError as e:
            self.find(Finding(None, e.code, name))
            return
        idle = {position for book, position, _ in self.register.faults if book == name}
        compared = compare(name, self.chains, copies, idle, self._fits)
        self._findings += compared.findings
        if compared.leftover is not None:
            self.leave(f"{name}: copy of entry {compared.leftover.index}")

    def _fits(self, entry: Entry) -> bool:
        """Tell whether an entry that is not in the log could have come next at its place."""
        seen, size = entry.signed.seen, self.known.size
        return max(entry.index, seen.size) <= size and self._follower.roots.at(seen.size) == seen.root

    def find(self, finding: Finding) -> None:
        """Note something that is not as it must be."""
        self._findings.append(finding)

    def ask(self, due: Due) -> None:
        """Note something that is to be done."""
        self._due.append(due)

    def leave(self, leftover: str) -> None:
        """Note what a crash left behind."""
        self._leftovers.append(leftover)

    def report(self) -> Report:
        """Put together what was found, in the order of the log."""
        idle = [Finding(position, f"idle-{reason}", book) for book, position, reason in self.register.faults]
        found = [*self._findings, *self._judge.findings, *idle]
        return Report(
            size=self.known.size,
            root=self.known.root,
            root_fingerprint=self.register.root,
            households=len(self.register.households),
            findings=tuple(sorted(found, key=_order)),
            leftovers=tuple(self._leftovers),
            due=tuple(self._due),
        )


def _order(finding: Finding) -> tuple[bool, int, str, str]:
    """Sort by place in the log, what has none last."""
    return finding.position is None, finding.position or 0, finding.book or "", finding.code
