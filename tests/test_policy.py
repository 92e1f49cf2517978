"""The decision: every reason, and which one comes first."""

from datetime import timedelta
from itertools import product

import pytest
from lies.households import without_specialist_in_intake
from scribe import Scribe
from wording import (
    AANMELD,
    AANMELDING,
    COVER,
    GRANT,
    HOME,
    INTAKE,
    OTHER_GRANT,
    OTHER_HOME,
    PLAN,
    POLICY,
    UITVOERING,
)

from dossier.model import (
    CONTENT_DEEDS,
    Deed,
    Handle,
    HouseholdId,
    PurposeId,
    Reason,
    Request,
    Role,
    SectionName,
)
from dossier.policy import Permit, Refusal, decide

READ, WRITE = Deed.READ, Deed.WRITE
SARA = Handle("sara")


def team(regisseur: str | None = "jan") -> Scribe:
    """Every role once, rita a regisseur too, and a household of jan's or of nobody's."""
    s = Scribe().admit("jan", Role.REGISSEUR).admit("rita", Role.REGISSEUR).admit("sara", Role.SPECIALIST)
    return s.admit("bob", Role.BEHEERDER).admit("tom", Role.TOEZICHTHOUDER).open(regisseur)


def ask(
    s: Scribe,
    who: str,
    deed: Deed = READ,
    section: SectionName | None = PLAN,
    purpose: PurposeId | None = UITVOERING,
    household: HouseholdId | None = HOME,
) -> Permit | Reason:
    """Ask for a decision; give the permit, or the reason of the refusal."""
    ruling = decide(Request(deed, household, section, None, purpose), Handle(who), s.register, s.at)
    return ruling.reason if isinstance(ruling, Refusal) else ruling


def test_the_regisseur_gets_what_the_policy_gives_regisseurs() -> None:
    s = team()
    permit = Permit(Role.REGISSEUR, "regisseur")
    assert ask(s, "jan") == permit
    assert ask(s, "jan", WRITE) == permit
    assert ask(s, "jan", WRITE, COVER, AANMELDING) == permit
    assert ask(s, "jan", READ, PLAN, AANMELDING) is Reason.PURPOSE_NOT_ALLOWED
    assert ask(s, "jan", READ, PLAN, PurposeId("zomaar")) is Reason.PURPOSE_NOT_ALLOWED
    assert ask(s, "jan", READ, SectionName("geheim")) is Reason.SECTION_NOT_COVERED


def test_a_grant_gives_its_sections_deeds_and_purposes_and_is_named_as_the_ground() -> None:
    s = team().give(deeds=(READ,))
    assert ask(s, "sara") == Permit(Role.SPECIALIST, GRANT)
    assert ask(s, "sara", READ, INTAKE) is Reason.SECTION_NOT_COVERED
    assert ask(s, "sara", WRITE) is Reason.DEED_NOT_COVERED
    assert ask(s, "sara", READ, PLAN, AANMELDING) is Reason.PURPOSE_NOT_GRANTED


def test_a_grant_is_its_holders_and_nobody_elses() -> None:
    s = team().admit("stan", Role.SPECIALIST).give()
    assert ask(s, "stan") is Reason.NO_ACCESS
    assert ask(s, "stan", Deed.LOOK) is Reason.NO_ACCESS


def test_no_right_holds_without_its_role() -> None:
    s = team().give()
    home = s.household()
    home.assign(SARA, Handle("anna"), s.at)
    home.grants[GRANT].role = Role.REGISSEUR
    assert ask(s, "sara") is Reason.NO_ACCESS
    s.say("anna", s.roles("sara", add=[Role.REGISSEUR]))
    assert ask(s, "sara") == Permit(Role.REGISSEUR, "regisseur")


def test_a_content_is_never_given_without_a_section_or_a_purpose() -> None:
    s = team().give()
    for who in ("jan", "sara"):
        assert ask(s, who, section=None) is Reason.SECTION_NOT_COVERED
        assert ask(s, who, purpose=None) is Reason.SECTION_NOT_COVERED


