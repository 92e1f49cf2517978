"""Verifying from nothing: the log, what the gate ruled, and every copy of a statement in a book's file."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from laying import (
    OTHER_SEED,
    READING,
    REGISSEUR,
    SPECIALIST,
    drop_copies,
    lay,
    look,
    put,
    put_lines,
    record,
    records,
    seed_of,
    set_copies,
    team,
    write,
)
from scribe import Scribe
from wording import AANMELDING, HOME, INTAKE, OTHER_HOME, PLAN, UITVOERING, person

from dossier.book import next_place
from dossier.entry import leaf_hash
from dossier.errors import IntegrityError, UnreachableError
from dossier.log import signatures as signing
from dossier.log.copies import Chains
from dossier.log.follow import Follower, check_now
from dossier.log.merkle import Frontier
from dossier.log.note import Checkpoint, sign_checkpoint
from dossier.log.records import Record, origin
from dossier.log.report import Finding
from dossier.log.verified import Verified
from dossier.log.verify import PIECE, verify
from dossier.model import STORE_BOOK, BookName, Deed, Request, Role, Seen
from dossier.register.register import Register
from dossier.storage.base import PAGE
from dossier.storage.volatile import VolatileStore
from keys.primitives import sign_public

HOUSEHOLD = BookName(HOME)
REFUSED = {"permitted": False, "reason": "no-access", "basis": None}


def found(s: Scribe, store: VolatileStore | None = None) -> list[tuple[int | None, str]]:
    """Verify, and give what is found."""
    report = verify(lay(s) if store is None else store, s.founder.card.fingerprint, workers=1)
    assert report.ok is (report.findings == ())
    return [(finding.position, finding.code) for finding in report.findings]


def refused(s: Scribe, store: VolatileStore, **more: Any) -> tuple[str, Any]:
    """Verify what does not; give the code, and the index of the entry that is named."""
    with pytest.raises(IntegrityError) as caught:
        verify(store, s.founder.card.fingerprint, **more)
    return caught.value.code, caught.value.data.get("index")


def note_of(s: Scribe, size: int, seed: bytes | None = None, root: bytes | None = None) -> bytes:
    """Sign a checkpoint of this log as it was."""
    if seed is None:
        return records(lay(s))[size - 1].note
    return sign_checkpoint(Checkpoint(origin(s.store), size, root or s._roots[size]), seed, sign_public(seed))


def test_a_good_log_has_nothing_found() -> None:
    s = team()
    write(s)
    look(s, 3)
    report = verify(lay(s), s.founder.card.fingerprint)
    assert (report.size, report.entries, report.root) == (len(s.log), len(s.log), s._frontier.root())
    assert report.root_fingerprint == s.founder.card.fingerprint
    assert (report.households, report.findings, report.leftovers, report.due) == (1, (), (), ())
    assert report.ok


def test_the_root_card_is_taken_from_the_log_where_none_is_pinned() -> None:
    s = team()
    assert verify(lay(s), None).root_fingerprint == s.founder.card.fingerprint


def test_another_root_card_than_the_pinned_one_is_refused() -> None:
    with pytest.raises(IntegrityError, match="entry-forged") as caught:
        verify(lay(team()), person("jan").card.fingerprint)
    assert caught.value.data["index"] == 0


def test_an_empty_log_is_one_that_is_gone() -> None:
    with pytest.raises(UnreachableError, match="log-gone"):
        verify(VolatileStore(team().store), None)


@pytest.mark.parametrize("size", [7, PAGE - 1, PAGE, PAGE + 1])
def test_a_torn_append_is_named_and_not_condemned(size: int) -> None:
    s = look(team(), size - 7)
    store = lay(s)
    number = size // PAGE
    store._pages[number] = store._pages.get(number, b"") + b'{"torn'
    report = verify(store, None)
    assert report.ok
    assert report.leftovers == ("log: 6 bytes of a torn append",)


def test_progress_is_told_and_writers_come_in_between() -> None:
    s = look(team(), PIECE)
    store = lay(s)
    told: list[int] = []

    def tick(count: int) -> None:
        told.append(count)
        with store.exclusive():  # the lock is free here
            pass

    verify(store, s.founder.card.fingerprint, progress=tick)
    assert told == [PIECE, len(s.log)]


# Signatures, and which entry is named.


def flipped(note: bytes) -> bytes:
    spoiled = bytearray(note)
    spoiled[-20] ^= 1
    return bytes(spoiled)


@pytest.mark.parametrize("workers", [1, 2, None])
def test_a_forged_checkpoint_anywhere_is_refused(workers: int | None) -> None:
    s = look(team(), 200)
    store = lay(s)
    all_of = records(store)
    for place in (70, 150):
        all_of[place] = Record(all_of[place].line, flipped(all_of[place].note))
    put(store, all_of)
    assert refused(s, store, workers=workers) == ("checkpoint-forged", 70)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_forged_signature_comes_before_what_is_wrong_later(workers: int) -> None:
    s = look(team(), 5)
    index = s.write(
        "jan",
        request=READING,
        identity=person("sara"),
        signed={**REGISSEUR, "card": person("jan").card.fingerprint},
    ).index
    look(s, 100)
    store = lay(s)
    all_of = records(store)
    put(store, [*all_of[:90], *all_of[91:]])
    assert refused(s, store, workers=workers) == ("entry-forged", index)


def test_what_is_wrong_first_is_named_first() -> None:
    s = look(team(), 100)
    store = lay(s)
    all_of = records(store)
    all_of[60] = Record(all_of[60].line, flipped(all_of[60].note))
    put(store, [*all_of[:50], *all_of[51:]])
    assert refused(s, store) == ("entry-out-of-place", 50)


def test_as_many_threads_as_processors() -> None:
    assert signing.processors() >= 1


def test_processors_are_counted_where_a_process_may_use_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert signing.processors() == 1


def test_threads_are_used_for_many_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    names: set[str] = set()

    def noted(*one: Any) -> None:
        names.add(threading.current_thread().name)
        check_now(*one)

    monkeypatch.setattr(signing, "check_now", noted)
    s = look(team(), 200)
    verify(lay(s), s.founder.card.fingerprint, workers=2)
    assert threading.main_thread().name not in names


# What a client remembers, and older checkpoints.


def test_a_log_that_comes_by_what_a_client_remembers_verifies() -> None:
    s = look(team(), 5)
    assert verify(lay(s), s.founder.card.fingerprint, must_pass=Seen(9, s._roots[9])).ok


@pytest.mark.parametrize(("size", "code"), [(9, "log-altered"), (99, "log-short")])
def test_a_log_that_does_not_is_refused(size: int, code: str) -> None:
    s = look(team(), 5)
    assert refused(s, lay(s), must_pass=Seen(size, bytes(32)))[0] == code


@pytest.mark.parametrize("size", [1, 5, 12])
def test_an_older_checkpoint_is_a_beginning(size: int) -> None:
    s = look(team(), 5)
    assert verify(lay(s), s.founder.card.fingerprint, against=note_of(s, size)).ok


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (lambda _: b"no note", "bad-note"),
        (lambda s: note_of(s, 5, OTHER_SEED), "bad-note"),
        (lambda s: flipped(note_of(s, 5)), "bad-note"),
        (lambda s: note_of(s, 5).replace(b"\n5\n", b"\n6\n"), "bad-note"),
        (lambda s: signed(s, 0), "bad-checkpoint"),
        (lambda s: signed(s, 13), "log-short"),
        (lambda s: signed(s, 5), "log-altered"),
    ],
    ids=["no note", "another key", "forged", "altered", "of nothing", "longer", "another log"],
)
def test_a_checkpoint_that_is_no_beginning_is_refused(note: Callable[[Scribe], bytes], code: str) -> None:
    s = look(team(), 5)
    assert refused(s, lay(s), against=note(s))[0] == code


def signed(s: Scribe, size: int) -> bytes:
    """Have the log key sign that the log had another root."""
    return note_of(s, size, seed_of(s.store), bytes(32))


# What the gate ruled.


def test_what_no_right_gave_is_found() -> None:
    s = look(team())
    index = s.write("sara", request=READING, signed=SPECIALIST).index
    assert found(s) == [(index, "permitted-without-right")]


@pytest.mark.parametrize(
    ("who", "request_", "role", "right"),
    [
        ("jan", READING, Role.REGISSEUR, True),
        ("jan", READING._replace(section=PLAN), Role.REGISSEUR, False),
        ("jan", READING._replace(purpose=UITVOERING), Role.REGISSEUR, False),
        ("jan", READING._replace(household=OTHER_HOME), Role.REGISSEUR, False),
        ("anna", READING, Role.COORDINATOR, False),
        ("anna", Request(Deed.LOOK, HOME), Role.COORDINATOR, True),
        ("sara", Request(Deed.LOOK, HOME), Role.SPECIALIST, False),
        ("tom", Request(Deed.LOOK, HOME), Role.TOEZICHTHOUDER, True),
        ("bob", Request(Deed.LOG_SHOW), Role.BEHEERDER, True),
        ("bob", Request(Deed.EXPORT), Role.BEHEERDER, False),
        ("tom", Request(Deed.EXPORT), Role.TOEZICHTHOUDER, True),
        ("sara", Request(Deed.WRITE, HOME, INTAKE, 1, AANMELDING), Role.SPECIALIST, False),
    ],
)
def test_every_deed_is_judged_again(
    who: str,
    request_: Request,
    role: Role,
    right: bool,  # noqa: FBT001
) -> None:
    s = team()
    basis = "regisseur" if role is Role.REGISSEUR else "office"
    index = s.write(who, request=request_, signed={"role": role}, ruling={"basis": basis}).index
    assert found(s) == ([] if right else [(index, "permitted-without-right")])


def test_a_right_is_judged_at_its_moment() -> None:
    s = team()
    s.give(sections=(INTAKE,), deeds=(Deed.READ,), purposes=(AANMELDING,), until=s.at + timedelta(minutes=10))
    grant = {"basis": "G-3F8V0001"}
    s.write("sara", request=READING, signed=SPECIALIST, ruling=grant)
    s.wait(minutes=10)
    index = s.write("sara", request=READING, signed=SPECIALIST, ruling=grant).index
    assert found(s) == [(index, "permitted-without-right")]


def test_a_suspended_member_has_no_right() -> None:
    s = look(team())
    s.say("anna", s.suspension("jan"))
    index = look(s).log[-1].index
    assert found(s) == [(index, "permitted-without-right")]


@pytest.mark.parametrize(
    ("signed_", "ruling"), [({"role": Role.SPECIALIST}, {}), (REGISSEUR, {"basis": "team"})]
)
def test_a_right_that_was_not_the_one_is_found(signed_: dict[str, Any], ruling: dict[str, Any]) -> None:
    s = team()
    index = s.write("jan", request=READING, signed=signed_, ruling=ruling).index
    assert found(s) == [(index, "permitted-by-other-right")]


def test_a_refusal_needs_no_right() -> None:
    s = team()
    s.write("sara", request=READING, signed=SPECIALIST, ruling=REFUSED)
    assert found(s) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"ruling": {"epoch": 2}}, "ruling-other-epoch"),
        ({"ruling": {"policy": 0}}, "ruling-other-policy"),
        ({"signed": {**REGISSEUR, "org": "Gemeente Elders"}}, "request-other-org"),
    ],
)
def test_what_does_not_agree_with_the_register_is_found(changes: dict[str, Any], code: str) -> None:
    s = team()
    index = s.write("jan", request=READING, **{"signed": REGISSEUR, **changes}).index
    assert found(s) == [(index, code)]


def test_what_is_permitted_before_the_rotation_of_a_restored_store_is_found() -> None:
    s = team()
    s.say("anna", s.reopening())
    index = look(s).log[-1].index
    s.say("bob", s.rotation())
    assert found(look(s)) == [(index, "permitted-without-right")]


def test_what_is_permitted_in_a_household_that_fell_short_is_found_until_its_rekey() -> None:
    s = team()
    write(s)
    s.say("anna", s.reopening(behind=[HOME]))
    s.say("bob", s.rotation())
    index = look(s).log[-1].index
    s.say("anna", s.rekey(*s.household().sections))
    assert found(look(s)) == [(index, "permitted-without-right")]


# Custody.


def custody() -> Scribe:
    """Renewals, rotations, a recovery, a restore and a clock put right, as they should be."""
    s = team()
    s.say("anna", s.split())
    s.say("jan", s.renewal("jan"))
    s.say("jan", s.slot_box("jan"))
    s.say("bob", s.suspension("sara"))
    s.say("bob", s.rotation())
    s.say("recovery-1", s.recovery())
    s.say("vera", s.team_renewal())
    s.say("vera", s.rekey(*s.household().sections))
    s.agree("vera", s.reopening(behind=[HOME]), by="anna")
    s.say("bob", s.rotation())
    s.say("vera", s.rekey(*s.household().sections))
    wrong = look(s.wait(days=365)).log[-1]
    s.wait(days=-365).agree("vera", s.correction(wrong), by="anna")
    return look(s, 2)


def test_a_log_with_all_that_keeps_hold_of_keys_has_nothing_found() -> None:
    s = custody()
    report = verify(lay(s), s.founder.card.fingerprint, workers=1)
    assert (report.findings, report.leftovers) == ((), ())
    assert report.size == len(s.log)


@pytest.mark.parametrize("shift", [-1, 0])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_checkpoint_by_the_log_key_of_another_epoch_is_refused(shift: int, workers: int) -> None:
    s = custody()
    store = lay(s)
    all_of = records(store)
    place = s.register.epoch.start + shift
    other = note_of(s, place + 1, seed_of(s.store, 3 if shift else 2))
    all_of[place] = Record(all_of[place].line, other)
    put(store, all_of)
    assert refused(s, store, workers=workers) == ("bad-checkpoint", place)


def test_an_older_checkpoint_is_by_the_log_key_of_its_own_epoch() -> None:
    s = custody()
    first, second = (epoch.start for epoch in s.register.epochs[1:])
    good = [(first, 1), (first + 1, 2), (second, 2), (second + 1, 3), (len(s.log), 3)]
    for size, epoch in good:
        against = note_of(s, size, seed_of(s.store, epoch))
        assert verify(lay(s), s.founder.card.fingerprint, against=against, workers=1).ok
    for size, epoch in [(first, 2), (first + 1, 1), (second, 3), (second + 1, 1), (len(s.log), 2)]:
        against = note_of(s, size, seed_of(s.store, epoch))
        assert refused(s, lay(s), against=against)[0] == "bad-note"


def test_whoever_follows_a_whole_log_keeps_no_list_of_what_it_lacks() -> None:
    s = look(team())
    s.write("anna", s.correction(s.log[-1]))
    chains = Chains()
    Follower(lay(s), Verified(), Register(s.founder.card.fingerprint), chains).follow()
    assert chains.head(STORE_BOOK) == s.heads[STORE_BOOK]
    assert chains.unfounded_in_store() == ()


def test_the_epoch_of_an_entry_is_the_one_in_force_before_it() -> None:
    s = team()
    index = s.write("bob", s.rotation(), ruling={"epoch": 2}).index
    assert found(s) == [(index, "ruling-other-epoch")]
    s = team()
    s.say("bob", s.rotation())
    index = s.write("jan", request=READING, signed=REGISSEUR, ruling={"epoch": 1}).index
    assert found(s) == [(index, "ruling-other-epoch")]


def test_a_recovery_names_the_organisation_of_its_card() -> None:
    s = team()
    s.say("anna", s.split())
    index = s.write("recovery-1", s.recovery(), signed={"org": "Elders"}).index
    assert found(s) == [(index, "request-other-org")]


def test_a_correction_of_a_clock_that_was_not_wrong_is_found() -> None:
    s = look(team())
    index = s.write("anna", s.correction(s.log[-1])).index
    assert found(s) == [(index, "idle-time-not-wrong")]


def test_the_copies_of_a_book_are_compared_whatever_time_its_entries_have() -> None:
    s = custody()
    store = lay(s)
    *_, approval = s.entries(STORE_BOOK)
    last = len(s.entries(STORE_BOOK)) - 1
    drop_copies(store, STORE_BOOK, lambda i: i != last)
    assert found(s, store) == [(approval.index, "book-behind")]


# Statements.


def test_a_statement_that_does_not_stand_is_found() -> None:
    s = team()
    index = s.write("jan", s.rekey(PLAN)).index
    assert found(s) == [(index, "idle-not-your-role")]


def test_a_statement_that_is_passed_over_is_found() -> None:
    s = team()
    index = s.write("anna", s.rekey(PLAN), place=s.log[-1].signed.place).index
    assert found(s) == [(index, "statement-passed-over")]


def test_a_version_without_its_entry_is_found() -> None:
    s = team()
    asked = s.ask("jan", INTAKE, 1, signed=REGISSEUR, ruling=REFUSED)
    index = s.write("jan", s.version_on(asked), signed=REGISSEUR).index
    assert found(s) == [(index, "idle-without-entry")]


# Copies.


def three() -> Scribe:
    """A household's book of three statements."""
    s = team()
    write(s)
    s.say("anna", s.rekey(PLAN))
    return s


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_copy_that_a_file_lacks_is_found(missing: int) -> None:
    s = three()
    store = lay(s)
    drop_copies(store, HOUSEHOLD, lambda i: i != missing)
    index = s.entries(HOUSEHOLD)[missing].index
    assert verify(store, None).findings == (Finding(index, "book-behind", HOUSEHOLD),)


