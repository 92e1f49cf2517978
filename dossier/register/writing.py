"""Who holds write on a section, whatever the purpose: asked again where a version takes its place."""

from collections.abc import Collection, Iterator
from datetime import datetime

from dossier.model import Deed, Handle, PurposeId, Reason, Role, SectionName
from dossier.policydoc import Policy, allows
from dossier.purposes import TEAM_SECTIONS
from dossier.register.households import Household
from dossier.register.register import Fault, Register


def may_write(
    register: Register, household: Household, handle: Handle, section: SectionName, at: datetime
) -> None:
    """Let through the regisseur, a live grant with deed write, or a team right, as far as the policy goes.

    Raises:
        Fault: otherwise; whoever has no right there is told nothing about the household.
    """
    policy = register.policy
    if policy is None:
        raise Fault(Reason.POLICY_INVALID)
    rights = _rights(register, household, handle, section, at)
    if not any(_some_purpose(policy, purposes, role, section) for role, purposes in rights):
        raise Fault(Reason.NO_ACCESS)
    if household.regisseur is None and section not in TEAM_SECTIONS:
        raise Fault(Reason.NEEDS_REGISSEUR)


def _rights(
    register: Register, household: Household, handle: Handle, section: SectionName, at: datetime
) -> Iterator[tuple[Role, Collection[PurposeId] | None]]:
    """Give the member's live rights to write a section: the role, and the purposes where a grant names some.

    The role coordinator stands for the team: it has no other right.
    """
    member = register.member(handle)
    if household.regisseur == handle and member.holds(Role.REGISSEUR):
        yield Role.REGISSEUR, None
    for grant in household.grants.values():
        covers = grant.handle == handle and section in grant.sections and Deed.WRITE in grant.deeds
        if covers and grant.live(at) and member.holds(grant.role):
            yield grant.role, grant.purposes
    if household.regisseur is None and member.holds(Role.COORDINATOR):
        yield Role.COORDINATOR, None


def _some_purpose(
    policy: Policy, purposes: Collection[PurposeId] | None, role: Role, section: SectionName
) -> bool:
    """Tell whether the policy lets this role write this section for any of these purposes, or any at all."""
    team = role is Role.COORDINATOR
    return any(
        allows(policy, purpose, role, section, Deed.WRITE, team=team)
        for purpose in (policy.purposes if purposes is None else purposes)
    )