def test_the_policy_in_force_goes_before_what_was_granted_under_another() -> None:
    s = team().give(sections=(INTAKE, PLAN))
    s.say("anna", s.adoption(without_specialist_in_intake()))
    assert ask(s, "sara", READ, INTAKE) is Reason.SECTION_NOT_COVERED
    s.say(
        "anna",
        s.adoption(
            POLICY.replace("['plan', 'intake'], deeds = ['read', 'write']", "['plan'], deeds = ['read']")
        ),
    )
    assert ask(s, "sara") == Permit(Role.SPECIALIST, GRANT)
    assert ask(s, "sara", WRITE) is Reason.PURPOSE_NOT_ALLOWED


def test_the_reason_given_is_that_of_the_right_that_came_nearest() -> None:
    s = team().give(sections=(INTAKE,), deeds=(READ,))
    s.give(grant=OTHER_GRANT, deeds=(READ,), sections=(PLAN,))
    assert ask(s, "sara", READ, COVER, AANMELDING) is Reason.SECTION_NOT_COVERED
    assert ask(s, "sara", WRITE, PLAN) is Reason.DEED_NOT_COVERED
    assert ask(s, "sara", READ, PLAN, AANMELDING) is Reason.PURPOSE_NOT_GRANTED
    assert ask(s, "sara", READ, PLAN) == Permit(Role.SPECIALIST, OTHER_GRANT)


def test_a_refusal_names_the_role_in_which_it_was_refused() -> None:
    s = team().give(deeds=(READ,))
    s.say("anna", s.roles("sara", add=[Role.REGISSEUR]))
    refused = decide(Request(WRITE, HOME, PLAN, None, UITVOERING), SARA, s.register, s.at)
    assert refused == Refusal(Role.SPECIALIST, Reason.DEED_NOT_COVERED)
    elsewhere = decide(Request(WRITE, OTHER_HOME, PLAN, None, UITVOERING), SARA, s.register, s.at)
    assert elsewhere == Refusal(Role.REGISSEUR, Reason.NO_ACCESS)


def test_a_grant_that_ran_out_says_so_to_its_holder_and_to_nobody_else() -> None:
    s = team().give()
    s.at = s.household().grants[GRANT].until - timedelta(milliseconds=1)
    assert ask(s, "sara") == Permit(Role.SPECIALIST, GRANT)
    s.at += timedelta(milliseconds=1)
    assert ask(s, "sara") is Reason.GRANT_ENDED
    assert ask(s, "sara", READ, COVER, AANMELDING) is Reason.GRANT_ENDED
    assert ask(s, "rita") is Reason.NO_ACCESS


@pytest.mark.parametrize("end", ["revoked", "role taken", "role taken and given"])
def test_a_grant_that_was_ended_is_as_if_it_had_never_been(end: str) -> None:
    s = team().give()
    if end == "revoked":
        s.say("anna", s.revocation())
    else:
        s.say("anna", s.roles("sara", add=[Role.REGISSEUR], remove=[Role.SPECIALIST]))
    if end == "role taken and given":
        s.say("anna", s.roles("sara", add=[Role.SPECIALIST]))
    assert ask(s, "sara") is Reason.NO_ACCESS
    s.wait(days=100)
    assert ask(s, "sara") is Reason.NO_ACCESS


@pytest.mark.parametrize("who", ["anna", "jan", "sara", "tom", "bob"])
@pytest.mark.parametrize("deed", Deed)
def test_whoever_is_suspended_is_refused_before_anything_else(who: str, deed: Deed) -> None:
    s = team().give()
    s.register.members[Handle(who)].change(s.at, active=False)
    assert ask(s, who, deed) is Reason.NOT_ACTIVE
    assert ask(s, who, deed, household=OTHER_HOME) is Reason.NOT_ACTIVE
    s.register.members[Handle(who)].change(s.at, active=True)
    assert ask(s, who, deed) is not Reason.NOT_ACTIVE


@pytest.mark.parametrize("deed", Deed)
def test_whoever_left_is_told_that_it_is_for_good(deed: Deed) -> None:
    s = team().give()
    s.say("anna", s.suspension("sara"))
    assert ask(s, "sara", deed) is Reason.NOT_ACTIVE
    s.say("anna", s.leaving("sara"))
    assert ask(s, "sara", deed) is Reason.GONE


