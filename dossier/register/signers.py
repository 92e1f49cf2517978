"""Who signed a statement, in which role; and who must be the second person for it (STATEMENTS.md)."""

from dossier.model import Handle, Reason, Role
from dossier.register.members import SECOND_PERSON, Member
from dossier.register.register import Act, Fault, Register
from dossier.statements import Statement


def signer(register: Register, act: Act, *roles: Role) -> Member:
    """Give the signer when they are active, under the card that signed, in one of these roles."""
    member = register.member(act.signer)
    if member.fingerprint != act.card:
        raise Fault(Reason.OTHER_CARD)
    if member.barred is not None:
        raise Fault(member.barred)
    if roles and not member.roles & set(roles):
        raise Fault(Reason.NOT_YOUR_ROLE)
    return member


def not_yourself(act: Act) -> None:
    """Let nobody state this about themselves. Raises Fault(ABOUT_YOURSELF)."""
    if act.signer == act.statement["handle"]:
        raise Fault(Reason.ABOUT_YOURSELF)


def known_reason(register: Register, act: Act) -> None:
    """See that the policy in force has the reason given. Raises Fault(REASON_UNKNOWN)."""
    if register.policy is None or act.statement["reason"] not in register.policy.reasons:
        raise Fault(Reason.REASON_UNKNOWN)


def second_person(register: Register, statement: Statement, by: Handle) -> frozenset[Role] | None:
    """Name the roles of which one may have to approve this statement by this signer; None where none need."""
    match statement.kind:
        case "recovery.split" | "store.restored" | "clock.corrected":
            return SECOND_PERSON
        case "gate.admitted" | "gate.adopted" | "gate.left":
            return frozenset({Role.BEHEERDER})
        case "policy.adopted":
            return frozenset({Role.COORDINATOR})
        case "member.renewed":
            return None if statement["card"].handle == by else SECOND_PERSON
        case _:
            return SECOND_PERSON if _touched(register, statement) & SECOND_PERSON else None


def _touched(register: Register, statement: Statement) -> frozenset[Role]:
    """Give the roles that a statement about a member gives, takes, or finds them in."""
    match statement.kind:
        case "member.admitted":
            return frozenset(statement["roles"])
        case "member.roles-changed":
            return frozenset(statement["add"] + statement["remove"])
        case "member.restored":
            return _roles_of(register, statement["handle"])
        case "member.suspended" | "member.left":
            return _roles_of(register, statement["handle"]) & {Role.TOEZICHTHOUDER}
        case _:
            return frozenset()


def _roles_of(register: Register, handle: str) -> frozenset[Role]:
    """Give a member's roles: none of one who is not there, about whom nothing stands anyway."""
    found = register.members.get(Handle(handle))
    return frozenset() if found is None else found.roles
