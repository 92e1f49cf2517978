from io import BytesIO
from pathlib import Path

import pytest
from team import Team
from wording import COVER, INTAKE, PLAN, person

from dossier import vault
from dossier.errors import (
    ConflictError,
    IntegrityError,
    LockedError,
    NotFoundError,
    RefusedError,
    UnreachableError,
    UsageError,
)
from dossier.gate.local import LocalGate
from dossier.log.reading import entries
from dossier.memory import Memory
from dossier.model import BookName, Deed, GrantId, Handle, HouseholdId, PurposeId, Request, Role, SectionName
from dossier.receipt import Receipt
from dossier.statements import Statement

NOWHERE = HouseholdId("H-00000000")
TALK = PurposeId("intakegesprek")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path)
    team.admit("jan", Role.REGISSEUR)
    team.admit("sara", Role.SPECIALIST)
    return team


def size(team: Team) -> int:
    """Count the entries of the log, as jan sees it."""
    team["jan"].gate.survey()
    return team["jan"].memory.verified.size


def ask(team: Team, who: str, request: Request) -> Receipt | None:
    return team[who].gate.enter(request)


def test_an_entry_stands_before_a_receipt_is_given(team: Team) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    before = size(team)
    receipt = ask(team, "jan", Request(Deed.READ, home, INTAKE, None, TALK))
    assert receipt is not None
    assert receipt.index == before
    assert entries(team.store, team["jan"].memory.verified)[-1].leaf == receipt.leaf


def test_without_an_entry_there_is_no_receipt(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)

    def full(*_: object) -> None:
        raise UnreachableError("disk-full")

    with monkeypatch.context() as patched:
        patched.setattr(team.store, "append", full)
        with pytest.raises(UnreachableError):
            ask(team, "jan", Request(Deed.READ, home, INTAKE, None, TALK))
    assert team.read("jan", home, INTAKE) == "tekst"


def test_a_refusal_is_written_down_and_raised(team: Team) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    before = size(team)
    with pytest.raises(NotFoundError, match="no-access"):
        team.read("sara", home, INTAKE)
    assert size(team) == before + 1
    entry = entries(team.store, team["jan"].memory.verified)[-1]
    assert (entry.ruling.permitted, entry.ruling.reason, entry.ruling.basis) == (False, "no-access", None)


def test_a_refused_look_is_written_down_and_a_permitted_one_is_not(team: Team) -> None:
    home = team.open("jan")
    before = size(team)
    team["jan"].gate.survey(home)
    assert size(team) == before
    for household in (home, NOWHERE):
        with pytest.raises(NotFoundError, match="no-access"):
            team["sara"].gate.survey(household)
    assert size(team) == before + 2


@pytest.mark.parametrize(
    ("section", "purpose", "code"),
    [("kelder", "intakegesprek", "unknown-section"), ("intake", "jan-jansen", "unknown-purpose")],
)
def test_words_that_the_policy_does_not_have_do_not_reach_the_log(
    team: Team, section: str, purpose: str, code: str
) -> None:
    home = team.open("jan")
    before = size(team)
    for household in (home, NOWHERE):
        request = Request(Deed.READ, household, SectionName(section), None, PurposeId(purpose))
        with pytest.raises(UsageError, match=code):
            ask(team, "jan", request)
    with pytest.raises(UsageError, match="unknown-member"):
        team["anna"].gate.enact(
            Statement("member.suspended/1", handle=Handle("jan-jansen"), reason="verlof"), {}
        )
    with pytest.raises(UsageError, match="reason-unknown"):
        team["anna"].gate.enact(
            Statement("member.suspended/1", handle=Handle("jan"), reason="jan-jansen"), {}
        )
    assert size(team) == before


def test_before_a_policy_is_adopted_nothing_can_be_asked(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    home = team.open("jan")
    gate = team["jan"].gate
    assert isinstance(gate, LocalGate)
    gate.survey()
    monkeypatch.setattr(gate._sight.log.register, "policy", None)
    with pytest.raises(UsageError, match="no-policy"):
        gate.enter(Request(Deed.READ, None, INTAKE, None, TALK))
    assert home


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Request(Deed.READ, None, PLAN, None, PurposeId("plan-opstellen")), "nothing-written"),
        (Request(Deed.READ, None, INTAKE, 2, TALK), "no-such-version"),
        (Request(Deed.READ, None, INTAKE, 0, TALK), "no-such-version"),
    ],
)
def test_a_version_that_is_not_there_is_not_found(team: Team, request_: Request, code: str) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    with pytest.raises(NotFoundError, match=code):
        ask(team, "jan", request_._replace(household=home))


def test_a_version_that_is_not_the_next_is_not_written(team: Team) -> None:
    home = team.open("jan")
    team.write("jan", home, INTAKE)
    with pytest.raises(ConflictError, match="changed") as caught:
        ask(team, "jan", Request(Deed.WRITE, home, INTAKE, 4, TALK))
    assert caught.value.data == {"last": 1}