def test_a_regisseur_without_the_role_has_no_right_left() -> None:
    s = team()
    s.say("anna", s.roles("jan", add=[Role.SPECIALIST], remove=[Role.REGISSEUR]))
    s.say("anna", s.roles("jan", add=[Role.REGISSEUR]))
    assert ask(s, "jan") is Reason.NO_ACCESS


def test_a_regisseur_of_before_has_no_right_left() -> None:
    s = team()
    s.say("anna", s.assignment("rita"))
    assert ask(s, "jan") is Reason.NO_ACCESS
    assert ask(s, "rita") == Permit(Role.REGISSEUR, "regisseur")


def test_the_team_has_cover_and_referral_only_while_no_regisseur_is_assigned() -> None:
    s = team(None)
    permit = Permit(Role.COORDINATOR, "team")
    for section, deed in product((COVER, AANMELD), CONTENT_DEEDS):
        assert ask(s, "anna", deed, section, AANMELDING) == permit
    assert ask(s, "anna", READ, INTAKE, AANMELDING) is Reason.SECTION_NOT_COVERED
    assert ask(s, "anna", READ, COVER, UITVOERING) is Reason.PURPOSE_NOT_ALLOWED
    assert ask(s, "anna", READ, SectionName("geheim"), AANMELDING) is Reason.SECTION_NOT_COVERED
    for who in ("jan", "sara", "bob", "tom"):
        assert ask(s, who, READ, COVER, AANMELDING) is Reason.NO_ACCESS
    s.say("anna", s.adoption(POLICY.replace("aanmeld.", "geld.").replace(", 'aanmeld'", "")))
    assert ask(s, "anna", READ, AANMELD, AANMELDING) is Reason.SECTION_NOT_COVERED
    s.say("anna", s.assignment("jan"))
    assert ask(s, "anna", READ, COVER, AANMELDING) is Reason.NO_ACCESS


def test_the_team_has_nothing_while_the_regisseur_is_only_suspended() -> None:
    s = team()
    s.say("anna", s.suspension("jan"))
    assert ask(s, "anna", READ, COVER, AANMELDING) is Reason.NO_ACCESS


def test_nothing_beyond_cover_and_referral_is_written_before_there_is_a_regisseur() -> None:
    s = team(None).give()
    assert ask(s, "sara", WRITE) is Reason.NEEDS_REGISSEUR
    assert ask(s, "sara", READ) == Permit(Role.SPECIALIST, GRANT)
    s.say("anna", s.assignment("jan"))
    assert ask(s, "sara", WRITE) == Permit(Role.SPECIALIST, GRANT)


@pytest.mark.parametrize("who", ["anna", "rita", "sara", "bob", "tom"])
@pytest.mark.parametrize("deed", [*CONTENT_DEEDS, Deed.LOOK])
def test_an_unknown_household_and_one_without_access_are_refused_alike(who: str, deed: Deed) -> None:
    s = team()
    there, nowhere, none = (
        decide(Request(deed, household, PLAN, None, UITVOERING), Handle(who), s.register, s.at)
        for household in (HOME, OTHER_HOME, None)
    )
    assert nowhere == none
    assert isinstance(nowhere, Refusal)
    assert nowhere.reason is Reason.NO_ACCESS
    if deed is Deed.LOOK and who in {"anna", "tom"}:
        assert there == Permit(nowhere.role, "office")
    else:
        assert there == nowhere


def test_nothing_is_given_while_there_is_no_policy() -> None:
    s = team().give()
    s.register.policy = None
    assert [ask(s, who) for who in ("jan", "sara")] == [Reason.NO_ACCESS] * 2


