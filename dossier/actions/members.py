"""Admit members by their card, change their roles, suspend and restore them."""

from dossier.actions.approvals import Stated, state
from dossier.actions.boxes import box_what_is_due, with_gate_box
from dossier.desk import Desk
from dossier.errors import IntegrityError
from dossier.gate.base import Situation
from dossier.model import Digest, Handle, Role
from dossier.register.members import Member
from dossier.statements import Statement
from dossier.team import digest_of, seed_box
from keys.errors import KeysError
from keys.identity import Card


def members(desk: Desk) -> list[Member]:
    """List everyone ever admitted, in the order of admission."""
    return list(desk.gate.survey().register.members.values())


def read_card(card_file: bytes, fingerprint: str) -> Card:
    """Read a card that was handed over, under the fingerprint that its holder gave by hand.

    Raises:
        IntegrityError: when the file is no card, its keys are weak, or the fingerprint is not the card's.
    """
    try:
        card = Card.read(card_file)
    except KeysError as e:
        raise IntegrityError("card-" + e.code) from e
    if card.fingerprint != fingerprint:
        raise IntegrityError("card-other-fingerprint")
    return card


def admit(desk: Desk, card_file: bytes, roles: list[Role], fingerprint: str) -> tuple[Stated, Card]:
    """Admit the holder of a card, under the fingerprint that they gave by hand.

    The admission carries the member's box of the epoch secret and, for a coordinator, of the team's seed:
    whoever approves it need not be able to make them. While the store is served a member needs no box; a
    beheerder gets theirs right after.

    Raises:
        IntegrityError: as `read_card`.
    """
    card = read_card(card_file, fingerprint)
    situation = desk.gate.survey()
    objects: dict[Digest, bytes] = {}
    tag, gate_box = with_gate_box(desk, situation.register, "member.admitted", card, objects)
    team_box = _team_box(desk, situation, card, objects, becomes=Role.COORDINATOR in roles)
    statement = Statement(tag, card=card, roles=tuple(roles), **gate_box, **team_box)
    stated = state(desk, situation, statement, objects)
    if Role.BEHEERDER in roles and not gate_box:
        box_what_is_due(desk)
    return stated, card


def _team_box(
    desk: Desk, situation: Situation, card: Card, objects: dict[Digest, bytes], *, becomes: bool
) -> dict[str, int | str | None]:
    """Box the team's seed to whoever becomes coordinator; give the fields that say so."""
    register = situation.register
    if not becomes or not register.member(desk.handle).holds(Role.COORDINATOR):
        return {"number": None, "coordination_box": None}
    box = seed_box(desk, register, card)
    objects[digest_of(box)] = box
    return {"number": register.number, "coordination_box": digest_of(box)}


def change_roles(desk: Desk, handle: Handle, add: list[Role], remove: list[Role]) -> Stated:
    """Give and take roles. A role taken away ends what was given for it."""
    situation = desk.gate.survey()
    objects: dict[Digest, bytes] = {}
    member = situation.register.members.get(handle)
    becomes = member is not None and Role.COORDINATOR in add
    fields = (
        _team_box(desk, situation, member.card, objects, becomes=becomes)
        if member is not None
        else {"number": None, "coordination_box": None}
    )
    statement = Statement(
        "member.roles-changed/1", handle=handle, add=tuple(add), remove=tuple(remove), **fields
    )
    return state(desk, situation, statement, objects)


def suspend(desk: Desk, handle: Handle, reason: str) -> Stated:
    """Suspend a member: from their next command on they do nothing."""
    situation = desk.gate.survey()
    return state(desk, situation, Statement("member.suspended/1", handle=handle, reason=reason), {})


def restore(desk: Desk, handle: Handle, reason: str) -> Stated:
    """Undo a suspension."""
    situation = desk.gate.survey()
    return state(desk, situation, Statement("member.restored/1", handle=handle, reason=reason), {})
