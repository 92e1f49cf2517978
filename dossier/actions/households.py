"""Open households, list and show them, assign their regisseur."""

from datetime import datetime
from io import BytesIO
from typing import BinaryIO, NamedTuple

from dossier import vault
from dossier.actions.contents import read, write
from dossier.actions.renewal import Prepared, state_with_new_keys
from dossier.desk import Desk
from dossier.errors import NotFoundError, RefusedError, UsageError
from dossier.gate.base import Situation
from dossier.keying import first_keys, new_keys
from dossier.model import (
    COVER,
    Handle,
    HouseholdId,
    PurposeId,
    Reason,
    Role,
    SectionName,
    new_household_id,
)
from dossier.register.households import Household
from dossier.statements import Statement
from keys.primitives import random_bytes

OPENING = PurposeId("aanmelding-beoordelen")  # for which a cover is written when a household is opened


class Mine(NamedTuple):
    """A household in which one has a right: as its regisseur, by a grant, or as the team."""

    household: HouseholdId
    regisseur: Handle | None
    role: Role
    sections: tuple[SectionName, ...]
    until: datetime | None  # the last day of the longest grant


def open_household(
    desk: Desk,
    regisseur: Handle | None,
    cover: BinaryIO | None = None,
    media_type: str = "text/plain",
    purpose: PurposeId = OPENING,
) -> tuple[HouseholdId, vault.Written | None]:
    """Open a household: a first key for every section, boxed to its regisseur and the team.

    A coordinator who gives a cover writes it by the team's right, which holds only until there is a
    regisseur: so the household is opened, the cover written, and then the regisseur assigned.
    """
    situation = desk.gate.survey()
    _check_member(situation, regisseur)
    own = regisseur == desk.handle
    first = None if cover is not None and not own else regisseur
    household = Household(new_household_id(random_bytes(8)), desk.handle, situation.at)
    household.regisseur = first
    policy = situation.register.policy
    sections = list(policy.sections) if policy else []
    made = first_keys(desk, situation, household, sections)
    statement = Statement(
        "household.opened/1", household=household.household, regisseur=first, keyings=made.keyings
    )
    desk.gate.enact(statement, made.objects)
    written = None
    if cover is not None:
        written = write(desk, household.household, COVER, purpose, cover, media_type)
    if first != regisseur and regisseur is not None:
        assign(desk, household.household, regisseur)
    return household.household, written


def _check_member(situation: Situation, handle: Handle | None) -> None:
    """See that a handle is someone's, before keys are made for them. Raises UsageError."""
    if handle is not None and handle not in situation.register.members:
        raise UsageError(str(Reason.UNKNOWN_MEMBER), handle=handle)


def own(desk: Desk) -> Handle | None:
    """Name oneself as regisseur where one is that, and no coordinator; else nobody yet."""
    member = desk.gate.survey().register.member(desk.handle)
    return desk.handle if member.holds(Role.REGISSEUR) and not member.holds(Role.COORDINATOR) else None


def mine(desk: Desk) -> list[Mine]:
    """List the households in which one has a right of one's own.

    The client's memory keeps which households ever named this member, so that no other book is opened.
    """
    desk.gate.survey()
    rows = []
    for household_id, situation, permit in desk.gate.survey_each(sorted(desk.memory.mine)):
        if permit.basis not in ("team", "office"):
            rows.append(_row(desk, household_id, situation))
    return rows


def _row(desk: Desk, household_id: HouseholdId, situation: Situation) -> Mine:
    household = situation.register.households[household_id]
    if household.regisseur == desk.handle:
        return Mine(household_id, household.regisseur, Role.REGISSEUR, tuple(household.sections), None)
    grants = [g for g in household.grants.values() if g.handle == desk.handle and g.live(situation.at)]
    covered = {name for grant in grants for name in grant.sections}
    sections = tuple(name for name in household.sections if name in covered)
    return Mine(household_id, household.regisseur, grants[0].role, sections, max(g.until for g in grants))


def unassigned(desk: Desk) -> list[Mine]:
    """List the households without a regisseur who is at work, for whoever may look at them all."""
    register = desk.gate.survey().register
    candidates = [
        household
        for household, known in desk.memory.households()
        if known.regisseur is None
        or known.regisseur not in register.members
        or not register.members[known.regisseur].holds(Role.REGISSEUR)
    ]
    rows = []
    for household_id, situation, permit in desk.gate.survey_each(candidates):
        household = situation.register.households[household_id]
        sections = tuple(household.sections)
        rows.append(Mine(household_id, household.regisseur, permit.role, sections, None))
    return rows


def of_regisseur(desk: Desk, regisseur: Handle) -> list[HouseholdId]:
    """List the households that a member directs, or directed until the role was taken away.

    Raises:
        RefusedError: for anyone but a coordinator, who alone may give them to another.
        UsageError: "unknown-member" when nobody has that handle.
    """
    situation = desk.gate.survey()
    if not situation.register.member(desk.handle).holds(Role.COORDINATOR):
        raise RefusedError(str(Reason.NOT_YOUR_ROLE))
    _check_member(situation, regisseur)
    named = [household for household, known in desk.memory.households() if known.regisseur == regisseur]
    return [
        household
        for household, situation, _ in desk.gate.survey_each(named)
        if situation.register.households[household].regisseur in (regisseur, None)
    ]


def cover(desk: Desk, household_id: HouseholdId, purpose: PurposeId) -> str | None:
    """Open a household's voorblad and give its first line; None when there is nothing on it."""
    sink = BytesIO()
    try:
        read(desk, household_id, COVER, purpose, sink)
    except NotFoundError as e:
        if e.code != "nothing-written":
            raise
        return None
    lines = sink.getvalue().decode("utf-8", "replace").splitlines()
    return next((line.strip() for line in lines if line.strip()), None)


def assign(desk: Desk, household_id: HouseholdId, regisseur: Handle) -> list[SectionName]:
    """Give a household another regisseur, with a new key for every section."""

    def prepare() -> Prepared:
        situation = desk.gate.survey(household_id)
        household = situation.register.households[household_id]
        made = new_keys(desk, situation, household, list(household.sections), regisseur=regisseur)
        named = {"household": household_id, "handle": regisseur}
        return Statement("regisseur.assigned/1", **named, keyings=made.keyings), made.objects

    situation = desk.gate.survey(household_id)
    household = situation.register.households[household_id]
    if household.regisseur == regisseur:
        return []  # so that assigning many can be run again
    _check_member(situation, regisseur)
    state_with_new_keys(desk, prepare)
    return list(household.sections)


def show(desk: Desk, household_id: HouseholdId) -> tuple[Situation, Household]:
    """Show a household's state: sections, versions, who may open what. No content."""
    situation = desk.gate.survey(household_id)
    return situation, situation.register.households[household_id]
