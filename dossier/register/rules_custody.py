"""Who may say what about the keys of the whole team: the coordination card, and its recovery.

STATEMENTS.md; KEYS.md, "Keys".
"""

from collections.abc import Collection

from dossier.model import Handle, Reason, Role
from dossier.register.members import Member
from dossier.register.register import Act, Coordination, Fault, Recovery, Register
from dossier.register.rules_members import check_gate_box, check_new, take_boxes
from dossier.register.signers import signer

_LEAST_THRESHOLD, _MOST_SHARES = 2, 16  # of the recovery seed's custodians (SLIP-39: 16 shares)


def check_coordination_boxed(register: Register, act: Act) -> None:
    """By a coordinator, to an active coordinator, of the newest coordination card."""
    signer(register, act, Role.COORDINATOR)
    if not register.member(act.statement["handle"]).holds(Role.COORDINATOR):
        raise Fault(Reason.STRANGER_BOXED)
    if act.statement["number"] != register.number:
        raise Fault(Reason.NUMBER_WRONG)


def box_coordination(register: Register, act: Act) -> None:
    """The coordinator has the seed."""
    register.coordination_boxes[Handle(act.statement["handle"])] = act.statement["box"]


def check_coordination_renewed(register: Register, act: Act) -> None:
    """By a coordinator: the next number, boxed to the active coordinators and a recovery card that counts."""
    statement = act.statement
    signer(register, act, Role.COORDINATOR)
    if statement["number"] != register.number + 1:
        raise Fault(Reason.NUMBER_WRONG)
    if statement["coordination"] in {known.public for known in register.coordinations}:
        raise Fault(Reason.CARD_TAKEN)
    check_boxed(statement["boxes"], [member.handle for member in register.holders(Role.COORDINATOR)])
    recoverable = register.recovery is not None and register.recoverable()
    if (statement["recovery_box"] is not None) != recoverable:
        raise Fault(Reason.BOX_MISSING if recoverable else Reason.STRANGER_BOXED)


def check_boxed(boxes: tuple[tuple[str, str], ...], handles: Collection[Handle]) -> None:
    """See that there is one box for each of these, none missing, none other. Raises Fault."""
    boxed = [handle for handle, _ in boxes]
    if set(handles) - set(boxed):
        raise Fault(Reason.HOLDER_MISSED)
    if len(boxed) != len(handles):
        raise Fault(Reason.STRANGER_BOXED)


def renew_coordination(register: Register, act: Act) -> None:
    """The team has another card: what is boxed to it from here on, no former coordinator opens."""
    statement = act.statement
    register.coordinations.append(
        Coordination(statement["number"], statement["coordination"], statement["before"])
    )
    register.coordination_boxes = dict(statement["boxes"])
    register.coordination_due = False
    if register.recovery is not None:
        register.recovery = register.recovery._replace(box=statement["recovery_box"])


def check_split(register: Register, act: Act) -> None:
    """By a coordinator, with a second person: a new card, of which at least two custodians are needed."""
    statement = act.statement
    signer(register, act, Role.COORDINATOR)
    if not _LEAST_THRESHOLD <= statement["threshold"] <= statement["shares"] <= _MOST_SHARES:
        raise Fault(Reason.SHARES_WRONG)
    if statement["number"] != register.number:
        raise Fault(Reason.NUMBER_WRONG)
    check_new(register, statement["card"])


def split(register: Register, act: Act) -> None:
    """The recovery card counts from here; one before it counts no more."""
    statement = act.statement
    card = statement["card"]
    register.retired.add(Handle(card.handle))
    register.keys |= {card.sign, card.box}
    register.recovery = Recovery(
        card=card,
        fingerprint=card.fingerprint,
        by=act.signer,
        by_card=act.card,
        threshold=statement["threshold"],
        shares=statement["shares"],
        box=statement["recovery_box"],
        used=None,
        position=act.position,
    )


def check_recovered(register: Register, act: Act) -> None:
    """By the recovery card, once: it admits one new coordinator, with their boxes."""
    statement, recovery = act.statement, register.recovery
    if recovery is None or (act.signer, act.card) != (recovery.card.handle, recovery.fingerprint):
        raise Fault(Reason.NO_RECOVERY)
    if recovery.box is None or not register.recoverable():
        raise Fault(Reason.RECOVERY_USED)
    check_gate_box(register, statement)
    check_new(register, statement["card"])
    if statement["number"] != register.number:
        raise Fault(Reason.NUMBER_WRONG)
    if "epoch" in statement.fields and statement["epoch"] != register.epoch.number:
        raise Fault(Reason.EPOCH_WRONG)


def recover(register: Register, act: Act) -> None:
    """There is a coordinator, who approves nothing for 30 days; this card is used up, all keys are due."""
    card = act.statement["card"]
    member = Member(card, {Role.COORDINATOR}, act.signer, act.at, act.leaf)
    member.recovered_at = act.at
    register.enter(member)
    take_boxes(register, member.handle, act.statement)
    register.coordination_due = True
    assert register.recovery is not None  # noqa: S101 (checked above)
    register.recovery = register.recovery._replace(used=act.position, box=None)
    register.to_rotate_out[act.signer] = act.at
