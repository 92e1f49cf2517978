"""Following the log: whatever was done to it, the first entry that shows it is named."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laying import (
    OTHER_SEED,
    READING,
    REGISSEUR,
    SPECIALIST,
    Heads,
    Reader,
    lay,
    lay_more,
    look,
    put,
    put_lines,
    read,
    record,
    records,
    seed_of,
    shuffled,
    team,
    write,
)
from scribe import Scribe
from wording import HOME, INTAKE, OTHER_HOME, PLAN, but, person

from dossier.entry import Entry, leaf_hash
from dossier.errors import IntegrityError, UnreachableError
from dossier.log.follow import Follower
from dossier.log.merkle import EMPTY_ROOT, Frontier
from dossier.log.past import fallen_short, was_wrong
from dossier.log.records import Record
from dossier.log.verified import Verified
from dossier.model import STORE_BOOK, BookName, Handle, HouseholdId, Place, Reason, Role, Seen, StoreId
from dossier.register.register import Register
from dossier.statements import Statement
from dossier.storage.base import PAGE
from dossier.storage.volatile import VolatileStore

MINUTE = timedelta(minutes=1)
NONCE = b"a nonce once used"[:16]


def refused(scribe: Scribe, store: VolatileStore | None = None, until: int | None = None) -> tuple[str, Any]:
    """Read a log that does not verify; give the code, and the index of the entry that is named."""
    with pytest.raises(IntegrityError) as caught:
        read(scribe, store, until)
    return caught.value.code, caught.value.data.get("index")


def test_a_good_log_is_taken_in() -> None:
    s = look(team(), 3)
    reader = read(s)
    assert (reader.known.size, reader.known.root) == (len(s.log), s._frontier.root())
    assert reader.register.faults == []
    assert reader.heads.heads == s.heads


def test_reading_goes_on_from_what_is_verified() -> None:
    s = team()
    reader = read(s)
    lay_more(reader.store, look(s, 2))
    reader.read()
    assert reader.known.root == s._frontier.root()
    assert reader.read().known.size == len(s.log)


@pytest.mark.parametrize("count", [255, 256, 257, 512, 513])
def test_pages_are_gone_through_one_after_another(count: int) -> None:
    s = team()
    reader = read(s)
    lay_more(reader.store, look(s, count - len(s.log)))
    reader.read()
    assert (reader.known.size, reader.known.root) == (count, s._frontier.root())
    lay_more(reader.store, look(s, 2))
    assert reader.read().known.size == count + 2
    assert read(s).known.root == s._frontier.root()


def test_a_log_is_read_in_pieces() -> None:
    s = look(team(), 300)
    reader = Reader(lay(s), s.founder.card.fingerprint)
    while reader.known.size < len(s.log):
        reader.read(limit=100)
    assert reader.known.root == s._frontier.root()


# What anyone can do who can write the folder: each with the code and the entry that shows it.


def dropped(found: list[Record]) -> list[Record]:
    return found[:4] + found[5:]


def added(found: list[Record]) -> list[Record]:
    return [*found[:4], found[2], *found[4:]]


def swapped(found: list[Record]) -> list[Record]:
    return [*found[:4], found[5], found[4], *found[6:]]


def notes_swapped(found: list[Record]) -> list[Record]:
    return [*found[:4], Record(found[4].line, found[5].note), *found[5:]]


def emptied(found: list[Record]) -> list[Record]:
    return [*found[:4], Record(b"", found[4].note), *found[5:]]


def from_another_store(found: list[Record]) -> list[Record]:
    return [*found[:4], records(lay(Scribe(policy=None)))[0], *found[5:]]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (dropped, "entry-out-of-place"),
        (added, "entry-out-of-place"),
        (swapped, "entry-out-of-place"),
        (notes_swapped, "entry-altered"),
        (emptied, "bad-entry"),
        (from_another_store, "entry-out-of-place"),
    ],
)
def test_a_spoiled_log_is_refused(spoil: Callable[[list[Record]], list[Record]], code: str) -> None:
    s = look(team(), 4)
    store = lay(s)
    put(store, spoil(records(store)))
    assert refused(s, store) == (code, 4)


@given(st.integers(0, 1 << 30))
@settings(max_examples=30, deadline=None)
def test_a_log_in_another_order_is_refused(seed: int) -> None:
    s = look(team(), 4)
    store = lay(s)
    put(store, shuffled(records(store), seed))
    with pytest.raises(IntegrityError):
        read(s, store)


@pytest.mark.parametrize("spoil", [dropped, added, swapped])
def test_a_log_spoiled_by_who_holds_its_key_is_refused(
    spoil: Callable[[list[Record]], list[Record]],
) -> None:
    s = look(team(), 4)
    store = lay(s)
    put_lines(store, [one.line for one in spoil(records(store))])
    assert refused(s, store) == ("entry-out-of-place", 4)


def test_a_first_entry_that_founds_nothing_is_refused() -> None:
    s = team()
    store = lay(s)
    put_lines(store, [s.log[1].line])
    assert refused(s, store) == ("entry-out-of-place", 0)
    lines = [s.log[1].line.replace(b'"index":1', b'"index":0')]
    put_lines(store, lines)
    assert refused(s, store) == ("entry-seen", 0)


def test_a_first_entry_by_a_stranger_is_refused() -> None:
    s = Scribe(policy=None)
    entry = s.write("anna", request=READING, signed={"seen": Seen(0, EMPTY_ROOT)}, ruling={"position": 0})
    store = lay(s)
    put_lines(store, [entry.line])
    assert refused(s, store) == ("entry-forged", 0)


def test_a_store_founded_by_another_root_is_refused() -> None:
    s = team()
    with pytest.raises(IntegrityError, match="entry-forged") as caught:
        Reader(lay(s), person("jan").card.fingerprint).read()
    assert caught.value.data["index"] == 0


def test_a_log_of_another_store_is_refused() -> None:
    s = team()
    store = VolatileStore(StoreId("0" * 32))
    put_lines(store, [entry.line for entry in s.log])
    assert refused(s, store) == ("entry-out-of-place", 0)


def test_a_page_with_more_than_it_holds_is_refused() -> None:
    s = look(team(), 260)
    store = lay(s)
    store._pages = {0: store._pages[0] + store._pages[1]}
    assert refused(s, store) == ("log-altered", PAGE)


@pytest.mark.parametrize("more", [0, 1])
def test_bytes_behind_a_full_page_are_refused(more: int) -> None:
    s = look(team(), PAGE - 7 + more)
    store = lay(s)
    store._pages[0] += b"x"
    assert refused(s, store) == ("log-altered", PAGE)


def test_bytes_behind_a_full_page_are_refused_later_too() -> None:
    s = look(team(), PAGE - 7)
    reader = read(s)
    reader.store._pages[0] += b"x"
    with pytest.raises(IntegrityError, match="log-altered"):
        reader.read()


# Checkpoints.


def test_the_last_checkpoint_is_by_the_log_key() -> None:
    s = team()
    store = lay(s)
    put_lines(store, [entry.line for entry in s.log], OTHER_SEED)
    assert refused(s, store) == ("bad-checkpoint", len(s.log) - 1)


def test_a_forged_signature_on_the_last_checkpoint_is_refused() -> None:
    s = team()
    store = lay(s)
    found = records(store)
    note = bytearray(found[-1].note)
    note[-20] ^= 1
    put(store, [*found[:-1], Record(found[-1].line, bytes(note))])
    assert refused(s, store) == ("checkpoint-forged", len(s.log) - 1)


@pytest.mark.parametrize("every", [True, False])
def test_an_older_checkpoint_is_looked_at_when_all_are(every: bool) -> None:  # noqa: FBT001
    s = look(team(), 4)
    store = lay(s)
    found = records(store)
    frontier = Frontier()
    for one in found[:4]:
        frontier.append(leaf_hash(one.line))
    found[4] = record(store.store_id, found[4].line, frontier, OTHER_SEED)
    put(store, found)
    reader = Reader(store, s.founder.card.fingerprint)
    follower = Follower(store, reader.known, reader.register, reader.heads, every_checkpoint=every)
    if every:
        with pytest.raises(IntegrityError, match="bad-checkpoint") as caught:
            follower.follow()
        assert caught.value.data["index"] == 4
    else:
        assert follower.follow() == len(s.log)


# A torn append.


@pytest.mark.parametrize("tail", [b"\n", b"{", b'{"half an entry', b"line\nnote\nnote\nnote\n\nhalf"])
def test_a_torn_append_is_passed_over_and_cut_off_by_the_next(tail: bytes) -> None:
    s = team()
    store = lay(s)
    good = store._pages[0]
    put(store, records(store), tail)
    reader = read(s, store)
    assert reader.known.size == len(s.log)
    assert reader.known.length == len(good)
    more = record(store.store_id, look(s).log[-1].line, reader.known.frontier.copy())
    with store.exclusive():
        store.append(0, reader.known.length, more.write())
    assert store._pages[0] == good + more.write()
    assert reader.read().known.size == len(s.log)


@pytest.mark.parametrize("size", [PAGE - 1, PAGE, PAGE + 1])
def test_a_torn_append_is_passed_over_where_a_page_ends(size: int) -> None:
    s = look(team(), size - 7)
    store = lay(s)
    pages, number = store._pages.copy(), size // PAGE
    store._pages[number] = pages.get(number, b"") + b"{torn"
    reader = read(s, store)
    assert (reader.known.size, reader.read().known.size) == (size, size)
    more = record(store.store_id, look(s).log[-1].line, reader.known.frontier.copy())
    with store.exclusive():
        store.append(number, len(pages.get(number, b"")), more.write())
    assert reader.read().known.size == read(s, store).known.size == size + 1


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_cut_is_a_shorter_log_or_refused(data: st.DataObject) -> None:
    s = team()
    store = lay(s)
    whole = store._pages[0]
    cut = data.draw(st.integers(1, len(whole)))
    store._pages[0] = whole[:cut]
    reader = read(s, store)
    assert whole[: reader.known.length] == whole[:cut][: reader.known.length]
    assert reader.known.root == s._roots[reader.known.size]


_READ = look(team(), 3)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_an_entry_altered_in_any_byte_is_refused_or_torn_off(data: st.DataObject) -> None:
    s = _READ
    store = lay(s)
    page = bytearray(store._pages[0])
    place = data.draw(st.integers(0, len(page) - 1))
    page[place] ^= data.draw(st.integers(1, 255))
    store._pages[0] = bytes(page)
    reader = Reader(store, s.founder.card.fingerprint)
    follower = Follower(store, reader.known, reader.register, reader.heads, every_checkpoint=True)
    try:
        follower.follow()
    except IntegrityError as e:
        if "index" not in e.data:
            raise
        return
    # Only what ends the last record can pass: then it is a torn append, and the log is that much shorter.
    assert reader.known.size == len(s.log) - 1
    assert reader.known.root == s._roots[-2]


# What a client saw.


@pytest.mark.parametrize(
    "seen",
    [
        lambda s: Seen(len(s.log) + 1, s._roots[-1]),
        lambda s: Seen(len(s.log), s._roots[-2]),
        lambda s: Seen(len(s.log) - 1, bytes(32)),
        lambda s: Seen(0, s._roots[1]),
        lambda s: Seen(1, s._roots[1]),
    ],
    ids=["higher than its index", "another root", "no root", "root of nothing", "less than before"],
)
def test_a_lie_about_what_was_seen_is_refused(seen: Callable[[Scribe], Seen]) -> None:
    s = look(team(), 2)
    index = s.write("jan", request=READING, signed={**REGISSEUR, "seen": seen(s)}).index
    assert refused(s) == ("entry-seen", index)


def test_what_was_seen_long_before_is_looked_up_in_the_tree() -> None:
    s = look(team(), 2)
    reader = read(s)
    lay_more(reader.store, look(s, 2))
    s.write("sara", request=READING, signed={**SPECIALIST, "seen": Seen(2, s._roots[2])})
    s.write("sara", request=READING, signed={**SPECIALIST, "seen": Seen(2, s._roots[2])})
    s.write("tom", request=READING, signed={"role": "toezichthouder", "seen": Seen(0, EMPTY_ROOT)})
    lay_more(reader.store, s)
    assert reader.read().known.size == len(s.log)


def test_another_log_than_its_client_saw_is_refused_long_after() -> None:
    s = look(team(), 2)
    reader = read(s)
    index = s.write("sara", request=READING, signed={**SPECIALIST, "seen": Seen(2, bytes(32))}).index
    lay_more(reader.store, s)
    with pytest.raises(IntegrityError, match="entry-seen") as caught:
        reader.read()
    assert caught.value.data["index"] == index


def test_a_log_rewritten_before_another_members_entry_is_refused() -> None:
    """Whoever holds the log key makes it anew, without an entry of theirs; sara's entry shows it."""
    s = look(team(), 1)
    spoiled = len(s.log)
    s.write("jan", request=READING, signed=REGISSEUR)
    index = s.write("sara", request=READING, signed=SPECIALIST).index
    store = lay(s)
    lines = [entry.line for entry in s.log]
    lines[spoiled] = lines[spoiled].replace(b'"basis":"regisseur"', b'"basis":"office"')
    put_lines(store, lines)
    assert refused(s, store) == ("entry-seen", index)


