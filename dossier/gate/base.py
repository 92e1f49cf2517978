"""Gate: enter for contents, enact for statements, survey to prepare one."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from dossier.entry import Entry
from dossier.gate.showing import Opening, Wanted, Whose
from dossier.log.logbook import Opened
from dossier.memory import Memory
from dossier.model import HouseholdId, Request, Role
from dossier.policy import Permit
from dossier.receipt import Lock, Receipt
from dossier.register.register import Register
from dossier.statements import Statement
from dossier.storage.base import Objects
from keys.identity import Card, Identity


class Situation(NamedTuple):
    """What the gate sees at a moment, verified: the register, the book at hand, and that book's objects."""

    register: Register
    opened: Opened
    objects: Objects
    at: datetime  # the time that an entry would get now


class Gate(Protocol):
    """The only two ways to write anything, and what one needs to know to use them."""

    looked: Situation | None  # the household that was last surveyed, as it was then
    unkept: bool  # whether a statement stands and this client's memory of it could not be written

    @property
    def register(self) -> Register:
        """The store's register as this gate last saw it: empty before it looked."""
        ...

    def survey(self, household: HouseholdId | None = None, *, late: bool = False) -> Situation:
        """Give what a member may know of the store or a household. A refusal is written down, and raised.

        `late` lets a clock look that is behind the log's.
        """
        ...

    def survey_each(
        self, households: Iterable[HouseholdId]
    ) -> Iterator[tuple[HouseholdId, Situation, Permit]]:
        """Give those of these households in which one has a right, each with that right."""
        ...

    def enter(self, request: Request) -> Receipt | None:
        """Decide and write down; give a receipt for contents, None for other deeds. Raises on refusal."""
        ...

    def enact(
        self,
        statement: Statement,
        objects: Objects,
        role: Role | None = None,
        signer: Identity | None = None,
    ) -> Entry:
        """Let a statement take effect, or write its refusal down and raise; `signer` signs where given."""
        ...

    def under(self, identity: Identity, memory: Memory) -> "Gate":
        """Give this gate as it is under another card of the same member."""
        ...

    def entries(self, wanted: Wanted) -> Iterator[Entry]:
        """Give the entries that this member may see, newest first, each proven to be in the verified log.

        A toezichthouder sees all; others their own deeds, and a regisseur those on their households as well.
        """
        ...

    def openings(self, wanted: Whose) -> Iterator[Opening]:
        """Give what somebody opened, oldest first."""
        ...

    def note(self) -> bytes:
        """Give the signed checkpoint over the log as it is, seen to be of what this client has verified."""
        ...

    def rotation(self) -> tuple[Statement, Objects]:
        """Prepare the next epoch: its statement, and the boxes of its secret to every active member."""
        ...

    def epoch_box(self, card: Card) -> tuple[int, bytes]:
        """Give the number of the epoch in force, and its secret boxed to a card."""
        ...

    def lock_again(self, receipt: Receipt) -> Lock:
        """Give the lock now on a section that was rekeyed after a receipt for writing it was given."""
        ...
