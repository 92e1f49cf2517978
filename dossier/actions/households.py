"""Open households, list and show them, assign their regisseur."""

from typing import BinaryIO, NamedTuple

from dossier import vault
from dossier.actions.contents import write
from dossier.desk import Desk
from dossier.gate import Situation
from dossier.model import COVER, Handle, HouseholdId, PurposeId, Role, SectionName, new_household_id
from dossier.register.households import Household
from dossier.statements import Statement
from dossier.team import first_keys, new_keys
from keys.primitives import random_bytes

OPENING = PurposeId("aanmelding-beoordelen")  # for which a cover is written when a household is opened


class Mine(NamedTuple):
    """A household in which one has a right."""

    household: HouseholdId
    regisseur: Handle | None
    role: Role
    sections: tuple[SectionName, ...]
    until: object


def open_household(
    desk: Desk, regisseur: Handle | None, cover: BinaryIO | None = None, media_type: str = "text/plain"
) -> tuple[HouseholdId, vault.Written | None]:
    """Open a household: a first key for every section, boxed to its regisseur and the team.

    A coordinator who gives a cover writes it by the team's right, which holds only until there is a
    regisseur: so the household is opened, the cover written, and then the regisseur assigned.
    """
    situation = desk.gate.survey()
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
        written = write(desk, household.household, COVER, OPENING, cover, media_type)
    if first != regisseur and regisseur is not None:
        assign(desk, household.household, regisseur)
    return household.household, written


def assign(desk: Desk, household_id: HouseholdId, regisseur: Handle) -> list[SectionName]:
    """Give a household another regisseur, with a new key for every section."""
    situation = desk.gate.survey(household_id)
    household = situation.register.households[household_id]
    made = new_keys(desk, situation, household, list(household.sections), regisseur=regisseur)
    statement = Statement(
        "regisseur.assigned/1", household=household_id, handle=regisseur, keyings=made.keyings
    )
    desk.gate.enact(statement, made.objects)
    return list(household.sections)


def show(desk: Desk, household_id: HouseholdId) -> tuple[Situation, Household]:
    """Show a household's state: sections, versions, who may open what. No content."""
    situation = desk.gate.survey(household_id)
    return situation, situation.register.households[household_id]
