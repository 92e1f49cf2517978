"""The tree of the past: what it gives was proven, from kept tiles or from the pages themselves."""

from collections.abc import Iterator

import pytest
from laying import lay, look, records, team

from dossier.entry import leaf_hash
from dossier.errors import IntegrityError
from dossier.log.merkle import EMPTY_ROOT, Frontier
from dossier.log.records import Record
from dossier.log.tree import Tree, first_entry, keep_tiles, wrong_tiles
from dossier.model import StoreId
from dossier.storage.base import PAGE
from dossier.storage.volatile import VolatileStore

TILE = PAGE * PAGE  # entries under a full tile of the second level


def roots(lines: list[bytes]) -> Iterator[bytes]:
    """Give the root at each size, from none on."""
    frontier = Frontier()
    yield frontier.root()
    for line in lines:
        frontier.append(leaf_hash(line))
        yield frontier.root()


def plain(count: int, *, tiles: bool = True) -> tuple[VolatileStore, list[bytes]]:
    """Make a log of lines that are no entries, with every tile kept as it fills; give the roots too."""
    store, lines = VolatileStore(StoreId("0" * 32)), [b"line %d" % i for i in range(count)]
    for page in range(0, count, PAGE):
        found = [Record(line, b"a\nb\nc\n\nd\n").write() for line in lines[page : page + PAGE]]
        store._pages[page // PAGE] = b"".join(found)
        if tiles and len(found) == PAGE:
            keep_tiles(store, page + PAGE)
    return store, list(roots(lines))


@pytest.fixture(scope="module")
def large() -> tuple[VolatileStore, list[bytes]]:
    """A log that goes beyond a full tile of the second level."""
    return plain(TILE + PAGE + 3)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 300, 511, 512, 600])
def test_every_older_root_is_found(size: int) -> None:
    store, root = plain(600)
    assert Tree(store, 600, root[600]).root_at(size) == root[size]


@pytest.mark.parametrize("size", [PAGE, TILE - 1, TILE, TILE + 1, TILE + PAGE, TILE + PAGE + 2])
def test_older_roots_are_found_beyond_a_tile_of_tiles(
    large: tuple[VolatileStore, list[bytes]], size: int
) -> None:
    store, root = large
    last = len(root) - 1
    assert Tree(store, last, root[last]).root_at(size) == root[size]


def test_tiles_are_kept_as_they_fill(large: tuple[VolatileStore, list[bytes]]) -> None:
    store, _ = large
    assert sorted(store._tiles) == [*((0, page) for page in range(PAGE + 1)), (1, 0)]


def test_a_page_is_proven_beyond_a_tile_of_tiles(large: tuple[VolatileStore, list[bytes]]) -> None:
    store, root = large
    last = len(root) - 1
    tree = Tree(store, last, root[last])
    assert tree.page(0)[0] == b"line 0"
    assert tree.page(PAGE)[-1] == b"line %d" % (TILE + PAGE - 1)
    assert tree.page(PAGE + 1) == [b"line %d" % i for i in range(TILE + PAGE, last)]
    assert tree.page(PAGE + 2) == []


def test_tiles_that_are_lost_cost_time_only() -> None:
    store, root = plain(600, tiles=False)
    assert Tree(store, 600, root[600]).root_at(300) == root[300]


@pytest.mark.parametrize("key", [(0, 0), (0, 1)])
@pytest.mark.parametrize("tile", [bytes(PAGE * 32), b"short", b""])
def test_tiles_that_are_wrong_cost_time_only(key: tuple[int, int], tile: bytes) -> None:
    store, root = plain(600)
    store._tiles[key] = tile
    assert Tree(store, 600, root[600]).root_at(257) == root[257]
    assert Tree(store, 600, root[600]).page(2)[0] == b"line 512"


