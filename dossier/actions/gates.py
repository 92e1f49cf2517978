"""Admit, adopt and let go a gate with a card of its own: so a store becomes served (STATEMENTS.md)."""

from typing import NamedTuple

from dossier.actions import rotation
from dossier.actions.approvals import Stated, state
from dossier.actions.boxes import box_what_is_due
from dossier.actions.members import read_card
from dossier.desk import Desk
from dossier.model import Handle, Role
from dossier.register.members import GateMember
from dossier.register.register import Register
from dossier.statements import Statement
from keys.identity import Card


class Gates(NamedTuple):
    """The gates of a store, and how it stands."""

    gates: tuple[GateMember, ...]  # in the order of admission
    boxed: frozenset[Handle]  # those of them that have the secret in force
    served: bool
    rotation_awaited: bool  # until then nothing can be written


def gates(desk: Desk) -> Gates:
    """List every gate ever admitted."""
    register = desk.gate.survey().register
    boxed = frozenset(handle for handle in register.gates if handle in register.gate_boxes)
    return Gates(tuple(register.gates.values()), boxed, register.served, register.rotation_awaited)


def admit(desk: Desk, card_file: bytes, fingerprint: str) -> tuple[Stated, Card]:
    """Admit a gate by its card, under the fingerprint that its keeper gave by hand. It may do nothing yet.

    Raises:
        IntegrityError: as `members.read_card`.
    """
    card = read_card(card_file, fingerprint)
    return state(desk, desk.gate.survey(), Statement("gate.admitted/1", card=card), {}), card


def adopt(desk: Desk, handle: Handle) -> Stated:
    """Let a gate serve the store. From here nothing is written until a beheerder rotates (`go_on`)."""
    return _state(desk, Statement("gate.adopted/1", gate=handle))


def leave(desk: Desk, handle: Handle, reason: str) -> Stated:
    """Let a gate go for good. If it served the store a rotation is due (`go_on`)."""
    return _state(desk, Statement("gate.left/1", gate=handle, reason=reason))


def _state(desk: Desk, statement: Statement) -> Stated:
    """State it, once every beheerder who should have the secret in force has it: one of them rotates next."""
    box_what_is_due(desk)
    return state(desk, desk.gate.survey(), statement, {})


def rotation_due(register: Register) -> bool:
    """Tell whether a gate that came or went makes a rotation due."""
    return register.rotation_awaited or any(handle in register.gates for handle in register.to_rotate_out)


def go_on(desk: Desk) -> rotation.Rotated | None:
    """Rotate, as a beheerder, where a gate that came or went makes that due; None where it is not.

    It is one statement of its own: cut off before it, `keys rotate` makes it.
    """
    register = desk.gate.survey().register
    if not rotation_due(register) or not register.member(desk.handle).holds(Role.BEHEERDER):
        return None
    return rotation.rotate(desk)
