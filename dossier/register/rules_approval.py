"""The second person: what is proposed waits, and takes effect when someone eligible approves."""

from dossier.model import Reason
from dossier.register.members import LIFETIME, anyone_eligible
from dossier.register.register import Act, Fault, Proposal, Register
from dossier.register.rules_store import second_person, signer


def needs_approval(register: Register, act: Act) -> bool:
    """Tell whether this statement, made by this signer at this moment, must first be proposed."""
    roles = second_person(register, act.statement)
    return roles is not None and anyone_eligible(register.members.values(), act.signer, roles, act.at)


def inner_of(proposal: Proposal, act: Act) -> Act:
    """Give the proposed statement as if its signer wrote it at the place of the approval."""
    return act._replace(
        statement=proposal.statement, signer=proposal.signer, card=proposal.card, approved=True
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
    roles = second_person(register, proposal.statement)
    if roles is None or not member.eligible(proposal.signer, roles, act.at):
        raise Fault(Reason.NOT_ELIGIBLE)


def propose(register: Register, act: Act) -> None:
    """It waits."""
    inner = act.statement["statement"]
    register.proposals[act.position] = Proposal(inner, act.signer, act.card, act.at, act.position, act.leaf)


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
