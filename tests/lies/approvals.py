"""Lies about the second person, and about the policy, which needs one."""

from scribe import Scribe
from wording import POLICY, but

from dossier.entry import Entry
from dossier.model import Reason, Role
from lies.corpus import lie


def second(s: Scribe) -> Scribe:
    """Add a second coordinator and a toezichthouder, who are beholden to nobody any more."""
    return s.admit("ben", Role.COORDINATOR).admit("tom", Role.TOEZICHTHOUDER).wait(days=31)


def proposed(s: Scribe) -> Entry:
    """Let anna propose a third coordinator."""
    return s.say("anna", s.proposal(s.admission("carla", Role.COORDINATOR)))


@lie(Reason.NOT_ELIGIBLE)
def approved_by_proposer(s: Scribe) -> None:
    """The proposer approves their own proposal."""
    s.write("anna", s.approval(proposed(second(s))))


@lie(Reason.NOT_ELIGIBLE)
def approved_by_specialist(s: Scribe) -> None:
    """Someone approves whose role is not for that."""
    second(s).admit("sara", Role.SPECIALIST)
    s.write("sara", s.approval(proposed(s)))


@lie(Reason.NOT_ELIGIBLE)
def approved_by_whom_proposer_admitted(s: Scribe) -> None:
    """Approved by one whom the proposer had admitted less than 30 days before."""
    s.admit("tom", Role.TOEZICHTHOUDER).wait(days=31)
    s.agree("anna", s.admission("ben", Role.COORDINATOR), by="tom")
    s.write("ben", s.approval(proposed(s)))


@lie(Reason.NOT_ELIGIBLE)
def approved_by_whom_proposer_restored(s: Scribe) -> None:
    """Approved by one whom the proposer had restored less than 30 days before."""
    second(s).say("anna", s.suspension("ben"))
    s.agree("anna", s.restoration("ben"), by="tom")
    s.wait(days=29)
    s.write("ben", s.approval(proposed(s)))


@lie(Reason.NO_SUCH_PROPOSAL)
def approved_after_proposer_suspended(s: Scribe) -> None:
    """Approved after its proposer was suspended and restored: their suspension had ended it."""
    waiting = proposed(second(s))
    s.say("ben", s.suspension("anna"))
    s.agree("ben", s.restoration("anna"), by="tom")
    s.write("ben", s.approval(waiting))


@lie(Reason.NOT_YOUR_ROLE)
def approved_after_proposer_lost_role(s: Scribe) -> None:
    """Approved after its proposer ceased to be coordinator: the statement inside no longer stands."""
    second(s).say("anna", s.roles("ben", add=[Role.SPECIALIST]))
    waiting = s.say("ben", s.proposal(s.admission("carla", Role.COORDINATOR)))
    s.agree("anna", s.roles("ben", remove=[Role.COORDINATOR]), by="tom")
    s.write("tom", s.approval(waiting))


@lie(Reason.NO_SUCH_PROPOSAL)
def approved_twice(s: Scribe) -> None:
    """A proposal is approved a second time."""
    waiting = proposed(second(s))
    s.say("ben", s.approval(waiting))
    s.write("tom", s.approval(waiting))


@lie(Reason.NO_SUCH_PROPOSAL)
def approved_after_refusal(s: Scribe) -> None:
    """A proposal is approved that its proposer withdrew."""
    waiting = proposed(second(s))
    s.say("anna", s.refusal(waiting))
    s.write("ben", s.approval(waiting))


@lie(Reason.APPROVED_LATE)
def approved_late(s: Scribe) -> None:
    """A proposal is approved after its 7 days."""
    waiting = proposed(second(s))
    s.wait(days=7)
    s.write("ben", s.approval(waiting))


@lie(Reason.NO_SUCH_PROPOSAL)
def approved_under_other_leaf(s: Scribe) -> None:
    """An approval that names the place of a proposal, but not that proposal."""
    waiting = proposed(second(s))
    s.write("ben", but(s.approval(waiting), leaf=bytes(32)))


@lie(Reason.NEEDS_NO_APPROVAL)
def proposed_without_need(s: Scribe) -> None:
    """A proposal of what one coordinator may state alone."""
    second(s)
    s.write("anna", s.proposal(s.admission("sara", Role.SPECIALIST)))


@lie(Reason.NEEDS_APPROVAL)
def second_person_suspended_first(s: Scribe) -> None:
    """The one who would have had to approve was suspended by the proposer, 29 days before."""
    s.admit("ben", Role.COORDINATOR).wait(days=31).say("anna", s.suspension("ben"))
    s.wait(days=29)
    s.write("anna", s.admission("carla", Role.COORDINATOR))


@lie(Reason.NOT_ELIGIBLE)
def refused_by_specialist(s: Scribe) -> None:
    """A proposal is ended by one who could not have approved it."""
    second(s).admit("sara", Role.SPECIALIST)
    s.write("sara", s.refusal(proposed(s)))


@lie(Reason.NEEDS_APPROVAL)
def policy_adopted_alone(s: Scribe) -> None:
    """One of two coordinators changes who may do what."""
    second(s)
    s.write("anna", s.adoption())


@lie(Reason.NOT_ELIGIBLE)
def policy_approved_by_toezichthouder(s: Scribe) -> None:
    """A policy is approved by one who is no coordinator."""
    second(s)
    s.write("tom", s.approval(s.say("anna", s.proposal(s.adoption()))))


@lie(Reason.NUMBER_WRONG)
def future_policy(s: Scribe) -> None:
    """A policy that skips a version."""
    text = POLICY.replace("version = 1\n", "version = 3\n", 1)
    s.write("anna", but(s.adoption(), version=3, document=text))


@lie(Reason.POLICY_INVALID)
def policy_names_beheerder(s: Scribe) -> None:
    """A policy that lets the IT admin read the cover."""
    allow = "{ role = 'beheerder', sections = ['voorblad'], deeds = ['read'] },\n  { role = 'specialist'"
    s.write("anna", s.adoption(POLICY.replace("{ role = 'specialist'", allow, 1)))
