"""Read entries of the verified log, page by page, each proven before it is given."""

from collections.abc import Iterator
from datetime import datetime

from dossier.entry import Entry, read_entry
from dossier.errors import IntegrityError
from dossier.log.note import Checkpoint, open_checkpoint
from dossier.log.records import origin, split
from dossier.log.tree import Tree
from dossier.log.verified import Verified
from dossier.model import Seen
from dossier.storage.base import PAGE, Store


def pages(store: Store, known: Verified | Seen, since: int = 0) -> Iterator[list[bytes]]:
    """Give the bytes of each entry from the page of `since` up to the verified size, a page at a time.

    Raises:
        IntegrityError: at the first page that is not under the verified root; nothing of it is given.
    """
    tree = Tree(store, known.size, known.root)
    for number in range(min(since, known.size) // PAGE, -(-known.size // PAGE)):
        yield tree.page(number)


def entries(store: Store, known: Verified | Seen, since: int = 0) -> list[Entry]:
    """Give the entries from `since` up to the verified size, or none. Raises as `pages`."""
    lines = [line for page in pages(store, known, since) for line in page]
    return [read_entry(line) for line in lines[min(since, known.size) % PAGE :]]


def pages_from(
    store: Store, known: Verified | Seen, since: datetime | None, page: int | None = None
) -> Iterator[list[Entry]]:
    """Give the entries up to the verified size, the last page first, back to one that begins before `since`.

    `page` is one to begin at in the place of the last.

    As an entry's time is never before that of the one before it, nothing from `since` on is left out.

    Raises:
        IntegrityError: as `pages`.
    """
    tree = Tree(store, known.size, known.root)
    last = -(-known.size // PAGE) - 1
    for number in range(last if page is None else min(page, last), -1, -1):
        found = [read_entry(line) for line in tree.page(number)]
        yield found
        if since is not None and found[0].at < since:
            return


def note_of(store: Store, known: Verified, log_key: bytes) -> bytes:
    """Give the signed note over the log as it is verified.

    Raises:
        IntegrityError: when the one that stands there is not of what is verified, or not by this key.
    """
    records, _ = split(store.page(known.page))
    place = known.size - 1 - known.page * PAGE
    if place >= len(records):
        raise IntegrityError("log-short", index=known.size - 1)
    name, note = origin(store.store_id), records[place].note
    if open_checkpoint(note, name, [(name, log_key)]) != Checkpoint(name, known.size, known.root):
        raise IntegrityError("bad-checkpoint")
    return note
