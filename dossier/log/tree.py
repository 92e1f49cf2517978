"""Tree: hashes and entries of the log's past, from kept tiles and pages, believed once they add up."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from dossier.entry import Entry, leaf_hash, read_entry
from dossier.errors import IntegrityError
from dossier.log.merkle import (
    HASH_SIZE,
    consistency_proof,
    inclusion_proof,
    node_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from dossier.log.records import split
from dossier.storage.base import PAGE, Store

T = TypeVar("T")

TILE_BITS = 8  # a tile is 256 hashes wide, a page 256 records long
_FULL = PAGE * HASH_SIZE


class Tree:
    """The log up to a verified size and root. Whatever it gives has been proven to be under that root."""

    def __init__(self, store: Store, size: int, root: bytes, *, kept: bool = True) -> None:
        """`kept` says whether kept tiles are used, where they add up."""
        self._store = store
        self._size = size
        self._root = root
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._kept = kept

    def root_at(self, size: int) -> bytes:
        """Give the root that this log had at an earlier size.

        Raises:
            IntegrityError: when neither tiles nor pages add up to the verified root.
        """

        def prove() -> bytes:
            root = root_at(size, self.node)
            proof = consistency_proof(size, self._size, self.node)
            verify_consistency(size, self._size, root, self._root, proof)
            return root

        return self._twice(prove)

    def entry(self, position: int) -> Entry:
        """Give an entry by its index. Raises as `line`."""
        return read_entry(self.line(position))

    def line(self, position: int) -> bytes:
        """Give the bytes of an entry by its index.

        Raises:
            IntegrityError: when it is not there, or not the one under the verified root.
        """
        records, _ = split(self._store.page(position // PAGE))
        if position >= self._size or position % PAGE >= len(records):
            raise IntegrityError("log-short", index=position)
        line = records[position % PAGE].line

        def prove() -> None:
            path = inclusion_proof(position, self._size, self.node)
            verify_inclusion(position, self._size, leaf_hash(line), path, self._root)

        self._twice(prove, index=position)
        return line

    def path(self, position: int) -> list[bytes]:
        """Give the path from an entry that it gave to the root (RFC 9162, section 2.1.3.1)."""
        return inclusion_proof(position, self._size, self.node)

    def page(self, number: int) -> list[bytes]:
        """Give the bytes of each entry on a page, as far as the tree reaches; none on a page beyond it.

        The path of the page's first entry is added up over all the others, so that it proves them as well.

        Raises:
            IntegrityError: when an entry is not there, or not the one under the verified root.
        """
        first, last = number * PAGE, min(self._size, (number + 1) * PAGE)
        records, _ = split(self._store.page(number))
        lines = [record.line for record in records[: max(0, last - first)]]
        if first + len(lines) < last:
            raise IntegrityError("log-short", index=first + len(lines))
        hashes = b"".join(leaf_hash(line) for line in lines)

        def prove() -> None:
            self._tiles[0, number] = hashes
            path = inclusion_proof(first, self._size, self.node)
            verify_inclusion(first, self._size, hashes[:HASH_SIZE], path, self._root)

        if lines:
            try:
                self._twice(prove, index=first)
            except IntegrityError:
                anew = Tree(self._store, self._size, self._root)
                for position in range(first, last):
                    anew.line(position)  # names the first one that is wrong, where kept hashes can tell
                raise
        return lines

    def _twice(self, prove: Callable[[], T], **data: int) -> T:
        """Prove from kept tiles, and where they do not add up, once more from the pages themselves."""
        try:
            return prove()
        except IntegrityError:
            self._tiles.clear()
            self._kept = False
        try:
            return prove()
        except IntegrityError as e:
            raise IntegrityError("log-altered", **data) from e

    def node(self, level: int, number: int) -> bytes:
        """Give the hash of a perfect subtree, from a tile or added up from one; nothing has proven it."""
        tile_level, rest = divmod(level, TILE_BITS)
        first = number << rest
        hashes = self._hashes(tile_level, first >> TILE_BITS)
        start = (first & (PAGE - 1)) * HASH_SIZE
        return _add_up(hashes[start : start + (HASH_SIZE << rest)], HASH_SIZE << rest)

    def _hashes(self, level: int, number: int) -> bytes:
        """Give a tile's hashes: kept ones, else made anew from the page or the tiles below."""
        if (level, number) not in self._tiles:
            kept = self._store.tile(level, number) if self._kept else None
            whole = kept is not None and len(kept) == _FULL
            self._tiles[level, number] = kept if kept is not None and whole else self._anew(level, number)
        return self._tiles[level, number]

    def fresh(self, level: int, number: int) -> bytes:
        """Make a tile anew, to be kept: from its page, or from the tiles below."""
        return self._anew(level, number)

    def _anew(self, level: int, number: int) -> bytes:
        if level == 0:
            records, _ = split(self._store.page(number))
            return b"".join(leaf_hash(record.line) for record in records)
        hashes = []
        for below in range(number << TILE_BITS, (number + 1) << TILE_BITS):
            if (below + 1) << (TILE_BITS * level) > self._size:
                break
            hashes.append(_add_up(self._hashes(level - 1, below), _FULL))
        return b"".join(hashes)


def _add_up(hashes: bytes, length: int) -> bytes:
    """Add up the hashes of a perfect subtree to its root."""
    if len(hashes) != length:
        raise IntegrityError("log-short")
    level = [hashes[i : i + HASH_SIZE] for i in range(0, length, HASH_SIZE)]
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def keep_tiles(store: Store, size: int) -> None:
    """Keep the tiles that the last append filled. Losing one costs time, no more."""
    level, number = 0, size
    tree = Tree(store, size, b"")
    while number and number % PAGE == 0:
        number >>= TILE_BITS
        store.keep_tile(level, number - 1, tree.fresh(level, number - 1))
        level += 1


def wrong_tiles(store: Store, size: int, root: bytes) -> Iterator[tuple[int, int]]:
    """Name by level and number the kept tiles that are not those of the pages under a verified root."""
    tree = Tree(store, size, root)
    filling: dict[int, bytes] = {}  # the tile of each level that is not full yet
    for page in range(size // PAGE):
        level, number = 0, page
        hashes = b"".join(leaf_hash(line) for line in tree.page(page))
        while len(hashes) == _FULL:
            if store.tile(level, number) not in (None, hashes):
                yield level, number
            root_of_tile = _add_up(hashes, _FULL)
            level, number = level + 1, number >> TILE_BITS
            hashes = filling.get(level, b"") + root_of_tile
            filling[level] = b"" if len(hashes) == _FULL else hashes


def first_entry(level: int, number: int) -> int:
    """Give the index of the first entry under a tile."""
    return number << (TILE_BITS * (level + 1))