def test_a_copy_may_lack_of_what_does_not_stand() -> None:
    s = team()
    index = s.write("jan", s.rekey(PLAN)).index
    store = lay(s)
    drop_copies(store, HOUSEHOLD, lambda i: i != 1)
    assert found(s, store) == [(index, "idle-not-your-role")]


def test_a_book_without_a_file_is_found() -> None:
    s = team()
    store = lay(s)
    del store._books[HOUSEHOLD]
    assert found(s, store) == [(s.log[-1].index, "book-behind")]


def test_copies_in_another_order_are_found() -> None:
    s = three()
    store = lay(s)
    one, other, last = store.copies(HOUSEHOLD)
    set_copies(store, HOUSEHOLD, [other, one, last])
    assert found(s, store) == [(None, "book-altered")]
    set_copies(store, HOUSEHOLD, [one, one, other, last])
    assert found(s, store) == [(None, "book-altered")]


def test_a_file_that_cannot_be_read_is_found() -> None:
    class Altered(VolatileStore):
        def copies(self, book: BookName) -> list[bytes]:
            if book == HOUSEHOLD:
                raise IntegrityError("book-altered", book=book)
            return super().copies(book)

    s = three()
    store = Altered(s.store)
    store.__dict__.update(lay(s).__dict__)
    assert verify(store, None).findings == (Finding(None, "book-altered", HOUSEHOLD),)


