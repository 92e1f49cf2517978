"""A member leaves for good: what they could open and did is told exactly, and closed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from team import WRITE, Team
from wording import COVER, INTAKE, PLAN

from dossier.actions import leaving
from dossier.actions.dues import status
from dossier.actions.leaving import Left, Reach, close, let_go, report
from dossier.actions.rotation import renew_coordination
from dossier.errors import ConflictError, DossierError, LockedError, RefusedError, UsageError
from dossier.gate.showing import Opening
from dossier.log.reading import entries
from dossier.model import Deed, Handle, HouseholdId, PurposeId, Role, SectionName

SARA, OTTO = Handle("sara"), Handle("otto")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path)
    team.admit("jan", Role.REGISSEUR)
    team.admit("sara", Role.SPECIALIST)
    team.admit("bob", Role.BEHEERDER)
    return team


@pytest.fixture
def home(team: Team) -> HouseholdId:
    """Give a household of jan's with two versions of its intake and one of its plan."""
    home = team.open("jan")
    team.write("jan", home, INTAKE, "een")
    team.write("jan", home, INTAKE, "twee")
    team.write("jan", home, PLAN, "plan")
    return home


def size(team: Team) -> int:
    team["anna"].gate.survey()
    return team["anna"].memory.verified.size


def reaches(team: Team, who: str) -> set[tuple[str, str]]:
    """Count apart: each section of every household that names a box of a member."""
    found = set()
    for household, _ in team["anna"].memory.households():
        for name, section in team.register(household).households[household].sections.items():
            if any(holder == who for _, holder in section.boxes):
                found.add((str(household), str(name)))
    return found


def test_the_report_says_exactly_what_they_can_open(team: Team, home: HouseholdId) -> None:
    other, third = team.open("jan"), team.open("jan")
    grant = team.grant("sara", home, INTAKE)
    second = team.grant("sara", other, PLAN, deeds=WRITE)
    ended = team.grant("sara", third, INTAKE)
    team.revoke(third, ended)
    found = report(team["anna"], SARA)
    assert {*found.reach} == {Reach(home, INTAKE, 2, grant), Reach(other, PLAN, 0, second)}
    assert {(r.household, r.section) for r in found.reach} == reaches(team, "sara")
    assert (found.roles, found.directs, found.coordinator) == ((Role.SPECIALIST,), (), False)


def test_a_key_without_a_right_is_reported_as_such(team: Team, home: HouseholdId) -> None:
    team.grant("sara", home, INTAKE)
    team.change_roles("sara", add=[Role.REGISSEUR])
    team.change_roles("sara", remove=[Role.SPECIALIST])
    assert report(team["anna"], SARA).reach == (Reach(home, INTAKE, 2, "-"),)


def test_the_report_says_exactly_what_they_opened(team: Team, home: HouseholdId) -> None:
    team.grant("sara", home, INTAKE)
    team.read("sara", home, INTAKE, version=1)
    first = team.clock()
    team.clock.wait(days=2)
    team.read("sara", home, INTAKE)
    with pytest.raises(RefusedError):
        team.read("sara", home, PLAN)  # not opened
    team.read("jan", home, INTAKE)  # not by her
    talk = PurposeId("intakegesprek")
    assert report(team["anna"], SARA).opened == (
        Opening(home, INTAKE, 1, talk, first),
        Opening(home, INTAKE, 2, talk, team.clock()),
    )


def test_the_report_changes_nothing_and_is_written_down(team: Team, home: HouseholdId) -> None:
    team.grant("sara", home, INTAKE)
    before = size(team)
    report(team["anna"], SARA)
    after = entries(team.store, team["anna"].memory.verified)[before:]
    assert [(e.signed.actor, e.signed.request.deed) for e in after] == [("anna", Deed.LOG_SHOW)]
    assert team.read("sara", home, INTAKE) == "twee"


def test_nobody_unknown_leaves(team: Team) -> None:
    with pytest.raises(UsageError, match="unknown-member"):
        report(team["anna"], OTTO)


@pytest.mark.parametrize("who", ["jan", "sara"])
def test_who_can_let_nobody_go_is_told_nothing_of_others(team: Team, home: HouseholdId, who: str) -> None:
    team.grant("sara", home, INTAKE)
    with pytest.raises(RefusedError, match="not-your-role"):
        report(team[who], Handle("jan" if who == "sara" else "sara"))
    with pytest.raises(RefusedError, match="not-your-role"):
        let_go(team[who], Handle("bob"), "uit-dienst")
    assert not team.register().member("bob").left


def test_who_left_opens_nothing(team: Team, home: HouseholdId) -> None:
    team.grant("sara", home, INTAKE)
    assert team.leave("sara") == Left((home,), (), None)
    with pytest.raises(LockedError, match="gone"):
        team.read("sara", home, INTAKE)
    assert reaches(team, "sara") == set()
    assert team.read("jan", home, INTAKE) == "twee"
    assert report(team["anna"], SARA).reach == ()


def test_only_what_they_could_open_gets_new_keys(team: Team, home: HouseholdId) -> None:
    other = team.open("jan")
    team.grant("sara", home, INTAKE)
    team.leave("sara")
    generations = [team.register(one).households[one].sections[INTAKE].generation for one in (home, other)]
    assert generations == [2, 1]


