"""Verified: what is known of the log for certain, and from where reading goes on."""

import hashlib
from datetime import datetime

from dossier.entry import Entry
from dossier.errors import IntegrityError, UnreachableError
from dossier.log.merkle import EMPTY_ROOT, Frontier
from dossier.model import Handle
from dossier.storage.base import PAGE, Store


class Verified:
    """The log up to a size: its frontier and root, its last time, and what each member had seen.

    Also the bytes of the page in use (the one that the last entry is in) as length and SHA-256, so that
    a byte altered there is noticed at the next reading, wherever it is.
    """

    __slots__ = ("_hasher", "at", "digest", "frontier", "length", "root", "seen")

    def __init__(self) -> None:
        self.frontier = Frontier()
        self.root = EMPTY_ROOT
        self.at: datetime | None = None
        self.length = 0
        self.digest = hashlib.sha256(b"").digest()
        self.seen: dict[Handle, int] = {}
        self._hasher: hashlib._Hash | None = None

    @property
    def size(self) -> int:
        """How many entries."""
        return self.frontier.size

    @property
    def page(self) -> int:
        """The page in use: that of the last entry, the first while there is none."""
        return max(0, self.size - 1) // PAGE

    def rest(self, store: Store) -> bytes:
        """Read what the page in use has beyond what is verified; the part before is compared, once.

        Raises:
            UnreachableError: "log-gone" when the page is not there.
            IntegrityError: "log-short" or "log-altered" when it is not what was seen.
        """
        if self._hasher is not None:
            return store.page(self.page, self.length)
        data = store.page(self.page)
        if self.size and not data:
            raise UnreachableError("log-gone")
        if len(data) < self.length:
            raise IntegrityError("log-short", index=self.size - 1)
        hasher = hashlib.sha256(data[: self.length])
        if hasher.digest() != self.digest:
            raise IntegrityError("log-altered", page=self.page)
        self._hasher = hasher
        return data[self.length :]

    def turn(self) -> None:
        """Go on to the next page, when this one is full."""
        self.length = 0
        self._hasher = hashlib.sha256()

    def advance(
        self, entry: Entry, frontier: Frontier, root: bytes, record: bytes, *, corrects: bool = False
    ) -> None:
        """Take in an entry that has been checked: the tree with it, its root, and the bytes of its record.

        Time goes on from the latest entry; from one that `corrects` a wrong clock, from that.
        """
        if self.size and self.size % PAGE == 0:
            self.turn()
        self.frontier = frontier
        self.root = root
        self.at = entry.at if corrects or self.at is None else max(self.at, entry.at)
        self.length += len(record)
        assert self._hasher is not None  # noqa: S101 (nothing is checked that was not read by `rest`)
        self._hasher.update(record)
        self.seen[entry.signed.actor] = entry.signed.seen.size

    def seal(self) -> None:
        """Bring `digest` up to date, before this is remembered."""
        if self._hasher is not None:
            self.digest = self._hasher.digest()
