"""A store that was put back opens for nobody until two persons said so; a wrong clock is put right by two."""

from pathlib import Path

import places
import pytest
from team import Team
from wording import INTAKE, PLAN, person

from dossier.actions import approvals, boxes, logs, members
from dossier.actions.check import check
from dossier.actions.dues import status
from dossier.actions.reopening import Loss, approve, correct_clock, loss, reopen
from dossier.desk import Desk
from dossier.errors import (
    DossierError,
    IntegrityError,
    LockedError,
    NotFoundError,
    RefusedError,
    UnreachableError,
    UsageError,
)
from dossier.gate.local import LocalGate
from dossier.log.merkle import EMPTY_ROOT
from dossier.memory import Memory
from dossier.model import Deed, Handle, HouseholdId, Request, Role
from dossier.storage.base import Store

ALL = tuple(Handle(one) for one in ("anna", "jan", "sara", "bob", "tess"))


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """Give a team whose toezichthouder can be a second person for anna."""
    team = Team(tmp_path)
    for who, role in (
        ("jan", Role.REGISSEUR),
        ("sara", Role.SPECIALIST),
        ("bob", Role.BEHEERDER),
        ("tess", Role.TOEZICHTHOUDER),
    ):
        team.admit(who, role)
    team.clock.wait(days=31)
    team["anna"].gate.enter(Request(Deed.LOG_SHOW))
    return team


@pytest.fixture
def home(team: Team) -> HouseholdId:
    """Give a household of jan's with an intake, which sara may read."""
    home = team.open("jan")
    team.write("jan", home, INTAKE, "een")
    team.grant("sara", home, INTAKE)
    return home


# A store that is put back.


def copy_of(team: Team) -> Store:
    """Copy all that is in the store, as a backup does."""
    kept: Store = places.copy_of(team.store)
    return kept


def put_back(team: Team, state: Store, *, marked: bool = True) -> None:
    """Put a copy back, and have everyone sit down anew."""
    places.put_store_back(team.store, state)
    team.store.mark_restored(marked)
    for who in team.desks:
        team.again(who)


def anew(team: Team, who: str) -> tuple[Desk, Memory]:
    """Give a desk that knows nothing yet, and what its client remembers (`cli.context.open_desk_anew`)."""
    known = team.again(who)
    fresh = known.memory.beside()
    fresh.root, fresh.fleeting = known.memory.root, True
    gate = LocalGate(team.store, known.identity, fresh, team.clock)
    return Desk(team.store, gate, known.identity, fresh, team.clock), known.memory


def stated(team: Team, *confirmed: Handle, saw: Loss | None = None) -> tuple[int, int, Loss]:
    """Have anna state that the store was put back; give the number of it, the size, and what was lost."""
    desk, before = anew(team, "anna")
    made, size, lost = reopen(desk, before, confirmed or ALL, saw)
    assert made.waits
    return made.entry.index, size, lost


def reopened(team: Team, *confirmed: Handle) -> Loss:
    """Reopen the store, up to the rotation."""
    number, _, lost = stated(team, *confirmed)
    approve(*anew(team, "tess"), number)
    for who in team.desks:
        team.again(who)
    return lost


def again(team: Team, *confirmed: Handle) -> Loss:
    """Reopen the store, and rotate."""
    lost = reopened(team, *confirmed)
    team.rotate()
    return lost


def stopped(team: Team, who: str, home: HouseholdId, code: str) -> None:
    """See that someone's next command opens nothing, and why."""
    team.again(who)
    with pytest.raises(DossierError) as caught:
        team.read(who, home, INTAKE)
    assert caught.value.code == code


def size(team: Team) -> int:
    return check(team.store, None).size


def test_a_store_that_was_put_back_is_noticed_by_whoever_saw_more(team: Team, home: HouseholdId) -> None:
    kept = copy_of(team)
    team.write("jan", home, INTAKE, "twee")
    put_back(team, kept, marked=False)
    stopped(team, "jan", home, "log-short")