def test_a_section_that_a_later_policy_added_has_no_key_yet(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = team.open("jan")
    monkeypatch.delitem(team.register(home, "jan").households[home].sections, INTAKE)
    gate = team["jan"].gate
    assert isinstance(gate, LocalGate)
    whole = gate._sight.situation

    def without(household: HouseholdId | None, *, founding: bool = False) -> object:
        situation = whole(household, founding=founding)
        if household is not None:
            situation.register.households[household].sections.pop(INTAKE, None)
        return situation

    monkeypatch.setattr(gate._sight, "situation", without)
    with pytest.raises(LockedError, match="section-not-keyed"):
        ask(team, "jan", Request(Deed.WRITE, home, INTAKE, None, TALK))


def test_someone_not_admitted_is_locked_out_without_an_entry(team: Team, tmp_path: Path) -> None:
    stranger = person("oscar")
    memory = Memory(tmp_path / "oscar", stranger, team.store.store_id)
    memory.root = team["anna"].memory.root
    gate = LocalGate(team.store, stranger, memory, team.clock)
    before = size(team)
    with pytest.raises(LockedError, match="not-admitted"):
        gate.survey()
    assert size(team) == before


def test_a_suspended_member_is_locked_out_at_the_next_command(team: Team) -> None:
    home = team.open("jan")
    team.suspend("jan")
    before = team["anna"].memory.verified.size
    for deed in (team["jan"].gate.survey, lambda: team.read("jan", home, COVER)):
        with pytest.raises(LockedError, match="not-active"):
            deed()
    with pytest.raises(LockedError, match="not-active"):
        team["jan"].gate.enact(
            Statement("household.opened/1", household=NOWHERE, regisseur=None, keyings=()), {}
        )
    team["anna"].gate.survey()
    assert team["anna"].memory.verified.size == before + 3
    assert list(team["jan"].gate.survey_each([home])) == []


def test_of_many_households_only_those_with_a_right_are_given(team: Team) -> None:
    home = team.open("jan")
    given = [household for household, _, _ in team["jan"].gate.survey_each([NOWHERE, home])]
    assert given == [home]
    assert list(team["sara"].gate.survey_each([home])) == []


def test_a_statement_whose_box_is_not_given_is_not_made(team: Team) -> None:
    statement = Statement("gate.boxed/1", epoch=1, handle=Handle("sara"), box="0" * 64)
    before = size(team)
    with pytest.raises(IntegrityError, match="object-missing"):
        team["anna"].gate.enact(statement, {})
    assert size(team) == before


def test_a_refused_statement_is_written_down_and_changes_nothing(team: Team) -> None:
    home = team.open("jan")
    grant = team.grant("sara", home, INTAKE)
    with pytest.raises(RefusedError, match="not-your-role"):
        team.revoke(home, grant, by="jan")
    entry = entries(team.store, team["anna"].memory.verified)[-1]
    team["anna"].gate.survey()
    entry = entries(team.store, team["anna"].memory.verified)[-1]
    assert entry.signed.statement is not None
    assert (entry.signed.statement.kind, entry.ruling.permitted) == ("grant.revoked", False)
    assert team.register(home).households[home].grants[grant].ended is None
    with pytest.raises(NotFoundError, match="no-such-grant"):
        team.revoke(home, GrantId("G-00000000"))


def test_a_statement_for_a_moment_that_is_over_is_not_written_down(team: Team) -> None:
    home = team.open("jan")
    receipt = ask(team, "jan", Request(Deed.WRITE, home, INTAKE, None, TALK))
    assert receipt is not None
    team.write("jan", home, INTAKE)
    before = size(team)
    with pytest.raises(ConflictError, match="version-wrong"):
        vault.write(team["jan"], receipt, BytesIO(b"te laat"), "text/plain")
    assert size(team) == before


def test_what_is_superseded_is_dropped_and_nothing_else(team: Team) -> None:
    home = team.open("jan")
    grant = team.grant("sara", home, INTAKE)
    team.write("jan", home, INTAKE)
    team.revoke(home, grant)
    household = team.register(home).households[home]
    assert set(team.store.objects(BookName(home))) == set(household.objects())
    assert team.read("jan", home, INTAKE) == "tekst"


def test_a_member_of_several_offices_acts_in_the_first(team: Team) -> None:
    team.change_roles("jan", add=[Role.SPECIALIST])
    home = team.open("jan")
    assert entries(team.store, team["jan"].memory.verified)[-1].signed.role is Role.REGISSEUR
    assert home


def test_whoever_states_alone_what_needs_two_is_on_record(team: Team) -> None:
    team.suspend("sara")
    assert entries(team.store, team["anna"].memory.verified)[-1].ruling.basis == "statement"
    team.admit("tess", Role.TOEZICHTHOUDER)
    assert entries(team.store, team["anna"].memory.verified)[-1].ruling.basis == "alone"
