"""Reopen a store that was put back from a copy, and put a wrong clock right: each by two persons."""

from collections.abc import Sequence
from typing import NamedTuple

from dossier.actions.approvals import Stated, state
from dossier.desk import Desk
from dossier.entry import Entry
from dossier.errors import NotFoundError, RefusedError
from dossier.log.tree import Tree
from dossier.memory import Memory
from dossier.model import Handle, HouseholdId
from dossier.statements import Statement


class Loss(NamedTuple):
    """What a restore lost, as one client remembers it: entries of the log, and books that fell short."""

    size: int  # of the log restored to
    known: int  # of the log as this client last saw it
    behind: tuple[HouseholdId, ...]


def loss(memory: Memory, size: int) -> Loss:
    """Compare what a client remembers with a log that was restored to a size."""
    known = memory.verified.size
    behind = [household for household, k in memory.households() if k.head.position >= size]
    return Loss(size, max(known, size), tuple(behind))


def reopen(desk: Desk, before: Memory, confirmed: Sequence[Handle]) -> tuple[Stated, Loss]:
    """State that this store was restored, to what, and who is still a member; a second person must approve.

    `desk` knows nothing but this log, `before` is what this client remembers of the one that was lost.
    """
    situation = desk.gate.survey(late=True)
    known = desk.memory.verified
    lost = loss(before, known.size)
    ahead = before.verified.size > known.size
    statement = Statement(
        "store.restored/1",
        size=known.size,
        root=known.root,
        known_size=lost.known,
        known_root=before.verified.root if ahead else known.root,
        behind=lost.behind,
        confirmed=tuple(dict.fromkeys([desk.handle, *confirmed])),
    )
    return state(desk, situation, statement, {}), lost


def approve(desk: Desk, before: Memory, number: int) -> Entry:
    """Approve, as the second person, that this store was restored to where its log is.

    Raises:
        NotFoundError: when no such thing waits under that number.
        RefusedError: "saw-later" when this client saw more of what was lost: then it is to be stated by
            this member, and approved by the other.
    """
    proposal = desk.gate.survey(late=True).register.proposals.get(number)
    if proposal is None or proposal.statement.kind != "store.restored":
        raise NotFoundError("no-such-proposal")
    lost = loss(before, proposal.statement["size"])
    if lost.known > proposal.statement["known_size"] or set(lost.behind) - set(proposal.statement["behind"]):
        raise RefusedError("saw-later")
    return desk.gate.enact(Statement("approved/1", index=number, leaf=proposal.leaf), {})


def correct_clock(desk: Desk, position: int) -> Stated:
    """State that from an entry on the log's time was wrong, and is this computer's from here on.

    Raises:
        NotFoundError: when the log has no such entry.
    """
    situation = desk.gate.survey(late=True)
    known = desk.memory.verified
    if not 0 <= position < known.size:
        raise NotFoundError("no-such-entry", index=position)
    entry = Tree(desk.store, known.size, known.root).entry(position)
    return state(desk, situation, Statement("clock.corrected/1", index=position, leaf=entry.leaf), {})