# Nonces.


def test_a_nonce_used_again_is_refused() -> None:
    s = team()
    s.write("jan", request=READING, signed={**REGISSEUR, "nonce": NONCE})
    look(s, 2)
    index = s.write("jan", request=READING, signed={**REGISSEUR, "nonce": NONCE}).index
    assert refused(s) == ("entry-replayed", index)


@pytest.mark.parametrize("between", [0, 3, PAGE - 10, PAGE])
def test_a_nonce_used_again_within_twenty_minutes_is_refused_by_who_reads_on(between: int) -> None:
    s = team()
    s.write("jan", request=READING, signed={**REGISSEUR, "nonce": NONCE})
    for _ in range(between):
        look(s)
        s.at -= MINUTE  # many entries in one minute
    reader = read(s)
    index = s.write("jan", request=READING, signed={**REGISSEUR, "nonce": NONCE}).index
    lay_more(reader.store, s)
    with pytest.raises(IntegrityError, match="entry-replayed") as caught:
        reader.read()
    assert caught.value.data["index"] == index


def test_the_same_nonce_of_another_member_is_another_nonce() -> None:
    s = team()
    s.write("jan", request=READING, signed={**REGISSEUR, "nonce": NONCE})
    reader = read(s)
    s.write("sara", request=READING, signed={**SPECIALIST, "nonce": NONCE})
    lay_more(reader.store, s)
    assert reader.read().known.size == read(s).known.size == len(s.log)


