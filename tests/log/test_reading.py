"""Reading the verified log: page by page, forwards and backwards, each proven before it is given."""

from datetime import timedelta

import pytest
from laying import lay, look, read, team
from scribe import Scribe

from dossier.errors import IntegrityError
from dossier.log.reading import entries, pages, pages_from
from dossier.log.verified import Verified
from dossier.storage.base import PAGE
from dossier.storage.volatile import VolatileStore


def known_of(s: Scribe) -> tuple[VolatileStore, Verified]:
    """Give a store, and what a reader has verified of it."""
    reader = read(s)
    return reader.store, reader.known


@pytest.mark.parametrize("size", [7, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, 2 * PAGE + 9])
def test_every_entry_is_given(size: int) -> None:
    s = look(team(), size - 7)
    found = [line for page in pages(*known_of(s)) for line in page]
    assert found == [entry.line for entry in s.log]


@pytest.mark.parametrize("since", [0, 5, PAGE - 1, PAGE, PAGE + 4, PAGE + 20, 1000])
def test_entries_are_given_from_an_index_on(since: int) -> None:
    s = look(team(), PAGE + 13)
    assert [entry.index for entry in entries(*known_of(s), since)] == list(range(since, len(s.log)))


def test_from_the_end_of_full_pages_there_is_nothing() -> None:
    s = look(team(), PAGE - 7)
    assert entries(*known_of(s), PAGE) == []


@pytest.mark.parametrize(("back", "first"), [(None, 0), (10, 2 * PAGE), (PAGE + 5, PAGE), (5 * PAGE, 0)])
def test_pages_are_given_back_to_a_moment(back: int | None, first: int) -> None:
    s = look(team(), 2 * PAGE + 8)
    since = None if back is None else s.log[-1].at - timedelta(minutes=back)
    found = list(pages_from(*known_of(s), since))
    assert [page[-1].index for page in found[1:]] == [page[0].index - 1 for page in found[:-1]]
    assert found[0][-1].index == len(s.log) - 1
    assert found[-1][0].index == first


def test_nothing_is_given_of_an_empty_log() -> None:
    store = VolatileStore(team().store)
    assert list(pages(store, Verified())) == []
    assert list(pages_from(store, Verified(), None)) == []
    assert entries(store, Verified()) == []


@pytest.mark.parametrize("page", [0, 1])
def test_a_page_that_was_altered_is_not_given(page: int) -> None:
    s = look(team(), PAGE + 9)
    store, known = known_of(s)
    store._pages[page] = store._pages[page].replace(b'"policy":1', b'"policy":2', 1)
    with pytest.raises(IntegrityError, match="log-altered"):
        entries(store, known)
    with pytest.raises(IntegrityError, match="log-altered"):
        list(pages_from(store, known, None))


def test_what_was_added_since_is_not_given() -> None:
    s = look(team(), 4)
    _, known = known_of(s)
    look(s, 3)
    assert len(entries(lay(s), known)) == known.size == len(s.log) - 3