def test_a_copy_that_is_no_entry_is_found() -> None:
    s = three()
    store = lay(s)
    set_copies(store, HOUSEHOLD, [*store.copies(HOUSEHOLD), b"x"])
    assert found(s, store) == [(None, "book-altered")]


def with_leftover(s: Scribe, **more: Any) -> VolatileStore:
    """Crash after a copy was kept, before its entry was written."""
    store = lay(s)
    entry = s.write("anna", s.rekey(PLAN), **more)
    set_copies(store, HOUSEHOLD, [*store.copies(HOUSEHOLD), entry.line])
    return store


def test_the_leftover_of_a_crash_is_named_and_not_condemned() -> None:
    s = three()
    report = verify(with_leftover(s), None)
    assert report.ok
    assert report.leftovers == (f"{HOME}: copy of entry {s.log[-1].index}",)


def test_the_leftover_of_a_new_book_is_named() -> None:
    s = team()
    store = lay(s)
    s.open(household=OTHER_HOME)
    set_copies(store, BookName(OTHER_HOME), [s.log[-1].line])
    assert verify(store, None).leftovers == (f"{OTHER_HOME}: copy of entry {s.log[-1].index}",)


def test_a_leftover_is_the_last_of_its_file() -> None:
    s = three()
    store = with_leftover(s)
    index = s.log[-1].index
    *copies, left = store.copies(HOUSEHOLD)
    set_copies(store, HOUSEHOLD, [left, *copies])
    assert found(s, store) == [(index, "log-behind-copy")]
    set_copies(store, HOUSEHOLD, [*copies, left, left])
    assert found(s, store) == [(index, "log-behind-copy"), (index, "log-behind-copy")]