def test_no_page_is_read_that_is_older_than_twenty_minutes() -> None:
    s = look(team(), 3 * PAGE)
    reader = read(s)
    lay_more(reader.store, look(s))
    del reader.store._pages[0]
    assert reader.read().known.size == len(s.log)


# Time.


def test_an_entry_before_the_one_before_it_is_refused() -> None:
    s = look(team(), 2)
    s.at -= 3 * MINUTE
    index = look(s).log[-1].index
    assert refused(s) == ("entry-time", index)


@pytest.mark.parametrize(("minutes", "good"), [(-10, True), (10, True), (-10.1, False), (10.1, False)])
def test_an_entry_lies_within_ten_minutes_of_its_request(minutes: float, good: bool) -> None:  # noqa: FBT001
    s = team().wait(minutes=20)
    asked = s.at + MINUTE
    ruling = {"at": asked + timedelta(minutes=minutes)}
    index = s.write("jan", request=READING, signed=REGISSEUR, ruling=ruling).index
    if good:
        assert read(s).known.size == len(s.log)
    else:
        assert refused(s) == ("entry-time", index)


# A clock that was wrong, and its correction: the only entries that may be earlier than the one before.


def behind() -> tuple[Scribe, Entry]:
    """Anna, ben and jan, whose clock was a year ahead when he read; now it is right again."""
    s = Scribe().admit("ben", Role.COORDINATOR).admit("jan", Role.REGISSEUR).admit("bob", Role.BEHEERDER)
    s.open().wait(days=31)
    wrong = look(s.wait(days=365)).log[-1]
    return s.wait(days=-365), wrong


