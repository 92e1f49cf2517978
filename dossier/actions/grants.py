"""Give a colleague scoped, dated access to a household; revoke it; tell who can open what."""

from datetime import datetime
from typing import NamedTuple

from dossier.desk import Desk
from dossier.errors import NotFoundError
from dossier.model import (
    Deed,
    Digest,
    GrantId,
    Handle,
    HouseholdId,
    PurposeId,
    Role,
    SectionName,
    new_grant_id,
)
from dossier.statements import Statement
from dossier.team import digest_of, new_keys, section_key, slot_box
from keys.primitives import random_bytes


class Wish(NamedTuple):
    """What a grant is to give."""

    handle: Handle
    role: Role
    sections: tuple[SectionName, ...]
    deeds: tuple[Deed, ...]
    purposes: tuple[PurposeId, ...]
    until: datetime
    reason: str | None = None


def give(desk: Desk, household_id: HouseholdId, wish: Wish) -> GrantId:
    """Give a grant: the grantee's boxes of the section keys in force come with it."""
    situation = desk.gate.survey(household_id)
    register = situation.register
    household = register.households[household_id]
    member = register.members.get(wish.handle)
    objects: dict[Digest, bytes] = {}
    boxes = []
    coordinator = register.member(desk.handle).holds(Role.COORDINATOR)
    for name in wish.sections:
        section = household.sections.get(name)
        if member is not None and section is not None and coordinator:
            key = section_key(desk, situation, household_id, section)
            place = (desk.store.store_id, household_id, name, section.generation)
            box = slot_box(*place, wish.role, member.card, key)
            objects[digest_of(box)] = box
            boxes.append((name, section.generation, digest_of(box)))
    grant = new_grant_id(random_bytes(8))
    statement = Statement(
        "grant.given/1",
        household=household_id,
        grant=grant,
        handle=wish.handle,
        role=wish.role,
        sections=wish.sections,
        deeds=wish.deeds,
        purposes=wish.purposes,
        until=wish.until,
        reason=wish.reason,
        boxes=tuple(boxes),
    )
    desk.gate.enact(statement, objects)
    return grant


def revoke(desk: Desk, household_id: HouseholdId, grant_id: GrantId, reason: str) -> list[SectionName]:
    """Revoke a grant, with a new key for each section that it covered."""
    situation = desk.gate.survey(household_id)
    household = situation.register.households[household_id]
    grant = household.grants.get(grant_id)
    if grant is None:
        raise NotFoundError("no-such-grant")
    made = new_keys(desk, situation, household, list(grant.sections), without=grant_id)
    statement = Statement(
        "grant.revoked/1",
        household=household_id,
        grant=grant_id,
        reason=reason,
        keyings=made.keyings,
    )
    desk.gate.enact(statement, made.objects)
    return list(grant.sections)
