"""Give active members the boxes that they should have and do not: of the epoch, and of the team's seed."""

from collections.abc import Callable
from typing import Any

from dossier.desk import Desk
from dossier.errors import ConflictError
from dossier.gate.base import Situation
from dossier.keying import slot_box
from dossier.model import Digest, Handle, HouseholdId, Role
from dossier.register.households import Section
from dossier.register.register import Register
from dossier.shapes import Boxed
from dossier.statements import Statement
from dossier.team import digest_of, section_key, seed_box
from keys.identity import Card

Opens = Callable[[Situation, HouseholdId, Section], bytes | None]  # a section's key, where one has it


def with_gate_box(
    desk: Desk, register: Register, kind: str, card: Card, objects: dict[Digest, bytes]
) -> tuple[str, dict[str, Any]]:
    """Give the tag of a statement that puts a card in force, with the fields of the box that comes with it.

    While the store is served none comes: the gates have the secret, and a beheerder gets it by `gate.boxed`.
    """
    if register.served:
        return f"{kind}/2", {}
    epoch, box = desk.gate.epoch_box(card)
    objects[digest_of(box)] = box
    return f"{kind}/1", {"epoch": epoch, "gate_box": digest_of(box)}


def box_what_is_due(desk: Desk) -> int:
    """Box what is due, as far as one's role goes; give how many boxes.

    A box is due to whoever became active, or coordinator, while another epoch or card was in force.
    """
    register = desk.gate.survey().register
    me = register.member(desk.handle)
    made = 0
    if me.holds(Role.COORDINATOR) or me.holds(Role.BEHEERDER):
        for handle, card in register.lacking_epoch().items():
            epoch, box = desk.gate.epoch_box(card)
            statement = Statement("gate.boxed/1", epoch=epoch, handle=handle, box=digest_of(box))
            desk.gate.enact(statement, {digest_of(box): box})
            made += 1
    if me.holds(Role.COORDINATOR) and desk.handle in register.coordination_boxes:
        for member in register.holders(Role.COORDINATOR):
            if member.handle not in register.coordination_boxes:
                box = seed_box(desk, register, member.card)
                statement = Statement(
                    "coordination.boxed/1",
                    number=register.number,
                    handle=member.handle,
                    box=digest_of(box),
                )
                desk.gate.enact(statement, {digest_of(box): box})
                made += 1
    return made


def box_slots_of(desk: Desk, handle: Handle) -> int:
    """Box to a member, as a coordinator, every section key that they have a right to and no box of.

    So it is after a renewal: no box to the old card counts. Gives how many households it was.
    """
    if not desk.gate.register.member(desk.handle).holds(Role.COORDINATOR):
        return 0
    households = [household for household, _ in desk.memory.households()]
    return box_slots(desk, handle, households, lambda s, h, section: section_key(desk, s, h, section))


def box_slots(desk: Desk, handle: Handle, households: list[HouseholdId], opens: Opens) -> int:
    """Box to a member's present card what `opens` opens, of what they have a right to and no box of."""
    boxed = 0
    for household, situation, _ in desk.gate.survey_each(households):
        rows: list[Boxed] = []
        objects: dict[Digest, bytes] = {}
        for role, section in _lacking(situation, household, handle):
            key = opens(situation, household, section)
            if key is not None:
                card = situation.register.member(handle).card
                place = (desk.store.store_id, household, section.name, section.generation)
                box = slot_box(*place, role, card, key)
                objects[digest_of(box)] = box
                rows.append(Boxed(role, section.name, section.generation, digest_of(box)))
        if rows:
            statement = Statement("slot.boxed/1", household=household, handle=handle, boxes=tuple(rows))
            boxed += _state(desk, statement, objects)
    return boxed


def _state(desk: Desk, statement: Statement, objects: dict[Digest, bytes]) -> bool:
    """State it; a rekey that came between has boxed to the present card already."""
    try:
        desk.gate.enact(statement, objects)
    except ConflictError:
        return False
    return True


def _lacking(situation: Situation, household_id: HouseholdId, handle: Handle) -> list[tuple[Role, Section]]:
    """Give each section, with the role, that a member has a right to and no box of."""
    household = situation.register.households[household_id]
    found = []
    for name, section in household.sections.items():
        for role, holder in dict.fromkeys(situation.register.rights(household, name, situation.at)):
            if holder == handle and (role, holder) not in section.boxes:
                found.append((role, section))
    return found
