"""Who may say what in the store's book: a check and an effect for each statement (STATEMENTS.md)."""

from functools import lru_cache

from dossier.model import Handle, Reason, Role, StoreId
from dossier.policydoc import PolicyError, parse
from dossier.register.members import SECOND_PERSON, Member, roles_go_together
from dossier.register.register import Act, Epoch, Fault, Register
from dossier.statements import Statement
from keys.encoding import context
from keys.primitives import sha256

_parsed = lru_cache(maxsize=8)(parse)  # the same document is judged, and then taken


def signer(register: Register, act: Act, *roles: Role) -> Member:
    """Give the signer when they are active, under the card that signed, in one of these roles."""
    member = register.member(act.signer)
    if member.fingerprint != act.card:
        raise Fault(Reason.OTHER_CARD)
    if not member.active:
        raise Fault(Reason.NOT_ACTIVE)
    if roles and not member.roles & set(roles):
        raise Fault(Reason.NOT_YOUR_ROLE)
    return member


def store_id(founder: bytes, nonce: bytes) -> StoreId:
    """Derive a store's id from its founder's card and 32 random bytes; 16 bytes in hexadecimal."""
    return StoreId(sha256(context("store-id", founder, nonce))[:16].hex())


def second_person(register: Register, statement: Statement) -> frozenset[Role] | None:
    """Name the roles of which one may have to approve this statement; None when it never needs that."""
    match statement.kind:
        case "member.admitted":
            touched = frozenset(statement["roles"])
        case "member.roles-changed":
            touched = frozenset(statement["add"] + statement["remove"])
        case "member.restored":
            touched = _roles_of(register, statement["handle"])
        case "member.suspended":
            touched = _roles_of(register, statement["handle"]) & {Role.TOEZICHTHOUDER}
        case "policy.adopted":
            return frozenset({Role.COORDINATOR})
        case _:
            return None
    return SECOND_PERSON if touched & SECOND_PERSON else None


def _roles_of(register: Register, handle: str) -> frozenset[Role]:
    """Give a member's roles: none of one who is not there, about whom nothing stands anyway."""
    found = register.members.get(Handle(handle))
    return frozenset() if found is None else found.roles


def check_founded(register: Register, act: Act) -> None:
    """Once, as the first line of the log, by the founder whose card was pinned."""
    statement = act.statement
    card = statement["card"]
    if register.store is not None or act.position != 0:
        raise Fault(Reason.FOUNDED_TWICE)
    if not act.card == card.fingerprint == register.root or act.signer != card.handle:
        raise Fault(Reason.OTHER_CARD)
    if store_id(card.write(), statement["nonce"]) != act.store:
        raise Fault(Reason.OTHER_BOOK)
    if [handle for handle, _ in statement["gate_boxes"]] != [card.handle]:
        raise Fault(Reason.BOX_MISSING)


def found(register: Register, act: Act) -> None:
    """The founder becomes coordinator; coordination card 1 and gate epoch 1 are in force."""
    statement = act.statement
    register.store = act.store
    register.name = statement["name"]
    register.members[act.signer] = Member(statement["card"], {Role.COORDINATOR}, act.signer, act.at, act.leaf)
    register.epochs.append(Epoch(1, act.position, act.at, statement["log_key"], statement["commitment"]))
    register.gate_boxes = dict(statement["gate_boxes"])
    register.number = 1
    register.coordination = statement["coordination"]
    register.coordination_boxes = {act.signer: statement["coordination_box"]}


def check_admitted(register: Register, act: Act) -> None:
    """By a coordinator: a new handle, a new card, roles that go together, its boxes with it."""
    statement = act.statement
    signer(register, act, Role.COORDINATOR)
    card = statement["card"]
    if card.handle in register.members:
        raise Fault(Reason.HANDLE_TAKEN)
    if any(card.sign == m.card.sign or card.box == m.card.box for m in register.members.values()):
        raise Fault(Reason.CARD_TAKEN)
    if not roles_go_together(statement["roles"]):
        raise Fault(Reason.ROLES_EXCLUSIVE)
    _check_coordination_box(statement, becomes=Role.COORDINATOR in statement["roles"])