def test_two_persons_and_a_rotation_open_it_again(team: Team, home: HouseholdId) -> None:
    kept, at = copy_of(team), size(team)
    team.write("jan", home, INTAKE, "twee")
    team["anna"].gate.survey()
    after = size(team)
    put_back(team, kept)
    number, to, lost = stated(team)
    assert (to, lost.known, lost.behind) == (at, after, (home,))
    stopped(team, "jan", home, "log-short")
    approve(*anew(team, "tess"), number)
    stopped(team, "jan", home, "store-restored")
    team.again("bob")
    team.rotate()
    assert not team.store.restored
    stopped(team, "jan", home, "needs-rekey")
    team.again("anna")
    team.rekey(home)
    for who in ("jan", "sara"):
        team.again(who)
        assert team.read(who, home, INTAKE) == "een"
    report = check(team.store, person("anna").card.fingerprint, deep=True)
    assert (report.ok, report.findings) == (True, ())
    assert logs.verify(team.store, person("anna").card.fingerprint).ok


def test_a_household_that_is_behind_is_shut_for_everyone_until_its_rekey(
    team: Team, home: HouseholdId
) -> None:
    whole = team.open("jan")
    team.write("jan", whole, INTAKE, "heel")
    kept = copy_of(team)
    team.write("jan", home, INTAKE, "twee")
    team["anna"].gate.survey()
    put_back(team, kept)
    assert again(team).behind == (home,)
    assert [(d.what, d.why) for d in status(team.again("anna")).due if d.household == home] == [
        ("rekey", "restored")
    ]
    for who in ("jan", "sara"):
        stopped(team, who, home, "needs-rekey")
        with pytest.raises(RefusedError, match="needs-rekey"):
            team.write(who, home, PLAN) if who == "jan" else team.read(who, home, INTAKE)
    assert team.read("jan", whole, INTAKE) == "heel"
    team.rekey(home, PLAN)
    stopped(team, "sara", home, "needs-rekey")  # all of its sections
    team.rekey(home)
    assert team.read("sara", home, INTAKE) == "een"


def test_what_only_one_client_saw_is_shut_for_that_client(team: Team, home: HouseholdId) -> None:
    kept = copy_of(team)
    team.write("jan", home, INTAKE, "twee")  # neither anna nor tess sees it
    put_back(team, kept)
    lost = again(team)
    assert lost.behind == ()
    stopped(team, "jan", home, "needs-rekey")
    team.again("sara")
    assert team.read("sara", home, INTAKE) == "een"
    team.rekey(home)
    team.again("jan")
    assert team.read("jan", home, INTAKE) == "een"
    assert home not in team["jan"].memory.short


def test_all_that_was_lost_is_counted_and_named(team: Team, home: HouseholdId) -> None:
    other = team.open("jan")
    kept, at = copy_of(team), size(team)
    third = team.open("jan")
    for one in (home, third):
        team.write("jan", one, PLAN, "later")
    team["anna"].gate.survey()
    put_back(team, kept)
    desk, before = anew(team, "anna")
    desk.gate.survey()
    root = desk.memory.verified.root
    lost = loss(desk, before, at, root)
    assert (lost.known, {*lost.behind}) == (before.verified.size, {home, third})
    assert lost.known - at == 5  # opened, and twice asked and written
    assert other not in lost.behind


# What each client makes of it.


def test_a_client_that_was_not_ahead_goes_on(team: Team, home: HouseholdId) -> None:
    assert team.read("sara", home, INTAKE) == "een"
    kept = copy_of(team)
    team.write("jan", home, INTAKE, "twee")
    put_back(team, kept)
    again(team)
    team.again("sara")
    assert team["sara"].memory.short == set()
    assert team.read("sara", home, INTAKE) == "een"
    assert team["sara"].memory.restored == team.register().restored.leaf  # type: ignore[union-attr]


def test_a_client_that_was_ahead_by_less_than_was_written_since_goes_on(
    team: Team, home: HouseholdId
) -> None:
    kept = copy_of(team)
    team.write("jan", home, INTAKE, "twee")
    team.read("sara", home, INTAKE)
    ahead = team["sara"].memory.verified.size
    put_back(team, kept)
    again(team)
    team.again("anna")
    team.rekey(home)
    team.again("jan")
    for text in ("drie", "vier"):
        team.write("jan", home, INTAKE, text)
    assert size(team) > ahead
    team.again("sara")
    assert team.read("sara", home, INTAKE) == "vier"


