"""decide: may this member do this deed, here, for this purpose, at this moment? Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from dossier.model import Deed, Handle, Reason, Request, Role, SectionName
from dossier.policydoc import Policy, allows
from dossier.purposes import TEAM_SECTIONS
from dossier.register.households import Grant, Household
from dossier.register.register import Register


class Permit(NamedTuple):
    """Yes: in which role, and by which right."""

    role: Role
    basis: str  # "regisseur", a grant's id, "team", or "office"


class Refusal(NamedTuple):
    """No, and the one reason that counts."""

    role: Role
    reason: Reason


_OVERSEERS = (Role.COORDINATOR, Role.TOEZICHTHOUDER)  # may look at any household's sections and holders
_WHOLE_LOG = (Role.TOEZICHTHOUDER,)


def decide(request: Request, handle: Handle, register: Register, at: datetime) -> Permit | Refusal:
    """Decide on a request for contents, a look at a household, or a look into the log.

    An unknown household and one without access give the same reason (PROMISES.md, 8). Steps:
    1. the member is active; 2. some right in the household at this moment; 3. one that covers section,
    deed and purpose, under a policy that permits that purpose for its role.
    """
    member = register.members[handle]
    role = min(member.roles)  # of a refusal, where no right decides it
    if member.barred is not None:
        return Refusal(role, member.barred)
    if register.restored is not None and register.restored.rotated is None:
        return Refusal(role, Reason.STORE_RESTORED)
    match request.deed:
        case Deed.READ | Deed.WRITE:
            return _decide_content(request, handle, register, at, role)
        case Deed.LOOK:
            return _decide_look(request, handle, register, at, role)
        case Deed.LOG_SHOW:
            return Permit(role, "office")
        case _:
            whole = member.roles & set(_WHOLE_LOG)
            return Permit(min(whole), "office") if whole else Refusal(role, Reason.NOT_YOUR_ROLE)


def _decide_content(
    request: Request, handle: Handle, register: Register, at: datetime, role: Role
) -> Permit | Refusal:
    """Find the right that covers this, or the reason why the nearest one does not."""
    policy = register.policy
    household = register.households.get(request.household) if request.household else None
    if policy is None or household is None:
        return Refusal(role, Reason.NO_ACCESS)
    reasons: list[tuple[Role, Reason]] = []
    for right in _rights(register, household, handle, at):
        reason = right.lacks(request, policy)
        if reason is None and register.shut(household):
            return Refusal(right.role, Reason.NEEDS_REKEY)
        if reason is None and request.deed is Deed.WRITE and register.rotation_awaited:
            return Refusal(right.role, Reason.ROTATION_DUE)
        if reason is None:
            return _with_regisseur(request, household, right)
        reasons.append((right.role, reason))
    if not reasons:
        return _none_live(household, handle, role, at)
    nearest = max(reasons, key=lambda item: _NEARNESS.index(item[1]))
    return Refusal(*nearest)


def _with_regisseur(request: Request, household: Household, right: "_Right") -> Permit | Refusal:
    """Let nothing beyond voorblad and aanmeld be written before there is a regisseur."""
    beyond = request.deed is Deed.WRITE and request.section not in TEAM_SECTIONS
    if beyond and household.regisseur is None:
        return Refusal(right.role, Reason.NEEDS_REGISSEUR)
    return Permit(right.role, right.basis)


def _none_live(household: Household, handle: Handle, role: Role, at: datetime) -> Refusal:
    """Tell whoever held a grant that ran out so; to anyone else the household is not there."""
    for grant in household.grants.values():
        if grant.handle == handle and grant.ended is None and at >= grant.until:
            return Refusal(grant.role, Reason.GRANT_ENDED)
    return Refusal(role, Reason.NO_ACCESS)


# From far to near: the reason given is that of the right that came nearest.
_NEARNESS = (
    Reason.SECTION_NOT_COVERED,
    Reason.DEED_NOT_COVERED,
    Reason.PURPOSE_NOT_GRANTED,
    Reason.PURPOSE_NOT_ALLOWED,
)


class _Right(NamedTuple):
    """A live right in a household: as regisseur, by a grant, or of the team."""

    role: Role
    basis: str
    grant: Grant | None = None
    team: bool = False

    def lacks(self, request: Request, policy: Policy) -> Reason | None:
        """Give what this right lacks for the request, None when it covers it."""
        if request.section is None or request.purpose is None or not self._reaches(policy, request.section):
            return Reason.SECTION_NOT_COVERED
        if self.grant is not None and request.deed not in self.grant.deeds:
            return Reason.DEED_NOT_COVERED
        if self.grant is not None and request.purpose not in self.grant.purposes:
            return Reason.PURPOSE_NOT_GRANTED
        if not allows(policy, request.purpose, self.role, request.section, request.deed, team=self.team):
            return Reason.PURPOSE_NOT_ALLOWED
        return None

    def _reaches(self, policy: Policy, section: SectionName) -> bool:
        """Tell whether this right has a box of the section's key: by grant or office, and by policy."""
        if self.team:
            return section in TEAM_SECTIONS and section in policy.sections
        granted = self.grant is None or section in self.grant.sections
        return granted and self.role in policy.sections.get(section, ())


def _rights(register: Register, household: Household, handle: Handle, at: datetime) -> Iterator[_Right]:
    """Give the member's live rights in a household."""
    member = register.members[handle]
    if household.regisseur == handle and member.holds(Role.REGISSEUR):
        yield _Right(Role.REGISSEUR, "regisseur")
    for grant in household.grants.values():
        if grant.handle == handle and grant.live(at) and member.holds(grant.role):
            yield _Right(grant.role, grant.grant, grant)
    if household.regisseur is None and member.holds(Role.COORDINATOR):
        yield _Right(Role.COORDINATOR, "team", team=True)


def _decide_look(
    request: Request, handle: Handle, register: Register, at: datetime, role: Role
) -> Permit | Refusal:
    """Let those look who have a right there, and those whose office it is."""
    household = register.households.get(request.household) if request.household else None
    if household is None:
        return Refusal(role, Reason.NO_ACCESS)
    for right in _rights(register, household, handle, at):
        return Permit(right.role, right.basis)
    offices = register.members[handle].roles & set(_OVERSEERS)
    return Permit(min(offices), "office") if offices else Refusal(role, Reason.NO_ACCESS)