def test_a_leftover_follows_the_books_head() -> None:
    s = three()
    place = next_place(HOUSEHOLD, None)
    store = with_leftover(s, place=place)
    assert found(s, store) == [(s.log[-1].index, "log-behind-copy")]


def test_a_leftover_is_not_above_the_logs_size() -> None:
    s = three()
    store = lay(s)
    look(s)
    entry = s.write("anna", s.rekey(PLAN), signed={"seen": Seen(5, s._roots[5])})
    set_copies(store, HOUSEHOLD, [*store.copies(HOUSEHOLD), entry.line])
    assert found(s, store) == [(entry.index, "log-behind-copy")]


@pytest.mark.parametrize("seen", [lambda _: Seen(5, bytes(32)), lambda s: Seen(len(s.log) + 1, bytes(32))])
def test_a_leftover_saw_this_log(seen: Callable[[Scribe], Seen]) -> None:
    s = three()
    store = with_leftover(s, signed={"seen": seen(s)})
    assert found(s, store) == [(s.log[-1].index, "log-behind-copy")]


def test_a_log_gone_back_shows_by_copies_that_are_not_in_it() -> None:
    s = three()
    store = lay(s)
    put(store, records(store)[:-3])
    assert {code for _, code in found(s, store)} == {"log-behind-copy"}