def corrected() -> Scribe:
    """The same, with the correction that anna proposed and ben approved."""
    s, wrong = behind()
    s.agree("anna", s.correction(wrong), by="ben")
    return s


def test_a_correction_is_proposed_and_approved_before_the_time_that_was_wrong() -> None:
    s = corrected()
    reader = read(s)
    assert reader.known.size == len(s.log)
    assert reader.heads.unfounded == []
    assert reader.register.faults == []


def test_time_goes_on_from_the_approval_and_not_from_the_proposal() -> None:
    s, wrong = behind()
    waits = s.say("anna", s.proposal(s.correction(wrong)))
    assert waits.at < wrong.at
    assert read(s).known.at == wrong.at
    approval = s.say("ben", s.approval(waits))
    assert read(s).known.at == approval.at
    assert read(look(s, 3)).known.at == s.at < wrong.at


@pytest.mark.parametrize("late", [0, 1])
def test_an_ordinary_entry_is_not_before_the_wrong_time_until_the_approval(late: int) -> None:
    s, wrong = behind()
    if late:
        s.say("anna", s.proposal(s.correction(wrong)))
    index = look(s).log[-1].index
    assert refused(s) == ("entry-time", index)


def test_an_entry_before_the_approval_is_refused_for_ever() -> None:
    s = corrected()
    s.at -= 2 * MINUTE
    index = look(s).log[-1].index
    assert refused(s) == ("entry-time", index)