def test_a_wrong_tile_of_tiles_costs_time_only(large: tuple[VolatileStore, list[bytes]]) -> None:
    store, root = large
    good, last = store._tiles[1, 0], len(root) - 1
    store._tiles[1, 0] = bytes(PAGE * 32)
    try:
        assert Tree(store, last, root[last]).root_at(TILE + 1) == root[TILE + 1]
        assert list(wrong_tiles(store, last, root[last])) == [(1, 0)]
    finally:
        store._tiles[1, 0] = good
    assert list(wrong_tiles(store, last, root[last])) == []


def test_wrong_tiles_are_named() -> None:
    store, root = plain(600)
    store._tiles[0, 1] = bytes(PAGE * 32)
    assert list(wrong_tiles(store, 600, root[600])) == [(0, 1)]


@pytest.mark.parametrize(("level", "number", "first"), [(0, 0, 0), (0, 3, 768), (1, 2, 2 * TILE)])
def test_a_tile_begins_at_an_entry(level: int, number: int, first: int) -> None:
    assert first_entry(level, number) == first


def test_the_root_of_no_log_but_this_is_given() -> None:
    store, root = plain(300)
    with pytest.raises(IntegrityError, match="log-altered"):
        Tree(store, 300, root[299]).root_at(100)


def test_a_root_beyond_the_pages_is_not_given() -> None:
    store, root = plain(300)
    del store._pages[1]
    with pytest.raises(IntegrityError, match="log-altered"):
        Tree(store, 300, root[300]).root_at(290)


def test_an_entry_is_given_by_its_index() -> None:
    s = look(team(), 260)
    store = lay(s)
    tree = Tree(store, len(s.log), s._frontier.root())
    for position in (0, 3, 255, 256, len(s.log) - 1):
        assert tree.entry(position).line == s.log[position].line


@pytest.mark.parametrize("position", [7, 300])
def test_an_entry_beyond_the_log_is_not_given(position: int) -> None:
    s = team()
    with pytest.raises(IntegrityError, match="log-short") as caught:
        Tree(lay(s), 7, s._roots[7]).entry(position)
    assert caught.value.data["index"] == position


@pytest.mark.parametrize("position", [2, 270])
@pytest.mark.parametrize("tiles", [True, False])
def test_an_altered_entry_is_not_given(position: int, tiles: bool) -> None:  # noqa: FBT001
    store, root = plain(300, tiles=tiles)
    page = store._pages[position // PAGE]
    store._pages[position // PAGE] = page.replace(b"line %d\n" % position, b"lime %d\n" % position)
    tree = Tree(store, 300, root[300])
    with pytest.raises(IntegrityError, match="log-altered") as caught:
        tree.entry(position)
    assert caught.value.data["index"] == position
    with pytest.raises(IntegrityError, match="log-altered") as caught:
        Tree(store, 300, root[300]).page(position // PAGE)
    # Only a kept tile can tell which entry of the page it is.
    assert caught.value.data["index"] == (position if tiles and position < PAGE else position // PAGE * PAGE)


def test_a_page_that_is_short_is_not_given() -> None:
    store, root = plain(300)
    store._pages[1] = store._pages[1][:-1]
    with pytest.raises(IntegrityError, match="log-short") as caught:
        Tree(store, 300, root[300]).page(1)
    assert caught.value.data["index"] == 299


def test_a_page_that_is_read_right_the_second_time_is_not_given() -> None:
    class Fickle(VolatileStore):
        reads = 0

        def page(self, number: int, start: int = 0) -> bytes:
            self.reads += 1
            data = super().page(number, start)
            return data.replace(b"line 2\n", b"lime 2\n") if self.reads == 1 else data

    good, root = plain(10)
    store = Fickle(StoreId("0" * 32))
    store._pages = good._pages
    with pytest.raises(IntegrityError, match="log-altered"):
        Tree(store, 10, root[10]).page(0)


def test_no_page_of_an_empty_log_is_given() -> None:
    assert Tree(VolatileStore(StoreId("0" * 32)), 0, EMPTY_ROOT).page(0) == []


def test_nothing_beyond_the_size_is_given() -> None:
    s = team()
    store = lay(s)
    assert len(Tree(store, 4, s._roots[4]).page(0)) == 4
    assert len(records(store)) == 7
