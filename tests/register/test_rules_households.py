"""The rules about a household: its opening, its regisseur, and to whom its keys are boxed."""

from collections.abc import Callable

import pytest
from lies.households import keyed_otherwise, slots, without_specialist_in_intake
from scribe import Scribe
from wording import (
    AANMELD,
    COVER,
    GRANT,
    HOME,
    INTAKE,
    OTHER_GRANT,
    OTHER_HOME,
    PLAN,
    POLICY,
    UITVOERING,
    but,
)

from dossier.model import Deed, Handle, Reason, Role, SectionName
from dossier.statements import Statement

GELD = SectionName("geld")
Word = Callable[[Scribe], Statement]
WITH_GELD = POLICY.replace("plan.recipients", "geld.recipients = ['regisseur']\nplan.recipients")


def team() -> Scribe:
    """Jan and rita, both regisseurs, and sara, a specialist; jan's household."""
    s = Scribe().admit("jan", Role.REGISSEUR).admit("rita", Role.REGISSEUR)
    return s.admit("sara", Role.SPECIALIST).open()


def regisseur(s: Scribe, handle: str = "jan") -> dict[str, object]:
    """Box to a regisseur only."""
    return {"slots": slots(s, (Role.REGISSEUR, handle))}


def test_an_opened_household_has_a_first_key_for_every_section_of_the_policy() -> None:
    s = team()
    home = s.household()
    assert (home.by, home.at, home.regisseur, home.regisseur_by) == ("anna", s.at, "jan", "anna")
    assert list(home.sections) == [COVER, AANMELD, INTAKE, PLAN]
    for section in home.sections.values():
        assert section.generation == 1
        assert set(section.boxes) == {(Role.REGISSEUR, "jan")}
        assert section.versions == []


def test_a_household_without_regisseur_is_boxed_to_the_team_alone() -> None:
    s = team().open(None, OTHER_HOME)
    home = s.household(OTHER_HOME)
    assert home.regisseur is None
    assert all(section.boxes == {} for section in home.sections.values())


def test_a_coordinator_who_is_a_regisseur_too_may_open_for_themselves() -> None:
    s = team().admit("ben", Role.COORDINATOR, Role.REGISSEUR)
    assert s.verdict("ben", s.opening("ben", OTHER_HOME)) is None
    assert s.verdict("ben", s.opening("jan", OTHER_HOME)) is None


@pytest.mark.parametrize("who", ["oscar", "former", "sara"])
def test_a_household_is_opened_only_for_an_active_regisseur(who: str) -> None:
    s = team().admit("former", Role.REGISSEUR)
    s.say("anna", s.suspension("former"))
    reason = Reason.UNKNOWN_MEMBER if who == "oscar" else Reason.NOT_FOR_ROLE
    opening = but(s.opening("rita", OTHER_HOME), regisseur=Handle(who))
    assert s.verdict("anna", opening) is reason
    assert s.verdict("anna", but(s.assignment("rita"), handle=Handle(who))) is reason


@pytest.mark.parametrize("who", ["jan", "rita", "sara"])
def test_nobody_but_a_coordinator_opens_a_household_for_another_or_for_nobody(who: str) -> None:
    s = team().admit("kim", Role.REGISSEUR)
    assert s.verdict(who, s.opening("kim", OTHER_HOME)) is Reason.NOT_YOUR_ROLE
    assert s.verdict(who, s.opening(None, OTHER_HOME)) is Reason.NOT_YOUR_ROLE


def opened(s: Scribe) -> Statement:
    return s.opening("jan", OTHER_HOME)


def assigned(s: Scribe) -> Statement:
    return s.assignment("jan")


def rekeyed(s: Scribe) -> Statement:
    return s.rekey(COVER, AANMELD, INTAKE, PLAN)


def revoked(s: Scribe) -> Statement:
    s.give(grant=OTHER_GRANT, sections=(INTAKE, PLAN)).say("anna", s.revocation(OTHER_GRANT))
    return s.give(sections=(INTAKE, PLAN)).revocation()


