"""Give a colleague scoped, dated access to a household; revoke it; tell who can open what."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from dossier.actions.renewal import Prepared, state_with_new_keys
from dossier.desk import Desk
from dossier.errors import NotFoundError, UsageError
from dossier.gate.showing import Whose
from dossier.keying import new_keys, slot_box
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
from dossier.register.households import Grant, Household
from dossier.register.register import Register
from dossier.statements import Statement
from dossier.team import digest_of, section_key
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


class Preview(NamedTuple):
    """Who would get what, to be looked at before it is given."""

    person: str
    org: str
    fingerprint: str
    versions: tuple[tuple[SectionName, int], ...]  # that the grantee's keys will open: all of them


def preview(desk: Desk, household_id: HouseholdId, wish: Wish) -> Preview:
    """Tell what a grant would open, and for whom."""
    register = desk.gate.survey(household_id).register
    member = register.members.get(wish.handle)
    if member is None:
        raise UsageError("unknown-member", handle=wish.handle)
    sections = register.households[household_id].sections
    for name in wish.sections:
        if name not in sections:
            raise UsageError("unknown-section", section=name, sections=", ".join(sections))
    policy = register.policy
    for purpose in wish.purposes:
        if policy is not None and purpose not in policy.purposes:
            raise UsageError("unknown-purpose", purpose=purpose, purposes=", ".join(policy.purposes))
    versions = tuple((name, len(sections[name].versions)) for name in wish.sections)
    return Preview(member.card.person, member.card.org, member.fingerprint, versions)


def stand_in(desk: Desk, household_id: HouseholdId, handle: Handle, until: datetime) -> GrantId:
    """Let another regisseur stand in up to a moment, by a grant; the regisseur stays."""
    situation = desk.gate.survey(household_id)
    policy, household = situation.register.policy, situation.register.households[household_id]
    if policy is None:
        raise UsageError("no-policy")
    sections = tuple(s for s in household.sections if Role.REGISSEUR in policy.sections.get(s, ()))
    purposes = tuple(
        purpose.id
        for purpose in policy.purposes.values()
        if any(allow.role is Role.REGISSEUR for allow in purpose.allows)
    )
    return give(
        desk, household_id, Wish(handle, Role.REGISSEUR, sections, (Deed.READ, Deed.WRITE), purposes, until)
    )


class Revoked(NamedTuple):
    """What a revocation came to, and what it cannot undo."""

    rekeyed: tuple[SectionName, ...]
    opened: tuple[tuple[SectionName, int, datetime], ...]


def revoke(desk: Desk, household_id: HouseholdId, grant_id: GrantId, reason: str) -> Revoked:
    """Revoke a grant, with a new key for each section that it covered."""
    grants: list[Grant] = []

    def prepare() -> Prepared:
        situation = desk.gate.survey(household_id)
        household = situation.register.households[household_id]
        grants[:] = [_grant(household, grant_id)]
        made = new_keys(desk, situation, household, list(grants[0].sections), without=grant_id)
        named = {"household": household_id, "grant": grant_id, "reason": reason}
        return Statement("grant.revoked/1", **named, keyings=made.keyings), made.objects

    state_with_new_keys(desk, prepare)
    grant = grants[0]
    return Revoked(grant.sections, tuple(opened_by(desk, household_id, grant)))


def _grant(household: Household, grant_id: GrantId) -> Grant:
    """Give a grant that has not ended before its time. Raises NotFoundError."""
    grant = household.grants.get(grant_id)
    if grant is None or grant.ended is not None:
        raise NotFoundError("no-such-grant")
    return grant


def opened_by(
    desk: Desk, household_id: HouseholdId, grant: Grant
) -> Iterator[tuple[SectionName, int, datetime]]:
    """Give what the holder of a grant opened under it, from the log."""
    for one in desk.gate.openings(Whose(basis=grant.grant, since=grant.position)):
        if one.household == household_id:
            yield one.section, one.version, one.at


def grants(
    desk: Desk, household: HouseholdId | None, member: Handle | None, expiring: int | None
) -> list[tuple[HouseholdId, Grant, str]]:
    """List grants with their state: of a household, or of every one in which one has a right."""
    desk.gate.survey(household)
    named = [household] if household else [one for one, _ in desk.memory.households()]
    rows = []
    for one, situation, _ in desk.gate.survey_each(named):
        for grant in situation.register.households[one].grants.values():
            soon = expiring is None or situation.at <= grant.until <= situation.at + timedelta(days=expiring)
            if soon and member in (None, grant.handle):
                rows.append((one, grant, _state(situation.register, grant, situation.at)))
    return [row for row in rows if expiring is None or row[2] == "live"]


def _state(register: Register, grant: Grant, at: datetime) -> str:
    if grant.ended is not None:
        return "revoked"
    return "live" if grant.live(at) and register.member(grant.handle).holds(grant.role) else "ended"
