"""Compare the logs of two stores: how far they are the same, and what one has beyond."""

from collections.abc import Iterator
from typing import NamedTuple

from dossier.entry import Entry, read_entry
from dossier.log.records import Record, split
from dossier.model import BookName
from dossier.storage.base import PAGE, Store

_STATES = b'"statement":'


def statements(records: list[Record]) -> Iterator[Entry]:
    """Give the entries that carry a statement."""
    for record in records:
        if _STATES in record.line:
            entry = read_entry(record.line)
            if entry.signed.place is not None:
                yield entry


class Compared(NamedTuple):
    """Two logs: how many entries each has, and how many they have in common from the first on."""

    size: int
    other: int
    common: int


def compare_logs(store: Store, other: Store) -> Compared:
    """Compare the logs of two stores, byte by byte: each entry with the checkpoint over it.

    Nothing is verified: whoever believes one of them knows how far the other is the same.
    """
    size = others = common = 0
    number, going, others_going = 0, True, True
    while going or others_going:
        own = split(store.page(number))[0] if going else []
        its = split(other.page(number))[0] if others_going else []
        if common == size == others:
            pairs = zip(own, its, strict=False)
            common += next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(own), len(its)))
        size, others = size + len(own), others + len(its)
        going, others_going = len(own) >= PAGE, len(its) >= PAGE
        number += 1
    return Compared(size, others, common)


def moved_since(store: Store, size: int) -> set[BookName]:
    """Name the books of the statements from an entry on. Raises IntegrityError for what is no entry."""
    names: set[BookName] = set()
    number, going = size // PAGE, True
    while going:
        records = split(store.page(number))[0]
        skipped = size % PAGE if number == size // PAGE else 0
        names |= {entry.signed.place.book for entry in statements(records[skipped:]) if entry.signed.place}
        number, going = number + 1, len(records) >= PAGE
    return names