def test_one_alone_corrects_a_clock_where_nobody_could_approve() -> None:
    s = Scribe().admit("jan", Role.REGISSEUR).open()
    wrong = look(s.wait(days=365)).log[-1]
    entry = s.wait(days=-365).say("anna", s.correction(wrong))
    assert read(s).known.at == entry.at < wrong.at
    assert read(look(s)).known.at == s.at


def test_a_correction_that_does_not_stand_is_not_before_the_wrong_time() -> None:
    def tried(who: str, word: Callable[[Scribe, Entry], Statement], **more: Any) -> bool:
        s, wrong = behind()
        index = s.write(who, word(s, wrong), **more).index
        return refused(s) == ("entry-time", index)

    def proposed(s: Scribe, wrong: Entry) -> Statement:
        return s.proposal(s.correction(wrong))

    assert tried("bob", proposed)
    assert tried("jan", proposed)
    assert tried("anna", lambda s, wrong: s.correction(wrong))
    assert tried("anna", lambda s, _: s.proposal(s.correction(s.log[2])))
    assert tried("anna", lambda s, wrong: s.proposal(but(s.correction(wrong), leaf=bytes(32))))
    assert tried("anna", lambda s, _: s.proposal(s.admission("carla", Role.COORDINATOR)))
    assert tried("anna", proposed, place=Place(STORE_BOOK, 1, None))
    no = {"permitted": False, "reason": "not-your-role", "basis": None}
    assert tried("anna", proposed, ruling=no)


@pytest.mark.parametrize("who", ["anna", "bob", "jan"])
def test_an_approval_that_does_not_stand_is_not_before_the_wrong_time(who: str) -> None:
    s, wrong = behind()
    waits = s.say("anna", s.proposal(s.correction(wrong)))
    index = s.write(who, s.approval(waits)).index
    assert refused(s) == ("entry-time", index)


def test_an_approval_of_something_else_is_not_before_the_wrong_time() -> None:
    s = Scribe().admit("ben", Role.COORDINATOR).admit("jan", Role.REGISSEUR).open().wait(days=31)
    other = s.say("anna", s.proposal(s.admission("carla", Role.COORDINATOR)))
    look(s.wait(days=365))
    index = s.wait(days=-365).write("ben", s.approval(other)).index
    assert refused(s) == ("entry-time", index)


def test_no_refusal_of_a_correction_is_before_the_wrong_time() -> None:
    s, wrong = behind()
    waits = s.say("anna", s.proposal(s.correction(wrong)))
    index = s.write("ben", s.refusal(waits)).index
    assert refused(s) == ("entry-time", index)


def test_a_correction_is_found_out_alike_whenever_one_reads() -> None:
    s, wrong = behind()
    reader = read(s)
    waits = s.say("anna", s.proposal(s.correction(wrong)))
    lay_more(reader.store, s)
    reader.read()
    s.say("ben", s.approval(waits))
    lay_more(reader.store, look(s, 2))
    assert reader.read().known.at == read(s).known.at == s.at
    assert reader.register.latest == read(s).register.latest


def test_a_clock_wrong_for_more_than_a_page_is_corrected() -> None:
    s, wrong = behind()
    s.wait(days=365)
    look(s, PAGE + 3)
    s.at = wrong.at - timedelta(days=365)
    reader = read(s)
    s.agree("anna", s.correction(wrong), by="ben")
    lay_more(reader.store, look(s))
    assert reader.read().known.at == s.at
    assert read(s).known.at == s.at


def test_a_clock_may_be_wrong_a_second_time() -> None:
    s = corrected()
    wrong = look(s.wait(days=100)).log[-1]
    s.wait(days=-100)
    s.agree("anna", s.correction(wrong), by="ben")
    assert read(look(s)).known.at == s.at


def test_a_correction_in_time_that_names_no_wrong_time_is_named_and_changes_nothing() -> None:
    s = look(Scribe().admit("jan", Role.REGISSEUR).open(), 2)
    index = s.write("anna", s.correction(s.log[-1])).index
    reader = read(look(s))
    assert reader.heads.unfounded == [index]
    assert reader.register.faults == [(STORE_BOOK, index, Reason.TIME_NOT_WRONG)]
    assert reader.known.at == s.at


