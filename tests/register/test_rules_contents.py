"""The rules about versions: who may write, which version, under which keys, and for which entry."""

import pytest
from lies.households import without_specialist_in_intake
from scribe import Scribe
from wording import (
    AANMELD,
    AANMELDING,
    COVER,
    HOME,
    INTAKE,
    OTHER_HOME,
    PLAN,
    POLICY,
    but,
)

from dossier.model import STORE_BOOK, BookName, Deed, Handle, Reason, Role, SectionName
from dossier.refusals import refused
from dossier.register.fold import fold
from dossier.register.register import Fault
from dossier.register.writing import may_write
from dossier.statements import Statement

SECTIONS = (COVER, AANMELD, INTAKE, PLAN)


def team(regisseur: str | None = "jan") -> Scribe:
    """A household of jan's or of nobody's; sara and stan are specialists."""
    s = Scribe().admit("jan", Role.REGISSEUR).admit("rita", Role.REGISSEUR)
    return s.admit("sara", Role.SPECIALIST).admit("stan", Role.SPECIALIST).open(regisseur)


def may(s: Scribe, who: str, section: SectionName) -> Reason | None:
    """Ask whether someone may write a section now."""
    try:
        may_write(s.register, s.household(), Handle(who), section, s.at)
    except Fault as fault:
        return fault.reason
    return None


def test_a_version_is_kept_as_its_writer_signed_it() -> None:
    s = team()
    statement = s.version("jan", PLAN)
    entry = s.say("jan", statement)
    version = s.household().sections[PLAN].versions[0]
    assert (version.number, version.by, version.at, version.position) == (1, "jan", entry.at, entry.index)
    assert (version.asked, version.leaf) == (entry.index - 1, s.log[-2].leaf)
    same = ("epoch", "commitment", "wrap", "content", "size", "media_type")
    assert [getattr(version, name) for name in same] == [statement[name] for name in same]


def test_the_regisseur_writes_every_section_that_some_purpose_lets_them() -> None:
    s = team()
    assert [may(s, "jan", section) for section in SECTIONS] == [None] * 4
    s.say(
        "anna",
        s.adoption(POLICY.replace("['plan'], deeds = ['read', 'write']", "['plan'], deeds = ['read']")),
    )
    assert may(s, "jan", PLAN) is Reason.NO_ACCESS
    assert may(s, "jan", INTAKE) is None


@pytest.mark.parametrize("who", ["anna", "rita", "sara", "stan"])
def test_nobody_writes_without_a_right(who: str) -> None:
    s = team()
    assert [may(s, who, section) for section in SECTIONS] == [Reason.NO_ACCESS] * 4


def test_a_grant_lets_its_holder_write_its_sections_until_its_end() -> None:
    s = team().give()
    assert may(s, "sara", PLAN) is None
    assert may(s, "sara", INTAKE) is Reason.NO_ACCESS
    assert may(s, "stan", PLAN) is Reason.NO_ACCESS
    s.at = next(iter(s.household().grants.values())).until
    assert may(s, "sara", PLAN) is Reason.NO_ACCESS


def test_a_grant_to_read_lets_nobody_write() -> None:
    assert may(team().give(deeds=(Deed.READ,)), "sara", PLAN) is Reason.NO_ACCESS


def test_a_grant_lets_nobody_write_what_the_policy_has_since_taken_from_the_role() -> None:
    s = team().give(sections=(INTAKE, PLAN))
    s.say("anna", s.adoption(without_specialist_in_intake()))
    assert may(s, "sara", INTAKE) is Reason.NO_ACCESS
    assert may(s, "sara", PLAN) is None


def test_a_grant_lets_nobody_write_for_a_purpose_that_only_others_of_the_role_have() -> None:
    s = team().give(sections=(INTAKE,), deeds=(Deed.READ, Deed.WRITE))
    text = POLICY.replace("'intake'], deeds = ['read'] }", "'intake'], deeds = ['read', 'write'] }")
    s.say("anna", s.adoption(text.replace("['plan', 'intake']", "['plan']")))
    assert may(s, "sara", INTAKE) is Reason.NO_ACCESS
    s.say("anna", s.grant("stan", grant="G-3F8V0002", sections=(INTAKE,), purposes=(AANMELDING,)))
    assert may(s, "stan", INTAKE) is None


