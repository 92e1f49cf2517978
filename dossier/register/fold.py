"""Fold books into a register: each statement is judged at its place, and counts only if it stands."""

from collections.abc import Callable, Collection

from dossier.book import Book
from dossier.entry import Entry
from dossier.model import BookName, Reason, Role
from dossier.register import (
    rules_approval,
    rules_custody,
    rules_gates,
    rules_household,
    rules_members,
    rules_store,
)
from dossier.register.register import Act, Fault, Register, act_of, in_order
from dossier.statements import Statement

Rule = Callable[[Register, Act], None]

# For each statement: who may make it (raises Fault), and what it does when it stands.
RULES: dict[str, tuple[Rule, Rule]] = {
    "store.founded": (rules_store.check_founded, rules_store.found),
    "member.admitted": (rules_members.check_admitted, rules_members.admit),
    "member.roles-changed": (rules_members.check_roles_changed, rules_members.change_roles),
    "member.suspended": (rules_members.check_suspended, rules_members.suspend),
    "member.restored": (rules_members.check_restored, rules_members.restore),
    "member.left": (rules_members.check_left, rules_members.leave),
    "member.renewed": (rules_members.check_renewed, rules_members.renew),
    "coordination.boxed": (rules_custody.check_coordination_boxed, rules_custody.box_coordination),
    "coordination.renewed": (rules_custody.check_coordination_renewed, rules_custody.renew_coordination),
    "recovery.split": (rules_custody.check_split, rules_custody.split),
    "coordination.recovered": (rules_custody.check_recovered, rules_custody.recover),
    "gate.admitted": (rules_gates.check_gate_admitted, rules_gates.admit_gate),
    "gate.adopted": (rules_gates.check_gate_adopted, rules_gates.adopt_gate),
    "gate.left": (rules_gates.check_gate_left, rules_gates.leave_gate),
    "gate.boxed": (rules_gates.check_gate_boxed, rules_gates.box_gate),
    "gate.rotated": (rules_gates.check_rotated, rules_gates.rotate),
    "store.restored": (rules_store.check_reopened, rules_store.reopen),
    "clock.corrected": (rules_store.check_corrected, rules_store.correct_clock),
    "policy.adopted": (rules_store.check_policy, rules_store.adopt),
    "refused": (rules_approval.check_refused, rules_approval.drop),
    "household.opened": (rules_household.check_opened, rules_household.open_household),
    "regisseur.assigned": (rules_household.check_assigned, rules_household.assign),
    "section.keyed": (rules_household.check_keyed, rules_household.key),
    "slot.boxed": (rules_household.check_slot, rules_household.box_slot),
    "section.written": (rules_household.check_written, rules_household.write),
    "grant.given": (rules_household.check_given, rules_household.give),
    "grant.revoked": (rules_household.check_revoked, rules_household.revoke),
}

# All that stands between the reopening of a restored store and the rotation that must follow.
_BEFORE_ROTATION = {
    *("store.restored", "coordination.recovered", "gate.rotated", "member.suspended"),
    *("proposed", "approved", "refused"),
}


def _before_rotation(register: Register, statement: Statement) -> bool:
    """Tell whether a statement may stand before that rotation; where nobody can rotate, one is admitted."""
    if statement.kind == "member.admitted":
        return Role.BEHEERDER in statement["roles"] and not register.holders(Role.BEHEERDER)
    if statement.kind == "gate.boxed":  # served, that admission brings no box, and a rotation needs one
        admins = {member.handle for member in register.holders(Role.BEHEERDER)}
        return register.served and statement["handle"] in admins
    return statement.kind in _BEFORE_ROTATION


def check(register: Register, act: Act) -> None:
    """Judge a statement at its place, changing nothing.

    Raises:
        Fault: when it does not stand there.
    """
    if act.statement.kind != "store.founded" and register.store != act.store:
        raise Fault(Reason.OTHER_BOOK)
    waiting = register.restored is not None and register.restored.rotated is None
    if waiting and not _before_rotation(register, act.statement):
        raise Fault(Reason.STORE_RESTORED)
    match act.statement.kind:
        case "proposed":
            inner = act._replace(statement=act.statement["statement"], approved=True)
            check(register, inner)
            if not rules_approval.needs_approval(register, inner):
                raise Fault(Reason.NEEDS_NO_APPROVAL)
        case "approved":
            proposal = rules_approval.proposal_of(register, act)
            rules_approval.check_eligible(register, act, proposal)
            check(register, rules_approval.inner_of(proposal, act))
        case kind:
            RULES[kind][0](register, act)
            if not act.approved and rules_approval.needs_approval(register, act):
                raise Fault(Reason.NEEDS_APPROVAL)


def apply(register: Register, act: Act) -> None:
    """Judge a statement and, when it stands, let it take effect.

    Raises:
        Fault: when it does not; then nothing has changed.
    """
    check(register, act)
    register.latest = act.at if register.latest is None else max(register.latest, act.at)
    match act.statement.kind:
        case "proposed":
            rules_approval.propose(register, act)
        case "approved":
            proposal = rules_approval.proposal_of(register, act)
            rules_approval.drop(register, act)
            inner = rules_approval.inner_of(proposal, act)
            RULES[inner.statement.kind][1](register, inner)
        case kind:
            RULES[kind][1](register, act)


def stands(register: Register, act: Act) -> bool:
    """Tell whether a statement would stand at its place, changing nothing."""
    try:
        check(register, act)
    except Fault:
        return False
    return True


def take(register: Register, name: BookName, act: Act) -> None:
    """Take a statement of a book: what does not stand changes nothing, and is named."""
    try:
        if act.statement.book != name:
            raise Fault(Reason.OTHER_BOOK)  # noqa: TRY301 (a verdict like the others)
        apply(register, act)
    except Fault as fault:
        register.faults.append((name, act.position, fault.reason))


Unfounded = Collection[int]


def fold(
    root: str,
    store: Book,
    household: Book | None = None,
    unfounded: Unfounded = (),
    of_store: Unfounded = (),
    each: Callable[[Entry, Register], None] | None = None,
) -> Register:
    """Fold the store's book and one household's, in the order of the log.

    `root` is the fingerprint of the founder's card. `unfounded` are the numbers, in the household's book
    and `of_store` in the store's, of statements for which the log lacks what they say of it. `each` sees
    every entry with the register as it is at its place.
    """
    register = Register(root)
    for entry in in_order(store, household):
        if each is not None:
            each(entry, register)
        place = entry.signed.place
        if place is not None:
            lacking = of_store if place.book == store.name else unfounded
            take(register, place.book, act_of(entry, founded=place.number not in lacking))
    return register
