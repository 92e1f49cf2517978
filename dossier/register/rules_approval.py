"""The second person: what is proposed waits, and takes effect when someone eligible approves."""

from dossier.model import Reason
from dossier.register.members import LIFETIME, anyone_eligible
from dossier.register.register import Act, Fault, Proposal, Register
from dossier.register.signers import second_person, signer
from dossier.statements import Statement


def meant(register: Register, statement: Statement) -> Statement:
    """Give the statement that another makes, proposes, approves or refuses."""
    match statement.kind:
        case "proposed":
            inner: Statement = statement["statement"]
            return inner
        case "approved" | "refused":
            proposal = register.proposals.get(statement["index"])
            return statement if proposal is None else proposal.statement
        case _:
            return statement


def correction_of(register: Register, statement: Statement) -> Statement | None:
    """Give the correction of the clock that a statement makes, proposes or approves; None for any other."""
    inner = meant(register, statement)
    return inner if inner.kind == "clock.corrected" and statement.kind != "refused" else None


def reopens(register: Register, statement: Statement) -> bool:
    """Tell whether a statement has to do with reopening a store that was put back."""
    return meant(register, statement).kind in ("store.restored", "coordination.recovered", "store.founded")


def needs_approval(register: Register, act: Act) -> bool:
    """Tell whether this statement, made by this signer at this moment, must first be proposed.

    While a clock is wrong, this moment can be before the last that was noted: then either counts, so that
    nobody gets rid of the second person by a clock of their own.
    """
    roles = second_person(register, act.statement, act.signer)
    moments = {act.at, act.at if register.latest is None else max(act.at, register.latest)}
    members = register.members.values()
    return roles is not None and any(anyone_eligible(members, act.signer, roles, at) for at in moments)


def inner_of(proposal: Proposal, act: Act) -> Act:
    """Give the proposed statement as if its signer wrote it at the place of the approval."""
    return act._replace(
        statement=proposal.statement,
        signer=proposal.signer,
        card=proposal.card,
        seen=proposal.seen,
        approved=True,
    )


def proposal_of(register: Register, act: Act) -> Proposal:
    """Give the proposal that an approval or refusal names, by index and leaf hash, within its 7 days."""
    proposal = register.proposals.get(act.statement["index"])
    if proposal is None or proposal.leaf != act.statement["leaf"]:
        raise Fault(Reason.NO_SUCH_PROPOSAL)
    if act.at > proposal.at + LIFETIME:
        raise Fault(Reason.APPROVED_LATE)
    return proposal


def check_eligible(register: Register, act: Act, proposal: Proposal) -> None:
    """Let through one who may be the second person for this proposal."""
    member = signer(register, act)
    roles = second_person(register, proposal.statement, proposal.signer)
    if roles is None or not member.eligible(proposal.signer, roles, act.at):
        raise Fault(Reason.NOT_ELIGIBLE)


def propose(register: Register, act: Act) -> None:
    """It waits."""
    inner = act.statement["statement"]
    register.proposals[act.position] = Proposal(
        inner, act.signer, act.card, act.at, act.position, act.leaf, act.seen
    )


def check_refused(register: Register, act: Act) -> None:
    """By the proposer, or by one eligible to approve."""
    proposal = proposal_of(register, act)
    if act.signer == proposal.signer:
        signer(register, act)
    else:
        check_eligible(register, act, proposal)


def drop(register: Register, act: Act) -> None:
    """It no longer waits."""
    del register.proposals[act.statement["index"]]
