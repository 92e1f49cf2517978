"""RemoteMemory: what a client of a served gate knows: of the log the checkpoint, and the books it opened."""

from collections.abc import Callable, Iterator
from pathlib import Path

from dossier.book import Head
from dossier.memory import VERIFIER, Memory
from dossier.memory_parts import Known
from dossier.model import Handle, HouseholdId, StoreId
from keys.identity import Identity

_UNREAD = 0
_UNSEEN = Head(0, 0, bytes(32))  # the head of a book that this client never opened
Listing = Callable[[bool], Iterator[tuple[HouseholdId, Handle | None]]]  # of one's own, or of all


class RemoteMemory(Memory):
    """A member's memory whose list of households is the gate's: a client does not read others' books."""

    def __init__(self, folder: Path, identity: Identity, store: StoreId) -> None:
        """Nothing known yet: `load` reads what is kept."""
        self.listing: Listing | None = None
        self.shelf_folder = folder / store / f"{identity.card.handle}.books"
        super().__init__(folder, identity, store)

    @property
    def mine(self) -> set[HouseholdId]:
        """The households in which this member has a right, as the gate names them now."""
        return set() if self.listing is None else {household for household, _ in self.listing(False)}

    @mine.setter
    def mine(self, value: set[HouseholdId]) -> None:
        """Take no note: the gate is asked."""

    def _take_own(self, other: Memory) -> None:
        """Take none: the gate is asked."""

    def _verifier(self) -> int:
        """Say that nothing was checked entry by entry: a client that reads the files checks all anew."""
        return _UNREAD

    def _understood(self) -> tuple[int, ...]:
        """Go on from either."""
        return (_UNREAD, VERIFIER)

    def _own(self) -> list[HouseholdId]:
        """Keep none: the gate is asked."""
        return []

    def households(self) -> Iterator[tuple[HouseholdId, Known]]:
        """Give every household that this member may know of, as the gate names them now."""
        for household, regisseur in () if self.listing is None else self.listing(True):
            known = self.known(household)
            yield household, Known(_UNSEEN if known is None else known.head, regisseur, ())