def test_only_the_first_entry_of_a_time_that_has_yet_to_come_was_wrong() -> None:
    s, wrong = behind()
    s.wait(days=365)
    later = look(s).log[-1]
    s.wait(days=-365)
    reader = read(s)
    statement = s.correction(wrong)

    def judged(correction: Statement, at: datetime = s.at) -> bool:
        return was_wrong(reader.store, reader.known, correction, at)

    assert judged(statement)
    assert not judged(s.correction(later))
    assert not judged(s.correction(s.log[0]))
    assert not judged(s.correction(s.log[wrong.index - 1]))
    assert not judged(but(statement, index=len(s.log)))
    assert not judged(but(statement, leaf=later.leaf))
    assert not judged(but(statement, index=wrong.index - 1))
    assert not judged(statement, wrong.at)
    assert judged(statement, wrong.at - timedelta(milliseconds=1))
    assert judged(statement, s.log[wrong.index - 1].at)
    assert not judged(statement, s.log[wrong.index - 1].at - timedelta(milliseconds=1))


def test_a_proposal_of_the_right_time_does_not_make_the_entry_after_it_the_first_wrong_one() -> None:
    s, wrong = behind()
    for _ in range(2):
        s.say("anna", s.proposal(s.correction(wrong)))
    s.wait(days=365)
    later = look(s).log[-1]
    s.wait(days=-365)
    reader = read(s)
    assert was_wrong(reader.store, reader.known, s.correction(wrong), s.at)
    assert not was_wrong(reader.store, reader.known, s.correction(later), s.at)


def test_a_proposal_of_something_else_may_be_the_first_of_a_wrong_time() -> None:
    s = Scribe().admit("ben", Role.COORDINATOR).admit("jan", Role.REGISSEUR).open().wait(days=31)
    wrong = s.wait(days=365).say("anna", s.proposal(s.admission("carla", Role.COORDINATOR)))
    later = look(s).log[-1]
    s.wait(days=-365)
    reader = read(s)
    assert was_wrong(reader.store, reader.known, s.correction(wrong), s.at)
    assert not was_wrong(reader.store, reader.known, s.correction(later), s.at)


# What a log that was put back lacks.


def test_households_fall_short_whose_last_statement_is_not_in_the_log() -> None:
    s = team().open(household=OTHER_HOME)
    write(s)
    kept = len(s.log)
    reader = read(s)
    heads = [(HouseholdId(name), head) for name, head in s.heads.items() if name != STORE_BOOK]
    assert fallen_short(reader.store, reader.known, heads) == []
    write(s, 2)
    later = [(HouseholdId(name), head) for name, head in s.heads.items() if name != STORE_BOOK]
    assert fallen_short(reader.store, reader.known, later) == [HOME]
    look(s)
    other = team().open(household=OTHER_HOME)
    look(other, kept + 3 - len(other.log))
    parted = read(other)
    assert fallen_short(parted.store, parted.known, later) == [HOME]
    assert fallen_short(parted.store, parted.known, []) == []


# Epochs: each has a log key of its own.


def rotated() -> Scribe:
    """A log in which there was a rotation, and more after it."""
    s = team()
    s.say("bob", s.rotation())
    return look(s, 2)


def test_a_log_goes_on_under_the_log_key_of_the_next_epoch() -> None:
    s = team()
    reader = read(s)
    s.say("bob", s.rotation())
    lay_more(reader.store, s)
    assert reader.read().register.epoch.number == 2
    lay_more(reader.store, look(s, 2))
    assert reader.read().known.size == read(s).known.size == len(s.log)
    s.say("bob", s.rotation())
    lay_more(reader.store, s)
    assert reader.read().register.epoch.number == read(s).register.epoch.number == 3


@pytest.mark.parametrize("more", [0, 2])
def test_the_log_key_of_an_epoch_signs_nothing_from_the_next_rotation_on(more: int) -> None:
    s = team()
    s.say("bob", s.rotation())
    store = lay(look(s, more))
    put_lines(store, [entry.line for entry in s.log], seed_of(s.store))
    assert refused(s, store) == ("bad-checkpoint", len(s.log) - 1)


