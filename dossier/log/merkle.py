"""The Merkle tree over the entries, its root, and proofs that an entry or an older tree is in it."""

import hashlib
from collections.abc import Callable, Iterable, Sequence

from dossier.errors import IntegrityError

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
_NODE = b"\x01"

# nodes(level, index) gives the root of the perfect subtree of 2**level leaves, the index-th at its level.
Nodes = Callable[[int, int], bytes]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees, each of 32 bytes, as the node over them (RFC 9162, section 2.1.1)."""
    return hashlib.sha256(_NODE + left + right).digest()


class Frontier:
    """All that a tree needs to grow: the roots of its perfect subtrees, left to right, largest first."""

    __slots__ = ("_hashes", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._hashes: list[bytes] = []

    @classmethod
    def from_hashes(cls, size: int, hashes: Iterable[bytes]) -> "Frontier":
        """Take up a frontier that was kept elsewhere.

        Raises:
            IntegrityError: when a tree of this size has another number of perfect subtrees.
        """
        frontier = cls()
        frontier._size = size
        frontier._hashes = list(hashes)
        sound = size >= 0 and len(frontier._hashes) == size.bit_count()
        if not sound or any(len(one) != HASH_SIZE for one in frontier._hashes):
            raise IntegrityError("bad-frontier")
        return frontier

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, left to right."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash (32 bytes, of `leaf_hash`; never the entry itself)."""
        size, hashes = self._size, self._hashes
        self._size = size + 1
        while size & 1:  # each trailing one-bit is a subtree as large as the one now in hand
            leaf = node_hash(hashes.pop(), leaf)
            size >>= 1
        hashes.append(leaf)

    def root(self) -> bytes:
        """Give the root of the tree as it now is."""
        return _fold(self._hashes) if self._hashes else EMPTY_ROOT

    def copy(self) -> "Frontier":
        """Give a frontier that grows apart from this one."""
        return Frontier.from_hashes(self._size, self._hashes)


def _fold(hashes: Sequence[bytes]) -> bytes:
    """Hash one or more perfect subtrees, largest first, into the root over them all."""
    root = hashes[-1]
    for left in hashes[-2::-1]:
        root = node_hash(left, root)
    return root


def range_nodes(start: int, end: int) -> list[tuple[int, int]]:
    """Cut the leaves from `start` up to `end` into the fewest perfect subtrees, each as (level, index)."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:  # a subtree begins at a multiple of its own width
            level = min(level, (start & -start).bit_length() - 1)
        found.append((level, start >> level))
        start += 1 << level
    return found


def _range_root(start: int, end: int, nodes: Nodes) -> bytes:
    """Give MTH(D[start:end]). RFC 9162 cuts only where the subtrees come out largest first, for `_fold`."""
    return _fold([nodes(level, index) for level, index in range_nodes(start, end)])


def _split(start: int, end: int) -> int:
    """Give the place where a range of two or more leaves is cut: the largest power of two below its width."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def root_at(size: int, nodes: Nodes) -> bytes:
    """Give the root that the tree had when it had `size` leaves."""
    return _range_root(0, size, nodes) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Give PATH(index, D[0:size]), from the leaf up (RFC 9162, section 2.1.3.1).

    Raises:
        IntegrityError: when a tree of this size has no such leaf.
    """
    if not 0 <= index < size:
        raise IntegrityError("bad-proof")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            path.append(_range_root(middle, end, nodes))
            end = middle
        else:
            path.append(_range_root(start, middle, nodes))
            start = middle
    return path[::-1]


def consistency_proof(m: int, n: int, nodes: Nodes) -> list[bytes]:
    """Give PROOF(m, D[0:n]) (RFC 9162, section 2.1.4.1).

    Raises:
        IntegrityError: unless 0 < m <= n; that the empty tree came first needs no proof, and has none.
    """
    if not 0 < m <= n:
        raise IntegrityError("bad-proof")
    proof = []
    start, end = 0, n
    while end != m:
        middle = _split(start, end)
        if m <= middle:
            proof.append(_range_root(middle, end, nodes))
            end = middle
        else:
            proof.append(_range_root(start, middle, nodes))
            start = middle
    if start:  # else this last subtree is the old tree itself, whose root the verifier has
        proof.append(_range_root(start, end, nodes))
    return proof[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash is the index-th of the tree with this size and root (RFC 9162, section 2.1.3.2).

    Raises:
        IntegrityError: when the path does not lead from the leaf to the root.
    """
    if not 0 <= index < size:
        raise IntegrityError("bad-proof")
    _check_hashes(leaf, *path)
    found = leaf
    for other, on_left in zip(path, _sides(index, size - 1, len(path)), strict=True):
        found = node_hash(other, found) if on_left else node_hash(found, other)
    if found != root:
        raise IntegrityError("bad-proof")


def verify_consistency(m: int, n: int, root_m: bytes, root_n: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of m leaves is the beginning of the tree of n (RFC 9162, section 2.1.4.2).

    Raises:
        IntegrityError: when it is not; and for m = 0, as every tree begins with the empty one.
    """
    if not 0 < m <= n:
        raise IntegrityError("bad-proof")
    if m == n:
        if proof or root_m != root_n:
            raise IntegrityError("bad-proof")
        return
    if not proof:
        raise IntegrityError("bad-proof")
    # Where m is a power of two, the proof begins at the old root itself and leaves it out.
    first, *rest = proof if m & (m - 1) else (root_m, *proof)
    _check_hashes(first, *rest)
    level = (m & -m).bit_length() - 1  # of the subtree that the proof begins at
    old = new = first
    for other, on_left in zip(rest, _sides((m - 1) >> level, (n - 1) >> level, len(rest)), strict=True):
        if on_left:  # what lies to the left is in both trees, what lies to the right only in the new one
            old = node_hash(other, old)
        new = node_hash(other, new) if on_left else node_hash(new, other)
    if old != root_m or new != root_n:
        raise IntegrityError("bad-proof")


def _check_hashes(*hashes: bytes) -> None:
    """Refuse what is no hash: two of 31 and 33 bytes make the same node as two others of 32."""
    if any(len(one) != HASH_SIZE for one in hashes):
        raise IntegrityError("bad-proof")


def _sides(number: int, last: int, length: int) -> list[bool]:
    """Tell for each step of a proof whether the other hash lies on the left.

    `number` is the node that the proof begins at, `last` the last node of that level.

    Raises:
        IntegrityError: when a proof of this length does not end at the root.
    """
    sides = []
    for _ in range(length):
        if not last:
            raise IntegrityError("bad-proof")
        on_left = bool(number & 1) or number == last
        if on_left:  # a lonely node was promoted: skip the levels where it has no other
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        sides.append(on_left)
        number, last = number >> 1, last >> 1
    if last:
        raise IntegrityError("bad-proof")
    return sides
