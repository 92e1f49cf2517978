"""Books: which entries belong, whether a chain is whole, and what a crash may leave behind."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scribe import Scribe
from wording import HOME, OTHER_HOME, PLAN

from dossier.book import Book, Head, chain, follows, leftovers, next_place, read_copies
from dossier.entry import Entry
from dossier.errors import IntegrityError
from dossier.model import STORE_BOOK, BookName, Place, Role

BOOK, OTHER = BookName(HOME), BookName(OTHER_HOME)


def team(rekeys: int = 4) -> Scribe:
    """A household whose book has its opening and some rekeys, with other books' entries in between."""
    s = Scribe().admit("jan", Role.REGISSEUR).open().open(household=OTHER_HOME)
    for _ in range(rekeys):
        s.say("anna", s.rekey(PLAN))
        s.say("anna", s.rekey(PLAN, household=OTHER_HOME))
    return s


def nothing_is_missing(index: int) -> Entry:
    raise AssertionError(index)


def code_of(copies: list[Entry], head: Head | None, log: list[Entry] | None = None) -> str:
    """Give the code with which a chain is refused."""
    with pytest.raises(IntegrityError) as caught:
        chain(BOOK, copies, head, (lambda index: (log or [])[index]) if log else nothing_is_missing)
    assert caught.value.data["book"] == BOOK
    return caught.value.code


def left(book: Book, copies: list[Entry], size: int) -> str:
    """Give the code with which copies beyond a book are refused."""
    with pytest.raises(IntegrityError) as caught:
        leftovers(book, copies, size)
    assert caught.value.data["book"] == book.name
    return caught.value.code


def off(head: Head, field: str) -> Head:
    """Give a head that is off by one field."""
    wrong: dict[str, Any] = {"number": head.number + 1, "position": head.position + 1, "leaf": bytes(32)}
    return head._replace(**{field: wrong[field]})


# What belongs.


def test_an_entry_belongs_when_it_follows_the_last_and_moves_the_head() -> None:
    s = team()
    head: Head | None = None
    for number, entry in enumerate(s.entries(BOOK), 1):
        assert entry.signed.place == next_place(BOOK, head)
        head = follows(entry, head)
        assert head == Head(number, entry.index, entry.leaf)
    assert head == s.heads[BOOK] == s.book(BOOK).head


def test_the_first_entry_of_a_book_has_nothing_before_it() -> None:
    assert next_place(BOOK, None) == Place(BOOK, 1, None)
    assert Book(BOOK, ()).head is None


def test_an_entry_follows_its_own_head_and_no_other() -> None:
    s = team()
    own, other = s.entries(BOOK), s.entries(OTHER)
    heads = [None, *(Head(n, e.index, e.leaf) for n, e in enumerate(own, 1))]
    for number, entry in enumerate(own):
        assert [follows(entry, head) is not None for head in heads] == [
            n == number for n in range(len(heads))
        ]
    assert follows(other[-1], s.book(BOOK).head) is None


@pytest.mark.parametrize("field", ["number", "position", "leaf"])
def test_an_entry_that_is_off_by_anything_does_not_follow(field: str) -> None:
    s = team()
    last = s.entries(BOOK)[-1]
    before = Head(4, s.entries(BOOK)[-2].index, s.entries(BOOK)[-2].leaf)
    assert follows(last, before) is not None
    assert follows(last, off(before, field)) is None


def test_what_was_refused_or_states_nothing_belongs_to_no_book() -> None:
    s = team()
    head = s.heads[BOOK]
    refused = {"permitted": False, "reason": "not-your-role", "basis": None}
    assert follows(s.write("jan", s.rekey(PLAN), ruling=refused), head) is None
    assert follows(s.ask("jan", PLAN, 1), head) is None
    assert s.heads[BOOK] == head


# The chain.


def test_a_chain_is_put_together_from_copies_in_any_order() -> None:
    s = team()
    book, missing = chain(BOOK, s.entries(BOOK)[::-1], s.heads[BOOK], nothing_is_missing)
    assert book == s.book(BOOK)
    assert missing == ()


def test_a_book_of_which_the_log_has_no_head_is_empty() -> None:
    s = team()
    assert chain(BOOK, s.entries(BOOK), None, nothing_is_missing) == (Book(BOOK, ()), ())


@given(st.sets(st.integers(0, 4)))
def test_what_the_copies_lack_is_fetched_from_the_log_and_named(gone: set[int]) -> None:
    own = TEAM.entries(BOOK)
    copies = [entry for number, entry in enumerate(own) if number not in gone]
    book, missing = chain(BOOK, copies, TEAM.heads[BOOK], lambda index: TEAM.log[index])
    assert book.entries == tuple(own)
    assert missing == tuple(own[number] for number in sorted(gone, reverse=True))


@pytest.mark.parametrize("field", ["number", "position", "leaf"])
def test_a_head_that_no_entry_has_breaks_the_chain(field: str) -> None:
    s = team()
    assert code_of(s.entries(BOOK), off(s.heads[BOOK], field), s.log) == "book-broken"


