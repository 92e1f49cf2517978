import base64
import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dossier.entry import leaf_hash
from dossier.errors import IntegrityError
from dossier.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    node_hash,
    range_nodes,
    root_at,
    verify_consistency,
    verify_inclusion,
)

VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "merkle"
INCLUSION = sorted((VECTORS / "inclusion").rglob("*.json"))
CONSISTENCY = sorted((VECTORS / "consistency").rglob("*.json"))
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="no shared/vectors/merkle beside this checkout"
)

# The eight entries that Certificate Transparency's own tests use, and the roots published with them.
KNOWN_ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
KNOWN_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

LARGEST = 70
LEAVES = [leaf_hash(b"%d" % number) for number in range(LARGEST)]
sizes = st.integers(1, LARGEST)


def cut(leaves: list[bytes]) -> int:
    """Give k of RFC 9162: the largest power of two smaller than the number of leaves."""
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return k


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH(D), word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = cut(leaves)
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D), word for word."""
    if len(leaves) == 1:
        return []
    k = cut(leaves)
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:  # noqa: FBT001 (as the RFC has it)
    """SUBPROOF(m, D, b), word for word."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = cut(leaves)
    if m <= k:
        return [*naive_subproof(m, leaves[:k], whole), naive_root(leaves[k:])]
    return [*naive_subproof(m - k, leaves[k:], False), naive_root(leaves[:k])]


def nodes(level: int, index: int) -> bytes:
    """Give a perfect subtree over LEAVES, and fail where there is none."""
    start, end = index << level, (index + 1) << level
    assert 0 <= start < end <= LARGEST
    return naive_root(LEAVES[start:end])


def grown(size: int) -> Frontier:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    return frontier


def flip(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data, "big") ^ 1 << bit % (len(data) * 8)).to_bytes(len(data), "big")


def raw(text: str) -> bytes:
    return base64.b64decode(text)


def check_inclusion(vector: dict[str, Any]) -> None:
    path = [raw(text) for text in vector["proof"] or []]
    leaf, root = raw(vector["leafHash"]), raw(vector["root"])
    verify_inclusion(vector["leafIdx"], vector["treeSize"], leaf, path, root)


def check_consistency(vector: dict[str, Any]) -> None:
    proof = [raw(text) for text in vector["proof"] or []]
    verify_consistency(vector["size1"], vector["size2"], raw(vector["root1"]), raw(vector["root2"]), proof)


# --- vectors


@needs_vectors
def test_the_vectors_are_all_there() -> None:
    assert len(INCLUSION) > 90
    assert len(CONSISTENCY) > 90


@needs_vectors
@pytest.mark.parametrize("file", INCLUSION, ids=lambda file: str(file.relative_to(VECTORS)))
def test_each_inclusion_vector_is_judged_as_it_says(file: Path) -> None:
    vector = json.loads(file.read_text(encoding="utf-8"))
    if vector["wantErr"]:
        with pytest.raises(IntegrityError, match="bad-proof"):
            check_inclusion(vector)
    else:
        check_inclusion(vector)


@needs_vectors
@pytest.mark.parametrize("file", CONSISTENCY, ids=lambda file: str(file.relative_to(VECTORS)))
def test_each_consistency_vector_is_judged_as_it_says(file: Path) -> None:
    vector = json.loads(file.read_text(encoding="utf-8"))
    if vector["wantErr"]:
        with pytest.raises(IntegrityError, match="bad-proof"):
            check_consistency(vector)
    else:
        check_consistency(vector)


@pytest.mark.parametrize("size", KNOWN_ROOTS)
def test_the_known_tree_has_its_published_roots(size: int) -> None:
    frontier = Frontier()
    for entry in KNOWN_ENTRIES[:size]:
        frontier.append(leaf_hash(entry))
    assert frontier.root().hex() == KNOWN_ROOTS[size]


def test_a_leaf_and_a_node_over_the_same_bytes_differ() -> None:
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hash(b"a") == hashlib.sha256(b"\x00a").digest()
    assert node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()


# --- growing


def test_a_new_tree_is_the_empty_tree() -> None:
    assert (Frontier().size, Frontier().hashes, Frontier().root()) == (0, (), EMPTY_ROOT)
    assert hashlib.sha256(b"").digest() == EMPTY_ROOT


@pytest.mark.parametrize("size", range(LARGEST + 1))
def test_a_tree_has_the_root_that_the_rfc_gives_it(size: int) -> None:
    assert grown(size).root() == root_at(size, nodes) == naive_root(LEAVES[:size])


@given(sizes)
def test_a_frontier_is_the_perfect_subtrees_left_to_right(size: int) -> None:
    frontier = grown(size)
    assert frontier.size == size
    assert frontier.hashes == tuple(nodes(level, index) for level, index in range_nodes(0, size))