@pytest.mark.parametrize("end", ["revoked", "suspended", "role taken", "role taken and given"])
def test_a_grant_that_ended_lets_nobody_write(end: str) -> None:
    s = team().give()
    if end == "revoked":
        s.say("anna", s.revocation())
    elif end == "suspended":
        s.say("anna", s.suspension("sara"))
    else:
        s.say("anna", s.roles("sara", add=[Role.REGISSEUR], remove=[Role.SPECIALIST]))
    if end == "role taken and given":
        s.say("anna", s.roles("sara", add=[Role.SPECIALIST]))
    assert may(s, "sara", PLAN) is Reason.NO_ACCESS


def test_the_team_writes_cover_and_referral_while_there_is_no_regisseur() -> None:
    s = team(None)
    assert [may(s, "anna", section) for section in SECTIONS] == [None, None, *[Reason.NO_ACCESS] * 2]
    assert [may(s, "rita", section) for section in SECTIONS] == [Reason.NO_ACCESS] * 4
    s.say("anna", s.assignment("jan"))
    assert [may(s, "anna", section) for section in SECTIONS] == [Reason.NO_ACCESS] * 4


def test_nothing_beyond_cover_and_referral_is_written_while_there_is_no_regisseur() -> None:
    s = team(None).give()
    assert may(s, "sara", PLAN) is Reason.NEEDS_REGISSEUR
    s.say("anna", s.assignment("jan"))
    assert may(s, "sara", PLAN) is None


def test_a_regisseur_of_before_writes_nothing() -> None:
    s = team()
    s.say("anna", s.assignment("rita"))
    assert may(s, "jan", COVER) is Reason.NO_ACCESS
    assert may(s, "rita", COVER) is None
    s.register.members[Handle("rita")].change(s.at, active=False)
    assert may(s, "rita", COVER) is Reason.NO_ACCESS
    s.register.members[Handle("rita")].change(s.at, active=True)
    s.say("anna", s.roles("rita", add=[Role.SPECIALIST], remove=[Role.REGISSEUR]))
    assert may(s, "rita", COVER) is Reason.NO_ACCESS


def test_nobody_writes_under_no_policy() -> None:
    s = team()
    s.register.policy = None
    assert may(s, "jan", COVER) is Reason.POLICY_INVALID


def written(s: Scribe) -> Statement:
    """The second version of the plan."""
    return s.fill("jan", PLAN).version("jan", PLAN)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 1}, Reason.VERSION_WRONG),
        ({"version": 3}, Reason.VERSION_WRONG),
        ({"generation": 2}, Reason.GENERATION_WRONG),
        ({"epoch": 2}, Reason.EPOCH_WRONG),
        ({}, None),
    ],
)
def test_a_version_is_the_next_under_the_keys_in_force(
    changes: dict[str, int], reason: Reason | None
) -> None:
    s = team()
    assert s.verdict("jan", but(written(s), **changes)) is reason


def test_whoever_has_no_right_is_told_the_same_of_any_household_and_section() -> None:
    directed, undirected = team(), team(None)
    for s in (directed, undirected):
        statement = but(s.version_on(s.ask("stan", PLAN, 1)), version=9, generation=9, epoch=9)
        for other in (statement, but(statement, section="geheim"), but(statement, household=OTHER_HOME)):
            reason = s.verdict("stan", other)
            assert reason is not None
            assert refused(reason).code == "no-access"


def test_a_section_without_a_key_has_no_versions() -> None:
    s = team()
    text = POLICY.replace("plan.recipients", "geld.recipients = ['regisseur']\nplan.recipients")
    s.say(
        "anna", s.adoption(text.replace("sections = ['plan'], deeds", "sections = ['plan', 'geld'], deeds"))
    )
    statement = but(written(s), section="geld", version=1)
    assert s.verdict("jan", statement) is Reason.SECTIONS_WRONG


def test_a_version_for_which_nobody_asked_does_not_stand_wherever_the_book_is_folded() -> None:
    s = team()
    s.write("jan", but(s.version("jan", PLAN), leaf=bytes(32)))
    store, home = s.book(STORE_BOOK), s.book(BookName(HOME))
    number = len(home.entries)
    assert s.register.faults == [(BookName(HOME), s.log[-1].index, Reason.WITHOUT_ENTRY)]
    assert fold(s.register.root, store, home, [number]).faults == s.register.faults
    assert fold(s.register.root, store, home).faults == []