def test_a_newcomer_to_a_reopened_store_sees_nothing_amiss(team: Team, home: HouseholdId) -> None:
    kept = copy_of(team)
    team.write("jan", home, INTAKE, "twee")
    put_back(team, kept)
    again(team)
    team.again("anna")
    team.admit("nina", Role.SPECIALIST)
    team.grant("nina", home, INTAKE)
    assert team.read("nina", home, INTAKE) == "een"


def test_who_was_admitted_in_what_was_lost_is_not_admitted(team: Team, home: HouseholdId) -> None:
    kept = copy_of(team)
    team.admit("nina", Role.SPECIALIST)
    put_back(team, kept)
    again(team)
    stopped(team, "nina", home, "not-admitted")


def test_a_restore_that_was_taken_in_excuses_no_second_one(team: Team, home: HouseholdId) -> None:
    kept = copy_of(team)
    team.write("jan", home, INTAKE, "twee")
    put_back(team, kept)
    reopened(team)
    just_after = copy_of(team)
    team.rotate()
    team.again("anna")
    team.rekey(home)
    team.again("jan")
    team.write("jan", home, INTAKE, "nieuw")
    put_back(team, just_after, marked=False)
    for who in ("jan", "anna", "bob"):
        stopped(team, who, home, "log-short")


def test_a_second_restore_is_reopened_as_the_first_was(team: Team, home: HouseholdId) -> None:
    kept = copy_of(team)
    team.write("jan", home, INTAKE, "twee")
    for text in ("drie", "vier"):
        put_back(team, kept)
        again(team)
        team.again("anna")
        team.rekey(home)
        team.again("jan")
        assert team.read("jan", home, INTAKE) == "een"
        team.write("jan", home, INTAKE, text)
    assert team.read("jan", home, INTAKE) == "vier"


def test_a_restore_to_a_place_that_a_client_had_not_reached_excuses_nothing(
    team: Team, home: HouseholdId
) -> None:
    """A log that parted from what was seen, before the place to which it was restored, was rewritten."""
    kept = copy_of(team)
    team.write("jan", home, INTAKE, "twee")
    assert team.read("sara", home, INTAKE) == "twee"
    put_back(team, kept, marked=False)
    for _ in range(5):
        team["anna"].gate.enter(Request(Deed.LOG_SHOW))
    assert size(team) > team["sara"].memory.verified.size
    put_back(team, copy_of(team))
    again(team)
    stopped(team, "sara", home, "log-altered")


# Before two persons have spoken.


def test_a_store_marked_as_put_back_opens_nothing_and_takes_no_statement(
    team: Team, home: HouseholdId
) -> None:
    put_back(team, copy_of(team))
    before = size(team)
    for deed in (
        lambda: team.read("jan", home, INTAKE),
        lambda: team.write("jan", home, INTAKE),
        lambda: team.open("jan"),
        lambda: team["anna"].gate.survey(home),
        lambda: [*team["anna"].gate.survey_each([home])],
        lambda: team["tess"].gate.enter(Request(Deed.LOG_SHOW)),
        team.rotate,
        lambda: team.rekey(home),
        lambda: team.suspend("sara"),
        lambda: team.grant("sara", home, PLAN),
        lambda: team.renew("sara"),
    ):
        with pytest.raises(IntegrityError, match="store-restored"):
            deed()
    assert size(team) == before
    team["anna"].gate.survey()  # to look how things stand is not to open


def test_after_two_persons_spoke_nothing_goes_before_the_rotation(team: Team, home: HouseholdId) -> None:
    put_back(team, copy_of(team))
    reopened(team)
    for deed in (
        lambda: team.read("jan", home, INTAKE),
        lambda: team.restore("sara"),
        lambda: team.grant("sara", home, PLAN),
        lambda: team.rekey(home),
        lambda: team.renew("sara"),
    ):
        with pytest.raises(RefusedError, match="store-restored"):
            deed()
    assert [(d.what, d.why) for d in status(team["bob"]).due if d.why == "restored"] == [
        ("rotate", "restored")
    ]
    team.rotate("sara")  # who is suspended first
    assert team.read("jan", home, INTAKE) == "een"
    assert not team.register().member("sara").active


