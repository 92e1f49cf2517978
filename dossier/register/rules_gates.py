"""Who may say what about the gate: become served and cease to be, and the epochs of its secret.

STATEMENTS.md; KEYS.md, "Keys".
"""

from dossier.model import Handle, Reason, Role
from dossier.register.members import GateMember
from dossier.register.register import Act, Epoch, Fault, Register
from dossier.register.rules_custody import check_boxed
from dossier.register.rules_members import check_new
from dossier.register.signers import known_reason, signer


def check_gate_admitted(register: Register, act: Act) -> None:
    """By a coordinator: the card of a new gate, whose handle and keys nobody had."""
    signer(register, act, Role.COORDINATOR)
    check_new(register, act.statement["card"])


def admit_gate(register: Register, act: Act) -> None:
    """The gate is known. It may do nothing yet."""
    card = act.statement["card"]
    gate = GateMember(card, card.fingerprint, act.leaf, None, left=False, by=act.signer, at=act.at)
    register.gates[Handle(card.handle)] = gate
    register.keys |= {card.sign, card.box}


def check_gate_adopted(register: Register, act: Act) -> None:
    """By a coordinator: a gate that was admitted, and was not adopted before."""
    signer(register, act, Role.COORDINATOR)
    gate = _gate(register, act)
    if gate.left or gate.adopted is not None:
        raise Fault(Reason.GATE_AS_IT_IS)
    _check_rotates(register)


def adopt_gate(register: Register, act: Act) -> None:
    """The store is served from here; no version is written before the rotation that boxes to gates."""
    handle = Handle(act.statement["gate"])
    register.gates[handle] = register.gates[handle]._replace(adopted=act.position)
    register.awaited_since = act.at


def check_gate_left(register: Register, act: Act) -> None:
    """By a coordinator: a gate that has not left. If it serves the store, someone must be able to rotate."""
    signer(register, act, Role.COORDINATOR)
    gate = _gate(register, act)
    known_reason(register, act)
    if gate.left:
        raise Fault(Reason.GATE_AS_IT_IS)
    if gate.serves:
        _check_rotates(register)


def leave_gate(register: Register, act: Act) -> None:
    """The gate is gone for good, and a rotation is due; if it was the last, the store is embedded again."""
    handle, served = Handle(act.statement["gate"]), register.served
    register.gates[handle] = register.gates[handle]._replace(left=True)
    if handle in register.gate_boxes:
        register.to_rotate_out[handle] = act.at
    if served and not register.served:
        register.awaited_since = act.at


def _gate(register: Register, act: Act) -> GateMember:
    """Give the gate that a statement names. Raises Fault(UNKNOWN_GATE)."""
    found = register.gates.get(Handle(act.statement["gate"]))
    if found is None:
        raise Fault(Reason.UNKNOWN_GATE)
    return found


def _check_rotates(register: Register) -> None:
    """See that a beheerder has the secret in force, without whom the rotation that follows never comes.

    Raises Fault(NO_BEHEERDER).
    """
    if not any(member.handle in register.gate_boxes for member in register.holders(Role.BEHEERDER)):
        raise Fault(Reason.NO_BEHEERDER)


def check_gate_boxed(register: Register, act: Act) -> None:
    """By a coordinator or beheerder, or the member to their own card; of the epoch in force."""
    handle = Handle(act.statement["handle"])
    if act.signer == handle:
        signer(register, act)
    else:
        signer(register, act, Role.COORDINATOR, Role.BEHEERDER)
    if handle not in register.gates:
        register.member(handle)
    if handle not in register.epoch_cards():
        raise Fault(Reason.STRANGER_BOXED)
    if act.statement["epoch"] != register.epoch.number:
        raise Fault(Reason.EPOCH_WRONG)


def box_gate(register: Register, act: Act) -> None:
    """The member or gate has the epoch secret."""
    register.gate_boxes[Handle(act.statement["handle"])] = act.statement["box"]


def check_rotated(register: Register, act: Act) -> None:
    """By a beheerder: the next epoch, boxed to every active member, none missing, none other.

    While the store is served: to every active beheerder and adopted gate instead.
    """
    statement = act.statement
    signer(register, act, Role.BEHEERDER)
    if statement["epoch"] != register.epoch.number + 1:
        raise Fault(Reason.EPOCH_WRONG)
    before = {(epoch.log_key, epoch.commitment) for epoch in register.epochs}
    if any(statement["log_key"] == key or statement["commitment"] == own for key, own in before):
        raise Fault(Reason.KEY_AGAIN)
    check_boxed(statement["gate_boxes"], register.epoch_cards())


def rotate(register: Register, act: Act) -> None:
    """The new secret is in force: whoever was left out opens nothing written from here on."""
    statement = act.statement
    register.epochs.append(
        Epoch(
            statement["epoch"],
            act.position,
            act.at,
            statement["log_key"],
            statement["commitment"],
            statement["before"],
        ),
    )
    register.gate_boxes = dict(statement["gate_boxes"])
    register.to_rotate_out.clear()
    register.lost.clear()
    register.awaited_since = None
    if register.restored is not None and register.restored.rotated is None:
        register.restored = register.restored._replace(rotated=act.position)
