"""Who holds write on a section, whatever the purpose: asked again where a version takes its place."""

from datetime import datetime

from dossier.model import Deed, Handle, Reason, Role, SectionName
from dossier.policydoc import Policy
from dossier.purposes import TEAM_SECTIONS
from dossier.register.households import Household
from dossier.register.register import Fault, Register


def may_write(
    register: Register, household: Household, handle: Handle, section: SectionName, at: datetime
) -> None:
    """Let through the regisseur, a live grant with deed write, or a team right. Raises Fault otherwise."""
    policy = register.policy
    if policy is None:
        raise Fault(Reason.POLICY_INVALID)
    if household.regisseur is None and section not in TEAM_SECTIONS:
        raise Fault(Reason.NEEDS_REGISSEUR)
    member = register.member(handle)
    regisseur = household.regisseur == handle and member.holds(Role.REGISSEUR)
    if regisseur and _some_purpose(policy, Role.REGISSEUR, section, team=False):
        return
    for grant in household.grants.values():
        covers = grant.handle == handle and section in grant.sections and Deed.WRITE in grant.deeds
        if covers and grant.live(at) and member.holds(grant.role):
            return
    team = household.regisseur is None and member.holds(Role.COORDINATOR)
    if team and _some_purpose(policy, Role.COORDINATOR, section, team=True):
        return
    raise Fault(Reason.NO_ACCESS)


def _some_purpose(policy: Policy, role: Role, section: SectionName, *, team: bool) -> bool:
    """Tell whether the policy has any purpose for which this role may write this section."""
    return any(
        allow.role is role and allow.team is team and section in allow.sections and Deed.WRITE in allow.deeds
        for purpose in policy.purposes.values()
        for allow in purpose.allows
    )