def test_a_hole_breaks_the_chain() -> None:
    s = team()
    place = next_place(BOOK, s.heads[BOOK])
    entry = s.write("anna", s.rekey(PLAN), place=place._replace(number=place.number + 1))
    claimed = Head(place.number + 1, entry.index, entry.leaf)
    assert code_of(s.entries(BOOK), claimed) == "book-broken"


def test_a_chain_that_runs_through_another_book_is_broken() -> None:
    s = team()
    other = s.heads[OTHER]
    entry = s.write("anna", s.rekey(PLAN), place=next_place(OTHER, other)._replace(book=BOOK))
    claimed = Head(other.number + 1, entry.index, entry.leaf)
    assert code_of([*s.entries(BOOK), *s.entries(OTHER)], claimed) == "book-broken"
    assert code_of(s.entries(OTHER), other) == "book-broken"


def test_an_entry_that_was_refused_breaks_the_chain() -> None:
    s = team()
    refused = {"permitted": False, "reason": "not-your-role", "basis": None}
    entry = s.write("jan", s.rekey(PLAN), ruling=refused)
    head = Head(s.heads[BOOK].number + 1, entry.index, entry.leaf)
    assert code_of(s.entries(BOOK), head) == "book-broken"


def test_what_the_log_gives_instead_of_what_is_missing_breaks_the_chain() -> None:
    s = team()
    shifted = [*s.log[1:], s.log[0]]
    assert code_of([], s.heads[BOOK], shifted) == "book-broken"


def test_an_entry_that_states_nothing_breaks_the_chain() -> None:
    s = team()
    asked = s.ask("jan", PLAN, 1)
    assert code_of([asked], Head(1, asked.index, asked.leaf)) == "book-broken"


# The copies of a file.


def test_the_copies_of_a_whole_book_leave_nothing_over() -> None:
    s = team()
    assert leftovers(s.book(BOOK), s.entries(BOOK), len(s.log)) == ()
    assert leftovers(Book(BOOK, ()), [], 0) == ()


def test_copies_may_lack_entries_but_not_change_their_order() -> None:
    s = team()
    book, own = s.book(BOOK), s.entries(BOOK)
    assert leftovers(book, own[1:3], len(s.log)) == ()
    assert left(book, [own[1], own[0]], len(s.log)) == "book-altered"
    assert left(book, own[::-1], len(s.log)) == "book-altered"
    assert left(book, [*own, own[-1]], len(s.log)) == "book-altered"


def crashed(s: Scribe) -> tuple[Book, list[Entry], int]:
    """Give the book as the log has it, the copies of one who fell before the entry, and the log's size."""
    book = s.book(BOOK)
    entry = s.write("anna", s.rekey(PLAN))
    return book, [*book.entries, entry], entry.index


def test_a_copy_whose_entry_was_never_written_is_left_over_from_a_crash() -> None:
    book, copies, size = crashed(team())
    assert leftovers(book, copies, size) == (copies[-1].line,)
    assert leftovers(book, copies, size + 3) == (copies[-1].line,)


def test_a_copy_of_the_first_entry_of_a_book_may_be_left_over_too() -> None:
    s = Scribe().admit("jan", Role.REGISSEUR)
    entry = s.write("anna", s.opening())
    assert leftovers(Book(BOOK, ()), [entry], entry.index) == (entry.line,)


def test_a_copy_beyond_the_end_of_the_log_shows_that_the_log_went_back() -> None:
    book, copies, size = crashed(team())
    assert left(book, copies, size - 1) == "log-behind-copy"


def test_two_copies_beyond_the_head_show_that_the_log_went_back() -> None:
    s = team()
    book, copies, _ = crashed(s)
    again = s.write("anna", s.rekey(PLAN))
    assert left(book, [*copies, again], len(s.log)) == "log-behind-copy"
    assert left(book, [*book.entries, again], len(s.log)) == "log-behind-copy"


def test_a_copy_that_is_not_the_last_of_its_file_is_no_leftover() -> None:
    book, copies, size = crashed(team())
    moved = [copies[-1], *copies[:-1]]
    assert left(book, moved, size) == "log-behind-copy"


def test_a_copy_that_follows_an_older_entry_is_no_leftover() -> None:
    s = team()
    place = next_place(BOOK, Head(1, s.entries(BOOK)[0].index, s.entries(BOOK)[0].leaf))
    book = s.book(BOOK)
    forked = s.write("anna", s.rekey(PLAN), place=place)
    assert left(book, [*book.entries, forked], len(s.log)) == "log-behind-copy"


def test_a_copy_from_another_book_is_no_leftover() -> None:
    s = team()
    assert left(s.book(BOOK), [*s.entries(BOOK), s.entries(OTHER)[-1]], len(s.log)) == "log-behind-copy"
    assert left(s.book(STORE_BOOK), [*s.entries(STORE_BOOK), s.log[-1]], len(s.log)) == "log-behind-copy"


def test_a_copy_that_is_no_entry_names_the_book() -> None:
    s = team()
    lines = [entry.line for entry in s.entries(BOOK)]
    assert read_copies(BOOK, lines)[0].leaf == s.entries(BOOK)[0].leaf
    with pytest.raises(IntegrityError) as caught:
        read_copies(BOOK, [*lines, b"{}"])
    assert (caught.value.code, caught.value.data) == ("book-altered", {"book": BOOK})


TEAM = team()
