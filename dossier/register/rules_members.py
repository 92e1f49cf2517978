"""Who may say what about members: admit, change, suspend, restore, renew, let go (STATEMENTS.md)."""

from dossier.model import Handle, Reason, Role
from dossier.register.members import Member, roles_go_together
from dossier.register.register import Act, Fault, Register
from dossier.register.signers import known_reason, not_yourself, signer
from dossier.statements import Statement
from keys.identity import Card


def check_admitted(register: Register, act: Act) -> None:
    """By a coordinator: a new handle, a new card, roles that go together, its boxes with it."""
    statement = act.statement
    signer(register, act, Role.COORDINATOR)
    card = statement["card"]
    check_gate_box(register, statement)
    check_new(register, card)
    if not roles_go_together(statement["roles"]):
        raise Fault(Reason.ROLES_EXCLUSIVE)
    _check_coordination_box(statement, becomes=Role.COORDINATOR in statement["roles"])


def check_new(register: Register, card: Card) -> None:
    """Let in a card of someone new: neither its handle nor one of its keys was ever here. Raises Fault."""
    if any(card.handle in taken for taken in (register.members, register.gates, register.retired)):
        raise Fault(Reason.HANDLE_TAKEN)
    check_keys_new(register, card)


def check_keys_new(register: Register, card: Card) -> None:
    """Let no key come back, nor one belong to two. Raises Fault(CARD_TAKEN)."""
    if card.sign in register.keys or card.box in register.keys:
        raise Fault(Reason.CARD_TAKEN)


def check_gate_box(register: Register, statement: Statement) -> None:
    """A card comes with a box of the epoch secret while the store is embedded, with none while it is served.

    Raises Fault(GATE_BOX_WRONG).
    """
    if ("gate_box" in statement.fields) == register.served:
        raise Fault(Reason.GATE_BOX_WRONG)


def admit(register: Register, act: Act) -> None:
    """The member is active from here; a box for a superseded epoch or card counts for nothing."""
    statement = act.statement
    card = statement["card"]
    register.enter(Member(card, statement["roles"], act.signer, act.at, act.leaf))
    take_boxes(register, Handle(card.handle), statement)


def take_boxes(register: Register, handle: Handle, statement: Statement) -> None:
    """Note the boxes that come with a card, those of them that are of what is in force."""
    if "gate_box" in statement.fields and statement["epoch"] == register.epoch.number:
        register.gate_boxes[handle] = statement["gate_box"]
    _take_coordination_box(register, handle, statement)


def _check_coordination_box(statement: Statement, *, becomes: bool) -> None:
    """Whoever becomes coordinator gets a box of the coordination seed; nobody else does."""
    given = (statement["number"] is not None, statement["coordination_box"] is not None)
    if given != (becomes, becomes):
        raise Fault(Reason.BOX_MISSING if becomes else Reason.STRANGER_BOXED)


def _take_coordination_box(register: Register, handle: Handle, statement: Statement) -> None:
    if statement["number"] == register.number:
        register.coordination_boxes[handle] = statement["coordination_box"]


def check_roles_changed(register: Register, act: Act) -> None:
    """By a coordinator, not about themselves; what is added was not held, what is removed was."""
    statement = act.statement
    signer(register, act, Role.COORDINATOR)
    member = register.member(statement["handle"])
    add, remove = set(statement["add"]), set(statement["remove"])
    not_yourself(act)
    if not member.active:
        raise Fault(Reason.STATE_AS_IT_IS)
    if add & member.roles or remove - member.roles or not add | remove:
        raise Fault(Reason.ROLE_AS_IT_IS)
    after = (member.roles | add) - remove
    if Role.BEHEERDER in member.ever | add or not roles_go_together(after):
        raise Fault(Reason.ROLES_EXCLUSIVE)
    _check_coordination_box(statement, becomes=Role.COORDINATOR in add)


def change_roles(register: Register, act: Act) -> None:
    """A role taken away ends what was given for it."""
    statement = act.statement
    member = register.member(statement["handle"])
    after = (member.roles | set(statement["add"])) - set(statement["remove"])
    member.change(act.at, roles=frozenset(after))
    if statement["add"]:
        member.ties.append((act.at, act.signer))
    for role in statement["remove"]:
        _end_role(register, member, role, act)
    _take_coordination_box(register, member.handle, statement)


