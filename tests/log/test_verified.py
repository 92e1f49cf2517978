"""What is verified: the page in use is compared with what was seen of it, at the next reading."""

import pytest
from laying import Reader, lay, look, read, team

from dossier.errors import IntegrityError, UnreachableError
from dossier.log.merkle import EMPTY_ROOT
from dossier.log.verified import Verified
from dossier.model import Handle, StoreId
from dossier.storage.base import PAGE
from dossier.storage.volatile import VolatileStore


def remembered(reader: Reader) -> Reader:
    """Give a reader that knows what a memory keeps of another."""
    reader.known.seal()
    again = Reader(reader.store, reader.register.root)
    again.register, again.heads = reader.register, reader.heads
    for name in ("frontier", "root", "at", "length", "digest", "seen"):
        setattr(again.known, name, getattr(reader.known, name))
    return again


def test_nothing_is_known_of_a_new_log() -> None:
    known = Verified()
    known.seal()
    assert (known.size, known.root, known.page, known.at) == (0, EMPTY_ROOT, 0, None)
    assert known.rest(VolatileStore(StoreId("0" * 32))) == b""


@pytest.mark.parametrize("size", [7, PAGE - 1, PAGE, PAGE + 1])
def test_what_is_remembered_is_read_on_from(size: int) -> None:
    s = look(team(), size - 7)
    reader = remembered(read(s))
    assert reader.known.rest(reader.store) == b""
    assert reader.known.rest(reader.store) == b""
    assert (reader.known.size, reader.known.page) == (size, (size - 1) // PAGE)
    assert reader.read().known.root == s._frontier.root()


def test_the_seen_of_each_member_is_known() -> None:
    s = look(team(), 2)
    assert read(s).known.seen == {Handle("anna"): 6, Handle("jan"): 8}


def test_a_byte_altered_in_the_page_in_use_is_noticed() -> None:
    reader = remembered(read(team()))
    page = bytearray(reader.store._pages[0])
    page[40] ^= 1
    reader.store._pages[0] = bytes(page)
    with pytest.raises(IntegrityError, match="log-altered"):
        reader.known.rest(reader.store)


def test_a_page_in_use_that_is_cut_is_noticed() -> None:
    s = team()
    reader = remembered(read(s))
    reader.store._pages[0] = lay(s, 6)._pages[0]
    with pytest.raises(IntegrityError, match="log-short") as caught:
        reader.known.rest(reader.store)
    assert caught.value.data["index"] == 6


def test_a_page_in_use_that_is_gone_is_named() -> None:
    reader = remembered(read(team()))
    reader.store._pages.clear()
    with pytest.raises(UnreachableError, match="log-gone"):
        reader.known.rest(reader.store)
