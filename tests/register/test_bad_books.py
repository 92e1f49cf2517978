"""The corpus of bad books: each lie is refused for its own reason, and changes nothing."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from lies import LIES, PASSED_OVER, write
from reader import follow
from wording import HOME

from dossier.book import Book, Head, chain, leftovers
from dossier.entry import Entry, read_entry
from dossier.errors import IntegrityError
from dossier.model import STORE_BOOK, BookName, Reason
from dossier.register.fold import fold
from dossier.register.register import Register

FOLDER = Path(__file__).parent.parent / "vectors" / "books"
FILES = sorted(FOLDER.glob("*.json"))
REASONS = {str(reason) for reason in Reason}
NAMED = """
coordinator_grants_self coordinator_assigns_self beheerder_admits_member grant_by_suspended_coordinator
grant_to_beheerder hole_in_chain statement_from_other_book follows_an_older_entry two_regisseurs
section_written_without_grant future_policy policy_names_beheerder low_order_card approved_by_proposer
approved_after_proposer_suspended approved_twice approved_late second_person_suspended_first
keying_misses_holder keying_boxes_stranger written_under_old_generation written_without_entry
recovered_straw_approves written_under_old_epoch
rotation_misses_member rotation_boxes_suspended rotation_by_coordinator epoch_skipped epoch_key_again
renewed_by_one_coordinator_alone renewed_as_other_person renewed_with_used_key
left_member_restored last_coordinator_leaves
team_card_boxed_to_former_coordinator team_card_not_boxed_to_recovery team_card_boxed_to_used_recovery
recovery_by_stranger recovery_used_twice recovery_split_of_one recovery_card_admits_old_handle
slot_boxed_to_stranger slot_boxed_by_other_member slot_boxed_for_old_generation
restored_by_beheerder restored_checkpoint_not_seen written_before_rotation_after_restore
clock_corrected_without_cause clock_corrected_by_beheerder clock_corrected_names_later_entry
gate_admitted_without_beheerder gate_adopts_unadmitted gate_handle_of_member gate_keys_again
rotation_misses_gate rotation_boxes_member_while_served gate_boxed_to_member_while_served
admitted_with_gate_box_while_served admitted_without_gate_box_embedded gate_left_twice
written_before_rotation_of_adoption last_gate_leaves_with_the_secret gate_admits_member
"""

# Lies so bad that the log is closed by them: nobody known signed, there is no log key to believe, or the
# time is one before the last, which only a correction of the clock that stands may have.
CLOSED = {
    "founded_by_other_card": "entry-forged",
    "founded_under_other_nonce": "entry-forged",
    "outsider_admits_self": "entry-forged",
    "recovery_by_stranger": "entry-forged",
    "recovery_by_card_before": "entry-forged",
    "recovery_card_admits_specialist": "entry-forged",
    "stated_under_former_card": "entry-forged",
    "gate_admits_member": "entry-forged",
    "clock_corrected_alone": "entry-time",
    "clock_corrected_alone_after_running_ahead": "entry-time",
    "clock_corrected_by_beheerder": "entry-time",
    "clock_corrected_names_later_entry": "entry-time",
    "clock_corrected_names_entry_after_proposal": "entry-time",
    "clock_corrected_under_other_leaf": "entry-time",
}
UNFOUNDED = {Reason.WITHOUT_ENTRY, Reason.TIME_NOT_WRONG}  # what only the log can tell


class BadBook(NamedTuple):
    """A file of the corpus, as read: the log but for its last line, and that line."""

    name: str
    expect: str
    root: str
    before: list[bytes]
    lie: bytes
    book: BookName

    @property
    def log(self) -> list[bytes]:
        return [*self.before, self.lie]


def read(path: Path) -> BadBook:
    fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert fields["name"] == path.stem
    assert fields["says"]
    lie = fields[fields["lie"]].pop().encode()
    lines = [line.encode() for line in (*fields["store"], *fields["household"], *fields["asked"])]
    before = sorted(lines, key=lambda line: read_entry(line).index)
    book = STORE_BOOK if fields["lie"] == "store" else BookName(HOME)
    return BadBook(fields["name"], fields["expect"], fields["root"], before, lie, book)


def those(expected: Iterable[str]) -> pytest.MarkDecorator:
    """Take the bad books of which this is expected."""
    wanted = set(expected)
    paths = [path for path in FILES if json.loads(path.read_text(encoding="utf-8"))["expect"] in wanted]
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


INTEGRITY = {told.expect for told in LIES.values()} - REASONS - {PASSED_OVER}


def books(lines: list[bytes]) -> tuple[Book, Book]:
    """Put the store's book and the household's together from copies alone, back from their last lines."""
    entries = [read_entry(line) for line in lines]
    return chained(STORE_BOOK, entries), chained(BookName(HOME), entries)


def chained(name: BookName, entries: list[Entry]) -> Book:
    own = [entry for entry in entries if entry.signed.place is not None and entry.signed.place.book == name]
    book, missing = chain(name, own, claimed(own), lambda _: pytest.fail("nothing is missing"))
    assert missing == ()
    assert leftovers(book, own, len(entries)) == ()
    return book


def claimed(entries: list[Entry]) -> Head | None:
    """Give the head of which the last of these entries says that it is."""
    if not entries:
        return None
    last = entries[-1]
    assert last.signed.place is not None
    return Head(last.signed.place.number, last.index, last.leaf)


def plain(value: Any) -> Any:
    """Give all that a register holds, as plain data that compares."""
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if type(value).__module__.startswith("dossier.register"):
        names = getattr(value, "__slots__", None) or vars(value)
        return {name: plain(getattr(value, name)) for name in names if name != "faults"}
    return value


def state(register: Register) -> Any:
    """Give what a register says of everyone and everything, but not what it found wrong."""
    return plain(register)


def store_of(book: BadBook) -> Any:
    return read_entry((book.before or [book.lie])[0]).signed.store


@pytest.mark.parametrize("name", NAMED.split())
def test_the_corpus_has_the_named_books(name: str) -> None:
    assert (FOLDER / f"{name}.json").exists()


def test_the_corpus_is_what_the_lies_tell_now() -> None:
    assert {path.stem for path in FILES} == set(LIES)
    for told in LIES.values():
        assert (FOLDER / f"{told.name}.json").read_text(encoding="utf-8") == write(told)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_everything_before_the_lie_stands(path: Path) -> None:
    book = read(path)
    if book.before:
        register, heads = follow(store_of(book), book.root, book.before)
        assert register.faults == []
        assert state(register) == state(fold(book.root, *books(book.before)))
        assert heads.unfounded == {}


@those(REASONS)
def test_the_lie_is_refused_for_its_own_reason_and_changes_nothing(path: Path) -> None:
    book = read(path)
    store, household = books(book.log)
    lie = read_entry(book.lie)
    unfounded = [len(household.entries)] if book.expect == Reason.WITHOUT_ENTRY else []
    of_store = [len(store.entries)] if book.expect == Reason.TIME_NOT_WRONG else []
    register = fold(book.root, store, household, unfounded, of_store)
    assert register.faults == [(book.book, lie.index, Reason(book.expect))]
    assert state(register) == state(fold(book.root, *books(book.before)))


@those(REASONS)
def test_whoever_reads_the_whole_log_finds_the_same_lie(path: Path) -> None:
    book = read(path)
    if book.name in CLOSED:
        with pytest.raises(IntegrityError, match=CLOSED[book.name]):
            follow(store_of(book), book.root, book.log)
        return
    register, heads = follow(store_of(book), book.root, book.log)
    assert register.faults == [(book.book, read_entry(book.lie).index, Reason(book.expect))]
    assert bool(heads.unfounded) == (book.expect in UNFOUNDED)


@those([PASSED_OVER])
def test_a_line_out_of_order_belongs_to_no_book(path: Path) -> None:
    book = read(path)
    register, heads = follow(store_of(book), book.root, book.log)
    before, heads_before = follow(store_of(book), book.root, book.before)
    assert heads.heads == heads_before.heads
    assert register.faults == []
    assert state(register) == state(before)


@those([PASSED_OVER])
def test_a_line_out_of_order_is_no_leftover_of_a_crash(path: Path) -> None:
    book = read(path)
    _, heads = follow(store_of(book), book.root, book.before)
    own = heads.book(BookName(HOME))
    if book.name != "refused_yet_stated":  # which stands where a leftover would
        with pytest.raises(IntegrityError, match="log-behind-copy"):
            leftovers(own, [*own.entries, read_entry(book.lie)], len(book.log))


def test_a_book_that_ends_after_a_hole_is_broken() -> None:
    book = read(FOLDER / "hole_in_chain.json")
    own = [read_entry(line) for line in book.log]
    with pytest.raises(IntegrityError, match="book-broken"):
        chain(BookName(HOME), own, claimed(own), lambda index: own[index])


@those(INTEGRITY)
def test_a_line_that_no_log_can_have_closes_the_log_there(path: Path) -> None:
    book = read(path)
    with pytest.raises(IntegrityError) as caught:
        follow(store_of(book), book.root, book.log)
    assert caught.value.code == book.expect
    assert caught.value.data["index"] == len(book.before)
