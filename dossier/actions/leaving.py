"""Let a member go for good: tell what they could open and did, and close it (PROMISES.md, 5)."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from dossier.actions.approvals import Stated, state
from dossier.actions.rotation import rekey, renew_coordination
from dossier.desk import Desk
from dossier.errors import ConflictError, RefusedError, UsageError
from dossier.gate.showing import Opening, Whose
from dossier.model import Deed, Handle, HouseholdId, Reason, Request, Role, SectionName
from dossier.register.households import Household
from dossier.register.register import Register
from dossier.statements import Statement


class Reach(NamedTuple):
    """A section that a member's keys open, and by which right."""

    household: HouseholdId
    section: SectionName
    versions: int  # that they open: all that there are
    right: str  # "regisseur", a grant's id, "team", or "-" for a key without a right


class Leaving(NamedTuple):
    """What is known of a member who goes."""

    handle: Handle
    roles: tuple[Role, ...]
    reach: tuple[Reach, ...]
    opened: tuple[Opening, ...]
    directs: tuple[HouseholdId, ...]  # which will be without a regisseur
    coordinator: bool  # ever: then they know the team's seed
    looked: bool  # whether who asks may look there: a beheerder may not


def report(desk: Desk, handle: Handle) -> Leaving:
    """Tell what a member can reach and what they opened; the look into the log is written down first.

    A beheerder, who can let a member go, is told neither.

    Raises:
        UsageError: "unknown-member".
        RefusedError: "not-your-role" for who can let nobody go.
    """
    register = desk.gate.survey().register
    member, me = register.members.get(handle), register.member(desk.handle)
    looks = me.holds(Role.COORDINATOR)
    if not looks and not me.holds(Role.BEHEERDER):
        raise RefusedError(str(Reason.NOT_YOUR_ROLE))
    if member is None:
        raise UsageError(str(Reason.UNKNOWN_MEMBER), handle=handle)
    told = Leaving(handle, tuple(sorted(member.roles)), (), (), (), Role.COORDINATOR in member.ever, looks)
    return _look(desk, told) if looks else told


def _look(desk: Desk, told: Leaving) -> Leaving:
    """Add what they can reach, and what they opened."""
    desk.gate.enter(Request(Deed.LOG_SHOW))
    reach: list[Reach] = []
    directs: list[HouseholdId] = []
    for household, situation, _ in desk.gate.survey_each([one for one, _ in desk.memory.households()]):
        found = situation.register.households[household]
        reach += _reach(situation.register, found, told)
        if found.regisseur == told.handle:
            directs.append(household)
    opened = tuple(desk.gate.openings(Whose(member=told.handle)))
    return told._replace(reach=tuple(reach), opened=opened, directs=tuple(directs))


def _reach(register: Register, household: Household, told: Leaving) -> Iterator[Reach]:
    """Give each section of which a member has a box, or as the team the seed."""
    newest = told.handle in register.coordination_boxes or register.coordination_due
    for name, section in household.sections.items():
        held = [role for role, holder in sorted(section.known_to) if holder == told.handle]
        if held:
            right = _right(household, told.handle, name, held[0])
        elif told.coordinator and (newest or section.keying.number != register.number):
            right = "team"
        else:
            continue
        yield Reach(household.household, name, len(section.versions), right)


def _right(household: Household, handle: Handle, name: SectionName, role: Role) -> str:
    if role is Role.REGISSEUR and household.regisseur == handle:
        return "regisseur"
    for grant in household.grants.values():
        if grant.handle == handle and grant.role is role and name in grant.sections and grant.ended is None:
            return grant.grant
    return "-"


class Left(NamedTuple):
    """What letting a member go came to, and what still is to be done."""

    rekeyed: tuple[HouseholdId, ...]
    left: tuple[HouseholdId, ...]  # to be rekeyed: something else came between each time
    number: int | None  # of the team's new card, for a coordinator who goes


def let_go(desk: Desk, handle: Handle, reason: str) -> Stated | None:
    """State that a member leaves, for good; every right of theirs is over. None when that stands already."""
    situation = desk.gate.survey()
    member = situation.register.members.get(handle)
    if member is not None and member.left:
        return None  # so that what follows can be gone on with
    return state(desk, situation, Statement("member.left/1", handle=handle, reason=reason), {})


def close(desk: Desk, leaving: Leaving, progress: Callable[[int], None] | None = None) -> Left:
    """Rekey what a member who left could open; for a coordinator, under a new card of the team.

    Can be run again: what has new keys already is passed over. A beheerder closes nothing by it.
    """
    if not leaving.looked:
        return Left((), (), None)
    number = None
    if leaving.coordinator and desk.gate.survey().register.coordination_due:
        number = renew_coordination(desk)
    rekeyed, left = [], []
    households = list(dict.fromkeys(reach.household for reach in leaving.reach))
    for done, (household, situation, _) in enumerate(desk.gate.survey_each(households), 1):
        if _open_to(situation.register, household, leaving):
            try:
                rekey(desk, household)
            except ConflictError:
                left.append(household)
            else:
                rekeyed.append(household)
        if progress is not None:
            progress(done)
    return Left(tuple(rekeyed), tuple(left), number)


def _open_to(register: Register, household_id: HouseholdId, leaving: Leaving) -> bool:
    """Tell whether a member still has a box there, or knows the team's seed that one is of."""
    household = register.households[household_id]
    boxed = any(holder == leaving.handle for s in household.sections.values() for _, holder in s.known_to)
    old = any(s.keying.number != register.number for s in household.sections.values())
    return boxed or (leaving.coordinator and old)