@pytest.mark.parametrize("word", [opened, assigned, rekeyed, revoked])
def test_a_keying_is_the_next_one_and_boxed_to_every_holder_and_nobody_else(word: Word) -> None:
    s = team()
    statement = word(s)
    now = next(k for k in statement.keyings() if k.section == PLAN)
    jan, sara = (Role.REGISSEUR, "jan"), (Role.SPECIALIST, "sara")
    wrong: dict[Reason, list[dict[str, object]]] = {
        Reason.GENERATION_WRONG: [{"generation": now.generation + 1}, {"generation": now.generation + 2}],
        Reason.NUMBER_WRONG: [{"number": 2}],
        Reason.HOLDER_MISSED: [{"slots": ()}, {"slots": slots(s, sara)}, {"slots": slots(s, sara, sara)}],
        Reason.STRANGER_BOXED: [
            {"slots": slots(s, jan, sara)},
            {"slots": slots(s, jan, jan)},
            {"slots": slots(s, jan, (Role.REGISSEUR, "rita"))},
            {"slots": slots(s, jan, (Role.SPECIALIST, "jan"))},
            {"slots": slots(s, jan, (Role.COORDINATOR, "anna"))},
        ],
        Reason.WRAPS_WRONG: [{"wraps": s.digest()}],
    }
    for reason, changes in wrong.items():
        for change in changes:
            assert s.verdict("anna", keyed_otherwise(statement, PLAN, **change)) is reason
    if now.generation > 1:
        repeated = keyed_otherwise(statement, PLAN, generation=now.generation - 1)
        assert s.verdict("anna", repeated) is Reason.GENERATION_WRONG
    assert s.verdict("anna", statement) is None


@pytest.mark.parametrize("word", [opened, assigned, revoked])
def test_a_statement_keys_just_the_sections_that_it_must(word: Word) -> None:
    s = team()
    statement = word(s)
    keyings = statement.keyings()
    extra = s.keying(s.household(), COVER)._replace(section=GELD, generation=1)
    for wrong in ((), keyings[1:], (*keyings, extra), (keyings[0], *keyings), (*keyings[1:], extra)):
        assert s.verdict("anna", but(statement, keyings=wrong)) is Reason.SECTIONS_WRONG


def test_an_assignment_changes_the_regisseur_and_leaves_the_old_one_no_box() -> None:
    s = team().fill("jan", PLAN).admit("ben", Role.COORDINATOR)
    s.say("ben", s.assignment("rita"))
    home = s.household()
    assert (home.regisseur, home.regisseur_by, home.regisseur_since) == ("rita", "ben", s.at)
    for section in home.sections.values():
        assert section.generation == 2
        assert set(section.boxes) == {(Role.REGISSEUR, "rita")}


def test_an_assignment_keeps_the_grants_of_others() -> None:
    s = team().give()
    s.say("anna", s.assignment("rita"))
    assert set(s.household().sections[PLAN].boxes) == {(Role.REGISSEUR, "rita"), (Role.SPECIALIST, "sara")}


def test_a_coordinator_never_assigns_themselves_whatever_else_they_are() -> None:
    s = team().admit("ben", Role.COORDINATOR, Role.REGISSEUR)
    assert s.verdict("ben", s.assignment("ben")) is Reason.ABOUT_YOURSELF
    assert s.verdict("anna", s.assignment("ben")) is None


@pytest.mark.parametrize("word", [assigned, rekeyed])
def test_nothing_is_keyed_in_a_household_that_is_not_there(word: Word) -> None:
    s = team()
    statement = but(word(s), household=OTHER_HOME)
    assert s.verdict("anna", statement) is Reason.NO_HOUSEHOLD


def test_a_rekey_is_of_sections_that_there_are_and_of_at_least_one() -> None:
    s = team()
    assert s.verdict("anna", s.rekey(COVER)) is None
    assert s.verdict("anna", s.rekey()) is Reason.SECTIONS_WRONG
    unknown = keyed_otherwise(s.rekey(COVER), COVER, section=GELD, generation=1)
    assert s.verdict("anna", unknown) is Reason.SECTIONS_WRONG


