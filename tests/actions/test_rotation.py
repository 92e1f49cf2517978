"""Rotations and rekeys: what was written stays open to who may, and closes to who may not."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from team import Team, usual_purpose
from wording import AANMELD, COVER, INTAKE, PLAN, person

from dossier import contexts, vault
from dossier.actions import boxes, logs, policies, rotation
from dossier.actions.dues import Due, Status, status
from dossier.actions.recovery import split
from dossier.data import default_policy_text
from dossier.entry import Entry
from dossier.errors import ConflictError, DossierError, IntegrityError, LockedError, RefusedError, UsageError
from dossier.log.reading import entries
from dossier.model import STORE_BOOK, BookName, Deed, Digest, Handle, HouseholdId, Request, Role
from dossier.policydoc import parse
from dossier.storage.volatile import VolatileStore
from dossier.team import seed
from keys.errors import KeysError
from keys.primitives import unbox


def new_team(folder: Path) -> Team:
    team = Team(folder)
    for handle, role in (
        ("jan", Role.REGISSEUR),
        ("sara", Role.SPECIALIST),
        ("bob", Role.BEHEERDER),
        ("tess", Role.TOEZICHTHOUDER),
    ):
        team.admit(handle, role)
    return team


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return new_team(tmp_path)


@pytest.fixture
def home(team: Team) -> HouseholdId:
    """Give a household of jan's with an intake, which sara may read."""
    home = team.open("jan")
    team.write("jan", home, INTAKE, "een")
    team.grant("sara", home, INTAKE)
    return home


def size(team: Team, who: str = "anna") -> int:
    team[who].gate.survey()
    return team[who].memory.verified.size


def refused(team: Team, error: type[DossierError], reason: str, *without: str, why: str | None = None) -> int:
    """See that a rotation comes to nothing but an entry that says so; give how many entries it left."""
    before, epoch = size(team), team.register().epoch
    with pytest.raises(error, match=reason):
        team.rotate(*without, reason=why)
    after = size(team)
    assert team.register().epoch == epoch
    return after - before


# Rotating.


def test_what_was_written_before_a_rotation_opens_after_it(team: Team, home: HouseholdId) -> None:
    done = team.rotate()
    assert (done.epoch, done.boxes) == (2, 5)
    team.write("jan", home, INTAKE, "twee")
    for who in ("jan", "sara"):
        assert [team.read(who, home, INTAKE, version=n) for n in (1, 2)] == ["een", "twee"]
    section = team.register(home).households[home].sections[INTAKE]
    assert [version.epoch for version in section.versions] == [1, 2]


def test_a_version_opens_across_fifty_rotations(team: Team, home: HouseholdId) -> None:
    for number in range(2, 52):
        assert team.rotate().epoch == number
        if number % 10 == 0:
            team.write("jan", home, INTAKE, f"na {number}")
    team.again("jan")  # who has opened no secret yet
    assert [team.read("jan", home, INTAKE, version=n) for n in (1, 2, 6)] == ["een", "na 10", "na 50"]
    assert logs.verify(team.store, None).ok


def test_a_rotation_boxes_to_the_active_members_only(team: Team) -> None:
    team.suspend("sara")
    team.leave("jan")
    assert team.rotate().boxes == 3
    assert set(team.register().gate_boxes) == {"anna", "bob", "tess"}


def test_the_boxes_of_the_secret_before_are_gone(team: Team) -> None:
    before = team.register().gate_boxes
    team.rotate()
    kept = team.store.objects(STORE_BOOK)
    register = team.register()
    assert not set(before.values()) & set(kept)
    assert set(register.objects()) == set(kept)


def test_whoever_is_left_out_is_suspended_first(team: Team) -> None:
    assert team.rotate("sara", reason="uit-dienst").boxes == 4
    register = team.register()
    assert not register.member("sara").active
    assert "sara" not in register.gate_boxes
    assert not register.to_rotate_out


def test_nobody_is_left_out_without_a_reason(team: Team) -> None:
    with pytest.raises(UsageError, match="missing-option") as caught:
        team.rotate("sara", reason=None)
    assert caught.value.data == {"option": "--reason"}
    assert team.register().member("sara").active


