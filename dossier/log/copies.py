"""Compare the copies in a book's file with the statements that the log has of that book."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple

from dossier.book import Head, next_place
from dossier.entry import Entry, leaf_hash, read_entry
from dossier.errors import IntegrityError
from dossier.log.merkle import HASH_SIZE
from dossier.log.report import Finding
from dossier.model import STORE_BOOK, BookName

_INDEX_SIZE = 8
_ROW = HASH_SIZE + _INDEX_SIZE


class Chains:
    """Which statements each book has: 40 bytes each. Implements `log.follow.Heads`."""

    def __init__(self) -> None:
        self._heads: dict[BookName, Head] = {}
        self._rows: dict[BookName, bytearray] = {}

    def head(self, book: BookName) -> Head | None:
        """Give a book's last entry, None for a book that is new."""
        return self._heads.get(book)

    def move(self, entry: Entry, head: Head, *, founded: bool) -> None:  # noqa: ARG002 (the register knows)
        """Note that this entry belongs to a book and is its last now."""
        book = STORE_BOOK if entry.signed.place is None else entry.signed.place.book
        self._heads[book] = head
        row = head.leaf + head.position.to_bytes(_INDEX_SIZE, "big")
        self._rows.setdefault(book, bytearray()).extend(row)

    def unfounded_in_store(self) -> Collection[int]:
        """Give none: who follows a whole log keeps its register."""
        return ()

    def names(self) -> Iterator[BookName]:
        """Name every book."""
        yield from self._heads

    def chain(self, book: BookName) -> list[tuple[bytes, int]]:
        """Give leaf hash and index of every entry that belongs to a book, in order."""
        rows = bytes(self._rows.get(book, b""))
        pieces = (rows[i : i + _ROW] for i in range(0, len(rows), _ROW))
        return [(row[:HASH_SIZE], int.from_bytes(row[HASH_SIZE:], "big")) for row in pieces]


class Compared(NamedTuple):
    """What comparing a book's file came to: what is wrong, and what a crash left there."""

    findings: tuple[Finding, ...]
    leftover: Entry | None


def compare(
    book: BookName,
    chains: Chains,
    copies: list[bytes],
    idle: Collection[int],
    fits: Callable[[Entry], bool],
) -> Compared:
    """Compare copies, in the order of their file, with the statements of a book.

    `idle` are the indexes of statements that do not stand: a file may lack them. `fits` tells of an entry
    that is not in the log whether its index and its `seen` are of this log.
    """
    chain = chains.chain(book)
    numbers = {leaf: number for number, (leaf, _) in enumerate(chain)}
    leaves = [leaf_hash(line) for line in copies]
    there = [numbers[leaf] for leaf in leaves if leaf in numbers]
    lacking = [chain[number][1] for number in sorted({*range(len(chain))} - {*there})]
    findings = [Finding(index, "book-behind", book) for index in lacking if index not in idle]
    if any(one >= other for one, other in pairwise(there)):
        findings.append(Finding(None, "book-altered", book))
    strange = [line for leaf, line in zip(leaves, copies, strict=True) if leaf not in numbers]
    leftover = _leftover(strange, copies, chains.head(book), book, fits)
    if leftover is None:
        findings += (_strange(line, book) for line in strange)
    return Compared(tuple(findings), leftover)


def _leftover(
    strange: list[bytes],
    copies: list[bytes],
    head: Head | None,
    book: BookName,
    fits: Callable[[Entry], bool],
) -> Entry | None:
    """Give the copy that a crash left before its entry was written (KEYS.md, "When a statement counts")."""
    if len(strange) != 1 or strange[0] != copies[-1]:
        return None
    with suppress(IntegrityError):
        entry = read_entry(strange[0])
        if entry.signed.place == next_place(book, head) and fits(entry):
            return entry
    return None


def _strange(line: bytes, book: BookName) -> Finding:
    """Name a copy that the log should have."""
    try:
        return Finding(read_entry(line).index, "log-behind-copy", book)
    except IntegrityError:
        return Finding(None, "book-altered", book)