def test_the_log_key_of_an_epoch_signs_nothing_before_its_rotation() -> None:
    s = team()
    store = lay(s)
    put_lines(store, [entry.line for entry in s.log], seed_of(s.store, 2))
    assert refused(s, store) == ("bad-checkpoint", len(s.log) - 1)


def test_a_rotation_that_does_not_stand_leaves_the_log_key_as_it_was() -> None:
    s = team()
    s.write("anna", s.rotation())
    reader = read(look(s, 2))
    assert reader.register.epoch.number == 1
    assert reader.known.size == len(s.log)


@pytest.mark.parametrize("shift", [-1, 0])
def test_every_checkpoint_is_by_the_log_key_of_its_own_epoch(shift: int) -> None:
    s = rotated()
    store = lay(s)
    found = records(store)
    place = s.register.epoch.start + shift
    frontier = Frontier()
    for entry in s.log[:place]:
        frontier.append(entry.leaf)
    found[place] = record(s.store, found[place].line, frontier, seed_of(s.store, 2 if shift else 1))
    put(store, found)
    reader = Reader(store, s.founder.card.fingerprint)
    follower = Follower(store, reader.known, reader.register, reader.heads, every_checkpoint=True)
    with pytest.raises(IntegrityError, match="bad-checkpoint") as caught:
        follower.follow()
    assert caught.value.data["index"] == place


# Cards that change, and one that is no member's.


def test_entries_are_signed_by_the_card_that_their_member_has_there() -> None:
    s = team()
    s.say("jan", s.renewal("jan"))
    look(s, 2)
    assert read(s).known.size == len(s.log)
    index = s.write("jan", request=READING, signed=REGISSEUR, identity=person("jan")).index
    assert refused(s) == ("entry-forged", index)


def test_a_renewed_card_signs_nothing_before_its_renewal() -> None:
    s = team()
    index = s.write("jan", request=READING, signed=REGISSEUR, identity=person("jan", 2)).index
    s.say("jan", s.renewal("jan"))
    assert refused(s) == ("entry-forged", index)


def test_the_recovery_card_signs_a_recovery_and_nothing_else() -> None:
    s = team()
    s.say("anna", s.split())
    s.say("recovery-1", s.recovery())
    reader = read(s)
    assert reader.register.members[Handle("vera")].holds(Role.COORDINATOR)
    for more in ({"request": READING}, {"statement": s.admission("stan", Role.SPECIALIST)}):
        other = team()
        other.say("anna", other.split())
        index = other.write("recovery-1", **more).index
        assert refused(other) == ("entry-forged", index)


# Signatures.


def test_an_entry_signed_by_another_card_is_refused() -> None:
    s = team()
    index = s.write("jan", request=READING, identity=person("sara")).index
    assert refused(s) == ("entry-forged", index)


def test_an_entry_signed_by_another_in_ones_name_is_refused() -> None:
    s = team()
    fingerprint = {"card": person("jan").card.fingerprint}
    index = s.write("jan", request=READING, identity=person("sara"), signed=fingerprint).index
    assert refused(s) == ("entry-forged", index)


def test_an_entry_of_who_is_no_member_is_refused() -> None:
    s = team()
    index = s.write("oscar", request=READING).index
    assert refused(s) == ("entry-forged", index)


def test_an_entry_before_its_signer_was_admitted_is_refused() -> None:
    s = Scribe()
    index = s.write("jan", request=READING, signed=REGISSEUR).index
    s.admit("jan", Role.REGISSEUR)
    assert refused(s) == ("entry-forged", index)


# Books.


def test_a_statement_that_does_not_follow_is_passed_over() -> None:
    s = team()
    place = s.log[-1].signed.place
    s.write("anna", s.rekey(PLAN), place=place)
    reader = read(s)
    assert reader.heads.heads == s.heads
    assert reader.heads.heads[BookName(HOME)].number == 1


def test_a_statement_that_was_refused_is_passed_over() -> None:
    s = team()
    s.write("anna", s.rekey(PLAN), ruling={"permitted": False, "reason": "not-your-role", "basis": None})
    assert read(s).heads.heads[BookName(HOME)].number == 1


def test_households_are_folded_where_asked() -> None:
    s = team()
    write(s)
    store = lay(s)
    reader = Reader(store, s.founder.card.fingerprint)
    follower = Follower(store, reader.known, reader.register, reader.heads, households=True)
    follower.follow()
    assert len(reader.register.households[HOME].sections[INTAKE].versions) == 1
    assert read(s).register.households == {}