def test_nobody_unknown_is_left_out(team: Team) -> None:
    assert refused(team, UsageError, "unknown-member", "otto", why="uit-dienst") == 0


def test_a_toezichthouder_is_not_left_out_by_a_beheerder(team: Team) -> None:
    assert refused(team, RefusedError, "not-your-role", "tess", why="uit-dienst") == 1
    assert team.register().member("tess").active


def test_a_toezichthouder_is_left_out_once_two_persons_suspended_her(team: Team) -> None:
    team.clock.wait(days=20)
    team.admit("otto", Role.COORDINATOR)
    team.clock.wait(days=31)
    team.suspend("tess", second="otto")
    assert team.rotate("tess").boxes == 5
    assert "tess" not in team.register().gate_boxes


def test_the_last_coordinator_is_not_left_out(team: Team) -> None:
    assert refused(team, RefusedError, "last-coordinator", "anna", why="uit-dienst") == 1
    assert team.register().member("anna").active


def test_a_beheerder_does_not_leave_out_themselves(team: Team) -> None:
    assert refused(team, RefusedError, "about-yourself", "bob", why="uit-dienst") == 1


def test_a_plan_says_who_is_in_and_changes_nothing(team: Team) -> None:
    team.suspend("jan")
    before = size(team), dict(team.store.objects(STORE_BOOK))
    plan = rotation.plan(team["bob"], [Handle("sara"), Handle("jan")])
    assert plan.epoch == 2
    assert [m.handle for m in plan.within] == ["anna", "bob", "tess"]
    assert [m.handle for m in plan.without] == ["jan", "sara"]
    assert [m.handle for m in plan.to_suspend] == ["sara"]
    assert (size(team), dict(team.store.objects(STORE_BOOK))) == before


@pytest.mark.parametrize("who", ["anna", "jan", "sara", "tess"])
def test_only_a_beheerder_rotates(team: Team, who: str) -> None:
    with pytest.raises(RefusedError, match="not-your-role"):
        team.rotate(by=who)
    team["anna"].gate.survey()
    last = entries(team.store, team["anna"].memory.verified)[-1]
    assert (last.signed.actor, last.ruling.permitted, last.ruling.reason) == (who, False, "not-your-role")
    assert last.signed.statement is not None
    assert last.signed.statement.kind == "gate.rotated"


def test_who_was_left_out_neither_reads_nor_appends(team: Team, home: HouseholdId) -> None:
    team.rotate("sara", reason="uit-dienst")
    before = size(team)
    with pytest.raises(LockedError, match=r"no-gate-box|not-active"):
        team.read("sara", home, INTAKE)
    with pytest.raises(LockedError, match=r"no-gate-box|not-active"):
        team["sara"].gate.enter(Request(Deed.LOG_SHOW))
    assert size(team) == before


def test_who_is_active_again_after_a_rotation_is_boxed_again(team: Team, home: HouseholdId) -> None:
    team.rotate("sara", reason="verlof")
    team.write("jan", home, INTAKE, "twee")
    team.restore("sara")
    with pytest.raises(LockedError, match="no-gate-box"):
        team.read("sara", home, INTAKE)
    assert boxes.box_what_is_due(team["anna"]) == 1
    assert boxes.box_what_is_due(team["anna"]) == 0
    assert team.read("sara", home, INTAKE) == "twee"


def test_a_beheerder_boxes_what_is_due_of_the_gate_and_nobody_else_does(team: Team) -> None:
    team.rotate("sara", reason="verlof")
    team.restore("sara")
    for who in ("jan", "tess"):
        assert boxes.box_what_is_due(team[who]) == 0
    assert boxes.box_what_is_due(team["bob"]) == 1


def test_a_write_begun_before_a_rotation_writes_nothing_after_it(team: Team, home: HouseholdId) -> None:
    desk = team["jan"]
    receipt = desk.gate.enter(Request(Deed.WRITE, home, INTAKE, None, usual_purpose(INTAKE)))
    assert receipt is not None
    team.rotate()
    before = size(team), team.store.copies(BookName(home))
    with pytest.raises(ConflictError, match="epoch-wrong"):
        vault.write(desk, receipt, BytesIO(b"te laat"), "text/plain")
    assert (size(team), team.store.copies(BookName(home))) == before
    assert team.read("jan", home, INTAKE) == "een"