def test_who_is_not_confirmed_is_suspended(team: Team, home: HouseholdId) -> None:
    put_back(team, copy_of(team))
    again(team, Handle("anna"), Handle("bob"), Handle("tess"), Handle("jan"))
    register = team.register()
    assert [m.handle for m in register.members.values() if not m.active] == ["sara"]
    assert "sara" not in register.gate_boxes
    with pytest.raises(LockedError):
        team.read("sara", home, INTAKE)
    team.restore("sara")
    boxes.box_what_is_due(team["anna"])
    assert team.read("sara", home, INTAKE) == "een"


@pytest.mark.parametrize("who", ["jan", "bob", "tess"])
def test_only_a_coordinator_reopens(team: Team, who: str) -> None:
    put_back(team, copy_of(team))
    desk, before = anew(team, who)
    with pytest.raises(RefusedError, match="not-your-role"):
        reopen(desk, before, ALL)
    assert team.register().restored is None


def test_the_second_person_is_neither_the_first_nor_a_beheerder(team: Team) -> None:
    put_back(team, copy_of(team))
    number, _, _ = stated(team)
    for who in ("anna", "bob", "jan"):
        with pytest.raises(RefusedError, match="not-eligible"):
            approve(*anew(team, who), number)
    approve(*anew(team, "tess"), number)


def test_only_what_reopens_is_approved_by_who_remembers_more(team: Team) -> None:
    put_back(team, copy_of(team))
    with pytest.raises(NotFoundError, match="no-such-proposal"):
        approve(*anew(team, "tess"), 3)


def test_who_was_suspended_at_the_copy_is_not_confirmed(team: Team) -> None:
    team.suspend("sara")
    put_back(team, copy_of(team))
    desk, before = anew(team, "anna")
    with pytest.raises(UsageError, match="state-as-it-is"):
        reopen(desk, before, ALL)


# What the second person saw.


def test_the_second_person_who_saw_more_hands_it_to_the_first(team: Team, home: HouseholdId) -> None:
    kept = copy_of(team)
    team["anna"].gate.survey()
    team.write("jan", home, INTAKE, "twee")
    team["tess"].gate.survey()
    put_back(team, kept)
    number, to, lost = stated(team)
    assert (lost.known, lost.behind) == (to, ())
    with pytest.raises(RefusedError, match="saw-later") as caught:
        approve(*anew(team, "tess"), number)
    saw = Loss.read(str(caught.value.data["saw"]))
    assert saw.behind == (home,)
    number, _, lost = stated(team, saw=saw)
    assert lost == saw
    approve(*anew(team, "tess"), number)
    team.again("bob")
    team.rotate()
    stopped(team, "sara", home, "needs-rekey")


def test_what_was_seen_is_handed_over_as_one_word() -> None:
    for lost in (
        Loss(0, EMPTY_ROOT, ()),
        Loss(12, bytes(range(32)), (HouseholdId("H-7KQ2M9XD"), HouseholdId("H-7KQ2M9XE"))),
    ):
        assert Loss.read(lost.write()) == lost
        assert len(lost.write().split()) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "a:b", "x:" + "A" * 43 + "=:", "3:AAAA:", "-1:" + "A" * 43 + "=:"),
        *("3:" + "A" * 43 + "=:H-1", "3:" + "A" * 43 + "=::", " 3:" + "A" * 43 + "=:"),
    ],
)
def test_another_word_than_that_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="bad-saw"):
        Loss.read(text)


def test_two_clients_together_saw_what_either_did() -> None:
    one, other = HouseholdId("H-7KQ2M9XD"), HouseholdId("H-7KQ2M9XE")
    few, many = Loss(3, bytes(32), (one,)), Loss(5, bytes([1] * 32), (other,))
    for both in (few.joined(many), many.joined(few)):
        assert (both.known, both.root, {*both.behind}) == (5, bytes([1] * 32), {one, other})


# A clock that was wrong.


@pytest.fixture
def wrong(team: Team, home: HouseholdId) -> int:
    """Have jan write with a clock that is 20 days ahead; give the first entry that came of it."""
    first = size(team)
    team.clock.wait(days=20)
    team.write("jan", home, INTAKE, "te vroeg")
    team.clock.wait(days=-20, minutes=60)
    return first


