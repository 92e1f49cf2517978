"""Proofs: what a served log shows its clients, from tiles held in memory and hashes added up once."""

from collections import OrderedDict

from dossier.entry import leaf_hash
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
from dossier.log.tree import TILE_BITS, Tree
from dossier.log.verified import Verified
from dossier.model import Seen
from dossier.storage.base import PAGE, Store

_MOST_NODES = 1 << 16  # hashes of perfect subtrees held: some 10 MB
_MOST_ROOTS = 1 << 14


class Proofs:
    """The tree as it grows. Everything it gives was seen to lead to a root that its log has verified."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last = b""  # leaf hashes of the page in use, of which no tile is kept yet
        self._size = 0
        self._kept = True  # whether kept tiles are used
        self._nodes: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._roots: OrderedDict[int, bytes] = OrderedDict()

    def forget(self) -> None:
        """Hold nothing: of what was half taken in, nothing may stay."""
        self._last, self._size = b"", 0
        self._nodes.clear()
        self._roots.clear()

    def add(self, leaf: bytes, root: bytes) -> None:
        """Take in an entry just appended: its leaf hash, and the root with it."""
        if self._size % PAGE == 0:
            self._last = b""
        self._last += leaf
        self._size += 1
        self._note(self._size, root)

    def catch_up(self, known: Verified) -> None:
        """Take in what others appended: from the page in use, which has been verified."""
        if known.size == self._size:
            return
        first = max(0, known.size - 1) // PAGE * PAGE
        records, _ = split(self._store.page(first // PAGE))
        hashes = b"".join(leaf_hash(record.line) for record in records[: known.size - first])
        if len(hashes) != (known.size - first) * HASH_SIZE:
            raise IntegrityError("log-short", index=known.size - 1)
        self._last, self._size = hashes, known.size
        self._note(known.size, known.root)

    def _note(self, size: int, root: bytes) -> None:
        self._roots[size] = root
        if len(self._roots) > _MOST_ROOTS:
            self._roots.popitem(last=False)

    def root_at(self, size: int, now: Seen) -> bytes:
        """Give the root that the log had at an earlier size. Raises IntegrityError as `Tree.root_at`."""
        found = self._roots.get(size)
        if found is None:
            found = Tree(self._store, now.size, now.root).root_at(size) if size else root_at(0, self._node)
            self._note(size, found)
        return found

    def inclusion(self, index: int, leaf: bytes, now: Seen) -> list[bytes]:
        """Give the path from an entry to the root (RFC 9162, section 2.1.3.1).

        Raises:
            IntegrityError: "log-altered" when there is none.
        """
        for _ in range(2):
            path = inclusion_proof(index, now.size, self._node)
            try:
                verify_inclusion(index, now.size, leaf, path, now.root)
            except IntegrityError:
                self._from_pages(now)
            else:
                return path
        raise IntegrityError("log-altered", index=index)

    def consistency(self, before: Seen, now: Seen) -> list[bytes]:
        """Give the proof that an older tree is the beginning of this one (RFC 9162, section 2.1.4.1).

        None is needed of the empty tree. Raises IntegrityError: "log-altered" when it is not.
        """
        for _ in range(2 if before.size else 0):
            proof = consistency_proof(before.size, now.size, self._node)
            try:
                verify_consistency(before.size, now.size, before.root, now.root, proof)
            except IntegrityError:
                self._from_pages(now)
            else:
                return proof
        if before.size:
            raise IntegrityError("log-altered", index=before.size)
        return []

    def _from_pages(self, now: Seen) -> None:
        """Begin anew, and without kept tiles: of what was held or kept, something does not add up."""
        self.forget()
        self._kept = False
        lines = Tree(self._store, now.size, now.root).page(max(0, now.size - 1) // PAGE)
        self._last, self._size = b"".join(leaf_hash(line) for line in lines), now.size

    def _node(self, level: int, number: int) -> bytes:
        """Give the hash of a perfect subtree, added up at most once."""
        found = self._nodes.get((level, number))
        if found is None:
            found = self._nodes[level, number] = self._sum(level, number)
            if len(self._nodes) > _MOST_NODES:
                self._nodes.popitem(last=False)
        return found

    def _sum(self, level: int, number: int) -> bytes:
        """Add up a perfect subtree: from a full tile, else from the two below it, else from the last page."""
        tile_level, rest = divmod(level, TILE_BITS)
        tile = (number << rest) >> TILE_BITS
        if (tile + 1) << (TILE_BITS * (tile_level + 1)) <= self._size:
            return Tree(self._store, self._size, b"", kept=self._kept).node(level, number)
        if level:
            return node_hash(self._node(level - 1, 2 * number), self._node(level - 1, 2 * number + 1))
        start = number % PAGE * HASH_SIZE
        return self._last[start : start + HASH_SIZE]