@given(st.integers(0, LARGEST), sizes)
def test_a_frontier_taken_up_again_grows_as_if_never_put_down(size: int, end: int) -> None:
    before = grown(size)
    again = Frontier.from_hashes(before.size, before.hashes)
    for leaf in LEAVES[size:end]:
        again.append(leaf)
    assert again.root() == naive_root(LEAVES[: max(size, end)])


def test_a_copy_grows_apart() -> None:
    one = grown(3)
    other = one.copy()
    other.append(LEAVES[3])
    assert (one.size, one.root()) == (3, naive_root(LEAVES[:3]))
    assert (other.size, other.root()) == (4, naive_root(LEAVES[:4]))


@pytest.mark.parametrize(
    ("size", "hashes"),
    [
        pytest.param(0, [LEAVES[0]], id="a hash in an empty tree"),
        pytest.param(1, [], id="none for one leaf"),
        pytest.param(3, [LEAVES[0]], id="one too few"),
        pytest.param(4, LEAVES[:2], id="one too many"),
        pytest.param(-1, [LEAVES[0]], id="below zero"),
        pytest.param(1, [LEAVES[0][:31]], id="a short hash"),
        pytest.param(3, [LEAVES[0], LEAVES[1] + b"\0"], id="a long hash"),
    ],
)
def test_a_frontier_that_cannot_be_is_refused(size: int, hashes: list[bytes]) -> None:
    with pytest.raises(IntegrityError, match="bad-frontier"):
        Frontier.from_hashes(size, hashes)


# --- ranges


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_a_range_is_cut_into_the_fewest_perfect_subtrees_in_order(one: int, other: int) -> None:
    start, end = sorted((one, other))
    found = range_nodes(start, end)
    assert [leaf for level, i in found for leaf in range(i << level, (i + 1) << level)] == list(
        range(start, end)
    )
    pairs = pairwise(found)
    assert not any(one == (level, index - 1) and index % 2 for one, (level, index) in pairs)


def test_a_range_from_the_start_comes_largest_first() -> None:
    assert range_nodes(0, 13) == [(3, 0), (2, 2), (0, 12)]
    assert range_nodes(3, 9) == [(0, 3), (2, 1), (0, 8)]
    assert range_nodes(5, 5) == []


# --- inclusion


@given(st.data(), sizes)
def test_an_inclusion_proof_is_the_path_of_the_rfc_and_verifies(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(index, size, nodes)
    assert path == naive_path(index, LEAVES[:size])
    verify_inclusion(index, size, LEAVES[index], path, naive_root(LEAVES[:size]))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (5, 4), (-1, 4)])
def test_a_leaf_beyond_the_tree_has_no_proof_and_none_verifies(index: int, size: int) -> None:
    with pytest.raises(IntegrityError, match="bad-proof"):
        inclusion_proof(index, size, nodes)
    with pytest.raises(IntegrityError, match="bad-proof"):
        verify_inclusion(index, size, LEAVES[0], [], LEAVES[0])


@given(st.data(), sizes, st.integers(0, 255))
def test_a_modified_path_leaf_or_root_is_refused(data: st.DataObject, size: int, bit: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    parts = [LEAVES[index], naive_root(LEAVES[:size]), *inclusion_proof(index, size, nodes)]
    place = data.draw(st.integers(0, len(parts) - 1))
    parts[place] = flip(parts[place], bit)
    leaf, root, *path = parts
    with pytest.raises(IntegrityError, match="bad-proof"):
        verify_inclusion(index, size, leaf, path, root)


@given(st.data(), sizes)
def test_a_leaf_at_another_place_is_refused(data: st.DataObject, size: int) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, LARGEST))
    if index != other:
        with pytest.raises(IntegrityError, match="bad-proof"):
            verify_inclusion(
                other, size, LEAVES[index], inclusion_proof(index, size, nodes), naive_root(LEAVES[:size])
            )


