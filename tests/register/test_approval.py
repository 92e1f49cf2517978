"""The second person: who is eligible, until when, and when one may go alone."""

from datetime import timedelta

import pytest
from scribe import Scribe
from wording import DAY

from dossier.entry import Entry
from dossier.model import Handle, Reason, Role
from dossier.register.members import LIFETIME, LOOK_BACK

MILLISECOND = timedelta(milliseconds=1)


def team() -> Scribe:
    """Coordinators anna and ben and toezichthouder tom, beholden to nobody any more."""
    return Scribe().admit("ben", Role.COORDINATOR).admit("tom", Role.TOEZICHTHOUDER).wait(days=31)


def proposed(s: Scribe, handle: str = "carla", by: str = "anna") -> Entry:
    return s.say(by, s.proposal(s.admission(handle, Role.COORDINATOR)))


def test_a_proposal_waits_with_its_objects_and_changes_nothing_else() -> None:
    s = team()
    inner = s.admission("carla", Role.COORDINATOR)
    entry = s.say("anna", s.proposal(inner))
    waits = s.register.proposals[entry.index]
    assert (waits.statement, waits.signer, waits.at, waits.leaf) == (inner, "anna", entry.at, entry.leaf)
    assert Handle("carla") not in s.register.members
    assert set(inner.objects()) <= set(s.register.objects())


def test_an_approved_statement_takes_effect_at_the_approval_as_its_proposers() -> None:
    s = team()
    waits = proposed(s)
    s.wait(days=3)
    approval = s.say("tom", s.approval(waits))
    carla = s.register.members[Handle("carla")]
    assert (carla.admitted_by, carla.admitted_at, carla.leaf) == ("anna", approval.at, approval.leaf)
    assert carla.ties == [(approval.at, "anna")]
    assert s.register.proposals == {}


def test_a_refused_proposal_is_gone_with_its_objects() -> None:
    s = team()
    inner = s.admission("carla", Role.COORDINATOR)
    waits = s.say("anna", s.proposal(inner))
    s.say("tom", s.refusal(waits))
    assert s.register.proposals == {}
    assert not set(inner.objects()) & set(s.register.objects())
    assert s.verdict("tom", s.refusal(waits)) is Reason.NO_SUCH_PROPOSAL


def test_proposals_wait_apart_and_each_is_approved_by_its_own_place_and_leaf() -> None:
    s = team()
    one, other = proposed(s, "carla"), proposed(s, "dirk", by="ben")
    mixed = s.approval(one)
    mixed.fields["leaf"] = other.leaf
    assert s.verdict("tom", mixed) is Reason.NO_SUCH_PROPOSAL
    s.say("tom", s.approval(other))
    assert Handle("dirk") in s.register.members
    assert set(s.register.proposals) == {one.index}


def test_approval_is_in_time_for_seven_days_and_not_a_moment_longer() -> None:
    s = team()
    waits = proposed(s)
    s.at = waits.at + LIFETIME
    assert s.verdict("tom", s.approval(waits)) is None
    s.at += MILLISECOND
    assert s.verdict("tom", s.approval(waits)) is Reason.APPROVED_LATE
    assert s.verdict("anna", s.refusal(waits)) is Reason.APPROVED_LATE


def test_who_the_proposer_admitted_is_eligible_after_thirty_days() -> None:
    s = team()
    s.agree("anna", s.admission("carla", Role.COORDINATOR), by="tom")
    admitted = s.register.members[Handle("carla")].admitted_at
    s.wait(days=24)
    waits = proposed(s, "dirk")
    s.at = admitted + LOOK_BACK - MILLISECOND
    assert s.verdict("carla", s.approval(waits)) is Reason.NOT_ELIGIBLE
    s.at += MILLISECOND
    assert s.verdict("carla", s.approval(waits)) is None


def test_who_approved_an_admission_ties_nobody_to_themselves() -> None:
    s = team()
    s.agree("ben", s.admission("carla", Role.COORDINATOR), by="anna")
    waits = proposed(s, "dirk", by="anna")
    assert s.verdict("carla", s.approval(waits)) is None


@pytest.mark.parametrize("tie", ["restored", "promoted"])
def test_who_the_proposer_restored_or_promoted_is_beholden_for_thirty_days(tie: str) -> None:
    s = team().admit("sara", Role.SPECIALIST).wait(days=31)
    if tie == "restored":
        s.say("anna", s.suspension("ben"))
        s.agree("anna", s.restoration("ben"), by="tom")
    else:
        s.agree("anna", s.roles("sara", add=[Role.COORDINATOR]), by="tom")
    who = "ben" if tie == "restored" else "sara"
    since = s.at
    s.wait(days=28)
    waits = proposed(s, "dirk")
    assert s.verdict(who, s.approval(waits)) is Reason.NOT_ELIGIBLE
    s.at = since + LOOK_BACK
    assert s.verdict(who, s.approval(waits)) is None


def test_a_role_taken_away_ties_nobody() -> None:
    s = team()
    s.admit("carla", Role.SPECIALIST).wait(days=31)
    s.agree("ben", s.roles("carla", add=[Role.COORDINATOR]), by="tom")
    s.say("anna", s.roles("carla", remove=[Role.SPECIALIST]))
    assert s.verdict("carla", s.approval(proposed(s, "dirk"))) is None