def admit(register: Register, act: Act) -> None:
    """The member is active from here; a box for a superseded epoch or card counts for nothing."""
    statement = act.statement
    handle = Handle(statement["card"].handle)
    register.members[handle] = Member(statement["card"], statement["roles"], act.signer, act.at, act.leaf)
    if statement["epoch"] == register.epoch.number:
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
    _not_yourself(act)
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
        for household in register.households.values():
            household.end_role(member.handle, role, act.signer, act.at)
    if Role.COORDINATOR in statement["remove"]:
        register.coordination_boxes.pop(member.handle, None)
    _take_coordination_box(register, member.handle, statement)


def _not_yourself(act: Act) -> None:
    if act.signer == act.statement["handle"]:
        raise Fault(Reason.ABOUT_YOURSELF)


def _known_reason(register: Register, act: Act) -> None:
    if register.policy is None or act.statement["reason"] not in register.policy.reasons:
        raise Fault(Reason.REASON_UNKNOWN)


def check_suspended(register: Register, act: Act) -> None:
    """By a coordinator or beheerder; a toezichthouder by a coordinator only. Not the last coordinator."""
    member = register.member(act.statement["handle"])
    roles = (Role.COORDINATOR,) if Role.TOEZICHTHOUDER in member.roles else (Role.COORDINATOR, Role.BEHEERDER)
    signer(register, act, *roles)
    _not_yourself(act)
    _known_reason(register, act)
    if not member.active:
        raise Fault(Reason.STATE_AS_IT_IS)
    if register.holders(Role.COORDINATOR) == [member]:
        raise Fault(Reason.LAST_COORDINATOR)


def suspend(register: Register, act: Act) -> None:
    """They do nothing from here on; what they had proposed ends."""
    handle = Handle(act.statement["handle"])
    register.member(handle).change(act.at, active=False)
    for position in [p for p, proposal in register.proposals.items() if proposal.signer == handle]:
        del register.proposals[position]


def check_restored(register: Register, act: Act) -> None:
    """By a coordinator, not about themselves."""
    signer(register, act, Role.COORDINATOR)
    member = register.member(act.statement["handle"])
    _not_yourself(act)
    _known_reason(register, act)
    if member.active:
        raise Fault(Reason.STATE_AS_IT_IS)


def restore(register: Register, act: Act) -> None:
    """They are what they were before."""
    member = register.member(act.statement["handle"])
    member.change(act.at, active=True)
    member.ties.append((act.at, act.signer))


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


def check_gate_boxed(register: Register, act: Act) -> None:
    """By a coordinator or beheerder, to an active member, of the epoch in force."""
    signer(register, act, Role.COORDINATOR, Role.BEHEERDER)
    if not register.member(act.statement["handle"]).active:
        raise Fault(Reason.STRANGER_BOXED)
    if act.statement["epoch"] != register.epoch.number:
        raise Fault(Reason.EPOCH_WRONG)


def box_gate(register: Register, act: Act) -> None:
    """The member has the epoch secret."""
    register.gate_boxes[Handle(act.statement["handle"])] = act.statement["box"]


def check_policy(register: Register, act: Act) -> None:
    """By a coordinator: the next version, whole, and such as `policy check` lets through."""
    signer(register, act, Role.COORDINATOR)
    try:
        policy = _parsed(act.statement["document"])
    except PolicyError as e:
        raise Fault(Reason.POLICY_INVALID) from e
    last = 0 if register.policy is None else register.policy.version
    if not policy.version == act.statement["version"] == last + 1:
        raise Fault(Reason.NUMBER_WRONG)


def adopt(register: Register, act: Act) -> None:
    """It is in force from here."""
    register.policy = _parsed(act.statement["document"])