def test_a_clock_is_put_right_by_two_and_all_goes_on(team: Team, home: HouseholdId, wrong: int) -> None:
    with pytest.raises(UnreachableError, match="clock-behind"):
        team.read("sara", home, INTAKE)
    made = correct_clock(team["anna"], wrong)
    assert made.waits
    with pytest.raises(UnreachableError, match="clock-behind"):
        team.read("jan", home, INTAKE)  # still
    entry, _ = approvals.give(team["tess"], made.entry.index)
    assert entry.at == team.clock()
    for who in ("jan", "sara"):
        assert team.read(who, home, INTAKE) == "te vroeg"
    report = check(team.store, person("anna").card.fingerprint, deep=True)
    assert (report.ok, report.findings) == (True, ())


def test_a_newcomer_reads_a_log_that_was_put_right(team: Team, home: HouseholdId, wrong: int) -> None:
    approvals.give(team["tess"], correct_clock(team["anna"], wrong).entry.index)
    team.admit("nina", Role.SPECIALIST)
    team.grant("nina", home, INTAKE)
    assert team.read("nina", home, INTAKE) == "te vroeg"


def test_only_the_first_wrong_entry_is_named(team: Team, wrong: int) -> None:
    for index in (wrong - 1, wrong + 1, 1):
        with pytest.raises(UsageError, match="time-not-wrong"):
            correct_clock(team["anna"], index)
    with pytest.raises(NotFoundError, match="no-such-entry") as caught:
        correct_clock(team["anna"], wrong + 5)
    assert caught.value.data == {"index": wrong + 5}


def test_a_clock_that_is_right_is_not_put_right(team: Team, home: HouseholdId) -> None:
    before = size(team)
    team.clock.wait(minutes=5)
    with pytest.raises(UsageError, match="time-not-wrong"):
        correct_clock(team["anna"], before - 1)
    assert home


@pytest.mark.parametrize("who", ["jan", "bob", "tess"])
def test_only_a_coordinator_puts_a_clock_right(team: Team, wrong: int, who: str) -> None:
    """And what the log cannot hold, a refusal of a moment that is past, is not written."""
    before = size(team)
    with pytest.raises(RefusedError, match="not-your-role"):
        correct_clock(team[who], wrong)
    assert size(team) == before


def test_where_nobody_could_approve_a_coordinator_puts_it_right_alone(tmp_path: Path) -> None:
    team = Team(tmp_path)
    team.admit("jan", Role.REGISSEUR)
    home = team.open("jan")
    first = size(team)
    team.clock.wait(days=20)
    team.write("jan", home, INTAKE, "te vroeg")
    team.clock.wait(days=-20, minutes=60)
    made = correct_clock(team["anna"], first)
    assert (made.waits, made.entry.ruling.basis) == (False, "alone")
    assert team.read("jan", home, INTAKE) == "te vroeg"
    assert check(team.store, None, deep=True).ok


def test_what_was_noted_in_the_future_counts_as_noted_now(team: Team, home: HouseholdId) -> None:
    """A grant of then ends when it says; a tie of then is over 30 days from now; a proposal of then waits."""
    first = size(team)
    team.clock.wait(days=20)
    team.grant("sara", home, PLAN, days=25)  # to day 45
    team.admit("otto", Role.COORDINATOR, second="tess")
    card = person("nina").card
    waiting, _ = members.admit(team["anna"], card.write(), [Role.COORDINATOR], card.fingerprint)
    team.clock.wait(days=-20, minutes=60)
    approvals.give(team["tess"], correct_clock(team["anna"], first).entry.index)
    approvals.give(team["tess"], waiting.entry.index)
    assert team.register().member("nina").active
    assert [at for at, _ in team.register().member("otto").ties] == [team.clock()]
    team.write("jan", home, PLAN, "plan")
    assert team.read("sara", home, PLAN) == "plan"


def test_a_proposal_that_was_made_in_the_future_ends_seven_days_from_now(
    team: Team, home: HouseholdId
) -> None:
    first = size(team)
    team.clock.wait(days=20)
    card = person("nina").card
    waiting, _ = members.admit(team["anna"], card.write(), [Role.COORDINATOR], card.fingerprint)
    team.clock.wait(days=-20, minutes=60)
    approvals.give(team["tess"], correct_clock(team["anna"], first).entry.index)
    team.clock.wait(days=8)
    with pytest.raises(RefusedError, match="approved-late"):
        approvals.give(team["tess"], waiting.entry.index)
    assert home