def test_a_proposal_of_who_was_suspended_in_the_meantime_is_over() -> None:
    s = team()
    waits = proposed(s)
    s.say("ben", s.suspension("anna"))
    assert s.verdict("tom", s.approval(waits)) is Reason.NO_SUCH_PROPOSAL


def test_a_proposal_is_judged_anew_where_it_is_approved() -> None:
    s = team()
    admission, policy = proposed(s), s.say("anna", s.proposal(s.adoption()))
    s.admit("carla", Role.SPECIALIST)
    s.agree("ben", s.adoption(), by="anna")
    assert s.verdict("ben", s.approval(admission)) is Reason.HANDLE_TAKEN
    assert s.verdict("ben", s.approval(policy)) is Reason.NUMBER_WRONG
    s.write("ben", s.approval(admission))
    assert admission.index in s.register.proposals
    assert s.register.members[Handle("carla")].roles == {Role.SPECIALIST}


def test_a_proposal_that_no_longer_needs_anyone_is_approved_by_nobody() -> None:
    s = team()
    waits = s.say("anna", s.proposal(s.suspension("tom")))
    s.agree("anna", s.roles("tom", add=[Role.SPECIALIST], remove=[Role.TOEZICHTHOUDER]), by="ben")
    assert s.verdict("ben", s.approval(waits)) is Reason.NOT_ELIGIBLE
    assert s.verdict("anna", s.suspension("tom")) is None


def test_nobody_approves_a_proposal_inside_a_proposal() -> None:
    s = team()
    waits = proposed(s)
    for inner in (s.approval(waits), s.refusal(waits)):
        assert s.verdict("tom", s.proposal(inner)) is Reason.NEEDS_NO_APPROVAL


def test_a_suspended_toezichthouder_refuses_and_approves_nothing() -> None:
    s = team()
    waits = proposed(s)
    s.agree("ben", s.suspension("tom"), by="anna")
    assert s.verdict("tom", s.approval(waits)) is Reason.NOT_ACTIVE
    assert s.verdict("tom", s.refusal(waits)) is Reason.NOT_ACTIVE


def test_a_toezichthouder_may_approve_their_own_suspension_and_is_not_suspended_without() -> None:
    s = Scribe().admit("tom", Role.TOEZICHTHOUDER).wait(days=31)
    assert s.verdict("anna", s.suspension("tom")) is Reason.NEEDS_APPROVAL
    s.agree("anna", s.suspension("tom"), by="tom")
    assert not s.register.members[Handle("tom")].active


def test_the_founder_goes_alone_while_nobody_else_could_have_approved() -> None:
    s = Scribe()
    assert s.verdict("anna", s.proposal(s.adoption())) is Reason.NEEDS_NO_APPROVAL
    s.admit("sara", Role.SPECIALIST).admit("bob", Role.BEHEERDER).admit("ben", Role.COORDINATOR)
    s.wait(days=29).say("anna", s.adoption())
    s.wait(days=1)
    assert s.verdict("anna", s.adoption()) is Reason.NEEDS_APPROVAL


def test_a_policy_needs_no_toezichthouder_where_there_is_one_coordinator() -> None:
    s = Scribe().admit("tom", Role.TOEZICHTHOUDER).wait(days=31)
    assert s.verdict("anna", s.adoption()) is None
    assert s.verdict("anna", s.admission("ben", Role.COORDINATOR)) is Reason.NEEDS_APPROVAL


@pytest.mark.parametrize("how", ["suspended", "demoted"])
def test_getting_rid_of_the_second_person_leads_nowhere_for_thirty_days(how: str) -> None:
    s = Scribe().admit("ben", Role.COORDINATOR, Role.SPECIALIST).wait(days=31)
    if how == "suspended":
        s.say("anna", s.suspension("ben"))
    else:
        s.agree("anna", s.roles("ben", remove=[Role.COORDINATOR]), by="ben")
    gone, admission = s.at, s.admission("carla", Role.COORDINATOR)
    s.at = gone + LOOK_BACK
    assert s.verdict("anna", admission) is Reason.NEEDS_APPROVAL
    assert s.verdict("anna", s.proposal(admission)) is None
    s.at += MILLISECOND
    assert s.verdict("anna", admission) is None
    assert s.verdict("anna", s.proposal(admission)) is Reason.NEEDS_NO_APPROVAL


def test_who_was_eligible_for_no_more_than_a_moment_counts() -> None:
    s = team().admit("bob", Role.BEHEERDER)
    s.agree("anna", s.suspension("tom"), by="ben")
    s.say("anna", s.suspension("ben"))
    s.wait(days=31)
    s.say("anna", s.restoration("ben"))  # beholden to anna for 30 days: nobody is eligible
    s.wait(days=30)
    s.at = s.register.members[Handle("ben")].ties[-1][0] + LOOK_BACK - timedelta(minutes=1)
    s.say("bob", s.suspension("ben"))  # at the very moment when the tie ends
    s.wait(days=29)
    assert s.verdict("anna", s.admission("carla", Role.COORDINATOR)) is Reason.NEEDS_APPROVAL


def test_a_proposal_that_nobody_approved_may_be_made_again() -> None:
    s = team()
    waits = proposed(s)
    s.wait(days=8)
    again = proposed(s)
    assert s.verdict("ben", s.approval(waits)) is Reason.APPROVED_LATE
    s.say("ben", s.approval(again))
    assert s.at - waits.at > 8 * DAY