def test_every_book_is_compared() -> None:
    s = team()
    store = lay(s)
    drop_copies(store, HOUSEHOLD, lambda _: False)
    drop_copies(store, STORE_BOOK, lambda i: i != 2)
    assert found(s, store) == [(2, "book-behind"), (len(s.log) - 1, "book-behind")]


def test_what_is_written_meanwhile_is_verified_too() -> None:
    s = look(team(), 3)
    more = look(s).log[-1].line

    class Busy(VolatileStore):
        opened = 0

        @contextmanager
        def exclusive(self) -> Iterator[None]:
            with super().exclusive():
                self.opened += 1
                if self.opened == 2:
                    frontier = Frontier()
                    for one in records(self):
                        frontier.append(leaf_hash(one.line))
                    put(self, [*records(self), record(self.store_id, more, frontier)])
                yield

    store = Busy(s.store)
    store.__dict__.update(lay(s, len(s.log) - 1).__dict__)
    assert verify(store, None).size == len(s.log)


def test_a_log_made_anew_by_who_holds_its_key_is_refused() -> None:
    s = look(team(), 3)
    store = lay(s)
    lines = [entry.line for entry in s.log]
    put_lines(store, [*lines[:8], *lines[9:]])
    assert refused(s, store) == ("entry-out-of-place", 8)
