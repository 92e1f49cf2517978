"""Reopen a store that was put back from a copy, and put a wrong clock right: each by two persons."""

from collections.abc import Sequence
from typing import NamedTuple

from dossier.actions.approvals import Stated, state
from dossier.desk import Desk
from dossier.entry import Entry
from dossier.errors import NotFoundError, RefusedError, UsageError
from dossier.log.merkle import HASH_SIZE
from dossier.log.past import fallen_short
from dossier.log.tree import Tree
from dossier.memory import Memory
from dossier.model import Handle, HouseholdId, household_id
from dossier.statements import Statement
from keys.encoding import from_base64, to_base64
from keys.errors import BadEncodingError


class Loss(NamedTuple):
    """What clients saw of a log that was put back: its latest size and root; the books that fell short."""

    known: int
    root: bytes
    behind: tuple[HouseholdId, ...]

    def write(self) -> str:
        """Write it as one word, for the second person to hand over: size, root, households."""
        return ":".join([str(self.known), to_base64(self.root), ",".join(self.behind)])

    @classmethod
    def read(cls, text: str) -> "Loss":
        """Read what `write` wrote. Raises UsageError("bad-saw")."""
        try:
            known, root, behind = text.split(":")
            households = tuple(household_id(one) for one in behind.split(",") if one)
            found = cls(int(known), from_base64(root, HASH_SIZE), households)
        except (ValueError, BadEncodingError, UsageError) as e:
            raise UsageError("bad-saw") from e
        if found.known < 0 or found.write() != text:
            raise UsageError("bad-saw")
        return found

    def joined(self, other: "Loss") -> "Loss":
        """Give what either of two clients saw."""
        later = self if self.known >= other.known else other
        return later._replace(behind=tuple(dict.fromkeys([*self.behind, *other.behind])))


def loss(desk: Desk, before: Memory, size: int, root: bytes) -> Loss:
    """Compare what a client remembers with a log that was restored to a size, with this root."""
    known = before.verified
    heads = ((household, known.head) for household, known in before.households())
    behind = tuple(fallen_short(desk.store, desk.memory.verified, heads))
    if known.size <= size:
        return Loss(size, root, behind)
    return Loss(known.size, known.root, behind)


def reopen(
    desk: Desk, before: Memory, confirmed: Sequence[Handle], saw: Loss | None = None
) -> tuple[Stated, int, Loss]:
    """State that this store was restored, to what, and who is still a member; a second person must approve.

    `desk` knows nothing but this log, `before` is what this client remembers of the one that was lost, and
    `saw` what the second person's does. Gives the size restored to as well, and all that was lost.
    """
    situation = desk.gate.survey(late=True)
    known = desk.memory.verified
    size, root = known.size, known.root
    lost = loss(desk, before, size, root)
    if saw is not None and saw.known > size:
        lost = lost.joined(saw)
    statement = Statement(
        "store.restored/1",
        size=size,
        root=root,
        known_size=lost.known,
        known_root=lost.root,
        behind=lost.behind,
        confirmed=tuple(dict.fromkeys([desk.handle, *confirmed])),
    )
    return state(desk, situation, statement, {}), size, lost


def approve(desk: Desk, before: Memory, number: int) -> Entry:
    """Approve, as the second person, that this store was restored to where its log is.

    Raises:
        NotFoundError: when no such thing waits under that number.
        RefusedError: "saw-later" when this client saw more of what was lost: then that is handed to the
            coordinator, who states it anew.
    """
    proposal = desk.gate.survey(late=True).register.proposals.get(number)
    if proposal is None or proposal.statement.kind != "store.restored":
        raise NotFoundError("no-such-proposal")
    stated = proposal.statement
    lost = loss(desk, before, stated["size"], stated["root"])
    if lost.known > stated["known_size"] or set(lost.behind) - set(stated["behind"]):
        raise RefusedError("saw-later", saw=lost.write(), number=number)
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