def test_a_section_that_a_policy_adds_gets_its_first_key_from_a_coordinator() -> None:
    s = team()
    s.say("anna", s.adoption(WITH_GELD))
    first = s.rekey(GELD)
    assert s.verdict("jan", first) is Reason.NOT_YOUR_ROLE
    s.say("anna", first)
    assert s.household().sections[GELD].generation == 1
    assert set(s.household().sections[GELD].boxes) == {(Role.REGISSEUR, "jan")}


def test_a_section_that_a_policy_drops_is_rekeyed_to_nobody_but_the_team() -> None:
    s = team()
    s.say("anna", s.adoption(WITH_GELD))
    s.say("anna", s.rekey(GELD))
    s.say("anna", s.adoption(POLICY))
    kept = keyed_otherwise(s.rekey(GELD), GELD, **regisseur(s))
    assert s.verdict("anna", kept) is Reason.STRANGER_BOXED
    assert s.rekey(GELD).keyings()[0].slots == ()
    assert s.verdict("anna", s.rekey(GELD)) is None


def test_a_role_that_a_policy_drops_gets_no_box_of_the_next_key() -> None:
    s = team().give(sections=(INTAKE,))
    s.say("anna", s.adoption(without_specialist_in_intake()))
    s.say("anna", s.rekey(INTAKE))
    assert set(s.household().sections[INTAKE].boxes) == {(Role.REGISSEUR, "jan")}


@pytest.mark.parametrize("end", ["date", "suspension", "role"])
def test_whoever_no_longer_has_a_right_gets_no_box_of_the_next_key(end: str) -> None:
    s = team().give()
    match end:
        case "date":
            s.wait(days=91)
        case "suspension":
            s.say("anna", s.suspension("sara"))
        case _:
            s.say("anna", s.roles("sara", add=[Role.REGISSEUR], remove=[Role.SPECIALIST]))
    s.say("anna", s.rekey(PLAN))
    assert set(s.household().sections[PLAN].boxes) == {(Role.REGISSEUR, "jan")}


def test_a_suspended_regisseur_gets_no_box_and_none_by_itself_when_restored() -> None:
    s = team()
    s.say("anna", s.suspension("jan"))
    s.say("anna", s.rekey(PLAN))
    assert s.household().sections[PLAN].boxes == {}
    s.say("anna", s.restoration("jan"))
    assert s.household().sections[PLAN].boxes == {}
    assert (Role.REGISSEUR, "jan") in set(s.register.rights(s.household(), PLAN, s.at))


def test_two_grants_of_one_holder_ask_for_one_box_that_outlives_either() -> None:
    s = team().give().give(grant=OTHER_GRANT, sections=(PLAN,), deeds=(Deed.READ,), purposes=(UITVOERING,))
    s.say("anna", s.revocation(GRANT))
    assert set(s.household().sections[PLAN].boxes) == {(Role.REGISSEUR, "jan"), (Role.SPECIALIST, "sara")}
    s.say("anna", s.revocation(OTHER_GRANT))
    assert set(s.household().sections[PLAN].boxes) == {(Role.REGISSEUR, "jan")}


def test_a_rekey_must_wrap_the_versions_so_far_and_only_where_there_are_any() -> None:
    s = team().fill("jan", PLAN)
    assert s.verdict("anna", keyed_otherwise(s.rekey(PLAN), PLAN, wraps=None)) is Reason.WRAPS_WRONG
    assert s.verdict("anna", keyed_otherwise(s.rekey(COVER), COVER, wraps=s.digest())) is Reason.WRAPS_WRONG


def test_the_books_of_two_households_are_folded_apart() -> None:
    s = team().open("rita", OTHER_HOME).fill("jan", PLAN)
    assert s.household(HOME).regisseur == "jan"
    assert s.household(OTHER_HOME).regisseur == "rita"
    assert s.household(OTHER_HOME).sections[PLAN].versions == []
