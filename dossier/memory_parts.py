"""Parts: what a client knows of each household's book, in 256 files, so that a command rewrites few of them.

Each file is named by its digest in the client's memory, which its member authenticates (KEYS.md, "Memory of
the client").
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from dossier.book import Head
from dossier.errors import IntegrityError
from dossier.model import Handle, HouseholdId
from dossier.storage.durable import read, replace, translated
from keys.encoding import canonical_json, from_base64, to_base64
from keys.primitives import sha256

LARGEST = 1 << 20  # bytes of one file
Row = list[Any]  # head, regisseur, what is unfounded: as a file has them, of which a command reads few
Named = dict[str, str]  # the digest of each part


class MovedError(Exception):
    """Another command of this member has remembered more meanwhile: load again."""


class Known(NamedTuple):
    """What is known of a household's book."""

    head: Head
    regisseur: Handle | None  # as last stated: a hint for finding, never a right
    unfounded: tuple[int, ...]  # numbers of versions whose entry that asked for them the log lacks


class Parts:
    """The rows of all households, read part by part when one of them is asked for."""

    def __init__(self, folder: Path, elsewhere: Callable[[], Named | None]) -> None:
        """`elsewhere` gives the digests that memory names by now, as another command may have written it."""
        self._folder = folder
        self._elsewhere = elsewhere
        self._rows: dict[str, dict[HouseholdId, Row]] = {}
        self._dirty: set[str] = set()
        self.named: Named = {}  # each part's digest, as it is or will be written
        self.written: Named = {}  # as memory named them when it was last read or written

    def take(self, named: Mapping[str, str]) -> None:
        """Take the digests that memory names."""
        self.named, self.written = dict(named), dict(named)

    def take_over(self, other: "Parts") -> None:
        """Hold what another holds, in the place of what is held here; nothing is written yet."""
        held = {household: other.row(household) for household, _ in other.each()}
        self._rows, self.named = {}, {}
        for household, row in held.items():
            assert row is not None  # noqa: S101 (it was just named)
            self.put(household, row)

    def row(self, household: HouseholdId) -> Row | None:
        """Give a household's row, None when nothing is known of it."""
        return self._load(_part_of(household)).get(household)

    def put(self, household: HouseholdId, row: Row) -> None:
        """Note a household's row."""
        part = _part_of(household)
        self._load(part)[household] = row
        self._dirty.add(part)

    def each(self) -> Iterator[tuple[HouseholdId, Row]]:
        """Give every household, part by part. Raises MovedError."""
        for part in sorted({*self.named, *self._rows}):
            yield from sorted(self._load(part).items())

    def save(self) -> None:
        """Write the parts that changed, each under its new name."""
        for part in sorted(self._dirty):
            data = canonical_json(self._rows[part])
            self.named[part] = sha256(data).hex()
            with translated():
                self._folder.mkdir(mode=0o700, exist_ok=True)
                replace(self._path(part), data)
        self._dirty.clear()

    def settle(self) -> None:
        """Note that memory names the parts as they are now."""
        self.written = dict(self.named)

    def drop(self, old: Named) -> None:
        """Remove the files that memory no longer names."""
        for part, digest in old.items():
            if self.named.get(part) != digest:
                with suppress(OSError):  # a file too many harms nobody
                    (self._folder / _file_name(part, digest)).unlink()

    def _load(self, part: str) -> dict[HouseholdId, Row]:
        if part not in self._rows:
            self._rows[part] = {}
            if part in self.named:
                self._rows[part] = self._read(part)
        return self._rows[part]

    def _read(self, part: str) -> dict[HouseholdId, Row]:
        """Read a part. Its digest vouches for it, so how it is written need not be looked at again.

        Raises:
            MovedError: when it is gone because another command has gone further.
            IntegrityError: "memory-altered" when it is not what memory names.
        """
        data = read(self._path(part), LARGEST)
        if data is None and self._elsewhere() not in (None, self.written):
            raise MovedError
        if data is None or sha256(data).hex() != self.named[part]:
            raise IntegrityError("memory-altered")
        return _checked(json.loads(data))

    def _path(self, part: str) -> Path:
        return self._folder / _file_name(part, self.named[part])


def _part_of(household: HouseholdId) -> str:
    """Say in which of the 256 parts a household is kept."""
    return sha256(household.encode("ascii"))[:1].hex()


def _file_name(part: str, digest: str) -> str:
    return f"{part}-{digest[:32]}"


def write_head(head: Head | None) -> Row | None:
    """Write a book's last entry, or that there is none."""
    return None if head is None else [head.number, head.position, to_base64(head.leaf)]


def read_head(value: Row | None) -> Head | None:
    """Read what `write_head` wrote."""
    return None if value is None else Head(value[0], value[1], from_base64(value[2], 32))


def read_known(row: Row) -> Known:
    """Read a household's row."""
    (number, position, leaf), regisseur, unfounded, *_ = row
    head = Head(number, position, from_base64(leaf, 32))
    return Known(head, None if regisseur is None else Handle(regisseur), tuple(unfounded))


def _checked(rows: dict[HouseholdId, Row]) -> dict[HouseholdId, Row]:
    """Take a part; every household in it has a book with a last entry."""
    if any(head is None for head, *_ in rows.values()):
        raise IntegrityError("memory-altered")
    return rows
