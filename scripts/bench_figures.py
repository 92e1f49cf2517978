"""The figures: what each is of, against what, and what it is to reach."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from bench_bare import ENCRYPTED_TINYDB, RECORDS, BareRead, BareSeal, encrypted_tinydb, verifications
from bench_rounds import Figure, Timed, timed
from bench_team import INTAKE, INTAKEGESPREK, OTHER, PASSPHRASE, REGISSEUR, SECTION, Team, unsynced

from dossier.actions import households
from dossier.log.verify import verify
from dossier.model import HouseholdId
from keys.sealing import open_sealed, seal

MINE = 30  # households of one regisseur
IMPORTS = "import click, tinydb, cryptography.hazmat.primitives.hpke"


class Sizes(NamedTuple):
    """How large the stores are, and how often each thing is timed."""

    households: tuple[int, int] = (100, 10_000)
    entries: tuple[int, int] = (1_000, 100_000)
    verified: int = 10_000  # entries
    megabytes: int = 64
    rounds: int = 60  # of what takes milliseconds
    few: int = 7  # of what takes longer


QUICK = Sizes((35, 60), (300, 600), 300, 1, 3, 2)


class Bench:
    """Measures one figure after another in a folder of its own; a store that two of them need is kept."""

    def __init__(self, folder: Path, sizes: Sizes, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._sizes = sizes
        self._say = say
        self._large: tuple[Team, HouseholdId] | None = None

    def figures(self) -> Iterator[Figure]:
        """Give each figure when it is measured."""
        yield self.process()
        yield from self.sealing()
        yield self.log_lengths()
        yield from self.numbers_of_households()
        yield from self.against_bare_work()
        yield self.writing()
        yield self.listing()
        yield from self.verifying()

    # Stores.

    def _team(self, name: str, mine: int, others: int = 0, entries: int = 0) -> tuple[Team, HouseholdId]:
        """Make a store with a household that has a section; its log ends where a page does."""
        self._say(f"making a store: {mine + others} households, {entries or 'no more'} entries")
        team = Team(self._folder / name)
        opened = team.open_households(REGISSEUR, mine)
        team.open_households(OTHER, others)
        with unsynced():
            team.write(team.desk(REGISSEUR), opened[0])
        team.fill_log(opened[0], entries)
        return team, opened[0]

    def _of_many(self) -> tuple[Team, HouseholdId]:
        """Give the store with many households, of which a few are one's own."""
        if self._large is None:
            self._large = self._team("large", MINE, self._sizes.households[1] - MINE)
        return self._large
