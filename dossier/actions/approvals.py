"""State something that may need a second person; list, approve and refuse what waits."""

from typing import NamedTuple

from dossier.actions.boxes import box_slots_of, box_what_is_due
from dossier.desk import Desk
from dossier.entry import Entry
from dossier.errors import NotFoundError
from dossier.gate.base import Situation
from dossier.model import Handle
from dossier.register.members import LIFETIME
from dossier.register.register import Act, Proposal, Register
from dossier.register.rules_approval import needs_approval
from dossier.statements import Statement
from dossier.storage.base import Objects

_ROTATION_FOLLOWS = ("store.restored", "gate.adopted", "gate.left")  # and boxes: until then nothing is boxed


class Stated(NamedTuple):
    """What came of a statement: its entry, and whether it waits for a second person."""

    entry: Entry
    waits: bool


def state(desk: Desk, situation: Situation, statement: Statement, objects: Objects) -> Stated:
    """State it, or propose it where a second person must approve."""
    act = Act(
        statement=statement,
        signer=desk.handle,
        card=desk.identity.card.fingerprint,
        at=situation.at,
        position=0,
        leaf=b"",
        store=desk.store.store_id,
    )
    waits = needs_approval(situation.register, act)
    if waits:
        statement = Statement("proposed/1", statement=statement)
    return Stated(desk.gate.enact(statement, objects), waits)


def waiting(desk: Desk) -> list[Proposal]:
    """List the proposals that wait, within their 7 days, oldest first."""
    situation = desk.gate.survey(late=True)
    return [p for p in situation.register.proposals.values() if situation.at <= p.at + LIFETIME]


def give(desk: Desk, number: int) -> tuple[Entry, Proposal]:
    """Approve what waits under a number: it takes effect here."""
    proposal = _proposal(desk.gate.survey(late=True).register, number)
    entry = desk.gate.enact(Statement("approved/1", index=number, leaf=proposal.leaf), {})
    if proposal.statement.kind not in _ROTATION_FOLLOWS:
        box_what_is_due(desk)
    about = subject(proposal.statement)
    if about is not None and proposal.statement.kind in ("member.renewed", "member.restored"):
        box_slots_of(desk, about)
    return entry, proposal


def refuse(desk: Desk, number: int) -> Proposal:
    """End what waits under a number."""
    proposal = _proposal(desk.gate.survey(late=True).register, number)
    desk.gate.enact(Statement("refused/1", index=number, leaf=proposal.leaf), {})
    return proposal


def _proposal(register: Register, number: int) -> Proposal:
    if number not in register.proposals:
        raise NotFoundError("no-such-proposal")
    return register.proposals[number]


def subject(statement: Statement) -> Handle | None:
    """Name the member or gate that a statement is about, where it is about one."""
    if "card" in statement.fields:
        return Handle(statement["card"].handle)
    return statement.fields.get("handle") or statement.fields.get("gate")