@pytest.mark.parametrize(
    ("changes", "founded"),
    [
        ({}, True),
        ({"leaf": bytes(32)}, False),
        ({"index": 0}, False),
        ({"index": 1 << 40}, False),
        ({"version": 2}, False),
        ({"section": PLAN}, False),
    ],
)
@pytest.mark.parametrize("later", [True, False])
def test_a_version_names_the_entry_that_asked_for_it(
    changes: dict[str, Any],
    founded: bool,  # noqa: FBT001
    later: bool,  # noqa: FBT001
) -> None:
    s = team()
    asked = s.ask("jan", INTAKE, 1, signed=REGISSEUR)
    reader = Reader(lay(s), s.founder.card.fingerprint)
    if later:
        reader.read()
    statement = s.version_on(asked)
    statement.fields.update(changes)
    entry = s.write("jan", statement)
    lay_more(reader.store, s)
    reader.read()
    assert reader.heads.unfounded == ([] if founded else [entry.index])


def test_a_version_asked_for_by_another_has_no_entry_that_asked() -> None:
    s = team()
    asked = s.ask("jan", INTAKE, 1)
    entry = s.write("sara", s.version_on(asked))
    assert read(s).heads.unfounded == [entry.index]


def test_a_version_whose_entry_was_refused_has_none_that_asked() -> None:
    s = team()
    asked = s.ask("jan", INTAKE, 1, ruling={"permitted": False, "reason": "no-access", "basis": None})
    entry = s.write("jan", s.version_on(asked))
    assert read(s).heads.unfounded == [entry.index]


def test_a_version_that_names_a_look_has_none_that_asked() -> None:
    s = look(team())
    entry = s.write("jan", s.version_on(s.log[-1]))
    assert read(s).heads.unfounded == [entry.index]


def test_an_entry_that_asked_founds_alike_whenever_one_reads() -> None:
    """A first version under it does not stand; the second does, for whoever reads on and for who begins."""
    s = team()
    asked = s.ask("jan", INTAKE, 1)
    reader = read(s)
    s.write("jan", s.version_on(asked, generation=9))
    s.write("jan", s.version_on(asked))
    lay_more(reader.store, s)
    assert reader.read().heads.unfounded == []
    assert read(s).heads.unfounded == []


def test_entries_that_ask_are_not_all_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dossier.log.past._MOST_ASKED", 2)
    s = team()
    asked = [s.ask("jan", INTAKE, number) for number in (1, 2, 3)]
    s.write("jan", s.version_on(asked[0]))
    assert read(s).heads.unfounded == []


# What was seen before, when all is checked anew.


def test_a_log_checked_anew_comes_by_what_was_seen() -> None:
    s = look(team(), 4)
    reader = Reader(lay(s), s.founder.card.fingerprint)
    assert reader.read(must_pass=Seen(5, s._roots[5])).known.size == len(s.log)


@pytest.mark.parametrize(("size", "code"), [(5, "log-altered"), (50, "log-short")])
def test_a_log_that_does_not_come_by_what_was_seen_is_refused(size: int, code: str) -> None:
    s = look(team(), 4)
    reader = Reader(lay(s), s.founder.card.fingerprint)
    with pytest.raises(IntegrityError, match=code):
        reader.read(must_pass=Seen(size, bytes(32)))


def test_a_piece_need_not_come_as_far_as_what_was_seen() -> None:
    s = look(team(), 4)
    reader = Reader(lay(s), s.founder.card.fingerprint)
    last = len(s.log)
    assert reader.read(limit=3, must_pass=Seen(last, s._roots[last])).known.size == 3


# What each entry is shown to.


def test_each_entry_is_seen_before_it_counts() -> None:
    s = team()
    seen: list[tuple[int, int]] = []
    store = lay(s)
    follower = Follower(
        store,
        Verified(),
        Register(s.founder.card.fingerprint),
        Heads(),
        each=lambda entry, register: seen.append((entry.index, len(register.members))),
    )
    follower.follow()
    assert seen[:4] == [(0, 0), (1, 1), (2, 1), (3, 2)]


def test_a_log_that_is_gone_is_not_an_empty_one() -> None:
    s = team()
    reader = read(s)
    reader.store._pages.clear()
    with pytest.raises(UnreachableError, match="log-gone"):
        reader.read()


def test_the_stores_book_is_the_one_followed() -> None:
    s = team()
    assert read(s).heads.heads[STORE_BOOK].number == s.heads[STORE_BOOK].number