def test_those_look_at_a_household_who_have_a_right_there_and_those_whose_office_it_is() -> None:
    s = team().give()
    assert ask(s, "jan", Deed.LOOK) == Permit(Role.REGISSEUR, "regisseur")
    assert ask(s, "sara", Deed.LOOK) == Permit(Role.SPECIALIST, GRANT)
    assert ask(s, "anna", Deed.LOOK) == Permit(Role.COORDINATOR, "office")
    assert ask(s, "tom", Deed.LOOK) == Permit(Role.TOEZICHTHOUDER, "office")
    assert [ask(s, who, Deed.LOOK) for who in ("rita", "bob")] == [Reason.NO_ACCESS] * 2
    s.wait(days=91)
    assert ask(s, "sara", Deed.LOOK) is Reason.NO_ACCESS


def test_everyone_active_sees_their_own_entries_and_the_toezichthouder_all() -> None:
    s = team()
    for who in ("anna", "jan", "sara", "bob", "tom"):
        ruling = ask(s, who, Deed.LOG_SHOW)
        assert isinstance(ruling, Permit)
        assert ruling.basis == "office"
    assert ask(s, "tom", Deed.EXPORT) == Permit(Role.TOEZICHTHOUDER, "office")
    assert [ask(s, who, Deed.EXPORT) for who in ("anna", "jan", "sara", "bob")] == [Reason.NOT_YOUR_ROLE] * 4


# A store that was put back from a copy.


@pytest.mark.parametrize("who", ["anna", "jan", "rita", "sara", "bob", "tom"])
@pytest.mark.parametrize("deed", Deed)
def test_a_restored_store_gives_nothing_to_anybody_before_its_rotation(who: str, deed: Deed) -> None:
    s = team().give()
    s.say("anna", s.reopening(behind=[HOME]))
    for household in (HOME, OTHER_HOME, None):
        assert ask(s, who, deed, household=household) is Reason.STORE_RESTORED
    s.say("bob", s.rotation())
    assert ask(s, who, deed) is not Reason.STORE_RESTORED


def test_whoever_is_suspended_hears_of_that_and_not_of_the_restore() -> None:
    s = team()
    s.say("anna", s.reopening("anna", "bob"))
    assert ask(s, "jan") is Reason.NOT_ACTIVE
    assert ask(s, "anna", Deed.LOOK) is Reason.STORE_RESTORED


def test_a_household_that_fell_short_opens_for_nobody_until_every_section_has_another_key() -> None:
    s = team().open(household=OTHER_HOME).give()
    s.say("anna", s.reopening(behind=[HOME]))
    s.say("bob", s.rotation())
    for deed in CONTENT_DEEDS:
        assert ask(s, "jan", deed) is Reason.NEEDS_REKEY
        assert ask(s, "sara", deed) is Reason.NEEDS_REKEY
        assert ask(s, "jan", deed, household=OTHER_HOME) == Permit(Role.REGISSEUR, "regisseur")
    first, *others = s.household().sections
    s.say("anna", s.rekey(*others))
    assert ask(s, "jan") is Reason.NEEDS_REKEY
    s.say("anna", s.rekey(first))
    assert ask(s, "jan") == Permit(Role.REGISSEUR, "regisseur")
    assert ask(s, "sara") == Permit(Role.SPECIALIST, GRANT)


def test_a_household_that_fell_short_is_told_of_only_to_who_would_get_in() -> None:
    s = team().give(deeds=(READ,))
    s.say("anna", s.reopening(behind=[HOME]))
    s.say("bob", s.rotation())
    assert ask(s, "rita") is Reason.NO_ACCESS
    assert ask(s, "sara", WRITE) is Reason.DEED_NOT_COVERED
    assert ask(s, "sara", READ, COVER, AANMELDING) is Reason.SECTION_NOT_COVERED
    assert ask(s, "jan", Deed.LOOK) == Permit(Role.REGISSEUR, "regisseur")


def test_the_team_has_nothing_of_a_household_that_fell_short_either() -> None:
    s = team(None)
    s.say("anna", s.reopening(behind=[HOME]))
    s.say("bob", s.rotation())
    assert ask(s, "anna", READ, COVER, AANMELDING) is Reason.NEEDS_REKEY
    s.say("anna", s.rekey(*s.household().sections))
    assert ask(s, "anna", READ, COVER, AANMELDING) == Permit(Role.COORDINATOR, "team")
