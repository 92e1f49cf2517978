"""The rules about grants: to whom, how wide, how long, and how they end."""

from datetime import timedelta

import pytest
from lies.households import without_specialist_in_intake
from scribe import Scribe
from wording import (
    AANMELD,
    AANMELDING,
    COVER,
    DAY,
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

from dossier.model import Deed, PurposeId, Reason, Role, SectionName

READ, WRITE = (Deed.READ,), (Deed.WRITE,)


def team() -> Scribe:
    """Jan's household, and sara, a specialist."""
    return Scribe().admit("jan", Role.REGISSEUR).admit("sara", Role.SPECIALIST).open()


def test_a_grant_stands_with_all_that_it_says_and_its_holder_is_boxed_the_keys() -> None:
    s = team()
    statement = s.grant(sections=(PLAN, INTAKE), reason="verlof")
    entry = s.say("anna", statement)
    grant = s.household().grants[GRANT]
    assert (grant.handle, grant.role, grant.sections) == ("sara", Role.SPECIALIST, (PLAN, INTAKE))
    assert (grant.deeds, grant.purposes, grant.until) == (
        statement["deeds"],
        statement["purposes"],
        statement["until"],
    )
    assert (grant.reason, grant.by, grant.at, grant.ended) == ("verlof", "anna", entry.at, None)
    assert grant.position == entry.index
    for name, _, box in statement["boxes"]:
        assert s.household().sections[name].boxes[Role.SPECIALIST, grant.handle] == box


def test_a_grant_holds_until_its_end_date_and_not_at_it() -> None:
    s = team().give()
    grant = s.household().grants[GRANT]
    assert grant.live(grant.until - timedelta(milliseconds=1))
    assert not grant.live(grant.until)


@pytest.mark.parametrize(
    ("handle", "role", "reason"),
    [
        ("sara", Role.REGISSEUR, Reason.NOT_FOR_ROLE),
        ("jan", Role.SPECIALIST, Reason.NOT_FOR_ROLE),
        ("former", Role.SPECIALIST, Reason.NOT_FOR_ROLE),
        ("oscar", Role.SPECIALIST, Reason.UNKNOWN_MEMBER),
        ("anna", Role.SPECIALIST, Reason.ABOUT_YOURSELF),
        ("ben", Role.COORDINATOR, Reason.NOT_A_RECIPIENT),
        ("bob", Role.BEHEERDER, Reason.NOT_A_RECIPIENT),
        ("tom", Role.TOEZICHTHOUDER, Reason.NOT_A_RECIPIENT),
    ],
)
def test_a_grant_goes_only_to_an_active_holder_of_a_recipient_role(
    handle: str, role: Role, reason: Reason
) -> None:
    s = team().admit("former", Role.SPECIALIST).admit("ben", Role.COORDINATOR)
    s.admit("bob", Role.BEHEERDER).admit("tom", Role.TOEZICHTHOUDER).say("anna", s.suspension("former"))
    assert s.verdict("anna", s.grant(handle, role=role)) is reason


def test_a_regisseur_may_be_granted_what_another_directs() -> None:
    s = team().admit("rita", Role.REGISSEUR)
    assert s.verdict("anna", s.grant("rita", role=Role.REGISSEUR)) is None


@pytest.mark.parametrize(
    ("sections", "deeds", "purposes", "reason"),
    [
        ((PLAN,), (Deed.READ, Deed.WRITE), (UITVOERING,), None),
        ((PLAN, INTAKE), (Deed.READ, Deed.WRITE), (UITVOERING,), None),
        ((COVER,), READ, (AANMELDING,), None),
        ((INTAKE,), (Deed.READ, Deed.WRITE), (AANMELDING, UITVOERING), None),
        ((AANMELD,), READ, (AANMELDING,), Reason.NOT_A_RECIPIENT),
        ((SectionName("geld"),), READ, (AANMELDING,), Reason.NOT_A_RECIPIENT),
        ((COVER,), WRITE, (AANMELDING,), Reason.GRANT_TOO_WIDE),
        ((COVER, PLAN), READ, (UITVOERING,), Reason.GRANT_TOO_WIDE),
        ((COVER, PLAN), (Deed.READ, Deed.WRITE), (AANMELDING, UITVOERING), Reason.GRANT_TOO_WIDE),
        ((PLAN,), READ, (AANMELDING,), Reason.GRANT_TOO_WIDE),
        ((PLAN,), READ, (UITVOERING, AANMELDING), Reason.GRANT_TOO_WIDE),
        ((PLAN,), READ, (UITVOERING, PurposeId("zomaar")), Reason.GRANT_TOO_WIDE),
        ((PLAN,), (Deed.LOOK,), (UITVOERING,), Reason.GRANT_TOO_WIDE),
        ((PLAN,), (Deed.READ, Deed.STATE), (UITVOERING,), Reason.GRANT_TOO_WIDE),
    ],
)
def test_a_grant_is_no_wider_than_what_the_policy_gives_that_role(
    sections: tuple[SectionName, ...],
    deeds: tuple[Deed, ...],
    purposes: tuple[PurposeId, ...],
    reason: Reason | None,
) -> None:
    s = team()
    assert s.verdict("anna", s.grant(sections=sections, deeds=deeds, purposes=purposes)) is reason


def test_a_grant_lasts_no_longer_than_the_policy_says_and_ends_in_the_future() -> None:
    s = team()
    longest = s.at + 180 * DAY + timedelta(hours=25)  # up to the end of its last day, as summer time ends
    assert s.verdict("anna", s.grant(until=longest)) is None
    assert s.verdict("anna", s.grant(until=longest + timedelta(milliseconds=1))) is Reason.GRANT_TOO_LONG
    assert s.verdict("anna", s.grant(until=s.at)) is Reason.GRANT_IN_PAST
    assert s.verdict("anna", s.grant(until=s.at + timedelta(milliseconds=1))) is None


def test_a_grants_id_is_used_once_in_a_household_even_after_its_end() -> None:
    s = team().give()
    s.say("anna", s.revocation())
    assert s.verdict("anna", s.grant()) is Reason.GRANT_TAKEN
    s.open("jan", OTHER_HOME)
    assert s.verdict("anna", s.grant(household=OTHER_HOME)) is None


def test_a_grant_brings_a_box_of_each_key_in_force_and_no_other() -> None:
    s = team()
    s.say("anna", s.rekey(PLAN))
    box = s.digest()
    wrong = [
        (),
        ((PLAN, 1, box),),
        ((PLAN, 3, box),),
        ((INTAKE, 1, box),),
        ((PLAN, 2, box), (INTAKE, 1, s.digest())),
        ((PLAN, 2, box), (PLAN, 2, s.digest())),
        ((PLAN, 2, box), (PLAN, 1, s.digest())),
    ]
    for boxes in wrong:
        assert s.verdict("anna", s.grant(boxes=boxes)) is Reason.GENERATION_WRONG
    assert s.verdict("anna", s.grant(boxes=((PLAN, 2, box),))) is None


def test_a_grant_is_of_sections_that_the_household_has_a_key_of() -> None:
    s = team()
    text = POLICY.replace("plan.recipients", "geld.recipients = ['specialist']\nplan.recipients")
    s.say("anna", s.adoption(text.replace("['plan', 'intake']", "['plan', 'intake', 'geld']")))
    assert s.verdict("anna", s.grant(sections=(SectionName("geld"),))) is Reason.SECTIONS_WRONG


def test_a_grant_has_a_reason_of_the_policy_or_none() -> None:
    s = team()
    assert s.verdict("anna", s.grant(reason="zomaar")) is Reason.REASON_UNKNOWN
    assert s.verdict("anna", s.grant(reason=None)) is None


def test_a_grant_needs_a_household() -> None:
    s = team()
    assert s.verdict("anna", but(s.grant(), household=OTHER_HOME)) is Reason.NO_HOUSEHOLD
    s.give()
    assert s.verdict("anna", but(s.revocation(), household=OTHER_HOME)) is Reason.NO_HOUSEHOLD


def test_a_revoked_grant_is_over_and_its_holder_has_no_box() -> None:
    s = team().give()
    s.say("anna", s.revocation())
    grant = s.household().grants[GRANT]
    assert grant.ended == s.at
    assert not grant.live(s.at)
    assert set(s.household().sections[PLAN].boxes) == {(Role.REGISSEUR, "jan")}
    assert s.household().sections[PLAN].generation == 2


def test_a_grant_is_revoked_once_with_a_reason_of_the_policy() -> None:
    s = team().give()
    revocation = s.revocation()
    assert s.verdict("anna", but(revocation, reason="zomaar")) is Reason.REASON_UNKNOWN
    assert s.verdict("anna", but(revocation, grant=OTHER_GRANT)) is Reason.NO_SUCH_GRANT
    s.say("anna", revocation)
    assert s.verdict("anna", s.revocation()) is Reason.NO_SUCH_GRANT


@pytest.mark.parametrize("end", ["date", "suspension", "policy"])
def test_a_grant_that_no_longer_works_may_still_be_revoked(end: str) -> None:
    s = team().give(sections=(INTAKE,))
    match end:
        case "date":
            s.wait(days=91)
        case "suspension":
            s.say("anna", s.suspension("sara"))
        case _:
            s.say("anna", s.adoption(without_specialist_in_intake()))
    s.say("anna", s.revocation())


def test_a_grant_that_ended_with_its_role_is_not_revoked_again() -> None:
    s = team().give()
    s.say("anna", s.roles("sara", add=[Role.REGISSEUR], remove=[Role.SPECIALIST]))
    assert s.verdict("anna", s.revocation()) is Reason.NO_SUCH_GRANT
    assert s.household(HOME).grants[GRANT].ended is not None
