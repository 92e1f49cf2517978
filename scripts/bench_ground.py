"""The ground on which it is measured: how large everything is, and the stores that the figures share."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench_team import OTHER, REGISSEUR, Team

from dossier.model import HouseholdId

MINE = 30  # households of one regisseur
MEMBERS = 5  # in each team but the large one
CROWD = 40


class Sizes(NamedTuple):
    """How large the stores are, and how often each thing is timed."""

    few_households: int = 100
    many_households: int = 10_000
    short_log: int = 1_000  # entries
    long_log: int = 100_000
    content: int = 64 << 20  # bytes
    often: int = 60  # rounds, of what takes milliseconds
    seldom: int = 7  # rounds, of what takes longer
    versions: int = 200  # of the household that is revoked
    checked: int = 1_000  # households of the store that is checked


QUICK = Sizes(35, 60, 300, 600, 1 << 20, 3, 2, 5, 20)


class Place(NamedTuple):
    """A store, and the household in it that has a section to read."""

    team: Team
    household: HouseholdId


class Ground:
    """Makes each store when a figure first needs it, in a folder of its own; a log ends where a page does."""

    def __init__(self, folder: Path, sizes: Sizes, say: Callable[[str], None]) -> None:
        """`say` is told what takes a while."""
        self.folder = folder
        self.sizes = sizes
        self._say = say
        self._places: dict[str, Place] = {}

    def mine_only(self) -> Place:
        """Give a store in which all households are one's own."""
        return self._place("mine", MINE)

    def few(self) -> Place:
        """Give a store with few households, whose log is as long as that of the store with many."""
        entries = self.many().team.entries()
        return self._place("few", self.sizes.few_households, entries)

    def many(self) -> Place:
        """Give a store with many households."""
        return self._place("many", self.sizes.many_households)

    def short(self) -> Place:
        """Give a store with a short log."""
        return self._place("short", MINE, self.sizes.short_log)

    def long(self) -> Place:
        """Give a store with a long log."""
        return self._place("long", MINE, self.sizes.long_log)

    def crowd(self) -> Place:
        """Give a store of a large team."""
        return self._place("crowd", MINE, members=CROWD)

    def _place(self, name: str, households: int, entries: int = 0, members: int = MEMBERS) -> Place:
        if name not in self._places:
            log = f" and {entries:,} entries" if entries else ""
            self._say(f"Making a store with {households:,} households{log} ...")
            team = Team(self.folder / name)
            team.admit_more(members - MEMBERS)
            own = team.open_households(REGISSEUR, MINE)
            team.open_households(OTHER, households - MINE)
            team.write_first(own[0])
            team.fill_log(own[0], entries)
            self._places[name] = Place(team, own[0])
        return self._places[name]
