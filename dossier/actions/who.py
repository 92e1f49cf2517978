"""Who can open a household's sections now: rights held against the slots themselves."""

from datetime import datetime
from typing import NamedTuple

from dossier.desk import Desk
from dossier.errors import UsageError
from dossier.model import Handle, HouseholdId, Role, SectionName
from dossier.register.households import Household
from dossier.register.members import Member
from dossier.register.register import Register


class Reader(NamedTuple):
    """Someone who can open a section, or should be able to."""

    section: SectionName
    handle: Handle
    person: str
    org: str
    role: Role
    right: str
    given_by: Handle
    since: datetime
    until: datetime | None
    state: str  # good; rekey-due: a key without a right; no-box: a right without a key; team


def who(desk: Desk, household_id: HouseholdId, section: SectionName | None) -> list[Reader]:
    """Tell everyone who can open a household's sections now, rights held against the slots themselves."""
    situation = desk.gate.survey(household_id)
    register = situation.register
    household = register.households[household_id]
    if section is not None and section not in household.sections:
        raise UsageError("unknown-section", section=section, sections=", ".join(household.sections))
    rows: list[Reader] = []
    for name, found in household.sections.items():
        if section not in (None, name):
            continue
        live = dict.fromkeys(register.rights(household, name, situation.at))
        for role, handle in sorted({*live, *found.boxes}):
            boxed = found.boxes.get((role, handle)) in situation.objects
            state = "no-box" if not boxed else "good" if (role, handle) in live else "rekey-due"
            rows.append(_reader(register, household, name, role, handle, state))
        rows += [_team(register, household, name, member) for member in register.holders(Role.COORDINATOR)]
    return rows


def _reader(
    register: Register, household: Household, section: SectionName, role: Role, handle: Handle, state: str
) -> Reader:
    card = register.member(handle).card
    if role is Role.REGISSEUR and household.regisseur == handle:
        return Reader(
            section,
            handle,
            card.person,
            card.org,
            role,
            "regisseur",
            household.regisseur_by,
            household.regisseur_since,
            None,
            state,
        )
    covering = [
        g
        for g in household.grants.values()
        if g.handle == handle and g.role is role and section in g.sections
    ]
    last = max(covering, key=lambda grant: (grant.ended is None, grant.until), default=None)
    if last is None:
        at = household.sections[section].keyed_at
        return Reader(section, handle, card.person, card.org, role, "-", household.by, at, None, state)
    return Reader(
        section, handle, card.person, card.org, role, last.grant, last.by, last.at, last.until, state
    )


def _team(register: Register, household: Household, section: SectionName, member: Member) -> Reader:
    """A coordinator holds the team's key to every section; the program opens with it only by a team right."""
    card, keyed = member.card, household.sections[section].keyed_at
    right = (
        section,
        member.handle,
        card.person,
        card.org,
        Role.COORDINATOR,
        "team",
        member.admitted_by,
        keyed,
    )
    boxed = member.handle in register.coordination_boxes
    return Reader(*right, None, "team" if boxed else "no-box")
