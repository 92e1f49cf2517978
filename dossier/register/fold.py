"""Fold books into a register: each statement is judged at its place, and counts only if it stands."""

from collections.abc import Callable, Collection

from dossier.book import Book
from dossier.model import BookName, Reason
from dossier.register import rules_approval, rules_household, rules_store
from dossier.register.register import Act, Fault, Register, act_of, in_order

Rule = Callable[[Register, Act], None]

# For each statement: who may make it (raises Fault), and what it does when it stands.
RULES: dict[str, tuple[Rule, Rule]] = {
    "store.founded": (rules_store.check_founded, rules_store.found),
    "member.admitted": (rules_store.check_admitted, rules_store.admit),
    "member.roles-changed": (rules_store.check_roles_changed, rules_store.change_roles),
    "member.suspended": (rules_store.check_suspended, rules_store.suspend),
    "member.restored": (rules_store.check_restored, rules_store.restore),
    "coordination.boxed": (rules_store.check_coordination_boxed, rules_store.box_coordination),
    "gate.boxed": (rules_store.check_gate_boxed, rules_store.box_gate),
    "policy.adopted": (rules_store.check_policy, rules_store.adopt),
    "refused": (rules_approval.check_refused, rules_approval.drop),
    "household.opened": (rules_household.check_opened, rules_household.open_household),
    "regisseur.assigned": (rules_household.check_assigned, rules_household.assign),
    "section.keyed": (rules_household.check_keyed, rules_household.key),
    "section.written": (rules_household.check_written, rules_household.write),
    "grant.given": (rules_household.check_given, rules_household.give),
    "grant.revoked": (rules_household.check_revoked, rules_household.revoke),
}


def check(register: Register, act: Act) -> None:
    """Judge a statement at its place, changing nothing.

    Raises:
        Fault: when it does not stand there.
    """
    if act.statement.kind != "store.founded" and register.store != act.store:
        raise Fault(Reason.OTHER_BOOK)
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


def take(register: Register, name: BookName, act: Act) -> None:
    """Take a statement of a book: what does not stand changes nothing, and is named."""
    try:
        if act.statement.book != name:
            raise Fault(Reason.OTHER_BOOK)  # noqa: TRY301 (a verdict like the others)
        apply(register, act)
    except Fault as fault:
        register.faults.append((name, act.position, fault.reason))


def fold(root: str, store: Book, household: Book | None = None, unfounded: Collection[int] = ()) -> Register:
    """Fold the store's book and one household's, in the order of the log.

    `root` is the fingerprint of the founder's card. `unfounded` are the numbers, in the household's book,
    of versions for which the log lacks the entry that asked to write them.
    """
    register = Register(root)
    extend(register, store, household, unfounded)
    return register


def extend(register: Register, store: Book, household: Book | None, unfounded: Collection[int] = ()) -> None:
    """Fold further entries into a register that has taken all that stand before them."""
    for entry in in_order(store, household):
        place = entry.signed.place
        if place is not None:
            founded = place.book == store.name or place.number not in unfounded
            take(register, place.book, act_of(entry, founded=founded))
