"""What is due of the keys, and what they are: rotations, rekeys, cards, and a crypto inventory."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from dossier.desk import Desk
from dossier.model import Handle, HouseholdId, Role, SectionName
from dossier.register.households import Household
from dossier.register.register import Register

_DAY = timedelta(days=1)

# What each is done with: names of the suite of format version 1 (KEYS.md, "Suite").
ALGORITHMS = {
    "boxes": "HPKE base, MLKEM768-X25519, HKDF-SHA256, AES-256-GCM (RFC 9180)",
    "wraps": "AES-256-GCM",
    "contents": "Cobblestone-256 (C2SP chunked-encryption)",
    "signatures": "Ed25519 (RFC 8032)",
    "passphrases": "Argon2id (RFC 9106)",
    "log": "SHA-256 Merkle tree (RFC 9162), C2SP checkpoints",
}


class Due(NamedTuple):
    """Something that is to be done about keys, by whom, and since when; overdue when a limit is past."""

    what: str  # rotate, renew-coordination, split-recovery, box-gate, box-coordination, rekey, box-slot
    why: str
    by: Role
    who: Handle | None = None
    household: HouseholdId | None = None
    since: datetime | None = None
    overdue: bool = False


class Counts(NamedTuple):
    """How many things of each kind of cryptography there are."""

    boxes: int
    wraps: int
    contents: int
    signatures: int  # one over each entry, one over each checkpoint


class Status(NamedTuple):
    """How the keys of a store stand."""

    epoch: int
    since: datetime
    within: int  # members with a box of the secret in force
    gates: tuple[Handle, ...]  # that serve the store
    number: int  # of the coordination card
    recovery: tuple[int, int] | None  # threshold and shares of the recovery card that counts
    households: int | None  # looked at; None when one may not look at them
    sections: int
    counts: Counts  # of the store's own only, where one may not look at every household
    due: tuple[Due, ...]


def status(desk: Desk) -> Status:
    """Tell how the keys stand. Who may not look at every household is told of the store's keys only."""
    situation = desk.gate.survey()
    register, at = situation.register, situation.at
    due = list(of_store(register, at))
    me = register.member(desk.handle)
    looked, sections = None, 0
    boxes, versions = sum(1 for _ in register.objects()), 0
    if me.roles & {Role.COORDINATOR, Role.TOEZICHTHOUDER}:
        looked = 0
        for household_id, seen, _ in desk.gate.survey_each([one for one, _ in desk.memory.households()]):
            household = seen.register.households[household_id]
            looked += 1
            sections += len(household.sections)
            boxes += sum(len(section.boxes) + 1 for section in household.sections.values())
            versions += sum(len(section.versions) for section in household.sections.values())
            due += of_household(seen.register, household, seen.at)
    counts = register.recovery if register.recoverable() else None
    return Status(
        register.epoch.number,
        register.epoch.since,
        sum(1 for m in register.members.values() if m.active and m.handle in register.gate_boxes),
        tuple(Handle(gate.card.handle) for gate in register.adopted_gates()),
        register.number,
        None if counts is None or counts.box is None else (counts.threshold, counts.shares),
        looked,
        sections,
        Counts(boxes, versions, versions, 2 * desk.memory.verified.size),
        tuple(due),
    )


def of_store(register: Register, at: datetime) -> Iterator[Due]:
    """Tell what is due of the store's own keys."""
    yield from _of_epoch(register, at)
    if register.coordination_due:
        yield Due("renew-coordination", "left-out", Role.COORDINATOR)
    recovery = register.recovery
    if recovery is None:
        yield Due("split-recovery", "none", Role.COORDINATOR)
    elif not register.recoverable() or recovery.box is None:
        yield Due("split-recovery", "used" if recovery.used is not None else "left-out", Role.COORDINATOR)
    for handle in register.lacking_epoch():
        yield Due("box-gate", "no-box", Role.COORDINATOR, handle)
    for member in register.members.values():
        if member.holds(Role.COORDINATOR) and member.handle not in register.coordination_boxes:
            yield Due("box-coordination", "no-box", Role.COORDINATOR, member.handle)


def _of_epoch(register: Register, at: datetime) -> Iterator[Due]:
    """Tell why a rotation is due."""
    limits = None if register.policy is None else register.policy.limits
    for handle, since in register.to_rotate_out.items():
        yield Due("rotate", "left-out", Role.BEHEERDER, handle, None, since)
    if limits is not None and at > register.epoch.since + limits.epoch_days * _DAY:
        yield Due("rotate", "age", Role.BEHEERDER, since=register.epoch.since, overdue=True)
    if register.awaited_since is not None:
        why = "served" if register.served else "embedded"
        yield Due("rotate", why, Role.BEHEERDER, since=register.awaited_since, overdue=True)
    if register.restored is not None and register.restored.rotated is None:
        yield Due("rotate", "restored", Role.BEHEERDER, since=register.restored.at)


def of_household(register: Register, household: Household, at: datetime) -> Iterator[Due]:
    """Tell what is due of a household's keys: each once, however many of its sections it is about."""
    first: dict[tuple[str, str, Handle | None], Due] = {}
    for name, section in sorted(household.sections.items(), key=lambda item: item[1].keyed_at):
        for what, why, who in _of_section(register, household, name, at):
            due = Due(what, why, Role.COORDINATOR, who, household.household, section.keyed_at, why == "age")
            first.setdefault((what, why, who), due)
    yield from first.values()
    if register.shut(household):
        yield Due("rekey", "restored", Role.COORDINATOR, None, household.household)
    known = () if register.policy is None else register.policy.sections
    if any(name not in household.sections for name in known):
        yield Due("rekey", "new-section", Role.COORDINATOR, None, household.household)


def _of_section(
    register: Register, household: Household, name: SectionName, at: datetime
) -> Iterator[tuple[str, str, Handle | None]]:
    """Tell what is due of a section's key: what, why, and for whom."""
    section, rights = household.sections[name], set(register.rights(household, name, at))
    for _, handle in sorted(section.known_to - rights):
        yield "rekey", "left-out", handle
    for _, handle in sorted(rights - set(section.boxes)):
        yield "box-slot", "no-box", handle
    for handle in sorted(section.exposed):
        yield "rekey", "lost-card", handle
    if section.keying.number != register.number:
        yield "rekey", "old-team-card", None
    if register.policy is not None and at > section.keyed_at + register.policy.limits.generation_days * _DAY:
        yield "rekey", "age", None
