"""Read entries of the verified log, all that stand from a place on, or none."""

from dossier.entry import Entry, leaf_hash, read_entry
from dossier.errors import IntegrityError
from dossier.log.records import split
from dossier.log.tree import Tree
from dossier.log.verified import Verified
from dossier.storage.base import PAGE, Store


def lines(store: Store, known: Verified, since: int = 0) -> list[bytes]:
    """Give the bytes of each entry from the page of `since` up to the verified size.

    They are believed because, with the tree's hashes of what stands before, they add up to its root.

    Raises:
        IntegrityError: when they do not: nothing is given.
    """
    first = min(since, known.size) // PAGE
    tree = Tree(store, known.size, known.root)
    found: list[bytes] = []
    for number in range(first, -(-known.size // PAGE)):
        records, _ = split(store.page(number))
        found += [record.line for record in records]
    found = found[: known.size - first * PAGE]
    frontier = tree.frontier(first * PAGE)
    for line in found:
        frontier.append(leaf_hash(line))
    if frontier.size != known.size or frontier.root() != known.root:
        raise IntegrityError("log-altered", index=_first_wrong(tree, found, first * PAGE, known.size))
    return found


def entries(store: Store, known: Verified, since: int = 0) -> list[Entry]:
    """Give the entries from `since` up to the verified size. Raises as `lines`."""
    first = min(since, known.size) // PAGE * PAGE
    return [read_entry(line) for line in lines(store, known, since)[since - first :]]


def _first_wrong(tree: Tree, found: list[bytes], start: int, size: int) -> int:
    """Find the first entry that is not the one under the verified root."""
    for position in range(start, min(size, start + len(found))):
        try:
            tree.entry(position)
        except IntegrityError:
            return position
    return min(size, start + len(found))