def _end_role(register: Register, member: Member, role: Role, act: Act) -> None:
    """End what was given for a role; whoever knew the team's seed makes another card due."""
    for household in register.households.values():
        household.end_role(member.handle, role, act.signer, act.at)
    if role is Role.COORDINATOR:
        _lose_seed(register, member.handle)


def _lose_seed(register: Register, handle: Handle) -> None:
    register.coordination_boxes.pop(handle, None)
    register.coordination_due = True


def check_suspended(register: Register, act: Act) -> None:
    """By a coordinator or beheerder; a toezichthouder by a coordinator only. Not the last coordinator."""
    member = _check_going(register, act)
    if not member.active:
        raise Fault(Reason.STATE_AS_IT_IS)


def check_left(register: Register, act: Act) -> None:
    """As a suspension, and for good; whoever is suspended can leave."""
    if _check_going(register, act).left:
        raise Fault(Reason.STATE_AS_IT_IS)


def _check_going(register: Register, act: Act) -> Member:
    member = register.member(act.statement["handle"])
    roles = (Role.COORDINATOR,) if Role.TOEZICHTHOUDER in member.roles else (Role.COORDINATOR, Role.BEHEERDER)
    signer(register, act, *roles)
    not_yourself(act)
    known_reason(register, act)
    if register.holders(Role.COORDINATOR) == [member]:
        raise Fault(Reason.LAST_COORDINATOR)
    return member


def suspend(register: Register, act: Act) -> None:
    """They do nothing from here on; what they had proposed ends, and a rotation is due."""
    register.stop(register.member(act.statement["handle"]), act.at)


def leave(register: Register, act: Act) -> None:
    """They are gone for good: every right that they had is over."""
    member = register.member(act.statement["handle"])
    for role in member.roles:
        _end_role(register, member, role, act)
    register.stop(member, act.at)
    member.left = True


def check_restored(register: Register, act: Act) -> None:
    """By a coordinator, not about themselves; never who left for good."""
    signer(register, act, Role.COORDINATOR)
    member = register.member(act.statement["handle"])
    not_yourself(act)
    known_reason(register, act)
    if member.left:
        raise Fault(Reason.MEMBER_LEFT)
    if member.active:
        raise Fault(Reason.STATE_AS_IT_IS)


def restore(register: Register, act: Act) -> None:
    """They are what they were before."""
    member = register.member(act.statement["handle"])
    member.change(act.at, active=True)
    member.ties.append((act.at, act.signer))
    if member.handle not in register.lost:
        register.to_rotate_out.pop(member.handle, None)


def check_renewed(register: Register, act: Act) -> None:
    """By the member under the old card, or a coordinator: a new card of the same person, with its boxes."""
    statement = act.statement
    card = statement["card"]
    member = register.member(card.handle)
    if act.signer == member.handle:
        signer(register, act)
    else:
        signer(register, act, Role.COORDINATOR)
    check_gate_box(register, statement)
    if member.left:
        raise Fault(Reason.MEMBER_LEFT)
    if (card.person, card.org) != (member.card.person, member.card.org):
        raise Fault(Reason.OTHER_PERSON)
    check_keys_new(register, card)
    _check_coordination_box(statement, becomes=Role.COORDINATOR in member.roles)


def renew(register: Register, act: Act) -> None:
    """From here on the member is known by this card, and no box to the old one is in force.

    Whoever lost a token may not be the only one who has it: then a rotation is due. Who is suspended, as they
    should be then, gets no box before they are restored.
    """
    statement = act.statement
    member = register.member(statement["card"].handle)
    coordinator = Role.COORDINATOR in member.roles
    member.renew(statement["card"], act.leaf)
    register.keys |= {member.card.sign, member.card.box}
    lost = act.signer != member.handle
    boxed = register.gate_boxes.pop(member.handle, None) is not None
    for household in register.households.values():
        household.lose_boxes(member.handle, lost=lost)
    if coordinator:
        _lose_seed(register, member.handle)
    if lost:
        member.ties.append((act.at, act.signer))
    if lost and boxed:
        register.to_rotate_out[member.handle] = act.at
        register.lost.add(member.handle)
    if member.active:
        take_boxes(register, member.handle, statement)