@given(st.data(), sizes)
def test_a_path_too_long_or_too_short_is_refused(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    path, root = inclusion_proof(index, size, nodes), naive_root(LEAVES[:size])
    wrong = [[*path, root], [root, *path], [*path, LEAVES[0]], *([path[1:], path[:-1]] if path else [])]
    for other in wrong:
        with pytest.raises(IntegrityError, match="bad-proof"):
            verify_inclusion(index, size, LEAVES[index], other, root)


@pytest.mark.parametrize(("size", "claimed"), [(2, 8), (8, 2), (4, 5), (5, 4), (1, 2), (2, 1)])
def test_a_proof_in_a_tree_of_another_height_is_refused_though_it_leads_to_the_root(
    size: int, claimed: int
) -> None:
    root = naive_root(LEAVES[:size])
    with pytest.raises(IntegrityError, match="bad-proof"):
        verify_inclusion(0, claimed, LEAVES[0], inclusion_proof(0, size, nodes), root)
    with pytest.raises(IntegrityError, match="bad-proof"):
        verify_consistency(1, claimed, LEAVES[0], root, consistency_proof(1, size, nodes))


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_a_proof_that_goes_on_above_the_root_is_refused_though_it_leads_to_what_is_claimed(size: int) -> None:
    root, path = naive_root(LEAVES[:size]), inclusion_proof(0, size, nodes)
    for above in (node_hash(LEAVES[9], root), node_hash(root, LEAVES[9])):
        with pytest.raises(IntegrityError, match="bad-proof"):
            verify_inclusion(0, size, LEAVES[0], [*path, LEAVES[9]], above)


def test_a_node_cut_at_another_byte_is_refused() -> None:
    both = LEAVES[0] + LEAVES[1]
    root = node_hash(LEAVES[0], LEAVES[1])
    verify_inclusion(0, 2, both[:32], [both[32:]], root)
    for cut_at in (0, 31, 33, 64):
        with pytest.raises(IntegrityError, match="bad-proof"):
            verify_inclusion(0, 2, both[:cut_at], [both[cut_at:]], root)


def test_a_node_passed_off_as_an_entry_is_refused() -> None:
    root, inner = naive_root(LEAVES[:4]), nodes(1, 1)
    with pytest.raises(IntegrityError, match="bad-proof"):
        verify_inclusion(0, 2, leaf_hash(LEAVES[0] + LEAVES[1]), [inner], root)


# --- consistency


@given(st.data(), sizes)
def test_a_consistency_proof_is_the_proof_of_the_rfc_and_verifies(data: st.DataObject, n: int) -> None:
    m = data.draw(st.integers(1, n))
    proof = consistency_proof(m, n, nodes)
    assert proof == naive_subproof(m, LEAVES[:n], True)
    verify_consistency(m, n, naive_root(LEAVES[:m]), naive_root(LEAVES[:n]), proof)


@pytest.mark.parametrize(("m", "n"), [(0, 0), (0, 1), (0, 5), (2, 1), (-1, 4)])
def test_sizes_that_show_nothing_have_no_proof_and_none_verifies(m: int, n: int) -> None:
    with pytest.raises(IntegrityError, match="bad-proof"):
        consistency_proof(m, n, nodes)
    with pytest.raises(IntegrityError, match="bad-proof"):
        verify_consistency(m, n, EMPTY_ROOT, EMPTY_ROOT, [])


@given(st.data(), sizes, st.integers(0, 255))
def test_a_modified_consistency_proof_or_root_is_refused(data: st.DataObject, n: int, bit: int) -> None:
    m = data.draw(st.integers(1, n))
    parts = [naive_root(LEAVES[:m]), naive_root(LEAVES[:n]), *consistency_proof(m, n, nodes)]
    place = data.draw(st.integers(0, len(parts) - 1))
    parts[place] = flip(parts[place], bit)
    root_m, root_n, *proof = parts
    with pytest.raises(IntegrityError, match="bad-proof"):
        verify_consistency(m, n, root_m, root_n, proof)


@given(st.data(), sizes)
def test_a_consistency_proof_too_long_or_too_short_is_refused(data: st.DataObject, n: int) -> None:
    m = data.draw(st.integers(1, n))
    root_m, root_n, proof = naive_root(LEAVES[:m]), naive_root(LEAVES[:n]), consistency_proof(m, n, nodes)
    wrong = [[*proof, root_n], [root_m, *proof], [*proof, LEAVES[0]]]
    for other in [*wrong, *([proof[1:], proof[:-1], []] if proof else [])]:
        with pytest.raises(IntegrityError, match="bad-proof"):
            verify_consistency(m, n, root_m, root_n, other)


@given(st.data(), st.integers(2, LARGEST))
def test_a_tree_that_changed_an_old_leaf_is_no_continuation(data: st.DataObject, n: int) -> None:
    m = data.draw(st.integers(1, n - 1))
    other = data.draw(st.integers(0, m - 1))
    forged = [*LEAVES[:other], leaf_hash(b"forged"), *LEAVES[other + 1 : n]]
    with pytest.raises(IntegrityError, match="bad-proof"):
        verify_consistency(m, n, naive_root(LEAVES[:m]), naive_root(forged), naive_subproof(m, forged, True))


def test_an_old_root_of_another_length_is_refused() -> None:
    both = LEAVES[0] + LEAVES[1]
    with pytest.raises(IntegrityError, match="bad-proof"):
        verify_consistency(1, 2, both[:33], node_hash(LEAVES[0], LEAVES[1]), [both[33:]])
