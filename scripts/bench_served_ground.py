"""The ground on which a served store is measured: how large everything is, and what the figures share."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

from bench_clients import Reader
from bench_gate import Database, Gate, Process
from bench_served_team import ServedTeam
from bench_team import REGISSEUR

from dossier.model import STORE_BOOK, BookName, HouseholdId


class Sizes(NamedTuple):
    """How large the stores are, and how often each thing is timed."""

    clients: int = 16
    reads: int = 120  # of each client in a round
    rounds: int = 7
    commands: int = 40
    few: int = 1_000  # households
    many: int = 100_000
    copied: int = 1_000
    copies: int = 3


QUICK = Sizes(4, 3, 2, 2, 6, 20, 6, 1)


class Ground:
    """The database, and the gates at it: made when a figure first needs them, ended with the bench."""

    def __init__(self, folder: Path, sizes: Sizes, say: Callable[[str], None]) -> None:
        """`say` is told what takes a while."""
        self.folder = folder
        self.sizes = sizes
        self.say = say
        self.ends = ExitStack()
        self.database = Database(folder / "database")
        self.ends.callback(self.database.close)
        self._crowd: Crowd | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.close()

    def keep(self, process: Process) -> None:
        """See to it that a process ends."""
        self.ends.callback(process.close)

    def crowd(self) -> "Crowd":
        """Give a served store with a regisseur for each client, as it was embedded beside it."""
        if self._crowd is None:
            self.say(f"Making a served store for {self.sizes.clients} clients ...")
            team = ServedTeam(self.folder / "crowd")
            names = team.hire(self.sizes.clients)
            owned = {name: team.open_households(name, 1)[0] for name in (REGISSEUR, *names)}
            for name, household in owned.items():
                team.write_all(name, [household])
            embedded = self.folder / "embedded"
            team.copy_embedded(embedded)
            team.become_served()
            gate = Gate.of(team, self.database, self.folder / "crowd-gate")
            self.keep(gate)
            readers = [reader_of(team, name, owned[name]) for name in names]
            self._crowd = Crowd(team, gate, readers, owned[REGISSEUR], embedded)
        return self._crowd


class Crowd(NamedTuple):
    """A served store, the clients that read in it, and its regisseur's household; and the store embedded."""

    team: ServedTeam
    gate: Gate
    readers: list[Reader]
    household: HouseholdId
    embedded: Path


def reader_of(team: ServedTeam, name: str, household: HouseholdId) -> Reader:
    """Give a client of a regisseur who has read a household before."""
    lines = team.lines(STORE_BOOK), team.lines(BookName(household))
    return Reader(team.identity(name), household, lines)