def test_a_rotation_that_another_came_before_is_made_anew(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.admit("bert", Role.BEHEERDER)
    gate = team["bob"].gate
    real, done = gate.rotation, list[rotation.Rotated]()

    def late() -> object:
        made = real()
        if not done:
            done.append(team.rotate(by="bert"))
        return made

    monkeypatch.setattr(gate, "rotation", late)
    assert team.rotate().epoch == 3
    assert [done[0].epoch, team.register().epoch.number] == [2, 3]


def test_the_log_is_verified_under_the_key_of_each_epoch(team: Team, home: HouseholdId) -> None:
    notes = [logs.checkpoint(team["anna"])]
    for text in ("twee", "drie"):
        team.rotate()
        team.write("jan", home, INTAKE, text)
        notes.append(logs.checkpoint(team["anna"]))
    for note in notes:
        report = logs.verify(team.store, person("anna").card.fingerprint, against=note)
        assert (report.ok, report.findings, report.leftovers) == (True, (), ())
    keys = logs.vkeys(team["jan"])
    assert len({*keys}) == 3
    assert keys[-1:] != keys[:1]


# Boxes and secrets that are not as they should be.


def spoil(team: Team, digest: Digest, book: BookName = STORE_BOOK) -> None:
    """Put a garbled object in the place of one, as whoever has the folder can."""
    store = team.store
    assert isinstance(store, VolatileStore)
    lines, objects = store._books[book]
    data = objects[digest]
    store._books[book] = (lines, {**objects, digest: data[:-1] + bytes([data[-1] ^ 1])})


@pytest.mark.files_only("reads or alters what a store in memory keeps")
def test_a_garbled_box_of_the_gate_is_named(team: Team, home: HouseholdId) -> None:
    team.rotate()
    spoil(team, team.register().gate_boxes[Handle("jan")])
    team.again("jan")
    with pytest.raises(IntegrityError, match=r"gate-box-altered|object-altered"):
        team.read("jan", home, INTAKE)
    assert team.read("sara", home, INTAKE) == "een"


def test_a_beheerder_who_garbled_the_secret_before_is_found_by_the_first_to_need_it(
    team: Team, home: HouseholdId, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("dossier.gate.secrets.seal_previous", lambda *_: bytes(60))
        team.rotate()
    team.again("jan")  # who has opened no secret yet
    with pytest.raises(IntegrityError, match="gate-box-altered") as caught:
        team.read("jan", home, INTAKE)
    assert caught.value.data == {"epoch": 1}
    team.write("jan", home, INTAKE, "twee")
    assert team.read("jan", home, INTAKE) == "twee"  # of the epoch in force


# Rekeying.


def generations(team: Team, home: HouseholdId) -> dict[str, int]:
    return {str(n): s.generation for n, s in team.register(home).households[home].sections.items()}


def contents(team: Team) -> dict[str, bytes]:
    return {digest: team.store.get(digest).read() for digest in team.store.contents()}


def test_a_rekey_gives_new_keys_and_touches_no_content(team: Team, home: HouseholdId) -> None:
    team.write("jan", home, INTAKE, "twee")
    before = contents(team), team.register(home).households[home].sections[INTAKE].versions
    team.rekey(home)
    after = contents(team), team.register(home).households[home].sections[INTAKE].versions
    assert after == before
    assert set(generations(team, home).values()) == {2}
    for who in ("jan", "sara"):
        assert [team.read(who, home, INTAKE, version=n) for n in (1, 2)] == ["een", "twee"]


def test_a_rekey_of_one_section_leaves_the_others(team: Team, home: HouseholdId) -> None:
    team.rekey(home, PLAN)
    assert generations(team, home) == {"voorblad": 1, "aanmeld": 1, "intake": 1, "plan": 2}


def test_a_rekey_of_an_unknown_section_names_those_there_are(team: Team, home: HouseholdId) -> None:
    before = size(team)
    with pytest.raises(UsageError, match="unknown-section") as caught:
        rotation.rekey(team["anna"], home, [PLAN, "nazorg"])  # type: ignore[list-item]
    assert caught.value.data["sections"] == "voorblad, aanmeld, intake, plan"
    assert size(team) == before


@pytest.mark.parametrize("who", ["jan", "sara", "bob", "tess"])
def test_only_a_coordinator_rekeys(team: Team, home: HouseholdId, who: str) -> None:
    with pytest.raises(DossierError) as caught:
        team.rekey(home, by=who)
    assert caught.value.code in ("no-access", "not-your-role")
    assert set(generations(team, home).values()) == {1}


def test_what_a_rekey_superseded_is_gone(team: Team, home: HouseholdId) -> None:
    before = set(team.store.objects(BookName(home)))
    team.rekey(home)
    assert not before & set(team.store.objects(BookName(home)))


def adopt(team: Team, old: str, new: str) -> None:
    """Adopt the default policy with another line or two; jan's colleagues approve where they must."""
    text = default_policy_text().replace("version = 1\n", "version = 2\n", 1)
    assert old in text
    team.settle(policies.adopt(team["anna"], parse(text.replace(old, new, 1))))


def test_a_section_that_a_policy_added_gets_its_first_key(team: Team, home: HouseholdId) -> None:
    adopt(team, "[sections.plan]", "[sections.nazorg]\nrecipients = ['regisseur']\n[sections.plan]")
    assert [due.why for due in dues(team, "rekey")] == ["new-section"]
    assert rotation.rekey_all(team["anna"]) == (1, ())
    assert generations(team, home) == {"voorblad": 2, "aanmeld": 2, "intake": 2, "nazorg": 1, "plan": 2}
    assert dues(team, "rekey") == []


def test_a_rekey_of_all_goes_on_where_it_was_broken_off(team: Team, home: HouseholdId) -> None:
    homes = [home, *(team.open("jan") for _ in range(5))]
    told: list[int] = []

    def stop(number: int) -> None:
        told.append(number)
        if number == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rekey_all(team["anna"], stop)
    first = {one for one in homes if generations(team, one)["plan"] == 2}
    assert len(first) == 3
    team.again("anna")
    assert rotation.rekey_all(team["anna"], told.append) == (3, ())
    assert told == [1, 2, 3, 1, 2, 3, 4, 5, 6]
    assert {generations(team, one)["plan"] for one in homes} == {2}
    team.again("anna")
    assert rotation.rekey_all(team["anna"]) == (6, ())  # another: all of them again


def test_a_household_that_could_not_be_rekeyed_is_named_and_done_the_next_time(
    team: Team, home: HouseholdId, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = team.open("jan")
    with monkeypatch.context() as patch:
        real = rotation.rekey

        def busy(desk: object, household: HouseholdId) -> object:
            if household == home:
                raise ConflictError("wraps-wrong")
            return real(desk, household)  # type: ignore[arg-type]

        patch.setattr(rotation, "rekey", busy)
        assert rotation.rekey_all(team["anna"]) == (1, (home,))
    team.again("anna")
    assert rotation.rekey_all(team["anna"]) == (1, ())
    assert (generations(team, home)["plan"], generations(team, other)["plan"]) == (2, 2)
    assert team["anna"].memory.rekeying is None


def test_a_broken_off_rekey_of_all_passes_over_nothing_that_is_due(team: Team, home: HouseholdId) -> None:
    """Whoever lost a right after it was begun has a key of a household that it had done already."""
    homes = [home, team.open("jan")]
    team.grant("sara", homes[1], INTAKE)

    def stop(number: int) -> None:
        if number == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rekey_all(team["anna"], stop)
    team.suspend("sara")
    team.again("anna")
    rotation.rekey_all(team["anna"])
    assert dues(team, "rekey") == []


def test_a_version_written_while_keys_were_made_is_not_lost(
    team: Team, home: HouseholdId, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = team["anna"].gate
    real, written = gate.enact, list[Entry]()

    def late(*arguments: object) -> object:
        if not written:
            written.append(team.write("jan", home, INTAKE, "twee"))
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(gate, "enact", late)
    team.rekey(home)
    assert generations(team, home)["intake"] == 2
    assert [team.read("sara", home, INTAKE, version=n) for n in (1, 2)] == ["een", "twee"]


# The team's card.


def test_what_was_boxed_to_the_card_before_is_read_and_rekeyed(team: Team) -> None:
    home = team.open(None)
    team.write("anna", home, AANMELD, "aangemeld")
    for number in (2, 3):
        assert rotation.renew_coordination(team["anna"]) == number
    team.again("anna")
    assert team.read("anna", home, AANMELD) == "aangemeld"
    assert {due.why for due in dues(team, "rekey")} == {"old-team-card"}
    assert rotation.rekey_all(team["anna"]) == (1, ())
    section = team.register(home).households[home].sections[AANMELD]
    assert section.keying.number == 3
    assert team.read("anna", home, AANMELD) == "aangemeld"
    assert dues(team, "rekey") == []


def test_a_former_coordinator_opens_nothing_keyed_since(team: Team) -> None:
    team.admit("otto", Role.COORDINATOR)
    home = team.open(None)
    team.write("anna", home, COVER, "wie het zijn")
    assert team.read("otto", home, COVER) == "wie het zijn"
    left = team.leave("otto")
    assert (left.number, left.rekeyed, left.left) == (2, (home,), ())
    register = team.register(home)
    assert "otto" not in register.coordination_boxes
    assert {s.keying.number for s in register.households[home].sections.values()} == {2}
    with pytest.raises(LockedError):
        team.read("otto", home, COVER)
    assert team.read("anna", home, COVER) == "wie het zijn"


def test_a_suspended_coordinator_opens_nothing_keyed_since(team: Team, home: HouseholdId) -> None:
    """With the seed that they knew, of which the next says nothing."""
    team.admit("otto", Role.COORDINATOR)
    known = seed(team["otto"], team.register(home))
    assert opened_with(team, home, known, 1) == 4
    team.suspend("otto")
    rotation.renew_coordination(team["anna"])
    assert "otto" not in team.register().coordination_boxes
    team.rekey(home)
    assert opened_with(team, home, known, 2) == 0
    assert opened_with(team, home, seed(team["anna"], team.register(home)), 2) == 4


def opened_with(team: Team, home: HouseholdId, known: bytes, number: int) -> int:
    """Count the sections of which a seed opens the key that is in force."""
    opened = 0
    for name, section in team.register(home).households[home].sections.items():
        place = (team.store.store_id, home, name, section.generation, number)
        box = team.store.objects(BookName(home))[section.keying.coordination]
        with suppress(KeysError):
            unbox(known, box, contexts.of("coordination-slot", *place))
            opened += 1
    return opened


@pytest.mark.parametrize("who", ["jan", "sara", "bob", "tess"])
def test_only_a_coordinator_renews_the_teams_card_or_rekeys_all(
    team: Team, home: HouseholdId, who: str
) -> None:
    with pytest.raises(RefusedError, match="not-your-role"):
        rotation.renew_coordination(team[who])
    with pytest.raises(RefusedError, match="not-your-role"):
        rotation.rekey_all(team[who])
    assert team.register().number == 1
    assert set(generations(team, home).values()) == {1}


# What is due.


def stands(team: Team, who: str = "anna") -> Status:
    return status(team[who])


def dues(team: Team, what: str, who: str = "anna") -> list[Due]:
    return [due for due in stands(team, who).due if due.what == what]


def test_a_rotation_is_due_when_someone_with_the_secret_is_suspended(team: Team) -> None:
    assert dues(team, "rotate") == []
    entry = team.suspend("sara")
    assert dues(team, "rotate") == [
        Due("rotate", "left-out", Role.BEHEERDER, Handle("sara"), None, entry.at, overdue=False)
    ]
    team.rotate()
    assert dues(team, "rotate") == []


def pass_days(team: Team, days: int) -> None:
    """Let days pass, with someone at work each month: else a clock so far ahead is not believed."""
    while days > 0:
        team.clock.wait(days=min(days, 30))
        team["anna"].gate.enter(Request(Deed.LOG_SHOW))
        days -= 30


def test_an_old_epoch_and_old_keys_are_overdue(team: Team) -> None:
    home = team.open("jan")
    adopt(
        team,
        "epoch_days = 365\ngeneration_days = 730",
        "epoch_days = 30\ngeneration_days = 60",
    )
    pass_days(team, 30)
    assert dues(team, "rotate") == []
    pass_days(team, 1)
    assert [(due.why, due.overdue) for due in dues(team, "rotate")] == [("age", True)]
    assert dues(team, "rekey") == []
    pass_days(team, 30)
    found = dues(team, "rekey")
    assert [(due.why, due.overdue, due.household) for due in found] == [("age", True, home)]
    team.rotate()
    team.rekey(home)
    assert dues(team, "rotate") == dues(team, "rekey") == []


def test_a_rekey_is_due_when_someone_with_a_key_has_no_right(team: Team, home: HouseholdId) -> None:
    team.suspend("sara")
    assert [(due.why, due.who, due.household) for due in dues(team, "rekey")] == [("left-out", "sara", home)]
    team.rekey(home)
    assert dues(team, "rekey") == []


def test_a_grant_that_ended_makes_a_rekey_due(team: Team, home: HouseholdId) -> None:
    pass_days(team, 31)
    assert [(due.why, due.who, due.household) for due in dues(team, "rekey")] == [("left-out", "sara", home)]


def test_a_member_without_a_box_is_named(team: Team) -> None:
    team.rotate("sara", reason="verlof")
    team.restore("sara")
    assert [(due.why, due.who) for due in dues(team, "box-gate")] == [("no-box", "sara")]
    boxes.box_what_is_due(team["bob"])
    assert dues(team, "box-gate") == []


def test_a_coordinator_who_is_active_again_lacks_the_teams_key_until_it_is_boxed(team: Team) -> None:
    team.admit("otto", Role.COORDINATOR)
    team.suspend("otto")
    rotation.renew_coordination(team["anna"])
    team.restore("otto")
    assert [(due.why, due.who) for due in dues(team, "box-coordination")] == [("no-box", "otto")]
    assert boxes.box_what_is_due(team["anna"]) == 1  # rotation came not between
    assert dues(team, "box-coordination") == []


def test_a_new_team_card_is_due_when_a_coordinator_lost_the_role(team: Team) -> None:
    team.admit("otto", Role.COORDINATOR, Role.REGISSEUR)
    assert dues(team, "renew-coordination") == []
    team.change_roles("otto", remove=[Role.COORDINATOR])
    assert [due.why for due in dues(team, "renew-coordination")] == ["left-out"]
    rotation.renew_coordination(team["anna"])
    assert dues(team, "renew-coordination") == []


def test_a_splitting_is_due_while_no_recovery_card_counts(team: Team) -> None:
    assert [due.why for due in dues(team, "split-recovery")] == ["none"]
    split(team["anna"], 2, 3)
    found = stands(team)
    assert found.recovery == (2, 3)
    assert [due for due in found.due if due.what == "split-recovery"] == []


def test_who_has_a_right_and_no_key_is_named(team: Team, home: HouseholdId) -> None:
    team.suspend("sara")
    team.rekey(home)
    team.restore("sara")
    assert [(due.why, due.who, due.household) for due in dues(team, "box-slot")] == [("no-box", "sara", home)]
    with pytest.raises(LockedError, match="no-box"):
        team.read("sara", home, INTAKE)
    assert boxes.box_slots_of(team["anna"], Handle("sara")) == 1
    assert dues(team, "box-slot") == []
    assert team.read("sara", home, INTAKE) == "een"


def test_a_regisseur_is_told_of_the_stores_keys_only(team: Team, home: HouseholdId) -> None:
    team.suspend("sara")
    for who in ("jan", "bob"):
        found = stands(team, who)
        assert (found.households, found.sections) == (None, 0)
        assert {due.what for due in found.due} == {"rotate", "split-recovery"}
    for who in ("anna", "tess"):
        found = stands(team, who)
        assert (found.households, found.sections) == (1, 4)
        assert [due.household for due in found.due if due.what == "rekey"] == [home]