def test_leaving_is_for_good(team: Team) -> None:
    team.leave("sara")
    with pytest.raises(UsageError, match="member-left"):
        team.restore("sara")
    assert let_go(team["anna"], SARA, "uit-dienst") is None


def test_who_is_suspended_can_leave(team: Team, home: HouseholdId) -> None:
    team.grant("sara", home, INTAKE)
    team.suspend("sara")
    assert team.leave("sara").rekeyed == (home,)


def test_nobody_lets_themselves_go_nor_the_last_coordinator(team: Team) -> None:
    with pytest.raises(RefusedError, match="about-yourself"):
        let_go(team["anna"], Handle("anna"), "uit-dienst")
    with pytest.raises(RefusedError, match="last-coordinator"):
        let_go(team["bob"], Handle("anna"), "uit-dienst")


def test_a_reason_is_one_that_the_policy_has(team: Team) -> None:
    with pytest.raises(UsageError, match="reason-unknown"):
        let_go(team["anna"], SARA, "zomaar")


def test_the_households_of_a_regisseur_are_named_and_have_none_afterwards(
    team: Team, home: HouseholdId
) -> None:
    other = team.open("jan")
    found = report(team["anna"], Handle("jan"))
    assert {*found.directs} == {home, other}
    assert {r.right for r in found.reach} == {"regisseur"}
    assert len(found.reach) == 8
    assert {*team.leave("jan").rekeyed} == {home, other}
    assert team.register(home).households[home].regisseur is None
    team.write("anna", home, COVER, "wie het zijn")  # by the team's right, while there is no regisseur
    assert team.read("anna", home, COVER) == "wie het zijn"


def test_a_coordinator_leaves_with_the_teams_card_and_every_key(team: Team, home: HouseholdId) -> None:
    team.admit("otto", Role.COORDINATOR)
    other = team.open(None)
    found = report(team["anna"], OTTO)
    assert {r.right for r in found.reach} == {"team"}
    assert len(found.reach) == 8
    done = team.leave("otto")
    assert (done.number, {*done.rekeyed}) == (2, {home, other})
    assert not team.register().coordination_due
    assert [due.what for due in status(team["anna"]).due if due.what == "rekey"] == []
    assert report(team["anna"], OTTO).reach == ()


def test_a_former_coordinator_reaches_what_was_keyed_before_the_teams_card_was_renewed(
    team: Team, home: HouseholdId
) -> None:
    team.admit("otto", Role.COORDINATOR, Role.REGISSEUR)
    other = team.open(None)
    team.change_roles("otto", remove=[Role.COORDINATOR])
    assert len(report(team["anna"], OTTO).reach) == 8  # the seed in force, still
    renew_coordination(team["anna"])
    team.rekey(home)
    assert {r.household for r in report(team["anna"], OTTO).reach} == {other}
    assert team.leave("otto") == Left((other,), (), None)


def test_what_was_broken_off_goes_on(team: Team, home: HouseholdId) -> None:
    homes = [home, team.open("jan"), team.open("jan")]
    team.admit("otto", Role.COORDINATOR)

    def stop(number: int) -> None:
        if number == 2:
            raise KeyboardInterrupt

    def go(progress: Callable[[int], None] | None = None) -> Left:
        found = report(team.again("anna"), OTTO)
        let_go(team["anna"], OTTO, "uit-dienst")
        return close(team["anna"], found, progress)

    with pytest.raises(KeyboardInterrupt):
        go(stop)
    done = go()
    assert (done.number, len(done.rekeyed), done.left) == (None, 1, ())
    assert go() == Left((), (), None)
    numbers = {s.keying.number for one in homes for s in team.register(one).households[one].sections.values()}
    assert numbers == {2}


def test_what_could_not_be_rekeyed_is_named(
    team: Team, home: HouseholdId, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.grant("sara", home, INTAKE)
    found = report(team["anna"], SARA)
    let_go(team["anna"], SARA, "uit-dienst")

    def busy(*_: object) -> list[SectionName]:
        raise ConflictError("wraps-wrong")

    with monkeypatch.context() as patch:
        patch.setattr(leaving, "rekey", busy)
        assert close(team["anna"], found) == Left((), (home,), None)
    assert close(team["anna"], report(team["anna"], SARA)) == Left((home,), (), None)


def test_a_beheerder_lets_someone_go_and_a_coordinator_closes(team: Team, home: HouseholdId) -> None:
    team.admit("otto", Role.COORDINATOR)
    found = report(team["bob"], OTTO)
    assert (found.looked, found.reach, found.opened, found.coordinator) == (False, (), (), True)
    assert let_go(team["bob"], OTTO, "uit-dienst") is not None
    assert close(team["bob"], found) == Left((), (), None)
    assert team.register().member("otto").left
    found = report(team["anna"], OTTO)
    assert let_go(team["anna"], OTTO, "uit-dienst") is None
    assert close(team["anna"], found) == Left((home,), (), 2)


def test_a_toezichthouder_is_not_let_go_by_a_beheerder(team: Team) -> None:
    team.admit("tess", Role.TOEZICHTHOUDER)
    with pytest.raises(DossierError, match="not-your-role"):
        let_go(team["bob"], Handle("tess"), "uit-dienst")
    assert team.register().member("tess").active
